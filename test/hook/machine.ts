// A hook's machine on the simulated host: what is written is kept, sleeping lets things happen.
import { readFileSync } from 'node:fs';
import type { Operation } from '../../src/hook/call.ts';
import { type HookMachine, runLater, runStart } from '../../src/hook/run.ts';
import { createSimHost, type SimHost } from '../../src/host/sim/host.ts';
import type { JournalFields } from '../../src/model/journal.ts';
import { formatTable, vidRange, vlanTable } from '../../src/model/vlan.ts';
import { onPrograms } from '../support/on-programs.ts';

export const CONFIG = '/etc/libvirt-vlan-exporter/config.yml';
export const SHIPPED = readFileSync('systemd/config.yml', 'utf8');

interface Options {
  readonly config?: string;
  readonly sleep?: (host: SimHost) => void;
}

export function testMachine(options: Options = {}) {
  let now = 1_000_000;
  let kept: string | undefined;
  const host = onPrograms(createSimHost({ now: () => now }));
  host.addBridge('br-mgmt');
  host.writeFile(CONFIG, options.config ?? SHIPPED);
  const entries: JournalFields[] = [];
  const machine: HookMachine = {
    host,
    configFile: CONFIG,
    program: 'a program',
    settings: {
      read: () => kept,
      write: (text) => {
        kept = text;
      },
    },
    elapsed: () => now - 1_000_000,
    write: (fresh) => void entries.push(...fresh),
    sleep: async (ms) => {
      now += ms;
      options.sleep?.(host);
      // Others have their turn, as in a real sleep.
      await new Promise(setImmediate);
    },
  };
  /** The exit status at `start`; libvirt does not see that of the others. */
  const call = async (guest: string, operation: Operation, xml = stdinXml(host, guest)) =>
    operation === 'start' ? runStart(guest, () => xml, machine) : runLater({ guest, operation, xml }, machine);
  const said = () => entries.map((entry) => `${entry.PRIORITY} ${entry.MESSAGE}`);
  return { ...machine, host, entries, said, call, pass: (ms: number) => (now += ms) };
}

/** As libvirt writes it to the hook: the live domain. */
export function stdinXml(host: SimHost, guest: string): string {
  try {
    return /<domain[ >].*<\/domain>/s.exec(host.readText(`/run/libvirt/qemu/${guest}.xml`))?.[0] ?? '';
  } catch {
    return '';
  }
}

export function tableOf(host: SimHost, port: string): string {
  const { links } = host.kernel;
  const link = links.get(port);
  const rows = [...(link?.vlans ?? [])].sort(([a], [b]) => a - b);
  return formatTable(
    vlanTable(rows.map(([vid, untagged]) => ({ ...vidRange(vid), untagged, pvid: link?.pvid === vid }))),
  );
}
