// lab-timeout: 1200
// What libvirt 11 sets on a port for each form of its <vlan>, asked of a real kernel with libvirt's own order of requests
// (src/util/virnetdevbridge.c, virNetDevBridgeSetupVlans: VLAN 1 off, then each tag), and what we make of it: compliant as it is,
// drift healed back to it, and where a rule contradicts, nobody changes anything.
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { runHeal } from '../../../src/cli/heal.ts';
import { loadSettings } from '../../../src/config/load.ts';
import { configureDomain } from '../../../src/hook/configure-domain.ts';
import { policyFor, readDomain } from '../../../src/hook/domain.ts';
import { createHost } from '../../../src/host/linux/real.ts';
import type { SimVlan } from '../../../src/host/sim/libvirt-vlan.ts';
import { domainXml, liveXml, type SimVm } from '../../../src/host/sim/vm.ts';
import { readSnapshot } from '../../../src/host/snapshot.ts';
import { tapMac } from '../../../src/model/mac.ts';
import type { VnetReport } from '../../../src/model/report.ts';
import { formatTable } from '../../../src/model/vlan.ts';
import { evaluate } from '../../../src/policy/evaluate.ts';
import { beRemediator, startRemediator, tables } from '../remediator.ts';
import { finish, sh, test, until } from '../scenario.ts';

await beRemediator();

const BRIDGE = 'br-intent';
const LIVE = '/run/libvirt/qemu';
const CONFIG = '/tmp/intent.yml';
const host = createHost();

/** The forms of facts: what stands in <vlan>, and the port's table by the bridge's default PVID 1, 0 and 100. */
const FORMS: readonly (readonly [string, SimVlan, string, string, string])[] = [
  ['one tag', { tags: [{ id: 42 }] }, '42*', '42*', '42* 100u'],
  ['one tag, native tagged', { tags: [{ id: 42, native: 'tagged' }] }, '42*', '42*', '42* 100u'],
  ['a trunk of one', { trunk: true, tags: [{ id: 42 }] }, '42', '42', '42 100*'],
  ['two tags', { tags: [{ id: 42 }, { id: 47 }] }, '42 47', '42 47', '42 47 100*'],
  ['native untagged', { tags: [{ id: 42, native: 'untagged' }, { id: 47 }] }, '42* 47', '42* 47', '42* 47 100u'],
  ['native tagged', { tags: [{ id: 42 }, { id: 47, native: 'tagged' }] }, '42 47*t', '42 47*t', '42 47*t 100u'],
  ['tags 1 and 42', { tags: [{ id: 1 }, { id: 42 }] }, '1 42', '1 42', '1 42 100*'],
  ['a trunk with 0', { trunk: true, tags: [{ id: 0 }, { id: 42 }] }, '42', '42', '42 100*'],
];

const vms = FORMS.map(
  ([, vlan], i): SimVm => ({
    name: `intent-${i}`,
    uuid: `00000000-0000-4000-8000-00000000000${i}`,
    interfaces: [{ mac: `52:54:00:0e:00:0${i}`, bridge: BRIDGE, vlan }],
  }),
);
const tapOf = (i: number) => `intent.${i}`;

/** libvirt's requests for one port. Where there is no trunk, a nativeMode is not looked at. */
function libvirtSets(tap: string, { trunk, tags }: SimVlan): string {
  const isTrunk = trunk || tags.length > 1;
  const adds = tags
    .filter(({ id }) => id !== 0)
    .map(({ id, native }) => {
      const pvid = !isTrunk || native ? ' pvid' : '';
      const untagged = !isTrunk || native === 'untagged' ? ' untagged' : '';
      return `vlan add vid ${id} dev ${tap}${pvid}${untagged}\n`;
    });
  return `vlan del vid 1 dev ${tap}\n${adds.join('')}`;
}

/** All VMs start again. */
async function plug(): Promise<void> {
  for (let i = 0; i < vms.length; i++) {
    const [, vlan] = FORMS[i] as (typeof FORMS)[number];
    await sh(`ip link set ${tapOf(i)} nomaster; ip link set ${tapOf(i)} master ${BRIDGE}`);
    await sh('bridge -batch -', { input: libvirtSets(tapOf(i), vlan) });
  }
}

/** The live XML, as libvirt writes it: beside the old one, and renamed. */
function libvirtWrites(vm: SimVm, i: number): void {
  writeFileSync(`${LIVE}/${vm.name}.xml.new`, liveXml(vm, 1, [tapOf(i)]));
  renameSync(`${LIVE}/${vm.name}.xml.new`, `${LIVE}/${vm.name}.xml`);
}

function writePolicy(more = ''): void {
  writeFileSync(CONFIG, `bridges:\n  ${BRIDGE}: {vlans: [10], pvid: 100${more}}\n`);
}

async function look(): Promise<readonly VnetReport[]> {
  const { policy } = loadSettings(host, CONFIG);
  return evaluate(await readSnapshot(host, policy), policy).bridges[0]?.vnets ?? [];
}

async function heal(): Promise<void> {
  const write = process.stdout.write;
  process.stdout.write = (() => true) as typeof write;
  try {
    await runHeal(host, [], { 'config.file': CONFIG, format: 'text' });
  } finally {
    process.stdout.write = write;
  }
}

