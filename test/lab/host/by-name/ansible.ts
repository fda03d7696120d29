// The Ansible role: check mode on a host without the package, a first run, a second one that finds nothing to change, and a policy that is
// refused before anything is replaced.
// lab-timeout: 1200
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { begin, end, play, URL, VARIABLES } from '../../ansible.ts';
import { scrape, select, value } from '../../metrics.ts';
import { finish, sh, test, until } from '../../scenario.ts';

const CONFIG = '/etc/libvirt-vlan-exporter/config.yml';

await begin();

await test('in check mode, on a host without the package, it changes nothing and does not fail', async () => {
  const { changed, failed, said } = await play(VARIABLES, '--check');
  assert.equal(failed, 0, said);
  assert.ok(changed > 0);
  assert.equal(existsSync('/usr/bin/libvirt-vlan-exporter'), false);
});

await test('the first run installs, configures and starts what the variables ask for', async () => {
  const { changed, failed, said } = await play(VARIABLES);
  assert.equal(failed, 0, said);
  assert.ok(changed > 0);
  await until('the policy is in force', 20_000, async () => {
    return select(await scrape(URL), 'bridge_present', { bridge: 'br-mgmt' }).length === 1;
  });
  // The hook is looked for at each audit, and the schedule has one each 30 s.
  await until('the hook is seen', 40_000, async () => value(await scrape(URL), 'hook_installed') === 1);
  await until('a dry run', 20_000, async () => value(await scrape(URL), 'remediator_dry_run') === 1);
  assert.equal(await sh('systemctl is-enabled libvirt-vlan-exporter libvirt-vlan-remediator'), 'enabled\nenabled');
  assert.match(await sh(`curl -sI ${URL}`), /^x-frame-options: deny/im);
});

await test("the second run changes nothing, nor does check mode, though apt's cache was emptied", async () => {
  await sh('apt-get clean');
  for (const args of ['', '--check']) {
    const { changed, failed, said } = await play(VARIABLES, args);
    assert.equal(failed, 0, said);
    assert.equal(changed, 0, said);
  }
});

await test('a policy with a mistake is refused, with line and key, before anything is replaced, in check mode too', async () => {
  const before = readFileSync(CONFIG);
  const bad = structuredClone(VARIABLES);
  bad.libvirt_vlan_exporter_config.bridges['br-mgmt'].vlans = [4095];
  bad.libvirt_vlan_exporter_web_listen_address = ['127.0.0.1:19179'];
  for (const args of ['', '--check']) {
    const { failed, said } = await play(bad, args);
    assert.equal(failed, 1, said);
    assert.match(said, /4095/);
    assert.match(said, /bridges\.br-mgmt\.vlans/);
    assert.deepEqual(readFileSync(CONFIG), before);
  }
  assert.match(readFileSync('/etc/default/libvirt-vlan-exporter', 'utf8'), /19178/);
  await scrape(URL);
});

await end();
finish();
