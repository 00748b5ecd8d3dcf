use super::*;
use crate::Code;
use proptest::prelude::*;
use DType::*;

const INTS: [DType; 8] = [I8, I16, I32, I64, U8, U16, U32, U64];

/// A value of an integer type; the caller picks one in range.
fn int(dtype: DType, v: i128) -> Value<'static> {
    match dtype {
        I8 => Value::I8(v as i8),
        I16 => Value::I16(v as i16),
        I32 => Value::I32(v as i32),
        I64 => Value::I64(v as i64),
        U8 => Value::U8(v as u8),
        U16 => Value::U16(v as u16),
        U32 => Value::U32(v as u32),
        U64 => Value::U64(v as u64),
        _ => unreachable!(),
    }
}

fn range(dtype: DType) -> (i128, i128) {
    let bits = 8 * dtype.size().unwrap() as u32;
    if dtype.is_signed() {
        (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    } else {
        (0, (1 << bits) - 1)
    }
}

fn bits(v: f64) -> Cell {
    v.to_bits()
}

#[test]
fn the_numbers_of_the_types_are_those_of_the_c_api() {
    for (code, suffix) in
        (1..).zip(["f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "jsonl"])
    {
        let dtype = DType::from_code(code).unwrap();
        assert_eq!((dtype.suffix(), dtype as i32), (suffix, code));
        assert_eq!(DType::from_suffix(suffix), Some(dtype));
        assert_eq!(dtype.to_string(), suffix);
    }
    for code in [i32::MIN, -1, 0, 12, i32::MAX] {
        assert_eq!(DType::from_code(code), None);
    }
    for suffix in ["", "f16", "F32", "json", "indices", "f32 "] {
        assert_eq!(DType::from_suffix(suffix), None);
    }
}

#[test]
fn a_json_metric_admits_no_cells_and_a_numeric_one_no_json() {
    for current in DType::ALL.into_iter().filter(|d| *d != Json) {
        for value in [Value::Bool(true), Value::Str("1"), Value::Json(b"1"), Value::Json(b"null")] {
            assert_eq!(fit(current, &value).unwrap_err().code(), Code::Type, "{current} {value:?}");
        }
    }
    assert_eq!(fit(Json, &Value::I64(1)).unwrap_err().code(), Code::Internal);
}

#[test]
fn an_integer_metric_refuses_floats_even_whole_ones() {
    for current in INTS {
        for value in [Value::F32(1.0), Value::F64(1.0), Value::F64(f64::NAN)] {
            assert_eq!(fit(current, &value).unwrap_err().code(), Code::Type);
        }
    }
}

#[test]
fn floats_widen_to_f64_and_never_back() {
    let third = 1.0 / 3.0;
    assert_eq!(fit(F32, &Value::F32(0.1)).unwrap(), Fit::Same(bits(f64::from(0.1f32))));
    assert_eq!(fit(F32, &Value::F64(third)).unwrap(), Fit::Widen(F64, bits(third)));
    assert_eq!(fit(F32, &Value::F64(1.0)).unwrap(), Fit::Widen(F64, bits(1.0)));
    assert_eq!(fit(F64, &Value::F32(0.1)).unwrap(), Fit::Same(bits(f64::from(0.1f32))));
    assert_eq!(fit(F64, &Value::F64(-0.0)).unwrap(), Fit::Same(bits(-0.0)));
}

#[test]
fn an_integer_enters_a_float_metric_only_where_it_is_exact() {
    for current in [F32, F64] {
        for dtype in INTS {
            assert_eq!(fit(current, &int(dtype, 3)).unwrap(), Fit::Same(bits(3.0)));
        }
        assert_eq!(fit(current, &Value::I64(0)).unwrap(), Fit::Same(bits(0.0)));
        assert_eq!(
            fit(current, &Value::I64(i64::MIN)).unwrap(),
            Fit::Same(bits(-9_223_372_036_854_775_808.0))
        );
        assert_eq!(fit(current, &Value::U64(1 << 63)).unwrap(), Fit::Same(bits(9_223_372_036_854_775_808.0)));
        for odd in [int(I64, (1 << 53) + 1), int(I64, i128::from(i64::MAX)), int(U64, i128::from(u64::MAX))] {
            assert_eq!(fit(current, &odd).unwrap_err().code(), Code::Type, "{current} {odd:?}");
        }
    }
    assert_eq!(fit(F32, &Value::I32(1 << 24)).unwrap(), Fit::Same(bits(16_777_216.0)));
    assert_eq!(fit(F32, &Value::I32((1 << 24) + 1)).unwrap(), Fit::Widen(F64, bits(16_777_217.0)));
    assert_eq!(fit(F64, &Value::I32((1 << 24) + 1)).unwrap(), Fit::Same(bits(16_777_217.0)));
    assert_eq!(fit(F32, &Value::I64((1 << 24) + 2)).unwrap(), Fit::Same(bits(16_777_218.0)));
}

#[test]
fn integers_widen_as_in_the_table_of_the_format() {
    let wanted = |current: DType, own: DType| match (current, own) {
        (a, b) if a.is_signed() == b.is_signed() => Some(if b.size() > a.size() { b } else { a }),
        (U64, _) | (I8 | I16 | I32, U64) => None,
        (I64, _) | (_, I64) => Some(I64),
        (I8 | I16, U8) | (U8, I8 | I16) => Some(I16),
        (I8 | I16 | I32, U16) | (U16, I8 | I16 | I32) | (I32, U8) | (U8, I32) => Some(I32),
        (I8 | I16 | I32, U32) | (U32, I8 | I16 | I32) => Some(I64),
        _ => unreachable!("{current} {own}"),
    };
    for current in INTS {
        for own in INTS {
            let fitted = fit(current, &int(own, 7)).unwrap();
            match wanted(current, own) {
                None => assert_eq!(fitted, Fit::NeedsRange, "{current} {own}"),
                Some(dtype) if dtype == current => assert_eq!(fitted, Fit::Same(7), "{current} {own}"),
                Some(dtype) => assert_eq!(fitted, Fit::Widen(dtype, 7), "{current} {own}"),
            }
        }
    }
    assert_eq!(fit(I64, &Value::U64(i64::MAX as u64)).unwrap(), Fit::Same(i64::MAX as Cell));
    assert_eq!(fit(I64, &Value::U64(1 << 63)).unwrap(), Fit::NeedsRange);
    assert_eq!(fit(U8, &Value::I8(-1)).unwrap(), Fit::Widen(I16, u64::MAX));
}

#[test]
fn mixtures_with_u64_go_by_the_range_of_all_values() {
    let max = i128::from(u64::MAX);
    assert_eq!(fit_range(-1, i128::from(i64::MAX)).unwrap(), I64);
    assert_eq!(fit_range(i128::from(i64::MIN), 0).unwrap(), I64);
    assert_eq!(fit_range(0, 1).unwrap(), I64);
    assert_eq!(fit_range(0, 1 << 63).unwrap(), U64);
    assert_eq!(fit_range(0, max).unwrap(), U64);
    for (min, max) in [(-1, 1 << 63), (0, max + 1), (i128::MIN, 0), (0, i128::MAX)] {
        assert_eq!(fit_range(min, max).unwrap_err().code(), Code::Type);
    }
}

#[test]
fn tightening_takes_the_narrowest_type_that_holds_the_range() {
    for (min, max, dtype) in [
        (0, 0, U8),
        (0, 255, U8),
        (0, 256, U16),
        (7, 65_535, U16),
        (0, 65_536, U32),
        (0, (1 << 32) - 1, U32),
        (0, 1 << 32, U64),
        (0, (1 << 64) - 1, U64),
        (-1, 0, I8),
        (-128, 127, I8),
        (-129, 0, I16),
        (-1, 128, I16),
        (-32_768, 32_767, I16),
        (-32_769, 0, I32),
        (-1, 32_768, I32),
        (-(1 << 31), (1 << 31) - 1, I32),
        (-(1 << 31) - 1, 0, I64),
        (-1, 1 << 31, I64),
        (-(1 << 63), (1 << 63) - 1, I64),
        (-5, -4, I8),
    ] {
        assert_eq!(tightest(min, max), dtype, "{min}..={max}");
    }
}

#[test]
fn values_are_packed_little_endian() {
    let mut out = vec![9];
    encode(I16, &[1, (-2i64) as Cell], &mut out);
    assert_eq!(out, [9, 1, 0, 0xfe, 0xff]);
    let mut out = Vec::new();
    encode(F32, &[bits(1.5), bits(f64::NAN), bits(f64::from(0.1f32))], &mut out);
    assert_eq!(out, [0, 0, 0xc0, 0x3f, 0, 0, 0xc0, 0x7f, 0xcd, 0xcc, 0xcc, 0x3d]);
    let mut out = Vec::new();
    encode(U64, &[u64::MAX - 1], &mut out);
    assert_eq!(out, [0xfe, 255, 255, 255, 255, 255, 255, 255]);
    encode(Json, &[1, 2], &mut out);
    assert_eq!(out.len(), 8);
}

#[test]
fn a_torn_last_value_is_not_read() {
    for dtype in DType::ALL {
        let mut cells = vec![42];
        decode(dtype, &[0; 7], &mut cells);
        assert_eq!(cells.len(), 1 + dtype.size().map_or(0, |size| 7 / size), "{dtype}");
    }
}

#[test]
fn a_hot_value_has_the_text_of_its_type() {
    let text = |dtype, cell| {
        let mut out = Vec::new();
        push_cell(&mut out, dtype, cell);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(text(F32, bits(f64::from(1.2f32))), "1.2000000476837158");
    assert_eq!(text(F32, bits(3.0)), "3.0");
    assert_eq!(text(F64, bits(f64::NAN)), "NaN");
    assert_eq!(text(F64, bits(f64::NEG_INFINITY)), "-Infinity");
    assert_eq!(text(I8, (-3i64) as Cell), "-3");
    assert_eq!(text(I64, i64::MIN as Cell), "-9223372036854775808");
    assert_eq!(text(U64, u64::MAX), "18446744073709551615");
    assert_eq!(text(U32, 7), "7");
}

proptest! {
    #[test]
    fn what_is_packed_is_unpacked(at in 0usize..10, raw in prop::collection::vec(any::<u64>(), 0..20)) {
        let dtype = DType::ALL[at];
        let cells: Vec<Cell> = raw.iter().map(|&raw| match dtype {
            F32 => f64::from(f32::from_bits(raw as u32)).to_bits(),
            F64 | U64 | I64 => raw,
            _ => {
                let (min, max) = range(dtype);
                (i128::from(raw) % (max - min + 1) + min) as i64 as Cell
            }
        }).collect();
        let mut bytes = Vec::new();
        encode(dtype, &cells, &mut bytes);
        prop_assert_eq!(bytes.len(), cells.len() * dtype.size().unwrap());
        let mut back = Vec::new();
        decode(dtype, &bytes, &mut back);
        for (a, b) in cells.iter().zip(&back) {
            let nan = dtype == F32 && f64::from_bits(*a).is_nan() && f64::from_bits(*b).is_nan();
            prop_assert!(a == b || nan);
        }
        prop_assert_eq!(cells.len(), back.len());
    }

    /// Whatever is written in whatever order, the type holds every value so far, and cells keep their meaning.
    #[test]
    fn promotion_never_loses_an_integer(
        first in 0usize..8, rest in prop::collection::vec((0usize..8, any::<u64>(), any::<bool>()), 1..12),
    ) {
        let pick = |at: usize, raw: u64, small: bool| {
            let (min, max) = range(INTS[at]);
            let raw = if small { i128::from(raw % 5) - 2 } else { i128::from(raw) + min };
            (INTS[at], raw.clamp(min, max))
        };
        let (mut dtype, v) = pick(first, 1, true);
        let mut values = vec![v];
        let mut cells = vec![int(dtype, v).cell().unwrap()];
        for (at, raw, small) in rest {
            let (own, v) = pick(at, raw, small);
            let value = int(own, v);
            let (low, high) = values.iter().fold((v, v), |(l, h), x| (l.min(*x), h.max(*x)));
            match fit(dtype, &value).unwrap() {
                Fit::Same(cell) => cells.push(cell),
                Fit::Widen(wider, cell) => {
                    dtype = wider;
                    cells.push(cell);
                }
                Fit::NeedsRange => match fit_range(low, high) {
                    Ok(fitted) => {
                        dtype = fitted;
                        cells.push(value.cell().unwrap());
                    }
                    Err(_) => {
                        prop_assert!(low < 0 && high > i128::from(i64::MAX));
                        continue;
                    }
                },
            }
            values.push(v);
            let (min, max) = range(dtype);
            prop_assert!(min <= low && high <= max, "{dtype} for {low}..={high}");
            let read: Vec<i128> = cells.iter().map(|cell| cell_to_i128(dtype, *cell)).collect();
            prop_assert_eq!(&read, &values);
        }
        let (low, high) = values.iter().fold((v, v), |(l, h), x| (l.min(*x), h.max(*x)));
        let tight = tightest(low, high);
        let (min, max) = range(tight);
        prop_assert!(min <= low && high <= max && tight.size() <= dtype.size());
    }
}

#[test]
fn what_always_fits_never_has_to_be_looked_at_and_what_does_not_may() {
    let values = |own: DType| -> Vec<Value<'static>> {
        match own {
            F32 => vec![Value::F32(0.1), Value::F32(f32::MAX)],
            F64 => vec![Value::F64(0.1), Value::F64(f64::MAX)],
            I8 => vec![Value::I8(i8::MIN), Value::I8(i8::MAX)],
            I16 => vec![Value::I16(i16::MIN), Value::I16(i16::MAX)],
            I32 => vec![Value::I32(i32::MIN), Value::I32(i32::MAX)],
            I64 => vec![Value::I64(i64::MIN), Value::I64(i64::MAX)],
            U8 => vec![Value::U8(0), Value::U8(u8::MAX)],
            U16 => vec![Value::U16(0), Value::U16(u16::MAX)],
            U32 => vec![Value::U32(0), Value::U32(u32::MAX)],
            U64 => vec![Value::U64(0), Value::U64(u64::MAX)],
            Json => vec![Value::Bool(true)],
        }
    };
    let mut fitting = 0;
    for current in DType::ALL {
        for own in DType::ALL {
            if always_fits(current, own) {
                fitting += 1;
                for value in values(own) {
                    assert_eq!(
                        fit(current, &value),
                        Ok(Fit::Same(value.cell().unwrap())),
                        "{own} in {current}"
                    );
                }
            } else if current != Json {
                let same = |value: &Value| fit(current, value) == Ok(Fit::Same(value.cell().unwrap_or(1)));
                assert!(!values(own).iter().all(same), "{own} in {current} could be expected");
            }
        }
    }
    // Floats 3; integers into their own sign 10 and 10; unsigned into wider signed 6.
    assert_eq!(fitting, 29);
}
