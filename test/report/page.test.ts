import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { REASONS } from '../../src/model/reasons.ts';
import type { Decision, RemediatorStatus } from '../../src/model/remediator-status.ts';
import type { Report } from '../../src/model/report.ts';
import { parseTable, vidRange } from '../../src/model/vlan.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { html } from '../../src/report/html.ts';
import { fold } from '../../src/report/page/fold.ts';
import type { PageInput } from '../../src/report/page/input.ts';
import { age, duration } from '../../src/report/page/time.ts';
import { renderPage } from '../../src/report/page.ts';
import { reasonWords } from '../../src/report/words.ts';
import { statusAt } from '../support/status.ts';
import { bridge, report as reportOf, vnet } from './example.ts';
import { input, NOW, POLICY, snapshotOf, table, VLANS } from './page/fixture.ts';

const DRIFTED = [{ name: 'vyos-01' }, { name: 'vyos-02', vlans: table(VLANS, 1) }, { name: 'ise-01' }];

/** The text that a reader without style or script gets. */
function text(page: string): string {
  return page
    .replace(/<(style|script)\b.*?<\/\1>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}

test('a compliant host says so in its heading', () => {
  const page = renderPage(input([{ name: 'vyos-01' }, { name: 'vyos-02' }]));
  expect(page).toContain('<h1>All 2 vnets are compliant</h1>');
  expect(text(page)).toContain('None: all is as the policy wants it.');
});

test('drift is counted, with expected and actual and the commands that show it', () => {
  const page = text(renderPage(input(DRIFTED)));
  expect(page).toContain('1 of 3 vnets has drifted');
  expect(page).toContain('PVID wrong expected PVID 100 actual PVID 1');
  expect(page).toContain('bridge vlan show dev vnet1');
  expect(page).toContain('libvirt-vlan-exporter plan vyos-02');
});

test('drifted vnets come first in the matrix', () => {
  const rows = renderPage(input(DRIFTED)).match(/(?<=scope="row">)[^<]*/g);
  expect(rows).toEqual(['vyos-02', 'ise-01', 'vyos-01']);
});

test('a search leaves what holds all its words, the filter what is not compliant', () => {
  const rows = (q: string, drifted: boolean) =>
    renderPage(input(DRIFTED), { q, drifted }).match(/(?<=scope="row">)[^<]*/g) ?? [];
  expect(rows('VYOS vnet0', false)).toEqual(['vyos-01']);
  expect(rows('pvid wrong', false)).toEqual(['vyos-02']);
  expect(rows('', true)).toEqual(['vyos-02']);
  expect(rows('ise', true)).toEqual([]);
});

test('a source that could not be read stands above all else, and no vnet counts as compliant', () => {
  const snapshot = { ...snapshotOf(DRIFTED), vlans: { ok: false as const, error: 'bridge: exit 1' } };
  const page = text(renderPage(input([], { report: evaluate(snapshot, POLICY) })));
  expect(page).toContain('3 of 3 vnets cannot be judged');
  expect(page).toContain('0 compliant');
  expect(page.indexOf('vlans bridge: exit 1')).toBeLessThan(page.indexOf('Search'));
});

test('a failed audit, a refused config and a late audit are said', () => {
  const audit = { ...input([]).audit, dueAt: NOW - 1, problem: 'cannot', configProblem: 'config.yml:3:5: bridges: x' };
  const page = text(renderPage(input([], { audit })));
  expect(page).toContain('The last audit failed. cannot');
  expect(page).toContain('config.yml:3:5: bridges: x');
  expect(page).toContain('the next audit is overdue');
});

test('before the first audit there is a page that says so', () => {
  const audit = { ...input([]).audit, lastSuccessAt: undefined };
  expect(text(renderPage(input([], { report: undefined, audit })))).toContain('No audit yet');
});

test('hook errors are shown with their last text', () => {
  const lastError = { at: NOW - 60_000 * 3, text: 'ERROR: vnet4: failed to set PVID 100' };
  const byDomain = new Map([['ise-01', { errors: 2, warnings: 0, runs: 3, lastError }]]);
  const page = text(
    renderPage(input([], { hook: { stats: { ok: true, value: { byDomain, suppressed: 9 } }, installed: false } })),
  );
  expect(page).toContain('not installed');
  expect(page).toContain('journald suppressed 9 entries: errors may be missing');
  expect(page).toContain('ERROR: vnet4: failed to set PVID 100');
  expect(page).toContain('3 min ago');
});

test('names and texts that look like markup are text', () => {
  const evil = '<script>alert(1)</script>';
  const lastError = { at: NOW, text: evil };
  const page = renderPage(
    input([{ name: evil, vlans: [] }], {
      hostname: evil,
      notice: evil,
      hook: {
        stats: {
          ok: true,
          value: { byDomain: new Map([[evil, { errors: 1, warnings: 0, runs: 1, lastError }]]), suppressed: 0 },
        },
        installed: true,
      },
    }),
    { q: evil, drifted: false },
  );
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page).toContain('plan &#39;&lt;script&gt;alert(1)&lt;/script&gt;&#39;');
});

