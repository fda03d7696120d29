// The fleet: all hosts, worst first. It reads the recording rules of alerts/libvirt-vlan.rules.yml, so that hundreds of hosts of
// hundreds of vnets each are a few thousand series and not a million.
import { type Colors, type Dashboard, field, variable } from './grafana.ts';
import { graph, row, stat, table } from './panels.ts';

const HOSTS = 'job=~"$job", instance=~"$instance"';
/** A recorded metric of the chosen hosts; the sum takes its name away, so that a table can put several on one line. */
const byHost = (name: string) => `sum by (job, instance) (${recorded(name)})`;
/** Findings of these reasons, `a|b`. */
const findings = (reasons: string) =>
  `sum by (job, instance) (libvirt_vlan:instance_findings:sum{${HOSTS}, reason=~"${reasons}"})`;
const recorded = (name: string) => `libvirt_vlan:instance_${name}{${HOSTS}}`;
/** Compliant vnets of all, on the hosts whose VLANs can be read. */
const COMPLIANCE =
  `sum(${recorded('vnets_compliant:sum')}) ` +
  `/ sum(${recorded('vnets:sum')} and on (job, instance) ${recorded('vnets_compliant:sum')})`;

const RED_ABOVE_0: Colors = ['green', [1, 'red']];
const ORANGE_ABOVE_0: Colors = ['green', [1, 'orange']];
const RATIO: Colors = ['red', [0.95, 'orange'], [1, 'green']];

/** Link of a host's line: the other dashboard, for this host. */
const TO_HOST = {
  title: 'Host and VM',
  url: `/d/libvirt-vlan-host?var-datasource=$datasource&var-job=${field('job')}&var-instance=${field('instance')}`,
};
const RUNBOOK = {
  title: 'Runbook',
  url: `https://example.org/libvirt-vlan-exporter/alerts/runbooks/${field('alertname')}.md`,
};

