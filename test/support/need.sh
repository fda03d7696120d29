#!/bin/bash
# test/support/need.sh WHO COMMAND:PACKAGE…
# Installs the Debian packages of those commands that this machine lacks, and says so; WHO is who needs them. Debian 12 or newer, as root;
# others are told what to install. No service that a package brings is started.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
who=$1 missing=()
shift
for pair in "$@"; do command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}"); done
[ ${#missing[@]} = 0 ] && exit 0
[ "$(id -u)" = 0 ] || { echo "$who: not root, and missing here: apt-get install ${missing[*]}" >&2; exit 1; }
echo "$who: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
apt-get update -qq -o Acquire::Retries=5
apt-get install -y -qq -o Acquire::Retries=5 --no-install-recommends "${missing[@]}" >/dev/null
