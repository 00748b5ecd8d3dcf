"""A solver bound to the processor of the background thread: what 100 metrics a step of 1 ms cost it, and beside what."""
from .. import peers as the
from ..tables import number

SHAPE = "100 metrics a ms"
WHO = (the.OURS, the.ALONE, the.FLOOR, the.ZMIJ, the.SNPRINTF, the.CSV)


def measure(bench):
    turns, rounds = (1, 8) if bench.quick else (3, 19)
    bench.medians(SHAPE, bench.chosen(*WHO), turns, lambda peer, _: bench.run(peer.command, "pinned", bench.fresh("pinned"), rounds))


def tables(results):
    found = [(name, results.get("pinned", name, SHAPE)) for name in results.programs("pinned")]
    yield ("A solver on the one processor of all threads, 100 metrics in f64 a step of 1 ms", ("", "slower by %", "quartiles", "threads other than the solver's, %"),
           [(name, number(it["percent"]), f"{number(it['lower'])} to {number(it['upper'])}", number(it.get("others"))) for name, it in found if it])
