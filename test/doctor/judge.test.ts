import { expect, test } from 'vitest';
import { parseSettings } from '../../src/config/load.ts';
import type { Facts } from '../../src/doctor/facts.ts';
import { diagnose } from '../../src/doctor/judge.ts';
import { hookScript } from '../../src/hook/script.ts';
import type { RemediatorStatus } from '../../src/model/remediator-status.ts';
import type { Domain, Snapshot } from '../../src/model/snapshot.ts';
import { EXPORTER, NETWORKD, REMEDIATOR, SOCKETS, type Unit } from '../../src/model/surroundings.ts';
import { parseWebConfig } from '../../src/web/config/web-config.ts';
import { statusAt } from '../support/status.ts';

const CONFIG = `bridges:
  br0:
    vlans: [10]
    pvid: 1
    rules: [{ name: a, domains: ["vyos-*"], pvid: 10 }]
`;
const HOOK = {
  path: '/etc/libvirt/hooks/qemu.d/libvirt-vlan-exporter',
  kind: 'ours',
  executable: true,
  uid: 0,
  mode: 0o755,
  since: 2_000,
  text: hookScript({ node: '/usr/bin/node', script: '/usr/lib/x/hook.sh', config: '/etc/x.yml' }),
} as const;
const vm: Domain = {
  name: 'vyos-01',
  uuid: undefined,
  state: 'running',
  interfaces: [{ mac: '52:54:00:00:00:01', target: 'vnet0', bridge: 'br0', skipped: undefined }],
};
const bridge = {
  name: 'br0',
  vlanFiltering: true,
  defaultPvid: 1,
  ports: [{ name: 'vnet0', mac: 'fe:54:00:00:00:01', tap: true }],
};
const ok = <T>(value: T) => ({ ok: true, value }) as const;
const snapshot: Snapshot = {
  takenAt: 0,
  links: ok([bridge]),
  vlans: ok(new Map()),
  domains: ok([vm]),
  collectors: [],
};
const unit = (more: Partial<Unit> = {}): Unit => ({
  load: 'loaded',
  active: 'active',
  file: 'enabled',
  stale: false,
  ...more,
});
const systemd = (units: Record<string, Unit>, version = 252) =>
  ok({ version, units: new Map(Object.entries({ [EXPORTER]: unit(), [REMEDIATOR]: unit(), ...units })) });
const status = statusAt(0);

/** A host on which all is well, but for what is told. */
const facts = (more: Partial<Facts> = {}): Facts => ({
  configFile: '/etc/x.yml',
  config: ok(parseSettings(CONFIG, '/etc/x.yml')),
  snapshot,
  iproute2: ok('bridge utility, 6.1.0\n'),
  systemd: systemd({}),
  hook: ok({ files: [HOOK], libvirt: [9, 0, 0], exists: () => true }),
  otherHooks: [],
  denials: [],
  hooksConfined: false,
  journalProblem: undefined,
  networkFiles: [],
  networkManager: new Map(),
  ifupdown2: undefined,
  web: undefined,
  remediator: { kind: 'current', status },
  ...more,
});
const idle = systemd({ [REMEDIATOR]: unit({ active: 'inactive', file: 'disabled' }) });
const said = (more: Partial<Facts>) => diagnose(facts(more)).troubles.map(({ check, what }) => `${check}: ${what}`);
const sick = (bridges: unknown, domains: readonly Domain[] = [vm]) => ({
  snapshot: { ...snapshot, links: ok(bridges as never), domains: ok(domains) },
});

test('of a host on which all is well there is nothing to say', () => {
  expect(diagnose(facts())).toEqual({ troubles: [], untold: [] });
  expect(diagnose(facts({ systemd: idle, remediator: { kind: 'absent' } }))).toEqual({ troubles: [], untold: [] });
});

test("nor of one where the site's own hook sets VLANs, and ours is only to watch", () => {
  const installed = ok({ files: [], libvirt: [9, 0, 0], exists: () => true });
  expect(said({ systemd: idle, hook: installed, otherHooks: ['/etc/libvirt/hooks/qemu'] })).toEqual([]);
});

