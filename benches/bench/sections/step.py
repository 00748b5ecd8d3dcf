"""A step of 8 doubles beside a bare loop of snprintf and write(2): the figures of README."""
from ..tables import number

SHAPE = "8 doubles"


def measure(bench):
    outcome = bench.run(bench.made["step"], 20000, 5 if bench.quick else 15, bench.fresh("step"))
    for name, figures in outcome.items():
        bench.put(name, SHAPE, figures)


def tables(results):
    rows = [(name, number(results.get("step", name, SHAPE, "us")), number(results.get("step", name, SHAPE, "ratio"))) for name in results.programs("step")]
    yield "A step of 8 doubles", ("", "us", "to snprintf + write(2)"), rows
