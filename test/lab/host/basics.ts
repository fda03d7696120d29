// The host lab itself: what the other scenarios take for granted.
import assert from 'node:assert/strict';
import { finish, sh, test } from '../scenario.ts';

await test('libvirtd answers, br-mgmt filters VLANs, the product is installed and its unit known', async () => {
  await sh('virsh list --all');
  assert.equal(await sh('cat /sys/class/net/br-mgmt/bridge/vlan_filtering'), '1');
  assert.match(await sh('libvirt-vlan-exporter --version'), /^\d+\.\d+\.\d+/);
  assert.equal(await sh('systemctl show -p LoadState --value libvirt-vlan-exporter'), 'loaded');
});

await test('no unit has failed', async () => {
  assert.equal(await sh('systemctl --failed --no-legend --plain'), '');
});

finish();
