// `history [DOMAIN…]`: what happened to vnets, from the journal. Domains that are gone have a history, too: only of a name that has none is
// libvirt asked whether it knows it.
import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import type { Host } from '../host/host.ts';
import { whyUnread } from '../host/why-unread.ts';
import { DURATION_WORDS, parseDuration } from '../model/duration.ts';
import { printable } from '../model/printable.ts';
import { domainsArgument, formatOption } from './options.ts';
import { onThisHost, print, showsColour, tell } from './output.ts';

export function register(program: Command): void {
  program
    .command('history')
    .summary('show what happened to vnets')
    .description(
      'Shows what happened to the vnets of all or of the named domains, from the journal: a VM started, the hook configured a vnet, ' +
        'a finding appeared or is gone, a vnet was healed, or left as it is: held, suspended, paused, in a dry run. One line each, the newest last.',
    )
    .addArgument(domainsArgument())
    .addOption(sinceOption())
    .addOption(formatOption())
    .addHelpText('after', '\nExit status: 0 read, 2 the journal cannot be read.')
    .action(onThisHost(runHistory));
}

export interface HistoryOptions {
  readonly format: 'table' | 'json';
  /** Milliseconds. */
  readonly since: number;
}

/** Returns the exit status. */
export async function runHistory(host: Host, domains: readonly string[], options: HistoryOptions): Promise<number> {
  const [{ readHistory }, { historyJson, renderHistory }] = await Promise.all([
    import('../host/linux/history.ts'),
    import('../report/history.ts'),
  ]);
  const since = host.now() - options.since;
  const read = await readHistory(host, since);
  if (!read.ok) {
    tell(read.error);
    return 2;
  }
  const unread = read.value.events.length === 0 ? await whyUnread(host.journal) : undefined;
  if (unread !== undefined) {
    tell(`the journal cannot be read: ${unread}`);
    return 2;
  }
  // In the journal names stand as they can be shown.
  const wanted = new Set(domains.flatMap((name) => [name, printable(name)]));
  const concerns = (domain: string | undefined) => domains.length === 0 || domain === undefined || wanted.has(domain);
  const history = { ...read.value, events: read.value.events.filter(({ domain }) => concerns(domain)) };
  if (history.cut)
    tell('there is more in the journal than can be shown: the oldest is left out; name a shorter --since');
  if (options.format === 'json') print(`${JSON.stringify(historyJson(history), null, 2)}\n`);
  else print(renderHistory(history, showsColour()));
  if (history.events.length === 0)
    tell(`nothing happened since ${new Date(since).toISOString()}, as far as the journal tells`);
  const told = new Set(history.events.map(({ domain }) => domain));
  const untold = domains.filter((name) => !told.has(name) && !told.has(printable(name)));
  for (const sentence of await unknownNow(host, untold)) tell(sentence);
  return 0;
}

/** Sentences about names that libvirt does not know now, or that it could not be asked for. */
async function unknownNow(host: Host, names: readonly string[]): Promise<readonly string[]> {
  if (names.length === 0) return [];
  const read = await host.domains.read();
  if (!read.ok) return [`whether libvirt knows ${names.join(', ')} cannot be told: ${read.error}`];
  const known = new Set(read.value.flatMap(({ name }) => [name, printable(name)]));
  return names.filter((name) => !known.has(name)).map((name) => `libvirt knows no domain ${name} now`);
}

const sinceOption = () =>
  new Option('--since <duration>', 'how far back to look, as 90s, 10m, 1h30m or 7d')
    .argParser((text) => {
      const milliseconds = parseDuration(text);
      if (milliseconds !== undefined) return milliseconds;
      throw new InvalidArgumentError(`expected ${DURATION_WORDS}`);
    })
    .default(24 * 3_600_000, '24h');
