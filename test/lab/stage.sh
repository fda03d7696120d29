#!/bin/bash
# stage.sh FOLDER: the product's package as FOLDER/new.deb, one of the version before as FOLDER/old.deb, and the Ansible role as FOLDER/roles.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
stage=$1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{
  mkdir -p "$stage"
  cp -r "$top/packaging/ansible/roles" "$stage/roles"
  "$top/packaging/build" --quick --arch amd64 --out "$stage"
  mv "$stage/"*_amd64.deb "$stage/new.deb"
  "$top/test/packaging/older" "$stage/new.deb" "$stage/old.deb"
} >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
