// The installed hook under a real libvirtd: before the vCPUs run, beside the original, through a restart with a broken config,
// and what journald has of it. A probe in qemu.d, after ours by its name, keeps the VLAN table at the end of each operation.
// lab-timeout: 1200
import assert from 'node:assert/strict';
import { parseVlanShow } from '../../../src/host/linux/iproute2/text.ts';
import { formatTable } from '../../../src/model/vlan.ts';
import { ORIGINAL_HOOK } from '../../fixtures/original-hook.ts';
import { scrape, value } from '../metrics.ts';
import { timed } from '../remediator.ts';
import { finish, note, sh, test, until } from '../scenario.ts';
import { removeVm, state, tapsOf, vmXml } from '../vm.ts';

const RIGHT = '10 20 30 40 100* 110 120';
const SCRIPT = '/etc/libvirt/hooks/qemu.d/libvirt-vlan-exporter';
const CONFIG = '/etc/libvirt-vlan-exporter/config.yml';
const PROBE = '/etc/libvirt/hooks/qemu.d/zz-probe';
const PROBE_TEXT = '#!/bin/sh\nbridge -j -compressvlans vlan show > "/run/probe/$1.$2"\n';
// The hook between two looks at the clock, which has hundredths of a second and costs no process.
const REAL = '/etc/libvirt/hooks/real';
const TIMES = '/run/probe/times';
const WORKER_LOCK = '/run/libvirt-vlan-hook/lock';
const TIMED_TEXT = `#!/bin/sh
read -r before rest </proc/uptime
${REAL} "$@"
status=$?
read -r after rest </proc/uptime
echo "$2 $before $after" >>${TIMES}
exit $status
`;
// A VM takes 20 s to start on Debian 12 and a minute on 13.
const ROUNDS = (await sh('. /etc/os-release; echo $VERSION_CODENAME')).trim() === 'bookworm' ? 5 : 1;
const VMS = {
  'vault-01': [{ mac: '52:54:00:03:00:01' }],
  'ipa-01': [{ mac: '52:54:00:03:00:02' }, { mac: 'fe:54:00:03:00:03', target: 'tap-ipa.1' }],
} as const;
type Name = keyof typeof VMS;
const names = Object.keys(VMS) as Name[];

const table = async (port: string, file?: string) => {
  const json = await sh(file ? `cat ${file}` : 'bridge -j -compressvlans vlan show');
  return formatTable(parseVlanShow(json).get(port) ?? []);
};

/** Starts the VMs one after another; milliseconds of each. */
async function start(list: readonly Name[]): Promise<readonly number[]> {
  const times: number[] = [];
  for (const name of list) {
    const begin = performance.now();
    await sh(`virsh start ${name}`, { timeoutMs: 180_000 });
    times.push(Math.round(performance.now() - begin));
  }
  return times;
}

const stop = (list: readonly Name[]) => sh(list.map((name) => `virsh destroy ${name}`).join(' && '));
const probed = async (name: Name, operation: string) =>
  Promise.all((await tapsOf(name)).map((tap) => table(tap, `/run/probe/${name}.${operation}`)));
