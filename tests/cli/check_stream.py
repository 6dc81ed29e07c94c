# SPDX-License-Identifier: GPL-3.0-or-later
"""osttp train on a stream: check_stream.py OSTTP [STEPS], in constant memory over so many steps."""
import json
import os
import random
import subprocess
import sys
import tempfile

import h5py
import numpy as np

OSTTP = os.path.abspath(sys.argv[1])
STEPS = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
N_KEY, LOWEST = 88, 21

CONFIG = """
network: { hidden: 12, w_scale: 6, v_scale: 1, b_scale: 1, b_center: false, threshold: 0.3, decay: 0.8,
  psi_width: 1, bias_marginal: false, bias: -2 }
train: { epochs: 1, update: step, optimizer: adam, rate: 0.01, rate_hidden: 1, rate_threshold: 1, correction: 1 }
"""


def line(x, y_star):
    return "%s | %s\n" % (" ".join(map(str, x)), " ".join(map(str, y_star)))


def weights(folder):
    with h5py.File(os.path.join(folder, "checkpoint.h5"), "r") as file:
        found = {}
        file.visititems(lambda name, d: found.update({name: d[...]}) if isinstance(d, h5py.Dataset) else None)
        return {k: v for k, v in found.items() if k.split("/")[0] in ("weights", "net", "vectors", "optimizer")}


def a_piece_as_a_stream_is_the_piece(rule, *options):
    """One piece, learned at every step, gives the same bytes whole or step by step."""
    rng = random.Random(5)
    piece = [sorted(rng.sample(range(N_KEY), 4)) for _ in range(60)]
    with open("piece.json", "w", encoding="utf-8") as file:
        one = [[k + LOWEST for k in step] for step in piece]
        json.dump({"train": [one], "valid": [one], "test": [one]}, file)
    stream = "inputs %d outputs %d\n# steps\n" % (N_KEY, N_KEY) + "".join(
        line(reversed(x), y) for x, y in zip(piece, piece[1:]))
    common = [OSTTP, "train", "--config", "c.yaml", "--rule", rule, "--quiet", *options]
    subprocess.run([*common, "--task", "jsb", "--data", "piece.json", "--out", "whole-" + rule], check=True,
                   stdout=subprocess.DEVNULL)
    done = subprocess.run([*common, "--task", "stream", "--json", "--out", "steps-" + rule], check=True,
                          input=stream, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    whole, steps = weights("whole-" + rule), weights("steps-" + rule)
    assert len(whole) > 4 and whole.keys() == steps.keys(), (whole.keys(), steps.keys())
    for name in whole:
        assert np.array_equal(whole[name], steps[name]), (rule, name)
    assert json.loads(done.stdout)["steps"] == len(piece) - 1


def memory(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        return next(int(row.split()[1]) for row in file if row.startswith("VmHWM"))  # KiB, the most so far


def memory_does_not_grow():
    """Every step shows one of 10 patterns and asks for the next: NLL falls, memory stays."""
    every = STEPS // 10
    rng = random.Random(6)
    pattern = [rng.sample(range(N_KEY), 4) for _ in range(10)]
    chunk = "".join(line(pattern[i], pattern[(i + 1) % 10]) for i in range(10)) * (every // 10)
    # Of the address sanitizer, frames kept to find their use after return would be counted, too.
    sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":detect_stack_use_after_return=0"
    process = subprocess.Popen([OSTTP, "train", "--task", "stream", "--update", "step", "--rule", "osttp",
                                "--set", "train.report_every=%d" % every, "--set", "train.rate=0.01", "--out", "long"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                               env=dict(os.environ, ASAN_OPTIONS=sanitizer))
    process.stdin.write("inputs %d outputs %d\n" % (N_KEY, N_KEY))
    process.stdin.flush()
    assert process.stdout.readline() == "step,nll,activity\n"
    most, nll = [], []
    for i in range(10):
        process.stdin.write(chunk)
        process.stdin.flush()
        step, value, _ = process.stdout.readline().split(",")
        assert int(step) == (i + 1) * every
        nll.append(float(value))
        most.append(memory(process.pid))
    process.stdin.close()
    assert process.wait() == 0 and not process.stdout.read()
    print("%d steps: at most %d KiB after the first tenth, %d at the end; NLL %.3f, then %.3f" % (
        STEPS, most[0], most[-1], nll[0], nll[-1]))
    assert most[-1] - most[0] <= 64, most
    assert nll[-1] < nll[0] / 2, nll
    more = subprocess.run([OSTTP, "train", "--resume", "long", "--json"], check=True, text=True,
                          input="inputs 88 outputs 88\n" + chunk[:chunk.index("\n") + 1],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert json.loads(more.stdout)["steps"] == STEPS + 1


def refused(text, word, *options):
    done = subprocess.run([OSTTP, "train", "--task", "stream", "--update", "step", "--out", "bad", *options], text=True,
                          input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 2 and word in done.stderr, (text, done)
    subprocess.run(["rm", "-rf", "bad"], check=True)


with tempfile.TemporaryDirectory() as scratch:
    os.chdir(scratch)
    with open("c.yaml", "w", encoding="utf-8") as config:
        config.write(CONFIG)
    for name in ("osttp", "ostl", "drtp", "eprop-rnd", "decolle", "ptncn"):
        a_piece_as_a_stream_is_the_piece(name)
    a_piece_as_a_stream_is_the_piece("etlp", "--set", "train.teacher_rate=1")
    refused("", "empty")
    refused("inputs 3\n", "standard input:1")
    refused("inputs 3 outputs 2\n0 | 1\n0 1\n", "standard input:3: \"\": expected numbers of inputs, then |")
    refused("inputs 3 outputs 2\n# one\n0 3 | 1\n", "standard input:3: input 3 is outside 0 .. 2")
    refused("inputs 3 outputs 2\n0 | 2\n", "standard input:2: output 2 is outside 0 .. 1")
    refused("inputs 3 outputs 2\n0 0 | 1\n", "input 0 comes twice")
    refused("inputs 3 outputs 2\n0 | 1 x\n", "\"x\": expected numbers of outputs")
    refused("inputs 3 outputs 2\n| " + 300 * " " + "1\n", "longer than")
    refused("inputs 3 outputs 2\n", "train.update: sequence", "--rule", "bptt")
    refused("inputs 3 outputs 2\n", "train.batch: 1", "--set", "train.batch=4")
    refused("inputs 3 outputs 2\n", "float", "--weights", "chips")
    refused("inputs 3 outputs 2\n", "--update step", "--update", "sequence")
    memory_does_not_grow()
    os.chdir("/")
