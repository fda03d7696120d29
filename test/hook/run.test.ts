import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseSettings } from '../../src/config/load.ts';
import { runStart, STATUS } from '../../src/hook/run.ts';
import type { SimInterface } from '../../src/host/sim/vm.ts';
import { PAUSE_FILE, STATUS_FILE } from '../../src/model/remediator-paths.ts';
import { CONFIG, SHIPPED, stdinXml, tableOf, testMachine } from './machine.ts';

const RIGHT = '10 20 30 40 100* 110 120';
const nic = (n: number, more: Partial<SimInterface> = {}): SimInterface => ({
  mac: `52:54:00:00:00:0${n}`,
  bridge: 'br-mgmt',
  ...more,
});
const vm = (name: string, ...interfaces: SimInterface[]) => ({
  name,
  uuid: '00000000-0000-4000-8000-000000000001',
  interfaces: interfaces.length > 0 ? interfaces : [nic(1)],
});

test('the exit statuses are those that hook.sh knows', () => {
  const script = readFileSync('src/hook/hook.sh', 'utf8');
  expect(STATUS.done).toBe(0);
  for (const line of [
    `${STATUS.failedUnread}) ;; # It has told why, and could not read the config.`,
    `${STATUS.failedOpen}) return 0 ;; # It has told why, and the config lets the VM start.`,
    `${STATUS.failedClosed}) ;; # It has told why, and the config does not.`,
    `[ $status = ${STATUS.failedClosed} ] || fail_closed || return 0`,
  ])
    expect(script).toContain(`\n  ${line}\n`);
});

test('at start a VM of a rule gets its VLANs and PVID, in one entry that stands for the run', async () => {
  const { host, call, entries, said } = testMachine();
  host.start(vm('vyos-01'));
  expect(await call('vyos-01', 'start')).toBe(STATUS.done);
  expect(tableOf(host, 'vnet0')).toBe(RIGHT);
  expect(said()).toEqual(['6 start: vnet0 on br-mgmt: VLANs 10 20 30 40 100 110 120, PVID 100 (rule pvid100); was 1*']);
  expect(entries[0]).toMatchObject({
    SYSLOG_IDENTIFIER: ['libvirt-hook', 'libvirt-hook[vyos-01]'],
    LIBVIRT_VLAN_DOMAIN: 'vyos-01',
    LIBVIRT_VLAN_OPERATION: 'start',
    LIBVIRT_VLAN_BRIDGE: 'br-mgmt',
    LIBVIRT_VLAN_VNET: 'vnet0',
    LIBVIRT_VLAN_FINDING: ['pvid_wrong', 'vlan_missing', 'vlan_unexpected'],
    LIBVIRT_VLAN_OUTCOME: 'verified',
    LIBVIRT_VLAN_BEFORE: '1*',
    LIBVIRT_VLAN_AFTER: RIGHT,
    LIBVIRT_VLAN_DURATION_MS: 0,
    LIBVIRT_VLAN_RUN: 1,
  });
});

test('a VM that no rule names gets the default PVID and a warning', async () => {
  const { host, call, said, entries } = testMachine();
  host.start(vm('web-1'));
  await call('web-1', 'start');
  expect(tableOf(host, 'vnet0')).toBe('1* 10 20 30 40 100 110 120');
  expect(said()[0]).toContain('PVID 1 (rule default)');
  expect(entries.map((entry) => entry.LIBVIRT_VLAN_RUN)).toEqual([undefined, 1]);
  expect(said()[1]).toBe('4 WARN: start: no rule of br-mgmt names this VM: PVID 1 by default, verify that it is right');
});

test('that no rule names it is told at start, of a bridge that has rules, and not of one that has none', async () => {
  const { host, call, said } = testMachine({
    config: `bridges:
  br-lan: {vlans: [20], pvid: none}
  br-mgmt: {vlans: [10], pvid: none, rules: [{name: one, domains: [other], pvid: 100}]}
`,
  });
  host.addBridge('br-lan');
  host.start(vm('a', nic(1, { bridge: 'br-lan' }), nic(2)));
  await call('a', 'start');
  expect(said()).toEqual([
    '6 start: vnet0 on br-lan: VLANs 20, PVID none (rule default); was 1*',
    '6 start: vnet1 on br-mgmt: VLANs 10, PVID none (rule default); was 1*',
    '4 WARN: start: no rule of br-mgmt names this VM: PVID none by default, verify that it is right',
  ]);
  await call('a', 'reconnect');
  expect(said().slice(3)).toEqual([
    '6 reconnect: vnet0 on br-lan: right already, 20',
    '6 reconnect: vnet1 on br-mgmt: right already, 10',
  ]);
});

