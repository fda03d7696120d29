// What the remediation scenarios of the kernel lab share: a bridge with taps and live domain XML beside it, as libvirt leaves them,
// and the remediator as a process of its own. A scenario's first line is `await beRemediator()`: the process is the scenario itself,
// started again.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { runRemediate } from '../../src/apps/remediate.ts';
import { parseVlanShow } from '../../src/host/linux/iproute2/text.ts';
import { liveXml } from '../../src/host/sim/vm.ts';
import { tapMac } from '../../src/model/mac.ts';
import type { RemediatorStatus } from '../../src/model/remediator-status.ts';
import { formatTable, type VlanTable } from '../../src/model/vlan.ts';
import { withRtnl } from './rtnl.ts';
import { sh, until } from './scenario.ts';

const RUNTIME = '/run/libvirt-vlan-remediator';
const STATE = '/tmp/remediator-state';
const STATUS = `${RUNTIME}/status.json`;
const LIVE = '/run/libvirt/qemu';

/** Becomes the remediator, and does not return, where this process was started as one. */
export async function beRemediator(): Promise<void> {
  const [role, config = '', ...rest] = process.argv.slice(2);
  if (role !== 'remediate') return;
  const dryRun = rest.includes('--dry-run') ? { dryRun: true as const } : {};
  await runRemediate({ 'config.file': config, 'log.level': 'info', 'log.format': 'logfmt', ...dryRun });
  process.exit(0);
}

export interface Fleet {
  readonly bridge: string;
  /** Tap names, in the order of the VMs `BRIDGE-1`, `BRIDGE-2` … */
  readonly taps: readonly string[];
  remove(): Promise<void>;
}

/** A filtering bridge and running VMs, one vnet each, with PVID 1 only. At most 9,999 VMs and six letters of `bridge`. */
export async function createFleet(bridge: string, count: number): Promise<Fleet> {
  mkdirSync(LIVE, { recursive: true });
  const vms = Array.from({ length: count }, (_, i) => createVm(bridge, i + 1));
  await sh(`ip link add ${bridge} type bridge vlan_filtering 1 && ip link set ${bridge} up`);
  await sh('ip -batch -', { input: vms.map(tapCommands).join('') });
  for (const vm of vms) writeFileSync(`${LIVE}/${vm.name}.xml`, vm.xml);
  const taps = vms.map((vm) => vm.tap);
  return {
    bridge,
    taps,
    remove: async () => {
      for (const vm of vms) rmSync(`${LIVE}/${vm.name}.xml`, { force: true });
      const there = taps.filter((tap) => existsSync(`/sys/class/net/${tap}`));
      await sh('ip -force -batch -', { input: there.map((tap) => `link del ${tap}\n`).join('') });
      await sh(`ip link del ${bridge}`);
    },
  };
}

export interface LabVm {
  readonly name: string;
  readonly tap: string;
  readonly mac: string;
  readonly bridge: string;
  readonly xml: string;
}

/** A VM of a fleet: what libvirt would make of it. `tap`: its name where it starts again. */
export function createVm(bridge: string, number: number, tap = `${bridge}.${number}`): LabVm {
  const mac = `52:54:00:00:${[number >> 8, number & 255].map((n) => n.toString(16).padStart(2, '0')).join(':')}`;
  const name = `${bridge}-${number}`;
  const uuid = `00000000-0000-0000-0000-${`${number}`.padStart(12, '0')}`;
  // Process 1 is there: a VM whose process is not is dead, and nobody heals it.
  return { name, tap, mac, bridge, xml: liveXml({ name, uuid, interfaces: [{ mac, bridge }] }, 1, [tap]) };
}

export function tapCommands({ tap, mac, bridge }: LabVm): string {
  return `tuntap add ${tap} mode tap\nlink set ${tap} address ${tapMac(mac)} master ${bridge} up\n`;
}

/** Writes a config file and returns its path. `pvid` 100 and VLANs 10 20 30 40 110 120 unless told. */
export function writeConfig(bridge: string, options: { pvid?: number | string; more?: string } = {}): string {
  const path = `/tmp/${bridge}.yml`;
  writeFileSync(
    path,
    `bridges:
  ${bridge}:
    vlans: [10, 20, 30, 40, 100, 110, 120]
    pvid: ${options.pvid ?? 100}
    unexpected: remove
schedule: "*/10 * * * * *"
${options.more ?? ''}`,
  );
  return path;
}

