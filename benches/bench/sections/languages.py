"""A metric written by id from C++, Fortran and Julia beside C (benches/bindings)."""
from ..programs import BENCHES
from ..tables import number

SHAPE = "a metric"


def measure(bench):
    outcome = bench.run(f"{BENCHES}/bindings/run.py", "--json", "--rounds", 11 if bench.quick else 31)
    for name, figures in outcome["languages"].items():
        bench.put(name, SHAPE, figures)
    for what in outcome["left_out"]:
        bench.left_out(what)


def tables(results):
    rows = [(name, *(number(results.get("languages", name, SHAPE, key)) for key in ("write_ns", "write_ratio", "step_ns", "step_ratio"))) for name in results.programs("languages")]
    yield "A metric by id from each language, ns", ("", "write", "to C", "step", "to C"), rows
