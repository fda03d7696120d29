// Section "Findings": what is wrong now. One block per subject, with the commands that show it; each reason explained once.

import { groupBy } from '../../model/group-by.ts';
import { REASON, REASONS } from '../../model/reasons.ts';
import type { Finding, Report } from '../../model/report.ts';
import { type Html, html } from '../html.ts';
import { commandsFor, idOf, reasonWords, thousands } from '../words.ts';
import { type Filter, matches, searchText } from './filter.ts';
import { fold } from './fold.ts';

export function renderFindings(report: Report, filter: Filter): Html {
  const findings = report.bridges.flatMap((bridge) => bridge.findings);
  const rows = subjects(findings).flatMap((subject) => renderSubject(subject, report.bridges.length > 1, filter));
  return html`<section id="findings" aria-labelledby="findings-h">
<h2 id="findings-h">Findings <span class="n">${thousands(findings.length)}</span></h2>
${findings.length > 0 && html`<ul class="reasons">${reasonCounts(findings)}</ul>`}
${rows.length > 0 && fold('findings-more', rows, 'subject', (some) => html`<ol class="findings">${some}</ol>`)}
${rows.length === 0 && html`<p class="quiet">${findings.length === 0 ? none(report) : 'None matches the search.'}</p>`}
</section>`;
}

// The section stays when all is well: a page whose parts come and go is hard to watch.
function none({ bridges, unknowns }: Report): string {
  if (bridges.length === 0) return 'None: no bridge is watched.';
  const unknown =
    unknowns.length > 0 || bridges.some(({ vnets }) => vnets.some(({ verdict }) => verdict === 'unknown'));
  return unknown ? 'None in what could be read.' : 'None: all is as the policy wants it.';
}

function reasonCounts(findings: readonly Finding[]): readonly Html[] {
  return REASONS.flatMap((reason) => {
    const n = findings.filter((finding) => finding.reason === reason).length;
    return n === 0
      ? []
      : html`<li><b>${thousands(n)}</b> ${reasonWords(reason)} <span>${REASON[reason].meaning}</span></li>\n`;
  });
}

// Findings of one vnet, one domain or one bridge, together, the gravest reason first.
function subjects(findings: readonly Finding[]): readonly (readonly [Finding, ...Finding[]])[] {
  const groups = groupBy(findings, ({ bridge, domain, vnet }) => JSON.stringify([bridge, domain, vnet]));
  return [...groups.values()].sort(([a], [b]) => REASONS.indexOf(a.reason) - REASONS.indexOf(b.reason));
}

function renderSubject(findings: readonly [Finding, ...Finding[]], sayBridge: boolean, filter: Filter): Html | [] {
  const { bridge, domain, vnet } = findings[0];
  const text = searchText([domain, vnet, bridge, ...findings.map((finding) => reasonWords(finding.reason))]);
  if (!matches(text, filter)) return [];
  const name = domain ?? vnet ?? bridge;
  const where = [vnet, sayBridge ? bridge : undefined].filter((word) => word !== undefined && word !== name);
  const commands = [...new Set(findings.flatMap(commandsFor))];
  return html`<li data-q="${text}" id="${idOf('f', bridge, domain, vnet)}">
<h3>${name}${where.map((word) => html` <span>${word}</span>`)}</h3>
<dl>${findings.map(renderFinding)}</dl>
<p class="cmds">${commands.map((command) => html`<code>${command}</code> `)}</p>
</li>
`;
}

function renderFinding({ reason, expected, actual }: Finding): Html {
  return html`<div><dt>${reasonWords(reason)}</dt>
<dd><span>expected</span> ${expected}</dd> <dd class="act"><span>actual</span> <b>${actual}</b></dd></div>
`;
}