test('the hook runs two processes and no more: a dump, and a batch that ends with one', async () => {
  const { host, call } = testMachine();
  host.start(vm('vyos-01', nic(1), nic(2)));
  await call('vyos-01', 'start');
  expect(host.commands).toEqual(['bridge -j -compressvlans vlan show', 'bridge -j -compressvlans -batch -']);
});

test('started: what is right is passed over in silence, what was undone is done again, and is no second run', async () => {
  const { host, call, entries } = testMachine();
  host.start(vm('vyos-01'));
  await call('vyos-01', 'start');
  await call('vyos-01', 'started');
  expect(entries).toHaveLength(1);
  host.wipe('vnet0');
  await call('vyos-01', 'started');
  expect(tableOf(host, 'vnet0')).toBe(RIGHT);
  expect(entries).toHaveLength(2);
  expect(entries[1]?.LIBVIRT_VLAN_RUN).toBeUndefined();
});

test('reconnect: what was undone is done again, and it is a run', async () => {
  const { host, call, entries } = testMachine();
  host.start(vm('vyos-01'));
  await call('vyos-01', 'reconnect');
  await call('vyos-01', 'reconnect');
  expect(entries.map((entry) => [entry.LIBVIRT_VLAN_RUN, entry.MESSAGE])).toEqual([
    [1, expect.stringContaining('PVID 100')],
    [1, `reconnect: vnet0 on br-mgmt: right already, ${RIGHT}`],
  ]);
  expect(entries[1]).toMatchObject({
    LIBVIRT_VLAN_OUTCOME: 'compliant',
    LIBVIRT_VLAN_BRIDGE: 'br-mgmt',
    LIBVIRT_VLAN_VNET: 'vnet0',
    LIBVIRT_VLAN_BEFORE: RIGHT,
    LIBVIRT_VLAN_AFTER: RIGHT,
  });
});

describe('a job has waited', () => {
  const CONFIG = 'bridges:\n  br-mgmt: {vlans: [10], pvid: 1, intent: [vlan, rules]}\n';

  test.each(['started', 'reconnect'] as const)(
    'and the VM was changed meanwhile: what it is now counts, at %s',
    async (operation) => {
      const { host, call } = testMachine({ config: CONFIG });
      host.start(vm('fw', nic(1, { vlan: { tags: [{ id: 42 }] } })));
      const xml = stdinXml(host, 'fw');
      host.setVlan('fw', nic(1).mac, { tags: [{ id: 43 }] });
      await call('fw', operation, xml);
      expect(tableOf(host, 'vnet0')).toBe('43*');
    },
  );

  test('and the VM was started anew: its former tap is not missed', async () => {
    const { host, call, said } = testMachine();
    host.start(vm('vyos-01'));
    const xml = stdinXml(host, 'vyos-01');
    host.stop('vyos-01');
    host.start(vm('vyos-01'));
    await call('vyos-01', 'started', xml);
    expect(said()).toEqual([expect.stringMatching(/^6 started: vnet1 on br-mgmt: VLANs .*PVID 100/)]);
  });

  test('where the live XML is not understood, what was handed over counts', async () => {
    const { host, call } = testMachine();
    host.start(vm('vyos-01'));
    const xml = stdinXml(host, 'vyos-01');
    host.writeFile('/run/libvirt/qemu/vyos-01.xml', '<domain>');
    await call('vyos-01', 'started', xml);
    expect(tableOf(host, 'vnet0')).toBe(RIGHT);
  });
});

test('only its own taps are touched, whatever the MACs of others', async () => {
  const { host, call } = testMachine();
  host.start(vm('other', nic(1, { mac: '02:54:00:00:00:01' }), nic(1, { mac: 'fe:54:00:00:00:01' })));
  host.start(vm('vyos-01', nic(1), nic(2, { target: 'tap-web.1' })));
  await call('vyos-01', 'start');
  expect(['vnet0', 'vnet1', 'vnet2', 'tap-web.1'].map((port) => tableOf(host, port))).toEqual([
    '1*',
    '1*',
    RIGHT,
    RIGHT,
  ]);
});

