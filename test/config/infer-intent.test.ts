// Proposals where domains say their VLANs themselves, and where the vnets of a libvirt network are alike.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inferMetadata } from '../../src/config/as-metadata.ts';
import { inferConfig } from '../../src/config/infer.ts';
import { parseSettings } from '../../src/config/load.ts';
import { parseDomainXml } from '../../src/host/linux/domain-xml.ts';
import type { Domain, Snapshot } from '../../src/model/snapshot.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { plan } from '../../src/remediation/plan.ts';
import { lawRuns } from '../support/law-runs.ts';
import { type Nic, snapshotOf } from '../support/nics.ts';
import { bridgePolicy, policy, rule } from '../support/policy.ts';

/** The proposal, which makes the host compliant. */
function proposalFor(snapshot: Snapshot): string {
  const { text = '' } = inferConfig(snapshot);
  const report = evaluate(snapshot, parseSettings(text, 'proposal').policy);
  expect({ text, findings: report.bridges.flatMap(({ findings }) => findings) }).toEqual({ text, findings: [] });
  return text;
}

test('where all VMs say it by <vlan>, that is the only source', () => {
  const text = proposalFor(
    snapshotOf({ domain: 'a', table: '42*', tag: '42' }, { domain: 'b', table: '47*', tag: '47' }),
  );
  expect(text).toContain('    intent: [vlan] # 2 of 2 say it themselves, by <vlan>\n');
  expect(text).not.toContain('rules:');
});

const NATIVE_TAGGED = { trunk: 'yes', tags: [{ id: '42' }, { id: '47', nativeMode: 'tagged' }] };

test('a VM that says it by <vlan> is not left out, whatever it asks for and whatever its name is', () => {
  const snapshot = snapshotOf(
    { domain: 'a', table: '42 47*t', vlan: NATIVE_TAGGED },
    { domain: 'b*', table: '50*', tag: '50' },
  );
  expect(inferConfig(snapshot).leftOut).toEqual([]);
  expect(proposalFor(snapshot)).toContain('no vnet to learn from\n    intent: [vlan] # 2 of 2 say it');
});

const TENANTS = [
  { domain: 'a', table: '42*', tag: '42' },
  { domain: 'b', table: '47*', tag: '47' },
];

test('a VM that comes later and says nothing is left where the kernel puts it, and not put into a VLAN that another says', () => {
  const { policy } = parseSettings(proposalFor(snapshotOf(...TENANTS)), 'proposal');
  const { vnets } = plan(evaluate(snapshotOf(...TENANTS, { domain: 'new', table: '1*' }), policy));
  expect(vnets).toEqual([]);
});

test('one vnet without VLANs does not take the bridge out of the proposal', () => {
  const { text, leftOut } = inferConfig(snapshotOf(...TENANTS, { domain: 'c', table: 'none' }));
  expect(text).toContain('    pvid: 1 # ');
  expect(text).toContain('    intent: [vlan] # 2 of 3 say it');
  expect(leftOut).toEqual(['br0: vnet2 of c: it has no VLAN at all']);
});

test('what the bridge wants of others is in use: a port out of the host that lacks it is no uplink', () => {
  const propose = (table: string, ...more: readonly Nic[]) =>
    inferConfig(snapshotOf(...TENANTS, { domain: '', table, uplink: true }, ...more)).text;
  const wiped = { domain: 'c', table: 'none' };
  expect(propose('42 47', wiped)).toContain('# eno2 is no uplink here: it lacks VLANs in use');
  expect(propose('1 42 47', wiped)).toContain('    uplinks: [eno2]\n');
  expect(propose('42 47')).toContain('    uplinks: [eno2]\n');
});

test('a rule is for no other vnet of its domain or its network than those that it was learned from', () => {
  const ten = (domain: string) => ({ domain, table: '10 20' });
  const snapshot = snapshotOf(
    ...['a', 'b', 'd', 'e'].map(ten),
    { domain: 'c', table: '100*' },
    { domain: 'c', table: 'none' },
    { domain: 'f', table: '30*', network: 'dmz' },
    { domain: 'g', table: '30*', network: 'dmz' },
    { domain: 'h', table: 'none', network: 'dmz' },
  );
  const { text = '' } = inferConfig(snapshot);
  const { bridges } = evaluate(snapshot, parseSettings(text, 'proposal').policy);
  const ruleOf = (name: string) => bridges[0]?.vnets.find(({ vnet }) => vnet === name)?.expected.rule;
  expect(['vnet4', 'vnet5', 'vnet6', 'vnet8'].map(ruleOf)).toEqual([
    'c 52:54:00:00:00:04',
    'default',
    'pvid-30',
    'default',
  ]);
});

