#!/usr/bin/env python3
"""Interop of this library with the PyPI package plattli: random scripts against a plain Python model.

    python tests/interop/run.py --count 1000            scripts 0 … 999 of the default base seed
    python tests/interop/run.py --seed 1234             replays one script, verbosely

A script is a chain of sessions on one run: each is written by one of the two implementations, ends in a close,
a SIGKILL or a finish, and is read back by both; the next one resumes where and with what the dice say. Every
third script runs through both writers instead, and their folders are compared byte by byte.
"""

import argparse
import json
import os
import random
import re
import shutil
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from pathlib import Path

import generate
import reference
from model import FLOATS, INTS, Model, differences, int_range, json_text, monotonic, same_value, to_f32
from ours import Driver, Failed, line_of, scratch, session_lines, values_of, word

BASE_SEED = 20260


class Wrong(Exception):
    """A difference between an implementation and the model, or between the two."""


class Context:
    """What all scripts of one process share."""

    def __init__(self, ours, scratch, verbose):
        self.driver = Driver() if ours else None
        self.scratch = scratch
        self.verbose = verbose
        self.counts = Counter()

    def say(self, *args):
        if self.verbose:
            print(*args)


# -- reading back ------------------------------------------------------------------------------------------


def check_reads(ctx, path, model, open_dtypes, rng, finished):
    """Both readers against the model. Returns what the reference's reader found: {metric: dtype}."""
    if not model.metrics or (all(None in open_dtypes.get(n, ()) for n in model.metrics) and not finished):
        if not finished and not any((Path(path) / p).exists() for p in ("plattli/plattli.json", "metrics.plattli")):
            return {}
    found, config = reference.read(path)
    report(differences(model, found, open_dtypes), "the reference's reader")
    if json_text(config) != json_text(model.config):
        raise Wrong(f"the reference's reader: config {config!r}, expected {model.config!r}")
    if ctx.driver:
        ours, config, info, warnings = ctx.driver.read(path)
        report(differences(model, ours, open_dtypes), "our reader")
        if {n: f[0] for n, f in ours.items()} != {n: f[0] for n, f in found.items()}:
            raise Wrong("the two readers disagree about dtypes")
        if json_text(config) != json_text(model.config):
            raise Wrong(f"our reader: config {config!r}, expected {model.config!r}")
        if warnings:
            raise Wrong(f"our reader warned: {warnings}")
        if finished:
            for name, m in model.metrics.items():
                expected = {"inc": 1, "dec": -1, None: 0}[monotonic(m.dtype, m.values())]
                if info[name]["monotonic"] != expected:
                    raise Wrong(f"monotonic of {name!r} is {info[name]['monotonic']}, expected {expected}")
        check_selections(ctx, path, model, rng, {n: f[0] for n, f in ours.items()})
    ctx.counts["reads"] += 1
    return {n: f[0] for n, f in found.items()}


def report(found, who):
    if found:
        raise Wrong(f"{who}: " + "; ".join(found[:4]) + (f" (and {len(found) - 4} more)" if len(found) > 4 else ""))


def check_selections(ctx, path, model, rng, dtypes):
    """A few random selections and a join through our reader."""
    names = [n for n in model.metrics if n in dtypes]
    if not names:
        return
    ctx.driver.must(f"ropen {word(str(path))}")
    try:
        for name in rng.sample(names, min(2, len(names))):
            m, dtype = model.metrics[name], dtypes[name]
            rows = list(zip(m.steps(), m.values()))
            selection, expected = draw_selection(rng, rows, dtype)
            as_dtype, line = draw_conversion(rng, name, selection, dtype, expected)
            dtype = as_dtype or dtype
            [column] = ctx.driver.must(line)[1]
            got = list(zip(column["steps"], values_of(column)))
            if [s for s, _ in got] != [s for s, _ in expected] or \
                    not all(same_value(dtype, e, g) for (_, e), (_, g) in zip(expected, got)):
                raise Wrong(f"column {name!r} {selection} is {got}, expected {expected}")
        chosen = rng.sample(names, min(3, len(names)))
        common = sorted(set.intersection(*(set(model.metrics[n].rows) for n in chosen)))
        _, columns = ctx.driver.must("table - all storage " + " ".join(map(word, chosen)))
        for name, column in zip(chosen, columns):
            got = values_of(column)
            if column["steps"] != common or not all(
                    same_value(dtypes[name], model.metrics[name].rows[s], g) for s, g in zip(common, got)):
                raise Wrong(f"table of {chosen}: {name!r} is {column}, expected steps {common}")
    finally:
        ctx.driver.must("rclose")


