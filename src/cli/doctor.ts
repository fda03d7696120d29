// `doctor`: what on this host keeps the program from working, or will undo its work.
import type { Command } from '@commander-js/extra-typings';
import type { Diagnosis } from '../doctor/diagnosis.ts';
import type { Machine } from '../doctor/read.ts';
import { printable } from '../model/printable.ts';
import { configFileOption, planFormatOption } from './options.ts';
import { print } from './output.ts';

export function register(program: Command): void {
  program
    .command('doctor')
    .description('tell what on this host keeps the program from working, or will undo its work')
    .addOption(configFileOption())
    .addOption(planFormatOption())
    .addHelpText(
      'after',
      '\nExit status: 0 nothing to mend, 1 something, 2 nothing found, but not all could be looked at.',
    )
    .action(async (options) => {
      const [{ createHost }, { readInstallation }, { readSurroundings }] = await Promise.all([
        import('../host/linux/real.ts'),
        import('../host/linux/hook-installation.ts'),
        import('../host/linux/surroundings.ts'),
      ]);
      const host = createHost();
      const machine = { host, readInstallation: () => readInstallation(host), readSurroundings };
      process.exitCode = await runDoctor(machine, options);
    });
}

export interface DoctorOptions {
  readonly 'config.file': string;
  readonly format: 'text' | 'json';
}

/** Returns the exit status. */
export async function runDoctor(machine: Machine, options: DoctorOptions): Promise<number> {
  const [{ readFacts }, { diagnose }] = await Promise.all([import('../doctor/read.ts'), import('../doctor/judge.ts')]);
  const diagnosis = diagnose(await readFacts(machine, options['config.file']));
  print(options.format === 'json' ? `${JSON.stringify({ version: 1, ...diagnosis }, null, 2)}\n` : textOf(diagnosis));
  if (diagnosis.troubles.length > 0) return 1;
  return diagnosis.untold.length > 0 ? 2 : 0;
}

// One line each. What a mistake in the config says may have several.
function textOf({ troubles, untold }: Diagnosis): string {
  const lines = [
    ...troubles.map(({ what, why, type }) => `${oneLine(what)}: ${why}. To mend it: ${oneLine(type)}`),
    ...untold.map(({ check, problem }) => `Not looked at: ${check}: ${oneLine(problem)}`),
  ];
  return `${(lines.length > 0 ? lines : ['Nothing to mend.']).join('\n')}\n`;
}

function oneLine(text: string): string {
  return printable(text.trim().replace(/\s*\n\s*/g, '; '));
}
