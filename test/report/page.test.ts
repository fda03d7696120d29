import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { REASONS } from '../../src/model/reasons.ts';
import type { Decision, RemediatorStatus } from '../../src/model/remediator-status.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { renderPage } from '../../src/report/page.ts';
import { reasonWords } from '../../src/report/words.ts';
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
  const status: RemediatorStatus = {
    version: 1,
    startedAt: NOW,
    lastCycleAt: NOW,
    dryRun: false,
    paused: false,
    policySha256: '',
    heldPolicySha256: undefined,
    domains: [],
    held: [],
    refusals: [],
    duration: { buckets: [], sum: 0, count: 0 },
    recent: [decision('ise-01', 'vnet7'), decision('vyos-01', 'vnet0')],
  };
  const found = (q: string) =>
    renderPage(input([], { remediator: { kind: 'current', status } }), { q, drifted: false }).match(
      /(?<=id="dd\/\d+\/)\w+/g,
    );
  for (const q of ['ise-01', 'vnet7', 'ISE br-mgmt', 'ise verified']) expect(found(q)).toEqual(['vnet7']);
  expect(found('br-mgmt')).toEqual(['vnet7', 'vnet0']);
});
