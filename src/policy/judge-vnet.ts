// The judgement of one vnet: what it should have and has, what is wrong with it, and why it may not be touched. Pure.
import type { BridgePolicy, Expectation, Undecided } from '../model/policy.ts';
import type { Finding, VnetReport } from '../model/report.ts';
import { type Domain, type Port, type Snapshot, tableOf } from '../model/snapshot.ts';
import type { VlanTable } from '../model/vlan.ts';
import { expect } from './expect.ts';
import { judgeFdb } from './fdb.ts';
import type { Judge } from './judge.ts';
import type { Match } from './match.ts';

/** What all vnets of one bridge are judged by. */
export interface JudgedBy extends Pick<Snapshot, 'vlans' | 'fdb'> {
  readonly bridge: string;
  readonly policy: BridgePolicy;
  readonly judge: Judge;
}

/** The report of one vnet. */
export function judgeVnet(match: Match, { bridge, policy, judge, vlans, fdb }: JudgedBy): VnetReport {
  const { port, owner } = match;
  const { domain, iface } = owner;
  const expected = expect(policy, owner);
  const table = tableOf(vlans, port.name);
  const judged = expected.undecided
    ? undecided(expected.undecided, table)
    : table
      ? judge(table, expected.table)
      : UNJUDGED;
  const wanted = expected.undecided ? judged.target : expected.table;
  const ofFdb = judgeFdb(match, fdb, judged.actual, judged.target, wanted);
  const findings = [...judged.deviations, ...ofFdb.deviations].map(
    ({ reason, expected, actual }): Finding => ({
      reason,
      bridge,
      domain: domain.name,
      vnet: port.name,
      expected,
      actual,
    }),
  );
  // Written out, and not spread: this is made for every vnet at every audit, and takes a third of the time so.
  return {
    bridge,
    vnet: port.name,
    domain: domain.name,
    uuid: domain.uuid,
    mac: iface.mac,
    expected,
    actual: judged.actual,
    missing: judged.missing,
    unexpected: judged.unexpected,
    mistagged: judged.mistagged,
    untouchable: untouchable(port, domain, policy, expected) ?? ofFdb.unread,
    target: judged.target,
    fdb: ofFdb.need,
    verdict: !judged.actual
      ? 'unknown'
      : findings.length > 0
        ? 'drifted'
        : ofFdb.unread === undefined
          ? 'compliant'
          : 'unknown',
    findings,
  };
}

// It is not known what the vnet should have, so no table is wrong.
function undecided(why: Undecided, actual: VlanTable | undefined) {
  return { ...UNJUDGED, actual, target: actual, deviations: [why] };
}

const UNJUDGED = { actual: undefined, missing: [], unexpected: [], mistagged: [], target: undefined, deviations: [] };

function untouchable(
  port: Port,
  domain: Domain,
  policy: BridgePolicy,
  { undecided }: Expectation,
): VnetReport['untouchable'] {
  if (undecided) return { reason: undecided.reason, text: `${undecided.actual}; expected ${undecided.expected}` };
  if (policy.uplinks.includes(port.name))
    return { reason: 'uplink', text: `the policy calls ${port.name} an uplink, and uplinks are never changed` };
  if (domain.state === 'unknown')
    return { reason: 'unknown', text: 'its domain cannot be read now; this is by what was last known of it' };
  return undefined;
}