test('a VM that stops while its taps are awaited is no error', async () => {
  const { call, entries, host } = testMachine({
    sleep: (at) => at.running().includes('vyos-01') && at.stop('vyos-01'),
  });
  host.start(vm('vyos-01'));
  const xml = stdinXml(host, 'vyos-01');
  host.kernel.removeLink('vnet0');
  const before = host.now();
  await call('vyos-01', 'started', xml);
  expect(entries).toEqual([]);
  expect(host.now() - before).toBeLessThan(1000);
});

test('nor is one that dies while libvirtd is down, which leaves its live XML behind', async () => {
  const file = '/run/libvirt/qemu/vyos-01.xml';
  let live = '';
  const { call, entries, host } = testMachine({
    sleep: (at) => {
      if (!at.running().includes('vyos-01')) return;
      at.stop('vyos-01');
      at.writeFile(file, live);
    },
  });
  host.start(vm('vyos-01'));
  live = host.readText(file);
  const xml = stdinXml(host, 'vyos-01');
  host.kernel.removeLink('vnet0');
  await call('vyos-01', 'started', xml);
  expect(entries).toEqual([]);
});

test.each(['started', 'reconnect'] as const)('nor is one that stops while the hook looks, at %s', async (operation) => {
  const { call, said, host } = testMachine();
  host.start(vm('vyos-01'));
  const xml = stdinXml(host, 'vyos-01');
  host.onRun((line) => {
    if (line.includes('show') && host.running().includes('vyos-01')) host.stop('vyos-01');
  });
  await call('vyos-01', operation, xml);
  expect(said()).toEqual([`6 ${operation}: vnet0 on br-mgmt: gone before it was configured`]);
});

test('started configures taps that are there, also where the live XML is gone', async () => {
  const { host, call } = testMachine();
  host.start(vm('vyos-01'));
  const xml = stdinXml(host, 'vyos-01');
  host.removeFile('/run/libvirt/qemu/vyos-01.xml');
  await call('vyos-01', 'started', xml);
  expect(tableOf(host, 'vnet0')).toBe(RIGHT);
});

test('at start a tap that is not there yet is no error, but the start is not done', async () => {
  const { host, call, said, entries } = testMachine();
  host.start(vm('vyos-01'));
  const xml = stdinXml(host, 'vyos-01');
  host.kernel.removeLink('vnet0');
  expect(await call('vyos-01', 'start', xml)).toBe(STATUS.failedOpen);
  expect(said()).toEqual(['6 start: vnet0 is not a port of br-mgmt yet; looking again when it has started']);
  expect(entries[0]).toMatchObject({
    LIBVIRT_VLAN_OUTCOME: 'absent',
    LIBVIRT_VLAN_BRIDGE: 'br-mgmt',
    LIBVIRT_VLAN_VNET: 'vnet0',
    LIBVIRT_VLAN_FINDING: ['not_on_bridge'],
  });
});

