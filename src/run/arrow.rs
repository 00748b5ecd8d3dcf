//! Metrics of a run as Arrow tables: wide, one column per metric, or long, one row per value (docs/arrow.md).
//!
//! Everything is read before the first batch is handed out, so that a table is of one moment; the batches are cut out
//! of what was read without copying it.

use super::dtype::DType;
use super::options::Selection;
use super::reader::{As, Column, ColumnData, JsonTexts, Reader};
use crate::arrow::Batches;
use crate::error::{Code, Error, Result};
use arrow_array::types::Int32Type;
use arrow_array::{
    new_null_array, Array, ArrayRef, DictionaryArray, Float32Array, Float64Array, Int32Array, Int64Array,
    RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Rows of a batch at most.
const ROWS: usize = 1 << 16;
/// Bytes of text in one column of a batch at most, unless one value alone has more.
const TEXT: usize = 64 << 20;
/// Integers beyond it are not all numbers of an f64.
const EXACT: u64 = 1 << 53;

/// The shape of a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// `step` and one column per metric, at the steps at which each of them has a value.
    Wide,
    /// `step` and one column per metric, at the steps at which any of them has a value; null where one has none.
    Outer,
    /// `step`, `metric`, `value`, `text`: one row per value, metric after metric.
    Long,
}

/// A table of metrics in the order given; of all, sorted, where none is.
///
/// Wide forms: integers as int64, except those of a u64 metric that has values beyond; floats as stored; JSON as its
/// text. Without further ado a selection names rows of the table, by step or position; a range of values needs one
/// metric alone. Long form: the selection applies to each metric; `value` is float64, null for JSON; `text` is the
/// exact text of what `value` cannot say, JSON and integers that an f64 rounds, and null otherwise.
///
/// Errors as [`Reader::column`].
pub fn table(
    reader: &Reader,
    names: &[&str],
    selection: &Selection,
    form: Form,
) -> Result<(SchemaRef, Batches)> {
    let all = reader.metrics();
    let every: Vec<&str> = all.iter().map(String::as_str).collect();
    let names = if names.is_empty() { &every } else { names };
    match form {
        Form::Wide if names.is_empty() => wide(&[], Vec::new(), Vec::new(), false),
        Form::Wide => inner(reader, names, selection),
        Form::Outer => outer(reader, names, selection),
        Form::Long => long(names, reader.columns(names, selection, As::Storage)?),
    }
}

fn inner(reader: &Reader, names: &[&str], selection: &Selection) -> Result<(SchemaRef, Batches)> {
    let on = values_of_one(names, selection)?;
    let read = |wanted| reader.table(names, on, selection, wanted);
    let table = match read(As::Standard) {
        // A u64 beyond i64 is told as it is.
        Err(e) if e.code() == Code::Type => read(As::Storage)?,
        other => other?,
    };
    let columns = table.columns.into_iter().map(Values::of).collect();
    wide(names, table.steps, columns, false)
}

fn outer(reader: &Reader, names: &[&str], selection: &Selection) -> Result<(SchemaRef, Batches)> {
    values_of_one(names, selection)?;
    let by_position = matches!(selection, Selection::Positions { .. });
    let each = if by_position { &Selection::All } else { selection };
    let columns = match reader.columns(names, each, As::Standard) {
        Err(e) if e.code() == Code::Type => reader.columns(names, each, As::Storage)?,
        other => other?,
    };
    let mut steps: Vec<u32> = Vec::new();
    for column in &columns {
        if column.steps != steps {
            steps.extend(&column.steps);
            steps.sort_unstable();
            steps.dedup();
        }
    }
    let have: Vec<Vec<u32>> = columns.iter().map(|column| column.steps.clone()).collect();
    let columns = columns.into_iter().map(|column| Values::of(column.data));
    let mut columns: Vec<Values> =
        columns.zip(&have).map(|(values, have)| values.spread(have, &steps)).collect::<Result<_>>()?;
    if let Selection::Positions { start, stop } = *selection {
        let rows = super::reader::positions(steps.len() as u64, start, stop);
        let rows = rows.start as usize..rows.end.max(rows.start) as usize;
        columns = columns.into_iter().map(|values| values.cut(&rows)).collect();
        steps = steps.get(rows).unwrap_or_default().to_vec();
    }
    wide(names, steps, columns, true)
}

