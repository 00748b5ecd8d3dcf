"""The goals, each with what was measured: the table of docs/performance.md."""
from . import peers as the
from .sections import bulk, many, pinned, slow, sweeps
from .sections.write import cpu, step
from .tables import number, ratio, times

MISSED, AIM_MISSED = "**missed**", "aim missed"


class Goal:
    """A row: what is measured, what must and what should be, and parts of (label, value, must met, aim met)."""

    def __init__(self, figure, must, aim, *parts):
        self.figure, self.must, self.aim = figure, must, aim
        self.parts = [part for part in parts if part[1] is not None]

    def measured(self):
        told = []
        for label, value, met, aimed in self.parts:
            verdict = MISSED if met is False else AIM_MISSED if aimed is False else ""
            told.append(f"{label} {number(value)}" + (f" ({verdict})" if verdict else ""))
        return "; ".join(told) or "not measured here"


def below(label, value, must=None, aim=None):
    return (label, value, None if value is None or must is None else value <= must, None if value is None or aim is None else value <= aim)


def above(label, value, must):
    return (label, value, None if value is None else value >= must, None)


def steps(results):
    def p50(program, shape, section="write"):
        return step(results, program, shape, section=section)

    def to(program, other, shape):
        return ratio(p50(program, shape), p50(other, shape))

    yield Goal("W2, W3 in f64, step p50 by id", "≤ 1.3 × zmij, ≥ 40 × Python, ≥ 3.5 × CSV", "≤ 1.0 × zmij", *(
        part for w in ("W2", "W3") for part in (
            below(f"{w} to zmij", to(the.OURS, the.ZMIJ, f"{w}d"), 1.3, 1.0),
            above(f"{w} Python to ours", to(the.PYTHON, the.OURS, f"{w}d"), 40),
            above(f"{w} CSV to ours", to(the.CSV, the.OURS, f"{w}d"), 3.5))))
    # The log holds an f32 with the digits of the f64 that it is.
    yield Goal("W2, W3 in f32, step p50 by id", "≤ 1.3 × zmij of the same text, ≥ 30 × Python", "≤ 1.0 × zmij", *(
        part for w in ("W2", "W3") for part in (
            below(f"{w} to zmij", to(the.OURS, the.WIDE, w), 1.3, 1.0),
            above(f"{w} Python to ours", to(the.PYTHON, the.OURS, w), 30))))
    yield Goal("W1 step p50 by id", "≤ 1.6 × binary row, ≥ 25 × Python", "≤ 1.3 ×",
               *(below(f"{kind} to binary", to(the.OURS, the.BINARY, shape), 1.6, 1.3) for kind, shape in (("f32", "W1"), ("f64", "W1d"))),
               *(above(f"{kind} Python to ours", to(the.PYTHON, the.OURS, shape), 25) for kind, shape in (("f32", "W1"), ("f64", "W1d"))))
    yield Goal("the same by name", "≤ 1.3 × by id", "≤ 1.15 ×", *(below(f"{shape[:2]} {kind}", to(the.NAME, the.OURS, shape), 1.3, 1.15)
                                                              for kind, shapes in (("f64", ("W1d", "W2d", "W3d")), ("f32", ("W1", "W2", "W3"))) for shape in shapes))


def pauses(results):
    def paced(program, key):
        return step(results, program, "W2d", key, section="paced")

    yield Goal("W2 with 1 ms between steps", "p99 ≤ 2.5 × zmij, p99.9 ≤ 150 µs, max ≤ 1 ms", "max ≤ 60 µs",
               below("p99 to zmij", ratio(paced(the.OURS, "p99"), paced(the.ZMIJ, "p99")), 2.5),
               below("p99.9 µs", paced(the.OURS, "p999"), 150), below("max µs", paced(the.OURS, "max"), 1000, 60))
    def slower(program, key="percent"):
        return results.get("pinned", program, pinned.SHAPE, key)

    yield Goal("solver on the processor of the background thread, 100 metrics a step of 1 ms", "slower by < 1 %", "",
               below("median %", slower(the.OURS), 1), below("lower quartile", slower(the.OURS, "lower")), below("upper", slower(the.OURS, "upper")),
               below("of which the background thread", slower(the.OURS, "others")), below("format floor", slower(the.FLOOR)), below("zmij", slower(the.ZMIJ)), below("snprintf", slower(the.SNPRINTF)))


def processor(results):
    parts = []
    for label, section, shape in (("W2 (tmpfs)", "tmpfs", "W2d"), ("W3", "write", "W3d")):
        mine, floor, zmij, python = (cpu(results, name, shape, section) for name in (the.OURS, the.FLOOR, the.ZMIJ, the.PYTHON))
        parts += [below(f"{label} to floor", ratio(mine, floor), 1.2), below(f"{label} to zmij", ratio(mine, zmij), None, 1.5), above(f"{label} Python to ours", ratio(python, mine), 25)]
    yield Goal("CPU per step, all threads, f64", "≤ 1.2 × format floor, ≥ 25 × below Python", "≤ 1.5 × zmij", *parts)


