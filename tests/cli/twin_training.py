#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""twin_training.py XBAR PCM_FIT OSTTP: a network trained on a board, and one on its fitted twin.

The board has hidden parameters, far from any preset's. Both networks learn JSB chorales by osttp and
must reach the same test NLL within 0.05 nats a step, mean of two seeds. Needs $CROSSLOOP_DATA.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

# 7 % of gain spread, a steeper and noisier staircase, more drift, 1 % of stuck devices.
HIDDEN = ("set_mean_0=1.05e-6&set_mean_g=-0.1&set_mean_p=1.1e-6&set_sd_0=0.35e-6&set_sd_g=0.11&"
          "set_sd_p=1.7e-6&set_memory=3.2&g_max=10e-6&read_sd_0=0.19e-6&read_sd_g=0.045&"
          "drift_nu=0.06&drift_nu_sd=0.015&adc_gain_sd=0.07&adc_offset_sd=0.1e-6&"
          "adc_noise_sd=0.1e-6&stuck_reset_rate=0.005&stuck_set_rate=0.005")
SEEDS = ("1", "2")

xbar, pcm_fit, osttp = sys.argv[1:4]
if not os.environ.get("CROSSLOOP_DATA"):
    sys.exit(77)


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stderr}")
    return done.stdout


def train(uri, folder, name):
    """Mean test NLL over the seeds."""
    nll = []
    for seed in SEEDS:
        result = json.loads(run(osttp, "train", "--task", "jsb", "--rule", "osttp", "--weights",
                                "chips", "--uri", uri, "--seed", seed,
                                "--epochs", "20", "--quiet", "--json", "--out",
                                folder / f"{name}{seed}"))
        nll.append(result["test_nll"])
    print(name, *nll)
    return sum(nll) / len(nll)


with tempfile.TemporaryDirectory() as name:
    here = pathlib.Path(name)
    run(xbar, "characterise", f"emu:?chips=1&seed=99&{HIDDEN}", "-o", here / "board.h5",
        "--devices", "256", "--pulses", "12", "--cycles", "6", "--reads", "8")
    run(pcm_fit, here / "board.h5", "-o", here / "twin.yaml")
    on_board = train(f"emu:?chips=2&{HIDDEN}", here, "board")
    on_twin = train(f"emu:?chips=2&preset={here / 'twin.yaml'}", here, "twin")
    on_plain = train("emu:?chips=2", here, "default")
print(f"board {on_board:.4f}, twin {on_twin:.4f}, the default preset {on_plain:.4f}")
sys.exit(0 if abs(on_twin - on_board) < 0.05 else 1)
