// lab-timeout: 1200
// How fast drift is mended, beside the same three commands by hand in the same boot: a dump, a batch, a dump. Drift is timed from
// the kernel's event, by an `ip monitor link` of our own, to the read that verified.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  beRemediator,
  createFleet,
  idle,
  quantile,
  startRemediator,
  tables,
  timed,
  WELL,
  writeConfig,
} from '../remediator.ts';
import { finish, note, sh, test, until } from '../scenario.ts';

await beRemediator();

const DUMP = ['-j', '-compressvlans', 'vlan', 'show'];
const DRIFTS = 100;
const PAUSE = '/run/libvirt-vlan-remediator/pause';

/** The median of the three commands' time, milliseconds; `prepare` makes the drift again, outside the time. */
async function byHand(batch: string, times: number, prepare: string): Promise<number> {
  const runs: number[] = [];
  for (let i = 0; i < times; i++) {
    await sh(prepare);
    const first = await timed('bridge', DUMP);
    runs.push(first + (await timed('bridge', ['-force', '-batch', '-'], batch)) + (await timed('bridge', DUMP)));
  }
  return quantile(runs, 0.5);
}

await test('100 drifts one after another at 50 vnets are verified by netlink within a fifth of (dump + batch + dump), the median', async () => {
  const fleet = await createFleet('hspeed', 50);
  // The guard is not what is measured.
  const remediator = await startRemediator(
    writeConfig('hspeed', { more: 'remediation: { max_heals: 100, window: 1s, cooldown: 1s }\n' }),
    { rtnl: true },
  );
  let eventAt = 0;
  const monitor = spawn('ip', ['monitor', 'link']);
  createInterface({ input: monitor.stdout }).on('line', () => {
    eventAt ||= Date.now();
  });
  const took: number[] = [];
  const whole: number[] = [];
  for (let i = 0; i < DRIFTS; i++) {
    const tap = fleet.taps[i % fleet.taps.length] ?? '';
    await idle(remediator, 200);
    eventAt = 0;
    const since = Date.now();
    await sh(`bridge vlan del vid 100 dev ${tap}`);
    const { value } = await until(`${tap} healed`, 40_000, () =>
      remediator.status()?.recent.find((d) => d.vnet === tap && d.at >= since),
    );
    assert.equal(value.outcome, 'verified');
    took.push(value.at - eventAt);
    whole.push(value.durationMs ?? 0);
  }
  monitor.kill();
  const [median, p99] = [quantile(took, 0.5), quantile(took, 0.99)];
  note(
    `drift to verified: median ${median} ms, p99 ${p99} ms, max ${Math.max(...took)} ms (its own clock: median ${quantile(whole, 0.5)} ms)`,
  );
  // Nobody else is at work then.
  await remediator.stop();
  const tap = fleet.taps[0];
  const hand = await byHand(`vlan add vid 100 dev ${tap} pvid untagged\n`, 30, `bridge vlan del vid 100 dev ${tap}`);
  note(`by hand: ${Math.round(hand)} ms; ratio ${(median / hand).toFixed(2)}`);
  await fleet.remove();
  assert.ok(p99 <= 1000, `p99 ${p99} ms`);
  assert.ok(median <= hand / 5, `median ${median} ms, by hand ${hand} ms`);
});

await test('1,000 vnets that leave the bridge and return are all verified by netlink within 0.7 × (dump + batch + dump)', async () => {
  const fleet = await createFleet('hwipe', 1000);
  const lines = fleet.taps.flatMap((tap) => [
    ...[10, 20, 30, 40, 110, 120].map((vid) => `vlan add vid ${vid} dev ${tap}\n`),
    `vlan add vid 100 dev ${tap} pvid untagged\n`,
    `vlan del vid 1 dev ${tap}\n`,
  ]);
  const wipe = fleet.taps.map((tap) => `link set ${tap} nomaster\nlink set ${tap} master hwipe\n`).join('');
  const wipeAll = () => sh('ip -batch -', { input: wipe, timeoutMs: 180_000 });
  const config = writeConfig('hwipe', { more: 'remediation: { max_heals: 100, window: 1s, cooldown: 1s }\n' });
  const ratios: number[] = [];
  // By turns: a machine that is slow for a minute is slow for both.
  for (let round = 1; round <= 3; round++) {
    await wipeAll();
    const hand = await byHand(lines.join(''), 1, 'true');
    // Paused, so that neither its start nor the wiping itself is in the time.
    mkdirSync('/run/libvirt-vlan-remediator', { recursive: true });
    writeFileSync(PAUSE, '');
    const remediator = await startRemediator(config, { rtnl: true });
    await until('the pause', 60_000, () => remediator.status()?.paused);
    await wipeAll();
    await idle(remediator, 2000);
    rmSync(PAUSE);
    const since = Date.now();
    const { value } = await until('all verified', 180_000, () => {
      const status = remediator.status();
      return status?.duration.count === 1000 ? status : undefined;
    });
    const ours = Math.max(...value.recent.filter((d) => d.at >= since).map((d) => d.durationMs ?? 0));
    await remediator.stop();
    ratios.push(ours / hand);
    note(`1,000 wiped: ${Math.round(ours)} ms to the last verified; by hand ${Math.round(hand)} ms`);
  }
  const now = await tables();
  assert.ok(fleet.taps.every((tap) => now.get(tap) === WELL));
  await fleet.remove();
  const ratio = quantile(ratios, 0.5);
  note(`ratio ${ratio.toFixed(2)}`);
  assert.ok(ratio <= 0.7, `${ratios.map((one) => one.toFixed(2)).join(', ')} of the time by hand`);
});

finish();
