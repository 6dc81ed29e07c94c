# SPDX-License-Identifier: GPL-3.0-or-later
"""bench_bringup.py XBAR: processor time of bringing up one emulated chip of 65,536 cells."""
import os
import resource
import subprocess
import sys
import tempfile


def seconds(*args):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.argv[1], *args], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


with tempfile.TemporaryDirectory() as folder:
    file, page = os.path.join(folder, 'board.h5'), os.path.join(folder, 'board.html')
    for what, args in (
            ('program and verify all 262,144 devices to 5 uS',
             ('program', 'emu:?chips=1', '--target-S', '5e-6')),
            ('self-test', ('selftest', 'emu:?chips=1', '--json')),
            ('all experiments, all samples kept', ('characterise', 'emu:?chips=1', '-o', file)),
            ('their report', ('characterise', 'emu:?chips=1', '-o', file, '--report', page))):
        t, out = seconds(*args)
        print(f'{t:6.2f} s  {what}', flush=True)
        if args[0] == 'program':
            print(' ' * 10 + out.strip())
    print(f'{os.path.getsize(file) / 1e6:6.1f} MB measurements')
