// Makes the changes of a cycle, and reads all VLAN tables after the last one: by netlink where the host has a socket, else by one
// `bridge -force -batch -` for all vnets and the dump. bridge(8): with -force it goes on after a failed line, writes `Command failed -:LINE` for each and exits 1. What it says of
// the changes is a hint only; the dump, which the kernel makes when they are done, decides: see `verify`.
import type { Host, RunResult } from '../host/host.ts';
import { parseVlanShow, readVlansOf, SHOW, SHOW_OPTIONS, type Vlans } from '../host/linux/vlans.ts';
import type { Change } from '../model/plan.ts';
import { bridgeArgs, bridgeCommand, isFdb } from './changes.ts';

/** Changes that are known to have failed, with what `bridge` said, for people. */
export type Failures = ReadonlyMap<Change, string>;

export interface Applied {
  readonly failures: Failures;
  /** As read after the last change. */
  readonly vlans: Vlans;
}

/** Runs the changes; those of one port in their order. Never throws: a missing, failing or hanging `bridge` fails its changes. */
export async function apply(host: Host, changes: readonly Change[]): Promise<Applied> {
  // FDB entries go by bridge(8), and in one batch with the VLANs that they belong to.
  const vlanChanges = changes.filter((change) => !isFdb(change));
  const made = vlanChanges.length === changes.length ? host.bridges?.change(vlanChanges) : undefined;
  if (!made) return applyByBridge(host, changes);
  const failures = new Map([...made.refused].map(([change, why]) => [change, said(change, why)]));
  // Done or not: doing them again does no harm.
  if (made.unanswered.length > 0) {
    const { failures: more, vlans } = await applyByBridge(host, made.unanswered);
    return { failures: new Map([...failures, ...more]), vlans };
  }
  const read = host.bridges?.read([]);
  return {
    failures,
    vlans: read
      ? { ok: true, value: read.vlans }
      : await readVlansOf(
          host,
          changes.map((change) => change.port),
        ),
  };
}

async function applyByBridge(host: Host, changes: readonly Change[]): Promise<Applied> {
  const failures = new Map<Change, string>();
  for (const change of changes.filter((c) => !fitsBatch(c.port))) {
    const result = await host.run('bridge', bridgeArgs(change), { timeoutMs: timeoutFor(1) });
    if (result.problem !== undefined) failures.set(change, said(change, result.stderr.trim() || result.problem));
  }
  const batch = changes.filter((change) => fitsBatch(change.port));
  const ports = changes.map((change) => change.port);
  if (batch.length === 0) return { failures, vlans: await readVlansOf(host, ports) };
  const lines = [...batch.map(bridgeArgs), SHOW].map((words) => `${words.join(' ')}\n`);
  const options = { input: lines.join(''), timeoutMs: timeoutFor(batch.length) };
  const result = await host.run('bridge', [...SHOW_OPTIONS, '-force', '-batch', '-'], options);
  for (const [change, why] of batchFailures(batch, result)) failures.set(change, why);
  return { failures, vlans: await readVlansOf(host, ports, shown(result)) };
}

/** The dump of a batch; undefined where it did not come to it. */
function shown({ stdout, exitCode }: RunResult): Vlans | undefined {
  if (exitCode === undefined || stdout.trim() === '') return undefined;
  try {
    return { ok: true, value: parseVlanShow(stdout) };
  } catch {
    return undefined;
  }
}

/** Whether a batch can hold the name: there `#` starts a comment, quotes group, a backslash continues the line. */
export function fitsBatch(port: string): boolean {
  return /^[\w.@:+-]+$/.test(port);
}

/** Milliseconds: a slow host makes some 2,500 changes a second (facts: 9,000 in 3.5 s); ten times that, and a start. */
function timeoutFor(changes: number): number {
  return 10_000 + 4 * changes;
}

function batchFailures(batch: readonly Change[], result: RunResult): readonly (readonly [Change, string])[] {
  if (result.problem === undefined) return [];
  const failed = failedLines(result.stderr);
  if (result.exitCode === undefined || failed.length === 0)
    return batch.map((change) => [change, said(change, result.problem ?? 'bridge failed')]);
  return failed.flatMap(({ line, why }) => {
    const change = batch[line - 1];
    return change ? [[change, said(change, why)] as const] : [];
  });
}

/** Line numbers from `Command failed -:LINE`, each with the error lines that stand before it. */
export function failedLines(stderr: string): readonly { readonly line: number; readonly why: string }[] {
  const out: { line: number; why: string }[] = [];
  let said: string[] = [];
  for (const text of stderr.split('\n')) {
    const line = /^Command failed -:(\d+)$/.exec(text.trim())?.[1];
    if (line !== undefined) out.push({ line: Number(line), why: said.join(' ') || 'failed' });
    if (line !== undefined) said = [];
    else if (text.trim() !== '') said.push(text.trim());
  }
  return out;
}

function said(change: Change, why: string): string {
  return `${bridgeCommand(change)}: ${why}`;
}
