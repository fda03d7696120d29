// What a VM goes through between its start and its end, with hook, exporter and remediator as installed: after each step its vnet is
// right, or it is gone and so is all that was said of it.
// lab-timeout: 1200
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { ReportJson } from '../../../../src/report/json.ts';
import { finish, note, sh, test, until } from '../../scenario.ts';
import { removeVm, startVm, state, vmXml } from '../../vm.ts';

const VM = 'life-vm';
const MAC = '52:54:00:07:00:01';
const WELL = [10, 20, 100];
const CONFIG = '/etc/libvirt-vlan-exporter/config.yml';
const SERVICES = 'libvirt-vlan-exporter libvirt-vlan-remediator';
const LONG = { timeoutMs: 600_000 };

interface Told {
  readonly vnets: ReportJson['bridges'][number]['vnets'];
  /** Reasons of all findings that name the VM. */
  readonly reasons: readonly string[];
  /** How many vnets the policy's bridge should have of it. */
  readonly expected: number;
}

/** What an audit that began after this call says of the VM. */
async function told(): Promise<Told> {
  const since = Date.now();
  const { value } = await until('a new audit', 60_000, async () => {
    const report: ReportJson = JSON.parse(await sh('curl -sf http://localhost:19177/api/v1/report'));
    return Date.parse(report.takenAt) > since && report;
  });
  const [bridge] = value.bridges;
  return {
    vnets: bridge?.vnets.filter(({ domain }) => domain === VM) ?? [],
    reasons: bridge?.findings.filter(({ domain }) => domain === VM).map(({ reason }) => reason) ?? [],
    expected: bridge?.expectedVnets[VM] ?? 0,
  };
}

/** Waits until its one vnet is right; `check` says the same. Returns the port. */
async function isRight(): Promise<string> {
  const { value } = await until('its vnet is right', 60_000, async () => {
    const now = await told();
    return now.vnets[0]?.verdict === 'compliant' && now;
  });
  assert.deepEqual([value.vnets.length, value.expected, value.reasons], [1, 1, []]);
  const [vnet] = value.vnets;
  assert.deepEqual(
    vnet?.actual?.vlans.flatMap(({ first, last }) => [first, last]).filter((v, i, all) => v !== all[i - 1]),
    WELL,
  );
  assert.equal(vnet?.actual?.pvid, 100);
  assert.match(await sh(`libvirt-vlan-exporter check ${VM}`), /compliant/);
  return vnet?.vnet ?? '';
}

/** Waits until nothing is said of it, and nothing expected; nor in the metrics. `check` says why, and that all is well. */
async function isGone(why: RegExp): Promise<void> {
  await until('it is gone', 60_000, async () => {
    const { vnets, reasons, expected } = await told();
    return vnets.length === 0 && reasons.length === 0 && expected === 0;
  });
  const series = await sh(
    `curl -sf http://localhost:19177/metrics | grep -E '^libvirt_vlan_(vnet|domain)_.*"${VM}"'; true`,
  );
  assert.equal(series, '');
  if (await state(VM)) assert.match(await sh(`libvirt-vlan-exporter check ${VM}`), why);
}

const pid = () => Number(readFileSync(`/run/libvirt/qemu/${VM}.pid`, 'utf8'));
const define = () => sh('cat | virsh define /dev/stdin', { input: vmXml(VM, [{ mac: MAC }]) });
const nicOn = (bridge: string) =>
  `<interface type='bridge'><mac address='${MAC}'/><source bridge='${bridge}'/><model type='virtio'/><rom enabled='no'/></interface>`;

const shipped = readFileSync(CONFIG);
writeFileSync(
  CONFIG,
  `bridges:\n  br-mgmt:\n    vlans: [10, 20]\n    pvid: 1\n    rules:\n      - {name: life, domains: [${VM}], vlans: [10, 20], pvid: 100}\nschedule: "*/2 * * * * *"\n`,
);
await sh('ip link add br-life type bridge && ip link set br-life up');
await sh(
  `libvirt-vlan-exporter hook install && virsh list && systemctl reload libvirtd && systemctl start ${SERVICES}`,
);
await define();
await startVm(VM);

