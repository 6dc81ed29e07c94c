#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Golden vectors by an encoder of their own: golden.py [--update]

Without --update, compares golden/*.hex with what codec.py makes of the values here; the C test
golden_wire.c has the same values and the same files. Each line is a name and hex numbers.
"""
import os
import struct
import sys

sys.dont_write_bytecode = True
import codec as c  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


def text(s):
    return bytes([len(s)]) + s.encode()


def f32(x):
    return struct.pack("<f", x)


def pulse(row, col, device, kind, n):
    return struct.pack("<I", row | col << 10 | device << 20 | kind << 22 | n << 24)


RESULT = struct.pack("<HH", 0, 1)
SCHEMA = c.crc32c(b"".join(
    line for line in open(os.path.join(HERE, "../../firmware-proto/schema.txt"), "rb")
    if not line.startswith(b"#")))

PAYLOADS = {
    "result": struct.pack("<HH", 0x0303, 7),
    "hello": struct.pack("<QBBHI", 0x0123456789ABCDEF, 1, 3, 16384, SCHEMA),
    "welcome": struct.pack("<QQIBBHIIIII", 0x0123456789ABCDEF, 0xFEDCBA9876543210, 0xCAFE0001, 1,
                           8, 1024, 8192, SCHEMA, 5, 100, 2000),
    "resume": struct.pack("<Q", 0x1122334455667788),
    "resumed": struct.pack("<QQII", 0x1122334455667788, 0xFEDCBA9876543210, 0xCAFE0001, 41),
    "ping": b"crossloop\0\xff",
    "info": text("my board") + text("hermes") + text("A1") + text("1.2.3")
    + struct.pack("<BBBBHHI", 2, 4, 8, 10, 256, 128, 6) + f32(0.25) + f32(25e-6)
    + struct.pack("<Q", 520),
    "link_stats": struct.pack("<8I", 1, 2, 3, 4, 5, 6, 7, 0x80000000),
    # Bits of 10 rows take 2 bytes a vector; int8 -127, 0, 127.
    "mvm": struct.pack("<BBHHHHH", 1, 0, 5, 10, 250, 6, 2) + b"\xff\x03\x01\x02"
    + struct.pack("<BBHHHHH", 0, 1, 0, 3, 0, 2, 1) + b"\x81\x00\x7f",
    "mvm_reply_8": struct.pack("<I", 2) + struct.pack("<5b", -127, -1, 0, 1, 127),
    "mvm_reply_10": struct.pack("<I", 1) + struct.pack("<4h", -511, -1, 0, 511),
    "pulses": struct.pack("<BBH", 0, 0, 2) + pulse(3, 5, 0, 0, 4) + pulse(1023, 1023, 3, 1, 255)
    + struct.pack("<BBH", 7, 0, 1) + pulse(0, 1, 2, 0, 1)
    + struct.pack("<BBH", 0, 0, 1) + pulse(255, 0, 1, 1, 16),
    "pulsed": struct.pack("<Q", 0x0000000100000002),
    "patch": struct.pack("<BBHHHH", 1, 0, 17, 1, 3, 253),
    "rest": struct.pack("<HH", 248, 756),
    "values": f32(0.0) + f32(1.5e-6) + f32(-2.5e-7) + f32(1.0),
    "config": struct.pack("<BBHH", 1, 4, 100, 28) + f32(4e-5) + f32(1.0625) + f32(-2.5e-7),
    "lsb": f32(3.125e-7),
    "columns": struct.pack("<BBHH", 2, 0, 1, 255),
    "wait": struct.pack("<Q", 3600 * 10**9),
    "stats": struct.pack("<7QdI", 2**40, 1, 2, 3, 4, 5, 6, 1.25e-3, 300150),
    "size": struct.pack("<Q", 5 * 2**32),
    "part": struct.pack("<QH", 2**33 + 1, 5) + b"\0\1\2\3\4",
    "part_asked": struct.pack("<QH", 2**33 + 1, 980),
    "boot": struct.pack("<Q", 0xFEDCBA9876543210),
}

# Name: kind, op, session, seq, payload. 253, 254 and 255 bytes without a zero are COBS's corners.
FRAMES = {
    "hello": (c.REQ, c.HELLO, 0, 0, PAYLOADS["hello"]),
    "welcome": (c.RSP, c.HELLO, 0, 0, RESULT + PAYLOADS["welcome"]),
    "ping_empty": (c.REQ, c.PING, 0, 0, b""),
    "mvm": (c.REQ, c.MVM_BATCH, 0xCAFE0001, 1, PAYLOADS["mvm"]),
    "pulses": (c.REQ, c.PULSE_LIST, 0xCAFE0001, 2, PAYLOADS["pulses"]),
    "range": (c.RSP, c.READ_BLOCK, 0xCAFE0001, 3, struct.pack("<HH", 0x0303, 0)),
    "nak": (c.NAK, c.MVM_BATCH, 0xCAFE0001, 9, struct.pack("<I", 7)),
    "boot": (c.EVT, c.BOOT, 0, 0, PAYLOADS["boot"]),
    "zeros": (c.RSP, c.SAVE_PART, 1, 0xFFFFFFFF, bytes(300)),
    "ones_237": (c.RSP, c.SAVE_PART, 0x01010101, 0x01010101, b"\1" * 237),
    "ones_238": (c.RSP, c.SAVE_PART, 0x01010101, 0x01010101, b"\1" * 238),
    "ones_600": (c.RSP, c.SAVE_PART, 0x01010101, 0x01010101, b"\1" * 600),
    "longest": (c.RSP, c.SAVE_PART, 1, 2, bytes(range(256)) * 63 + bytes(236)),
}


def flipped(data, i, mask=1):
    return data[:i] + bytes([data[i] ^ mask]) + data[i + 1:]


def recrc(data):
    return data[:-4] + struct.pack("<I", c.crc32c(data[:-4]))


PING = c.frame(c.REQ, c.PING, 0, 0, b"abc")
UART = c.cobs(PING) + b"\0"
LONG = c.frame(c.REQ, c.PING, 0, 0, bytes(1100))

# Name: link (1 uart, 2 stream), longest frame, how many whole frames a decoder finds, bytes.
MALFORMED = {
    "uart_idle": (1, 1024, 1, b"\0\0\0" + UART + b"\0"),
    "uart_two": (1, 1024, 2, UART + UART),
    "uart_crc": (1, 1024, 0, c.cobs(flipped(PING, 17)) + b"\0"),
    "uart_then_good": (1, 1024, 1, c.cobs(flipped(PING, 17)) + b"\0" + UART),
    "uart_code_past_end": (1, 1024, 1, b"\x09\x01\x02\0" + UART),
    "uart_cut": (1, 1024, 1, UART[:9] + b"\0" + UART),
    "uart_lost_zero": (1, 1024, 1, UART[:-1] + UART + UART),
    "uart_too_long": (1, 1024, 1, c.cobs(LONG) + b"\0" + UART),
    "uart_endless": (1, 1024, 1, b"\x01" * 5000 + b"\0" + UART),
    "uart_length_short": (1, 1024, 0, c.cobs(recrc(flipped(PING, 4))) + b"\0"),
    "uart_magic": (1, 1024, 0, c.cobs(recrc(flipped(PING, 0))) + b"\0"),
    "stream_two": (2, 1024, 2, PING + PING),
    "stream_junk": (2, 1024, 2, b"\0\xa7\1\xa7" + PING + b"\xa7" + PING),
    "stream_magic": (2, 1024, 1, recrc(flipped(PING, 0)) + PING),
    "stream_version": (2, 1024, 1, recrc(flipped(PING, 1, 2)) + PING),
    "stream_type_0": (2, 1024, 1, recrc(flipped(PING, 2, 1)) + PING),
    "stream_type_5": (2, 1024, 1, recrc(flipped(PING, 2, 4)) + PING),
    "stream_crc": (2, 1024, 1, flipped(PING, 20) + PING),
    "stream_length_more": (2, 1024, 2, flipped(PING, 4, 4) + PING + PING),
    "stream_length_less": (2, 1024, 1, flipped(PING, 4, 2) + PING),
    "stream_length_huge": (2, 1024, 1, flipped(PING, 5, 0x80) + PING),
    "stream_too_long": (2, 1024, 1, LONG + PING),
    "stream_cut": (2, 1024, 1, PING[:10] + PING + PING[:13]),
    "stream_frame_in_broken": (2, 1024, 1, flipped(c.frame(c.REQ, c.PING, 0, 0, PING), 8)),
}


def numbers(*values):
    return " ".join("%x" % v for v in values)


def files():
    """Path: text."""
    said = "# SPDX-License-Identifier: GPL-3.0-or-later\n# Made by golden.py. %s\n"
    yield "payloads.hex", said % "name payload" + "".join(
        "%s %s\n" % (name, data.hex()) for name, data in PAYLOADS.items())
    lines = []
    for name, (kind, op, session, seq, payload) in FRAMES.items():
        data = c.frame(kind, op, session, seq, payload)
        assert c.parse(data) == (kind, op, session, seq, payload)
        assert c.uncobs(c.cobs(data)) == data
        lines.append("%s %s %s %s\n" % (name, numbers(kind, op, session, seq), data.hex(),
                                        c.cobs(data).hex()))
    yield "frames.hex", said % "name type op session seq frame cobs" + "".join(lines)
    yield "malformed.hex", said % "name link(1 uart, 2 stream) longest found bytes" + "".join(
        "%s %s %s\n" % (name, numbers(link, n_max, found), data.hex())
        for name, (link, n_max, found, data) in MALFORMED.items())


def main(is_update):
    assert c.crc32c(b"123456789") == 0xE3069283
    n_wrong = 0
    with open(os.path.join(HERE, "../../firmware-proto/include/cmd.h"), encoding="ascii") as file:
        if "#define CMD_SCHEMA 0x%08x\n" % SCHEMA not in file.read():
            print("cmd.h: CMD_SCHEMA must be 0x%08x" % SCHEMA)
            n_wrong += 1
    for name, content in files():
        path = os.path.join(HERE, "golden", name)
        if is_update:
            with open(path, "w", encoding="ascii") as file:
                file.write(content)
        with open(path, encoding="ascii") as file:
            if file.read() != content:
                print("%s differs from what golden.py makes" % path)
                n_wrong += 1
    return n_wrong > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] == ["--update"]))
