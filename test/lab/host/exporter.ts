// The exporter under its unit, beside a real libvirtd and a real kernel. Its schedule is put to once an hour, so that whatever
// shows within seconds was noticed, not found by the schedule.
// lab-timeout: 1200
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { policySum, type Sample, scrape, select, value } from '../metrics.ts';
import { finish, note, sh, test, until } from '../scenario.ts';
import { ensureVm, removeVm, tapsOf } from '../vm.ts';

const UNIT = 'libvirt-vlan-exporter';
const CONFIG = '/etc/libvirt-vlan-exporter/config.yml';
const VYOS = { domain: 'vyos-01' };
const WEB = { domain: 'lab-web' };
const POLICY_VLANS = ['10', '20', '30', '40', '100', '110', '120'];

const unit = (property: string) => sh(`systemctl show -p ${property} --value ${UNIT}`);
const audits = (samples: readonly Sample[]) => select(samples, 'audits_total').reduce((sum, s) => sum + s.value, 0);
const allVlans = (samples: readonly Sample[], labels: Record<string, string>) =>
  POLICY_VLANS.map((vlan) => value(samples, 'vnet_vlan_member', { ...labels, vlan, expected: 'true' }));

/** Waits until the metrics are so. Tells how long after `what` happened that was. */
async function shows(what: string, probe: (samples: readonly Sample[]) => boolean): Promise<readonly Sample[]> {
  const { value: samples, ms } = await until(what, noticedMs, async () => {
    const now = await scrape();
    return probe(now) && now;
  });
  note(`${what}: ${Math.round(ms)} ms`);
  return samples;
}

/** What the metrics say of vnets and bridges, without the exporter's own state. */
const facts = (samples: readonly Sample[]) =>
  samples.filter(({ name }) => /^libvirt_vlan_(vnet|bridge|domain)_/.test(name));

await sh(`cp ${CONFIG} ${CONFIG}.shipped && sed -i 's/^schedule: .*/schedule: "0 0 * * * *"/' ${CONFIG}`);
await sh('ip link add br-other type bridge && ip link set br-other up');
await test('the unit starts with the shipped config and tells systemd when it is ready', async () => {
  await sh(`systemctl start ${UNIT}`);
  assert.equal(await unit('ActiveState'), 'active');
  assert.match(await unit('StatusText'), /vnets/);
  assert.equal(await unit('Type'), 'notify');
});

const pid = await unit('MainPID');

await test('it runs as a user of its own with CAP_DAC_READ_SEARCH and nothing else', () => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1];
  assert.notEqual(field('Uid'), '0');
  for (const set of ['CapEff', 'CapPrm', 'CapBnd', 'CapAmb']) assert.equal(field(set), '0000000000000004', set);
  assert.equal(field('NoNewPrivs'), '1');
});

await test('systemd-analyze security rates both units 2.0 or better', async () => {
  for (const name of [UNIT, 'libvirt-vlan-remediator']) {
    const said = await sh(`systemd-analyze security --no-pager --threshold=20 ${name}.service`);
    note(`${name}: ${/level for \S+: (\S+)/.exec(said)?.[1]}`);
  }
});

// A change shows within 2 s or, on a host where even a look by hand takes longer, in that time. The schedule is an hour away.
const look = () => until('a look by hand', 60_000, () => sh('libvirt-vlan-exporter check >/dev/null; echo $?'));
await look(); // its program is read from the disk
const noticedMs = Math.max(2000, (await look()).ms);
note(`a change is to be seen within ${Math.round(noticedMs)} ms`);

await removeVm('vyos-01'); // to be started anew, with the default PVID
await Promise.all([
  ensureVm('vyos-01', [{ mac: '52:54:00:01:00:01' }]),
  ensureVm('lab-web', [
    { mac: 'fe:54:00:03:00:01', target: 'tap-web.1' },
    { mac: '52:54:00:03:00:02' },
    { mac: '52:54:00:03:00:03', bridge: 'br-other' },
  ]),
]);
await scrape(); // what node loads for a first request is not to be measured

