import { describe, expect, test } from 'vitest';
import type { Bridge, Domain, Interface, Port } from '../../src/model/snapshot.ts';
import { matchPorts } from '../../src/policy/match.ts';

const port = (name: string, mac: string | undefined): Port => ({ name, mac, tap: true });
const bridge = (...ports: Port[]): Bridge => ({ name: 'br0', vlanFiltering: true, defaultPvid: 1, ports });
const iface = (mac: string, target?: string, on = 'br0'): Interface => ({
  mac,
  target,
  bridge: on,
  skipped: undefined,
});
const domain = (name: string, state: Domain['state'], ...interfaces: Interface[]): Domain => ({
  name,
  uuid: undefined,
  state,
  interfaces,
});

const GUEST = '52:54:00:aa:bb:cc';
const TAP = 'fe:54:00:aa:bb:cc';

const say = (b: Bridge, ...domains: Domain[]) => {
  const { matches, ambiguous, absent, unmatched } = matchPorts(b, domains);
  return {
    matches: matches.map((m) => `${m.port.name}=${m.owner.domain.name}`),
    ambiguous: ambiguous.map((a) => `${a.port.name}?${a.claims.map((c) => c.domain.name).join('+')}`),
    absent: absent.map((o) => `${o.domain.name}/${o.iface.target ?? o.iface.mac}`),
    unmatched: unmatched.map((p) => p.name),
  };
};
const NOTHING = { matches: [], ambiguous: [], absent: [], unmatched: [] };

test('a port belongs to the interface that names it and whose MAC fits', () => {
  expect(say(bridge(port('vnet1', TAP)), domain('web', 'running', iface(GUEST, 'vnet1')))).toEqual({
    ...NOTHING,
    matches: ['vnet1=web'],
  });
});

test('while nothing runs, persistent XML speaks; of a VM that died, and whatever live XML is left, it does not', () => {
  const b = bridge(port('tap-web', TAP));
  const web = domain('web', 'defined', iface(GUEST));
  expect(say(b, web).matches).toEqual(['tap-web=web']);
  expect(say(b, { ...web, died: true })).toEqual({ ...NOTHING, unmatched: ['tap-web'] });
  expect(say(b, web, { ...domain('other', 'defined'), died: true })).toEqual({ ...NOTHING, unmatched: ['tap-web'] });
});

test('a guest MAC beginning fe has a tap beginning fa', () => {
  const b = bridge(port('vnet1', 'fa:54:00:aa:bb:cc'));
  expect(say(b, domain('web', 'running', iface('fe:54:00:aa:bb:cc', 'vnet1'))).matches).toEqual(['vnet1=web']);
});

test('MACs that differ in the first octet only are told apart by the name of the tap', () => {
  const b = bridge(port('vnet1', TAP), port('vnet2', TAP));
  const domains = [
    domain('a', 'running', iface(GUEST, 'vnet1')),
    domain('b', 'running', iface('02:54:00:aa:bb:cc', 'vnet2')),
  ];
  expect(say(b, ...domains).matches).toEqual(['vnet1=a', 'vnet2=b']);
});

test('a port whose MAC does not fit the interface that names it is in doubt, and so is one whose MAC is unreadable', () => {
  const owner = domain('web', 'running', iface(GUEST, 'vnet1'));
  expect(say(bridge(port('vnet1', 'fe:00:00:00:00:01')), owner)).toEqual({ ...NOTHING, ambiguous: ['vnet1?web'] });
  expect(say(bridge(port('vnet1', undefined)), owner)).toEqual({ ...NOTHING, ambiguous: ['vnet1?web'] });
});

test('a port that two running domains name is in doubt', () => {
  const b = bridge(port('vnet1', TAP));
  const two = ['a', 'b'].map((name) => domain(name, 'running', iface(GUEST, 'vnet1')));
  expect(say(b, ...two)).toEqual({ ...NOTHING, ambiguous: ['vnet1?a+b'] });
});

