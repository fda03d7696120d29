// What keeps the program from working on this host, or will undo its work. Pure: facts come in, what to mend goes out.
import type { Settings } from '../config/settings.ts';
import { remarks } from '../hook/installation.ts';
import type { BridgePolicy } from '../model/policy.ts';
import type { Bridge, Domain } from '../model/snapshot.ts';
import { EXPORTER, REMEDIATOR, SOCKETS, type Systemd } from '../model/surroundings.ts';
import { matchesGlob } from '../policy/expect.ts';
import type { Facts } from './facts.ts';

/** Something to mend, for people. */
export interface Trouble {
  /** A word for programs: which check found it. */
  readonly check: string;
  readonly what: string;
  readonly why: string;
  /** A command, or what to edit. */
  readonly type: string;
}

/** A check that could not be made. */
export interface Untold {
  readonly check: string;
  readonly problem: string;
}

export interface Diagnosis {
  readonly troubles: readonly Trouble[];
  readonly untold: readonly Untold[];
}

/** In the order in which they are best mended. */
export function diagnose(facts: Facts): Diagnosis {
  const untold: Untold[] = [];
  const troubles = [
    ...iproute2(facts),
    ...config(facts),
    ...bridges(facts, untold),
    ...units(facts, untold),
    ...hook(facts, untold),
    ...journal(facts),
    ...web(facts),
    ...remediator(facts),
    ...others(facts),
  ];
  return { troubles, untold };
}

const runs = ({ systemd }: Facts, name: string) => systemd.ok && systemd.value.units.get(name)?.active === 'active';

