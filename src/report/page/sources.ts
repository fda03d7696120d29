// Section "Sources": where the report comes from, how old it is, and whether each source answered.
import { type Html, html } from '../html.ts';
import type { PageInput, Source } from './input.ts';
import { age, duration, utc } from './time.ts';

export function renderSources({ audit, sources, report, now }: PageInput): Html {
  return html`<section id="sources" aria-labelledby="sources-h">
<h2 id="sources-h">Sources</h2>
<dl class="facts">
<div><dt>Last audit</dt><dd>${
    audit.lastSuccessAt === undefined ? 'none yet' : html`${age(audit.lastSuccessAt, now)}, ${utc(audit.lastSuccessAt)}`
  }${audit.trigger && ` (${audit.trigger}`}${audit.trigger && (audit.durationMs === undefined ? ')' : `, ${duration(audit.durationMs)})`)}</dd></div>
${sources.map(renderSource)}
${report && html`<div><dt>Policy</dt><dd><code>${report.policySha256.slice(0, 12)}</code></dd></div>`}
</dl>
</section>`;
}

function renderSource({ name, kind, ok, problem, durationMs }: Source): Html {
  const state = kind === 'watcher' ? 'watching' : durationMs === undefined ? 'read' : `read in ${duration(durationMs)}`;
  return html`<div><dt>${name}${kind === 'watcher' && ' watcher'}</dt><dd>${
    ok ? state : html`<span class="bad">failed${problem !== undefined && `: ${problem}`}</span>`
  }</dd></div>
`;
}
