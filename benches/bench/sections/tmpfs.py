"""W2 in memory: what a step takes of the processor, without the disk's part in it."""
import os
import shutil
import tempfile

from .. import peers as the
from ..tables import number
from .write import cpu, step

SHAPES = ("W2d", "W2")


def measure(bench):
    if not os.path.isdir("/dev/shm") or shutil.disk_usage("/dev/shm").free < 1 << 30:
        bench.left_out("tmpfs: no room in /dev/shm")
        return
    peers = bench.chosen(the.OURS, the.FLOOR, the.ZMIJ, the.PYTHON)
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="plattli-bench-") as memory:

        def once(peer, _):
            folder = f"{memory}/run"
            outcome = bench.run(peer.command, "write", bench.shape(shape, peer), folder, "finish")
            shutil.rmtree(folder)
            return outcome

        for shape in SHAPES:
            bench.medians(shape, peers, bench.rounds, once)


def tables(results):
    head = ("", *(f"{kind} {what}" for kind in ("f64", "f32") for what in ("p50 us", "CPU us")))
    rows = [(name, *(number(of(results, name, shape, section="tmpfs")) for shape in SHAPES for of in (step, cpu))) for name in results.programs("tmpfs")]
    yield "W2 in memory (tmpfs)", head, rows
