import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDomainXml } from '../../../src/host/linux/domain-xml.ts';

const domain = (interfaces: string, name = 'vyos-01') =>
  `<domain type='kvm'><name>${name}</name><uuid>u-1</uuid><devices>${interfaces}</devices></domain>`;

const MAC = `<mac address='52:54:00:AA:bb:01'/>`;

describe('interfaces', () => {
  test('a bridge interface has its bridge, tap and MAC in lower case', () => {
    const xml = domain(`<interface type='bridge'>${MAC}<source bridge='br-mgmt'/><target dev='vnet3'/></interface>`);
    expect(parseDomainXml(xml)).toEqual({
      name: 'vyos-01',
      uuid: 'u-1',
      interfaces: [{ mac: '52:54:00:aa:bb:01', target: 'vnet3', bridge: 'br-mgmt', skipped: undefined }],
    });
  });

  test('a network interface has the bridge that <actual> names', () => {
    const xml = domain(
      `<interface type='network'>${MAC}<source network='mgmt'/><actual type='bridge'><source bridge='br-mgmt'/></actual><target dev='tap-web.1'/></interface>`,
    );
    expect(parseDomainXml(xml).interfaces[0]).toMatchObject({ bridge: 'br-mgmt', target: 'tap-web.1' });
  });

  test('a network interface without <actual> is skipped with a reason', () => {
    const xml = domain(`<interface type='network'>${MAC}<source network='mgmt'/></interface>`);
    expect(parseDomainXml(xml).interfaces[0]).toMatchObject({ bridge: undefined, skipped: 'network without a bridge' });
  });

  test.each([
    ['direct', 'macvtap'],
    ['hostdev', 'hostdev'],
    ['user', 'user'],
    ['vhostuser', 'vhostuser'],
    ['ethernet', 'ethernet'],
  ])('an interface of type %s is skipped as %s', (type, skipped) => {
    const xml = domain(`<interface type='${type}'>${MAC}<source dev='eth0' mode='bridge'/></interface>`);
    expect(parseDomainXml(xml).interfaces[0]).toMatchObject({ bridge: undefined, skipped });
  });

  test('an Open vSwitch port is skipped, also where only <actual> says so', () => {
    const ovs = `<virtualport type='openvswitch'/>`;
    const plain = domain(`<interface type='bridge'>${MAC}<source bridge='ovs0'/>${ovs}</interface>`);
    const actual = domain(
      `<interface type='network'>${MAC}<actual type='bridge'><source bridge='ovs0'/>${ovs}</actual></interface>`,
    );
    for (const xml of [plain, actual]) {
      expect(parseDomainXml(xml).interfaces[0]).toMatchObject({ bridge: undefined, skipped: 'openvswitch' });
    }
  });

  test('an interface without a valid MAC is skipped with a reason', () => {
    const xml = domain(`<interface type='bridge'><mac address='52:54'/><source bridge='br-mgmt'/></interface>`);
    expect(parseDomainXml(xml).interfaces[0]).toMatchObject({ bridge: undefined, skipped: 'no valid <mac address>' });
  });

  test('interfaces inside <metadata> are not the domain’s', () => {
    const xml = `<domain><name>a</name><metadata><devices><interface type='bridge'>${MAC}<source bridge='b'/></interface></devices></metadata><devices/></domain>`;
    expect(parseDomainXml(xml).interfaces).toEqual([]);
  });
});

test('the domain of live XML is inside <domstatus>', () => {
  const xml = `<!-- generated --><domstatus state='running' pid='7'>${domain('')}</domstatus>`;
  expect(parseDomainXml(xml)).toMatchObject({ name: 'vyos-01', interfaces: [] });
});

test('a name keeps its digits, quotes, spaces and unicode', () => {
  expect(parseDomainXml(domain('', '007')).name).toBe('007');
  expect(parseDomainXml(domain('', 'a &quot;b&quot; &amp; &#xe9;&#101; ü')).name).toBe('a "b" & ée ü');
});

test('a name keeps the blanks at its ends', () => {
  expect(parseDomainXml(domain('', ' lead')).name).toBe(' lead');
  expect(parseDomainXml(domain('', 'trail  ')).name).toBe('trail  ');
});

test.each([95, 200])('a disk with a backing chain of %d levels hides no interface', (levels) => {
  const chain = `${'<backingStore type="file">'.repeat(levels)}${'</backingStore>'.repeat(levels)}`;
  const tap = `<interface type='bridge'>${MAC}<source bridge='br0'/></interface>`;
  expect(parseDomainXml(domain(`<disk>${chain}</disk>${tap}<disk/>${tap}`)).interfaces).toHaveLength(2);
});

