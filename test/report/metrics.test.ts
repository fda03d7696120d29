import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { REASONS } from '../../src/model/reasons.ts';
import type { RemediatorStatus, RemediatorView } from '../../src/model/remediator-status.ts';
import type { Family } from '../../src/report/metrics/family.ts';
import type { HookInputs } from '../../src/report/metrics/hook.ts';
import type { SelfInputs } from '../../src/report/metrics/self.ts';
import { renderMetrics, SECTIONS } from '../../src/report/metrics.ts';
import { AT, bridge, EXAMPLE, POLICY_SHA256, report, table, vnet } from './example.ts';

const HOOK: HookInputs = {
  domains: ['lost-01', 'vyos-01'],
  stats: {
    byDomain: new Map([
      [
        'vyos-01',
        { errors: 2, warnings: 1, runs: 5, lastError: { at: AT - 60_000, text: 'vnet7: failed to set PVID 100' } },
      ],
      ['gone-1', { errors: 1, warnings: 0, runs: 1, lastError: { at: AT - 90_000, text: 'x' } }],
      ['gone-2', { errors: 1, warnings: 0, runs: 1, lastError: { at: AT - 80_000, text: 'x' } }],
      ['gone-3', { errors: 0, warnings: 0, runs: 0, lastError: undefined }],
    ]),
    suppressed: 120,
  },
  installed: true,
};
const STATUS: RemediatorStatus = {
  version: 1,
  startedAt: AT - 3_600_000,
  lastCycleAt: AT - 1000,
  dryRun: false,
  paused: false,
  policySha256: POLICY_SHA256,
  heldPolicySha256: undefined,
  domains: [
    { bridge: 'br-mgmt', domain: 'vyos-01', remediations: 3, failures: 1, lastAt: AT - 2000, suspendedSince: AT - 500 },
    {
      bridge: 'br-mgmt',
      domain: 'stopped-01',
      remediations: 1,
      failures: 0,
      lastAt: AT - 9000,
      suspendedSince: undefined,
    },
  ],
  held: [{ bridge: 'br-mgmt', domain: 'vyos-01', vnet: 'vnet7', changes: ['bridge vlan del vid 30 dev vnet7'] }],
  refusals: [],
  duration: {
    buckets: [
      [0.1, 2],
      [1, 4],
      [null, 4],
    ],
    sum: 0.75,
    count: 4,
  },
  recent: [],
};
const SELF: SelfInputs = {
  audits: {
    total: { startup: 1, schedule: 20, event: 3, reload: 0 },
    failures: 1,
    durationMs: 12.5,
    lastEndedAt: AT + 12.5,
    lastSuccessAt: AT - 60_000,
  },
  domainStates: { running: 3, defined: 1, unknown: 1 },
  collectors: ['links', 'vlans', 'domains', 'journal'].map((collector) => ({
    collector,
    ok: collector !== 'journal',
    problem: undefined,
    durationMs: 4,
  })),
  kernelInterface: 'netlink',
  watchers: ['links', 'domains', 'journal'].map((watcher) => ({ watcher, up: true })),
  config: { lastReloadOk: true, lastSuccessAt: AT - 5000, edited: false, policySha256: POLICY_SHA256 },
  web: { lastReloadOk: true, certificateExpiresAt: AT + 30 * 86_400_000 },
  build: { version: '0.0.0', node: 'v20.0.0' },
  process: { cpuSeconds: 1.5, startTime: AT / 1000 - 30, residentBytes: 90_000_000, openFds: 21 },
};

async function everything(): Promise<string> {
  const remediator: RemediatorView = { kind: 'current', status: STATUS };
  return [
    await renderMetrics(SECTIONS.report, { report: EXAMPLE, maxVlanSeriesPerVnet: 4 }),
    await renderMetrics(SECTIONS.hook, HOOK),
    await renderMetrics(SECTIONS.remediator, { report: EXAMPLE, remediator }),
    await renderMetrics(SECTIONS.self, SELF),
  ].join('');
}

/** The sample lines of one family, without the prefix, in order. */
async function samples<I>(families: readonly Family<I>[], name: string, inputs: I): Promise<string[]> {
  const text = await renderMetrics(
    families.filter((family) => family.name === `libvirt_vlan_${name}`),
    inputs,
  );
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => line.replace('libvirt_vlan_', ''));
}

