// What a policy that is not in force yet would move, what cannot be told of it now, and what has come to it already: a vnet
// that was wiped has not, also where the policy happens to want just that. Pure.
import { offBridge, type Report, type VnetReport } from '../model/report.ts';
import { pvidOf, sameTable, tableOfNewPort, type VlanTable } from '../model/vlan.ts';
import { isSettled } from './plan.ts';

/** Whether what is in force makes the same of a vnet. */
export function isSameUnder(inForce: Report | undefined, vnet: VnetReport): boolean {
  const before = inForce && vnetOf(inForce, vnet);
  // An uplink is left alone.
  if (!before?.target || before.untouchable || !vnet.target) return false;
  return sameTable(before.target, vnet.target);
}

/** Whether it cannot be told now what would become of a vnet. */
export function isDoubtful(vnet: VnetReport): boolean {
  return !vnet.actual || vnet.untouchable?.reason === 'unknown';
}

/** Domains that cannot be read, and of which no vnet is known from before. */
export function unknownDomains(report: Report): number {
  const known = new Set(report.bridges.flatMap((b) => b.vnets.map(({ domain }) => domain)));
  return report.unknowns.filter(({ kind, name = '' }) => kind === 'domain' && !known.has(name)).length;
}

/** Interfaces that are off their bridge for now. */
export function interfacesAway(report: Report): number {
  return offBridge(report).length;
}

/** The vnets that have come to the new policy: an operator's `heal` of their domain put them there, or the hook. A vnet that is undecided
 * under it has not come to it. */
export function arrivals(inForce: Report | undefined, wanted: Report): readonly VnetReport[] {
  return (inForce?.bridges ?? []).flatMap(({ vnets, defaultPvid }) =>
    vnets.filter(
      (vnet) => !isSettled(vnet) && hasCome(vnetOf(wanted, vnet)) && !isFresh(vnet.actual ?? [], defaultPvid),
    ),
  );
}

/** The report without them. */
export function withoutArrivals(inForce: Report, wanted: Report): Report {
  const there = new Set(arrivals(inForce, wanted));
  return withVnets(inForce, (vnet) => !there.has(vnet));
}

/** The report with those of its vnets that fit. */
export function withVnets(report: Report, fits: (vnet: VnetReport) => boolean): Report {
  return { ...report, bridges: report.bridges.map((b) => ({ ...b, vnets: b.vnets.filter(fits) })) };
}

function hasCome(vnet: VnetReport | undefined): boolean {
  return isSettled(vnet) && !vnet?.expected.undecided;
}

// Whether it has just what each port has that joins the bridge, as after a wipe. Where the default PVID could not be read, what any
// would leave is taken for that: nobody needs to have agreed to it.
function isFresh(actual: VlanTable, defaultPvid: number | undefined): boolean {
  return sameTable(actual, tableOfNewPort(defaultPvid ?? pvidOf(actual)));
}

function vnetOf(report: Report, { bridge, vnet }: { bridge: string; vnet: string }): VnetReport | undefined {
  return report.bridges.find((b) => b.name === bridge)?.vnets.find((v) => v.vnet === vnet);
}
