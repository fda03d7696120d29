// Troubles from other programs: iproute2 that is missing or old, and those that own the bridge or its ports and undo what was set. Pure.
import { shellWord } from '../model/shell.ts';
import type { Bridge } from '../model/snapshot.ts';
import { REMEDIATOR } from '../model/surroundings.ts';
import { matchesGlob } from '../policy/expect.ts';
import type { Trouble } from './diagnosis.ts';
import { type Facts, runs } from './facts.ts';

export function iproute2({ iproute2: printed }: Facts): readonly Trouble[] {
  const check = 'iproute2';
  const why = 'VLANs are read and set by bridge(8), version 5.0 or newer';
  if (!printed.ok)
    return [{ check, what: `bridge(8) does not run: ${printed.error}`, why, type: 'apt install iproute2' }];
  // "bridge utility, 6.1.0"; up to 5.6 a date, "bridge utility, iproute2-ss190107": 5.0 is that of 190319.
  const [, version, date] = /, (?:(\d+)\.\d|iproute2-ss(\d+))/.exec(printed.value) ?? [];
  const old = version ? Number(version) > 0 && Number(version) < 5 : date ? Number(date) < 190319 : false;
  return old
    ? [{ check, what: `iproute2 is too old: ${printed.value.trim()}`, why, type: 'apt install iproute2' }]
    : [];
}

/** Programs that own the bridge or its ports, and undo what was set. */
export function others(facts: Facts): readonly Trouble[] {
  const found = facts.snapshot?.links.ok ? facts.snapshot.links.value : [];
  return [...networkd(facts, found), ...networkManager(facts, found), ...ifupdown2(facts, found)];
}

function networkd({ systemd, networkFiles }: Facts, found: readonly Bridge[]): readonly Trouble[] {
  // From 255 on it deletes the VLANs that its file does not name.
  if (!systemd.ok || systemd.value.version < 255) return [];
  const taps = ['vnet0', ...found.flatMap(({ ports }) => ports.filter(({ tap }) => tap).map(({ name }) => name))];
  return networkFiles
    .filter(
      ({ text }) =>
        /^\s*\[BridgeVLAN\]/m.test(text) && taps.some((tap) => namesOf(text).some((glob) => matchesGlob(glob, tap))),
    )
    .map(({ path }) => ({
      check: 'networkd',
      what: `${path} has [BridgeVLAN] for taps of VMs`,
      why: `systemd-networkd ${systemd.value.version} deletes every VLAN that it does not name`,
      type: `edit ${path}, and networkctl reload`,
    }));
}

/** The globs of `Name=` in [Match]. */
function namesOf(text: string): readonly string[] {
  return [...text.matchAll(/^\s*Name\s*=\s*(.*)$/gm)].flatMap(([, value = '']) => value.trim().split(/\s+/));
}

function networkManager({ networkManager: states }: Facts, found: readonly Bridge[]): readonly Trouble[] {
  const owned = found
    .flatMap(({ name, ports }) => [name, ...ports.filter(({ tap }) => tap).map((port) => port.name)])
    // "connected (externally)": it only looks on.
    .filter((name) => states.get(name) !== undefined && !/unmanaged|externally/.test(states.get(name) ?? ''));
  return owned.map((name) => ({
    check: 'networkmanager',
    what: `NetworkManager owns ${name}`,
    why: 'bringing its connection up again takes ports off the bridge, and their VLANs with them',
    type: `nmcli device set ${shellWord(name)} managed no`,
  }));
}

// `ifreload` takes taps off a bridge that it owns. The remediator mends that at once.
function ifupdown2(facts: Facts, found: readonly Bridge[]): readonly Trouble[] {
  const text = facts.ifupdown2;
  if (text === undefined || runs(facts, REMEDIATOR)) return [];
  return found
    .filter(({ name }) =>
      text.split('\n').some((line) => /^\s*iface\s/.test(line) && line.trim().split(/\s+/)[1] === name),
    )
    .map(({ name }) => ({
      check: 'ifupdown2',
      what: `ifupdown2 owns ${name}, and the remediator does not run`,
      why: '"ifreload" takes the VLANs of its taps away',
      type: `systemctl enable --now ${REMEDIATOR}`,
    }));
}
