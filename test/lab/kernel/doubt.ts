// What is in doubt on a real kernel's bridge: an uplink that is a VM's tap, a veth with a VM's MAC, a tap that was renamed or that
// another VM has, live XML that is broken or gone. It is told, and nobody changes it.
// lab-timeout: 1200
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { runCheck } from '../../../src/cli/check.ts';
import { runHeal } from '../../../src/cli/heal.ts';
import { runPlan } from '../../../src/cli/plan.ts';
import { parseSettings } from '../../../src/config/load.ts';
import { createHost } from '../../../src/host/linux/real.ts';
import { liveXml, persistentXml } from '../../../src/host/sim/vm.ts';
import { readSnapshot } from '../../../src/host/snapshot.ts';
import { evaluate } from '../../../src/policy/evaluate.ts';
import { plan } from '../../../src/remediation/plan.ts';
import { outputOf } from '../../support/output.ts';
import { finish, sh, test } from '../scenario.ts';

const BRIDGE = 'br-doubt';
const LIVE = '/run/libvirt/qemu';
const PERSISTENT = '/etc/libvirt/qemu';
const FILE = '/tmp/doubt.yml';
process.env.NO_COLOR = '1';
const host = createHost();

const check = () => outputOf(() => runCheck(host, [], { 'config.file': FILE, format: 'table' }));
const planned = () => outputOf(() => runPlan(host, [], { 'config.file': FILE, format: 'text' }));
const tables = () => sh('bridge -compressvlans vlan show');

/** `heal` changes nothing, and `plan` has no command. */
async function nobodyChangesAnything(): Promise<void> {
  const before = await tables();
  const { out } = await planned();
  assert.ok(!/^bridge /m.test(out), out);
  await outputOf(() => runHeal(host, [], { 'config.file': FILE, format: 'text' }));
  assert.equal(await tables(), before);
}

const mac = (n: number) => `52:54:00:0d:00:0${n}`;
const vmOf = (name: string, n: number) => ({
  name,
  uuid: `00000000-0000-4000-8000-00000000000${n}`,
  interfaces: [{ mac: mac(n), bridge: BRIDGE }],
});
/** As libvirt writes it: beside the old one, and renamed. What is written into the old one is seen ten seconds later only. */
const write = (name: string, xml: string) => {
  writeFileSync(`${LIVE}/${name}.xml.new`, xml);
  renameSync(`${LIVE}/${name}.xml.new`, `${LIVE}/${name}.xml`);
};
const live = (name: string, n: number, tap: string) => write(name, liveXml(vmOf(name, n), 1, [tap]));
const addTap = (tap: string, n: number) =>
  sh(`ip tuntap add ${tap} mode tap && ip link set ${tap} address fe${mac(n).slice(2)} master ${BRIDGE}`);
const good = (tap: string) =>
  sh(
    `bridge vlan add vid 10 dev ${tap}; bridge vlan add vid 100 dev ${tap} pvid untagged; bridge vlan del vid 1 dev ${tap}`,
  );
const writePolicy = (more = '') => writeFileSync(FILE, `bridges:\n  ${BRIDGE}: {vlans: [10], pvid: 100${more}}\n`);

await sh(`ip link add ${BRIDGE} type bridge vlan_filtering 1`);
for (const folder of [LIVE, PERSISTENT]) mkdirSync(folder, { recursive: true });
writePolicy();
await addTap('db0', 1);
await good('db0');
live('web', 1, 'db0');

