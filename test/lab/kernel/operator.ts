// `check`, `snapshot` and `config infer` on a real kernel's bridge, with the incident's policy: what an operator sees before and
// after the original hook's commands, and that a proposed policy fits the host that it was made from.
// lab-timeout: 1200
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { runCheck } from '../../../src/cli/check.ts';
import { runConfigInfer } from '../../../src/cli/config.ts';
import { runSnapshot } from '../../../src/cli/snapshot.ts';
import { processes } from '../../../src/host/linux/processes.ts';
import { createHost } from '../../../src/host/linux/real.ts';
import { liveXml } from '../../../src/host/sim/vm.ts';
import { listVids } from '../../../src/model/vlan.ts';
import { parseSnapshot } from '../../../src/report/snapshot-json.ts';
import { outputOf } from '../../support/output.ts';
import { finish, note, sh, test } from '../scenario.ts';

const BRIDGE = 'br-operator';
const LIVE = '/run/libvirt/qemu';
const FILE = '/tmp/operator.yml';
const TAPS = 12;
const NAMES = ['vyos-01', 'web', '9800-WLC-01', 'bind-01', 'odd name', 'k3s-worker-03'];
const hex = (i: number) => i.toString(16).padStart(2, '0');
// The lab's console is a terminal.
process.env.NO_COLOR = '1';
const host = createHost();

const check = (...domains: string[]) =>
  outputOf(() => runCheck(host, domains, { 'config.file': FILE, format: 'table' }));

// Two taps for each VM.
await sh(`ip link add ${BRIDGE} type bridge vlan_filtering 1`);
for (let i = 0; i < TAPS; i++) {
  await sh(`ip tuntap add op${i} mode tap && ip link set op${i} address fe:54:00:0b:00:${hex(i)} master ${BRIDGE}`);
}
mkdirSync(LIVE, { recursive: true });
for (const [n, name] of NAMES.entries()) {
  const interfaces = [2 * n, 2 * n + 1].map((i) => ({ mac: `52:54:00:0b:00:${hex(i)}`, bridge: BRIDGE }));
  const vm = { name, uuid: `00000000-0000-4000-8000-0000000000${hex(n)}`, interfaces };
  writeFileSync(`${LIVE}/${name}.xml`, liveXml(vm, 1, [`op${2 * n}`, `op${2 * n + 1}`]));
}
writeFileSync(
  FILE,
  `bridges:
  ${BRIDGE}:
    vlans: [10, 20, 30, 40, 100, 110, 120]
    pvid: 1
    rules:
      - { name: pvid100, domains: [vyos-01, 9800-WLC-01, bind-01, "k3s-*"], pvid: 100 }
`,
);

await test('without a hook every vnet has drifted, and check says so', async () => {
  const { status, out } = await check();
  assert.equal(status, 1);
  assert.match(out, /^vyos-01 +op0 +52:54:00:0b:00:00 +pvid100 +1\/100 +1\* +drifted$/m);
  assert.match(out, /^web +op2 +.* default +1\/1 +1\* +drifted$/m);
  assert.match(out, /^12 of 12 vnets have drifted\.$/m);
});

await test("after the original hook's commands check says compliant", async () => {
  for (const [n, name] of NAMES.entries()) {
    const pvid = ['web', 'odd name'].includes(name) ? 1 : 100;
    for (const tap of [`op${2 * n}`, `op${2 * n + 1}`]) {
      const adds = [10, 20, 30, 40, 100, 110, 120].map((vid) => `bridge vlan add vid ${vid} dev ${tap}`);
      await sh(
        ['bridge vlan del vid 1 dev T pvid untagged', ...adds, `bridge vlan add vid ${pvid} dev T pvid untagged`]
          .join('; ')
          .replaceAll('dev T', `dev ${tap}`),
      );
    }
  }
  const { status, out } = await check();
  note(out.trimEnd().split('\n').at(-1) ?? '');
  assert.equal(status, 0, out);
  assert.equal((await check('vyos-01', 'web')).status, 0);
});

await test('one vnet broken by hand is 1 for all and for its VM, and 0 for another', async () => {
  await sh('bridge vlan add vid 1 dev op1 pvid untagged');
  assert.deepEqual([(await check()).status, (await check('vyos-01')).status, (await check('web')).status], [1, 1, 0]);
  const { out } = await check('vyos-01');
  assert.match(out, /pvid_wrong +expected PVID 100; actual PVID 1$/m);
});

await test('the printed snapshot is read back with the tables that iproute2 shows', async () => {
  const { status, out } = await outputOf(() => runSnapshot(host, { 'config.file': FILE }));
  const { vlans, domains } = parseSnapshot(out, 'stdout');
  assert.equal(status, 0);
  assert.equal(domains.ok && domains.value.length, NAMES.length);
  const shown = JSON.parse(await sh('bridge -j vlan show')) as { ifname: string; vlans: { vlan: number }[] }[];
  for (const { ifname, vlans: rows } of shown.filter((row) => row.ifname.startsWith('op'))) {
    assert.deepEqual(
      vlans.ok && listVids(vlans.value.get(ifname) ?? [], 4094),
      rows.map((row) => row.vlan),
    );
  }
});

const table = fc.record({
  vids: fc.uniqueArray(fc.constantFrom(1, 10, 20, 30, 200, 201, 202, 4094), { minLength: 1, maxLength: 4 }),
  pvid: fc.constantFrom(undefined, 1, 10, 100),
});
await test('a policy inferred from random tables makes check say compliant, 20 times', async () => {
  for (const tables of fc.sample(
    fc.array(fc.oneof(fc.constant({ vids: [10, 20], pvid: 100 }), table), { minLength: TAPS, maxLength: TAPS }),
    20,
  )) {
    const lines = tables.flatMap(({ vids, pvid }, i) => [
      `vlan del vid 1-4094 dev op${i}`,
      ...vids.map((vid) => `vlan add vid ${vid} dev op${i}`),
      ...(pvid === undefined ? [] : [`vlan add vid ${pvid} dev op${i} pvid untagged`]),
    ]);
    await processes.run('bridge', ['-force', '-batch', '-'], { input: `${lines.join('\n')}\n`, timeoutMs: 60_000 });
    const { status, out } = await outputOf(() => runConfigInfer(host));
    assert.equal(status, 0);
    writeFileSync(FILE, out);
    const checked = await check();
    assert.equal(checked.status, 0, `${out}\n${checked.out}`);
    assert.match(checked.out, /All 12 vnets are compliant/);
  }
});

await sh(`ip link del ${BRIDGE}; for i in $(seq 0 ${TAPS - 1}); do ip link del op$i; done`);
for (const name of NAMES) rmSync(`${LIVE}/${name}.xml`);
finish();
