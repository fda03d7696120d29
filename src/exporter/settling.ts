// Findings that are told when they are still there some seconds later, and not at all where they are gone before. A VM that stops makes
// one: libvirt removes its tap first and its live XML then, and an audit in between finds the interface off its bridge. Pure.
import type { FindingEvent } from '../model/finding-event.ts';
import { offBridge, type Report } from '../model/report.ts';
import { keyOf } from './finding-changes.ts';

const WAIT_MS = 5000;

/** Events that are not told yet, by `keyOf` of their findings. */
export type Waiting = ReadonlyMap<string, WaitingEvent>;

interface WaitingEvent {
  readonly event: FindingEvent;
  /** By the clock of `now`. */
  readonly since: number;
}

/** Of these events of `report` and of those that wait: what to tell now, and what waits on. `now`: milliseconds, never set back. */
export function settle(
  waiting: Waiting,
  events: readonly FindingEvent[],
  report: Report,
  now: number,
): { readonly events: readonly FindingEvent[]; readonly waiting: Waiting } {
  const next = new Map(waiting);
  const others: FindingEvent[] = [];
  for (const event of events) {
    const key = keyOf(event.finding);
    const before = next.get(key);
    if (before && event.state === 'gone') next.delete(key);
    else if (before) next.set(key, { ...before, event: { ...before.event, finding: event.finding } });
    else if (settles(event)) next.set(key, { event, since: now });
    else others.push(event);
  }
  const there = keysOf(report);
  const due = [...next].filter(([key, { since }]) => now - since >= WAIT_MS && there.has(key));
  for (const [key] of due) next.delete(key);
  return { events: [...due.map(([, { event }]) => event), ...others], waiting: next };
}

function settles({ state, finding }: FindingEvent): boolean {
  return finding.reason === 'not_on_bridge' && (state === 'found' || state === 'appeared');
}

// An audit that could not see it does not say that it is still there.
function keysOf(report: Report): ReadonlySet<string> {
  return new Set(offBridge(report).map(keyOf));
}