test.each([
  ['a comment', '<!-- <!DOCTYPE d> -->'],
  ['a comment that ends like the begin of an instruction', '<!-- <!DOCTYPE d> <?-->'],
  ['CDATA', '<x><![CDATA[<!DOCTYPE html><!ENTITY a "b">]]></x>'],
  ['an instruction', '<?x <!DOCTYPE d> ?>'],
])('DOCTYPE as text in %s is legal', (_where, text) => {
  const tap = `<interface type='bridge'>${MAC}<source bridge='br0'/></interface>`;
  expect(parseDomainXml(domain(`${text}${tap}`)).interfaces).toHaveLength(1);
  const inMetadata = `<domain><name>a</name><metadata>${text}</metadata><devices>${tap}</devices></domain>`;
  expect(parseDomainXml(inMetadata).interfaces).toHaveLength(1);
});

test.each([
  ['a comment', '<!-- c -->'],
  ['CDATA that is none', '<!-- <![CDATA[ -->'],
  ['an instruction', '<?x <!-- ?>'],
])('a DOCTYPE after %s is refused', (_what, before) => {
  expect(() => parseDomainXml(`${before}<!DOCTYPE d>${domain('')}<!-- ]]> -->`)).toThrow(/DOCTYPE/);
});

test.each([
  ['empty', '', /empty/],
  ['cut off', domain('').slice(0, 40), /broken in line 1/],
  ['binary', '\u0000\u0001\ufffd\ufffd', /broken|no <domain>/],
  ['not a domain', '<network><name>x</name></network>', /no <domain>/],
  ['without a name', '<domain><devices/></domain>', /no <name>/],
  ['with a DOCTYPE', `<!DOCTYPE d [<!ENTITY a "aaaa">]>${domain('')}`, /DOCTYPE/],
])('XML that is %s is an error of one line', (_case, xml, message) => {
  expect(() => parseDomainXml(xml)).toThrow(message);
  try {
    parseDomainXml(xml);
  } catch (error) {
    expect((error as Error).message).not.toContain('\n');
  }
});

test('no entity expands', () => {
  expect(parseDomainXml(domain('', '&bomb;&bomb;')).name).toBe('&bomb;&bomb;');
});

test('mutilated XML ends in a domain or in an Error, and never in the name of another domain', () => {
  const whole = domain(
    `<interface type='bridge'>${MAC}<source bridge='br-mgmt'/><target dev='vnet3'/></interface><graphics passwd='s3cret'/>`,
  );
  const mutilated = fc.oneof(
    fc.nat(whole.length).map((n) => whole.slice(0, n)),
    fc.tuple(fc.nat(whole.length), fc.string()).map(([n, s]) => whole.slice(0, n) + s + whole.slice(n)),
    fc.tuple(fc.nat(whole.length), fc.nat(40)).map(([n, m]) => whole.slice(0, n) + whole.slice(n + m)),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(mutilated, (xml) => {
      try {
        const { interfaces } = parseDomainXml(xml);
        for (const i of interfaces) expect((i.bridge === undefined) !== (i.skipped === undefined)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        expect((error as Error).message).not.toContain('s3cret');
      }
    }),
    { numRuns: 500 },
  );
});

test('a tag that is none is told without the text around it', () => {
  const xml = domain(`<graphics passwd='s3cret'/><!'>`);
  expect(() => parseDomainXml(xml)).toThrow(/^the XML is broken in line 1 \(InvalidTag\)$/);
});

test('deeply nested XML crashes nothing', () => {
  const deep = `${'<a>'.repeat(200_000)}${'</a>'.repeat(200_000)}`;
  expect(parseDomainXml(`<domain><name>a</name>${deep}</domain>`).name).toBe('a');
  expect(() =>
    parseDomainXml(`<domain><name>a</name><devices><interface>${deep}</interface></devices></domain>`),
  ).toThrow(/^the XML is broken or nested too deeply$/);
});

test('while the vCPUs do not run, libvirt keeps no FDB entries, and calls one that is there already an error when they start', () => {
  const nic =
    "<interface type='network'><mac address='52:54:00:00:00:01'/><source network='n'/><target dev='vnet0'/>" +
    "<actual type='bridge'><source bridge='br0'/></actual></interface>".replace(
      "bridge='br0'",
      "bridge='br0' macTableManager='libvirt'",
    );
  const keeps = (state: string) => {
    const xml = `<domstatus state='${state}' pid='1'><domain><name>a</name><devices>${nic}</devices></domain></domstatus>`;
    return parseDomainXml(xml).interfaces[0]?.macTable;
  };
  expect(keeps('running')).toBe('libvirt');
  expect(keeps('paused')).toBeUndefined();
  expect(keeps('shutoff')).toBeUndefined();
});
