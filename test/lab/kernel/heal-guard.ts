// lab-timeout: 1200
// When healing stops: an opponent that undoes it, a policy that is held, the pause file. Short settings, a real clock.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { runHeal } from '../../../src/cli/heal.ts';
import { createHost } from '../../../src/host/linux/real.ts';
import {
  beRemediator,
  createFleet,
  guardForgets,
  idle,
  processorMs,
  startRemediator,
  tables,
  WELL,
  writeConfig,
} from '../remediator.ts';
import { finish, note, sh, test, until } from '../scenario.ts';

await beRemediator();

/** Processor time of a process in the next seconds, milliseconds. The schedule is one cycle in 10 s. */
async function spent(pid: number, seconds: number): Promise<number> {
  const before = processorMs(pid);
  await sh(`sleep ${seconds}`);
  return processorMs(pid) - before;
}

const LIMITS = 'remediation: { max_heals: 4, window: 1m, cooldown: 8s, max_vnets_per_policy_change: 10 }\n';

await test('an opponent that undoes each heal: suspended and idle; the opponent gone: healed by the probe, then forgotten', async () => {
  const fleet = await createFleet('fight', 3);
  const [tap = '', other = ''] = fleet.taps;
  const remediator = await startRemediator(writeConfig('fight', { more: LIMITS }));
  await until('the first heal', 90_000, () => remediator.status()?.duration.count === 3);
  await guardForgets();
  const idleMs = await spent(remediator.pid, 10);
  let fighting = true;
  const opponent = (async () => {
    while (fighting) {
      if ((await tables()).get(tap) === WELL) await sh(`bridge vlan add vid 1 dev ${tap} pvid untagged`);
      await sh('sleep 0.2');
    }
  })();
  try {
    const suspended = () => remediator.status()?.domains.find((d) => d.domain === 'fight-1')?.suspendedSince;
    const { ms } = await until('suspension', 180_000, suspended);
    note(`suspended after ${Math.round(ms / 1000)} s`);
    const said = remediator.status()?.recent.find((d) => d.outcome === 'suspended');
    assert.equal(said?.vnet, tap);
    assert.match(said?.problem ?? '', /somebody undoes each heal: 4 in 60 s/);
    const heals = remediator.status()?.domains.find((d) => d.domain === 'fight-1')?.remediations;
    assert.equal(heals, 5, 'the first one and max_heals');
    await idle(remediator);
    const suspendedMs = await spent(remediator.pid, 5);
    note(`processor: ${suspendedMs} ms in 5 s while suspended, ${idleMs} ms in 10 s with nothing to do`);
    // In these 5 s there is one cycle of the schedule or none; in those 10 s there was one.
    assert.ok(suspendedMs <= 1.5 * idleMs, 'no more than a cycle');
    assert.equal((await tables()).get(other), WELL);
    fighting = false;
    await opponent;
    await until('the probe heals', 60_000, async () => (await tables()).get(tap) === WELL);
    await until('a probe', 40_000, () => remediator.status()?.recent.some((d) => d.trigger === 'probe'));
    const reset = await until('the suspension is over', 60_000, () => suspended() === undefined);
    note(`forgotten ${Math.round(reset.ms / 1000)} s after the probe, cooldown 8 s`);
    assert.ok(reset.ms > 5000);
  } finally {
    // Else it would fight on, and leave no processor for the checks that follow.
    fighting = false;
    // It has the lock that the checks after this one need.
    await remediator.stop();
  }
  await fleet.remove();
});

