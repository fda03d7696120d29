// The metrics about the program itself, rendered afresh at each scrape: what one audit knows, and what only a daemon does.
import { KERNEL_INTERFACES, type KernelInterface } from '../../model/kernel-interface.ts';
import type { ProcessFacts } from '../../model/process-facts.ts';
import type { Domain } from '../../model/snapshot.ts';
import { type Family, family, type Sample, seconds, single } from './family.ts';

export const TRIGGERS = ['startup', 'schedule', 'event', 'reload'] as const;
export type Trigger = (typeof TRIGGERS)[number];

export type DomainStates = Readonly<Record<Domain['state'], number>>;

/** What is known after one audit. */
export interface AuditInputs {
  readonly audits: {
    /** Of the last audit; undefined before the first. */
    readonly durationMs: number | undefined;
    /** When the last audit that made a report ended; undefined = never. */
    readonly lastEndedAt: number | undefined;
    /** When the last audit without a failure began reading; undefined = never. */
    readonly lastSuccessAt: number | undefined;
  };
  /** undefined where the domains could not be listed. */
  readonly domainStates: DomainStates | undefined;
  readonly collectors: readonly Collector[];
  /** How the kernel is asked for bridges and VLANs. */
  readonly kernelInterface: KernelInterface;
  readonly config: { readonly policySha256: string };
  readonly build: { readonly version: string; readonly node: string };
}

export interface SelfInputs extends AuditInputs {
  readonly audits: AuditInputs['audits'] & {
    readonly total: Readonly<Record<Trigger, number>>;
    /** Audits in which a reader failed, or that ended in an error. */
    readonly failures: number;
  };
  readonly watchers: readonly Watcher[];
  readonly config: AuditInputs['config'] & {
    readonly lastReloadOk: boolean;
    readonly lastSuccessAt: number;
    /** Whether the file says something else than what is in force; undefined where that cannot be told. */
    readonly edited: boolean | undefined;
  };
  /** undefined without a web config. */
  readonly web: WebFacts | undefined;
  readonly process: ProcessFacts;
}

/** What /metrics tells of the web config. */
export interface WebFacts {
  /** Whether what is in force is what the files say. */
  readonly lastReloadOk: boolean;
  /** When the first certificate of the server's chain expires, milliseconds since the epoch; undefined without TLS. */
  readonly certificateExpiresAt: number | undefined;
}

/** One reader: whether its last reading succeeded, why not, and how long it took. */
export interface Collector {
  readonly collector: string;
  readonly ok: boolean;
  readonly problem: string | undefined;
  readonly durationMs: number;
}

/** Whatever watches for changes: whether they are noticed at once. */
export interface Watcher {
  readonly watcher: string;
  readonly up: boolean;
}

/** Of one audit: what `metrics` knows too. */
export const AUDIT_FAMILIES: readonly Family<AuditInputs>[] = [
  family('gauge', 'audit_duration_seconds', [], 'How long the last audit took.', ({ audits }) =>
    audits.durationMs === undefined ? [] : single(seconds(audits.durationMs)),
  ),
  family(
    'gauge',
    'audit_last_timestamp_seconds',
    [],
    'When the last audit ended, whatever it could read, 0 = never. /metrics shows that audit, so this tells its age.',
    (i) => single(seconds(i.audits.lastEndedAt)),
  ),
  family(
    'gauge',
    'audit_last_success_timestamp_seconds',
    [],
    'When the last audit that could read everything began, 0 = never. It stands still while anything cannot be read, as the XML of one stopped domain; the rest may be current: see audit_last_timestamp_seconds.',
    (i) => single(seconds(i.audits.lastSuccessAt)),
  ),
  family(
    'gauge',
    'domains',
    ['state'],
    'Domains that libvirt knows: running, defined (not running), or unknown: its XML cannot be read or understood, and what is told of it is old or missing.',
    ({ domainStates }) => Object.entries(domainStates ?? {}).map(([state, value]) => ({ value, labels: { state } })),
  ),
  family('gauge', 'collector_success', ['collector'], "Whether the reader's last reading succeeded.", (i) =>
    i.collectors.map(({ collector, ok }) => ({ value: Number(ok), labels: { collector } })),
  ),
  family('gauge', 'collector_duration_seconds', ['collector'], "How long the reader's last reading took.", (i) =>
    i.collectors.map(({ collector, durationMs }) => ({ value: seconds(durationMs), labels: { collector } })),
  ),
  family(
    'gauge',
    'kernel_interface',
    ['via'],
    '1 for the way in which the kernel is asked for bridges and VLANs, netlink or iproute2.',
    (i) => KERNEL_INTERFACES.map((via) => ({ value: Number(i.kernelInterface === via), labels: { via } })),
  ),
  family(
    'gauge',
    'policy_info',
    ['sha256'],
    '1. The checksum of the policy, in normal form, by which what is shown was judged.',
    (i) => [{ value: 1, labels: { sha256: i.config.policySha256 } }],
  ),
  family('gauge', 'build_info', ['version', 'node'], '1. The version of this program and of Node.js.', ({ build }) => [
    { value: 1, labels: { version: build.version, node: build.node } },
  ]),
];

