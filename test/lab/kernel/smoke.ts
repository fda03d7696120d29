// The kernel lab itself: a bridge that filters VLANs, and a tap that joins it with the default PVID only.
import assert from 'node:assert/strict';
import { finish, sh, test } from '../scenario.ts';

await test('a tap that joins a filtering bridge has PVID 1 and nothing else', async () => {
  await sh(`ip link add br-smoke type bridge vlan_filtering 1
    ip tuntap add smoke0 mode tap && ip link set smoke0 address fe:54:00:00:00:01 master br-smoke up`);
  const shown = JSON.parse(await sh('bridge -j vlan show dev smoke0'));
  assert.deepEqual(shown, [{ ifname: 'smoke0', vlans: [{ vlan: 1, flags: ['PVID', 'Egress Untagged'] }] }]);
  await sh('ip link del smoke0 && ip link del br-smoke');
});

finish();
