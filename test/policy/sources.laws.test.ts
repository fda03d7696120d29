// Laws of the sources of intent, over generated domain XML: interfaces of all types, networks, portgroups, aliases, <vlan> wherever it
// may stand, hostile metadata. What libvirt and the sources say is read a second time here, from what was generated.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDomainXml } from '../../src/host/linux/domain-xml.ts';
import type { BridgePolicy, IntentSource } from '../../src/model/policy.ts';
import type { Domain, Port, Snapshot } from '../../src/model/snapshot.ts';
import { formatTable, parseTable, type VlanTable, vidRange } from '../../src/model/vlan.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { plan } from '../../src/remediation/plan.ts';
import { lawRuns } from '../support/law-runs.ts';
import { bridgePolicy, policy, rule, table } from '../support/policy.ts';

interface Tag {
  readonly id: string;
  readonly nativeMode: string | undefined;
}
interface Vlan {
  readonly trunk: string | undefined;
  readonly tags: readonly Tag[];
}
interface Nic {
  readonly type: 'bridge' | 'network' | 'stdin' | 'ethernet' | 'foreign' | 'direct' | 'user' | 'hostdev' | 'ovs';
  readonly network: string;
  readonly portgroup: string | undefined;
  readonly alias: string | undefined;
  readonly own: Vlan | undefined;
  readonly actual: Vlan | undefined;
  readonly now: string;
}
interface Vm {
  readonly nics: readonly Nic[];
  readonly metadata:
    | { readonly pvid: string; readonly vlans: string | undefined; readonly hostile: string }
    | undefined;
}

const mostly = <T>(good: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 8, arbitrary: good }, { weight: 1, arbitrary: odd });
const vlan: fc.Arbitrary<Vlan> = fc.record({
  trunk: fc.constantFrom(undefined, undefined, 'yes', 'no', 'maybe'),
  tags: fc.array(
    fc.record({
      id: mostly(fc.constantFrom('42', '47', '1', '100'), fc.constantFrom('0', '4095', '9999', 'x', '')),
      nativeMode: mostly(fc.constantFrom(undefined, undefined, 'tagged', 'untagged'), fc.constant('odd')),
    }),
    { maxLength: 3 },
  ),
});
const maybeVlan = fc.option(vlan, { nil: undefined });
const nic: fc.Arbitrary<Nic> = fc.record({
  type: fc.constantFrom(
    'bridge',
    'bridge',
    'network',
    'stdin',
    'ethernet',
    'foreign',
    'direct',
    'user',
    'hostdev',
    'ovs',
  ),
  network: fc.constantFrom('lan', 'dmz'),
  portgroup: fc.constantFrom(undefined, 'pg'),
  alias: fc.constantFrom(undefined, 'ua-a', 'net0'),
  own: maybeVlan,
  actual: maybeVlan,
  now: fc.constantFrom('none', '1*', '42*', '42* 100u', '10 20 100*', '7* 10', '42 47*t', '1-4094'),
});
const vm: fc.Arbitrary<Vm> = fc.record({
  nics: fc.array(nic, { minLength: 1, maxLength: 4 }),
  metadata: fc.option(
    fc.record({
      pvid: mostly(fc.constantFrom('42', '7', 'none'), fc.constantFrom('0', 'x', '')),
      vlans: fc.constantFrom(undefined, '10', '10, 20-22', '10;20'),
      hostile: mostly(
        fc.constant(''),
        fc.constantFrom(
          '<!DOCTYPE x>',
          '<interface',
          "<interface mac='1'/>",
          '<x/>',
          '&#0;',
          '<![CDATA[</metadata>]]>',
          'text',
        ),
      ),
    }),
    { nil: undefined },
  ),
});

const macOf = (i: number) => `52:54:00:00:00:0${i}`;

function vlanText(of: Vlan | undefined): string {
  if (!of) return '';
  const tags = of.tags.map(
    ({ id, nativeMode }) => `<tag id='${id}'${nativeMode === undefined ? '' : ` nativeMode='${nativeMode}'`}/>`,
  );
  return `<vlan${of.trunk === undefined ? '' : ` trunk='${of.trunk}'`}>${tags.join('')}</vlan>`;
}

function nicText(of: Nic, i: number): string {
  const group = of.portgroup === undefined ? '' : ` portgroup='${of.portgroup}'`;
  const rest = `<target dev='vnet${i}'${of.type === 'foreign' ? " managed='no'" : ''}/>${of.alias ? `<alias name='${of.alias}'/>` : ''}`;
  const mac = `<mac address='${macOf(i)}'/>`;
  const whole = (type: string, inner: string) => `<interface type='${type}'>${mac}${inner}${rest}</interface>`;
  switch (of.type) {
    case 'bridge':
      return whole('bridge', `<source bridge='br0'/>${vlanText(of.own)}`);
    case 'ovs':
      return whole('bridge', `<source bridge='br0'/><virtualport type='openvswitch'/>${vlanText(of.own)}`);
    case 'network':
      return whole(
        'network',
        `<source network='${of.network}'${group}/>${vlanText(of.own)}<actual type='bridge'><source bridge='br0'/>${vlanText(of.actual)}</actual>`,
      );
    case 'stdin':
      return whole('bridge', `<source network='${of.network}'${group} bridge='br0'/>${vlanText(of.own)}`);
    case 'ethernet':
    case 'foreign':
      return whole('ethernet', vlanText(of.own));
    default:
      return whole(of.type, `<source dev='eno1' mode='bridge'/>${vlanText(of.own)}`);
  }
}

