"""A killed run of f32: resumed, finished, read as it lies there, and read as an archive.

Programs that know the format all start from copies of one folder, with the same rows in the log and in the columns.
The others read what they have written themselves. Every read opens and closes, and is compared with what was written.
"""
import os
from pathlib import Path

from .. import peers as the
from ..measure import middle, rows_in_log
from ..tables import number

STATE = "the folder"
OWN_FORMAT = (the.BINARY, the.SNPRINTF, the.CSV, the.EVENTS, the.SQLITE, the.TABLE, the.DATASETS)

# Some rows short of W1 to W3, so that the writer has about 150 rows in its log when it is killed: a log has 200.
METRICS = {"W1": 8, "W2": 100, "W3": 1000}
STEPS = {"W1": 199_955, "W2": 19_955, "W3": 1_955}


def shape_of(bench, shape):
    steps = STEPS[shape] if not bench.quick else (STEPS[shape] - 155) // 4 // 200 * 200 + 155
    return f"{METRICS[shape]}x{steps}"


def state_of(folder):
    return {"log": rows_in_log(folder), "columns": os.path.getsize(Path(folder) / "plattli/m0003.f32") // 4}


def reads(bench, what, folder):
    """A program that reads repeats each read itself; that in Python takes seconds and is asked once."""
    for names, rounds in (((the.OURS, the.FLOOR), 2), ((the.PYTHON,), 1)):
        bench.medians(what, bench.chosen(*names), rounds, lambda peer, _: bench.run(peer.command, "read", folder, "m0003"))


def measure(bench):
    peers = bench.chosen(*the.SAME_FORMAT)
    for shape in METRICS:
        steps = shape_of(bench, shape)
        source = bench.left_run(steps)
        bench.put(STATE, shape, state_of(source))
        verbs = ("finish",) if shape == "W1" else ("resume", "finish")
        for verb in verbs:
            bench.medians(f"{verb} {shape}", peers, bench.rounds, lambda peer, _: bench.run(peer.command, verb, steps, bench.copy(source, "again")))
        if shape != "W2":
            reads(bench, f"live {shape}", source)
            archive = bench.copy(source, "archive")
            bench.run(bench.peers[the.OURS].command, "finish", steps, archive)
            reads(bench, f"archive {shape}", archive)
            for peer in bench.chosen(*OWN_FORMAT):
                own = bench.fresh("again")
                bench.run(peer.command, "write", steps, own, "finish")
                bench.put(peer.name, f"archive {shape}", middle([bench.run(peer.command, "read", own, "m0003")]))


def tables(results):
    def cells(name, *wanted):
        return [number(results.get("live", name, shape, key)) for shape, key in wanted]

    here = [name for name in the.SAME_FORMAT if name in results.programs("live")]
    state = {shape: results.get("live", STATE, shape) for shape in METRICS}
    if not here or None in state.values():
        return
    logs = ", ".join(f"{state[shape]['log']:.0f} in {shape}" for shape in METRICS)
    wanted = [("resume W2", "resume_ms"), ("resume W3", "resume_ms"), *((f"finish {shape}", "finish_ms") for shape in METRICS)]
    yield f"A killed run of f32 is resumed and finished, ms; rows in the log: {logs}", ("", *(shape for shape, _ in wanted)), [(name, *cells(name, *wanted)) for name in here]
    head = ("", "W1 column ms", "last value us", "1000 rows us", "8 columns ms", "W3 column ms", "last value us", "1000 columns ms")
    for how, title in (("live", "a live run"), ("archive", "an archive, or what others have")):
        wanted = [*((f"{how} W1", key) for key in ("col_ms", "last_us", "slice_us", "all_ms")), *((f"{how} W3", key) for key in ("col_ms", "last_us", "all_ms"))]
        rows = [(name, *cells(name, *wanted)) for name in results.programs("live") if results.get("live", name, f"{how} W1")]
        yield f"Reads of {title}, opening and closing included", head, rows
