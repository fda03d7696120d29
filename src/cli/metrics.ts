// `metrics`: one audit as Prometheus' text, for hosts without a further daemon: node_exporter's textfile collector reads it.
// https://github.com/prometheus/node_exporter#textfile-collector
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings';
import type { Audited } from '../exporter/metric-inputs.ts';
import type { Host } from '../host/host.ts';
import { OperatorError } from '../model/mistake.ts';
import { printable } from '../model/printable.ts';
import type { Report } from '../model/report.ts';
import { configFileOption } from './options.ts';
import { onThisHost, print, tell } from './output.ts';

// A timer waits for longer than a person does.
const JOURNAL_WAIT_MS = 10_000;
// All users may read what everybody could scrape; node_exporter is none of ours.
const MODE = 0o644;

export function register(program: Command): void {
  program
    .command('metrics')
    .description('audit the host once and print what /metrics would show, without what only a daemon knows')
    .addOption(configFileOption())
    .option(
      '--textfile <path>',
      "write it there instead, for node_exporter's textfile collector; PATH ends with .prom",
      textfile,
    )
    .addHelpText('after', '\nExit status: 0 compliant, 1 drift, 2 cannot tell.')
    .action(onThisHost(runMetrics));
}

export interface MetricsOptions {
  readonly 'config.file': string;
  readonly textfile?: string;
}

/** Returns the exit status. Throws ConfigError, or OperatorError where the file cannot be written; then a former one stays as it is. */
export async function runMetrics(host: Host, options: MetricsOptions): Promise<number> {
  const [{ loadSettings }, { auditOnce }, { renderOnce }, { exitStatusOf, tellUnwatched }] = await Promise.all([
    import('../config/load.ts'),
    import('../exporter/once.ts'),
    import('../exporter/metric-inputs.ts'),
    import('./judged.ts'),
  ]);
  const settings = loadSettings(host, options['config.file']);
  const audited = await auditOnce(host, settings, JOURNAL_WAIT_MS);
  for (const sentence of await problemsOf(audited)) tell(sentence);
  const text = await renderOnce(audited);
  if (options.textfile === undefined) print(text);
  else write(host, options.textfile, text);
  tellUnwatched(audited.report);
  return exitStatusOf(audited.report);
}

/** What could not be read, and what makes the exit status 2 without that, as a bridge that is not there. */
async function problemsOf({ audits, hook, report }: Audited & { readonly report: Report }): Promise<readonly string[]> {
  const [{ failsAudit }, { subjectOf }] = await Promise.all([
    import('../exporter/audits.ts'),
    import('../report/words.ts'),
  ]);
  const audit = audits.last?.problem;
  const isTold = failsAudit(report);
  return [
    ...(audit === undefined ? [] : [`cannot be read: ${audit}`]),
    ...report.unknowns
      .filter((unknown) => !isTold(unknown))
      .map((unknown) => `cannot tell: ${subjectOf(unknown)}: ${unknown.problem}`),
    ...(hook && !hook.stats.ok ? [`the journal cannot be read: ${hook.stats.error}`] : []),
  ].map(printable);
}

function write(host: Host, path: string, text: string): void {
  try {
    host.replaceFile(path, text, { mode: MODE });
  } catch (error) {
    throw new OperatorError(`--textfile ${path}: cannot be written: ${(error as Error).message}`, { cause: error });
  }
}

function textfile(path: string): string {
  // It reads no other files.
  if (path.endsWith('.prom')) return path;
  throw new InvalidArgumentError('expected a path that ends with ".prom"');
}
