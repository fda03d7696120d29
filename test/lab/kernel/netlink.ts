// The bridges by netlink held against iproute2: the same random changes of VLANs and FDB entries by both, each on ports of its own, and the
// same tables and the same refusals after each; both readers asked for everything in between; trunks; ports that come and go meanwhile.
// lab-timeout: 1200
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fc from 'fast-check';
import { parseFdbShow, parseVlanShow } from '../../../src/host/linux/iproute2/text.ts';
import { createNetlinkBridges } from '../../../src/host/linux/netlink/bridges.ts';
import { openExchange } from '../../../src/host/linux/netlink/open.ts';
import { processes } from '../../../src/host/linux/processes.ts';
import { createHost } from '../../../src/host/linux/real.ts';
import { bridgeArgs } from '../../../src/model/bridge-command.ts';
import type { Change, FdbChange, VlanChange } from '../../../src/model/plan.ts';
import type { Fdb } from '../../../src/model/snapshot.ts';
import { formatTable, formatVids, vid } from '../../../src/model/vlan.ts';
import { ensureRtnl } from '../rtnl.ts';
import { finish, note, sh, test } from '../scenario.ts';

ensureRtnl();

const CHANGES = 2500;
// A port of each writer: the same name but for its first letter. One has all fifteen bytes that a name can have.
const PORTS = ['port0', 'port1', 'tap-web.1', '123456789abcde'];
const WRITERS = ['i', 'n'] as const;
const BRIDGES = [
  { name: 'br-a', options: 'vlan_filtering 1' },
  { name: 'br-b', options: 'vlan_filtering 1 vlan_default_pvid 7' },
  { name: 'br-c', options: 'vlan_filtering 1 vlan_default_pvid 0' },
  { name: 'br-d', options: 'vlan_protocol 802.1ad' },
];

const host = createHost();
const opened = openExchange(3);
if ('problem' in opened) throw new Error(opened.problem);
const netlink = createNetlinkBridges(
  opened.exchange,
  (name) => host.stat(`/sys/class/net/${name}/tun_flags`) !== undefined,
);
const names = (): string[] => BRIDGES.map(({ name }) => name);

/** What both readers say of everything must be the same. */
async function sameReadings(when: string, { fdb = true } = {}) {
  const { links, vlans } = await host.bridges.read(names());
  assert.ok(links.ok && vlans.ok);
  const read = netlink.read(names());
  assert.deepEqual(read.bridges, links.value, when);
  assert.deepEqual(sorted(read.vlans), sorted(vlans.value), when);
  if (fdb)
    assert.deepEqual(
      entriesOf(netlink.fdb(links.value.flatMap(({ ports }) => ports.map(({ name }) => name)))),
      entriesOf(parseFdbShow(await sh('bridge -j fdb show'))),
      when,
    );
}

/** As `port MAC VLANs`, of one port or of all. */
function entriesOf(fdb: Fdb, port?: string): readonly string[] {
  const of = [...fdb].filter(([name]) => port === undefined || name === port);
  return of.flatMap(([name, macs]) => [...macs].map(([mac, vids]) => `${name} ${mac} ${formatVids(vids)}`)).sort();
}

function sorted(map: ReadonlyMap<string, unknown>) {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

const create = BRIDGES.map(({ name, options }) => `link add ${name} type bridge ${options}\n`);
const taps = WRITERS.flatMap((writer) =>
  PORTS.map((port, i) => {
    const mac = `fe:54:00:00:0${writer === 'i' ? 0 : 1}:0${i}`;
    return `tuntap add ${writer}${port} mode tap\nlink set ${writer}${port} address ${mac} master br-a up\n`;
  }),
);
await sh('ip -batch -', { input: [...create, ...taps].join('') });

const common = fc.constantFrom(1, 7, 10, 11, 12, 13, 20, 100, 4094);
const change = fc
  .record({
    action: fc.constantFrom('add' as const, 'add' as const, 'delete' as const),
    port: fc.constantFrom(...PORTS),
    first: common,
    more: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 12 }) }),
    pvid: fc.boolean(),
    untagged: fc.boolean(),
  })
  .map(({ action, port, first, more, pvid, untagged }): VlanChange => {
    const last = Math.min(4094, first + more);
    return { action, port, first: vid(first), last: vid(last), pvid: pvid && last === first, untagged };
  });
