// lab-timeout: 1200
// macTableManager='libvirt' on a real kernel: the port neither learns nor is flooded to, so frames to the guest are lost in each VLAN
// without a static entry. Frames are counted at the guest's end of a real tap, after the original hook's change and after ours, by iproute2 and by
// netlink.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { runHeal } from '../../../src/cli/heal.ts';
import { openKernelBridges } from '../../../src/host/linux/netlink/kernel-bridges.ts';
import { createHost } from '../../../src/host/linux/real.ts';
import { liveXml } from '../../../src/host/sim/vm.ts';
import { formatVids } from '../../../src/model/vlan.ts';
import { tables, WELL, writeConfig } from '../remediator.ts';
import { ensureRtnl } from '../rtnl.ts';
import { finish, note, sh, test, until } from '../scenario.ts';

ensureRtnl();

const MAC = '52:54:00:0f:00:01';
const FRAMES = 50;
const COUNT = '/tmp/fdb.count';
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const iproute2 = createHost();
const netlink = createHost(openKernelBridges(process.env, quiet));
rmSync(COUNT, { force: true });

await sh(`ip link add fdbr type bridge vlan_filtering 1 && ip link set fdbr up
  ip netns add fdbpeer && ip link add fdb.port type veth peer name fdb.nic && ip link set fdb.nic netns fdbpeer
  ip link set fdb.port master fdbr up && ip netns exec fdbpeer ip link set fdb.nic up
  ip netns exec fdbpeer ip addr add 10.9.0.2/24 dev fdb.nic
  ip netns exec fdbpeer ip neigh add 10.9.0.1 lladdr ${MAC} dev fdb.nic
  bridge vlan add vid 100 dev fdb.port pvid untagged
  ip tuntap add fdb.tap mode tap && ip link set fdb.tap address fe${MAC.slice(2)} master fdbr up`);
mkdirSync('/run/libvirt/qemu', { recursive: true });
const uuid = '00000000-0000-4000-8000-0000000000f1';
const vm = { name: 'fdb-1', uuid, interfaces: [{ mac: MAC, bridge: 'fdbr', macTable: 'libvirt' as const }] };
writeFileSync('/run/libvirt/qemu/fdb-1.xml', liveXml(vm, 1, ['fdb.tap']));
const config = writeConfig('fdbr');
const reporting = `${config}.report`;
writeFileSync(reporting, readFileSync(config, 'utf8').replace('unexpected: remove', 'unexpected: report'));

// The guest: what reads the tap, and counts the frames for its MAC. TUNSETIFF; IFF_TAP, IFF_NO_PI.
const guest = spawn('perl', [
  '-e',
  `open(my $tap, "+<", "/dev/net/tun") or die $!;
   my $request = pack("Z16 S x22", "fdb.tap", 0x1002);
   ioctl($tap, 0x400454ca, $request) or die $!;
   my ($count, $frame) = (0, "");
   while (sysread($tap, $frame, 2000)) {
     next unless substr($frame, 0, 6) eq pack("H12", "${MAC.replaceAll(':', '')}") && $frame =~ /frame/;
     $count++;
     open(my $out, ">", "${COUNT}"); print $out $count; close $out;
   }`,
]);
let said = '';
guest.stderr.on('data', (data) => {
  said += data;
});
await until(`a carrier (${said})`, 20_000, async () => (await sh('cat /sys/class/net/fdb.tap/carrier')) === '1');
await until('forwarding', 40_000, async () => /state forwarding/.test(await sh('bridge link show dev fdb.tap')));

/** As libvirt does when the vCPUs start, on a port with the default PVID alone. */
async function start(): Promise<void> {
  await sh(`ip link set fdb.tap nomaster; ip link set fdb.tap master fdbr
    bridge link set dev fdb.tap learning off flood off
    bridge fdb add ${MAC} dev fdb.tap master static`);
  await until('forwarding', 40_000, async () => /state forwarding/.test(await sh('bridge link show dev fdb.tap')));
}

