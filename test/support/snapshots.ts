// Snapshots of all kinds, for properties: bridges with VMs, uplinks and orphans, VLAN tables of every shape.
import fc from 'fast-check';
import { tapMac } from '../../src/model/mac.ts';
import type { Bridge, Domain, Interface, Port, Snapshot } from '../../src/model/snapshot.ts';
import { parseTable, type VlanTable } from '../../src/model/vlan.ts';

const NAMES = [
  'vyos-01',
  'vyos-02',
  'k3s-worker-01',
  '9800',
  'true',
  'näm e',
  "it's",
  '- a',
  'a: b',
  '[x]',
  '"q"',
  'default',
  '__proto__',
  '~',
];

/** Tables that a policy can demand, a few of them often. */
export const DEMANDABLE = [
  '10 20 100*',
  '1* 10 20',
  '10 20',
  '100*',
  '1*',
  '10-12 200-210 4094*',
  '20 100*',
  '1 10 20 100*',
];

/** Tables that none can demand. */
export const ODD = ['none', '10 100*t', '10u 20 100*', '1u 10u'];

interface Nic {
  readonly bridge: 0 | 1;
  readonly table: string;
}

/** A snapshot whose VMs run, all matched beyond doubt. */
export function wellSnapshot(tables: readonly string[] = DEMANDABLE): fc.Arbitrary<Snapshot> {
  const nic: fc.Arbitrary<Nic> = fc.record({
    bridge: fc.constantFrom<0 | 1>(0, 0, 0, 1),
    table: fc.constantFrom(...tables),
  });
  const vms = fc.uniqueArray(
    fc.record({ name: fc.constantFrom(...NAMES), nics: fc.array(nic, { minLength: 1, maxLength: 3 }) }),
    { selector: (vm) => vm.name, minLength: 1, maxLength: 8 },
  );
  const uplink = fc.option(fc.constantFrom('1-4094', '10 20', '1*'), { nil: undefined });
  return fc.tuple(vms, uplink).map(([all, uplinkTable]) => assemble(all, uplinkTable));
}

/** Any snapshot: parts unread, values unknown. */
export function anySnapshot(): fc.Arbitrary<Snapshot> {
  const broken = fc.subarray(['links', 'vlans', 'domains'] as const);
  return fc.tuple(wellSnapshot([...DEMANDABLE, ...ODD]), broken, fc.string()).map(([snapshot, parts, error]) => ({
    ...snapshot,
    ...Object.fromEntries(parts.map((part) => [part, { ok: false, error }])),
  }));
}

function assemble(vms: readonly { name: string; nics: readonly Nic[] }[], uplinkTable: string | undefined): Snapshot {
  const ports: [Port[], Port[]] = [[], []];
  const vlans = new Map<string, VlanTable>();
  let count = 0;
  const domains = vms.map(({ name, nics }): Domain => {
    const interfaces = nics.map(({ bridge, table }): Interface => {
      const n = count++;
      const mac = `52:54:00:00:00:${n.toString(16).padStart(2, '0')}`;
      ports[bridge].push({ name: `vnet${n}`, mac: tapMac(mac), tap: true });
      if (table !== 'none') vlans.set(`vnet${n}`, parseTable(table));
      return { mac, target: `vnet${n}`, bridge: `br${bridge}`, skipped: undefined };
    });
    return { name, uuid: undefined, state: 'running', interfaces };
  });
  if (uplinkTable !== undefined) {
    ports[0].push({ name: 'eno1', mac: '00:00:00:00:00:01', tap: false });
    vlans.set('eno1', parseTable(uplinkTable));
  }
  const bridges = ports.map(
    (list, i): Bridge => ({ name: `br${i}`, vlanFiltering: true, defaultPvid: 1, ports: list }),
  );
  return {
    takenAt: 1,
    links: { ok: true, value: bridges },
    vlans: { ok: true, value: vlans },
    domains: { ok: true, value: domains },
    collectors: [{ collector: 'vlans', ok: true, durationMs: 1 }],
  };
}
