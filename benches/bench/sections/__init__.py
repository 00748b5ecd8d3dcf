"""One module a section: measure(bench) puts figures into the results, tables(results) makes tables of them."""
from . import bulk, calls, instructions, languages, live, many, paced, pinned, slow, step, sweeps, tmpfs, write

ALL = {
    "step": step,
    "write": write,
    "tmpfs": tmpfs,
    "paced": paced,
    "live": live,
    "bulk": bulk,
    "calls": calls,
    "instructions": instructions,
    "slow": slow,
    "many": many,
    "sweeps": sweeps,
    "pinned": pinned,
    "languages": languages,
}
