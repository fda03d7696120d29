import { expect, test } from 'vitest';
import { createSimHost } from '../../src/host/sim/host.ts';
import { createSnapshotReader } from '../../src/host/snapshot.ts';
import { onPrograms } from '../support/on-programs.ts';

test('a reader takes time', async () => {
  let now = 0;
  const host = createSimHost({ now: () => (now += 5) });
  const { collectors } = await createSnapshotReader(host)({ bridges: [] });
  expect(collectors.map((run) => run.durationMs > 0)).toEqual([true, true, true]);
});

test('a bridge that prints no row though it has ports is asked once more', async () => {
  const host = createSimHost();
  host.addBridge('br0');
  host.addUplink('eno1', 'br0');
  let answers = 0;
  const asked = onPrograms(host, (run) => async (...call) => {
    const result = await run(...call);
    answers += 1;
    return answers === 1 ? { ...result, stdout: '[]' } : result;
  });
  const { vlans } = await createSnapshotReader(asked)({ bridges: [{ name: 'br0' }] });
  expect(vlans.ok && [...vlans.value.keys()]).toContain('eno1');
  expect(answers).toBe(2);
});

test('a port that stays without its name makes the VLANs unknown, and the collector fails', async () => {
  const host = createSimHost();
  const asked = onPrograms(host, (run) => async (...call) => ({
    ...(await run(...call)),
    stdout: '[{"ifname":"if57","vlans":[{"vlan":1}]}]',
  }));
  const { vlans, collectors } = await createSnapshotReader(asked)({ bridges: [] });
  expect(vlans).toEqual({ ok: false, error: expect.stringContaining('if57') });
  expect(collectors.find(({ collector }) => collector === 'vlans')?.ok).toBe(false);
});
