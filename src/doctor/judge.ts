// What keeps the program from working on this host, or will undo its work. Pure: facts come in, what to mend goes out.
import type { Diagnosis, Untold } from './diagnosis.ts';
import type { Facts } from './facts.ts';
import { iproute2, others } from './others.ts';
import { bridges, config } from './policy.ts';
import { hook, journal, remediator, units, web } from './services.ts';

/** In the order in which they are best mended. */
export function diagnose(facts: Facts): Diagnosis {
  const untold: Untold[] = [];
  const troubles = [
    ...iproute2(facts),
    ...config(facts),
    ...bridges(facts, untold),
    ...units(facts, untold),
    ...hook(facts, untold),
    ...journal(facts),
    ...web(facts),
    ...remediator(facts),
    ...others(facts),
  ];
  return { troubles, untold };
}
