#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""check_pcm_fit.py XBAR PCM_FIT: the program as a script sees it, and files that are damaged."""
import json
import pathlib
import random
import subprocess
import sys
import tempfile

xbar, pcm_fit = sys.argv[1:3]
N_DAMAGED = 45


def run(*command, status=0, says=""):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == status, (command, done.returncode, done.stderr)
    assert says in done.stderr, (command, says, done.stderr)
    return done.stdout


def check_usage(folder):
    run(pcm_fit, status=2, says="xbar characterise")
    run(pcm_fit, "a", "b", status=2, says="one file")
    run(pcm_fit, "--print", "hermess", status=2, says='did you mean "hermes')
    run(pcm_fit, folder / "nothing.h5", status=1, says="No such file")
    (folder / "text.h5").write_text("# not HDF5\n" * 1000)
    run(pcm_fit, folder / "text.h5", status=1, says="not a whole HDF5 file")


def check_partial(folder):
    """Without an experiment its parameters are not told, and what would tell them is."""
    path = folder / "drift.h5"
    run(xbar, "characterise", "emu:?chips=1", "-e", "drift", "-n", "64", "--target-uS", "3,6",
        "--reads", "8", "-o", path)
    told = json.loads(run(pcm_fit, "--json", path))["parameters"]
    assert "staircase" in told["set_mean_0"]["why_not"]
    assert "adc" in told["adc_noise_sd"]["why_not"]
    assert "ir-drop" in told["wire_ohm"]["why_not"]
    assert "staircase" in told["set_rho"]["why_not"]
    assert told["read_sd_g"]["low"] < 0.03 < told["read_sd_g"]["high"]


def check_preset(folder):
    """The twin's file opens as a board, has what was printed, and can be drawn."""
    path, preset = folder / "stairs.h5", folder / "twin.yaml"
    run(xbar, "characterise", "emu:?chips=1", "-e", "staircase", "-n", "128", "--pulses", "12",
        "--cycles", "2", "--reads", "4", "-o", path)
    told = json.loads(run(pcm_fit, "--json", path, "-o", preset))["parameters"]
    lines = dict(line.split(": ", 1) for line in preset.read_text().splitlines()
                 if ": " in line and not line.startswith("#"))
    assert float(lines["set_mean_p"].split()[0]) == float(f"{told['set_mean_p']['estimate']:.6g}")
    run(xbar, "info", f"emu:?preset={preset}")
    curves = run(pcm_fit, "--print", preset).splitlines()
    assert curves[0] == "curve,x,mean_uS,sd_uS,read_sd_uS"
    assert len([c for c in curves if c.startswith("staircase,")]) == 21


def check_rho(folder):
    """What of the SET steps is the devices' own is found, and the law is not biased by it."""
    truth = {"set_mean_0": 0.88e-6, "set_mean_g": -0.084, "set_mean_p": 1.4e-6, "set_sd_0": 0.26e-6,
             "set_sd_g": 0.091, "set_sd_p": 2.15e-6, "set_memory": 2.6}
    for rho in 0.0, 0.4:
        path = folder / f"rho{rho}.h5"
        run(xbar, "characterise", f"emu:?chips=1&set_rho={rho}", "-e", "staircase", "-n", "128",
            "--pulses", "8", "--cycles", "4", "--reads", "4", "-o", path)
        told = json.loads(run(pcm_fit, "--json", path, "-o", folder / "rho.yaml"))
        for key, value in (truth | {"set_rho": rho}).items():
            # Five standard errors: the interval is 1.96 to each side.
            e = told["parameters"][key]
            end = e["high"] if value > e["estimate"] else e["low"]
            assert abs(e["estimate"] - value) <= 5 / 1.96 * abs(end - e["estimate"]), (key, e)
        assert f"set_rho: {told['parameters']['set_rho']['estimate']:.6g} " in \
            (folder / "rho.yaml").read_text()
        good = told["goodness"]
        assert all(abs(good[k]["mean_square"] - 1) < 5 * good[k]["sd"] for k in good), good


def check_wire(folder):
    """Lines' resistance is told where it is, and not where it is not; nor without its experiment."""
    for ohm in (0.0, 0.35):
        path = folder / f"wire{ohm}.h5"
        run(xbar, "characterise", f"emu:?chips=1&wire_ohm={ohm}", "-e", "ir-drop", "-o", path)
        told = json.loads(run(pcm_fit, "--json", path))["parameters"]["wire_ohm"]
        if ohm:
            # Five standard errors: the interval is 1.96 to each side.
            assert abs(told["estimate"] - ohm) < 5 / 3.92 * (told["high"] - told["low"]), told
            assert told["high"] - told["low"] < 0.02 * ohm, told
        else:
            assert "nothing that shows" in told["why_not"], told
    check_damaged(path, folder, N_DAMAGED // 4)


def check_lines(folder):
    """Dead and exchanged lines are counted as they are, among devices that are stuck or slow."""
    path = folder / "lines.h5"
    planted = {"dead_col_rate": 3, "dead_row_rate": 2, "swapped_col_rate": 4}
    faults = "col:0,col:7,col:200,row:3,row:255,swap:1,swap:8,swap:9,swap:100"
    run(xbar, "characterise", "emu:?chips=1&set_rho=0.2&stuck_reset_rate=0.02&stuck_set_rate=0.02&"
        f"adc_offset_sd=1e-7&adc_noise_sd=5e-8&faults={faults}", "-e", "faults", "--cycles", "3",
        "-o", path)
    told = json.loads(run(pcm_fit, "--json", path))["parameters"]
    assert all(round(256 * told[key]["estimate"], 3) == n for key, n in planted.items()), told
    for key in "stuck_reset_rate", "stuck_set_rate":
        assert abs(told[key]["estimate"] - 0.02) < 5 / 3.92 * (
            told[key]["high"] - told[key]["low"]), told[key]


def check_damaged(path, folder, n_damaged=N_DAMAGED):
    """Cut or altered anywhere: a sentence or a fit, no signal."""
    good = path.read_bytes()
    draw = random.Random(1)
    bad = folder / "bad.h5"
    n_refused = 0
    for i in range(n_damaged):
        data = bytearray(good)
        if i % 3 == 0:
            del data[draw.randrange(len(data)):]
        else:
            # Half of the time where HDF5's own structures are, at the beginning.
            end = 4096 if i % 3 == 1 else len(data)
            for _ in range(draw.randrange(1, 8)):
                data[draw.randrange(end)] = draw.randrange(256)
        bad.write_bytes(data)
        done = subprocess.run([pcm_fit, "--csv", bad], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60)
        assert done.returncode in (0, 1), (i, done.returncode, done.stderr)
        assert done.returncode == 0 or "pcm-fit: " in done.stderr, (i, done.stderr)
        n_refused += done.returncode
    assert n_refused > n_damaged // 2, n_refused


with tempfile.TemporaryDirectory() as name:
    here = pathlib.Path(name)
    check_usage(here)
    check_partial(here)
    check_preset(here)
    check_rho(here)
    check_wire(here)
    check_lines(here)
    small = here / "small.h5"
    run(xbar, "characterise", "emu:?chips=1", "-e", "staircase", "-n", "8", "--pulses", "4",
        "--reads", "2", "-o", small)
    check_damaged(small, here)
