# SPDX-License-Identifier: GPL-3.0-or-later
"""osttp compare against the same trainings one by one: check_compare.py OSTTP"""
import csv
import glob
import json
import os
import statistics
import subprocess
import sys
import tempfile

OSTTP = os.path.abspath(sys.argv[1])
SETTINGS = ["--task", "chorale", "--epochs", "2", "--set", "network.hidden=20"]
RULES, SEEDS = ("drtp", "osttp"), (7, 8)


def run(*arguments, status=0):
    done = subprocess.run([OSTTP, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == status, (arguments, done.returncode, done.stderr)
    return done


def compare(*options):
    return run("compare", *SETTINGS, "--rules", ",".join(RULES), "--seeds", "2", "--seed", "7", "--quiet", *options)


def train(rule, seed, *options):
    return json.loads(run("train", *SETTINGS, "--rule", rule, "--seed", str(seed), "--quiet", "--json",
                          "--out", "one-%s-%d" % (rule, seed), *options).stdout)


def the_table_is_that_of_single_runs():
    rows = list(csv.DictReader(compare("--csv").stdout.splitlines()))
    assert [r["rule"] for r in rows] == list(RULES)
    for row in rows:
        runs = [train(row["rule"], seed) for seed in SEEDS]
        assert row["n"] == "2"
        for column in ("test_nll", "valid_nll", "epoch"):
            values = [r[column] for r in runs]
            # --json of train has 9 digits
            assert abs(float(row[column + "_mean"]) - statistics.mean(values)) < 1e-7, (row, values)
            assert abs(float(row[column + "_sd"]) - statistics.stdev(values)) < 1e-7, (row, values)
    return rows


def again_it_only_prints(rows):
    files = glob.glob("studies/compare-chorale-float/points/*/metrics.csv")
    assert len(files) == 4, files
    before = {f: os.stat(f).st_mtime_ns for f in files}
    table = {r["rule"]: r for r in json.loads(compare("--json").stdout)}
    assert before == {f: os.stat(f).st_mtime_ns for f in files}
    for row in rows:
        assert abs(table[row["rule"]]["test_nll"]["mean"] - float(row["test_nll_mean"])) < 1e-7
        assert table[row["rule"]]["n"] == 2
    text = compare().stdout.splitlines()
    assert len(text) == 3 and "test NLL" in text[0] and "+-" in text[1], text


def a_file_and_the_command_line_hold_for_all():
    with open("c.yaml", "w", encoding="utf-8") as file:
        file.write("network: { hidden: 10 }\ntrain: { epochs: 5, rate: 0.02 }\n")
    options = ["--config", "c.yaml", "--set", "train.rate=0.03"]
    row, = json.loads(run("compare", "--epochs", "1", "--rules", "osttp", "--seeds", "1", "--quiet", "--json",
                          "--out", "other", *options).stdout)
    one = json.loads(run("train", "--epochs", "1", "--rule", "osttp", "--quiet", "--json", "--out", "own",
                         *options).stdout)
    assert abs(row["test_nll"]["mean"] - one["test_nll"]) < 1e-7 and row["test_nll"]["sd"] is None


def refused(word, *options):
    done = run("compare", *options, status=2)
    assert word in done.stderr and not done.stdout, done


with tempfile.TemporaryDirectory() as scratch:
    os.chdir(scratch)
    again_it_only_prints(the_table_is_that_of_single_runs())
    a_file_and_the_command_line_hold_for_all()
    refused("no rule hebb", "--rules", "osttp,hebb")
    refused("not --rule", "--rule", "osttp")
    refused("1 .. 1000", "--seeds", "0")
    refused("did you mean network.hidden", "--set", "network.hiden=3")
    os.chdir("/")