describe('at reconnect', () => {
  const { sha256 } = parseSettings(SHIPPED, 'config.yml').policy;

  test.each([
    ['holds this policy', { policySha256: 'a', heldPolicySha256: sha256 }, 'the remediator holds this policy until'],
    ['goes by another policy', { policySha256: 'a' }, 'the remediator has not taken this policy yet'],
    ['knows no accepted policy', { policySha256: '' }, 'the remediator has not taken this policy yet'],
    [
      'holds what the domain asks for',
      { policySha256: sha256, held: [{ domain: 'vyos-01' }] },
      'the remediator holds what this domain asks for until',
    ],
    ['is paused', undefined, 'the remediator is paused'],
  ])('where the remediator %s, nothing is changed', async (_, status, expected) => {
    const { host, call, said, entries } = testMachine();
    host.start(vm('vyos-01'));
    if (status) host.writeFile(STATUS_FILE, JSON.stringify(status));
    else host.writeFile(PAUSE_FILE, '');
    await call('vyos-01', 'reconnect');
    expect(tableOf(host, 'vnet0')).toBe('1*');
    expect(said()).toEqual([expect.stringContaining(`4 WARN: reconnect: ${expected}`)]);
    expect(entries[0]?.LIBVIRT_VLAN_RUN).toBe(1);
    await call('vyos-01', 'start');
    expect(tableOf(host, 'vnet0')).toBe(RIGHT);
  });

  test.each([
    ['pause file', PAUSE_FILE],
    ['status', STATUS_FILE],
  ])("where the remediator's %s cannot be read, nothing is changed", async (_, path) => {
    const { host, call, said } = testMachine();
    host.start(vm('vyos-01'));
    host.forbid(path);
    await call('vyos-01', 'reconnect');
    expect(tableOf(host, 'vnet0')).toBe('1*');
    expect(said()).toEqual([
      expect.stringMatching(
        `^4 WARN: reconnect: it cannot be told whether the remediator is paused or holds something: EACCES.*${path}`,
      ),
    ]);
  });

  test('where the status is cut off, the VLANs are set', async () => {
    const { host, call } = testMachine();
    host.start(vm('vyos-01'));
    host.writeFile(STATUS_FILE, `{"version":1,"heldPolicySha256":"${sha256}`);
    await call('vyos-01', 'reconnect');
    expect(tableOf(host, 'vnet0')).toBe(RIGHT);
  });

  test.each([
    ['this policy is in force', { policySha256: sha256, held: [{ domain: 'web-1' }] }],
    ['another one is held', { policySha256: sha256, heldPolicySha256: 'a', held: [] }],
    ['the status is no status', []],
    ['the status is empty', null],
    ['what the status holds is no list', { policySha256: sha256, held: { domain: 'vyos-01' } }],
  ])('where %s, the VLANs are set', async (_, status) => {
    const { host, call } = testMachine();
    host.start(vm('vyos-01'));
    host.writeFile(STATUS_FILE, JSON.stringify(status));
    await call('vyos-01', 'reconnect');
    expect(tableOf(host, 'vnet0')).toBe(RIGHT);
  });
});

test('at reconnect a tap that is not there is an error', async () => {
  const { host, call, said } = testMachine();
  host.start(vm('vyos-01'));
  const xml = stdinXml(host, 'vyos-01');
  host.kernel.removeLink('vnet0');
  await call('vyos-01', 'reconnect', xml);
  expect(said()).toEqual([expect.stringMatching(/^3 ERROR: reconnect: expected interface/)]);
});

test('started waits, and configures the tap when it comes', async () => {
  let polls = 0;
  const { host, call, said } = testMachine({
    sleep: (sim) => {
      if (++polls === 3) sim.kernel.setMaster('vnet0', 'br-mgmt');
    },
  });
  host.start(vm('vyos-01'));
  const xml = stdinXml(host, 'vyos-01');
  host.kernel.setMaster('vnet0', undefined);
  await call('vyos-01', 'started', xml);
  expect(tableOf(host, 'vnet0')).toBe(RIGHT);
  expect(polls).toBe(3);
  expect(said()).toHaveLength(1);
});

test('started waits wait_seconds and no longer, then that is an error', async () => {
  const { host, call, said } = testMachine();
  host.start(vm('vyos-01'));
  const xml = stdinXml(host, 'vyos-01');
  host.kernel.removeLink('vnet0');
  const begin = host.now();
  await call('vyos-01', 'started', xml);
  expect(host.now() - begin).toBe(15_000);
  expect(said()).toEqual([
    '3 ERROR: started: expected interface 52:54:00:00:00:01 on br-mgmt, but vnet0 is not a port of br-mgmt after 15 s',
  ]);
});

const SHORT = 'bridges:\n  br-mgmt:\n    vlans: [10]\n    pvid: 1\n';

test('while a job waits for one tap, another may be given another <vlan>: that is what it goes by', async () => {
  let polls = 0;
  const { host, call } = testMachine({
    config: SHORT,
    sleep: (sim) => {
      if (++polls === 2) sim.setVlan('vm', nic(1).mac, { tags: [{ id: 99 }] });
      if (polls === 4) sim.kernel.setMaster('vnet1', 'br-mgmt');
    },
  });
  host.start(vm('vm', nic(1, { vlan: { tags: [{ id: 42 }] } }), nic(2)));
  host.kernel.setMaster('vnet1', undefined);
  await call('vm', 'started');
  expect([tableOf(host, 'vnet0'), tableOf(host, 'vnet1')]).toEqual(['99*', '1* 10']);
});

