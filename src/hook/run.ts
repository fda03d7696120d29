// One call of the hook, from its arguments to its exit status. It changes nothing but the VM's own taps, writes nothing to
// stdout, and ends with 0 whatever happens: at `reconnect` anything else would kill the running VM. Only with fail_closed, and
// only at `start`, an error keeps the VM from starting.
import type { Settings } from '../config/settings.ts';
import type { Host } from '../host/host.ts';
import { LIVE_FOLDER } from '../host/linux/files.ts';
import type { JournalFields } from '../host/linux/journal-write.ts';
import type { Policy } from '../model/policy.ts';
import type { Domain } from '../model/snapshot.ts';
import { type Call, type Operation, parseCall } from './call.ts';
import { configureDomain, missingTaps } from './configure-domain.ts';
import { policyFor, readDomain, uncoveredInterfaces } from './domain.ts';
import { entryOf, type Fact, factsOf, tapAwaited, tapMissing } from './facts.ts';
import { loadKeptSettings, type SettingsStore } from './settings-cache.ts';

/** The world of one call; the real one is in hook/machine.ts. */
export interface HookMachine {
  readonly host: Host;
  readonly configFile: string;
  readonly settings: SettingsStore;
  /** Forgets all that is kept between calls: it may be the reason for an error that nobody thought of. Never throws. */
  forgetKept(): void;
  /** The domain XML. Throws Error. */
  readStdin(): string;
  /** Milliseconds since libvirt's call. */
  elapsed(): number;
  /** Tells libvirt's script the exit status: libvirt waits no longer. Only the first counts. */
  answer(status: number): void;
  /**
   * Registers for libvirt's next call for this VM, to be done before the answer; resolves to its operation, to undefined where none
   * came. undefined where this process is not to stay.
   */
  readonly nextCall: ((guest: string) => Promise<string | undefined> | undefined) | undefined;
  write(entry: JournalFields): void;
  sleep(milliseconds: number): Promise<void>;
  /** Calls the hook again with this XML, in a process that libvirt does not wait for; undefined where this is one. */
  readonly goOnInBackground: ((xml: string) => void) | undefined;
}

const POLL_MS = 200;
// libvirt calls `started` before it has done with the VM, and on a busy host all that is done meanwhile makes the start longer.
const LIBVIRT_IS_BUSY_MS = 1_000;

/** Returns the exit status. Never rejects. */
export async function runHook(args: readonly string[], machine: HookMachine): Promise<number> {
  let call: Call = { guest: args[0] ?? '', operation: args[1] ?? '' };
  try {
    const parsed = parseCall(args);
    if (parsed) call = parsed;
    return parsed ? await act(parsed.guest, parsed.operation, machine) : answered(0, machine);
  } catch (error) {
    return fail(call, error, machine);
  }
}

/** What could not be done at all, as an entry; returns the exit status. Never throws. */
export function fail(call: Call, error: unknown, machine: HookMachine): number {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const isExpected = ['ConfigError', 'Error'].includes(name);
  if (!isExpected) machine.forgetKept();
  const text = isExpected ? message.replaceAll('\n', '; ') : (stack ?? message);
  machine.write(entryOf({ severity: 'error', text }, call, machine.elapsed(), call.operation !== 'started'));
  return answered(call.operation === 'start' && saysFailClosed(machine) ? 1 : 0, machine);
}

function answered(status: number, machine: HookMachine): number {
  machine.answer(status);
  return status;
}

/** One VM's business. */
interface Job {
  readonly machine: HookMachine;
  readonly settings: Settings;
  readonly domain: Domain;
  /** Of the VM's own bridges. */
  readonly policy: Policy;
}

async function act(guest: string, operation: Operation, machine: HookMachine): Promise<number> {
  const since = machine.host.now();
  const settings = await loadKeptSettings(machine.host, machine.configFile, machine.settings);
  const xml = machine.readStdin();
  const domain = readDomain(guest, xml);
  const job = { machine, settings, domain, policy: policyFor(domain, settings.policy) };
  if (operation === 'started') {
    await lookAgain(job, xml);
    return answered(0, machine);
  }

  const facts = await look(job, operation, since);
  const failed = facts.some((fact) => fact.severity === 'error');
  const took = machine.elapsed();
  // Good news waits until libvirt has done with the VM; errors are told at once, and `started` is then another process.
  const next = operation === 'start' && !failed ? machine.nextCall?.(guest) : undefined;
  const status = answered(failed && operation === 'start' && settings.hook.failClosed ? 1 : 0, machine);
  const called = await next;
  if (next) await machine.sleep(LIBVIRT_IS_BUSY_MS);
  tell(job, operation, facts, took);
  if (called === 'started') await lookAgain(job);
  return status;
}

/** What `started` is for. `xml`: to go on with in the background where that is to be and a tap is missing. */
async function lookAgain(job: Job, xml?: string): Promise<void> {
  const { machine, settings, domain, policy } = job;
  const since = machine.host.now();
  if (missingTaps(machine.host, domain, policy).length > 0) {
    if (xml !== undefined && machine.goOnInBackground) return machine.goOnInBackground(xml);
    await waitForTaps(machine, domain, policy, settings.hook.waitMs);
    if (hasStopped(machine.host, domain.name)) return;
  }
  tell(job, 'started', await look(job, 'started', since), machine.host.now() - since);
}

async function look({ machine, settings, domain, policy }: Job, operation: Operation, since: number) {
  if (policy.bridges.length === 0) return nothingToDo(operation, domain, settings.policy);
  const result = await configureDomain(machine.host, domain, policy, since);
  return factsOf(operation, result, policy, absence(operation, settings));
}

/** `took`: milliseconds of the run. */
function tell({ machine, domain }: Job, operation: Operation, facts: readonly Fact[], took: number): void {
  facts.forEach((fact, i) => {
    // One entry of a run stands for it. At `started` it has been counted at `start`.
    const run = operation !== 'started' && i === facts.length - 1;
    machine.write(entryOf(fact, { guest: domain.name, operation }, took, run));
  });
}

async function waitForTaps({ host, sleep }: HookMachine, domain: Domain, policy: Policy, waitMs: number) {
  const until = host.now() + waitMs;
  const isWaiting = () => missingTaps(host, domain, policy).length > 0 && !hasStopped(host, domain.name);
  while (host.now() < until && isWaiting()) await sleep(POLL_MS);
}

// A VM that ended right after its start has no taps, and that is no error. libvirt keeps live XML of what runs.
function hasStopped(host: Host, guest: string): boolean {
  try {
    return host.list(LIVE_FOLDER)?.includes(`${guest}.xml`) === false;
  } catch {
    return false;
  }
}

function absence(operation: Operation, { hook }: Settings) {
  if (operation === 'started') return tapMissing(`after ${hook.waitMs / 1000} s`);
  return operation === 'start' && !hook.failClosed ? tapAwaited : tapMissing('');
}

function nothingToDo(operation: Operation, domain: Domain, policy: Policy): readonly Fact[] {
  if (operation === 'started') return [];
  const others = uncoveredInterfaces(domain, policy);
  const text = others.length > 0 ? `the policy says nothing of ${others.join(', ')}` : 'the VM has no interface';
  return [{ severity: 'info', text }];
}

// A config that cannot be understood but asks to fail closed is taken at its word.
function saysFailClosed({ host, configFile }: HookMachine): boolean {
  try {
    return /^[^#\n]*\bfail_closed:\s*true\b/m.test(host.readText(configFile));
  } catch {
    return false;
  }
}
