// Domain XML as libvirt and people write it, generated: interfaces of every type, networks, portgroups, aliases, <vlan> wherever it may
// stand, our metadata and that of others, decoys that look like interfaces. What it says is known before it is written: the file is
// read back and held against that.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDomainXml } from '../../../src/host/linux/domain-xml.ts';
import { entriesOf } from '../../../src/policy/metadata.ts';
import { lawRuns } from '../../support/law-runs.ts';

// https://libvirt.org/formatdomain.html#network-interfaces
const TYPES = [
  'bridge',
  'network',
  'ethernet',
  'direct',
  'user',
  'vhostuser',
  'server',
  'client',
  'mcast',
  'udp',
  'internal',
  'hostdev',
  'vdpa',
  'vds',
  'null',
] as const;
type Type = (typeof TYPES)[number];

interface Vlan {
  readonly trunk: string | undefined;
  readonly tags: readonly { readonly id: string | undefined; readonly nativeMode: string | undefined }[];
}
interface Place {
  readonly type: Type;
  readonly bridge: string | undefined;
  readonly dev: string | undefined;
  readonly macTableManager: string | undefined;
  readonly virtualport: string | undefined;
  readonly vlan: Vlan | undefined;
}
interface Nic extends Place {
  readonly mac: string | undefined;
  readonly target: string | undefined;
  readonly managed: string | undefined;
  readonly network: string | undefined;
  readonly portgroup: string | undefined;
  readonly alias: string | undefined;
  /** Only of a libvirt network. */
  readonly actual: Place | undefined;
}
interface Entry {
  readonly mac: string | undefined;
  readonly vlans: string | undefined;
  readonly pvid: string | undefined;
}
interface Vm {
  readonly name: string;
  readonly uuid: string | undefined;
  /** Live XML has it. */
  readonly pid: number | undefined;
  readonly nics: readonly Nic[];
  readonly ours: readonly Entry[] | undefined;
  readonly how: 'prefix' | 'default' | 'outer';
}
/** How it is written: what XML leaves to the writer. */
interface Pen {
  readonly next: (below: number) => number;
}

const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
const anyName = fc
  .string({ unit: fc.constantFrom(...'abz019-_. &<>\'"üß字'.split('')), minLength: 1, maxLength: 8 })
  .filter((name) => name.trim() !== '');
const vlan: fc.Arbitrary<Vlan> = fc.record({
  trunk: fc.constantFrom(undefined, 'yes', 'no', 'maybe', ''),
  tags: fc.array(
    fc.record({
      id: maybe(fc.constantFrom('1', '42', '4094', '0', '4095', '-1', 'x', '')),
      nativeMode: fc.constantFrom(undefined, 'tagged', 'untagged', 'odd'),
    }),
    { maxLength: 3 },
  ),
});
const placeOf = (types: readonly Type[]): fc.Arbitrary<Place> =>
  fc.record({
    type: fc.constantFrom(...types),
    bridge: maybe(anyName),
    dev: maybe(anyName),
    macTableManager: fc.constantFrom(undefined, 'libvirt', 'kernel'),
    virtualport: fc.constantFrom(undefined, undefined, undefined, 'openvswitch', 'midonet', '802.1Qbh'),
    vlan: maybe(vlan),
  });
const nic: fc.Arbitrary<Nic> = fc
  .record({
    place: placeOf([...TYPES, 'bridge', 'network', 'network', 'ethernet']),
    mac: fc.constantFrom('52:54:00:00:00:01', '52:54:00:AA:bb:02', 'fe:54:00:00:00:03', undefined, '52:54', ''),
    target: maybe(anyName),
    managed: fc.constantFrom(undefined, undefined, 'no', 'yes'),
    network: maybe(anyName),
    portgroup: maybe(anyName),
    alias: maybe(
      fc.oneof(
        anyName,
        anyName.map((name) => `ua-${name}`),
      ),
    ),
    // A third without it: the network of a VM that does not run.
    actual: fc.option(placeOf(['bridge', 'network', 'direct', 'hostdev']), { nil: undefined, freq: 2 }),
  })
  .map(({ place, actual, ...rest }) => ({ ...place, ...rest, actual: place.type === 'network' ? actual : undefined }));
