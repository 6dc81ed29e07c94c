# SPDX-License-Identifier: GPL-3.0-or-later
"""osttp align against numpy on the gradients that osttp gradients writes: check_align.py OSTTP"""
import csv
import os
import shutil
import subprocess
import sys
import tempfile

import h5py
import numpy as np

OSTTP = sys.argv[1]
TASK = ["--task", "chorale", "--set", "network.hidden=30", "--set", "network.w_scale=6",
        "--set", "network.threshold=0.3", "--set", "network.psi_width=1", "--set", "network.b_scale=2"]
N_TRAIN = 120  # pieces of the chorale task


def align(*options):
    done = subprocess.run([OSTTP, "align", *TASK, *options], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True)
    return list(csv.DictReader(done.stdout.splitlines()))


def gradients(folder, rule, sequence, *options):
    path = os.path.join(folder, "g.h5")
    subprocess.run([OSTTP, "gradients", *TASK, "--rule", rule, "--sequence", str(sequence), "--out", path, *options],
                   check=True)
    with h5py.File(path, "r") as file:
        return {name: np.float64(file["grad"][name][...]).ravel() for name in file["grad"] if name not in "Vc"}


def the_table_is_what_numpy_finds(folder, *options):
    rows = align("--rule", "osttp", "--rules", "osttp,eprop", "--epochs", "0", "--sequences", "2", *options)
    total = {}
    for rule in ("bptt", "osttp", "eprop"):
        parts = [gradients(folder, rule, i, *options) for i in (0, N_TRAIN // 2)]
        total[rule] = {name: sum(p[name] for p in parts) for name in parts[0]}
        total[rule]["all"] = np.concatenate([total[rule][name] for name in parts[0]])
    assert len(rows) == 2 * len(total["bptt"]), rows
    for row in rows:
        assert row["sequence"] == row["epoch"] == "0"
        g, exact = total[row["rule"]][row["tensor"]], total["bptt"][row["tensor"]]
        norms = np.linalg.norm(g), np.linalg.norm(exact)
        # the files are float32
        assert abs(float(row["cosine"]) - g @ exact / norms[0] / norms[1]) < 1e-6, row
        assert abs(float(row["norm_ratio"]) / (norms[0] / norms[1]) - 1) < 1e-6, row


def ostl_stays_bptt_while_another_rule_trains(weights):
    rows = align("--rule", "drtp", "--weights", weights, "--rules", "ostl,drtp", "--epochs", "2", "--every", "60")
    assert [(r["sequence"], r["epoch"]) for r in rows if r["rule"] == "ostl" and r["tensor"] == "all"] == [
        ("0", "0"), ("60", "0"), ("120", "1"), ("180", "1"), ("240", "2")]
    for row in rows:
        if row["rule"] == "ostl":
            assert abs(float(row["cosine"]) - 1) < 1e-6 and abs(float(row["norm_ratio"]) - 1) < 1e-5, row
    # drtp: another direction, and training goes on: other numbers at every point
    drtp = [float(r["cosine"]) for r in rows if r["rule"] == "drtp" and r["tensor"] == "all"]
    assert len(set(drtp)) == 5 and max(drtp) < 0.9, drtp


def pictures_name_the_rules(folder):
    for name in ("a.svg", "a.html"):
        path = os.path.join(folder, name)
        align("--rule", "osttp", "--rules", "ostl,drtp", "--epochs", "1", "--plot", path)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for word in ("ostl", "drtp", "cosine with bptt", "osttp learns chorale"):
            assert word in text, (name, word)
        assert ("norm ratio" in text) == (name == "a.html"), name


def refused(word, *options):
    done = subprocess.run([OSTTP, "align", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2 and word in done.stderr and not done.stdout, done


with tempfile.TemporaryDirectory() as scratch:
    the_table_is_what_numpy_finds(scratch)
    the_table_is_what_numpy_finds(scratch, "--set", "network.recurrent=true", "--set", "network.reset=soft")
    if shutil.which("gnuplot"):
        pictures_name_the_rules(scratch)
ostl_stays_bptt_while_another_rule_trains("float")
ostl_stays_bptt_while_another_rule_trains("chips")
refused("ends in .svg", "--plot", "picture.gif")
refused("no rule hebb", "--rules", "osttp,hebb")
refused("from 1", "--every", "0")
refused("no rule ;", "--rules", "osttp,")
