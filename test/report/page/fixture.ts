// A host for tests of the page: `vnets` VMs on br-mgmt as the default policy wants them, and what each case breaks.

import type { Policy } from '../../../src/model/policy.ts';
import type { Bridge, Domain, Snapshot } from '../../../src/model/snapshot.ts';
import { tableFrom, type Vid, type VlanTable, vid, vidRange, vidsFrom } from '../../../src/model/vlan.ts';
import { evaluate } from '../../../src/policy/evaluate.ts';
import type { PageInput } from '../../../src/report/page/input.ts';

export const NOW = Date.UTC(2026, 10, 24, 21, 45, 31);
export const VLANS: readonly Vid[] = [10, 20, 30, 40, 100, 110, 120].map(vid);

export const POLICY: Policy = {
  sha256: '5f2d8c6b0a1e',
  bridges: [
    {
      name: 'br-mgmt',
      table: table(VLANS, 1),
      uplinks: [],
      unexpected: 'report',
      rules: [
        { name: 'pvid100', because: 'RCA-2026-02-001', domains: ['*'], mac: undefined, table: table(VLANS, 100) },
      ],
      vlans: VLANS.map((id) => vidRange(id)),
      intent: ['rules', 'vlan'],
      allowed: [vidRange(1, 4094)],
      host: undefined,
    },
  ],
};

/** The table that the policy wants. */
export const GOOD = table(VLANS, 100);

/** Tagged members, and the PVID, untagged. */
export function table(vlans: readonly number[], pvid?: number): VlanTable {
  const ranges = vlans.map((id) => vidRange(id));
  return tableFrom(vidsFrom(ranges), pvid === undefined ? undefined : vid(pvid));
}

export interface Vm {
  readonly name: string;
  readonly vlans?: VlanTable;
}

/** A snapshot with one vnet per VM: vnet0, vnet1 and so on. */
export function snapshotOf(vms: readonly Vm[]): Snapshot {
  const bridge: Bridge = {
    name: 'br-mgmt',
    vlanFiltering: true,
    defaultPvid: 1,
    ports: vms.map((_, i) => ({ name: `vnet${i}`, mac: mac('fe', i), tap: true })),
  };
  const domains = vms.map(
    ({ name }, i): Domain => ({
      name,
      uuid: undefined,
      state: 'running',
      interfaces: [{ mac: mac('52', i), target: `vnet${i}`, bridge: 'br-mgmt', skipped: undefined }],
    }),
  );
  const vlans = new Map(vms.map(({ vlans }, i) => [`vnet${i}`, vlans ?? GOOD]));
  return {
    takenAt: NOW - 4000,
    links: { ok: true, value: [bridge] },
    vlans: { ok: true, value: vlans },
    domains: { ok: true, value: domains },
    collectors: [
      { collector: 'links', ok: true, durationMs: 3 },
      { collector: 'vlans', ok: true, durationMs: 12 },
      { collector: 'domains', ok: true, durationMs: 1 },
    ],
  };
}

/** All that the page shows, with nothing wrong but what the VMs or `changes` bring. */
export function input(vms: readonly Vm[], changes: Partial<PageInput> = {}): PageInput {
  return {
    now: NOW,
    version: '0.1.0',
    hostname: 'kvm-07',
    notice: undefined,
    metricsPath: '/metrics',
    report: evaluate(snapshotOf(vms), POLICY),
    audit: {
      trigger: 'schedule',
      durationMs: 17,
      lastSuccessAt: NOW - 4000,
      dueAt: NOW + 60_000,
      problem: undefined,
      configProblem: undefined,
    },
    collectors: [{ collector: 'links', ok: true, problem: undefined, durationMs: 3 }],
    watchers: [{ watcher: 'links', up: true }],
    hook: { stats: { ok: true, value: { byDomain: new Map(), suppressed: 0 } }, installed: true },
    remediator: { kind: 'absent' },
    ...changes,
  };
}

function mac(first: string, i: number): string {
  const hex = (n: number) => n.toString(16).padStart(2, '0');
  return `${first}:54:00:00:${hex(i >> 8)}:${hex(i & 255)}`;
}
