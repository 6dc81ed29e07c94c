# SPDX-License-Identifier: GPL-3.0-or-later
"""The golden vectors with the firmware on a microcontroller in QEMU: golden_cortex.py QEMU-BOARD
NAME, where NAME is what INFO calls the board. $XBAR_BOARD and $XBAR_IMAGE say what QEMU-BOARD runs.
"""
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import board_run  # noqa: E402
import codec as c  # noqa: E402
import dialogue  # noqa: E402
import golden  # noqa: E402

PROGRAM, NAME = sys.argv[1:]
# The firmware's boot 7 is the chips' boot 3 plus their first session, 4 (chip_remote.c).
CHIPS = ["chips=2", "seed=7", "--", "--boot-id", "3"]


def renamed(answer):
    """INFO's first field is the board's own."""
    kind, op, session, seq, payload = c.parse(answer)
    if (kind, op) != (c.RSP, c.INFO):
        return answer
    rest = payload[5 + payload[4]:]
    return c.frame(kind, op, session, seq, payload[:4] + golden.text(NAME) + rest)


class Golden(unittest.TestCase):
    def setUp(self):
        self.board = board_run.Board(PROGRAM, "pty", *CHIPS)

    def tearDown(self):
        self.assertEqual(self.board.end(), (0, False))

    def test_each_answer_of_the_dialogue_is_the_golden_one(self):
        for request, answer in dialogue.golden():
            self.assertEqual(self.board.ask(request).hex(), renamed(answer).hex())

    def test_whole_frames_among_malformed_ones_are_answered(self):
        for name, data, n_whole in dialogue.malformed(1):
            self.assertEqual(self.board.n_answered(data), n_whole, name)


unittest.main(argv=sys.argv[:1])
