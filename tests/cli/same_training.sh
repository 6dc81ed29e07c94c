#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# same_training.sh OSTTP XBAR-BOARD: two epochs on emu: and on boards behind links
# give the same metrics, to the byte.
set -eu
osttp=$1 board=$2
folder=$(mktemp -d)
pid=
# The board takes its link with it: it must be gone before the folder is.
trap '[ -z "$pid" ] || { kill $pid; wait $pid || true; }; rm -r "$folder"' EXIT

train() {
	XBAR_URI=$2 "$osttp" train --task chorale --rule osttp --weights chips --epochs 2 \
		--out "$folder/$1" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
}

train emu 'emu:?chips=2&seed=7'
train loop 'loop:?chips=2&seed=7'
cmp "$folder/emu/metrics.csv" "$folder/loop/metrics.csv"

"$board" --pty "$folder/ttyXBAR0" chips=2 seed=7 2>"$folder/board.log" &
pid=$!
n=0
while [ ! -e "$folder/ttyXBAR0" ]; do
	n=$((n + 1))
	[ $n -lt 100 ] || { cat "$folder/board.log" >&2; exit 1; }
	sleep 0.05
done
train serial "serial:$folder/ttyXBAR0"
cmp "$folder/emu/metrics.csv" "$folder/serial/metrics.csv"
