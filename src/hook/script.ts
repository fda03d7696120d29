// The small shell script that libvirt runs. Pure.
// It starts node only for the operations that matter, and has the last word on the exit status: a broken installation must
// neither keep a VM from starting (unless fail_closed) nor kill one at `reconnect`.
import { OUR_MARK } from '../host/hook-files.ts';

export interface ScriptPaths {
  /** Absolute paths; `program` is src/hook-main.ts as it is built. */
  readonly node: string;
  readonly program: string;
  readonly config: string;
}

/** The script's text, for sh(1). */
export function hookScript({ node, program, config }: ScriptPaths): string {
  return `#!/bin/sh
# ${OUR_MARK}
# Written by "libvirt-vlan-exporter hook install"; "hook status" tells how it is, "hook uninstall" removes it.
# Sets the VLANs of a VM's ports when it starts. https://libvirt.org/hooks.html. Never call virsh here: it deadlocks libvirtd.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LIBVIRT_VLAN_CONFIG=${quote(config)}
export PATH LIBVIRT_VLAN_CONFIG

hook() {
  ${quote(node)} ${quote(program)} hook "$@"
}

case $2 in
start)
  # Before the vCPUs run: libvirt waits.
  hook "$@" >/dev/null && exit 0
  status=$?
  logger -t "libvirt-hook[$1]" -p user.err "ERROR: start: the hook ended with status $status"
  ! grep -q '^[^#]*fail_closed: *true' "$LIBVIRT_VLAN_CONFIG" || exit 1
  ;;
started | reconnect)
  # Only a check, a second later, when libvirt has done with the VM: libvirt does not wait, and nothing of its stays open but the
  # XML on stdin. A non-zero status at reconnect would kill the running VM.
  exec 3<&0
  setsid sh -c 'sleep 1; exec "$@"' sh ${quote(node)} ${quote(program)} hook "$@" <&3 3<&- >/dev/null 2>&1 &
  ;;
esac
exit 0
`;
}

/** The paths in a script of ours; undefined where it is none. */
export function pathsOf(script: string): ScriptPaths | undefined {
  const word = "('(?:[^']|'\\\\'')*'|[\\w@%+=:,./-]+)";
  const call = new RegExp(`^ {2}${word} ${word} hook "\\$@"$`, 'm').exec(script);
  const config = new RegExp(`^LIBVIRT_VLAN_CONFIG=${word}$`, 'm').exec(script);
  if (!call?.[1] || !call[2] || !config?.[1]) return undefined;
  return { node: unquote(call[1]), program: unquote(call[2]), config: unquote(config[1]) };
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function unquote(word: string): string {
  return word.startsWith("'") ? word.slice(1, -1).replaceAll(`'\\''`, "'") : word;
}
