"""1 ms of computing between the steps: how long a step holds up its solver when the background has time."""
from .. import peers as the
from ..tables import number

SHAPES = ("W2d", "W3d")


def measure(bench):
    first = bench.chosen(the.OURS, the.FLOOR, the.ZMIJ)
    rest = bench.chosen(the.ALONE, the.SNPRINTF, the.CSV, the.BINARY, the.EVENTS, the.SQLITE, the.TABLE, the.PYTHON)
    for shape, steps, peers, rounds in ((SHAPES[0], 20, first, bench.rounds), (SHAPES[0], 20, rest, min(bench.rounds, 3)), (SHAPES[1], 4, first, bench.rounds)):

        def once(peer, _):
            return bench.run(peer.command, "write", f"{shape}/{steps * (2 if bench.quick else 1)}", bench.fresh("run"), env={"PACE_US": "1000"})

        bench.medians(shape, peers, rounds, once)


def tables(results):
    for shape in SHAPES:
        rows = []
        for name in results.programs("paced"):
            found = results.get("paced", name, shape)
            if found:
                rows.append((name, *(number(found["step_us"][key]) for key in ("p50", "p99", "p999", "max")), number(found["rss_write_kb"] / 1024, 1)))
        yield f"{shape[:2]} in f64, 1 ms of computing between the steps", ("", "p50 us", "p99", "p99.9", "max", "MB added"), rows
