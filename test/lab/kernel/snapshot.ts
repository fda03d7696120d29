// The readers on a real kernel: what they return, and what a snapshot of 1,000 ports costs beside the bare dumps.
import assert from 'node:assert/strict';
import { processes } from '../../../src/host/linux/processes.ts';
import { createHost } from '../../../src/host/linux/real.ts';
import { readSnapshot } from '../../../src/host/snapshot.ts';
import { formatTable } from '../../../src/model/vlan.ts';
import { finish, note, sh, test } from '../scenario.ts';

const PORTS = 1000;
const BRIDGE = 'br-snap';
const name = (i: number) => `snap${i}`;
const mac = (i: number) =>
  `fe:54:00:00:${(i >> 8).toString(16).padStart(2, '0')}:${(i & 255).toString(16).padStart(2, '0')}`;
const all = Array.from({ length: PORTS }, (_, i) => i);

const host = createHost();
const batch = (tool: string, lines: readonly string[]) =>
  processes.run(tool, ['-batch', '-'], { input: `${lines.join('\n')}\n`, timeoutMs: 60_000 });

await sh(`ip link add ${BRIDGE} type bridge vlan_filtering 1`);
await batch(
  'ip',
  all.flatMap((i) => [`tuntap add ${name(i)} mode tap`, `link set ${name(i)} address ${mac(i)} master ${BRIDGE}`]),
);
await batch(
  'bridge',
  all.flatMap((i) => [10, 20, 30, 40, 110, 120].map((vid) => `vlan add vid ${vid} dev ${name(i)}`)),
);
await sh(
  `bridge vlan del vid 1 dev snap0; bridge vlan del vid 10-120 dev snap0; ip link add snap-eth type dummy; ip link set snap-eth master ${BRIDGE}`,
);

const read = readSnapshot.bind(undefined, host);
const scope = { bridges: [{ name: BRIDGE }, { name: 'br-none' }] };

await test('a snapshot holds the bridge, its ports and their VLANs as the kernel has them', async () => {
  const { links, vlans, collectors } = await read(scope);
  assert.ok(links.ok && vlans.ok && collectors.every((run) => run.ok));
  const [bridge, ...others] = links.value;
  assert.equal(others.length, 0);
  assert.equal(bridge?.vlanFiltering, true);
  assert.equal(bridge?.defaultPvid, 1);
  assert.equal(bridge?.ports.length, PORTS + 1);
  assert.deepEqual(
    bridge?.ports.find((port) => port.name === name(999)),
    { name: name(999), mac: mac(999), tap: true },
  );
  assert.equal(bridge?.ports.find((port) => port.name === 'snap-eth')?.tap, false);
  assert.equal(formatTable(vlans.value.get(name(1)) ?? []), '1* 10 20 30 40 110 120');
  assert.equal(vlans.value.get(name(0)), undefined);
});

await test('a warm snapshot of 1,000 ports costs at most 1.5 times the two dumps', async () => {
  const time = async (work: () => Promise<unknown>) => {
    const begin = performance.now();
    await work();
    return performance.now() - begin;
  };
  const ours: number[] = [];
  const vlanDump: number[] = [];
  const linkDump: number[] = [];
  for (let round = 0; round < 7; round++) {
    vlanDump.push(await time(() => processes.run('bridge', ['-j', 'vlan', 'show'], { timeoutMs: 60_000 })));
    linkDump.push(
      await time(() => processes.run('ip', ['-j', 'link', 'show', 'master', BRIDGE], { timeoutMs: 60_000 })),
    );
    ours.push(await time(() => read(scope)));
  }
  const median = (list: number[]) => list.sort((a, b) => a - b)[list.length >> 1] ?? 0;
  const [o, v, l] = [median(ours), median(vlanDump), median(linkDump)];
  note(
    `snapshot ${o.toFixed(0)} ms, bridge vlan show ${v.toFixed(0)} ms, ip link show master ${l.toFixed(0)} ms, ratio ${(o / (v + l)).toFixed(2)}`,
  );
  assert.ok(o <= 1.5 * (v + l));
});

await sh(`ip link del ${BRIDGE}; ip link del snap-eth`);
await batch(
  'ip',
  all.map((i) => `link del ${name(i)}`),
);
finish();
