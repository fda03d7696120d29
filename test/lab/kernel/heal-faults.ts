// lab-timeout: 1200
// What goes wrong around the remediator: `bridge` fails, hangs, is missing or is killed half-way, the remediator itself is killed,
// the disk is full, a VM is gone. `bridge` is a script in front of the real one, which does as /tmp/shim/mode says.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHost } from '../../../src/host/linux/real.ts';
import { vidRange } from '../../../src/model/vlan.ts';
import { beRemediator, createFleet, guardForgets, startRemediator, tables, WELL, writeConfig } from '../remediator.ts';
import { finish, note, sh, test, until } from '../scenario.ts';

await beRemediator();

const SHIM = '/tmp/shim';
const LIMITS = 'remediation: { max_heals: 50, window: 1m, cooldown: 5s }\n';
mkdirSync(SHIM, { recursive: true });
const real = await sh('command -v bridge');
for (const program of ['ip', 'logger']) await sh(`ln -sf "$(command -v ${program})" ${SHIM}/${program}`);
writeFileSync(
  `${SHIM}/bridge`,
  `#!/bin/bash
case "$(cat ${SHIM}/mode) $*" in
  fail*-batch*) echo "RTNETLINK answers: Operation not permitted" >&2; echo "Command failed -:1" >&2; exit 1 ;;
  hang*-batch*) exec /usr/bin/sleep 1000 ;;
  move*-batch*) ip link set $(cat ${SHIM}/port) master elsewhere; echo well >${SHIM}/mode ;;
  half*-batch*) /usr/bin/head -n 3 | ${real} -batch -; kill -9 $$ ;;
esac
exec ${real} "$@"
`,
);
chmodSync(`${SHIM}/bridge`, 0o755);
// The script itself needs cat, head and sleep by their names.
const path = `${SHIM}:/usr/bin:/bin`;
const mode = (what: string) => writeFileSync(`${SHIM}/mode`, what);

const fleet = await createFleet('fault', 10);
const [tap = ''] = fleet.taps;
const isWell = async (port = tap) => (await tables()).get(port) === WELL;
const drift = () => sh(`bridge vlan del vid 100 dev ${tap}`);
const config = writeConfig('fault', { more: LIMITS });

mode('well');
const remediator = await startRemediator(config, { path });
await until('the first heal', 90_000, async () => remediator.status()?.duration.count === 10);
const calm = guardForgets;
const last = (since: number) => remediator.status()?.recent.find((d) => d.vnet === tap && d.at >= since);

await test('a bridge that fails: the outcome says what it said, and it is tried again until it works', async () => {
  await calm();
  mode('fail');
  const since = Date.now();
  await drift();
  const { value } = await until('a failed heal', 40_000, () => last(since));
  assert.equal(value.outcome, 'failed');
  assert.match(
    value.problem ?? '',
    /bridge vlan add vid 100 dev \S+ pvid untagged: RTNETLINK answers: Operation not permitted/,
  );
  mode('well');
  const { ms } = await until('the next attempt', 40_000, isWell);
  note(`healed ${Math.round(ms)} ms after bridge worked again`);
});

await test('a bridge that is killed half-way through a batch: the rest is done by the next attempt', async () => {
  await calm();
  mode('half');
  const since = Date.now();
  await sh(`ip link set ${tap} nomaster && ip link set ${tap} master fault`);
  const { value } = await until('a failed heal', 40_000, () => last(since));
  assert.equal(value.outcome, 'failed');
  mode('well');
  await until('the next attempt', 60_000, isWell);
});

await test('a bridge that hangs is killed at its time limit, and the next attempt heals', async () => {
  await calm();
  mode('hang');
  const since = Date.now();
  await drift();
  await until('one that hangs', 60_000, async () => (await sh('pgrep -x sleep || true')) !== '');
  mode('well');
  const { value } = await until('the end of the hanging one', 60_000, () => last(since));
  assert.equal(value.outcome, 'failed');
  assert.match(value.problem ?? '', /timed out/);
  await until('the next attempt', 60_000, isWell);
  assert.equal(await sh('pgrep -x sleep || true'), '', 'the hanging process is gone');
});

