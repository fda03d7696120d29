// The programs of the simulated host: what other tests rely on.
import { expect, test } from 'vitest';
import { createSimHost } from '../../src/host/sim/host.ts';
import { onPrograms } from './on-programs.ts';

function host() {
  const sim = createSimHost();
  sim.addBridge('br-mgmt');
  sim.addUplink('eno1', 'br-mgmt');
  return onPrograms(sim);
}

test('sysfs: only a tap has tun_flags, and only a bridge has brif', () => {
  const on = host();
  on.kernel.addLink('vnet0', 'tap', 'fe:54:00:00:00:01');
  expect(on.stat('/sys/class/net/vnet0/tun_flags')).toBeDefined();
  expect(on.stat('/sys/class/net/eno1/tun_flags')).toBeUndefined();
  expect(on.list('/sys/class/net/eno1/brif')).toBeUndefined();
  expect(() => on.readText('/sys/class/net/gone/address')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
});

test('what is not modelled fails', async () => {
  const on = host();
  expect(await on.run('virsh', ['list'], { timeoutMs: 1000 })).toMatchObject({ exitCode: undefined });
  expect(await on.run('journalctl', ['--since=now', '-o', 'json'], { timeoutMs: 1000 })).toMatchObject({
    exitCode: undefined,
    problem: expect.stringContaining('not modelled'),
  });
  const problem = await new Promise((end) => on.follow('tcpdump', [], { line: () => {}, end }));
  expect(problem).toContain('not modelled');
});

test('a sabotaged command fails, hangs until its time limit, or is missing, as often as asked', async () => {
  const on = host();
  const show = () => on.run('bridge', ['-j', 'vlan', 'show'], { timeoutMs: 5 });
  on.sabotage((line) => line.startsWith('bridge'), { exitCode: 1, stderr: 'out of memory\n' }, 1);
  expect(await show()).toMatchObject({ exitCode: 1, problem: expect.stringContaining('out of memory') });
  expect(await show()).toMatchObject({ exitCode: 0 });
  on.sabotage(() => true, 'hang');
  expect(await show()).toMatchObject({ exitCode: undefined, problem: expect.stringContaining('killed after 5 ms') });
  on.repair();
  on.sabotage(() => true, 'missing');
  expect(await show()).toMatchObject({ exitCode: undefined });
});
