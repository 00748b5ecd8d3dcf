"""A column of ten million f32 into memory that is there."""
from .. import peers as the
from ..programs import PEERS
from ..tables import number

NUMPY = "numpy, fromfile and arange"
ROWS = 10_000_000


def measure(bench):
    shape = f"1x{ROWS}"
    archive, plain, own = bench.fresh("archive"), bench.fresh("plain"), bench.fresh("own")
    bench.run(bench.peers[the.OURS].command, "bulk", shape, archive, "finish")
    bench.run(bench.peers[the.FLOOR].command, "bulk", shape, plain)
    readers = {the.OURS: archive, the.FLOOR: plain, the.PYTHON: archive, the.DATASETS: own}
    if the.DATASETS in bench.peers:
        bench.run(bench.peers[the.DATASETS].command, "bulk", shape, own)
    bench.medians("10M", bench.chosen(*readers), 3, lambda peer, _: bench.run(peer.command, "read", readers[peer.name], "m0000"))
    if bench.python is None:
        bench.left_out("numpy")
        return
    for name, rows in (("10M", ROWS), ("200k", 50_000 if bench.quick else 200_000)):
        bench.put(NUMPY, name, bench.run(f"{bench.python} {PEERS}/numpy_read.py", f"{plain}/plattli/m0000.f32", rows))


def tables(results):
    rows = [(name, number(results.get("bulk", name, "10M", "col_ms")), number(results.get("bulk", name, "10M", "last_us")), number(results.get("bulk", name, "200k", "col_ms")))
            for name in results.programs("bulk")]
    yield "A column of 10 million f32 into memory that is there", ("", "column ms", "last value us", "200,000 of them ms"), rows
