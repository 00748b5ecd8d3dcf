#!/usr/bin/env python3
"""What a run costs beside what people use instead, on the same work in the same run. Started by `make bench`.

    benches/run.py [--quick] [--only SECTION,…] [--goals FILE] [--disk FOLDER]

Sections: write (shapes W1 to W4, f64 and f32), paced (1 ms of computing between steps), live (a killed run: resume,
finish, reads), calls (system calls, exact), bulk (a column of ten million rows), many (threads, writers, texts, sweeps), goals.

Only ratios within one run mean anything: rounds of all programs are interleaved and medians taken. What is missing
(SQLite, HDF5, the PyPI package) is left out, loudly. --goals writes the table of docs/performance.md.

W1 is 8 metrics x 200,000 steps, W2 100 x 20,000, W3 1000 x 2,000, W4 as W2 with 10 metrics at every step and 90 at every
100th. A timed step is all its writes and its end; after it the row is in the page cache. The programs are in benches/peers.
"""
import argparse
import json
import os
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "benches" / "peers"
OUT = ROOT / "build" / "bench"
LINK = ["-lpthread", "-ldl", "-lm", "-lgcc_s"]

R = {}  # (section, peer, shape) -> figures
missing = []


def build():
    """The programs, by name; those that cannot be built are left out."""
    OUT.mkdir(parents=True, exist_ok=True)
    cc = [os.environ.get("CC", "cc"), "-O2", "-w", f"-I{ROOT}/include", f"-I{HERE}"]
    rust = {**os.environ, "CARGO_TARGET_DIR": str(OUT / "rs")}
    subprocess.run([str(ROOT / "scripts/cargo"), "build", "-q", "--release", "--locked", "--manifest-path", str(HERE / "rs/Cargo.toml")], check=True, env=rust)
    ours = [str(ROOT / "build/lib/libplattli.a"), *LINK]
    floor = [str(OUT / "rs/release/libpeers_rs.a"), *LINK]
    made = {}
    for name, source, link in (("ours", HERE / "ours.c", ours), ("floor", HERE / "floor.c", floor), ("raw", HERE / "raw.c", LINK),
                               ("many", ROOT / "benches/many.c", ours), ("sqlite", HERE / "sqlite.c", ["-lsqlite3", *LINK]),
                               ("h5", HERE / "h5.c", ["-lhdf5_hl", "-lhdf5", *LINK])):
        flags = ["-I/usr/include/hdf5/serial", "-L/usr/lib/x86_64-linux-gnu/hdf5/serial"] if name == "h5" else []
        done = subprocess.run([*cc, *flags, str(source), "-o", str(OUT / name), *link], capture_output=True, text=True)
        if done.returncode == 0:
            made[name] = str(OUT / name)
        elif name in ("sqlite", "h5"):
            missing.append(f"{name}: cannot be built here")
        else:
            sys.exit(done.stderr)
    return made


def peers(made):
    """name -> (command, divisor of the steps)."""
    all_of = {
        "plattli, by id": (f"{made['ours']} id", 1),
        "plattli, by name": (f"{made['ours']} name", 1),
        "plattli, rows": (f"{made['ours']} row", 1),
        "format floor": (f"{made['floor']} plat", 1),
        "JSON line, zmij": (f"{made['floor']} zmij", 1),
        "JSON line, snprintf": (f"{made['raw']} json", 1),
        "CSV, fprintf": (f"{made['raw']} csv", 1),
        "binary row": (f"{made['raw']} bin", 1),
    }
    if "sqlite" in made:
        all_of["SQLite, wide, WAL"] = (f"{made['sqlite']} wide_off", 4)
    if "h5" in made:
        all_of["HDF5 packet table"] = (f"{made['h5']} pt", 1)
    python = shutil.which("python3")
    for candidate in (ROOT / "build/venv/bin/python", python):
        if candidate and subprocess.run([str(candidate), "-c", "import plattli, numpy"], capture_output=True).returncode == 0:
            all_of["plattli 0.19, Python"] = (f"{candidate} {HERE}/plattli_py.py compacting", 8)
            break
    else:
        missing.append("the PyPI package plattli: make test installs it into build/venv")
    return all_of


