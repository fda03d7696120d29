// The bridges by iproute2: bridge(8) for VLAN tables, the FDB and all changes, ip(8) for news of links; and sysfs for the rest, since a
// port without any VLAN is there too, and a thousand reads cost less than one `ip -j link`.
// All changes are one `bridge -batch -` that ends with the dump. Where a line fails it writes `Command failed -:LINE`, ends and exits 1;
// the lines after it are another.
import { bridgeArgs } from '../../../model/bridge-command.ts';
import type { Change } from '../../../model/plan.ts';
import { type Fdb, orUndefined, type Reading, readingOf } from '../../../model/snapshot.ts';
import type { Vids } from '../../../model/vlan.ts';
import type { Bridges, Host, PortOf, VlanTables } from '../../host.ts';
import { createLinkReader, isBridge, isLink, listBridges, readPorts, readStanding } from '../links.ts';
import type { Processes, RunResult } from '../processes.ts';
import {
  BATCH,
  BATCH_ON,
  batchOf,
  failedLines,
  fdbShow,
  fitsBatch,
  MONITOR_LINKS,
  parseFdbShow,
  parseVlanShow,
  saysNoDevice,
  VLAN_SHOW,
} from './text.ts';

const TIMEOUT_MS = 10_000;
// As netlink's dumps (../netlink/exchange.ts).
const ATTEMPTS = 4;

type Machine = Processes & Pick<Host, 'stat' | 'readText' | 'list' | 'monotonic'>;

/** A missing, failing or hanging `bridge` makes a reading fail, and changes. */
export function createIproute2(machine: Machine): Bridges {
  const readLinks = createLinkReader(machine);
  let before: VlanTables | undefined;
  return {
    via: () => 'iproute2',
    list: () => listBridges(machine),
    links: readLinks,
    standing: (names) => readStanding(machine, names),
    read: async (names, only) => {
      // The links first: a port that came between the two would be one without any VLAN.
      const begin = machine.monotonic();
      const links = readLinks(names, only);
      const linksMs = machine.monotonic() - begin;
      const first = await readVlans(machine);
      const vlansMs = machine.monotonic() - begin - linksMs;
      const ports = links.ok ? links.value.flatMap((bridge) => bridge.ports.map((port) => port.name)) : [];
      // Where a link goes between two parts of the kernel's answer, the next one is left out (rtnl_bridge_getlink counts places). A first
      // reading knows of no port whether it had rows.
      const had = (port: string) => before === undefined || before.has(port);
      const lacksOne = (tables: VlanTables) => ports.some((port) => !tables.has(port) && had(port));
      const vlans = await readAgainInDoubt(
        machine,
        first,
        (tables) => (tables.size === 0 && ports.length > 0) || lacksOne(tables),
      );
      if (vlans.ok) before = vlans.value;
      const collectors = [
        { collector: 'links', ok: links.ok, durationMs: linksMs },
        { collector: 'vlans', ok: vlans.ok, durationMs: vlansMs },
      ] as const;
      return { links, vlans, collectors };
    },
    fdb: (ports) => readFdb(machine, ports),
    change: async (changes, readBack) => {
      const { failures, dump } = await makeChanges(machine, changes);
      // A port without any VLAN has no row either, so what is lacking twice is believed.
      const lacksOne = (tables: VlanTables) => changes.some(({ port }) => !tables.has(port) && isLink(machine, port));
      const vlans = await readAgainInDoubt(machine, dump ?? (await readVlans(machine)), lacksOne);
      const fdb = readBack.fdb.length === 0 ? undefined : await readFdb(machine, readBack.fdb);
      return { failures, vlans, fdb, ports: readPorts(machine, readBack.ports) };
    },
    watch: (changed, ended) => machine.follow('ip', MONITOR_LINKS, { line: changed, end: ended }),
  };
}

/** All VLAN tables. One process, and more where links change meanwhile. */
async function readVlans(machine: Machine): Promise<Reading<VlanTables>> {
  const failed = (error: string) => ({ ok: false, error: `bridge ${VLAN_SHOW.join(' ')}: ${error}` }) as const;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const result = await machine.run('bridge', VLAN_SHOW, { timeoutMs: TIMEOUT_MS });
    if (result.problem !== undefined) return { ok: false, error: result.problem };
    if (isDisturbed(result)) continue;
    const tables = readingOf(() => parseVlanShow(result.stdout));
    return tables.ok ? tables : failed(tables.error);
  }
  return failed(`${ATTEMPTS} times, links changed meanwhile`);
}

/**
 * The tables as they are in `first`, and read once more where they are in doubt: they lack rows that should be there, or have what no host
 * can have. What is in doubt twice: no row is believed, all else is an error.
 */
