// The journal's reader on a real journald: a hundred thousand entries as the original hook writes them, and a journal that is
// rotated, vacuumed and restarted while it is followed.
// lab-timeout: 1200
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { followHookJournal, readHookOnce } from '../../../src/host/linux/journal.ts';
import { createHost } from '../../../src/host/linux/real.ts';
import type { DomainHookStats } from '../../../src/model/hook-stats.ts';
import { finish, note, sh, test, until } from '../scenario.ts';

const IDENTIFIERS = ['libvirt-hook'];
const DOMAINS = 20;
const ENTRIES = 100_000;
// One run of the original: what of it counts, and how often.
const RUN = [
  'started — waiting for vnets on br-mgmt',
  'WARN: vnet1: failed to add VLAN 10',
  'ERROR: vnet1: failed to set PVID 100',
  'ERROR: Complete with 2 error(s) — check VLAN state manually',
  ...Array.from({ length: 6 }, (_, i) => `vnet1: added VLAN ${10 * i}`),
];

const domainName = (i: number) => `journal-${i}`;
/** One process that writes a line an entry, as `logger -t "libvirt-hook[NAME]"` does in the original. */
const write = (domain: string, lines: readonly string[]) =>
  sh(`logger -t 'libvirt-hook[${domain}]'`, { input: `${lines.join('\n')}\n` });
const resident = () => process.memoryUsage.rss() / 2 ** 20;

await sh(`mkdir -p /etc/systemd/journald.conf.d
  printf '[Journal]\\nRateLimitBurst=0\\nRuntimeMaxUse=700M\\nSystemMaxUse=700M\\n' > /etc/systemd/journald.conf.d/lab.conf
  systemctl restart systemd-journald`);

let first: Awaited<ReturnType<typeof readHookOnce>>['stats'] | undefined;
await test(`${ENTRIES} entries of the original's kind are counted exactly, in bounded memory`, async () => {
  const runs = ENTRIES / DOMAINS / RUN.length;
  const lines = Array.from({ length: runs }, () => RUN).flat();
  for (let i = 0; i < DOMAINS; i++) await write(domainName(i), lines);
  await sh('journalctl --sync');
  const before = resident();
  const began = performance.now();
  const { stats } = await readHookOnce(createHost(), IDENTIFIERS, 120_000);
  first = stats;
  const ms = performance.now() - began;
  const grown = resident() - before;
  assert.ok(stats.ok, stats.ok ? '' : stats.error);
  for (let i = 0; i < DOMAINS; i++) {
    const { errors, warnings, runs: counted } = stats.value.byDomain.get(domainName(i)) as DomainHookStats;
    assert.deepEqual([errors, warnings, counted], [2 * runs, runs, runs], domainName(i));
  }
  note(`${Math.round(ms)} ms`);
  note(`resident memory grew by ${grown.toFixed(0)} MiB`);
  assert.ok(grown < 64, `${grown} MiB`);
});

await test('a second reader counts the same: a restart forgets nothing', async () => {
  const { stats: second } = await readHookOnce(createHost(), IDENTIFIERS, 120_000);
  assert.ok(second.ok);
  assert.deepEqual(second, first);
});

const NAME = 'journal-live';
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const reader = followHookJournal(createHost(), IDENTIFIERS, silent, () => {});
const errors = () => {
  const { stats } = reader.read();
  return stats.ok ? (stats.value.byDomain.get(NAME)?.errors ?? 0) : undefined;
};
let written = 0;
/** Writes so many more errors, and waits until exactly all that were ever written are counted. */
async function counted(what: string, more: number): Promise<void> {
  await write(
    NAME,
    Array.from({ length: more }, (_, i) => `ERROR: ${what} ${i}`),
  );
  written += more;
  const { ms } = await until(`${what}: ${written} errors`, 60_000, () => errors() === written);
  note(`${what}: all ${written} counted after ${Math.round(ms)} ms`);
  await sh('sleep 1'); // were one counted twice, it would come now
  assert.equal(errors(), written, what);
}
/** Writes fifty errors a second with this text, by one process; the result ends that, and resolves to how many they were. */
function writeMeanwhile(text: string): () => Promise<number> {
  const logger = spawn('logger', ['-t', `libvirt-hook[${NAME}]`], { stdio: ['pipe', 'ignore', 'ignore'] });
  const exited = new Promise((resolve) => logger.once('exit', resolve));
  let count = 0;
  const timer = setInterval(() => logger.stdin.write(`ERROR: ${text} ${count++}\n`), 20);
  return async () => {
    clearInterval(timer);
    logger.stdin.end();
    await exited;
    return count;
  };
}
/** How many entries with this text the journal has, by journalctl and grep. */
const inJournal = async (text: string) =>
  Number(await sh(`journalctl --sync; journalctl -q -b -o cat -t libvirt-hook | grep -c '${text}'`));
const followers = () => sh("pgrep -f '^journalctl --follow'").then((pids) => pids.split('\n'));

// No more than a wait: what came before is no part of the checks that follow.
await until('the hundred thousand are read', 300_000, () => errors() !== undefined);
for (const [what, command] of [
  ['nothing happens', 'true'],
  ['the journal is rotated', 'journalctl --rotate'],
  ['the journal is vacuumed', 'journalctl --rotate --vacuum-files=1'],
  ['journald restarts', 'systemctl restart systemd-journald'],
  ['journald is killed', 'systemctl kill -s KILL systemd-journald'],
  ['journalctl is killed', "pkill -KILL -f '^journalctl --follow'"],
  [
    'journalctl is killed and the journal vacuumed',
    "pkill -KILL -f '^journalctl --follow'; journalctl --rotate --vacuum-files=1",
  ],
] as const) {
  await test(`${what}: no entry is counted twice, none is lost`, async () => {
    await until('the journal is followed', 60_000, () => reader.read().watching && errors() !== undefined);
    await counted(`before ${what}`, 50);
    // Entries are written all the time meanwhile; but what is vacuumed before it was read, journald does not have any more.
    const text = `meanwhile, ${what},`;
    const ended = / and /.test(what) ? undefined : writeMeanwhile(text);
    await sh('sleep 0.3');
    await sh(command);
    await sh('sleep 0.3');
    const meanwhile = (await ended?.()) ?? 0;
    // What journald had in its hand when it was killed is lost: then the journal itself says how many there are.
    const lost = what === 'journald is killed' ? meanwhile - (await inJournal(text)) : 0;
    if (lost > 0) note(`${lost} of ${meanwhile} were lost by journald`);
    assert.ok(lost <= 2, `${lost} of ${meanwhile} are not in the journal`);
    written += meanwhile - lost;
    await counted(`after ${what}`, 50);
    assert.equal((await followers()).length, 1);
  });
}

reader.stop();
await sh('rm /etc/systemd/journald.conf.d/lab.conf; systemctl restart systemd-journald');
finish();