await test('a VM of the PVID-100 list that starts without a hook is shown as drifted', async () => {
  const samples = await shows('vyos-01 after virsh start', (s) => select(s, 'vnet_info', VYOS).length === 1);
  assert.equal(value(samples, 'vnet_pvid_correct', VYOS), 0);
  assert.equal(value(samples, 'vnet_pvid', VYOS), 1);
  assert.equal(value(samples, 'vnet_pvid_expected', VYOS), 100);
  assert.equal(value(samples, 'vnet_vlan_member', { ...VYOS, vlan: '10' }), 0);
  assert.equal(value(samples, 'vnet_vlan_member', { ...VYOS, vlan: '1', expected: 'false' }), 1);
  assert.equal(value(samples, 'vnet_vlans_missing', VYOS), 7);
  assert.equal(value(samples, 'vnet_compliant', VYOS), 0);
  assert.equal(value(samples, 'bridge_findings', { reason: 'pvid_wrong' }), 1);
  assert.equal(value(samples, 'bridge_findings', { reason: 'vlan_missing' }), 3);
  assert.equal(value(samples, 'bridge_findings', { reason: 'not_on_bridge' }), 0);
});

await test('a tap of any name, a guest MAC that begins with fe, two NICs on the bridge and one elsewhere are told apart', async () => {
  const samples = await scrape();
  const [, second] = await tapsOf('lab-web');
  assert.equal(value(samples, 'vnet_info', { ...WEB, vnet: 'tap-web.1', mac: 'fe:54:00:03:00:01' }), 1);
  assert.equal(value(samples, 'vnet_info', { ...WEB, vnet: second ?? '', mac: '52:54:00:03:00:02' }), 1);
  assert.equal(select(samples, 'vnet_info', WEB).length, 2);
  assert.equal(value(samples, 'domain_vnets', WEB), 2);
  assert.equal(value(samples, 'domain_vnets_expected', WEB), 2);
  assert.equal(value(samples, 'bridge_orphan_ports', { bridge: 'br-mgmt' }), 0);
});

await test('`check` says the same and exits 1', async () => {
  const said = await sh('libvirt-vlan-exporter check vyos-01; echo "exit $?"');
  assert.match(said, /52:54:00:01:00:01/);
  assert.match(said, /exit 1$/);
});

await test('VLANs put right by hand show at once', async () => {
  const [tap] = await tapsOf('vyos-01');
  const lines = POLICY_VLANS.map((vlan) => `vlan add vid ${vlan} dev ${tap}${vlan === '100' ? ' pvid untagged' : ''}`);
  await sh('bridge -batch -', { input: `${[...lines, `vlan del vid 1 dev ${tap}`].join('\n')}\n` });
  const samples = await shows('compliance after bridge vlan', (s) => value(s, 'vnet_compliant', VYOS) === 1);
  assert.equal(value(samples, 'vnet_pvid_correct', VYOS), 1);
  assert.deepEqual(
    allVlans(samples, VYOS),
    POLICY_VLANS.map(() => 1),
  );
});

await test('an interface that is hot-plugged shows at once, as drifted', async () => {
  const mac = '52:54:00:01:00:99';
  await sh(`virsh attach-interface vyos-01 bridge br-mgmt --mac ${mac} --model virtio --live`);
  const samples = await shows(
    'the new vnet after attach-interface',
    (s) => select(s, 'vnet_info', { ...VYOS, mac }).length === 1,
  );
  const vnet = select(samples, 'vnet_info', { ...VYOS, mac })[0]?.labels.vnet ?? '';
  assert.equal(value(samples, 'vnet_pvid_correct', { ...VYOS, vnet }), 0);
  assert.equal(value(samples, 'vnet_compliant', { ...VYOS, vnet }), 0);
  assert.equal(value(samples, 'domain_vnets', VYOS), 2);
});

