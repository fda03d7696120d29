// The netlink socket when something is wrong with it: a process without CAP_NET_ADMIN, or one that loses it while it runs, has the very
// descriptor that root opened and may read with it, and change nothing; its queue runs over; its answers are cut off; no other descriptor
// is left; it is closed. Nothing wrong is healed, and iproute2 takes over or the outcome says so.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { createExchange } from '../../../src/host/linux/netlink/exchange.ts';
import { createKernelBridges, openKernelBridges } from '../../../src/host/linux/netlink/kernel-bridges.ts';
import { linkRequest } from '../../../src/host/linux/netlink/links.ts';
import { createHost } from '../../../src/host/linux/real.ts';
import { readSnapshot as readOf } from '../../../src/host/snapshot.ts';
import type { VlanChange } from '../../../src/model/plan.ts';
import { formatTable, vid, vidRange } from '../../../src/model/vlan.ts';
import { configure } from '../../../src/remediation/configure.ts';
import { vnetPlan } from '../../../src/remediation/plan.ts';
import { ensureRtnl, withRtnl } from '../rtnl.ts';
import { finish, sh, test } from '../scenario.ts';

const BRIDGE = 'br-nf';
const TAP = 'nf0';
const said: string[] = [];
const tell = (fields: object, message: string) => said.push(`${JSON.stringify(fields)} ${message}`);
const log = { debug: () => undefined, info: tell, warn: tell, error: tell };

/** Adds VLAN 10 to the tap, as healing does; what became of it. */
async function heal(host: Parameters<typeof configure>[0]) {
  const pvid = { ...vidRange(1), pvid: true, untagged: true };
  const plan = vnetPlan(
    { bridge: BRIDGE, domain: 'nf', vnet: TAP, mac: '52:54:00:00:00:01' },
    [pvid],
    [pvid, { ...vidRange(vid(10)), pvid: false, untagged: false }],
  );
  const [outcome] = await configure(host, [plan]);
  return outcome;
}

if (process.argv[2] === 'unprivileged') {
  const host = createHost(openKernelBridges(process.env, log));
  const { links } = await host.bridges.read([BRIDGE]);
  const outcome = await heal(host);
  const ports = links.ok && links.value[0]?.ports.map(({ name }) => name);
  console.log(JSON.stringify({ ports, via: host.bridges.via(), result: outcome?.result, problem: outcome?.problem }));
  process.exit(0);
}
ensureRtnl();

await sh(`ip link add ${BRIDGE} type bridge vlan_filtering 1
  ip tuntap add ${TAP} mode tap && ip link set ${TAP} address fe:54:00:00:00:01 master ${BRIDGE} up`);

await test('without CAP_NET_ADMIN the descriptor that root opened reads all and changes nothing, and the outcome says so', async () => {
  const drop = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];
  const [perl, ...args] = withRtnl(...drop, process.execPath, process.argv[1] ?? '', 'unprivileged');
  const { stdout, stderr } = spawnSync(perl, args, { encoding: 'utf8' });
  const found = JSON.parse(stdout || JSON.stringify(stderr));
  assert.deepEqual([found.ports, found.via, found.result], [[TAP], 'netlink', 'failed'], `${stdout}${stderr}`);
  assert.match(
    found.problem,
    /bridge vlan add vid 10 dev nf0: operation not permitted \(EPERM\): CAP_NET_ADMIN is missing/,
  );
  assert.equal(await sh(`bridge -j vlan show dev ${TAP} | grep -c '"vlan":10' || true`), '0');
});

const host = createHost(openKernelBridges(process.env, log));
const readSnapshot = readOf.bind(undefined, host);
const tables = async () => {
  const { vlans } = await readSnapshot({ bridges: [{ name: BRIDGE }] });
  assert.ok(vlans.ok);
  return vlans.value;
};

await test('a queue that ran over is emptied, and the next reading is right', async () => {
  const request = linkRequest(BRIDGE);
  for (let i = 0; i < 2000; i += 1) writeSync(3, request);
  assert.equal((await tables()).get(TAP)?.length, 1);
  assert.equal(host.bridges.via(), 'netlink');
});

/** A PVID cannot be a range: the kernel refuses it. */
const add = (port: string, first: number, last = first): VlanChange => ({
  ...vidRange(vid(first), vid(last)),
  action: 'add',
  port,
  pvid: last !== first,
  untagged: false,
});

await test('of one request the kernel refuses one VLAN: what is before and behind it is done, and then what is deleted', async () => {
  const changes = [add(TAP, 10), add(TAP, 20, 21), add(TAP, 30), { ...add(TAP, 1), action: 'delete' as const }];
  const { failures, vlans } = await host.bridges.change(changes, { ports: [BRIDGE], fdb: [] });
  assert.deepEqual([...failures.keys()], [changes[1]]);
  assert.match([...failures.values()].join(), /EINVAL/);
  assert.equal(vlans.ok && formatTable(vlans.value.get(TAP) ?? []), '10 30');
  assert.equal(host.bridges.via(), 'netlink');
  await sh(
    `bridge vlan del vid 10 dev ${TAP}; bridge vlan del vid 30 dev ${TAP}; bridge vlan add vid 1 dev ${TAP} pvid untagged`,
  );
});