/** The hook's call for each VM, with the XML that it gets on stdin. */
async function hook(): Promise<void> {
  const { policy } = loadSettings(host, CONFIG);
  for (const [i, vm] of vms.entries()) {
    const domain = readDomain(vm.name, domainXml(vm, [tapOf(i)]));
    await configureDomain(host, domain, policyFor(domain, policy), host.now());
  }
}

async function tablesOfTaps(): Promise<readonly string[]> {
  const now = await tables();
  return vms.map((_, i) => now.get(tapOf(i)) ?? 'none');
}

const wanted = FORMS.map(([, , table]) => table);

await sh(`ip link add ${BRIDGE} type bridge vlan_filtering 1 && ip link set ${BRIDGE} up`);
mkdirSync(LIVE, { recursive: true });
for (const [i, vm] of vms.entries()) {
  const mac = tapMac(vm.interfaces[0]?.mac ?? '');
  await sh(`ip tuntap add ${tapOf(i)} mode tap && ip link set ${tapOf(i)} address ${mac} up`);
  libvirtWrites(vm, i);
}
writePolicy();

for (const [column, pvid] of [1, 0, 100].entries()) {
  await test(`default_pvid ${pvid}: the kernel has the table of each form, and all is healed to what <vlan> says`, async () => {
    await sh(`ip link set ${BRIDGE} type bridge vlan_filtering 0 && ip link set ${BRIDGE} type bridge vlan_default_pvid ${pvid}
      ip link set ${BRIDGE} type bridge vlan_filtering 1`);
    await plug();
    assert.deepEqual(
      await tablesOfTaps(),
      FORMS.map((form) => form[2 + column]),
    );
    const before = await look();
    assert.deepEqual(
      before.map(({ expected }) => `${expected.rule} ${formatTable(expected.table)}`),
      wanted.map((table) => `libvirt ${table}`),
    );
    assert.deepEqual(
      before.map(({ verdict }) => verdict),
      FORMS.map((form) => (form[2 + column] === form[2] ? 'compliant' : 'drifted')),
    );
    await heal();
    assert.deepEqual(await tablesOfTaps(), wanted);
    assert.ok((await look()).every(({ verdict }) => verdict === 'compliant'));
  });
}

await test('drift made by hand is healed back to <vlan>, by heal and by the hook', async () => {
  for (const mend of [heal, hook]) {
    await sh('bridge -batch -', {
      input: vms
        .map((_, i) => `vlan del vid 42 dev ${tapOf(i)}\nvlan add vid 66 dev ${tapOf(i)} pvid untagged\n`)
        .join(''),
    });
    assert.ok((await look()).every(({ verdict }) => verdict === 'drifted'));
    await mend();
    // The policy says `unexpected: report`: 66 stays, but tagged and no PVID.
    const now = await tablesOfTaps();
    assert.ok(
      now.every((table) => /\b66( |$)/.test(table)),
      now.join(', '),
    );
    await sh('bridge -batch -', { input: vms.map((_, i) => `vlan del vid 66 dev ${tapOf(i)}\n`).join('') });
    assert.deepEqual(await tablesOfTaps(), wanted);
  }
});

await test('the remediator heals to <vlan> what it sees, and another <vlan> after update-device is no drift', async () => {
  const remediator = await startRemediator(CONFIG);
  await sh(`ip link set ${tapOf(0)} nomaster; ip link set ${tapOf(0)} master ${BRIDGE}`);
  await until('the heal', 60_000, async () => (await tablesOfTaps())[0] === '42*');
  const [vm] = vms as [SimVm];
  const vlan = { tags: [{ id: 47 }] };
  const changed = { ...vm, interfaces: vm.interfaces.map((nic) => ({ ...nic, vlan })) };
  libvirtWrites(changed, 0);
  await sh(`ip link set ${tapOf(0)} nomaster; ip link set ${tapOf(0)} master ${BRIDGE}`);
  await sh('bridge -batch -', { input: libvirtSets(tapOf(0), vlan) });
  await sh('sleep 2');
  assert.equal((await tablesOfTaps())[0], '47*');
  const [vnet] = await look();
  assert.equal(vnet?.verdict, 'compliant');
  await remediator.stop();
  libvirtWrites(vm, 0);
});

await test('a rule that contradicts is an intent_conflict, and heal, hook and remediator change nothing', async () => {
  await plug();
  writePolicy(', rules: [{name: other, domains: ["intent-*"], pvid: 100}]');
  await sh(`bridge vlan add vid 66 dev ${tapOf(0)} pvid untagged`);
  const before = await sh('bridge -compressvlans vlan show');
  for (const { findings, verdict } of await look())
    assert.deepEqual([verdict, findings.map(({ reason }) => reason)], ['drifted', ['intent_conflict']]);
  await heal();
  await hook();
  const remediator = await startRemediator(CONFIG);
  await sh(`bridge vlan add vid 67 dev ${tapOf(1)}`);
  await until('a cycle that refuses', 60_000, () => remediator.status()?.refusals.length === vms.length);
  await sh('sleep 2');
  await remediator.stop();
  await sh(`bridge vlan del vid 67 dev ${tapOf(1)}`);
  assert.equal(await sh('bridge -compressvlans vlan show'), before);
});

for (const [i, vm] of vms.entries()) {
  rmSync(`${LIVE}/${vm.name}.xml`);
  await sh(`ip link del ${tapOf(i)}`);
}
await sh(`ip link del ${BRIDGE}`);
finish();
