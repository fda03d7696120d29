// A report for people at a terminal: the answer to the incident's questions. Which vnets has this VM, which VLANs are on them,
// what is wrong.

import { MAX_COMMANDS } from '../model/bridge-command.ts';
import type { HookStats } from '../model/hook-stats.ts';
import { printable } from '../model/printable.ts';
import type { RemediatorView } from '../model/remediator-status.ts';
import type { BridgeReport, Finding, Portless, Report, VnetReport } from '../model/report.ts';
import type { Reading } from '../model/snapshot.ts';
import { formatTable, pvidOf } from '../model/vlan.ts';
import { isSettled, untouchableOn } from '../remediation/plan.ts';
import { headline, summarize, type Tone, toneOf } from './summary.ts';
import { type Cell, paint, renderColumns, type Style } from './table.ts';
import { count, macvtapSentence, portlessKind, portlessOn, subjectOf } from './words.ts';

export interface TextOptions {
  readonly colour: boolean;
  /** Domains that were asked for by name, none where all were: of these all interfaces are shown, and errors of the hook although they do not run. */
  readonly named?: readonly string[];
  /** Sentences about domains that were asked for and have no vnet. */
  readonly notes?: readonly string[];
  /** undefined: not asked. */
  readonly hook?: Reading<HookStats> | undefined;
  readonly remediator?: RemediatorView | undefined;
  /** The flags with which `plan` looks at the same, as a shell takes them. */
  readonly planFlags?: readonly string[];
}

const TONE_STYLE: Readonly<Record<Tone, Style>> = { ok: 'good', drift: 'bad', unknown: 'doubtful' };
const VERDICT_STYLE = { compliant: 'good', drifted: 'bad', unknown: 'doubtful' } as const;

/** The report as text that ends with a newline. */
export function renderText(report: Report, options: TextOptions): string {
  const { colour, named = [] } = options;
  const summary = summarize(report);
  const sections = [
    ...report.bridges.map((bridge) => renderBridge(bridge, report.portless, colour)),
    renderPortless(report, named.length > 0, colour),
    renderUnknowns(report, colour),
    renderHook(options.hook, new Set([...domainsOf(report), ...named]), colour),
    renderRemediator(report, options.remediator, colour),
    (options.notes ?? []).map((note) => paint(note, undefined, colour)),
    [paint(`${headline(report)}.`, TONE_STYLE[toneOf(summary)], colour), ...hints(report, options.planFlags ?? [])],
  ];
  return `${sections
    .filter((section) => section.length > 0)
    .map((section) => section.join('\n'))
    .join('\n\n')}\n`;
}

function renderBridge(bridge: BridgeReport, portless: readonly Portless[], colour: boolean): readonly string[] {
  const past = portlessOn(bridge.name, portless);
  const parts = [bridge.vnets, bridge.findings, bridge.orphanPorts, past];
  if (parts.every((part) => part.length === 0)) return [];
  const head = ['DOMAIN', 'VNET', 'MAC', 'RULE', 'PVID is/should', 'VLANS', 'VERDICT'].map(
    (text): Cell => ({ text, style: 'faint' }),
  );
  const rows = bridge.vnets.map(vnetRow);
  return [
    `${paint(bridge.name, 'strong', colour)}${paint(bridgeFacts(bridge), 'faint', colour)}`,
    ...(rows.length > 0 ? renderColumns([head, ...rows], colour) : []),
    ...renderFindings(bridge.findings, colour),
    ...warningsOf(bridge).map((text) => paint(`warning: ${text}`, 'doubtful', colour)),
    ...(past.length > 0 ? [paint(macvtapSentence(bridge.name, past), 'faint', colour)] : []),
    ...(bridge.orphanPorts.length > 0 ? [paint(`orphan ports: ${bridge.orphanPorts.join(' ')}`, 'faint', colour)] : []),
  ];
}

function renderPortless({ portless }: Report, named: boolean, colour: boolean): readonly string[] {
  if (!named || portless.length === 0) return [];
  const rows = portless.map((it): readonly Cell[] => [
    { text: it.domain },
    { text: it.target ?? '' },
    { text: it.mac },
    { text: portlessKind(it) },
  ]);
  return [paint('no port of a Linux bridge', 'strong', colour), ...renderColumns(rows, colour)];
}

function bridgeFacts({ vlanFiltering, defaultPvid, vlanProtocol }: BridgeReport): string {
  const filtering = vlanFiltering === undefined ? 'filtering unknown' : vlanFiltering ? 'filtering' : 'not filtering';
  return `  ${filtering}, default PVID ${defaultPvid === undefined ? 'unknown' : defaultPvid === 0 ? 'none' : defaultPvid}${vlanProtocol === undefined ? '' : `, ${vlanProtocol}`}`;
}

// `100*` is the PVID, `20u` another untagged VLAN, `100*t` a tagged PVID, as formatTable writes them.
function vnetRow(vnet: VnetReport): readonly Cell[] {
  const is = vnet.actual ? (pvidOf(vnet.actual) ?? 'none') : '?';
  const should = vnet.expected.undecided ? '?' : (pvidOf(vnet.expected.table) ?? 'none');
  return [
    { text: vnet.domain },
    { text: vnet.vnet },
    { text: vnet.mac },
    { text: vnet.expected.rule },
    { text: `${is}/${should}`, ...(vnet.actual && should !== '?' && is !== should ? { style: 'bad' as const } : {}) },
    { text: vnet.actual ? formatTable(vnet.actual) : '?' },
    { text: vnet.verdict, style: VERDICT_STYLE[vnet.verdict] },
  ];
}