const empty = fc
  .constantFrom(...PORTS)
  .map(
    (port): VlanChange => ({ action: 'delete', port, first: vid(1), last: vid(4094), pvid: false, untagged: false }),
  );
// The kernel keeps an FDB entry for each VLAN of a port, and all are printed after each change of one: trunks of 1-4094 have a test of their own.
const trunk = empty.map((all): VlanChange => ({ ...all, action: 'add', last: vid(300) }));
// The last byte of the guest's MAC; the one before says whose port it is.
const entry = fc.record({
  action: fc.constantFrom('fdb add' as const, 'fdb add' as const, 'fdb delete' as const),
  port: fc.constantFrom(...PORTS),
  mac: fc.constantFrom('a1', 'a2'),
  vid: common,
});
const move = fc.record({
  port: fc.constantFrom(...PORTS),
  bridge: fc.constantFrom(...BRIDGES.map(({ name }) => name), undefined),
});
// A move is dear, since everything is read by both after it: some forty in each round.
const step = fc.oneof(
  { weight: 40, arbitrary: change },
  { weight: 12, arbitrary: entry },
  { weight: 1, arbitrary: empty },
  { weight: 1, arbitrary: trunk },
  { weight: 1, arbitrary: move },
);

let refused = 0;
// The first seed is the same in every run, the second a new one.
for (const seed of [2026, Date.now() % 1_000_000]) {
  await test(`after each of ${CHANGES} random changes, by iproute2 and by netlink, the tables and the refusals are the same (seed ${seed})`, async () => {
    await sameReadings('at the start');
    let left = CHANGES;
    let batch: (VlanChange | FdbChange)[] = [];
    for (const one of fc.sample(step, { numRuns: CHANGES * 2, seed })) {
      if (left === 0) break;
      if ('action' in one) {
        batch.push(one);
        left -= 1;
      } else {
        await both(batch);
        batch = [];
        const where = one.bridge === undefined ? 'nomaster' : `master ${one.bridge}`;
        await sh('ip -batch -', { input: WRITERS.map((w) => `link set ${w}${one.port} ${where}\n`).join('') });
        await sameReadings(`after ${one.port} ${where}`);
      }
    }
    await both(batch);
    await sameReadings('at the end');
  });
}
note(`${2 * CHANGES} changes by each, ${refused} of them refused to both`);

/** The changes on both kinds of ports, a table after each. */
async function both(changes: readonly Change[]) {
  const ofWriter = (change: Change, writer: (typeof WRITERS)[number]): Change =>
    'mac' in change
      ? { ...change, port: `${writer}${change.port}`, mac: macOf(writer, change.mac) }
      : { ...change, port: `${writer}${change.port}` };
  const lines = changes.map((c) => `${bridgeArgs(ofWriter(c, 'i')).join(' ')}\n${'mac' in c ? 'fdb' : 'vlan'} show\n`);
  const options = { input: lines.join(''), timeoutMs: 60_000 };
  const { stdout, stderr } = await processes.run('bridge', ['-j', '-compressvlans', '-force', '-batch', '-'], options);
  const shown = stdout.split('\n').filter((line) => line !== '');
  const failed = new Set([...stderr.matchAll(/^Command failed -:(\d+)$/gm)].map(([, line]) => (Number(line) - 1) / 2));
  assert.equal(shown.length, changes.length, stderr);
  for (const [i, one] of changes.entries()) {
    const what = `change ${i + 1}: ${JSON.stringify(one)}`;
    const { refused: said, unanswered } = netlink.change([ofWriter(one, 'n')]);
    assert.deepEqual(unanswered, []);
    assert.equal(said.size === 1, failed.has(i), `${what}: netlink says ${[...said.values()]}`);
    refused += said.size;
    const { vlans } = netlink.read(names());
    const theirs = shown[i] ?? '';
    if ('mac' in one) {
      const [ours, expected] = [netlink.fdb(PORTS.map((port) => `n${port}`)), parseFdbShow(theirs)];
      for (const port of PORTS)
        assert.deepEqual(
          entriesOf(ours, `n${port}`),
          entriesOf(expected, `i${port}`).map((text) => `n${text.slice(1).replace(macOf('i', ''), macOf('n', ''))}`),
          what,
        );
    } else {
      const expected = parseVlanShow(theirs);
      for (const port of PORTS)
        assert.equal(formatTable(vlans.get(`n${port}`) ?? []), formatTable(expected.get(`i${port}`) ?? []), what);
    }
  }
}

