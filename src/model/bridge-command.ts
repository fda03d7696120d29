// A change as bridge(8) takes it: for those who run it, and for those who show it. Pure.
import type { Change, FdbChange } from './plan.ts';
import { shellWord } from './shell.ts';
import { formatRange } from './vlan.ts';

/** The arguments of `bridge` for a change: `['vlan', 'add', 'vid', '10', 'dev', 'vnet1']`. */
export function bridgeArgs(change: Change): readonly string[] {
  if ('mac' in change) return fdbArgs(change);
  const flags = [...(change.pvid ? ['pvid'] : []), ...(change.untagged ? ['untagged'] : [])];
  return ['vlan', change.action === 'add' ? 'add' : 'del', 'vid', formatRange(change), 'dev', change.port, ...flags];
}

// `replace`, since libvirt may have added it a moment ago.
function fdbArgs({ action, port, mac, vid }: FdbChange): readonly string[] {
  const rest = [mac, 'dev', port, 'vlan', `${vid}`, 'master'];
  return action === 'fdb add' ? ['fdb', 'replace', ...rest, 'static'] : ['fdb', 'del', ...rest];
}

/** A change as a shell takes it: `bridge vlan add vid 100 dev vnet1 pvid untagged`. */
export function bridgeCommand(change: Change): string {
  return ['bridge', ...bridgeArgs(change)].map(shellWord).join(' ');
}

/** At most so many commands of one vnet are kept and shown; what they make of it stands beside them. */
export const MAX_COMMANDS = 50;

/** The changes as commands, the first ones; where there are more, a last line says how many. */
export function firstCommands(changes: readonly Change[]): readonly string[] {
  const first = changes.slice(0, MAX_COMMANDS).map(bridgeCommand);
  return changes.length > MAX_COMMANDS ? [...first, `and ${changes.length - MAX_COMMANDS} more`] : first;
}
