#!/usr/bin/env python3
"""The probes programs of all languages leave the same: probes_alike.py SCRATCH ROWS NAME=COMMAND…

Each is run twice, once without a break and once killed in the middle and started again. Compared are the archives of
metrics (without times, as heat_alike.py does), the states, the events, and the rows of the probes, which the program
ROWS (made of probes_rows.c) prints. Between a whole and a killed run only the number of starts may differ. COMMAND is split
at blanks, and is given the run directory and the number of steps.
"""

import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import time

from heat_alike import compare, kill_in_the_middle

STEPS = 1000


def start(command, run):
    return subprocess.Popen(command.split() + [run, str(STEPS)], stdout=subprocess.PIPE, text=True)


def finish(command, run, expected):
    process = start(command, run)
    output = process.communicate()[0].splitlines()
    if process.returncode != 0:
        sys.exit(f"probes_alike: {command} ends with status {process.returncode}")
    if output != expected:
        sys.exit(f"probes_alike: {command} says {output} instead of {expected}")


def killed_in_the_middle(command, run):
    """Kills the program some steps beyond its second checkpoint, and says at which step it will continue; None if it was quicker."""
    process = start(command, run)
    log = os.path.join(run, "rank-0", "state", "probes.log")
    while (not os.path.exists(log) or '"field-200.bin"' not in open(log).read()) and process.poll() is None:
        time.sleep(0.002)
    time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.stdout.close()
    status = process.wait()
    if status not in (0, -signal.SIGKILL):
        sys.exit(f"probes_alike: {command} ends with status {status}")
    if status == 0 or os.path.exists(os.path.join(run, "rank-0", "metrics.plattli")):
        return None
    return state(run)["checkpoint"].removeprefix("field-").removesuffix(".bin")


def state(run):
    kept = {}
    for line in open(os.path.join(run, "rank-0", "state", "probes.log")):
        if line.endswith("\n"):
            entry = json.loads(line)
            kept[entry["key"]] = entry["value"]
    return kept


def events(run):
    batches = sorted(glob.glob(os.path.join(run, "journal", "batch_*.jsonl")))
    return [line for batch in batches for line in open(batch).read().splitlines()]


def rows(program, run):
    return subprocess.run([program, os.path.join(run, "rank-0", "stream")], check=True, capture_output=True, text=True).stdout


def traces(program, run):
    """All that a run leaves, but for the number of starts, which comes second."""
    kept, told, seen = state(run), events(run), rows(program, run)
    starts = [json.loads(event) for event in told if '"start"' in event]
    if [start["number"] for start in starts] != list(range(1, kept["starts"] + 1)):
        sys.exit(f"probes_alike: {run} was started {kept['starts']} times, and has the events {starts}")
    fields = sorted(os.path.basename(file) for file in glob.glob(os.path.join(run, "rank-0", "*.bin")))
    if kept["checkpoint"] not in fields:
        sys.exit(f"probes_alike: {run} has the fields {fields}, without {kept['checkpoint']}")
    snapshot = json.load(open(os.path.join(run, "rank-0", "state", "probes.json")))
    if snapshot != kept:
        sys.exit(f"probes_alike: {run}: the snapshot {snapshot} is not the state {kept}")
    starts = kept.pop("starts")
    told = [event for event in told if '"start"' not in event]
    return {"state": kept, "events": told, "rows": seen}, starts


def main():
    scratch, program, programs = sys.argv[1], sys.argv[2], [argument.split("=", 1) for argument in sys.argv[3:]]
    shutil.rmtree(scratch, ignore_errors=True)
    reference = None
    last = [f"probes: {16 * STEPS} rows of 16 cells, hottest 100.000000", f"probes: {STEPS} steps, finished"]
    for name, command in programs:
        for broken in (False, True):
            run = os.path.join(scratch, name + ("-killed" if broken else ""))
            first = []
            if broken:
                first = [f"probes: continues at step {kill_in_the_middle(killed_in_the_middle, command, run)}"]
            else:
                os.makedirs(run)
            finish(command, run, first + last)
            archive = os.path.join(run, "rank-0", "metrics.plattli")
            found, starts = traces(program, run)
            if starts != 1 + broken:
                sys.exit(f"probes_alike: {run} counts {starts} starts")
            reference = reference or (archive, found)
            compare(archive, reference[0])
            for what, value in reference[1].items():
                if found[what] != value:
                    sys.exit(f"probes_alike: the {what} of {run} are not those of {reference[0]}:\n{found[what]}\n{value}"[:20000])
    told, seen = reference[1]["events"], reference[1]["rows"].count("step=")
    if seen != 16 * STEPS or sum('"warm"' in event for event in told) != 14 or len(set(told)) != len(told):
        sys.exit(f"probes_alike: {seen} rows and the events {told}")
    print(f"probes_alike: {len(programs)} programs, each whole and killed in the middle, leave the same: metrics, state, {len(told)} events, {seen} rows")


if __name__ == "__main__":
    main()
