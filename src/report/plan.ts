// A plan for people and for programs: as comments and commands, which a shell takes, and as JSON.

import { bridgeCommand } from '../model/bridge-command.ts';
import type { Outcome, Plan } from '../model/plan.ts';
import { printable } from '../model/printable.ts';
import type { Unknown } from '../model/report.ts';
import { formatTable } from '../model/vlan.ts';
import { inverseOf } from '../remediation/plan.ts';
import { subjectOf } from './words.ts';

/** Lines of comments and commands. Names of others' choice cannot break out of a comment. */
export function renderPlan({ vnets, refusals }: Plan, unknowns: readonly Unknown[]): string {
  const lines = [
    ...vnets.flatMap(({ domain, vnet, bridge, before, after, changes }) => [
      `# ${printable(`${domain}: ${vnet} on ${bridge}: ${formatTable(before)} -> ${formatTable(after)}`)}`,
      ...changes.map(bridgeCommand),
    ]),
    ...refusals.map(({ domain, vnet, bridge, reason, text }) => {
      const subject = [domain, vnet].filter((name) => name !== undefined).join(' ');
      return `# ${printable(`left alone: ${subject === '' ? '' : `${subject} on `}${bridge}: ${reason}: ${text}`)}`;
    }),
    ...unknowns.map((unknown) => `# ${printable(`unknown: ${subjectOf(unknown)}: ${unknown.problem}`)}`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** What became of each vnet, one a line. */
export function renderOutcomes(outcomes: readonly Outcome[]): string {
  const lines = outcomes.map(({ plan: { domain, vnet, bridge, before, after }, result, problem }) => {
    const tables = `${formatTable(before)} -> ${formatTable(after)}`;
    return printable(
      `${domain}: ${vnet} on ${bridge}: ${result} ${tables}${problem === undefined ? '' : `: ${problem}`}`,
    );
  });
  return lines.map((line) => `${line}\n`).join('');
}

/** `commands` and `inverse` are lines for a shell. */
export function planJson({ vnets, refusals }: Plan, unknowns: readonly Unknown[]) {
  const planned = vnets.map((plan) => {
    const { bridge, domain, vnet, mac, before, after, changes } = plan;
    const [commands, inverse] = [changes.map(bridgeCommand), inverseOf(plan).map(bridgeCommand)];
    return { bridge, domain, vnet, mac, before, after, commands, inverse };
  });
  return { vnets: planned, refusals, unknowns: unknownsJson(unknowns) };
}

export function unknownsJson(unknowns: readonly Unknown[]) {
  return unknowns.map(({ kind, name, problem }) => ({ kind, name, problem }));
}