test('nor of one where the original hook sets VLANs; where libvirt does not run it, it is as if there were none', () => {
  const saidOf = (executable: boolean) => {
    const original = { ...HOOK, path: '/etc/libvirt/hooks/qemu', kind: 'original' as const, executable };
    return said({ systemd: idle, hook: ok({ files: [original], libvirt: [9, 0, 0], exists: () => true }) });
  };
  expect(saidOf(true)).toEqual([]);
  expect(saidOf(false)).toEqual(['hook: neither the hook is installed nor does the remediator run']);
});

test.each<[string, Partial<Facts>, string]>([
  [
    'bridge(8) is missing',
    { iproute2: { ok: false, error: 'no such file' } },
    'iproute2: bridge(8) does not run: no such file',
  ],
  [
    'iproute2 is old',
    { iproute2: ok('bridge utility, 4.20.0') },
    'iproute2: iproute2 is too old: bridge utility, 4.20.0',
  ],
  [
    'it is old and has a date',
    { iproute2: ok('bridge utility, iproute2-ss180129') },
    'iproute2: iproute2 is too old: bridge utility, iproute2-ss180129',
  ],
  ['the config is bad', { config: { ok: false, error: 'x.yml:1: bad' }, snapshot: undefined }, 'config: x.yml:1: bad'],
  [
    'the config names no bridge',
    { config: ok(parseSettings('bridges: {}', 'x')), ...sick([]) },
    'config: /etc/x.yml names no bridge',
  ],
  ['the bridge is missing', sick([]), 'bridge: there is no bridge br0'],
  ['the bridge does not filter', sick([{ ...bridge, vlanFiltering: false }]), 'bridge: br0 does not filter VLANs'],
  [
    'the kernel cannot filter',
    sick([{ ...bridge, vlanFiltering: undefined }]),
    'bridge: whether br0 filters VLANs cannot be read',
  ],
  ['no VM is on the bridge', sick([bridge], []), 'config: no VM has an interface on br0'],
  [
    'a rule is for nobody',
    sick([bridge], [{ ...vm, name: 'web' }]),
    'rule: rule a of br0 is for no interface of any domain here',
  ],
  [
    'an old libvirt is asked for <vlan>',
    sick(
      [bridge],
      [{ ...vm, interfaces: vm.interfaces.map((iface) => ({ ...iface, vlan: { tags: [{ id: '10' }] } })) }],
    ),
    'libvirt: vyos-01 has <vlan> on a Linux bridge, and libvirt is 9.0.0',
  ],
  [
    'libvirt is missing',
    { hook: ok({ files: [], libvirt: undefined, exists: () => true }) },
    'libvirt: no libvirt daemon is installed',
  ],
  [
    'the exporter is not installed',
    { systemd: systemd({ [EXPORTER]: unit({ load: 'not-found', active: 'inactive', file: '' }) }) },
    `units: ${EXPORTER} is not installed`,
  ],
  [
    'the exporter is stopped',
    { systemd: systemd({ [EXPORTER]: unit({ active: 'inactive' }) }) },
    `units: ${EXPORTER} does not run (inactive)`,
  ],
  [
    'the exporter is not enabled',
    { systemd: systemd({ [EXPORTER]: unit({ file: 'disabled' }) }) },
    `units: ${EXPORTER} is not enabled`,
  ],
  [
    'the remediator has failed',
    { systemd: systemd({ [REMEDIATOR]: unit({ active: 'failed' }) }) },
    `units: ${REMEDIATOR} has failed`,
  ],
  [
    'the remediator is enabled and stopped',
    { systemd: systemd({ [REMEDIATOR]: unit({ active: 'inactive' }) }) },
    `units: ${REMEDIATOR} is enabled and does not run`,
  ],
  [
    'a unit was edited',
    { systemd: systemd({ [EXPORTER]: unit({ stale: true }) }) },
    `units: ${EXPORTER} was changed since systemd read it`,
  ],
  [
    'nothing sets VLANs',
    { systemd: idle, hook: ok({ files: [], libvirt: [9, 0, 0], exists: () => true }) },
    'hook: neither the hook is installed nor does the remediator run',
  ],
  [
    'the hook cannot be run',
    { hook: ok({ files: [{ ...HOOK, executable: false }], libvirt: [9, 0, 0], exists: () => true }) },
    `hook: ${HOOK.path} is not executable, so libvirt does not run it; install the hook again`,
  ],
  [
    'libvirt looked for hooks before there was one',
    { systemd: systemd({ 'libvirtd.service': unit({ changedAt: 1_999 }) }) },
    'hook: libvirtd has not looked for hooks since this one was installed',
  ],
  [
    'another hook sets VLANs',
    { otherHooks: ['/etc/libvirt/hooks/qemu'] },
    'hook: /etc/libvirt/hooks/qemu sets VLANs, too',
  ],
  [
    'AppArmor denied',
    { denials: ['apparmor="DENIED"'] },
    'confinement: the kernel kept libvirt\'s hook from something, 1 times since boot: apparmor="DENIED"',
  ],
  ['SELinux confines', { hooksConfined: true }, 'confinement: SELinux confines libvirt hooks'],
  [
    'the journal is gone',
    { journalProblem: 'it holds no entry since boot' },
    'journal: the journal cannot be read: it holds no entry since boot',
  ],
  ['the web config is bad', { web: { file: '/w', parsed: { ok: false, error: '/w:1: bad' } } }, 'web: /w:1: bad'],
  [
    'the web config has no TLS',
    { web: { file: '/w', parsed: ok(parseWebConfig('', '/w')) } },
    'web: /w has no tls_server_config',
  ],
  [
    'the remediator is paused',
    { remediator: { kind: 'current', status: { ...status, paused: true } } },
    'remediator: the remediator is paused',
  ],
  [
    'the remediator is overdue',
    { remediator: { kind: 'stale', status } },
    "remediator: the remediator's next cycle is long overdue",
  ],
  [
    'healing is suspended',
    {
      remediator: {
        kind: 'current',
        status: {
          ...status,
          domains: [{ bridge: 'br0', domain: 'vyos-01', remediations: 5, failures: 0, lastAt: 1, suspendedSince: 2 }],
        },
      },
    },
    'remediator: healing of vyos-01 is suspended',
  ],
  [
    'a policy is held',
    {
      remediator: {
        kind: 'current',
        status: { ...status, held: [{ bridge: 'br0', domain: 'a', vnet: 'vnet0', changes: [] }] },
      },
    },
    'remediator: 1 vnet held: a change would move more vnets than one change may; to accept it, run `libvirt-vlan-exporter heal`',
  ],
  [
    'a policy waits for what cannot be read',
    { remediator: { kind: 'current', status: { ...status, heldProblem: 'it waits until it can' } } },
    'remediator: a policy is held: it waits until it can',
  ],
  [
    'systemd-networkd deletes',
    {
      systemd: systemd({ [NETWORKD]: unit() }, 257),
      networkFiles: [{ path: '/n', text: '[Match]\nName=eno1 vnet*\n[BridgeVLAN]\nVLAN=10\n' }],
    },
    'networkd: /n has [BridgeVLAN] for taps of VMs',
  ],
  [
    'NetworkManager owns the bridge',
    {
      networkManager: new Map([
        ['br0', 'connected'],
        ['vnet0', 'connected (externally)'],
      ]),
    },
    'networkmanager: NetworkManager owns br0',
  ],
  [
    'ifupdown2 owns the bridge',
    { systemd: idle, ifupdown2: 'auto br0\niface br0 inet manual\n' },
    'ifupdown2: ifupdown2 owns br0, and the remediator does not run',
  ],
])('%s: that is said, and nothing else', (_name, more, expected) => {
  expect(said(more)).toEqual([expected]);
});

