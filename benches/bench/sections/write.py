"""Shapes W1 to W4, in f64 and f32, as fast as they go, and finished.

W1 is 8 metrics x 200,000 steps, W2 100 x 20,000, W3 1000 x 2,000, W4 as W2 with 10 metrics at every step and 90 at every
100th. A timed step is all its writes and its end; after it the row is in the page cache. What was written is read
back once and compared bit for bit.
"""
from .. import peers as the
from ..tables import number, ratio, times

SHORT = (the.OURS, the.NAME, the.FLOOR, the.ZMIJ, the.WIDE, the.BINARY)
MORE = {"W1": 4, "W2": 2, "W3": 2}
SHAPES = {"f64": ("W1d", "W2d", "W3d", "W4d"), "f32": ("W1", "W2", "W3", "W4")}


def measure(bench):
    for kind, shapes in SHAPES.items():
        peers = [peer for peer in bench.peers.values() if kind == "f32" or not peer.only_f32]
        for shape in shapes:

            def once(peer, round):
                folder = bench.fresh("run")
                outcome = bench.run(peer.command, "write", bench.shape(shape, peer), folder, "finish")
                if round == 0:
                    bench.run(peer.command, "read", folder, "m0003", env={"QUICK": "1"})
                return outcome

            rounds = bench.rounds if kind == "f64" else min(bench.rounds, 3)
            bench.medians(shape, peers, rounds, once)
            more = MORE.get(shape[:2])
            if more:
                # Runs of less than a second; what the neighbours do weighs most in them.
                short = [peer for peer in bench.chosen(*SHORT) if peer in peers]
                bench.medians(shape, short, more * bench.rounds + 1, once)


def cpu(results, program, shape, section="write"):
    """Microseconds of processor, of all threads, a step."""
    return ratio(times(results.get(section, program, shape, "cpu_s"), 1e6), results.get(section, program, shape, "N"))


def step(results, program, shape, key="p50", section="write"):
    return results.get(section, program, shape, "step_us", key)


def tables(results):
    head = ("", "p50 us", "to zmij", "p99", "p99.9", "max", "CPU us", "to zmij", "finish ms", "MB added")
    for kind, shapes in SHAPES.items():
        for shape in shapes:
            rows = []
            for name in results.programs("write"):
                if results.get("write", name, shape):
                    finish = results.get("write", name, shape, "finish_ms")
                    rows.append((
                        name, number(step(results, name, shape)), number(ratio(step(results, name, shape), step(results, the.ZMIJ, shape))),
                        *(number(step(results, name, shape, key)) for key in ("p99", "p999", "max")),
                        number(cpu(results, name, shape)), number(ratio(cpu(results, name, shape), cpu(results, the.ZMIJ, shape))),
                        number(finish if finish >= 0 else None), number(results.get("write", name, shape, "rss_write_kb") / 1024, 1)))
            yield f"{shape[:2]} in {kind}", head, rows