const entry: fc.Arbitrary<Entry> = fc.record({
  mac: fc.constantFrom(undefined, '52:54:00:00:00:01', '52:54:00:AA:BB:02'),
  vlans: fc.constantFrom(undefined, '', '10', '10, 20-22', '1-4094'),
  pvid: fc.constantFrom(undefined, 'none', '7', '100'),
});
const vm: fc.Arbitrary<Vm> = fc.record({
  name: anyName,
  uuid: maybe(fc.uuid()),
  pid: maybe(fc.integer({ min: 1, max: 4_000_000 })),
  nics: fc.array(nic, { maxLength: 4 }),
  ours: maybe(
    fc.uniqueArray(
      entry.filter(({ vlans, pvid }) => vlans !== undefined || pvid !== undefined),
      { minLength: 1, selector: ({ mac }) => mac?.toLowerCase() },
    ),
  ),
  how: fc.constantFrom('prefix', 'default', 'outer'),
});
/** A stream of choices that shrinks. */
const pen: fc.Arbitrary<Pen> = fc.infiniteStream(fc.nat()).map((stream) => ({
  next: (below) => (stream.next().value ?? 0) % below,
}));

// --- writing

const SPACE = 'urn:libvirt-vlan-exporter:1';
const NAMED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
};

// The namespace is never written with references: libvirt writes all metadata anew.
function text(of: string, { next }: Pen): string {
  if (of === SPACE) return of;
  return [...of]
    .map((char) => {
      const code = char.codePointAt(0) ?? 0;
      if (NAMED[char] !== undefined) return next(3) === 0 ? `&#${code};` : NAMED[char];
      return next(9) === 0 ? `&#x${code.toString(16)};` : char;
    })
    .join('');
}

type Attributes = Readonly<Record<string, string | undefined>>;

function element(tag: string, attributes: Attributes, inner: string, using: Pen): string {
  const { next } = using;
  const written = Object.entries(attributes)
    .filter((pair): pair is [string, string] => pair[1] !== undefined)
    .map(([name, value]) => {
      const quote = next(2) === 0 ? "'" : '"';
      return `${next(4) === 0 ? '\n  ' : ' '}${name}${next(6) === 0 ? ' = ' : '='}${quote}${text(value, using)}${quote}`;
    });
  const start = `<${tag}${shuffled(written, using).join('')}`;
  return inner === '' && next(3) > 0 ? `${start}/>` : `${start}>${inner}</${tag}${next(5) === 0 ? ' ' : ''}>`;
}

function shuffled<T>(items: readonly T[], { next }: Pen): readonly T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(next(left.length), 1));
}

const DECOY =
  "<interface type='bridge'><mac address='52:54:00:00:00:99'/><source bridge='decoy'/><target dev='decoy'/></interface>";

/** What may stand anywhere between elements and means nothing to us. */
function noise({ next }: Pen): string {
  const choices = [
    '',
    '',
    '\r\n',
    '\t',
    `<!-- ${DECOY} -->`,
    `<?pi ${DECOY} ?>`,
    `<other>${DECOY}</other>`,
    '<x a=\'1\' b=">"/>',
    '<y><![CDATA[</interface></devices>]]></y>',
  ];
  return choices[next(choices.length)] ?? '';
}

/** The elements in any order, with anything between them. */
function among(elements: readonly string[], using: Pen): string {
  return shuffled(elements, using).reduce((all, one) => `${all}${one}${noise(using)}`, noise(using));
}

function vlanXml(of: Vlan | undefined, using: Pen): readonly string[] {
  if (!of) return [];
  return [
    element('vlan', { trunk: of.trunk }, of.tags.map((tag) => element('tag', { ...tag }, '', using)).join(''), using),
  ];
}

function placeXml(of: Place, source: Attributes, using: Pen): readonly string[] {
  const { bridge, dev, macTableManager } = of;
  return [
    element('source', { bridge, dev, macTableManager, ...source }, '', using),
    ...(of.virtualport === undefined ? [] : [element('virtualport', { type: of.virtualport }, '', using)]),
    ...vlanXml(of.vlan, using),
  ];
}

function nicXml(of: Nic, using: Pen): string {
  const { target: dev, managed, network, portgroup } = of;
  const parts = [
    ...placeXml(of, { network, portgroup }, using),
    ...(of.mac === undefined ? [] : [element('mac', { address: of.mac }, '', using)]),
    ...(dev === undefined && managed === undefined ? [] : [element('target', { dev, managed }, '', using)]),
    ...(of.alias === undefined ? [] : [element('alias', { name: of.alias }, '', using)]),
    ...(of.actual
      ? [element('actual', { type: of.actual.type }, among(placeXml(of.actual, {}, using), using), using)]
      : []),
  ];
  return element('interface', { type: of.type }, among(parts, using), using);
}

