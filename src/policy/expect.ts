// What a policy wants of one interface: the first rule that names its domain (and MAC), else the bridge's default.
import type { BridgePolicy, Expectation } from '../model/policy.ts';

/** The expectation for the interface with `mac` (normal form) of `domain`. */
export function expect(policy: BridgePolicy, domain: string, mac: string): Expectation {
  const rule = policy.rules.find(
    (candidate) =>
      (candidate.mac === undefined || candidate.mac === mac) &&
      candidate.domains.some((pattern) => matchesGlob(pattern, domain)),
  );
  const source = rule ?? policy;
  const known = expectations.get(source);
  if (known) return known;
  const expectation = { rule: rule?.name ?? 'default', table: source.table };
  expectations.set(source, expectation);
  return expectation;
}

// One for each rule, as rules are immutable: a thousand vnets share a few.
const expectations = new WeakMap<object, Expectation>();

/** Whether `name` fits the whole `pattern`: `*` any text, `?` one character, all else itself. */
export function matchesGlob(pattern: string, name: string): boolean {
  // Greedy with one way back: no regular expression that a pattern could blow up.
  let p = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = n;
    } else if (pattern[p] === '?' || pattern[p] === name[n]) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
