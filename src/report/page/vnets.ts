// Section "Vnets": one table per bridge, a row per vnet, problems first, a column per VLAN with the PVID marked.
import type { BridgeReport, Report, Verdict, VnetReport } from '../../model.ts';
import { formatTable, pvidOf } from '../../vlan.ts';
import { type Html, html } from '../html.ts';
import { CELLS, type Cell, type Column, cellsOf, columnsOf } from './cells.ts';
import { type Filter, matches, searchText } from './filter.ts';
import { reasonWords, thousands } from './words.ts';

// Above this a matrix is no longer read across: VLANs then stand as text.
const MAX_COLUMNS = 48;

export function renderVnets(report: Report, filter: Filter): Html {
  return html`<section id="vnets" aria-labelledby="vnets-h">
<h2 id="vnets-h">Vnets <span class="n">${thousands(report.bridges.reduce((n, b) => n + b.vnets.length, 0))}</span></h2>
${report.bridges.some((bridge) => bridge.vnets.length > 0) && legend(report)}
${report.bridges.map((bridge) => renderBridge(bridge, filter))}
</section>`;
}

const LEGEND: readonly Cell[] = [
  'tagged',
  'pvid',
  'missing',
  'pvid_absent',
  'pvid_here',
  'unexpected',
  'tagging',
  'ignored',
  'unknown',
];

// Only the marks that are there: a healthy host has two of them.
function legend(report: Report): Html {
  const seen = new Set(report.bridges.flatMap((b) => b.vnets.flatMap((vnet) => [...cellsOf(vnet).values()])));
  return html`<ul class="legend" aria-hidden="true">${LEGEND.filter((cell) => seen.has(cell)).map(
    (cell) => html`<li><i class="c ${cell}"></i>${CELLS[cell]}</li>`,
  )}</ul>`;
}

function renderBridge(bridge: BridgeReport, filter: Filter): Html {
  const id = `b/${bridge.name}`;
  return html`<div class="bridge" id="${id}">
<h3 id="${id}/h">${bridge.name} <span>${facts(bridge).join(' · ')}</span></h3>
${bridge.orphanPorts.length > 0 && html`<p class="quiet">Taps that match no domain: ${bridge.orphanPorts.join(', ')}</p>`}
${bridge.vnets.length === 0 ? html`<p class="quiet">No vnets.</p>` : renderTable(bridge, filter)}
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
  ];
}

function renderTable(bridge: BridgeReport, filter: Filter): Html {
  const rows = [...bridge.vnets].sort((a, b) => RANK[a.verdict] - RANK[b.verdict]);
  const cells = rows.map(cellsOf);
  const all = columnsOf(cells);
  const columns = all.length <= MAX_COLUMNS ? all : undefined;
  // The region scrolls, so a keyboard must reach it.
  return html`<div class="scroll" role="region" aria-labelledby="b/${bridge.name}/h" tabindex="0" id="s/${bridge.name}"><table>
<thead><tr><th scope="col">Domain<th scope="col">Vnet<th scope="col" class="verdict">Verdict<th scope="col">PVID${
    columns
      ? columns.map(([first, last]) => html`<th scope="col" class="v">${first === last ? first : `${first}–${last}`}`)
      : html`<th scope="col">VLANs`
  }<th scope="col">Rule<th scope="col">MAC</thead>
<tbody>
${rows.map((vnet, i) => renderRow(vnet, cells[i] ?? new Map(), columns, filter))}</tbody></table></div>`;
}

const RANK: Readonly<Record<Verdict, number>> = { drifted: 0, unknown: 1, compliant: 2 };

function renderRow(
  vnet: VnetReport,
  cells: ReadonlyMap<number, Cell>,
  columns: readonly Column[] | undefined,
  filter: Filter,
): Html | undefined {
  const { domain, bridge, mac, verdict, expected } = vnet;
  const reasons = vnet.findings.map((finding) => reasonWords(finding.reason));
  const text = searchText([domain, vnet.vnet, bridge, mac, expected.rule, verdict, ...reasons]);
  if (!matches(text, filter) || (filter.drifted && verdict === 'compliant')) return undefined;
  const vlans = columns
    ? columns.map(([first]) => renderCell(cells.get(first)))
    : html`<td class="text">${vnet.actual ? formatTable(vnet.actual) : 'unknown'}`;
  return html`<tr id="v/${bridge}/${vnet.vnet}" data-q="${text}" class="${verdict}"><th scope="row">${domain}<td>${vnet.vnet}<td class="verdict">${verdict}<td class="pv">${pvid(vnet)}${vlans}<td>${expected.rule}<td class="mac">${mac}
`;
}

function renderCell(cell: Cell | undefined): Html {
  return cell ? html`<td class="c ${cell}">${CELLS[cell]}` : html`<td class="c">`;
}

function pvid({ actual, expected }: VnetReport): Html {
  const should = expected.pvid ?? 'none';
  if (!actual) return html`<span>unknown, expected ${should}</span>`;
  const is = pvidOf(actual) ?? 'none';
  return is === should ? html`${is}` : html`<b>${is}</b> <span>expected ${should}</span>`;
}
