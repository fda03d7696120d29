#!/bin/bash
# Installs what the lab needs and this machine lacks.
set -euo pipefail
compiler=()
if grep -qw amx_tile /proc/cpuinfo; then # see preload.sh
  compiler=(cc:gcc)
  [ -e /usr/include/stdio.h ] || compiler+=(stdio.h:libc6-dev)
fi
exec "$(dirname "$0")/../support/need.sh" lab linux.uml:user-mode-linux modprobe:kmod bridge:iproute2 mmdebstrap:mmdebstrap mke2fs:e2fsprogs \
  strip:binutils ${compiler[@]+"${compiler[@]}"}