function renderFindings(findings: readonly Finding[], colour: boolean): readonly string[] {
  if (findings.length === 0) return [];
  const rows = findings.map((finding): readonly Cell[] => [
    { text: `! ${finding.domain ?? ''}`.trimEnd() },
    { text: finding.vnet ?? '' },
    { text: finding.reason, style: 'bad' },
    { text: `expected ${finding.expected}; actual ${finding.actual}` },
  ]);
  return renderColumns(rows, colour);
}

/** Each sentence once: a shared MAC is a warning of each that has it. */
function warningsOf({ warnings }: BridgeReport): readonly string[] {
  return [...new Set(warnings.map(({ text }) => text))];
}

function renderUnknowns({ unknowns }: Report, colour: boolean): readonly string[] {
  if (unknowns.length === 0) return [];
  const rows = unknowns.map((unknown): readonly Cell[] => [
    { text: `? ${subjectOf(unknown)}`, style: 'doubtful' },
    { text: unknown.problem },
  ]);
  return [paint('cannot tell', 'strong', colour), ...renderColumns(rows, colour)];
}

function renderHook(
  hook: Reading<HookStats> | undefined,
  shown: ReadonlySet<string>,
  colour: boolean,
): readonly string[] {
  if (!hook) return [];
  if (!hook.ok) return [paint(`hook errors: not known: ${hook.error}`, 'faint', colour)];
  const rows = [...hook.value.byDomain]
    .filter(([domain, stats]) => shown.has(domain) && stats.lastError !== undefined)
    .map(([domain, { errors, lastError }]): readonly Cell[] => [
      { text: `! ${domain}` },
      { text: `${errors}`, style: 'bad' },
      { text: lastError ? `${time(lastError.at)}  ${lastError.text}` : '' },
    ]);
  const { suppressed } = hook.value;
  return [
    ...(rows.length > 0 ? [paint('hook errors since boot', 'strong', colour), ...renderColumns(rows, colour)] : []),
    ...(suppressed > 0 ? [`journald suppressed ${suppressed} entries of libvirt: hook errors may be missing`] : []),
  ];
}

function renderRemediator(report: Report, view: RemediatorView | undefined, colour: boolean): readonly string[] {
  if (!view || view.kind === 'absent') return [];
  if (view.kind === 'unreadable') return [paint(`remediator: not known: ${view.problem}`, 'faint', colour)];
  const { status } = view;
  const shown = domainsOf(report);
  const state = status.paused ? 'paused' : status.dryRun ? 'dry run' : 'on';
  const age = Math.max(0, Math.round((report.takenAt - status.lastCycleAt) / 1000));
  const suspended = status.domains.filter(
    ({ domain, suspendedSince }) => suspendedSince !== undefined && shown.has(domain),
  );
  const rows = [
    ...suspended.map(({ bridge, domain, suspendedSince, suspendedBecause }): readonly Cell[] => [
      { text: `! ${domain}` },
      { text: bridge },
      { text: 'suspended', style: 'bad' },
      {
        text: `since ${time(suspendedSince ?? 0)}: ${suspendedBecause === 'failing' ? 'its heals fail' : 'something undoes each heal'}`,
      },
    ]),
    ...status.held
      .filter(({ domain }) => shown.has(domain))
      .map(({ bridge, domain, vnet, changes }): readonly Cell[] => [
        { text: `! ${domain}` },
        { text: bridge },
        { text: 'held', style: 'doubtful' },
        { text: `${vnet}: ${howMany(changes.length)}, until an operator runs heal` },
      ]),
  ];
  return [
    view.kind === 'stale'
      ? paint(`remediator: seems to be down, last cycle ${age} s ago`, 'bad', colour)
      : paint(`remediator ${state}, last cycle ${age} s ago`, 'strong', colour),
    ...(status.heldProblem ? [`held: ${printable(status.heldProblem)}`] : []),
    ...renderColumns(rows, colour),
  ];
}

function domainsOf(report: Report): ReadonlySet<string> {
  return new Set(report.bridges.flatMap((bridge) => [...bridge.expectedVnets.keys()]));
}

function hints(report: Report, planFlags: readonly string[]): readonly string[] {
  const drifted = report.bridges.flatMap((bridge) =>
    bridge.vnets.filter(({ verdict }) => verdict === 'drifted').map((vnet) => ({ bridge, vnet })),
  );
  if (drifted.length === 0) return [];
  const what = drifted.some(({ bridge, vnet }) => isHealable(bridge, vnet))
    ? 'What would heal it'
    : 'What is left alone, and why';
  return [`${what}: ${['libvirt-vlan-exporter plan', ...planFlags].join(' ')}`];
}

// Of a VLAN that is only told nothing is changed.
function isHealable(bridge: BridgeReport, vnet: VnetReport): boolean {
  return vnet.actual !== undefined && !untouchableOn(bridge, vnet) && !isSettled(vnet);
}

function time(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}

// Of more, only the first are known.
function howMany(changes: number): string {
  return changes > MAX_COMMANDS ? `more than ${MAX_COMMANDS} changes` : count(changes, 'change');
}
