// libvirt's own <vlan> on a Linux bridge (11.0 and newer): for each form that libvirt accepts, the port's table after `virsh start`,
// what the exporter expects of it, and drift healed back to it. https://libvirt.org/formatdomain.html#setting-vlan-tag-on-supported-network-types-only
// lab-timeout: 1200
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Decision, RemediatorStatus } from '../../../src/model/remediator-status.ts';
import { finish, note, sh, test, until } from '../scenario.ts';
import { removeVm, startVm, tapsOf } from '../vm.ts';

const VM = 'vlan-vm';
const CONFIG = '/etc/libvirt-vlan-exporter/config.yml';

interface Form {
  readonly what: string;
  readonly xml: string;
  /** As libvirt should leave it, in bridge's order: `10 42*` … */
  readonly table: string;
  /** As the exporter wants it: without what a default_pvid other than 1 leaves over. */
  readonly wanted?: string;
  readonly bridge?: string;
}

const ONE = "<vlan><tag id='42'/></vlan>";
const TRUNK = "<vlan trunk='yes'><tag id='42'/></vlan>";
const NATIVE = "<vlan trunk='yes'><tag id='42' nativeMode='untagged'/><tag id='47'/></vlan>";
const FORMS: readonly Form[] = [
  { what: 'no <vlan>', xml: '', table: '1*', wanted: '10 20' },
  { what: 'one tag', xml: ONE, table: '42*' },
  {
    what: 'one tag with nativeMode, which is ignored without trunk',
    xml: "<vlan><tag id='42' nativeMode='tagged'/></vlan>",
    table: '42*',
  },
  { what: 'trunk with one tag', xml: TRUNK, table: '42' },
  { what: 'two tags, trunk implied', xml: "<vlan><tag id='42'/><tag id='47'/></vlan>", table: '42 47' },
  { what: 'native untagged', xml: NATIVE, table: '42* 47' },
  {
    what: 'native tagged',
    xml: "<vlan trunk='yes'><tag id='42'/><tag id='47' nativeMode='tagged'/></vlan>",
    table: '42 47*t',
  },
  { what: 'tag 1 and 42', xml: "<vlan trunk='yes'><tag id='1'/><tag id='42'/></vlan>", table: '1 42' },
  { what: 'tag 0 is skipped in a trunk', xml: "<vlan trunk='yes'><tag id='0'/><tag id='42'/></vlan>", table: '42' },
  { what: 'one tag, default_pvid 0', xml: ONE, table: '42*', bridge: 'br-p0' },
  { what: 'trunk with one tag, default_pvid 0', xml: TRUNK, table: '42', bridge: 'br-p0' },
  { what: 'native untagged, default_pvid 0', xml: NATIVE, table: '42* 47', bridge: 'br-p0' },
  { what: 'one tag, default_pvid 100', xml: ONE, table: '42* 100u', wanted: '42*', bridge: 'br-p100' },
  { what: 'trunk with one tag, default_pvid 100', xml: TRUNK, table: '42 100*', wanted: '42', bridge: 'br-p100' },
  { what: 'native untagged, default_pvid 100', xml: NATIVE, table: '42* 47 100u', wanted: '42* 47', bridge: 'br-p100' },
];

const macOf = (i: number) => `52:54:00:05:00:${(i + 1).toString(16).padStart(2, '0')}`;
const nic = ({ xml, bridge = 'br-mgmt' }: Pick<Form, 'xml' | 'bridge'>, mac: string) =>
  `<interface type='bridge'><mac address='${mac}'/><source bridge='${bridge}'/>${xml}<model type='virtio'/><rom enabled='no'/></interface>`;

interface Row {
  readonly vlan: number;
  readonly vlanEnd?: number;
  readonly flags?: readonly string[];
}
/** A port's table, from iproute2 and not from the product: `10 42* 100u`. */
async function tableOf(port: string): Promise<string> {
  const ports: { ifname: string; vlans: Row[] }[] = JSON.parse(await sh('bridge -j -compressvlans vlan show'));
  const rows = ports.find((p) => p.ifname === port)?.vlans ?? [];
  const mark = (flags: readonly string[] = []) =>
    flags.includes('PVID')
      ? flags.includes('Egress Untagged')
        ? '*'
        : '*t'
      : flags.includes('Egress Untagged')
        ? 'u'
        : '';
  return rows.map(({ vlan, vlanEnd, flags }) => `${vlanEnd ? `${vlan}-${vlanEnd}` : vlan}${mark(flags)}`).join(' ');
}

