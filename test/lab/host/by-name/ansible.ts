// The Ansible role by Debian's own ansible against this host, by a local connection: check mode on a host without the package, a first run, a second one
// that finds nothing to change, and a policy that is refused before anything is replaced.
// lab-timeout: 1200
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { policySum, scrape, select, value } from '../../metrics.ts';
import { finish, note, sh, test, until } from '../../scenario.ts';

const FOLDER = '/run/ansible-lab';
const CONFIG = '/etc/libvirt-vlan-exporter/config.yml';
const WEB = '/etc/libvirt-vlan-exporter/web.yml';
const HOOK = '/etc/libvirt/hooks/qemu.d/libvirt-vlan-exporter';
const URL = 'http://127.0.0.1:19178/metrics';
const VARIABLES = {
  libvirt_vlan_exporter_deb: '/lab/stage/new.deb',
  libvirt_vlan_exporter_config: {
    bridges: {
      'br-mgmt': {
        vlans: [10, '200-210'],
        pvid: 'none',
        rules: [{ name: 'routers', domains: ['vyos-*', '9800'], mac: '52:54:00:01:00:01', pvid: 10 }],
      },
    },
    schedule: '*/30 * * * * *',
  },
  libvirt_vlan_exporter_web_listen_address: ['127.0.0.1:19178'],
  libvirt_vlan_exporter_http_server_config: { headers: { 'X-Frame-Options': 'deny' } },
  libvirt_vlan_exporter_hook: true,
  libvirt_vlan_exporter_remediator: true,
  libvirt_vlan_exporter_remediator_dry_run: true,
};

interface Played {
  readonly changed: number;
  readonly failed: number;
  readonly said: string;
}

/** Runs the role. */
async function play(variables: object, args = ''): Promise<Played> {
  writeFileSync(`${FOLDER}/variables.json`, JSON.stringify(variables));
  const began = performance.now();
  const said = await sh(
    `cd ${FOLDER} && ansible-playbook -i localhost, ${args} -e @variables.json play.yml 2>&1; true`,
    { timeoutMs: 400_000 },
  );
  const [, changed, failed] = /localhost +: ok=\d+ +changed=(\d+) .*failed=(\d+)/.exec(said) ?? [];
  if (changed === undefined) throw new Error(said);
  note(`${args || 'run'}: ${Math.round((performance.now() - began) / 1000)} s, changed ${changed}, failed ${failed}`);
  return { changed: Number(changed), failed: Number(failed), said };
}

mkdirSync(FOLDER, { recursive: true });
writeFileSync(`${FOLDER}/play.yml`, '- hosts: localhost\n  connection: local\n  roles: [libvirt_vlan_exporter]\n');
writeFileSync(
  `${FOLDER}/ansible.cfg`,
  '[defaults]\nroles_path = /lab/stage/roles\ngathering = explicit\n[connection]\npipelining = true\n',
);
await sh('apt-get --yes purge libvirt-vlan-exporter');

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

await test('hook and remediator go when they are asked for no more', async () => {
  const { failed, said } = await play({
    ...VARIABLES,
    libvirt_vlan_exporter_hook: false,
    libvirt_vlan_exporter_remediator: false,
  });
  assert.equal(failed, 0, said);
  assert.equal(existsSync(HOOK), false);
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

for (const path of ['/var/cache/libvirt-vlan-exporter.deb', WEB, FOLDER, '/etc/default/libvirt-vlan-remediator'])
  rmSync(path, { recursive: true, force: true });
await sh('apt-get --yes purge libvirt-vlan-exporter && /lab/inside/install-product /lab/stage');
finish();
