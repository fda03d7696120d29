import { expect, test } from 'vitest';
import { runs } from '../../../src/host/linux/live-domain.ts';
import { memoryHost } from '../../support/memory-host.ts';

const xml = (status: string) => `<domstatus ${status}><domain><name>a</name></domain></domstatus>`;
const PATH = '/run/libvirt/qemu/a.xml';

test.each([
  ['its process is there', xml("pid='7'"), true, true],
  ['its process is gone', xml("pid='7'"), false, false],
  ['it cannot be told whether its process is there', xml("pid='7'"), undefined, true],
  ['its live XML names no process', xml("state='running'"), false, true],
  ['its live XML is broken', '<', false, true],
])('a domain with live XML, of which %s', (_, text, exists, expected) => {
  const asked: number[] = [];
  const processExists = (pid: number) => {
    asked.push(pid);
    return exists;
  };
  expect(runs({ ...memoryHost({ [PATH]: text }), processExists }, 'a')).toBe(expected);
  expect(asked).toEqual(text.includes('pid') ? [7] : []);
});

test('a domain without live XML does not run, and where there is no folder of it nobody knows', () => {
  expect(runs(memoryHost({ [PATH]: xml("pid='7'") }), 'b')).toBe(false);
  expect(runs(memoryHost(), 'a')).toBeUndefined();
  expect(runs(memoryHost({ '/run/libvirt/qemu': { text: '', error: 'EACCES' } }), 'a')).toBeUndefined();
});