function iproute2({ iproute2: printed }: Facts): readonly Trouble[] {
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

function config({ config: read, configFile }: Facts): readonly Trouble[] {
  const check = 'config';
  if (!read.ok) {
    const why = 'no program starts with it, and those that run keep the last good one';
    return [{ check, what: read.error, why, type: `libvirt-vlan-exporter config check ${configFile}` }];
  }
  if (read.value.policy.bridges.length > 0) return [];
  const why = 'as installed, it says nothing of any VM';
  return [{ check, what: `${configFile} names no bridge`, why, type: 'libvirt-vlan-exporter config infer' }];
}

/** Bridges, VMs and rules that do not fit each other. */
function bridges({ config: read, snapshot, configFile, hook: installed }: Facts, untold: Untold[]): readonly Trouble[] {
  if (!read.ok || !snapshot) return [];
  const { links, domains } = snapshot;
  if (!links.ok) untold.push({ check: 'bridge', problem: links.error });
  if (!snapshot.vlans.ok) untold.push({ check: 'vlans', problem: snapshot.vlans.error });
  if (!domains.ok) untold.push({ check: 'domains', problem: domains.error });
  const all = domains.ok ? domains.value : [];
  const unread = all.filter(({ state }) => state === 'unknown');
  for (const { name, problem } of unread) untold.push({ check: 'domains', problem: `${name}: ${problem}` });
  return [
    ...(links.ok ? read.value.policy.bridges.flatMap((policy) => bridge(policy, links.value, configFile)) : []),
    // A file that was not understood may hold the VM that a rule is for.
    ...(domains.ok && unread.length === 0 ? rules(read.value, domains.value, configFile) : []),
    ...(installed.ok ? nativeVlans(installed.value.libvirt, all, read.value) : []),
  ];
}

function bridge({ name }: BridgePolicy, found: readonly Bridge[], configFile: string): readonly Trouble[] {
  const check = 'bridge';
  const there = found.find((each) => each.name === name);
  if (!there) {
    const type = `ip -brief link show type bridge, and edit ${configFile}`;
    return [{ check, what: `there is no bridge ${name}`, why: 'nothing can be said of its VMs', type }];
  }
  if (there.vlanFiltering === undefined) {
    const why = 'the kernel needs CONFIG_BRIDGE_VLAN_FILTERING';
    const type = `cat /sys/class/net/${name}/bridge/vlan_filtering`;
    return [{ check, what: `whether ${name} filters VLANs cannot be read`, why, type }];
  }
  if (there.vlanFiltering) return [];
  const type = `ip link set ${name} type bridge vlan_filtering 1`;
  return [
    { check, what: `${name} does not filter VLANs`, why: 'no VLAN is enforced there, and nothing is healed', type },
  ];
}

/** Rules and bridges of the config that are for nobody. */
function rules({ policy }: Settings, domains: readonly Domain[], configFile: string): readonly Trouble[] {
  return policy.bridges.flatMap((each) => {
    const here = domains.flatMap(({ name, interfaces }) =>
      interfaces.filter((iface) => isOn(iface, each.name)).map(({ mac }) => ({ name, mac })),
    );
    const why = 'its VMs have another bridge, or none is defined';
    const type = `virsh domiflist VM, and edit ${configFile}`;
    if (here.length === 0) return [{ check: 'config', what: `no VM has an interface on ${each.name}`, why, type }];
    const idle = each.rules.filter(
      (rule) =>
        !here.some(
          ({ name, mac }) =>
            (rule.mac === undefined || rule.mac === mac) &&
            (rule.domains ?? ['*']).some((glob) => matchesGlob(glob, name)),
        ),
    );
    return idle.map((rule) => ({
      check: 'rule',
      what: `rule ${rule.name} of ${each.name} is for no VM of this host`,
      why: 'a misspelt name leaves a VM to another rule or to the preset',
      type: `virsh list --all, and edit ${configFile}`,
    }));
  });
}

// An interface of a network, in persistent XML, tells its bridge when it runs.
function isOn({ bridge: on, skipped, ethernet }: Domain['interfaces'][number], name: string): boolean {
  return on === name || (on === undefined && (skipped === undefined || ethernet !== undefined));
}

// libvirt before 11.0 refuses to start a VM with <vlan> on a Linux bridge.
function nativeVlans(
  libvirt: readonly number[] | undefined,
  domains: readonly Domain[],
  { policy }: Settings,
): readonly Trouble[] {
  if (!libvirt || (libvirt[0] ?? 0) >= 11) return [];
  const on = (name: string | undefined) => policy.bridges.some((each) => each.name === name);
  return domains
    .filter(({ interfaces }) => interfaces.some((iface) => iface.vlan && on(iface.bridge)))
    .map(({ name }) => ({
      check: 'libvirt',
      what: `${name} has <vlan> on a Linux bridge, and libvirt is ${libvirt.join('.')}`,
      why: 'before 11.0 libvirt does not start such a VM',
      type: `virsh edit ${name}`,
    }));
}

function units(facts: Facts, untold: Untold[]): readonly Trouble[] {
  const { systemd, hook: installed } = facts;
  if (!systemd.ok) untold.push({ check: 'units', problem: systemd.error });
  const noLibvirt = installed.ok && installed.value.libvirt === undefined;
  return [
    ...(systemd.ok ? ownUnits(systemd.value) : []),
    ...(noLibvirt
      ? [
          {
            check: 'libvirt',
            what: 'no libvirt daemon is installed',
            why: 'there is no VM to watch',
            type: 'apt install libvirt-daemon-system',
          },
        ]
      : []),
  ];
}

function ownUnits({ units: known }: Systemd): readonly Trouble[] {
  const check = 'units';
  const exporter = known.get(EXPORTER);
  const missing = !exporter || exporter.load === 'not-found';
  const dead = !missing && exporter.active !== 'active' && exporter.active !== 'failed';
  return [
    ...(missing
      ? [
          {
            check,
            what: `${EXPORTER} is not installed`,
            why: 'Prometheus is told nothing',
            type: 'install the package',
          },
        ]
      : []),
    ...(dead
      ? [
          {
            check,
            what: `${EXPORTER} does not run (${exporter.active})`,
            why: 'Prometheus is told nothing',
            type: `systemctl start ${EXPORTER}`,
          },
        ]
      : []),
    ...(!missing && exporter.file === 'disabled'
      ? [
          {
            check,
            what: `${EXPORTER} is not enabled`,
            why: 'it does not start with the host',
            type: `systemctl enable ${EXPORTER}`,
          },
        ]
      : []),
    ...[EXPORTER, REMEDIATOR, ...SOCKETS].flatMap((name) => {
      const unit = known.get(name);
      return [
        ...(unit?.active === 'failed'
          ? [{ check, what: `${name} has failed`, why: 'it does not do its work', type: `journalctl -u ${name} -n 20` }]
          : []),
        ...(unit?.stale
          ? [
              {
                check,
                what: `${name} was changed since systemd read it`,
                why: 'what runs is not what the file says',
                type: 'systemctl daemon-reload',
              },
            ]
          : []),
      ];
    }),
    ...(known.get(REMEDIATOR)?.file === 'enabled' && known.get(REMEDIATOR)?.active === 'inactive'
      ? [
          {
            check,
            what: `${REMEDIATOR} is enabled and does not run`,
            why: 'nothing is healed',
            type: `systemctl start ${REMEDIATOR}`,
          },
        ]
      : []),
  ];
}

function hook(facts: Facts, untold: Untold[]): readonly Trouble[] {
  const check = 'hook';
  const { hook: installed, otherHooks, denials, hooksConfined } = facts;
  if (!installed.ok) {
    untold.push({ check, problem: installed.error });
    return [];
  }
  const ours = installed.value.files.some(({ kind }) => kind === 'ours');
  const before = "a VM's VLANs are set before its processors run only by a hook that works";
  // Without libvirt there is no more to say than that.
  const about = installed.value.libvirt === undefined ? [] : ours ? remarks(installed.value) : [];
  return [
    ...(ours || installed.value.libvirt === undefined || runs(facts, REMEDIATOR)
      ? []
      : [
          {
            check,
            what: 'neither the hook is installed nor does the remediator run',
            why: 'a VM that starts has only the default PVID',
            type: 'libvirt-vlan-exporter hook install',
          },
        ]),
    ...about.map((what) => ({ check, what, why: before, type: 'libvirt-vlan-exporter hook status' })),
    ...(ours ? otherHooks : []).map((path) => ({
      check,
      what: `${path} sets VLANs, too`,
      why: 'two hooks undo each other, in the order of their names',
      type: `chmod -x ${path}`,
    })),
    ...(ours && denials.length > 0
      ? [
          {
            check: 'confinement',
            what: `the kernel kept libvirt's hook from something, ${denials.length} times since boot: ${denials.at(-1)}`,
            why: before,
            type: "journalctl -k -b --grep 'DENIED|avc: +denied'",
          },
        ]
      : []),
    ...(ours && hooksConfined
      ? [
          {
            check: 'confinement',
            what: 'SELinux confines libvirt hooks',
            why: before,
            type: 'setsebool -P virt_hooks_unconfined on',
          },
        ]
      : []),
  ];
}

function journal({ journal: read }: Facts): readonly Trouble[] {
  if (read.ok) return [];
  const why = 'errors of the hook are counted from it';
  return [{ check: 'journal', what: `the journal cannot be read: ${read.error}`, why, type: 'journalctl -b -n 1' }];
}

function web({ web: settings }: Facts): readonly Trouble[] {
  if (!settings) return [];
  const { file, parsed } = settings;
  const check = 'web';
  if (!parsed.ok)
    return [{ check, what: parsed.error, why: 'the exporter does not start with it', type: `edit ${file}` }];
  if (parsed.value.config.tls) return [];
  const open = parsed.value.config.users.size > 0;
  const why = open ? 'passwords cross the network as they are' : 'whoever listens reads along';
  return [{ check, what: `${file} has no tls_server_config`, why, type: `edit ${file}` }];
}

function remediator(facts: Facts): readonly Trouble[] {
  const check = 'remediator';
  const { remediator: view } = facts;
  if (!runs(facts, REMEDIATOR)) return [];
  if (view.kind !== 'current' && view.kind !== 'stale') return [];
  const { paused, held, domains } = view.status;
  const suspended = domains.filter(({ suspendedSince }) => suspendedSince !== undefined);
  return [
    ...(view.kind === 'stale'
      ? [
          {
            check,
            what: "the remediator's next cycle is long overdue",
            why: 'nothing is healed meanwhile',
            type: `journalctl -u ${REMEDIATOR} -n 20`,
          },
        ]
      : []),
    ...(paused
      ? [
          {
            check,
            what: 'the remediator is paused',
            why: 'nothing is healed',
            type: 'rm /run/libvirt-vlan-remediator/pause',
          },
        ]
      : []),
    ...(held.length > 0
      ? [
          {
            check,
            what: `a change of the policy is held: it moves ${held.length} vnets`,
            why: 'they stay as they are until somebody agrees',
            type: 'libvirt-vlan-exporter plan, then heal',
          },
        ]
      : []),
    ...suspended.map(({ domain }) => ({
      check,
      what: `healing of ${domain} is suspended`,
      why: 'somebody or something changes its VLANs again and again',
      type: `libvirt-vlan-exporter check ${domain}`,
    })),
  ];
}

/** Programs that own the bridge or its ports, and undo what was set. */
function others(facts: Facts): readonly Trouble[] {
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
    type: `nmcli device set ${name} managed no`,
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