function macOf(writer: (typeof WRITERS)[number], last: string): string {
  return `52:54:00:00:0${writer === 'i' ? 0 : 1}:${last}`;
}

await test('200 ports with 1-4094, a PVID and a range of another kind in the middle are read the same', async () => {
  const trunks = Array.from({ length: 200 }, (_, i) => `trunk${i}`);
  await sh('ip -batch -', {
    input: trunks.map((name) => `tuntap add ${name} mode tap\nlink set ${name} master br-a\n`).join(''),
  });
  await sh('bridge -batch -', {
    input: trunks
      .map(
        (name, i) =>
          `vlan add vid 1-4094 dev ${name}\nvlan add vid ${100 + i} pvid dev ${name}\nvlan add vid 1000-${1001 + i} untagged dev ${name}\n`,
      )
      .join(''),
  });
  // Of FDB entries, the kernel has 800,000 then.
  await sameReadings('with trunks', { fdb: false });
  await sh('ip -batch -', { input: trunks.map((name) => `link del ${name}\n`).join('') });
});

await test('while ports come and go, the ports that stay are in every reading, with their tables', async () => {
  const stay = Array.from({ length: 300 }, (_, i) => `stay${i}`);
  const fleet = (prefix: string) =>
    Array.from(
      { length: 20 },
      (_, i) => `tuntap add ${prefix}${i} mode tap\nlink set ${prefix}${i} master br-a\n`,
    ).join('') + Array.from({ length: 20 }, (_, i) => `link del ${prefix}${i}\n`).join('');
  // Among them, before them and behind them.
  await sh('ip -batch -', {
    input: stay.map((name) => `tuntap add ${name} mode tap\nlink set ${name} master br-a\n`).join(''),
  });
  await sh('bridge -batch -', { input: stay.map((name) => `vlan add vid 10-20 dev ${name}\n`).join('') });
  const churn = spawn('bash', ['-c', 'while ip -batch - <<<"$0"; do :; done', fleet('go')], { stdio: 'ignore' });
  let readings = 0;
  let seen = 0;
  try {
    for (const end = performance.now() + 20_000; performance.now() < end; readings += 1) {
      const { bridges, vlans } = netlink.read(['br-a']);
      const ports = new Set(bridges[0]?.ports.map(({ name }) => name));
      const lost = stay.filter((name) => !ports.has(name) || formatTable(vlans.get(name) ?? []) !== '1* 10-20');
      assert.deepEqual(lost, [], `reading ${readings}`);
      if ([...ports].some((name) => name.startsWith('go'))) seen += 1;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  } finally {
    churn.kill('SIGKILL');
  }
  note(`${readings} readings, ${seen} of them with ports that come and go`);
  assert.ok(seen > 10);
  await sh('sleep 1; ip -force -batch -', { input: stay.map((name) => `link del ${name}\n`).join('') });
});

await sh('for port in $(ls /sys/class/net); do case $port in go*) ip link del $port;; esac; done');
await sh(
  [...WRITERS.flatMap((w) => PORTS.map((port) => `${w}${port}`)), ...names()]
    .map((name) => `ip link del ${name}`)
    .join(';'),
);
finish();
