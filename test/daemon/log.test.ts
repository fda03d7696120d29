import { expect, it } from 'vitest';
import { createLog, logfmt } from '../../src/daemon/log.ts';

function logged(format: 'logfmt' | 'json', priorities: boolean): string[] {
  const lines: string[] = [];
  const log = createLog({ level: 'info', format, priorities, write: (line) => lines.push(line) });
  log.debug({}, 'not at this level');
  log.info({ watcher: 'links', ms: 12.5, gone: null }, 'watcher is up');
  log.error({ problem: 'config.yml:3:5: bridges.br "0"\nexpected a VLAN' }, 'kept the last good config');
  return lines;
}

it('logfmt is one line an entry, with time and level, what is not plain quoted', () => {
  const [up, kept, ...more] = logged('logfmt', false);
  expect(up).toMatch(
    /^level=info time=\d{4}-\d\d-\d\dT[\d:.]+Z watcher=links ms=12.5 gone=null msg="watcher is up"\n$/,
  );
  expect(kept).toMatch(
    /problem="config.yml:3:5: bridges.br \\"0\\"\\nexpected a VLAN" msg="kept the last good config"\n$/,
  );
  expect(more).toEqual([]);
});

it('JSON has the same fields', () => {
  const entries = logged('json', false).map((line) => JSON.parse(line));
  expect(entries[0]).toEqual({
    level: 'info',
    time: expect.any(String),
    watcher: 'links',
    ms: 12.5,
    gone: null,
    msg: 'watcher is up',
  });
});

it("to the journal, each line begins with its priority and leaves the time to journald's", () => {
  expect(logged('logfmt', true).map((line) => line.slice(0, 20))).toEqual([
    '<6>level=info watche',
    '<3>level=error probl',
  ]);
});

it('each level has its priority', () => {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', format: 'json', priorities: true, write: (line) => lines.push(line) });
  for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level]({}, 'm');
  expect(lines).toEqual([
    '<7>{"level":"debug","msg":"m"}\n',
    '<6>{"level":"info","msg":"m"}\n',
    '<4>{"level":"warn","msg":"m"}\n',
    '<3>{"level":"error","msg":"m"}\n',
  ]);
});

it('an empty value and control characters are quoted', () => {
  expect(logfmt({ a: '', b: 'x\u001b[31m', c: [1], d: undefined, e: true })).toBe('a="" b="x\\u001b[31m" c=[1] e=true');
});

it('a long text is cut, in both formats', () => {
  for (const format of ['logfmt', 'json'] as const) {
    const lines: string[] = [];
    const log = createLog({ level: 'info', format, priorities: false, write: (line) => lines.push(line) });
    log.warn({ problem: 'x'.repeat(5_000_000), deep: [{ text: 'y'.repeat(5_000_000) }] }, 'm');
    expect(lines[0]?.length).toBeLessThan(9000);
    expect(lines[0]).toContain('x…');
  }
});
