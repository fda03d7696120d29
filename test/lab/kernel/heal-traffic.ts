// lab-timeout: 900
// Untagged frames through a PVID repair, counted on both ends by the kernel. Two network namespaces, a guest and a peer, each at
// its port of one bridge; the peer's port takes both the wrong VLAN and the right one, so that a frame is lost only where the
// guest's port drops it. The same repair in the original hook's order (delete the old PVID, add members, set the new one) beside it.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { runHeal } from '../../../src/cli/heal.ts';
import { createHost } from '../../../src/host/linux/real.ts';
import { liveXml } from '../../../src/host/sim/vm.ts';
import { tables, writeConfig } from '../remediator.ts';
import { finish, note, sh, test, until } from '../scenario.ts';

// A hundred ticks a second is what this kernel's clock can do: ten frames each.
if (process.argv[2] === 'send') {
  const { createSocket } = await import('node:dgram');
  const socket = createSocket('udp4');
  let ends = false;
  process.on('SIGTERM', () => {
    ends = true;
  });
  const beganAt = performance.now();
  let sent = 0;
  const tick = () => {
    if (ends) return setTimeout(() => process.exit(0), 300);
    for (; sent < performance.now() - beganAt; sent++) socket.send('x', 9, '10.9.0.2');
    return setTimeout(tick, 5);
  };
  socket.bind(() => tick());
  await new Promise(() => undefined);
}

const REPAIRS = 5;
const WRONG = '1* 10 20 30 40 110 120';
const RIGHT = '10 20 30 40 100* 110 120';
const MAC = '52:54:00:00:00:01';

await sh(`ip link add traf type bridge vlan_filtering 1 && ip link set traf up
  for end in guest peer; do
    ip netns add $end
    ip link add $end.port type veth peer name $end.nic
    ip link set $end.nic netns $end
    ip link set $end.port master traf up
    ip netns exec $end sysctl -qw net.ipv6.conf.all.disable_ipv6=1
    ip netns exec $end ip link set $end.nic up
  done
  ip link set guest.port address fe:54:00:00:00:01
  ip netns exec guest ip addr add 10.9.0.1/24 dev guest.nic
  ip netns exec peer ip addr add 10.9.0.2/24 dev peer.nic
  ip netns exec guest ip neigh add 10.9.0.2 lladdr $(ip netns exec peer cat /sys/class/net/peer.nic/address) dev guest.nic
  bridge vlan add vid 100 dev peer.port untagged
  for vid in 10 20 30 40 110 120; do bridge vlan add vid $vid dev guest.port; done`);
mkdirSync('/run/libvirt/qemu', { recursive: true });
const uuid = '00000000-0000-0000-0000-000000000001';
const vm = { name: 'traffic', uuid, interfaces: [{ mac: MAC, bridge: 'traf' }] };
writeFileSync('/run/libvirt/qemu/traffic.xml', liveXml(vm, 1, ['guest.port']));
const config = writeConfig('traf');

/** Frames that left the guest and frames that reached the peer while `repair` ran again and again, each after a fresh drift. */
async function countFrames(repair: () => Promise<unknown>): Promise<{ sent: number; received: number; ms: number }> {
  // UDP alone: the bridge sends frames of its own. Nobody listens, so each datagram that arrives counts as one without a port.
  const counters = async () => {
    const count = async (end: string, field: string) => {
      const lines = (await sh(`ip netns exec ${end} cat /proc/net/snmp`))
        .split('\n')
        .filter((l) => l.startsWith('Udp: '));
      const [names = [], values = []] = lines.map((line) => line.split(' '));
      return Number(values[names.indexOf(field)]);
    };
    return { sent: await count('guest', 'OutDatagrams'), received: await count('peer', 'NoPorts') };
  };
  const before = await counters();
  const sender = spawn('ip', ['netns', 'exec', 'guest', process.execPath, process.argv[1] ?? '', 'send']);
  const done = new Promise<void>((resolve) => sender.once('exit', () => resolve()));
  await until('frames', 40_000, async () => (await counters()).sent > before.sent + 100);
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
  assert.equal(sender.exitCode, null, 'frames to the end');
  sender.kill('SIGTERM');
  const ms = performance.now() - began;
  await done;
  const after = await counters();
  return { sent: after.sent - before.sent, received: after.received - before.received, ms };
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

await sh('ip netns del guest; ip netns del peer; rm /run/libvirt/qemu/traffic.xml; sleep 0.2; ip link del traf');
finish();