interface Vnet {
  readonly vnet: string;
  readonly mac: string;
  readonly verdict: string;
  readonly expected: {
    readonly rule: string;
    readonly vlans: readonly { first: number; last: number; pvid: boolean; untagged: boolean }[];
  };
  readonly findings: readonly { readonly reason: string }[];
}
/** The VM's vnets as the exporter has them now. */
async function vnets(): Promise<readonly Vnet[]> {
  const report: { bridges: { vnets: (Vnet & { domain: string })[] }[] } = JSON.parse(
    await sh('curl -sf http://localhost:19177/api/v1/report'),
  );
  return report.bridges.flatMap((b) => b.vnets).filter((v) => v.domain === VM);
}
const byMac = async (mac: string) => (await vnets()).find((v) => v.mac === mac);
const written = ({ expected }: Vnet) =>
  expected.vlans
    .map(
      ({ first, last, pvid, untagged }) =>
        `${first === last ? first : `${first}-${last}`}${pvid ? (untagged ? '*' : '*t') : untagged ? 'u' : ''}`,
    )
    .join(' ');

const shipped = readFileSync(CONFIG);
const configure = (rules: string) =>
  writeFileSync(
    CONFIG,
    ['br-mgmt', 'br-p0', 'br-p100'].reduce(
      (text, bridge) =>
        `${text}  ${bridge}:\n    vlans: [10, 20]\n    pvid: none\n${bridge === 'br-mgmt' ? rules : ''}`,
      'bridges:\n',
    ) +
      'schedule: "0 0 * * * *"\nremediation: { max_heals: 50, window: 1s, cooldown: 1s, max_vnets_per_policy_change: 100 }\n',
  );
const services = (verb: string) => sh(`systemctl ${verb} libvirt-vlan-exporter libvirt-vlan-remediator`);

configure('');
for (const pvid of [0, 100]) {
  await sh(
    `ip link add br-p${pvid} type bridge vlan_filtering 1 vlan_default_pvid ${pvid} && ip link set br-p${pvid} up`,
  );
}
/** What the remediator decided of a port lately, the newest first. */
function decided(vnet: string): readonly Decision[] {
  const status: RemediatorStatus = JSON.parse(readFileSync('/run/libvirt-vlan-remediator/status.json', 'utf8'));
  return status.recent.filter((decision) => decision.vnet === vnet);
}

await sh('systemctl start libvirt-vlan-exporter');
const started = await vmStarts();
const taps = await tapsOf(VM);

async function vmStarts(): Promise<number> {
  const interfaces = FORMS.map((form, i) => nic(form, macOf(i))).join('');
  await sh('cat | virsh define /dev/stdin', {
    input: `<domain type='qemu'><name>${VM}</name><memory unit='MiB'>16</memory><vcpu>1</vcpu>
 <os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
 <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>${interfaces}<memballoon model='none'/></devices></domain>`,
  });
  const began = performance.now();
  await startVm(VM);
  return performance.now() - began;
}
note(`virsh start of a VM with ${FORMS.length} interfaces: ${Math.round(started / 1000)} s`);

for (const [i, form] of FORMS.entries()) {
  const wanted = form.wanted ?? form.table;
  await test(`${form.what}: libvirt sets ${form.table}, ${wanted} is expected`, async () => {
    assert.equal(await tableOf(taps[i] ?? ''), form.table);
    const { value: vnet } = await until('the vnet is in the report', 10_000, () => byMac(macOf(i)));
    assert.equal(written(vnet), wanted);
    assert.equal(vnet.expected.rule, form.xml === '' ? 'default' : 'libvirt');
    assert.equal(vnet.verdict, wanted === form.table ? 'compliant' : 'drifted');
  });
}

await sh('systemctl start libvirt-vlan-remediator');
await test('what a default PVID left over is healed away, and nothing else is changed', async () => {
  await until('all are compliant', 20_000, async () => (await vnets()).every((v) => v.verdict === 'compliant'));
  for (const [i, form] of FORMS.entries())
    assert.equal(await tableOf(taps[i] ?? ''), form.wanted ?? form.table, form.what);
});

