import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSimHost } from '../../src/host/sim/host.ts';
import { createSnapshotReader } from '../../src/host/snapshot.ts';
import { formatTable, parseTable, vidRange, vlanTable } from '../../src/model/vlan.ts';
import { parseSnapshot, renderSnapshot } from '../../src/report/snapshot-json.ts';
import { anySnapshot } from '../support/snapshots.ts';

test('what is read back is what was printed, and prints the same', () => {
  fc.assert(
    fc.property(anySnapshot(), (snapshot) => {
      const text = renderSnapshot(snapshot);
      expect(parseSnapshot(text)).toEqual(snapshot);
      expect(renderSnapshot(parseSnapshot(text))).toBe(text);
    }),
    { numRuns: 200 },
  );
});

test('a table is what its text says', () => {
  const row = fc.record({
    id: fc.integer({ min: 1, max: 4094 }),
    pvid: fc.boolean(),
    untagged: fc.boolean(),
  });
  const nearby = row.chain((first) => fc.nat(5).map((more) => ({ first, more })));
  fc.assert(
    fc.property(fc.array(nearby, { maxLength: 8 }), (runs) => {
      const table = vlanTable(
        runs.flatMap(({ first, more }) =>
          Array.from({ length: more + 1 }, (_, i) => ({
            ...vidRange(Math.min(4094, first.id + i)),
            pvid: first.pvid,
            untagged: first.untagged,
          })),
        ),
      );
      expect(parseTable(formatTable(table))).toEqual(table);
    }),
  );
});

test.each(['', '0', '4095', '10-', '10x', '10,20', ' 10', '10 ', '20-99999', '1*u'])('%j is no table', (text) => {
  expect(() => parseTable(text)).toThrow(RangeError);
});

test('a live XML with a VNC password leaves none of it in the snapshot', async () => {
  const host = createSimHost({ now: () => 5 });
  host.addBridge('br0');
  host.start({
    name: 'web',
    uuid: '00000000-0000-0000-0000-000000000001',
    interfaces: [{ mac: '52:54:00:00:00:01', bridge: 'br0' }],
  });
  const path = '/run/libvirt/qemu/web.xml';
  const xml = host.readText(path).replace('</devices>', "<graphics type='vnc' passwd='hunter2'/></devices>");
  expect(xml).toContain('hunter2');
  host.writeFile(path, xml);
  const text = renderSnapshot(await createSnapshotReader(host)({ bridges: [{ name: 'br0' }] }));
  expect(text).toContain('"web"');
  expect(text).not.toContain('hunter2');
});

test.each<[string, string]>([
  ['', 'snapshot: Unexpected end of JSON input'],
  ['[]', 'snapshot: expected an object'],
  ['{"version":2}', 'snapshot.version: expected 1'],
  [
    example().replace('"10 100*"', '"10 4095"'),
    'snapshot.vlans.value.vnet0: VLAN id 4095: expected an integer from 1 to 4094',
  ],
  [example().replace('"running"', '"paused"'), 'snapshot.domains.value[0].state: expected "unknown"'],
])('of %.20s it says what does not fit', (text, message) => {
  expect(() => parseSnapshot(text)).toThrow(new TypeError(message));
});

function example(): string {
  return renderSnapshot({
    takenAt: 1,
    links: { ok: true, value: [] },
    vlans: { ok: true, value: new Map([['vnet0', parseTable('10 100*')]]) },
    domains: { ok: true, value: [{ name: 'a', uuid: undefined, state: 'running', interfaces: [] }] },
    collectors: [],
  });
}
