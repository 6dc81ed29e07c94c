# SPDX-License-Identifier: GPL-3.0-or-later
"""bench_study.py OSTTP: how much faster 60 trainings are two at a time than one (least of three times each), beside
what the machine itself gives: the same trainings started by hand, ten after each other, against two such rows side
by side. And what a study of 1,000 tiny trainings takes for itself. For a machine with nothing else to do:
meson test --benchmark --suite cli -v"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

STUDY = """\
base:
  task: chorale
  train.epochs: {epochs}
  network.hidden: 30
axes:
  - rule: [osttp, drtp]
  - train.rate: {{from: 0.001, to: 0.01, points: 10}}
seeds: {seeds}
"""


def run(exe, epochs, seeds, jobs):
    """Seconds in all, and of a processor for the study itself."""
    with open("s.yaml", "w", encoding="utf-8") as f:
        f.write(STUDY.format(epochs=epochs, seeds=seeds))
    shutil.rmtree("studies", ignore_errors=True)
    r = subprocess.run([exe, "study", "run", "s.yaml", f"-j{jobs}"], capture_output=True, text=True,
                       check=True)
    said = re.search(r"osttp: ([\d.]+) s, of which the study itself used ([\d.]+) s", r.stderr)
    return float(said.group(1)), float(said.group(2))


def by_hand(exe, n_row):
    """Seconds of n_row rows of ten trainings side by side, nothing between them but a shell."""
    line = (f"for s in 1 2 3 4 5 6 7 8 9 10; do {exe} train --task chorale --epochs 20 --set network.hidden=30 "
            "--seed $s --quiet --out hand/$0-$s >/dev/null; done")
    shutil.rmtree("hand", ignore_errors=True)
    os.mkdir("hand")
    start = time.monotonic()
    rows = [subprocess.Popen(["sh", "-ec", line, str(k)]) for k in range(n_row)]
    if any([row.wait() for row in rows]):
        sys.exit("a training failed")
    return time.monotonic() - start


def main():
    exe = os.path.realpath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        least = {1: float("inf"), 2: float("inf")}
        hand = dict(least)
        for _ in range(3):
            for jobs in least:
                least[jobs] = min(least[jobs], run(exe, 20, 3, jobs)[0])
                hand[jobs] = min(hand[jobs], by_hand(exe, jobs))
        print(f"60 trainings: one at a time {least[1]:.1f} s, two {least[2]:.1f} s, "
              f"{least[1] / least[2]:.2f} times as fast")
        print(f"by hand: 10 trainings {hand[1]:.1f} s, twice 10 side by side {hand[2]:.1f} s, "
              f"{2 * hand[1] / hand[2]:.2f} times as fast")
        total, own = run(exe, 2, 50, 2)
        print(f"1000 trainings: {total:.1f} s, {own:.2f} s of a processor for the study itself, "
              f"{100 * own / total:.2f} %")
        os.chdir("/")


if __name__ == "__main__":
    main()
