# SPDX-License-Identifier: GPL-3.0-or-later
"""check_midi.py OSTTP: what osttp play writes, read by the rules of standard MIDI files (SMF 1.0)."""

import json
import os
import subprocess
import sys
import tempfile

TICKS = 480
PIECE = [[60, 64, 67], [60, 65], [], [59, 62, 67], [60, 64], [60, 64]]


def read_track(data):
    """(tick, status, key) of a track; checks every byte."""
    at, tick, events = 0, 0, []
    while at < len(data):
        delta = 0
        while True:
            byte = data[at]
            at += 1
            delta = delta << 7 | byte & 0x7F
            if byte < 0x80:
                break
        tick += delta
        status = data[at]
        if status == 0xFF:
            kind, length = data[at + 1], data[at + 2]
            events.append((tick, kind, data[at + 3:at + 3 + length]))
            at += 3 + length
            if kind == 0x2F:
                assert at == len(data), "bytes behind the end of the track"
        else:
            assert status in (0x80, 0x90), hex(status)
            assert all(b < 0x80 for b in data[at + 1:at + 3])
            events.append((tick, status, data[at + 1]))
            at += 3
    assert events[-1][1] == 0x2F, "no end of track"
    return events


def chords(file, n_step):
    """Keys that sound in every step."""
    with open(file, "rb") as f:
        data = f.read()
    assert data[:8] == b"MThd\0\0\0\6", data[:8]
    kind, tracks, division = (int.from_bytes(data[k:k + 2], "big") for k in (8, 10, 12))
    assert (kind, tracks, division) == (0, 1, TICKS)
    assert data[14:18] == b"MTrk" and int.from_bytes(data[18:22], "big") == len(data) - 22
    on, steps = set(), [set() for _ in range(n_step)]
    last = 0
    for tick, status, value in read_track(data[22:]):
        assert tick % TICKS == 0 and tick >= last
        for t in range(last // TICKS, min(tick // TICKS, n_step)):
            steps[t] |= on
        last = tick
        if status == 0x90:
            assert value not in on and 21 <= value <= 108
            on.add(value)
        elif status == 0x80:
            on.remove(value)
        elif status == 0x51:
            assert int.from_bytes(value, "big") == 500000  # us a quarter at 120 a minute
    assert not on, "notes that never end"
    return steps


def main():
    exe = os.path.realpath(sys.argv[1])

    def osttp(*args):
        return subprocess.run([exe, *args], capture_output=True, text=True, check=False)

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        with open("pieces.json", "w", encoding="utf-8") as f:
            json.dump({"train": [PIECE] * 4, "valid": [PIECE], "test": [PIECE]}, f)
        r = osttp("train", "--task", "jsb", "--data", "pieces.json", "--epochs", "3", "--quiet",
                  "--set", "network.hidden=20", "--out", "run")
        assert r.returncode == 0, r.stderr
        play = ["play", "run", "--hear", "5", "--steps", "20", "--bpm", "120"]
        for out, seed in [("a.mid", "1"), ("b.mid", "1"), ("c.mid", "2")]:
            r = osttp(*play, "--seed", seed, "-o", out)
            assert r.returncode == 0, r.stderr
        a = chords("a.mid", 25)
        assert a[:5] == [set(c) for c in PIECE[:5]], a[:5]
        assert any(a[5:]), "it made no note"
        assert a == chords("b.mid", 25) and a != chords("c.mid", 25)
        # Hot, every key is a fair coin: 44 a step, sd of the mean of 20 steps 1.05.
        r = osttp(*play, "--temperature", "100", "-o", "hot.mid")
        hot = chords("hot.mid", 25)[5:]
        assert 40 < sum(map(len, hot)) / 20 < 48, hot
        assert sum(map(len, a[5:])) < 20 * 20
        r = osttp("play", "run", "--hear", "7")
        assert r.returncode == 2 and "piece 0 has 1 .. 6 steps" in r.stderr, r.stderr
        os.chdir("/")


if __name__ == "__main__":
    main()
