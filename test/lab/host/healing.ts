// The remediator under its own unit, with a real VM: each reason is made on the VM's vnet, and healed, or refused with that reason.
// lab-timeout: 1200
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { parseVlanShow } from '../../../src/host/linux/iproute2/text.ts';
import type { RemediatorStatus } from '../../../src/model/remediator-status.ts';
import { formatTable } from '../../../src/model/vlan.ts';
import { scrape, value } from '../metrics.ts';
import { finish, note, sh, test, until } from '../scenario.ts';
import { ensureVm, removeVm, tapsOf } from '../vm.ts';

const UNIT = 'libvirt-vlan-remediator';
const FOLDER = '/run/libvirt-vlan-remediator';
const CONFIG = '/etc/libvirt-vlan-exporter/config.yml';
const VM = 'heal-vm';
const WELL = '10 20 30 40 100* 110 120';

const shipped = readFileSync(CONFIG);
function configure(unexpected: string): void {
  writeFileSync(
    CONFIG,
    `bridges:
  br-mgmt:
    vlans: [10, 20, 30, 40, 100, 110, 120]
    pvid: 1
    uplinks: [heal-up]
    unexpected: ${unexpected}
    rules:
      - { name: healing, domains: [${VM}], pvid: 100 }
# Once an hour: what is healed was noticed, not found by the schedule.
schedule: "0 0 * * * *"
remediation: { max_heals: 50, window: 1s, cooldown: 1s }
`,
  );
}

const unit = (property: string) => sh(`systemctl show -p ${property} --value ${UNIT}`);
const status = (): RemediatorStatus => JSON.parse(readFileSync(`${FOLDER}/status.json`, 'utf8'));
const tableOf = async (port: string) =>
  formatTable(parseVlanShow(await sh('bridge -j -compressvlans vlan show')).get(port) ?? []);

configure('remove');
await sh(
  'ip link add heal-up type dummy && ip link set heal-up master br-mgmt up && bridge vlan add vid 2-200 dev heal-up',
);
await sh(`systemctl start ${UNIT}`);

await test('the unit runs as a user of its own, with CAP_NET_ADMIN and CAP_DAC_READ_SEARCH and nothing else', async () => {
  assert.equal(await unit('ActiveState'), 'active');
  const facts = readFileSync(`/proc/${await unit('MainPID')}/status`, 'utf8');
  const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(facts)?.[1];
  assert.notEqual(field('Uid'), '0');
  for (const set of ['CapEff', 'CapPrm', 'CapBnd', 'CapAmb']) assert.equal(field(set), '0000000000001004', set);
  const said = await sh(`systemd-analyze security --no-pager --threshold=20 ${UNIT}.service`);
  note(`exposure ${/level for \S+: (\S+)/.exec(said)?.[1]}`);
});

await test('a VM that starts without a hook is healed as soon as its tap is there', async () => {
  await ensureVm(VM, [{ mac: '52:54:00:04:00:01' }]);
  const [tap = ''] = await tapsOf(VM);
  const { ms } = await until('healed', 10_000, async () => (await tableOf(tap)) === WELL);
  note(`right ${Math.round(ms)} ms after virsh start returned`);
});

const [tap = ''] = await tapsOf(VM);

const HEALED: readonly (readonly [title: string, drift: string])[] = [
  ['pvid_wrong: another VLAN is the PVID', `bridge vlan add vid 10 dev ${tap} pvid untagged`],
  ['pvid_missing: the PVID was added again without pvid', `bridge vlan add vid 100 dev ${tap}`],
  ['vlan_missing', `bridge vlan del vid 30 dev ${tap}`],
  ['vlan_unexpected, under "unexpected: remove"', `bridge vlan add vid 999 dev ${tap}`],
  ['the default VLAN 1', `bridge vlan add vid 1 dev ${tap} untagged`],
  ['tagging_wrong: a tagged VLAN leaves untagged', `bridge vlan add vid 20 dev ${tap} untagged`],
  ['tagging_wrong: the PVID leaves tagged', `bridge vlan add vid 100 dev ${tap} pvid`],
  ['no VLAN at all', `bridge vlan del vid 1-4094 dev ${tap}`],
  ['a port that left its bridge and came back', `ip link set ${tap} nomaster && ip link set ${tap} master br-mgmt`],
];
for (const [title, drift] of HEALED) {
  await test(`${title}: healed at once`, async () => {
    await sh('sleep 1.5'); // the guard forgets
    const since = Date.now();
    await sh(drift);
    const { value: decision } = await until('a decision', 5000, () =>
      status().recent.find((d) => d.at > since && d.vnet === tap && d.outcome === 'verified'),
    );
    assert.equal(await tableOf(tap), WELL);
    note(`${decision.before} -> ${decision.after} ${decision.at - since} ms after the command began`);
  });
}

