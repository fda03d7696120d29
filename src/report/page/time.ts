// Points in time as the page writes them: an age as of the rendering, which client.js keeps counting, and the time in UTC.
import { type Html, html } from '../html.ts';

/** `12 s ago` with the exact time as title. */
export function age(at: number, now: number): Html {
  return html`<time datetime="${new Date(at).toISOString()}" title="${utc(at)}">${ageWords(now - at)}</time>`;
}

/** The same rule stands in client.js. */
function ageWords(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 100) return `${s} s ago`;
  if (s < 6000) return `${Math.floor(s / 60)} min ago`;
  if (s < 360_000) return `${Math.floor(s / 3600)} h ago`;
  return `${Math.floor(s / 86_400)} days ago`;
}

/** `2026-11-24 21:45:31 UTC`. */
export function utc(at: number): string {
  return new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}

/** `3 ms`, `1.2 s`. */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