def run(command, *args, env=None, timeout=300):
    done = subprocess.run([*shlex.split(command), *args], capture_output=True, text=True, timeout=timeout, env={**os.environ, **(env or {})})
    if done.returncode:
        raise RuntimeError(f"{command} {args}: {done.stderr[-300:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def fresh(name):
    folder = f"{args.disk}/{name}"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def middle(runs):
    out = {}
    for key, value in runs[0].items():
        if isinstance(value, dict):
            out[key] = middle([r[key] for r in runs])
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            out[key] = statistics.median(r[key] for r in runs)
        else:
            out[key] = value
    return out


def interleaved(section, shapes, programs, rounds, env=None, finish=False):
    for shape in shapes:
        seen = {name: [] for name in programs}
        for round in range(rounds):
            for name, (command, divisor) in programs.items():
                if round > 1 and divisor > 1:
                    continue
                base, _, by = shape.partition("/")
                steps = f"{base}/{int(by or 1) * divisor}"
                seen[name].append(run(command, "write", steps, fresh("run"), *(["finish"] if finish else []), env=env))
        for name, runs in seen.items():
            R[section, name, shape] = middle(runs)


def get(section, name, shape):
    return R.get((section, name, shape))


def number(x, digits=2):
    return "-" if x is None else f"{x:.0f}" if abs(x) >= 100 else f"{x:.{digits}f}" if abs(x) < 10 else f"{x:.1f}"


def table(title, head, rows):
    print(f"\n## {title}\n")
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")
    sys.stdout.flush()


def write_section(programs):
    for kind, shapes in (("f64", ("W1d", "W2d", "W3d", "W4d")), ("f32", ("W1", "W2", "W3"))):
        interleaved("write", [s + quick for s in shapes], programs, args.rounds, finish=True)
        for shape in shapes:
            base = get("write", "JSON line, zmij", shape + quick)
            rows = []
            for name in programs:
                r = get("write", name, shape + quick)
                s, cpu = r["step_us"], 1e6 * r["cpu_s"] / r["N"]
                rows.append((name, number(s["p50"]), number(s["p50"] / base["step_us"]["p50"]), number(s["p99"]), number(s["p999"], 1), number(s["max"], 0),
                             number(cpu), number(cpu / (1e6 * base["cpu_s"] / base["N"])), number(r["finish_ms"] if r["finish_ms"] >= 0 else None), number(r["rss_write_kb"] / 1024, 1)))
            table(f"{shape[:2]} in {kind}", ("", "p50 us", "to zmij", "p99", "p99.9", "max", "CPU us", "to zmij", "finish ms", "MB added"), rows)


def paced_section(programs):
    quickly = {n: (c, 1) for n, (c, d) in programs.items() if d == 1}
    interleaved("paced", ["W2d/20", "W3d/4"], quickly, args.rounds, env={"PACE_US": "1000"})
    for shape in ("W2d/20", "W3d/4"):
        rows = []
        for name in quickly:
            r = get("paced", name, shape)
            rows.append((name, *(number(r["step_us"][k]) for k in ("p50", "p99", "p999", "max")), number(r["rss_write_kb"] / 1024, 1)))
        table(f"{shape[:2]}, 1 ms of computing between the steps", ("", "p50 us", "p99", "p99.9", "max", "MB added"), rows)


SETTLED = ("plattli, by id", "format floor", "plattli 0.19, Python")


def live_section(programs):
    programs = {name: programs[name] for name in SETTLED if name in programs}
    for shape in ("W1", "W2", "W3"):
        for name, (command, _) in programs.items():
            run_dir, seen = fresh("live"), {"resume": [], "finish": []}
            # A short pause, so that the background keeps up and the log that is left has the same rows in every layout.
            run(command, "write", shape, run_dir, env={"SETTLE_MS": "4000" if "python" in command else "1500", "PACE_US": "20"})
            if shape != "W2":
                R["live", name, shape] = middle([run(command, "read", run_dir, "m0003") for _ in range(3)])
            if shape != "W1":
                for _ in range(args.rounds):
                    shutil.rmtree(f"{args.disk}/again", ignore_errors=True)
                    shutil.copytree(run_dir, f"{args.disk}/again")
                    seen["resume"].append(run(command, "resume", shape, f"{args.disk}/again"))
                R["resume", name, shape] = middle(seen["resume"])
            for _ in range(args.rounds):
                shutil.rmtree(f"{args.disk}/again", ignore_errors=True)
                shutil.copytree(run_dir, f"{args.disk}/again")
                seen["finish"].append(run(command, "finish", shape, f"{args.disk}/again"))
            R["finish", name, shape] = middle(seen["finish"])
            if shape != "W2":
                R["archive", name, shape] = middle([run(command, "read", f"{args.disk}/again", "m0003") for _ in range(3)])
    ms = lambda section, name, shape, key: number((get(section, name, shape) or {}).get(key))
    table("A killed run of f32 is resumed and finished, ms", ("", "resume W2", "resume W3", "finish W1", "finish W2", "finish W3"),
          [(name, ms("resume", name, "W2", "resume_ms"), ms("resume", name, "W3", "resume_ms"), *(ms("finish", name, s, "finish_ms") for s in ("W1", "W2", "W3"))) for name in programs])
    for section in ("live", "archive"):
        table(f"Reads, {section}, opening and closing included",
              ("", "W1 column ms", "last value us", "1000 rows us", "8 columns ms", "W3 column ms", "last value us", "1000 columns ms"),
              [(name, *(ms(section, name, "W1", k) for k in ("col_ms", "last_us", "slice_us", "all_ms")), *(ms(section, name, "W3", k) for k in ("col_ms", "last_us", "all_ms"))) for name in programs])


def bulk_section(programs):
    rows = []
    for name in ("plattli, by id", "format floor"):
        command = programs[name][0]
        run(command, "bulk", "1x10000000", fresh("bulk"), *(["finish"] if name != "format floor" else []))
        R["bulk", name, "10M"] = r = run(command, "read", f"{args.disk}/bulk", "m0000")
        rows.append((name, number(r["col_ms"]), number(r["last_us"])))
    code = ("import numpy as np, time, sys\nf=sys.argv[1]; n=int(sys.argv[2])\n"
            "steps=np.empty(n,np.uint32); t=[]\n"
            "for _ in range(15):\n a=time.perf_counter(); s=np.arange(n,dtype=np.uint32); v=np.fromfile(f,np.float32,n); t.append(time.perf_counter()-a)\n"
            "print(sorted(t)[7]*1e3)")
    python = (programs.get("plattli 0.19, Python") or ("python3",))[0].split()[0]
    for shape, n, folder in (("10M", 10_000_000, "bulk"), ("200k", 200_000, "bulk")):
        done = subprocess.run([python, "-c", code, f"{args.disk}/{folder}/plattli/m0000.f32", str(n)], capture_output=True, text=True)
        if done.returncode == 0:
            R["bulk", "numpy", shape] = {"col_ms": float(done.stdout)}
            rows.append((f"numpy fromfile and arange, {shape}", number(float(done.stdout)), "-"))
    table("A column of 10 million f32 into memory that is there", ("", "column ms", "last value us"), rows)


GROUPS = {"open": r"open|openat|creat", "close": "close", "write": r"p?writev?(64)?", "read": r"p?readv?(64)?|lseek", "sync": r"fsync|fdatasync", "rename": r"rename(at2?)?",
          "unlink": r"unlink(at)?|rmdir", "stat": r"stat|fstat|lstat|newfstatat|statx|access|faccessat2?|readlink", "truncate": r"f?truncate", "lock": "flock|fcntl", "mkdir": r"mkdir(at)?", "list": "getdents64"}
METADATA = ("open", "rename", "unlink", "stat", "truncate", "mkdir", "list")


def count(command, *arguments, check=True):
    out = f"{args.disk}/strace"
    subprocess.run(["strace", "-f", "-c", "-o", out, *shlex.split(command), *arguments], check=check, capture_output=True, env={**os.environ, "PACE_US": "1000"}, timeout=300)
    calls = dict.fromkeys(GROUPS, 0)
    for line in open(out):
        found = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line)
        for group, names in GROUPS.items():
            if found and re.fullmatch(names, found[2]):
                calls[group] += int(found[1])
    return calls


