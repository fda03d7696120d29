// A hook's machine on the simulated host: what is written is kept, sleeping lets things happen.
import { readFileSync } from 'node:fs';
import { type HookMachine, runHook } from '../../src/hook/run.ts';
import type { JournalFields } from '../../src/host/linux/journal-write.ts';
import { createSimHost, type SimHost } from '../../src/host/sim/host.ts';
import { formatTable, vidRange, vlanTable } from '../../src/model/vlan.ts';

export const CONFIG = '/etc/libvirt-vlan-exporter/config.yml';
export const SHIPPED = readFileSync('systemd/config.yml', 'utf8');

interface Options {
  readonly background?: boolean;
  readonly config?: string;
  readonly sleep?: (host: SimHost) => void;
  /** libvirt's next call for the VM, as the process of `start` hears of it; null where none comes. */
  readonly nextCall?: string | null;
}

export function testMachine(options: Options = {}) {
  let now = 1_000_000;
  let kept: string | undefined;
  const host = createSimHost({ now: () => now });
  host.addBridge('br-mgmt');
  host.writeFile(CONFIG, options.config ?? SHIPPED);
  const entries: JournalFields[] = [];
  const background: string[] = [];
  /** What libvirt and the journal see, in order. */
  const events: string[] = [];
  const awaitCall = async (guest: string) => {
    events.push(`registered ${guest}`);
    await Promise.resolve();
    events.push(`called ${options.nextCall}`);
    return options.nextCall ?? undefined;
  };
  const machine: HookMachine = {
    host,
    configFile: CONFIG,
    settings: {
      read: () => kept,
      write: (text) => {
        kept = text;
      },
    },
    forgetKept: () => {
      kept = undefined;
      events.push('forgot');
    },
    readStdin: () => '',
    elapsed: () => 7,
    answer: (status) => void events.push(`answer ${status}`),
    nextCall: options.nextCall === undefined ? undefined : awaitCall,
    write: (entry) => {
      entries.push(entry);
      events.push(entry.MESSAGE);
    },
    sleep: async (ms) => {
      now += ms;
      options.sleep?.(host);
    },
    goOnInBackground: options.background ? undefined : (xml) => void background.push(xml),
  };
  const call = (guest: string, operation: string, xml = stdinXml(host, guest)) =>
    runHook([guest, operation, 'begin', '-'], { ...machine, readStdin: () => xml });
  const said = () => entries.map((entry) => `${entry.PRIORITY} ${entry.MESSAGE}`);
  return { ...machine, host, entries, events, background, said, call };
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
