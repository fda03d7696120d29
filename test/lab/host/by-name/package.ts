// The Debian package under apt, systemd and libvirtd, on a host without Node and npm: installed, used, downgraded and upgraded while a VM
// runs, the remediator is paused and a vnet suspended; removed, installed again, purged.
// lab-timeout: 1200
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { scrape, select, value } from '../../metrics.ts';
import { finish, note, sh, test, until } from '../../scenario.ts';
import { ensureVm, state, tapsOf } from '../../vm.ts';

const STAGE = '/lab/stage';
const EXPORTER = 'libvirt-vlan-exporter';
const REMEDIATOR = 'libvirt-vlan-remediator';
const CONFIG = '/etc/libvirt-vlan-exporter/config.yml';
const HOOK = '/etc/libvirt/hooks/qemu.d/libvirt-vlan-exporter';
const PAUSE = '/run/libvirt-vlan-remediator/pause';
const VM = 'vyos-01';
const MINE = `# by the operator
bridges:
  br-mgmt:
    vlans: [10, 20, 100]
    pvid: 1
    rules:
      - { name: routers, domains: [${VM}], pvid: 100 }
remediation: { max_heals: 1 }
`;

const apt = (command: string) =>
  sh(`DEBIAN_FRONTEND=noninteractive apt-get --yes -o Dpkg::Options::=--force-confold ${command} 2>&1`, {
    timeoutMs: 300_000,
  });
const unit = (name: string, property: string) => sh(`systemctl show -p ${property} --value ${name}`);
const version = () => sh(`dpkg-query -W -f '\${Version}' ${EXPORTER}`);

/** What a purge has to take along: all of this name, but for what dpkg and apt keep and the lab's own mount. */
async function leftovers(): Promise<string> {
  const own = ['/var/lib/dpkg', '/var/log', '/var/cache', '/run/systemd/propagate', '/run/systemd/units', '/run/log'];
  const skip = own.map((path) => `-path ${path}`).join(' -o ');
  return sh(`find / /run /tmp -xdev \\( ${skip} \\) -prune -o -name '*libvirt-vlan*' -print`);
}

/** Everything that an upgrade must not touch: the VM's process, its ports' VLANs, what the operator wrote. */
async function untouched(): Promise<Readonly<Record<string, string>>> {
  return {
    vm: `${await state(VM)} ${await sh(`cat /run/libvirt/qemu/${VM}.pid`)}`,
    vlans: await sh('bridge -compressvlans vlan show'),
    config: readFileSync(CONFIG, 'utf8'),
    hook: readFileSync(HOOK, 'utf8'),
  };
}

await sh(`apt-get --yes purge ${EXPORTER}`);
await ensureVm(VM, [{ mac: '52:54:00:01:00:01' }]);
const [tap = ''] = await tapsOf(VM);

await test('on a host without Node and npm apt installs it, and says what it watches', async () => {
  await assert.rejects(sh('command -v node || command -v npm || command -v nodejs'));
  assert.equal(await leftovers(), '');
  const said = await apt(`install ${STAGE}/new.deb`);
  assert.match(said, /watches no bridge yet/);
  assert.match(said, /libvirt-vlan-exporter doctor/);
});

await test('the exporter runs and is enabled; remediator and hook wait for an operator', async () => {
  assert.equal(await unit(EXPORTER, 'ActiveState'), 'active');
  assert.equal(await unit(EXPORTER, 'UnitFileState'), 'enabled');
  assert.equal(await unit(REMEDIATOR, 'ActiveState'), 'inactive');
  assert.equal(await unit(REMEDIATOR, 'UnitFileState'), 'disabled');
  assert.equal(existsSync(HOOK), false);
  const [build] = select(await scrape(), 'build_info');
  note(`version ${build?.labels.version}, Node ${build?.labels.node}`);
  assert.equal(build?.labels.version, await version());
});

await test('once a bridge is named, /metrics tells what the kernel has', async () => {
  writeFileSync(CONFIG, MINE);
  await sh(`systemctl reload ${EXPORTER}`);
  const vnet = { domain: VM, vnet: tap };
  const { value: samples } = await until('the vnet', 20_000, async () => {
    const now = await scrape();
    return select(now, 'vnet_info', vnet).length === 1 && now;
  });
  const ports: { vlans: { vlan: number; flags?: string[] }[] }[] = JSON.parse(
    await sh(`bridge -j vlan show dev ${tap}`),
  );
  const vlans = ports[0]?.vlans ?? [];
  const pvid = vlans.find(({ flags }) => flags?.includes('PVID'))?.vlan ?? 0;
  assert.equal(value(samples, 'vnet_pvid', vnet), pvid);
  assert.equal(value(samples, 'vnet_pvid_expected', vnet), 100);
  for (const vlan of [10, 20, 100])
    assert.equal(
      value(samples, 'vnet_vlan_member', { ...vnet, vlan: `${vlan}` }),
      vlans.some((row) => row.vlan === vlan) ? 1 : 0,
      `VLAN ${vlan}`,
    );
});

