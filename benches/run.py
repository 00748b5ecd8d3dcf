#!/usr/bin/env python3
"""What a run costs beside what people use instead: the same work, side by side, in one run. Started by `make bench`.

    benches/run.py [--quick] [--only SECTION,…] [--rounds N] [--disk FOLDER] [--goals FILE]
    benches/run.py --report [--goals FILE] [--into FILE …] [--plots FOLDER]

Measures the sections, puts their figures into build/bench/results.json, prints their tables and the table of goals, and
draws the plots into build/bench/plots. With --report nothing is measured: tables and goals are those of the figures
that are there. --into puts them into the documents, where <!-- bench:NAME --> says so (benches/bench/documents.py).

Only ratios within one run mean anything: rounds of all programs are interleaved and medians taken. What is missing
(SQLite, HDF5, FUSE, strace, valgrind, the PyPI package) is left out, loudly; scripts/bootstrap.sh bench installs it.
A section that fails does not keep the others from being measured, but then the command fails.

Sections:
"""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from bench import documents, goals, programs, tables
from bench.measure import Bench
from bench.peers import peers
from bench.results import Results
from bench.sections import ALL

HELP = __doc__ + "\n".join(f"    {name:14}{module.__doc__.strip().splitlines()[0]}" for name, module in ALL.items())


def options():
    parser = argparse.ArgumentParser(description=HELP, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a quarter of the steps, fewer rounds, no sweep beyond 10,000 metrics or 10^6 steps")
    parser.add_argument("--only", default=",".join(ALL), metavar="SECTION,…", help="measure these sections only; the figures of the others stay")
    parser.add_argument("--rounds", type=int, help="default: 5, or 3 with --quick")
    parser.add_argument("--disk", type=Path, help="where the runs are written, in a folder that is removed at the end (default: build/bench)")
    parser.add_argument("--report", action="store_true", help="measure nothing")
    parser.add_argument("--goals", type=Path, metavar="FILE", help="write the table of goals to this file as well")
    parser.add_argument("--into", type=Path, action="append", default=[], metavar="FILE", help="put figures where this document wants them")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="draw the plots there (default, when something is measured: build/bench/plots)")
    parser.add_argument("--results", type=Path, default=programs.OUT / "results.json", help="default: build/bench/results.json")
    chosen = parser.parse_args()
    chosen.only = [name for name in chosen.only.split(",") if name]
    unknown = [name for name in chosen.only if name not in ALL]
    if unknown:
        parser.error(f"there is no section {', '.join(unknown)}; there are {', '.join(ALL)}")
    return chosen


def measure(chosen, results):
    """Measures the chosen sections; the names of those that failed."""
    missing, failed = [], []
    made = programs.build(missing.append)
    python = programs.python_with_plattli()
    everyone = peers(made, python, missing.append)
    place = chosen.disk or programs.OUT
    place.mkdir(parents=True, exist_ok=True)
    disk = tempfile.mkdtemp(prefix="data-", dir=place)
    bench = Bench(disk, chosen.quick, chosen.rounds or (3 if chosen.quick else 5), made, everyone, python, results)
    try:
        for name in chosen.only:
            began = time.monotonic()
            kept = results.sections.get(name)
            results.begin(name, chosen.quick, str(place))
            bench.section = name
            for what in missing:
                bench.left_out(what)
            try:
                ALL[name].measure(bench)
            except Exception:
                traceback.print_exc()
                print(f"*** section {name} FAILED", flush=True)
                failed.append(name)
                results.restore(name, kept)
                continue
            results.end(name, time.monotonic() - began)
            print(tables.text(ALL[name].tables(results)), end="", flush=True)
            print(f"\n{name}: {time.monotonic() - began:.0f} s", flush=True)
            for folder in os.listdir(disk):
                shutil.rmtree(f"{disk}/{folder}", ignore_errors=True)
    finally:
        shutil.rmtree(disk, ignore_errors=True)
    return failed


def draw(results_file, into):
    python = programs.ROOT / "build/venv/bin/python"
    done = subprocess.run([str(python) if python.exists() else sys.executable, str(programs.BENCHES / "plots.py"), str(results_file), str(into)])
    if done.returncode:
        print("*** left out: plots (scripts/venv.sh bench makes a Python that has matplotlib)")


def main():
    chosen = options()
    # Whatever ends this takes down what is mounted and removes what was written.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(f"stopped by a signal in {', '.join(chosen.only)}"))
    results = Results(chosen.results)
    failed = []
    if not chosen.report:
        if os.getpriority(os.PRIO_PROCESS, 0) == 0:  # whoever said nice means it
            try:
                os.setpriority(os.PRIO_PROCESS, 0, -10)
            except OSError:
                pass
        failed = measure(chosen, results)
    else:
        for name, module in ALL.items():
            print(tables.text(module.tables(results)), end="")
    table = tables.markdown(*goals.table(results))
    print(f"\n## Goals\n\n{documents.machine(results)}\n\n{table}")
    for path in [programs.OUT / "goals.md", *([chosen.goals] if chosen.goals else [])]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(table)
    for path in chosen.into:
        documents.fill(path, results)
    if chosen.plots or not chosen.report:
        draw(chosen.results, chosen.plots or programs.OUT / "plots")
    for what in results.left_out():
        print(f"*** left out: {what}")
    if failed:
        sys.exit(f"FAILED: {', '.join(failed)}")


if __name__ == "__main__":
    main()
