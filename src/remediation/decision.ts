// Plans and their outcomes as the decisions that the journal and the status show. Pure.

import { firstCommands } from '../model/bridge-command.ts';
import type { Outcome, VnetPlan } from '../model/plan.ts';
import type { Decision } from '../model/remediator-status.ts';
import { formatTable } from '../model/vlan.ts';

type Described = Pick<Decision, 'bridge' | 'domain' | 'vnet' | 'before' | 'after' | 'reasons' | 'commands'>;

export function describe({ bridge, domain, vnet, before, after, reasons, changes }: VnetPlan): Described {
  const [was, target] = [formatTable(before), formatTable(after)];
  return { bridge, domain, vnet, before: was, after: target, reasons, commands: firstCommands(changes) };
}

/** An outcome as a decision. */
export function decisionOf({ plan, result, problem, durationMs }: Outcome, trigger: string, at: number): Decision {
  return { ...describe(plan), at, trigger, outcome: result, problem, durationMs };
}
