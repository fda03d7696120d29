#!/bin/bash
# stage.sh FOLDER: the product as a user installs it (README, "Install"), under FOLDER instead of /.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
stage=$1
cd "$top"
mkdir -p "$stage/usr" "$stage/etc/libvirt-vlan-exporter"
npm run --silent build >"$stage/build.log" 2>&1 || { cat "$stage/build.log" >&2; exit 1; }
rm "$stage/build.log"
tarball=$(npm pack --silent --pack-destination "$stage")
npm install --silent --global --offline --no-audit --no-fund --prefix "$stage/usr" "$stage/$tarball" >/dev/null
rm "$stage/$tarball"
cd "$stage/usr/lib/node_modules/libvirt-vlan-exporter/systemd"
install -D -m 644 config.yml "$stage/etc/libvirt-vlan-exporter/config.yml"
install -D -m 644 -t "$stage/etc/default" ./*.default
install -D -m 644 -t "$stage/etc/systemd/system" ./*.service ./*.socket
