//! The batches of a page, put together from runs of rows of one partition after the other.

use super::cursor::Cursor;
use super::project::{Plan, Projection};
use super::scan::{bug, Piece};
use super::Query;
use crate::error::{Error, Result};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Int32Array, RecordBatch, RecordBatchOptions, StringArray, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrow_select::interleave::interleave_record_batch;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// A run of so many rows is handed on as it lies in memory; shorter ones are copied together.
const LONG: usize = 256;
/// Rows of a batch that is copied together.
const BATCH: usize = 8192;

/// The columns that say where a row is from.
const PARTITION: &str = "_partition";
const INDEX: &str = "_index";

/// Rows, and where and why they end.
#[derive(Clone, Debug)]
pub struct Page {
    /// Their columns.
    pub schema: SchemaRef,
    /// The rows.
    pub batches: Vec<RecordBatch>,
    /// Where to go on.
    pub cursor: Cursor,
}

impl Page {
    /// A page without rows: with the columns that are known of, else the time alone.
    pub(super) fn empty(query: &Query, known: Option<SchemaRef>, cursor: Cursor) -> Result<Page> {
        let time = || Arc::new(Schema::new(vec![Field::new("time", DataType::Int64, false)]));
        let plan = Plan::new(&query.projection, &known.unwrap_or_else(time))?;
        Ok(Page { schema: told(&query.projection, &plan)?, batches: Vec::new(), cursor })
    }
}

/// All columns of a page.
fn told(projection: &Projection, plan: &Plan) -> Result<SchemaRef> {
    if !projection.labels {
        return Ok(plan.schema().clone());
    }
    let mut fields = plan.schema().fields().to_vec();
    if let Some(taken) = fields.iter().find(|f| [PARTITION, INDEX].contains(&f.name().as_str())) {
        let what =
            format!("the topic has a column {:?} of its own: exclude it, or ask for no labels", taken.name());
        return Err(Error::argument(what));
    }
    let names = DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into());
    fields.push(Arc::new(Field::new(PARTITION, names, false)));
    fields.push(Arc::new(Field::new(INDEX, DataType::UInt64, false)));
    Ok(Arc::new(Schema::new_with_metadata(fields, plan.schema().metadata().clone())))
}

/// A page in the making.
pub struct Pages {
    plan: Plan,
    schema: SchemaRef,
    labels: bool,
    batches: Vec<RecordBatch>,
    /// Pieces of which rows wait to be copied together, by the address of their indices.
    pieces: Vec<Piece>,
    places: HashMap<*const u64, usize>,
    waiting: Vec<(usize, usize)>,
    /// For the labels: the partition of each waiting row as a place among the names.
    from: Vec<i32>,
    names: Vec<Arc<str>>,
    known: HashMap<usize, i32>,
}

impl Pages {
    pub fn new(projection: &Projection, first: &Piece) -> Result<Pages> {
        let plan = Plan::new(projection, &first.schema)?;
        Ok(Pages {
            schema: told(projection, &plan)?,
            plan,
            labels: projection.labels,
            batches: Vec::new(),
            pieces: Vec::new(),
            places: HashMap::new(),
            waiting: Vec::new(),
            from: Vec::new(),
            names: Vec::new(),
            known: HashMap::new(),
        })
    }

    /// Adds rows of a piece and says how many bytes they are, as their share of it.
    pub fn add(
        &mut self,
        scan: usize,
        partition: &Arc<str>,
        piece: &Piece,
        rows: Range<usize>,
    ) -> Result<u64> {
        let name = match self.known.get(&scan) {
            Some(name) => *name,
            None => {
                let name = self.names.len() as i32;
                self.names.push(partition.clone());
                self.known.insert(scan, name);
                name
            }
        };
        let n = rows.len();
        if n >= LONG {
            self.flush()?;
            let batch = piece.batch.slice(rows.start, n);
            self.push(&batch, &vec![name; n], &piece.indices[rows])?;
        } else {
            let place = *self.places.entry(piece.indices.as_ptr()).or_insert_with(|| {
                self.pieces.push(piece.clone());
                self.pieces.len() - 1
            });
            self.waiting.extend(rows.map(|row| (place, row)));
            self.from.extend(std::iter::repeat_n(name, n));
            if self.waiting.len() >= BATCH {
                self.flush()?;
            }
        }
        Ok(piece.bytes * n as u64 / piece.indices.len().max(1) as u64)
    }

    fn flush(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let pieces: Vec<&RecordBatch> = self.pieces.iter().map(|piece| &piece.batch).collect();
        let batch = interleave_record_batch(&pieces, &self.waiting).map_err(bug)?;
        let indices: Vec<u64> =
            self.waiting.iter().map(|(piece, row)| self.pieces[*piece].indices[*row]).collect();
        let from = std::mem::take(&mut self.from);
        self.push(&batch, &from, &indices)?;
        self.pieces.clear();
        self.places.clear();
        self.waiting.clear();
        Ok(())
    }

    fn push(&mut self, batch: &RecordBatch, from: &[i32], indices: &[u64]) -> Result<()> {
        let mut columns = self.plan.apply(batch)?;
        if self.labels {
            let names: ArrayRef = Arc::new(self.names.iter().map(|n| Some(&**n)).collect::<StringArray>());
            let keys = Int32Array::from(from.to_vec());
            columns.push(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, names).map_err(bug)?));
            columns.push(Arc::new(UInt64Array::from(indices.to_vec())));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let made = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options);
        self.batches.push(made.map_err(bug)?);
        Ok(())
    }

    pub fn finish(mut self, cursor: Cursor) -> Result<Page> {
        self.flush()?;
        Ok(Page { schema: self.schema, batches: self.batches, cursor })
    }
}
