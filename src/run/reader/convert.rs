//! Values from the type they are stored in to the type that is asked for.
//!
//! To an integer type a value must be exactly one of that type: no overflow, no fraction, no NaN. To a float type
//! it is rounded as by a cast (an integer beyond 2^53 to the nearest f64, an f64 to the nearest f32).

use crate::run::dtype::DType;
use std::fmt::Debug;

/// A type that a column can be read as.
///
/// # Safety
///
/// The type has no padding and any bytes of its size are a value of it.
pub unsafe trait Native: Copy + Default + Debug + Send + Sync + 'static {
    /// Its name on disk.
    const DTYPE: DType;
    /// From a float.
    fn from_f64(value: f64) -> Option<Self>;
    /// From an integer.
    fn from_int(value: i128) -> Option<Self>;
}

macro_rules! ints {
    ($($t:ident $dtype:ident)*) => {$(
        // SAFETY: integers have no padding, and no invalid values.
        unsafe impl Native for $t {
            const DTYPE: DType = DType::$dtype;
            #[inline]
            fn from_f64(value: f64) -> Option<Self> {
                // The cast saturates; what comes back the same was exact. 2^63 and 2^64 saturate to what is
                // rounded up to them again, so they are looked at as wider integers.
                let wide = value as i128;
                if wide as f64 == value { $t::try_from(wide).ok() } else { None }
            }
            #[inline]
            fn from_int(value: i128) -> Option<Self> {
                $t::try_from(value).ok()
            }
        }
    )*};
}

macro_rules! floats {
    ($($t:ident $dtype:ident)*) => {$(
        // SAFETY: floats have no padding, and no invalid values.
        unsafe impl Native for $t {
            const DTYPE: DType = DType::$dtype;
            #[inline]
            fn from_f64(value: f64) -> Option<Self> {
                Some(value as $t)
            }
            #[inline]
            fn from_int(value: i128) -> Option<Self> {
                Some(value as $t)
            }
        }
    )*};
}

ints! { i8 I8 i16 I16 i32 I32 i64 I64 u8 U8 u16 U16 u32 U32 u64 U64 }
floats! { f32 F32 f64 F64 }

/// The bytes of values, to be filled with little-endian ones; `None` on a machine of the other kind.
pub fn bytes_of<T: Native>(values: &mut [T]) -> Option<&mut [u8]> {
    if cfg!(target_endian = "big") {
        return None;
    }
    let len = size_of_val(values);
    // SAFETY: the range is that of the slice, borrowed for as long; `Native` has no padding that would be exposed
    // and takes any bytes that are written.
    Some(unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast::<u8>(), len) })
}

/// Converts packed values; `Err` is the position of the first that does not fit. `out` has as many elements.
pub fn from_bytes<T: Native>(dtype: DType, bytes: &[u8], out: &mut [T]) -> Result<(), usize> {
    macro_rules! each {
        ($t:ident, $from:ident, $wide:ident) => {{
            let values = bytes.chunks_exact(size_of::<$t>());
            for (i, (raw, place)) in values.zip(out.iter_mut()).enumerate() {
                let mut array = [0; size_of::<$t>()];
                array.copy_from_slice(raw);
                *place = T::$from($wide::from($t::from_le_bytes(array))).ok_or(i)?;
            }
        }};
    }
    match dtype {
        DType::F32 => each!(f32, from_f64, f64),
        DType::F64 => each!(f64, from_f64, f64),
        DType::I8 => each!(i8, from_int, i128),
        DType::I16 => each!(i16, from_int, i128),
        DType::I32 => each!(i32, from_int, i128),
        DType::I64 => each!(i64, from_int, i128),
        DType::U8 => each!(u8, from_int, i128),
        DType::U16 => each!(u16, from_int, i128),
        DType::U32 => each!(u32, from_int, i128),
        DType::U64 => each!(u64, from_int, i128),
        DType::Json => return Err(0),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_become_integers_only_when_nothing_is_lost() {
        assert_eq!(i64::from_f64(3.0), Some(3));
        assert_eq!(i64::from_f64(-0.0), Some(0));
        assert_eq!(i64::from_f64(-9_223_372_036_854_775_808.0), Some(i64::MIN));
        assert_eq!(u64::from_f64(18_446_744_073_709_549_568.0), Some(18_446_744_073_709_549_568));
        for bad in [0.5, f64::NAN, f64::INFINITY, 9_223_372_036_854_775_808.0, 1e300] {
            assert_eq!(i64::from_f64(bad), None, "{bad}");
        }
        assert_eq!(u64::from_f64(18_446_744_073_709_551_616.0), None);
        assert_eq!(u8::from_f64(-1.0), None);
    }

    #[test]
    fn integers_become_integers_only_in_range_and_floats_rounded() {
        assert_eq!(i64::from_int(1 << 63), None);
        assert_eq!(u8::from_int(255), Some(255));
        assert_eq!(u8::from_int(256), None);
        assert_eq!(f64::from_int((1 << 53) + 1), Some(9_007_199_254_740_992.0));
        assert_eq!(f32::from_f64(0.1), Some(0.1f32));
        assert_eq!(f32::from_f64(1e300), Some(f32::INFINITY));
    }

    #[test]
    fn packed_values_are_converted_up_to_the_first_that_does_not_fit() {
        let bytes = [1u64, 2, 1 << 63].map(u64::to_le_bytes).concat();
        let mut out = [0i64; 3];
        assert_eq!(from_bytes(DType::U64, &bytes, &mut out), Err(2));
        let mut out = [0f32; 3];
        assert_eq!(from_bytes(DType::U64, &bytes, &mut out), Ok(()));
        assert_eq!(out, [1.0, 2.0, 9_223_372_036_854_775_808.0]);
    }
}
