// Section "Vnets": one table per bridge, a row per vnet, problems first, a column per VLAN with the PVID marked.
import type { BridgeReport, Portless, Report, Verdict, VnetReport } from '../../model/report.ts';
import { formatTable, pvidOf } from '../../model/vlan.ts';
import { type Html, html } from '../html.ts';
import { count, idOf, macvtapSentence, portlessKind, portlessOn, reasonWords, thousands } from '../words.ts';
import { CELLS, type Cell, type CellRun, type Column, cellAt, cellsOf, columnsOf } from './cells.ts';
import { type Filter, matches, searchText } from './filter.ts';
import { fold } from './fold.ts';

// Above this a matrix is no longer read across: VLANs then stand as text.
const MAX_COLUMNS = 48;
// Above this the table scrolls in itself, under a heading that stays.
const LONG = 60;

export function renderVnets(report: Report, filter: Filter): Html {
  const bridges = report.bridges.map((bridge): BridgeView => {
    const vnets = [...bridge.vnets].sort((a, b) => RANK[a.verdict] - RANK[b.verdict]);
    return { bridge, rows: vnets.map((vnet) => ({ vnet, cells: cellsOf(vnet) })) };
  });
  return html`<section id="vnets" aria-labelledby="vnets-h">
<h2 id="vnets-h">Vnets <span class="n">${thousands(report.bridges.reduce((n, b) => n + b.vnets.length, 0))}</span></h2>
${legend(bridges.flatMap(({ rows }) => rows))}
${bridges.map((view) => renderBridge(view, report.portless, filter))}
${renderPortless(report.portless, filter)}
</section>`;
}

interface BridgeView {
  readonly bridge: BridgeReport;
  /** In the order of the table. */
  readonly rows: readonly Row[];
}

interface Row {
  readonly vnet: VnetReport;
  readonly cells: readonly CellRun[];
}

const RANK: Readonly<Record<Verdict, number>> = { drifted: 0, unknown: 1, compliant: 2 };

const LEGEND = Object.keys(CELLS) as readonly Cell[];

// Only the marks that are there: a healthy host has two of them.
function legend(rows: readonly Row[]): Html | undefined {
  if (rows.length === 0) return undefined;
  const seen = new Set<Cell>();
  for (const { cells } of rows) for (const { cell } of cells) seen.add(cell);
  return html`<ul class="legend" aria-hidden="true">${LEGEND.filter((cell) => seen.has(cell)).map(
    (cell) => html`<li><i class="c ${cell}"></i>${CELLS[cell]}</li>`,
  )}</ul>`;
}

// Named, so that nobody looks for them in vain among the vnets.
function renderPortless(portless: readonly Portless[], filter: Filter): Html | undefined {
  const rows = portless.flatMap((it): Html[] => {
    const text = searchText([it.domain, it.target, it.mac, portlessKind(it)]);
    if (!matches(text, filter)) return [];
    const words = [it.target, it.mac, portlessKind(it)].filter(Boolean).join(' · ');
    return [html`<li data-q="${text}" id="${idOf('p', it.domain, it.mac)}"><b>${it.domain}</b> ${words}</li>\n`];
  });
  if (rows.length === 0) return undefined;
  return html`<h3 id="portless-h">No port of a watched bridge <span>nothing is expected of ${count(portless.length, 'interface')}</span></h3>
${fold('portless-more', rows, 'interface', (some) => html`<ul class="portless quiet">${some}</ul>`)}`;
}

function renderBridge({ bridge, rows }: BridgeView, portless: readonly Portless[], filter: Filter): Html {
  const id = `b/${bridge.name}`;
  const past = portlessOn(bridge.name, portless);
  return html`<div class="bridge" id="${id}">
<h3 id="${id}/h">${bridge.name} <span>${facts(bridge).join(' · ')}</span></h3>
${bridge.orphanPorts.length > 0 && html`<p class="quiet">Orphan ports, taps that match no domain: ${bridge.orphanPorts.join(', ')}</p>`}
${past.length > 0 && html`<p class="quiet">${macvtapSentence(bridge.name, past)}</p>`}
${[...new Set(bridge.warnings.map(({ text }) => text))].map((text) => html`<p class="hold">${text}</p>`)}
${bridge.vnets.length === 0 ? html`<p class="quiet">No vnets.</p>` : renderTable(bridge.name, rows, filter)}
</div>
`;
}