const now = async (name: Name) => Promise.all((await tapsOf(name)).map((tap) => table(tap)));
const median = (list: readonly number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;

/** libvirt calls the script three times; at `start` it calls node, with a time limit, and that bridge(8), to look and to change. Milliseconds. */
async function nodeAndItsProcesses(): Promise<number> {
  let ms = await timed('timeout', ['8', 'libvirt-vlan-exporter-node', '-e', '0']);
  ms += await timed('bridge', ['-j', '-compressvlans', 'vlan', 'show']);
  ms += await timed('bridge', ['-force', '-batch', '-'], 'vlan show\n');
  for (let call = 0; call < 3; call++) ms += await timed('sh', ['-c', ':']);
  return Math.round(ms);
}

const journal = (args: string) =>
  sh(`journalctl --sync; journalctl -q -b -o cat ${args}`).then((text) => text.split('\n').filter(Boolean));

await sh('mkdir -p /run/probe /etc/libvirt/hooks/qemu.d');
await sh(`cat > ${PROBE} && chmod 755 ${PROBE}`, { input: PROBE_TEXT });
for (const name of names) await sh('cat | virsh define /dev/stdin', { input: vmXml(name, VMS[name]) });

await test('hook status says that it is not installed; hook install installs it; then, once libvirtd has reloaded, status has nothing to say', async () => {
  assert.match(await sh('libvirt-vlan-exporter hook status || true'), /not installed/);
  assert.match(await sh('libvirt-vlan-exporter hook install'), /is installed/);
  await sh('systemctl reload libvirtd');
  note((await sh('libvirt-vlan-exporter hook status')).replaceAll('\n', ' | '));
});

await test('with our hook the tables are right when start returns, before the VM runs', async () => {
  await start(names);
  assert.deepEqual(await probed('vault-01', 'start'), [RIGHT]);
  assert.deepEqual(await probed('ipa-01', 'start'), [RIGHT, RIGHT]);
  assert.deepEqual(await now('ipa-01'), [RIGHT, RIGHT]);
});

await test("the report's four journalctl commands return our entries, -p err only the errors", async () => {
  await sh(`${SCRIPT} vault-01 start begin -`, { input: '' });
  const one = async (args: string, count: number) =>
    (
      await until(`${count} entries of ${args}`, 60_000, async () => {
        const lines = await journal(args);
        return lines.length >= count && lines;
      })
    ).value;
  const all = await one('-t libvirt-hook', 4);
  const own = await one('-t "libvirt-hook[vault-01]"', 2);
  assert.deepEqual(await one('-t "libvirt-hook[vault-01]" --since "1 hour ago"', 2), own);
  assert.deepEqual(await one('-t "libvirt-hook[vault-01]" -p err', 1), ['ERROR: start: the XML is empty']);
  assert.match(own[0] ?? '', /^start: vnet\d+ on br-mgmt: VLANs 10 20 30 40 100 110 120, PVID 100/);
  assert.ok(all.length > own.length);
  // As written in the report, with -f: it goes on, so it is ended from outside.
  assert.match(
    await sh('timeout 5 journalctl -t "libvirt-hook[vault-01]" -f -o cat; true'),
    /VLANs 10 20 30 40 100 110 120/,
  );
});

await test('libvirtd restarted with VMs running and a broken config: no VM dies, the error is in the journal and in /metrics', async () => {
  await sh('systemctl start libvirt-vlan-exporter');
  const errors = async () => value(await scrape(), 'hook_errors_total', { domain: 'ipa-01' });
  await until('the journal is read', 60_000, async () => (await errors()) === 0);
  await sh(`cp ${CONFIG} /run/config.good && echo 'bridges: 7' > ${CONFIG}`);
  await sh('systemctl restart libvirtd && virsh list >/dev/null');
  await until('the error is in /metrics', 60_000, async () => (await errors()) === 1);
  assert.deepEqual(await Promise.all(names.map(state)), ['running', 'running']);
  assert.match((await journal('-t "libvirt-hook[ipa-01]" -p err'))[0] ?? '', /^ERROR: reconnect: .*config\.yml:1:/);
  await sh(`cp /run/config.good ${CONFIG}`);
});

await test('libvirtd restarted after a vnet was wiped: reconnect puts it right, and counts as a run', async () => {
  const [tap = ''] = await tapsOf('vault-01');
  await sh(`ip link set ${tap} nomaster && ip link set ${tap} master br-mgmt`);
  assert.equal(await table(tap), '1*');
  await sh('systemctl restart libvirtd && virsh list >/dev/null');
  await until('the vnet is right', 60_000, async () => (await table(tap)) === RIGHT);
  const metrics = await scrape();
  assert.equal(value(metrics, 'hook_installed'), 1);
  assert.equal(value(metrics, 'collector_success', { collector: 'journal' }), 1);
  assert.equal(value(metrics, 'watcher_up', { watcher: 'journal' }), 1);
  await until('the run is counted', 30_000, async () => {
    return value(await scrape(), 'hook_runs_total', { domain: 'vault-01' }) >= 2;
  });
});

await test('a hook that cannot even run is an error of its VM, from libvirt', async () => {
  await stop(['vault-01']);
  await sh(
    `printf '#!/nonexistent\\n' > /etc/libvirt/hooks/qemu.d/aa-broken && chmod 755 /etc/libvirt/hooks/qemu.d/aa-broken`,
  );
  const count = async () => value(await scrape(), 'hook_errors_total', { domain: 'vault-01' });
  const before = await count();
  await assert.rejects(sh('virsh start vault-01', { timeoutMs: 180_000 }));
  await sh('rm /etc/libvirt/hooks/qemu.d/aa-broken');
  await until('it is counted', 30_000, async () => (await count()) > before);
  await sh('systemctl stop libvirt-vlan-exporter');
});

await test('the hook holds virsh start up for no more than 600 ms; where node alone takes longer, for 1.5 times what node and its processes take', async () => {
  // Not by the time of virsh start, which takes 20 s here and differs by seconds: by the clock before and after each call.
  await sh(`rm ${PROBE}; mv ${SCRIPT} ${REAL}; cat > ${SCRIPT} && chmod 755 ${SCRIPT}`, { input: TIMED_TEXT });
  // On machines where each page fault is dear, node's start alone takes over a second in here: no program on it could keep to 600 ms.
  // Such a machine's speed changes by half within a minute, so both are measured in turn.
  const held: number[] = [];
  const byHand: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // What the call before left to do takes half of the processor: neither is measured beside it.
    await sh(`flock ${WORKER_LOCK} true`, { timeoutMs: 60_000 });
    byHand.push(await nodeAndItsProcesses());
    await sh(`rm -f ${TIMES}`);
    await start(['vault-01']);
    const calls = (await sh(`cat ${TIMES}`)).trim().split('\n');
    assert.deepEqual(
      calls.map((call) => call.split(' ')[0]),
      ['prepare', 'start', 'started'],
    );
    const times = calls.map((call) => call.split(' ').slice(1).map(Number) as [number, number]);
    const milliseconds = times.map(([before, after]) => Math.round((after - before) * 1000));
    held.push(milliseconds.reduce((sum, ms) => sum + ms, 0));
    note(`prepare, start, started: ${milliseconds.join(', ')} ms; node and its processes by hand: ${byHand.at(-1)}`);
    await stop(['vault-01']);
  }
  await sh(`mv ${REAL} ${SCRIPT}`);
  note(`${held.join(', ')} ms in all: ${(median(held) / median(byHand)).toFixed(2)} of what they take by hand`);
  assert.ok(median(held) <= Math.max(600, 1.5 * median(byHand)), `${held} ms beside ${byHand}`);
});

await test('the same VMs with the original hook: the same tables at the end, the wrong one when start returns', async () => {
  await stop(['ipa-01']);
  await sh('libvirt-vlan-exporter hook uninstall');
  await sh('cat > /etc/libvirt/hooks/qemu && chmod 755 /etc/libvirt/hooks/qemu', { input: ORIGINAL_HOOK });
  await sh(`mkdir -p $(dirname ${PROBE}) && cat > ${PROBE} && chmod 755 ${PROBE}`, { input: PROBE_TEXT });
  const theirs = await start(names);
  note(`virsh start with the original: ${theirs.join(' and ')} ms`);
  assert.deepEqual(await probed('vault-01', 'start'), ['1*']);
  for (const name of names) {
    // The original looks for ports called vnet… and no others.
    const wanted = VMS[name].map((nic) => ('target' in nic ? '1*' : RIGHT));
    await until(`${name} is configured`, 60_000, async () => (await now(name)).join() === wanted.join());
  }
});

await sh(
  'rm -f /etc/libvirt/hooks/qemu /etc/libvirt/hooks/qemu.d/zz-probe; systemctl stop libvirt-vlan-exporter; true',
);
for (const name of names) await removeVm(name);
finish();