let counted = 0;

/** How many of the frames that a peer sends now reach the guest. */
async function received(): Promise<number> {
  await sh(
    `ip netns exec fdbpeer bash -c 'for i in {1..${FRAMES}}; do echo frame >/dev/udp/10.9.0.1/9; done'; sleep 1`,
  );
  const all = existsSync(COUNT) ? Number(readFileSync(COUNT, 'utf8')) : 0;
  const now = all - counted;
  counted = all;
  return now;
}

/** The VLANs of the guest's entries, which both say alike. */
async function entries(): Promise<string> {
  await netlink.bridges.read(['fdbr']);
  const read = await Promise.all(
    [iproute2, netlink].map(({ bridges }) => bridges.fdb([{ bridge: 'fdbr', port: 'fdb.tap' }])),
  );
  const [one, other] = read.map((fdb) => {
    assert.ok(fdb.ok);
    return formatVids(fdb.value.get('fdb.tap')?.get(MAC) ?? []);
  });
  assert.equal(one, other);
  return one ?? '';
}

async function heal(host: typeof iproute2, file = config, status = 0): Promise<void> {
  const write = process.stdout.write;
  process.stdout.write = (() => true) as typeof write;
  try {
    assert.equal(await runHeal(host, [], { 'config.file': file, format: 'text' }), status);
  } finally {
    process.stdout.write = write;
  }
}

for (const [via, host] of Object.entries({ iproute2, netlink })) {
  await test(`${via}: after the original's change no frame reaches the guest, though its VLANs look right`, async () => {
    await start();
    assert.equal(await entries(), '1');
    await sh(`for vid in 10 20 30 40 110 120; do bridge vlan add vid $vid dev fdb.tap; done
    bridge vlan del vid 1 dev fdb.tap; bridge vlan add vid 100 dev fdb.tap pvid untagged`);
    assert.equal((await tables()).get('fdb.tap'), WELL);
    const n = await received();
    note(`original: ${n} of ${FRAMES} frames`);
    assert.equal(n, 0);
  });

  await test(`${via}: that is fdb_missing, and heal brings the entries: all frames reach the guest`, async () => {
    await heal(host);
    // The entry in VLAN 1 outlived its VLAN, and the kernel deletes none in a VLAN that the port has not. It leads nowhere.
    assert.equal(await entries(), '1 10 20 30 40 100 110 120');
    const n = await received();
    note(`ours: ${n} of ${FRAMES} frames`);
    assert.equal(n, FRAMES);
  });

  await test(`${via}: from the default PVID, heal changes VLANs and entries in one go; those of the VLAN that goes are gone`, async () => {
    await start();
    await heal(host);
    assert.equal((await tables()).get('fdb.tap'), WELL);
    assert.equal(await entries(), '10 20 30 40 100 110 120');
    assert.equal(await received(), FRAMES);
  });

  await test(`${via}: an entry that somebody deletes is drift, and healed`, async () => {
    await sh(`bridge fdb del ${MAC} dev fdb.tap vlan 100 master`);
    assert.equal(await received(), 0);
    await heal(host);
    assert.equal(await received(), FRAMES);
  });

  await test(`${via}: a VLAN that somebody adds by mistake is told, and gets no entry that would let it reach the guest`, async () => {
    await sh('bridge vlan add vid 200 dev fdb.tap');
    await heal(host, reporting, 1);
    assert.equal(await entries(), '10 20 30 40 100 110 120');
    await sh('bridge vlan del vid 200 dev fdb.tap');
  });
}
await test('netlink was in use to the end', () => {
  assert.equal(netlink.bridges.via(), 'netlink');
});

guest.kill('SIGKILL');
rmSync('/run/libvirt/qemu/fdb-1.xml');
await sh('ip netns del fdbpeer; ip link del fdb.tap; ip link del fdbr');
finish();