await test('a port that somebody moves in that very moment: what was written to it on the other bridge is taken back', async () => {
  await calm();
  await sh('ip link add elsewhere type bridge vlan_filtering 1 && ip link set elsewhere up');
  writeFileSync(`${SHIM}/port`, tap);
  mode('move');
  const since = Date.now();
  await drift();
  const { value } = await until('the heal', 40_000, () => last(since));
  assert.equal(value.outcome, 'reverted');
  assert.equal(value.problem, `${tap} went from fault to elsewhere while it was changed; put back to 1* there`);
  assert.equal((await tables()).get(tap), '1*');
  await sh(`ip link set ${tap} master fault && ip link del elsewhere`);
  await until('healed', 60_000, isWell);
});

await test('a missing bridge: nothing is known, so nothing is done; when it is back, all is healed', async () => {
  await calm();
  rmSync(`${SHIM}/bridge.away`, { force: true });
  await sh(`mv ${SHIM}/bridge ${SHIM}/bridge.away`);
  const heals = remediator.status()?.duration.count;
  await drift();
  await until('the log says so', 15_000, () => /bridge.*no such program/.test(remediator.log()));
  assert.equal(remediator.status()?.duration.count, heals);
  await sh(`mv ${SHIM}/bridge.away ${SHIM}/bridge`);
  await until('healed', 60_000, isWell);
});

await test('a full disk for the status: it is logged, and healing goes on', async () => {
  await calm();
  await sh(
    'mount -t tmpfs -o size=8k full /run/libvirt-vlan-remediator && head -c 8k /dev/zero > /run/libvirt-vlan-remediator/filler',
  );
  await drift();
  await until('healed', 40_000, isWell);
  await until('the log says so', 40_000, () => /ENOSPC/.test(remediator.log()));
  // -l: the remediator may have a file open there just then.
  await sh('umount -l /run/libvirt-vlan-remediator');
  assert.equal(remediator.child.exitCode, null);
});

await test('a full disk for the state: it is logged, and healing goes on', async () => {
  await calm();
  await sh(
    'mount -t tmpfs -o size=8k full /tmp/remediator-state && head -c 8k /dev/zero > /tmp/remediator-state/filler',
  );
  await drift();
  await until('healed', 40_000, isWell);
  await until('the log says so', 40_000, () => /subject=state problem=.*ENOSPC/.test(remediator.log()));
  await sh('umount -l /tmp/remediator-state');
});

await remediator.stop();

await test('the remediator killed in the middle of a batch: the next one finishes the work, and the lock is free', async () => {
  const many = await createFleet('kill', 400);
  const first = await startRemediator(writeConfig('kill'), { wait: false });
  await until('a batch that runs', 90_000, async () => (await sh('pgrep -f "[b]ridge .*-batch" || true')) !== '');
  first.child.kill('SIGKILL');
  const now = await tables();
  const done = many.taps.filter((port) => now.get(port) === WELL).length;
  note(`killed when ${done} of 400 vnets were right`);
  const second = await startRemediator(writeConfig('kill'), { keepState: true });
  await until('all right', 180_000, async () => {
    const found = await tables();
    return many.taps.every((port) => found.get(port) === WELL);
  });
  await second.stop();
  await many.remove();
});

await fleet.remove();

await test('a port that is gone when its changes are made: the kernel looks for its module once, not for each of them', async () => {
  const MODPROBE = '/proc/sys/kernel/modprobe';
  const kept = readFileSync(MODPROBE, 'utf8');
  writeFileSync('/tmp/modprobe', '#!/bin/sh\necho "$*" >>/tmp/modprobes\nexit 1\n');
  chmodSync('/tmp/modprobe', 0o755);
  writeFileSync(MODPROBE, '/tmp/modprobe');
  const late = await createFleet('late', 2);
  try {
    const changes = ['gone', ...late.taps].flatMap((port) =>
      [10, 20, 30].map((vid) => ({ action: 'add', port, ...vidRange(vid), pvid: false, untagged: false }) as const),
    );
    const { failures } = await createHost().bridges.change(changes, { ports: [], fdb: [] });
    assert.deepEqual(readFileSync('/tmp/modprobes', 'utf8').trim().split('\n'), ['-q -- netdev-gone', '-q -- gone']);
    assert.deepEqual([...failures.keys()], changes.slice(0, 3));
    const now = await tables();
    for (const port of late.taps) assert.equal(now.get(port), '1* 10 20 30');
  } finally {
    writeFileSync(MODPROBE, kept);
    await late.remove();
  }
});

finish();
