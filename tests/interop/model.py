"""What a run must contain, worked out in plain Python from the rules of the format alone.

The model knows neither implementation. It takes the same operations that a writer takes, says which of them
must be refused, and holds what a reader must find afterwards.
"""

import json
import math
import struct

ARGUMENT, TYPE, STATE = 1, 2, 3
STEP_END = 1 << 32

INTS = {
    "i8": (8, True), "i16": (16, True), "i32": (32, True), "i64": (64, True),
    "u8": (8, False), "u16": (16, False), "u32": (32, False), "u64": (64, False),
}
FLOATS = ("f32", "f64")
JSONS = ("str", "bool", "json")
RESERVED = ("step", "run_rows", "when_exported", "hot", "hot.compacting")


class Refused(Exception):
    """A write that every implementation must refuse, with the status it must give."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def int_range(dtype):
    bits, signed = INTS[dtype]
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)


def to_f32(value):
    """The float rounded to binary32; infinite if it does not fit."""
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


def exact_in(k, dtype):
    try:
        f = float(k)
    except OverflowError:
        return False
    if dtype == "f32":
        f = to_f32(f)
    return math.isfinite(f) and int(f) == k


def legal_name(name):
    if not name or name in RESERVED or name[0] == "/" or name[1:2] == ":" or "\0" in name or "\\" in name:
        return False
    return all(part not in ("", ".", "..") for part in name.split("/"))


def promote(current, kind, value, values):
    """dtype after `value` of `kind` joins a column of dtype `current` (None: new) that holds `values`.

    Returns the dtype and the value as it is stored."""
    own = "jsonl" if kind in JSONS else kind
    if current is None:
        return own, value
    if current == "jsonl":
        return current, value
    if own == "jsonl":
        raise Refused(TYPE)
    if current in FLOATS:
        if own in FLOATS:
            return ("f64" if "f64" in (current, own) else "f32"), value
        for dtype in ("f32", "f64"):
            if FLOATS.index(dtype) >= FLOATS.index(current) and exact_in(value, dtype):
                return dtype, float(value)
        raise Refused(TYPE)
    if own in FLOATS:
        raise Refused(TYPE)
    (cb, cs), (vb, vs) = INTS[current], INTS[own]
    if cs == vs:
        return (current if cb >= vb else own), value
    sb, ub = (cb, vb) if cs else (vb, cb)
    if ub < 64:
        return "i%d" % max(sb, 2 * ub), value
    if current == "i64" and value <= int_range("i64")[1]:
        return "i64", value
    lo, hi = min(values + [value]), max(values + [value])
    if int_range("i64")[0] <= lo and hi <= int_range("i64")[1]:
        return "i64", value
    if lo >= 0:
        return "u64", value
    raise Refused(TYPE)


def tightest(values):
    lo, hi = min(values), max(values)
    for dtype in ("u8", "u16", "u32", "u64") if lo >= 0 else ("i8", "i16", "i32", "i64"):
        if int_range(dtype)[0] <= lo and hi <= int_range(dtype)[1]:
            return dtype
    raise AssertionError("a column holds what no integer type can")


def monotonic(dtype, values):
    if dtype == "jsonl" or not values or any(v != v for v in values):
        return None
    pairs = list(zip(values, values[1:]))
    if all(a <= b for a, b in pairs):
        return "inc"
    return "dec" if all(a >= b for a, b in pairs) else None


def json_text(value):
    """One text for each JSON value, so that NaN equals NaN and 1 differs from 1.0 and true."""
    return json.dumps(value, ensure_ascii=False)


class Metric:
    def __init__(self):
        self.dtype = None       # now, including writes of the current step
        self.settled = None     # as of the last end_step or flush; None: never published for certain
        self.rows = {}          # step -> value, ended or flushed

    def steps(self):
        return sorted(self.rows)

    def values(self):
        return [self.rows[s] for s in self.steps()]


class Model:
    def __init__(self):
        self.metrics = {}
        self.config = {}
        self.step = 0
        self.row = {}
        self.error = 0

    # -- operations: each returns the status a writer must answer with -----------------------------------

    def apply(self, op):
        return getattr(self, "do_" + op[0])(*op[1:])

    def do_write(self, name, kind, value):
        try:
            if not legal_name(name):
                raise Refused(ARGUMENT)
            if name in self.row:
                raise Refused(STATE)
            m = self.metrics.get(name)
            dtype, stored = promote(m and m.dtype, kind, value, m.values() if m else [])
        except Refused as refused:
            self.error = self.error or refused.code
            return refused.code
        m = self.metrics.setdefault(name, Metric())
        m.dtype = dtype
        self.row[name] = stored
        return 0

    def settle(self):
        for name, value in self.row.items():
            self.metrics[name].rows[self.step] = value
        for m in self.metrics.values():
            m.settled = m.dtype

    def do_end(self):
        self.settle()
        self.row = {}
        self.step += 1
        error, self.error = self.error, 0
        return error

    def do_flush(self):
        self.settle()
        return 0

    def do_sync(self):
        self.settle()
        return 0

    def do_set_step(self, step):
        self.step = step
        return 0

    def do_set_config(self, value):
        self.config = value
        return 0

    def do_snap(self):
        return 0

    # -- ends of a session -------------------------------------------------------------------------------

    def close(self):
        self.settle()
        self.row = {}
        self.error = 0

    def finish(self, optimize, overrides):
        self.close()
        if optimize:
            for m in self.metrics.values():
                if m.dtype in INTS and m.rows:
                    m.dtype = m.settled = tightest(m.values())
        if overrides:
            self.config = {**self.config, **overrides}

    def killed(self):
        """What SIGKILL may leave open: {metric: allowed dtypes}, None among them where the metric may be absent."""
        self.error = 0
        self.row = {}
        return {n: {m.settled, m.dtype} for n, m in self.metrics.items() if m.settled != m.dtype}

    def adopt(self, found):
        """Takes over, from the dtypes found on disk, what the format leaves open after a kill."""
        for name in list(self.metrics):
            if name not in found:
                del self.metrics[name]
            else:
                self.metrics[name].dtype = self.metrics[name].settled = found[name]

    # -- opening again -----------------------------------------------------------------------------------

    def last_step(self):
        return max((s for m in self.metrics.values() for s in m.rows), default=None)

    def resume(self, step):
        """Opens at `step`; None continues after the last recorded one."""
        if step is None:
            last = self.last_step()
            step = 0 if last is None else last + 1
        for m in self.metrics.values():
            m.rows = {s: v for s, v in m.rows.items() if s < step}
        self.step = step
        self.row = {}
        self.error = 0


def same_value(dtype, expected, got):
    if dtype == "jsonl":
        return json_text(expected) == json_text(got)
    if dtype in FLOATS:
        if expected != expected or got != got:
            return expected != expected and got != got
        return expected == got and math.copysign(1, expected) == math.copysign(1, got)
    return expected == got


def differences(model, got, open_dtypes=None):
    """Sentences about every difference between the model and `got`: {metric: (dtype, steps, values)}.

    `open_dtypes` is what `Model.killed` returned: freedom in dtype and in the presence of a metric."""
    open_dtypes = open_dtypes or {}
    found = []
    for name in sorted(set(model.metrics) | set(got)):
        m = model.metrics.get(name)
        if m is None:
            found.append(f"metric {name!r} is not expected at all, found {got[name]}")
            continue
        allowed = open_dtypes.get(name, {m.dtype})
        if name not in got:
            if None not in allowed:
                found.append(f"metric {name!r} is missing")
            continue
        dtype, steps, values = got[name]
        if dtype not in allowed:
            found.append(f"metric {name!r} has dtype {dtype}, expected {allowed}")
            continue
        if steps != m.steps():
            found.append(f"metric {name!r} has steps {steps}, expected {m.steps()}")
            continue
        for step, e, g in zip(steps, m.values(), values):
            if not same_value(dtype, e, g):
                found.append(f"metric {name!r} at step {step} is {g!r}, expected {e!r} ({dtype})")
    return found
