#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of `meson test`: count_tests.py TESTLOG.JSON

A line for each test that failed or was skipped, then a line "PASSED FAILED SKIPPED". The contract
test over the emulator needs no hardware: skipping or losing it is a failure.
"""
import json
import sys

NEVER_SKIPPED = "contract_xbar_emu"


def kind(test):
    result = test["result"]
    if result in ("OK", "EXPECTEDFAIL"):
        return "passed"
    if result == "SKIP" and NEVER_SKIPPED not in test["name"]:
        return "skipped"
    return "failed"


def main(path):
    count = {"passed": 0, "failed": 0, "skipped": 0}
    with open(path, encoding="utf-8") as file:
        tests = [json.loads(line) for line in file]
    if not any(NEVER_SKIPPED in test["name"] for test in tests):
        tests.append({"name": NEVER_SKIPPED, "result": "MISSING"})
    for test in tests:
        what = kind(test)
        count[what] += 1
        if what != "passed":
            print("%s: %s (%s)" % (what, test["name"], test["result"].lower()))
    print(count["passed"], count["failed"], count["skipped"])


if __name__ == "__main__":
    main(sys.argv[1])
