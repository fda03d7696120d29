// Random things that happen to bridges: `bridge vlan` commands, good and bad, and ports that join and leave. The property
// tests run them on the simulated host, and the kernel lab runs the same on both and compares.
import fc from 'fast-check';

/** `bridge`: the words after `bridge`. `join`, `leave`: a port and its bridge. */
export type Step =
  | { readonly kind: 'bridge'; readonly words: readonly string[] }
  | { readonly kind: 'join'; readonly port: string; readonly bridge: string }
  | { readonly kind: 'leave'; readonly port: string };

/** The host that the steps happen on. */
export const BRIDGES = [
  { name: 'br-mgmt', filtering: true, defaultPvid: 1 },
  { name: 'br-lan', filtering: true, defaultPvid: 7 },
  { name: 'br-bare', filtering: true, defaultPvid: 0 },
  { name: 'br-off', filtering: false, defaultPvid: 1 },
] as const;
export const PORTS = ['vnet0', 'vnet1', 'tap-web.1', 'vnet3'] as const;

const bridgeName = fc.constantFrom(...BRIDGES.map((bridge) => bridge.name));
const port = fc.constantFrom(...PORTS);
const device = fc.oneof(
  { weight: 12, arbitrary: port },
  { weight: 1, arbitrary: bridgeName },
  { weight: 1, arbitrary: fc.constantFrom('nope', 'lo') },
);

// Few ids, so that commands meet each other's work; the edges, and what is no VLAN id at all.
const common = fc.constantFrom(1, 7, 10, 11, 12, 13, 20, 100, 4094);
const vids = fc.oneof(
  { weight: 12, arbitrary: common.map(String) },
  { weight: 5, arbitrary: fc.tuple(common, fc.integer({ min: 1, max: 12 })).map(([a, n]) => `${a}-${a + n}`) },
  { weight: 1, arbitrary: fc.constantFrom('0', '4095', '4096', '5000', 'abc', '10x', '-5', '20-10', '10-10', '0-5') },
  { weight: 1, arbitrary: fc.constantFrom('4090-4095', '4090-4096', '65535', '70000', '5-65540', '') },
);

const flags = fc.subarray(['pvid', 'untagged'], { minLength: 0 });
const scope = fc.oneof(
  { weight: 12, arbitrary: fc.constant<readonly string[]>([]) },
  { weight: 1, arbitrary: fc.constantFrom<readonly string[]>(['self'], ['master'], ['self', 'master']) },
);

const modify = fc
  .tuple(fc.constantFrom('add', 'add', 'del'), vids, device, flags, scope)
  .map(([action, ids, dev, set, where]) => ['vlan', action, 'vid', ids, 'dev', dev, ...set, ...where]);
// The bridge's own table is changed with `self` only: have it happen often enough.
const modifyOwn = fc
  .tuple(fc.constantFrom('add', 'add', 'del'), vids, bridgeName, flags)
  .map(([action, ids, dev, set]) => ['vlan', action, 'vid', ids, 'dev', dev, ...set, 'self']);
// Empties a port. The same as an `add` would make every dump after it thousands of rows long.
const empty = device.map((dev) => ['vlan', 'del', 'vid', '1-4094', 'dev', dev]);
const malformed = fc.constantFrom(
  ['vlan', 'add', 'vid', '10'],
  ['vlan', 'add', 'dev', 'vnet0'],
  ['vlan', 'del'],
  ['foo'],
);

/** The words of one `bridge` command. */
export const bridgeWords: fc.Arbitrary<readonly string[]> = fc.oneof(
  { weight: 20, arbitrary: modify },
  { weight: 4, arbitrary: modifyOwn },
  { weight: 1, arbitrary: empty },
  { weight: 1, arbitrary: malformed },
);

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 36, arbitrary: bridgeWords.map((words): Step => ({ kind: 'bridge', words })) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('join' as const), port, bridge: bridgeName }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), port }) },
);

/** A word as a batch line holds it. */
export function batchWord(word: string): string {
  return word === '' ? '""' : word;
}
