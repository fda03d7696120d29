// One host and its VMs: what each vnet has, had, and should have, and what hook and remediator did.
import { annotation, type Colors, type Dashboard, field, type Mapping, variable } from './grafana.ts';
import { graph, matrix, row, stat, states, table } from './panels.ts';

const HOST = 'job=~"$job", instance=~"$instance"';
const BRIDGE = `${HOST}, bridge=~"$bridge"`;
const DOMAIN = `${HOST}, domain=~"$domain"`;
const VM = `${BRIDGE}, domain=~"$domain"`;

/** A metric of the chosen vnets; the sum takes its name away, so that a table can put several on one line. */
const byVnet = (name: string, more = '') =>
  `sum by (job, instance, bridge, domain, vnet${more}) (libvirt_vlan_vnet_${name}{${VM}})`;

const NO_YES: readonly Mapping[] = [
  [0, 'no', 'red'],
  [1, 'yes', 'green'],
];
const RED_ABOVE_0: Colors = ['green', [1, 'red']];
const ORANGE_ABOVE_0: Colors = ['green', [1, 'orange']];

/** The exporter's own page. `instance` is its address as Prometheus scrapes it. */
const PAGE = { title: 'Status page of the host', url: `http://${field('instance')}/` };
const RUNBOOK = {
  title: 'Runbook',
  url: `https://example.org/libvirt-vlan-exporter/alerts/runbooks/${field('alertname')}.md`,
};

