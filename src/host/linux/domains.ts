// The domains of the host, from the files that libvirt keeps: live XML for running ones, else the persistent XML.
// Never a call into libvirt: a hook must not (it deadlocks), and the files stay where they are while libvirtd is down.

import { basename } from 'node:path';
import { compare } from '../../model/order.ts';
import { createSlices } from '../../model/slices.ts';
import type { Domain } from '../../model/snapshot.ts';
import type { Domains, FileStat, Host } from '../host.ts';
import { nameInXml, parseDomainXml } from './domain-xml.ts';
import { LIVE_FOLDER } from './files.ts';
import { createFolderWatermark } from './folder-watermark.ts';
import { runs } from './live-domain.ts';

/** Where libvirt keeps the persistent XML of domains, `NAME.xml`. */
export const PERSISTENT_FOLDER = '/etc/libvirt/qemu';
/** Where NixOS has it. Elsewhere this folder holds no XML. */
export const NIXOS_FOLDER = '/var/lib/libvirt/qemu';

// libvirt refuses longer ones; a domain's XML has some 10 kB.
const MAX_BYTES = 10 * 1024 * 1024;

interface Cached {
  /** undefined where the text could not be read: then it is tried again, though the file stays as it is. */
  readonly stat: FileStat | undefined;
  readonly domain: Domain;
  /** Of live XML: the process that runs the domain. */
  readonly pid?: number | undefined;
  /** The domain that the XML names, as `nameInXml` has it, where the file is called otherwise: if that domain has a file of its own, this one is a copy and no domain. */
  readonly copyOf?: string;
}

type Machine = Pick<Host, 'stat' | 'readText' | 'list' | 'now' | 'monotonic'> & {
  /** Whether there is a process of this id; undefined where it cannot be told. */
  processExists(pid: number): boolean | undefined;
};

/** What the last look at the folders found: `folder` is the one of persistent XML, `entries` are by path. */
interface Look {
  readonly folder: string;
  readonly entries: ReadonlyMap<string, Cached>;
  /** Sorted by name. */
  readonly domains: readonly Domain[];
}

/** A file is parsed again only when its inode, mtime or size changed, and looked at only when something changed in its folder. A file that cannot be understood is a domain whose state is `unknown`; only a folder that cannot be read fails the whole. */
export function createDomains(machine: Machine): Domains {
  const watermark = createFolderWatermark(machine, [LIVE_FOLDER, PERSISTENT_FOLDER, NIXOS_FOLDER]);
  let last: Look = { folder: PERSISTENT_FOLDER, entries: new Map(), domains: [] };
  return {
    async read() {
      try {
        if (watermark.holds()) return { ok: true, value: last.domains };
        const keep = watermark.begin();
        const look = await lookAtAll(machine, last.entries);
        last = look;
        if (look.domains.every(isUnderstood)) keep();
        return { ok: true, value: look.domains };
      } catch (error) {
        return { ok: false, error: (error as Error).message };
      }
    },
    changed: watermark.drop,
    died(domain) {
      const pid = domain.file === undefined ? undefined : last.entries.get(domain.file)?.pid;
      if (pid === undefined || machine.processExists(pid) !== false) return undefined;
      const persistent = readDomain(machine, `${last.folder}/${domain.name}.xml`, domain.name, 'defined', undefined);
      // What its live XML says does not hold any more; what its persistent XML says is kept, for people.
      return { ...(persistent?.domain ?? { ...domain, state: 'defined', interfaces: [] }), died: true };
    },
    runs: (name) => runs(machine, name),
  };
}

async function lookAtAll(host: Machine, before: ReadonlyMap<string, Cached>): Promise<Look> {
  // Where a folder of tmpfs is written to, its list may lack a file that was there all the time: those of the last look are looked for.
  const live = [...new Set([...xmlFiles(host, LIVE_FOLDER), ...filesIn(LIVE_FOLDER, before)])];
  const etc = xmlFiles(host, PERSISTENT_FOLDER);
  const [folder, persistent] = etc.length > 0 ? [PERSISTENT_FOLDER, etc] : [NIXOS_FOLDER, xmlFiles(host, NIXOS_FOLDER)];
  const known = new Set([...live, ...persistent].map(nameInXml));
  const isCopy = ({ copyOf }: Cached) => copyOf !== undefined && known.has(`${copyOf}.xml`);
  const entries = new Map<string, Cached>();
  const slice = createSlices(SLICE_MS);
  const read = (folder: string, file: string, state: 'running' | 'defined') => {
    const path = `${folder}/${file}`;
    const entry = readDomain(host, path, file.slice(0, -'.xml'.length), state, before.get(path));
    if (entry) entries.set(path, entry);
    return slice();
  };
  for (const file of live) await read(LIVE_FOLDER, file, 'running');
  // A VM that stopped since the list was made is defined still.
  for (const file of persistent) if (!entries.has(`${LIVE_FOLDER}/${file}`)) await read(folder, file, 'defined');
  const domains = [...entries.values()].filter((entry) => !isCopy(entry)).map(({ domain }) => domain);
  return { folder, entries, domains: domains.sort((a, b) => compare(a.name, b.name)) };
}

// One that could not be read may be readable the next time, with no change of its folder.
function isUnderstood({ state }: Domain): boolean {
  return state !== 'unknown';
}

// To parse a thousand files takes seconds: every few milliseconds, others have their turn.
const SLICE_MS = 10;

function filesIn(folder: string, entries: Look['entries']): readonly string[] {
  return [...entries.keys()].filter((path) => path.startsWith(`${folder}/`)).map((path) => basename(path));
}

function xmlFiles(host: Machine, folder: string): readonly string[] {
  return (host.list(folder) ?? []).filter((file) => file.endsWith('.xml'));
}

// undefined: the file vanished, as when a VM stops.
function readDomain(
  host: Machine,
  path: string,
  fileName: string,
  state: 'running' | 'defined',
  cached: Cached | undefined,
): Cached | undefined {
  const unknown = (stat: FileStat | undefined, problem: string): Cached => {
    // What was known of a running domain stays known: its vnets must not vanish from the report because of its file.
    const last = state === 'running' ? cached?.domain : undefined;
    const { uuid, interfaces = [], metadata } = last ?? {};
    const stopped = state === 'defined' ? { stopped: true as const } : {};
    const text = `${path}: ${problem}`;
    return {
      stat,
      domain: { name: fileName, uuid, state: 'unknown', problem: text, ...stopped, interfaces, metadata },
    };
  };
  let read: FileStat | undefined;
  try {
    const stat = host.stat(path);
    if (!stat) return undefined;
    if (cached?.stat && sameFile(cached.stat, stat)) return cached;
    if (!stat.isFile) return unknown(stat, 'not a regular file');
    if (stat.size > MAX_BYTES) return unknown(stat, `${stat.size} bytes; expected at most ${MAX_BYTES}`);
    const text = host.readText(path);
    read = stat;
    const xml = parseDomainXml(text);
    if (xml.name !== nameInXml(fileName)) {
      const entry = unknown(stat, `the XML's <name> is ${JSON.stringify(xml.name.slice(0, 80))}, not the file's`);
      return state === 'defined' ? { ...entry, copyOf: xml.name } : entry;
    }
    const { uuid, interfaces, metadata, pid } = xml;
    return { stat, domain: { name: fileName, uuid, state, file: path, interfaces, metadata }, pid };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return unknown(read, (error as Error).message);
  }
}

function sameFile(a: FileStat, b: FileStat): boolean {
  return a.ino === b.ino && a.mtimeMs === b.mtimeMs && a.size === b.size && a.isFile === b.isFile;
}
