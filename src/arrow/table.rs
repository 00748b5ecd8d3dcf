//! A table of doubles, for callers who have arrays and no Arrow.

use crate::error::{Error, Result};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use std::sync::Arc;

/// A column `time` and one of doubles for each name, all copied, none with nulls. The slices are of equal length.
/// [`crate::Code::Argument`] for a name twice, or `time` again.
pub fn f64_table(times: &[i64], names: &[&str], values: &[&[f64]]) -> Result<RecordBatch> {
    let mut fields = vec![Field::new("time", DataType::Int64, false)];
    let mut columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(times.to_vec()))];
    for (name, values) in names.iter().zip(values) {
        if fields.iter().any(|field| field.name() == name) {
            return Err(Error::argument(format!("two columns are named {name:?}")));
        }
        fields.push(Field::new(*name, DataType::Float64, false));
        columns.push(Arc::new(Float64Array::from(values.to_vec())));
    }
    let table = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns);
    table.map_err(|e| Error::argument(format!("the columns are no table: {e}")))
}
