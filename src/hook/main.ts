// What hook.sh starts: `hook.cjs GUEST start begin -` with the XML on stdin, where libvirt waits for the exit status; or `hook.cjs`
// alone, which does the jobs of the spool folder. Composition only. Loads little: a VM's start waits for it.
import { DEFAULT_CONFIG_FILE } from '../config/settings.ts';
import { sinceStart } from '../host/linux/files.ts';
import {
  createHookHost,
  fileIdentity,
  keptFile,
  printEntries,
  readStdin,
  takeFiles,
} from '../host/linux/hook-machine.ts';
import { doJobs } from './jobs.ts';
import { type HookMachine, reportFailure, runStart, STATUS } from './run.ts';

// Less than hook.sh waits, so that what hangs is named in the journal.
const START_END_MS = 750 * Number(process.env.LIBVIRT_VLAN_ANSWER_SECONDS ?? 8);

const [guest] = process.argv.slice(2);
const folder = process.env.LIBVIRT_VLAN_RUN ?? '/run/libvirt-vlan-hook';
const machine: HookMachine = {
  host: createHookHost(guest === undefined ? Number.POSITIVE_INFINITY : START_END_MS),
  configFile: process.env.LIBVIRT_VLAN_CONFIG ?? DEFAULT_CONFIG_FILE,
  program: fileIdentity(__filename),
  settings: keptFile(`${folder}/settings.json`),
  elapsed: sinceStart,
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  write: printEntries,
};

process.on('uncaughtException', (error) => {
  reportFailure({ guest: guest ?? '', operation: 'start' }, error, machine, 0);
  process.exitCode = STATUS.failedUnread;
});
if (guest === undefined) void doJobs(machine, () => takeFiles(`${folder}/spool`));
else void runStart(guest, readStdin, machine).then((status) => (process.exitCode = status));
