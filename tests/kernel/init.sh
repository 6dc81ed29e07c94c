#!/bin/busybox sh
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=dash disable=SC1091,SC2154
# The emulated PC's first process: modules, the other side's files at /host, then guest.sh there.
export PATH=/bin
/bin/busybox --install -s /bin
. /arguments
mount -t proc none /proc
while read -r module; do
	insmod "/modules/$module" || echo "not ok: insmod $module"
done </modules/order
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 host /host
mount -t proc none /host/proc
mount -t sysfs none /host/sys
mount -t devtmpfs none /host/dev
mount -t tmpfs none /host/run
mount -t tmpfs none /host/tmp
cp /arguments /host/tmp/arguments
echo "up after $(cut -d' ' -f1 /proc/uptime) s, $(uname -r)"
chroot /host /bin/sh "$guest" 2>&1
sync
poweroff -f