await test('a start: right', async () => {
  await isRight();
});

await test('suspend and resume: right all the time', async () => {
  const port = await isRight();
  await sh(`virsh suspend ${VM}`);
  assert.equal(await isRight(), port);
  await sh(`virsh resume ${VM}`);
  assert.equal(await isRight(), port);
});

await test('reset: right, on the same port', async () => {
  const port = await isRight();
  await sh(`virsh reset ${VM}`);
  assert.equal(await isRight(), port);
});

await test("the guest's link down and up, and the port's: right all the time", async () => {
  const port = await isRight();
  for (const how of ['down', 'up']) {
    await sh(`virsh domif-setlink ${VM} ${MAC} ${how}`);
    await isRight();
  }
  for (const how of ['down', 'up']) {
    await sh(`ip link set ${port} ${how}`);
    await isRight();
  }
});

await test('update-device to a bridge that the policy does not name: nothing is expected; back again: healed', async () => {
  writeFileSync('/tmp/life-other.xml', nicOn('br-life'));
  writeFileSync('/tmp/life-back.xml', nicOn('br-mgmt'));
  await sh(`virsh update-device ${VM} /tmp/life-other.xml --live`, LONG);
  await isGone(/no interface on br-mgmt/);
  await sh(`virsh update-device ${VM} /tmp/life-back.xml --live`, LONG);
  await isRight();
});

await test('undefine while it runs: it is a transient VM, and right', async () => {
  await sh(`virsh undefine ${VM}`);
  assert.equal(existsSync(`/etc/libvirt/qemu/${VM}.xml`), false);
  await isRight();
});

await test('save and restore: gone, then right', async () => {
  await sh(`virsh save ${VM} /tmp/life.save`, LONG);
  await isGone(/never/);
  await sh('virsh restore /tmp/life.save', LONG);
  await isRight();
});

await test('managed save, and a start from it: gone, then right', async () => {
  // It is transient by now; libvirt defines it anew by its own uuid alone.
  await sh(`virsh dumpxml --inactive ${VM} >/tmp/life.xml && virsh define /tmp/life.xml`);
  await sh(`virsh managedsave ${VM}`, LONG);
  await isGone(/does not run/);
  await startVm(VM);
  note(await sh(`journalctl --sync; journalctl -q -b -t 'libvirt-hook[${VM}]' -o cat | tail -n 2`));
  await isRight();
});

await test('QEMU killed: gone', async () => {
  process.kill(pid(), 'SIGKILL');
  await isGone(/does not run/);
  await until('libvirtd has noticed', 60_000, async () => (await state(VM)) === 'shut off');
});

await test('QEMU killed while libvirtd is down: gone, though its live XML lies there; libvirtd says the same when it is back', async () => {
  await startVm(VM);
  await isRight();
  const sockets = 'libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket';
  await sh(`systemctl stop ${sockets} libvirtd`);
  process.kill(pid(), 'SIGKILL');
  await until('gone', 60_000, async () => {
    const { vnets, reasons, expected } = await told();
    return vnets.length === 0 && reasons.length === 0 && expected === 0;
  });
  assert.equal(existsSync(`/run/libvirt/qemu/${VM}.xml`), true);
  assert.match(await sh(`libvirt-vlan-exporter check ${VM}`), /does not run/);
  await sh(`systemctl start ${sockets} libvirtd`, LONG);
  await isGone(/does not run/);
  await until('libvirtd has noticed', 60_000, async () => (await state(VM)) === 'shut off');
});

await test('in all that, the hook reported no error', async () => {
  assert.equal(await sh(`journalctl --sync; journalctl -q -b -t 'libvirt-hook[${VM}]' -p err -o cat; true`), '');
});

await sh(
  `systemctl stop ${SERVICES}; rm -rf /var/lib/private/libvirt-vlan-remediator; libvirt-vlan-exporter hook uninstall`,
);
await removeVm(VM);
await sh('ip link del br-life; rm -f /tmp/life*');
writeFileSync(CONFIG, shipped);
finish();
