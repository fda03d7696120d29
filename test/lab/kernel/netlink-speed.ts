// lab-timeout: 1200
// What an audit costs by netlink, beside the same question asked by processes from node, in one boot; and where a heal's time goes, from
// the kernel's message on, beside what the kernel itself takes for two dumps and one change.
import assert from 'node:assert/strict';
import { mkdirSync, readSync, statSync, writeSync } from 'node:fs';
import { parseSettings } from '../../../src/config/load.ts';
import { debounce } from '../../../src/host/debounce.ts';
import { LIVE_FOLDER } from '../../../src/host/linux/files.ts';
import { takeLock } from '../../../src/host/linux/lock.ts';
import { openKernelBridges } from '../../../src/host/linux/netlink/kernel-bridges.ts';
import { bridgeLinksRequest, linkRequest } from '../../../src/host/linux/netlink/links.ts';
import { createHost } from '../../../src/host/linux/real.ts';
import { readSnapshot } from '../../../src/host/snapshot.ts';
import { vid, vidRange } from '../../../src/model/vlan.ts';
import { evaluate } from '../../../src/policy/evaluate.ts';
import { configure } from '../../../src/remediation/configure.ts';
import { plan } from '../../../src/remediation/plan.ts';
import { createFleet, quantile, timed } from '../remediator.ts';
import { ensureRtnl } from '../rtnl.ts';
import { finish, note, sh, test, until } from '../scenario.ts';

ensureRtnl();

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const netlink = openKernelBridges(process.env, quiet);
const host = createHost(netlink);
const WHOLE = 'message to verified';
// As src/apps/remediate.ts has it.
const DEBOUNCE = { quietMs: 2, maxMs: 50 };
const WARM = 60;
const ROUNDS = 21;

const parts = Buffer.alloc(256 * 1024);

/** Reads what the kernel has answered, until there is no more. */
function drain() {
  for (;;) {
    try {
      readSync(3, parts);
    } catch {
      return;
    }
  }
}

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

mkdirSync('/tmp/nsp-lock', { recursive: true });
for (const [vnets, ofShow] of [
  [50, 1 / 10],
  [1000, 1 / 4],
] as const) {
  const bridge = `nsp${vnets}`.slice(0, 6);
  const fleet = await createFleet(bridge, vnets);
  const { policy } = parseSettings(
    `bridges:\n  ${bridge}: {vlans: [10, 20, 30, 40, 100, 110, 120], pvid: 100, unexpected: remove}\n`,
    'config.yml',
  );
  const read = readSnapshot.bind(undefined, host);
  const audit = async () => evaluate(await read(policy), policy);
  await test(`an audit of ${vnets} vnets by netlink beside \`bridge -j vlan show\` and both dumps by hand`, async () => {
    await configure(host, plan(await audit()).vnets);
    // A folder that changed a moment ago is looked at file by file (folder-watermark.ts).
    await until(
      'libvirt has started no VM for a while',
      10_000,
      () => Date.now() - statSync(LIVE_FOLDER).mtimeMs > 2500,
    );
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
  await test(`one drift of ${vnets} vnets: who takes how long, from the kernel's message to the read that verifies`, async () => {
    const tap = fleet.taps[7] ?? '';
    const times = new Map<string, number[]>();
    let at = 0;
    const lap = (who: string) => {
      const now = performance.now();
      times.set(who, [...(times.get(who) ?? []), now - at]);
      at = now;
    };
    let heard = () => {};
    let woken = () => {};
    const wake = debounce(() => woken(), DEBOUNCE);
    const watch = host.bridges.watch(
      () => {
        heard();
        wake.trigger();
      },
      (problem) => console.log(problem),
    );
    for (let i = 0; i < ROUNDS; i += 1) {
      // What the last round made printed has to be over.
      await sh('sleep 0.2');
      const first = new Promise<void>((resolve) => {
        heard = resolve;
      });
      const due = new Promise<void>((resolve) => {
        woken = resolve;
      });
      // The kernel makes its message inside the write, and answers it there: this is when it is sent.
      at = performance.now();
      netlink?.change([{ ...vidRange(vid(100)), action: 'delete', port: tap, pvid: false, untagged: false }]);
      lap('(the drift itself: one change)');
      const began = at;
      await first;
      lap('ip monitor hears it, and node its line');
      await due;
      lap('debounce');
      const lock = await takeLock('/tmp/nsp-lock', 'nsp');
      lap('the lock');
      const snapshot = await read(policy);
      lap('snapshot: links, VLANs, domain files');
      const planned = plan(evaluate(snapshot, policy));
      lap('evaluate and plan');
      const [outcome] = await configure(host, planned.vnets);
      lap('change, read back, verify');
      times.set(WHOLE, [...(times.get(WHOLE) ?? []), at - began]);
      assert.ok(lock.held, JSON.stringify(lock));
      await lock.release();
      assert.equal(outcome?.result, 'verified');
    }
    watch.stop();
    // The physical limit: the kernel's own dump before and after, and one change, without a word of it being read.
    const limit = await median(ROUNDS, () => {
      for (const request of [bridgeLinksRequest(), linkRequest(tap), bridgeLinksRequest()]) {
        writeSync(3, request);
        drain();
      }
    });
    const hand: number[] = [];
    for (let i = 0; i < 9; i += 1) {
      await sh(`bridge vlan del vid 100 dev ${tap}`);
      const dump = () => timed('bridge', ['-j', '-compressvlans', 'vlan', 'show']);
      const batch = () => timed('bridge', ['-force', '-batch', '-'], `vlan add vid 100 dev ${tap} pvid untagged\n`);
      hand.push((await dump()) + (await batch()) + (await dump()));
    }
    const ms = (who: string) => quantile(times.get(who) ?? [], 0.5);
    const byHand = quantile(hand, 0.5);
    for (const who of times.keys()) note(`${vnets} vnets: ${ms(who).toFixed(2).padStart(7)} ms  ${who}`);
    note(
      `${vnets} vnets: ${limit.toFixed(2).padStart(7)} ms  the kernel alone: dump, one request, dump, read and not understood`,
    );
    note(
      `${vnets} vnets: ${byHand.toFixed(2).padStart(7)} ms  by hand: dump, batch, dump; ratio ${(ms(WHOLE) / byHand).toFixed(3)}`,
    );
    assert.ok(ms(WHOLE) <= byHand * (vnets === 50 ? 1 / 5 : 1 / 2), `${ms(WHOLE)} ms of ${byHand}`);
  });
  await fleet.remove();
}
assert.equal(host.bridges.via(), 'netlink');
finish();
