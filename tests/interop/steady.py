#!/usr/bin/env python3
"""What a run costs, counted and not timed, so that a busy machine says the same as an idle one.

    python tests/interop/steady.py

A step in the steady state costs the calling thread one pwrite(2) and no allocation, by name, by number or as a row; its
instructions, digits included, stay within a bound. Behind it, a compaction opens one file. A run is resumed by reading
its manifest and its log, once, with one look at each column. Memory is bounded by metrics and rows that wait.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from ours import REPO

STEPS = 10000
PROGRAM = str(REPO / "build" / "steady")
WAYS = ("id", "name", "row")
# How a line is appended.
APPEND = "pwrite64"

# The lock of the run is looked at and renewed every ten seconds, however many steps these are: not counted here.
LOCK = ".plattli.lock"

# Instructions of the calling thread for a value, its making and its 17 digits included, and for a step beyond its values.
# About a sixth above what they are, for a step a quarter: a C library may copy in another way.
VALUE = {"id": 350, "name": 420, "row": 305}
STEP = 1400

# KiB that 1000 metrics add to a process: the rows of two logs and the text of one line, with room to grow into. Steps
# that follow each other without a pause add the rows that wait for the columns.
MEMORY = {1000: 10 << 10, 0: 24 << 10}

bad = []


def check(good, what):
    if not good:
        bad.append(what)


def output(command):
    """Standard output of a command; what it has complained about, if it fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def run(*arguments):
    """Allocations, compactions, KiB of one run of the program."""
    return tuple(map(int, output([PROGRAM, *arguments]).split()))


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


def calls_of(log):
    """The calls of a strace, each in one line: (thread, the line). A call that others interrupt has two lines there."""
    begun = {}
    for line in log.read_text(errors="replace").splitlines():
        thread, _, call = line.partition(" ")
        call = call.strip()
        if call.endswith("<unfinished ...>"):
            begun[thread] = call.removesuffix("<unfinished ...>")
            continue
        resumed = re.match(r"<\.\.\. \w+ resumed>", call)
        if resumed:
            call = begun.pop(thread, "") + call[resumed.end():]
        yield thread, call
    for thread, call in begun.items():
        yield thread, call


def traced(log, *arguments):
    """The system calls between the two marks, of the main thread and of all others: (name, the line)."""
    output(["strace", "-f", "-y", "-qq", "-o", log, PROGRAM, *arguments])
    main, others, first, inside = [], [], None, False
    for thread, call in calls_of(log):
        first = first or thread
        name = re.match(r"(\w+)\(", call)
        if not name:
            continue
        if name[1] == "getppid":
            inside = not inside
        elif inside and (thread == first or LOCK not in call):
            (main if thread == first else others).append((name[1], call))
    return main, others


def names(calls):
    return Counter(name for name, _ in calls)