await test('man shows both pages, bash completes the VM', async () => {
  assert.match(await sh(`MANWIDTH=80 man ${EXPORTER} | cat`), /doctor[\s\S]*history/);
  assert.match(await sh(`MANWIDTH=80 man 5 ${EXPORTER}-config | cat`), /max_vnets_per_policy_change/);
  const script = `/usr/share/bash-completion/completions/${EXPORTER}`;
  const words = `COMP_WORDS=(${EXPORTER} check vyos) COMP_CWORD=2`;
  assert.equal(await sh(`bash -c '. ${script}; ${words}; _libvirt_vlan_exporter; echo "\${COMPREPLY[@]}"'`), VM);
});

await test('doctor says what is to be done, and has nothing to say once it is', async () => {
  const before = await sh('libvirt-vlan-exporter doctor; echo "status $?"');
  assert.match(before, /^neither the hook .* To mend it: libvirt-vlan-exporter hook install\nstatus 1$/);
  await sh('libvirt-vlan-exporter hook install && systemctl reload libvirtd');
  assert.equal(await sh('libvirt-vlan-exporter doctor; echo "status $?"'), 'Nothing to mend.\nstatus 0');
});

await test('a vnet is suspended, and the remediator paused, before other versions come', async () => {
  await sh(`systemctl start ${REMEDIATOR}`);
  const pvid = async () => value(await scrape(), 'vnet_pvid', { vnet: tap });
  await until('healed', 20_000, async () => (await pvid()) === 100);
  await sh(`bridge vlan add vid 10 dev ${tap} pvid untagged`);
  await until('suspended', 20_000, suspended);
  writeFileSync(PAUSE, '');
  await until('paused', 20_000, paused);
});

async function suspended(): Promise<boolean> {
  return select(await scrape(), 'remediation_suspended', { domain: VM }).some((sample) => sample.value === 1);
}

async function paused(): Promise<boolean> {
  return value(await scrape(), 'remediator_paused') === 1;
}

const daemons = () => Promise.all([EXPORTER, REMEDIATOR].map((name) => unit(name, 'MainPID')));

for (const [what, deb] of [
  ['downgrade to the version before', 'old.deb'],
  ['upgrade', 'new.deb'],
] as const) {
  await test(`${what}: both daemons start anew, nothing is lost, and no VM is touched`, async () => {
    const [before, pids, from] = [await untouched(), await daemons(), await version()];
    const began = performance.now();
    await apt(`install --allow-downgrades ${STAGE}/${deb}`);
    note(`${from} to ${await version()}: ${Math.round((performance.now() - began) / 1000)} s`);
    assert.notEqual(await version(), from);
    const after = await daemons();
    for (const [i, pid] of after.entries()) assert.ok(pid !== '0' && pid !== pids[i], `${pids} ${after}`);
    await until('suspended and paused, still', 30_000, async () => (await suspended()) && (await paused()));
    assert.ok(existsSync(PAUSE));
    assert.deepEqual(await untouched(), before);
    await sh('libvirt-vlan-exporter hook status');
  });
}

await test('removal takes the hook and the services along, and leaves the config and the VM', async () => {
  await sh(`systemctl enable ${REMEDIATOR}`);
  const before = await untouched();
  await apt(`remove ${EXPORTER}`);
  assert.equal(existsSync(dirname(HOOK)), false);
  assert.equal(await sh('pgrep -f "libvirt-[v]lan" || true'), '');
  assert.equal(readFileSync(CONFIG, 'utf8'), before.config);
  assert.equal(await sh('bridge -compressvlans vlan show'), before.vlans);
  assert.equal(await state(VM), 'running');
});

await test('installed again, it runs with the config and the state that were there', async () => {
  await apt(`install ${STAGE}/new.deb`);
  assert.equal(await unit(EXPORTER, 'ActiveState'), 'active');
  // It was enabled.
  assert.equal(await unit(REMEDIATOR, 'ActiveState'), 'active');
  assert.equal(readFileSync(CONFIG, 'utf8'), MINE);
  assert.ok(existsSync(PAUSE));
  await until('suspended, still', 30_000, suspended);
});

await test('purge leaves nothing, and the VM alone', async () => {
  const vlans = await sh('bridge -compressvlans vlan show');
  await apt(`purge ${EXPORTER}`);
  assert.equal(await leftovers(), '');
  assert.equal(await sh('systemctl list-units --all --no-legend "libvirt-vlan*"'), '');
  assert.equal(await sh('bridge -compressvlans vlan show'), vlans);
  assert.equal(await state(VM), 'running');
});

rmSync(PAUSE, { force: true });
await sh(`/lab/inside/install-product ${STAGE} && libvirt-vlan-exporter heal ${VM}`);
finish();
