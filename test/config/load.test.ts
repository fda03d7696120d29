// The config file's mistakes, each with the line that the operator reads.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadSettings, parseSettings } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problem.ts';
import type { Host } from '../../src/host/host.ts';
import { printable } from '../../src/model/printable.ts';
import { formatTable, parseTable, vidRange } from '../../src/model/vlan.ts';
import { defaultConfigText } from './shipped.ts';

const BASE = 'bridges:\n  br0:\n    vlans: [10]\n    pvid: 10\n';

function messageOf(text: string): string {
  try {
    parseSettings(text, 'f');
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

test('a short file has every preset filled in', () => {
  const { policy, ...rest } = parseSettings(BASE, 'f');
  expect(policy.bridges).toEqual([
    {
      name: 'br0',
      table: parseTable('10*'),
      vlans: [vidRange(10)],
      uplinks: [],
      unexpected: 'report',
      rules: [],
      intent: ['rules', 'vlan'],
      allowed: [vidRange(1, 4094)],
      host: undefined,
    },
  ]);
  expect(rest).toEqual({
    schedule: '*/15 * * * * *',
    hook: { identifiers: ['libvirt-hook'], waitMs: 15_000, failClosed: false },
    remediation: { maxHeals: 5, windowMs: 600_000, cooldownMs: 600_000, maxVnetsPerPolicyChange: 10 },
    metrics: { maxVlanSeriesPerVnet: 64 },
  });
});

test('ranges, order and repetition of VLANs do not matter, and the PVID is a member', () => {
  const read = (vlans: string) => parseSettings(`bridges: {br0: {vlans: ${vlans}, pvid: 5}}`, 'f').policy;
  expect(formatTable(read('[12, 10-11, 12, 10]').bridges[0]?.table ?? [])).toBe('5* 10-12');
  expect(read('[10, 11, 12]').sha256).toBe(read('["10-12", 5]').sha256);
  expect(read('[10, 11, 12]').sha256).not.toBe(read('[10, 11]').sha256);
});

test('a rule has the VLANs and the PVID of its bridge where it says nothing else, without the PVID of others', () => {
  const text =
    'bridges: {br0: {vlans: [10], pvid: 1, rules: [{name: a, domains: [x], pvid: 20}, {name: b, domains: [y]}]}}';
  expect(parseSettings(text, 'f').policy.bridges[0]?.rules.map(({ table }) => formatTable(table))).toEqual([
    '10 20*',
    '1* 10',
  ]);
});

test('why a rule exists is no part of the policy hash, its name is', () => {
  const hash = (rule: string) =>
    parseSettings(`bridges: {br0: {vlans: [10], pvid: 1, rules: [{${rule}, domains: [x]}]}}`, 'f').policy.sha256;
  expect(hash('name: a, because: one')).toBe(hash('name: a, because: two'));
  expect(hash('name: a')).not.toBe(hash('name: b'));
});

test('a MAC address is taken with colons or dashes in any case, and kept in lower case', () => {
  const read = (mac: string) =>
    parseSettings(`bridges: {br0: {vlans: [10], pvid: 1, rules: [{name: a, domains: [x], mac: ${mac}}]}}`, 'f');
  for (const mac of ['52:54:00:AA:bb:cc', '52-54-00-aa-BB-CC']) {
    expect(read(mac).policy.bridges[0]?.rules[0]?.mac).toBe('52:54:00:aa:bb:cc');
  }
});

test('names that the kernel takes for interfaces are taken', () => {
  const names = ['abcdefghijklmno', 'a!b', '9', 'ä', '...'];
  const { policy } = parseSettings(`${BASE}    uplinks: ${JSON.stringify(names)}\n`, 'f');
  expect(policy.bridges[0]?.uplinks).toEqual([...names].sort());
});

test('a bridge may have no VLANs but the PVID, or no PVID; a range may be of one id', () => {
  const read = (bridge: string) =>
    formatTable(parseSettings(`bridges: {br0: ${bridge}}`, 'f').policy.bridges[0]?.table ?? []);
  expect(['{vlans: [], pvid: 5}', '{vlans: [5-5], pvid: none}'].map(read)).toEqual(['5*', '5']);
});

test('order and repetition do not matter in lists of names, nor that of bridges; of VLANs it does where metadata leaves them out', () => {
  const hash = (...bridges: string[]) => parseSettings(`bridges: {${bridges.join()}}`, 'f').policy.sha256;
  const ruled = (key: string, names: string) => hash(`b: {vlans: [1], pvid: 1, rules: [{name: a, ${key}: ${names}}]}`);
  for (const key of ['domains', 'networks', 'portgroups', 'aliases'])
    expect(ruled(key, '[ua-x, ua-y]')).toBe(ruled(key, '[ua-y, ua-x, ua-y]'));
  const [a, b] = ['a: {vlans: [1], pvid: 1, uplinks: [x, y]}', 'b: {vlans: [2], pvid: 2}'];
  expect(hash(a, b)).toBe(hash(b, a.replace('x, y', 'y, x, y')));
  const own = (vlans: string, intent: string) => hash(`b: {vlans: ${vlans}, pvid: 5, intent: ${intent}}`);
  expect(own('[5, 10]', '[vlan]')).toBe(own('[10]', '[vlan]'));
  expect(own('[5, 10]', '[metadata]')).not.toBe(own('[10]', '[metadata]'));
});

test('durations are summed up', () => {
  const window = (text: string) => parseSettings(`${BASE}remediation: {window: ${text}}`, 'f').remediation.windowMs;
  expect([window('15s'), window('1h30m'), window('2d')]).toEqual([15_000, 5_400_000, 172_800_000]);
});

test('an anchor and its alias are read as if written out', () => {
  const text = 'bridges:\n  a: &a {vlans: &v [10], pvid: 1}\n  b: {vlans: *v, pvid: 1}\n  c: *a\n';
  expect(parseSettings(text, 'f').policy.bridges.map((b) => formatTable(b.table))).toEqual(['1* 10', '1* 10', '1* 10']);
});

test('a byte order mark and CRLF change nothing', () => {
  const windows = `\ufeff${defaultConfigText().replaceAll('\n', '\r\n')}`;
  expect(parseSettings(windows, 'f')).toEqual(parseSettings(defaultConfigText(), 'f'));
});

const rules = (text: string) => `${BASE}    rules:\n${text}`;
const FIELD = 'a VLAN id from 1 to 4094, or none';
test.each<[string, string, string | RegExp]>([
  [
    'an unknown key names the nearest known one',
    `${BASE}scedule: x\n`,
    'f:5:1: scedule: unknown key; did you mean schedule?',
  ],
  [
    'an unknown key that is near none names all',
    `${BASE}zzz: 1\n`,
    'f:5:1: zzz: unknown key; known here: bridges, schedule, hook, remediation, metrics',
  ],
  [
    'a VLAN id beyond 4094',
    BASE.replace('[10]', '[10, 4095]'),
    'f:3:17: bridges.br0.vlans[1]: expected a VLAN id from 1 to 4094, or a range of them as 200-210, found 4095',
  ],
  [
    'a range the wrong way round',
    BASE.replace('[10]', '[210-200]'),
    /f:3:13: bridges\.br0\.vlans\[0\]: .*found "210-200"/,
  ],
  [
    'VLANs in one word',
    BASE.replace('[10]', '10 20'),
    'f:3:12: bridges.br0.vlans: expected a list of VLAN ids, as [10, 20, 200-210], found "10 20"',
  ],
  ['a PVID of 0', BASE.replace('pvid: 10', 'pvid: 0'), `f:4:11: bridges.br0.pvid: expected ${FIELD}, found 0`],
  [
    'a PVID in quotes',
    BASE.replace('pvid: 10', 'pvid: "10"'),
    `f:4:11: bridges.br0.pvid: expected ${FIELD}, found "10"`,
  ],
  ['a PVID left empty', BASE.replace('pvid: 10', 'pvid:'), /^f:4:10: bridges\.br0\.pvid: expected .*, found nothing$/],
  ['a missing key', 'bridges:\n  br0:\n    vlans: [10]\n', /^f:3:5: bridges\.br0\.pvid: this key is missing: The PVID/],
  [
    'a key that stands twice',
    `${BASE}schedule: "* * * * * *"\nschedule: "* * * * * *"\n`,
    'f:6:1: schedule: this key stands twice; delete one',
  ],
  [
    'a bridge that stands twice',
    `${BASE}  br0: {vlans: [1], pvid: 1}\n`,
    'f:5:3: bridges.br0: this key stands twice; delete one',
  ],
  [
    'bridges without a value',
    'bridges:\n',
    /^f:1:.*: bridges: expected a mapping of bridges, .*, or \{\} for none, found nothing$/,
  ],
  ['no bridges key', 'schedule: "* * * * * *"\n', /^f:1:1: bridges: this key is missing/],
  ['bridges as a list', 'bridges: [br0]\n', /^f:1:10: bridges: expected a mapping .*, found a list$/],
  [
    'a bridge without anything',
    'bridges:\n  br0:\n',
    /^f:2:7: bridges\.br0: expected a mapping with keys out of: .*, found nothing$/,
  ],
  [
    'a bridge name of 16 bytes',
    BASE.replace('br0', 'br-0123456789abc'),
    /^f:2:3: bridges\.br-0123456789abc: expected an interface's name/,
  ],
  ['a bridge name with a slash', BASE.replace('br0', 'a/b'), /^f:2:3: bridges\.a\/b: expected an interface's name/],
  ['a bridge name with a space', BASE.replace('br0', 'a b'), /^f:2:3: bridges\.a b: expected an interface's name/],
  [
    'names that the kernel takes for no interface',
    `${BASE}    uplinks: ["", ".", "..", a/b, "a b", "a\\x7fb", à, éééééééé]\n`,
    new RegExp(
      `^${[0, 1, 2, 3, 4, 5, 6, 7].map((i) => `f:5:.*uplinks\\[${i}\\]: expected an interface's name.*`).join('\n')}$`,
    ),
  ],
  [
    'an uplink with a colon',
    `${BASE}    uplinks: [eth0:1]\n`,
    /^f:5:15: bridges\.br0\.uplinks\[0\]: .*found "eth0:1"$/,
  ],
  [
    'an unknown word',
    `${BASE}    unexpected: keep\n`,
    'f:5:17: bridges.br0.unexpected: expected one of report, remove, ignore, found "keep"',
  ],
  [
    'a rule without a domain',
    rules('      - {name: a, domains: []}\n'),
    /^f:6:28: bridges\.br0\.rules\[0\]\.domains: .*found an empty list$/,
  ],
  [
    'a domain of digits without quotes',
    rules('      - {name: a, domains: [9800]}\n'),
    /domains\[0\]: .*\(a name of digits only in quotes\), found 9800$/,
  ],
  ['a domain with a slash', rules('      - {name: a, domains: [../x]}\n'), /domains\[0\]: .*found "\.\.\/x"$/],
  [
    'two rules of one name',
    rules('      - {name: a, domains: [x]}\n      - {name: a, domains: [y]}\n'),
    'f:7:16: bridges.br0.rules[1].name: a is the name of a rule above too; choose another',
  ],
  [
    'a rule without a selector',
    rules('      - {name: a, pvid: 1}\n'),
    /^f:6:9: bridges\.br0\.rules\[0\]: expected at least one of domains, mac, networks, portgroups, aliases, found none/,
  ],
  [
    'an alias that is not the user’s',
    rules('      - {name: a, aliases: [net0]}\n'),
    /^f:6:29: bridges\.br0\.rules\[0\]\.aliases\[0\]: expected an interface's alias as ua-lan.*, found "net0"$/,
  ],
  [
    'a misspelt selector',
    rules('      - {name: a, network: [lan]}\n'),
    /rules\[0\]\.network: unknown key; did you mean networks\?/,
  ],
  [
    'a network that an earlier rule takes',
    rules('      - {name: a, networks: ["l*"]}\n      - {name: b, networks: [lan], domains: [x]}\n'),
    'f:7:46: bridges.br0.rules[1].domains[0]: x never comes to this rule, for a above takes it; delete one of them or change the order',
  ],
  [
    'interfaces that an earlier rule takes',
    rules('      - {name: a, networks: [lan, dmz]}\n      - {name: b, networks: [dmz], mac: "52:54:00:00:00:01"}\n'),
    'f:7:9: bridges.br0.rules[1]: what it names never comes to this rule, for a above takes it; delete one of them or change the order',
  ],
  [
    'a MAC that an earlier rule takes',
    rules('      - {name: a, mac: "52:54:00:00:00:01"}\n      - {name: b, mac: "52:54:00:00:00:01", networks: [x]}\n'),
    'f:7:9: bridges.br0.rules[1]: what it names never comes to this rule, for a above takes it; delete one of them or change the order',
  ],
  [
    'a domain that an earlier rule has in its list',
    rules('      - {name: a0, domains: [x, y]}\n      - {name: b, domains: [z, y]}\n'),
    'f:7:32: bridges.br0.rules[1].domains[1]: y never comes to this rule, for a0 above takes it; delete one of them or change the order',
  ],
  [
    'an alias above its anchor',
    'bridges:\n  a: { vlans: [1, *b], pvid: 1 }\n  b: &b { vlans: [1], pvid: 1 }\n',
    'f:2:19: bridges.a.vlans[1]: expected a VLAN id from 1 to 4094, or a range of them as 200-210, found *b, whose anchor does not stand above it; text that begins with * must stand in quotes',
  ],
  [
    'a rule called libvirt',
    rules('      - {name: libvirt, domains: [x]}\n'),
    /libvirt stands for libvirt's own <vlan>;/,
  ],
  [
    'an unknown source of intent',
    `${BASE}    intent: [rules, vlans]\n`,
    'f:5:21: bridges.br0.intent[1]: expected one of rules, vlan, metadata, found "vlans"',
  ],
  ['no source of intent', `${BASE}    intent: []\n`, /^f:5:13: bridges\.br0\.intent: .*found an empty list$/],
  [
    'a source of intent that stands twice',
    `${BASE}    intent: [vlan, rules, vlan]\n`,
    'f:5:27: bridges.br0.intent[2]: vlan stands above too; delete one of them',
  ],
  [
    'a source of intent that stands twice and alone',
    `${BASE}    intent: [vlan, vlan]\n`,
    'f:5:20: bridges.br0.intent[1]: vlan stands above too; delete one of them',
  ],
  [
    'a rule that takes away all that its bridge has',
    rules('      - {name: a, domains: [x], vlans: [], pvid: none}\n'),
    /^f:6:9: bridges\.br0\.rules\[0\]: no VLANs and no PVID/,
  ],
  [
    'a rule that takes away the PVID, which is all',
    'bridges: {br0: {vlans: [], pvid: 5, rules: [{name: a, domains: [x], pvid: none}]}}\n',
    /rules\[0\]: no VLANs and no PVID/,
  ],
  [
    'a network where an earlier rule takes all domains',
    rules('      - {name: a, domains: [y, "*"]}\n      - {name: b, networks: [lan]}\n'),
    /^f:7:9: bridges\.br0\.rules\[1\]: what it names never comes to this rule/,
  ],
  [
    'a MAC that an earlier rule takes',
    rules('      - {name: a, mac: "52:54:00:00:00:01"}\n      - {name: b, mac: "52-54-00-00-00-01", domains: [x]}\n'),
    /rules\[1\]\.domains\[0\]: x never comes to this rule/,
  ],
  [
    'a glob that an earlier glob takes',
    rules('      - {name: a, domains: ["v*"]}\n      - {name: b, domains: ["vy*"]}\n'),
    /domains\[0\]: vy\* never comes to this rule/,
  ],
  [
    'a name that an earlier "?" takes',
    rules('      - {name: a, domains: ["?x"]}\n      - {name: b, domains: [ax]}\n'),
    /domains\[0\]: ax never comes to this rule/,
  ],
  [
    'a glob that stands twice',
    rules('      - {name: a, domains: ["a?*"]}\n      - {name: b, domains: ["a?*"]}\n'),
    /domains\[0\]: a\?\* never comes to this rule/,
  ],
  [
    'rules that are no source of intent',
    `${rules('      - {name: a, domains: [x]}\n')}    intent: [vlan]\n`,
    /^f:7:13: bridges\.br0\.intent: there are rules, but rules is not named here; add it, or delete the rules$/,
  ],
  ['a VLAN 0 that is allowed', `${BASE}    allowed: [0]\n`, /^f:5:15: bridges\.br0\.allowed\[0\]: expected a VLAN id/],
  [
    'a host of nothing',
    `${BASE}    host: {vlans: []}\n`,
    'f:5:19: bridges.br0.host.vlans: no VLANs and no PVID: nothing would be checked',
  ],
  ['a rule called default', rules('      - {name: default, domains: [x]}\n'), /^f:6:16: .*choose another name$/],
  [
    'a domain that an earlier rule takes',
    rules('      - {name: a, domains: ["v*"]}\n      - {name: b, domains: [w, vyos]}\n'),
    'f:7:32: bridges.br0.rules[1].domains[1]: vyos never comes to this rule, for a above takes it; delete one of them or change the order',
  ],
  [
    'a MAC of a group',
    rules('      - {name: a, domains: [x], mac: "01:00:5e:00:00:01"}\n'),
    /mac: expected the MAC address of one guest interface/,
  ],
  [
    'neither VLANs nor a PVID',
    'bridges: {br0: {vlans: [], pvid: none}}\n',
    /^f:1:24: bridges\.br0\.vlans: no VLANs and no PVID.* pvid: 999 of a VLAN that is used nowhere, and is on no uplink,/,
  ],
  [
    'a duration without unit',
    `${BASE}remediation: {window: 10}\n`,
    'f:5:23: remediation.window: expected a duration from one second to a year, as 90s, 10m, 1h30m or 7d, found 10',
  ],
  ...['0s', '366d1s'].map((text): [string, string, string] => [
    `a duration out of bounds, ${text}`,
    `${BASE}remediation: {cooldown: ${text}}\n`,
    `f:5:25: remediation.cooldown: expected a duration from one second to a year, as 90s, 10m, 1h30m or 7d, found "${text}"`,
  ]),
  [
    'a cron expression of five fields',
    `${BASE}schedule: "* * * * *"\n`,
    /^f:5:11: schedule: expected a cron expression of six fields/,
  ],
  ['the 31st of February', `${BASE}schedule: "0 0 0 31 2 *"\n`, /^f:5:11: schedule: /],
  ...['0 0 3 31 * 1#1', '0 0 3 1 * 5L', '0 0 3 31W 2 *'].map((text): [string, string, string] => [
    `${text}, which never comes`,
    `${BASE}schedule: "${text}"\n`,
    `f:5:11: schedule: "${text}" never comes: no day is all that it asks for (day of month, month and weekday)`,
  ]),
  ['a tab', 'bridges:\n\tbr0: 1\n', 'f:2:1: not valid YAML: Tabs are not allowed as indentation'],
  ['an unclosed quote', `${BASE}schedule: "x\n`, /^f:6:1: not valid YAML: Missing closing "quote/],
  [
    'two documents',
    `${BASE}---\n${BASE}`,
    'f:5:1: a second document begins here, and the file must hold one; delete it, or the line that divides them (---)',
  ],
  [
    'a cron expression without quotes',
    `${BASE}schedule: */15 * * * * *\n`,
    'f:5:11: text that begins with * must stand in quotes: YAML takes it for something else',
  ],
  [
    'a cron expression without quotes, of lists',
    `${BASE}schedule: */15 0,*/2 * * * *\n`,
    'f:5:11: text that begins with * must stand in quotes: YAML takes it for something else',
  ],
  ...['!x y', '!x', '!x! y', '@x', '`x`', '%x', '*', '*.dev x', '&'].map((value): [string, string, string] => [
    `${value} without quotes`,
    `${BASE}schedule: ${value}\n`,
    `f:5:11: text that begins with ${value[0]} must stand in quotes: YAML takes it for something else`,
  ]),
  [
    'a glob without quotes in a list',
    `${BASE}    rules: [{name: a, domains: [b, *, c]}]\n`,
    'f:5:36: text that begins with * must stand in quotes: YAML takes it for something else',
  ],
  [
    'a glob without quotes in a list over lines',
    `${BASE}    uplinks:\n    - a\n    - @b\n`,
    'f:7:7: text that begins with @ must stand in quotes: YAML takes it for something else',
  ],
  [
    'a word that is an anchor',
    `${BASE}    unexpected: &x\n`,
    /^f:5:\d+: bridges\.br0\.unexpected: expected .*, found nothing but the anchor &x; text that begins with & must stand in quotes$/,
  ],
  ['what is wrong behind an alias', `a: &a [x]\nb: {c: *a, d: "x" y}\n`, /^f:2:\d+: not valid YAML: /],
  [
    'an alias of nothing',
    `${BASE}schedule: *x\n`,
    /schedule: expected .*, found \*\w+, whose anchor does not stand above it; text that begins with \* must stand in quotes$/,
  ],
  [
    'a merge key',
    BASE.replace('br0:', 'br0: &b').concat('  br1:\n    <<: *b\n    pvid: 20\n'),
    'f:6:5: bridges.br1.<<: merge keys are not supported; repeat the keys here, or let an alias stand for the whole value',
  ],
  ['a merge key at the top', `${BASE}<<: {}\n`, /^f:5:1: <<: merge keys are not supported/],
  ['an empty file', '', 'f: the file is empty; expected at least "bridges:"'],
  ['a document of nothing', '---\n', 'f: the file is empty; expected at least "bridges:"'],
  ['null', 'null\n', 'f: the file is empty; expected at least "bridges:"'],
  [
    'a key without a value in braces',
    'bridges: {br0: {vlans: [10], pvid}}\n',
    /^f:1:30: bridges\.br0\.pvid: expected .*, found nothing$/,
  ],
  [
    'a value of many letters',
    `${BASE}    uplinks: [${'x'.repeat(58)}, ${'x'.repeat(59)}]\n`,
    /found "x{58}"\n.*found "x{56}…"$/,
  ],
  ['a file of comments', '# x\n', 'f: the file is empty; expected at least "bridges:"'],
  ['a scalar', 'hello\n', /^f:1:1: expected a mapping .*, found "hello"$/],
  [
    'a byte that is no UTF-8',
    'a\nbc\ufffd',
    'f:2:3: expected text in UTF-8, found other bytes; save the file as UTF-8',
  ],
  ['a file of zeros', 'a\n\0\0', 'f:2:1: expected text in UTF-8, found other bytes; save the file as UTF-8'],
  ['a deep nesting', '['.repeat(100_000), /^f: cannot be parsed as YAML|not valid YAML/],
  ['a huge file', 'x'.repeat(300_000), 'f: larger than 256 KiB; is it the right file?'],
  [
    'a bomb of aliases',
    `${BASE}x: &x [a]\ny: [${'*x,'.repeat(200)}]\n`,
    'f: more than 100 aliases (*name); write the values out',
  ],
])('%s', (_what, text, message) => {
  if (typeof message === 'string') expect(messageOf(text)).toBe(message);
  else expect(messageOf(text)).toMatch(message);
});

test('every problem is told, in the order of the lines', () => {
  const text = 'hook: {fail_closed: maybe}\nbridges:\n  br0: {vlans: [0], pvid: x}\n  br1: {vlan: [1], pvid: 1}\n';
  expect(
    messageOf(text)
      .split('\n')
      .map((line) => line.split(': ').slice(0, 2).join(' ')),
  ).toEqual([
    'f:1:21 hook.fail_closed',
    'f:3:17 bridges.br0.vlans[0]',
    'f:3:27 bridges.br0.pvid',
    'f:4:8 bridges.br1.vlans',
    'f:4:9 bridges.br1.vlan',
  ]);
});

test.each([
  ['for one network', '{name: a, networks: [lan], domains: ["*"]}', '{name: b, domains: [x]}'],
  ['for named domains', '{name: a, domains: [x]}', '{name: b, networks: [lan]}'],
  ['for one alias', '{name: a, aliases: [ua-a]}', '{name: b, aliases: ["ua-*"]}'],
  ['for any network', '{name: a, networks: ["*"]}', '{name: b, domains: [x]}'],
  ['for one of two networks', '{name: a, networks: [lan]}', '{name: b, networks: [lan, dmz]}'],
  ['for names of two letters', '{name: a, domains: ["v?"]}', '{name: b, domains: ["v*"]}'],
  ['for another MAC', '{name: a, mac: "52:54:00:00:00:01"}', '{name: b, mac: "52:54:00:00:00:02"}'],
])('a rule %s does not hide a later, wider one', (_what, narrow, wide) => {
  expect(messageOf(rules(`      - ${narrow}\n      - ${wide}\n`))).toBe('');
});

test('what is said of sources, bounds and the host is read, and is part of the policy', () => {
  const read = (more: string) => parseSettings(`bridges: {br0: {vlans: [10], pvid: 1${more}}}`, 'f').policy;
  const policy = read(', intent: [metadata, vlan], allowed: ["10-20"], host: {vlans: [100], pvid: 5}');
  expect(policy.bridges[0]).toMatchObject({
    intent: ['metadata', 'vlan'],
    allowed: [vidRange(10, 20)],
    host: parseTable('5* 100'),
  });
  const hashes = [
    '',
    ', intent: [vlan]',
    ', intent: [vlan, rules]',
    ', allowed: [10]',
    ', host: {vlans: [100]}',
    ', rules: [{name: a, networks: [lan]}]',
    ', rules: [{name: a, portgroups: [lan]}]',
    ', rules: [{name: a, aliases: [ua-lan]}]',
  ].map((more) => read(more).sha256);
  expect(new Set(hashes).size).toBe(hashes.length);
});

test('a selector of nothing is told with an example', () => {
  const said = (key: string) => messageOf(rules(`      - {name: a, ${key}: []}\n`));
  const examples = { domains: '[vyos-01, "k3s-*"]', networks: '[lan]', portgroups: '[dmz]', aliases: '[ua-lan]' };
  for (const [key, example] of Object.entries(examples))
    expect(said(key)).toContain(`expected a list of at least one name or glob, as ${example}, found an empty list`);
});

test('a rule for one MAC does not hide a later rule for the whole domain', () => {
  const text = rules('      - {name: a, domains: [x], mac: "52:54:00:00:00:01"}\n      - {name: b, domains: [x]}\n');
  expect(messageOf(text)).toBe('');
});

test('whatever the text, the error is a ConfigError', () => {
  const pieces = fc.constantFrom(
    ...defaultConfigText().split(/(\s+)/),
    '&a ',
    '*a',
    '!!map ',
    '? ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '|\n',
    '"',
    "'",
    '%',
    '\t',
    '\r',
    '---\n',
    '<<: ',
    '\ud800',
  );
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
    fc
      .tuple(fc.nat(defaultConfigText().length), pieces)
      .map(([at, piece]) => defaultConfigText().slice(0, at) + piece + defaultConfigText().slice(at)),
    fc.nat(defaultConfigText().length).map((at) => defaultConfigText().slice(0, at)),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const message = messageOf(text);
      for (const line of message === '' ? [] : message.split('\n')) {
        expect(line).toMatch(/^f(:\d+:\d+)?: ./);
        expect(line).toBe(printable(line));
      }
    }),
    { numRuns: 500 },
  );
}, 60_000);

test('a key that a terminal would obey is written out', () => {
  expect(messageOf('\rname: x\nbridges: {}\n')).toMatch(/^f:1:1: \\x0dname: unknown key; /);
  expect(messageOf('"\\e[31mname": x\nbridges: {}\n')).toMatch(/^f:1:1: \\x1b\[31mname: unknown key; /);
});

test('a file that is not there, not a file, unreadable or too large is told without being read', () => {
  const host = (file: object): Host => ({ stat: () => undefined, readText: () => '', ...file }) as unknown as Host;
  const load = (file: object) => () => loadSettings(host(file), '/etc/c.yml');
  const stat = (over: object) => () => ({ ino: 1, mtimeMs: 0, size: 10, isFile: true, ...over });
  const fail = (message: string) => () => {
    throw new Error(message);
  };
  expect(load({})).toThrow(
    '/etc/c.yml: no such file; "libvirt-vlan-exporter config infer" proposes one, or name another with --config.file',
  );
  expect(load({ stat: stat({ isFile: false }) })).toThrow(
    '/etc/c.yml: not a regular file; what comes from a pipe, save to a file first',
  );
  expect(load({ stat: stat({ size: 1e9 }), readText: fail('read') })).toThrow('/etc/c.yml: larger than 256 KiB');
  expect(load({ stat: stat({}), readText: fail('EACCES: permission denied') })).toThrow(
    '/etc/c.yml: cannot be read: EACCES: permission denied',
  );
  expect(load({ stat: stat({}), readText: () => BASE })().policy.bridges).toHaveLength(1);
  expect(load({ stat: stat({ size: 256 * 1024 }), readText: () => BASE })().policy.bridges).toHaveLength(1);
});

test('the least that a number may be is taken', () => {
  const text = `${BASE}hook: {wait_seconds: 0}\nremediation: {max_heals: 1, max_vnets_per_policy_change: 0}\n`;
  const { hook, remediation } = parseSettings(text, 'f');
  expect([hook.waitMs, remediation.maxHeals, remediation.maxVnetsPerPolicyChange]).toEqual([0, 1, 0]);
});

test('so is the most, and not one more', () => {
  const numbers = (more: number) =>
    [
      BASE,
      `hook: {wait_seconds: ${600 + more}, fail_closed: true, identifiers: [b, a, b]}`,
      `remediation: {max_heals: ${1000 + more}, max_vnets_per_policy_change: ${100_000 + more}}`,
      `metrics: {max_vlan_series_per_vnet: ${4094 + more}}\n`,
    ].join('\n');
  const { hook, remediation, metrics } = parseSettings(numbers(0), 'f');
  expect(hook).toEqual({ waitMs: 600_000, failClosed: true, identifiers: ['a', 'b'] });
  expect(remediation).toMatchObject({ maxHeals: 1000, maxVnetsPerPolicyChange: 100_000 });
  expect(metrics).toEqual({ maxVlanSeriesPerVnet: 4094 });
  expect(messageOf(numbers(1)).split('\n')).toHaveLength(4);
  expect(messageOf(numbers(0.5)).split('\n')).toHaveLength(4);
});

test('a file of 256 KiB, and one of a hundred aliases, are read', () => {
  const comment = (length: number) => `${BASE}#${'x'.repeat(length - BASE.length - 1)}`;
  expect(messageOf(comment(256 * 1024))).toBe('');
  expect(messageOf(comment(256 * 1024 + 1))).toMatch(/larger than/);
  expect(messageOf(`bridges: {br0: {vlans: [&x 10${', *x'.repeat(100)}], pvid: 1}}`)).toBe('');
});

test('of many problems the first 50 are told, and how many more there are', () => {
  const lines = (count: number) =>
    messageOf(`${BASE}${Array.from({ length: count }, (_, i) => `zz${i}: 1\n`).join('')}`).split('\n');
  expect(lines(50)).toHaveLength(50);
  expect(lines(50)[49]).toMatch(/^f:54:1: zz49/);
  expect(lines(53).slice(49)).toEqual([expect.stringMatching(/^f:54:1: zz49/), 'f: and 3 more']);
});

test('a file may watch no bridge, as one that was just installed', () => {
  expect(parseSettings('bridges: {}\n', 'f').policy.bridges).toEqual([]);
});
