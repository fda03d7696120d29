#!/bin/bash
# Installs what the lab needs and this machine lacks. Debian 12 or newer, as root.
set -euo pipefail
missing=()
need() { command -v "$1" >/dev/null || missing+=("$2"); }
PATH=$PATH:/usr/sbin:/sbin
need linux.uml user-mode-linux
need modprobe kmod
need bridge iproute2
need mmdebstrap mmdebstrap
need mke2fs e2fsprogs
need strip binutils
if grep -qw amx_tile /proc/cpuinfo; then # see preload.sh
  need cc gcc
  [ -e /usr/include/stdio.h ] || missing+=(libc6-dev)
fi
[ ${#missing[@]} = 0 ] && exit 0
echo "lab: installing ${missing[*]}"
[ "$(id -u)" = 0 ] || { echo "lab: not root: apt-get install ${missing[*]}" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq -o Acquire::Retries=5
apt-get install -y -qq -o Acquire::Retries=5 --no-install-recommends "${missing[@]}" >/dev/null
