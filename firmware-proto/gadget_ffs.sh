#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Make this computer's USB device port a crossloop board, for `xbar-board --ffs DIR`. As root:
#
#	gadget_ffs.sh up [SERIAL]       make the gadget, mount its functionfs at $FFS
#	xbar-board --ffs $FFS chips=2   be the board (in the background, or as a service)
#	gadget_ffs.sh plug              connect it to the controller: the host sees it
#	gadget_ffs.sh unplug            as pulling the cable
#	gadget_ffs.sh down              take all of it away, after the board has stopped
#
# Needs configfs, libcomposite and usb_f_fs. With ACM=1 `up` adds a serial line (usb_f_acm), whose
# end here is /dev/ttyGS0, for `xbar-board --tty /dev/ttyGS0`.
set -eu

FFS=${FFS:-/dev/ffs-crossloop}
gadget=/sys/kernel/config/usb_gadget/crossloop

up() {
	[ -d /sys/kernel/config/usb_gadget ] || mount -t configfs none /sys/kernel/config
	mkdir "$gadget"
	cd "$gadget"
	echo 0x1209 >idVendor # pid.codes' test id
	echo 0x0001 >idProduct
	echo 0x0200 >bcdUSB
	mkdir strings/0x409 configs/c.1 configs/c.1/strings/0x409 functions/ffs.crossloop
	echo "$1" >strings/0x409/serialnumber
	echo crossloop >strings/0x409/manufacturer
	echo 'crossloop board' >strings/0x409/product
	echo board >configs/c.1/strings/0x409/configuration
	ln -s functions/ffs.crossloop configs/c.1/
	if [ "${ACM:-0}" = 1 ]; then
		mkdir functions/acm.GS0
		ln -s functions/acm.GS0 configs/c.1/
	fi
	# Windows asks for this string, then for the function's compatible id.
	echo MSFT100 >os_desc/qw_sign
	echo 0xcd >os_desc/b_vendor_code
	echo 1 >os_desc/use
	ln -s configs/c.1 os_desc/
	mkdir -p "$FFS"
	mount -t functionfs crossloop "$FFS"
}

down() {
	echo >"$gadget/UDC" 2>/dev/null || true
	umount "$FFS"
	cd "$gadget"
	rm -f os_desc/c.1 configs/c.1/ffs.crossloop configs/c.1/acm.GS0
	rmdir configs/c.1/strings/0x409 configs/c.1 functions/* strings/0x409
	cd /
	rmdir "$gadget"
}

case ${1-} in
up) up "${2:-$(cat /etc/machine-id 2>/dev/null || hostname)}" ;;
plug) basename "$(find /sys/class/udc/ -mindepth 1 | head -n 1)" >"$gadget/UDC" ;;
unplug) echo >"$gadget/UDC" ;;
down) down ;;
*)
	sed -n '3,12s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
