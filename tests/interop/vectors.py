#!/usr/bin/env python3
"""The test vectors of the format: each is run by our library and by the PyPI package, byte for byte.

    python tests/interop/vectors.py [--reference-only] [NAME …]
"""

import inspect
import json
import os
import shutil
import struct
import sys
import tempfile
import traceback
import zipfile
from pathlib import Path

import reference
from ours import Driver, line_of, word
from run import TIMESTAMP, finish_line


class Ours:
    name = "our library"

    def __init__(self):
        self.driver = Driver()

    def open(self, run_dir, **session):
        session = {"layout": "compacting", "hotsize": 200, "threads": 0, "step": 0, **session}
        self.driver.must(self.driver.open_line(run_dir, session))

    def do(self, *op):
        code, text, _ = self.driver.one(line_of(op))
        return code == 0

    def finish(self, optimize=True, archive=True):
        self.driver.must(finish_line(optimize, archive, None))
        self.driver.must("close")

    def close(self):
        self.driver.must("close")

    def read(self, path):
        return {n: (d, s, v) for n, (d, s, v) in self.driver.read(path)[0].items()}


class Reference:
    name = "the reference"

    def open(self, run_dir, **session):
        session = {"layout": "compacting", "hotsize": 200, "step": 0, **session}
        self.session = reference.Session(run_dir, session, quiet=True)

    def do(self, *op):
        return self.session.apply(op)

    def finish(self, optimize=True, archive=True):
        self.session.finish(optimize, archive, None)

    def close(self):
        self.session.close()

    def read(self, path):
        return reference.read(path)[0]


def equal(got, expected, what=""):
    if got != expected:
        raise AssertionError(f"{what}\n    got      {got!r}\n    expected {expected!r}")


def files(root):
    """{name: bytes} below a run folder, the timestamp masked."""
    return {str(p.relative_to(root)): TIMESTAMP.sub(b'"when_exported": "T"', p.read_bytes())
            for p in sorted(root.rglob("*")) if p.is_file()}


def manifest(root):
    return json.loads((root / "plattli.json").read_bytes())


def folder(run_dir, contents):
    root = run_dir / "plattli"
    for name, data in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return root


# -- the vectors -------------------------------------------------------------------------------------------

CONFIG = '{"dt": 0.01, "case": "Höhle"}'.encode()
ROWS = [
    [("res", "f32", 1.5), ("solver/iters", "i64", 12), ("note", "str", "start")],
    [("res", "f32", 0.75), ("solver/iters", "i64", 9)],
    [("res", "f32", float("nan"))],
    [("res", "f32", struct.unpack("<f", struct.pack("<f", 0.1))[0]), ("solver/iters", "i64", 11)],
    [("res", "f32", 0.25), ("note", "json", {"k": [1, 2.5]})],
]


def write_rows(w, rows):
    for row in rows:
        for write in row:
            assert w.do("write", *write), write
        w.do("end")


def a_run_is_written_compacted_and_finished_byte_for_byte(w, run):
    root = run / "plattli"
    w.open(run, hotsize=2, config=("value", json.loads(CONFIG)))
    write_rows(w, ROWS[:2])
    equal(files(root), {
        "config.json": CONFIG,
        "hot.jsonl": b'{"step":0,"res":1.5,"solver/iters":12,"note":"start"}\n{"step":1,"res":0.75,"solver/iters":9}\n',
        "plattli.json": b'{"res": {"indices": [], "dtype": "f32", "monotonic": "inc"}, "solver/iters": {"indices": [], '
                        b'"dtype": "i64", "monotonic": "inc"}, "note": {"indices": [], "dtype": "jsonl"}, "when_exported": "T"}',
    }, "after end_step(1)")
    write_rows(w, ROWS[2:3])
    equal(files(root), {
        "config.json": CONFIG,
        "hot.jsonl": b'{"step":2,"res":NaN}\n',
        "note.jsonl": b'"start"\n',
        "res.f32": bytes.fromhex("0000c03f 0000403f"),
        "solver/iters.i64": struct.pack("<qq", 12, 9),
        "plattli.json": b'{"res": {"indices": [{"start": 0, "step": 1}], "dtype": "f32"}, "solver/iters": {"indices": '
                        b'[{"start": 0, "step": 1}], "dtype": "i64", "monotonic": "dec"}, "note": {"indices": '
                        b'[{"start": 0, "step": 1}], "dtype": "jsonl"}, "when_exported": "T"}',
    }, "after end_step(2)")
    write_rows(w, ROWS[3:])
    now = files(root)
    equal(now["hot.jsonl"], b'{"step":4,"res":0.25,"note":{"k":[1,2.5]}}\n')
    equal(now["res.f32"], bytes.fromhex("0000c03f 0000403f 0000c07f cdcccc3d"))
    equal(now["solver/iters.i64"], struct.pack("<qqq", 12, 9, 11))
    assert b'"solver/iters": {"indices": [{"start": 0, "step": 1, "stop": 2}, {"start": 3, "step": 1}], "dtype": "i64"}' \
        in now["plattli.json"], now["plattli.json"]
    w.finish(archive=False)
    equal(files(root), {
        "config.json": CONFIG,
        "note.jsonl": b'"start"\n{"k": [1, 2.5]}\n',
        "res.f32": bytes.fromhex("0000c03f 0000403f 0000c07f cdcccc3d 0000803e"),
        "solver/iters.u8": b"\x0c\x09\x0b",
        "plattli.json": b'{"res": {"indices": [{"start": 0, "stop": 5, "step": 1}], "dtype": "f32"}, "solver/iters": '
                        b'{"indices": [{"start": 0, "stop": 2, "step": 1}, {"start": 3, "stop": 4, "step": 1}], "dtype": '
                        b'"u8"}, "note": {"indices": [{"start": 0, "stop": 8, "step": 4}], "dtype": "jsonl"}, '
                        b'"when_exported": "T", "run_rows": 5}',
    }, "after finish")


