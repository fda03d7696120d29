// Whether a fresh report says what the one before says.
import { isDeepStrictEqual } from 'node:util';
import type { Report } from '../model/report.ts';
import type { Steps } from '../model/slices.ts';

/** Whether two reports differ at most in when they were made; a step for each vnet. */
export function* isSameReport(a: Report, b: Report): Steps<boolean> {
  if (!isDeepStrictEqual(withoutVnets(a), withoutVnets(b))) return false;
  for (const [i, { vnets }] of a.bridges.entries()) {
    const others = b.bridges[i]?.vnets ?? [];
    if (vnets.length !== others.length) return false;
    for (const [j, vnet] of vnets.entries()) {
      if (!isDeepStrictEqual(vnet, others[j])) return false;
      yield;
    }
  }
  return true;
}

function withoutVnets({ takenAt: _, bridges, ...report }: Report) {
  return { ...report, bridges: bridges.map((bridge) => ({ ...bridge, vnets: [] })) };
}
