#!/usr/bin/env python3
"""A step in the steady state costs the calling thread one write(2) and no allocation.

    python tests/interop/steady.py
"""

import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from ours import REPO

STEPS = 10000
PROGRAM = str(REPO / "build" / "steady")


def allocations(scratch, how):
    out = subprocess.run([PROGRAM, str(scratch / how), how, str(STEPS)], check=True, capture_output=True, text=True).stdout
    counted, compactions = map(int, out.split())
    if compactions < 10:
        raise AssertionError(f"only {compactions} compactions: this is not the steady state")
    return counted


def calls(scratch, how):
    """System calls of the main thread between the two marks, by name."""
    log = scratch / f"strace-{how}"
    subprocess.run(["strace", "-f", "-qq", "-o", str(log), PROGRAM, str(scratch / f"traced-{how}"), how, str(STEPS)],
                   check=True, capture_output=True)
    counted, main, inside = Counter(), None, False
    for line in log.read_text(errors="replace").splitlines():
        pid, _, call = line.partition(" ")
        main = main or pid
        name = re.match(r"\s*(\w+)\(", call)
        if pid != main or not name:
            continue
        if name[1] == "getppid":
            inside = not inside
        elif inside:
            counted[name[1]] += 1
    return counted


def best(attempt, acceptable):
    """The first acceptable outcome of a few attempts, or the last one.

    On a busy machine the background thread may fall behind, and buffers grow once more: that shows in some attempts.
    What the steady state itself costs would show in all of them."""
    for _ in range(8):
        with tempfile.TemporaryDirectory(prefix="plattli-steady-") as scratch:
            outcome = attempt(Path(scratch))
        if acceptable(outcome):
            break
    return outcome


def main():
    bad = []
    for how in ("id", "name"):
        counted = best(lambda scratch: allocations(scratch, how), lambda n: n == 0)
        # Handing a full log to the background thread wakes it and waits for it a little: no business of the disk.
        traced = best(lambda scratch: calls(scratch, how), lambda c: set(c) <= {"write", "futex"})
        wakes = traced.pop("futex", 0)
        print(f"  by {how}: {STEPS} steps, {counted} allocations, calls {dict(traced)}, futex {wakes}")
        if counted:
            bad.append(f"by {how}: {counted} allocations")
        if traced != {"write": STEPS}:
            bad.append(f"by {how}: {dict(traced)} instead of {STEPS} writes")
        if wakes > STEPS // 20:
            bad.append(f"by {how}: {wakes} futex calls")
    for what in bad:
        print("FAILED", what)
    print(f"steady state: {len(bad)} failures")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
