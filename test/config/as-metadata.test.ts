// What `config infer --as metadata` prints for a domain whose metadata says something already, and for one whose rules metadata cannot
// say: it is judged as the program itself would hear it.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inferMetadata } from '../../src/config/as-metadata.ts';
import { parseDomainXml } from '../../src/host/linux/domain-xml.ts';
import type { Domain, Interface, Metadata, MetadataElement } from '../../src/model/snapshot.ts';
import { vidRange } from '../../src/model/vlan.ts';
import { expect as expected, ruleFor } from '../../src/policy/expect.ts';
import { lawRuns } from '../support/law-runs.ts';
import { bridgePolicy, policy, rule } from '../support/policy.ts';

const MAC = (n: number) => `52:54:00:00:00:0${n}`;

function nic(n: number, change: Partial<Interface> = {}): Interface {
  return { mac: MAC(n), target: `vnet${n}`, bridge: 'br0', skipped: undefined, ...change };
}

function domain(interfaces: readonly Interface[], metadata?: Metadata): Domain {
  return { name: 'web', uuid: undefined, state: 'running', interfaces, metadata };
}

/** <interfaces> with an <interface> of these attributes each. */
function metadata(...entries: readonly Record<string, string>[]): Metadata {
  const children = entries.map((entry) => element('interface', Object.entries(entry)));
  return { elements: [{ ...element('interfaces', []), children }] };
}

function element(name: string, attributes: MetadataElement['attributes']): MetadataElement {
  return { name, attributes, children: [], text: '' };
}

const PVID_50 = rule({ name: 'web', domains: ['web'], mac: MAC(1), vlans: [], pvid: 50 });
const OURS = `<interface mac="${MAC(1)}" vlans="" pvid="50"/>`;

/** The printed element, with the rule for the interface 1, and what was left out. */
function printed(of: Domain, under = policy(bridgePolicy({ rules: [PVID_50] }))) {
  const { commands, leftOut } = inferMetadata(under, [of]);
  return { elements: commands.map((command) => /--set '<interfaces>(.*)<\/interfaces>'/.exec(command)?.[1]), leftOut };
}

test('what the metadata says of interfaces that no rule names is kept, as it is; what a rule names is as the rule says', () => {
  const said = metadata(
    { mac: MAC(2), pvid: '30' },
    { mac: MAC(1), pvid: '7' },
    { mac: MAC(9), vlans: '10-12 20', pvid: 'none' },
    { vlans: '' },
  );
  const kept = `<interface mac="${MAC(2)}" pvid="30"/><interface mac="${MAC(9)}" vlans="10-12, 20" pvid="none"/>`;
  expect(printed(domain([nic(1), nic(2)], metadata({ mac: MAC(2), pvid: '30' })))).toEqual({
    elements: [`${OURS}<interface mac="${MAC(2)}" pvid="30"/>`],
    leftOut: [],
  });
  expect(printed(domain([nic(1), nic(2)], said))).toEqual({
    elements: [`${OURS}${kept}<interface vlans=""/>`],
    leftOut: [],
  });
});

test('metadata that is not understood is not written over: the domain is left out, and why', () => {
  const left = (said: Metadata) => printed(domain([nic(1), nic(2)], said));
  expect(left(metadata({ mac: MAC(2), pvid: '30', note: 'x' }))).toEqual({
    elements: [],
    leftOut: [
      'web: its metadata is not understood, and would be lost: <interface>: note; expected the attributes mac, vlans, pvid and nothing else; mend or remove it first',
    ],
  });
  expect(left({ problem: 'cannot be read as XML' }).leftOut).toEqual([
    expect.stringContaining('<metadata>: cannot be read as XML'),
  ]);
  const unnamed = domain([nic(2)], metadata({ pvid: 'x' }));
  expect(printed(unnamed)).toEqual({ elements: [], leftOut: [] });
});

test('a domain whose name virsh would take for the ID of another is named by its UUID, and left out where that is not known', () => {
  const under = policy(bridgePolicy({ rules: [rule({ domains: ['*'], vlans: [], pvid: 50 })] }));
  const uuid = '0f0e0d0c-0b0a-4908-8706-050403020100';
  const of = (change: Partial<Domain>) => inferMetadata(under, [{ ...domain([nic(1)]), ...change }]);
  expect(of({ name: '7', uuid }).commands).toEqual([expect.stringContaining(`virsh metadata --domain ${uuid} --uri`)]);
  expect(of({ name: 'web', uuid }).commands).toEqual([expect.stringContaining('virsh metadata --domain web --uri')]);
  expect(of({ name: '--set', uuid }).commands).toEqual([expect.stringContaining(' --domain --set --uri')]);
  expect(of({ name: '7' })).toEqual({
    commands: [],
    leftOut: [
      '7: virsh may take its name for the ID or the UUID of another domain, or it cannot be typed, and its XML has no UUID to name it by; rename it, or leave this VM to the rules',
    ],
  });
});

const SHARED = `web: two of its interfaces have the MAC ${MAC(1)}, and the rules do not want the same of both: metadata tells them apart by MAC alone; leave this VM to the rules`;

test('one MAC on two bridges is one entry where the rules want the same of both, and left out where not', () => {
  const wants = (pvid: number) => ({ rules: [rule({ domains: ['web'], vlans: [], pvid })] });
  const two = domain([nic(1), nic(1, { target: 'vnet2', bridge: 'br1' })]);
  const under = (pvid: number) =>
    policy(bridgePolicy(wants(50)), bridgePolicy({ name: 'br1', vlans: [10], ...wants(pvid) }));
  expect(printed(two, under(50))).toEqual({ elements: [OURS], leftOut: [] });
  expect(printed(two, under(60))).toEqual({ elements: [], leftOut: [SHARED] });
});

