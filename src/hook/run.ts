// One call of the hook, from its arguments to its exit status. It changes nothing but the VM's own taps, writes nothing to
// stdout, and ends with 0 whatever happens: at `reconnect` anything else would kill the running VM. Only with fail_closed, and
// only at `start`, an error keeps the VM from starting.
import type { Settings } from '../config/settings.ts';
import { LIVE_FOLDER } from '../host/files.ts';
import type { Host } from '../host/host.ts';
import type { JournalFields } from '../host/journal-write.ts';
import type { Domain, Policy } from '../model.ts';
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
  /** The domain XML. Throws Error. */
  readStdin(): string;
  /** Milliseconds since libvirt's call. */
  elapsed(): number;
  write(entry: JournalFields): void;
  sleep(milliseconds: number): Promise<void>;
  /** Calls the hook again with this XML, in a process that libvirt does not wait for; undefined where this is one. */
  readonly goOnInBackground: ((xml: string) => void) | undefined;
}

const POLL_MS = 200;

/** Returns the exit status. Never rejects. */
export async function runHook(args: readonly string[], machine: HookMachine): Promise<number> {
  let call: Call = { guest: args[0] ?? '', operation: args[1] ?? '' };
  try {
    const parsed = parseCall(args);
    if (!parsed) return 0;
    call = parsed;
    return await act(parsed.guest, parsed.operation, machine);
  } catch (error) {
    return fail(call, error, machine);
  }
}

/** What could not be done at all, as an entry; returns the exit status. Never throws. */
export function fail(call: Call, error: unknown, machine: HookMachine): number {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const text = ['ConfigError', 'Error'].includes(name) ? message.replaceAll('\n', '; ') : (stack ?? message);
  machine.write(entryOf({ severity: 'error', text }, call, machine.elapsed(), call.operation !== 'started'));
  return call.operation === 'start' && saysFailClosed(machine) ? 1 : 0;
}

async function act(guest: string, operation: Operation, machine: HookMachine): Promise<number> {
  const { host } = machine;
  const since = host.now();
  const settings = await loadKeptSettings(host, machine.configFile, machine.settings);
  const xml = machine.readStdin();
  const domain = readDomain(guest, xml);
  const policy = policyFor(domain, settings.policy);

  if (operation === 'started' && missingTaps(host, domain, policy).length > 0) {
    if (machine.goOnInBackground) {
      machine.goOnInBackground(xml);
      return 0;
    }
    await waitForTaps(machine, domain, policy, settings.hook.waitMs);
    if (hasStopped(host, guest)) return 0;
  }

  const mend = async () => {
    const result = await configureDomain(host, domain, policy, since);
    return factsOf(operation, result, policy, absence(operation, settings));
  };
  const said = policy.bridges.length === 0 ? nothingToDo(operation, domain, settings.policy) : await mend();
  said.forEach((fact, i) => {
    // One entry of a run stands for it. At `started` it has been counted at `start`.
    const run = operation !== 'started' && i === said.length - 1;
    machine.write(entryOf(fact, { guest, operation }, machine.elapsed(), run));
  });
  const failed = said.some((fact) => fact.severity === 'error');
  return failed && operation === 'start' && settings.hook.failClosed ? 1 : 0;
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