export const WELL = '10 20 30 40 100* 110 120';

export interface RemediatorProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Lines on stderr so far. */
  log(): string;
  /** What it published last; undefined where there is nothing yet. */
  status(): RemediatorStatus | undefined;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const started: ChildProcess[] = [];

/** Starts it, with a fresh state unless `keepState`, with a netlink socket where `rtnl`, and resolves when it has published its first status. */
export async function startRemediator(
  config: string,
  options: {
    keepState?: boolean;
    args?: readonly string[];
    path?: string;
    wait?: boolean;
    beside?: boolean;
    rtnl?: boolean;
  } = {},
): Promise<RemediatorProcess> {
  // One whose test failed would be in the way.
  for (const left of started.filter(
    (child) => child.exitCode === null && child.signalCode === null && !options.beside,
  )) {
    left.kill('SIGKILL');
    await new Promise((resolve) => left.once('exit', resolve));
  }
  if (!options.keepState) rmSync(STATE, { recursive: true, force: true });
  rmSync(STATUS, { force: true });
  for (const folder of [RUNTIME, STATE]) mkdirSync(folder, { recursive: true });
  const env = {
    ...process.env,
    RUNTIME_DIRECTORY: RUNTIME,
    STATE_DIRECTORY: STATE,
    PATH: options.path ?? process.env.PATH,
  };
  const command = [process.execPath, process.argv[1] ?? '', 'remediate', config, ...(options.args ?? [])] as const;
  const [program, ...args] = options.rtnl ? withRtnl(...command) : command;
  const child = spawn(program, args, { env });
  started.push(child);
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  child.stdout.resume();
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const status = (): RemediatorStatus | undefined =>
    existsSync(STATUS) ? JSON.parse(readFileSync(STATUS, 'utf8')) : undefined;
  if (options.wait !== false)
    await until("the remediator's first status", 120_000, () => {
      if (status() !== undefined || child.exitCode !== null) return true;
      throw new Error(`it says: ${text}`);
    });
  return {
    pid: child.pid ?? 0,
    child,
    log: () => text,
    status,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await exited;
    },
  };
}

/** Waits until the guard remembers nobody. */
export async function guardForgets(): Promise<void> {
  await until('the guard to forget', 60_000, () => /"guard":\{\}/.test(readFileSync(`${STATE}/state.json`, 'utf8')));
}

/** Waits until the remediator has done nothing for a while: the echo of its own changes is over. */
export async function idle(remediator: RemediatorProcess, quietMs = 500): Promise<void> {
  let last = -1;
  let since = 0;
  await until('an idle remediator', 60_000, () => {
    const at = remediator.status()?.lastCycleAt ?? 0;
    if (at !== last) since = performance.now();
    last = at;
    return performance.now() - since > quietMs;
  });
}

/** All VLAN tables, as formatTable writes them. */
export async function tables(): Promise<ReadonlyMap<string, string>> {
  const parsed: ReadonlyMap<string, VlanTable> = parseVlanShow(await sh('bridge -j -compressvlans vlan show'));
  return new Map([...parsed].map(([port, table]) => [port, formatTable(table)]));
}

/** Processor time of a process, its children and those that it waited for, milliseconds: proc_pid_stat(5), at 100 ticks a second. */
export function processorMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is a name in brackets, which may hold blanks.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const own = fields.slice(11, 15).reduce((sum, ticks) => sum + ticks * 10, 0);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter((word) => word !== '');
  return children.reduce((sum, child) => sum + ofChild(Number(child)), own);
}

function ofChild(pid: number): number {
  try {
    return processorMs(pid);
  } catch {
    return 0; // it ended just now
  }
}

/** Runs a program as the product would have to: a process from node. Milliseconds. */
export function timed(command: string, args: readonly string[], input = ''): Promise<number> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { maxBuffer: 64 << 20 }, (error) =>
      error ? reject(error) : resolve(performance.now() - start),
    );
    child.stdin?.on('error', () => undefined); // it did not read its input
    child.stdin?.end(input);
  });
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}
