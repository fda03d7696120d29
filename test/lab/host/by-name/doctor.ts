// `doctor` on a well-kept host, and on one where what it looks for was made on purpose.
// lab-timeout: 1200
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { ORIGINAL_HOOK } from '../../../fixtures/original-hook.ts';
import { finish, note, sh, test, until } from '../../scenario.ts';
import { removeVm, vmXml } from '../../vm.ts';

const UNIT = 'libvirt-vlan-exporter';
const CONFIG = '/etc/libvirt-vlan-exporter/config.yml';
const DEFAULTS = '/etc/default/libvirt-vlan-exporter';
const WEB = '/etc/libvirt-vlan-exporter/web.yml';
const HOOKS = '/etc/libvirt/hooks';
const VM = 'doctor-vm';
const NICS = [{ mac: '52:54:00:0d:00:01' }, { mac: '52:54:00:0d:00:02', bridge: 'br-flat' }] as const;
const GOOD = `bridges:
  br-mgmt:
    vlans: [10, 20]
    pvid: 1
    rules:
      - { name: patient, domains: [${VM}], pvid: 10 }
`;
// libvirt sets <vlan> itself from 11 on, and systemd-networkd deletes VLANs from 255 on.
const TRIXIE = (await sh('. /etc/os-release; echo $VERSION_CODENAME')) === 'trixie';

interface Trouble {
  readonly check: string;
  readonly what: string;
}

/** Runs it; resolves to its troubles and its exit status. */
async function doctor(as = ''): Promise<{ readonly troubles: readonly Trouble[]; readonly status: number }> {
  const answer = await sh(`${as} libvirt-vlan-exporter doctor --format json; echo "status $?"`);
  const [, json = '', status = ''] = /^([\s\S]*)\nstatus (\d)$/.exec(answer) ?? [];
  return { troubles: JSON.parse(json).troubles, status: Number(status) };
}

/** Whether each was found, and nothing else. */
function found(troubles: readonly Trouble[], expected: readonly (readonly [check: string, what: RegExp])[]): void {
  for (const { check, what } of troubles) note(`${check}: ${what}`);
  for (const [check, what] of expected)
    assert.ok(
      troubles.some((trouble) => trouble.check === check && what.test(trouble.what)),
      `${check}: ${what}`,
    );
  const others = troubles.filter(({ check, what }) => !expected.some(([c, w]) => c === check && w.test(what)));
  assert.deepEqual(others, []);
}

const [shipped, defaults] = [readFileSync(CONFIG), readFileSync(DEFAULTS)];
await sh('ip link add br-flat type bridge vlan_filtering 0 && ip link set br-flat up');
await sh('cat | virsh define /dev/stdin', { input: vmXml(VM, NICS) });
writeFileSync(CONFIG, GOOD);
await sh(`libvirt-vlan-exporter hook install && systemctl reload libvirtd && systemctl start ${UNIT}`);
const ours = await sh(`ls ${HOOKS}/qemu.d/*`);

await test('on a well-kept host it has nothing to say', async () => {
  assert.equal(await sh('libvirt-vlan-exporter doctor; echo "status $?"'), 'Nothing to mend.\nstatus 0');
});

await test('a first hook that libvirt has not looked for is found, until libvirtd reloads; a new version of the hook needs no reload', async () => {
  await sh('libvirt-vlan-exporter hook uninstall');
  // libvirtd ends by itself when nobody asks it anything, and one that does not run looks for hooks when it starts.
  await sh('virsh list && systemctl reload libvirtd && libvirt-vlan-exporter hook install');
  const { troubles, status } = await doctor();
  assert.equal(status, 1);
  found(troubles, [['hook', /libvirtd has not looked for hooks since this one was installed/]]);
  await sh('virsh list');
  assert.match(
    await sh('libvirt-vlan-exporter hook status; echo "status $?"'),
    /has not looked for hooks[\s\S]*status 1$/,
  );
  await sh('virsh list && systemctl reload libvirtd && libvirt-vlan-exporter hook status');
  assert.deepEqual(await doctor(), { troubles: [], status: 0 });
  // As an older version would have written it; its time stays.
  await sh(`cp -p ${ours} /run/hook && echo '# older' >> ${ours} && touch -r /run/hook ${ours}`);
  assert.match(await sh('libvirt-vlan-exporter hook install'), /is installed\.$/m);
  assert.deepEqual(await doctor(), { troubles: [], status: 0 });
});

