// The status page: one function from what is known to HTML. It is complete without its script, which only keeps it fresh.
// Sections, the worst first: what cannot be told, findings, vnets, remediator, hook, sources.
import { type Html, html } from './html.ts';
import { ICONS, SCRIPT, STYLE } from './page/assets.ts';
import { type Filter, NO_FILTER } from './page/filter.ts';
import { renderFindings } from './page/findings.ts';
import { renderHook } from './page/hook.ts';
import type { PageInput } from './page/input.ts';
import { renderRemediator, renderWaiting } from './page/remediator.ts';
import { renderSources, UNWATCHED } from './page/sources.ts';
import { age } from './page/time.ts';
import { renderVnets } from './page/vnets.ts';
import { headline, type Summary, summarize, titleOf, toneOf } from './summary.ts';
import { subjectOf, thousands } from './words.ts';

/** The whole document. With a filter it holds only what matches. `state` is the name by which the script knows what it shows. */
export function renderPage(input: PageInput, filter: Filter = NO_FILTER, state = ''): string {
  const { report, hostname, notice } = input;
  const summary = report && summarize(report);
  const tone = toneOf(summary);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${titleOf(summary, hostname)}</title>
<link rel="icon" href="${ICONS[tone].path}">
<link rel="stylesheet" href="${STYLE.path}">
<script type="module" src="${SCRIPT.path}"></script>
</head>
<body data-now="${input.now}" data-state="${state}" data-filtered="${filter.q !== '' || filter.drifted ? 'yes' : 'no'}">
<a class="skip" href="#findings-or-vnets">Skip to findings</a>
<header class="top"><p class="brand">libvirt-vlan-exporter</p><p class="host">${hostname}</p><p id="live" role="status"></p></header>
<main>
<div id="summary">${notice && html`<p class="notice">${notice}</p>`}
${renderSummary(input, summary, tone)}
${renderWaiting(input)}
${renderUnknowns(input)}</div>
${renderForm(filter)}
<div id="findings-or-vnets" tabindex="-1">${report && renderFindings(report, filter)}
${report && renderVnets(report, filter)}</div>
<div id="rest">${renderRemediator(input, filter)}
${renderHook(input, filter)}
${renderSources(input)}</div>
</main>
<footer><p>libvirt-vlan-exporter ${input.version}</p>
<nav aria-label="Other formats"><a href="${input.metricsPath.replace(/^\//, '')}">Metrics</a> <a href="api/v1/report">Report as JSON</a> <a href="-/healthy">Health</a> <a href="-/ready">Readiness</a></nav></footer>
</body>
</html>
`.markup;
}

function renderSummary({ audit, report, now }: PageInput, summary: Summary | undefined, tone: string): Html {
  const overdue = audit.dueAt !== undefined && now > audit.dueAt;
  const number = (n: number, word: string, className: string) =>
    html`<li class="${n > 0 && className}"><b>${thousands(n)}</b> ${word}</li>`;
  return html`<div class="summary ${tone}"><div role="status"><h1>${headline(report)}</h1></div>
${
  summary &&
  html`<ul>${number(summary.vnets, summary.vnets === 1 ? 'vnet' : 'vnets', '')}${number(summary.compliant, 'compliant', 'ok')}${number(summary.drifted, 'drifted', 'drift')}${number(summary.unknown, 'unknown', 'unknown')}</ul>`
}
<p class="${overdue && 'bad'}" id="age" data-due="${audit.dueAt}">${
    report ? html`audited ${age(report.takenAt, now)}` : 'not audited yet'
  }${overdue && ': the next audit is overdue'}</p></div>`;
}

// What this report cannot tell stands above all findings: silence about it would read as health. The failure of an audit is
// said where the report does not say it already.
function renderUnknowns({ report, audit, watchers }: PageInput): Html {
  const lines: Html[] = [
    ...(audit.problem === undefined || (report?.unknowns ?? []).length > 0
      ? []
      : [html`<li><b>The last audit failed.</b> ${audit.problem}</li>\n`]),
    ...(audit.configProblem === undefined
      ? []
      : [
          html`<li><b>The config was refused</b>, the last good one stays in force. <span class="said">${audit.configProblem}</span></li>\n`,
        ]),
    ...(report?.unknowns ?? []).map((unknown) => html`<li><b>${subjectOf(unknown)}</b> ${unknown.problem}</li>\n`),
    ...watchers
      .filter(({ up }) => !up)
      .map(({ watcher }) => html`<li><b>${watcher} watcher</b> is down: ${UNWATCHED}</li>\n`),
  ];
  return html`${
    lines.length > 0 &&
    html`<section class="unknowns" aria-labelledby="unknowns-h"><h2 id="unknowns-h">Cannot tell</h2><ul>${lines}</ul></section>`
  }`;
}

function renderForm({ q, drifted }: Filter): Html {
  return html`<form role="search" method="get" action="./" id="filter">
<label for="q">Search</label><input type="search" id="q" name="q" value="${q}" placeholder="domain, vnet, MAC, rule, finding" autocomplete="off" spellcheck="false">
<label class="box"><input type="checkbox" name="drifted" value="1" id="drifted"${drifted && html` checked`}> Hide compliant vnets</label>
<button type="submit">Apply</button><output id="shown" for="q drifted"></output>
</form>`;
}