def draw_conversion(rng, name, selection, dtype, expected):
    """(dtype read as or None, operation): the storage type, or a type that holds all the values, also by read_*."""
    if dtype == "jsonl" or rng.random() < 0.4:
        return None, f"column {word(name)} {selection} storage"
    fits = ["f64"] if dtype in FLOATS or all(abs(v) < 2 ** 53 for _, v in expected) else []
    fits += [t for t in ("i64", "u64") if dtype in INTS and all(
        int_range(t)[0] <= v <= int_range(t)[1] for _, v in expected)]
    if not fits:
        return None, f"column {word(name)} {selection} storage"
    as_dtype = rng.choice(fits)
    if rng.random() < 0.5:
        return as_dtype, f"column {word(name)} {selection} {as_dtype}"
    return as_dtype, f"read {as_dtype} {word(name)} {selection} {len(expected) + rng.randrange(3)}"


def draw_selection(rng, rows, dtype):
    """(selection in the driver's language, rows it must give)"""
    kind = rng.choice(["steps", "positions"] + (["values"] if dtype != "jsonl" else []))
    if kind == "steps":
        near = [s for s, _ in rows] or [0]
        a, b = (rng.choice([None, rng.choice(near) + rng.choice([-1, 0, 1])]) for _ in "ab")
        keep = [r for r in rows if (a is None or r[0] >= a) and (b is None or r[0] <= b)]
    elif kind == "positions":
        n = len(rows)
        a, b = (rng.choice([None, rng.randint(-n - 2, n + 2)]) for _ in "ab")
        keep = rows[slice(a, b)]
    else:
        near = [float(v) for _, v in rows if abs(float(v)) < 2.0 ** 53] or [0.0]
        a, b = (rng.choice([None, rng.choice(near) + rng.choice([-0.5, 0, 0.5])]) for _ in "ab")
        # Bounds for singles are rounded to singles, in both readers: 0.1 finds what was written as 0.1f.
        low, high = (x if x is None or dtype != "f32" else to_f32(x) for x in (a, b))
        keep = [r for r in rows if r[1] == r[1] and (low is None or r[1] >= low) and (high is None or r[1] <= high)]
        if a is None and b is None:
            keep = [r for r in rows if r[1] == r[1]]
            kind, keep = "all", rows
    if kind == "all":
        return "all", keep
    text = "%s:%s:%s" % (kind, *("" if x is None else repr(x) for x in (a, b)))
    return text, keep


# -- one session -------------------------------------------------------------------------------------------


def play(ctx, who, run_dir, session, ops, end, known, model):
    """Runs a session; compares the status of every operation with the model's."""
    if who == "ref":
        lines, codes = [op for op, _ in ops], [code for _, code in ops]
        if end[0] == "kill":
            accepted = reference.run_and_die(run_dir, session, lines)
        else:
            writer = reference.Session(run_dir, session, quiet=False)
            accepted = [writer.apply(op) for op in lines]
            writer.finish(*end[1]) if end[0] == "finish" else writer.close()
        for op, code, ok in zip(lines, codes, accepted, strict=True):
            if op[0] == "write" and ok != (code == 0):
                raise Wrong(f"the reference {'accepted' if ok else 'refused'} {op}, the model says {code}")
        return
    d = ctx.driver
    d.must(d.open_line(run_dir, session))
    lines = session_lines(ops, known, by_id=session["hotsize"] % 2 == 0)
    texts = [line for line, _ in lines]
    answers = d.die(texts) if end[0] == "kill" else d.send(texts)
    if len(answers) != len(lines):
        raise Wrong(f"our driver died after {texts[len(answers) - 1] if answers else 'open'!r}")
    for (line, code), answer in zip(lines, answers):
        if answer[0] != code:
            raise Wrong(f"our writer answered {answer[0]} ({answer[1]}) to {line!r}, the model says {code}")
    if end[0] == "finish":
        d.must(finish_line(*end[1]))
        d.must("close")
    elif end[0] == "close":
        close(ctx, model)