await test('libvirtd stopped, then killed: the metrics stay as they are, and audits go on', async () => {
  const before = await scrape();
  const stillSo = async (how: string) => {
    const count = audits(await scrape());
    await sh(`systemctl reload ${UNIT}`); // an audit, whatever the schedule
    const { value: after } = await until('another audit', 10_000, async () => {
      const now = await scrape();
      return audits(now) > count && now;
    });
    assert.deepEqual(facts(after), facts(before), how);
    for (const collector of ['links', 'vlans', 'domains', 'journal'])
      assert.equal(value(after, 'collector_success', { collector }), 1, `${how}: ${collector}`);
  };
  const sockets = 'libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket';
  try {
    await sh(`systemctl stop ${sockets} libvirtd`);
    await stillSo('stopped');
    await sh('systemctl start libvirtd && systemctl kill -s KILL libvirtd');
    await stillSo('killed');
  } finally {
    // The scenarios after this one need it.
    await until('libvirtd is back', 60_000, () => sh('systemctl start libvirtd && virsh list'));
  }
});

await test('a config with a mistake is refused at reload: the old policy stays, the log names line and key', async () => {
  const policy = policySum(await scrape());
  await sh(`cp ${CONFIG} ${CONFIG}.good && sed -i 's/^    pvid: 1$/    pvid: 4095/' ${CONFIG}`);
  await sh(`systemctl reload ${UNIT}`);
  const samples = await shows('the refusal', (s) => value(s, 'config_last_reload_successful') === 0);
  assert.equal(policySum(samples), policy);
  const line = await sh(`grep -n '4095' ${CONFIG} | cut -d: -f1`);
  await until(
    'a log line with line and key',
    5000,
    async () => await sh(`journalctl -u ${UNIT} -o cat | grep 'config.yml:${line}:.*pvid'`),
  );
  await sh(`mv ${CONFIG}.good ${CONFIG} && systemctl reload ${UNIT}`);
  await shows('the good one again', (s) => value(s, 'config_last_reload_successful') === 1);
});

await test('a VM that is destroyed takes its series along', async () => {
  await removeVm('vyos-01');
  // Of what is counted by domain too; its tap goes a moment before its XML.
  await shows('no vyos-01 after virsh destroy', (s) => facts(s).every(({ labels }) => labels.domain !== 'vyos-01'));
});

await test('a bridge that is deleted is reported, and found again without a restart', async () => {
  const ports = readdirSync('/sys/class/net/br-mgmt/brif');
  const vnets = value(await scrape(), 'bridge_vnets', { bridge: 'br-mgmt' });
  assert.ok(vnets >= 2);
  await sh('ip link del br-mgmt');
  const gone = await shows('no bridge', (s) => value(s, 'bridge_present', { bridge: 'br-mgmt' }) === 0);
  assert.equal(value(gone, 'domain_vnets', WEB), 0);
  assert.equal(value(gone, 'bridge_findings', { bridge: 'br-mgmt', reason: 'not_on_bridge' }), vnets);
  await sh('ip link add br-mgmt type bridge vlan_filtering 1 && ip link set br-mgmt up');
  for (const port of ports) await sh(`ip link set ${port} master br-mgmt`);
  const back = await shows('the bridge and its vnets', (s) => {
    const present = value(s, 'bridge_present', { bridge: 'br-mgmt' }) === 1;
    return present && value(s, 'bridge_vnets', { bridge: 'br-mgmt' }) === vnets;
  });
  assert.equal(value(back, 'bridge_findings', { bridge: 'br-mgmt', reason: 'not_on_bridge' }), 0);
  assert.equal(await unit('MainPID'), pid);
});

await test('promtool has nothing to say of a real scrape', async () => {
  assert.equal(await sh('curl -sf http://127.0.0.1:19177/metrics | promtool check metrics 2>&1'), '');
});

await test('SIGTERM ends it within a second, with a scraper that keeps its connection', async () => {
  await scrape(); // node keeps the connection
  process.kill(Number(pid), 'SIGTERM');
  const { ms } = await until('the end', 1000, () => !existsSync(`/proc/${pid}`), 10);
  note(`SIGTERM to its end: ${Math.round(ms)} ms`);
  await sh(`systemctl stop ${UNIT}`);
  assert.equal(await unit('Result'), 'success');
});

await removeVm('lab-web');
await sh(`ip link del br-other; mv ${CONFIG}.shipped ${CONFIG}`);
finish();