def calls_section(programs):
    if not shutil.which("strace"):
        missing.append("strace: system calls are not counted")
        return
    rows, start = [], {}
    for name in (*SETTLED, "JSON line, snprintf"):
        if name not in programs:
            continue
        command = programs[name][0]
        short, long = (count(command, "write", f"100x{n}", fresh("calls")) for n in (1000, 2000))
        R["calls", name, "steps"] = steps = {group: long[group] - short[group] for group in GROUPS}
        rows.append((f"{name}, 1000 steps", *(steps[g] for g in GROUPS), sum(steps[g] for g in METADATA)))
        if name in SETTLED:
            folder = fresh("calls")
            run(command, "write", "100x1150", folder, env={"SETTLE_MS": "1500"})
            for what in ("resume", "finish"):
                shutil.rmtree(f"{args.disk}/again", ignore_errors=True)
                shutil.copytree(folder, f"{args.disk}/again")
                calls = count(command, what, "100x1150", f"{args.disk}/again")
                if command not in start:
                    python = command.split()[0] if "python" in command else None
                    start[command] = count(f"{python} -c", "import numpy, plattli, json, statistics, tempfile") if python else count(command, "no", "such", "verb", check=False)
                R["calls", name, what] = {g: max(0, calls[g] - start[command][g]) for g in GROUPS}
                rows.append((f"{name}, {what}", *(R["calls", name, what][g] for g in GROUPS), sum(R["calls", name, what][g] for g in METADATA)))
    table("System calls, 100 metrics; what starting the program takes is left out", ("", *GROUPS, "metadata"), rows)


