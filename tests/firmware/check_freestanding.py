#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firmware's core without a C library: check_freestanding.py CC FILE.c...

Compiled with nothing but the compiler's own headers and freestanding/string.h; may need no symbol
but memcpy, memmove, memset, memcmp and its own; has no mutable global; uses no floating point
(-mgeneral-regs-only, where the compiler has it).
"""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ALLOWED = {"memcpy", "memmove", "memset", "memcmp"}
OWN = ("wire_", "cmd_", "fw_")


def run(*args):
    return subprocess.run(args, capture_output=True, text=True, check=True).stdout


def complaints(cc, source, folder):
    compiled = os.path.join(folder, os.path.basename(source) + ".o")
    own_headers = run(cc, "-print-file-name=include").strip()
    done = subprocess.run(
        [cc, "-std=c17", "-O2", "-ffreestanding", "-mgeneral-regs-only", "-fno-stack-protector",
         "-fno-pie",  # else tables of addresses are not constant
         "-nostdinc", "-isystem", own_headers, "-isystem", os.path.join(HERE, "freestanding"),
         "-I", os.path.join(HERE, "../../firmware-proto/include"), "-c", source, "-o", compiled],
        capture_output=True, text=True, check=False)
    if done.returncode:
        yield done.stderr
        return
    for line in run("nm", compiled).splitlines():
        kind, name = line.split()[-2:]
        if kind == "U" and name not in ALLOWED and not name.startswith(OWN):
            if name != "_GLOBAL_OFFSET_TABLE_":
                yield "%s needs %s" % (source, name)
        if kind in "BbCDdSs":
            yield "%s has the mutable global %s" % (source, name)
        if kind == "T" and not name.startswith(OWN):
            yield "%s exports %s" % (source, name)


def main(cc, sources):
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for source in sources:
            found += complaints(cc, source, folder)
    print("\n".join(found) or "%d files are freestanding" % len(sources))
    return len(found) > 0


if __name__ == "__main__":
    if subprocess.run([sys.argv[1], "-mgeneral-regs-only", "-E", "-x", "c", os.devnull],
                      capture_output=True, check=False).returncode:
        print("no gcc for a processor with -mgeneral-regs-only")
        sys.exit(77)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
