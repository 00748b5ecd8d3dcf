//! Metrics of a run as Arrow tables (docs/arrow.md).

use super::boundary::{call, out, texts};
use super::columns::{plattli_selection, rows};
use super::reader::plattli_reader;
use crate::arrow::abi::ArrowArrayStream;
use crate::error::Result;
use crate::run::options::Selection;
use crate::run::reader::Reader;
use std::ffi::c_char;

#[cfg(feature = "stream")]
mod present {
    use super::*;
    pub use crate::run::arrow::Form;

    pub fn table(r: &Reader, names: &[&str], rows: &Selection, form: Form) -> Result<ArrowArrayStream> {
        let (schema, batches) = crate::run::arrow::table(r, names, rows, form)?;
        crate::arrow::export(schema, batches)
    }
}

#[cfg(not(feature = "stream"))]
mod present {
    use super::*;

    pub enum Form {
        Wide,
        Outer,
        Long,
    }

    pub fn table(_: &Reader, _: &[&str], _: &Selection, _: Form) -> Result<ArrowArrayStream> {
        Err(super::super::error::without("stream", "Arrow tables"))
    }
}

use present::Form;

fn read(
    reader: *mut plattli_reader,
    (names, n): (*const *const c_char, usize),
    selection: *const plattli_selection,
    form: Form,
    out_stream: *mut ArrowArrayStream,
) -> i32 {
    call(reader, |r| {
        let out_stream = out(out_stream, "out")?;
        out_stream.set(present::table(&r.inner, &texts(names, n, "names")?, &rows(selection)?, form)?)
    })
}

/// Reads `n` metrics as an Arrow table: a column `step` (uint32) and one column per metric, under its name and in the
/// order asked for, at the steps at which each of them has a value, as `plattli_reader_table` joins them. With `n` 0,
/// where `names` may be NULL, all metrics.
///
/// Integers are int64 (those of a `PLATTLI_U64` metric beyond it uint64), floats are as stored, JSON is utf8. The
/// selection, which may be NULL, names rows of the table by step or position; a range of values is for one metric
/// alone, or for `plattli_reader_arrow_long`.
///
/// On success `*out` is a stream of batches of at most 65536 rows, all read already, so that it outlives the reader,
/// and handed over without a copy. Its consumer releases it, as the Arrow C stream interface says. Errors as
/// `plattli_reader_column`; `PLATTLI_ERR_UNSUPPORTED` without the feature `"stream"`.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_arrow(
    reader: *mut plattli_reader,
    names: *const *const c_char,
    n: usize,
    selection: *const plattli_selection,
    out: *mut ArrowArrayStream,
) -> i32 {
    read(reader, (names, n), selection, Form::Wide, out)
}

/// As `plattli_reader_arrow`, but at the steps at which any of the metrics has a value: null where one has none.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_arrow_outer(
    reader: *mut plattli_reader,
    names: *const *const c_char,
    n: usize,
    selection: *const plattli_selection,
    out: *mut ArrowArrayStream,
) -> i32 {
    read(reader, (names, n), selection, Form::Outer, out)
}

/// As `plattli_reader_arrow`, but one row per value, metric after metric: `step` (uint32), `metric` (a dictionary of
/// utf8), `value` (float64, null for JSON) and `text` (utf8): the exact text of what `value` cannot say, JSON and
/// integers that a float64 rounds, null for the rest. The selection applies to each metric.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_arrow_long(
    reader: *mut plattli_reader,
    names: *const *const c_char,
    n: usize,
    selection: *const plattli_selection,
    out: *mut ArrowArrayStream,
) -> i32 {
    read(reader, (names, n), selection, Form::Long, out)
}
