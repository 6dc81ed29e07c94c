#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""xbar-board as a process, on every link it has: test_xbar_board.py XBAR-BOARD [--update]

golden/dialogue.hex has requests (by codec.py) and the answers of the native firmware; every other
firmware must give them too. That the numbers are those of emu: is test_board_emu.c's part.
"""
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import board_run  # noqa: E402
import codec as c  # noqa: E402
import dialogue  # noqa: E402
import golden  # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])


class Board(board_run.Board):
    def __init__(self, kind, *args):
        super().__init__(PROGRAM, kind, *args)


def talk(board):
    return [(request, board.ask(request)) for request in dialogue.requests()]


def update():
    board = Board("stdio", *dialogue.BOARD, "--frame", "1024")
    pairs = talk(board)
    board.end()
    with open(dialogue.GOLDEN, "w", encoding="ascii") as file:
        file.write("# SPDX-License-Identifier: GPL-3.0-or-later\n"
                   "# Made by test_xbar_board.py --update. A board of: %s\n"
                   % " ".join(dialogue.BOARD))
        for request, answer in pairs:
            file.write("> %s\n< %s\n" % (request.hex(), answer.hex()))


def pulse(session, seq, n=1):
    return c.frame(c.REQ, c.PULSE_LIST, session, seq, dialogue.run(0, (1, 2, 0, 0, n)))


def n_pulse(answer):
    """Of a PULSE_LIST's answer that is no error."""
    kind, op, _, _, payload = c.parse(answer)
    assert (kind, op) == (c.RSP, c.PULSE_LIST) and payload[:2] == b"\0\0", answer.hex()
    return struct.unpack("<Q", payload[4:12])[0]


def hello(board, nonce=1):
    request = struct.pack("<QBBHI", nonce, 1, 1, 1024, golden.SCHEMA)
    payload = c.parse(board.ask(c.frame(c.REQ, c.HELLO, 0, 0, request)))[4]
    return struct.unpack("<I", payload[20:24])[0]


class LossyHost:
    """A host written from PROTOCOL.md, section 4, on a line that loses, flips, doubles and cuts."""
    SLOTS = 8

    def __init__(self, board, session, faults):
        self.board, self.session, self.faults = board, session, faults
        self.random = random.Random(1)
        self.n_fault = 0

    def spoil(self, frame):
        dice = self.random.random() / self.faults if self.faults else 9
        self.n_fault += dice < 1
        if dice < 0.3:
            return b""
        if dice < 0.6:
            return golden.flipped(frame, self.random.randrange(len(frame)),
                                  1 << self.random.randrange(8))
        if dice < 0.8:
            return frame + frame
        return frame[:self.random.randrange(len(frame))] if dice < 1 else frame

    def send(self, seq):
        self.board.send(self.spoil(self.frames[seq - 1]))

    def receive(self):
        """An answer that made it, or None after a silence."""
        frame = self.board.receive(0.03)
        return c.parse(self.spoil(frame)[:len(frame)]) if frame else None

    def run(self, requests):
        """All answers; go back N on a NAK and after a silence."""
        self.frames = [c.frame(c.REQ, op, self.session, seq, payload)
                       for seq, (op, payload) in enumerate(requests, 1)]
        answers, done, sent = {}, 0, 0
        while done < len(self.frames):
            while sent < min(len(self.frames), done + self.SLOTS):
                sent += 1
                self.send(sent)
            got = self.receive()
            if not got:
                sent = done
            elif got[0] == c.NAK:
                sent = max(done, min(sent, struct.unpack("<I", got[4])[0] - 1))
            elif got[0] == c.RSP and got[2] == self.session:
                answers[got[3]] = got[4]
            while done + 1 in answers:
                done += 1
        return [answers[seq] for seq in range(1, done + 1)]


class OnEveryLink(unittest.TestCase):
    def each(self, *args):
        for kind in ("pty", "socket", "fifos", "stdio"):
            with self.subTest(link=kind):
                board = Board(kind, "--frame", "1024", *args)
                yield board
                status, is_left = board.end()
                self.assertEqual(status, 0)
                self.assertFalse(is_left)

    def test_the_golden_dialogue_is_spoken(self):
        for board in self.each(*dialogue.BOARD):
            for request, answer in dialogue.golden():
                self.assertEqual(board.ask(request).hex(), answer.hex())

    def test_requests_are_those_of_the_golden_dialogue(self):
        self.assertEqual([r for r, _ in dialogue.golden()], list(dialogue.requests()))

    def test_whole_frames_among_malformed_ones_are_answered(self):
        for board in self.each():
            for name, data, n_whole in dialogue.malformed(1 if board.kind == "pty" else 2):
                self.assertEqual(board.n_answered(data), n_whole, name)

    def test_a_refusal_has_no_fields(self):
        """PROTOCOL.md, section 5; CMD_E_DISARMED, 0x0401, is in none of the dialogue."""
        refused = [p for _, _, _, _, p in (c.parse(answer) for _, answer in dialogue.golden())
                   if p[1] in (2, 3)]
        self.assertEqual(len(refused), 6)
        for payload in refused:
            self.assertEqual((len(payload), payload[2:4]), (4, b"\0\0"))

    def test_a_burst_with_junk_and_copies_executes_each_once(self):
        for board in self.each():
            session = hello(board)
            broken = golden.flipped(pulse(session, 1, 99), 17)
            frames = [broken, pulse(session, 1), pulse(session, 1), broken, pulse(session, 2),
                      pulse(session, 2), pulse(session, 1)]
            for frame in frames:
                board.send_frame(frame)
            answers = [board.receive() for _ in range(5)]
            self.assertEqual([c.parse(a)[3] for a in answers], [1, 1, 2, 2, 1])
            self.assertEqual([n_pulse(a) for a in answers], [1, 1, 2, 2, 1])

    def test_a_restart_is_told_and_forgets_the_session_but_not_the_chips(self):
        for board in self.each("seed=3"):
            session = hello(board)
            self.assertEqual(n_pulse(board.ask(pulse(session, 1, 5))), 5)
            board.process.send_signal(signal.SIGUSR1)
            event = board.receive()
            while event and c.parse(event)[0] != c.EVT:
                event = board.receive()
            self.assertEqual(c.parse(event)[1], c.BOOT)
            resumed = c.parse(board.ask(c.frame(c.REQ, c.RESUME, session, 0, bytes(8))))[4]
            self.assertEqual(struct.unpack("<H", resumed[:2])[0], 0x0201)
            session = hello(board, 2)
            self.assertEqual(n_pulse(board.ask(pulse(session, 1, 2))), 7)