const ofReport = (name: string, r = EXAMPLE, maxVlanSeriesPerVnet = 64) =>
  samples(SECTIONS.report, name, { report: r, maxVlanSeriesPerVnet });
const ofRemediator = (name: string, remediator: RemediatorView) =>
  samples(SECTIONS.remediator, name, { report: EXAMPLE, remediator });

describe('the whole exposition', () => {
  it('is as in the golden file', async () => {
    await expect(await everything()).toMatchFileSnapshot('../golden/metrics.txt');
  });

  // Debian's package prometheus has it. CI must have it; elsewhere the test is skipped without.
  const noPromtool = !process.env.CI && spawnSync('promtool', ['--version']).error !== undefined;
  it.skipIf(noPromtool)('leaves promtool nothing to say', async () => {
    expect(
      execFileSync('promtool', ['check', 'metrics'], { input: await everything(), stdio: 'pipe' }).toString(),
    ).toBe('');
  });

  it('shows every family of the catalogue, and no label that the catalogue does not name', async () => {
    const text = await everything();
    for (const { name, labels } of Object.values(SECTIONS).flat()) {
      const lines = text.split('\n').filter((line) => new RegExp(`^${name}(_bucket|_sum|_count)?[{ ]`).test(line));
      expect(lines, name).not.toEqual([]);
      for (const line of lines) {
        const used = [...line.matchAll(/[{,]([a-z_0-9]+)="/g)].map((match) => match[1]);
        expect(labels, line).toEqual(expect.arrayContaining(used));
      }
    }
  });
});

describe('vnets', () => {
  it('a missing VLAN is 0, one that should not be there is 1 under expected="false"', async () => {
    const lines = (await ofReport('vnet_vlan_member')).filter((line) => line.includes('vnet7'));
    expect(lines.map((line) => line.replace(/,domain.*\}/, '}'))).toEqual([
      'vnet_vlan_member{vlan="10",expected="true"} 1',
      'vnet_vlan_member{vlan="20",expected="true"} 0',
      'vnet_vlan_member{vlan="100",expected="true"} 0',
      'vnet_vlan_member{vlan="1",expected="false"} 1',
      'vnet_vlan_member{vlan="30",expected="false"} 1',
    ]);
  });

  it('the cap drops unexpected VLANs first and says how many', async () => {
    const capped = await ofReport('vnet_vlan_member', EXAMPLE, 4);
    expect(capped.filter((line) => line.includes('vnet7')).map((line) => line.slice(17, 30))).toEqual([
      'vlan="10",exp',
      'vlan="20",exp',
      'vlan="100",ex',
      'vlan="1",expe',
    ]);
    const dropped = await ofReport('vnet_vlan_series_dropped', EXAMPLE, 2);
    expect(dropped.map((line) => line.split(' ').at(-1))).toEqual(['1', '3']);
  });

  it('an unread VLAN table leaves out what comes from it, and keeps what does not', async () => {
    const unread = report(
      bridge({ vnets: [vnet({ domain: 'a', vnet: 'vnet0', actual: undefined, verdict: 'unknown' })] }),
    );
    const text = await renderMetrics(SECTIONS.report, { report: unread, maxVlanSeriesPerVnet: 64 });
    const names = [...text.matchAll(/^libvirt_vlan_(vnet_\w+)\{/gm)].map((match) => match[1]);
    expect(names).toEqual(['vnet_info', 'vnet_pvid_expected']);
  });

  it('where it is not known what a vnet should have, nothing says whether it has it, but that it is not compliant', async () => {
    const undecided = { reason: 'intent_invalid', expected: 'VLANs', actual: '"x"' } as const;
    const expected = { rule: 'lan', table: table(''), undecided };
    const r = report(bridge({ vnets: [vnet({ domain: 'a', vnet: 'vnet0', expected, verdict: 'drifted' })] }));
    for (const name of ['pvid_expected', 'pvid_correct', 'tagging_correct', 'vlans_missing', 'vlans_unexpected']) {
      expect(await ofReport(`vnet_${name}`, r), name).toEqual([]);
    }
    expect((await ofReport('vnet_compliant', r))[0]?.split(' ').at(-1)).toBe('0');
  });

  it('a port without VLANs has PVID 0; a vnet that should have no PVID is right with none', async () => {
    const tagged = { rule: 'lan', table: [] };
    const r = report(bridge({ vnets: [vnet({ domain: 'a', vnet: 'vnet0', expected: tagged, actual: table('') })] }));
    for (const [name, value] of Object.entries({ vnet_pvid: 0, vnet_pvid_expected: 0, vnet_pvid_correct: 1 })) {
      expect((await ofReport(name, r))[0]?.split(' ').at(-1), name).toBe(`${value}`);
    }
  });
});

describe('bridges', () => {
  it('every reason is present, at 0 where nothing was found', async () => {
    const lines = await ofReport('bridge_findings', report(bridge()));
    expect(lines).toHaveLength(REASONS.length);
    expect(lines.every((line) => line.endsWith('} 0'))).toBe(true);
  });

  it('a domain whose tap is missing has 0 vnets where 1 is expected', async () => {
    expect(await ofReport('domain_vnets')).toContain('domain_vnets{domain="lost-01",bridge="br-mgmt"} 0');
    expect(await ofReport('domain_vnets_expected')).toContain(
      'domain_vnets_expected{domain="lost-01",bridge="br-mgmt"} 1',
    );
  });

  it('what could not be read is absent, not 0', async () => {
    const links = report(bridge({ present: undefined, vlanFiltering: undefined, defaultPvid: undefined }));
    for (const name of ['bridge_present', 'bridge_vlan_filtering', 'bridge_default_pvid', 'bridge_vnets']) {
      expect(await ofReport(name, links), name).toEqual([]);
    }
    const vlans = {
      ...report(bridge()),
      unknowns: [{ kind: 'vlans' as const, name: undefined, problem: 'timed out' }],
    };
    expect(await ofReport('bridge_vnets_compliant', vlans)).toEqual([]);
    expect(await ofReport('bridge_vnets', vlans)).toEqual(['bridge_vnets{bridge="br-mgmt"} 0']);
    expect(await ofReport('bridge_findings', links)).toEqual([]);
    const told = (await ofReport('bridge_findings', vlans)).map((line) => /reason="(\w+)"/.exec(line)?.[1]);
    const closed = (name: string) => ({
      ...report(bridge({ vlanFiltering: undefined })),
      unknowns: [{ kind: 'bridge' as const, name, problem: 'its vlan_filtering could not be read' }],
    });
    expect((await ofReport('bridge_findings', closed('br-mgmt'))).join()).not.toContain('filtering_off');
    expect((await ofReport('bridge_findings', closed('br-other'))).join()).toContain('filtering_off');
    expect(told).toEqual([...['filtering_off', 'not_on_bridge', 'mac_ambiguous', 'intent_conflict', 'intent_invalid']]);
  });
});

describe('a bridge that is not there', () => {
  it('has no findings but interfaces without a port: nothing else of it is at 0, as if it were mended', async () => {
    const gone = report(bridge({ present: false, vlanFiltering: undefined, defaultPvid: undefined }));
    const there = bridge({ name: 'br-other' });
    const unknowns = [{ kind: 'bridge' as const, name: 'br-mgmt', problem: 'there is no such bridge' }];
    const lines = await ofReport('bridge_findings', { ...gone, bridges: [...gone.bridges, there], unknowns });
    expect(lines.slice(0, 2)).toEqual([
      'bridge_findings{bridge="br-mgmt",reason="not_on_bridge"} 0',
      'bridge_findings{bridge="br-other",reason="filtering_off"} 0',
    ]);
    expect(lines).toHaveLength(1 + REASONS.length);
    expect(await ofReport('bridge_present', gone)).toEqual(['bridge_present{bridge="br-mgmt"} 0']);
  });
});

describe('the config', () => {
  it('waits for a reload or not; where the file cannot be read, neither is told', async () => {
    const pending = (edited: boolean | undefined) =>
      samples(SECTIONS.self, 'config_reload_pending', { ...SELF, config: { ...SELF.config, edited } });
    expect(await pending(true)).toEqual(['config_reload_pending 1']);
    expect(await pending(false)).toEqual(['config_reload_pending 0']);
    expect(await pending(undefined)).toEqual([]);
  });
});

describe('audits', () => {
  it('before the first one, the last one is 0', async () => {
    const none = { ...SELF, audits: { ...SELF.audits, lastEndedAt: undefined, lastSuccessAt: undefined } };
    for (const name of ['audit_last_timestamp_seconds', 'audit_last_success_timestamp_seconds'])
      expect(await samples(SECTIONS.self, name, none)).toEqual([`${name} 0`]);
  });
});

describe('the hook', () => {
  it('domains that libvirt does not know are added up as (other)', async () => {
    expect(await samples(SECTIONS.hook, 'hook_errors_total', HOOK)).toEqual([
      'hook_errors_total{domain="lost-01"} 0',
      'hook_errors_total{domain="vyos-01"} 2',
      'hook_errors_total{domain="(other)"} 2',
    ]);
    const last = await samples(SECTIONS.hook, 'hook_last_error_timestamp_seconds', HOOK);
    expect(last.at(-1)).toBe(`hook_last_error_timestamp_seconds{domain="(other)"} ${AT / 1000 - 80}`);
  });

  it('each counter says that journald may have dropped what was counted', () => {
    const counters = SECTIONS.hook.filter(({ type }) => type === 'counter');
    expect(counters.length).toBeGreaterThan(3);
    for (const { name, help } of counters) expect([name, help]).toEqual([name, expect.stringContaining('dropped')]);
  });

  it('an unread journal has no series', async () => {
    expect(await renderMetrics(SECTIONS.hook, { domains: ['a'], stats: undefined, installed: undefined })).toBe('');
  });
});

describe('the remediator', () => {
  it('where there is none, it is down and all else that is told is 0', async () => {
    const text = await renderMetrics(SECTIONS.remediator, { report: EXAMPLE, remediator: { kind: 'absent' } });
    const values = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(values.every((line) => line.endsWith(' 0'))).toBe(true);
    expect(values).toContain('libvirt_vlan_remediator_up 0');
    expect(values).toContain('libvirt_vlan_remediations_total{domain="vyos-01",bridge="br-mgmt"} 0');
    expect(values).toContain('libvirt_vlan_remediation_duration_seconds_bucket{le="+Inf"} 0');
  });

  it('where there is none, no policy and no start is told', async () => {
    for (const name of ['remediator_policy_info', 'remediator_start_time_seconds'])
      expect(await ofRemediator(name, { kind: 'absent' })).toEqual([]);
  });

  it('the policy by which it heals is told, and when it started; no policy until it has taken one', async () => {
    const current: RemediatorView = { kind: 'current', status: STATUS };
    expect(await ofRemediator('remediator_policy_info', current)).toEqual([
      `remediator_policy_info{sha256="${POLICY_SHA256}"} 1`,
    ]);
    expect(await ofRemediator('remediator_start_time_seconds', current)).toEqual([
      `remediator_start_time_seconds ${AT / 1000 - 3600}`,
    ]);
    const none: RemediatorView = { kind: 'current', status: { ...STATUS, policySha256: '' } };
    expect(await ofRemediator('remediator_policy_info', none)).toEqual([]);
  });

  it('an unreadable status says only that it is down', async () => {
    const text = await renderMetrics(SECTIONS.remediator, {
      report: EXAMPLE,
      remediator: { kind: 'unreadable', problem: 'not JSON' },
    });
    expect(text.match(/^libvirt_vlan_.*$/gm)).toEqual(['libvirt_vlan_remediator_up 0']);
  });

  it('a stale status is down, and still shown', async () => {
    const stale: RemediatorView = { kind: 'stale', status: STATUS };
    expect(await ofRemediator('remediator_up', stale)).toEqual(['remediator_up 0']);
    expect(await ofRemediator('remediations_total', stale)).toContain(
      'remediations_total{domain="vyos-01",bridge="br-mgmt"} 3',
    );
  });

  it('heals of a domain that has stopped are kept, so that the counter does not go back', async () => {
    expect(await ofRemediator('remediations_total', { kind: 'current', status: STATUS })).toContain(
      'remediations_total{domain="stopped-01",bridge="br-mgmt"} 1',
    );
  });
});