def many_section(made):
    many, rows = made["many"], []
    plan = [("1 thread", "threads", "1"), ("8 threads through one handle", "threads", "8"), ("1 writer", "writers", "1"), ("64 writers in one process", "writers", "64"),
            ("strings", "text"), ("JSON objects", "json")]
    metrics = [("10", "20000"), ("100", "5000"), ("1000", "1000"), ("10000", "100"), ("100000", "20")]
    steps = [("10", n) for n in ("10000", "100000", "1000000")]
    plan += [(f"{m} metrics x {n} steps", "sweep", m, n) for m, n in metrics + steps]
    for title, verb, *rest in plan:
        seen = [run(many, verb, fresh("many"), *rest) for _ in range(3)]
        R["many", title, ""] = r = middle(seen)
        rows.append((title, number(r["ns_per_value"], 1), number(r["kib"] / 1024, 1), int(r["threads"])))
    table("Threads, writers, texts; sweeps over metrics and steps", ("", "ns a value, end of step included", "MB added", "threads"), rows)


def goals():
    """(figure, must, aim, [(what, value, is the must met, is the aim met)])."""
    ours, name, floor, zmij, py, csv, binary = "plattli, by id", "plattli, by name", "format floor", "JSON line, zmij", "plattli 0.19, Python", "CSV, fprintf", "binary row"

    def p(section, peer, shape, key="p50"):
        r = get(section, peer, shape)
        return r and r["step_us"][key]

    def ratio(a, b):
        return a / b if a is not None and b else None

    def cpu(peer, shape):
        r = get("write", peer, shape)
        return r and 1e6 * r["cpu_s"] / r["N"]

    def value(section, peer, shape, key):
        return (get(section, peer, shape) or {}).get(key)

    def below(label, x, must, aim=None):
        return (label, x, None if x is None else x <= must, None if x is None or aim is None else x <= aim)

    def above(label, x, must):
        return (label, x, None if x is None else x >= must, None)

    out = []
    for kind, mark, least in (("f64", "d", 40), ("f32", "", 30)):
        parts = []
        for w in ("W2", "W3"):
            s = w + mark + quick
            # The log holds an f32 with the digits of the f64 that it is.
            parts += [below(f"{w} to zmij", ratio(p("write", ours, s), p("write", zmij, w + "d" + quick)), 1.3, 1.0), above(f"{w} Python to ours", ratio(p("write", py, s), p("write", ours, s)), least)]
            if kind == "f64":
                parts.append(above(f"{w} CSV to ours", ratio(p("write", csv, s), p("write", ours, s)), 3.5))
        out.append((f"W2, W3 in {kind}, step p50 by id", f"≤ 1.3 × zmij, ≥ {least} × Python" + (", ≥ 3.5 × CSV" if kind == "f64" else ""), "≤ 1.0 × zmij", parts))
    out.append(("W1 step p50 by id", "≤ 1.6 × binary row, ≥ 25 × Python", "≤ 1.3 ×", [
        below("f32 to binary", ratio(p("write", ours, "W1" + quick), p("write", binary, "W1" + quick)), 1.6, 1.3),
        below("f64 to binary", ratio(p("write", ours, "W1d" + quick), p("write", binary, "W1d" + quick)), 1.6, 1.3),
        above("Python to ours", ratio(p("write", py, "W1" + quick), p("write", ours, "W1" + quick)), 25)]))
    out.append(("the same by name", "≤ 1.3 × by id", "≤ 1.15 ×", [below(w, ratio(p("write", name, w + quick), p("write", ours, w + quick)), 1.3, 1.15) for w in ("W1d", "W2d", "W3d")]))
    out.append(("W2 with 1 ms between steps", "p99 ≤ 2.5 × zmij, p99.9 ≤ 150 µs, max ≤ 1 ms", "max ≤ 60 µs", [
        below("p99 to zmij", ratio(p("paced", ours, "W2d/20", "p99"), p("paced", zmij, "W2d/20", "p99")), 2.5), below("p99.9 µs", p("paced", ours, "W2d/20", "p999"), 150),
        below("max µs", p("paced", ours, "W2d/20", "max"), 1000, 60)]))
    out.append(("CPU per step, all threads", "≤ 1.2 × format floor, ≥ 25 × below Python", "≤ 1.5 × zmij", [
        part for w in ("W2d", "W3d") for part in (below(f"{w} to floor", ratio(cpu(ours, w + quick), cpu(floor, w + quick)), 1.2), below(f"{w} to zmij", ratio(cpu(ours, w + quick), cpu(zmij, w + quick)), 99, 1.5),
                                                  above(f"{w} Python to ours", ratio(cpu(py, w + quick), cpu(ours, w + quick)), 25))]))
    steps = get("calls", ours, "steps")
    if steps:
        out.append(("calls per 1000 steps, M = 100", "1 write a step by the caller, opens ≤ 10, writes ≤ 1500; no stat, mkdir, lock, fsync", "", [
            below("opens", steps["open"], 10), below("writes", steps["write"], 1500), below("stats, mkdirs, locks, syncs", sum(steps[g] for g in ("stat", "mkdir", "lock", "sync")), 0)]))

        def metadata(peer, what):
            calls = get("calls", peer, what)
            return calls and sum(calls[g] for g in METADATA)

        out.append(("slow metadata: operations", "≤ 0.2 × Python for 1000 steps, ≤ 0.5 × finish, ≤ 0.1 × resume", "", [
            below("steps", ratio(metadata(ours, "steps"), metadata(py, "steps")), 0.2), below("finish", ratio(metadata(ours, "finish"), metadata(py, "finish")), 0.5),
            below("resume", ratio(metadata(ours, "resume"), metadata(py, "resume")), 0.1)]))
    out.append(("finish W1/W2/W3", "≤ 1.5 × format floor", "≤ 1.0 ×", [
        below(w, ratio(value("finish", ours, w, "finish_ms"), value("finish", floor, w, "finish_ms")), 1.5, 1.0) for w in ("W1", "W2", "W3")]))
    out.append(("resume W2/W3", "≤ 1.5 × format floor", "", [below(w, ratio(value("resume", ours, w, "resume_ms"), value("resume", floor, w, "resume_ms")), 1.5) for w in ("W2", "W3")]))
    out.append(("column of 200k and 10M into a buffer", "≤ 1.2 × numpy; ≥ 4 × Python", "10M ≤ 0.6 × numpy", [
        below("200k to numpy", ratio(value("archive", ours, "W1", "col_ms"), value("bulk", "numpy", "200k", "col_ms")), 1.2),
        below("10M to numpy", ratio(value("bulk", ours, "10M", "col_ms"), value("bulk", "numpy", "10M", "col_ms")), 1.2, 0.6),
        above("200k Python to ours", ratio(value("archive", py, "W1", "col_ms"), value("archive", ours, "W1", "col_ms")), 4)]))
    out.append(("last value, 1000 rows (archive), µs", "≤ 8", "≤ 5", [below("last", value("archive", ours, "W1", "last_us"), 8, 5), below("1000 rows", value("archive", ours, "W1", "slice_us"), 8, 5)]))
    out.append(("live W3: one column / all", "≥ 500 × / ≥ 20 × Python", "all ≤ 10 ms", [
        above("one", ratio(value("live", py, "W3", "col_ms"), value("live", ours, "W3", "col_ms")), 500), above("all", ratio(value("live", py, "W3", "all_ms"), value("live", ours, "W3", "all_ms")), 20),
        below("all ms", value("live", ours, "W3", "all_ms"), 1e9, 10)]))
    memory = lambda section, shape: (lambda r: r and r["rss_write_kb"] / 1024)(get(section, ours, shape))
    out.append(("memory added, W3 unpaced / paced, MB", "≤ 24 / ≤ 10", "half", [below("unpaced", memory("write", "W3d" + quick), 24, 12), below("paced", memory("paced", "W3d/4"), 10, 5)]))
    many = lambda title: (get("many", title, "") or {}).get("ns_per_value")
    out.append(("many metrics, many steps", "linear", "", [
        below("100,000 metrics to 1000, ns a value", ratio(many("100000 metrics x 20 steps"), many("1000 metrics x 1000 steps")), 3),
        below("1,000,000 steps to 10,000", ratio(many("10 metrics x 1000000 steps"), many("10 metrics x 10000 steps")), 1.5)]))
    return out


