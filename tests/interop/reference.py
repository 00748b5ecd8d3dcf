"""The PyPI package plattli as writer and reader of the same operations the model takes."""

import json
import os
import signal
import zipfile
from pathlib import Path

import numpy as np
import plattli


NUMPY = {
    "f32": np.float32, "f64": np.float64, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64,
    "u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "u64": np.uint64,
}


def python_value(kind, value):
    return NUMPY[kind](value) if kind in NUMPY else value


class Session:
    """One open writer of the reference. `quiet` waits for each compaction, which makes its bytes repeatable."""

    def __init__(self, run_dir, session, quiet):
        config = session.get("config", ("nothing",))
        config = {"nothing": lambda: None, "value": lambda: config[1], "path": lambda: config[1]}[config[0]]()
        self.layout, self.quiet = session["layout"], quiet
        step = session["step"]
        if self.layout == "compacting":
            self.writer = plattli.CompactingWriter(run_dir, step, hotsize=session["hotsize"], config=config,
                                                   allow_resume_finalized=session.get("reopen", False))
        elif self.layout == "direct":
            self.writer = plattli.DirectWriter(run_dir, step, write_threads=0, config=config,
                                               allow_resume_finalized=session.get("reopen", False))
        else:
            self.writer = plattli.BulkWriter(run_dir, step, config=config, overwrite=session.get("overwrite", False))

    def apply(self, op):
        """True if the operation was accepted."""
        w = self.writer
        try:
            if op[0] == "write":
                w.write({op[1]: python_value(op[2], op[3])})
            elif op[0] == "end":
                w.end_step()
            elif op[0] in ("flush", "sync"):
                if self.layout == "compacting":
                    w.write(flush=True)
            elif op[0] == "set_step":
                w.step = op[1]
            elif op[0] == "set_config":
                w.set_config(op[1])
            elif op[0] == "wait":
                pass
            else:
                raise AssertionError(op)
        except (ValueError, TypeError, OverflowError, RuntimeError):
            return False
        if self.quiet and self.layout == "compacting" and w._compact_future is not None:
            w._compact_future.result()
        return True

    def finish(self, optimize, archive, overrides):
        self.writer.finish(optimize=optimize, zip=archive, config_overrides=overrides)

    def close(self):
        if self.layout != "bulk":
            self.writer.__exit__(None, None, None)


def run_and_die(run_dir, session, ops):
    """Runs `ops` in a child that then kills itself with SIGKILL; returns which operations were accepted."""
    r, w = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(r)
            writer = Session(run_dir, session, quiet=False)
            accepted = "".join("1" if writer.apply(op) else "0" for op in ops)
            os.write(w, accepted.encode())
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(9)
    os.close(w)
    with os.fdopen(r) as pipe:
        accepted = pipe.read()
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        raise AssertionError("the reference's writer failed instead of dying by SIGKILL")
    return [c == "1" for c in accepted]


def plain(dtype, values):
    """Values of a numpy column as plain Python ones, floats widened to binary64."""
    return list(values) if dtype == "jsonl" else values.tolist()


DTYPES = {np.dtype(t): n for n, t in NUMPY.items()}


def read(path):
    """({metric: (dtype, steps, values)}, config)"""
    reader = plattli.Reader(path)
    found = {}
    for name in reader.metrics():
        steps, values = reader.metric(name, dtype="storage")
        dtype = DTYPES.get(values.dtype, "jsonl")
        if reader.rows(name) != len(steps):
            raise AssertionError(f"rows({name!r}) is {reader.rows(name)} beside {len(steps)} steps")
        found[name] = (dtype, steps.tolist(), plain(dtype, values))
    config = reader.config()
    reader.close()
    return found, config


# -- hazards of the reference (format §14.4), each with the state of disk in which it bites ------------------


def root_of(run_dir):
    return Path(run_dir) / "plattli"


def hot_rows(root):
    steps = []
    for name in ("hot.compacting.jsonl", "hot.jsonl"):
        try:
            lines = (root / name).read_bytes().split(b"\n")
        except FileNotFoundError:
            continue
        for line in lines:
            try:
                steps.append(json.loads(line)["step"])
            except ValueError:
                pass
    return steps


def hazard_rows_lost_on_resume(root, step):
    """"Rows lost on resume": truncation at `step` stops at a segment whose canonical stop lies beyond `step`,
    although the segment keeps all its rows, and drops the later ones."""
    points = [step] + [s for s in sorted(hot_rows(root)) if s < step][:1]
    try:
        manifest = json.loads((root / "plattli.json").read_bytes())
    except FileNotFoundError:
        return False
    for entry in manifest.values():
        segments = entry.get("indices") if isinstance(entry, dict) else None
        if not isinstance(segments, list):
            continue
        for point in points:
            for i, segment in enumerate(segments[:-1]):
                if segment["stop"] > point and segments[i + 1]["start"] < point:
                    return True
    return False


def hazard_direct_over_hot_log(root):
    """"Direct writer over a hot log": it leaves hot.jsonl in place and the old rows come back."""
    return (root / "hot.jsonl").exists() or (root / "hot.compacting.jsonl").exists()


def column_files(root):
    """[(value file, item size or None, index file or None)] of every metric that the manifest names."""
    try:
        manifest = json.loads((root / "plattli.json").read_bytes())
    except FileNotFoundError:
        return []
    files = []
    for name, entry in manifest.items():
        if isinstance(entry, dict):
            size = NUMPY[entry["dtype"]]().itemsize if entry["dtype"] in NUMPY else None
            indices = root / f"{name}.indices" if entry["indices"] == "indices" else None
            files.append((root / f"{name}.{entry['dtype']}", size, indices))
    return files


def hazard_zero_filled(root):
    """"Zero-filled values": a direct resume extends a value file to the number of its steps."""
    return any(size and indices and indices.exists() and values.exists()
               and indices.stat().st_size // 4 > values.stat().st_size // size
               for values, size, indices in column_files(root))


def hazard_missing_file(root):
    """§12: a direct reopen refuses a metric without its files, which a crash before its first row leaves behind."""
    return any(not values.exists() or (indices and not indices.exists()) for values, _, indices in column_files(root))


def hazard_empty_numeric_column(run_dir, archived, model):
    """Not in §14.4: finish(optimize=True) fails on a metric of numbers that was published but never got a value file."""
    empty = [f"{n}.{m.dtype}" for n, m in model.metrics.items() if m.dtype != "jsonl" and not m.rows and n not in model.row]
    if archived:
        with zipfile.ZipFile(Path(run_dir) / "metrics.plattli") as z:
            return any(file not in z.namelist() for file in empty)
    return any(not (root_of(run_dir) / file).exists() for file in empty)


def hazards(run_dir, session):
    """Names of the hazards that keep the reference from opening this run as `session` asks."""
    root = root_of(run_dir)
    if not root.is_dir():
        return []
    found = []
    if session["step"] is not None and hazard_rows_lost_on_resume(root, session["step"]):
        found.append("rows lost on resume")
    if session["layout"] == "direct":
        if hazard_direct_over_hot_log(root):
            found.append("direct writer over a hot log")
        if hazard_zero_filled(root):
            found.append("zero-filled values")
        if hazard_missing_file(root):
            found.append("missing file at a direct reopen")
    return found
