import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderEntry } from '../../../src/host/linux/journal-write.ts';
import { createJournal } from '../../../src/host/linux/journalctl.ts';
import type { Processes } from '../../../src/host/linux/processes.ts';
import { PRIORITY } from '../../../src/model/journal.ts';

const entry = { MESSAGE: 'done', PRIORITY: PRIORITY.info, SYSLOG_IDENTIFIER: ['libvirt-hook', 'libvirt-hook[web-1]'] };

test('an entry is one field a line, a list is a field repeated, undefined is left out', () => {
  expect(renderEntry({ ...entry, LIBVIRT_VLAN_VNET: undefined })).toBe(
    'MESSAGE=done\nPRIORITY=6\nSYSLOG_IDENTIFIER=libvirt-hook\nSYSLOG_IDENTIFIER=libvirt-hook[web-1]\n',
  );
});

test('a newline in a value brings in no field', () => {
  expect(renderEntry({ ...entry, MESSAGE: 'a\nPRIORITY=0\n\nb\u2028' }).split('\n')[0]).toBe(
    'MESSAGE=a\\x0aPRIORITY=0\\x0a\\x0ab\\u2028',
  );
});

test('whatever the values are, an entry has as many lines as values, each named, none empty', () => {
  const text = fc.string({ unit: fc.constantFrom(...'\n\r\0\t=[]aé\u{1f600}\x7f\x9b\u2028') });
  fc.assert(
    fc.property(text, fc.array(text), (message, names) => {
      const lines = renderEntry({ ...entry, MESSAGE: message, SYSLOG_IDENTIFIER: names }).split('\n');
      expect(lines.pop()).toBe('');
      expect(lines).toHaveLength(2 + names.length);
      expect(lines.filter((line) => !/^(MESSAGE|PRIORITY|SYSLOG_IDENTIFIER)=\P{Cc}*$/u.test(line))).toEqual([]);
    }),
  );
});

test('a field name that journald would drop is a bug and throws', () => {
  expect(() => renderEntry({ ...entry, _COMM: 'x' })).toThrow(RangeError);
});

test('a logger that is missing is told, not thrown', async () => {
  const processes = {
    run: async () => ({ stdout: '', stderr: '', exitCode: undefined, problem: 'logger --journald: no such program' }),
  } as unknown as Processes;
  expect(await createJournal(processes).write(entry)).toBe('logger --journald: no such program');
});
