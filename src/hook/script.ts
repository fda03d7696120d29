// The file that `hook install` puts where libvirt looks: where things are on this host, and hook.sh read in. Pure.
// It is a file and not a link: Debian's and Ubuntu's AppArmor profile of libvirtd lets a hook run what lies in /etc/libvirt/hooks,
// /usr/bin and /usr/sbin, looks at where a link points, and leaves alone what a program of /usr/bin starts, such as timeout(1).
import { OUR_MARK } from '../host/linux/hook-files.ts';
import { shellWord } from '../model/shell.ts';

/** Absolute paths. */
export interface ScriptPaths {
  readonly node: string;
  /** src/hook/hook.sh as it is installed, with hook.cjs beside it. */
  readonly script: string;
  readonly config: string;
}

/** The file's text, for sh(1). Where hook.sh is gone, it says so and is no reason for a VM not to start, or to be killed at `reconnect`. */
export function hookScript({ node, script, config }: ScriptPaths): string {
  return `#!/bin/sh
# ${OUR_MARK}
# Written by "libvirt-vlan-exporter hook install"; "hook status" tells how it is, "hook uninstall" removes it.
LIBVIRT_VLAN_NODE=${shellWord(node)}
LIBVIRT_VLAN_CONFIG=${shellWord(config)}
LIBVIRT_VLAN_HOOK=${shellWord(script)}
[ -r "$LIBVIRT_VLAN_HOOK" ] && . "$LIBVIRT_VLAN_HOOK"
case $2 in start | reconnect)
  logger -t libvirt-hook -p user.err "ERROR: $LIBVIRT_VLAN_HOOK is gone; install the hook again" </dev/null >/dev/null 2>&1 &
esac
exit 0
`;
}

/** The paths in a file of ours; undefined where it is none. */
export function pathsOf(text: string): ScriptPaths | undefined {
  const [node, config, script] = ['NODE', 'CONFIG', 'HOOK'].map((name) => {
    const word = new RegExp(`^LIBVIRT_VLAN_${name}=('(?:[^']|'\\\\'')*'|[\\w@%+=:,./-]+)$`, 'm').exec(text)?.[1];
    return word?.startsWith("'") ? word.slice(1, -1).replaceAll(`'\\''`, "'") : word;
  });
  return node && config && script ? { node, config, script } : undefined;
}
