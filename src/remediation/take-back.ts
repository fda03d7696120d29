// A port may go to another bridge in the moment in which it is changed: the kernel takes the change for whatever bridge it is on. What
// was written there is taken back, where nothing else was; nobody asked for it on that bridge.
import type { Host } from '../host/host.ts';
import { type Change, isVlanChange, type Outcome, type VnetPlan } from '../model/plan.ts';
import { orUndefined } from '../model/snapshot.ts';
import {
  formatTable,
  hasVid,
  overlay,
  type Piece,
  rowsIn,
  rowsWithout,
  sameFlags,
  sameTable,
  tableOfNewPort,
  type VlanRun,
  type VlanTable,
  vidsFrom,
} from '../model/vlan.ts';
import { changesBetween } from './changes.ts';

/** A vnet that stands on another bridge with something of its plan. `isMixed`: and with something else. */
interface Stray {
  readonly outcome: Outcome;
  readonly bridge: string;
  readonly now: VlanTable;
  readonly joined: VlanTable;
  readonly isMixed: boolean;
}

/**
 * The outcomes, in their order: those of ports that were changed on another bridge are `reverted` or `failed`, and not `vanished`, and say
 * so. `untouched`: plans that were not carried out. Never rejects.
 */
export async function takeBack(
  { bridges }: Pick<Host, 'bridges'>,
  outcomes: readonly Outcome[],
  untouched: ReadonlyMap<VnetPlan, unknown>,
  failures: ReadonlyMap<Change, string>,
): Promise<readonly Outcome[]> {
  const gone = outcomes.filter(({ plan, result }) => result === 'vanished' && !untouched.has(plan));
  const strays = gone.length === 0 ? [] : await findStrays(bridges, gone, failures);
  if (strays.length === 0) return outcomes;
  const back = strays.flatMap(({ outcome, now, joined, isMixed }) =>
    isMixed ? [] : changesBetween(outcome.plan.vnet, now, joined),
  );
  const { vlans } = await bridges.change(back, { ports: [], fdb: [] });
  const told = new Map(strays.map((stray) => [stray.outcome, outcomeOf(stray, vlans.ok ? vlans.value : new Map())]));
  return outcomes.map((outcome) => told.get(outcome) ?? outcome);
}

async function findStrays(
  bridges: Host['bridges'],
  gone: readonly Outcome[],
  failures: ReadonlyMap<Change, string>,
): Promise<readonly Stray[]> {
  const names = orUndefined(() => bridges.list()) ?? [];
  const { links, vlans } = await bridges.read(names, new Set(gone.map(({ plan }) => plan.vnet)));
  if (!links.ok || !vlans.ok) return [];
  const bridgeOf = new Map(links.value.flatMap((bridge) => bridge.ports.map(({ name }) => [name, bridge] as const)));
  return gone.flatMap((outcome): Stray[] => {
    const { plan } = outcome;
    const bridge = bridgeOf.get(plan.vnet);
    if (!bridge || bridge.name === plan.bridge) return [];
    const now = vlans.value.get(plan.vnet) ?? [];
    const joined = tableOfNewPort(bridge.defaultPvid);
    const written = writtenTo(now, { ...plan, changes: plan.changes.filter((c) => !failures.has(c)) }, joined);
    return written === 'nothing' ? [] : [{ outcome, bridge: bridge.name, now, joined, isMixed: written === 'mixed' }];
  });
}

/**
 * What a port's table on another bridge has of a plan for its former one: nothing, something and nothing else but what the kernel gave
 * (`joined`), or something beside what others have written. Pure.
 */
export function writtenTo(now: VlanTable, plan: VnetPlan, joined: VlanTable): 'nothing' | 'ours' | 'mixed' {
  if (sameTable(now, joined)) return 'nothing';
  const changes = plan.changes.filter(isVlanChange);
  const added = vidsFrom(changes.filter(({ action }) => action === 'add'));
  const deleted = vidsFrom(changes.filter(({ action }) => action === 'delete'));
  const ours = rowsIn(plan.after, added);
  const isOurs = ({ a, b }: Piece<VlanRun, VlanRun>) => a !== undefined && b !== undefined && sameFlags(a, b);
  const isTaken = joined.some(({ first }) => hasVid(deleted, first) && !hasVid(now, first));
  if (!isTaken && !overlay(now, ours).some(isOurs)) return 'nothing';
  return overlay(rowsWithout(now, joined), ours).some((piece) => piece.a && !isOurs(piece)) ? 'mixed' : 'ours';
}

function outcomeOf({ outcome, bridge, now, joined, isMixed }: Stray, after: ReadonlyMap<string, VlanTable>): Outcome {
  const { plan } = outcome;
  const actual = isMixed ? now : (after.get(plan.vnet) ?? []);
  const what = `${plan.vnet} went from ${plan.bridge} to ${bridge} while it was changed`;
  if (!isMixed && sameTable(actual, joined))
    return { ...outcome, result: 'reverted', actual, problem: `${what}; put back to ${formatTable(joined)} there` };
  const problem = `${what}, and is ${formatTable(actual)} there: look whether that is right`;
  return { ...outcome, result: 'failed', actual, problem };
}
