// The commands that only look, on the simulated host: what goes to stdout, what to stderr, which exit status.
import { expect, test } from 'vitest';
import { runCheck } from '../../src/cli/check.ts';
import { runConfigInfer } from '../../src/cli/config.ts';
import { runConfigCheck } from '../../src/cli/config-check.ts';
import { runHeal } from '../../src/cli/heal.ts';
import { runPlan } from '../../src/cli/plan.ts';
import { runSnapshot } from '../../src/cli/snapshot.ts';
import { parseSettings } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problem.ts';
import { createSimHost } from '../../src/host/sim/host.ts';
import { STATUS_FILE } from '../../src/model/remediator-paths.ts';
import { parseTable } from '../../src/model/vlan.ts';
import { parseSnapshot } from '../../src/report/snapshot-json.ts';
import { onPrograms, type ProgramsHost } from '../support/on-programs.ts';
import { outputOf } from '../support/output.ts';
import { statusAt } from '../support/status.ts';

const FILE = '/etc/libvirt-vlan-exporter/config.yml';
const CONFIG =
  'bridges:\n  br0:\n    vlans: [10, 20]\n    pvid: 1\n    rules:\n      - {name: a, domains: [vyos-01], pvid: 100}\n';
const OPTIONS = { 'config.file': FILE, format: 'table' } as const;

function host(): ProgramsHost {
  const sim = onPrograms(createSimHost({ now: () => 1_700_000_000_000 }));
  sim.addBridge('br0');
  sim.writeFile(FILE, CONFIG);
  for (const [i, name] of ['vyos-01', 'web'].entries()) {
    sim.start({
      name,
      uuid: `00000000-0000-0000-0000-00000000000${i}`,
      interfaces: [{ mac: `52:54:00:00:00:0${i}`, bridge: 'br0' }],
    });
    for (const tap of sim.taps(name)) sim.setTable(tap, parseTable(i === 0 ? '10 20 100*' : '1* 10 20'));
  }
  sim.define({
    name: 'off',
    uuid: '00000000-0000-0000-0000-000000000009',
    interfaces: [{ mac: '52:54:00:00:00:09', bridge: 'br0' }],
  });
  return sim;
}

test('all compliant is 0', async () => {
  const { status, out, err } = await outputOf(() => runCheck(host(), [], OPTIONS));
  expect([status, err]).toEqual([0, '']);
  expect(out).toContain('All 2 vnets are compliant.');
});

test('drift is 1, and is 0 for a domain that has none', async () => {
  const sim = host();
  sim.wipe(sim.taps('vyos-01')[0] ?? '');
  const { status, out } = await outputOf(() => runCheck(sim, [], OPTIONS));
  expect(status).toBe(1);
  expect(out).toMatch(/vyos-01 .* 1\/100 .* drifted/);
  expect((await outputOf(() => runCheck(sim, ['web'], OPTIONS))).status).toBe(0);
  expect((await outputOf(() => runCheck(sim, ['web', 'vyos-01'], OPTIONS))).status).toBe(1);
});

test('a VLAN table that cannot be read is 2, and what is certain beats it', async () => {
  const sim = host();
  sim.sabotage((line) => line.startsWith('bridge'), { exitCode: 1, stderr: 'no' });
  expect((await outputOf(() => runCheck(sim, [], OPTIONS))).status).toBe(2);
  sim.repair();
  sim.writeFile('/run/libvirt/qemu/bad.xml', '<domstatus');
  expect((await outputOf(() => runCheck(sim, [], OPTIONS))).status).toBe(2);
  expect((await outputOf(() => runCheck(sim, ['web'], OPTIONS))).status).toBe(0);
  sim.setTable(sim.taps('vyos-01')[0] ?? '', []);
  expect((await outputOf(() => runCheck(sim, [], OPTIONS))).status).toBe(1);
});

test('a domain that is not there is 2 and a message; one that does not run is 0 and a note', async () => {
  const stranger = await outputOf(() => runCheck(host(), ['web', 'wbe'], OPTIONS));
  expect(stranger).toEqual({ status: 2, out: '', err: 'libvirt-vlan-exporter: there is no domain wbe\n' });
  const off = await outputOf(() => runCheck(host(), ['off'], OPTIONS));
  expect([off.status, off.out]).toEqual([0, 'off does not run: nothing is expected of it.\n\nNo vnets.\n']);
});