/** Of one audit and of the daemon that makes them. */
export const SELF_FAMILIES: readonly Family<SelfInputs>[] = [
  ...AUDIT_FAMILIES,
  family('counter', 'audits_total', ['trigger'], 'Audits by what set them off.', ({ audits }) =>
    TRIGGERS.map((trigger) => ({ value: audits.total[trigger], labels: { trigger } })),
  ),
  family('counter', 'audit_failures_total', [], 'Audits in which something could not be read.', (i) =>
    single(i.audits.failures),
  ),
  family('gauge', 'watcher_up', ['watcher'], 'Whether changes are noticed at once; 0: by the schedule only.', (i) =>
    i.watchers.map(({ watcher, up }) => ({ value: Number(up), labels: { watcher } })),
  ),
  family(
    'gauge',
    'config_last_reload_successful',
    [],
    'Whether the last attempt to load the config succeeded; 0: the last good one is in force.',
    (i) => single(i.config.lastReloadOk),
  ),
  family('gauge', 'config_last_reload_success_timestamp_seconds', [], 'When the config in force was loaded.', (i) =>
    single(seconds(i.config.lastSuccessAt)),
  ),
  family(
    'gauge',
    'config_reload_pending',
    [],
    'Whether the text of the config file, as looked at with the last audit or reload, is another than the one that was loaded, valid or not: it is not in force. Absent where it cannot be read.',
    (i) => single(i.config.edited),
  ),
  family(
    'gauge',
    'web_config_last_reload_successful',
    [],
    'Whether the web config in force is what its files say; 0: the last good one is in force. Absent without a web config.',
    ({ web }) => (web ? single(web.lastReloadOk) : []),
  ),
  family(
    'gauge',
    'tls_certificate_expiry_timestamp_seconds',
    [],
    "When the certificate of this exporter's server, or one above it in its file, expires. Absent without TLS.",
    ({ web }) => (web?.certificateExpiresAt === undefined ? [] : single(seconds(web.certificateExpiresAt))),
  ),
  processFamily(
    'counter',
    'process_cpu_seconds_total',
    'Total user and system CPU time spent in seconds.',
    (p) => p.cpuSeconds,
  ),
  processFamily(
    'gauge',
    'process_start_time_seconds',
    'Start time of the process since unix epoch in seconds.',
    (p) => p.startTime,
  ),
  processFamily('gauge', 'process_resident_memory_bytes', 'Resident memory size in bytes.', (p) => p.residentBytes),
  processFamily('gauge', 'process_open_fds', 'Number of open file descriptors.', (p) => p.openFds),
];

/** The names that every Prometheus client uses, without this program's prefix. */
function processFamily(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  of: (facts: ProcessFacts) => number | undefined,
): Family<SelfInputs> {
  return { name, type, help, labels: [], collect: (i): readonly Sample[] => single(of(i.process)) };
}
