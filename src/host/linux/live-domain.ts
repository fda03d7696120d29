// Whether a domain runs, by libvirt's live XML and the process that it names. Never a call into libvirt: a hook must not.
import { orUndefined } from '../../model/snapshot.ts';
import type { Host } from '../host.ts';
import { parseDomainXml } from './domain-xml.ts';
import { LIVE_FOLDER } from './files.ts';

type Machine = Pick<Host, 'list' | 'readText'> & {
  /** Whether there is a process of this id; undefined where it cannot be told. */
  processExists(pid: number): boolean | undefined;
};

/** undefined where it cannot be told. */
export function runs(machine: Machine, domain: string): boolean | undefined {
  let text: string;
  try {
    // The file, and not the folder's list: of a tmpfs in which others are written, that may lack one.
    text = machine.readText(`${LIVE_FOLDER}/${domain}.xml`);
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT' && hasFolder(machine);
    return isGone ? false : undefined;
  }
  const pid = orUndefined(() => parseDomainXml(text).pid);
  // Live XML stays behind where libvirtd was down when the process ended.
  return pid === undefined || machine.processExists(pid) !== false;
}

function hasFolder({ list }: Machine): boolean {
  return orUndefined(() => list(LIVE_FOLDER)) !== undefined;
}
