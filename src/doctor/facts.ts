// What doctor looks at: the host and this program's installation on it, read once. What could not be read is in it as such.
import type { Settings } from '../config/settings.ts';
import type { Installation } from '../hook/installation.ts';
import type { RemediatorView } from '../model/remediator-status.ts';
import type { Reading, Snapshot } from '../model/snapshot.ts';
import type { ParsedWebConfig } from '../web/config/web-config.ts';

export interface Facts {
  readonly configFile: string;
  readonly config: Reading<Settings>;
  /** undefined where there is no config to say which bridges. */
  readonly snapshot: Snapshot | undefined;
  /** What `bridge -V` prints. */
  readonly iproute2: Reading<string>;
  readonly systemd: Reading<Systemd>;
  readonly hook: Reading<Installation>;
  /** Executable hooks of others that set VLANs. */
  readonly otherHooks: readonly string[];
  /** Lines of the kernel since boot: AppArmor or SELinux kept libvirt's hooks from something. */
  readonly denials: readonly string[];
  /** Whether SELinux enforces and `virt_hooks_unconfined` is off. */
  readonly hooksConfined: boolean;
  /** Whether the journal can be read. */
  readonly journal: Reading<true>;
  /** systemd.network(5) files that are in force. */
  readonly networkFiles: readonly { readonly path: string; readonly text: string }[];
  /** NetworkManager's state of each device, as "connected (externally)", by name; empty where it does not run. */
  readonly networkManager: ReadonlyMap<string, string>;
  /** The text of interfaces(5) and its further files; undefined where ifupdown2 is not installed. */
  readonly ifupdown2: string | undefined;
  /** The web config file that the exporter is told to read. */
  readonly web: { readonly file: string; readonly parsed: Reading<ParsedWebConfig> } | undefined;
  readonly remediator: RemediatorView;
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
}

export const EXPORTER = 'libvirt-vlan-exporter.service';
export const REMEDIATOR = 'libvirt-vlan-remediator.service';
export const SOCKETS = ['libvirt-vlan-exporter-rtnl.socket', 'libvirt-vlan-remediator-rtnl.socket'] as const;
export const NETWORKD = 'systemd-networkd.service';
export const NETWORK_MANAGER = 'NetworkManager.service';