await test('a config edit that would move 40 vnets: held and shown, over a restart; a wipe heals at once; heal accepts it', async () => {
  const fleet = await createFleet('hold', 40);
  const config = writeConfig('hold', { more: LIMITS });
  const first = await startRemediator(config);
  await until('the first heal', 90_000, () => first.status()?.duration.count === 40);
  await sh('sleep 1.5');
  writeConfig('hold', { pvid: 200, more: LIMITS });
  first.child.kill('SIGHUP');
  await until('held', 40_000, () => first.status()?.held.length === 40);
  assert.match(first.status()?.recent[0]?.problem ?? '', /it would move 40 vnets.*run `libvirt-vlan-exporter heal`/);
  assert.ok(first.status()?.held[0]?.changes.includes('bridge vlan add vid 200 dev hold.1 pvid untagged'));
  await first.stop();

  const second = await startRemediator(config, { keepState: true });
  await until('still held', 40_000, () => second.status()?.held.length === 40);
  const isWell = async (table: string) => {
    const now = await tables();
    return fleet.taps.every((tap) => now.get(tap) === table);
  };
  assert.ok(await isWell(WELL));

  await guardForgets();
  const wipe = fleet.taps.map((tap) => `link set ${tap} nomaster\nlink set ${tap} master hold\n`).join('');
  await sh('ip -batch -', { input: wipe });
  const { ms } = await until('healed to the accepted policy', 60_000, () => isWell(WELL));
  note(`40 wiped vnets healed to the accepted policy ${Math.round(ms)} ms after the wipe`);

  assert.equal(await runHeal(createHost(), [], { 'config.file': config, format: 'text' }), 0);
  assert.ok(await isWell('10 20 30 40 100 110 120 200*'));
  await until('accepted', 60_000, () => second.status()?.held.length === 0);
  assert.equal(second.status()?.heldPolicySha256, undefined);
  await sh(`bridge vlan del vid 200 dev ${fleet.taps[0]}`);
  await until('healed to the new policy', 60_000, () => isWell('10 20 30 40 100 110 120 200*'));
  await second.stop();
  await fleet.remove();
});

await test('the pause file holds everything; when it is gone, all is healed at once', async () => {
  const fleet = await createFleet('pause', 2);
  const pause = '/run/libvirt-vlan-remediator/pause';
  const remediator = await startRemediator(writeConfig('pause', { more: LIMITS }));
  await until('the first heal', 90_000, () => remediator.status()?.duration.count === 2);
  writeFileSync(pause, '');
  await until('paused', 40_000, () => remediator.status()?.paused);
  await sh(`bridge vlan del vid 100 dev ${fleet.taps[0]}`);
  await until('said', 40_000, () => remediator.status()?.recent[0]?.outcome === 'paused');
  assert.notEqual((await tables()).get(fleet.taps[0] ?? ''), WELL);
  rmSync(pause);
  const { ms } = await until('healed', 40_000, async () => (await tables()).get(fleet.taps[0] ?? '') === WELL);
  note(`healed ${Math.round(ms)} ms after the pause`);
  await remediator.stop();
  await fleet.remove();
});

await test('a dry run changes nothing and tells what it would do', async () => {
  const fleet = await createFleet('dry', 2);
  const remediator = await startRemediator(writeConfig('dry'), { args: ['--dry-run'] });
  const before = await tables();
  await until('two decisions', 40_000, () => remediator.status()?.recent.length === 2);
  assert.equal(remediator.status()?.dryRun, true);
  assert.deepEqual(
    remediator.status()?.recent.map((d) => d.outcome),
    ['dry_run', 'dry_run'],
  );
  assert.deepEqual(await tables(), before);
  assert.equal(await sh('ls /tmp/remediator-state'), '');
  await remediator.stop();
  await fleet.remove();
});

await test('a second remediator is refused, and the first one goes on', async () => {
  const fleet = await createFleet('two', 20);
  const config = writeConfig('two');
  const one = await startRemediator(config);
  const two = await startRemediator(config, { wait: false, beside: true, keepState: true });
  await until('the second to end', 90_000, () => two.child.exitCode !== null);
  assert.match(two.log(), new RegExp(`another remediate runs on this host \\(process ${one.pid}\\)`));
  assert.equal(one.child.exitCode, null);
  await until('all right', 90_000, async () => {
    const now = await tables();
    return fleet.taps.every((tap) => now.get(tap) === WELL);
  });
  await one.stop();
  await fleet.remove();
});

finish();