test('each reason has words made from its own name', () => {
  for (const reason of REASONS) expect(reasonWords(reason).toLowerCase()).toBe(reason.replaceAll('_', ' '));
  expect((['pvid_wrong', 'vlan_missing', 'mac_ambiguous', 'tagging_wrong'] as const).map(reasonWords)).toEqual([
    'PVID wrong',
    'VLAN missing',
    'MAC ambiguous',
    'tagging wrong',
  ]);
});

test('1,000 vnets, all drifted, are under 500 kB compressed', () => {
  const vms = Array.from({ length: 1000 }, (_, i) => ({ name: `vm-${i}`, vlans: table([], 1) }));
  expect(gzipSync(renderPage(input(vms))).length).toBeLessThan(500_000);
});

test('each VLAN has its column; of more than a screen holds, there is one with all', () => {
  const columns = (vms: Parameters<typeof input>[0]) =>
    renderPage(input(vms)).match(/<th scope="col" class="v">/g) ?? [];
  expect(columns([{ name: 'vyos-01' }])).toHaveLength(VLANS.length);
  const many = Array.from({ length: 60 }, (_, i) => 200 + 2 * i);
  expect(columns([{ name: 'vyos-01' }, { name: 'vyos-02', vlans: table([...VLANS, ...many], 100) }])).toHaveLength(0);
});

test('the title says how many have drifted, or how many findings there are beside', () => {
  const title = (page: string) => /<title>(.*?)<\/title>/.exec(page)?.[1];
  expect(title(renderPage(input(DRIFTED)))).toBe('1 drifted · kvm-07');
  const snapshot = snapshotOf([{ name: 'vyos-01' }]);
  const bridges = snapshot.links.ok ? snapshot.links.value.map((bridge) => ({ ...bridge, ports: [] })) : [];
  const gone = evaluate({ ...snapshot, links: { ok: true, value: bridges } }, POLICY);
  expect(title(renderPage(input([], { report: gone })))).toBe('1 finding · kvm-07');
});