test('a tap that is unplugged while a job waits for it is waited for no longer, and is no error', async () => {
  let polls = 0;
  const { host, call, said } = testMachine({
    sleep: (sim) => {
      if (++polls === 2) sim.detach('vyos-01', nic(2).mac);
    },
  });
  host.start(vm('vyos-01', nic(1), nic(2)));
  host.kernel.setMaster('vnet1', undefined);
  await call('vyos-01', 'started');
  expect([polls, tableOf(host, 'vnet0')]).toEqual([2, RIGHT]);
  expect(said().filter((line) => line.startsWith('3'))).toEqual([]);
});

test('a VM with a tap of type ethernet may start on a host that lacks another bridge of the config', async () => {
  const config = `${SHORT}  br-other:\n    vlans: [10]\n    pvid: 1\nhook: { fail_closed: true }\n`;
  const { host, call, said } = testMachine({ config });
  host.start(vm('vm', nic(1), nic(2)));
  const [head, first, second] = stdinXml(host, 'vm').split('<interface ');
  const ethernet = second?.replace("type='bridge'", "type='ethernet'").replace(/<source [^>]*\/>/, '');
  expect(await call('vm', 'start', [head, first, ethernet].join('<interface '))).toBe(STATUS.done);
  expect(said().filter((line) => line.startsWith('3'))).toEqual([]);
  expect([tableOf(host, 'vnet0'), tableOf(host, 'vnet1')]).toEqual(['1* 10', '1* 10']);
});

test('a VM whose only tap, of type ethernet, is on no bridge of the policy is left alone, and why is said', async () => {
  const { host, call, said } = testMachine({ config: SHORT });
  host.start(vm('vm'));
  const xml = stdinXml(host, 'vm')
    .replace("type='bridge'", "type='ethernet'")
    .replace(/<source bridge[^>]*\/>/, '');
  host.kernel.setMaster('vnet0', undefined);
  expect(await call('vm', 'start', xml)).toBe(STATUS.done);
  expect(said()).toEqual([expect.stringMatching(/^6 start: the policy says nothing of 52:54:00:00:00:01/)]);
});

test('a VM without an interface on a bridge of the policy is left alone, and why is said', async () => {
  const { host, call, said } = testMachine();
  const xml = `<domain><name>a</name><devices><interface type='direct'><mac address='52:54:00:00:00:01'/>
    </interface><interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='br-lan'/></interface></devices></domain>`;
  await call('a', 'start', xml);
  const told = ['6 start: the policy says nothing of 52:54:00:00:00:01 macvtap, 52:54:00:00:00:02 br-lan'];
  expect(said()).toEqual(told);
  await call('a', 'started', xml);
  expect(said()).toEqual(told);
  expect(host.commands).toEqual([]);
});

test.each([
  ["<interface type='ethernet'><mac address='52:54:00:00:00:01'/></interface>", '52:54:00:00:00:01 ethernet'],
  ["<interface type='user'/>", 'no valid <mac address>'],
  [
    "<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br-lan'/><target dev='vnet0'/></interface>",
    '52:54:00:00:00:01 br-lan',
  ],
])('nor is a bridge asked for an interface that can have no tap on it: %s', async (nic, named) => {
  const { host, call, said } = testMachine();
  expect(await call('a', 'start', `<domain><name>a</name><devices>${nic}</devices></domain>`)).toBe(STATUS.done);
  expect(said()).toEqual([`6 start: the policy says nothing of ${named}`]);
  expect(host.commands).toEqual([]);
});

test('a VM without interfaces is told of as such', async () => {
  const { call, said } = testMachine();
  await call('a', 'reconnect', '<domain><name>a</name></domain>');
  expect(said()).toEqual(['6 reconnect: the VM has no interface']);
});

