import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wholeFile } from '../../src/config/read-file.ts';
import { createSimHost } from '../../src/host/sim/host.ts';
import { readSnapshot } from '../../src/host/snapshot.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { formatTable, parseTable, vidRange, vlanTable } from '../../src/model/vlan.ts';
import { parseSnapshot, renderSnapshot } from '../../src/report/snapshot-json.ts';
import { anySnapshot } from '../support/snapshots.ts';

const EXAMPLE: Snapshot = {
  takenAt: 1,
  links: { ok: true, value: [] },
  vlans: { ok: true, value: new Map([['vnet0', parseTable('10 100*')]]) },
  domains: {
    ok: true,
    value: [{ name: 'a', uuid: '00000000-0000-0000-0000-000000000001', state: 'running', interfaces: [] }],
  },
  collectors: [],
};

test('what is read back is what was printed, and prints the same', () => {
  fc.assert(
    fc.property(anySnapshot(), (snapshot) => {
      const text = renderSnapshot(snapshot);
      expect(parseSnapshot(text, 'f')).toEqual(snapshot);
      expect(renderSnapshot(parseSnapshot(text, 'f'))).toBe(text);
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
  const text = renderSnapshot(await readSnapshot(host, { bridges: [{ name: 'br0' }] }));
  expect(text).toContain('"web"');
  expect(text).not.toContain('hunter2');
});

test('a port and a domain may be called as what JavaScript has of its own', () => {
  const names = ['constructor', '__proto__', 'prototype', 'toString'];
  const snapshot: Snapshot = {
    ...EXAMPLE,
    vlans: { ok: true, value: new Map(names.sort().map((name) => [name, parseTable('10 100*')])) },
    domains: { ok: true, value: names.map((name) => ({ name, uuid: undefined, state: 'running', interfaces: [] })) },
  };
  expect(parseSnapshot(renderSnapshot(snapshot), 'f')).toEqual(snapshot);
});

const example = renderSnapshot(EXAMPLE);

test.each<[string, string]>([
  ['', 'f: expected JSON, as "snapshot" prints it: Unexpected end of JSON input'],
  ['null', 'f: the whole file: expected an object, found nothing'],
  ['[]', 'f: version: missing'],
  ['{"version":2}', 'f: version: expected 1, found 2'],
  ['{"version":1}', 'f: takenAt: missing'],
  [
    example.replace('"takenAt": 1', '"takenAt": -1'),
    'f: takenAt: expected a time in milliseconds since 1970, found -1',
  ],
  ...['-1', '1.5', '4095'].map((pvid): [string, string] => [
    example.replace('"value": []', `"value": [{"name": "br0", "defaultPvid": ${pvid}, "ports": []}]`),
    `f: links.value[0].defaultPvid: expected a VLAN id from 1 to 4094, or 0 for none, found ${pvid}`,
  ]),
  ...['', '10-', '10 x'].map((vlans): [string, string] => [
    example.replace(
      '"collectors"',
      `"fdb": {"ok": true, "value": [{"port": "p", "mac": "m", "vlans": "${vlans}"}]}, "collectors"`,
    ),
    `f: fdb.value[0].vlans: expected VLAN ids as "10 20-22", found "${vlans}"`,
  ]),
  [
    example.replace('"takenAt": 1', '"takenAt": 1e999'),
    'f: takenAt: expected a time in milliseconds since 1970, found Infinity',
  ],
  [
    example.replace('"10 100*"', '"10 4095"'),
    'f: vlans.value.vnet0: VLAN id 4095: expected an integer from 1 to 4094, found "10 4095"',
  ],
  [example.replace('"10 100*"', '[10]'), 'f: vlans.value.vnet0: expected a VLAN table as text, found a list'],
  [
    example.replace('"running"', '"paused"'),
    'f: domains.value[0].state: expected one of "running", "defined", "unknown", found "paused"',
  ],
  [
    example.replace('"interfaces": []', '"interfaces": {}'),
    'f: domains.value[0].interfaces: expected a list, found an object',
  ],
  [
    example.replace('"uuid"', '"colour": 1, "uuid"'),
    'f: domains.value[0].colour: unknown key; is it of a newer version?',
  ],
  [example.replace('"name": "a",', ''), 'f: domains.value[0].name: missing'],
  [example.replace('"ok": true', '"ok": "yes"'), 'f: links.ok: expected one of true, false, found "yes"'],
  [
    example.replace('"interfaces"', '"metadata": {}, "interfaces"'),
    'f: domains.value[0].metadata: expected an object with "problem" or "elements", found an object',
  ],
  [
    example.replace('"interfaces"', `"metadata": {"elements": ${nested(20_000)}}, "interfaces"`),
    'f: nested too deeply for a snapshot',
  ],
])('of %.20s it says what does not fit', (text, message) => {
  expect(() => parseSnapshot(text, 'f')).toThrow(wholeFile('f', message.slice('f: '.length)));
});

function nested(depth: number): string {
  const open = '[{"name":"x","attributes":[],"text":"","children":';
  return `${open.repeat(depth)}[]${'}]'.repeat(depth)}`;
}