/** Each section with all that it can show. */
function everything(): PageInput {
  const lastError = { at: NOW - 3_600_000 * 2, text: 'ERROR: vnet4: failed to set PVID 100' };
  const stats = (errors: number, warnings: number, at?: number) => ({
    errors,
    warnings,
    runs: 3,
    lastError: at === undefined ? undefined : { ...lastError, at },
  });
  const byDomain = new Map([
    ['quiet', stats(0, 0)],
    ['warned', stats(0, 1)],
    ['older', stats(1, 0, NOW - 86_400_000 * 5)],
    ["o'newer", stats(1200, 2, NOW - 3_600_000 * 2)],
  ]);
  const decision: Decision = {
    at: NOW - 1000,
    trigger: 'event',
    bridge: 'br-mgmt',
    domain: 'ise-01',
    vnet: 'vnet7',
    outcome: 'dry_run',
    before: '1*',
    after: '10 100*',
    commands: ['bridge vlan add vid 10 dev vnet7', 'bridge vlan add vid 100 dev vnet7 pvid untagged'],
    problem: undefined,
    durationMs: undefined,
  };
  const healing = { bridge: 'br-mgmt', failures: 0, lastAt: NOW };
  const status = statusAt(NOW, {
    startedAt: NOW - 60_000 * 100,
    lastCycleAt: NOW - 99_000,
    dryRun: true,
    paused: true,
    domains: [
      { ...healing, domain: 'calm', remediations: 2 },
      { ...healing, domain: 'fought', remediations: 5, suspendedSince: NOW - 60_000, suspendedBecause: 'undone' },
      { ...healing, domain: 'broken', remediations: 0, failures: 3, suspendedSince: NOW, suspendedBecause: 'failing' },
    ],
    held: [{ bridge: 'br-mgmt', domain: 'vyos-01', vnet: 'vnet0', changes: ['bridge vlan del vid 30 dev vnet0'] }],
    refusals: [
      { bridge: 'br-mgmt', domain: 'a', vnet: 'vnet1', reason: 'unknown', text: 'said so' },
      { bridge: 'br-mgmt', vnet: 'tap9', reason: 'uplink', text: 'of nobody' },
      { bridge: 'br9', reason: 'filtering_off', text: 'not there' },
    ],
    recent: [decision, { ...decision, at: NOW - 2000, outcome: 'failed', problem: 'EBUSY', durationMs: 1234 }],
  });
  const mine = { bridge: 'br-mgmt', domain: 'vyos-01', vnet: 'vnet7' } as const;
  const drifted = { ...mine, expected: 'PVID 100', actual: 'PVID 1' } as const;
  const report: Report = {
    ...reportOf(
      bridge({
        vnets: [
          vnet({ domain: 'bind-01', vnet: 'vnet2' }),
          vnet({
            ...mine,
            actual: parseTable('1* 10u 30 40-42'),
            unexpected: [vidRange(30)],
            verdict: 'drifted',
            findings: [{ ...drifted, reason: 'pvid_wrong' }],
          }),
          vnet({ domain: 'web', vnet: 'vnet8', actual: undefined, verdict: 'unknown' }),
          vnet({
            domain: 'odd',
            vnet: 'vnet9',
            expected: { rule: 'lan', table: [], undecided: { reason: 'intent_invalid', expected: 'x', actual: 'y' } },
            verdict: 'unknown',
          }),
          vnet({ domain: 'none', vnet: 'vnet10', actual: [], expected: { rule: 'none', table: [] } }),
        ],
        findings: [
          { ...drifted, reason: 'vlan_missing', expected: '20', actual: 'none' },
          { ...drifted, reason: 'pvid_wrong' },
          { ...drifted, reason: 'uplink_vlan_missing', domain: undefined, vnet: 'eno1' },
        ],
        orphanPorts: ['tap8', 'tap9'],
        warnings: ['vnet7', 'vnet8'].map((vnet) => ({
          kind: 'mac_shared',
          domain: 'web',
          vnet,
          text: 'one MAC for two',
        })),
      }),
      bridge({
        name: 'br-off',
        vlanFiltering: false,
        defaultPvid: 0,
        vlanProtocol: '802.1ad',
        findings: [{ ...drifted, reason: 'filtering_off', bridge: 'br-off', domain: undefined, vnet: undefined }],
      }),
      bridge({ name: 'br-dim', vlanFiltering: undefined, defaultPvid: undefined }),
      bridge({ name: 'br-none', present: false }),
      bridge({ name: 'br-blind', present: undefined }),
    ),
    takenAt: NOW - 4000,
    unknowns: [{ kind: 'domain', name: 'broken', problem: 'not XML' }],
    portless: [
      { domain: 'mac', mac: '52:54:00:00:00:aa', target: 'macvtap0', kind: 'macvtap', device: 'br-mgmt' },
      { domain: 'user', mac: '52:54:00:00:00:ab', target: undefined, kind: 'user', device: undefined },
    ],
  };
  return input([], {
    report,
    notice: 'A notice.',
    metricsPath: '/m',
    audit: {
      trigger: 'event',
      durationMs: 1500,
      lastSuccessAt: NOW - 5000,
      dueAt: NOW + 1,
      problem: 'not told twice',
      configProblem: 'config.yml:3:5: bridges: x',
    },
    collectors: [
      ...input([]).collectors,
      { collector: 'journal', ok: false, problem: undefined, durationMs: 999.6 },
      { collector: 'vlans', ok: true, problem: undefined, durationMs: 1001 },
    ],
    watchers: [...input([]).watchers, { watcher: 'domains', up: false }],
    hook: { stats: { ok: true, value: { byDomain, suppressed: 1 } }, installed: undefined },
    remediator: { kind: 'stale', status },
  });
}

test('everything at once is as in the golden file; `npm run golden` writes it anew', async () => {
  const page = renderPage(everything()).replaceAll(/(assets\/\w+)-[0-9a-f]{12}/g, '$1-HASH');
  await expect(page).toMatchFileSnapshot('../golden/page.html');
});

test('a policy is held back also where nothing can be told yet of what it would move', () => {
  const status = statusAt(NOW, { heldProblem: 'it waits' });
  expect(renderPage(input([], { remediator: { kind: 'current', status } }))).toContain(
    '<b>A policy is held back</b>: it waits.',
  );
});

test('what is held is told at the head, too: it counts as drift, and waits for somebody', () => {
  const head = (status: RemediatorStatus) =>
    renderPage(input([], { remediator: { kind: 'current', status } })).split('<form')[0] ?? '';
  const held = { bridge: 'br-mgmt', domain: 'web', vnet: 'vnet1', changes: [] };
  expect(head(statusAt(NOW, { held: [held, held] }))).toContain('<a href="#remediator">2 vnets held back</a>');
  expect(head(statusAt(NOW, { heldProblem: 'it waits' }))).toContain('A policy is held back');
  expect(head(statusAt(NOW))).not.toContain('held back');
});

