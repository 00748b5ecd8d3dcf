//! Types of metrics, their values as cells, and the rules by which a type widens (format §9).

use crate::error::{Error, Result};
use crate::json;
use std::fmt;

pub use super::monotonic::{Monotonic, MonotonicTracker};

/// The type of a metric, which is also the suffix of its value file. The numbers are those of the C API.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum DType {
    F32 = 1,
    F64 = 2,
    I8 = 3,
    I16 = 4,
    I32 = 5,
    I64 = 6,
    U8 = 7,
    U16 = 8,
    U32 = 9,
    U64 = 10,
    /// Any JSON value, one a line.
    Json = 11,
}

/// What kind of values a type holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Class {
    /// Integers of any width and sign.
    Int,
    /// f32 and f64.
    Float,
    /// JSON text.
    Json,
}

impl DType {
    /// All types, in the order of their numbers.
    pub const ALL: [DType; 11] = [
        DType::F32,
        DType::F64,
        DType::I8,
        DType::I16,
        DType::I32,
        DType::I64,
        DType::U8,
        DType::U16,
        DType::U32,
        DType::U64,
        DType::Json,
    ];

    /// The type with this number in the C API.
    pub fn from_code(code: i32) -> Option<DType> {
        Self::ALL.into_iter().find(|dtype| *dtype as i32 == code)
    }

    /// The name in the manifest, which is also the suffix of the value file: `"f32"` … `"jsonl"`.
    pub fn suffix(self) -> &'static str {
        match self {
            DType::F32 => "f32",
            DType::F64 => "f64",
            DType::I8 => "i8",
            DType::I16 => "i16",
            DType::I32 => "i32",
            DType::I64 => "i64",
            DType::U8 => "u8",
            DType::U16 => "u16",
            DType::U32 => "u32",
            DType::U64 => "u64",
            DType::Json => "jsonl",
        }
    }

    /// The type with this name in the manifest.
    pub fn from_suffix(suffix: &str) -> Option<DType> {
        Self::ALL.into_iter().find(|dtype| dtype.suffix() == suffix)
    }

    /// Bytes of one value on disk; `None` for JSON, whose rows are lines.
    pub fn size(self) -> Option<usize> {
        match self {
            DType::I8 | DType::U8 => Some(1),
            DType::I16 | DType::U16 => Some(2),
            DType::F32 | DType::I32 | DType::U32 => Some(4),
            DType::F64 | DType::I64 | DType::U64 => Some(8),
            DType::Json => None,
        }
    }

    /// What kind of values it holds.
    pub fn class(self) -> Class {
        match self {
            DType::F32 | DType::F64 => Class::Float,
            DType::Json => Class::Json,
            _ => Class::Int,
        }
    }

    /// An integer type that holds negative numbers.
    /// Smallest and largest value of an integer type; `None` for the others.
    pub fn integer_range(self) -> Option<(i128, i128)> {
        let bits = u32::try_from(8 * self.size()?).ok()?;
        match self.class() {
            Class::Int if self.is_signed() => Some((-(1 << (bits - 1)), (1 << (bits - 1)) - 1)),
            Class::Int => Some((0, (1 << bits) - 1)),
            _ => None,
        }
    }

    fn is_signed(self) -> bool {
        matches!(self, DType::I8 | DType::I16 | DType::I32 | DType::I64)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.suffix())
    }
}

/// A value as the caller gave it.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(missing_docs)]
pub enum Value<'a> {
    F32(f32),
    F64(f64),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    Bool(bool),
    Str(&'a str),
    /// The text of one JSON value.
    Json(&'a [u8]),
}

/// A numeric value of a column in 64 bits. Float types: the bits of the value as f64 (an f32 is widened). Integer
/// types: the bits of the value as i64, or of the u64 itself when the type is [`DType::U64`].
///
/// A promotion of the type (format §9.2) leaves every cell as it is.
pub type Cell = u64;

impl Value<'_> {
    /// The type that a new metric gets from this value (format §9.1).
    #[inline]
    pub fn own_dtype(&self) -> DType {
        match self {
            Value::F32(_) => DType::F32,
            Value::F64(_) => DType::F64,
            Value::I8(_) => DType::I8,
            Value::I16(_) => DType::I16,
            Value::I32(_) => DType::I32,
            Value::I64(_) => DType::I64,
            Value::U8(_) => DType::U8,
            Value::U16(_) => DType::U16,
            Value::U32(_) => DType::U32,
            Value::U64(_) => DType::U64,
            Value::Bool(_) | Value::Str(_) | Value::Json(_) => DType::Json,
        }
    }

    /// The value as a cell of its own type; `None` for what is JSON.
    #[inline]
    pub fn cell(&self) -> Option<Cell> {
        Some(match *self {
            Value::F32(v) => f64::from(v).to_bits(),
            Value::F64(v) => v.to_bits(),
            Value::I8(v) => i64::from(v) as Cell,
            Value::I16(v) => i64::from(v) as Cell,
            Value::I32(v) => i64::from(v) as Cell,
            Value::I64(v) => v as Cell,
            Value::U8(v) => Cell::from(v),
            Value::U16(v) => Cell::from(v),
            Value::U32(v) => Cell::from(v),
            Value::U64(v) => v,
            Value::Bool(_) | Value::Str(_) | Value::Json(_) => return None,
        })
    }

    /// What a message calls it.
    fn kind(&self) -> &'static str {
        match self {
            Value::Bool(_) => "a bool",
            Value::Str(_) => "a string",
            Value::Json(_) => "a JSON value",
            _ if self.own_dtype().class() == Class::Float => "a floating-point number",
            _ => "an integer",
        }
    }
}