def close(ctx, model):
    """Closes our writer and the model; an error of the step in hand is told once more."""
    code, text, _ = ctx.driver.one("close")
    if code != model.error:
        raise Wrong(f"close answered {code} ({text}), expected {model.error}")
    model.close()


def finish_line(optimize, archive, overrides):
    line = f"finish optimize={int(optimize)} archive={int(archive)}"
    if overrides:
        line += " overrides=" + word(json.dumps(overrides, ensure_ascii=False))
    return line


def script(ctx, seed):
    """One chain of sessions on one run."""
    rng = random.Random(seed)
    run_dir = Path(ctx.scratch) / f"s{seed}"
    model, metrics = Model(), generate.profiles(rng)
    writers = ["ref", "ours"] if ctx.driver else ["ref"]
    archived = False
    for number in range(rng.choice([1, 1, 2, 2, 3, 4])):
        bulk = number == 0 and rng.random() < 0.12
        session = {
            "layout": "bulk" if bulk else rng.choice(["compacting"] * 4 + ["direct"]),
            "hotsize": rng.choice([1, 1, 2, 3, 5, 7, 20, 50]),
            "threads": rng.choice([0, 1, 1]),
            "config": generate.config(rng),
            "step": 0,
            "reopen": archived,
        }
        who = rng.choice(writers)
        if number:
            last = model.last_step()
            top = 0 if last is None else last + 1
            session["step"] = rng.choice([top, top, top + 5, rng.randint(0, top)] + [None] * (who == "ours"))
        if who == "ref":
            if archived:
                bites = hazards_in_archive(run_dir, session)
            else:
                bites = reference.hazards(run_dir, session)
            if bites:
                for bite in bites:
                    ctx.counts["hazard avoided: " + bite] += 1
                if not ctx.driver:
                    break
                who = "ours"
        model.resume(session["step"])
        if session["config"][0] == "value":
            model.config = session["config"][1]
        flushes, known = not bulk, set(model.metrics)
        ops = generate.operations(rng, metrics, model, rng.choice([0, 1, 5, 12, 25, 60]), session["layout"],
                                  flushes=flushes, mid_step_end=rng.random() < 0.6)
        end = ("finish", generate.finish_options(rng)) if bulk else rng.choice(
            [("close",), ("kill",), ("kill",), ("finish", generate.finish_options(rng))])
        if end[0] == "finish" and not isinstance(model.config, dict):
            end = ("finish", (*end[1][:2], None))
        if who == "ref" and end[0] == "finish" and end[1][0] and \
                reference.hazard_empty_numeric_column(run_dir, session["reopen"], model):
            ctx.counts["hazard avoided: empty column of numbers at finish"] += 1
            end = ("finish", (False, *end[1][1:]))
        ctx.say(f"session {number}: {who} {session} {len(ops)} operations, {end}")
        if ctx.verbose > 1:
            for op in ops:
                ctx.say("   ", op)
        partial = dict(model.row)
        partial_step = model.step
        open_dtypes = {}
        play(ctx, who, run_dir, session, ops, end, known, model)
        if end[0] == "finish":
            model.finish(end[1][0], end[1][2])
            archived = end[1][1]
        elif end[0] == "close":
            model.close()
            archived = False
        else:
            open_dtypes = model.killed()
            archived = False
            if session["layout"] == "direct" and partial:
                # Without a log each value of an unended step stands or falls alone.
                adopt_partial(ctx, run_dir, model, partial, partial_step, open_dtypes)
        found = check_reads(ctx, run_dir, model, open_dtypes, rng, end[0] == "finish")
        model.adopt(found)
        ctx.counts[f"{who} {session['layout']} {end[0]}"] += 1
    shutil.rmtree(run_dir, ignore_errors=True)


def adopt_partial(ctx, run_dir, model, partial, step, open_dtypes):
    if not (Path(run_dir) / "plattli" / "plattli.json").exists():
        return
    found, _ = reference.read(run_dir)
    for name, value in partial.items():
        if name in found and found[name][1][-1:] == [step]:
            model.metrics[name].rows[step] = value
        open_dtypes.setdefault(name, {model.metrics[name].settled, model.metrics[name].dtype})


def hazards_in_archive(run_dir, session):
    """The hazards of an archive are those of the folder it unpacks to."""
    with tempfile.TemporaryDirectory(dir=run_dir.parent) as folder:
        with zipfile.ZipFile(run_dir / "metrics.plattli") as z:
            z.extractall(Path(folder) / "plattli")
        return reference.hazards(folder, session)


