#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# same_training.sh TASK OSTTP BOARD: two epochs on emu:, on loop: and on BOARD (xbar-board, or what
# can be started like it) behind a serial line give the same metrics and the same checkpoint, to the
# byte: weights, what the trainer keeps, and the state of the chips. Task jsb needs $CROSSLOOP_DATA.
set -eu
task=$1 osttp=$2 board=$3
if [ "$task" = jsb ] && [ ! -e "${CROSSLOOP_DATA:-}/jsb-chorales-quarter.json" ]; then
	echo 'no jsb-chorales-quarter.json in $CROSSLOOP_DATA'
	exit 77
fi
folder=$(mktemp -d)
pid=
# The board takes its link with it: it must be gone before the folder is.
trap '[ -z "$pid" ] || { kill $pid; wait $pid || true; }; rm -r "$folder"' EXIT

train() {
	XBAR_URI=$2 "$osttp" train --task "$task" --rule osttp --weights chips --epochs 2 \
		--out "$folder/$1" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
}

same() {
	cmp "$folder/emu/metrics.csv" "$folder/$1/metrics.csv"
	cmp "$folder/emu/checkpoint.h5" "$folder/$1/checkpoint.h5"
}

train emu 'emu:?chips=2&seed=7'
train loop 'loop:?chips=2&seed=7'
same loop

"$board" --pty "$folder/ttyXBAR0" chips=2 seed=7 2>"$folder/board.log" &
pid=$!
n=0
while [ ! -e "$folder/ttyXBAR0" ]; do
	n=$((n + 1))
	[ $n -lt 400 ] || { cat "$folder/board.log" >&2; exit 1; }
	sleep 0.05
done
train serial "serial:$folder/ttyXBAR0"
same serial
