//! Rows: selections, columns, tables, and reads into the caller's buffers.

use super::boundary::{call, examine, free, look, optional, optional_text, out, slice_mut, text, texts};
use super::reader::plattli_reader;
use super::types::{known_dtype, unknown};
use crate::error::{Code, Error, Result};
use crate::run::options::Selection;
use crate::run::reader::{As, ColumnData, JsonTexts, Native};
use std::ffi::{c_char, c_void};
use std::ptr::null;
use std::sync::Arc;

/// Every row.
pub const PLATTLI_ALL: i32 = 0;
/// Rows by their step, both ends inclusive.
pub const PLATTLI_STEPS: i32 = 1;
/// Rows by their value, both ends inclusive; NaN lies in no range, and JSON metrics have none.
pub const PLATTLI_VALUES: i32 = 2;
/// Rows by their position, from `start` up to but without `stop`; negative ones count from the end.
pub const PLATTLI_POSITIONS: i32 = 3;

/// Integers as `PLATTLI_I64`, whatever their stored width; floats and JSON as stored.
pub const PLATTLI_STANDARD: i32 = 0;
/// As stored.
pub const PLATTLI_STORAGE: i32 = -1;

const START_GIVEN: i32 = 1;
const STOP_GIVEN: i32 = 2;

/// Which rows are wanted. Zeroed it selects all. A reversed range is empty, not an error.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plattli_selection {
    /// `PLATTLI_ALL`, `PLATTLI_STEPS`, `PLATTLI_VALUES` or `PLATTLI_POSITIONS`.
    pub kind: i32,
    /// Which ends are given: bit 0 (1) the start, bit 1 (2) the stop. An end that is not given is open.
    pub bounds: i32,
    /// First step or position.
    pub start: i64,
    /// Last step, or the position after the last.
    pub stop: i64,
    /// Smallest value.
    pub vstart: f64,
    /// Largest value.
    pub vstop: f64,
}

/// Rows of one metric. Does not change, and outlives the reader.
pub struct plattli_column {
    steps: Arc<Vec<u32>>,
    data: ColumnData,
}

/// Rows of several metrics side by side. Does not change, and outlives the reader.
pub struct plattli_table {
    steps: Arc<Vec<u32>>,
    columns: Vec<plattli_column>,
}
pub(super) fn rows(selection: *const plattli_selection) -> Result<Selection> {
    let Some(s) = optional(selection) else { return Ok(Selection::All) };
    if s.bounds & !(START_GIVEN | STOP_GIVEN) != 0 {
        return Err(unknown("bounds of a selection", s.bounds, "0, 1 (start), 2 (stop), 3 (both)"));
    }
    let (start, stop) = (s.bounds & START_GIVEN != 0, s.bounds & STOP_GIVEN != 0);
    let ends = (start.then_some(s.start), stop.then_some(s.stop));
    match s.kind {
        PLATTLI_ALL => Ok(Selection::All),
        PLATTLI_STEPS => Ok(Selection::Steps { start: ends.0, stop: ends.1 }),
        PLATTLI_POSITIONS => Ok(Selection::Positions { start: ends.0, stop: ends.1 }),
        PLATTLI_VALUES => {
            Ok(Selection::Values { start: start.then_some(s.vstart), stop: stop.then_some(s.vstop) })
        }
        kind => {
            let known = "PLATTLI_ALL, PLATTLI_STEPS, PLATTLI_VALUES, PLATTLI_POSITIONS";
            Err(unknown("kind of a selection", kind, known))
        }
    }
}

fn wanted(dtype: i32) -> Result<As> {
    match dtype {
        PLATTLI_STANDARD => Ok(As::Standard),
        PLATTLI_STORAGE => Ok(As::Storage),
        dtype => known_dtype(dtype).map(As::Type),
    }
}

