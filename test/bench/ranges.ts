// Trunks beside single VLANs: 200 vnets with VLANs 1-4094, a tenth drifted, cost what 200 vnets with one VLAN cost. An audit is
// the parsing of what iproute2 prints, and the judgement.
import { macOf } from '../../src/apps/demo/fleet.ts';
import { parseSettings } from '../../src/config/load.ts';
import { parseVlanShow } from '../../src/host/linux/iproute2/text.ts';
import { tapMac } from '../../src/model/mac.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { plan } from '../../src/remediation/plan.ts';
import { reportJson } from '../../src/report/json.ts';
import type { Figure } from './figures.ts';
import { BRIDGE } from './fleet.ts';

const VNETS = 200;
const TARGET = 2;
const TURNS = 300;

interface Costs {
  readonly audit: number;
  readonly plan: number;
  readonly answer: number;
  readonly heap: number;
}

export function benchRanges(): readonly Figure[] {
  const single = costsOf('[100]', [{ vlan: 100, flags: ['PVID', 'Egress Untagged'] }]);
  const trunk = costsOf('[1-4094]', [
    { vlan: 1, vlanEnd: 99 },
    { vlan: 100, flags: ['PVID', 'Egress Untagged'] },
    { vlan: 101, vlanEnd: 4094 },
  ]);
  const figure = (what: string, cost: keyof Costs, unit: string): Figure => {
    const ratio = trunk[cost] / single[cost];
    const [a, b] = [trunk[cost], single[cost]].map((n) => (n < 10 ? n.toFixed(2) : Math.round(n).toLocaleString('en')));
    return {
      what: `${VNETS} vnets with VLANs 1-4094 beside one VLAN each: ${what} (${a} and ${b} ${unit})`,
      measured: `${ratio.toFixed(2)} x`,
      target: `<= ${TARGET} x`,
      met: ratio <= TARGET,
    };
  };
  return [
    figure('audit', 'audit', 'ms'),
    figure('plan', 'plan', 'ms'),
    figure('answer of the API', 'answer', 'bytes'),
    figure('heap of a report', 'heap', 'bytes'),
  ];
}

function costsOf(vlans: string, rows: readonly object[]): Costs {
  const { policy } = parseSettings(`bridges: {${BRIDGE}: {vlans: ${vlans}, pvid: 100}}\n`, 'config.yml');
  // Every tenth has lost all, as ifreload leaves it.
  const wiped = [{ vlan: 1, flags: ['PVID', 'Egress Untagged'] }];
  const ports = Array.from({ length: VNETS }, (_, i) => ({ ifname: `vnet${i}`, vlans: i % 10 === 0 ? wiped : rows }));
  const dump = JSON.stringify(ports);
  const audit = () => evaluate(snapshotOf(dump), policy);
  const report = audit();
  const planned = plan(report);
  if (planned.vnets.length !== VNETS / 10) throw new Error(`${planned.vnets.length} vnets planned`);
  return {
    audit: timeOf(audit),
    plan: timeOf(() => plan(report)),
    answer: JSON.stringify(reportJson(report)).length,
    heap: heapOf(audit),
  };
}

function snapshotOf(dump: string): Snapshot {
  const all = Array.from({ length: VNETS }, (_, i) => i);
  const ports = all.map((i) => ({ name: `vnet${i}`, mac: tapMac(macOf(i, 0)), tap: true }));
  return {
    takenAt: 0,
    links: { ok: true, value: [{ name: BRIDGE, vlanFiltering: true, defaultPvid: 1, ports }] },
    vlans: { ok: true, value: parseVlanShow(dump) },
    domains: {
      ok: true,
      value: all.map((i) => ({
        name: `vm-${i}`,
        uuid: undefined,
        state: 'running',
        interfaces: [{ mac: macOf(i, 0), target: `vnet${i}`, bridge: BRIDGE, skipped: undefined }],
      })),
    },
    collectors: [],
  };
}

/** Milliseconds of a call, once warm: the fastest tenth's end, so that other programs of the machine do not count. */
function timeOf(call: () => unknown): number {
  const times = Array.from({ length: TURNS }, () => {
    const start = performance.now();
    call();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[TURNS / 10] as number;
}

/** Bytes that a result keeps, over many of them. */
function heapOf(call: () => unknown): number {
  const used = () => {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  const before = used();
  const kept = Array.from({ length: 50 }, call);
  const bytes = (used() - before) / kept.length;
  return bytes;
}
