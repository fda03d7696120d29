#!/bin/bash
# uml13.sh: prints a folder with Debian 13's user-mode Linux (kernel 6.12) and the libraries that it needs, which Debian 12 does
# not have. Made once, into LAB_CACHE.
#
# uml13.sh FOLDER ARGUMENT…: runs its linux.uml with these arguments, the machine's own root under /host. The mounts are seen by
# that process alone, and go with it.
set -euo pipefail
cache=${LAB_CACHE:-/var/cache/libvirt-vlan-lab}
if [ $# = 0 ]; then
  key=$(sha256sum "$0" | cut -c 1-16)
  folder=$cache/uml13-$key
  mkdir -p "$cache"
  exec 9>"$cache/uml13.lock"
  flock 9
  if [ ! -d "$folder" ]; then
    trap 'rm -rf "$folder.new"' EXIT
    echo "lab: fetching Debian 13's user-mode Linux (once)" >&2
    "$(dirname "$0")/debian.sh" --variant=extract --include=user-mode-linux,libc6 trixie "$folder.new" >&2
    for name in bin lib lib64 sbin; do
      mkdir -p "$folder.new/usr/$name"
      ln -sfn "usr/$name" "$folder.new/$name"
    done
    mkdir -p "$folder.new"/{host,proc,dev,tmp}
    mv "$folder.new" "$folder"
  fi
  echo "$folder"
  exit 0
fi

folder=$1
shift
# HOME: it panics without.
exec unshare --mount --propagation private bash -c '
  cd "$0" && mount --rbind / host && mount -t proc proc proc && mount --rbind /dev dev && mount -t tmpfs tmp tmp &&
    HOME=/tmp exec chroot . /usr/bin/linux.uml "$@"' "$folder" "$@"