def an_archive_holds_the_folder_in_order_and_stored(w, run):
    w.open(run, hotsize=2, config=("value", json.loads(CONFIG)))
    write_rows(w, ROWS)
    w.finish()
    assert not (run / "plattli").exists()
    with zipfile.ZipFile(run / "metrics.plattli") as z:
        members = z.infolist()
        equal([m.filename for m in members], ["config.json", "note.jsonl", "plattli.json", "res.f32", "solver/iters.u8"])
        equal({m.filename: "%08x" % m.CRC for m in members if m.filename != "plattli.json"},
              {"config.json": "ac5e3f4e", "note.jsonl": "7b03db2a", "res.f32": "fd31d871", "solver/iters.u8": "b04b42b7"})
        for m in members:
            equal((m.compress_type, m.flag_bits, m.comment), (zipfile.ZIP_STORED, 0, b""), m.filename)
        equal((z.comment, z.testzip()), (b"", None))
    equal(w.read(run)["solver/iters"], ("u8", [0, 1, 3], [12, 9, 11]))


def names_outside_ascii_carry_the_utf8_flag_in_the_archive(w, run):
    w.open(run)
    write_rows(w, [[("Höhle/σ", "u8", 1), ("a/b", "u8", 1), ("a-b", "f32", 1.0), ("a", "u16", 300)]])
    w.finish()
    with zipfile.ZipFile(run / "metrics.plattli") as z:
        equal([(m.filename, m.flag_bits) for m in z.infolist()],
              [("Höhle/σ.u8", 0x800), ("a/b.u8", 0), ("a-b.f32", 0), ("a.u16", 0), ("config.json", 0), ("plattli.json", 0)])


def segments_follow_the_cadence(w, run):
    w.open(run, hotsize=1)
    expected = {
        0: [{"start": 0, "step": 1}], 1: [{"start": 0, "step": 1}], 2: [{"start": 0, "step": 1}],
        5: [{"start": 0, "step": 1, "stop": 3}, {"start": 5, "step": 1}],
        8: [{"start": 0, "step": 1, "stop": 3}, {"start": 5, "step": 3}],
        11: [{"start": 0, "step": 1, "stop": 3}, {"start": 5, "step": 3}],
        12: [{"start": 0, "step": 1, "stop": 3}, {"start": 5, "step": 3, "stop": 14}, {"start": 12, "step": 1}],
        20: [{"start": 0, "step": 1, "stop": 3}, {"start": 5, "step": 3, "stop": 14}, {"start": 12, "step": 8}],
    }
    previous = None
    for step in [*expected, 30]:
        w.do("set_step", step)
        w.do("write", "m", "i16", step)
        w.do("end")
        if previous is not None:
            equal(manifest(run / "plattli")["m"]["indices"], expected[previous], f"compacted up to {previous}")
        previous = step
    w.close()


def a_ragged_cadence_spills_into_an_index_file(w, run):
    w.open(run, hotsize=1)
    root, steps = run / "plattli", [1, 6, 8, 17, 20, 31, 32, 37, 39, 48]
    for step in steps:
        w.do("set_step", step)
        w.do("write", "m", "f64", float(step))
        w.do("end")  # which compacts the step before
        if step == 39:
            segments = manifest(root)["m"]["indices"]
            equal((len(segments), segments[-1]), (4, {"start": 32, "step": 5}), "after end_step(39)")
    equal(manifest(root)["m"]["indices"], "indices", "after end_step(48)")
    equal((root / "m.indices").read_bytes(), struct.pack("<9I", *steps[:-1]))
    w.close()
    equal(w.read(run)["m"], ("f64", steps, [float(s) for s in steps]))


