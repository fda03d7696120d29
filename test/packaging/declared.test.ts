// What man page and completion are made from: the command line as it is declared.
import { describe, expect, test } from 'vitest';
import { declared, leaves } from '../../packaging/declared.ts';
import { renderCommandPage } from '../../packaging/man-command.ts';
import { createProgram } from '../../src/cli/program.ts';

const program = declared(createProgram());
const page = renderCommandPage(program, { version: '1.2.3', date: '2026-11-25' });

test('each command is there, with the words that call it', () => {
  const words = leaves(program).map(({ path }) => path.join(' '));
  expect(words).toEqual(expect.arrayContaining(['serve', 'check', 'hook install', 'config infer']));
});

test('an option has its value, its choices and its preset', () => {
  const check = leaves(program).find(({ path }) => path[0] === 'check');
  expect(check?.options).toContainEqual(
    expect.objectContaining({ name: '--format', value: 'format', choices: ['table', 'json'], preset: 'table' }),
  );
  expect(check?.after).toContain('0 compliant, 1 drift, 2 cannot tell');
});

test('a preset is written as --help writes it', () => {
  const history = createProgram().commands.find((command) => command.name() === 'history');
  expect(history?.helpInformation().replace(/\s+/g, ' ')).toContain('(default: 24h)');
  const options = leaves(program).find(({ path }) => path[0] === 'history')?.options;
  expect(options).toContainEqual(expect.objectContaining({ name: '--since', preset: '24h' }));
  expect(page).toContain('Preset: 24h.');
});

describe('the man page', () => {
  test.each(leaves(program).map((command) => [command.path.join(' '), command] as const))('%s', (words, command) => {
    expect(page).toContain(`.SS ${words.replaceAll('-', '\\-')}\n`);
    const section = page.split(`.SS ${words.replaceAll('-', '\\-')}\n`)[1]?.split('\n.SS ')[0] ?? '';
    for (const { name } of command.options.filter((option) => option.name !== '--help'))
      expect(section).toContain(`\\fB${name.replaceAll('-', '\\-')}\\fR`);
  });

  test("what is said of all of a command's commands stands under its own heading, before them", () => {
    const [, hook = ''] = page.split('.SS hook\n');
    expect(hook.split('\n.SS ')[0]).toMatch(/^Libvirt.* hook: [\s\S]*\n\.PP\nlibvirt itself calls/);
    expect(page.match(/libvirt itself calls/g)).toHaveLength(1);
  });

  test.each(['install', 'uninstall', 'status'])('hook %s tells its exit status', (name) => {
    expect(page.split(`.SS hook ${name}\n`)[1]?.split('\n.SS ')[0]).toMatch(/\nExit status: 0 /);
  });

  test('no line of it is a command that was meant as text', () => {
    for (const line of page.split('\n')) {
      if (/^[.']/.test(line)) expect(line).toMatch(/^\.(TH|SH|SS|TP|PP|br|EX|EE)\b/);
    }
  });
});
