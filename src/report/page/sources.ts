// Section "Sources": where the report comes from, how old it is, and whether each source answered.
import type { Report } from '../../model/report.ts';
import { type Html, html } from '../html.ts';
import type { Collector, Watcher } from '../metrics/self.ts';
import type { AuditInfo, PageInput } from './input.ts';
import { age, duration, utc } from './time.ts';

/** Of a watcher that is down. */
export const UNWATCHED = 'changes are seen at the next audit only';

export function renderSources({ audit, collectors, watchers, report, now }: PageInput): Html {
  return html`<section id="sources" aria-labelledby="sources-h">
<h2 id="sources-h">Sources</h2>
<dl class="facts">
${report && renderAudit(report, audit, now)}
${collectors.map(renderCollector)}
${watchers.map(renderWatcher)}
${report && html`<div><dt>Policy</dt><dd><code>${report.policySha256.slice(0, 12)}</code></dd></div>`}
</dl>
</section>`;
}

function renderAudit(report: Report, { trigger, durationMs, lastSuccessAt }: AuditInfo, now: number): Html {
  const facts = [utc(report.takenAt), trigger, durationMs === undefined ? undefined : duration(durationMs)];
  return html`<div><dt>Last audit</dt><dd>${age(report.takenAt, now)} (${facts.filter((fact) => fact !== undefined).join(', ')})</dd></div>
${
  lastSuccessAt !== report.takenAt &&
  html`<div><dt>Last audit that read all</dt><dd>${lastSuccessAt === undefined ? 'none' : age(lastSuccessAt, now)}</dd></div>`
}`;
}

function renderCollector({ collector, ok, problem, durationMs }: Collector): Html {
  return renderSource(collector, ok ? html`read in ${duration(durationMs)}` : failed(problem));
}

function renderWatcher({ watcher, up }: Watcher): Html {
  return renderSource(`${watcher} watcher`, up ? html`watching` : failed(UNWATCHED));
}

function renderSource(name: string, state: Html): Html {
  return html`<div><dt>${name}</dt><dd>${state}</dd></div>
`;
}

function failed(problem: string | undefined): Html {
  return html`<span class="bad">failed${problem !== undefined && `: ${problem}`}</span>`;
}