# -- the same script through both writers ------------------------------------------------------------------

TIMESTAMP = re.compile(rb'"when_exported": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"')


def snapshot(run_dir):
    """{relative path: bytes} of a run with the timestamps masked.

    An empty hot log counts as none: ours makes the next log while it rotates, the reference when a row comes."""
    files = {}
    for path in sorted(Path(run_dir).rglob("*")):
        name = str(path.relative_to(run_dir))
        if path.is_file() and not name.startswith(".plattli"):
            data = path.read_bytes()
            if name.endswith("plattli.json"):
                data = TIMESTAMP.sub(b'"when_exported": "T"', data)
            if data or not name.endswith("hot.jsonl"):
                files[name] = data
    return files


FLAG = re.compile(rb', "monotonic": "(inc|dec)"')


def without_flags(files):
    """Flags of a live manifest may lag behind hot rows, and the two writers publish at different moments."""
    return {n: FLAG.sub(b"", d) if n.endswith("plattli.json") else d for n, d in files.items()}


def check_flags(run_dir):
    """Every flag in a manifest, live or not, is true of all cold values."""
    reader = reference.plattli.Reader(run_dir, exclude_hot=True)
    for name, entry in reader.manifest().items():
        values = reader.metric(name, dtype="storage")[1]
        flag = entry.get("monotonic")
        if not flag or not len(values):
            continue
        rising, falling = bool((values[1:] >= values[:-1]).all()), bool((values[1:] <= values[:-1]).all())
        if (not rising if flag == "inc" else not falling) or values.dtype == object:
            raise Wrong(f"{name!r} is flagged {flag} with the cold values {values.tolist()}")
    reader.close()


def archive_members(path):
    """[(name, bytes, method, flags, …)] of an archive, in order, times masked."""
    with zipfile.ZipFile(path) as z:
        return [(i.filename, TIMESTAMP.sub(b'"when_exported": "T"', z.read(i)), i.compress_type, i.flag_bits,
                 i.comment) for i in z.infolist()]


def compare_bytes(a, b, when):
    for name in sorted(set(a) | set(b)):
        if name == "metrics.plattli":
            continue
        if a.get(name) != b.get(name):
            raise Wrong(f"{when}: {name} differs\n    ours {a.get(name)!r}\n    reference {b.get(name)!r}")