describe('a tap that an interface of another domain only names, as one that libvirt did not make', () => {
  const named = (mac: string, managed = false): Interface => ({
    ...iface(mac, 'vnet1'),
    bridge: undefined,
    skipped: 'ethernet',
    ethernet: { managed },
  });
  const b = bridge(port('vnet1', TAP));
  const web = domain('web', 'running', iface(GUEST, 'vnet1'));
  const other = domain('other', 'running', named('52:54:00:00:00:09'));

  test('stays that of the domain for which libvirt made it, and whose MAC it has; the other has no port', () => {
    expect(say(b, other, web)).toEqual({ ...NOTHING, matches: ['vnet1=web'], absent: ['other/vnet1'] });
    const made = domain('web', 'running', named(GUEST, true));
    expect(say(b, other, made)).toEqual({ ...NOTHING, matches: ['vnet1=web'], absent: ['other/vnet1'] });
    expect(say(b, other, { ...web, state: 'unknown' }).matches).toEqual(['vnet1=web']);
    const two = domain('other', 'running', named('52:54:00:00:00:09'), named('52:54:00:00:00:08'));
    expect(say(b, two, web).matches).toEqual(['vnet1=web']);
  });

  test('is in doubt where that MAC fits two, or nobody whose tap libvirt made', () => {
    const twin = domain('twin', 'running', iface(GUEST, 'vnet1'));
    expect(say(b, other, web, twin)).toEqual({ ...NOTHING, ambiguous: ['vnet1?other+web+twin'] });
    expect(say(b, domain('other', 'running', named(GUEST)), web).ambiguous).toEqual(['vnet1?other+web']);
    // Whoever sees a tap's MAC can write the one that fits it.
    const fits = domain('fits', 'running', named(GUEST));
    expect(say(b, other, fits)).toEqual({ ...NOTHING, ambiguous: ['vnet1?other+fits'] });
    expect(say(b, other, domain('third', 'running', named('52:54:00:00:00:08'))).ambiguous).toEqual([
      'vnet1?other+third',
    ]);
  });

  test('is its own where nobody else’s MAC fits', () => {
    expect(say(b, other).matches).toEqual(['vnet1=other']);
    const misfit = domain('misfit', 'running', iface('52:54:00:00:00:07', 'vnet1'));
    expect(say(b, other, misfit)).toEqual({ ...NOTHING, matches: ['vnet1=other'], absent: ['misfit/vnet1'] });
  });
});

test('without live XML the MAC alone decides', () => {
  expect(say(bridge(port('vnet1', TAP)), domain('web', 'defined', iface(GUEST))).matches).toEqual(['vnet1=web']);
});

test('a stopped clone with the same MAC does not put a running domain’s port in doubt', () => {
  const b = bridge(port('vnet1', TAP));
  const domains = [domain('clone', 'defined', iface(GUEST)), domain('web', 'running', iface(GUEST, 'vnet1'))];
  expect(say(b, ...domains)).toEqual({ ...NOTHING, matches: ['vnet1=web'] });
});

test('two stopped domains whose MAC fits leave the port in doubt', () => {
  const two = ['a', 'b'].map((name) => domain(name, 'defined', iface(GUEST)));
  expect(say(bridge(port('vnet1', TAP)), ...two)).toEqual({ ...NOTHING, ambiguous: ['vnet1?a+b'] });
});

test('one interface whose MAC fits two ports leaves both in doubt', () => {
  const b = bridge(port('vnet1', TAP), port('vnet2', TAP));
  expect(say(b, domain('a', 'defined', iface(GUEST)))).toEqual({ ...NOTHING, ambiguous: ['vnet1?a', 'vnet2?a'] });
});

test('while a domain’s XML is not understood, no port is matched by MAC alone', () => {
  const b = bridge(port('vnet1', TAP), port('vnet2', 'fe:00:00:00:00:02'));
  const domains = [
    domain('a', 'defined', iface(GUEST)),
    domain('bad', 'unknown'),
    domain('c', 'running', iface('52:00:00:00:00:02', 'vnet2')),
  ];
  expect(say(b, ...domains)).toEqual({ ...NOTHING, matches: ['vnet2=c'], unmatched: ['vnet1'] });
});