await test('config, bridges, units, hooks, web config and ifupdown2: each is found, one line each', async () => {
  writeFileSync(
    CONFIG,
    `${GOOD}      - { name: nobody, domains: [misspelt-01], pvid: 20 }
  br-flat: { vlans: [10], pvid: 1 }
  br-gone: { vlans: [10], pvid: 1 }
`,
  );
  writeFileSync(WEB, `basic_auth_users: { prometheus: $2y$04$${'a'.repeat(53)} }\n`);
  writeFileSync(DEFAULTS, `ARGS="--web.config.file=${WEB}"\n`);
  writeFileSync('/etc/network/interfaces.d/lab', 'iface br-mgmt inet manual\n');
  writeFileSync(`${HOOKS}/qemu`, ORIGINAL_HOOK);
  writeFileSync(`${HOOKS}/qemu.d/other`, '#!/bin/sh\nbridge vlan add vid 5 dev vnet0\n');
  writeFileSync(ours, `${readFileSync(ours, 'utf8')}# by hand\n`);
  await sh(`chmod 755 ${HOOKS}/qemu ${HOOKS}/qemu.d/other && virsh list && systemctl reload libvirtd`);
  await sh(`systemctl disable --now ${UNIT} && mkdir -p /etc/systemd/system/${UNIT}-rtnl.socket.d`);
  // Of a unit that does not run systemd forgets what it read.
  await sh(`systemctl start ${UNIT}-rtnl.socket && echo '[Unit]' > /etc/systemd/system/${UNIT}-rtnl.socket.d/lab.conf`);
  const { troubles, status } = await doctor();
  assert.equal(status, 1);
  found(troubles, [
    ['rule', /rule nobody of br-mgmt is for no interface/],
    ['bridge', /there is no bridge br-gone/],
    ['config', /no VM has an interface on br-gone/],
    ['bridge', /br-flat does not filter VLANs/],
    ['units', /exporter\.service does not run/],
    ['units', /exporter\.service is not enabled/],
    ['units', /rtnl\.socket was changed since systemd read it/],
    ['hook', /qemu is the hook of RCA-2026-02-001 and still runs/],
    ['hook', /qemu\.d\/other sets VLANs, too/],
    ['hook', /was written by another version, or changed by hand/],
    ['web', /web\.yml has no tls_server_config/],
    ['ifupdown2', /ifupdown2 owns br-mgmt/],
  ]);
  const lines = (await sh('libvirt-vlan-exporter doctor || [ $? = 1 ]')).split('\n');
  assert.equal(lines.length, troubles.length);
  for (const line of lines) assert.match(line, /: .*\. To mend it: /);
});

await sh(`rm ${WEB} /etc/network/interfaces.d/lab ${HOOKS}/qemu ${HOOKS}/qemu.d/other`);
await sh(`rm -r /etc/systemd/system/${UNIT}-rtnl.socket.d && systemctl daemon-reload`);
writeFileSync(DEFAULTS, defaults);
writeFileSync(CONFIG, GOOD);
await sh(`libvirt-vlan-exporter hook install && systemctl enable --now ${UNIT}`);

await test('programs that do not run, a paused remediator, a failed unit and a config with a mistake are found', async () => {
  await sh('systemctl start libvirt-vlan-remediator && touch /run/libvirt-vlan-remediator/pause');
  await until('paused', 20_000, () => sh('grep \'"paused":true\' /run/libvirt-vlan-remediator/status.json'));
  const bridge = await sh('readlink -f "$(command -v bridge)"');
  await sh(`systemctl stop ${UNIT} && chmod -x ${bridge} /usr/sbin/libvirtd`);
  await sh(
    `mkdir -p /run/systemd/system/${UNIT}.service.d && printf '[Service]\\nType=oneshot\\nRestart=no\\nExecStart=\\nExecStart=/bin/false\\n' > /run/systemd/system/${UNIT}.service.d/lab.conf && systemctl daemon-reload && { systemctl start ${UNIT} || true; }`,
  );
  const { troubles } = await doctor().finally(() => sh(`chmod +x ${bridge} /usr/sbin/libvirtd`));
  await sh(`rm -r /run/systemd/system/${UNIT}.service.d && systemctl daemon-reload`);
  await sh(`rm /run/libvirt-vlan-remediator/pause; systemctl stop libvirt-vlan-remediator`);
  await sh(`systemctl reset-failed ${UNIT}; systemctl start ${UNIT}`);
  found(troubles, [
    ['iproute2', /bridge\(8\) does not run/],
    ['libvirt', /no libvirt daemon is installed/],
    ['remediator', /the remediator is paused/],
    ['units', /exporter\.service has failed/],
  ]);
  writeFileSync(CONFIG, GOOD.replace('pvid: 10 ', 'pvid: 4095 '));
  const broken = await doctor();
  writeFileSync(CONFIG, GOOD);
  found(broken.troubles, [['config', /config\.yml:6:.*pvid/]]);
});

await test('without permission it tells what it could not look at, and the journal that it cannot read', async () => {
  const { troubles } = await doctor('setpriv --reuid=nobody --regid=nogroup --clear-groups');
  assert.ok(troubles.some(({ check, what }) => check === 'journal' && what.includes('cannot be read')));
});

if (TRIXIE) {
  await test('[BridgeVLAN] for taps, under a systemd-networkd that deletes VLANs, is found', async () => {
    await sh(`mkdir -p /etc/systemd/network`);
    writeFileSync('/etc/systemd/network/lab.network', '[Match]\nName=vnet*\n\n[BridgeVLAN]\nVLAN=10\n');
    await sh('systemctl start systemd-networkd');
    const { troubles } = await doctor();
    await sh(
      'systemctl stop systemd-networkd.socket systemd-networkd-varlink.socket systemd-networkd; rm /etc/systemd/network/lab.network; true',
    );
    found(troubles, [['networkd', /lab\.network has \[BridgeVLAN\] for taps/]]);
  });
} else {
  await test('<vlan> under a libvirt that starts no such VM is found', async () => {
    const xml = vmXml('doctor-vlan', [{ mac: '52:54:00:0d:00:03' }]);
    const input = xml.replace('</interface>', "<vlan><tag id='10'/></vlan></interface>");
    await sh('cat | virsh define /dev/stdin', { input });
    const { troubles } = await doctor();
    await removeVm('doctor-vlan');
    found(troubles, [['libvirt', /doctor-vlan has <vlan> on a Linux bridge, and libvirt is 9/]]);
  });
}

await sh(`systemctl stop ${UNIT}; libvirt-vlan-exporter hook uninstall; ip link del br-flat`);
await removeVm(VM);
writeFileSync(CONFIG, shipped);
finish();
