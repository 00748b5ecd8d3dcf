//! Values by the name of their metric.

use super::boundary::{bytes, call, done_by, spelled, utf8};
use super::error::PLATTLI_OK;
use super::writer::{plattli_writer, write};
use crate::run::dtype::Value;
use std::ffi::c_char;

/// A number. The name is compared where it is, without looking first how long it is. A closure makes the value, so
/// that there is one copy of all this for each type, in which nothing asks for the type.
#[inline(always)]
fn by_name<'a>(writer: *const plattli_writer, name: *const c_char, value: impl FnOnce() -> Value<'a>) -> i32 {
    let value = value();
    if let (Ok(name), Some(cell)) = (spelled(name, "name"), value.cell()) {
        if done_by(writer, |w| w.inner.write_expected(&name, value.own_dtype(), cell)) {
            return PLATTLI_OK;
        }
    }
    by_name_looked_at(writer, name, value)
}

#[inline(never)]
fn by_name_looked_at(writer: *const plattli_writer, name: *const c_char, value: Value<'_>) -> i32 {
    call(writer, |w| match spelled(name, "name") {
        Ok(name) => w.inner.write_spelled(name, value),
        Err(error) => Err(w.inner.refuse(error)),
    })
}

/// Writes a value of the metric `name` in the current step. A new name makes a new metric of the value's type; the
/// type of an existing one is widened where that loses nothing.
///
/// Errors, each of which leaves the step as it was and is returned again by `plattli_end_step`:
/// `PLATTLI_ERR_ARGUMENT` for a name that cannot be stored, `PLATTLI_ERR_TYPE` for a value that does not fit the
/// metric, `PLATTLI_ERR_STATE` for a second value in one step.
#[no_mangle]
pub unsafe extern "C" fn plattli_write_f32(
    writer: *mut plattli_writer,
    name: *const c_char,
    value: f32,
) -> i32 {
    by_name(writer, name, || Value::F32(value))
}

/// As `plattli_write_f32`, for a 64-bit float.
#[no_mangle]
pub unsafe extern "C" fn plattli_write_f64(
    writer: *mut plattli_writer,
    name: *const c_char,
    value: f64,
) -> i32 {
    by_name(writer, name, || Value::F64(value))
}

/// As `plattli_write_f32`, for a signed 8-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_write_i8(
    writer: *mut plattli_writer,
    name: *const c_char,
    value: i8,
) -> i32 {
    by_name(writer, name, || Value::I8(value))
}

/// As `plattli_write_f32`, for a signed 16-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_write_i16(
    writer: *mut plattli_writer,
    name: *const c_char,
    value: i16,
) -> i32 {
    by_name(writer, name, || Value::I16(value))
}

/// As `plattli_write_f32`, for a signed 32-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_write_i32(
    writer: *mut plattli_writer,
    name: *const c_char,
    value: i32,
) -> i32 {
    by_name(writer, name, || Value::I32(value))
}

/// As `plattli_write_f32`, for a signed 64-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_write_i64(
    writer: *mut plattli_writer,
    name: *const c_char,
    value: i64,
) -> i32 {
    by_name(writer, name, || Value::I64(value))
}

/// As `plattli_write_f32`, for an unsigned 8-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_write_u8(
    writer: *mut plattli_writer,
    name: *const c_char,
    value: u8,
) -> i32 {
    by_name(writer, name, || Value::U8(value))
}

/// As `plattli_write_f32`, for an unsigned 16-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_write_u16(
    writer: *mut plattli_writer,
    name: *const c_char,
    value: u16,
) -> i32 {
    by_name(writer, name, || Value::U16(value))
}

/// As `plattli_write_f32`, for an unsigned 32-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_write_u32(
    writer: *mut plattli_writer,
    name: *const c_char,
    value: u32,
) -> i32 {
    by_name(writer, name, || Value::U32(value))
}

/// As `plattli_write_f32`, for an unsigned 64-bit integer.
#[no_mangle]
pub unsafe extern "C" fn plattli_write_u64(
    writer: *mut plattli_writer,
    name: *const c_char,
    value: u64,
) -> i32 {
    by_name(writer, name, || Value::U64(value))
}

/// As `plattli_write_f32`, for a boolean, kept as JSON.
#[no_mangle]
pub unsafe extern "C" fn plattli_write_bool(
    writer: *mut plattli_writer,
    name: *const c_char,
    value: bool,
) -> i32 {
    by_name(writer, name, || Value::Bool(value))
}

/// As `plattli_write_f32`, for UTF-8 text of `len` bytes, kept as a JSON string. It may hold NUL; `data` may be NULL
/// if `len` is 0.
#[no_mangle]
pub unsafe extern "C" fn plattli_write_str(
    writer: *mut plattli_writer,
    name: *const c_char,
    data: *const c_char,
    len: usize,
) -> i32 {
    write(
        writer,
        || Ok((spelled(name, "name")?, Value::Str(utf8(data, len, "data")?))),
        |w, (name, value)| w.write_spelled(name, value),
    )
}

/// As `plattli_write_f32`, for one JSON value as text of `len` bytes.
#[no_mangle]
pub unsafe extern "C" fn plattli_write_json(
    writer: *mut plattli_writer,
    name: *const c_char,
    json: *const c_char,
    len: usize,
) -> i32 {
    write(
        writer,
        || Ok((spelled(name, "name")?, Value::Json(bytes(json, len, "json")?))),
        |w, (name, value)| w.write_spelled(name, value),
    )
}
