"""A solver bound to the processor of the background thread: what 100 metrics a step of 1 ms cost it."""
from ..tables import number

NAME, SHAPE = "plattli, by id", "100 metrics a ms"


def measure(bench):
    bench.put(NAME, SHAPE, bench.run(bench.made["pinned"], 8 if bench.quick else 31, bench.fresh("pinned")))


def tables(results):
    found = results.get("pinned", NAME, SHAPE)
    if found:
        yield ("A solver on the processor of the background thread, 100 metrics a step of 1 ms", ("slower by %", "quartiles", "rounds"),
               [(number(found["percent"]), f"{number(found['lower'])} to {number(found['upper'])}", number(found["rounds"], 0))])