/// A range of values selects rows of one metric.
fn values_of_one<'a>(names: &[&'a str], selection: &Selection) -> Result<Option<&'a str>> {
    match (selection, names) {
        (Selection::Values { .. }, [one]) => Ok(Some(one)),
        (Selection::Values { .. }, _) => Err(Error::argument(
            "a range of values selects rows of one metric: name one, or take the long form",
        )),
        _ => Ok(None),
    }
}

fn wide(names: &[&str], steps: Vec<u32>, columns: Vec<Values>, nulls: bool) -> Result<(SchemaRef, Batches)> {
    let mut fields = vec![Field::new("step", DataType::UInt32, false)];
    fields.extend(names.iter().zip(&columns).map(|(name, values)| values.field(name, nulls)));
    let schema = Arc::new(Schema::new(fields));
    let steps = Values::Whole(Arc::new(UInt32Array::from(steps)));
    let rows = steps.len();
    let columns: Vec<Values> = [steps].into_iter().chain(columns).collect();
    let (told, mut at) = (schema.clone(), 0);
    let batches = std::iter::from_fn(move || {
        if at >= rows {
            return None;
        }
        let end = columns.iter().map(|values| values.fitting(at)).min().unwrap_or(rows);
        let range = at..end;
        at = end;
        let parts = columns.iter().map(|values| values.slice(&range)).collect::<Result<Vec<_>>>();
        Some(parts.and_then(|parts| RecordBatch::try_new(told.clone(), parts).map_err(bug)))
    });
    Ok((schema, Box::new(batches)))
}

fn long(names: &[&str], columns: Vec<Column>) -> Result<(SchemaRef, Batches)> {
    let dictionary = DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into());
    let schema = Arc::new(Schema::new(vec![
        Field::new("step", DataType::UInt32, false),
        Field::new("metric", dictionary, false),
        Field::new("value", DataType::Float64, true),
        Field::new("text", DataType::Utf8, true),
    ]));
    let names: ArrayRef = Arc::new(names.iter().map(Some).collect::<StringArray>());
    let told = schema.clone();
    let batches = (0..).zip(columns).flat_map(move |(metric, column)| {
        let (told, names, mut at) = (told.clone(), names.clone(), 0);
        let rows = column.steps.len();
        let steps = Values::Whole(Arc::new(UInt32Array::from(column.steps)));
        let keys = Int32Array::from(vec![metric; rows.min(ROWS)]);
        let values = LongValues::of(column.data);
        std::iter::from_fn(move || {
            if at >= rows {
                return None;
            }
            let range = at..values.fitting(at).min(steps.fitting(at));
            at = range.end;
            let batch = || {
                let keys = keys.slice(0, range.len());
                let metric = DictionaryArray::<Int32Type>::try_new(keys, names.clone()).map_err(bug)?;
                let (value, text) = values.slice(&range)?;
                RecordBatch::try_new(told.clone(), vec![steps.slice(&range)?, Arc::new(metric), value, text])
                    .map_err(bug)
            };
            Some(batch())
        })
    });
    Ok((schema, Box::new(batches)))
}

#[cold]
fn bug(error: ArrowError) -> Error {
    Error::internal(format!("a batch of metrics cannot be made: {error}"))
}

/// A column of which batches are cut.
enum Values {
    Whole(ArrayRef),
    Texts(Texts),
}

/// Texts one after the other. Each batch has offsets of its own, so that together they may be of any size.
struct Texts {
    text: Buffer,
    ends: Vec<usize>,
    nulls: Option<NullBuffer>,
}

