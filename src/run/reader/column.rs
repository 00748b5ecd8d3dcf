//! What a read returns.

use crate::run::dtype::DType;

/// The type that values are wanted in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum As {
    /// Integers as i64, whatever their stored width; floats and JSON as stored.
    #[default]
    Standard,
    /// As stored.
    Storage,
    /// As this type.
    Type(DType),
}

/// Rows of one metric.
#[derive(Clone, PartialEq, Debug)]
pub struct Column {
    /// Their steps, strictly increasing.
    pub steps: Vec<u32>,
    /// Their values, as many.
    pub data: ColumnData,
}

/// Values of one type.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs)]
pub enum ColumnData {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    Json(JsonTexts),
}

impl ColumnData {
    /// The type.
    pub fn dtype(&self) -> DType {
        match self {
            ColumnData::F32(_) => DType::F32,
            ColumnData::F64(_) => DType::F64,
            ColumnData::I8(_) => DType::I8,
            ColumnData::I16(_) => DType::I16,
            ColumnData::I32(_) => DType::I32,
            ColumnData::I64(_) => DType::I64,
            ColumnData::U8(_) => DType::U8,
            ColumnData::U16(_) => DType::U16,
            ColumnData::U32(_) => DType::U32,
            ColumnData::U64(_) => DType::U64,
            ColumnData::Json(_) => DType::Json,
        }
    }
}

/// JSON values as their text, one after the other.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct JsonTexts {
    text: String,
    ends: Vec<usize>,
}

impl JsonTexts {
    /// How many.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// None at all.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text of one value, without whitespace around it.
    pub fn get(&self, i: usize) -> Option<&str> {
        let end = *self.ends.get(i)?;
        let start = i.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start..end)
    }

    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|i| self.get(i))
    }

    /// All texts in one, and where each ends.
    #[cfg(feature = "stream")]
    pub fn into_parts(self) -> (String, Vec<usize>) {
        (self.text, self.ends)
    }

    /// Appends one.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }
}

/// Rows of several metrics, aligned: only steps at which each of them has a value.
#[derive(Clone, PartialEq, Debug)]
pub struct Table {
    /// The steps, strictly increasing.
    pub steps: Vec<u32>,
    /// Per metric, in the order asked for, as many values as there are steps.
    pub columns: Vec<ColumnData>,
}

/// What there is to know about a metric.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MetricInfo {
    /// Its type on disk.
    pub dtype: DType,
    /// What its values do over all rows of the snapshot: 1 never decreasing, −1 never increasing, 0 neither.
    pub monotonic: i32,
    /// Rows.
    pub rows: u64,
    /// Step of the first row; `None` without rows.
    pub first_step: Option<u32>,
    /// Step of the last row; `None` without rows.
    pub last_step: Option<u32>,
}
