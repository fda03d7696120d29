import { expect, test } from 'vitest';
import type { Policy } from '../../src/model/policy.ts';
import type { Domain, Interface, Snapshot } from '../../src/model/snapshot.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { idleRuleSentence, idleRules } from '../../src/policy/idle-rules.ts';
import { bridgePolicy, policy, rule } from '../support/policy.ts';

const nic = (last: number, more: Partial<Interface> = {}): Interface => ({
  mac: `52:54:00:00:00:0${last}`,
  target: `vnet${last}`,
  bridge: 'br0',
  skipped: undefined,
  ...more,
});
const vm = (name: string, interfaces: readonly Interface[], state: Domain['state'] = 'running'): Domain => ({
  name,
  uuid: undefined,
  state,
  interfaces,
});
const snapshotOf = (...domains: readonly Domain[]) => ({
  takenAt: 0,
  links: {
    ok: true as const,
    value: [
      {
        name: 'br0',
        vlanFiltering: true,
        defaultPvid: 1,
        ports: [1, 5].map((last) => ({ name: `vnet${last}`, mac: `fe:54:00:00:00:0${last}`, tap: true })),
      },
    ],
  },
  vlans: { ok: true as const, value: new Map() },
  domains: { ok: true as const, value: domains },
  collectors: [],
});

const macvtap = nic(2, { bridge: undefined, skipped: 'macvtap', target: 'macvtap0', device: 'br0' });
const ethernet = (last: number) => nic(last, { bridge: undefined, skipped: 'ethernet', ethernet: { managed: true } });

test('interfaces of running domains that are no port of a Linux bridge are named, in order', () => {
  const domains = [
    vm('web', [nic(3, { bridge: undefined, skipped: 'user', target: undefined }), macvtap]),
    vm('off', [macvtap], 'defined'),
    vm('app', [ethernet(1), ethernet(4)]),
    vm('db', [nic(5)]),
  ];
  const { portless } = evaluate(snapshotOf(...domains), policy(bridgePolicy(), bridgePolicy({ name: 'br1' })));
  expect(portless.map(({ domain, mac, kind, device }) => `${domain} ${mac.slice(-2)} ${kind} ${device}`)).toEqual([
    'app 04 ethernet undefined',
    'web 02 macvtap br0',
    'web 03 user undefined',
  ]);
});

test('an ethernet interface whose tap is a port of any bridge that was read is not told as none, and none where no bridge was read', () => {
  const tap = (mac: string) => [{ name: 'tapx', mac, tap: true }];
  const on = (name: string, mac = 'fe:54:00:00:00:02') => ({
    name,
    vlanFiltering: true,
    defaultPvid: 1,
    ports: tap(mac),
  });
  const vms = (more: Partial<Interface> = {}) => snapshotOf(vm('eth', [{ ...ethernet(2), target: 'tapx', ...more }]));
  const told = (links: Snapshot['links'], more: Partial<Interface> = {}) =>
    evaluate({ ...vms(more), links }, policy(bridgePolicy())).portless.length;
  expect(told({ ok: true, value: [on('br0', 'aa:bb:cc:00:00:01')] })).toBe(0);
  expect(told({ ok: true, value: [on('br9')] })).toBe(0);
  expect(told({ ok: false, error: 'no' })).toBe(0);
  expect(told({ ok: true, value: [on('br9')] }, { target: 'tapy' })).toBe(1);
  expect(told({ ok: true, value: [on('br9')] }, { target: undefined })).toBe(0);
  expect(told({ ok: false, error: 'no' }, { ethernet: undefined, skipped: 'user' })).toBe(1);
});

const rules = (...them: Parameters<typeof rule>[0][]) => policy(bridgePolicy({ rules: them.map((it) => rule(it)) }));

const sentences = (snapshot: Snapshot, them: Policy) => idleRules(snapshot, them)?.map(idleRuleSentence);

test('a rule that is for no interface here is told; one for a stopped domain is not', () => {
  const host = snapshotOf(vm('web', [nic(1)]), vm('off', [nic(5)], 'defined'));
  const them = rules(
    { name: 'gone', domains: ['w?'] },
    { name: 'stopped', domains: ['off'] },
    { name: 'used', domains: ['web'] },
  );
  expect(sentences(host, them)).toEqual(['rule gone of br0 is for no interface of any domain here']);
});

test('a rule whose interfaces earlier ones take, each another, is told with their names', () => {
  const host = snapshotOf(vm('web-1', [nic(1)]), vm('web-2', [nic(2, { alias: 'ua-lan' })]));
  const them = rules(
    { name: 'one', domains: ['web-1'] },
    { name: 'lan', aliases: ['ua-*'] },
    { name: 'rest', domains: ['web-*'] },
  );
  expect(sentences(host, them)).toEqual([
    'rule rest of br0 never comes to be used here: one, lan above takes all that it is for',
  ]);
});

test('an interface on another bridge is none that a rule is for; one whose bridge is not known yet may be', () => {
  const them = rules({ name: 'a', domains: ['web'] });
  const idle = (...interfaces: readonly Interface[]) => idleRules(snapshotOf(vm('web', interfaces)), them)?.length;
  expect(idle(nic(1, { bridge: 'br1' }), macvtap)).toBe(1);
  expect(idle(nic(1, { bridge: undefined, skipped: 'network without a bridge', network: 'lan' }))).toBe(0);
  expect(idle(ethernet(1))).toBe(0);
});

test('while a domain cannot be read, no rule is called idle', () => {
  const them = rules({ name: 'a', domains: ['web'] });
  const host = snapshotOf(vm('broken', [], 'unknown'), vm('db', [nic(5)]));
  expect(idleRules(host, them)).toBeUndefined();
  expect(idleRules({ ...host, domains: { ok: false, error: 'x' } }, them)).toBeUndefined();
});