CRASHED = {
    "plattli.json": '{"m": {"indices": [{"start": 0, "step": 1}], "dtype": "f32"}}',
    "config.json": "{}",
    "m.f32": struct.pack("<5f", 0, 1, 2, 3, 4),
    "hot.compacting.jsonl": '{"step":3,"m":3.0}\n{"step":4,"m":4.0}\n{"step":5,"m":5.0}\n',
    "hot.jsonl": '{"step":5,"m":5.5}\n{"step":6,"m":6.0}\n{"step":7,"m":7',
}


def a_crashed_run_is_read_with_the_newest_rows(w, run):
    folder(run, CRASHED)
    equal(w.read(run)["m"], ("f32", [0, 1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 5.5, 6]))


def a_crashed_run_is_recovered_into_one_log(w, run):
    root = folder(run, CRASHED)
    w.open(run, step=100)
    equal((root / "m.f32").read_bytes(), struct.pack("<3f", 0, 1, 2))
    assert not (root / "hot.compacting.jsonl").exists()
    equal((root / "hot.jsonl").read_bytes(),
          b'{"step":3,"m":3.0}\n{"step":4,"m":4.0}\n{"step":5,"m":5.5}\n{"step":6,"m":6.0}\n')
    w.close()
    equal(w.read(run)["m"], ("f32", [0, 1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 5.5, 6]))


def resuming_drops_exactly_the_rows_at_and_beyond_the_step(w, run):
    for step, hot, cold in [(7, [6], 6), (8, [6, 7], 6), (5, None, 5), (0, None, 0)]:
        root = folder(run / str(step), {
            "plattli.json": '{"m": {"indices": [{"start": 0, "step": 1}], "dtype": "f32", "monotonic": "inc"}}',
            "config.json": "{}",
            "m.f32": struct.pack("<6f", *range(6)),
            "hot.jsonl": "".join('{"step":%d,"m":%d.0}\n' % (s, s) for s in (6, 7, 8)),
        })
        w.open(run / str(step), step=step)
        if hot is None:
            assert not (root / "hot.jsonl").exists(), f"a log after opening at {step}"
        else:
            equal([json.loads(line)["step"] for line in (root / "hot.jsonl").read_bytes().splitlines()], hot)
        equal((root / "m.f32").stat().st_size, 4 * cold, f"opened at {step}")
        if step == 0:
            equal(manifest(root)["m"], {"indices": [], "dtype": "f32"})
        w.close()


def a_finished_run_without_metrics_is_a_manifest_and_a_config(w, run):
    w.open(run)
    w.finish(archive=False)
    equal(files(run / "plattli"), {"plattli.json": b'{"when_exported": "T", "run_rows": 0}', "config.json": b"{}"})


def the_legacy_spelling_of_a_segment_is_read(w, run):
    folder(run, {"plattli.json": '{"m": {"indices": {"start": 2, "stop": 9, "step": 3}, "dtype": "i16"}}',
                 "m.i16": struct.pack("<3h", 7, 8, 9), "config.json": "{}"})
    equal(w.read(run)["m"], ("i16", [2, 5, 8], [7, 8, 9]))


def descriptions_ahead_of_the_values_map_every_value_to_its_step(w, run):
    segments = '[{"start": 0, "step": 1, "stop": 3}, {"start": 10, "step": 10, "stop": 40}, {"start": 55, "step": 5}]'
    for n, steps in [(2, [0, 1]), (4, [0, 1, 2, 10]), (8, [0, 1, 2, 10, 20, 30, 55, 60])]:
        # An empty hot log is never written, but its presence marks the run as live, whose columns may lag.
        folder(run / str(n), {"plattli.json": '{"m": {"indices": %s, "dtype": "i16"}}' % segments, "config.json": "{}",
                              "m.i16": struct.pack(f"<{n}h", *range(n)), "hot.jsonl": ""})
        equal(w.read(run / str(n))["m"], ("i16", steps, list(range(n))), f"{n} values")


def strings_are_escaped_as_the_format_says(w, run):
    text = 'q"\\/\b\f\n\r\t\0\x1f\x7fé\u2028😀'
    w.open(run)
    write_rows(w, [[("note", "str", text)]])
    w.finish(archive=False)
    equal((run / "plattli" / "note.jsonl").read_bytes(),
          b'"q\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80"\n')
    equal(w.read(run)["note"], ("jsonl", [0], [text]))


