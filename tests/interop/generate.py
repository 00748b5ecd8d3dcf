"""Random sessions: operations drawn from a seed, driven by the model so that they mostly make sense."""

import math
import struct

from model import FLOATS, INTS, JSONS, Model, int_range, to_f32

NAMES = [
    "res", "res.f32", "res.indices", "solver/iters", "solver/deep/er", "Höhle/σ", "深/層", "a b", "x.y", "config",
    "plattli", "indices", "ab:c", ":x", "new\nline", "tab\there", 'quo"te', "😀", "hot/x", "Step", "x/step",
    "-dash", "per%cent", "a.u8", "ctl\x01\x7f", "é", "metrics.plattli",
]
ILLEGAL = ["step", "hot", "run_rows", "when_exported", "hot.compacting", "/abs", "a//b", "a/../b", ".", "..", "a/", "c:d",
           "back\\slash", ""]
SPECIAL = [0.0, -0.0, math.nan, math.inf, -math.inf, 1e-4, 1e-5, 1e15, 1e16, 3e-7, 5e-324, 1.7976931348623157e308,
           2.0 ** 53, 123456789012345680.0, 0.1, 1.2, 1 / 3]
STRINGS = ["", "start", "Höhle", 'q"\\/\b\f\n\r\t\0\x1f\x7fé\u2028😀', "x" * 300, "null", " spaced ", "{\"a\":1}"]


def f32_bits(rng):
    value = struct.unpack("<f", struct.pack("<I", rng.getrandbits(32)))[0]
    return math.nan if value != value else value


def f64_bits(rng):
    value = struct.unpack("<d", struct.pack("<Q", rng.getrandbits(64)))[0]
    return math.nan if value != value else value


def json_value(rng, depth=0):
    pick = rng.randrange(12 if depth < 4 else 8)
    if pick == 0:
        return None
    if pick == 1:
        return rng.random() < 0.5
    if pick == 2:
        return rng.choice([0, -1, 7, 2 ** 53 + 1, 2 ** 63, -2 ** 63, 2 ** 64 - 1, 10 ** 40, -10 ** 25])
    if pick in (3, 4):
        return rng.choice(SPECIAL + [f64_bits(rng)])
    if pick < 8:
        return rng.choice(STRINGS)
    if pick < 10:
        return [json_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {rng.choice(["k", "a b", "Ω", "", "step", "\n"]): json_value(rng, depth + 1) for _ in range(rng.randrange(4))}


class Profile:
    """How one metric behaves: its kind, cadence and taste in values."""

    def __init__(self, rng, name):
        self.name = name
        self.kind = rng.choice(["f32", "f64", "f64", "i64", "i32", "i64", "str", "bool", "json"] + list(INTS))
        self.period = rng.choice([1, 1, 1, 1, 2, 3, 7])
        self.phase = rng.randrange(self.period)
        self.jitter = rng.choice([0, 0, 0, 0.1, 0.4])
        self.shape = rng.choice(["walk", "up", "down", "flat", "wild", "small"])
        self.current = 0

    def due(self, rng, step):
        if rng.random() < self.jitter:
            return rng.random() < 0.5
        return step % self.period == self.phase

    def drift(self, rng):
        """Now and then the caller changes its mind about the type."""
        if rng.random() < 0.03:
            if self.kind in INTS:
                self.kind = rng.choice(list(INTS) * 4 + ["f32", "f64", "str"])
            elif self.kind in FLOATS:
                self.kind = rng.choice(["f32", "f64", "f64", "i64", "u8", "u64", "json"])
            else:
                self.kind = rng.choice(list(JSONS) * 2 + ["f32", "f64", "i64", "u64"])

    def value(self, rng):
        self.current += {"walk": rng.choice([-1, 0, 1]), "up": rng.randrange(3), "down": -rng.randrange(3)}.get(self.shape, 0)
        if self.kind in INTS:
            lo, hi = int_range(self.kind)
            if self.shape == "wild":
                return rng.choice([lo, hi, rng.randint(lo, hi), rng.randint(0, hi)])
            if self.shape == "small" and rng.random() < 0.1:
                return rng.randint(0, hi)
            return min(max(self.current + 40, lo), hi)
        if self.kind in FLOATS:
            if self.shape == "wild":
                value = rng.choice(SPECIAL + [f32_bits(rng), f64_bits(rng), rng.gauss(0, 1)])
            elif self.shape == "small" and rng.random() < 0.05:
                value = math.nan
            else:
                value = self.current * 0.25 + (rng.random() if self.shape == "walk" else 0)
            return to_f32(value) if self.kind == "f32" else value
        if self.kind == "str":
            return rng.choice(STRINGS)
        if self.kind == "bool":
            return rng.random() < 0.5
        value = json_value(rng)
        # A bare number has no JSON kind of its own in the reference, which would make it a numeric column. A bare
        # list is not a scalar to its reader's arrays (§14.4 has no name for it: "lists become arrays").
        bare = isinstance(value, (int, float, list)) and not isinstance(value, bool)
        return {"wrapped": value} if bare else value


def profiles(rng):
    chosen = rng.sample(NAMES, rng.choice([1, 2, 3, 4, 4, 6]))
    return [Profile(rng, name) for name in chosen]


def config(rng):
    return rng.choice([("nothing",), ("value", {}), ("value", {"dt": 0.01, "case": "Höhle"}), ("value", [1, None]),
                       ("value", [json_value(rng)]), ("value", {"nested": {"a": [1.5, math.nan]}})])


def operations(rng, metrics, model, length, layout, snaps=False, flushes=True, mid_step_end=False):
    """Draws operations for one session, applying each to `model`; returns [(operation, expected status)]."""
    ops = []

    def do(*op):
        ops.append((op, model.apply(op)))

    for _ in range(length):
        if rng.random() < 0.03:
            do("set_step", model.step + rng.choice([0, 1, 2, 10, 1000]))
        order = list(metrics)
        if rng.random() < 0.2:
            rng.shuffle(order)
        for p in order:
            p.drift(rng)
            if p.due(rng, model.step):
                do("write", p.name, p.kind, p.value(rng))
                if rng.random() < 0.01:
                    do("write", p.name, p.kind, p.value(rng))
            if flushes and layout == "compacting" and rng.random() < 0.03:
                do("flush")
        if rng.random() < 0.02:
            do("write", rng.choice(ILLEGAL), "f64", 1.0)
        if rng.random() < 0.02:
            do("set_config", {"changed": rng.randrange(100)})
        if rng.random() < 0.1:
            metrics.append(Profile(rng, rng.choice([n for n in NAMES])))
            metrics[:] = list({p.name: p for p in metrics}.values())
        do("end")
        if snaps and rng.random() < 0.15:
            do("snap")
    if mid_step_end:
        for p in metrics:
            if rng.random() < 0.5:
                do("write", p.name, p.kind, p.value(rng))
                if flushes and layout == "compacting" and rng.random() < 0.3:
                    do("flush")
    return ops


def finish_options(rng):
    return (rng.random() < 0.6, rng.random() < 0.6, rng.choice([None, None, {"done": True}, {"dt": 2.5, "ü": [1]}]))
