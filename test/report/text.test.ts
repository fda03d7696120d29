// What `check` prints. The whole picture is a golden file; `npm run golden` writes it anew.
import { expect, test } from 'vitest';
import { MAX_COMMANDS } from '../../src/model/bridge-command.ts';
import type { HookStats } from '../../src/model/hook-stats.ts';
import type { RemediatorStatus } from '../../src/model/remediator-status.ts';
import type { Report } from '../../src/model/report.ts';
import { selectDomains } from '../../src/report/select.ts';
import { summarize, toneOf } from '../../src/report/summary.ts';
import { renderText } from '../../src/report/text.ts';
import { statusAt } from '../support/status.ts';
import { AT, bridge, report, table, vnet } from './example.ts';

const PLAIN = { colour: false };

const wrong = vnet({
  domain: 'vyos-01',
  vnet: 'vnet7',
  mac: '52:54:00:00:00:07',
  actual: table('1* 10 30'),
  verdict: 'drifted',
  findings: [
    {
      reason: 'pvid_wrong',
      bridge: 'br-mgmt',
      domain: 'vyos-01',
      vnet: 'vnet7',
      expected: 'PVID 100',
      actual: 'PVID 1',
    },
    {
      reason: 'vlan_missing',
      bridge: 'br-mgmt',
      domain: 'vyos-01',
      vnet: 'vnet7',
      expected: 'VLANs 10 20 100',
      actual: 'without 20 100',
    },
  ],
});
const filteringOff = {
  reason: 'filtering_off',
  bridge: 'br-lab',
  domain: undefined,
  vnet: undefined,
  expected: 'vlan_filtering 1',
  actual: 'vlan_filtering 0: the bridge enforces nothing',
} as const;
const notThere = {
  reason: 'not_on_bridge',
  bridge: 'br-lab',
  domain: 'web',
  vnet: 'vnet9',
  expected: 'interface 52:54:00:00:00:09 on br-lab',
  actual: 'vnet9 is not a port of br-lab',
} as const;
const all: Report = {
  ...report(
    bridge({
      name: 'br-lab',
      vlanFiltering: false,
      defaultPvid: 0,
      findings: [filteringOff, notThere],
      expectedVnets: new Map([['web', 1]]),
    }),
    bridge({
      vnets: [
        vnet({ domain: 'bind-01', vnet: 'vnet2' }),
        wrong,
        vnet({ domain: 'web', vnet: 'vnet8', actual: undefined, verdict: 'unknown' }),
      ],
      expectedVnets: new Map([
        ['bind-01', 1],
        ['vyos-01', 1],
        ['web', 1],
      ]),
      findings: wrong.findings,
      orphanPorts: ['tap-old'],
    }),
  ),
  unknowns: [{ kind: 'domain', name: 'broken', problem: '/run/libvirt/qemu/broken.xml: not XML' }],
};
const hookStats: HookStats = {
  byDomain: new Map([
    ['vyos-01', { errors: 2, warnings: 0, runs: 3, lastError: { at: AT, text: 'vnet7: failed to set PVID 100' } }],
    ['bind-01', { errors: 0, warnings: 1, runs: 1, lastError: undefined }],
    ['gone', { errors: 1, warnings: 0, runs: 1, lastError: { at: AT, text: 'not shown: has no vnet here' } }],
  ]),
  suppressed: 0,
};
const hook = { ok: true, value: hookStats } as const;
const status = statusAt(AT, {
  domains: [{ bridge: 'br-mgmt', domain: 'vyos-01', remediations: 5, failures: 0, lastAt: AT, suspendedSince: AT }],
  held: [{ bridge: 'br-mgmt', domain: 'bind-01', vnet: 'vnet2', changes: ['bridge vlan add vid 30 dev vnet2'] }],
});

const remediator = { kind: 'current', status } as const;

test('everything at once', async () => {
  await expect(renderText(all, { ...PLAIN, hook, remediator })).toMatchFileSnapshot('../golden/check.txt');
});