class ExactlyOnce(unittest.TestCase):
    def answers(self, faults):
        board = Board("stdio", "seed=5", "--boot-id", "1")
        requests = []
        for i in range(400):
            requests.append((c.PULSE_LIST, dialogue.run(0, (i % 256, i % 7, 0, 0, 1 + i % 5))))
            requests.append((c.MVM_BATCH, dialogue.mvm(0, 0, i % 200, 8, 0, 16, b"\xff")))
        host = LossyHost(board, hello(board), faults)
        answers = host.run(requests)
        self.assertEqual(board.end()[0], 0)
        return answers, host.n_fault

    def test_a_bad_line_changes_no_answer_and_no_count_of_pulses(self):
        clean, _ = self.answers(0)
        lossy, n_fault = self.answers(0.15)
        self.assertGreater(n_fault, 200)
        self.assertEqual(lossy, clean)
        n = sum(1 + i % 5 for i in range(400))
        self.assertEqual(struct.unpack("<Q", clean[-2][4:12])[0], n)


class Program(unittest.TestCase):
    def run_it(self, *args):
        return subprocess.run([PROGRAM] + list(args), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=board_run.PATIENCE, check=False)

    def test_help_names_every_link(self):
        done = self.run_it("--help")
        self.assertEqual(done.returncode, 0)
        for word in ("--pty", "--socket", "--fifos", "--stdio", "KEY=VALUE"):
            self.assertIn(word, done.stdout)

    def test_keys_are_listed(self):
        done = self.run_it("--help-keys")
        self.assertEqual(done.returncode, 0)
        for word in ("chips", "preset", "seed", "drift_nu"):
            self.assertIn(word, done.stdout)

    def test_wrong_usage_is_2_and_says_why(self):
        for args, word in (([], "--pty"), (["--stdio", "sed=1"], "seed"),
                           (["--stdio", "--pty", "x"], "only one"), (["--nonsense"], "nonsense"),
                           (["--stdio", "--frame", "300"], "540"),
                           (["--stdio", "--slots", "65"], "64"),
                           (["--stdio", "--slots", "0"], "1 .. 64"),
                           (["--stdio", "chips=0"], "1 .. 64")):
            done = self.run_it(*args)
            self.assertEqual(done.returncode, 2, (args, done.stderr))
            self.assertIn(word, done.stderr)
            self.assertEqual(done.stdout.replace("\0", ""), "")

    def test_a_file_in_the_way_is_left_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "precious")
            for option in ("--pty", "--socket"):
                with open(path, "w", encoding="ascii") as file:
                    file.write("data")
                self.assertEqual(self.run_it(option, path).returncode, 1)
                with open(path, encoding="ascii") as file:
                    self.assertEqual(file.read(), "data")

    def test_a_socket_takes_one_host_after_another_and_disarms_between(self):
        board = Board("socket", "--lease", "60000")
        session = hello(board)
        arm = c.frame(c.REQ, c.ARM, session, 1)
        self.assertEqual(c.parse(board.ask(arm))[4][:2], b"\0\0")
        self.assertEqual(n_pulse(board.ask(pulse(session, 2))), 1)
        board.host.close()
        board.connect()
        board.held = b""
        # The session is still there (RESUME), but not armed.
        self.assertEqual(c.parse(board.ask(pulse(session, 3)))[4][:2], b"\1\4")
        self.assertEqual(board.end()[0], 0)

    def test_a_host_that_never_reads_does_not_stop_the_board(self):
        board = Board("socket")
        flood = c.frame(c.REQ, c.INFO, 0, 0) * 1000
        os.set_blocking(board.out, False)
        n_sent = 0
        try:
            for _ in range(200):
                n_sent += os.write(board.out, flood)
        except BlockingIOError:
            pass
        self.assertGreater(n_sent, len(flood))
        board.host.close()
        board.connect()
        self.assertEqual(c.parse(board.ask(c.frame(c.REQ, c.PING, 0, 0, b"x")))[4][4:], b"x")
        self.assertEqual(board.end()[0], 0)


if __name__ == "__main__":
    if sys.argv[2:] == ["--update"]:
        update()
    unittest.main(argv=sys.argv[:1])