def steady(how):
    allocations, compactions, _ = best(lambda scratch: run(scratch / how, how, STEPS), lambda outcome: outcome[0] == 0)
    if compactions < 10:
        raise AssertionError(f"only {compactions} compactions: this is not the steady state")
    # Handing a full log to the background thread wakes it: no business of the disk.
    main, others = best(lambda scratch: traced(scratch / "strace", scratch / how, how, STEPS), lambda calls: set(names(calls[0])) <= {APPEND, "futex"})
    main, others = names(main), names(others)
    wakes = main.pop("futex", 0)
    print(f"  by {how}: {STEPS} steps, {allocations} allocations, calls {dict(main)}, futex {wakes}; in the background {dict(others)}")
    check(allocations == 0, f"by {how}: {allocations} allocations")
    check(main == {APPEND: STEPS}, f"by {how}: {dict(main)} instead of {STEPS} writes")
    check(wakes <= STEPS // 20, f"by {how}: {wakes} futex calls")
    rotations = others["rename"]
    check(rotations <= STEPS // 200 + 2, f"by {how}: {rotations} rotations of a log of 200 rows in {STEPS} steps")
    check(others["openat"] <= rotations + 1, f"by {how}: {others['openat']} files opened for {rotations} compactions")
    check(others["write"] <= 8 * (rotations + 1), f"by {how}: {others['write']} writes of columns for {rotations} compactions")
    odd = set(others) & {"stat", "lstat", "statx", "newfstatat", "mkdir", "mkdirat", "fsync", "fdatasync", "flock", "fcntl", "ftruncate"}
    check(not odd, f"by {how}: {({call: others[call] for call in odd})} in the background")


def resume(metrics):
    """A run that was killed is opened: what is read, and how often anything is asked."""
    with tempfile.TemporaryDirectory(prefix="plattli-steady-") as scratch:
        scratch = Path(scratch)
        counts = []
        for rounds in (300, 2300):
            where = scratch / str(rounds)
            run(where, "id", rounds, metrics, 20)
            folder = where / "plattli"
            logs = sum(log.stat().st_size for log in folder.glob("hot*.jsonl"))
            text = logs + (folder / "plattli.json").stat().st_size
            main, others = traced(scratch / "strace", where, "resume", metrics)
            assert not others or not names(others)["pread64"], others
            read = sum(int(call.rsplit("= ", 1)[1]) for name, call in main if name in ("read", "pread64"))
            calls = names(main)
            stats = sum(calls[name] for name in ("stat", "lstat", "statx", "newfstatat"))
            counts.append((read, text, stats, calls["openat"]))
        for read, text, stats, opens in counts:
            print(f"  resume of {metrics} metrics: {read} bytes read of {text} in manifest and logs, {stats} stats, {opens} opens")
            check(read <= text + (16 << 10), f"resume: {read} bytes read where manifest and logs have {text}")
            check(stats <= metrics + 40, f"resume: {stats} stats for {metrics} metrics")
            check(opens <= 40, f"resume: {opens} opens")


def instructions(how, metrics, steps):
    with tempfile.TemporaryDirectory(prefix="plattli-steady-") as scratch:
        out = Path(scratch) / "callgrind"
        command = ["valgrind", "--tool=callgrind", "--separate-threads=yes", f"--callgrind-out-file={out}", PROGRAM, f"{scratch}/run", how]
        output([*command, steps, metrics, 0])
        main = Path(f"{out}-01").read_text(errors="replace")
        return int(re.search(r"^(?:totals|summary): (\d+)", main, re.M)[1])


def cost():
    if not shutil.which("valgrind"):
        print("  no valgrind: instructions are not counted")
        return
    for how in WAYS:
        # What the step itself costs shows in every attempt, waking a background thread that falls behind in some.
        for _ in range(5):
            # Differences, so that starting does not count.
            step = {metrics: (instructions(how, metrics, 900) - instructions(how, metrics, 300)) / 600 for metrics in (10, 110)}
            value = (step[110] - step[10]) / 100
            rest = step[10] - 10 * value
            if value <= VALUE[how] and rest <= STEP:
                break
        print(f"  by {how}: {value:.0f} instructions for a value, {rest:.0f} for a step beyond its values")
        check(value <= VALUE[how], f"by {how}: {value:.0f} instructions for a value, more than {VALUE[how]}")
        check(rest <= STEP, f"by {how}: {rest:.0f} instructions for a step, more than {STEP}")


def memory():
    for pause, most in MEMORY.items():
        _, _, grown = best(lambda scratch: run(scratch / "run", "id", 800, 1000, pause), lambda outcome: outcome[2] <= most)
        print(f"  1000 metrics, {pause} us between the steps: {grown} KiB")
        check(grown <= most, f"1000 metrics, {pause} us between the steps: {grown} KiB, more than {most}")


def main():
    for how in WAYS:
        steady(how)
    resume(200)
    cost()
    memory()
    for what in bad:
        print("FAILED", what)
    print(f"steady state: {len(bad)} failures")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