await test('an interface that is hot-plugged, where libvirt calls no hook, is healed', async () => {
  const mac = '52:54:00:04:00:02';
  await sh(`virsh attach-interface ${VM} bridge br-mgmt --mac ${mac} --model virtio --live`);
  const [, plugged = ''] = await tapsOf(VM);
  const { ms } = await until('healed', 5000, async () => (await tableOf(plugged)) === WELL);
  note(`${plugged} right ${Math.round(ms)} ms after attach-interface returned`);
  await sh(`virsh detach-interface ${VM} bridge --mac ${mac} --live`);
});

/** Does `make`, waits until the status refuses with `reason`, asserts that the vnet is as it was left, undoes it. */
async function refused(reason: string, make: string, undo: string): Promise<void> {
  await sh('sleep 1.5');
  await sh(make);
  const left = await tableOf(tap);
  await until(`a refusal: ${reason}`, 5000, () => status().refusals.some((r) => r.reason === reason));
  assert.equal(await tableOf(tap), left);
  note(status().refusals.find((r) => r.reason === reason)?.text ?? '');
  await sh(undo);
  await until('healed when the obstacle is gone', 10_000, async () => (await tableOf(tap)) === WELL);
  await until('no refusal is left', 5000, () => status().refusals.every((r) => r.reason !== reason));
}

await test('filtering_off is refused', () =>
  refused(
    'filtering_off',
    `ip link set br-mgmt type bridge vlan_filtering 0 && bridge vlan del vid 30 dev ${tap}`,
    'ip link set br-mgmt type bridge vlan_filtering 1',
  ));

await test('mac_ambiguous is refused: the tap that the XML names has another MAC', async () => {
  const address = await sh(`cat /sys/class/net/${tap}/address`);
  await refused(
    'mac_ambiguous',
    `ip link set ${tap} address fe:54:00:99:99:99 && bridge vlan del vid 30 dev ${tap}`,
    `ip link set ${tap} address ${address}`,
  );
});

await test('not_on_bridge is refused: the tap is brought back by whoever took it', () =>
  refused('not_on_bridge', `ip link set ${tap} nomaster`, `ip link set ${tap} master br-mgmt`));

await test('uplink_vlan_missing is refused: an uplink is never changed', async () => {
  await refused('uplink_vlan_missing', 'bridge vlan del vid 40 dev heal-up', 'bridge vlan add vid 40 dev heal-up');
});

await test('vlan_unexpected is refused under "unexpected: report", after a reload', async () => {
  configure('report');
  await sh(`systemctl reload ${UNIT}`);
  await refused('vlan_unexpected', `bridge vlan add vid 999 dev ${tap}`, `bridge vlan del vid 999 dev ${tap}`);
  configure('remove');
  await sh(`systemctl reload ${UNIT}`);
});

await test('domain XML that cannot be understood: unknown, and nothing is changed', async () => {
  const live = `/run/libvirt/qemu/${VM}.xml`;
  const xml = readFileSync(live, 'utf8');
  writeFileSync(live, xml.slice(0, xml.length / 2));
  await sh(`sleep 1; bridge vlan del vid 30 dev ${tap}; sleep 1`);
  assert.equal(await tableOf(tap), '10 20 40 100* 110 120');
  writeFileSync(live, xml);
  await until('healed when it is readable', 10_000, async () => (await tableOf(tap)) === WELL);
});