test('where no VM asks for what a bridge can want, its default PVID is proposed; where it has none, that is told', () => {
  const snapshot = snapshotOf({ domain: 'a', table: '42 47*t', vlan: NATIVE_TAGGED });
  const by = (defaultPvid: number | undefined): Snapshot => {
    const { links } = snapshot;
    if (!links.ok) throw new Error('unread');
    return { ...snapshot, links: { ok: true, value: links.value.map((bridge) => ({ ...bridge, defaultPvid })) } };
  };
  expect(inferConfig(by(1)).leftOut).toEqual([]);
  expect(proposalFor(by(7))).toContain(
    "    vlans: []\n    pvid: 7 # the bridge's default PVID: no vnet to learn from\n    intent: [vlan] # 1 of 1 say it",
  );
  const told = (why: string) =>
    `br0: no vnet but by <vlan> shows what it is to have, and the default PVID, for others, ${why}; write the bridge yourself: vlans: [], intent: [vlan], and as pvid a VLAN that is used nowhere`;
  expect(inferConfig(by(0))).toEqual({ text: undefined, leftOut: [told('is none')] });
  expect(inferConfig(by(undefined))).toEqual({ text: undefined, leftOut: [told('could not be read')] });
  expect(inferConfig(snapshotOf()).leftOut).toEqual(['br0: no vnet to learn from']);
});

test('where some do, the others have their rules, and a domain with both has one for the MAC', () => {
  const text = proposalFor(
    snapshotOf(
      { domain: 'a', table: '42*', tag: '42' },
      { domain: 'a', table: '10 20 7*' },
      { domain: 'b', table: '10 20 1*' },
      { domain: 'c', table: '10 20 1*' },
      { domain: 'd', table: '10 20 9*' },
    ),
  );
  expect(text).toContain('    intent: [rules, vlan] # 1 of 5 say it themselves, by <vlan>\n');
  expect(text).toMatch(/domains:\n {10}- a\n {8}mac: 52:54:00:00:00:01\n/);
  expect(text).toMatch(/domains:\n {10}- d\n {8}pvid: 9\n/);
});

test('vnets of a network that are alike become one rule for the network; those that differ do not', () => {
  const text = proposalFor(
    snapshotOf(
      ...['a', 'b', 'c'].map((domain) => ({ domain, table: '10 1*', network: 'lan' })),
      ...['a', 'd'].map((domain) => ({ domain, table: '10 30*', network: 'dmz' })),
      { domain: 'e', table: '10 40*', network: 'mixed' },
      { domain: 'f', table: '10 50*', network: 'mixed' },
    ),
  );
  expect(text).toContain('      - name: network-dmz\n        networks: [dmz]\n        pvid: 30\n');
  expect(text).not.toMatch(/networks: .*(lan|mixed)/);
  expect(text).toMatch(/- e\n {8}pvid: 40/);
});

test('vnets without a PVID, where most have one, become a rule with that name', () => {
  const table = (domain: string, of: string) => ({ domain, table: of });
  const text = proposalFor(snapshotOf(table('a', '10 1*'), table('b', '10 1*'), table('c', '10')));
  expect(text).toMatch(/- name: pvid-none\n {8}domains:\n {10}- c\n {8}pvid: none/);
});

test('a network of which one vnet says it itself has no rule', () => {
  const text = proposalFor(
    snapshotOf(
      ...['a', 'b', 'c', 'd'].map((domain) => ({ domain, table: '10 1*' })),
      { domain: 'e', table: '10 30*', network: 'dmz' },
      { domain: 'f', table: '10 30*', network: 'dmz' },
      { domain: 'g', table: '42*', network: 'dmz', tag: '42' },
    ),
  );
  expect(text).not.toContain('networks:');
});

const BLANKS = [' ', '\u00a0', '\u2003', '\u2028', '\ufeff'];

