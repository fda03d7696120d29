// The `bridge` program of iproute2 6.1 on the simulated kernel: `bridge vlan add|del|show` and batches, with the program's
// own wording and exit codes (bridge/vlan.c, bridge/bridge.c, lib/utils.c). Stricter than the original in one way: a word that
// it does not know is an error here, where the original ignores it, so that no caller's mistake passes unseen.

import type { Kernel, Link } from '../../../src/host/sim/kernel.ts';
import { runFdb } from './fdb.ts';

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

interface Options {
  json: boolean;
  compress: boolean;
  force: boolean;
  batch: string | undefined;
  /** The last `show dev`: in a batch the original keeps it for the lines that follow. */
  shownDevice: string | undefined;
}

/** Runs `bridge ARGS`. `input` is what a batch reads where its file is `-`. */
export function runBridge(kernel: Kernel, args: readonly string[], input: string): CommandResult {
  const options: Options = { json: false, compress: false, force: false, batch: undefined, shownDevice: undefined };
  let at = 0;
  for (; args[at]?.startsWith('-'); at += 1) {
    const arg = args[at];
    if (arg === '-j' || arg === '-json') options.json = true;
    else if (arg === '-compressvlans') options.compress = true;
    else if (arg === '-force') options.force = true;
    else if (arg === '-b' || arg === '-batch') {
      at += 1;
      options.batch = args[at];
    } else if (arg === '-V' || arg === '-Version') return ok('bridge utility, 6.1.0\n');
    else return failed(`Option "${arg}" is unknown, try "bridge help".`, 255);
  }
  if (options.batch === undefined) return runOne(kernel, args.slice(at), options);
  if (options.batch !== '-') return failed(`simulated host: batch from "${options.batch}" is not modelled`, 1);
  return runBatch(kernel, input, options);
}

function runBatch(kernel: Kernel, input: string, options: Options): CommandResult {
  let stdout = '';
  let stderr = '';
  let exitCode = 0;
  for (const { words, line } of batchLines(input)) {
    const result = runOne(kernel, words, options);
    stdout += result.stdout;
    stderr += result.stderr;
    if (result.exitCode === 0) continue;
    // The original calls exit() here: the rest of the batch is not run.
    if (result.stderr.startsWith('Command "')) return { stdout, stderr, exitCode: result.exitCode };
    stderr += `Command failed -:${line}\n`;
    exitCode = 1;
    if (!options.force) break;
  }
  return { stdout, stderr, exitCode };
}

/** As getcmdline and makeargs: `#` cuts a line anywhere, `\` at its end joins the next, quotes hold white space. */
function* batchLines(input: string): Generator<{ words: string[]; line: number }> {
  let pending = '';
  let line = 0;
  for (const text of input.replace(/\n$/, '').split('\n')) {
    line += 1;
    const cut = text.replace(/#.*/, '');
    if (cut.endsWith('\\')) {
      pending += cut.slice(0, -1);
      continue;
    }
    const words = [...`${pending}${cut}`.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3] ?? '');
    pending = '';
    if (words.length > 0) yield { words, line };
  }
}

function runOne(kernel: Kernel, words: readonly string[], options: Options): CommandResult {
  const [object, action, ...rest] = words;
  if (object === 'fdb') return runFdb(kernel, words.slice(1), options.json);
  if (object !== 'vlan') return failed(`Object "${object}" is unknown, try "bridge help".`, 255);
  if (action === 'add') return modify(kernel, 'add', rest);
  if (action === 'del' || action === 'delete') return modify(kernel, 'delete', rest);
  if (action === undefined || action === 'show') return show(kernel, rest, options);
  return failed(`Command "${action}" is unknown, try "bridge vlan help".`, 255);
}