/// Reads selected rows of a metric. `selection` may be NULL for all rows; `as` is `PLATTLI_STANDARD`,
/// `PLATTLI_STORAGE` or a type. On success `*out` is a column, to be released with `plattli_column_free`.
///
/// Errors: `PLATTLI_ERR_NOT_FOUND` for an unknown metric; `PLATTLI_ERR_TYPE` for a value that is not exactly one of
/// the integer type asked for (floats are rounded), or for values of a JSON metric asked for by range;
/// `PLATTLI_ERR_CORRUPT`; `PLATTLI_ERR_BUSY` if the run kept changing (try again); `PLATTLI_ERR_IO`.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_column(
    reader: *mut plattli_reader,
    name: *const c_char,
    selection: *const plattli_selection,
    r#as: i32,
    out_column: *mut *mut plattli_column,
) -> i32 {
    call(reader, |r| {
        let out_column = out(out_column, "out")?;
        let column = r.inner.column(text(name, "name")?, &rows(selection)?, wanted(r#as)?)?;
        out_column.set_boxed(plattli_column { steps: Arc::new(column.steps), data: column.data })
    })
}

/// Reads `n` metrics side by side, at the steps at which each of them has a value. Without `on` (NULL) the
/// selection names rows of this table, by step or position; with it, rows of the metric `on`, of which those remain
/// that all have. On success `*out` is a table, to be released with `plattli_table_free`. Errors as
/// `plattli_reader_column`.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_table(
    reader: *mut plattli_reader,
    names: *const *const c_char,
    n: usize,
    on: *const c_char,
    selection: *const plattli_selection,
    r#as: i32,
    out_table: *mut *mut plattli_table,
) -> i32 {
    call(reader, |r| {
        let out_table = out(out_table, "out")?;
        let (names, on) = (texts(names, n, "names")?, optional_text(on, "on")?);
        let table = r.inner.table(&names, on, &rows(selection)?, wanted(r#as)?)?;
        let steps = Arc::new(table.steps);
        let column = |data| plattli_column { steps: steps.clone(), data };
        let columns = table.columns.into_iter().map(column).collect();
        out_table.set_boxed(plattli_table { steps, columns })
    })
}

fn read<T: Native>(
    reader: *mut plattli_reader,
    name: *const c_char,
    selection: *const plattli_selection,
    steps: *mut u32,
    (values, cap): (*mut T, usize),
    out_len: *mut usize,
) -> i32 {
    call(reader, |r| {
        let out_len = out(out_len, "out_len")?;
        let name = text(name, "name")?;
        let values = slice_mut(values, cap, "values")?;
        let steps = if steps.is_null() { None } else { Some(slice_mut(steps, cap, "steps")?) };
        let n = r.inner.read_into(name, &rows(selection)?, steps, values)?;
        out_len.set(n)?;
        match n <= cap {
            true => Ok(()),
            false => Err(Error::new(
                Code::Buffer,
                format!("metric {name}: {n} rows are selected, the buffer has room for {cap}"),
            )),
        }
    })
}

/// Reads selected rows of a metric straight into the caller's memory: their values into `values` and, unless NULL,
/// their steps into `steps`, each with room for `cap`. `*out_len` is how many there are.
///
/// If there are more than `cap`, nothing is filled and `PLATTLI_ERR_BUFFER` returned: with `cap` 0 (where `values`
/// may be NULL) that is the way to ask for the number. After another error the memory holds anything. Errors as
/// `plattli_reader_column`.
#[no_mangle]
pub unsafe extern "C" fn plattli_read_f64(
    reader: *mut plattli_reader,
    name: *const c_char,
    selection: *const plattli_selection,
    steps: *mut u32,
    values: *mut f64,
    cap: usize,
    out_len: *mut usize,
) -> i32 {
    read(reader, name, selection, steps, (values, cap), out_len)
}

/// As `plattli_read_f64`. What is stored as f64 is rounded.
#[no_mangle]
pub unsafe extern "C" fn plattli_read_f32(
    reader: *mut plattli_reader,
    name: *const c_char,
    selection: *const plattli_selection,
    steps: *mut u32,
    values: *mut f32,
    cap: usize,
    out_len: *mut usize,
) -> i32 {
    read(reader, name, selection, steps, (values, cap), out_len)
}

/// As `plattli_read_f64`. A value that is no such integer is `PLATTLI_ERR_TYPE`.
#[no_mangle]
pub unsafe extern "C" fn plattli_read_i64(
    reader: *mut plattli_reader,
    name: *const c_char,
    selection: *const plattli_selection,
    steps: *mut u32,
    values: *mut i64,
    cap: usize,
    out_len: *mut usize,
) -> i32 {
    read(reader, name, selection, steps, (values, cap), out_len)
}

/// As `plattli_read_f64`. A value that is no such integer is `PLATTLI_ERR_TYPE`.
#[no_mangle]
pub unsafe extern "C" fn plattli_read_u64(
    reader: *mut plattli_reader,
    name: *const c_char,
    selection: *const plattli_selection,
    steps: *mut u32,
    values: *mut u64,
    cap: usize,
    out_len: *mut usize,
) -> i32 {
    read(reader, name, selection, steps, (values, cap), out_len)
}

/// How many rows; 0 for NULL.
#[no_mangle]
pub unsafe extern "C" fn plattli_column_len(column: *const plattli_column) -> usize {
    look(column, 0, |c| c.steps.len())
}

/// The type of the values, `PLATTLI_F32` … `PLATTLI_JSON`; 0 for NULL.
#[no_mangle]
pub unsafe extern "C" fn plattli_column_dtype(column: *const plattli_column) -> i32 {
    look(column, 0, |c| c.data.dtype() as i32)
}

/// The steps, strictly increasing; borrowed until the column is freed.
#[no_mangle]
pub unsafe extern "C" fn plattli_column_steps(column: *const plattli_column) -> *const u32 {
    look(column, null(), |c| c.steps.as_ptr())
}

/// The values, an array of the type that `plattli_column_dtype` says; borrowed until the column is freed. NULL for
/// JSON.
#[no_mangle]
pub unsafe extern "C" fn plattli_column_values(column: *const plattli_column) -> *const c_void {
    look(column, null(), |c| match &c.data {
        ColumnData::F32(v) => v.as_ptr().cast(),
        ColumnData::F64(v) => v.as_ptr().cast(),
        ColumnData::I8(v) => v.as_ptr().cast(),
        ColumnData::I16(v) => v.as_ptr().cast(),
        ColumnData::I32(v) => v.as_ptr().cast(),
        ColumnData::I64(v) => v.as_ptr().cast(),
        ColumnData::U8(v) => v.as_ptr().cast(),
        ColumnData::U16(v) => v.as_ptr().cast(),
        ColumnData::U32(v) => v.as_ptr().cast(),
        ColumnData::U64(v) => v.as_ptr().cast(),
        ColumnData::Json(_) => null(),
    })
}

/// The value of a row of a JSON column as text of `*len` bytes, not terminated; borrowed until the column is freed.
/// `PLATTLI_ERR_TYPE` for a column of numbers, `PLATTLI_ERR_NOT_FOUND` past the last row.
#[no_mangle]
pub unsafe extern "C" fn plattli_column_json(
    column: *const plattli_column,
    row: usize,
    out_text: *mut *const c_char,
    len: *mut usize,
) -> i32 {
    examine(column, "column", |c| {
        let (out_text, len) = (out(out_text, "text")?, out(len, "len")?);
        let text = json_row(&c.data, row)?;
        out_text.set(text.as_ptr().cast())?;
        len.set(text.len())
    })
}

fn json_row(data: &ColumnData, row: usize) -> Result<&str> {
    let ColumnData::Json(texts) = data else {
        let dtype = data.dtype();
        return Err(Error::type_error(format!("the column holds {dtype}: use plattli_column_values")));
    };
    let missing =
        |texts: &JsonTexts| Error::not_found(format!("there is no row {row}, only {}", texts.len()));
    texts.get(row).ok_or_else(|| missing(texts))
}

/// Releases a column. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plattli_column_free(column: *mut plattli_column) {
    free(column);
}

/// How many rows; 0 for NULL.
#[no_mangle]
pub unsafe extern "C" fn plattli_table_len(table: *const plattli_table) -> usize {
    look(table, 0, |t| t.steps.len())
}

/// The steps, strictly increasing; borrowed until the table is freed.
#[no_mangle]
pub unsafe extern "C" fn plattli_table_steps(table: *const plattli_table) -> *const u32 {
    look(table, null(), |t| t.steps.as_ptr())
}

/// The column of metric `i`, in the order asked for; borrowed until the table is freed, not to be freed itself.
/// `PLATTLI_ERR_NOT_FOUND` past the last.
#[no_mangle]
pub unsafe extern "C" fn plattli_table_column(
    table: *const plattli_table,
    i: usize,
    out_column: *mut *const plattli_column,
) -> i32 {
    examine(table, "table", |t| {
        let out_column = out(out_column, "out")?;
        let missing = || Error::not_found(format!("there is no column {i}, only {}", t.columns.len()));
        out_column.set(t.columns.get(i).ok_or_else(missing)?)
    })
}

/// Releases a table and its columns. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plattli_table_free(table: *mut plattli_table) {
    free(table);
}