function facts(bridge: BridgeReport): readonly string[] {
  if (bridge.present === undefined) return ['could not be read'];
  if (!bridge.present) return ['there is no such bridge'];
  const filtering = { true: 'VLAN filtering on', false: 'VLAN filtering OFF', undefined: 'VLAN filtering unknown' };
  const compliant = bridge.vnets.filter((vnet) => vnet.verdict === 'compliant').length;
  return [
    `${thousands(compliant)} of ${thousands(bridge.vnets.length)} compliant`,
    filtering[`${bridge.vlanFiltering}`],
    bridge.defaultPvid === undefined ? 'default PVID unknown' : `default PVID ${bridge.defaultPvid || 'none'}`,
    ...(bridge.vlanProtocol === undefined ? [] : [bridge.vlanProtocol]),
  ];
}

function renderTable(bridge: string, rows: readonly Row[], filter: Filter): Html {
  const all = columnsOf(rows.map(({ cells }) => cells));
  const columns = all.length <= MAX_COLUMNS ? all : undefined;
  // The region scrolls, so a keyboard must reach it.
  return html`<div class="scroll${rows.length > LONG && ' long'}" role="region" aria-labelledby="b/${bridge}/h" tabindex="0" id="s/${bridge}"><table>
<thead><tr><th scope="col">Domain<th scope="col">Vnet<th scope="col" class="verdict">Verdict<th scope="col">PVID${
    columns
      ? columns.map(([first, last]) => html`<th scope="col" class="v">${first === last ? first : `${first}–${last}`}`)
      : html`<th scope="col">VLANs`
  }<th scope="col">Rule<th scope="col">MAC</thead>
<tbody>
${rows.map((row) => renderRow(row, columns, filter))}</tbody></table></div>`;
}

function renderRow({ vnet, cells }: Row, columns: readonly Column[] | undefined, filter: Filter): Html | undefined {
  const { domain, bridge, mac, verdict, expected } = vnet;
  const reasons = vnet.findings.map((finding) => reasonWords(finding.reason));
  const text = searchText([domain, vnet.vnet, bridge, mac, expected.rule, verdict, ...reasons]);
  if (!matches(text, filter) || (filter.drifted && verdict === 'compliant')) return undefined;
  const vlans = columns
    ? columns.map(([first]) => RENDERED.get(cellAt(cells, first)))
    : html`<td class="text">${vnet.actual ? formatTable(vnet.actual) : 'unknown'}`;
  return html`<tr id="v/${bridge}/${vnet.vnet}" data-q="${text}" class="${verdict}"><th scope="row">${domain}<td>${vnet.vnet}<td class="verdict">${verdict}<td class="pv">${pvid(vnet)}${vlans}<td>${expected.rule}<td class="mac">${mac}
`;
}

// Made once: a page has thousands.
const RENDERED = new Map<Cell | undefined, Html>([
  [undefined, html`<td class="c">`],
  ...LEGEND.map((cell) => [cell, html`<td class="c ${cell}">${CELLS[cell]}`] as const),
]);

function pvid({ actual, expected }: VnetReport): Html {
  const should = pvidOf(expected.table) ?? 'none';
  if (!actual) return html`<span>unknown, expected ${should}</span>`;
  const is = pvidOf(actual) ?? 'none';
  if (expected.undecided) return html`${is} <span>expected: cannot be told</span>`;
  return is === should ? html`${is}` : html`<b>${is}</b> <span>expected ${should}</span>`;
}
