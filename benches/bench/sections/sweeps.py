"""Cost and memory as work grows: steps of 10 to 100,000 metrics, beside the others; 1,000 steps of as many; 10^4 to 10^8 steps."""
import os
import shutil
import tempfile

from .. import peers as the
from ..tables import number, ratio

METRICS = (10, 100, 1_000, 10_000, 100_000)
STEPS = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
COMPARED = (the.OURS, the.ROWS, the.FLOOR, the.ZMIJ, the.SNPRINTF, the.CSV, the.BINARY, the.EVENTS, the.SQLITE, the.TABLE, the.DATASETS, the.PYTHON)


def a_step(metrics):
    return f"step of {metrics}"


def a_run(metrics, steps):
    return f"{metrics} x {steps}"


RUNS = [*((metrics, 1000) for metrics in METRICS), *((10, steps) for steps in STEPS)]


def fits(folder, metrics, steps):
    """Columns of doubles, beside them two logs of 200 rows; as much again is left to the others."""
    needed = metrics * steps * 8 + 2 * 200 * metrics * 30
    return os.path.isdir(folder) and 2 * needed < shutil.disk_usage(folder).free


def grow(bench, metrics, steps):
    """Many metrics are many files: in memory, where there is room, so that it is not the disk that is measured."""
    memory = steps <= 1000 and fits("/dev/shm", metrics, steps)
    if not memory and not fits(bench.disk, metrics, steps):
        bench.left_out(f"{metrics:,} metrics x {steps:,} steps: no room in {bench.disk}")
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm" if memory else bench.disk, prefix="plattli-bench-") as folder:
        bench.put(the.OURS, a_run(metrics, steps), bench.run(bench.made["many"], "sweep", f"{folder}/run", metrics, steps, timeout=1200))


def measure(bench):
    for metrics in METRICS:
        peers = [peer for peer in bench.chosen(*COMPARED) if metrics <= peer.most_metrics]

        def once(peer, _):
            steps = max(8, min(20_000, 2_000_000 // metrics) // peer.share // (4 if bench.quick else 1))
            return bench.run(peer.command, "write", f"{metrics}x{steps}d", bench.fresh("run"))

        bench.medians(a_step(metrics), peers, 2, once)
    for metrics, steps in RUNS:
        if bench.quick and (metrics > 10_000 or steps > 1_000_000):
            continue
        grow(bench, metrics, steps)


def tables(results):
    rows = []
    for name in results.programs("sweeps"):
        costs = [results.get("sweeps", name, a_step(metrics), "step_us", "p50") for metrics in METRICS]
        if any(costs):
            rows.append((name, *map(number, costs)))
    yield "A step of f64, p50 us, by the number of metrics", ("", *(f"{metrics:,}" for metrics in METRICS)), rows
    rows = []
    for metrics, steps in RUNS:
        found = results.get("sweeps", the.OURS, a_run(metrics, steps))
        if found:
            first = results.get("sweeps", the.OURS, a_run(*((10, 10_000) if metrics == 10 and steps > 1000 else (10, 1000))), "ns_per_value")
            rows.append((f"{metrics:,} metrics x {steps:,} steps", number(found["ns_per_value"]), number(ratio(found["ns_per_value"], first)),
                         number(found["kib"] / 1024, 1), number(found["all_s"])))
    yield "Runs that grow; those of 1,000 steps in memory (tmpfs)", ("", "ns a value", "to the smallest", "MB added", "s, opening to closing"), rows
