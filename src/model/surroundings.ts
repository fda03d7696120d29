// What else on a host concerns this program: its units, who else manages the network, what keeps libvirt's hooks from their work.
import { WRITERS } from './history.ts';
import type { Reading } from './snapshot.ts';

export interface Surroundings {
  /** What `bridge -V` prints. */
  readonly iproute2: Reading<string>;
  readonly systemd: Reading<Systemd>;
  /** Lines of the kernel since boot: AppArmor or SELinux kept libvirt's hooks from something. */
  readonly denials: readonly string[];
  /** Whether SELinux enforces and `virt_hooks_unconfined` is off. */
  readonly hooksConfined: boolean;
  /** systemd.network(5) files that are in force. */
  readonly networkFiles: readonly { readonly path: string; readonly text: string }[];
  /** NetworkManager's state of each device, as "connected (externally)", by name; empty where it does not run. */
  readonly networkManager: ReadonlyMap<string, string>;
  /** The text of interfaces(5) and its further files; undefined where ifupdown2 is not installed. */
  readonly ifupdown2: string | undefined;
}

export interface Systemd {
  /** As 252. */
  readonly version: number;
  /** By name, as `libvirt-vlan-exporter.service`. */
  readonly units: ReadonlyMap<string, Unit>;
}

/** Properties of `systemctl show`, see org.freedesktop.systemd1(5). */
export interface Unit {
  /** `loaded`, `not-found`, `masked`, … */
  readonly load: string;
  /** `active`, `inactive`, `failed`, `activating`, … */
  readonly active: string;
  /** `enabled`, `disabled`, …; empty where there is no file. */
  readonly file: string;
  /** The unit's file was changed after systemd read it. */
  readonly stale: boolean;
  /** When it last started, stopped or reloaded, milliseconds since the epoch; undefined where that cannot be told. */
  readonly changedAt?: number | undefined;
}

export const EXPORTER = `${WRITERS.exporter}.service`;
export const REMEDIATOR = `${WRITERS.remediator}.service`;
export const SOCKETS = ['libvirt-vlan-exporter-rtnl.socket', 'libvirt-vlan-remediator-rtnl.socket'] as const;
/** Those that start VMs: the one for all drivers, or that of QEMU alone. Their units are `NAME.service`. */
export const LIBVIRT_DAEMONS = ['libvirtd', 'virtqemud'] as const;
export const NETWORKD = 'systemd-networkd.service';
export const NETWORK_MANAGER = 'NetworkManager.service';