NUMBERS = [(0.0, "0.0"), (-0.0, "-0.0"), (100.0, "100.0"), (1e15, "1000000000000000.0"), (1e16, "1e+16"),
           (2.0 ** 53, "9007199254740992.0"), (123456789012345680.0, "1.2345678901234568e+17"), (1e-4, "0.0001"),
           (1e-5, "1e-05"), (3e-7, "3e-07"), (5e-324, "5e-324"), (float("inf"), "Infinity"), (float("-inf"), "-Infinity"),
           (float("nan"), "NaN")]


def numbers_are_written_as_the_format_says(w, run):
    w.open(run)
    write_rows(w, [[("x", "f64", v)] for v, _ in NUMBERS])
    equal((run / "plattli" / "hot.jsonl").read_text(),
          "".join('{"step":%d,"x":%s}\n' % (i, t) for i, (_, t) in enumerate(NUMBERS)))
    w.close()


def singles_are_widened_before_they_are_printed(w, run):
    w.open(run)
    write_rows(w, [[("x", "f32", struct.unpack("<f", struct.pack("<f", v))[0])] for v in (0.1, 1.2)] + [[("x", "i64", 3)]])
    equal((run / "plattli" / "hot.jsonl").read_text(),
          '{"step":0,"x":0.10000000149011612}\n{"step":1,"x":1.2000000476837158}\n{"step":2,"x":3.0}\n')
    w.close()


def the_last_step_of_all_can_be_ended_and_nothing_written_after_it(w, run):
    w.open(run)
    w.do("set_step", 4294967295)
    assert w.do("write", "m", "u8", 1)
    assert w.do("end")
    assert not w.do("write", "m", "u8", 2)
    w.finish()
    equal(w.read(run)["m"], ("u8", [4294967295], [1]))


def a_stride_may_lead_beyond_the_last_step(w, run):
    w.open(run)
    write_rows(w, [[("m", "u8", 1)]])
    w.do("set_step", 4294967295)
    write_rows(w, [[("m", "u8", 2)]])
    w.finish(archive=False)
    equal(manifest(run / "plattli")["m"]["indices"], [{"start": 0, "stop": 8589934590, "step": 4294967295}])
    equal(w.read(run)["m"], ("u8", [0, 4294967295], [1, 2]))


LEGAL = ["ab:c", "x/a:b", ":x", "hot/x", "Step", "x/step", "plattli", "config", "indices", "a b", "new\nline", "dots.in.it", "é"]
ILLEGAL = ["", "/abs", "a//b", "a/", "./a", "a/../b", ".", "..", "a\\b", "a:", "a:b/c", "step", "run_rows", "when_exported",
           "hot", "hot.compacting"]


def names_are_accepted_and_refused_as_the_format_says(w, run):
    w.open(run)
    for name in LEGAL:
        assert w.do("write", name, "u8", 1), f"{name!r} was refused"
    for name in ILLEGAL:
        assert not w.do("write", name, "u8", 1), f"{name!r} was accepted"
    w.do("end")
    w.finish()
    equal(sorted(w.read(run)), sorted(LEGAL))


def promotions_follow_the_table(w, run):
    cases = [("i8", -1, "u8", 200, "i16"), ("i8", -1, "u16", 9, "i32"), ("i32", -1, "u32", 9, "i64"), ("u8", 1, "i8", -1, "i16"),
             ("u8", 1, "u32", 9, "u32"), ("i16", 1, "i64", 9, "i64"), ("i64", -1, "u64", 9, "i64"), ("i64", 1, "u64", 2 ** 63, "u64"),
             ("i64", -1, "u64", 2 ** 63, None), ("u64", 2 ** 63, "i8", 1, "u64"), ("u64", 5, "i8", -1, "i64"),
             ("u64", 2 ** 63, "i8", -1, None), ("f32", 1.0, "f64", 0.1, "f64"), ("f64", 1.0, "f32", 0.5, "f64"),
             ("f32", 1.0, "i64", 2 ** 24, "f32"), ("f32", 1.0, "i64", 2 ** 24 + 1, "f64"), ("f32", 1.0, "i64", 2 ** 53 + 1, None),
             ("f64", 1.0, "u64", 2 ** 63, "f64"), ("i8", 1, "f32", 1.0, None), ("f32", 1.0, "bool", True, None),
             ("u8", 1, "str", "x", None), ("str", "x", "f32", 0.5, "jsonl"), ("bool", True, "i64", 5, "jsonl")]
    w.open(run)
    for i, (kind, value, _, _, _) in enumerate(cases):
        w.do("write", f"m{i}", kind, value)
    w.do("end")
    for i, (_, _, kind, value, result) in enumerate(cases):
        equal(w.do("write", f"m{i}", kind, value), result is not None, f"{cases[i]}")
    w.do("end")
    w.finish(optimize=False)
    found = w.read(run)
    for i, (own, first, _, second, result) in enumerate(cases):
        dtype, _, values = found[f"m{i}"]
        equal(dtype, result or ("jsonl" if own in ("str", "bool") else own), f"{cases[i]}")
        equal(values, [first] if result is None else [first, second], f"{cases[i]}")


