//! Values by the number of their metric: the fast path.

use super::boundary::{bytes, call, done_by, slice, utf8};
use super::error::PLATTLI_OK;
use super::writer::{plattli_writer, write};
use crate::error::Result;
use crate::run::dtype::{Cell, DType, Value};
use crate::run::writer::Writer;
use std::ffi::c_char;

/// A number. Inlined, so that there is one copy of it for each type, in which nothing asks for the type.
#[inline(always)]
fn by_id(writer: *const plattli_writer, id: u32, value: Value<'_>) -> i32 {
    if let Some(cell) = value.cell() {
        if done_by(writer, |w| w.inner.put_expected(id, value.own_dtype(), cell)) {
            return PLATTLI_OK;
        }
    }
    by_id_looked_at(writer, id, value)
}

#[inline(never)]
fn by_id_looked_at(writer: *const plattli_writer, id: u32, value: Value<'_>) -> i32 {
    call(writer, |w| w.inner.put(id, value))
}

/// Numbers of one type.
#[inline(always)]
fn row<T: Copy>(
    writer: *const plattli_writer,
    (ids, values, n): (*const u32, *const T, usize),
    (own, cell): (DType, impl Fn(T) -> Cell),
    put: impl FnOnce(&Writer, &[u32], &[T]) -> Result<()>,
) -> i32 {
    if let (Ok(ids), Ok(values)) = (slice(ids, n, "ids"), slice(values, n, "values")) {
        if done_by(writer, |w| w.inner.put_expected_row(ids, own, values.iter().map(|v| cell(*v)))) {
            return PLATTLI_OK;
        }
    }
    let arguments = || Ok((slice(ids, n, "ids")?, slice(values, n, "values")?));
    write(writer, arguments, |w, (ids, values)| put(w, ids, values))
}

/// Writes a value of the metric with the number `id`, from `plattli_writer_metric`, in the current step. The value
/// is stored in the metric's type, which is widened where that loses nothing.
///
/// Errors, each of which leaves the step as it was and is returned again by `plattli_end_step`:
/// `PLATTLI_ERR_ARGUMENT` for a number that was never given out, `PLATTLI_ERR_TYPE` for a value that does not fit
/// the metric, `PLATTLI_ERR_STATE` for a second value in one step.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_f32(writer: *mut plattli_writer, id: u32, value: f32) -> i32 {
    by_id(writer, id, Value::F32(value))
}

/// As `plattli_put_f32`, for a 64-bit float.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_f64(writer: *mut plattli_writer, id: u32, value: f64) -> i32 {
    by_id(writer, id, Value::F64(value))
}

/// As `plattli_put_f32`, for a signed 8-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_i8(writer: *mut plattli_writer, id: u32, value: i8) -> i32 {
    by_id(writer, id, Value::I8(value))
}

/// As `plattli_put_f32`, for a signed 16-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_i16(writer: *mut plattli_writer, id: u32, value: i16) -> i32 {
    by_id(writer, id, Value::I16(value))
}

/// As `plattli_put_f32`, for a signed 32-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_i32(writer: *mut plattli_writer, id: u32, value: i32) -> i32 {
    by_id(writer, id, Value::I32(value))
}

/// As `plattli_put_f32`, for a signed 64-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_i64(writer: *mut plattli_writer, id: u32, value: i64) -> i32 {
    by_id(writer, id, Value::I64(value))
}

/// As `plattli_put_f32`, for an unsigned 8-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_u8(writer: *mut plattli_writer, id: u32, value: u8) -> i32 {
    by_id(writer, id, Value::U8(value))
}

/// As `plattli_put_f32`, for an unsigned 16-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_u16(writer: *mut plattli_writer, id: u32, value: u16) -> i32 {
    by_id(writer, id, Value::U16(value))
}

/// As `plattli_put_f32`, for an unsigned 32-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_u32(writer: *mut plattli_writer, id: u32, value: u32) -> i32 {
    by_id(writer, id, Value::U32(value))
}

/// As `plattli_put_f32`, for an unsigned 64-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_u64(writer: *mut plattli_writer, id: u32, value: u64) -> i32 {
    by_id(writer, id, Value::U64(value))
}

/// As `plattli_put_f32`, for a boolean, kept as JSON.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_bool(writer: *mut plattli_writer, id: u32, value: bool) -> i32 {
    call(writer, |w| w.inner.put(id, Value::Bool(value)))
}

/// As `plattli_put_f32`, for UTF-8 text of `len` bytes, kept as a JSON string. It may hold NUL; `data` may be NULL
/// if `len` is 0.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_str(
    writer: *mut plattli_writer,
    id: u32,
    data: *const c_char,
    len: usize,
) -> i32 {
    write(writer, || Ok(Value::Str(utf8(data, len, "data")?)), |w, value| w.put(id, value))
}

/// As `plattli_put_f32`, for one JSON value as text of `len` bytes.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_json(
    writer: *mut plattli_writer,
    id: u32,
    json: *const c_char,
    len: usize,
) -> i32 {
    write(writer, || Ok(Value::Json(bytes(json, len, "json")?)), |w, value| w.put(id, value))
}

/// Writes `n` values at once: `values[i]` goes to the metric `ids[i]`. All are checked before any is written; on an
/// error none is. The arrays may be NULL if `n` is 0.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_row_f64(
    writer: *mut plattli_writer,
    ids: *const u32,
    values: *const f64,
    n: usize,
) -> i32 {
    row(writer, (ids, values, n), (DType::F64, f64::to_bits), Writer::put_row_f64)
}

/// As `plattli_put_row_f64`, for 32-bit floats.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_row_f32(
    writer: *mut plattli_writer,
    ids: *const u32,
    values: *const f32,
    n: usize,
) -> i32 {
    row(writer, (ids, values, n), (DType::F32, |v| f64::from(v).to_bits()), Writer::put_row_f32)
}
