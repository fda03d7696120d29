#!/bin/sh
# libvirt's qemu hook: GUEST OPERATION SUBOPERATION EXTRA, and the domain's XML on stdin. https://libvirt.org/hooks.html#qemu
# It sets the VLANs of a VM's ports. "libvirt-vlan-exporter hook install" makes libvirt call it. What it promises:
# - at "start" the ports are right before the vCPUs run, and libvirt waits 10 s at most, whatever hangs;
# - at "started" and "reconnect" libvirt waits only until the XML is read;
# - the exit status is 0. Only at "start", where something failed and the config says fail_closed, it is 1: the VM does not
#   start. At "reconnect" any other status would kill a running VM;
# - nothing on stdout, where migration and restore would take it for XML, and no file of libvirt's stays open in a process
#   that goes on: libvirt would wait for it;
# - never a call into libvirt, which would wait for this hook.

[ -e /proc/self/fd/0 ] || exec </dev/null
exec >/dev/null 2>&1
: "${PATH:=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}"
: "${LIBVIRT_VLAN_NODE:=node}"
: "${LIBVIRT_VLAN_CONFIG:=/etc/libvirt-vlan-exporter/config.yml}"
# Root's own folder, gone with a reboot.
: "${LIBVIRT_VLAN_RUN:=/run/libvirt-vlan-hook}"
# How long libvirt waits for the program at most. The program gives up on bridge(8) earlier: see src/hook/main.ts.
: "${LIBVIRT_VLAN_ANSWER_SECONDS:=8}"
# Node 22.1 and newer keep compiled code there; older ones ignore it.
NODE_COMPILE_CACHE=$LIBVIRT_VLAN_RUN/code
export PATH LIBVIRT_VLAN_NODE LIBVIRT_VLAN_CONFIG LIBVIRT_VLAN_RUN LIBVIRT_VLAN_ANSWER_SECONDS NODE_COMPILE_CACHE
guest=$1 operation=$2
spool=$LIBVIRT_VLAN_RUN/spool

# The worker takes jobs for 10 minutes and waits for a VM's taps for 10 minutes at most.
WORKER_SECONDS=1500

# An error for the journal, on stdout, as the program prints its entries: fields as in src/hook/facts.ts, and an empty line
# between two entries.
complain() { # TEXT [FIELD…]
  text=$1 && shift
  printf '%s\n' '' "MESSAGE=ERROR: $operation: $text" PRIORITY=3 SYSLOG_IDENTIFIER=libvirt-hook \
    "SYSLOG_IDENTIFIER=libvirt-hook[$guest]" "LIBVIRT_VLAN_DOMAIN=$guest" "$@"
}

# One that stands for the run, of which the program has told nothing.
complain_of_run() { # TEXT
  complain "$1" "LIBVIRT_VLAN_OPERATION=$operation" LIBVIRT_VLAN_RUN=1
}

# Writes the entries on stdin to the journal. logger takes one at a time. Where it hangs, the rest is dropped: whoever prints them
# must not wait.
to_journal() {
  entry=
  while IFS= read -r line || { line=; [ -n "$entry" ]; }; do
    if [ -n "$line" ]; then
      entry=$entry$line$newline
    elif [ -n "$entry" ]; then
      printf %s "$entry" | timeout 30 logger --journald
      [ $? != 124 ] || exec cat >/dev/null
      entry=
    fi
  done
}
newline='
'

# Whether the config asks for it, where the program cannot tell: node is gone, or the config is broken. The key where a key can stand: at the begin of a line, or after { or a comma.
fail_closed() {
  [ -f "$LIBVIRT_VLAN_CONFIG" ] &&
    timeout 1 sed 's/^#.*//; s/[[:space:]]#.*//' "$LIBVIRT_VLAN_CONFIG" | tr '\n' ',' |
    grep -Eqi "(^|[{,])[[:space:]]*[\"']?fail_closed[\"']?[[:space:]]*:[[:space:],]*true"
}

# Prints entries; its status is the hook's.
configure() {
  timeout -s KILL "$LIBVIRT_VLAN_ANSWER_SECONDS" "$LIBVIRT_VLAN_NODE" "$program" "$@"
  status=$?
  case $status in
  0) return 0 ;;
  3) ;; # It has told why, and could not read the config.
  4) return 0 ;; # It has told why, and the config lets the VM start.
  5) ;; # It has told why, and the config does not.
  137) complain_of_run "no answer from $LIBVIRT_VLAN_NODE $program within $LIBVIRT_VLAN_ANSWER_SECONDS s" ;;
  *) complain_of_run "$LIBVIRT_VLAN_NODE $program ended with exit status $status; run \"libvirt-vlan-exporter hook status\"" ;;
  esac
  [ $status = 5 ] || fail_closed || return 0
  complain "the VM is kept from starting, as fail_closed in $LIBVIRT_VLAN_CONFIG demands"
  return 1
}

start() {
  entries=$(configure "$@")
  status=$?
  [ -z "$entries" ] || printf '%s\n' "$entries" | to_journal &
  return $status
}

# Hands operation, guest and XML to a worker, in a session of its own. libvirt waits until they are read, and for nothing after it.
later() {
  umask 077
  new=$LIBVIRT_VLAN_RUN/new.$$
  if { [ -d "$spool" ] || mkdir -p "$spool"; } && { printf '%s\n%s\n' "$operation" "$guest" && cat; } >"$new"; then
    hand_over </dev/null &
  else
    not_written </dev/null &
  fi
}

hand_over() {
  if mv "$new" "$spool/"; then
    exec setsid flock -o "$LIBVIRT_VLAN_RUN/lock" sh "$self" "$guest" worker
  else
    not_written
  fi
}

not_written() {
  complain "cannot write to $spool" | to_journal
  rm -f "$new"
}

# One at a time. At a restart of libvirtd with a hundred VMs the first one does them all, and the others find nothing to do.
worker() {
  sleep 1
  [ -n "$(ls -A "$spool")" ] || return 0
  {
    timeout -s KILL "$WORKER_SECONDS" "$LIBVIRT_VLAN_NODE" "$program" || {
      status=$?
      complain "$LIBVIRT_VLAN_NODE $program ended with exit status $status; run \"libvirt-vlan-exporter hook status\""
      # What it took is gone already; what came meanwhile is the next worker's. One that cannot even start would fail at each.
      case $status in 3 | 137) ;; *) rm -f "$spool"/* ;; esac
    }
  } | to_journal
}

case $operation in start | started | reconnect | worker) ;; *) exit 0 ;; esac
# The file that libvirt calls reads this one in: see src/hook/script.ts.
self=${LIBVIRT_VLAN_HOOK:-$0}
[ ! -L "$self" ] || self=$(readlink -f "$self")
program=${self%/*}/hook.cjs
case $operation in
start) start "$@" || exit 1 ;;
started | reconnect) later ;;
worker) worker ;;
esac
exit 0
