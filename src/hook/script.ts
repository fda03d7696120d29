// The small shell script that libvirt runs. Pure.
// It starts node only for the operations that matter, and has the last word on the exit status: a broken installation must
// neither keep a VM from starting (unless fail_closed) nor kill one at `reconnect`.
import { OUR_MARK } from '../host/linux/hook-files.ts';
import { SHOW_OPTIONS } from '../host/linux/vlans.ts';
import { KEPT_CODE, KEPT_FOLDER } from './kept.ts';

export interface ScriptPaths {
  /** Absolute paths; `program` is src/hook-main.ts as it is built. */
  readonly node: string;
  readonly program: string;
  readonly config: string;
}

/** The script's text, for sh(1). `kept`: the folder of `nextCall`. */
export function hookScript({ node, program, config }: ScriptPaths, kept: string = KEPT_FOLDER): string {
  return `#!/bin/sh
# ${OUR_MARK}
# Written by "libvirt-vlan-exporter hook install"; "hook status" tells how it is, "hook uninstall" removes it.
# Sets the VLANs of a VM's ports when it starts. https://libvirt.org/hooks.html. Never call virsh here: it deadlocks libvirtd.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LIBVIRT_VLAN_CONFIG=${quote(config)}
export PATH LIBVIRT_VLAN_CONFIG
[ -e /proc/self/fd/0 ] || exec </dev/null
waiting=${quote(kept)}/start.$1

# Libvirt does not wait, and nothing of its stays open but the XML on stdin.
later() {
  exec 3<&0
  setsid sh -c 'sleep 1; exec "$@"' sh ${quote(node)} ${quote(program)} hook "$@" <&3 3<&- >/dev/null 2>&1 &
}

case $2 in
start)
  # Before the vCPUs run: libvirt waits for the answer, 0 or 1, which comes on fd 3. The process goes on after it, for the journal and
  # for what "started" is for. Beside node one bridge(8) is started: its stdin is a pipe that node writes to as fd 5, its stdout
  # one that node reads as fd 4. The XML is fd 7 on its way to node's stdin.
  [ ! -e "$waiting" ] || rm -f "$waiting"
  exec 7<&0
  answer=$(: | {
    exec 5>/proc/self/fd/0 6<&0
    bridge ${SHOW_OPTIONS.join(' ')} -batch - <&6 2>/dev/null 5>&- 6<&- 7<&- |
      ${quote(node)} ${quote(program)} answer "$@" 4<&0 <&7 3>&1 >/dev/null 2>&1 6<&- 7<&- &
  })
  case $answer in 0 | 1) exit "$answer" ;; esac
  why="the hook ended without an answer"
  [ -x ${quote(node)} ] && [ -r ${quote(program)} ] || why=${quote(`${node} or ${program} is gone; install the hook again`)}
  logger -t "libvirt-hook[$1]" -p user.err "ERROR: start: $why"
  # Should kept code be the reason, the next start does without.
  rm -f ${quote(`${kept}/${KEPT_CODE}`)}
  ! grep -q '^[^#]*fail_closed: *true' "$LIBVIRT_VLAN_CONFIG" || exit 1
  ;;
started | stopped | release)
  # Only a word to the process of "start", which looks again; where there is none, at "started", a process of its own.
  if [ -r "$waiting" ] && read -r pid <"$waiting" && [ -d "/proc/\${pid:-none}" ]; then
    echo "$2" >>"$waiting"
  elif [ "$2" = started ]; then
    later "$@"
  fi
  ;;
reconnect)
  # A non-zero status would kill the running VM.
  later "$@"
  ;;
esac
exit 0
`;
}

/** The paths in a script of ours; undefined where it is none. */
export function pathsOf(script: string): ScriptPaths | undefined {
  const word = "('(?:[^']|'\\\\'')*'|[\\w@%+=:,./-]+)";
  const call = new RegExp(`^ {2}(?:setsid .* sh )?${word} ${word} hook "\\$@"`, 'm').exec(script);
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
