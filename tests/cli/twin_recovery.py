#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boards with hidden parameters, measured by xbar characterise, fitted by pcm-fit.

twin_recovery.py XBAR PCM_FIT N_BOARD N_DEVICE SIGMAS

Draws N_BOARD sets of parameters, which only the board's preset gets to know, and counts how often the
truth lies in pcm-fit's 95 % interval. Every fourth board has perfect lines, whose wire_ohm is not told
unless its interval is above 0, and every fourth devices that are alike. With SIGMAS, the test is that
every truth lies in an interval of that many standard errors; with 0, that the intervals contain it at
the nominal rate. Of 20 intervals that are right, 17 or less hold the truth with probability 7.5 %: of
25 parameters that happens to two. So it is no test of one, and the counts are judged by what chance
brings once in a thousand runs of them all.
"""
import csv
import math
import pathlib
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

LEVEL = 0.95
ALPHA = 1e-3
N_WORKER = 2  # boards at a time

# Around the published devices (emulator/presets/nandakumar2018.yaml), by a third or so.
RANGES = {
    "set_mean_0": (0.6e-6, 1.2e-6),
    "set_mean_g": (-0.11, -0.06),
    "set_mean_p": (0.9e-6, 2.0e-6),
    "set_sd_0": (0.2e-6, 0.4e-6),
    "set_sd_g": (0.06, 0.12),
    "set_sd_p": (1.5e-6, 2.8e-6),
    "set_memory": (1.8, 3.5),
    "set_rho": (0.02, 0.3),
    "g_min": (0.05e-6, 0.25e-6),
    "g_max": (8e-6, 13e-6),
    "reset_mean": (0.1e-6, 0.3e-6),
    "reset_sd": (0.01e-6, 0.03e-6),
    "read_sd_0": (0.08e-6, 0.2e-6),
    "read_sd_g": (0.02, 0.05),
    "drift_nu": (0.03, 0.08),
    "drift_nu_sd": (0.005, 0.02),
    "stuck_reset_rate": (0.002, 0.02),
    "stuck_set_rate": (0.002, 0.02),
    "dead_row_rate": (0.004, 0.02),
    "dead_col_rate": (0.004, 0.02),
    "swapped_col_rate": (0.004, 0.02),
    "adc_gain_sd": (0.02, 0.1),
    "adc_offset_sd": (0.05e-6, 0.2e-6),
    "adc_noise_sd": (0.02e-6, 0.1e-6),
    "wire_ohm": (0.1, 1.0),
}


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stderr}")
    return done.stdout


def fit_board(xbar, pcm_fit, folder, seed, n_device):
    """The hidden truth, and (estimate, low, high) of each parameter."""
    draw = random.Random(seed)
    truth = {key: float(f"{draw.uniform(*r):.4g}") for key, r in RANGES.items()}
    if seed % 4 == 0:
        truth["wire_ohm"] = 0.0
    if seed % 4 == 2:
        truth["set_rho"] = 0.0
    hidden, path = (pathlib.Path(folder) / f"board{seed}.{end}" for end in ("yaml", "h5"))
    hidden.write_text("help: hidden\npreset: nandakumar2018\n" +
                      "".join(f"{k}: {v:.4g}\n" for k, v in truth.items()))
    run(xbar, "characterise", f"emu:?preset={hidden}&chips=1&seed={seed}", "-o", path,
        "--devices", str(n_device), "--pulses", "12", "--cycles", "6", "--reads", "8")
    rows = csv.DictReader(run(pcm_fit, "--csv", path).splitlines())
    path.unlink()
    fitted = {r["parameter"]: tuple(float(r[k]) for k in ("estimate", "low", "high"))
              for r in rows if r["estimate"]}
    return truth, fitted


def tail(k, n, p):
    """Probability of k or less of n."""
    return sum(math.comb(n, i) * p**i * (1 - p)**(n - i) for i in range(k + 1))


def judge(n_in, n_board):
    """What chance would bring once in a thousand runs of this test is too few; for each and for all."""
    limit = ALPHA / (len(n_in) + 1)
    wrong = [f"{key}: the truth was in only {k} of {n_board} intervals, by chance {p:.1e}"
             for key, k in n_in.items() if (p := tail(k, n_board, LEVEL)) < limit]
    n, total = n_board * len(n_in), sum(n_in.values())
    few = sum(tail(k, n_board, LEVEL) < tail(17, 20, LEVEL) * 1.0001 for k in n_in.values())
    print(f"all                {total} of {n}, {100 * total / n:.1f} %")
    print(f"as few as 17 of 20: {few} of {len(n_in)} parameters; chance makes it "
          f"{len(n_in) * tail(17, 20, LEVEL):.1f}, if intervals are right")
    if tail(total, n, LEVEL) < limit:
        wrong.append(f"too few over all parameters, by chance {tail(total, n, LEVEL):.1e}")
    return wrong


def main():
    xbar, pcm_fit = sys.argv[1:3]
    n_board, n_device, sigmas = int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
    n_in = dict.fromkeys(RANGES, 0)
    z = {key: [] for key in RANGES}
    wrong = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(N_WORKER) as pool:
        boards = pool.map(lambda seed: fit_board(xbar, pcm_fit, folder, seed, n_device),
                          range(1, n_board + 1))
        for seed, (truth, fitted) in enumerate(boards, 1):
            for key, value in truth.items():
                if key not in fitted and value == 0.0:
                    n_in[key] += 1
                    continue
                if key not in fitted:
                    wrong.append(f"board {seed}: {key} was not told")
                    continue
                estimate, low, high = fitted[key]
                n_in[key] += low <= value <= high
                end = high if value > estimate else low
                z[key].append((estimate - value) / max(abs(end - estimate) / 1.96, 1e-300))
                if sigmas and abs(z[key][-1]) > sigmas:
                    wrong.append(f"board {seed}: {key} is {value:.4g}, fitted "
                                 f"{estimate:.4g}, 95 % {low:.4g} .. {high:.4g}")
                elif not low <= value <= high:
                    print(f"board {seed}: {key} is {value:.4g}, not in {low:.4g} .. {high:.4g}",
                          flush=True)
    print("parameter          in 95 %    mean z   rms z")
    for key, values in z.items():
        mean = sum(values) / len(values)
        rms = math.sqrt(sum(v * v for v in values) / len(values))
        print(f"{key:18} {n_in[key]:2} of {n_board:2} {mean:+9.2f} {rms:7.2f}")
    if not sigmas:
        wrong += judge(n_in, n_board)
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