async function readAgainInDoubt(
  machine: Machine,
  first: Reading<VlanTables>,
  lacks: (tables: VlanTables) => boolean,
): Promise<Reading<VlanTables>> {
  if (!first.ok) return first;
  if (!lacks(first.value) && impossibleIn(machine, first.value) === undefined) return first;
  const again = await readVlans(machine);
  const impossible = again.ok ? impossibleIn(machine, again.value) : undefined;
  return impossible === undefined ? again : { ok: false, error: `bridge vlan show: ${impossible}` };
}

/** For people. iproute2 calls a link that died during the dump by its number; a port that changed during the dump may stand there twice. */
function impossibleIn(machine: Machine, vlans: VlanTables): string | undefined {
  for (const [name, table] of vlans) {
    if (/^if\d+$/.test(name) && !isLink(machine, name)) return `calls a port ${name}, which has another name`;
    if (table.filter((run) => run.pvid).length > 1) return `gives ${name} two PVIDs`;
  }
  return undefined;
}

/** One process for each bridge: one for each port is too much where there are many. */
async function readFdb(machine: Machine, ports: readonly PortOf[]): Promise<Reading<Fdb>> {
  const all = new Map<string, ReadonlyMap<string, Vids>>();
  const wanted = new Set(ports.map(({ port }) => port));
  for (const bridge of new Set(ports.map((one) => one.bridge))) {
    try {
      if (!isBridge(machine, bridge)) continue;
      const { stdout, problem } = await machine.run('bridge', fdbShow(bridge), { timeoutMs: TIMEOUT_MS });
      if (problem !== undefined) return { ok: false, error: problem };
      for (const [port, entries] of parseFdbShow(stdout)) if (wanted.has(port)) all.set(port, entries);
    } catch (error) {
      return { ok: false, error: `bridge ${fdbShow(bridge).join(' ')}: ${(error as Error).message}` };
    }
  }
  return { ok: true, value: all };
}

/** `dump`: the tables at the end of the batch; undefined where it did not come to that. */
async function makeChanges(machine: Machine, changes: readonly Change[]) {
  const failures = new Map<Change, string>();
  for (const change of changes.filter(({ port }) => !fitsBatch(port))) {
    const { problem, stderr } = await machine.run('bridge', bridgeArgs(change), { timeoutMs: timeoutFor(1) });
    if (problem !== undefined) failures.set(change, stderr.trim() || problem);
  }
  const batch = changes.filter(({ port }) => fitsBatch(port));
  return { failures, dump: await runBatch(machine, BATCH, batch, failures) };
}

/**
 * Makes the changes and adds to `failures`. A line for a device that is gone costs processes: the kernel looks for a module of that name,
 * and for another (dev_load in net/core/dev_ioctl.c). So the batch ends at a line that fails, and no further line of what is gone is tried.
 */
async function runBatch(
  machine: Machine,
  form: typeof BATCH | typeof BATCH_ON,
  batch: readonly Change[],
  failures: Map<Change, string>,
): Promise<Reading<VlanTables> | undefined> {
  if (batch.length === 0) return undefined;
  const result = await machine.run('bridge', form, { input: batchOf(batch), timeoutMs: timeoutFor(batch.length) });
  const failed = batchFailures(batch, result);
  for (const [change, why] of failed) failures.set(change, why);
  const [first] = failed;
  if (form === BATCH_ON || first === undefined || failed.length > 1) return dumpOf(result);
  const [{ port }, why] = first;
  const rest = batch.slice(batch.indexOf(first[0]) + 1);
  if (rest.length === 0) return undefined;
  // By name or, where it went a moment later, by number.
  const gone = saysNoDevice(why) || !isLink(machine, port);
  for (const change of rest)
    if ((gone && change.port === port) || !isLink(machine, change.port)) failures.set(change, 'no such device');
  const left = rest.filter((change) => !failures.has(change));
  return runBatch(machine, gone ? BATCH : BATCH_ON, left, failures);
}

function dumpOf(result: RunResult): Reading<VlanTables> | undefined {
  const { stdout, exitCode } = result;
  if (exitCode === undefined || stdout.trim() === '' || isDisturbed(result)) return undefined;
  return orUndefined(() => ({ ok: true, value: parseVlanShow(stdout) }));
}

/** Links changed during the dump (NLM_F_DUMP_INTR): iproute2 says so, and ends with 0. */
function isDisturbed({ stderr }: RunResult): boolean {
  return stderr.includes('may be inconsistent');
}

/** Milliseconds: a slow host makes some 2,500 changes a second (9,000 in 3.5 s); ten times that, and a start. */
function timeoutFor(changes: number): number {
  return 10_000 + 4 * changes;
}

function batchFailures(
  batch: readonly Change[],
  { problem, stderr, exitCode }: RunResult,
): readonly (readonly [Change, string])[] {
  if (problem === undefined) return [];
  const failed = failedLines(stderr);
  if (exitCode === undefined || failed.length === 0) return batch.map((change) => [change, problem]);
  return failed.flatMap(({ line, why }) => {
    const change = batch[line - 1];
    return change ? [[change, why] as const] : [];
  });
}
