// Why a finding is one: the one table of reasons, the gravest first. Page, plan, metrics, README and the alerts take from it what
// a reason means, how grave it is, whether it is healed, and what to type. A new reason is one entry.
import { shellWord } from './shell.ts';

interface Entry {
  /** What is not as it should be. */
  readonly deviation: string;
  /** What that means for the traffic. */
  readonly meaning: string;
  readonly severity: 'critical' | 'warning';
  /** The alert that tells of it. */
  readonly alert: string;
  /** What has to be there and read for anybody to tell. `bridge`: whether it filters; `ports`: those that it has, as long as it is there. */
  readonly needs: readonly ('bridge' | 'ports' | 'vlans' | 'domains' | 'fdb')[];
  /**
   * Whether healing mends it: `by policy` where the policy decides. `yes` needs a change that does it, and `isSettled` to see it. `never`
   * on a vnet's finding leaves the whole vnet alone, its PVID, too.
   */
  readonly healed: 'yes' | 'by policy' | 'never';
  /** When, or why not. */
  readonly healing: string;
  /** Commands that show it, for a shell, as root. */
  readonly inspect: (subject: Subject) => readonly string[];
  /** `plan DOMAIN` has nothing to say of it. */
  readonly unplanned?: true;
}

interface Subject {
  readonly bridge: string;
  readonly vnet: string | undefined;
}

const vlansOf = ({ vnet }: Subject) => (vnet === undefined ? [] : [`bridge vlan show dev ${shellWord(vnet)}`]);
const portsOf = ({ bridge }: Subject) => [`ip -br link show master ${shellWord(bridge)}`];