await test('a bad config at reload is refused by line and key, and the last good one stays in force', async () => {
  const good = readFileSync(CONFIG, 'utf8');
  writeFileSync(CONFIG, good.replace('pvid: 100', 'pvid: 4095'));
  await sh(`systemctl reload ${UNIT}`);
  await until('a log line', 5000, () => sh(`journalctl -u ${UNIT} -o cat | grep 'config.yml:8:.*pvid'`));
  await sh(`sleep 1.5; bridge vlan add vid 10 dev ${tap} pvid untagged`);
  await until('healed', 5000, async () => (await tableOf(tap)) === WELL);
  writeFileSync(CONFIG, good);
});

await test('each decision is one structured journal entry', async () => {
  const line = await sh(
    `journalctl -t ${UNIT} -o json --all LIBVIRT_VLAN_DOMAIN=${VM} LIBVIRT_VLAN_OUTCOME=verified | tail -n 1`,
  );
  const entry = JSON.parse(line);
  assert.match(entry.LIBVIRT_VLAN_TRIGGER, /^(event|retry)$/);
  assert.equal(entry.PRIORITY, '5');
  assert.equal(entry.LIBVIRT_VLAN_AFTER, WELL);
  assert.match(String(entry.LIBVIRT_VLAN_COMMAND), new RegExp(`bridge vlan add vid 100 dev ${tap} pvid untagged`));
  assert.match(entry.LIBVIRT_VLAN_DURATION_MS, /^\d+$/);
  note(entry.MESSAGE);
});

await test('the exporter, which can change nothing, shows what the remediator did', async () => {
  await sh('systemctl start libvirt-vlan-exporter');
  const { value: samples } = await until('remediator_up 1', 20_000, async () => {
    const now = await scrape();
    return value(now, 'remediator_up') === 1 && now;
  });
  assert.ok((value(samples, 'remediations_total', { domain: VM }) ?? 0) >= HEALED.length);
  await sh('systemctl stop libvirt-vlan-exporter');
});

await test('the pause outlives a restart and a stop, and nothing is healed until it ends', async () => {
  writeFileSync(`${FOLDER}/pause`, '');
  await sh(`systemctl restart ${UNIT}`);
  await sh(`bridge vlan del vid 30 dev ${tap}`);
  await until('paused', 5000, () => status().paused && status().recent[0]?.outcome === 'paused');
  await sh(`systemctl stop ${UNIT}`);
  assert.ok(existsSync(`${FOLDER}/pause`));
  assert.ok(!existsSync(`${FOLDER}/status.json`), 'a remediator that was stopped leaves no status');
  await sh(`systemctl start ${UNIT}`);
  assert.equal(await tableOf(tap), '10 20 40 100* 110 120');
  rmSync(`${FOLDER}/pause`);
  await until('healed', 5000, async () => (await tableOf(tap)) === WELL);
  assert.equal(statSync(`${FOLDER}/status.json`).mode & 0o777, 0o644);
});

await test('the state is kept for the next start, readable for nobody else', async () => {
  assert.equal(await sh("stat -c '%a' /var/lib/private/libvirt-vlan-remediator"), '700');
  const state = JSON.parse(readFileSync('/var/lib/libvirt-vlan-remediator/state.json', 'utf8'));
  assert.equal(state.accepted.bridges[0].name, 'br-mgmt');
});

await test('`heal` by hand and the running remediator take turns', async () => {
  await sh(`sleep 1.5; bridge vlan del vid 1-4094 dev ${tap}; libvirt-vlan-exporter heal ${VM}`);
  assert.equal(await tableOf(tap), WELL);
  assert.equal(await sh(`libvirt-vlan-exporter plan ${VM}; echo $?`), '0');
});

await test('a VM that is stopped is no failure', async () => {
  const failures = () => status().domains.reduce((sum, d) => sum + d.failures, 0);
  const before = failures();
  await removeVm(VM);
  await sh('sleep 1');
  assert.equal(failures(), before);
  assert.equal(await unit('ActiveState'), 'active');
});

await sh(`systemctl stop ${UNIT}; rm -rf /var/lib/private/libvirt-vlan-remediator; ip link del heal-up`);
writeFileSync(CONFIG, shipped);
finish();