test('a file that the remediator has not taken is told, with what to type', () => {
  expect(diagnose(facts({ remediator: { kind: 'current', status: { ...status, policySha256: 'older' } } }))).toEqual({
    troubles: [
      {
        check: 'remediator',
        what: 'the remediator heals by another policy than that of /etc/x.yml',
        why: 'an edit is in force there only once it is reloaded; the hook goes by it at once',
        type: `systemctl reload ${REMEDIATOR}`,
      },
    ],
    untold: [],
  });
});

test('nothing is said of the policy where the remediator has taken the file, holds it, has none, or may not run', () => {
  const config = parseSettings(CONFIG, '/etc/x.yml');
  const { sha256 } = config.policy;
  const older = { ...status, policySha256: 'older' };
  const remediators: Facts['remediator'][] = [
    { kind: 'current', status: { ...status, policySha256: sha256 } },
    { kind: 'current', status },
    { kind: 'absent' },
  ];
  for (const remediator of remediators) expect(said({ remediator })).toEqual([]);
  const holds = (heldPolicySha256: string) =>
    said({ remediator: { kind: 'current', status: { ...older, heldPolicySha256 } } });
  expect(holds(sha256)).toEqual([expect.stringContaining('a policy is held')]);
  const current = { kind: 'current', status: older } as const;
  expect(said({ remediator: current, systemd: idle })).toEqual([]);
  expect(said({ remediator: { kind: 'stale', status: older } })).toHaveLength(1);
  expect(said({ remediator: current, config: { ok: false, error: 'bad' }, snapshot: undefined })).toEqual([
    'config: bad',
  ]);
  // What it holds is an edit of before.
  expect(holds('old').map((text) => text.split(':', 2)[1])).toEqual([
    ' the remediator heals by another policy than that of /etc/x.yml',
    ' a policy is held',
  ]);
});