await test('drift made by hand is healed back to what <vlan> says, for each form', async () => {
  // At once: what is healed in between counts as a heal, and the pauses between heals double.
  const drift = (tap: string) => `vlan del vid 2-4094 dev ${tap}\nvlan add vid 1 dev ${tap} pvid untagged\n`;
  await sh('bridge -force -batch -', { input: taps.map(drift).join('') });
  await until('healed', 30_000, async () => {
    for (const [i, form] of FORMS.entries())
      if ((await tableOf(taps[i] ?? '')) !== (form.wanted ?? form.table)) return false;
    return true;
  });
});

await test('update-device to another <vlan>: the new one is expected, and held against drift', async () => {
  const path = '/tmp/vlan-update.xml';
  writeFileSync(path, nic({ xml: "<vlan><tag id='77'/></vlan>" }, macOf(1)));
  await sh(`virsh update-device ${VM} ${path} --live`, { timeoutMs: 300_000 });
  const { value: vnet } = await until('77 is expected', 10_000, async () => {
    const now = await byMac(macOf(1));
    return now && written(now) === '77*' && now;
  });
  await sh(`bridge vlan add vid 1 dev ${vnet.vnet} pvid untagged`);
  await until('healed', 20_000, async () => (await tableOf(vnet.vnet)) === '77*');
  // Else the test after this one would take it for a decision of its own.
  await until('and told', 20_000, () => decided(vnet.vnet)[0]?.before === '1* 77u');
});

await test('ten updates of <vlan>: the remediator puts nothing of a former one back, though libvirt says the new one in the XML later than to the kernel', async () => {
  const since = Date.now();
  const tap = (await byMac(macOf(1)))?.vnet ?? '';
  for (let i = 0; i < 10; i++) {
    const id = i % 2 ? 77 : 78;
    writeFileSync('/tmp/vlan-update.xml', nic({ xml: `<vlan><tag id='${id}'/></vlan>` }, macOf(1)));
    await sh(`virsh update-device ${VM} /tmp/vlan-update.xml --live`, { timeoutMs: 300_000 });
    await until(`${id} is there, and expected`, 10_000, async () => {
      const now = await byMac(macOf(1));
      return now?.verdict === 'compliant' && written(now) === `${id}*` && (await tableOf(tap)) === `${id}*`;
    });
  }
  assert.deepEqual(
    decided(tap).filter(({ at }) => at >= since),
    [],
  );
});

await test('hot-plug: libvirt sets the <vlan>, and it is expected', async () => {
  const mac = '52:54:00:05:00:70';
  const path = '/tmp/vlan-plug.xml';
  writeFileSync(path, nic({ xml: NATIVE }, mac));
  await sh(`virsh attach-device ${VM} ${path} --live`, { timeoutMs: 300_000 });
  const { value: vnet } = await until('it is compliant', 10_000, async () => {
    const now = await byMac(mac);
    return now?.verdict === 'compliant' && now;
  });
  assert.equal(await tableOf(vnet.vnet), '42* 47');
  await sh(`virsh detach-device ${VM} ${path} --live`, { timeoutMs: 300_000 });
});

await test('libvirtd restarts: nothing changes', async () => {
  const before = await sh('bridge vlan show');
  await sh('systemctl restart libvirtd', { timeoutMs: 300_000 });
  await sh('virsh list');
  assert.equal(await sh('bridge vlan show'), before);
  assert.ok((await vnets()).every((v) => v.verdict === 'compliant'));
});

await test('a rule that contradicts <vlan> is a conflict: told with both, changed by neither remediator nor heal', async () => {
  configure(`    rules:\n      - { name: other, mac: "${macOf(5)}", domains: [${VM}], vlans: [10], pvid: 100 }\n`);
  await sh('systemctl reload libvirt-vlan-exporter libvirt-vlan-remediator');
  const { value: vnet } = await until('it is a conflict', 10_000, async () => {
    const now = await byMac(macOf(5));
    return now?.findings.some((f) => f.reason === 'intent_conflict') && now;
  });
  const before = await tableOf(vnet.vnet);
  await sh(`bridge vlan add vid 1 dev ${vnet.vnet} pvid untagged`);
  const drifted = await tableOf(vnet.vnet);
  assert.notEqual(drifted, before);
  await assert.rejects(sh(`systemctl stop libvirt-vlan-remediator; libvirt-vlan-exporter heal ${VM}`));
  assert.equal(await tableOf(vnet.vnet), drifted);
  note(JSON.stringify(vnet.findings));
});

await services('stop');
writeFileSync(CONFIG, shipped);
await removeVm(VM);
await sh('ip link del br-p0; ip link del br-p100');
finish();
