"""Instructions of the calling thread, counted by callgrind: exact, whatever the neighbours do."""
import os
import re
import shlex
import shutil
import subprocess

from .. import peers as the
from ..tables import number

WRITERS = (the.OURS, the.NAME, the.ROWS, the.FLOOR, the.ZMIJ, the.SNPRINTF, the.CSV, the.BINARY, the.EVENTS)
SHAPE = "f64"


def count(bench, peer, metrics, steps):
    """Within all steps (`one_step` of benches/peers/common.h), by the thread that takes them."""
    out = f"{bench.disk}/callgrind"
    command = [*shlex.split(peer.command), "write", f"{metrics}x{steps}d", bench.fresh("run")]
    counted = ["valgrind", "--tool=callgrind", "--toggle-collect=one_step", f"--callgrind-out-file={out}", *command]
    done = subprocess.run(counted, capture_output=True, text=True, timeout=300, env={**os.environ, "PACE_US": "0"})
    if done.returncode:
        raise RuntimeError(f"{' '.join(counted)}: {done.stderr[-500:]}")
    with open(out, errors="replace") as text:
        found = re.search(r"^(?:totals|summary): (\d+)", text.read(), re.M)
    return int(found[1])


def measure(bench):
    if not shutil.which("valgrind"):
        bench.left_out("instructions: no valgrind")
        return
    for peer in bench.chosen(*WRITERS):
        # Differences, so that the first steps do not count.
        step = {metrics: (count(bench, peer, metrics, 700) - count(bench, peer, metrics, 300)) / 400 for metrics in (10, 110)}
        value = (step[110] - step[10]) / 100
        bench.put(peer.name, SHAPE, {"value": value, "step": step[10] - 10 * value})


def tables(results):
    rows = [(name, *(number(results.get("instructions", name, SHAPE, key), 0) for key in ("value", "step"))) for name in results.programs("instructions")]
    yield "Instructions of the calling thread, f64", ("", "a value", "a step beyond its values"), rows
