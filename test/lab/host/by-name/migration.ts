// Live migration of a VM between two libvirtds, there and back. What its vnet should have stands in its metadata, and in no config: it
// is right on the target before the VM runs there, its series are gone from the source, and no alert fires on either.
// lab-timeout: 1200
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseVlanShow } from '../../../../src/host/linux/iproute2/text.ts';
import { formatTable } from '../../../../src/model/vlan.ts';
import { inHurry } from '../../../e2e/hurry.ts';
import { startMonitoring } from '../../../e2e/monitoring.ts';
import { METRICS_URL, scrape, select, value } from '../../metrics.ts';
import { finish, note, sh, test, until } from '../../scenario.ts';
import { LAB_URI, SECOND_URI, startSecondHost } from '../../second-host.ts';
import { removeVm, startVm, vmXml } from '../../vm.ts';

const VM = 'migrant';
const MINE = { domain: VM };
const WANTED = '10 20 100*';
const CONFIG = '/etc/libvirt-vlan-exporter/config.yml';
const METADATA =
  "<metadata><lve:interfaces xmlns:lve='urn:libvirt-vlan-exporter:1'><interface vlans='10, 20' pvid='100'/></lve:interfaces></metadata>";
// After ours by its name: the table as it is when libvirt goes on, before it starts QEMU.
const PROBE = `#!/bin/sh
[ "$2" != start ] || bridge -j -compressvlans vlan show >/srv/mig/at-start.$(hostname)
`;

const shipped = readFileSync(CONFIG);
writeFileSync(
  CONFIG,
  'bridges:\n  br-mgmt:\n    vlans: [10, 20, 30]\n    pvid: 1\n    intent: [rules, vlan, metadata]\n',
);
await sh('libvirt-vlan-exporter hook install && mkdir -p /srv/mig && chmod 777 /srv/mig');
for (const folder of ['/etc/libvirt/hooks/qemu.d', '/srv/hostb/etc/hooks/qemu.d'])
  await sh(`mkdir -p ${folder} && cat >${folder}/zz-probe && chmod 755 ${folder}/zz-probe`, { input: PROBE });
await sh('virsh list && systemctl reload libvirtd && systemctl start libvirt-vlan-exporter libvirt-vlan-remediator');
const second = await startSecondHost();
const there = `http://${second.target}/metrics`;
const monitoring = await startMonitoring({
  targets: ['127.0.0.1:19177', second.target],
  receiver: 9,
  alerts: '/usr/share/doc/libvirt-vlan-exporter/examples/alerts',
  edit: inHurry('2s'),
});

await sh('cat | virsh define /dev/stdin', {
  input: vmXml(VM, [{ mac: '52:54:00:06:00:01' }]).replace('</name>', `</name>${METADATA}`),
});
await startVm(VM);

const atStart = (host: string) => {
  const ports = [...parseVlanShow(readFileSync(`/srv/mig/at-start.${host}`, 'utf8'))];
  return ports.filter(([port]) => port.startsWith('vnet')).map(([, table]) => formatTable(table));
};

/** Asserts that the VM is right at one exporter and unknown at the other. Waits for the news. */
async function isAt(url: string, other: string): Promise<void> {
  await until('it shows', 60_000, async () => select(await scrape(url), 'vnet_info', MINE).length === 1);
  const samples = await scrape(url);
  assert.equal(select(samples, 'vnet_info', MINE)[0]?.labels.rule, 'metadata');
  assert.equal(value(samples, 'vnet_compliant', MINE), 1);
  assert.equal(value(samples, 'vnet_pvid', MINE), 100);
  await until('it is gone from the other', 60_000, async () => {
    const left = (await scrape(other)).filter(({ name }) => /^libvirt_vlan_(vnet|domain)_/.test(name));
    return left.every(({ labels }) => labels.domain !== VM);
  });
}

await test('before: it runs with what its metadata says', () => isAt(METRICS_URL, there));

await test('virsh migrate --live: right on the target before it runs, and gone from the source', async () => {
  const begin = performance.now();
  await sh(`virsh migrate --live ${VM} '${SECOND_URI}' --migrateuri unix:///srv/mig/there.sock`, {
    timeoutMs: 600_000,
  });
  note(`migrated in ${Math.round(performance.now() - begin)} ms`);
  assert.deepEqual(atStart('lab-b'), [WANTED]);
  await isAt(there, METRICS_URL);
  assert.equal((await second.on(`virsh domstate ${VM}`)).trim(), 'running');
});

await test('it stays so when the guest goes on, and libvirt has the metadata there, too', async () => {
  assert.match(await second.on(`virsh metadata ${VM} urn:libvirt-vlan-exporter:1`), /pvid=.100/);
  await second.on(`libvirt-vlan-exporter check ${VM}`);
});

await test('back again, peer to peer: the same', async () => {
  await sh('rm /srv/mig/at-start.lab');
  await sh(`virsh -c '${SECOND_URI}' migrate --live --p2p ${VM} '${LAB_URI}' --migrateuri unix:///srv/mig/back.sock`, {
    timeoutMs: 600_000,
  });
  assert.deepEqual(atStart('lab'), [WANTED]);
  await isAt(METRICS_URL, there);
});

await test('no alert fired on either host, a minute and more after the last move', async () => {
  await sh('sleep 75'); // the longest `for` of an alert about vnets is a minute
  const ever = await monitoring.query('max_over_time(ALERTS[15m])');
  const said = ever.map(({ metric }) => `${metric.alertstate} ${metric.alertname} ${metric.instance}`);
  note(`pending or firing at any time: ${said.join(', ') || 'none'}`);
  assert.deepEqual(
    said.filter((line) => line.startsWith('firing')),
    [],
  );
});

await test('a PVID that is really wrong fires there: the same Prometheus would have told', async () => {
  await sh('systemctl stop libvirt-vlan-remediator');
  const tap = select(await scrape(), 'vnet_info', MINE)[0]?.labels.vnet;
  await sh(`bridge vlan add vid 20 dev ${tap} pvid untagged`);
  const firing = 'ALERTS{alertname="LibvirtVlanPvidWrong", alertstate="firing"}';
  await until('the alert', 120_000, async () => (await monitoring.query(firing)).length === 1, 1000);
});

await monitoring.stop();
await sh(`virsh -c '${SECOND_URI}' destroy ${VM}; true`);
await removeVm(VM);
await second.stop();
await sh(
  'systemctl stop libvirt-vlan-exporter libvirt-vlan-remediator; rm -rf /var/lib/private/libvirt-vlan-remediator',
);
await sh('libvirt-vlan-exporter hook uninstall; rm -f /etc/libvirt/hooks/qemu.d/zz-probe');
writeFileSync(CONFIG, shipped);
finish();
