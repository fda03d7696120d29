// What keeps the program from working on this host, or will undo its work. Pure: facts come in, what to mend goes out.
import type { Diagnosis, Trouble } from './diagnosis.ts';
import type { Facts } from './facts.ts';
import { iproute2, others } from './others.ts';
import { bridges, config } from './policy.ts';
import { hook, journal, remediator, remediatorPolicy, unaware, units, web } from './services.ts';
import { untoldOf } from './untold.ts';

/** In the order in which they are best mended. */
const CHECKS: readonly ((facts: Facts) => readonly Trouble[])[] = [
  iproute2,
  config,
  bridges,
  units,
  hook,
  unaware,
  journal,
  web,
  remediatorPolicy,
  remediator,
  others,
];

export function diagnose(facts: Facts): Diagnosis {
  return { troubles: CHECKS.flatMap((check) => check(facts)), untold: untoldOf(facts) };
}
