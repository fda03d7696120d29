// Which changes are one request, and which requests have to wait for others. Pure.
import { type Change, isVlanChange } from '../../../model/plan.ts';

/**
 * Changes that are one request: an FDB entry; or VLANs of one port, all added or all deleted. The kernel makes these in their order under
 * one lock, tells of them once, and ends at one that it refuses (br_afspec in net/bridge/br_netlink.c).
 */
export type Together = readonly [Change, ...Change[]];

// Half a KiB, which comes back with a refusal: see WINDOW in exchange.ts.
const MAX_TOGETHER = 32;

/**
 * The requests, each stage for when the one before is done. What follows several changes of its port is in a later stage: where one of
 * those is refused, the rest has to be asked for first.
 */
export function stagesOf(changes: readonly Change[]): readonly (readonly Together[])[] {
  const stages: Together[][] = [];
  const last = new Map<string, { readonly group: [Change, ...Change[]]; readonly stage: number }>();
  for (const change of changes) {
    const before = last.get(change.port);
    if (before && isTogether(before.group, change)) {
      before.group.push(change);
      continue;
    }
    const stage = before ? before.stage + (before.group.length > 1 ? 1 : 0) : 0;
    const group: [Change, ...Change[]] = [change];
    last.set(change.port, { group, stage });
    stages[stage] ??= [];
    stages[stage].push(group);
  }
  return stages;
}

function isTogether([first, ...more]: Together, change: Change): boolean {
  return isVlanChange(change) && first.action === change.action && more.length + 1 < MAX_TOGETHER;
}