test.each([
  ['{"bridges": {"br-mgmt": {"vlans": [1], "pvid": 1}}, "a": "ticket #12"}', undefined],
  [
    'bridges: {br-mgmt: {vlans: [1], pvid: 1, rules: [{name: a, domains: [a], because: "ticket #12"}]}} \nhook: {fail_closed: true}',
    STATUS.failedClosed,
  ],
  [
    '{"bridges": {"br-mgmt": {"vlans": [1], "pvid": 1, "rules": [{"name": "a", "domains": ["a"], "because": "ticket #12"}]}}, "hook": {"fail_closed": true}}',
    STATUS.failedClosed,
  ],
  [
    'bridges: {br-mgmt: {vlans: [1], pvid: 1, rules: [{name: a, domains: [a], because: "tried, fail_closed: true kept VMs down"}]}}',
    STATUS.failedOpen,
  ],
  ['bridges: {br-mgmt: {vlans: [1], pvid: 1}}\nhook: {fail_closed: &a true}', STATUS.failedClosed],
])('a start that fails says what the config wants of it: %s', async (config, status) => {
  const { call } = testMachine({ config });
  expect(await call('vyos-01', 'start', '<')).toBe(status ?? STATUS.failedUnread);
});

const bad: Record<string, { xml?: string; config?: string; guest?: string; says: string }> = {
  'no config': { config: '', says: 'the file is empty' },
  'bad config': { config: 'bridges:\n  br-mgmt:\n    vlans: [0]\n', says: 'config.yml:3:' },
  'empty stdin': { xml: '', says: 'the XML is empty' },
  'broken XML': { xml: '<domain><name>vyos-01', says: 'broken' },
  'a config with two mistakes': {
    config: 'bridges:\n  br-mgmt:\n    vlans: [0]\n    pvid: 0\n',
    says: `; ${CONFIG}:4:`,
  },
  'XML of another VM': { xml: '<domain><name>vyos-02</name></domain>', says: 'the XML is that of "vyos-02"' },
  'XML of a VM with a long name': {
    xml: `<domain><name>${'v'.repeat(200)}</name></domain>`,
    says: `the XML is that of "${'v'.repeat(80)}"`,
  },
  'a guest that is a path': { guest: '../../etc/passwd', says: 'the XML is that of "vyos-01"' },
};
for (const [what, { xml, config, guest = 'vyos-01', says }] of Object.entries(bad)) {
  test(`${what}: one entry of one line, nothing changed`, async () => {
    const { host, call, said, entries } = testMachine(config === undefined ? {} : { config });
    host.start(vm('vyos-01'));
    const fed = xml ?? stdinXml(host, 'vyos-01');
    expect(await call(guest, 'start', fed)).toBe(config === undefined ? STATUS.failedOpen : STATUS.failedUnread);
    for (const operation of ['started', 'reconnect'] as const) await call(guest, operation, fed);
    expect(said()).toHaveLength(3);
    // At `started` the run has been counted at `start`.
    expect(entries.map((entry) => entry.LIBVIRT_VLAN_RUN)).toEqual([1, undefined, 1]);
    for (const line of said()) expect(line).toMatch(/^3 ERROR: [^\n]*$/);
    expect(said()[0]).toContain(says);
    expect(tableOf(host, 'vnet0')).toBe('1*');
  });
}

test('what only libxml2 takes in <metadata> keeps nobody from being configured, where nobody asks it', async () => {
  const { host, call, said } = testMachine();
  host.start({ ...vm('vyos-01'), metadata: "<a\u{10000} xmlns='urn:libvirt-vlan-exporter:1'/>" });
  expect(await call('vyos-01', 'start')).toBe(STATUS.done);
  expect(said()).toEqual([expect.stringMatching(/^6 /)]);
  expect(tableOf(host, 'vnet0')).toBe(RIGHT);
});

test('a VM with a carriage return in its name, which its XML cannot say, is configured as any other', async () => {
  const { host, call, entries } = testMachine();
  host.start(vm('vyos\r01'));
  expect(await call('vyos\r01', 'start')).toBe(STATUS.done);
  // No rule names it.
  expect(entries.map((entry) => [entry.LIBVIRT_VLAN_DOMAIN, entry.PRIORITY])).toEqual([
    ['vyos\r01', 6],
    ['vyos\r01', 4],
  ]);
  expect(tableOf(host, 'vnet0')).toBe('1* 10 20 30 40 100 110 120');
});

test('an error that nobody thought of is an entry with its stack', async () => {
  const { said, ...machine } = testMachine();
  const readXml = () => {
    throw new TypeError('zn is not a function');
  };
  expect(await runStart('vyos-01', readXml, machine)).toBe(STATUS.failedOpen);
  expect(said()).toEqual([expect.stringMatching(/^3 ERROR: start: TypeError: zn is not a function\n/)]);
});