test('what is to be typed reloads the daemon that runs; where no time is known, nothing is said', () => {
  const looked = (libvirtd: Partial<Unit>, virtqemud: Partial<Unit>) =>
    diagnose(facts({ systemd: systemd({ 'libvirtd.service': unit(libvirtd), 'virtqemud.service': unit(virtqemud) }) }))
      .troubles;
  expect(looked({ active: 'inactive', changedAt: 1 }, { changedAt: 1 })).toEqual([
    {
      check: 'hook',
      what: 'virtqemud has not looked for hooks since this one was installed',
      why: 'VMs that start now come up without their VLANs',
      type: 'systemctl reload virtqemud',
    },
  ]);
  expect(looked({ changedAt: 2_001 }, { active: 'inactive' })).toEqual([]);
  expect(looked({}, {})).toEqual([]);
  expect(diagnose(facts({ systemd: { ok: false, error: 'no systemctl' } })).troubles).toEqual([]);
});

test('a stopped VM on a libvirt network may be on the bridge when it runs', () => {
  const iface = { mac: '52:54:00:00:00:01', target: undefined, bridge: undefined, skipped: 'network without a bridge' };
  const stopped: Domain = { ...vm, state: 'defined', interfaces: [{ ...iface, network: 'lan' }] };
  expect(said(sick([bridge], [stopped]))).toEqual([]);
});

test('what owns other links, an older networkd and a remediator that mends are no trouble', () => {
  expect(said({ networkManager: new Map([['eno1', 'connected']]) })).toEqual([]);
  const networkFiles = [{ path: '/n', text: '[Match]\nName=vnet*\n[BridgeVLAN]\n' }];
  expect(said({ networkFiles })).toEqual([]);
  expect(
    said({ systemd: systemd({}, 257), networkFiles: [{ path: '/n', text: '[Match]\nName=eno1\n[BridgeVLAN]\n' }] }),
  ).toEqual([]);
  expect(said({ ifupdown2: 'iface br0 inet manual' })).toEqual([]);
});

test('what could not be read is told as such, and no rule is called idle by it', () => {
  const unread: Domain = { ...vm, name: 'b', state: 'unknown', problem: 'no XML', interfaces: [] };
  expect(diagnose(facts(sick([bridge], [unread])))).toEqual({
    troubles: [],
    untold: [{ check: 'domains', problem: 'b: no XML' }],
  });
  const denied = { ok: false, error: 'EACCES' } as const;
  const blind = facts({ systemd: denied, hook: denied, snapshot: { ...snapshot, links: denied, domains: denied } });
  expect(diagnose(blind).untold.map(({ check }) => check)).toEqual(['bridge', 'domains', 'units', 'hook']);
  expect(diagnose(blind).troubles).toEqual([]);
  const noVlans = { ...snapshot, vlans: denied, domains: ok([unread, { ...unread, name: 'c' }]) };
  expect(diagnose(facts({ snapshot: noVlans, systemd: denied })).untold).toEqual([
    { check: 'vlans', problem: 'EACCES' },
    { check: 'domains', problem: 'b: no XML' },
    { check: 'domains', problem: 'c: no XML' },
    { check: 'units', problem: 'EACCES' },
  ]);
  expect(diagnose(facts({ snapshot: { ...snapshot, fdb: denied } })).untold).toEqual([
    { check: 'fdb', problem: 'EACCES' },
  ]);
  const noConfig = facts({ config: denied, snapshot: { ...snapshot, links: denied }, hook: denied });
  expect(diagnose(noConfig).untold).toEqual([{ check: 'hook', problem: 'EACCES' }]);
});

