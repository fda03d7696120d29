// `plan`: reads the host once, judges it, and prints what `heal` would do. Its text is comments and commands: a shell takes it.
import { loadSettings } from '../../config/load.ts';
import type { Host } from '../../host/host.ts';
import { createSnapshotReader } from '../../host/snapshot.ts';
import type { Plan } from '../../model/plan.ts';
import { printable } from '../../model/printable.ts';
import type { Unknown } from '../../model/report.ts';
import { formatTable } from '../../model/vlan.ts';
import { evaluate } from '../../policy/evaluate.ts';
import { bridgeCommand } from '../../remediation/changes.ts';
import { plan } from '../../remediation/plan.ts';
import { selectDomains } from '../../report/select.ts';
import { subjectOf } from '../../report/words.ts';
import type { PlanOptions } from '../plan.ts';
import { unknownNames } from './named.ts';
import { print, tell } from './output.ts';

/** Returns the exit status. Throws ConfigError. */
export async function runPlan(host: Host, domains: readonly string[], options: PlanOptions): Promise<number> {
  const { policy } = loadSettings(host, options['config.file']);
  const snapshot = await createSnapshotReader(host)(policy);
  const strangers = unknownNames(snapshot, domains);
  for (const sentence of strangers) tell(sentence);
  if (strangers.length > 0) return 2;

  const whole = evaluate(snapshot, policy);
  const report = domains.length > 0 ? selectDomains(whole, domains) : whole;
  const planned = plan(report);
  if (options.format === 'json') print(`${JSON.stringify(planJson(planned, report.unknowns), null, 2)}\n`);
  else print(renderPlan(planned, report.unknowns));
  if (planned.vnets.length > 0) return 1;
  return report.unknowns.length > 0 ? 2 : 0;
}

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

function planJson({ vnets, refusals }: Plan, unknowns: readonly Unknown[]) {
  const planned = vnets.map(({ bridge, domain, vnet, mac, before, after, changes, inverse }) => {
    const [commands, undo] = [changes.map(bridgeCommand), inverse.map(bridgeCommand)];
    return { bridge, domain, vnet, mac, before, after, commands, inverse: undo };
  });
  return { vnets: planned, refusals, unknowns };
}