test('--format json is one JSON document, with drift in it', async () => {
  const sim = host();
  sim.setTable(sim.taps('web')[0] ?? '', []);
  const { status, out } = await outputOf(() => runCheck(sim, [], { ...OPTIONS, format: 'json' }));
  expect([status, JSON.parse(out).summary.drifted]).toEqual([1, 1]);
});

test('a bad config is a ConfigError, for each command that reads it', async () => {
  const sim = host();
  sim.writeFile(FILE, 'bridges: 1\n');
  await expect(runCheck(sim, [], OPTIONS)).rejects.toThrow(ConfigError);
  await expect(runPlan(sim, [], { ...OPTIONS, format: 'text' })).rejects.toThrow(ConfigError);
  await expect(runConfigCheck(sim, FILE)).rejects.toThrow(`${FILE}:1:10: bridges: expected a mapping`);
});

test('config check says what it read', async () => {
  const { out } = await outputOf(() => runConfigCheck(host(), FILE));
  expect(out).toMatch(
    /^\/etc\/libvirt-vlan-exporter\/config\.yml: valid; bridges: br0 \(1 rule\); policy [0-9a-f]{64}\n$/,
  );
});

test('what snapshot prints is read back as the host it was', async () => {
  const { status, out } = await outputOf(() => runSnapshot(host(), OPTIONS));
  const { domains, vlans } = parseSnapshot(out, 'stdout');
  expect(status).toBe(0);
  expect(domains.ok && domains.value.map((domain) => [domain.name, domain.state])).toEqual([
    ['off', 'defined'],
    ['vyos-01', 'running'],
    ['web', 'running'],
  ]);
  expect(vlans.ok && vlans.value.get('vnet0')).toEqual(parseTable('10 20 100*'));
});

test('what config infer proposes makes check say compliant', async () => {
  const sim = host();
  sim.setTable(sim.taps('web')[0] ?? '', parseTable('7 9*'));
  const { status, out, err } = await outputOf(() => runConfigInfer(sim));
  expect([status, err]).toEqual([0, '']);
  expect(parseSettings(out, 'f').policy.bridges.map((bridge) => bridge.name)).toEqual(['br0']);
  sim.writeFile(FILE, out);
  expect((await outputOf(() => runCheck(sim, [], OPTIONS))).status).toBe(0);
});

test('a host without bridges has nothing to propose', async () => {
  const { status, out, err } = await outputOf(() => runConfigInfer(createSimHost()));
  expect([status, out, err]).toEqual([2, '', 'libvirt-vlan-exporter: this host has no Linux bridge\n']);
});

test('the last error of the hook and a suspended domain stand beside the vnets', async () => {
  const sim = host();
  sim.journal.append({
    SYSLOG_IDENTIFIER: 'libvirt-hook',
    SYSLOG_PID: 'web',
    MESSAGE: 'ERROR: vnet1: failed to set PVID 1',
  });
  const { status, out } = await outputOf(() => runCheck(sim, [], OPTIONS));
  expect(status).toBe(0);
  expect(out).toMatch(/hook errors since boot\n! web +1 .*failed to set PVID 1/);
});

test('the last error of the hook is shown of a named VM that does not run: it may be what kept it from starting', async () => {
  const sim = host();
  const MESSAGE = 'ERROR: vnet7: failed to set PVID 1';
  sim.journal.append({ SYSLOG_IDENTIFIER: 'libvirt-hook', SYSLOG_PID: 'off', MESSAGE });
  const { status, out } = await outputOf(() => runCheck(sim, ['off'], OPTIONS));
  expect(out).toMatch(/^hook errors since boot\n! off +1 .*failed to set PVID 1\n\noff does not run: /);
  expect(status).toBe(0);
  for (const names of [[], ['web']])
    expect((await outputOf(() => runCheck(sim, names, OPTIONS))).out).not.toContain('hook errors');
});

test('a status of the remediator with a time that is none is told as not known', async () => {
  const sim = host();
  const status = statusAt(1_700_000_000_000);
  const domains = [{ bridge: 'br0', domain: 'web', remediations: 1, failures: 0, suspendedSince: 1e300 }];
  sim.writeFile(STATUS_FILE, JSON.stringify({ ...status, domains }));
  const { status: ended, out } = await outputOf(() => runCheck(sim, [], OPTIONS));
  expect([ended, out]).toEqual([
    0,
    expect.stringMatching(/^remediator: not known: status\.json\.domains\[0\]\.suspendedSince: /m),
  ]);
});

