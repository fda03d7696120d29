// A real VM whose PVID is changed by hand: the page arrives; the remediator's unit is switched on; the page resolves. Prometheus and
// Alertmanager are Debian's, with the files that the product's package installed.
// lab-timeout: 1200
import assert from 'node:assert/strict';
import { inHurry } from '../../e2e/hurry.ts';
import { startMonitoring } from '../../e2e/monitoring.ts';
import { type Notification, startReceiver } from '../../e2e/receiver.ts';
import { finish, note, sh, test, until } from '../scenario.ts';
import { ensureVm, tapsOf } from '../vm.ts';

const ALERTS = '/usr/share/doc/libvirt-vlan-exporter/examples/alerts';
const TARGET = '127.0.0.1:19177';

await ensureVm('vyos-01', [{ mac: '52:54:00:01:00:01' }]);
const [tap = ''] = await tapsOf('vyos-01');
await sh('libvirt-vlan-exporter heal vyos-01');
await sh('systemctl start libvirt-vlan-exporter');
const receiver = await startReceiver();
const monitoring = await startMonitoring({
  targets: [TARGET],
  receiver: receiver.port,
  alerts: ALERTS,
  edit: inHurry('2s'),
});

const pvid = async () => (await monitoring.query('libvirt_vlan_vnet_pvid{domain="vyos-01"}'))[0]?.value[1];
const pages = (status: Notification['status']) =>
  receiver.notifications.filter(
    (sent) => sent.status === status && sent.alerts.some(({ labels }) => labels.alertname === 'LibvirtVlanPvidWrong'),
  );

await test("Prometheus has the PVID of the real VM's port, and nobody is paged", async () => {
  await until('the PVID is scraped', 60_000, async () => (await pvid()) === '100');
  assert.deepEqual(pages('firing'), []);
});

await test('a PVID changed by hand reaches the pager, with the port and both PVIDs in its text', async () => {
  await sh(`bridge vlan add vid 20 dev ${tap} pvid untagged`);
  const { value: page, ms } = await until('the page', 120_000, () => pages('firing')[0]);
  note(`the page came ${(ms / 1000).toFixed(1)} s after the change, 30 s of which the rule waits and 5 s Alertmanager`);
  assert.equal(page.receiver, 'pager');
  const [alert] = page.alerts;
  assert.deepEqual(alert?.labels, {
    alertname: 'LibvirtVlanPvidWrong',
    severity: 'critical',
    job: 'libvirt-vlan-exporter',
    instance: TARGET,
    bridge: 'br-mgmt',
    domain: 'vyos-01',
    vnet: tap,
  });
  assert.match(alert?.annotations.description ?? '', new RegExp(`^${tap} of vyos-01 .* has PVID 20, expected 100\\.`));
});

await test('the command in the text of the page shows how to mend it', async () => {
  const command =
    / On the host: (.*)$/.exec(pages('firing')[0]?.alerts[0]?.annotations.description ?? '')?.[1] ?? 'false';
  assert.match(await sh(`${command} || [ $? = 1 ]`), new RegExp(`bridge vlan add vid 100 dev ${tap} pvid untagged`));
});

await test("the remediator's unit, switched on, mends it, and the page resolves", async () => {
  await sh('systemctl start libvirt-vlan-remediator');
  await until('the PVID is 100 again', 60_000, async () => (await pvid()) === '100');
  const { ms } = await until('the all-clear', 120_000, () => pages('resolved')[0]);
  note(`the all-clear came ${(ms / 1000).toFixed(1)} s after the PVID was seen to be right`);
});

await test('Prometheus knows of the heal', async () => {
  const heals = async () => (await monitoring.query('libvirt_vlan_remediations_total{domain="vyos-01"}'))[0]?.value[1];
  await until('the heal is counted', 90_000, async () => (await heals()) === '1');
});

await monitoring.stop();
await receiver.stop();
await sh('systemctl stop libvirt-vlan-remediator libvirt-vlan-exporter');
finish();
