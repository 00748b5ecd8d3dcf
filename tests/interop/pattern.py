"""The pattern of c_tests/pattern.c in Python: what the rows of every step are, to check with the reference's reader."""

import struct


def f32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


COLUMNS = {
    "res": (lambda s: True, lambda s: 1.0 / (s + 1)),
    "solver/half": (lambda s: s % 2 == 0, lambda s: f32(s * 0.1)),
    "odd": (lambda s: ((s * 2654435761) % 2 ** 64).bit_count() % 3 == 0, lambda s: s % 97),
    "wide": (lambda s: True, lambda s: s * 1000 % 2000000000 if s % 64 == 63 else s % 100),
    "note": (lambda s: s % 5 == 0, lambda s: f"note é {s}"),
}


def difference(found, acked):
    """None if `found` ({metric: (dtype, steps, values)}) holds the pattern up to one common step, acked ones included."""
    steps = found.get("res", (None, [], []))[1]
    end = steps[-1] + 1 if steps else 0
    if end < acked:
        return f"the run ends after {end} steps, {acked} were acknowledged"
    for name, (has, at) in COLUMNS.items():
        expected = [s for s in range(end) if has(s)]
        _, steps, values = found.get(name, (None, [], []))
        if steps != expected:
            return f"{name} has {len(steps)} steps, expected {len(expected)} up to {end}"
        for s, v in zip(steps, values):
            if v != at(s):
                return f"{name} at step {s} is {v!r}, expected {at(s)!r}"
    return None


def difference_below(found, end):
    """None if `found` holds the whole pattern of the steps below `end`; of later ones any part, with the right values."""
    for name, (has, at) in COLUMNS.items():
        expected = [s for s in range(end) if has(s)]
        _, steps, values = found.get(name, (None, [], []))
        if steps[:len(expected)] != expected or any(a >= b for a, b in zip(steps, steps[1:])):
            return f"{name} lacks some of its {len(expected)} steps below {end}"
        for s, v in zip(steps, values):
            if not has(s) or v != at(s):
                return f"{name} at step {s} is {v!r}, expected {at(s) if has(s) else 'no value'!r}"
    return None