test('a rule is idle by whatever selects its interfaces, also where earlier rules take them all', () => {
  const text = CONFIG.replace(
    'pvid: 10 }',
    'pvid: 10 }, { name: b, networks: [gone], pvid: 1 }, { name: c, domains: ["*-01"], pvid: 1 }',
  );
  expect(said({ config: ok(parseSettings(text, '/etc/x.yml')) })).toEqual([
    'rule: rule b of br0 is for no interface of any domain here',
    'rule: rule c of br0 never comes to be used here: a above takes all that it is for',
  ]);
});

test.each([
  ['bridge utility, 5.0.0', false],
  ['bridge utility, 4.9.0', true],
  ['bridge utility, 0.0.0-dev', false],
  ['bridge utility, iproute2-ss190318', true],
  ['bridge utility, iproute2-ss190319', false],
  ['bridge utility of somebody', false],
])('whether "%s" is too old: %s', (printed, isOld) => {
  expect(said({ iproute2: ok(printed) })).toHaveLength(isOld ? 1 : 0);
});

const uplink = { name: 'eno1', mac: '52:54:00:00:00:09', tap: false };

test('only what manages the bridge or its taps is named, not what manages an uplink', () => {
  const seen = sick([{ ...bridge, ports: [...bridge.ports, { ...uplink, name: 'tap7', tap: true }, uplink] }]);
  const owns = (state: string, ...names: readonly string[]) =>
    said({ ...seen, networkManager: new Map(names.map((name) => [name, state])) });
  expect(owns('connected', 'eno1')).toEqual([]);
  expect(owns('connected', 'tap7', 'vnet0')).toEqual([
    'networkmanager: NetworkManager owns vnet0',
    'networkmanager: NetworkManager owns tap7',
  ]);
  expect(owns('unmanaged', 'br0', 'tap7')).toEqual([]);
  const file = (name: string, version: number) =>
    said({
      ...seen,
      systemd: systemd({}, version),
      networkFiles: [{ path: '/n', text: `[Match]\nName=${name}\n[BridgeVLAN]\n` }],
    });
  expect(file('eno*', 255)).toEqual([]);
  expect(file('tap*', 255)).toEqual(['networkd: /n has [BridgeVLAN] for taps of VMs']);
  expect(file('tap*', 254)).toEqual([]);
  expect(file('  eno1   tap7  ', 255)).toHaveLength(1);
  expect(file('eno1 ', 255)).toEqual([]);
});

test('ifupdown2 owns a bridge only by an iface line of its name', () => {
  const owned = (ifupdown2: string) => said({ systemd: idle, ifupdown2 }).length;
  expect(owned('auto lo\n  iface br0 inet manual\n')).toBe(1);
  expect(owned('auto br0\n#iface br0 inet manual\niface br01 inet manual\n')).toBe(0);
});

test('a VM is on a bridge by its interface there, or by one whose bridge only its start tells', () => {
  const [iface = { mac: '', target: undefined, bridge: undefined, skipped: undefined }] = vm.interfaces;
  const text = CONFIG.replace(', domains: ["vyos-*"]', '').replace(/rules: .*\n/, '\n');
  const without = (more: Partial<typeof iface>) =>
    said({ config: ok(parseSettings(text, 'x')), ...sick([bridge], [{ ...vm, interfaces: [{ ...iface, ...more }] }]) });
  expect(without({})).toEqual([]);
  expect(without({ bridge: undefined, network: 'lan' })).toEqual([]);
  expect(without({ bridge: undefined, ethernet: { managed: true } })).toEqual([]);
  expect(without({ bridge: undefined })).toEqual(['config: no VM has an interface on br0']);
  expect(without({ bridge: 'br1', network: 'lan' })).toEqual(['config: no VM has an interface on br0']);
});

test('a bridge without VMs is told once, not its rules beside it', () => {
  expect(said(sick([bridge], [{ ...vm, interfaces: [] }]))).toEqual(['config: no VM has an interface on br0']);
});