function modify(kernel: Kernel, action: 'add' | 'delete', words: readonly string[]): CommandResult {
  let dev: string | undefined;
  let range: VidRange | undefined;
  const flags = { pvid: false, untagged: false, self: false, master: false };
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    if (word === 'dev') {
      at += 1;
      dev = words[at];
    } else if (word === 'vid') {
      at += 1;
      range = parseVids(words[at] ?? '');
    } else if (word === 'pvid' || word === 'untagged' || word === 'self' || word === 'master') flags[word] = true;
    else return failed(`simulated host: bridge vlan ${action}: "${word}" is not modelled`, 255);
  }
  if (dev === undefined || range === undefined || range.first === -1)
    return failed('Device and VLAN ID are required arguments.', 255);
  const link = kernel.links.get(dev);
  if (!link) return failed(`Cannot find bridge device "${dev}"`, 255);
  const { first, last, isRange } = range;
  if (first >= 4096) return failed(`Invalid VLAN ID "${first}"`, 255);
  if (isRange && (first >= last || last >= 4096))
    return failed(`Invalid VLAN range "${first & 0xffff}-${last & 0xffff}"`, 255);
  if (isRange && flags.pvid) return failed('pvid cannot be configured for a vlan range', 255);
  const problem = kernel.changeVlans({ action, link, first, last, ...flags });
  return problem === undefined ? ok('') : failed(problem, 255);
}

interface VidRange {
  readonly first: number;
  readonly last: number;
  readonly isRange: boolean;
}

function parseVids(text: string): VidRange {
  const dash = text.indexOf('-');
  const first = atoi(dash < 0 ? text : text.slice(0, dash));
  return dash < 0 ? { first, last: first, isRange: false } : { first, last: atoi(text.slice(dash + 1)), isRange: true };
}

/** As C's, into a short: leading digits, 0 where there are none, wrapped to 16 bits. */
function atoi(text: string): number {
  return (Number(/^\s*\d+/.exec(text)?.[0] ?? 0) << 16) >> 16;
}

function show(kernel: Kernel, words: readonly string[], options: Options): CommandResult {
  const [keyword, dev, ...more] = words;
  if ((keyword !== undefined && keyword !== 'dev') || more.length > 0) {
    return failed(`simulated host: bridge vlan show ${words.join(' ')} is not modelled`, 255);
  }
  if (dev !== undefined && !kernel.links.has(dev)) return failed(`Cannot find device "${dev}"`, 255);
  options.shownDevice = dev ?? options.shownDevice;
  const shown = [...kernel.links.values()].filter(
    (link) => (options.shownDevice === undefined || link.name === options.shownDevice) && link.vlans.size > 0,
  );
  return ok(options.json ? showJson(shown, options.compress) : showText(shown, options.compress));
}

function showJson(links: readonly Link[], compress: boolean): string {
  const ports = links.map((link) => ({
    ifname: link.name,
    vlans: rowsOf(link, compress).map(({ first, last, flags }) =>
      first === last
        ? { vlan: first, ...(flags.length > 0 && { flags }) }
        : // The original opens the array for every range, also where it stays empty.
          { vlan: first, vlanEnd: last, flags },
    ),
  }));
  return `${JSON.stringify(ports)}\n`;
}

function showText(links: readonly Link[], compress: boolean): string {
  let out = `${'port'.padEnd(18)}vlan-id  \n`;
  for (const link of links) {
    rowsOf(link, compress).forEach(({ first, last, flags }, i) => {
      const ids = first === last ? `${first}` : `${first}-${last}`;
      out += `${[`${(i === 0 ? link.name : '').padEnd(18)}${ids}`, ...flags].join(' ')}\n`;
    });
  }
  return out;
}

interface Row {
  readonly first: number;
  last: number;
  readonly flags: readonly string[];
}

/** A link's table in the order of VLAN ids; with `compress`, neighbours of the same flags as one range. */
function rowsOf(link: Link, compress: boolean): readonly Row[] {
  const rows: Row[] = [];
  for (const [vid, untagged] of [...link.vlans].sort(([a], [b]) => a - b)) {
    const flags = [...(link.pvid === vid ? ['PVID'] : []), ...(untagged ? ['Egress Untagged'] : [])];
    const prev = rows.at(-1);
    if (compress && prev && prev.last + 1 === vid && prev.flags.join() === flags.join()) prev.last = vid;
    else rows.push({ first: vid, last: vid, flags });
  }
  return rows;
}

function ok(stdout: string): CommandResult {
  return { stdout, stderr: '', exitCode: 0 };
}

function failed(message: string, exitCode: number): CommandResult {
  return { stdout: '', stderr: `${message}\n`, exitCode };
}