function xmlOf({ nics, metadata }: Vm): string {
  const attributes = (m: NonNullable<Vm['metadata']>) =>
    `pvid='${m.pvid}'${m.vlans === undefined ? '' : ` vlans='${m.vlans}'`}`;
  const ours = metadata
    ? `<metadata><lve:interfaces xmlns:lve='urn:libvirt-vlan-exporter:1'><interface ${attributes(metadata)}/>${metadata.hostile}</lve:interfaces></metadata>`
    : '';
  return `<domstatus><domain><name>web</name>${ours}<devices>${nics.map(nicText).join('')}</devices></domain></domstatus>`;
}

/** Whether the hostile metadata leaves the XML well-formed. */
const isReadable = ({ metadata }: Vm) => !['<!DOCTYPE x>', '<interface'].includes(metadata?.hostile ?? '');

/** A second reading of libvirt's rules; undefined: refused. */
function byLibvirt({ trunk, tags }: Vlan): string | undefined {
  const natives = tags.filter((t) => t.nativeMode !== undefined);
  if (tags.length === 0 || natives.length > 1) return undefined;
  if (tags.some((t) => !['42', '47', '1', '100', '0'].includes(t.id) || t.nativeMode === 'odd')) return undefined;
  if (trunk === 'maybe' || (trunk === 'no' && (tags.length > 1 || natives.length > 0))) return undefined;
  const native = natives[0];
  if (trunk !== 'yes' && tags.length === 1) return tags[0]?.id === '0' ? undefined : `${tags[0]?.id}*`;
  if (tags.some((t) => t.id === '0') && native && native.id !== '0') return undefined;
  const marks = new Map<string, string>();
  for (const { id } of tags) if (id !== '0') marks.set(id, '');
  if (native && native.id !== '0') marks.set(native.id, native.nativeMode === 'tagged' ? '*t' : '*');
  if (marks.size === 0) return undefined;
  return formatTable(table([...marks].map(([id, mark]) => `${id}${mark}`).join(' ')));
}

/** A second reading of the metadata on a bridge with VLANs 10 and 20; undefined: not understood. */
function byMetadata({ pvid, vlans, hostile }: NonNullable<Vm['metadata']>): string | undefined {
  if (hostile !== '' || !['42', '7', 'none'].includes(pvid) || vlans === '10;20') return undefined;
  const members = { '10': '10', '10, 20-22': '10 20-22' }[vlans ?? ''] ?? '10 20';
  return formatTable(table(pvid === 'none' ? members : `${members} ${pvid}*`));
}

const RULES = [
  rule({ name: 'alias', aliases: ['ua-*'], vlans: [], pvid: 42 }),
  rule({ name: 'dmz', networks: ['dmz'], portgroups: ['p?'], vlans: [10], pvid: 7 }),
];

/** A second reading of RULES. */
function byRules({ type, alias, network, portgroup }: Nic): string | undefined {
  if (alias === 'ua-a') return '42*';
  return ['network', 'stdin'].includes(type) && network === 'dmz' && portgroup === 'pg' ? '7* 10' : undefined;
}

const isVnet = ({ type }: Nic) => ['bridge', 'network', 'stdin', 'ethernet', 'foreign'].includes(type);

/** What the sources that speak say of an interface, in their order; undefined where one is not understood, or asks for more than `highest`. */
function answers(of: Vm, i: number, intent: readonly IntentSource[], highest: number): readonly (string | undefined)[] {
  const nic = of.nics[i] as Nic;
  const vlan = (nic.type === 'network' ? nic.actual : undefined) ?? nic.own;
  const all: Readonly<Record<IntentSource, (string | undefined)[]>> = {
    rules: byRules(nic) === undefined ? [] : [byRules(nic)],
    vlan: vlan ? [within(byLibvirt(vlan), highest)] : [],
    metadata: of.metadata ? [within(byMetadata(of.metadata), highest)] : [],
  };
  return intent.flatMap((source) => all[source]);
}

function within(said: string | undefined, highest: number): string | undefined {
  return (said?.match(/\d+/g) ?? []).every((id) => Number(id) <= highest) ? said : undefined;
}

