// The Ansible role where something is not as it should be: a hook that would not run, a run that failed half-way, variables of the wrong kind,
// a masked unit.
// lab-timeout: 1200
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { begin, end, play, URL, VARIABLES } from '../../ansible.ts';
import { policySum, scrape } from '../../metrics.ts';
import { finish, sh, test, until } from '../../scenario.ts';

const CONFIG = '/etc/libvirt-vlan-exporter/config.yml';
const HOOK = '/etc/libvirt/hooks/qemu.d/libvirt-vlan-exporter';

await begin();
assert.equal((await play(VARIABLES)).failed, 0);

await test('a hook that would not run, or is of another version, is put right', async () => {
  for (const spoil of [
    `chmod 644 ${HOOK}`,
    `sed -i 's|^LIBVIRT_VLAN_HOOK=.*|LIBVIRT_VLAN_HOOK=/nowhere/hook.sh|' ${HOOK}`,
  ]) {
    await sh(spoil);
    const { changed, failed, said } = await play(VARIABLES);
    assert.equal(failed, 0, said);
    assert.ok(changed > 0, said);
    await sh('libvirt-vlan-exporter hook status');
  }
  assert.equal((await play(VARIABLES)).changed, 0);
});

await test('a variable of the wrong kind is refused before that', async () => {
  const { failed, said } = await play({ ...VARIABLES, libvirt_vlan_exporter_log_level: 'loud' }, '--tags none');
  assert.equal(failed, 1, said);
  assert.match(said, /log_level must be one of/);
});

await test('a policy that was put in place before a failure is in force', async () => {
  const other = structuredClone(VARIABLES);
  other.libvirt_vlan_exporter_config.bridges['br-mgmt'].vlans = [10, '200-209'];
  const sum = async () => policySum(await scrape(URL));
  const before = await sum();
  // hook install cannot write below a file.
  await sh('mv /etc/libvirt/hooks /run/hooks-aside && touch /etc/libvirt/hooks');
  const { failed, said } = await play(other);
  await sh('rm /etc/libvirt/hooks && mv /run/hooks-aside /etc/libvirt/hooks');
  assert.equal(failed, 1, said);
  await until('the new policy is in force', 20_000, async () => (await sum()) !== before);
});

await test('a broken config on the host is replaced, though the options of the exporter change with it', async () => {
  await sh(`echo 'bridges: [' > ${CONFIG}`);
  const { failed, said } = await play({ ...VARIABLES, libvirt_vlan_exporter_log_level: 'debug' });
  assert.equal(failed, 0, said);
  await scrape(URL);
});

await test('a web config that is refused leaves the policy as it was', async () => {
  const before = readFileSync(CONFIG);
  const { failed, said } = await play({
    ...VARIABLES,
    libvirt_vlan_exporter_http_server_config: { headers: { 'X-Frame-Options': 'deny' }, nothing_known: 1 },
  });
  assert.equal(failed, 1, said);
  assert.deepEqual(readFileSync(CONFIG), before);
  assert.equal((await play(VARIABLES)).failed, 0);
});

await test('hook and remediator go when they are asked for no more, a hook of another name too', async () => {
  const renamed = '/etc/libvirt/hooks/qemu.d/50-vlan';
  await sh(`cp -p ${HOOK} ${renamed}`);
  const { failed, said } = await play({
    ...VARIABLES,
    libvirt_vlan_exporter_hook: false,
    libvirt_vlan_exporter_remediator: false,
  });
  assert.equal(failed, 0, said);
  assert.equal(existsSync(HOOK), false);
  assert.equal(existsSync(renamed), false);
  assert.equal(await sh('systemctl is-active libvirt-vlan-remediator || true'), 'inactive');
});

await test('false as a word, as the command line and an INI inventory give it, is false', async () => {
  await sh('rm -f /etc/default/libvirt-vlan-remediator');
  const { failed, said } = await play({
    ...VARIABLES,
    libvirt_vlan_exporter_hook: 'false',
    libvirt_vlan_exporter_remediator: 'false',
    libvirt_vlan_exporter_web_enable_lifecycle: 'false',
  });
  assert.equal(failed, 0, said);
  assert.equal(existsSync(HOOK), false);
  assert.equal(existsSync('/etc/default/libvirt-vlan-remediator'), false);
  assert.equal(await sh('systemctl is-active libvirt-vlan-remediator || true'), 'inactive');
  assert.equal(await sh('systemctl is-enabled libvirt-vlan-remediator || true'), 'disabled');
  assert.doesNotMatch(readFileSync('/etc/default/libvirt-vlan-exporter', 'utf8'), /lifecycle/);
});

await test('a new policy is put in force though the remediator is masked', async () => {
  await sh('systemctl mask libvirt-vlan-remediator');
  const other = structuredClone(VARIABLES);
  other.libvirt_vlan_exporter_config.bridges['br-mgmt'].vlans = [10, '200-211'];
  const before = policySum(await scrape(URL));
  const { failed, said } = await play({
    ...other,
    libvirt_vlan_exporter_hook: false,
    libvirt_vlan_exporter_remediator: false,
  });
  await sh('systemctl unmask libvirt-vlan-remediator');
  assert.equal(failed, 0, said);
  await until('the new policy is in force', 20_000, async () => policySum(await scrape(URL)) !== before);
});

await end();
finish();
