# SPDX-License-Identifier: GPL-3.0-or-later
"""A dialogue with a board that was started as BOARD says: requests by codec.py."""
import os
import struct

import codec as c
import golden as g

# What cortex-m/ has, too, so that its firmware can be heard the same words.
BOARD = ["chips=2", "seed=7", "--boot-id", "7", "--slots", "4", "--reply-time", "2600"]
GOLDEN = os.path.join(g.HERE, "golden", "dialogue.hex")
SESSION = 8  # the first after boot 7
NONCE = 0x0123456789ABCDEF


def mvm(chip, kind, row, n_row, col, n_col, data):
    n_vec = len(data) // ((n_row + 7) // 8 if kind == 0 else n_row)
    return struct.pack("<BBHHHHH", chip, kind, row, n_row, col, n_col, n_vec) + data


def run(chip, *pulses):
    return struct.pack("<BBH", chip, 0, len(pulses)) + b"".join(g.pulse(*p) for p in pulses)


def patch(chip, row, n_row, col, n_col):
    return struct.pack("<BBHHHH", chip, 0, row, n_row, col, n_col)


def unordered():
    """Operations of seq 0: (op, payload)."""
    return [
        (c.PING, b"anyone there?"),
        (c.INFO, b""),
        (c.HELLO, struct.pack("<QBBHI", NONCE, 1, 1, 1024, g.SCHEMA)),
        (c.HELLO, struct.pack("<QBBHI", NONCE, 1, 1, 1024, g.SCHEMA)),
    ]


def ordered():
    """Operations of seq 1, 2, ...: (op, payload)."""
    codes = bytes((7 * i) % 255 - 127 & 0xFF for i in range(256))
    spikes = bytes(range(1, 33))
    return [
        (c.LSB, struct.pack("<BBHH", 0, 0, 0, 4)),
        (c.PULSE_LIST, run(0, *((i, 2 * i, i % 4, 0, 1 + i % 9) for i in range(100)))
         + run(1, (255, 255, 3, 0, 20), (255, 255, 3, 1, 1), (0, 0, 0, 0, 3))),
        (c.MVM_BATCH, mvm(0, 1, 0, 256, 0, 256, codes) + mvm(1, 0, 0, 256, 0, 16, spikes)),
        (c.MVM_BATCH, mvm(1, 0, 250, 6, 3, 5, b"\x3f\x01\x00")),
        (c.CONFIGURE, struct.pack("<BBHHf", 0, 0, 0, 100, 2e-5)),
        (c.MVM_BATCH, mvm(0, 1, 0, 256, 0, 256, codes)),
        (c.READ_BLOCK, patch(0, 10, 2, 15, 20)),
        (c.READ_BLOCK, patch(1, 255, 1, 0, 256)),  # 4096 bytes: the first 992
        (c.READ_REST, struct.pack("<HH", 1024 - 248, 248)),
        (c.WAIT, struct.pack("<Q", 3600 * 10**9)),
        (c.READ_BLOCK, patch(1, 255, 1, 200, 56)),
        (c.STATS, b""),
        # Refused, each without effect: outside, malformed, too long, unknown.
        (c.MVM_BATCH, mvm(2, 0, 0, 1, 0, 1, b"\1")),
        (c.PULSE_LIST, run(0, (256, 0, 0, 0, 1))),
        (c.PULSE_LIST, b"\0\0\5\0" + g.pulse(1, 1, 0, 0, 1)),
        (c.READ_BLOCK, patch(0, 0, 2, 0, 256)),
        (c.PROGRAM, patch(0, 0, 1, 0, 1) + bytes(16)),
        (0x7F, b"from the future"),
        (c.STATS, b""),
    ]


def requests():
    """All frames, in order."""
    for op, payload in unordered():
        yield c.frame(c.REQ, op, 0, 0, payload)
    for seq, (op, payload) in enumerate(ordered(), 1):
        yield c.frame(c.REQ, op, SESSION, seq, payload)


def golden():
    """Of golden/dialogue.hex: (request, answer)."""
    with open(GOLDEN, encoding="ascii") as file:
        lines = [line.split()[1] for line in file if not line.startswith("#")]
    return list(zip(map(bytes.fromhex, lines[::2]), map(bytes.fromhex, lines[1::2])))


def malformed(link):
    """Of golden/malformed.hex, link 1 uart, 2 stream: (name, bytes, whole frames in them)."""
    with open(os.path.join(g.HERE, "golden", "malformed.hex"), encoding="ascii") as file:
        rows = [line.split() for line in file if not line.startswith("#")]
    return [(name, bytes.fromhex(data), int(found, 16)) for name, kind, _, found, data in rows
            if int(kind, 16) == link]
