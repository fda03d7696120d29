// lab-timeout: 400
// What an audit costs by netlink, beside the same question asked by processes from node, in one boot; and where a heal's time goes.
import assert from 'node:assert/strict';
import { parseSettings } from '../../../src/config/load.ts';
import { openKernelBridges } from '../../../src/host/linux/netlink/kernel-bridges.ts';
import { createHost } from '../../../src/host/linux/real.ts';
import { createSnapshotReader } from '../../../src/host/snapshot.ts';
import { evaluate } from '../../../src/policy/evaluate.ts';
import { configure } from '../../../src/remediation/configure.ts';
import { plan } from '../../../src/remediation/plan.ts';
import { createFleet, quantile, timed } from '../remediator.ts';
import { ensureRtnl } from '../rtnl.ts';
import { finish, note, sh, test } from '../scenario.ts';

ensureRtnl();

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const host = createHost(openKernelBridges(process.env, quiet));
const WARM = 60;
const ROUNDS = 21;

/** The median time of `run`, milliseconds. */
async function median(rounds: number, run: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < rounds; i += 1) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return quantile(times, 0.5);
}

for (const [vnets, ofShow] of [
  [50, 1 / 10],
  // The reach is 1/4 of both dumps; last measured 0.26, most of it the domains' files.
  [1000, 1],
] as const) {
  const bridge = `nsp${vnets}`.slice(0, 6);
  const fleet = await createFleet(bridge, vnets);
  const { policy } = parseSettings(
    `bridges:\n  ${bridge}: {vlans: [10, 20, 30, 40, 100, 110, 120], pvid: 100, unexpected: remove}\n`,
    'config.yml',
  );
  const read = createSnapshotReader(host);
  const audit = async () => evaluate(await read(policy), policy);
  await test(`an audit of ${vnets} vnets by netlink beside \`bridge -j vlan show\` and both dumps by hand`, async () => {
    await configure(host, plan(await audit()).vnets);
    await median(WARM, audit);
    const ours = await median(ROUNDS, audit);
    const show = await median(9, () => timed('bridge', ['-j', 'vlan', 'show']));
    const links = await median(9, () => timed('ip', ['-j', 'link', 'show', 'master', bridge]));
    const bare = await median(ROUNDS, () => host.bridges.read([bridge]));
    note(
      `${vnets} vnets: audit ${ours.toFixed(1)} ms (of it links and VLANs ${bare.toFixed(1)}); bridge -j vlan show ${show.toFixed(1)}, ratio ${(ours / show).toFixed(3)}; both dumps ${(show + links).toFixed(1)}, ratio ${(ours / (show + links)).toFixed(3)}`,
    );
    assert.ok(ours <= ofShow * show, `${ours} ms of ${show}`);
  });
  await test(`one drift of ${vnets} vnets: where the time of its heal goes`, async () => {
    const parts: Record<string, number[]> = { snapshot: [], evaluate: [], plan: [], change: [], whole: [] };
    const tap = fleet.taps[7] ?? '';
    const hand: number[] = [];
    for (let i = 0; i < ROUNDS; i += 1) {
      await sh(`bridge vlan del vid 100 dev ${tap}`);
      const at = [performance.now()];
      const lap = () => at.push(performance.now());
      const snapshot = await read(policy);
      lap();
      const report = evaluate(snapshot, policy);
      lap();
      const planned = plan(report);
      lap();
      const [outcome] = await configure(host, planned.vnets);
      lap();
      assert.equal(outcome?.result, 'verified');
      for (const [j, name] of ['snapshot', 'evaluate', 'plan', 'change'].entries())
        parts[name]?.push((at[j + 1] ?? 0) - (at[j] ?? 0));
      parts.whole?.push((at[4] ?? 0) - (at[0] ?? 0));
    }
    for (let i = 0; i < 9; i += 1) {
      await sh(`bridge vlan del vid 100 dev ${tap}`);
      const dump = () => timed('bridge', ['-j', '-compressvlans', 'vlan', 'show']);
      const batch = () => timed('bridge', ['-force', '-batch', '-'], `vlan add vid 100 dev ${tap} pvid untagged\n`);
      hand.push((await dump()) + (await batch()) + (await dump()));
    }
    const ms = (name: string) => quantile(parts[name] ?? [], 0.5);
    const byHand = quantile(hand, 0.5);
    note(
      `${Object.keys(parts)
        .map((name) => `${name} ${ms(name).toFixed(1)}`)
        .join(', ')} ms; by hand ${byHand.toFixed(1)}, ratio ${(ms('whole') / byHand).toFixed(3)}`,
    );
    assert.ok(ms('whole') <= byHand * (vnets === 50 ? 1 / 5 : 1 / 2));
  });
  await fleet.remove();
}
assert.equal(host.bridges.via(), 'netlink');
finish();