test('a search finds decisions by domain, vnet, bridge and outcome', () => {
  const decision = (domain: string, vnet: string): Decision => ({
    at: NOW - 1000,
    trigger: 'event',
    bridge: 'br-mgmt',
    domain,
    vnet,
    outcome: 'verified',
    before: '1*',
    after: '10 100*',
    commands: [],
    problem: undefined,
    durationMs: 5,
  });
  const status = statusAt(NOW, { recent: [decision('ise-01', 'vnet7'), decision('vyos-01', 'vnet0')] });
  const found = (q: string) =>
    renderPage(input([], { remediator: { kind: 'current', status } }), { q, drifted: false }).match(
      /(?<=id="dd\/\d+\/)\w+/g,
    );
  for (const q of ['ise-01', 'vnet7', 'ISE br-mgmt', 'ise verified']) expect(found(q)).toEqual(['vnet7']);
  expect(found('br-mgmt')).toEqual(['vnet7', 'vnet0']);
});

test('ages and durations are said in the unit that fits', () => {
  const second = 1000;
  const ages = [-5, 0, 99.9, 100, 5999, 6000, 359_999, 360_000].map((s) => age(NOW - s * second, NOW).markup);
  const words = ages.map((markup) => />(.*)</.exec(markup)?.[1]);
  expect(words).toEqual([
    ...['0 s ago', '0 s ago', '99 s ago', '1 min ago'],
    ...['99 min ago', '1 h ago', '99 h ago', '4 days ago'],
  ]);
  expect(age(NOW - 500, NOW).markup).toBe(
    '<time datetime="2026-11-24T21:45:30.500Z" title="2026-11-24 21:45:30 UTC">0 s ago</time>',
  );
  expect([0, 3.4, 999, 1000, 1249].map(duration)).toEqual(['0 ms', '3 ms', '999 ms', '1.0 s', '1.2 s']);
});

test('of a long list ten stand open, the rest is folded away', () => {
  const list = (count: number) =>
    fold(
      'more',
      Array.from({ length: count }, (_, i) => html`${i};`),
      'row',
      (rows) => html`[${rows}]`,
    ).markup;
  expect(list(10)).toBe('[0;1;2;3;4;5;6;7;8;9;]');
  expect(list(12)).toBe(
    '[0;1;2;3;4;5;6;7;8;9;]\n<details id="more"><summary>2 more rows</summary>\n[10;11;]\n</details>',
  );
});

test('a table of more than 60 vnets scrolls; 48 columns are shown, VLANs of one look share one', () => {
  const page = (count: number) => renderPage(input(Array.from({ length: count }, (_, i) => ({ name: `vm-${i}` }))));
  expect([60, 61].map((count) => page(count).includes('class="scroll long"'))).toEqual([false, true]);
  const columns = (count: number) => {
    const vlans = Array.from({ length: count - VLANS.length }, (_, i) => 200 + 2 * i);
    const page = renderPage(input([{ name: 'vm', vlans: table([...VLANS, ...vlans], 100) }]));
    return (page.match(/<th scope="col" class="v">/g) ?? []).length;
  };
  expect([48, 49].map(columns)).toEqual([48, 0]);
  const trunk = input([{ name: 'vm', vlans: table([...VLANS, 200, 201, 202], 100) }]);
  expect(renderPage(trunk)).toContain('<th scope="col" class="v">200–202');
});

test('silence is told apart: nothing watched, not all read, no match', () => {
  const findings = (changes: Partial<PageInput>, q = '') => text(renderPage(input([], changes), { q, drifted: false }));
  expect(findings({ report: reportOf() })).toContain('None: no bridge is watched.');
  const unread = { ...reportOf(bridge()), unknowns: [{ kind: 'domain', name: 'a', problem: 'x' }] } as const;
  expect(findings({ report: unread })).toContain('None in what could be read.');
  const unknown = vnet({ domain: 'a', vnet: 'vnet0', verdict: 'unknown' });
  expect(findings({ report: reportOf(bridge({ vnets: [unknown] })) })).toContain('None in what could be read.');
  expect(text(renderPage(input(DRIFTED), { q: 'nobody', drifted: false }))).toContain('None matches the search.');
});

test('a page of a host where all is well warns of nothing', () => {
  const page = renderPage(input([{ name: 'vyos-01' }]));
  expect(page).not.toMatch(/class="(bad|hold|drift|unknown|unknowns)"|overdue/);
  expect(renderPage(input([]))).not.toContain('class="legend"');
  expect(text(page)).toContain('1 vnet 1 compliant 0 drifted 0 unknown');
  expect(text(renderPage(input([], { hook: undefined })))).toContain('The journal is not read.');
  const hook = { stats: { ok: false, error: 'no permission' }, installed: true } as const;
  expect(text(renderPage(input([], { hook })))).toContain('installed · the journal could not be read: no permission');
  const unreadable = { kind: 'unreadable', problem: 'not JSON' } as const;
  expect(text(renderPage(input([], { remediator: unreadable })))).toContain('Its status could not be read: not JSON');
});