def goals_section(path):
    lines = ["| figure | must | aim | measured |", "|---|---|---|---|"]
    for figure, must, aim, parts in goals():
        told = []
        for label, x, met, aimed in parts:
            if x is None:
                continue
            verdict = "**missed**" if not met else "aim missed" if aimed is False else ""
            told.append(f"{label} {number(x)}" + (f" ({verdict})" if verdict else ""))
        lines.append(f"| {figure} | {must} | {aim} | {'; '.join(told) or 'not measured here'} |")
    text = "\n".join(lines) + "\n"
    print("\n## Goals\n\n" + text)
    if path:
        Path(path).write_text(text)


def main():
    made = build()
    programs = peers(made)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    except OSError:
        pass
    try:
        for section in args.only.split(","):
            if section == "write":
                write_section(programs)
            elif section == "paced":
                paced_section(programs)
            elif section == "live":
                live_section(programs)
            elif section == "bulk":
                bulk_section(programs)
            elif section == "calls":
                calls_section(programs)
            elif section == "many":
                many_section(made)
            elif section == "goals":
                goals_section(args.goals)
            else:
                sys.exit(f"there is no section {section}")
    finally:
        shutil.rmtree(args.disk, ignore_errors=True)
    for what in missing:
        print(f"*** left out: {what}")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="a quarter of the steps, fewer rounds")
parser.add_argument("--only", default="write,paced,live,bulk,calls,many,goals")
parser.add_argument("--goals", help="write the table of goals to this file")
parser.add_argument("--disk", default=None, help="where the runs are written; removed at the end (default: a folder in build/bench)")
parser.add_argument("--rounds", type=int, default=0)
args = parser.parse_args()
quick = "/4" if args.quick else ""
args.rounds = args.rounds or (3 if args.quick else 5)
args.disk = args.disk or tempfile.mkdtemp(dir=OUT) if OUT.exists() else args.disk or str(OUT / "data")
main()
