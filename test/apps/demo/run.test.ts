// `demo` as a process, but in this one: what it prints, and how a signal ends it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type DemoFlags, runDemo } from '../../../src/apps/demo/run.ts';

// It would end the process where something hangs.
vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);

/** Runs it with these flags; `end` is what the signal does. */
function run(more: Partial<DemoFlags>) {
  const lines: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text).trimEnd()) > 0);
  const before = process.listeners('SIGTERM');
  const ended = runDemo({
    'web.listenAddress': ['127.0.0.1:0', '127.0.0.1:0'],
    'log.level': 'error',
    vms: 2,
    seed: 1,
    drift: false,
    driftEvery: 0.01,
    restarts: false,
    heal: false,
    healAfter: 0,
    ...more,
  });
  const end = () => {
    for (const listener of process.listeners('SIGTERM')) {
      if (before.includes(listener)) continue;
      process.off('SIGTERM', listener);
      listener('SIGTERM');
    }
    return ended;
  };
  onTestFinished(async () => {
    write.mockRestore();
    // Where it could not be started, that was told already.
    await end().catch(() => {});
  });
  const metrics = async () => (await fetch(/metrics (.*)$/.exec(lines[0] ?? '')?.[1] ?? '')).text();
  const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000 });
  return { lines, metrics, until, end };
}

test('it says where to look, and a signal ends it', async () => {
  const { lines, metrics, until, end } = run({ heal: true });
  await until(() => expect(lines).toHaveLength(3));
  for (const line of lines.slice(0, 2))
    expect(line).toMatch(/^Status page (http:\/\/127\.0\.0\.1:\d+\/) {2}metrics \1metrics$/);
  expect(lines[0]).not.toBe(lines[1]);
  expect(lines[2]).toBe(
    '2 VMs on a simulated host. What befalls it is told here, what is healed on the page; Ctrl-C ends it.',
  );
  await until(async () => expect(await metrics()).toContain('libvirt_vlan_remediator_up 1\n'));
  await end();
  await expect(metrics()).rejects.toThrow();
  expect(lines).toHaveLength(3);
});

test('what happens is told with the time; it takes orders where it was asked to, and heals only then, too', async () => {
  const { lines, metrics, until } = run({ 'web.listenAddress': ['127.0.0.1:0'], drift: true, control: '127.0.0.1:0' });
  await until(() => expect(lines.length).toBeGreaterThan(3));
  expect(lines[1]).toMatch(/^Control http:\/\/127\.0\.0\.1:\d+$/);
  expect(lines[3]).toMatch(/^\d\d:\d\d:\d\d \S+ vnet[01]: /);
  await until(async () => expect(await metrics()).toContain('libvirt_vlan_remediator_up 0\n'));
  const order = await fetch(`${lines[1]?.slice('Control '.length)}/pause`, { method: 'POST' });
  expect(await order.text()).toBe('nothing heals here\n');
});

test('of a Unix socket it says what is there, and no URL that does not work', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vlan-demo-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { lines, until } = run({ 'web.listenAddress': [`unix:${folder}/s.sock`] });
  await until(() => expect(lines[0]).toBe(`Status page / and metrics /metrics on unix:${folder}/s.sock`));
});

test('an empty --web.config.file is none', async () => {
  const { lines, until } = run({ 'web.config.file': '' });
  await until(() => expect(lines[0]).toMatch(/^Status page http:/));
});

test('a config of one’s own is used', async () => {
  await expect(run({ 'config.file': '/no/such/file' }).end()).rejects.toThrow('/no/such/file');
  await expect(run({ 'web.config.file': '/no/such/file' }).end()).rejects.toThrow('/no/such/file');
});
