"""1 ms of computing between the steps: how long a step holds up its solver when the background has time."""
from .. import peers as the
from ..tables import number

SHAPES = ("W2d", "W3d")


def measure(bench):
    many = [peer for peer in bench.peers.values() if peer.name not in (the.NAME, the.ROWS, the.WIDE, the.DATASETS)]
    for shape, steps, peers in ((SHAPES[0], 20, many), (SHAPES[1], 4, bench.chosen(the.OURS, the.FLOOR, the.ZMIJ))):

        def once(peer, _):
            return bench.run(peer.command, "write", f"{shape}/{steps * (2 if bench.quick else 1)}", bench.fresh("run"), env={"PACE_US": "1000"})

        bench.medians(shape, peers, bench.rounds, once)


def tables(results):
    for shape in SHAPES:
        rows = []
        for name in results.programs("paced"):
            found = results.get("paced", name, shape)
            if found:
                rows.append((name, *(number(found["step_us"][key]) for key in ("p50", "p99", "p999", "max")), number(found["rss_write_kb"] / 1024, 1)))
        yield f"{shape[:2]} in f64, 1 ms of computing between the steps", ("", "p50 us", "p99", "p99.9", "max", "MB added"), rows