test('nor is it a matter what was thrown; and no entry is longer than journalctl gives back', async () => {
  const { said, ...machine } = testMachine();
  const throws = (what: unknown) => () => {
    throw what;
  };
  expect(await runStart('vyos-01', throws('a text'), machine)).toBe(STATUS.failedOpen);
  expect(await runStart('vyos-01', throws(new Error('x'.repeat(10_000))), machine)).toBe(STATUS.failedOpen);
  expect(said()[0]).toBe('3 ERROR: start: a text');
  expect(said()[1]).toMatch(/^3 ERROR: start: x+$/);
  expect(said()[1]?.length).toBeLessThan(4096);
});

test('each of two vnets has its own rule in its entry', async () => {
  const config =
    'bridges: {br-mgmt: {vlans: [10], pvid: 1, rules: [{name: first, domains: [a], mac: "52:54:00:00:00:01", pvid: 100}, {name: second, domains: [a], pvid: 20}]}}\n';
  const { host, call, said } = testMachine({ config });
  host.start(vm('a', nic(1), nic(2)));
  await call('a', 'start');
  expect(said().map((line) => /rule (\w+)/.exec(line)?.[1])).toEqual(['first', 'second']);
});

test('the milliseconds of a start are those since the program began, also where it fails', async () => {
  const { host, call, entries, pass } = testMachine();
  host.start(vm('vyos-01'));
  pass(250);
  await call('vyos-01', 'start');
  await call('vyos-02', 'start', stdinXml(host, 'vyos-01'));
  expect(entries.map((entry) => entry.LIBVIRT_VLAN_DURATION_MS)).toEqual([250, 250]);
});

test('the milliseconds of a later call are its own', async () => {
  const { host, call, entries, pass } = testMachine();
  host.start(vm('vyos-01', nic(1)));
  pass(5_000);
  await call('vyos-01', 'reconnect');
  expect(entries).toMatchObject([{ LIBVIRT_VLAN_VNET: 'vnet0', LIBVIRT_VLAN_DURATION_MS: 0 }]);
});

test('a bridge without rules: no warning that none names the VM', async () => {
  const { host, call, said } = testMachine({ config: 'bridges: {br-mgmt: {vlans: [10], pvid: 1}}\n' });
  host.start(vm('a', nic(1)));
  await call('a', 'start');
  expect(said()).toEqual([expect.stringMatching(/^6 start: vnet0 on br-mgmt: VLANs/)]);
});

test('bridge missing: the errors say so', async () => {
  const { host, call, said } = testMachine();
  host.start(vm('vyos-01'));
  host.sabotage((line) => line.startsWith('bridge'), 'missing');
  expect(await call('vyos-01', 'start')).toBe(STATUS.failedOpen);
  expect(said()[0]).toMatch(/^3 ERROR: start: vlans: bridge .*no such program/);
});

test('a port that vanishes half-way is a warning', async () => {
  const { host, call, said } = testMachine();
  host.start(vm('vyos-01'));
  host.onRun((line) => {
    if (line.includes('batch')) host.kernel.removeLink('vnet0');
  });
  expect(await call('vyos-01', 'start')).toBe(STATUS.done);
  expect(said()).toEqual(['4 WARN: start: vnet0 on br-mgmt: gone before it was configured']);
});

test('a port that cannot be changed is an error, and the start is not done', async () => {
  const { host, call, said, entries } = testMachine();
  host.start(vm('vyos-01'));
  host.sabotage((line) => line.includes('batch'), {
    exitCode: 1,
    stderr: 'RTNETLINK answers: Operation not permitted',
  });
  expect(await call('vyos-01', 'start')).toBe(STATUS.failedOpen);
  expect(said()).toEqual([expect.stringMatching(/^3 ERROR: start: vnet0 on br-mgmt: failed: .*not permitted/)]);
  expect(entries[0]?.LIBVIRT_VLAN_OUTCOME).toBe('failed');
});

