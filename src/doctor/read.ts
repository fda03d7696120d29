// Reads what doctor judges.
import { loadSettings } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import type { Host } from '../host/host.ts';
import type { Installation } from '../host/linux/hook-files.ts';
import { createStatusReader } from '../host/remediator-status.ts';
import { readSnapshot } from '../host/snapshot.ts';
import { whyUnread } from '../host/why-unread.ts';
import { orUndefined, readingOf } from '../model/snapshot.ts';
import type { Surroundings } from '../model/surroundings.ts';
import { parseWebConfig } from '../web/config/web-config.ts';
import type { Facts } from './facts.ts';

/** As the exporter's unit reads it. */
const DEFAULTS = '/etc/default/libvirt-vlan-exporter';

/** The host and what only doctor asks of it. */
export interface Machine {
  readonly host: Host;
  /** The hook as it is on this host. May reject. */
  readInstallation(): Promise<Installation>;
  readSurroundings(): Promise<Surroundings>;
}

/** Never rejects for anything the host says. */
export async function readFacts(machine: Machine, configFile: string): Promise<Facts> {
  const { host } = machine;
  const config = readingOf<Settings>(() => loadSettings(host, configFile));
  const [surroundings, hook, journalProblem, snapshot] = await Promise.all([
    machine.readSurroundings(),
    machine.readInstallation().then(
      (value) => ({ ok: true, value }) as const,
      (error: Error) => ({ ok: false, error: error.message }) as const,
    ),
    whyUnread(host.journal),
    config.ok ? readSnapshot(host, config.value.policy) : undefined,
  ]);
  return {
    ...surroundings,
    configFile,
    config,
    snapshot,
    hook,
    otherHooks: hook.ok ? hook.value.files.filter(setsVlans).map(({ path }) => path) : [],
    journalProblem,
    web: readWeb(host),
    remediator: createStatusReader(host)(),
  };
}

function readWeb(host: Host): Facts['web'] {
  const defaults = orUndefined(() => host.readText(DEFAULTS)) ?? '';
  const file = /^[^#]*--web\.config\.file(?:=| +)([^\s"']+)/m.exec(defaults)?.[1];
  return file === undefined ? undefined : { file, parsed: readingOf(() => parseWebConfig(host.readText(file), file)) };
}

function setsVlans({ kind, executable, text = '' }: Installation['files'][number]): boolean {
  return kind === 'other' && executable && /\bbridge\b.*\bvlan\b/.test(text);
}