def a_bulk_run_keeps_the_index_file_of_a_single_row(w, run):
    w.open(run, layout="bulk")
    write_rows(w, [[("once", "u8", 1), ("often", "i64", 300)], [("often", "i64", 5)], [("often", "i64", 7)]])
    w.finish(archive=False)
    root = run / "plattli"
    equal(files(root), {
        "config.json": b"{}", "once.u8": b"\x01", "once.indices": struct.pack("<I", 0), "often.u16": struct.pack("<3H", 300, 5, 7),
        "plattli.json": b'{"once": {"indices": "indices", "dtype": "u8", "monotonic": "inc"}, "often": {"indices": [{"start": 0, '
                        b'"stop": 3, "step": 1}], "dtype": "u16"}, "when_exported": "T", "run_rows": 3}'})


def a_direct_run_keeps_every_step_in_an_index_file(w, run):
    w.open(run, layout="direct")
    write_rows(w, [[("m", "f32", 1.5)], [], [("m", "f32", 2.5), ("n", "str", "x")]])
    w.close()
    equal(files(run / "plattli"), {
        "config.json": b"{}", "m.f32": struct.pack("<2f", 1.5, 2.5), "m.indices": struct.pack("<2I", 0, 2), "n.jsonl": b'"x"\n',
        "n.indices": struct.pack("<I", 2),
        "plattli.json": b'{"m": {"indices": "indices", "dtype": "f32", "monotonic": "inc"}, "n": {"indices": "indices", '
                        b'"dtype": "jsonl"}, "when_exported": "T"}'})


def a_link_as_config_points_at_the_file_and_is_archived_by_content(w, run):
    run.mkdir()
    (run / "config.json").write_text('{"a":  1}')
    w.open(run, config=("path", "config.json"))
    link = run / "plattli" / "config.json"
    equal((link.is_symlink(), os.readlink(link)), (True, str((run / "config.json").resolve())))
    write_rows(w, [[("m", "u8", 1)]])
    w.finish()
    with zipfile.ZipFile(run / "metrics.plattli") as z:
        equal(z.read("config.json"), b'{"a":  1}')


def lists_as_values_are_read_row_by_row(w, run):
    """The reference's own reader turns a column of equally long lists into a matrix, so it is not asked here."""
    w.open(run)
    write_rows(w, [[("v", "json", [1, 2])], [("v", "json", [3, 4])]])
    w.close()
    if isinstance(w, Ours):
        equal(w.read(run)["v"], ("jsonl", [0, 1], [[1, 2], [3, 4]]))


VECTORS = [f for f in list(globals().values())
           if inspect.isfunction(f) and list(inspect.signature(f).parameters) == ["w", "run"]]


def main():
    arguments = sys.argv[1:]
    sides = [Reference()] if "--reference-only" in arguments else [Reference(), Ours()]
    wanted = [a for a in arguments if not a.startswith("-")]
    failed = ran = 0
    scratch = Path(tempfile.mkdtemp(prefix="plattli-vectors-"))
    for vector in VECTORS:
        if wanted and vector.__name__ not in wanted:
            continue
        for i, side in enumerate(sides):
            ran += 1
            try:
                vector(side, scratch / f"{vector.__name__}-{i}")
            except Exception as e:
                failed += 1
                print(f"FAILED {vector.__name__} ({side.name}): {e}")
                if not isinstance(e, AssertionError):
                    traceback.print_exc()
                if isinstance(side, Ours):
                    if side.driver.process:
                        side.driver.process.kill()
                    side.driver.end()
    for side in sides:
        if isinstance(side, Ours) and side.driver.end() not in (0, None):
            print("the driver did not end well")
            failed += 1
    shutil.rmtree(scratch, ignore_errors=True)
    print(f"vectors: {len(VECTORS)} vectors, {len(sides)} implementations, {ran} runs, {failed} failed")
    return 1 if failed or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
