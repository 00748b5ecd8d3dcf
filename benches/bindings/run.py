#!/usr/bin/env python3
"""The cost of a metric written by id from each language, beside that from C.

    benches/bindings/run.py [--rounds N] [--check] [--json]

Needs `make lib`. A program per language stays alive and does one round per line that it is sent, so rounds of all of
them are interleaved and whatever else the machine does falls on all alike. A round is 500 steps of 100 metrics of
doubles; the same bits in every language. Printed are medians: of the nanoseconds of a write alone, of those of a step
(writes and end_step) per metric, and of the ratios to C within a round. With --check a ratio beyond the bound is a failure.
With --json one more line says the same as JSON.
Languages whose compiler is missing are left out, loudly.
"""
import argparse, json, os, shutil, statistics, subprocess, sys
from pathlib import Path

root = Path(__file__).resolve().parents[2]
here, work = root / "benches/bindings", root / "build/bench-bindings"
library = root / "build/lib"
link = [f"-L{library}", "-lplattli", f"-Wl,-rpath,{library}"]
optimise = ["-O2", "-ffp-contract=off"]

# language: bound of the ratio to C, tool, source, build, run
languages = {
    "C": (None, os.environ.get("CC", "cc"), "cost.c", lambda tool, out: [tool, *optimise, f"-I{root}/include", here / "cost.c", "-o", out, *link], None),
    "C++": (1.2, os.environ.get("CXX", "c++"), "cost.cpp",
            lambda tool, out: [tool, "-std=c++17", *optimise, f"-I{root}/include", f"-I{root}/bindings/cpp", here / "cost.cpp", "-o", out, *link], None),
    "Fortran": (1.2, os.environ.get("FC", "gfortran"), "cost.f90",
                lambda tool, out: [tool, *optimise, f"-J{work}", root / "bindings/fortran/src/plattli.f90", here / "cost.f90", "-o", out, *link], None),
    "Julia": (2.0, "julia", "cost.jl", None, lambda tool: [tool, "--startup-file=no", f"--project={root}/bindings/julia", here / "cost.jl"]),
}

left_out = []


def start(name):
    bound, tool, source, build, run = languages[name]
    if not (here / source).exists():
        return None
    if shutil.which(tool) is None:
        print(f"*** {name} is left out: no {tool}", file=sys.stderr)
        left_out.append(f"{name}: no {tool}")
        return None
    program = work / f"cost-{source.replace('.', '-')}"
    if build:
        subprocess.run([str(word) for word in build(tool, program)], check=True)
    command = [str(word) for word in run(tool)] if run else [str(program)]
    environment = {**os.environ, "PLATTLI_LIB": str(library / "libplattli.so")}
    return subprocess.Popen([*command, str(work / f"run-{source}")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def round_of(program):
    program.stdin.write("\n")
    program.stdin.flush()
    write, end = map(float, program.stdout.readline().split())
    return write, write + end


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=31)
    options.add_argument("--check", action="store_true")
    options.add_argument("--json", action="store_true")
    options = options.parse_args()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    programs = {name: program for name in languages if (program := start(name))}
    costs = {name: [] for name in programs}
    for n in range(-2, options.rounds):  # two to warm up
        order = list(programs)
        for name in order[n % len(order):] + order[: n % len(order)]:
            cost = round_of(programs[name])
            if n >= 0:
                costs[name].append(cost)
    for program in programs.values():
        program.stdin.close()
        if program.wait() != 0:
            sys.exit(f"{program.args} failed")
    logs = {(work / f"run-{languages[name][2]}" / "plattli/hot.jsonl").read_bytes() for name in programs}
    if len(logs) != 1:
        sys.exit("the programs did not write the same rows")
    shutil.rmtree(work)

    print(f"ns a metric, medians of {options.rounds} rounds\n\n{'':10}{'write':>10}{'to C':>8}{'step':>10}{'to C':>8}{'bound':>8}")
    missed, told = [], {}
    for name, rounds in costs.items():
        ratios = [statistics.median(mine[which] / c[which] for mine, c in zip(rounds, costs["C"])) for which in (0, 1)]
        write, step = (statistics.median(cost[which] for cost in rounds) for which in (0, 1))
        bound = languages[name][0]
        print(f"{name:10}{write:10.1f}{ratios[0]:8.2f}{step:10.1f}{ratios[1]:8.2f}{bound or '':>8}")
        told[name] = {"write_ns": write, "write_ratio": ratios[0], "step_ns": step, "step_ratio": ratios[1]}
        if bound and max(ratios) > bound:
            missed.append(name)
    if options.json:
        print(json.dumps({"languages": told, "left_out": left_out}))
    if missed and options.check:
        sys.exit(f"beyond the bound: {', '.join(missed)}")


main()