test('a VLAN that stays because the policy only tells of it is a warning, and the start is done', async () => {
  const { host, call, said, entries } = testMachine();
  host.start(vm('vyos-01'));
  host.kernel.links.get('vnet0')?.vlans.set(7, false);
  expect(await call('vyos-01', 'start')).toBe(STATUS.done);
  expect(said()).toEqual([
    '4 WARN: start: vnet0 on br-mgmt left alone: vlan_unexpected: VLAN 7 stays, the policy says "unexpected: report"',
    expect.stringMatching(/^6 start: vnet0 on br-mgmt: VLANs 7 10 /),
  ]);
  expect(entries[0]).toMatchObject({
    LIBVIRT_VLAN_OUTCOME: 'refused',
    LIBVIRT_VLAN_BRIDGE: 'br-mgmt',
    LIBVIRT_VLAN_VNET: 'vnet0',
  });
});

test('a bridge that does not filter is an error, and its ports are left alone', async () => {
  const { host, call, said, entries } = testMachine();
  host.start(vm('vyos-01'));
  host.kernel.setFiltering('br-mgmt', false);
  expect(await call('vyos-01', 'start')).toBe(STATUS.failedOpen);
  expect(said()).toEqual(['3 ERROR: start: br-mgmt enforces no VLAN (vlan_filtering 0)']);
  expect(entries[0]).toMatchObject({ LIBVIRT_VLAN_BRIDGE: 'br-mgmt', LIBVIRT_VLAN_FINDING: ['filtering_off'] });
  expect(tableOf(host, 'vnet0')).toBe('1*');
});

test('a tap whose MAC is not the one that libvirt gives it is left alone', async () => {
  const { host, call, said } = testMachine();
  host.start(vm('vyos-01'));
  const link = host.kernel.links.get('vnet0');
  if (link) link.mac = 'fe:00:00:00:00:99';
  await call('vyos-01', 'start');
  expect(said()).toEqual([expect.stringContaining('left alone: mac_ambiguous')]);
  expect(tableOf(host, 'vnet0')).toBe('1*');
});

test('a tap that the policy calls an uplink is left alone, and that is told', async () => {
  const { host, call, said } = testMachine({
    config: 'bridges: { br-mgmt: { vlans: [10], pvid: 100, uplinks: [vnet0, eno1] } }\n',
  });
  host.start(vm('router-1', nic(1), nic(2)));
  expect(await call('router-1', 'start')).toBe(STATUS.failedOpen);
  expect(tableOf(host, 'vnet0')).toBe('1*');
  expect(tableOf(host, 'vnet1')).toBe('10 100*');
  expect(said().filter((entry) => entry.startsWith('3'))).toEqual([
    '3 ERROR: start: vnet0 on br-mgmt left alone: uplink: the policy calls vnet0 an uplink, and uplinks are never changed',
  ]);
});

test("what is wrong with the bridge's uplinks and its own place on it is no matter of a VM's", async () => {
  const { host, call, said } = testMachine({
    config: 'bridges: { br-mgmt: { vlans: [10], pvid: 100, uplinks: [eno1], host: { vlans: [7], pvid: none } } }\n',
  });
  host.start(vm('router-1'));
  expect(await call('router-1', 'start')).toBe(STATUS.done);
  expect(said()).toEqual([expect.stringMatching(/^6 start: vnet0 on br-mgmt: VLANs 10 100,/)]);
});

test('a tap whose <vlan> contradicts a rule is left as libvirt set it, and both are told', async () => {
  const { host, call, said } = testMachine();
  host.start(vm('vyos-01', nic(1, { vlan: { tags: [{ id: 20 }] } })));
  const before = tableOf(host, 'vnet0');
  expect(await call('vyos-01', 'start')).toBe(STATUS.failedOpen);
  expect(tableOf(host, 'vnet0')).toBe(before);
  expect(said()).toEqual([
    '3 ERROR: start: vnet0 on br-mgmt left alone: intent_conflict: ' +
      `rule pvid100 wants ${RIGHT}, <vlan> wants 20*; expected one table`,
  ]);
});

test('at start the FDB is left to libvirt: entries that are there already would be in its way', async () => {
  const { host, call } = testMachine();
  host.start(vm('vyos-01', nic(1, { type: 'network', macTable: 'libvirt' })));
  expect(await call('vyos-01', 'start')).toBe(STATUS.done);
  expect(tableOf(host, 'vnet0')).toBe(RIGHT);
  expect(host.commands.filter((line) => line.includes('fdb'))).toEqual([]);
});
