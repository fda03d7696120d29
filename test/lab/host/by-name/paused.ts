// A VM whose port's FDB libvirt keeps (macTableManager='libvirt'), under the remediator: VLANs that come later get their entries; while the VM
// is paused, libvirt has taken them away, and nobody adds them. (libvirt 9.0 resumes a VM that has one, but its own adding ends at it:
// the entries of the VLANs after that are missing.)
// lab-timeout: 900
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import type { RemediatorStatus } from '../../../../src/model/remediator-status.ts';
import { finish, note, sh, test, until } from '../../scenario.ts';
import { removeVm, startVm, state, tapsOf, vmXml } from '../../vm.ts';

const VM = 'paused-vm';
const MAC = '52:54:00:08:00:01';
const CONFIG = '/etc/libvirt-vlan-exporter/config.yml';
const UNIT = 'libvirt-vlan-remediator';
const ROUNDS = 10;

const status = (): RemediatorStatus => JSON.parse(readFileSync(`/run/${UNIT}/status.json`, 'utf8'));
const shipped = readFileSync(CONFIG);
writeFileSync(
  CONFIG,
  `bridges:
  br-mgmt:
    vlans: [10, 20]
    pvid: 100
    unexpected: remove
schedule: "*/2 * * * * *"
remediation: { max_heals: 1000, window: 10s, cooldown: 10s }
`,
);
writeFileSync(
  '/tmp/paused-net.xml',
  "<network><name>paused</name><forward mode='bridge'/><bridge name='br-mgmt' macTableManager='libvirt'/></network>",
);
await sh('virsh net-define /tmp/paused-net.xml && virsh net-start paused');
const onNetwork = vmXml(VM, [{ mac: MAC }]).replace("<interface type='bridge'>", "<interface type='network'>");
await sh('cat | virsh define /dev/stdin', {
  input: onNetwork.replace("<source bridge='br-mgmt'/>", "<source network='paused'/>"),
});
await startVm(VM);
const [tap = ''] = await tapsOf(VM);
/** VLANs in which the guest's MAC has a static entry, sorted. */
const entries = async () => {
  const rows: { mac: string; vlan?: number; state?: string }[] = JSON.parse(await sh(`bridge -j fdb show dev ${tap}`));
  return rows
    .flatMap(({ mac, vlan = 0, state: s }) => (mac === MAC && s === 'static' ? [vlan] : []))
    .sort((a, b) => a - b);
};
const hasAll = async () => {
  const now = await entries();
  return [10, 20, 100].every((vlan) => now.includes(vlan));
};

await test('VLANs that come later get their FDB entries', async () => {
  note(
    `before: ${await entries()}; ${(await sh(`grep -o "<source network[^>]*>" /run/libvirt/qemu/${VM}.xml`)).trim()}`,
  );
  await sh(`systemctl start ${UNIT}`);
  await until('the entries', 60_000, hasAll);
});

await test(`suspended and resumed ${ROUNDS} times: it runs each time, with its entries, and had none meanwhile`, async () => {
  const failed: string[] = [];
  const added: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await sh(`virsh suspend ${VM}`);
    // Cycles fall anywhere into what libvirt does; every third pause is long enough for several.
    await sh(`sleep ${round % 3 === 0 ? 4 : round / 10}`);
    added.push(...(await entries()));
    await sh(`virsh resume ${VM}`).catch((error: Error) => failed.push(`round ${round}: ${error.message}`));
    if ((await state(VM)) !== 'running') await sh(`virsh resume ${VM}; true`);
    await until('the entries', 60_000, hasAll);
  }
  note(`heals: ${status().duration.count}`);
  assert.deepEqual([failed, added], [[], []]);
  assert.equal(await state(VM), 'running');
});

await sh(`systemctl stop ${UNIT}`);
await removeVm(VM);
await sh('virsh net-destroy paused; virsh net-undefine paused; true');
writeFileSync(CONFIG, shipped);
finish();