def operations(results):
    found = results.get("calls", the.OURS, "steps") or {}
    caller = found.get("by the caller", {})
    yield Goal("calls per 1000 steps, M = 100", "1 write a step by the caller; opens ≤ 10, writes ≤ 1500; no stat, mkdir, lock, fsync", "",
               below("writes by the caller", caller.get("write"), 1000), below("opens", found.get("open"), 10), below("writes", found.get("write"), 1500),
               below("stats, mkdirs, locks, syncs", sum(found[kind] for kind in ("stat", "mkdir", "lock", "sync")) if found else None, 0))

    def to_python(what):
        return ratio(*(slow.metadata(results, name, "through", what) for name in (the.OURS, the.PYTHON)))

    def time_to_python(key):
        return ratio(*(results.get("slow", name, "through", key) for name in (the.OURS, the.PYTHON)))

    yield Goal("slow metadata: operations / finish / resume", "≤ 0.2 × / ≤ 0.5 × / ≤ 0.1 × Python", "max step ≤ 1 ms",
               below("operations", to_python("steps"), 0.2), below("finish", time_to_python("finish_ms"), 0.5), below("resume", time_to_python("resume_ms"), 0.1),
               below("max step ms", times(results.get("slow", the.OURS, "through", "step_us", "max"), 1e-3), None, 1),
               below("written back", times(results.get("slow", the.OURS, "back", "step_us", "max"), 1e-3), None, 1))


def ends(results):
    def to_floor(verb, shape):
        return ratio(*(results.get("live", name, f"{verb} {shape}", f"{verb}_ms") for name in (the.OURS, the.FLOOR)))

    yield Goal("finish W1/W2/W3", "≤ 1.5 × format floor", "≤ 1.0 ×", *(below(w, to_floor("finish", w), 1.5, 1.0) for w in ("W1", "W2", "W3")))
    stats = (results.get("calls", the.OURS, "resume") or {}).get("stat")
    # A few are for the folder and its lock, whatever the number of metrics; here there are 100.
    yield Goal("resume W2/W3", "≤ 1.5 × format floor", "no stat per metric", *(below(w, to_floor("resume", w), 1.5) for w in ("W2", "W3")), below("stats for 100 metrics", stats, None, 50))


def reads(results):
    def column(section, program, shape):
        return results.get(section, program, shape, "col_ms")

    mine, mine_10m = column("live", the.OURS, "archive W1"), column("bulk", the.OURS, "10M")
    yield Goal("column of 200k and 10M into a buffer", "≤ 1.2 × numpy; ≥ 4 × Python", "10M ≤ 0.6 × numpy",
               below("200k to numpy", ratio(mine, column("bulk", bulk.NUMPY, "200k")), 1.2), below("10M to numpy", ratio(mine_10m, column("bulk", bulk.NUMPY, "10M")), 1.2, 0.6),
               above("200k Python to ours", ratio(column("live", the.PYTHON, "archive W1"), mine), 4), above("10M Python to ours", ratio(column("bulk", the.PYTHON, "10M"), mine_10m), 4))
    yield Goal("last value, 1000 rows (archive), µs", "≤ 8", "≤ 5", *(below(label, results.get("live", the.OURS, "archive W1", key), 8, 5) for label, key in (("last", "last_us"), ("1000 rows", "slice_us"))))

    def live(program, key):
        return results.get("live", program, "live W3", key)

    yield Goal("live W3: one column / all", "≥ 500 × / ≥ 20 × Python", "all ≤ 10 ms",
               above("one", ratio(live(the.PYTHON, "col_ms"), live(the.OURS, "col_ms")), 500), above("all", ratio(live(the.PYTHON, "all_ms"), live(the.OURS, "all_ms")), 20),
               below("all ms", live(the.OURS, "all_ms"), None, 10))


def growth(results):
    unpaced, paced = (times(results.get(section, the.OURS, "W3d", "rss_write_kb"), 1 / 1024) for section in ("write", "paced"))
    yield Goal("memory added, W3 unpaced / paced, MB", "≤ 24 / ≤ 10", "half", below("unpaced", unpaced, 24, 12), below("paced", paced, 10, 5))

    def run(metrics, steps, key="ns_per_value"):
        return results.get("sweeps", the.OURS, sweeps.a_run(metrics, steps), key)

    yield Goal("100,000 metrics, 1,000 steps", "linear in metrics, memory bounded by metrics", "",
               below("ns a value", run(100_000, 1000)), below("to that of 1000 metrics", ratio(run(100_000, 1000), run(1000, 1000)), 1.5),
               below("to that of 10,000", ratio(run(100_000, 1000), run(10_000, 1000)), 1.5),
               below("KB a metric", ratio(run(100_000, 1000, "kib"), 100_000)), below("to that of 1000 metrics", ratio(run(100_000, 1000, "kib"), times(run(1000, 1000, "kib"), 100)), 1.5))
    yield Goal("10 metrics, 10^8 steps", "linear in rows, memory bounded by the backlog", "",
               below("ns a value", run(10, 100_000_000)), below("to that of 10^5 steps", ratio(run(10, 100_000_000), run(10, 100_000)), 1.5),
               below("MB", times(run(10, 100_000_000, "kib"), 1 / 1024)), below("to that of 10^6 steps", ratio(run(10, 100_000_000, "kib"), run(10, 1_000_000, "kib")), 1.5))


def others(results):
    def value(name, title, key="ns_per_value"):
        return results.get("many", name, title, key)

    yield Goal("threads, writers, texts: ns a value to `snprintf` and `write`", "", "≤ 1.0 ×", *(
        below(title, ratio(value(many.OURS, title), value(many.BARE, title)), None, 1.0) for title in many.PLAN))
    yield Goal("W4 (sparse) step p50 by id", "", "≤ 1.3 × zmij", *(
        below(kind, ratio(step(results, the.OURS, shape), step(results, zmij, shape)), None, 1.3) for kind, shape, zmij in (("f64", "W4d", the.ZMIJ), ("f32", "W4", the.WIDE))))


SUBJECTS = (steps, pauses, processor, operations, ends, reads, growth, others)


def table(results):
    """(head, rows) of all goals."""
    rows = [(goal.figure, goal.must, goal.aim, goal.measured()) for subject in SUBJECTS for goal in subject(results)]
    return ("figure", "must", "aim", "measured"), rows
