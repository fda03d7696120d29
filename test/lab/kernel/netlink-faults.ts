// The netlink socket when something is wrong with it: a process without CAP_NET_ADMIN has the very descriptor that root opened and
// may read with it, and change nothing; its queue runs over; it is closed. Nothing wrong is healed, and iproute2 takes over.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import { openKernelBridges } from '../../../src/host/linux/netlink/kernel-bridges.ts';
import { linkRequest } from '../../../src/host/linux/netlink/links.ts';
import { createHost } from '../../../src/host/linux/real.ts';
import { createSnapshotReader } from '../../../src/host/snapshot.ts';
import { vid, vidRange } from '../../../src/model/vlan.ts';
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
const readSnapshot = createSnapshotReader(host);
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

await test('changes are made and verified by netlink', async () => {
  assert.equal((await heal(host))?.result, 'verified');
  assert.equal(host.bridges.via(), 'netlink');
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
