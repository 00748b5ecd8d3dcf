"""System calls, counted by strace: exact, whatever the neighbours do. 100 metrics."""
import collections
import os
import re
import shlex
import shutil
import subprocess

from .. import peers as the
from ..tables import number

GROUPS = {
    "open": r"open|openat|creat",
    "close": r"close",
    "write": r"p?writev?(64)?",
    "read": r"p?readv?(64)?|lseek",
    "sync": r"fsync|fdatasync",
    "rename": r"rename(at2?)?",
    "unlink": r"unlink(at)?|rmdir",
    "stat": r"stat|fstat|lstat|newfstatat|statx|access|faccessat2?|readlink",
    "truncate": r"f?truncate",
    "lock": r"flock|fcntl",
    "mkdir": r"mkdir(at)?",
    "list": r"getdents64",
}
METADATA = ("open", "rename", "unlink", "stat", "truncate", "mkdir", "list")
WRITERS = (*the.SAME_FORMAT, the.SNPRINTF, the.CSV, the.EVENTS, the.SQLITE, the.TABLE)
LEFT = "100x1155"


def group(call):
    return next((name for name, pattern in GROUPS.items() if re.fullmatch(pattern, call)), None)


def count(bench, command, *arguments, check=True, env=None):
    """Calls by kind: of all threads, and "by the caller" those of the first thread."""
    out = f"{bench.disk}/strace"
    traced = ["strace", "-f", "-o", out, "-e", "trace=%file,%desc,fsync,fdatasync", *shlex.split(command), *map(str, arguments)]
    done = subprocess.run(traced, capture_output=True, text=True, env={**os.environ, **(env or {})}, timeout=300)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(traced)}: {done.stderr[-500:]}")
    counts, caller, first = collections.Counter(), collections.Counter(), None
    with open(out, errors="replace") as trace:
        for line in trace:
            found = re.match(r"(\d+)\s+(\w+)\(", line)  # the second half of an interrupted call does not look like this
            if not found:
                continue
            first = first or found[1]
            counts[group(found[2])] += 1
            caller[group(found[2])] += found[1] == first
    return {**{name: counts[name] for name in GROUPS}, "by the caller": {name: caller[name] for name in GROUPS}}


def less(a, b):
    return {key: less(a[key], b[key]) if isinstance(a[key], dict) else a[key] - b[key] for key in a}


def measure(bench):
    if not shutil.which("strace"):
        bench.left_out("system calls: no strace")
        return
    paced = {"PACE_US": "1000"}  # so that the background keeps up
    source = None
    for peer in bench.chosen(*WRITERS):
        short, long = (count(bench, peer.command, "write", f"100x{steps}", bench.fresh("calls"), env=paced) for steps in (1000, 2000))
        bench.put(peer.name, "steps", less(long, short))
    source = bench.left_run(LEFT)
    for peer in bench.chosen(*the.SAME_FORMAT):
        if peer.is_python:
            start = count(bench, f"{bench.python} -c", "import numpy, plattli, json, statistics")
        else:
            start = count(bench, peer.command, "no", "such", "verb", check=False)
        for verb in ("resume", "finish"):
            bench.put(peer.name, verb, less(count(bench, peer.command, verb, LEFT, bench.copy(source, "again")), start))


def metadata(results, program, what):
    found = results.get("calls", program, what)
    return found and sum(found[name] for name in METADATA)


def tables(results):
    rows = []
    for what, title in (("steps", "1000 steps"), ("resume", "resume"), ("finish", "resume and finish")):
        for name in results.programs("calls"):
            found = results.get("calls", name, what)
            if found:
                rows.append((f"{name}, {title}", *(number(max(0, found[kind]), 0) for kind in GROUPS), number(max(0, metadata(results, name, what)), 0)))
    yield "System calls, 100 metrics; what starting the program takes is left out", ("", *GROUPS, "metadata"), rows
