#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's table of JSB results: every rule, float and on two emulated chips, the program's own
defaults, seeds 1 .. 3. Prints a table; exits with failure where a row is not as good as promised, and
with 77 (skipped) where $CROSSLOOP_DATA has no JSB file.

    python3 tests/trainer/results_jsb.py build/trainer/osttp
"""
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

SEEDS = (1, 2, 3)
FROZEN = ["--set", "train.rate_hidden=0", "--set", "train.rate_threshold=0", "--set", "train.rate=0.015", "--set", "train.decay_factor=0.8"]
# name, weights, rule, further options
RULES = ("bptt", "ostl", "eprop", "fa", "dfa", "ostl-rnd", "eprop-rnd", "osttp", "drtp", "etlp", "decolle", "ptncn")
ROWS = [(rule, "float", rule, []) for rule in RULES]
ROWS += [("frozen hidden layer", "float", "osttp", FROZEN)]
ROWS += [(rule, "chips", rule, []) for rule in RULES]


def train(osttp, weights, rule, options, seed):
    with tempfile.TemporaryDirectory() as folder:
        out = subprocess.run(
            [osttp, "train", "--task", "jsb", "--rule", rule, "--weights", weights, "--seed", str(seed),
             "--out", folder + "/run", "--quiet", "--json", *options],
            check=True, stdout=subprocess.PIPE).stdout
    return json.loads(out)


def mean(values):
    return sum(values) / len(values)


def deviation(values):
    m = mean(values)
    return (sum((v - m) ** 2 for v in values) / (len(values) - 1)) ** 0.5


def main():
    osttp = sys.argv[1]
    data = os.environ.get("CROSSLOOP_DATA", "")
    if not os.path.exists(os.path.join(data, "jsb-chorales-quarter.json")):
        print("skipped: no jsb-chorales-quarter.json in $CROSSLOOP_DATA")
        return 77
    nll = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = {row[:2]: [pool.submit(train, osttp, row[1], row[2], row[3], s) for s in SEEDS] for row in ROWS}
        print("rule                 weights  test NLL (mean, sd of %d seeds)  valid NLL   epochs  seconds" % len(SEEDS))
        for name, weights, _, _ in ROWS:
            runs = [job.result() for job in jobs[name, weights]]
            test = [r["test_nll"] for r in runs]
            nll[name, weights] = mean(test)
            print("%-20s %-7s  %.3f  %.3f                      %.3f       %s  %.0f" % (
                name, weights, mean(test), deviation(test), mean([r["valid_nll"] for r in runs]),
                "/".join(str(r["epoch"]) for r in runs), mean([r["seconds"] for r in runs])), flush=True)
    promises = [
        ("bptt in float <= 8.72", nll["bptt", "float"] <= 8.72),
        ("ostl within 0.01 of bptt", abs(nll["ostl", "float"] - nll["bptt", "float"]) <= 0.01),
        ("osttp in float <= 8.90", nll["osttp", "float"] <= 8.90),
        ("drtp at least 0.03 above osttp", nll["drtp", "float"] >= nll["osttp", "float"] + 0.03),
        ("drtp below a frozen hidden layer", nll["drtp", "float"] < nll["frozen hidden layer", "float"]),
        ("osttp on chips <= 9.05", nll["osttp", "chips"] <= 9.05),
        ("etlp in float <= 8.92", nll["etlp", "float"] <= 8.92),
        ("ptncn in float <= 8.99", nll["ptncn", "float"] <= 8.99),
        ("decolle in float <= 8.75", nll["decolle", "float"] <= 8.75),
    ]
    for what, is_kept in promises:
        print("%s: %s" % ("kept  " if is_kept else "BROKEN", what))
    return 0 if all(is_kept for _, is_kept in promises) else 1


if __name__ == "__main__":
    sys.exit(main())