test('without colour there is no escape sequence, with colour the same text is left when they are taken away', () => {
  const plain = renderText(all, { ...PLAIN, hook, remediator });
  const coloured = renderText(all, { colour: true, hook, remediator });
  expect(plain).not.toContain('\x1b');
  expect(coloured).toContain('\x1b[31m');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is taken away
  expect(coloured.replace(/\x1b\[\d*m/g, '')).toBe(plain);
});

test('a remediator that has died is not called on', () => {
  const text = renderText(all, { ...PLAIN, remediator: { ...remediator, kind: 'stale' } });
  expect(text).toContain('remediator: seems to be down, last cycle ');
  expect(text).not.toContain('remediator on');
});

test('a name that would move the cursor is shown, not obeyed', () => {
  const text = renderText(report(bridge({ vnets: [vnet({ domain: 'a\x1b[2J\u202eb', vnet: 'v' })] })), PLAIN);
  expect(text).toContain('a\\x1b[2J\\u202eb');
});

test('no line ends in white space', () => {
  for (const line of renderText(all, { ...PLAIN, hook, remediator }).split('\n')) expect(line).toBe(line.trimEnd());
});

test('a selected domain leaves its own rows, findings and what concerns its bridges', () => {
  const vyos = renderText(selectDomains(all, ['vyos-01']), PLAIN);
  expect(vyos).toContain('vnet7');
  expect(vyos).not.toMatch(/bind-01|web|broken|tap-old|br-lab/);
  const web = renderText(selectDomains(all, ['web']), PLAIN);
  expect(web).toMatch(/filtering_off/);
  expect(web).toMatch(/not_on_bridge/);
  expect(web).not.toContain('vyos-01');
  expect(renderText(selectDomains(all, ['broken']), PLAIN)).toContain('? domain broken');
});

test('a host without vnets is said in words', () => {
  expect(renderText(report(bridge()), PLAIN)).toBe('No vnets.\n');
});

test('a journal or a status file that cannot be read is said in one line each, a remediator that is not there in none', () => {
  const unread = {
    hook: { ok: false, error: 'no permission' },
    remediator: { kind: 'unreadable', problem: 'not JSON' },
  } as const;
  const text = renderText(report(bridge()), { ...PLAIN, ...unread });
  expect(text).toBe('hook errors: not known: no permission\n\nremediator: not known: not JSON\n\nNo vnets.\n');
  expect(renderText(report(bridge()), { ...PLAIN, remediator: { kind: 'absent' } })).toBe('No vnets.\n');
});

test('of hook and remediator a selected domain shows its own part', () => {
  const bind = renderText(selectDomains(all, ['bind-01']), { ...PLAIN, hook, remediator });
  expect(bind).toContain('held');
  expect(bind).not.toMatch(/vyos-01|hook errors/);
});

test('where no bridge is watched it says so, and claims nothing', () => {
  expect(renderText(report(), PLAIN)).toBe('No bridge is watched: the config names none.\n');
  expect(toneOf(summarize(report()))).toBe('unknown');
});

test('where nothing of the drift would be healed, no plan to heal it is promised', () => {
  const told = vnet({ ...wrong, actual: table('1* 99'), target: table('1* 99') });
  expect(renderText(report(bridge({ vnets: [told] })), PLAIN)).toMatch(/\nWhat is left alone, and why: .* plan\n$/);
  const healed = vnet({ ...wrong, target: table('1* 10') });
  for (const vlanFiltering of [false, undefined])
    expect(renderText(report(bridge({ vlanFiltering, vnets: [healed] })), PLAIN)).toMatch(
      /\nWhat is left alone, and why: /,
    );
  expect(renderText(report(bridge({ vnets: [told, healed] })), PLAIN)).toMatch(/\nWhat would heal it: .* plan\n$/);
});

const line = (text: string, part: string) => text.split('\n').find((each) => each.includes(part));

test('a bridge is shown with its facts where there is anything to say of it', () => {
  const facts = (part: Parameters<typeof bridge>[0]) =>
    line(renderText(report(bridge({ orphanPorts: ['tap9'], ...part })), PLAIN), 'br-mgmt');
  expect(facts({})).toBe('br-mgmt  filtering, default PVID 1');
  expect(facts({ vlanFiltering: undefined, defaultPvid: undefined })).toBe(
    'br-mgmt  filtering unknown, default PVID unknown',
  );
  expect(facts({ vlanFiltering: false, defaultPvid: 0, vlanProtocol: '802.1ad' })).toBe(
    'br-mgmt  not filtering, default PVID none, 802.1ad',
  );
  const past = { domain: 'a', mac: '52:54:00:00:00:01', kind: 'macvtap', target: 'macvtap0', device: 'br-mgmt' };
  const on = { ...report(bridge()), portless: [past, { ...past, target: undefined, device: undefined, kind: 'user' }] };
  expect(renderText(on, PLAIN)).toBe(
    "br-mgmt  filtering, default PVID 1\nmacvtap on br-mgmt itself, which no port's VLANs hold: a (macvtap0)\n\nNo vnets.\n",
  );
  expect(renderText(on, { ...PLAIN, named: ['web'] })).toContain(
    'no port of a Linux bridge\na  macvtap0  52:54:00:00:00:01  macvtap on br-mgmt\na            52:54:00:00:00:01  user\n',
  );
  expect(renderText(report(bridge()), { ...PLAIN, named: ['web'] })).toBe('No vnets.\n');
});

test('a PVID is shown as it is and should be, in red where these differ and both are known', () => {
  const cell = (part: Partial<Parameters<typeof vnet>[0]>) => {
    const row = vnet({ domain: 'a', vnet: 'vnet0', ...part });
    const text = renderText(report(bridge({ vnets: [row] })), { colour: true });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
    return /52:54:00:00:00:01 +\S+ +((?:\x1b\[31m)?[^ /]+\/[^ \x1b]+)/.exec(text)?.[1];
  };
  const undecided = { reason: 'intent_invalid', expected: 'x', actual: 'y' } as const;
  expect(cell({})).toBe('100/100');
  expect(cell({ actual: table('1*') })).toBe('\x1b[31m1/100');
  expect(cell({ actual: table('') })).toBe('\x1b[31mnone/100');
  expect(cell({ actual: undefined })).toBe('?/100');
  expect(cell({ expected: { rule: 'r', table: table('10') } })).toBe('\x1b[31m100/none');
  expect(cell({ expected: { rule: 'r', table: [], undecided } })).toBe('100/?');
});

test('warnings are told once each, notes after all else but the last sentence', () => {
  const warnings = ['vnet0', 'vnet1'].map(
    (of) => ({ kind: 'mac_shared', domain: 'a', vnet: of, text: 'twice' }) as const,
  );
  const text = renderText(report(bridge({ warnings, orphanPorts: ['tap9'] })), { ...PLAIN, notes: ['a note'] });
  expect(text).toBe('br-mgmt  filtering, default PVID 1\nwarning: twice\norphan ports: tap9\n\na note\n\nNo vnets.\n');
});

test('only of drift a plan is spoken', () => {
  const vnets = [vnet({ domain: 'a', vnet: 'vnet0' }), vnet({ domain: 'b', vnet: 'vnet1', verdict: 'unknown' })];
  expect(renderText(report(bridge({ vnets })), PLAIN)).not.toContain('plan');
  const hint = (part: Partial<typeof wrong>) => renderText(report(bridge({ vnets: [{ ...wrong, ...part }] })), PLAIN);
  expect(hint({})).toContain('What would heal it');
  expect(hint({ actual: undefined })).toContain('What is left alone, and why');
  expect(hint({ untouchable: { reason: 'uplink', text: 'x' } })).toContain('What is left alone, and why');
});

test('what the remediator says is cut down to the domains that are shown, each with its cause', () => {
  const remediatorSays = (part: Partial<RemediatorStatus>, kind: 'current' | 'stale' = 'current') => {
    const text = renderText(all, {
      ...PLAIN,
      remediator: { kind, status: { ...status, domains: [], held: [], ...part } },
    });
    return text.split('\n\n').find((section) => section.startsWith('remediator'));
  };
  const since = AT - 60_000;
  const domain = { bridge: 'br-mgmt', remediations: 5, failures: 0, lastAt: AT };
  const changes = (count: number) => Array<string>(count).fill('bridge vlan add vid 30 dev vnet2');
  const held = { bridge: 'br-mgmt', domain: 'web', vnet: 'vnet8' };
  expect(remediatorSays({ paused: true, dryRun: true, lastCycleAt: AT - 61_499 })).toBe(
    'remediator paused, last cycle 61 s ago',
  );
  expect(remediatorSays({ dryRun: true, lastCycleAt: AT + 5000 })).toBe('remediator dry run, last cycle 0 s ago');
  expect(remediatorSays({ lastCycleAt: AT - 5000 }, 'stale')).toBe('remediator: seems to be down, last cycle 5 s ago');
  expect(
    remediatorSays({
      heldProblem: 'a change',
      domains: [
        { ...domain, domain: 'web', suspendedSince: since, suspendedBecause: 'failing' },
        { ...domain, domain: 'bind-01' },
        { ...domain, domain: 'elsewhere', suspendedSince: since },
      ],
      held: [
        { ...held, changes: changes(2) },
        { ...held, changes: changes(MAX_COMMANDS + 1) },
        { ...held, domain: 'elsewhere', changes: [] },
      ],
    })?.split('\n'),
  ).toEqual([
    'remediator on, last cycle 0 s ago',
    'held: a change',
    '! web  br-mgmt  suspended  since 2026-02-03T04:04:06Z: its heals fail',
    '! web  br-mgmt  held       vnet8: 2 changes, until an operator runs heal',
    `! web  br-mgmt  held       vnet8: more than ${MAX_COMMANDS} changes, until an operator runs heal`,
  ]);
});

test('entries that journald suppressed are told, though no domain has an error', () => {
  const text = (suppressed: number) =>
    renderText(report(bridge()), { ...PLAIN, hook: { ok: true, value: { byDomain: new Map(), suppressed } } });
  expect(text(0)).toBe('No vnets.\n');
  expect(text(3)).toContain('journald suppressed 3 entries of libvirt: hook errors may be missing\n');
});
