// What doctor looks at: the host and this program's installation on it, read once. What could not be read is in it as such.
import type { Settings } from '../config/settings.ts';
import type { Installation } from '../host/linux/hook-files.ts';
import type { RemediatorView } from '../model/remediator-status.ts';
import type { Reading, Snapshot } from '../model/snapshot.ts';
import type { Surroundings } from '../model/surroundings.ts';
import type { ParsedWebConfig } from '../web/config/web-config.ts';

export interface Facts extends Surroundings {
  readonly configFile: string;
  readonly config: Reading<Settings>;
  /** undefined where there is no config to say which bridges. */
  readonly snapshot: Snapshot | undefined;
  readonly hook: Reading<Installation>;
  /** Executable hooks of others that set VLANs. */
  readonly otherHooks: readonly string[];
  /** Why the journal cannot be read; undefined where it can. */
  readonly journalProblem: string | undefined;
  /** The web config file that the exporter is told to read. */
  readonly web: { readonly file: string; readonly parsed: Reading<ParsedWebConfig> } | undefined;
  readonly remediator: RemediatorView;
}

/** Whether systemd says that this unit is active. */
export function runs({ systemd }: Facts, name: string): boolean {
  return systemd.ok && systemd.value.units.get(name)?.active === 'active';
}
