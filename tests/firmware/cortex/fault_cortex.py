# SPDX-License-Identifier: GPL-3.0-or-later
"""What the firmware says of a fault, in QEMU: fault_cortex.py NM MACHINE IMAGE, IMAGE of fault_mps2.c.

Expected bits of CFSR: ARMv7-M Architecture Reference Manual, B3.2.15.
"""
import os
import re
import select
import subprocess
import sys
import time
import unittest

NM, MACHINE, IMAGE = sys.argv[1:]
PATIENCE = 20  # s; never reached where all is well
UNDEFINSTR, PRECISERR, BFARVALID, IACCVIOL = 1 << 16, 1 << 9, 1 << 15, 1 << 0
DACCVIOL, MSTKERR, MMARVALID = 1 << 1, 1 << 4, 1 << 7


def symbols():
    """Name: (address, bytes)."""
    lines = subprocess.run([NM, "-S", IMAGE], check=True, capture_output=True, text=True).stdout
    return {name: (int(at, 16), int(n, 16)) for at, n, name in
            re.findall(r"^(\w+) (\w+) [tT] (\w+)$", lines, re.MULTILINE)}


class Fault(unittest.TestCase):
    def setUp(self):
        self.qemu = subprocess.Popen(
            ["qemu-system-arm", "-M", MACHINE, "-nographic", "-nodefaults", "-nic", "none",
             "-serial", "null", "-serial", "null", "-serial", "stdio", "-monitor", "none",
             "-kernel", IMAGE],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.assertEqual(self.line(), "ready")

    def tearDown(self):
        self.qemu.kill()
        self.qemu.wait()
        self.qemu.stdin.close()
        self.qemu.stdout.close()

    def line(self, patience=PATIENCE):
        """What comes up to the end of a line, or of patience."""
        text, end = b"", time.monotonic() + patience
        while not text.endswith(b"\n"):
            left = end - time.monotonic()
            if left < 0 or not select.select([self.qemu.stdout], [], [], left)[0]:
                break
            text += os.read(self.qemu.stdout.fileno(), 1)
        return text.decode().strip()

    def press(self, key):
        os.write(self.qemu.stdin.fileno(), key)

    def check(self, key, place, cfsr):
        """Where it happened, where that was called from, why; and then it stays where it is."""
        self.press(key)
        said = re.fullmatch(r"fault at (\w+), called from (\w+), CFSR (\w+)", self.line())
        self.assertIsNotNone(said)
        at, caller, why = (int(x, 16) for x in said.groups())
        run, n_run = symbols()["board_run"]
        self.assertEqual((at, why), (place, cfsr))
        self.assertTrue(run < caller < run + n_run + 1)
        self.press(b"u")
        self.assertEqual(self.line(0.3), "")

    def test_an_undefined_instruction_is_told(self):
        self.check(b"u", symbols()["undefined_instruction"][0], UNDEFINSTR)

    def test_a_read_from_nowhere_is_told(self):
        self.check(b"r", symbols()["read_from_nowhere"][0], PRECISERR | BFARVALID)

    def test_a_jump_to_where_nothing_is_executed_is_told(self):
        self.check(b"x", 0xA0000000, IACCVIOL)

    def test_a_full_stack_is_told(self):
        self.press(b"s")
        self.assertEqual(self.line(), "fault: the stack is full, CFSR 0x%08x"
                         % (DACCVIOL | MSTKERR | MMARVALID))


unittest.main(argv=sys.argv[:1])
