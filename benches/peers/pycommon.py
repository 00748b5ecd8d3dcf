"""Python side of the harness: the same shapes, values, checks and JSON figures as common.h."""
import json, os, re, statistics, sys, time
import numpy as np

PACE = int(os.environ.get("PACE_US", 0)) * 1000  # busy time between steps, as a simulation would compute
SHAPES = {"1": (8, 200000), "2": (100, 20000), "3": (1000, 2000), "4": (100, 20000)}


class Shape:
    def __init__(self, text):
        m = re.fullmatch(r"(?:W(\d)|(\d+)(s?)x(\d+))(d?)(?:/(\d+))?", text)
        self.name = text
        self.M, self.N = SHAPES[m[1]] if m[1] else (int(m[2]), int(m[4]))
        self.sparse = m[1] == "4" or m[3] == "s"
        self.f64 = bool(m[5])
        self.N //= int(m[6] or 1)
        self.names = [f"m{i:04d}" for i in range(self.M)]

    def table(self, extra=0):
        """(N+extra, M) array, identical to gen_row() of common.h."""
        n = self.N + extra
        with np.errstate(over="ignore"):
            x = np.arange(n * self.M, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
            x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            x ^= x >> np.uint64(31)
        t = ((x >> np.uint64(11)).astype(np.float64) * 2.0**-53 - 0.5).reshape(n, self.M)
        np.cumsum(t, axis=0, out=t)
        return t if self.f64 else t.astype(np.float32)

    def steps_of(self, m):
        return np.arange(self.N) if not self.sparse or m < 10 else np.arange(0, self.N, 100)

    def rows(self, t, start=0):
        """Per step, the list of (name, python float) pairs as a dict."""
        for i in range(start, len(t)):
            row = t[i].tolist()
            if self.sparse and i % 100:
                yield dict(zip(self.names[:10], row))
            else:
                yield dict(zip(self.names, row))


def spin(ns):
    """Computes without the interpreter's lock, as a simulation does."""
    until = time.perf_counter_ns() + ns
    while time.perf_counter_ns() < until:
        time.sleep(0)


SETTLE = int(os.environ.get("SETTLE_MS", 0)) / 1000  # let background work end, so that a killed run has a tail of about 150 rows


class Base:
    step = finish = None

    def prep(self, row):
        return row


def proc_kb(key):
    with open("/proc/self/status") as f:
        for line in f:
            if line.startswith(key):
                return int(line.split()[1])


def reset_hwm():
    try:
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")
    except OSError:
        pass


def pct(a, q):
    return float(a[int((len(a) - 1) * q)]) * 1e-3 if len(a) else -1.0


def do_write(peer, text, d, finish):
    s = Shape(text)
    os.makedirs(d, exist_ok=True)
    with open(f"{d}/.shape", "w") as f:
        f.write(text + "\n")
    t = s.table()
    lat = np.ones(s.N, np.int64)
    clock = time.perf_counter_ns
    reset_hwm()
    base, cpu0, values = proc_kb("VmRSS:"), time.process_time(), 0
    a = clock()
    w = peer.open(d, s, None, t)
    open_ms = (clock() - a) * 1e-6
    step, wall0 = peer.step, clock()
    if step:
        for i, row in enumerate(s.rows(t)):
            values += len(row)
            row = peer.prep(row)
            if PACE:
                spin(PACE)
            if SETTLE and i in (s.N - 152, s.N - 151):
                time.sleep(SETTLE)
            a = clock()
            step(w, i, row)
            lat[i] = clock() - a
    else:
        values = s.N * s.M
    wall, cpu, peak = (clock() - wall0) * 1e-9, time.process_time() - cpu0, proc_kb("VmHWM:")
    fin, peakf = -1.0, -1
    if finish and peer.finish:
        a = clock()
        peer.finish(w)
        fin, peakf = (clock() - a) * 1e-6, proc_kb("VmHWM:") - base
    tot, srt = int(lat.sum()), np.sort(lat[1:])
    print(json.dumps(dict(
        op="write", shape=text, M=s.M, N=s.N, values=values, open_ms=open_ms, first_us=float(lat[0]) * 1e-3, steps_s=tot * 1e-9 if step else -1,
        wall_s=wall, ns_per_value=tot / values if step else -1,
        step_us=dict(mean=tot * 1e-3 / s.N, p50=pct(srt, .5), p99=pct(srt, .99), p999=pct(srt, .999), max=pct(srt, 1.0)) if step else None,
        cpu_s=cpu, finish_ms=fin, rss_base_kb=base, rss_write_kb=peak - base, rss_finish_kb=peakf,
        upper_us=[pct(srt, 1 - 10 ** (-k / 10)) for k in range(61)] if step else None)), flush=True)
    os._exit(0)  # without finish: a run killed after its last step


def do_resume(peer, text, d):
    s = Shape(text)
    t = s.table(1)
    row = peer.prep(list(s.rows(t, s.N))[0])
    reset_hwm()
    base, a = proc_kb("VmRSS:"), time.perf_counter_ns()
    w = peer.open(d, s, s.N, t)
    b = time.perf_counter_ns()
    peer.step(w, s.N, row)
    c = time.perf_counter_ns()
    print(json.dumps(dict(op="resume", shape=text, resume_ms=(b - a) * 1e-6, first_us=(c - b) * 1e-3, rss_kb=proc_kb("VmHWM:") - base)), flush=True)
    os._exit(0)


def do_finish(peer, text, d):
    s = Shape(text)
    w = peer.open(d, s, s.N, None)
    reset_hwm()
    base, a = proc_kb("VmRSS:"), time.perf_counter_ns()
    peer.finish(w)
    print(json.dumps(dict(op="finish", shape=text, finish_ms=(time.perf_counter_ns() - a) * 1e-6, rss_kb=proc_kb("VmHWM:") - base)), flush=True)
    os._exit(0)


def repeat(f, cap, limit_s):
    ts, tot, first = [], 0, None
    while len(ts) < cap and (len(ts) < 3 or tot < limit_s * 1e9):
        a = time.perf_counter_ns()
        r = f()
        ts.append(time.perf_counter_ns() - a)
        tot += ts[-1]
        if first is None:
            first = r
    return ts[0], statistics.median(ts), first


def do_read(peer, d, metric):
    with open(f"{d}/.shape") as f:
        s = Shape(f.read().strip())
    m = int(metric[1:])
    st = s.steps_of(m)
    ref = s.table()[st, m]
    reset_hwm()
    base = proc_kb("VmRSS:")
    f0, col, (rs, rv) = repeat(lambda: peer.read(d, metric, 0, None), 25, 0.3)
    rss = proc_kb("VmHWM:") - base
    ok = len(rs) == len(st) and bool((rs == st).all()) and bool((np.asarray(rv).astype(ref.dtype) == ref).all())
    if os.environ.get("QUICK"):
        print(json.dumps(dict(op="read", rows=len(rs), rows_expected=len(st), ok=ok)))
        return
    _, last, (ls, lv) = repeat(lambda: peer.read(d, metric, -1, 1), 51, 0.2)
    ok = ok and np.float32(np.ravel(lv)[-1]) == np.float32(ref[-1])
    n = min(1000, len(st))
    a = (len(st) - n) // 2
    _, sl, (ss, sv) = repeat(lambda: peer.read(d, metric, a, n), 51, 0.2)
    ok = ok and len(ss) == n and ss[0] == st[a] and np.float32(sv[-1]) == np.float32(ref[a + n - 1])
    _, al, cnt = repeat(lambda: peer.read_all(d), 1 if s.N * s.M > 5000000 else 3, 0.5)
    vs = 8 if s.f64 else 4
    print(json.dumps(dict(
        op="read", shape=s.name, metric=metric, rows=len(rs), rows_expected=len(st), ok=bool(ok), col_first_ms=f0 * 1e-6, col_ms=col * 1e-6,
        col_gbs=len(rs) * (4 + vs) / col, last_us=last * 1e-3, slice_us=sl * 1e-3, all_ms=al * 1e-6, all_values=cnt, rss_kb=rss)), flush=True)


def main(peer, argv):
    if argc_ok(argv, "write"):
        do_write(peer, argv[1], argv[2], argv[3:] == ["finish"])
    elif argc_ok(argv, "bulk") and hasattr(peer, "bulk"):
        s = Shape(argv[1])
        os.makedirs(argv[2], exist_ok=True)
        with open(f"{argv[2]}/.shape", "w") as f:
            f.write(argv[1] + "\n")
        t = s.table()
        a = time.perf_counter_ns()
        peer.bulk(argv[2], s, t, argv[3:] == ["finish"])
        print(json.dumps(dict(op="bulk", shape=argv[1], bulk_ms=(time.perf_counter_ns() - a) * 1e-6)))
    elif argc_ok(argv, "resume"):
        do_resume(peer, argv[1], argv[2])
    elif argc_ok(argv, "finish"):
        do_finish(peer, argv[1], argv[2])
    elif argc_ok(argv, "read"):
        do_read(peer, argv[1], argv[2])
    else:
        sys.exit("usage: write SHAPE DIR [finish] | bulk SHAPE DIR [finish] | resume SHAPE DIR | finish SHAPE DIR | read DIR METRIC")


def argc_ok(argv, verb):
    return len(argv) >= 3 and argv[0] == verb