test('one MAC of which a rule is for one interface only is left out, unless the other has no port of a bridge', () => {
  const both = (change: Partial<Interface>, state: Domain['state'] = 'running') =>
    printed({ ...domain([nic(1), nic(1, { target: 'vnet2', ...change })]), state }).leftOut;
  const hostdev = { bridge: undefined, skipped: 'hostdev' };
  expect(both({ bridge: 'br1' })).toEqual([SHARED]);
  expect(both({ ...hostdev, ethernet: { managed: true } })).toEqual([onAnyBridge('rule web of br0'), SHARED]);
  expect(both({ ...hostdev, network: 'sriov' }, 'defined')).toContain(SHARED);
  expect(both(hostdev)).toEqual([]);
  expect(both({ ...hostdev, network: 'sriov' })).toEqual([]);
});

function onAnyBridge(rules: string): string {
  return `web: ${MAC(1)}: its XML does not say on which bridge its tap lies, and ${rules} may be for it; leave it to the rules`;
}

test("an interface of type='ethernet' is told where a rule of any bridge may be for it, and the others are written", () => {
  const under = policy(bridgePolicy({ rules: [PVID_50] }), bridgePolicy({ name: 'br1', rules: [PVID_50] }));
  const ethernet = (n: number) =>
    nic(n, { bridge: undefined, skipped: 'ethernet', target: 'tapx', ethernet: { managed: n === 1 } });
  const told = onAnyBridge('rule web of br0, rule web of br1');
  for (const state of ['running', 'defined'] as const)
    expect(printed({ ...domain([ethernet(1)]), state }, under)).toEqual({ elements: [], leftOut: [told] });
  expect(printed(domain([ethernet(2)]), under)).toEqual({ elements: [], leftOut: [] });
  const both = policy(bridgePolicy({ rules: [PVID_50, rule({ mac: MAC(3), vlans: [], pvid: 30 })] }));
  expect(printed(domain([ethernet(1), nic(3)]), both)).toEqual({
    elements: [`<interface mac="${MAC(3)}" vlans="" pvid="30"/>`],
    leftOut: [onAnyBridge('rule web of br0')],
  });
});

test('a rule that wants more than the bridge allows a VM to say of itself is left out', () => {
  const under = (...allowed: readonly number[]) =>
    policy(bridgePolicy({ allowed: allowed.map((id) => vidRange(id)), rules: [PVID_50] }));
  expect(printed(domain([nic(1)]), under(50))).toEqual({ elements: [OURS], leftOut: [] });
  expect(printed({ ...domain([nic(1)]), file: '/etc/libvirt/qemu/web.xml' }, under(30))).toEqual({
    elements: [],
    leftOut: [
      `web: ${MAC(1)}: br0 would not take from metadata what rule web wants: <metadata>: 50; expected <metadata> with VLANs within the bridge's "allowed": 30; change that, or leave this VM to the rule`,
    ],
  });
});

test('law: what is printed is heard: as a rule where one is for the interface, and as before where none is', () => {
  const digit = fc.constantFrom(1, 2, 3);
  const bridges = ['br0', 'br1'] as const;
  const nics = fc.array(fc.tuple(digit, fc.constantFrom(...bridges)), { minLength: 1, maxLength: 4 });
  const pvid = fc.constantFrom(7, 30, 50);
  const rules = fc.array(fc.tuple(digit, pvid), { maxLength: 2 });
  const entries = fc.uniqueArray(fc.tuple(fc.option(digit), fc.constantFrom('7', '30', 'none', 'x')), {
    selector: ([n]) => n,
    maxLength: 3,
  });
  fc.assert(
    fc.property(nics, rules, rules, fc.option(entries), fc.subarray([7, 30, 50]), (of, here, there, said, allowed) => {
      const under = policy(
        ...[here, there].map((asked, i) =>
          bridgePolicy({
            name: bridges[i] as string,
            allowed: [10, 20, ...allowed].map((id) => vidRange(id)),
            rules: asked.map(([n, id]) => rule({ mac: MAC(n), vlans: [10], pvid: id })),
          }),
        ),
      );
      const written = said?.map(([n, id]) => ({ ...(n === null ? {} : { mac: MAC(n) }), pvid: id })) ?? [];
      const before = domain(
        of.map(([n, bridge], i) => nic(n, { target: `vnet${i}`, bridge })),
        written.length > 0 ? metadata(...written) : undefined,
      );
      const { commands, leftOut } = inferMetadata(under, [before]);
      const xml = /--set '<interfaces>(.*)' --live/.exec(commands[0] ?? '')?.[1];
      const owned = before.interfaces.map((iface) => {
        const bridge = under.bridges.find(({ name }) => name === iface.bridge) ?? bridgePolicy();
        return { iface, bridge, asked: ruleFor(bridge, { domain: before, iface }) };
      });
      expect(commands.length + leftOut.length).toBe(owned.some(({ asked }) => asked) ? 1 : 0);
      if (xml === undefined) return;
      const ours = `<interfaces xmlns='urn:libvirt-vlan-exporter:1'>${xml}`;
      const after = parseDomainXml(`<domain><name>web</name><metadata>${ours}</metadata></domain>`);
      for (const { iface, bridge, asked } of owned) {
        const heard = (by: Metadata | undefined) =>
          expected({ ...bridge, intent: ['metadata'] }, { domain: { ...before, metadata: by }, iface });
        expect(heard(after.metadata)).toEqual(
          asked ? { rule: 'metadata', table: asked.table } : heard(before.metadata),
        );
      }
    }),
    { numRuns: lawRuns(300) },
  );
});