impl Values {
    /// Narrow integers become int64, which copies them; anything else stays where it is.
    fn of(data: ColumnData) -> Values {
        fn int64<T: Into<i64>>(values: Vec<T>) -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(values.into_iter().map(Into::into)))
        }
        Values::Whole(match data {
            ColumnData::F32(values) => Arc::new(Float32Array::from(values)),
            ColumnData::F64(values) => Arc::new(Float64Array::from(values)),
            ColumnData::I8(values) => int64(values),
            ColumnData::I16(values) => int64(values),
            ColumnData::I32(values) => int64(values),
            ColumnData::I64(values) => Arc::new(Int64Array::from(values)),
            ColumnData::U8(values) => int64(values),
            ColumnData::U16(values) => int64(values),
            ColumnData::U32(values) => int64(values),
            ColumnData::U64(values) if values.iter().all(|v| i64::try_from(*v).is_ok()) => {
                // Equal in size: collected in place.
                Arc::new(Int64Array::from(values.into_iter().map(|v| v as i64).collect::<Vec<_>>()))
            }
            ColumnData::U64(values) => Arc::new(UInt64Array::from(values)),
            ColumnData::Json(texts) => return Values::Texts(Texts::of(texts)),
        })
    }

    fn field(&self, name: &str, nulls: bool) -> Field {
        match self {
            Values::Whole(array) => Field::new(name, array.data_type().clone(), nulls),
            Values::Texts(_) => {
                let marked = ("plattli.dtype".to_string(), DType::Json.suffix().to_string());
                Field::new(name, DataType::Utf8, nulls).with_metadata(HashMap::from([marked]))
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Values::Whole(array) => array.len(),
            Values::Texts(texts) => texts.ends.len(),
        }
    }

    /// Where a batch that begins at a row may end.
    fn fitting(&self, at: usize) -> usize {
        let end = self.len().min(at + ROWS);
        match self {
            Values::Whole(_) => end,
            Values::Texts(texts) => texts.fitting(at, end),
        }
    }

    fn slice(&self, rows: &Range<usize>) -> Result<ArrayRef> {
        match self {
            Values::Whole(array) => Ok(array.slice(rows.start, rows.len())),
            Values::Texts(texts) => texts.slice(rows),
        }
    }

    /// These rows only.
    fn cut(self, rows: &Range<usize>) -> Values {
        match self {
            Values::Whole(array) => Values::Whole(array.slice(rows.start, rows.len())),
            Values::Texts(mut texts) => {
                texts.text = texts.text.slice_with_length(0, texts.start(rows.end));
                let first = texts.start(rows.start);
                texts.text = texts.text.slice(first);
                texts.ends = texts.ends[rows.clone()].iter().map(|end| end - first).collect();
                texts.nulls = texts.nulls.map(|nulls| nulls.slice(rows.start, rows.len()));
                Values::Texts(texts)
            }
        }
    }

    /// Values that are there at some of the steps, null at the others.
    fn spread(self, have: &[u32], steps: &[u32]) -> Result<Values> {
        if have.len() == steps.len() {
            return Ok(self);
        }
        let mut have = have.iter().peekable();
        let present: Vec<bool> = steps.iter().map(|step| have.next_if_eq(&step).is_some()).collect();
        let mut rows = 0u64..;
        let places: UInt64Array =
            present.iter().map(|there| if *there { rows.next() } else { None }).collect();
        Ok(match self {
            Values::Whole(array) => {
                Values::Whole(arrow_select::take::take(&array, &places, None).map_err(bug)?)
            }
            Values::Texts(texts) => {
                let mut end = 0;
                let ends = places.iter().map(|place| {
                    end = place.map_or(end, |row| texts.ends[row as usize]);
                    end
                });
                Values::Texts(Texts {
                    ends: ends.collect(),
                    text: texts.text,
                    nulls: Some(NullBuffer::from(present)),
                })
            }
        })
    }
}

impl Texts {
    fn of(texts: JsonTexts) -> Texts {
        let (text, ends) = texts.into_parts();
        Texts { text: Buffer::from_vec(text.into_bytes()), ends, nulls: None }
    }

