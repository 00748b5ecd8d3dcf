"""Who takes part: programs that write the same values and understand the same verbs (benches/peers/common.h)."""
from dataclasses import dataclass

from .programs import PEERS

OURS, NAME, ROWS, ALONE = "plattli, by id", "plattli, by name", "plattli, rows", "plattli, by id, no thread"
FLOOR, PYTHON = "format floor", "plattli 0.19, Python"
ZMIJ, WIDE, SNPRINTF = "JSON line, zmij", "JSON line, zmij, f32 as f64", "JSON line, snprintf"
CSV, BINARY, EVENTS = "CSV, fprintf", "binary row", "TensorBoard events, native"
SQLITE, TABLE, DATASETS = "SQLite, wide, WAL", "HDF5 packet table", "HDF5 data set per metric"

# Those whose runs are folders of the same format: each can go on with what another left.
SAME_FORMAT = (OURS, FLOOR, PYTHON)


@dataclass
class Peer:
    name: str
    command: str
    share: int = 1  # slow ones do one of so many of the steps,
    rounds: int = 99  # and are not asked more often than this
    most_metrics: int = 100_000
    f64: bool = True  # whether it keeps doubles
    only_f32: bool = False  # whether it would be another program again with doubles
    reads: bool = True

    @property
    def is_python(self):
        return self.name == PYTHON


def peers(made, python, left_out):
    """The peers by name, ours first."""
    all_of = [
        Peer(OURS, f"{made['ours']} id"),
        Peer(NAME, f"{made['ours']} name"),
        Peer(ROWS, f"{made['ours']} row"),
        Peer(ALONE, f"{made['ours']} alone"),
        Peer(FLOOR, f"{made['floor']} plat"),
        Peer(ZMIJ, f"{made['floor']} zmij"),
        Peer(WIDE, f"{made['floor']} wide", only_f32=True),
        Peer(SNPRINTF, f"{made['raw']} json"),
        Peer(CSV, f"{made['raw']} csv"),
        Peer(BINARY, f"{made['raw']} bin"),
        Peer(EVENTS, made["tfevents"], f64=False),
    ]
    if "sqlite" in made:
        # A table of SQLite has 2,000 columns at most.
        all_of.append(Peer(SQLITE, f"{made['sqlite']} wide_off", share=4, rounds=3, most_metrics=1000))
    if "h5" in made:
        all_of.append(Peer(TABLE, f"{made['h5']} pt", rounds=3, share=2))
        all_of.append(Peer(DATASETS, f"{made['h5']} d", share=20, rounds=2, most_metrics=1000))
    if python:
        all_of.append(Peer(PYTHON, f"{python} {PEERS}/plattli_py.py compacting", share=8, rounds=2, most_metrics=10_000))
    else:
        left_out("the PyPI package plattli (scripts/venv.sh bench makes a Python that has it)")
    return {peer.name: peer for peer in all_of}
