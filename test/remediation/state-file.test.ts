import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createHost } from '../../src/host/linux/real.ts';
import { replaceFile } from '../../src/host/linux/replace-file.ts';
import { createStateFile, type State } from '../../src/remediation/state-file.ts';
import { bridgePolicy, policy, rule } from '../support/policy.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'state-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = () => join(folder, 'state.json');

const STATE: State = {
  accepted: {
    kind: 'known',
    intents: { 'br0/vm 1/52:54:00:00:00:01': '10 20 100*' },
    policy: policy(bridgePolicy({ pvid: 100, rules: [rule({ domains: ['web-*'], pvid: 20 })] })),
  },
  guard: {
    'br0/vm 1/52:54:00:00:00:01/vnet1': {
      bridge: 'br0',
      domain: 'vm 1',
      heals: [1, 2],
      failed: [2],
      streak: 7,
      suspendedSince: 3,
      compliantSince: 4,
    },
  },
};

function stateWith(run: string): string {
  const bridge = `{"name":"br0","uplinks":[],"unexpected":"report","rules":[],"table":[${run}],"vlans":[],"intent":["rules"],"allowed":[]}`;
  return `{"version":3,"accepted":{"sha256":"a","bridges":[${bridge}]},"intents":{},"guard":{}}`;
}

test('no state file is a first start', () => {
  expect(createStateFile(createHost(), folder).load()).toEqual({ accepted: { kind: 'first' }, guard: {} });
});

test('what was saved is loaded, the whole policy too', () => {
  createStateFile(createHost(), folder).save(STATE);
  expect(createStateFile(createHost(), folder).load()).toEqual(STATE);
  expect(statSync(path()).mode & 0o777).toBe(0o600);
});

test('a state that did not change is not written again', () => {
  const store = createStateFile(createHost(), folder);
  store.save(STATE);
  const { ino } = statSync(path());
  store.save({ ...STATE });
  expect(statSync(path()).ino).toBe(ino);
});

test('a torn file is no first start: the policy is unknown', () => {
  fc.assert(
    fc.property(fc.nat(), (cut) => {
      createStateFile(createHost(), folder).save(STATE);
      truncateSync(path(), cut % (statSync(path()).size - 1));
      expect(createStateFile(createHost(), folder).load()).toMatchObject({ accepted: { kind: 'unknown' }, guard: {} });
    }),
    { numRuns: 50 },
  );
});

test('a state of a bridge with one VLAN is one', () => {
  writeFileSync(path(), stateWith('{"first":10,"last":10,"pvid":true,"untagged":true}'));
  expect(createStateFile(createHost(), folder).load().accepted.kind).toBe('known');
});

test.each([
  'null',
  '[]',
  '{"version":3}',
  '{"version":1,"accepted":{"sha256":"","bridges":[]},"guard":{}}',
  '{"version":3,"accepted":{"sha256":"","bridges":[{}]},"intents":{},"guard":{}}',
  '{"version":3,"accepted":{"sha256":"","bridges":[]},"intents":{},"guard":{"a":{}}}',
  '{"version":3,"accepted":{"sha256":"","bridges":[]},"intents":{"a":1},"guard":{}}',
  stateWith('{"first":0,"last":0,"pvid":true,"untagged":true}'),
  stateWith('{"first":10,"last":10,"pvid":true}'),
])('%s is no state', (text) => {
  writeFileSync(path(), text);
  expect(createStateFile(createHost(), folder).load().accepted.kind).toBe('unknown');
});

test('a file that cannot be read is no first start either', () => {
  const readText = () => {
    throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
  };
  expect(createStateFile({ ...createHost(), readText }, folder).load()).toEqual({
    accepted: { kind: 'unknown', problem: 'EACCES: permission denied' },
    guard: {},
  });
});

test('the state outlives a power cut, and has a place of its own', () => {
  const replaceFile = vi.fn();
  createStateFile({ ...createHost(), replaceFile }, folder).save(STATE);
  expect(replaceFile).toHaveBeenCalledWith(path(), expect.any(String), { mode: 0o600, durable: true });
  expect(() => createStateFile(createHost(), 'state')).toThrow('state directory state: expected an absolute path');
});

test('an unknown state is not overwritten before a policy is accepted', () => {
  writeFileSync(path(), 'torn');
  const store = createStateFile(createHost(), folder);
  store.save(store.load());
  expect(readFileSync(path(), 'utf8')).toBe('torn');
});

test('a file that cannot be replaced is still there, and nothing is left beside it', () => {
  replaceFile(path(), 'old', { mode: 0o644 });
  expect(() => replaceFile(path(), undefined as unknown as string, { mode: 0o644 })).toThrow();
  expect(readFileSync(path(), 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['state.json']);
});

test("what a process left behind when it died is in nobody's way", () => {
  writeFileSync(`${path()}.new`, 'half');
  replaceFile(path(), 'whole', { mode: 0o644 });
  expect(readFileSync(path(), 'utf8')).toBe('whole');
});
