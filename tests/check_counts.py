# SPDX-License-Identifier: GPL-3.0-or-later
"""What ./check counts: check_counts.py COUNT_TESTS.PY"""
import subprocess
import sys
import tempfile

CONTRACT = '{"name": "crossloop:hal / contract_xbar_emu", "result": "%s"}\n'
OTHER = '{"name": "crossloop:trainer / %s", "result": "%s"}\n'


def lines(text):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(text)
        file.flush()
        out = subprocess.run([sys.executable, sys.argv[1], file.name], check=True,
                             stdout=subprocess.PIPE, universal_newlines=True)
    return out.stdout.splitlines()


assert lines(CONTRACT % "OK") == ["1 0 0"]
assert lines(CONTRACT % "OK" + OTHER % ("a", "SKIP") + OTHER % ("b", "TIMEOUT")) == [
    "skipped: crossloop:trainer / a (skip)", "failed: crossloop:trainer / b (timeout)", "1 1 1"]
for result in ("FAIL", "TIMEOUT", "ERROR", "INTERRUPT", "UNEXPECTEDPASS"):
    assert lines(CONTRACT % "OK" + OTHER % ("a", result))[-1] == "1 1 0"
# The emulator's contract test may be neither skipped nor gone.
assert lines(CONTRACT % "SKIP")[-1] == "0 1 0"
assert lines(OTHER % ("a", "OK")) == ["failed: contract_xbar_emu (missing)", "1 1 0"]
assert lines("")[-1] == "0 1 0"