function metadataXml({ ours, how }: Vm, using: Pen): readonly string[] {
  const others = `<o:app xmlns:o='urn:other'><interface mac='52:54:00:00:00:01' pvid='9'/>${DECOY}</o:app>`;
  if (!ours) return using.next(2) === 0 ? [] : [`<metadata>${others}</metadata>`];
  const entries = ours.map((one) => element('interface', { ...one }, '', using)).join(' ');
  const prefix = how === 'default' ? '' : 'p:';
  const declared = how === 'default' ? { xmlns: SPACE } : how === 'prefix' ? { 'xmlns:p': SPACE } : {};
  const own = element(`${prefix}interfaces`, declared, entries, using);
  const inner = using.next(2) === 0 ? `${others}${own}` : `\n${own}\n${others}`;
  return [element('metadata', how === 'outer' ? { 'xmlns:p': SPACE } : {}, inner, using)];
}

function xmlOf(of: Vm, using: Pen): string {
  const devices = shuffled([...of.nics.map((one) => nicXml(one, using))], { next: () => 0 });
  const parts = [
    `<name>${text(of.name, using)}</name>`,
    ...(of.uuid === undefined ? [] : [`<uuid>${of.uuid}</uuid>`]),
    ...metadataXml(of, using),
    element('devices', {}, devices.map((one) => `${noise(using)}${one}`).join('') + noise(using), using),
  ];
  const domain = element('domain', { type: 'kvm' }, among(parts, using), using);
  const before = using.next(2) === 0 ? '' : "<?xml version='1.0'?>\n<!-- <!DOCTYPE x> -->\n";
  if (of.pid === undefined) return `${before}${domain}\n`;
  return `${before}${element('domstatus', { state: 'running', pid: `${of.pid}` }, `${noise(using)}${domain}`, using)}\n`;
}

// --- a second reading, of what was to be written

const VALID_MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i;

function readingOf(nic: Nic) {
  const { mac, target, network, portgroup, alias, actual } = nic;
  const at = actual ?? nic;
  const bridge = actual?.bridge ?? nic.bridge;
  const switched = ['openvswitch', 'midonet'].find((type) => type === (actual?.virtualport ?? nic.virtualport));
  const onBridge = !switched && ['bridge', 'network'].includes(at.type) && bridge !== undefined;
  const good = VALID_MAC.test(mac ?? '');
  return {
    mac: good ? mac?.toLowerCase() : '',
    target,
    network,
    portgroup,
    alias: alias?.startsWith('ua-') ? alias : undefined,
    vlan: actual?.vlan ?? nic.vlan,
    bridge: good && onBridge ? bridge : undefined,
    isPort: good && onBridge,
    ethernet: !switched && at.type === 'ethernet' ? { managed: nic.managed !== 'no' } : undefined,
    device: !switched && at.type === 'direct' ? (actual?.dev ?? nic.dev) : undefined,
    macTable: onBridge && (actual?.macTableManager ?? nic.macTableManager) === 'libvirt' ? 'libvirt' : undefined,
  };
}

test('whatever libvirt and people may write, it says what was meant', () => {
  const seen = new Map<string, number>();
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  fc.assert(
    fc.property(vm, pen, (of, using) => {
      const xml = xmlOf(of, using);
      const read = parseDomainXml(xml);
      expect([read.name, read.uuid, read.pid]).toEqual([of.name, of.uuid, of.pid]);
      const interfaces = read.interfaces.map(({ skipped, ...rest }) => ({ ...rest, isPort: skipped === undefined }));
      expect(interfaces, xml).toEqual(of.nics.map(readingOf));
      for (const { type, actual, vlan } of of.nics) {
        count(actual ? `${type} of ${actual.type}` : type);
        if (vlan) count('vlan');
      }
      if (!of.ours) expect(read.metadata).toBeUndefined();
      if (!of.ours) return;
      count('metadata');
      const found = read.metadata && entriesOf(read.metadata);
      const asked = found && 'entries' in found ? found.entries.map(({ mac, pvid }) => [mac, pvid]) : found;
      const said = ({ mac, pvid }: Entry) => [
        mac?.toLowerCase(),
        pvid === undefined || pvid === 'none' ? pvid : Number(pvid),
      ];
      expect(asked, xml).toEqual(of.ours.map(said));
    }),
    { numRuns: lawRuns(400) },
  );
  // Each was there, and often: the law was tried.
  for (const what of [...TYPES, 'network of bridge', 'network of direct', 'vlan', 'metadata'])
    expect(seen.get(what), what).toBeGreaterThan(3);
}, 60_000);
