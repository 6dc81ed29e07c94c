# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC1091,SC2154
# Runs in the emulated PC as its only program, see run.sh: "ok" or "not ok" for each step, then
# "end". /tmp/arguments has the paths of the programs.
set -u
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LANG=C
export FFS=/tmp/ffs ACM=1
cd /tmp || exit
. /tmp/arguments

usb='usb:1209:0001?serial=K1'
tty=serial:/dev/ttyACM0

now() {
	cut -d' ' -f1 /proc/uptime
}

# step NAME COMMAND...: its output is shown only if it fails.
step() {
	name=$1
	shift
	if "$@" >step.log 2>&1; then
		echo "ok $name, at $(now) s"
	else
		echo "not ok $name, at $(now) s"
		tail -n 40 step.log | sed 's/^/  | /'
	fi
}

# both COMMAND: COMMAND NAME URI for both links at the same time; fails if one does.
both() {
	"$1" usb "$usb" >both.usb 2>&1 &
	one=$!
	"$1" tty "$tty" >both.tty 2>&1 &
	two=$!
	failed=0
	wait "$one" || failed=1
	wait "$two" || failed=1
	cat both.usb both.tty
	return "$failed"
}

# wait_for COMMAND...: until it succeeds, at most a minute or so.
wait_for() {
	for _ in $(seq 300); do
		"$@" && return 0
		sleep 0.2
	done
	echo "waited in vain: $*"
	return 1
}

gadget() {
	sh "$gadget_script" "$@"
}

# There, and udev has told it to all who listen.
is_plugged() {
	[ -c /dev/ttyACM0 ] && "$udevadm" settle
}

is_unplugged() {
	[ ! -e /dev/ttyACM0 ]
}

# The controller is not to be had before the board has given its descriptors.
plug() {
	wait_for gadget plug && wait_for is_plugged
}

unplug() {
	gadget unplug && wait_for is_unplugged
}

# A new board on each link, with the keys $*.
start_boards() {
	"$xbar_board" --ffs "$FFS" "$@" 2>board.usb &
	board_usb=$!
	"$xbar_board" --tty /dev/ttyGS0 "$@" 2>board.tty &
	board_tty=$!
	plug
}

# A gadget without its FunctionFS program is unplugged by the kernel.
stop_boards() {
	kill "$board_usb" "$board_tty" && wait "$board_usb" "$board_tty" && wait_for is_unplugged
}

bring_up() {
	mkdir -p /run/udev/rules.d && cp "$rules" /run/udev/rules.d/ &&
		bash -c "exec -a systemd-udevd '$udevadm' --daemon" &&
		gadget up K1 &&
		start_boards chips=1 seed=1
}

are_rules_followed() {
	node=$("$udevadm" info --query=name /sys/bus/usb/devices/1-1) &&
		"$udevadm" info "/dev/$node" && ls -l "/dev/$node" /dev/crossloop-K1 &&
		"$udevadm" info "/dev/$node" | grep -q 'TAGS=.*:uaccess:' &&
		[ "$(stat -c %a "/dev/$node")" = 660 ] &&
		[ "$(readlink -f /dev/crossloop-K1)" = /dev/ttyACM0 ]
}

is_scanned() {
	"$xbar" scan >scanned && cat scanned &&
		grep -q "$usb" scanned && grep -q "$tty" scanned
}

run_contract() {
	XBAR_TEST_URI=$2 timeout 800 "$contract"
}

new_boards() {
	stop_boards && start_boards chips=2 seed=7
}

# train NAME URI, as run.sh has done on emu:.
train() {
	# shellcheck disable=SC2086 # words
	timeout 400 "$osttp" $training_arguments --uri "$2" --out "run.$1"
}

is_trained_alike() {
	wait "$training" &&
		cmp "$metrics" run.usb/metrics.csv && cmp "$metrics" run.tty/metrics.csv &&
		"$xbar" info "$usb" | sed -n '/so far/,$p' >end.usb &&
		"$xbar" info "$tty" | sed -n '/so far/,$p' >end.tty &&
		cat end.usb && cmp end.usb end.tty
}

# In the middle of both trainings, which go on as if nothing had been.
replug() {
	wait_for [ -s run.usb/metrics.csv ] && [ -d run.tty ] && unplug && sleep 1 && plug &&
		kill -0 "$training"
}

# Out for good: an error in time, that says so.
bench_without_end() {
	timeout 60 "$xbar" bench "$2" >"bench.$1" 2>&1
	status=$?
	cat "bench.$1"
	[ "$status" -eq 1 ]
}

is_unplug_told() {
	both bench_without_end &
	benches=$!
	sleep 2
	unplug && wait "$benches"
}

are_back() {
	plug && "$xbar" info "$usb" && "$xbar" info "$tty"
}

take_down() {
	stop_boards && gadget down && [ ! -e /dev/ttyGS0 ]
}

mount -t configfs none /sys/kernel/config
step 'the boards are plugged in' bring_up
step 'Windows would take WinUSB for it' "$compatible_id"
step 'udev follows the rules for boards' are_rules_followed
step 'xbar scan finds both' is_scanned
step 'contract over usbfs and over ttyACM0' both run_contract
step 'bursts end with full packets' "$full_packets" "$usb"
step 'new boards in their place' new_boards
both train >training.log 2>&1 &
training=$!
step 'unplugged and plugged in again while they train' replug
step 'training on USB and on the line gives the numbers of emu:' is_trained_alike
step 'an unplug ends calls with an error' is_unplug_told
step 'and the boards are there again afterwards' are_back
step 'the gadget is taken away' take_down
cat training.log board.usb board.tty
echo end
