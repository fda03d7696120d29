// Whether a domain runs, by libvirt's live XML and the process that it names. Never a call into libvirt: a hook must not.
import { orUndefined } from '../../model/snapshot.ts';
import type { Host } from '../host.ts';
import { parseDomainXml } from './domain-xml.ts';
import { LIVE_FOLDER } from './files.ts';

type Machine = Pick<Host, 'list' | 'readText'> & {
  /** Whether there is a process of this id; undefined where it cannot be told. */
  processExists(pid: number): boolean | undefined;
};

/** undefined where libvirt's folder cannot be read. */
export function runs(machine: Machine, domain: string): boolean | undefined {
  const isLive = orUndefined(() => machine.list(LIVE_FOLDER)?.includes(`${domain}.xml`));
  if (!isLive) return isLive;
  const pid = orUndefined(() => parseDomainXml(machine.readText(`${LIVE_FOLDER}/${domain}.xml`)).pid);
  // Live XML stays behind where libvirtd was down when the process ended.
  return pid === undefined || machine.processExists(pid) !== false;
}
