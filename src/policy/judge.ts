// One port's VLAN table held against what is expected of it: what is missing, what should not be there, what it should become.
import type { Expectation } from '../model/policy.ts';
import type { Reason } from '../model/reasons.ts';
import type { Finding } from '../model/report.ts';
import { formatVids, pvidOf, sameTable, type Vid, type VlanEntry, type VlanTable, vlanTable } from '../model/vlan.ts';

export interface Judgement {
  readonly missing: readonly Vid[];
  readonly unexpected: readonly Vid[];
  /** The table after healing: equal to the actual one where nothing is to be healed. */
  readonly target: VlanTable;
  readonly deviations: readonly Deviation[];
}

export type Deviation = Pick<Finding, 'reason' | 'expected' | 'actual'>;

export interface JudgeRules {
  readonly unexpected: 'report' | 'remove' | 'ignore';
  /** VLANs that a port gets by itself when it joins the bridge: removed wherever they are not wanted. */
  readonly defaults: ReadonlySet<number>;
}

/** Judges one port's table. */
export function judge(actual: VlanTable, expected: Expectation, rules: JudgeRules): Judgement {
  const should = expectedTable(expected);
  // As nearly all ports are, nearly always.
  if (sameTable(actual, should)) return { missing: [], unexpected: [], target: should, deviations: [] };
  const wanted = new Map(should.map((row) => [row.vid, row]));
  const members = new Set(actual.map((row) => row.vid));
  const missing = expected.vlans.filter((vid) => !members.has(vid));
  const surplus = actual.filter((row) => !wanted.has(row.vid));
  const unexpected = surplus.filter((row) => rules.unexpected !== 'ignore' || rules.defaults.has(row.vid));
  const mistagged = actual.filter((row) => isMistagged(row, wanted.get(row.vid)));
  // What is only reported stays, but never as the PVID: that place is the expected one's.
  const kept = surplus.filter((row) => rules.unexpected !== 'remove' && !rules.defaults.has(row.vid));

  const membership = () => `VLANs ${formatVids(expected.vlans)}`;
  const deviation = (reason: Reason, is: boolean, wants: () => string, found: () => string): Deviation[] =>
    is ? [{ reason, expected: wants(), actual: found() }] : [];
  const pvid = pvidOf(actual);
  const pvidReason = pvid === undefined ? 'pvid_missing' : 'pvid_wrong';
  return {
    missing,
    unexpected: unexpected.map((row) => row.vid),
    target: vlanTable([...wanted.values(), ...kept.map((row) => ({ ...row, pvid: false }))]),
    deviations: [
      ...deviation(
        pvidReason,
        pvid !== expected.pvid,
        () => sayPvid(expected.pvid),
        () => sayPvid(pvid),
      ),
      ...deviation('vlan_missing', missing.length > 0, membership, () => `without ${formatVids(missing)}`),
      ...deviation('vlan_unexpected', unexpected.length > 0, membership, () => `also ${sayRows(unexpected)}`),
      ...deviation(
        'tagging_wrong',
        mistagged.length > 0,
        () => sayRows(mistagged.map((row) => wanted.get(row.vid) ?? row)),
        () => sayRows(mistagged),
      ),
    ],
  };
}

/** The table that an expectation asks for: the PVID untagged, all others tagged. */
export function expectedTable(expected: Expectation): VlanTable {
  const known = tables.get(expected);
  if (known) return known;
  const table = expected.vlans.map((vid) => ({ vid, pvid: vid === expected.pvid, untagged: vid === expected.pvid }));
  tables.set(expected, table);
  return table;
}

// Vnets under one rule share their expectation, and so its table.
const tables = new WeakMap<Expectation, VlanTable>();

// The expected PVID's row is tagged rightly where it is not the PVID yet, and a wrong PVID's row is untagged by nature:
// those are said once, by pvid_wrong or pvid_missing.
function isMistagged(row: VlanEntry, wanted: VlanEntry | undefined): boolean {
  return wanted !== undefined && row.untagged !== wanted.untagged && row.pvid === wanted.pvid;
}

function sayPvid(pvid: Vid | undefined): string {
  return pvid === undefined ? 'no PVID' : `PVID ${pvid}`;
}

function sayRows(rows: readonly VlanEntry[]): string {
  const say = (word: string, some: readonly VlanEntry[]) =>
    some.length === 0 ? [] : `${formatVids(some.map((row) => row.vid))} ${word}`;
  const untagged = rows.filter((row) => row.untagged);
  const tagged = rows.filter((row) => !row.untagged);
  return [say('untagged', untagged), say('tagged', tagged)].flat().join(', ');
}
