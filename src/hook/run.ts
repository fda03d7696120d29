// One call of the hook. It changes nothing but the VM's own taps and writes nothing to stdout.
import type { Settings } from '../config/settings.ts';
import type { HookHost, KeptFile } from '../host/linux/hook-machine.ts';
import type { JournalFields } from '../model/journal.ts';
import type { Policy } from '../model/policy.ts';
import type { Domain } from '../model/snapshot.ts';
import type { Call } from './call.ts';
import { configureDomain, missingTaps } from './configure-domain.ts';
import { policyFor, readDomain, readLiveDomain } from './domain.ts';
import { entryOf, type Fact, factsOf, tapAwaited, tapGone, tapMissing } from './facts.ts';
import { heldBy } from './held.ts';
import { loadKeptSettings } from './settings-cache.ts';

/** The world of one call; src/hook/main.ts makes the real one. */
export interface HookMachine {
  readonly host: HookHost;
  readonly configFile: string;
  /** Another text for every other build of this program: what was kept by another one does not count. */
  readonly program: string;
  readonly settings: KeptFile;
  /** Milliseconds since the process started; never set back. */
  elapsed(): number;
  sleep(milliseconds: number): Promise<void>;
  /** Journal entries, in order; nobody waits for them. */
  write(entries: readonly JournalFields[]): void;
}

/** Exit statuses of `start`, for hook.sh. Where it failed, the journal says why, and the status what the config's fail_closed says. 1 and 2 are node's own. */
export const STATUS = { done: 0, failedUnread: 3, failedOpen: 4, failedClosed: 5 } as const;

const POLL_MS = 200;

/** Configures the VM's taps while libvirt waits. `readXml` may throw Error. Returns the exit status. Never rejects. */
export async function runStart(guest: string, readXml: () => string, machine: HookMachine): Promise<number> {
  let failed: number = STATUS.failedUnread;
  try {
    const settings = await settingsOf(machine);
    failed = settings.hook.failClosed ? STATUS.failedClosed : STATUS.failedOpen;
    const job = jobOf({ guest, operation: 'start', xml: readXml() }, settings, machine);
    const facts = await configureAndTell(job, tapAwaited, machine.elapsed);
    return facts.some((fact) => fact.severity === 'error' || fact.incomplete) ? failed : STATUS.done;
  } catch (error) {
    reportFailure({ guest, operation: 'start' }, error, machine, machine.elapsed());
    return failed;
  }
}

/** `started` or `reconnect`, which libvirt does not wait for. Where taps are missing at `started` it waits for them. Never rejects. */
export async function runLater(call: Call, machine: HookMachine): Promise<void> {
  const begin = machine.elapsed();
  const took = () => machine.elapsed() - begin;
  try {
    const job = jobOf(call, await settingsOf(machine), machine);
    if (call.operation === 'reconnect') {
      const held = heldBy(machine.host, job.settings.policy.sha256, call.guest);
      if (held === undefined) await configureAndTell(job, tapMissingLater(job, ''), took);
      else machine.write([entryOf({ severity: 'warning', text: `${held}: nothing is changed` }, call, took(), true)]);
      return;
    }
    const { waitMs } = job.settings.hook;
    if (missingTaps(machine.host, job.domain, job.policy).length > 0) {
      await waitForTaps(job, waitMs);
      if (hasStopped(machine.host, call.guest)) return;
    }
    await configureAndTell(anew(job), tapMissingLater(job, `after ${waitMs / 1000} s`), took);
  } catch (error) {
    reportFailure(call, error, machine, took());
  }
}

/** What could not be done at all, as an entry. Never throws. `took`: milliseconds. */
export function reportFailure(
  call: Pick<Call, 'guest' | 'operation'>,
  error: unknown,
  machine: HookMachine,
  took: number,
): void {
  const isExpected = error instanceof Error && ['ConfigError', 'Error'].includes(error.name);
  const unexpected = error instanceof Error ? error.stack : error;
  const text = isExpected ? error.message.replaceAll('\n', '; ') : String(unexpected);
  machine.write([entryOf({ severity: 'error', text }, call, took, call.operation !== 'started')]);
}

/** One VM's business. */
interface Job {
  readonly machine: HookMachine;
  readonly call: Call;
  readonly settings: Settings;
  readonly domain: Domain;
  /** Of the VM's own bridges. */
  readonly policy: Policy;
}

function settingsOf({ host, configFile, program, settings }: HookMachine): Promise<Settings> {
  return loadKeptSettings(host, configFile, program, settings);
}

/** Throws Error where the XML is not understood. */
function jobOf(call: Call, settings: Settings, machine: HookMachine): Job {
  const handed = readDomain(call.guest, call.xml);
  // A job waits for its turn. Meanwhile the VM may have been changed, or started anew.
  const domain = call.operation === 'start' ? handed : (readLiveDomain(call.guest, machine.host) ?? handed);
  return { machine, call, settings, domain, policy: policyFor(domain, settings.policy) };
}

/** `absent`: what a missing tap means. `took`: milliseconds that libvirt, or the job, has waited. */
async function configureAndTell(
  { machine, call, domain, policy }: Job,
  absent: Parameters<typeof factsOf>[3],
  took: () => number,
): Promise<readonly Fact[]> {
  const { operation } = call;
  const isConcerned = policy.bridges.length > 0;
  const result = isConcerned && (await configureDomain(machine.host, domain, policy, machine.host.monotonic()));
  const facts =
    result && result.report.bridges.length > 0 ? factsOf(operation, result, policy, absent) : nothingToDo(call, domain);
  const milliseconds = took();
  // One entry of a run stands for it. At `started` the run has been counted at `start`.
  const isRun = (i: number) => operation !== 'started' && i === facts.length - 1;
  machine.write(facts.map((fact, i) => entryOf(fact, call, milliseconds, isRun(i))));
  return facts;
}

function tapMissingLater({ machine, call }: Job, when: string): Parameters<typeof factsOf>[3] {
  return (finding) => (hasStopped(machine.host, call.guest) ? tapGone(finding) : tapMissing(when)(finding));
}

/** The job with the VM as it is now: while a job waits, an interface may be unplugged, or be given another <vlan>. */
function anew(job: Job): Job {
  const domain = readLiveDomain(job.call.guest, job.machine.host) ?? job.domain;
  return { ...job, domain, policy: policyFor(domain, job.settings.policy) };
}

async function waitForTaps(job: Job, waitMs: number): Promise<void> {
  const { host, elapsed, sleep } = job.machine;
  const until = elapsed() + waitMs;
  const isWaiting = () => {
    const { domain, policy } = anew(job);
    return missingTaps(host, domain, policy).length > 0 && !hasStopped(host, domain.name);
  };
  while (elapsed() < until && isWaiting()) await sleep(POLL_MS);
}

// A VM that ended right after its start has no taps, and that is no error.
function hasStopped({ domains }: HookHost, guest: string): boolean {
  return domains.runs(guest) === false;
}

// It has no interface on a bridge of the policy.
function nothingToDo({ operation }: Call, { interfaces }: Domain): readonly Fact[] {
  if (operation === 'started') return [];
  const others = interfaces.map(({ mac, bridge, skipped }) => `${mac} ${skipped ?? bridge}`.trim());
  const text = others.length > 0 ? `the policy says nothing of ${others.join(', ')}` : 'the VM has no interface';
  return [{ severity: 'info', text }];
}
