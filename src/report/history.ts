// What happened to vnets, for people and for programs: one line each, the newest last.
import type { History, HistoryEvent, HistoryKind } from '../model/history.ts';
import { type Cell, renderColumns, type Style } from './table.ts';

const STYLES: Partial<Record<HistoryKind, Style>> = {
  configured: 'good',
  cleared: 'good',
  healed: 'good',
  drifted: 'bad',
  found: 'bad',
  failed: 'bad',
  reverted: 'bad',
  suspended: 'bad',
  error: 'bad',
  absent: 'bad',
  held: 'doubtful',
  paused: 'doubtful',
  refused: 'doubtful',
  warning: 'doubtful',
  left_out: 'doubtful',
};

/** The events as lines; empty where there is none. */
export function renderHistory({ events }: History, colour: boolean): string {
  const rows = events.map((event): readonly Cell[] => {
    const style = STYLES[event.kind];
    return [
      { text: new Date(event.at).toISOString(), style: 'faint' },
      { text: event.domain ?? '-' },
      { text: event.vnet ?? '-' },
      { text: wordsOf(event), ...(style && { style }) },
      { text: detailOf(event) },
    ];
  });
  return renderColumns(rows, colour)
    .map((line) => `${line}\n`)
    .join('');
}

/** Names, order and types are stable within `version`; new keys may come. What an event does not have is null. */
export function historyJson({ events, cut }: History) {
  return {
    version: 1,
    /** The oldest events are missing. */
    cut,
    events: events.map((event) => ({
      at: new Date(event.at).toISOString(),
      by: event.by,
      kind: event.kind,
      domain: event.domain ?? null,
      bridge: event.bridge ?? null,
      vnet: event.vnet ?? null,
      reasons: event.reasons,
      expected: event.expected ?? null,
      actual: event.actual ?? null,
      before: event.before ?? null,
      after: event.after ?? null,
      problem: event.problem ?? null,
      text: event.text,
    })),
  };
}

function wordsOf({ kind, by }: HistoryEvent): string {
  return kind === 'healed' && by === 'heal' ? 'healed by hand' : kind.replace('_', ' ');
}

function detailOf(event: HistoryEvent): string {
  const { kind, by, expected, actual, before, after, text } = event;
  const why = event.reasons.join(' ');
  if (kind === 'started') return '';
  if (kind === 'drifted' || kind === 'found') return `${why}: expected ${expected ?? '?'}; actual ${actual ?? '?'}`;
  if (kind === 'cleared') return `${why} is gone`;
  if (before === undefined || after === undefined) return text;
  if (kind === 'configured')
    return before === after ? `by the hook: right already, ${after}` : `by the hook: ${before} -> ${after}`;
  if (by === 'hook') return text;
  // Not the entry's sentence: it names domain and vnet once more.
  const isHealed = kind === 'healed';
  const tables = isHealed ? `${before} -> ${after}` : `is ${before}, should be ${after}`;
  const parts = [by === 'heal' && !isHealed ? 'by hand' : '', why, tables, event.problem ?? ''];
  return parts.filter((part) => part !== '').join(': ');
}