await test('64 requests of 32 VLANs each, all refused: every answer comes', async () => {
  const taps = Array.from({ length: 64 }, (_, i) => `nf-w${i}`);
  await sh('ip -batch -', {
    input: taps.map((tap) => `tuntap add ${tap} mode tap\nlink set ${tap} master ${BRIDGE}\n`).join(''),
  });
  await tables();
  const changes = taps.flatMap((tap) => [
    ...Array.from({ length: 31 }, (_, i) => add(tap, 100 + 2 * i)),
    add(tap, 3000, 3001),
  ]);
  const { failures, vlans } = await host.bridges.change(changes, { ports: [BRIDGE], fdb: [] });
  assert.equal(failures.size, 64);
  assert.ok([...failures.values()].every((why) => why.includes('EINVAL')));
  assert.ok(taps.every((tap) => vlans.ok && vlans.value.get(tap)?.length === 32));
  assert.equal(host.bridges.via(), 'netlink');
  await sh('ip -batch -', { input: taps.map((tap) => `link del ${tap}\n`).join('') });
});

await test('changes are made and verified by netlink', async () => {
  assert.equal((await heal(host))?.result, 'verified');
  assert.equal(host.bridges.via(), 'netlink');
  await sh(`bridge vlan del vid 10 dev ${TAP}`);
});

await test('CAP_NET_ADMIN is taken away while it runs: the outcome says so and nothing is changed; with it again, all is healed', async () => {
  const before = formatTable((await tables()).get(TAP) ?? []);
  // Without root as effective user, a process that root started has no capability in force: capabilities(7).
  process.seteuid?.(65534);
  const outcome = await heal(host).finally(() => process.seteuid?.(0));
  assert.equal(outcome?.result, 'failed');
  assert.match(outcome?.problem ?? '', /operation not permitted \(EPERM\): CAP_NET_ADMIN is missing/);
  assert.equal(formatTable((await tables()).get(TAP) ?? []), before);
  assert.equal(host.bridges.via(), 'netlink');
  assert.equal((await heal(host))?.result, 'verified');
  await sh(`bridge vlan del vid 10 dev ${TAP}`);
});

await test('without a descriptor left for anything else, it is read, and nothing is changed that cannot be checked', async () => {
  const taken: number[] = [];
  let code: unknown;
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch (error) {
    ({ code } = error as NodeJS.ErrnoException);
  }
  const outcome = await heal(host).finally(() => taken.forEach(closeSync));
  assert.equal(code, 'EMFILE');
  assert.equal(outcome?.result, 'failed', outcome?.problem);
  assert.equal(formatTable((await tables()).get(TAP) ?? []), '1*');
  assert.equal((await heal(host))?.result, 'verified');
  await sh(`bridge vlan del vid 10 dev ${TAP}`);
});

await test('what the kernel cannot do to a port that is on no bridge any more is told as EOPNOTSUPP', async () => {
  const bridges = openKernelBridges(process.env, log);
  bridges?.read([BRIDGE]);
  await sh(`ip link set ${TAP} nomaster`);
  const row = { ...vidRange(vid(10)), pvid: false, untagged: false };
  const made = bridges?.change([
    { action: 'add', port: TAP, ...row },
    { action: 'fdb add', port: TAP, mac: '52:54:00:00:00:01', vid: 1 },
  ]);
  const words = [...(made?.refused.values() ?? [])];
  assert.deepEqual(words, Array(2).fill('operation not supported (EOPNOTSUPP): it is no port of a bridge any more'));
  await sh(`ip link set ${TAP} master ${BRIDGE}`);
});

await test('answers that are cut off are not understood: iproute2 takes over, and the log says why', async () => {
  const from = said.length;
  // A part of the dump ends where the buffer does.
  const cut = {
    read: (into: Buffer) => readSync(3, into, 0, 100, null),
    write: (datagram: Buffer) => writeSync(3, datagram),
  };
  const cutOff = createHost(
    createKernelBridges(
      createExchange(cut, 77),
      () => true,
      log,
      () => performance.now(),
    ),
  );
  const { links, vlans } = await cutOff.bridges.read([BRIDGE]);
  assert.ok(links.ok && vlans.ok);
  assert.deepEqual([links.value[0]?.ports.length, vlans.value.get(TAP)?.length], [1, 1]);
  assert.equal(cutOff.bridges.via(), 'iproute2');
  assert.match(
    said.slice(from).join('\n'),
    /the kernel's answer is not understood: a message of \d+ bytes where \d+ are left/,
  );
  assert.equal((await heal(cutOff))?.result, 'verified');
  await sh(`bridge vlan del vid 10 dev ${TAP}`);
});

await test('a port that is gone is no failure', async () => {
  await tables();
  await sh(`ip link set ${TAP} nomaster`);
  assert.equal((await heal(host))?.result, 'vanished');
  await sh(`ip link set ${TAP} master ${BRIDGE}`);
});

await test('a descriptor that is closed: iproute2 reads and heals, and the log says it once', async () => {
  await tables();
  closeSync(3);
  assert.equal((await heal(host))?.result, 'verified');
  assert.equal((await tables()).get(TAP)?.length, 2);
  assert.equal(host.bridges.via(), 'iproute2');
  assert.equal(said.filter((line) => line.includes('EBADF')).length, 1, said.join('\n'));
});

await sh(`ip link del ${TAP}; ip link del ${BRIDGE}`);
finish();
