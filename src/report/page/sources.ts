// Section "Sources": where the report comes from, how old it is, and whether each source answered.
import type { Report } from '../../model/report.ts';
import { type Html, html } from '../html.ts';
import type { AuditInfo, PageInput, SourceState } from './input.ts';
import { age, duration, utc } from './time.ts';

export function renderSources({ audit, sources, report, now }: PageInput): Html {
  return html`<section id="sources" aria-labelledby="sources-h">
<h2 id="sources-h">Sources</h2>
<dl class="facts">
${report && renderAudit(report, audit, now)}
${sources.map(renderSource)}
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

function renderSource({ name, kind, ok, problem, durationMs }: SourceState): Html {
  const state = kind === 'watcher' ? 'watching' : durationMs === undefined ? 'read' : `read in ${duration(durationMs)}`;
  return html`<div><dt>${name}${kind === 'watcher' && ' watcher'}</dt><dd>${
    ok ? state : html`<span class="bad">failed${problem !== undefined && `: ${problem}`}</span>`
  }</dd></div>
`;
}
