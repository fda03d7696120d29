// Which alerts silence which others: alerts/alertmanager.example.yml in a real Alertmanager, with alerts made up here.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alertRules } from '../alerts/rules-file.ts';
import { type Monitoring, startMonitoring } from './monitoring.ts';
import { until } from './processes.ts';
import { type Receiver, startReceiver } from './receiver.ts';

type Labels = Readonly<Record<string, string>>;

const JOB = { job: 'libvirt-vlan-exporter' };
const DOWN: Labels = { ...JOB, alertname: 'LibvirtVlanExporterDown', instance: 'down' };
const OPEN: Labels = { ...JOB, alertname: 'LibvirtVlanBridgeNotFiltering', instance: 'open', bridge: 'br-open' };
const UNREADABLE: Labels = { ...JOB, alertname: 'LibvirtVlanSourceUnreadable', instance: 'blind', collector: 'vlans' };
const NO_JOURNAL: Labels = { ...JOB, alertname: 'LibvirtVlanSourceUnreadable', instance: 'mute', collector: 'journal' };
const NO_XML: Labels = { ...JOB, alertname: 'LibvirtVlanDomainUnreadable', instance: 'broken', state: 'unknown' };
const GONE: Labels = { ...JOB, alertname: 'LibvirtVlanBridgeMissing', instance: 'gone', bridge: 'br-gone' };
const STALE: Labels = { ...JOB, alertname: 'LibvirtVlanAuditStale', instance: 'stale' };
const INCOMPLETE: Labels = { ...JOB, alertname: 'LibvirtVlanAuditIncomplete' };

const vnetAlerts = [
  'VlanMissing',
  'VlanUnexpected',
  'TaggingWrong',
  'VnetNotOnBridge',
  'MacAmbiguous',
  'FdbMissing',
  'IntentConflict',
  'IntentInvalid',
  'VnetNotCompliant',
];
const on = (instance: string, bridge: string, alertname: string): Labels => ({ ...JOB, alertname, instance, bridge });

/** Every alert but those that silence others themselves, each on a vnet of its own. */
const othersOn = (instance: string, bridge: string): readonly Labels[] =>
  [...new Set(alertRules.map((rule) => rule.alert))]
    .map((alert): Labels => ({ ...on(instance, bridge, alert), vnet: alert }))
    .filter(
      ({ alertname }) =>
        ![DOWN, OPEN, GONE, UNREADABLE, NO_XML, STALE].some((labels) => labels.alertname === alertname),
    );

let receiver: Receiver;
let monitoring: Monitoring;
let silenced: readonly Labels[];
let heard: readonly Labels[];