/// How a value enters a metric (format §9.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fit {
    /// The type stays.
    Same(Cell),
    /// The metric gets this wider type.
    Widen(DType, Cell),
    /// The range of all values of the metric, this one included, decides: see [`fit_range`]. The cell of the
    /// value is [`Value::cell`].
    NeedsRange,
}

/// How `value` enters a numeric metric of type `current` (format §9.2); [`crate::Code::Type`] where it must not.
/// The error does not name the metric. Rows of JSON metrics need no fitting and are refused as a mistake.
#[inline]
pub fn fit(current: DType, value: &Value) -> Result<Fit> {
    match (current, value) {
        (DType::F64, Value::F64(v)) => Ok(Fit::Same(v.to_bits())),
        (DType::F64 | DType::F32, Value::F32(v)) => Ok(Fit::Same(f64::from(*v).to_bits())),
        (DType::I64, Value::I64(v)) => Ok(Fit::Same(*v as Cell)),
        _ => fit_mixed(current, value),
    }
}

#[inline(never)]
fn fit_mixed(current: DType, value: &Value) -> Result<Fit> {
    let own = value.own_dtype();
    let Some(cell) = value.cell() else {
        return Err(Error::type_error(format!("{} cannot enter a metric of type {current}", value.kind())));
    };
    match (current.class(), own.class()) {
        (Class::Float, Class::Float) if current == own || current == DType::F64 => Ok(Fit::Same(cell)),
        (Class::Float, Class::Float) => Ok(Fit::Widen(DType::F64, cell)),
        (Class::Float, Class::Int) => fit_integer_in_float(current, cell_to_i128(own, cell)),
        (Class::Int, Class::Int) => Ok(fit_integers(current, own, cell)),
        (Class::Int, _) => Err(Error::type_error(format!(
            "{} cannot enter a metric of type {current}: its first value was an integer",
            value.kind()
        ))),
        (Class::Json, _) | (_, Class::Json) => Err(Error::internal("a value was fitted to a JSON metric")),
    }
}

fn fit_integer_in_float(current: DType, k: i128) -> Result<Fit> {
    let wide = k as f64;
    if current == DType::F32 && k as f32 as i128 == k {
        Ok(Fit::Same(wide.to_bits()))
    } else if wide as i128 == k {
        let fit = if current == DType::F64 { Fit::Same } else { |cell| Fit::Widen(DType::F64, cell) };
        Ok(fit(wide.to_bits()))
    } else {
        Err(Error::type_error(format!(
            "the integer {k} cannot be stored exactly in a metric of type {current}"
        )))
    }
}

fn fit_integers(current: DType, own: DType, cell: Cell) -> Fit {
    let bytes = |dtype: DType| dtype.size().unwrap_or(0);
    let wanted = match (current.is_signed(), own.is_signed()) {
        (a, b) if a == b => {
            if bytes(own) > bytes(current) {
                own
            } else {
                current
            }
        }
        _ if current == DType::I64 && own == DType::U64 && i64::try_from(cell).is_ok() => current,
        _ if current == DType::U64 || own == DType::U64 => return Fit::NeedsRange,
        (signed, _) => {
            let (signed, unsigned) = if signed { (current, own) } else { (own, current) };
            match bytes(signed).max(2 * bytes(unsigned)) {
                2 => DType::I16,
                4 => DType::I32,
                _ => DType::I64,
            }
        }
    };
    if wanted == current {
        Fit::Same(cell)
    } else {
        Fit::Widen(wanted, cell)
    }
}

/// Every value of type `own` enters a metric of type `current` as the cell that it is, whatever the value: [`fit`] need not
/// be asked again.
pub fn always_fits(current: DType, own: DType) -> bool {
    match (current.class(), own.class()) {
        (Class::Float, Class::Float) => current == own || current == DType::F64,
        (Class::Int, Class::Int) => match (current.integer_range(), own.integer_range()) {
            (Some((min, max)), Some((least, most))) => min <= least && most <= max,
            _ => false,
        },
        _ => false,
    }
}

/// The type of a metric that mixes signed values with u64, by the range of all its values (format §9.2, last row).
/// Asked again for every such value, it never narrows what the values need.
pub fn fit_range(min: i128, max: i128) -> Result<DType> {
    if min >= i128::from(i64::MIN) && max <= i128::from(i64::MAX) {
        Ok(DType::I64)
    } else if min >= 0 && max <= i128::from(u64::MAX) {
        Ok(DType::U64)
    } else {
        Err(Error::type_error(format!("values from {min} to {max} fit neither i64 nor u64")))
    }
}