def byte_script(ctx, seed):
    """The same operations through both writers, their folders compared at step boundaries and at the end."""
    rng = random.Random(seed)
    threads = rng.choice([0, 0, 1])
    model, metrics = Model(), generate.profiles(rng)
    layout = rng.choice(["compacting"] * 3 + ["direct", "bulk"])
    dirs = {who: Path(ctx.scratch) / f"b{seed}-{who}" for who in ("ours", "ref")}
    for number in range(1 if layout == "bulk" else rng.choice([1, 1, 2])):
        session = {"layout": layout, "hotsize": rng.choice([1, 2, 3, 5, 7, 20, 50]), "threads": threads,
                   "config": generate.config(rng), "step": 0}
        if number:
            last = model.last_step()
            top = 0 if last is None else last + 1
            session["step"] = rng.choice([top, rng.randint(0, top)])
            bites = reference.hazards(dirs["ref"], session)
            if bites:
                for bite in bites:
                    ctx.counts["hazard avoided: " + bite] += 1
                break
        model.resume(session["step"])
        ops = generate.operations(rng, metrics, model, rng.choice([3, 10, 40, 100]), layout, snaps=threads == 0,
                                  flushes=layout == "compacting", mid_step_end=rng.random() < 0.5)
        options = generate.finish_options(rng)
        if not isinstance(session["config"][-1], dict) or any(o[0][0] == "set_config" for o in ops) or number:
            options = (*options[:2], None)
        finishing = layout == "bulk" or rng.random() < 0.5
        ctx.say(f"session {number}: {session} {len(ops)} operations, {'finish %s' % (options,) if finishing else 'close'}")
        writer = reference.Session(dirs["ref"], session, quiet=True)
        d = ctx.driver
        d.must(d.open_line(dirs["ours"], session))
        if number and layout == "compacting":
            compare_bytes(snapshot(dirs["ours"]), snapshot(dirs["ref"]), f"session {number}, after opening at {session['step']}")
        for i, (op, code) in enumerate(ops):
            if ctx.verbose > 1:
                ctx.say("   ", op, code)
            if op[0] == "snap":
                if layout != "bulk" and (dirs["ref"] / "plattli" / "plattli.json").exists():
                    compare_bytes(*(without_flags(snapshot(dirs[w])) for w in ("ours", "ref")),
                                  f"session {number}, after operation {i} ({ops[i - 1]})")
                    check_flags(dirs["ours"])
                    ctx.counts["live folders compared"] += 1
                continue
            ok = writer.apply(op)
            answer = d.one(line_of(op))
            if answer[0] != code:
                raise Wrong(f"our writer answered {answer[0]} ({answer[1]}) to {op}, the model says {code}")
            if op[0] == "write" and ok != (code == 0):
                raise Wrong(f"the reference {'accepted' if ok else 'refused'} {op}, the model says {code}")
        if finishing:
            writer.finish(*options)
            d.must(finish_line(*options))
            model.finish(options[0], options[2])
            d.must("close")
        else:
            writer.close()
            close(ctx, model)
        when = f"session {number}, after {'finish' if finishing else 'close'}"
        if threads and not (finishing and options[0]):
            break  # when the background thread compacted is a matter of time, and shows until finish smoothes it
        a, b = (snapshot(dirs[w]) for w in ("ours", "ref"))
        compare_bytes(*((a, b) if finishing else map(without_flags, (a, b))), when)
        if not (finishing and options[1]) and "plattli/plattli.json" in a:
            check_flags(dirs["ours"])
        if finishing and options[1]:
            a, b = (archive_members(dirs[w] / "metrics.plattli") for w in ("ours", "ref"))
            if layout == "bulk":
                a, b = sorted(a), sorted(b)
            if a != b:
                raise Wrong(f"{when}: the archives differ\n    ours {a}\n    reference {b}")
        ctx.counts[f"folders compared: {layout}"] += 1
        if finishing and options[1]:
            break
    for path in dirs.values():
        shutil.rmtree(path, ignore_errors=True)


# -- the command -------------------------------------------------------------------------------------------


def one(ctx, seed):
    """Runs one script; True if nothing differed."""
    try:
        if ctx.driver and seed % 3 == 0:
            byte_script(ctx, seed)
        else:
            script(ctx, seed)
        return True
    except Exception as e:
        kind = "DIFFERENCE" if isinstance(e, (Wrong, Failed)) else "ERROR"
        print(f"{kind} in script {seed}: {e}")
        if kind == "ERROR" or ctx.verbose:
            traceback.print_exc()
        print(f"    replay: {sys.executable} {Path(__file__).relative_to(Path.cwd()) if Path(__file__).is_relative_to(Path.cwd()) else __file__} -v --seed {seed}"
              + ("" if ctx.driver else " --reference-only"), flush=True)
        if ctx.driver:
            if ctx.driver.process:
                ctx.driver.process.kill()
            ctx.driver.end()
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--base", type=int, default=BASE_SEED, help="first seed")
    parser.add_argument("--seed", type=int, help="run this one script")
    parser.add_argument("--reference-only", action="store_true", help="check model and generator on the reference")
    parser.add_argument("--keep-going", action="store_true")
    parser.add_argument("-v", dest="verbose", action="count", default=0)
    options = parser.parse_args()
    folder = scratch("interop")
    ctx = Context(not options.reference_only, folder, options.verbose)
    seeds = [options.seed] if options.seed is not None else range(options.base, options.base + options.count)
    began, failed = time.monotonic(), []
    for seed in seeds:
        if not one(ctx, seed):
            failed.append(seed)
            if len(failed) >= 20 and not options.keep_going:
                break
    if not failed or options.seed is None:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print("the run is left in", folder)
    if ctx.driver and ctx.driver.end() not in (0, None):
        print("the driver did not end well")
        failed.append("driver")
    for what, n in sorted(ctx.counts.items()):
        print(f"  {n:6d}  {what}")
    print(f"interop: {len(seeds)} scripts (seeds {seeds[0]} to {seeds[-1]}), {len(failed)} with differences, "
          f"{time.monotonic() - began:.1f} s")
    if failed:
        print("failing seeds:", *failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