export const host: Dashboard = {
  uid: 'libvirt-vlan-host',
  title: 'libvirt VLANs: host and VM',
  description: "VLANs and PVIDs of a host's VMs: now, over time, and what hook and remediator did about them.",
  variables: [
    variable('job', 'libvirt_vlan_build_info', { all: 'listed' }),
    variable('instance', 'libvirt_vlan_build_info{job=~"$job"}'),
    variable('bridge', `libvirt_vlan_bridge_present{${HOST}}`),
    variable('domain', `libvirt_vlan_domain_vnets_expected{${BRIDGE}}`),
  ],
  annotations: [
    annotation(
      'Hook error',
      'red',
      `(libvirt_vlan_hook_last_error_timestamp_seconds{${DOMAIN}} > 0) * 1000`,
      '{{domain}} on {{instance}}',
      ['domain'],
    ),
    annotation(
      'Healed',
      'green',
      `(libvirt_vlan_remediation_last_timestamp_seconds{${VM}} > 0) * 1000`,
      '{{domain}} on {{instance}}',
      ['domain', 'bridge'],
    ),
  ],
  links: [{ title: 'Fleet', type: 'link', url: '/d/libvirt-vlan-fleet', keepTime: true, includeVars: false }],
  panels: [
    row('Now'),
    stat(
      'Vnets',
      "Bridge ports that are matched to a running VM's interface.",
      `count(libvirt_vlan_vnet_info{${VM}})`,
      { width: 3 },
    ),
    stat(
      'Drifted',
      'Vnets that are not as the policy wants them.',
      `sum(libvirt_vlan_vnet_compliant{${VM}} == bool 0)`,
      {
        width: 3,
        colors: RED_ABOVE_0,
      },
    ),
    stat(
      'Wrong PVID',
      'Vnets whose untagged traffic is on the wrong VLAN, or dropped.',
      `sum(libvirt_vlan_vnet_pvid_correct{${VM}} == bool 0)`,
      {
        width: 3,
        colors: RED_ABOVE_0,
      },
    ),
    stat(
      'VLANs enforced',
      'Whether every chosen bridge filters VLANs at all.',
      `min(libvirt_vlan_bridge_vlan_filtering{${BRIDGE}})`,
      {
        width: 3,
        values: NO_YES,
      },
    ),
    stat(
      'Hook installed',
      "Whether this project's hook, or the original, is in place and executable.",
      `min(libvirt_vlan_hook_installed{${HOST}})`,
      {
        width: 3,
        values: NO_YES,
      },
    ),
    stat(
      'Remediator',
      'Whether drift is mended by itself. In a dry run and in a pause it is not: see the panel Remediator below.',
      // The status of one that cannot be read says no more than that it is not up.
      `min(libvirt_vlan_remediator_up{${HOST}} * (1 - libvirt_vlan_remediator_dry_run{${HOST}}) * (1 - libvirt_vlan_remediator_paused{${HOST}}) or libvirt_vlan_remediator_up{${HOST}})`,
      {
        width: 3,
        values: [
          [0, 'off', 'text'],
          [1, 'on', 'green'],
        ],
      },
    ),
    stat('Sources', 'Whether the exporter can read all it needs.', `min(libvirt_vlan_collector_success{${HOST}})`, {
      width: 3,
      values: [
        [0, 'unreadable', 'red'],
        [1, 'readable', 'green'],
      ],
    }),
    stat(
      'Age of the audit',
      'How old what you see here is.',
      `max(time() - libvirt_vlan_audit_last_timestamp_seconds{${HOST}})`,
      { width: 3, unit: 's', colors: ['green', [60, 'orange'], [120, 'red']] },
    ),

    row('Vnets'),
    table(
      'Vnets',
      'One line for each vnet, those that are not compliant first. PVID 0 is none.',
      [
        { expr: byVnet('compliant'), as: 'compliant' },
        { expr: byVnet('pvid'), as: 'PVID' },
        { expr: byVnet('pvid_expected'), as: 'expected PVID' },
        { expr: byVnet('vlans_missing'), as: 'missing' },
        { expr: byVnet('vlans_unexpected'), as: 'unexpected' },
        { expr: byVnet('tagging_correct'), as: 'tagging right' },
        { expr: byVnet('info', ', rule, mac'), as: 'info' },
      ],
      {
        height: 10,
        columns: [
          'domain',
          'vnet',
          'bridge',
          'instance',
          'compliant',
          'PVID',
          'expected PVID',
          'missing',
          'unexpected',
          'tagging right',
          'rule',
          'mac',
        ],
        sortBy: { column: 'compliant', desc: false },
        links: { instance: PAGE },
        cells: {
          compliant: { values: NO_YES },
          'tagging right': { values: NO_YES },
          PVID: { unit: 'none' },
          'expected PVID': { unit: 'none' },
          missing: { colors: RED_ABOVE_0 },
          unexpected: { colors: ORANGE_ABOVE_0 },
        },
      },
    ),
    matrix(
      'VLAN membership',
      'VMs by VLANs. Missing: the policy gives it, and the port does not have it. Leak: the port has it, and the policy does not give it.',
      `label_join(libvirt_vlan_vnet_vlan_member{${VM}, expected="true"} or 2 * libvirt_vlan_vnet_vlan_member{${VM}, expected="false"}, "port", " ", "instance", "domain", "vnet")`,
      'port',
      'vlan',
      {
        values: [
          [0, 'missing', 'red'],
          [1, 'member', 'green'],
          [2, 'leak', 'orange'],
        ],
      },
    ),
    states(
      'Compliance',
      'Whether each vnet was as the policy wants it.',
      { expr: `libvirt_vlan_vnet_compliant{${VM}}`, as: '{{domain}} {{vnet}}' },
      {
        values: [
          [0, 'drifted', 'red'],
          [1, 'compliant', 'green'],
        ],
      },
    ),
    states(
      'PVID',
      "Each vnet's PVID, 0 is none. Red, and with a minus sign: it is not the policy's.",
      {
        // A quarter less, so that a missing PVID (0) is below 0 too; without decimals it is not seen.
        expr: `libvirt_vlan_vnet_pvid{${VM}} * (libvirt_vlan_vnet_pvid_correct{${VM}} * 2 - 1) + (libvirt_vlan_vnet_pvid_correct{${VM}} - 1) / 4`,
        as: '{{domain}} {{vnet}}',
      },
      { unit: 'none', decimals: 0, colors: ['red', [0, 'green']] },
    ),

    row('Findings'),
    stat(
      'Undecided',
      'Vnets of which two sources want different things, or one asks for what cannot be had: nobody knows whether they are right, and nobody changes them.',
      `sum(libvirt_vlan_bridge_findings{${BRIDGE}, reason=~"intent_conflict|intent_invalid"})`,
      { width: 8, colors: ORANGE_ABOVE_0 },
    ),
    stat(
      'Host cut off',
      'Bridges on which the host itself lacks VLANs that it needs: its management network, perhaps.',
      `sum(libvirt_vlan_bridge_findings{${BRIDGE}, reason="host_vlan_missing"})`,
      { width: 8, colors: RED_ABOVE_0 },
    ),
    stat(
      'Without FDB entries',
      'Vnets whose forwarding entries libvirt keeps, and which lack some: frames to the guest are dropped.',
      `sum(libvirt_vlan_bridge_findings{${BRIDGE}, reason="fdb_missing"})`,
      { width: 8, colors: RED_ABOVE_0 },
    ),
    table(
      'Findings',
      'Deviations from the policy by bridge and reason.',
      [{ expr: `libvirt_vlan_bridge_findings{${BRIDGE}} > 0`, as: 'findings' }],
      {
        width: 12,
        columns: ['reason', 'bridge', 'instance', 'findings'],
        sortBy: { column: 'findings', desc: true },
        links: { instance: PAGE },
      },
    ),
    graph(
      'Findings over time',
      'Deviations from the policy by reason.',
      [{ expr: `sum by (reason) (libvirt_vlan_bridge_findings{${BRIDGE}})`, as: '{{reason}}' }],
      { width: 12, stack: true },
    ),
    table(
      'Alerts',
      'Alerts of this host that fire now, with their runbooks.',
      [{ expr: `ALERTS{alertname=~"LibvirtVlan.+", alertstate="firing", ${HOST}}`, as: 'firing' }],
      {
        width: 24,
        columns: ['severity', 'alertname', 'domain', 'vnet', 'instance'],
        links: { alertname: RUNBOOK, instance: PAGE },
      },
    ),
    table(
      'Interfaces without a port',
      'Interfaces of running VMs that have no port on their bridge: they have no network, or that of another bridge.',
      [
        {
          // As the alert: one whose port is in doubt has one.
          expr: `libvirt_vlan_domain_vnets_expected{${VM}} - libvirt_vlan_domain_vnets{${VM}} > 0 and on (job, instance, bridge) libvirt_vlan_bridge_findings{${BRIDGE}, reason="not_on_bridge"} > 0`,
          as: 'not on bridge',
        },
      ],
      { width: 12, columns: ['domain', 'bridge', 'instance', 'not on bridge'] },
    ),
    graph('Ports of no VM', 'Taps on the bridge that match no domain. They are counted and never touched.', [
      { expr: `libvirt_vlan_bridge_orphan_ports{${BRIDGE}}`, as: '{{instance}} {{bridge}}' },
    ]),

    row('Hook and remediator'),
    graph('Hook runs and errors', "From this boot's journal.", [
      { expr: `sum(increase(libvirt_vlan_hook_runs_total{${DOMAIN}}[$__rate_interval]))`, as: 'runs' },
      {
        expr: `sum by (domain) (increase(libvirt_vlan_hook_errors_total{${DOMAIN}}[$__rate_interval]))`,
        as: 'errors {{domain}}',
      },
      { expr: `sum(increase(libvirt_vlan_hook_warnings_total{${DOMAIN}}[$__rate_interval]))`, as: 'warnings' },
    ]),
    graph('Heals', 'Heals that a fresh read verified, and those that failed.', [
      {
        expr: `sum by (domain) (increase(libvirt_vlan_remediations_total{${VM}}[$__rate_interval]))`,
        as: '{{domain}}',
      },
      {
        expr: `sum by (domain) (increase(libvirt_vlan_remediation_failures_total{${VM}}[$__rate_interval]))`,
        as: 'failed {{domain}}',
      },
    ]),
    graph(
      'Time to heal',
      'From drift seen to verified.',
      [
        {
          expr: `histogram_quantile(0.5, sum by (le) (rate(libvirt_vlan_remediation_duration_seconds_bucket{${HOST}}[$__rate_interval])))`,
          as: 'median',
        },
        {
          expr: `histogram_quantile(0.99, sum by (le) (rate(libvirt_vlan_remediation_duration_seconds_bucket{${HOST}}[$__rate_interval])))`,
          as: '99 %',
        },
      ],
      { unit: 's' },
    ),
    states(
      'Healing suspended',
      'VMs that the remediator stopped healing, because something undid it each time or the heals failed.',
      { expr: `max by (domain) (libvirt_vlan_remediation_suspended{${VM}})`, as: '{{domain}}' },
      {
        width: 12,
        height: 8,
        values: [
          [0, 'healing', 'green'],
          [1, 'suspended', 'orange'],
        ],
      },
    ),
    graph('Remediator', 'Whether it runs, only tells (dry run), or is paused; and the vnets that it holds.', [
      { expr: `libvirt_vlan_remediator_up{${HOST}}`, as: 'up {{instance}}' },
      { expr: `libvirt_vlan_remediator_dry_run{${HOST}}`, as: 'dry run {{instance}}' },
      { expr: `libvirt_vlan_remediator_paused{${HOST}}`, as: 'paused {{instance}}' },
      { expr: `libvirt_vlan_remediation_held_vnets{${BRIDGE}}`, as: 'held {{instance}} {{bridge}}' },
    ]),

    row('Exporter'),
    graph(
      'Audits',
      'Audits by what set them off.',
      [{ expr: `sum by (trigger) (rate(libvirt_vlan_audits_total{${HOST}}[$__rate_interval]))`, as: '{{trigger}}' }],
      { unit: 'ops' },
    ),
    graph(
      'Duration of audits',
      'The last audit, and its readers.',
      [
        { expr: `libvirt_vlan_audit_duration_seconds{${HOST}}`, as: 'audit {{instance}}' },
        { expr: `libvirt_vlan_collector_duration_seconds{${HOST}}`, as: '{{collector}} {{instance}}' },
      ],
      { unit: 's' },
    ),
    states(
      'Watches',
      'Whether changes are seen at once; else by the schedule only.',
      { expr: `libvirt_vlan_watcher_up{${HOST}}`, as: '{{watcher}} {{instance}}' },
      {
        width: 12,
        height: 8,
        values: [
          [0, 'down', 'orange'],
          [1, 'up', 'green'],
        ],
      },
    ),
    graph(
      'Memory',
      'Resident memory of the exporter.',
      [{ expr: `process_resident_memory_bytes{${HOST}}`, as: '{{instance}}' }],
      { unit: 'bytes' },
    ),
  ],
};
