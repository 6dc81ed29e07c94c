#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# on_board.sh XBAR-BOARD PROGRAM [OPTION...]: run PROGRAM with $XBAR_TEST_URI naming an xbar-board (with
# these options) on a pseudo-terminal.
set -u
board_program=$1 program=$2
shift 2
folder=$(mktemp -d)
"$board_program" --pty "$folder/ttyXBAR0" chips=2 seed=1 "$@" 2>"$folder/log" &
board=$!
trap 'kill $board; wait $board; rm -r "$folder"' EXIT
n=0
while [ ! -e "$folder/ttyXBAR0" ]; do
	n=$((n + 1))
	[ $n -lt 400 ] || { cat "$folder/log" >&2; exit 1; }
	sleep 0.05
done
XBAR_TEST_URI=serial:$folder/ttyXBAR0
export XBAR_TEST_URI
"$program"
