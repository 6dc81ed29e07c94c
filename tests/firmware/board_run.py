# SPDX-License-Identifier: GPL-3.0-or-later
"""A board as a process, and a host's end of its link."""
import os
import select
import socket
import subprocess
import tempfile
import time
import tty

import codec as c

PATIENCE = 20  # s; never reached where all is well


class Board:
    """One process and a host's end of its link."""

    def __init__(self, program, kind, *args):
        self.folder = tempfile.TemporaryDirectory()
        self.kind, self.held = kind, b""
        path = self.path = os.path.join(self.folder.name, "link")
        option = {"pty": ["--pty", path], "socket": ["--socket", path],
                  "fifos": ["--fifos", path + "-in," + path + "-out"], "stdio": ["--stdio"]}[kind]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([program] + option + list(args), stderr=pipe,
                                        stdin=pipe, stdout=pipe)
        self.process.stderr.readline()  # "... at LINK": it is there
        self.await_pty()
        self.connect()

    def await_pty(self):
        """qemu-board says so of its chips; the line comes when the firmware is up."""
        end = time.monotonic() + PATIENCE
        while self.kind == "pty" and not os.path.lexists(self.path):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("no board: " + self.process.stderr.read().decode())
            time.sleep(0.01)

    def connect(self):
        if self.kind == "pty":
            self.out = self.into = os.open(self.path, os.O_RDWR | os.O_NOCTTY)
            tty.setraw(self.out)
        elif self.kind == "socket":
            self.host = socket.socket(socket.AF_UNIX)
            self.host.connect(self.path)
            self.out = self.into = self.host.fileno()
        elif self.kind == "fifos":
            self.out = os.open(self.path + "-in", os.O_WRONLY)
            self.into = os.open(self.path + "-out", os.O_RDONLY)
        else:
            self.out, self.into = self.process.stdin.fileno(), self.process.stdout.fileno()

    def send(self, data):
        while data:
            data = data[os.write(self.out, data):]

    def send_frame(self, frame):
        self.send(c.cobs(frame) + b"\0" if self.kind == "pty" else frame)

    def take(self):
        """One frame out of what is held, or None."""
        if self.kind == "pty":
            block, zero, rest = self.held.partition(b"\0")
            if not zero:
                return None
            self.held = rest
            return c.uncobs(block) if block else self.take()
        if len(self.held) < 20 or len(self.held) < 20 + self.held[4] + 256 * self.held[5]:
            return None
        n = 20 + self.held[4] + 256 * self.held[5]
        frame, self.held = self.held[:n], self.held[n:]
        return frame

    def receive(self, patience=PATIENCE):
        """The next frame, or None after a while."""
        while True:
            frame = self.take()
            if frame is not None:
                return frame
            if not select.select([self.into], [], [], patience)[0]:
                return None
            data = os.read(self.into, 65536)
            if not data:
                return None
            self.held += data

    def ask(self, frame):
        """The answer to a request; events before it are skipped."""
        self.send_frame(frame)
        while True:
            answer = self.receive()
            if answer is None or c.parse(answer)[0] != c.EVT:
                return answer

    def n_answered(self, data):
        """How many frames in these bytes are answered; the answer to a PING of our own ends them."""
        self.send(data + (b"\0" if self.kind == "pty" else b""))
        self.send_frame(c.frame(c.REQ, c.PING, 0, 0, b"end"))
        n = 0
        while True:
            kind, _, _, _, payload = c.parse(self.receive())
            if payload[4:] == b"end":
                return n
            n += kind == c.RSP

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        status = self.process.wait(PATIENCE)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()
        if self.kind == "socket":
            self.host.close()
        elif self.kind in ("pty", "fifos"):
            os.close(self.out)
            if self.into != self.out:
                os.close(self.into)
        is_left = os.path.lexists(self.path)
        self.folder.cleanup()
        return status, is_left
