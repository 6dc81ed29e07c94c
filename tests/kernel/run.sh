#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Boot Debian's kernel in an emulated PC (QEMU without KVM) and use virtual boards there as USB
# devices: real usbfs, a real /dev/ttyACM0, a real unplug. dummy_hcd is host and device controller
# in one; guest.sh is what runs inside, on this computer's own files (9p, read-only).
#
#	run.sh WORK NAME=VALUE...       WORK: a folder for kernel and logs; NAME: what guest.sh asks for
#
# Needs Debian's qemu-system-x86, busybox-static, cpio and kmod. Kernel and udev come from Debian's
# archive, are unpacked, not installed, and kept in WORK. Exit status: 0 passed, 1 failed, 77
# something needed is not here.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd)
shift
limit=${CROSSLOOP_KERNEL_TIMEOUT:-1500} # s, of the emulated PC

skip() {
	printf 'skipped: %s\n' "$*"
	exit 77
}

for program in qemu-system-x86_64 busybox cpio depmod modprobe dpkg apt-get timeout; do
	command -v "$program" >/dev/null 2>&1 || skip "no $program"
done

# Unpack package $1 of Debian's archive as folder $2.
unpack() {
	rm -rf "$work/download"
	mkdir "$work/download"
	(cd "$work/download" && apt-get -q download "$1" >apt.log 2>&1) || skip "cannot download $1"
	rm -rf "$2"
	dpkg -x "$work"/download/*.deb "$2"
	rm -rf "$work/download"
}

# vmlinuz and tree/: busybox and the modules in the order in which they must be loaded.
get_kernel() {
	package=$(apt-cache show --no-all-versions linux-image-amd64 2>/dev/null |
		sed -n 's/^Depends: \(linux-image-[^ ,]*\).*/\1/p')
	[ -n "$package" ] || skip "no package linux-image-amd64"
	unpack "$package" "$work/package"
	version=${package#linux-image-}
	depmod -b "$work/package" "$version"
	rm -rf "$work/tree"
	mkdir -p "$work/tree/bin" "$work/tree/modules" "$work/tree/proc" "$work/tree/host"
	cp "$(command -v busybox)" "$work/tree/bin/"
	for module in virtio_pci 9pnet_virtio 9p dummy_hcd usb_f_fs usb_f_acm cdc-acm; do
		modprobe -d "$work/package" -S "$version" --show-depends "$module"
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' >"$work/modules"
	while read -r file; do
		cp "$file" "$work/tree/modules/"
		basename "$file"
	done <"$work/modules" >"$work/tree/modules/order"
	mv "$work/package/boot/vmlinuz-$version" "$work/vmlinuz"
	rm -rf "$work/package"
}

[ -f "$work/vmlinuz" ] || get_kernel
[ -x "$work/udev/bin/udevadm" ] || unpack udev "$work/udev"

for argument; do
	case $argument in osttp=*) osttp=${argument#osttp=} ;; esac
done
training='train --quiet --task chorale --weights chips --seed 1 --epochs 3 --set network.hidden=16'
training="$training --set train.batch=40"
rm -rf "$work/run"
# shellcheck disable=SC2086 # words
"$osttp" $training --uri 'emu:?chips=2&seed=7' --out "$work/run" >/dev/null

{
	printf "training_arguments='%s'\nmetrics='%s'\n" "$training" "$work/run/metrics.csv"
	printf "udevadm='%s'\nguest='%s'\n" "$work/udev/bin/udevadm" "$here/guest.sh"
	for argument; do
		printf "%s='%s'\n" "${argument%%=*}" "${argument#*=}"
	done
} >"$work/tree/arguments"
cp "$here/init.sh" "$work/tree/init"
chmod +x "$work/tree/init"
(cd "$work/tree" && find . | cpio -o -H newc --quiet) >"$work/initrd"

timeout --foreground -k 5 "$limit" qemu-system-x86_64 -machine q35,accel=tcg -cpu max -m 1024 \
	-nographic -nodefaults -no-reboot -serial "file:$work/log" \
	-kernel "$work/vmlinuz" -initrd "$work/initrd" \
	-append 'console=ttyS0 quiet panic=-1 rdinit=/init' \
	-virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
	</dev/null &
qemu=$!
trap 'kill "$qemu" 2>/dev/null; exit 1' INT TERM HUP
status=0
wait "$qemu" || status=$?

tr -d '\r' <"$work/log"
[ "$status" -eq 0 ] || printf 'qemu ended with %s\n' "$status"
# guest.sh says "end" when it got there, and a line for each of its steps.
[ "$status" -eq 0 ] && tr -d '\r' <"$work/log" | grep -q '^end$' &&
	! grep -q '^not ok' "$work/log"
