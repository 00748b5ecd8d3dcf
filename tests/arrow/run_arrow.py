"""A run as Arrow tables: pyarrow takes them without a copy, polars and DuckDB take them, and the values are those of
the PyPI package.

    python tests/arrow/run_arrow.py      (scripts/venv.sh arrow prints a Python that has what is needed)
"""

import ctypes as c
import json
import math
import tempfile
from pathlib import Path

import duckdb
import plattli
import polars as pl
import pyarrow as pa

from library import Selection, Stream, call, lib, pointer, strings

STEPS = 150_000


def write_run(folder):
    """Metrics of all kinds and rhythms; the last rows are still in the log."""
    w = pointer("plattli_writer_open", str(folder), None)
    f32, f64, i64, u64 = (getattr(lib, f"plattli_write_{kind}") for kind in ("f32", "f64", "i64", "u64"))
    for f, kind in ((f32, c.c_float), (f64, c.c_double), (i64, c.c_int64), (u64, c.c_uint64)):
        f.argtypes = [c.c_void_p, c.c_char_p, kind]
    for step in range(STEPS):
        f64(w, b"loss", math.sin(step) if step % 1000 else math.nan)
        f32(w, b"lr", 1 / (step + 1))
        i64(w, b"count", step * 12_345_678_901 - (1 << 62))
        if step % 100 == 0:
            u64(w, b"eval/huge", 18_446_744_073_709_551_615 - step)
            text = json.dumps({"step": step, "ü": ["é", None, 1.5]}).encode()
            call("plattli_write_json", w, b"note", text, c.c_size_t(len(text)))
        lib.plattli_end_step(w)
    return w


def table(reader, names=(), form="", selection=None):
    stream = Stream()
    call(f"plattli_reader_arrow{form}", reader, *strings(names), c.byref(selection) if selection else None,
         c.byref(stream.raw))
    return stream


def same(ours, theirs):
    """Equal, NaN included."""
    ours, theirs = list(ours), list(theirs)
    return len(ours) == len(theirs) and all(a == b or (a != a and b != b) for a, b in zip(ours, theirs))


def no_copy(reader):
    """What pyarrow works with lies where the C struct said, and the next batch right behind it."""
    stream = table(reader, ["loss", "lr", "count"])
    raw = stream.schema()
    schema = pa.Schema._import_from_c(c.addressof(raw))
    behind, rows = None, 0
    for array in stream.arrays():
        length = array.length
        told = [array.children[i].contents.buffers[1] for i in range(array.n_children)]
        batch = pa.RecordBatch._import_from_c(c.addressof(array), schema)
        found = [column.buffers()[1].address for column in batch.columns]
        assert found == told, (found, told)
        assert behind is None or found == behind
        widths = [4, 8, 4, 8]
        behind = [at + width * length for at, width in zip(found, widths)]
        rows += length
        assert length <= 65536
    assert rows == STEPS, rows


def values(folder, reader):
    """Every value, against the PyPI package."""
    theirs = plattli.Reader(str(folder))
    wide = pa.RecordBatchReader.from_stream(table(reader, ["loss", "lr", "count"])).read_all()
    assert wide.schema.types == [pa.uint32(), pa.float64(), pa.float32(), pa.int64()], wide.schema
    for name in ("loss", "lr", "count"):
        steps, found = theirs.metric(name)
        assert same(wide["step"].to_pylist(), [int(s) for s in steps]), name
        assert same(wide[name].to_pylist(), found.tolist()), name
    steps, notes = theirs.metric("note")
    inner = pa.RecordBatchReader.from_stream(table(reader, ["note", "loss"])).read_all()
    assert inner["step"].to_pylist() == [int(s) for s in steps]
    assert [json.loads(text) for text in inner["note"].to_pylist()] == list(notes)
    outer = pa.RecordBatchReader.from_stream(table(reader, form="_outer")).read_all()
    assert outer.column_names == ["step", "count", "eval/huge", "loss", "lr", "note"]
    assert outer.num_rows == STEPS and outer["note"].null_count == STEPS - len(notes)
    assert outer["eval/huge"].type == pa.uint64() and outer["eval/huge"][100].as_py() == 2**64 - 101
    long = pa.RecordBatchReader.from_stream(table(reader, form="_long")).read_all()
    assert long.column_names == ["step", "metric", "value", "text"]
    assert long.num_rows == 3 * STEPS + 2 * len(notes)
    exact = [(float(v) if t is None else int(t)) for m, v, t in
             zip(long["metric"].to_pylist(), long["value"].to_pylist(), long["text"].to_pylist()) if m == "count"]
    assert exact == wide["count"].to_pylist()
    some = Selection(kind=1, bounds=3, start=50, stop=52)
    assert pa.RecordBatchReader.from_stream(table(reader, ["loss"], "", some)).read_all()["step"].to_pylist() == [50, 51, 52]


def others(reader):
    """Polars and DuckDB through the same interface."""
    frame = pl.DataFrame(table(reader, form="_outer"))
    assert frame.shape == (STEPS, 6) and frame["note"].null_count() == STEPS - STEPS // 100
    frame = pl.DataFrame(table(reader, form="_long"))
    counts = dict(frame.group_by("metric").len().iter_rows())
    assert {str(k): v for k, v in counts.items()} == {
        "count": STEPS, "loss": STEPS, "lr": STEPS, "note": STEPS // 100, "eval/huge": STEPS // 100}
    rows = pa.RecordBatchReader.from_stream(table(reader, ["loss", "count"]))
    found = duckdb.execute("select count(*), max(step), max(count) from rows where not isnan(loss)").fetchone()
    assert found == (STEPS - STEPS // 1000, STEPS - 1, (STEPS - 1) * 12_345_678_901 - (1 << 62)), found


def outlives(folder):
    """The stream is read after its reader was closed."""
    reader = pointer("plattli_reader_open", str(folder), None)
    stream = table(reader, ["loss"])
    lib.plattli_reader_close(reader)
    assert pa.RecordBatchReader.from_stream(stream).read_all().num_rows == STEPS


def main():
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "heat"
        writer = write_run(folder)
        for state in ("live", "finished"):
            if state == "finished":
                call("plattli_finish", writer, None)
                lib.plattli_writer_close(writer)
            reader = pointer("plattli_reader_open", str(folder), None)
            no_copy(reader)
            values(folder, reader)
            others(reader)
            outlives(folder)
            lib.plattli_reader_close(reader)
            print(f"a {state} run of {STEPS} steps: equal in pyarrow, polars and DuckDB, no copy")


main()