/// The narrowest type for integers from `min` to `max` (format §9.3): unsigned if there is no negative one.
pub fn tightest(min: i128, max: i128) -> DType {
    let unsigned = [
        (DType::U8, i128::from(u8::MAX)),
        (DType::U16, i128::from(u16::MAX)),
        (DType::U32, i128::from(u32::MAX)),
    ];
    let signed = [
        (DType::I8, i128::from(i8::MAX)),
        (DType::I16, i128::from(i16::MAX)),
        (DType::I32, i128::from(i32::MAX)),
    ];
    let (candidates, widest) = if min >= 0 { (unsigned, DType::U64) } else { (signed, DType::I64) };
    let fits = |limit: i128| max <= limit && (min >= 0 || min >= -limit - 1);
    candidates.into_iter().find(|(_, limit)| fits(*limit)).map_or(widest, |(dtype, _)| dtype)
}

/// The integer in a cell of an integer type.
#[inline]
pub fn cell_to_i128(dtype: DType, cell: Cell) -> i128 {
    if dtype == DType::U64 {
        i128::from(cell)
    } else {
        i128::from(cell as i64)
    }
}

/// The number in a cell as f64; integers beyond 2^53 are rounded.
#[inline]
pub fn cell_to_f64(dtype: DType, cell: Cell) -> f64 {
    match (dtype, dtype.class()) {
        (DType::U64, _) => cell as f64,
        (_, Class::Int) => cell as i64 as f64,
        _ => f64::from_bits(cell),
    }
}

/// Appends cells as packed little-endian values (format §3.1, §8). A cell that is out of the range of its type,
/// which [`fit`] never lets happen, loses its upper bits. JSON rows are not cells: nothing is appended.
pub fn encode(dtype: DType, cells: &[Cell], out: &mut Vec<u8>) {
    match dtype {
        DType::F32 => pack(cells, out, |c| (f64::from_bits(c) as f32).to_le_bytes()),
        DType::I8 | DType::U8 => pack(cells, out, |c| (c as u8).to_le_bytes()),
        DType::I16 | DType::U16 => pack(cells, out, |c| (c as u16).to_le_bytes()),
        DType::I32 | DType::U32 => pack(cells, out, |c| (c as u32).to_le_bytes()),
        DType::F64 | DType::I64 | DType::U64 => pack(cells, out, Cell::to_le_bytes),
        DType::Json => {}
    }
}

fn pack<const N: usize>(cells: &[Cell], out: &mut Vec<u8>, bytes: impl Fn(Cell) -> [u8; N]) {
    let start = out.len();
    out.resize(start + N * cells.len(), 0);
    for (slot, cell) in out[start..].chunks_exact_mut(N).zip(cells) {
        slot.copy_from_slice(&bytes(*cell));
    }
}

/// Appends the cells of packed little-endian values; a trailing partial value is ignored (format §8).
pub fn decode(dtype: DType, bytes: &[u8], out: &mut Vec<Cell>) {
    match dtype {
        DType::F32 => unpack(bytes, out, |b| f64::from(f32::from_le_bytes(b)).to_bits()),
        DType::I8 => unpack(bytes, out, |b| i64::from(i8::from_le_bytes(b)) as Cell),
        DType::I16 => unpack(bytes, out, |b| i64::from(i16::from_le_bytes(b)) as Cell),
        DType::I32 => unpack(bytes, out, |b| i64::from(i32::from_le_bytes(b)) as Cell),
        DType::U8 => unpack(bytes, out, |b| Cell::from(u8::from_le_bytes(b))),
        DType::U16 => unpack(bytes, out, |b| Cell::from(u16::from_le_bytes(b))),
        DType::U32 => unpack(bytes, out, |b| Cell::from(u32::from_le_bytes(b))),
        DType::F64 | DType::I64 | DType::U64 => unpack(bytes, out, Cell::from_le_bytes),
        DType::Json => {}
    }
}

fn unpack<const N: usize>(bytes: &[u8], out: &mut Vec<Cell>, cell: impl Fn([u8; N]) -> Cell) {
    let (values, _partial) = bytes.as_chunks::<N>();
    out.extend(values.iter().map(|value| cell(*value)));
}

/// Appends the JSON text of a value as a hot row has it (format §10): integers of integer types plain, floats as
/// §3.3, so that 3 in a float metric is `3.0`.
#[inline]
pub fn push_cell(out: &mut Vec<u8>, dtype: DType, cell: Cell) {
    match dtype {
        DType::F32 | DType::F64 => json::push_f64(out, f64::from_bits(cell)),
        DType::U64 => json::push_u64(out, cell),
        _ => json::push_i64(out, cell as i64),
    }
}

#[cfg(test)]
#[path = "dtype_tests.rs"]
mod tests;
