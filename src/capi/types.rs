//! Numbers that stand for types.

use crate::error::{Error, Result};
use crate::run::dtype::DType;

/// 32-bit float.
pub const PLATTLI_F32: i32 = 1;
/// 64-bit float.
pub const PLATTLI_F64: i32 = 2;
/// Signed 8-bit integer.
pub const PLATTLI_I8: i32 = 3;
/// Signed 16-bit integer.
pub const PLATTLI_I16: i32 = 4;
/// Signed 32-bit integer.
pub const PLATTLI_I32: i32 = 5;
/// Signed 64-bit integer.
pub const PLATTLI_I64: i32 = 6;
/// Unsigned 8-bit integer.
pub const PLATTLI_U8: i32 = 7;
/// Unsigned 16-bit integer.
pub const PLATTLI_U16: i32 = 8;
/// Unsigned 32-bit integer.
pub const PLATTLI_U32: i32 = 9;
/// Unsigned 64-bit integer.
pub const PLATTLI_U64: i32 = 10;
/// Any JSON value: text, booleans, lists, objects.
pub const PLATTLI_JSON: i32 = 11;

/// The type behind one of the numbers above.
pub(super) fn known_dtype(dtype: i32) -> Result<DType> {
    DType::from_code(dtype).ok_or_else(|| {
        Error::argument(format!(
            "dtype {dtype} is unknown: it is one of PLATTLI_F32 (1) to PLATTLI_JSON (11)"
        ))
    })
}

/// The refusal of a number that stands for nothing.
#[cold]
pub(super) fn unknown(option: &str, value: i32, known: &str) -> Error {
    Error::argument(format!("{option} {value} is unknown: it is one of {known}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_header_and_of_the_library_are_the_same() {
        let all = [
            (PLATTLI_F32, DType::F32),
            (PLATTLI_F64, DType::F64),
            (PLATTLI_I8, DType::I8),
            (PLATTLI_I16, DType::I16),
            (PLATTLI_I32, DType::I32),
            (PLATTLI_I64, DType::I64),
            (PLATTLI_U8, DType::U8),
            (PLATTLI_U16, DType::U16),
            (PLATTLI_U32, DType::U32),
            (PLATTLI_U64, DType::U64),
            (PLATTLI_JSON, DType::Json),
        ];
        for (number, dtype) in all {
            assert_eq!(known_dtype(number).unwrap(), dtype);
            assert_eq!(dtype as i32, number);
        }
        for stranger in [0, -1, 12, i32::MIN, i32::MAX] {
            assert!(known_dtype(stranger).unwrap_err().message().contains(&stranger.to_string()));
        }
    }
}