function snapshotOf(of: Vm, tables: ReadonlyMap<string, VlanTable>): Snapshot {
  const { interfaces, metadata, name, uuid } = parseDomainXml(xmlOf(of));
  const domain: Domain = { name, uuid, state: 'running', interfaces, metadata };
  const ports = of.nics.map((nic, i): Port => {
    const mac = nic.type === 'foreign' ? '02:00:00:00:00:77' : macOf(i).replace('52', 'fe');
    return { name: `vnet${i}`, mac, tap: true };
  });
  return {
    takenAt: 1,
    links: { ok: true, value: [{ name: 'br0', vlanFiltering: true, defaultPvid: 1, ports }] },
    vlans: { ok: true, value: tables },
    domains: { ok: true, value: [domain] },
    collectors: [],
  };
}

const intents = fc
  .shuffledSubarray(['rules', 'vlan', 'metadata'] as const, { minLength: 1 })
  .map((intent): readonly IntentSource[] => intent);
/** `allowed` on the bridge: from 1 to it. */
const ceilings = fc.constantFrom(4094, 4094, 46);
const bridgeOf = (intent: readonly IntentSource[], highest = 4094, unexpected: BridgePolicy['unexpected'] = 'remove') =>
  bridgePolicy({ vlans: [10, 20], pvid: 100, rules: RULES, intent, unexpected, allowed: [vidRange(1, highest)] });
const tablesOf = ({ nics }: Vm) =>
  new Map(nics.map(({ now }, i): [string, VlanTable] => [`vnet${i}`, parseTable(now)]));
const readable = vm.filter(isReadable);

test('the order of the sources decides, and nothing else: what is expected is what a second reading says', () => {
  const seen = { table: 0, intent_invalid: 0, intent_conflict: 0 };
  fc.assert(
    fc.property(readable, intents, ceilings, (of, intent, highest) => {
      const report = evaluate(snapshotOf(of, tablesOf(of)), policy(bridgeOf(intent, highest)));
      const vnets = report.bridges[0]?.vnets ?? [];
      expect(vnets.map(({ vnet }) => vnet)).toEqual(of.nics.flatMap((nic, i) => (isVnet(nic) ? [`vnet${i}`] : [])));
      for (const { vnet, expected } of vnets) {
        const said = answers(of, Number(vnet.slice(4)), intent, highest);
        const reason = said.includes(undefined)
          ? 'intent_invalid'
          : new Set(said).size > 1
            ? 'intent_conflict'
            : undefined;
        expect(expected.undecided?.reason).toBe(reason);
        if (reason === undefined) expect(formatTable(expected.table)).toBe(said[0] ?? '10 20 100*');
        seen[reason ?? 'table'] += 1;
      }
    }),
    { numRuns: lawRuns(1500) },
  );
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(20);
}, 60_000);

test('what is undecided is never changed, and is never compliant; all else converges in one step', () => {
  const unexpected = fc.constantFrom('report' as const, 'remove' as const, 'ignore' as const);
  const seen = { intent_invalid: 0, intent_conflict: 0, healed: 0 };
  fc.assert(
    fc.property(readable, intents, ceilings, unexpected, (of, intent, highest, rest) => {
      const under = policy(bridgeOf(intent, highest, rest));
      const tables = tablesOf(of);
      const report = evaluate(snapshotOf(of, tables), under);
      const planned = plan(report).vnets;
      for (const { vnet, expected, verdict } of report.bridges[0]?.vnets ?? []) {
        if (!expected.undecided) continue;
        seen[expected.undecided.reason] += 1;
        expect(verdict).toBe('drifted');
        expect(planned.map((p) => p.vnet)).not.toContain(vnet);
      }
      seen.healed += planned.length;
      const healed = new Map([...tables, ...planned.map((p): [string, VlanTable] => [p.vnet, p.after])]);
      expect(plan(evaluate(snapshotOf(of, healed), under)).vnets).toEqual([]);
    }),
    { numRuns: lawRuns(1500) },
  );
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(20);
}, 60_000);

test('whatever stands in a domain, it is read or it is an error; libvirt’s refusals never heal', () => {
  const seen = { refused: 0, unreadable: 0 };
  fc.assert(
    fc.property(vm, (of) => {
      try {
        const report = evaluate(snapshotOf(of, tablesOf(of)), policy(bridgeOf(['vlan'])));
        const healed = new Set(plan(report).vnets.map(({ vnet }) => vnet));
        of.nics.forEach((nic, i) => {
          const vlan = (nic.type === 'network' ? nic.actual : undefined) ?? nic.own;
          if (!vlan || byLibvirt(vlan) !== undefined) return;
          seen.refused += isVnet(nic) ? 1 : 0;
          expect(healed).not.toContain(`vnet${i}`);
        });
      } catch (error) {
        expect(isReadable(of), String(error)).toBe(false);
        seen.unreadable += 1;
      }
    }),
    { numRuns: lawRuns(1500) },
  );
  expect(seen.refused).toBeGreaterThan(20);
  expect(seen.unreadable).toBeGreaterThan(0);
}, 60_000);
