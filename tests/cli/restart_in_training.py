# SPDX-License-Identifier: GPL-3.0-or-later
"""A board that restarts in the middle of a training's pulses: restart_in_training.py OSTTP XBAR-BOARD

Between both sits a relay that knows the heads of frames (PROTOCOL.md, 2 and 3). At a list of pulses it
restarts the board: after the pulses were given and before the answer arrives, or before they were
given. Neither can osttp know, so it must stop and say so; and nothing is lost: with --resume the run
ends as one on emu: that nobody disturbed, to the byte.
"""
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import tty
import unittest

OSTTP, XBAR_BOARD = (os.path.abspath(x) for x in sys.argv[1:])
PATIENCE = 100  # s; never reached where all is well
KEYS = ["chips=2", "seed=7"]
RSP, EVT, PULSE_LIST, BOOT = 2, 3, 0x12, 0x81
N_BEFORE = 5  # lists of pulses of an epoch before the one that is disturbed


def head(block):
    """Of a COBS block: (type, op, session, seq)."""
    out = b""
    while block and len(out) < 16:
        code = block[0]
        out += block[1:code] + b"\0" * (code < 255)
        block = block[code:]
    return struct.unpack("<xxBxxxHII", out[:16]) if len(out) >= 16 else (0, 0, 0, 0)


class Relay(threading.Thread):
    """A board on a serial line at .path that restarts once, after so many epochs."""

    def __init__(self, folder, n_epoch, is_given):
        super().__init__(daemon=True)
        self.path, self.metrics = folder + "/ttyXBAR0", folder + "/run/metrics.csv"
        self.n_epoch, self.is_given = n_epoch, is_given
        self.n_list, self.disturbed = 0, None  # session and seq of the disturbed request
        self.is_restarted = False
        self.line, host = pty.openpty()
        tty.setraw(host)
        self.host = host  # open, so that the line does not hang up between two programs
        os.symlink(os.ttyname(host), self.path)
        self.board = subprocess.Popen(
            [XBAR_BOARD, "--stdio", "--framing", "uart", "--frame", "1024", *KEYS],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.start()

    def run(self):
        held = {self.line: b"", self.board.stdout.fileno(): b""}
        while True:
            for fd in select.select(list(held), [], [])[0]:
                data = os.read(fd, 65536)
                if not data:
                    return
                *blocks, held[fd] = (held[fd] + data).split(b"\0")
                for block in blocks:
                    if fd == self.line:
                        self.from_host(block)
                    else:
                        self.from_board(block)

    def is_time(self):
        """metrics.csv begins with the first checkpoint and grows with each."""
        return os.path.exists(self.metrics) and content(self.metrics).count(b"\n") > self.n_epoch

    def is_the_one(self, block):
        _, op, session, seq = head(block)
        if self.disturbed or op != PULSE_LIST:
            return False
        self.n_list += self.is_time()
        if self.n_list > N_BEFORE:
            self.disturbed = (session, seq)
        return self.n_list > N_BEFORE

    def restart(self):
        self.board.send_signal(signal.SIGUSR1)

    def from_host(self, block):
        if self.is_the_one(block) and not self.is_given:
            self.restart()
        else:
            self.to_board(block)

    def from_board(self, block):
        kind, op, session, seq = head(block)
        if kind == RSP and (session, seq) == self.disturbed:
            self.restart()
            return
        self.is_restarted |= bool(self.disturbed and (kind, op) == (EVT, BOOT))
        # Answers to what came after the disturbed request are lost as its own is.
        if not self.disturbed or self.is_restarted:
            os.write(self.line, block + b"\0")

    def to_board(self, block):
        self.board.stdin.write(block + b"\0")
        self.board.stdin.flush()

    def end(self):
        self.board.terminate()
        self.board.wait(PATIENCE)
        self.join(PATIENCE)
        self.board.stdin.close()
        self.board.stdout.close()
        os.close(self.line)
        os.close(self.host)


def train(*args):
    return subprocess.run([OSTTP, "train", *args], capture_output=True, text=True, timeout=PATIENCE,
                          check=False)


def fresh(uri, out):
    return train("--task", "chorale", "--rule", "osttp", "--weights", "chips", "--epochs", "2",
                 "--set", "train.checkpoint_every=1", "--uri", uri, "--out", out)


def content(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


class Restart(unittest.TestCase):
    def disturb(self, n_epoch, is_given):
        with tempfile.TemporaryDirectory() as folder:
            relay = Relay(folder, n_epoch, is_given)
            run = folder + "/run"
            stopped = fresh("serial:" + relay.path, run)
            self.assertEqual(stopped.returncode, 1, stopped.stderr)
            self.assertTrue(relay.is_restarted)
            self.assertIn("may or may not have been", stopped.stderr)
            self.assertIn("osttp train --resume " + run, stopped.stderr)
            self.assertEqual(content(run, "metrics.csv").count(b"\n"), 1 + n_epoch)
            resumed = train("--resume", run)
            self.assertEqual(resumed.returncode, 0, resumed.stderr)
            relay.end()
            clean = fresh("emu:?" + "&".join(KEYS), folder + "/clean")
            self.assertEqual(clean.returncode, 0, clean.stderr)
            for name in ("metrics.csv", "checkpoint.h5"):
                self.assertTrue(content(run, name) == content(folder, "clean", name), name)

    def test_pulses_that_were_given_are_not_given_again(self):
        self.disturb(1, is_given=True)

    def test_pulses_that_were_not_given_are_not_forgotten(self):
        self.disturb(0, is_given=False)


unittest.main(argv=sys.argv[:1])