test('a VM that is compliant is 0, although a bridge that it has nothing to do with is absent', async () => {
  const sim = host();
  sim.writeFile(FILE, `${CONFIG}  br9: {vlans: [10], pvid: 10}\n`);
  expect((await outputOf(() => runCheck(sim, [], OPTIONS))).status).toBe(2);
  expect((await outputOf(() => runCheck(sim, ['web'], OPTIONS))).status).toBe(0);
  expect((await outputOf(() => runPlan(sim, ['web'], { ...OPTIONS, format: 'text' }))).status).toBe(0);
});

test('taps whose live XML was removed cannot be told: 2, and never "no vnets"', async () => {
  const sim = host();
  for (const name of ['vyos-01', 'web']) {
    sim.removeFile(`/run/libvirt/qemu/${name}.xml`);
    sim.removeFile(`/etc/libvirt/qemu/${name}.xml`);
  }
  const { status, out } = await outputOf(() => runCheck(sim, [], OPTIONS));
  expect(status).toBe(2);
  expect(out).toContain('? taps of br0  vnet0 vnet1: no domain owns them');
  expect(out).toContain('Cannot tell.');
});

test('a VM that may own a tap of which no live XML tells is 2, by check and by plan', async () => {
  const sim = host();
  for (const name of ['vyos-01', 'web']) sim.removeFile(`/run/libvirt/qemu/${name}.xml`);
  const nic = "<interface type='network'><mac address='52:54:00:00:00:01'/><source network='lan'/></interface>";
  sim.writeFile('/etc/libvirt/qemu/web.xml', `<domain type='kvm'><name>web</name><devices>${nic}</devices></domain>`);
  const checked = await outputOf(() => runCheck(sim, ['web'], OPTIONS));
  expect(checked.status).toBe(2);
  expect(checked.out).toContain('? taps of br0  vnet0 vnet1: no domain owns them');
  expect(checked.out).toContain('It is not known whether web runs');
  const planned = await outputOf(() => runPlan(sim, ['web'], { ...OPTIONS, format: 'json' }));
  const problem = expect.stringMatching(/^vnet0 vnet1: no domain owns them/);
  expect([planned.status, JSON.parse(planned.out).unknowns]).toEqual([2, [{ kind: 'taps', name: 'br0', problem }]]);
});

test('a named VM of which it is not known whether it runs is 2; with --format json, stderr says why', async () => {
  const sim = host();
  for (const name of ['vyos-01', 'web']) sim.removeFile(`/run/libvirt/qemu/${name}.xml`);
  const why = 'It is not known whether off runs: no domain has live XML.';
  const table = await outputOf(() => runCheck(sim, ['off'], OPTIONS));
  expect([table.status, table.out.split('\n')[0], table.err]).toEqual([2, why, '']);
  const json = await outputOf(() => runCheck(sim, ['off'], { ...OPTIONS, format: 'json' }));
  expect([json.status, json.err]).toEqual([2, `libvirt-vlan-exporter: ${why}\n`]);
  for (const run of [runPlan, runHeal]) {
    const { status, err } = await outputOf(() => run(sim, ['off'], { ...OPTIONS, format: 'text' }));
    expect([status, err]).toEqual([2, `libvirt-vlan-exporter: ${why}\n`]);
  }
});

test('a named VM of which it is not known whether it has a port on the bridges is 2, and drift beats it', async () => {
  const sim = host();
  const nic = "<interface type='network'><mac address='52:54:00:00:00:77'/><source network='lan'/></interface>";
  sim.writeFile(
    '/run/libvirt/qemu/lost.xml',
    `<domstatus><domain><name>lost</name><devices>${nic}</devices></domain></domstatus>`,
  );
  const { status, out } = await outputOf(() => runCheck(sim, ['lost'], OPTIONS));
  expect([status, out]).toEqual([2, expect.stringContaining('It is not known whether lost has a port on br0.')]);
  sim.wipe(sim.taps('web')[0] ?? '');
  expect((await outputOf(() => runCheck(sim, ['lost', 'web'], OPTIONS))).status).toBe(1);
});