test('law: a name of a domain or a network that is proposed is read back as that very name', () => {
  const unit = fc.oneof(
    { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
    fc.constantFrom(...BLANKS),
  );
  const text = fc.array(unit, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
  const name = text.filter((of) => of !== '' && !/[*?/\p{Cc}]/u.test(of));
  fc.assert(
    fc.property(name, (odd) => {
      const { text = '', leftOut } = inferConfig(
        snapshotOf(
          ...['vm1', 'vm2', 'vm3'].map((domain) => ({ domain, table: '10 1*' })),
          { domain: `${odd}!`, table: '10 8*' },
          { domain: `!${odd}`, table: '10 7*' },
          ...['x', 'y'].map((vm) => ({ domain: `${vm}-of-network`, table: '10 30*', network: odd })),
          { domain: odd, table: '10 9*' },
        ),
      );
      const [{ rules = [] } = {}] = parseSettings(text, 'proposal').policy.bridges;
      expect(leftOut).toEqual([]);
      expect(rules.map(({ domains, networks }) => domains ?? networks)).toEqual([
        [odd],
        [`!${odd}`],
        [`${odd}!`],
        [odd],
      ]);
    }),
    { numRuns: lawRuns(100) },
  );
});

test('a blank at the end of a name that YAML takes as it is stands in quotes', () => {
  for (const blank of BLANKS) {
    const text = proposalFor(
      snapshotOf(...['web', 'b', 'c'].map((domain) => ({ domain, table: '10 1*' })), {
        domain: `web${blank}`,
        table: '10 7*',
      }),
    );
    expect(text).toContain(`          - "web${blank}"\n`);
  }
});

test('--as metadata writes what the rules say into each domain, and it is understood as the same', () => {
  const { domains } = snapshotOf(
    { domain: "q'; reboot; '", table: '1*' },
    { domain: 'web', table: '1*' },
    { domain: 'web', table: '1*' },
    { domain: 'none', table: '1*' },
  );
  if (!domains.ok) throw new Error('unread');
  const rules = [
    rule({ name: 'a', domains: ['web'], mac: '52:54:00:00:00:01', vlans: [10, 11, 20], pvid: 100 }),
    rule({ name: 'b', domains: ['q*', 'web'], vlans: [], pvid: 7 }),
  ];
  const under = bridgePolicy({ vlans: [10, 20], pvid: 1, rules });
  const { commands } = inferMetadata(policy(under), domains.value);
  expect(commands).toEqual([
    "virsh metadata --domain 'q'\\''; reboot; '\\''' --uri urn:libvirt-vlan-exporter:1 --key lve --set '<interfaces><interface mac=\"52:54:00:00:00:00\" vlans=\"\" pvid=\"7\"/></interfaces>' --live --config",
    'virsh metadata --domain web --uri urn:libvirt-vlan-exporter:1 --key lve --set \'<interfaces><interface mac="52:54:00:00:00:01" vlans="10-11, 20" pvid="100"/><interface mac="52:54:00:00:00:02" vlans="" pvid="7"/></interfaces>\' --live --config',
  ]);
  // libvirt puts the element into its namespace.
  const written = /--set '(.*)' --live/
    .exec(commands[1] ?? '')?.[1]
    ?.replace('<interfaces>', "<interfaces xmlns='urn:libvirt-vlan-exporter:1'>");
  const { metadata } = parseDomainXml(`<domain><name>web</name><metadata>${written}</metadata></domain>`);
  const heard = domains.value.map((domain): Domain => (domain.name === 'web' ? { ...domain, metadata } : domain));
  const snapshot = {
    ...snapshotOf({ domain: 'x', table: '1*' }, { domain: 'x', table: '1*' }, { domain: 'x', table: '1*' }),
    domains: { ok: true as const, value: heard },
  };
  const report = evaluate(snapshot, policy({ ...under, intent: ['rules', 'metadata'] }));
  const web = report.bridges[0]?.vnets.filter(({ domain }) => domain === 'web') ?? [];
  expect(web.map(({ expected }) => expected.undecided)).toEqual([undefined, undefined]);
});

test('two vnets of one domain with one MAC that differ are told, and have one rule; those that are alike are no matter', () => {
  const twins = (...tables: readonly string[]) => {
    const plain = snapshotOf(
      { domain: 'a', table: '10 1*' },
      { domain: 'b', table: '10 1*' },
      { domain: 'c', table: '10 1*' },
      ...[...tables, '10 8*'].map((table) => ({ domain: 'twins', table })),
    );
    const one = (mac: string) => mac.replace(/0[34]$/, '03');
    const { links, domains } = plain;
    if (!links.ok || !domains.ok) throw new Error('unread');
    return inferConfig({
      ...plain,
      links: {
        ok: true,
        value: links.value.map((b) => ({ ...b, ports: b.ports.map((p) => ({ ...p, mac: one(p.mac ?? '') })) })),
      },
      domains: {
        ok: true,
        value: domains.value.map((d) => ({ ...d, interfaces: d.interfaces.map((i) => ({ ...i, mac: one(i.mac) })) })),
      },
    });
  };
  const different = twins('10 7*', '10 9*');
  expect(different.leftOut).toEqual(['br0: two vnets of twins have the MAC 52:54:00:00:00:03 and differ']);
  expect(different.text?.match(/mac: 52:54:00:00:00:03/g)).toHaveLength(1);
  const alike = twins('10 7*', '10 7*');
  expect(alike.leftOut).toEqual([]);
  expect(alike.text?.match(/mac: 52:54:00:00:00:03/g)).toHaveLength(1);
});

test('rules of one PVID have names that differ', () => {
  const text = proposalFor(
    snapshotOf(
      ...['a', 'b', 'c'].map((domain) => ({ domain, table: '10 1*' })),
      ...['20', '30', '40'].map((vlan) => ({ domain: `of-${vlan}`, table: `7* ${vlan}` })),
    ),
  );
  expect([...text.matchAll(/- name: (.*)/g)].map(([, name]) => name)).toEqual(['pvid-7', 'pvid-7-2', 'pvid-7-3']);
});

test('networks are in the order of their names, also those of odd names; a glob is none, nor is a network of one vnet', () => {
  const pair = (network: string, pvid: number) =>
    ['x', 'y'].map((vm) => ({ domain: `${vm}-${pvid}`, table: `10 ${pvid}*`, network }));
  const text = proposalFor(
    snapshotOf(
      ...['a', 'b', 'c'].map((domain) => ({ domain, table: '10 1*' })),
      ...pair('z', 20),
      ...pair('[a], {b}', 30),
      { domain: 'g', table: '10 40*', network: 'lan-*' },
      { domain: 'h', table: '10 40*', network: 'lan-*' },
    ),
  );
  expect([...text.matchAll(/networks: (.*)/g)].map(([, names]) => names)).toEqual(['["[a], {b}"]', '[z]']);
  const alone = proposalFor(
    snapshotOf(...['a', 'b'].map((domain) => ({ domain, table: '10 1*' })), {
      domain: 'c',
      table: '10 7*',
      network: 'lan',
    }),
  );
  expect(alone).not.toContain('networks:');
});

test('--as metadata tells what it leaves out: domains that cannot be read, and stopped ones on a libvirt network', () => {
  const rules = [rule({ name: 'a', domains: ['*'], vlans: [], pvid: 7 })];
  const { leftOut, commands } = inferMetadata(policy(bridgePolicy({ rules })), [
    domain('off', 'defined', { bridge: undefined, skipped: 'network', network: 'dmz' }),
    domain('on', 'running', { bridge: undefined, skipped: 'network', network: 'nat' }),
    domain('plain', 'defined', {}),
    domain('known', 'defined', { bridge: 'br1', network: 'lan' }),
    domain('macvtap', 'defined', { bridge: undefined, skipped: 'macvtap' }),
    { ...domain('torn', 'unknown', {}), problem: 'torn.xml: ends too early' },
    domain('lost', 'unknown', {}),
  ]);
  expect(leftOut).toEqual([
    'off: 52:54:00:00:00:01: only a running VM tells the bridge of network "dmz": start it first',
    'torn.xml: ends too early',
    'lost: cannot be read',
  ]);
  expect(commands).toEqual([expect.stringMatching(/^virsh metadata --domain plain .*<\/interfaces>' --config$/)]);
});

test('--as metadata writes "none" where a rule wants no PVID', () => {
  const rules = [rule({ name: 'a', domains: ['*'], vlans: [10] })];
  const { commands } = inferMetadata(policy(bridgePolicy({ rules })), [domain('web', 'running', {})]);
  expect(commands).toEqual([expect.stringContaining('vlans="10" pvid="none"')]);
});

function domain(name: string, state: Domain['state'], iface: Partial<Domain['interfaces'][number]>): Domain {
  const plain = { mac: '52:54:00:00:00:01', target: undefined, bridge: 'br0', skipped: undefined };
  return { name, uuid: undefined, state, interfaces: [{ ...plain, ...iface }] };
}