test('<vlan> is trouble only before libvirt 11.0, and only on a bridge of the config', () => {
  const tagged = (on: string) => [
    {
      ...vm,
      interfaces: vm.interfaces.flatMap((iface) => [iface, { ...iface, bridge: on, vlan: { tags: [{ id: '10' }] } }]),
    },
  ];
  const two = CONFIG.replace(/$/, '  br1: { vlans: [10], pvid: 1 }\n');
  const found = [bridge, { ...bridge, name: 'br1', ports: [] }];
  const troubles = (libvirt: readonly number[] | undefined, on: string) =>
    said({
      config: ok(parseSettings(two, 'x')),
      ...sick(found, tagged(on)),
      hook: ok({ files: [HOOK], libvirt, exists: () => true }),
    }).filter((line) => line.includes('<vlan>'));
  expect(troubles([10, 10, 0], 'br1')).toEqual([
    'libvirt: vyos-01 has <vlan> on a Linux bridge, and libvirt is 10.10.0',
  ]);
  expect(troubles([11, 0, 0], 'br1')).toEqual([]);
  expect(troubles([10, 10, 0], 'br9')).toEqual([]);
  expect(troubles(undefined, 'br1')).toEqual([]);
});

test('an exporter that failed is told once, and a unit that was never there only by its absence', () => {
  expect(said({ systemd: systemd({ [EXPORTER]: unit({ active: 'failed' }) }) })).toEqual([
    `units: ${EXPORTER} has failed`,
  ]);
  const units = new Map([[REMEDIATOR, unit()]]);
  expect(said({ systemd: ok({ version: 252, units }) })).toEqual([`units: ${EXPORTER} is not installed`]);
  const [socket = ''] = SOCKETS;
  expect(said({ systemd: systemd({ [socket]: unit({ active: 'failed' }) }) })).toEqual([`units: ${socket} has failed`]);
  expect(said({ systemd: systemd({ [REMEDIATOR]: unit({ active: 'activating' }) }) })).toEqual([]);
});

test('what keeps a hook from its work is told only where the hook is ours', () => {
  const none = ok({ files: [], libvirt: [9, 0, 0], exists: () => true });
  expect(said({ hook: none, otherHooks: ['/h'], denials: ['DENIED'], hooksConfined: true })).toEqual([]);
  const theirs = ok({ files: [{ ...HOOK, kind: 'other' as const }], libvirt: [9, 0, 0], exists: () => true });
  expect(said({ hook: theirs, systemd: idle })).toEqual([
    'hook: neither the hook is installed nor does the remediator run',
  ]);
});

test('a web config with TLS is no trouble; without, it matters whether there are passwords', () => {
  const why = (text: string) =>
    diagnose(facts({ web: { file: '/w', parsed: ok(parseWebConfig(text, '/w')) } })).troubles.map((each) => each.why);
  expect(why('tls_server_config: { cert_file: c, key_file: k }\n')).toEqual([]);
  expect(why(`basic_auth_users: { me: "$2y$10$${'a'.repeat(53)}" }\n`)).toEqual([
    'passwords cross the network as they are',
  ]);
  expect(why('')).toEqual(['whoever listens reads along']);
});

test('what the remediator says is trouble only while it runs, and each cause has its advice', () => {
  const paused = { kind: 'stale', status: { ...status, paused: true } } as const;
  expect(said({ remediator: paused })).toHaveLength(2);
  expect(said({ remediator: paused, systemd: idle })).toEqual([]);
  expect(said({ remediator: { kind: 'unreadable', problem: 'no JSON' } })).toEqual([]);
  const advice = (more: Partial<RemediatorStatus>) =>
    diagnose(facts({ remediator: { kind: 'current', status: { ...status, ...more } } })).troubles;
  const plan = [{ type: 'libvirt-vlan-exporter plan, then heal' }];
  expect(advice({ heldProblem: 'to accept it, run heal', waitsForHeal: true })).toMatchObject(plan);
  expect(advice({ heldPolicySha256: 'of an older version' })).toMatchObject(plan);
  expect(advice({ heldProblem: 'it waits', waitsForHeal: false })).toMatchObject([
    { type: 'libvirt-vlan-exporter check' },
  ]);
  const domain = { bridge: 'br0', domain: '-a', remediations: 5, failures: 0, lastAt: 1 };
  expect(
    advice({
      domains: [
        { ...domain, domain: 'fine' },
        { ...domain, suspendedSince: 2, suspendedBecause: 'failing' },
        { ...domain, suspendedSince: 2, suspendedBecause: 'undone' },
      ],
    }),
  ).toMatchObject([
    { why: 'its heals fail', type: 'libvirt-vlan-exporter check -- -a' },
    { why: 'somebody or something changes its VLANs again and again' },
  ]);
});
