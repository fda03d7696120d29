#!/bin/bash
# root.sh SUITE: prints the path of a file system image of a Debian host with systemd, libvirt, QEMU, Prometheus and Ansible. Made
# once for the same inputs; boots write to a copy-on-write file beside it, never to it. Node and npm are not in it: the node that
# runs the scenarios lies where no PATH leads.
set -euo pipefail
exec 3>&1 >&2 # stdout is for the path alone: mke2fs, among others, writes to it when it makes the image
here=$(cd "$(dirname "$0")" && pwd)
suite=$1
cache=${LAB_CACHE:-/var/cache/libvirt-vlan-lab}
packages=systemd,systemd-sysv,dbus,iproute2,kmod,procps,curl
packages+=,libvirt-daemon-system,libvirt-clients,qemu-system-x86
packages+=,prometheus,prometheus-alertmanager,ifupdown2
packages+=,libstdc++6,man-db,ansible-core,python3-apt
modules=/usr/lib/uml/modules
node=$(readlink -f "$(command -v node)")

key=$(cat "$0" "$here/debian.sh" "$here/inside/host-boot" "$here/inside/lab.service" <(echo "$suite" && ls "$modules" && node --version) | sha256sum | cut -c 1-16)
image=$cache/$suite-$key.ext4
mkdir -p "$cache"
exec 9>"$cache/$suite.lock"
flock 9
[ -e "$image" ] && echo "$image" >&3 && exit 0

root=$(mktemp -d "$cache/root.XXXXXX")
trap 'rm -rf "$root" "$image.new"' EXIT
echo "lab: making a $suite root (about two minutes, once)"
"$here/debian.sh" --variant=minbase --aptopt='APT::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --include="$packages" "$suite" "$root/root"
# Of the product's package all is installed. Nothing outlives a crash of this machine: dpkg need not sync.
echo force-unsafe-io >"$root/root/etc/dpkg/dpkg.cfg.d/99mmdebstrap"
mkdir -p "$root/root/lib/modules"
cp -a "$modules"/* "$root/root/lib/modules/"
install -D "$node" "$root/root/usr/local/lib/lab/node"
install -m 755 "$here/inside/host-boot" "$root/root/usr/local/sbin/lab-boot"
install -m 644 "$here/inside/lab.service" "$root/root/etc/systemd/system/lab.service"
mkdir "$root/root/lab"
echo lab >"$root/root/etc/hostname"
: >"$root/root/etc/machine-id" # empty: a random one each boot, yet no "first boot", which would enable every unit again
systemctl --quiet --root="$root/root" enable lab.service
# What a scenario wants of these it starts itself; networking would take the bridge that the lab makes for its own.
systemctl --quiet --root="$root/root" disable prometheus.service prometheus-alertmanager.service systemd-networkd.service >/dev/null 2>&1
# Each unit costs a second here, and these are of no use.
systemctl --quiet --root="$root/root" mask networking.service getty@tty1.service getty.target apt-daily.timer apt-daily-upgrade.timer \
  dpkg-db-backup.timer fstrim.timer logrotate.timer e2scrub_all.timer e2scrub_reap.service libvirt-guests.service \
  systemd-binfmt.service systemd-pstore.service systemd-update-utmp.service systemd-networkd-wait-online.service
mke2fs -q -t ext4 -O '^has_journal' -d "$root/root" "$image.new" 4G
find "$cache" -name "*.ext4" -mtime +7 -delete
mv "$image.new" "$image"
echo "$image" >&3