test('a stopped domain whose XML is not understood owns nothing, and keeps nobody’s port from being matched by MAC', () => {
  const b = bridge(port('vnet1', TAP));
  const bad = { ...domain('bad', 'unknown'), stopped: true as const };
  expect(say(b, bad, domain('web', 'running', iface(GUEST)))).toEqual({ ...NOTHING, matches: ['vnet1=web'] });
  // Where no live XML is there, nobody knows whether it is stopped.
  expect(say(b, bad, domain('web', 'defined', iface(GUEST)))).toEqual({ ...NOTHING, unmatched: ['vnet1'] });
});

test('an interface without a name for its tap, whose tap may be there and may be another’s, is not called absent', () => {
  const domains = [domain('bad', 'unknown'), domain('web', 'running', iface(GUEST))];
  expect(say(bridge(port('vnet1', TAP)), ...domains)).toEqual({ ...NOTHING, unmatched: ['vnet1'] });
  expect(matchPorts(bridge(port('vnet1', TAP)), domains).owners).toEqual([]);
  expect(say(bridge(), ...domains)).toEqual({ ...NOTHING, absent: [`web/${GUEST}`] });
  // Neither another's tap nor a veth with its MAC may be its own.
  expect(say(bridge(port('vnet2', 'fe:00:00:00:00:02')), ...domains).absent).toEqual([`web/${GUEST}`]);
  expect(say(bridge({ ...port('veth1', TAP), tap: false }), ...domains).absent).toEqual([`web/${GUEST}`]);
  const named = [domain('bad', 'unknown'), domain('web', 'running', iface(GUEST, 'vnet7'))];
  expect(say(bridge(port('vnet1', TAP)), ...named).absent).toEqual(['web/vnet7']);
});

test('an interface of a running domain without its port is absent, one of a stopped domain is not', () => {
  const domains = [domain('a', 'running', iface(GUEST, 'vnet7')), domain('b', 'defined', iface('52:00:00:00:00:09'))];
  expect(say(bridge(), ...domains)).toEqual({ ...NOTHING, absent: ['a/vnet7'] });
});

test('a tap that lies on another bridge than its XML says is absent there and nobody’s here', () => {
  const b = bridge(port('vnet1', TAP));
  expect(say(b, domain('a', 'running', iface(GUEST, 'vnet1', 'br9')))).toEqual({ ...NOTHING, unmatched: ['vnet1'] });
});

test('while any live XML is there, a domain without does not run and claims nothing, whatever its MAC', () => {
  const b = bridge(port('vnet1', TAP), port('vnet2', 'fe:00:00:00:00:02'));
  const domains = [
    domain('old', 'defined', iface(GUEST)),
    domain('web', 'running', iface('52:00:00:00:00:02', 'vnet2')),
  ];
  expect(say(b, ...domains)).toEqual({ ...NOTHING, matches: ['vnet2=web'], unmatched: ['vnet1'] });
  expect(matchPorts(b, domains).owners).toHaveLength(2);
});

test('only taps are matched: a veth with the right MAC or name is nobody’s', () => {
  const veth = (name: string): Port => ({ name, mac: TAP, tap: false });
  expect(say(bridge(veth('veth1')), domain('web', 'defined', iface(GUEST)))).toEqual({
    ...NOTHING,
    unmatched: ['veth1'],
  });
  expect(say(bridge(veth('vnet1')), domain('web', 'running', iface(GUEST, 'vnet1')))).toEqual({
    ...NOTHING,
    unmatched: ['vnet1'],
    absent: ['web/vnet1'],
  });
});

test('a stopped clone with the same MAC and the same tap name puts no running domain in doubt', () => {
  const domains = [
    domain('clone', 'defined', iface(GUEST, 'tap-web')),
    domain('web', 'running', iface(GUEST, 'tap-web')),
  ];
  expect(say(bridge(port('tap-web', TAP)), ...domains)).toEqual({ ...NOTHING, matches: ['tap-web=web'] });
});

test('a domain that cannot be read keeps the taps that its live XML named when it was last understood', () => {
  expect(say(bridge(port('vnet1', TAP)), domain('web', 'unknown', iface(GUEST, 'vnet1'))).matches).toEqual([
    'vnet1=web',
  ]);
});
