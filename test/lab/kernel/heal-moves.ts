// lab-timeout: 600
// Ports that leave their bridge while they are being healed, by iproute2 and then by netlink: what the policy wants on one bridge is never
// left behind on another.
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { beRemediator, createFleet, startRemediator, tables, WELL, writeConfig } from '../remediator.ts';
import { finish, note, sh, test, until } from '../scenario.ts';

await beRemediator();

const ROUNDS = 40;
const AT_ONCE = 5;
// A port as the kernel makes it: nobody has written to it.
const UNTOUCHED = '1*';

for (const via of ['iproute2', 'netlink'] as const) {
  const fleet = await createFleet('moves', 20);
  await sh('ip link add elsewhere type bridge vlan_filtering 1 && ip link set elsewhere up');
  await test(`${via}: ${ROUNDS * AT_ONCE} ports that leave their bridge within a heal`, async () => {
    const remediator = await startRemediator(
      writeConfig('moves', { more: 'remediation: { max_heals: 1000, window: 10s, cooldown: 1s }\n' }),
      { rtnl: via === 'netlink' },
    );
    const areWell = (taps: readonly string[]) => async () => {
      const now = await tables();
      return taps.every((tap) => now.get(tap) === WELL);
    };
    await until('the first heal', 60_000, areWell(fleet.taps));
    const wrong: string[] = [];
    // The status holds the last fifty decisions.
    const takenBack = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const taps = Array.from({ length: AT_ONCE }, (_, i) => fleet.taps[(round * AT_ONCE + i) % 20] ?? '');
      await sh('bridge -batch -', { input: taps.map((tap) => `vlan add vid 1 dev ${tap} pvid untagged\n`).join('') });
      // From before the event is read to after the batch.
      await setTimeout((round * 7) % 200);
      await sh('ip -batch -', { input: taps.map((tap) => `link set ${tap} master elsewhere\n`).join('') });
      const left = Date.now();
      await until('a cycle after it', 20_000, () => (remediator.status()?.lastCycleAt ?? 0) > left);
      for (const { at, vnet, problem = '' } of remediator.status()?.recent ?? [])
        if (problem.includes('went from moves to elsewhere')) takenBack.add(`${at} ${vnet}`);
      const now = await tables();
      for (const tap of taps) if (now.get(tap) !== UNTOUCHED) wrong.push(`round ${round}, ${tap}: ${now.get(tap)}`);
      await sh('ip -batch -', { input: taps.map((tap) => `link set ${tap} master moves\n`).join('') });
      await until('well again', 20_000, areWell(taps));
    }
    note(`${via}: of ${ROUNDS * AT_ONCE}, ${takenBack.size} were written to elsewhere, and it was taken back`);
    await remediator.stop();
    assert.deepEqual(wrong, []);
  });
  await fleet.remove();
  await sh('ip link del elsewhere');
}
finish();
