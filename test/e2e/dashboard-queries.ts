// The dashboards' PromQL as Grafana would send it, with its variables filled in.
// https://grafana.com/docs/grafana/latest/dashboards/variables/add-template-variables/#global-variables
import { dashboards, expressions } from '../dashboards/dashboard-file.ts';

export interface DashboardQuery {
  readonly where: string;
  /** As it stands in the JSON. */
  readonly expr: string;
}

export const dashboardQueries: readonly DashboardQuery[] = [...dashboards].flatMap(([file, dashboard]) =>
  expressions(dashboard).map(({ where, expr }) => ({ where: `${file}: ${where}`, expr })),
);

/** Every variable at "All", which of the jobs are those listed, and `rateInterval` as Grafana works it out: four scrape intervals at least. */
export function filledIn(expr: string, rateInterval: string): string {
  return expr
    .replaceAll('$__rate_interval', rateInterval)
    .replaceAll(/\$job\b/g, 'libvirt-vlan-exporter')
    .replaceAll(/\$(instance|bridge|domain)\b/g, '.+');
}

/** Queries that rightly find nothing on a healthy host, and why. */
export const EMPTY_WHEN_HEALTHY: readonly { readonly expr: RegExp; readonly because: string }[] = [
  { expr: /^ALERTS\{/, because: 'no alert fires' },
  { expr: /^libvirt_vlan_bridge_findings\{.*> 0$/, because: 'nothing deviates from the policy' },
  { expr: /^libvirt_vlan_domain_vnets_expected.*> 0$/, because: 'every interface of a running VM has its port' },
  {
    expr: /^\(libvirt_vlan_hook_last_error_timestamp_seconds\{.*> 0\)/,
    because: 'the hook reported no error in this boot',
  },
  { expr: /^\(libvirt_vlan_remediation_last_timestamp_seconds\{.*> 0\)/, because: 'nothing was ever healed' },
];