    fn start(&self, row: usize) -> usize {
        row.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    fn fitting(&self, at: usize, end: usize) -> usize {
        let most = self.start(at) + TEXT;
        let fitting = self.ends[at..end].partition_point(|end| *end <= most);
        at + fitting.clamp(1, end - at)
    }

    fn slice(&self, rows: &Range<usize>) -> Result<ArrayRef> {
        let (first, last) = (self.start(rows.start), self.start(rows.end));
        if i32::try_from(last - first).is_err() {
            let what = format!("a JSON value of {} bytes is too long for an Arrow column", last - first);
            return Err(Error::type_error(what));
        }
        let ends = self.ends[rows.clone()].iter().map(|end| (end - first) as i32);
        let offsets = OffsetBuffer::new([0].into_iter().chain(ends).collect());
        let nulls = self.nulls.as_ref().map(|nulls| nulls.slice(rows.start, rows.len()));
        let text = self.text.slice_with_length(first, last - first);
        Ok(Arc::new(StringArray::try_new(offsets, text, nulls).map_err(bug)?))
    }
}

/// The two columns of values of the long form.
enum LongValues {
    Numbers { value: ArrayRef, exact: Exact },
    Texts(Texts),
}

/// Integers of which an f64 may not say all.
enum Exact {
    Said,
    Signed(Vec<i64>),
    Unsigned(Vec<u64>),
}

impl LongValues {
    fn of(data: ColumnData) -> LongValues {
        fn float64<T: Into<f64> + Copy>(values: &[T]) -> ArrayRef {
            Arc::new(Float64Array::from_iter_values(values.iter().map(|v| (*v).into())))
        }
        let mut exact = Exact::Said;
        let value: ArrayRef = match data {
            ColumnData::F64(values) => Arc::new(Float64Array::from(values)),
            ColumnData::F32(values) => float64(&values),
            ColumnData::I8(values) => float64(&values),
            ColumnData::I16(values) => float64(&values),
            ColumnData::I32(values) => float64(&values),
            ColumnData::U8(values) => float64(&values),
            ColumnData::U16(values) => float64(&values),
            ColumnData::U32(values) => float64(&values),
            ColumnData::I64(values) => {
                let rounded = Float64Array::from_iter_values(values.iter().map(|v| *v as f64));
                if values.iter().any(|v| v.unsigned_abs() > EXACT) {
                    exact = Exact::Signed(values);
                }
                Arc::new(rounded)
            }
            ColumnData::U64(values) => {
                let rounded = Float64Array::from_iter_values(values.iter().map(|v| *v as f64));
                if values.iter().any(|v| *v > EXACT) {
                    exact = Exact::Unsigned(values);
                }
                Arc::new(rounded)
            }
            ColumnData::Json(texts) => return LongValues::Texts(Texts::of(texts)),
        };
        LongValues::Numbers { value, exact }
    }

    fn fitting(&self, at: usize) -> usize {
        match self {
            LongValues::Numbers { value, .. } => value.len().min(at + ROWS),
            LongValues::Texts(texts) => texts.fitting(at, texts.ends.len().min(at + ROWS)),
        }
    }

    fn slice(&self, rows: &Range<usize>) -> Result<(ArrayRef, ArrayRef)> {
        let nothing = |dtype| new_null_array(&dtype, rows.len());
        Ok(match self {
            LongValues::Texts(texts) => (nothing(DataType::Float64), texts.slice(rows)?),
            LongValues::Numbers { value, exact } => {
                let text: ArrayRef = match exact {
                    Exact::Said => nothing(DataType::Utf8),
                    Exact::Signed(values) => {
                        let text = |v: &i64| (*v as f64 as i128 != i128::from(*v)).then(|| v.to_string());
                        Arc::new(values[rows.clone()].iter().map(text).collect::<StringArray>())
                    }
                    Exact::Unsigned(values) => {
                        let text = |v: &u64| (*v as f64 as u128 != u128::from(*v)).then(|| v.to_string());
                        Arc::new(values[rows.clone()].iter().map(text).collect::<StringArray>())
                    }
                };
                (value.slice(rows.start, rows.len()), text)
            }
        })
    }
}

#[cfg(test)]
#[path = "arrow_tests.rs"]
mod tests;
