# SPDX-License-Identifier: GPL-3.0-or-later
"""The wire protocol once more, from PROTOCOL.md alone: struct and nothing of ours."""
import struct

MAGIC, VERSION = 0xA7, 1
REQ, RSP, EVT, NAK = 1, 2, 3, 4
(HELLO, RESUME, PING, INFO, LINK_STATS) = range(1, 6)
(ARM, MVM_BATCH, PULSE_LIST, READ_BLOCK, READ_REST, PROGRAM, CONFIGURE, LSB, WAIT, STATS, SAVE,
 SAVE_PART, LOAD, LOAD_PART, LOAD_DONE) = range(0x10, 0x1F)
BOOT = 0x81


def crc32c(data):
    """Bit by bit, reflected polynomial 0x82F63B78."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def frame(kind, op, session, seq, payload=b"", flags=0):
    head = struct.pack("<BBBBHHII", MAGIC, VERSION, kind, flags, len(payload), op, session, seq)
    return head + payload + struct.pack("<I", crc32c(head + payload))


def parse(data):
    """(kind, op, session, seq, payload), or None."""
    if len(data) < 20:
        return None
    magic, version, kind, _, n, op, session, seq = struct.unpack("<BBBBHHII", data[:16])
    if (magic, version) != (MAGIC, VERSION) or kind not in (REQ, RSP, EVT, NAK):
        return None
    if len(data) != n + 20 or struct.unpack("<I", data[-4:])[0] != crc32c(data[:-4]):
        return None
    return kind, op, session, seq, data[16:-4]


def cobs(data):
    """A zero is put after the data, which is then taken apart at its zeros and every 254 bytes."""
    out, rest = b"", data
    while True:
        n = rest.find(b"\0")
        n = len(rest) if n < 0 else n
        if n >= 254:
            out, rest = out + b"\xff" + rest[:254], rest[254:]
            if not rest:
                return out
        else:
            out, rest = out + bytes([n + 1]) + rest[:n], rest[n:]
            if not rest:
                return out
            rest = rest[1:]


def uncobs(block):
    out = b""
    while block:
        code = block[0]
        if code == 0 or code > len(block) or 0 in block[1:code]:
            return None
        out += block[1:code]
        block = block[code:]
        if code < 255 and block:
            out += b"\0"
    return out
