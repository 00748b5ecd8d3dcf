//! Values by the number of their metric: the fast path.

use super::boundary::{bytes, call, slice, utf8};
use super::writer::{plattli_writer, write};
use crate::run::dtype::Value;
use std::ffi::c_char;

/// Writes a value of the metric with the number `id`, from `plattli_writer_metric`, in the current step. The value
/// is stored in the metric's type, which is widened where that loses nothing.
///
/// Errors, each of which leaves the step as it was and is returned again by `plattli_end_step`:
/// `PLATTLI_ERR_ARGUMENT` for a number that was never given out, `PLATTLI_ERR_TYPE` for a value that does not fit
/// the metric, `PLATTLI_ERR_STATE` for a second value in one step.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_f32(writer: *mut plattli_writer, id: u32, value: f32) -> i32 {
    call(writer, |w| w.inner.put(id, Value::F32(value)))
}

/// As `plattli_put_f32`, for a 64-bit float.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_f64(writer: *mut plattli_writer, id: u32, value: f64) -> i32 {
    call(writer, |w| w.inner.put(id, Value::F64(value)))
}

/// As `plattli_put_f32`, for a signed 8-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_i8(writer: *mut plattli_writer, id: u32, value: i8) -> i32 {
    call(writer, |w| w.inner.put(id, Value::I8(value)))
}

/// As `plattli_put_f32`, for a signed 16-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_i16(writer: *mut plattli_writer, id: u32, value: i16) -> i32 {
    call(writer, |w| w.inner.put(id, Value::I16(value)))
}

/// As `plattli_put_f32`, for a signed 32-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_i32(writer: *mut plattli_writer, id: u32, value: i32) -> i32 {
    call(writer, |w| w.inner.put(id, Value::I32(value)))
}

/// As `plattli_put_f32`, for a signed 64-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_i64(writer: *mut plattli_writer, id: u32, value: i64) -> i32 {
    call(writer, |w| w.inner.put(id, Value::I64(value)))
}

/// As `plattli_put_f32`, for an unsigned 8-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_u8(writer: *mut plattli_writer, id: u32, value: u8) -> i32 {
    call(writer, |w| w.inner.put(id, Value::U8(value)))
}

/// As `plattli_put_f32`, for an unsigned 16-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_u16(writer: *mut plattli_writer, id: u32, value: u16) -> i32 {
    call(writer, |w| w.inner.put(id, Value::U16(value)))
}

/// As `plattli_put_f32`, for an unsigned 32-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_u32(writer: *mut plattli_writer, id: u32, value: u32) -> i32 {
    call(writer, |w| w.inner.put(id, Value::U32(value)))
}

/// As `plattli_put_f32`, for an unsigned 64-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_u64(writer: *mut plattli_writer, id: u32, value: u64) -> i32 {
    call(writer, |w| w.inner.put(id, Value::U64(value)))
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
    write(
        writer,
        || Ok((slice(ids, n, "ids")?, slice(values, n, "values")?)),
        |w, (ids, values)| w.put_row_f64(ids, values),
    )
}

/// As `plattli_put_row_f64`, for 32-bit floats.
#[no_mangle]
pub unsafe extern "C" fn plattli_put_row_f32(
    writer: *mut plattli_writer,
    ids: *const u32,
    values: *const f32,
    n: usize,
) -> i32 {
    write(
        writer,
        || Ok((slice(ids, n, "ids")?, slice(values, n, "values")?)),
        |w, (ids, values)| w.put_row_f32(ids, values),
    )
}
