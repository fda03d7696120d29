// lab-timeout: 1200
// Untagged frames through a PVID repair. A guest, the process that holds a tap as QEMU does, counts what it sends; a peer's kernel, in a
// network namespace, counts what arrives. The peer's port takes both the wrong VLAN and the right one, so that a frame is lost only
// where the guest's port drops it. The same repair in the original hook's order (delete the old PVID, add members, set the new one)
// beside it.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { runHeal } from '../../../src/cli/heal.ts';
import { createHost } from '../../../src/host/linux/real.ts';
import { liveXml } from '../../../src/host/sim/vm.ts';
import { tables, writeConfig } from '../remediator.ts';
import { finish, note, sh, test, until } from '../scenario.ts';

const REPAIRS = 5;
const WRONG = '1* 10 20 30 40 110 120';
const RIGHT = '10 20 30 40 100* 110 120';
const MAC = '52:54:00:00:00:01';

await sh(`ip link add traf type bridge vlan_filtering 1 forward_delay 0 && ip link set traf up
  ip netns add peer && ip link add peer.port type veth peer name peer.nic && ip link set peer.nic netns peer
  ip link set peer.port master traf up
  ip netns exec peer sysctl -qw net.ipv6.conf.all.disable_ipv6=1
  ip netns exec peer ip link set peer.nic up && ip netns exec peer ip addr add 10.9.0.2/24 dev peer.nic
  ip tuntap add guest.port mode tap && ip link set guest.port address fe${MAC.slice(2)} master traf up
  bridge vlan add vid 100 dev peer.port untagged
  for vid in 10 20 30 40 110 120; do bridge vlan add vid $vid dev guest.port; done`);
mkdirSync('/run/libvirt/qemu', { recursive: true });
const uuid = '00000000-0000-0000-0000-000000000001';
const vm = { name: 'traffic', uuid, interfaces: [{ mac: MAC, bridge: 'traf' }] };
writeFileSync('/run/libvirt/qemu/traffic.xml', liveXml(vm, 1, ['guest.port']));
const config = writeConfig('traf');

/** An Ethernet frame with a UDP datagram from the guest, 10.9.0.1, to the peer's port 9, where nobody listens. */
function frameTo(peerMac: string): Buffer {
  const ip = Buffer.from('4500001d0000000040110000' + '0a0900010a090002', 'hex');
  let sum = 0;
  for (let i = 0; i < ip.length; i += 2) sum += ip.readUInt16BE(i);
  ip.writeUInt16BE(~((sum & 0xffff) + (sum >> 16)) & 0xffff, 10);
  const hex = (mac: string) => Buffer.from(mac.replaceAll(':', ''), 'hex');
  return Buffer.concat([
    hex(peerMac),
    hex(MAC),
    Buffer.from('0800', 'hex'),
    ip,
    Buffer.from('0009000900090000', 'hex'),
    Buffer.from('x'),
  ]);
}

// The guest: "go" makes it send some 1,000 frames a second, "stop" makes it tell how many went. TUNSETIFF; IFF_TAP, IFF_NO_PI.
const frame = frameTo(await sh('ip netns exec peer cat /sys/class/net/peer.nic/address'));
const guest = spawn('perl', [
  '-MTime::HiRes=time',
  '-e',
  `$| = 1;
   open(my $tap, "+<", "/dev/net/tun") or die $!;
   ioctl($tap, 0x400454ca, my $request = pack("Z16 S x22", "guest.port", 0x1002)) or die $!;
   my ($sent, $begin) = (0, 0);
   for (;;) {
     vec(my $ready = "", 0, 1) = 1;
     if (select($ready, undef, undef, $begin ? 0.005 : undef)) {
       sysread(STDIN, my $word, 10) or exit;
       if ($word =~ /go/) { ($sent, $begin) = (0, time) } else { $begin = 0; print "$sent\\n" }
     }
     while ($begin && $sent < 1000 * (time - $begin)) {
       syswrite($tap, pack("H*", "${frame.toString('hex')}")) or die $!;
       $sent++;
     }
   }`,
]);
guest.stderr.pipe(process.stderr);
await until('a carrier', 20_000, async () => (await sh('cat /sys/class/net/guest.port/carrier')) === '1');
await until('forwarding', 40_000, async () => /state forwarding/.test(await sh('bridge link show dev guest.port')));
const answer = () => new Promise<number>((resolve) => guest.stdout.once('data', (text) => resolve(Number(text))));

/** Frames that the guest sent and frames that reached the peer while `repair` ran again and again, each after a fresh drift. */
async function countFrames(repair: () => Promise<unknown>): Promise<{ sent: number; received: number; ms: number }> {
  // Nobody listens, so each datagram that arrives counts as one without a port.
  const arrived = async () => {
    const lines = (await sh('ip netns exec peer cat /proc/net/snmp')).split('\n').filter((l) => l.startsWith('Udp: '));
    const [names = [], values = []] = lines.map((line) => line.split(' '));
    return Number(values[names.indexOf('NoPorts')]);
  };
  const before = await arrived();
  guest.stdin.write('go\n');
  await until('frames', 40_000, async () => (await arrived()) > before + 100);
  const began = performance.now();
  for (let repairs = 0; repairs < REPAIRS; repairs++) {
    assert.equal((await tables()).get('guest.port'), WRONG);
    await repair();
    assert.equal((await tables()).get('guest.port'), RIGHT);
    // Back to the wrong PVID, itself without a gap.
    await sh('bridge -batch -', {
      input: 'vlan add vid 1 dev guest.port pvid untagged\nvlan del vid 100 dev guest.port\n',
    });
  }
  guest.stdin.write('stop\n');
  const sent = await answer();
  const ms = performance.now() - began;
  // What was written is in the peer's kernel or dropped: a tap's frames take no time of their own.
  await sh('sleep 0.3');
  return { sent, received: (await arrived()) - before, ms };
}

const original = ['del vid 1 dev guest.port pvid untagged']
  .concat([10, 20, 30, 40, 100, 110, 120].map((vid) => `add vid ${vid} dev guest.port`))
  .concat('add vid 100 dev guest.port pvid untagged');

const run = (args: string) =>
  new Promise<void>((resolve) => execFile('bridge', ['vlan', ...args.split(' ')], () => resolve()));

await test(`${REPAIRS} PVID repairs by heal lose no frame of some 1,000 a second`, async () => {
  const { sent, received, ms } = await countFrames(() =>
    runHeal(createHost(), [], { 'config.file': config, format: 'text' }),
  );
  note(
    `heal: ${sent} sent, ${received} received, ${sent - received} lost in ${REPAIRS} repairs (${Math.round((1000 * sent) / ms)} frames/s)`,
  );
  assert.ok(sent > 1000);
  assert.equal(received, sent);
});

await test("the original's delete-then-add loses some", async () => {
  const { sent, received } = await countFrames(async () => {
    for (const args of original) await run(args);
  });
  note(`original's order: ${sent} sent, ${received} received, ${sent - received} lost in ${REPAIRS} repairs`);
  assert.ok(received < sent);
});

guest.kill();
await sh('ip netns del peer; rm /run/libvirt/qemu/traffic.xml; sleep 0.2; ip link del guest.port; ip link del traf');
finish();