beforeAll(async () => {
  receiver = await startReceiver();
  monitoring = await startMonitoring({ targets: [], receiver: receiver.port });
  const alerts = [
    ...[DOWN, OPEN, UNREADABLE, NO_JOURNAL, NO_XML, STALE, { ...STALE, instance: 'blind' }],
    ...['blind', 'mute', 'broken', 'stale'].map((instance) => ({ ...INCOMPLETE, instance })),
    on('broken', 'br0', 'LibvirtVlanPvidWrong'),
    ...[GONE, on('gone', 'br-gone', 'LibvirtVlanVnetNotOnBridge'), on('gone', 'br0', 'LibvirtVlanVnetNotOnBridge')],
    ...['links', 'vlans', 'domains'].map((collector) => ({ ...UNREADABLE, instance: `no-${collector}`, collector })),
    ...['no-links', 'no-vlans', 'no-domains'].flatMap((instance) => [
      ...othersOn(instance, 'br0'),
      on(instance, 'br9', 'LibvirtVlanBridgeNotFiltering'),
      ...['critical', 'warning'].map((severity) => ({ ...on(instance, 'br8', 'LibvirtVlanBridgeMissing'), severity })),
    ]),
    ...['PvidWrong', 'VnetNotCompliant'].map((name) => ({ ...on('told', 'br0', `LibvirtVlan${name}`), vnet: 'vnet0' })),
    { ...on('told', 'br0', 'LibvirtVlanVnetNotCompliant'), vnet: 'vnet1' },
    // A host of the same name at another site.
    { ...on('down', 'br-mgmt', 'LibvirtVlanPvidWrong'), site: 'b' },
    ...othersOn('down', 'br-mgmt'),
    ...othersOn('open', 'br-open'),
    ...othersOn('open', 'br-closed'),
  ];
  await fetch(`${monitoring.alertmanager}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(alerts.map((labels) => ({ labels }))),
  });
  // An alert is judged when its group is about to be notified.
  type Known = readonly { readonly labels: Labels; readonly status: { readonly state: string } }[];
  let known: Known = [];
  await until('every alert is judged', async () => {
    known = (await (await fetch(`${monitoring.alertmanager}/api/v2/alerts`)).json()) as Known;
    return known.length === alerts.length && known.every(({ status }) => status.state !== 'unprocessed');
  });
  silenced = known.filter(({ status }) => status.state === 'suppressed').map(({ labels }) => labels);
  heard = known.filter(({ status }) => status.state === 'active').map(({ labels }) => labels);
});

afterAll(async () => {
  await monitoring?.stop();
  await receiver?.stop();
});

describe('Alertmanager, with the example file', () => {
  const namesOf = (alerts: readonly Labels[], instance: string, bridge?: string) =>
    alerts
      .filter((labels) => labels.instance === instance && (bridge === undefined || labels.bridge === bridge))
      .map(({ alertname = '' }) => alertname)
      .sort();

  it('silences all else of a host whose exporter is down, and nothing of one of that name at another site', () => {
    expect(namesOf(heard, 'down')).toEqual(['LibvirtVlanExporterDown', 'LibvirtVlanPvidWrong']);
    expect(heard.filter(({ site }) => site === 'b')).toMatchObject([{ instance: 'down' }]);
    expect(namesOf(silenced, 'down')).toEqual(
      othersOn('down', '')
        .map((labels) => labels.alertname)
        .sort(),
    );
  });

  it('silences the alerts on vnets of a bridge that enforces nothing, but for a wrong PVID, and no other', () => {
    expect(namesOf(silenced, 'open', 'br-open')).toEqual(vnetAlerts.map((name) => `LibvirtVlan${name}`).sort());
  });

  it('silences nothing of another bridge of that host', () => {
    expect(namesOf(silenced, 'open', 'br-closed')).toEqual([]);
  });

  it('silences that interfaces have no port on a bridge which is missing, and on no other', () => {
    expect(silenced.filter(({ instance }) => instance === 'gone')).toEqual([
      on('gone', 'br-gone', 'LibvirtVlanVnetNotOnBridge'),
    ]);
  });

  it('silences that a vnet is not compliant where it is told what is wrong with it, and of no other vnet', () => {
    expect(silenced.filter(({ instance }) => instance === 'told')).toEqual([
      { ...on('told', 'br0', 'LibvirtVlanVnetNotCompliant'), vnet: 'vnet0' },
    ]);
  });

  it('silences an incomplete audit where a source that it needs is unreadable, but not for the journal, and no stale one', () => {
    expect(namesOf(silenced, 'blind')).toEqual(['LibvirtVlanAuditIncomplete']);
    expect(namesOf(silenced, 'mute')).toEqual([]);
  });

  it('silences an incomplete audit where there is no audit', () => {
    expect(namesOf(silenced, 'stale')).toEqual(['LibvirtVlanAuditIncomplete']);
  });

  it('silences what is critical where it cannot be read any more: the pager is not told that it is mended', () => {
    const critical = (collector: string) =>
      namesOf(silenced, `no-${collector}`).filter((name) => name !== 'LibvirtVlanAuditIncomplete');
    const both = ['LibvirtVlanHostVlanMissing', 'LibvirtVlanPvidWrong'];
    expect(critical('links')).toEqual(['LibvirtVlanBridgeMissing', 'LibvirtVlanBridgeNotFiltering', ...both]);
    expect(critical('vlans')).toEqual(both);
    expect(critical('domains')).toEqual(['LibvirtVlanBridgeMissing', 'LibvirtVlanPvidWrong']);
    const missing = silenced.filter(({ bridge }) => bridge === 'br8');
    expect(missing.map(({ severity }) => severity)).toEqual(['critical', 'critical']);
  });

  it('silences an incomplete audit where a VM cannot be read, but not what is known of its vnets', () => {
    expect(namesOf(silenced, 'broken')).toEqual(['LibvirtVlanAuditIncomplete']);
  });
});
