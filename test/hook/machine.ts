// A hook's machine on the simulated host: what is written is kept, sleeping lets things happen.
import { readFileSync } from 'node:fs';
import { type HookMachine, runHook } from '../../src/hook/run.ts';
import type { JournalFields } from '../../src/host/journal-write.ts';
import { createSimHost, type SimHost } from '../../src/sim/host.ts';
import { formatTable } from '../../src/vlan.ts';

export const CONFIG = '/etc/libvirt-vlan-exporter/config.yml';
export const SHIPPED = readFileSync('systemd/config.yml', 'utf8');

export function testMachine(options: { background?: boolean; config?: string; sleep?: (host: SimHost) => void } = {}) {
  let now = 1_000_000;
  let kept: string | undefined;
  const host = createSimHost({ now: () => now });
  host.addBridge('br-mgmt');
  host.writeFile(CONFIG, options.config ?? SHIPPED);
  const entries: JournalFields[] = [];
  const background: string[] = [];
  const machine: HookMachine = {
    host,
    configFile: CONFIG,
    settings: {
      read: () => kept,
      write: (text) => {
        kept = text;
      },
    },
    readStdin: () => '',
    elapsed: () => 7,
    write: (entry) => void entries.push(entry),
    sleep: async (ms) => {
      now += ms;
      options.sleep?.(host);
    },
    goOnInBackground: options.background ? undefined : (xml) => void background.push(xml),
  };
  const call = (guest: string, operation: string, xml = stdinXml(host, guest)) =>
    runHook([guest, operation, 'begin', '-'], { ...machine, readStdin: () => xml });
  const said = () => entries.map((entry) => `${entry.PRIORITY} ${entry.MESSAGE}`);
  return { ...machine, host, entries, background, said, call };
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
  return formatTable(rows.map(([vid, untagged]) => ({ vid: vid as never, untagged, pvid: link?.pvid === vid })));
}