const TABLE = {
  filtering_off: {
    deviation: 'the bridge has `vlan_filtering 0` and enforces nothing',
    meaning: 'no VLAN is enforced: all VMs on the bridge share one network',
    severity: 'critical',
    alert: 'LibvirtVlanBridgeNotFiltering',
    needs: ['bridge'],
    healed: 'never',
    healing: 'only an operator turns filtering on; nothing on that bridge is healed meanwhile',
    inspect: ({ bridge }) => [`cat /sys/class/net/${shellWord(bridge)}/bridge/vlan_filtering`],
    unplanned: true,
  },
  host_vlan_missing: {
    deviation: 'the bridge itself lacks a row of `host`',
    meaning: 'the host is cut off from VLANs that it needs itself, its management network perhaps',
    severity: 'critical',
    alert: 'LibvirtVlanHostVlanMissing',
    needs: ['vlans'],
    healed: 'never',
    healing: "the host's own place on the bridge is checked and never changed",
    inspect: ({ bridge }) => [`bridge vlan show dev ${shellWord(bridge)}`],
    unplanned: true,
  },
  uplink_vlan_missing: {
    deviation: 'an uplink lacks a VLAN in use',
    meaning: 'VLANs in use do not leave the host',
    severity: 'warning',
    alert: 'LibvirtVlanUplinkVlanMissing',
    needs: ['vlans', 'domains'],
    healed: 'never',
    healing: 'uplinks are checked and never changed',
    inspect: vlansOf,
  },
  pvid_wrong: {
    deviation: "another PVID than the policy's",
    meaning: 'untagged frames of the guest go into the wrong VLAN',
    severity: 'critical',
    alert: 'LibvirtVlanPvidWrong',
    needs: ['vlans', 'domains'],
    healed: 'yes',
    healing: '',
    inspect: vlansOf,
  },
  pvid_missing: {
    deviation: 'no PVID',
    meaning: 'untagged frames of the guest are dropped',
    severity: 'critical',
    alert: 'LibvirtVlanPvidWrong',
    needs: ['vlans', 'domains'],
    healed: 'yes',
    healing: '',
    inspect: vlansOf,
  },
  not_on_bridge: {
    deviation: 'an interface of a running domain has no port on its bridge',
    meaning: 'the interface has no network, or another one',
    severity: 'warning',
    alert: 'LibvirtVlanVnetNotOnBridge',
    needs: ['domains'],
    healed: 'never',
    healing: 'only an operator puts a port on a bridge',
    inspect: portsOf,
  },
  mac_ambiguous: {
    deviation: 'more than one interface fits a port, or more than one port an interface',
    meaning: 'what the port should have cannot be told',
    severity: 'warning',
    alert: 'LibvirtVlanMacAmbiguous',
    needs: ['ports', 'domains'],
    healed: 'never',
    healing: 'what is not matched beyond doubt is not touched',
    inspect: portsOf,
    unplanned: true,
  },
  intent_conflict: {
    deviation: 'two sources say what the vnet should have, and differ',
    meaning: 'what the port should have cannot be told',
    severity: 'warning',
    alert: 'LibvirtVlanIntentConflict',
    needs: ['ports', 'domains'],
    healed: 'never',
    healing: 'neither is put over the other; make them say the same, or name one of them in `intent`',
    inspect: vlansOf,
  },
  intent_invalid: {
    deviation: 'what the domain asks for is not understood, or more than `allowed`',
    meaning: 'what the port should have cannot be told',
    severity: 'warning',
    alert: 'LibvirtVlanIntentInvalid',
    needs: ['ports', 'domains'],
    healed: 'never',
    healing: 'nothing is guessed; correct the domain, or `allowed`',
    inspect: vlansOf,
  },
  vlan_missing: {
    deviation: 'not a member of a VLAN of the policy',
    meaning: 'tagged frames of these VLANs are dropped',
    severity: 'warning',
    alert: 'LibvirtVlanVlanMissing',
    needs: ['vlans', 'domains'],
    healed: 'yes',
    healing: '',
    inspect: vlansOf,
  },
  fdb_missing: {
    deviation:
      'libvirt keeps the port\'s FDB (`macTableManager="libvirt"`), and the guest\'s MAC has no entry in a VLAN',
    meaning: 'frames to the guest in these VLANs are dropped',
    severity: 'warning',
    alert: 'LibvirtVlanFdbMissing',
    needs: ['vlans', 'domains', 'fdb'],
    healed: 'yes',
    healing:
      'where nothing else is wrong, by the remediator after a second: a VM that is paused loses its entries a moment before libvirt says so',
    inspect: ({ vnet }) => (vnet === undefined ? [] : [`bridge fdb show dev ${shellWord(vnet)}`]),
  },
  vlan_unexpected: {
    deviation: 'member of a VLAN that the policy does not name',
    meaning: 'the guest reaches VLANs that it should not',
    severity: 'warning',
    alert: 'LibvirtVlanVlanUnexpected',
    needs: ['vlans', 'domains'],
    healed: 'by policy',
    healing: "with `unexpected: remove`; VLAN 1 and the bridge's default PVID always",
    inspect: vlansOf,
  },
  tagging_wrong: {
    deviation: 'a VLAN leaves tagged where untagged is expected, or the reverse',
    meaning: 'the guest does not understand frames of these VLANs, or gets frames of two VLANs untagged',
    severity: 'warning',
    alert: 'LibvirtVlanTaggingWrong',
    needs: ['vlans', 'domains'],
    healed: 'yes',
    healing: 'also a VLAN that the policy does not name: with `unexpected: report` it stays a member, but tagged',
    inspect: vlansOf,
  },
} as const satisfies Readonly<Record<string, Entry>>;

export type Reason = keyof typeof TABLE;

/** All reasons, the gravest first. */
export const REASONS = Object.keys(TABLE) as readonly Reason[];

export const REASON: Readonly<Record<Reason, Entry>> = TABLE;

/** The reasons as a Markdown table, for the README. */
export function renderReasons(): string {
  const rows = REASONS.map((reason) => {
    const { deviation, meaning, severity, healed, healing } = REASON[reason];
    return `| \`${reason}\` | ${deviation}; ${meaning} | ${severity} | ${healed}${healing && `: ${healing}`} |`;
  });
  return ['| reason | meaning | severity | healed |', '|---|---|---|---|', ...rows, ''].join('\n');
}