test('what surprises is a warning, and no other exit status', async () => {
  const sim = host();
  const uuid = '00000000-0000-0000-0000-000000000007';
  sim.start({ name: 'twin', uuid, interfaces: [{ mac: '52:54:00:00:00:01', bridge: 'br0' }] });
  for (const tap of sim.taps('twin')) sim.setTable(tap, parseTable('1* 10 20'));
  const { status, out } = await outputOf(() => runCheck(sim, ['web'], OPTIONS));
  expect(out).toContain('warning: the MAC 52:54:00:00:00:01 is that of twin (vnet2) and web (vnet1)');
  expect(status).toBe(0);
});

test('a VM’s tap that the policy calls an uplink is told, and heal and plan leave it alone', async () => {
  const sim = host();
  sim.writeFile(FILE, CONFIG.replace('pvid: 1\n', 'pvid: 1\n    uplinks: [vnet1]\n'));
  sim.wipe('vnet1');
  const { out } = await outputOf(() => runCheck(sim, ['web'], OPTIONS));
  expect(out).toContain(
    'warning: vnet1 is the tap of web and an uplink of the policy: it is judged, and never changed',
  );
  const planned = await outputOf(() => runPlan(sim, ['web'], { ...OPTIONS, format: 'text' }));
  expect(planned.status).toBe(0);
  expect(planned.out).toMatch(/^# left alone: web vnet1 on br0: uplink: the policy calls vnet1 an uplink/);
});

const MACVTAP = `<domstatus><domain><name>past</name><devices><interface type='direct'><mac address='52:54:00:00:00:77'/>
  <source dev='br0' mode='bridge'/><target dev='macvtap0'/></interface></devices></domain></domstatus>`;

test('check names what is no port of a bridge: macvtap beside its bridge, all of a domain that is asked for', async () => {
  const sim = host();
  sim.writeFile('/run/libvirt/qemu/past.xml', MACVTAP);
  const all = await outputOf(() => runCheck(sim, [], OPTIONS));
  expect(all.status).toBe(0);
  expect(all.out).toMatch(/^br0 {2}filtering, default PVID 1, 802\.1Q$/m);
  expect(all.out).toMatch(/^macvtap on br0 itself, which no port's VLANs hold: past \(macvtap0\)$/m);
  expect(all.out).not.toMatch(/no port of a Linux bridge/);
  const one = await outputOf(() => runCheck(sim, ['past'], OPTIONS));
  expect(one.out).toMatch(/^no port of a Linux bridge\npast +macvtap0 +52:54:00:00:00:77 +macvtap on br0$/m);
  const json = await outputOf(() => runCheck(sim, ['past'], { ...OPTIONS, format: 'json' }));
  expect(JSON.parse(json.out).portless).toEqual([
    { domain: 'past', mac: '52:54:00:00:00:77', kind: 'macvtap', target: 'macvtap0', device: 'br0' },
  ]);
});

test('check warns of a rule that is for nothing here, and its exit status is what it was', async () => {
  const sim = host();
  sim.writeFile(FILE, `${CONFIG}      - {name: b, domains: [gone-*]}\n`);
  const { status, out } = await outputOf(() => runCheck(sim, [], OPTIONS));
  expect([status, out]).toEqual([0, expect.stringMatching(/^rule b of br0 is for no interface of any domain here$/m)]);
  // Of a domain that is named, nothing is said of others' rules.
  expect((await outputOf(() => runCheck(sim, ['web'], OPTIONS))).out).not.toContain('rule b');
});

test('check --format json has the rules that are for nothing here, and null where that cannot be told', async () => {
  const sim = host();
  const rules = '      - {name: b, domains: [gone-*]}\n      - {name: c, domains: [vyos-*]}\n';
  sim.writeFile(FILE, `${CONFIG}${rules}`);
  const idle = async () =>
    JSON.parse((await outputOf(() => runCheck(sim, [], { ...OPTIONS, format: 'json' }))).out).idleRules;
  expect(await idle()).toEqual([
    { bridge: 'br0', rule: 'b', shadowedBy: [] },
    { bridge: 'br0', rule: 'c', shadowedBy: ['a'] },
  ]);
  sim.writeFile('/run/libvirt/qemu/bad.xml', '<domstatus');
  expect(await idle()).toBeNull();
});
