//! What a batch must be like, and how large ones are cut.

use crate::arrow::compact::{self, Copies};
use crate::error::{Error, Result};
use arrow_array::{Array, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use std::collections::HashSet;
use std::sync::Arc;

/// Prefix of the keys in the metadata of a schema that belong to the library.
pub const OUR_KEYS: &str = "plattli.";

/// A chunk is full at so many rows or …
pub const CHUNK_ROWS: usize = 1000;
/// … so many bytes.
pub const CHUNK_BYTES: u64 = 1 << 20;

/// A batch that is as it must be.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The rows.
    pub batch: RecordBatch,
    /// Oldest and newest time; meaningless without rows.
    pub time: (i64, i64),
    /// Bytes that the rows take.
    pub bytes: u64,
}

/// Looks at a batch; [`crate::Code::Type`] says what is wrong with it.
pub fn check(batch: RecordBatch) -> Result<Checked> {
    let schema = batch.schema();
    check_schema(&schema)?;
    let times = times(&batch)?;
    if times.null_count() > 0 {
        return Err(Error::type_error(format!(
            "the column time has {} nulls: each row needs a time",
            times.null_count()
        )));
    }
    let first = times.values().first().copied().unwrap_or(0);
    let time = times.values().iter().fold((first, first), |(low, high), t| (low.min(*t), high.max(*t)));
    let batch = compacted(batch)?;
    let bytes = size(&batch);
    Ok(Checked { batch: without_our_keys(batch)?, time, bytes })
}

/// The batch without what views in it share with batches that it was cut from.
pub fn compacted(batch: RecordBatch) -> Result<RecordBatch> {
    if !batch.schema().fields().iter().any(|field| compact::points(field.data_type())) {
        return Ok(batch);
    }
    let columns = batch.columns().iter().map(|column| compact::compact(column, Copies::Needed));
    let columns = columns.collect::<Result<_>>()?;
    // There is a column of times, which says the number of rows.
    RecordBatch::try_new(batch.schema(), columns).map_err(|e| Error::internal(e.to_string()))
}

/// The times of a batch.
pub fn times(batch: &RecordBatch) -> Result<&Int64Array> {
    batch
        .columns()
        .first()
        .and_then(|column| column.as_any().downcast_ref::<Int64Array>())
        .ok_or_else(|| Error::type_error("column 0 must be time, 64-bit integers of milliseconds since 1970"))
}

fn check_schema(schema: &Schema) -> Result<()> {
    match schema.fields().first() {
        Some(field) if field.name() == "time" && *field.data_type() == DataType::Int64 => {}
        Some(field) => {
            return Err(Error::type_error(format!(
                "column 0 must be time, 64-bit integers of milliseconds since 1970; it is {} of type {}",
                field.name(),
                field.data_type()
            )))
        }
        None => return Err(Error::type_error("the batch has no columns: column 0 must be time")),
    }
    check_names(schema.fields(), "")?;
    schema.fields().iter().try_for_each(|field| check_type(field.name(), field.data_type()))
}

/// Names say which column, or which field of a struct, is meant.
fn check_names(fields: &Fields, within: &str) -> Result<()> {
    let mut names = HashSet::new();
    match fields.iter().find(|field| !names.insert(field.name())) {
        Some(field) => {
            let name = field.name();
            Err(Error::type_error(format!("two columns{within} are named {name:?}: give each its own name")))
        }
        None => Ok(()),
    }
}

/// Refuses what a segment cannot keep.
fn check_type(column: &str, data_type: &DataType) -> Result<()> {
    let below = |field: &Field| check_type(column, field.data_type());
    match data_type {
        DataType::Null => Err(Error::type_error(format!(
            "the column {column} has the type null: give it the type that its values will have"
        ))),
        DataType::Dictionary(..) => Err(Error::type_error(format!(
            "the column {column} is dictionary-encoded: cast it to the type of its values"
        ))),
        DataType::List(f)
        | DataType::LargeList(f)
        | DataType::ListView(f)
        | DataType::LargeListView(f)
        | DataType::FixedSizeList(f, _)
        | DataType::Map(f, _) => below(f),
        DataType::RunEndEncoded(_, values) => below(values),
        DataType::Struct(fields) => {
            check_names(fields, &format!(" of a struct within the column {column}"))?;
            fields.iter().try_for_each(|f| below(f))
        }
        DataType::Union(fields, _) => fields.iter().try_for_each(|(_, f)| below(f)),
        _ => Ok(()),
    }
}

/// Our own keys come back with batches that were read from a segment by other means.
fn without_our_keys(batch: RecordBatch) -> Result<RecordBatch> {
    let schema = batch.schema();
    if !schema.metadata().keys().any(|key| key.starts_with(OUR_KEYS)) {
        return Ok(batch);
    }
    batch.with_schema(stripped(&schema)).map_err(|e| Error::type_error(e.to_string()))
}

/// A schema without the keys that belong to the library.
pub fn stripped(schema: &Schema) -> SchemaRef {
    let mut schema = schema.clone();
    schema.metadata.retain(|key, _| !key.starts_with(OUR_KEYS));
    Arc::new(schema)
}

/// Bytes that the rows of a batch take, without what its buffers hold besides.
pub fn size(batch: &RecordBatch) -> u64 {
    batch.columns().iter().map(|column| compact::bytes(&**column)).sum()
}

/// Cuts a batch into pieces that are no larger than a chunk, without copying.
pub fn pieces(batch: &RecordBatch, bytes: u64) -> impl Iterator<Item = RecordBatch> + '_ {
    let rows = batch.num_rows();
    let parts = (bytes.div_ceil(CHUNK_BYTES)).clamp(1, rows.max(1) as u64) as usize;
    let step = rows.div_ceil(parts).max(1);
    (0..rows).step_by(step).map(move |at| batch.slice(at, step.min(rows - at)))
}
