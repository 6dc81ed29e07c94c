#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spoken digits, 700-450-20, float weights, the program's own defaults: every rule with recurrence and soft
reset, osttp without recurrence and with full reset beside it. Test accuracy at its largest over the epochs, as
Ortner et al. (2023) report it, at the epoch of the largest validation accuracy, and at the last; mean and
deviation over the seeds. Prints a line a run and then the table; exits with 77 (skipped) where $CROSSLOOP_DATA has no data.

    CROSSLOOP_DATA=FOLDER python3 tests/trainer/results_shd.py build/trainer/osttp [FILES [SEEDS]]

FILES: hd_shd (default), the regenerated Heidelberg digits, or shd, the published spikes. SEEDS: 5.
Runs are kept below results-shd/ and not made again.
"""
import csv
import os
import subprocess
import sys

RULES = ("bptt", "ostl", "ostl-rnd", "eprop", "etlp", "osttp", "drtp")
ROWS = [(rule, rule, []) for rule in RULES]
ROWS += [("osttp, not recurrent", "osttp", ["--set", "network.recurrent=false"]),
         ("osttp, full reset", "osttp", ["--set", "network.reset=full"])]


def accuracies(osttp, files, folder, rule, options, seed):
    """Test accuracy, percent: largest, of the best epoch by validation, of the last."""
    path = os.path.join(folder, "metrics.csv")
    args = ["--resume", folder] if os.path.exists(folder) else [
        "--task", "shd", "--rule", rule, "--seed", str(seed), "--out", folder, "--set", "speech.files=" + files, *options]
    subprocess.run([osttp, "train", "--quiet", *args], check=True, stdout=subprocess.DEVNULL)
    with open(path, newline="") as file:
        rows = [{k: float(r[k]) for k in ("valid_accuracy", "test_accuracy")} for r in csv.DictReader(file)]
    chosen = max(rows, key=lambda r: r["valid_accuracy"])
    return [100 * row["test_accuracy"] for row in (max(rows, key=lambda r: r["test_accuracy"]), chosen, rows[-1])]


def summary(values):
    m = sum(values) / len(values)
    sd = (sum((v - m) ** 2 for v in values) / (len(values) - 1)) ** 0.5 if len(values) > 1 else float("nan")
    return "%5.2f +- %4.2f" % (m, sd)


def main():
    osttp, files, n_seed = sys.argv[1], (sys.argv[2:] or ["hd_shd"])[0], int((sys.argv[3:] or ["5"])[0])
    if not os.path.exists(os.path.join(os.environ.get("CROSSLOOP_DATA", ""), files + "_train.h5")):
        print("skipped: no %s_train.h5 in $CROSSLOOP_DATA" % files)
        return 77
    lines = []
    for name, rule, options in ROWS:
        runs = []
        for seed in range(1, n_seed + 1):
            folder = os.path.join("results-shd", "%s-%s-s%d" % (files, name.replace(", ", "-").replace(" ", "-"), seed))
            runs.append(accuracies(osttp, files, folder, rule, options, seed))
            print("%-22s seed %d  largest %.2f  chosen on validation %.2f  last %.2f" % (name, seed, *runs[-1]), flush=True)
        lines.append("%-22s %s   %s        %s" % (name, *(summary(column) for column in zip(*runs))))
    print("\n%s, test accuracy, %% (%d seeds)\n%-22s %-15s  %-20s  %s" % (
        files, n_seed, "", "largest", "chosen on validation", "last epoch"))
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