export const fleet: Dashboard = {
  uid: 'libvirt-vlan-fleet',
  title: 'libvirt VLANs: fleet',
  description:
    'VLAN and PVID compliance of all hosts, worst first. Needs the recording rules of alerts/libvirt-vlan.rules.yml.',
  variables: [
    variable('job', 'libvirt_vlan_build_info', { all: 'listed' }),
    variable('instance', 'libvirt_vlan_build_info{job=~"$job"}'),
  ],
  links: [{ title: 'Host and VM', type: 'link', url: '/d/libvirt-vlan-host', keepTime: true, includeVars: true }],
  panels: [
    row('Now'),
    stat('Hosts up', 'Hosts whose exporter answers.', `sum(${recorded('up:sum')})`, { width: 3 }),
    stat(
      'Hosts down',
      'Hosts whose exporter does not answer: nobody watches their VLANs.',
      `sum(${recorded('up:sum')} == bool 0)`,
      {
        width: 3,
        colors: RED_ABOVE_0,
      },
    ),
    stat('Vnets', "Bridge ports that are matched to a running VM's interface.", `sum(${recorded('vnets:sum')})`, {
      width: 3,
    }),
    stat('Compliance', 'Vnets that are as the policy wants them, of all vnets.', COMPLIANCE, {
      width: 3,
      unit: 'percentunit',
      colors: RATIO,
    }),
    stat(
      'Wrong PVID',
      'Vnets whose untagged traffic is on the wrong VLAN, or dropped.',
      `sum(${recorded('pvid_wrong:sum')})`,
      {
        width: 3,
        colors: RED_ABOVE_0,
      },
    ),
    stat(
      'Hook errors',
      'Errors that the hook reported in the last hour.',
      `sum(${recorded('hook_errors:increase1h')})`,
      {
        width: 3,
        colors: ORANGE_ABOVE_0,
      },
    ),
    stat(
      'Suspended',
      'VMs that the remediator stopped healing, because something undid it each time or the heals failed.',
      `sum(${recorded('remediation_suspended:sum')})`,
      { width: 3, colors: ORANGE_ABOVE_0 },
    ),
    stat(
      'Held',
      "Vnets that a change of the policy, or of what domains ask for, would move and that wait for an operator's heal.",
      `sum(${recorded('remediation_held_vnets:sum')})`,
      { width: 3, colors: ORANGE_ABOVE_0 },
    ),

    row('Hosts, worst first'),
    table(
      'Hosts',
      'One line for each host, those with the most vnets out of compliance first. A host that is down is not in it; vnets of which nothing is known are not counted as drifted.',
      [
        { expr: byHost('vnets_drifted:sum'), as: 'drifted' },
        { expr: byHost('pvid_wrong:sum'), as: 'wrong PVID' },
        { expr: findings('intent_conflict|intent_invalid'), as: 'undecided' },
        { expr: findings('host_vlan_missing'), as: 'host cut off' },
        { expr: findings('filtering_off'), as: 'not filtering' },
        { expr: findings('not_on_bridge'), as: 'off bridge' },
        { expr: byHost('compliance:ratio'), as: 'compliance' },
        { expr: byHost('vnets:sum'), as: 'vnets' },
        { expr: byHost('hook_errors:increase1h'), as: 'hook errors 1h' },
        { expr: byHost('remediations:increase1h'), as: 'heals 1h' },
        { expr: byHost('remediation_failures:increase1h'), as: 'failed heals 1h' },
        { expr: byHost('remediation_suspended:sum'), as: 'suspended' },
        { expr: byHost('remediation_held_vnets:sum'), as: 'held' },
      ],
      {
        height: 10,
        columns: [
          'instance',
          'job',
          'drifted',
          'wrong PVID',
          'undecided',
          'host cut off',
          'not filtering',
          'off bridge',
          'compliance',
          'vnets',
          'hook errors 1h',
          'heals 1h',
          'failed heals 1h',
          'suspended',
          'held',
        ],
        sortBy: { column: 'drifted', desc: true },
        links: { instance: TO_HOST },
        cells: {
          drifted: { colors: RED_ABOVE_0 },
          'wrong PVID': { colors: RED_ABOVE_0 },
          undecided: { colors: ORANGE_ABOVE_0 },
          'host cut off': { colors: RED_ABOVE_0 },
          compliance: { unit: 'percentunit', colors: RATIO },
          'hook errors 1h': { colors: ORANGE_ABOVE_0 },
          'failed heals 1h': { colors: ORANGE_ABOVE_0 },
          suspended: { colors: ORANGE_ABOVE_0 },
          held: { colors: ORANGE_ABOVE_0 },
        },
      },
    ),
    table(
      'Alerts',
      'Alerts that fire now, with their runbooks.',
      [{ expr: `ALERTS{alertname=~"LibvirtVlan.+", alertstate="firing", ${HOSTS}}`, as: 'firing' }],
      {
        columns: ['severity', 'alertname', 'instance', 'job', 'bridge', 'domain', 'vnet'],
        links: { alertname: RUNBOOK, instance: TO_HOST },
        cells: { severity: { unit: 'string' } },
      },
    ),

    row('Over time'),
    graph(
      'Compliance',
      'Compliant vnets of all vnets: the fleet, and the five worst hosts.',
      [
        { expr: COMPLIANCE, as: 'fleet' },
        { expr: `bottomk(5, ${recorded('compliance:ratio')})`, as: '{{instance}}' },
      ],
      { unit: 'percentunit' },
    ),
    graph(
      'Findings by reason',
      'Deviations from the policy on all hosts.',
      [{ expr: `sum by (reason) (${recorded('findings:sum')})`, as: '{{reason}}' }],
      { stack: true },
    ),
    graph('Hook errors', 'Errors that the hook reported in the hour before, the ten worst hosts.', [
      { expr: `topk(10, ${recorded('hook_errors:increase1h')})`, as: '{{instance}}' },
    ]),
    graph('Heals', 'What the remediators did in the hour before, on all hosts.', [
      { expr: `sum(${recorded('remediations:increase1h')})`, as: 'verified' },
      { expr: `sum(${recorded('remediation_failures:increase1h')})`, as: 'failed' },
    ]),
    graph('Suspended and held', 'What the remediators leave alone, on all hosts.', [
      { expr: `sum(${recorded('remediation_suspended:sum')})`, as: 'suspended VMs' },
      { expr: `sum(${recorded('remediation_held_vnets:sum')})`, as: 'held vnets' },
    ]),
    graph(
      'Age of the audits',
      'How old what the exporters say is, the ten worst hosts.',
      [{ expr: `topk(10, time() - libvirt_vlan_audit_last_timestamp_seconds{${HOSTS}})`, as: '{{instance}}' }],
      { unit: 's' },
    ),
  ],
};