await test('an uplink of the policy that is a VM’s tap is told, and nobody changes it', async () => {
  await addTap('db1', 2);
  live('app', 2, 'db1');
  writePolicy(', uplinks: [db1]');
  const { status, out } = await check();
  assert.equal(status, 1);
  assert.match(out, /^warning: db1 is the tap of app and an uplink of the policy/m);
  assert.match((await planned()).out, /^# left alone: app db1 on br-doubt: uplink: /m);
  await nobodyChangesAnything();
  writePolicy();
  assert.match((await planned()).out, /^bridge vlan add vid 100 dev db1 pvid untagged$/m);
  await good('db1');
  assert.equal((await check()).status, 0);
});

await test('a veth with the MAC of a stopped VM is nobody’s, and so is a tap while other VMs have live XML', async () => {
  writeFileSync(`${PERSISTENT}/old.xml`, persistentXml(vmOf('old', 3)));
  await sh(
    `ip link add db.veth type veth peer name db.peer && ip link set db.veth address fe${mac(3).slice(2)} master ${BRIDGE}`,
  );
  await addTap('db3', 3);
  const { status, out } = await check();
  assert.equal(status, 0, out);
  assert.match(out, /^orphan ports: db3$/m);
  await nobodyChangesAnything();
  await sh('ip link del db.veth && ip link del db3');
  rmSync(`${PERSISTENT}/old.xml`);
});

await test('a tap that was renamed while its VM runs, and one that is another VM’s, are told as that', async () => {
  await sh('ip link set db1 down && ip link set db1 name db.new');
  assert.match(
    (await check()).out,
    /app +db1 +not_on_bridge +.*db1 is not a port of br-doubt; db.new there has its MAC/,
  );
  live('app', 2, 'db0');
  assert.match((await check()).out, /app +db0 +not_on_bridge +.*db0 on br-doubt is the port of web/);
  await nobodyChangesAnything();
  await sh('ip link set db.new name db1');
  live('app', 2, 'db1');
});

await test('two running VMs with one MAC are a warning', async () => {
  await addTap('db4', 1);
  await good('db4');
  live('twin', 1, 'db4');
  const { status, out } = await check();
  assert.equal(status, 0, out);
  assert.match(out, /^warning: the MAC 52:54:00:0d:00:01 is that of twin \(db4\) and web \(db0\)/m);
  rmSync(`${LIVE}/twin.xml`);
  await sh('ip link del db4');
});

await test('a wrong PVID stays told while the live XML of its VM is half-written, and is healed only after', async () => {
  const { policy } = parseSettings(`bridges: {${BRIDGE}: {vlans: [10], pvid: 100}}`, FILE);
  const read = readSnapshot.bind(undefined, host);
  const look = async () => {
    const report = evaluate(await read(policy), policy);
    const { vnets, refusals } = plan(report);
    const findings = report.bridges.flatMap((bridge) => bridge.findings.map(({ reason, vnet }) => `${reason} ${vnet}`));
    return { findings, planned: vnets.map(({ vnet }) => vnet), refused: refusals.map(({ reason }) => reason) };
  };
  await sh('bridge vlan add vid 66 dev db0 pvid untagged');
  const before = await look();
  assert.ok(before.findings.includes('pvid_wrong db0'));
  write('web', '<domstatus');
  const broken = await look();
  assert.deepEqual(broken.findings, before.findings);
  assert.deepEqual([broken.planned, broken.refused], [[], ['unknown']]);
  live('web', 1, 'db0');
  assert.deepEqual((await look()).planned, ['db0']);
});

await test('a VLAN that is no longer the PVID stays a member, and tagged', async () => {
  await outputOf(() => runHeal(host, [], { 'config.file': FILE, format: 'text' }));
  const shown = JSON.parse(await sh('bridge -j vlan show dev db0'))[0].vlans;
  assert.deepEqual(shown, [{ vlan: 10 }, { vlan: 66 }, { vlan: 100, flags: ['PVID', 'Egress Untagged'] }]);
  await sh('bridge vlan del vid 66 dev db0');
});

await test('taps whose live XML was removed cannot be told: 2, and nobody changes them', async () => {
  for (const name of ['web', 'app']) rmSync(`${LIVE}/${name}.xml`);
  await sh('bridge vlan del vid 100 dev db0');
  const { status, out } = await check();
  assert.equal(status, 2, out);
  assert.match(out, /^\? taps of br-doubt +db0 db1: no domain owns them/m);
  await nobodyChangesAnything();
});

await sh(`ip link del db0; ip link del db1; ip link del ${BRIDGE}`);
finish();
