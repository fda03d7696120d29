// The command line, but for libvirt's own call of the hook. One file here for each subcommand: `register`
// declares its arguments and options; what runs is loaded when it runs.
import { Command } from '@commander-js/extra-typings';
import { OperatorError } from '../model/mistake.ts';
import { VERSION } from '../model/version.ts';
import { register as registerCheck } from './check.ts';
import { register as registerConfig } from './config.ts';
import { register as registerDemo } from './demo.ts';
import { register as registerDoctor } from './doctor.ts';
import { register as registerHeal } from './heal.ts';
import { register as registerHistory } from './history.ts';
import { register as registerHook } from './hook.ts';
import { register as registerMetrics } from './metrics.ts';
import { CANNOT_TELL, outliveStderr } from './output.ts';
import { register as registerPlan } from './plan.ts';
import { register as registerRemediate } from './remediate.ts';
import { register as registerServe } from './serve.ts';
import { register as registerSnapshot } from './snapshot.ts';

/** Runs the subcommand that `argv` (as process.argv) names. A mistake of the caller's is one message and exit status 2. */
export async function runProgram(argv: readonly string[]): Promise<void> {
  outliveStderr();
  try {
    await createProgram().parseAsync(argv);
  } catch (error) {
    const { message, stack } = error as Error;
    const text = error instanceof OperatorError ? message : stack;
    process.stderr.write(`libvirt-vlan-exporter: ${text}\n`);
    process.exitCode = CANNOT_TELL;
  }
}

/** The whole command line, as data that tests and documentation read. */
export function createProgram(): Command {
  const program = new Command('libvirt-vlan-exporter')
    .description(
      "Watches, and on request mends, the VLANs and PVIDs of libvirt VMs' ports on VLAN-filtering Linux bridges.",
    )
    .version(VERSION)
    .showHelpAfterError('(run with --help for what there is)')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : CANNOT_TELL));
  registerServe(program);
  registerCheck(program);
  registerPlan(program);
  registerHeal(program);
  registerRemediate(program);
  registerHook(program);
  registerHistory(program);
  registerMetrics(program);
  registerSnapshot(program);
  registerConfig(program);
  registerDoctor(program);
  registerDemo(program);
  return program;
}
