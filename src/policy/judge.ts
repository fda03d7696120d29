// One port's VLAN table held against what is expected of it: what is missing, what should not be there, what it should become.
import type { Unexpected } from '../model/policy.ts';
import type { Reason } from '../model/reasons.ts';
import type { Finding } from '../model/report.ts';
import {
  formatTable,
  formatVids,
  overlay,
  type Piece,
  pvidOf,
  rowsIn,
  rowsWithout,
  sameTable,
  type Vid,
  type Vids,
  type VlanRun,
  type VlanTable,
  vidsFrom,
  vidsWithout,
  vlanTable,
} from '../model/vlan.ts';

export interface Judgement {
  /** Where many ports have one table, it is one object. */
  readonly actual: VlanTable;
  readonly missing: Vids;
  readonly unexpected: Vids;
  readonly mistagged: Vids;
  /** The table after healing: equal to the actual one where nothing is to be healed. */
  readonly target: VlanTable;
  readonly deviations: readonly Deviation[];
}

export type Deviation = Pick<Finding, 'reason' | 'expected' | 'actual'>;

export interface JudgeRules {
  readonly unexpected: Unexpected;
  /** VLANs that a port gets by itself when it joins the bridge: removed wherever they are not wanted. */
  readonly defaults: Vids;
}

export type Judge = (actual: VlanTable, expected: VlanTable) => Judgement;

/** A judge that remembers: after an ifreload a thousand ports have the same table. For one audit. */
export function createJudge(rules: JudgeRules): Judge {
  const known = new Map<VlanTable, Map<string, Judgement>>();
  return (actual, expected) => {
    // As nearly all ports are, nearly always.
    if (sameTable(actual, expected)) return asExpected(expected);
    const text = formatTable(actual);
    const ofExpected = known.get(expected) ?? new Map<string, Judgement>();
    const judgement = ofExpected.get(text) ?? judge(actual, expected, rules);
    known.set(expected, ofExpected.set(text, judgement));
    return judgement;
  };
}

function asExpected(table: VlanTable): Judgement {
  return { actual: table, missing: [], unexpected: [], mistagged: [], target: table, deviations: [] };
}

/** Judges one port's table. */
export function judge(actual: VlanTable, expected: VlanTable, rules: JudgeRules): Judgement {
  const missing = vidsWithout(expected, actual);
  const surplus = rowsWithout(actual, expected);
  const unexpected = rules.unexpected === 'ignore' ? rowsIn(surplus, rules.defaults) : surplus;
  const kept = rules.unexpected === 'remove' ? [] : rowsWithout(surplus, rules.defaults);
  // A VLAN that is only told stays a member, but never leaves untagged: its frames would reach the guest as if they were the PVID's.
  const leaking = rules.unexpected === 'report' ? kept.filter(isLeaking) : [];
  const mistagged = overlay(actual, expected).filter(isMistagged);

  const membership = () => `VLANs ${formatVids(vidsFrom(expected))}`;
  const deviation = (reason: Reason, is: boolean, wants: () => string, found: () => string): Deviation[] =>
    is ? [{ reason, expected: wants(), actual: found() }] : [];
  const [pvid, wantedPvid] = [pvidOf(actual), pvidOf(expected)];
  return {
    actual,
    missing,
    unexpected: vidsFrom(unexpected),
    mistagged: vidsFrom([...mistagged, ...unexpected.filter(isLeaking)]),
    target: vlanTable([...kept.map((run) => keptAs(run, rules)), ...expected]),
    deviations: [
      ...deviation(
        pvid === undefined ? 'pvid_missing' : 'pvid_wrong',
        pvid !== wantedPvid,
        () => sayPvid(wantedPvid),
        () => sayPvid(pvid),
      ),
      ...deviation('vlan_missing', missing.length > 0, membership, () => `without ${formatVids(missing)}`),
      ...deviation('vlan_unexpected', unexpected.length > 0, membership, () => `also ${sayRows(unexpected)}`),
      ...deviation(
        'tagging_wrong',
        mistagged.length + leaking.length > 0,
        () => sayRows(vlanTable([...rowsIn(expected, mistagged), ...leaking.map(tagged)])),
        () => sayRows(vlanTable([...rowsIn(actual, mistagged), ...leaking])),
      ),
    ],
  };
}

// The expected PVID's row is tagged rightly where it is not the PVID yet, and a wrong PVID's row is untagged by nature:
// those are said once, by pvid_wrong or pvid_missing.
function isMistagged({ a, b }: Piece<VlanRun, VlanRun>): boolean {
  return a !== undefined && b !== undefined && a.untagged !== b.untagged && a.pvid === b.pvid;
}

function isLeaking(run: VlanRun): boolean {
  return run.untagged && !run.pvid;
}

/** What becomes of a VLAN that no rule names and that is not removed. The PVID's place is the expected one's. */
function keptAs(run: VlanRun, { unexpected }: JudgeRules): VlanRun {
  return unexpected === 'ignore' && !run.pvid ? run : tagged(run);
}

function tagged(run: VlanRun): VlanRun {
  return { ...run, pvid: false, untagged: false };
}

function sayPvid(pvid: Vid | undefined): string {
  return pvid === undefined ? 'no PVID' : `PVID ${pvid}`;
}

function sayRows(rows: VlanTable): string {
  const say = (word: string, some: VlanTable) => (some.length === 0 ? [] : `${formatVids(vidsFrom(some))} ${word}`);
  const untagged = rows.filter((row) => row.untagged);
  const tagged = rows.filter((row) => !row.untagged);
  return [say('untagged', untagged), say('tagged', tagged)].flat().join(', ');
}
