#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's table and picture of drift: osttp on JSB, on chips, seeds 1 .. 3, tested right after
training and up to 30 days later, without and with each compensation; and the same networks where they
go on learning all the while. Prints tables; exits with failure where a row is not as good as promised,
and with 77 (skipped) where $CROSSLOOP_DATA has no JSB file.

    python3 tests/trainer/results_drift.py build/trainer/osttp [KEYS [PICTURE.svg]]

KEYS: of the emulated board, "preset=nandakumar2018" unless given.
"""
import concurrent.futures
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile

SEEDS = (1, 2, 3)
HOW = ("none", "global", "column")
HOUR, DAY = 3600, 86400
TIMES = (0, HOUR, DAY, 30 * DAY)
N_SEQUENCE = 229
COLOURS = ("#d55e00", "#0072b2", "#009e73", "#f0b27a", "#85c1e9", "#82e0aa") # frozen, learning on; as HOW
EPOCHS = 60
# Epochs of learning on, and the chip time at their end: the first hour, the rest of the day, the month.
GO_ON = ((1, HOUR), (1, DAY), (10, 30 * DAY))


def run(*command):
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def train(osttp, folder, keys, seed):
    """A network after its training, and its folder."""
    path = "%s/s%u" % (folder, seed)
    run(osttp, "train", "--task", "jsb", "--rule", "osttp", "--weights", "chips", "--seed", str(seed), "--epochs",
        str(EPOCHS), "--uri", "emu:?%s&chips=2&seed=%u" % (keys, seed), "--out", path, "--quiet", "--json")
    return path


def frozen(osttp, path, how, after):
    return run(osttp, "eval", path, "--last", "--json", "--after", str(after), "--compensate", how)["test_nll"]


def learning(osttp, path, how):
    """[(s since training, test NLL)]"""
    copy, epochs, since = path + "-" + how, EPOCHS, 0
    shutil.copytree(path, copy)
    for n, until in GO_ON:
        epochs += n
        run(osttp, "train", "--resume", copy, "--epochs", str(epochs), "--set",
            "chips.wait=%.9g" % ((until - since) / (n * N_SEQUENCE)), "--set", "chips.compensate=" + how, "--quiet", "--json")
        since = until
    with open(copy + "/metrics.csv", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    start = float(rows[EPOCHS - 1]["chip_time_s"])
    return [(float(r["chip_time_s"]) - start, float(r["test_nll"])) for r in rows[EPOCHS:]]


def mean(values):
    return sum(values) / len(values)


def deviation(values):
    m = mean(values)
    return (sum((v - m) ** 2 for v in values) / (len(values) - 1)) ** 0.5


def told(values):
    return "%.3f ± %.3f" % (mean(values), deviation(values))


def draw(picture, curves):
    """curves {title: [(s, [NLL of each seed])]}, drawn by gnuplot; t = 0 stands at a minute."""
    data, plots = "", []
    for i, (title, points) in enumerate(curves.items()):
        data += "$d%d << EOD\n%sEOD\n" % (i, "".join("%g %g\n" % (max(t, 60), mean(v)) for t, v in points))
        plots.append("$d%d using 1:2 with linespoints pt %d ps 0.5 lw 2 lc '%s' title '%s'" % (i, 7 if i < len(HOW) else 6, COLOURS[i], title))
    out = subprocess.run(["gnuplot"], check=True, text=True, stdout=subprocess.PIPE, input=data + """
set encoding utf8
set term svg noenhanced size 720,400 dynamic font 'sans-serif,14' background '#ffffff'
set border 3 lc '#555555'
set tics nomirror out
set grid lc '#dddddd' lt 1 lw 0.5
set key outside top center horizontal maxcols 3
set logscale x
set xrange [40:4e6]
set xtics ('trained' 60, '1 h' 3600, '1 d' 86400, '30 d' 2592000)
set xlabel 'time since training'
set ylabel 'test NLL (nats per step)'
plot %s
""" % ", ".join(plots)).stdout
    head, body = out.split("\n", 1)
    with open(picture, "w", encoding="utf-8") as f:
        f.write(head + "\n<!-- SPDX-License-Identifier: GPL-3.0-or-later -->\n" + body)


def main():
    osttp, keys = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "preset=nandakumar2018"
    if not os.path.exists(os.path.join(os.environ.get("CROSSLOOP_DATA", ""), "jsb-chorales-quarter.json")):
        print("skipped: no jsb-chorales-quarter.json in $CROSSLOOP_DATA")
        return 77
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        paths = list(pool.map(lambda seed: train(osttp, folder, keys, seed), SEEDS))
        kept = {(how, t): [pool.submit(frozen, osttp, p, how, t) for p in paths] for how in HOW for t in TIMES}
        kept = {key: [job.result() for job in jobs] for key, jobs in kept.items()}
        grown = {how: [pool.submit(learning, osttp, p, how) for p in paths] for how in HOW}
        grown = {how: [job.result() for job in jobs] for how, jobs in grown.items()}
    # {how: [(s, [NLL of each seed])]}
    grown = {how: [(runs[0][i][0], [r[i][1] for r in runs]) for i in range(len(runs[0]))] for how, runs in grown.items()}
    print("| %s: compensation | trained | 1 h | 1 d | 30 d | learning on: 1 h | 1 d | 30 d |\n|---|---|---|---|---|---|---|---|" % keys)
    for how in HOW:
        print("| %s | %s | %s |" % (how, " | ".join(told(kept[how, t]) for t in TIMES),
                                    " | ".join(told(grown[how][i][1]) for i in (0, 1, -1))))
    if len(sys.argv) > 3:
        curves = {"frozen, " + how: [(t, kept[how, t]) for t in TIMES] for how in HOW}
        curves.update({"learning on, " + how: [(0, kept["none", 0])] + grown[how] for how in HOW})
        draw(sys.argv[3], curves)
    month = {how: mean(kept[how, 30 * DAY]) for how in HOW}
    promises = [
        ("after 30 days one factor is better than nothing", month["global"] < month["none"]),
        ("factors of columns are within 0.02 of one factor or better", month["column"] < month["global"] + 0.02),
        ("learning on is better than frozen, without compensation", mean(grown["none"][-1][1]) < month["none"]),
    ]
    for what, is_kept in promises:
        print("%s: %s" % ("kept  " if is_kept else "BROKEN", what))
    return 0 if all(is_kept for _, is_kept in promises) else 1


if __name__ == "__main__":
    sys.exit(main())
