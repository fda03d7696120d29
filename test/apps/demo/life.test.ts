import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Acts } from '../../../src/apps/demo/acts.ts';
import { type LifeOptions, startLife } from '../../../src/apps/demo/life.ts';
import type { SimHost } from '../../../src/host/sim/host.ts';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

/** The first of each list is picked. What is told, as "second: what". */
function life(more: Partial<LifeOptions> = {}, lot = 0.5) {
  const running = new Set(['a', 'b']);
  const told: string[] = [];
  const acts = {
    start: (domain: string, hookFails?: boolean) => {
      running.add(domain);
      return `start ${domain}${hookFails ? ' without its hook' : ''}`;
    },
    stop: (domain: string) => {
      running.delete(domain);
      return `stop ${domain}`;
    },
  };
  const handle = startLife({
    host: { running: () => [...running].sort() } as unknown as SimHost,
    acts: acts as unknown as Acts,
    drifts: [{ make: (domain) => `drift ${domain}`, fits: (domain) => domain === 'b' }],
    puzzles: [{ make: (domain) => `puzzle ${domain}`, mend: (domain) => `mend ${domain}`, fits: () => true }],
    random: { next: () => lot, pick: ([first]) => first as never },
    driftEveryMs: undefined,
    restarts: false,
    tell: (what) => void told.push(`${Date.now() / 1000}: ${what}`),
    ...more,
  });
  const until = (second: number) => {
    vi.advanceTimersByTime(second * 1000 - Date.now());
    return told.splice(0);
  };
  return { running, until, stop: handle.stop };
}

test('the first drift comes after eight seconds, the others each so often; the third is one that an operator mends two drifts later', () => {
  const { until, stop } = life({ driftEveryMs: 12_000 });
  expect(until(50)).toEqual(['8: drift b', '20: drift b', '32: puzzle a', '44: drift b']);
  expect(until(70)).toEqual(['56: mend a', '56: drift b', '68: puzzle a']);
  stop();
  expect(until(200)).toEqual([]);
});

test('where drifts come more often, the first one does not wait', () => {
  expect(life({ driftEveryMs: 500 }).until(1)).toEqual(['0.5: drift b', '1: drift b']);
});

test('what fits no VM that runs is left out, and a VM that was stopped is not mended', () => {
  const { running, until } = life({ driftEveryMs: 1000 });
  running.delete('b');
  expect(until(3)).toEqual(['3: puzzle a']);
  running.clear();
  running.add('b');
  expect(until(6)).toEqual(['4: drift b', '5: drift b', '6: puzzle b']);
});

test('every twenty seconds a VM stops, and starts again eight seconds later', () => {
  const { running, until } = life({ restarts: true });
  expect(until(50)).toEqual(['20: stop a', '28: start a', '40: stop a', '48: start a']);
  expect(until(60)).toEqual(['60: stop a']);
  // Somebody starts it by hand.
  running.add('a');
  expect(until(79)).toEqual([]);
  running.clear();
  expect(until(99)).toEqual([]);
  running.add('a');
  expect(until(100)).toEqual(['100: stop a']);
});

test.each([
  [12_000, 0.19, ' without its hook'],
  [12_000, 0.2, ''],
  [undefined, 0.19, ''],
])('with drifts each %s ms and the lot %d a VM starts%s', (driftEveryMs, lot, how) => {
  const told = life({ restarts: true, driftEveryMs }, lot).until(30);
  expect(told.filter((line) => line.includes('start'))).toEqual([`28: start a${how}`]);
});

test('with neither, nothing happens', () => {
  expect(life().until(1000)).toEqual([]);
});
