//! Walks through one partition, forward or back, a chunk at a time.

use super::{Order, Query, Source};
use crate::error::{Error, Result};
use crate::stream::batch;
use crate::stream::segment::SegmentReader;
use crate::stream::view::{Chunk, PartitionView, SegmentMeta};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{BooleanArray, RecordBatch, UInt32Array};
use arrow_schema::{ArrowError, SchemaRef};
use arrow_select::filter::filter_record_batch;
use arrow_select::take::take_record_batch;
use std::ops::Range;
use std::sync::Arc;

/// Times that a view is asked for anew because retention took what it named.
const ATTEMPTS: usize = 8;

/// Rows of one chunk that are wanted, in the order in which they are wanted.
#[derive(Clone, Debug)]
pub struct Piece {
    /// All columns of the partition here, of which `batch` may have some.
    pub schema: SchemaRef,
    /// The rows; the first column is the time.
    pub batch: RecordBatch,
    /// The index of each.
    pub indices: Arc<[u64]>,
    /// Bytes that the rows take, whatever their buffers hold besides.
    pub bytes: u64,
    /// Where the partition goes on after all of them.
    end: u64,
}

impl Piece {
    /// When a record was.
    pub fn time(&self, row: usize) -> i64 {
        self.batch.column(0).as_primitive::<Int64Type>().value(row)
    }
}

/// A part of a partition that is read in one way.
#[derive(Debug)]
enum Part {
    Segment(SegmentMeta),
    Open(SegmentReader, SegmentMeta),
    Memory(Chunk),
}

/// A walk through a partition.
pub struct Scan<'a> {
    source: &'a dyn Source,
    query: &'a Query,
    partition: Arc<str>,
    /// What is still to be walked through; the next part is the last.
    parts: Vec<Part>,
    position: u64,
}

impl<'a> Scan<'a> {
    /// A walk from a position, if there is such a partition.
    pub fn open(
        source: &'a dyn Source,
        query: &'a Query,
        partition: &str,
        position: Option<u64>,
    ) -> Result<Option<Scan<'a>>> {
        let Some(position) = position else { return Ok(None) };
        let partition = Arc::from(partition);
        let mut scan = Scan { source, query, partition, parts: Vec::new(), position };
        let Some(view) = scan.look()? else { return Ok(None) };
        // A walk back from the end begins where the end is now.
        if query.order == Order::Descending {
            scan.position = position.min(view.next);
        }
        scan.take(view);
        Ok(Some(scan))
    }

    /// The name of the partition.
    pub fn partition(&self) -> &Arc<str> {
        &self.partition
    }

    /// Where it goes on.
    pub fn position(&self) -> u64 {
        self.position
    }

    fn look(&self) -> Result<Option<PartitionView>> {
        self.source.view(&self.query.topic, &self.partition, self.query.want(self.position))
    }

    fn take(&mut self, view: PartitionView) {
        let meets = |meta: &SegmentMeta| {
            self.query.time.is_none_or(|(from, to)| meta.time.1 >= from && meta.time.0 <= to)
                && !self.rest(&meta.records).is_empty()
        };
        let segments = view.segments.into_iter().filter(meets).map(Part::Segment).collect::<Vec<_>>();
        let memory = view.unsaved.into_iter().filter(|chunk| !self.rest(&chunk.records()).is_empty());
        self.parts = segments.into_iter().chain(memory.map(Part::Memory)).collect();
        if self.query.order == Order::Ascending {
            self.parts.reverse();
        }
    }

    /// Those of some records that are still to come.
    fn rest(&self, records: &Range<u64>) -> Range<u64> {
        match self.query.order {
            Order::Ascending => records.start.max(self.position)..records.end,
            Order::Descending => records.start..records.end.min(self.position),
        }
    }

    /// The next rows; `None` at the end.
    pub fn next(&mut self) -> Result<Option<Piece>> {
        let mut attempts = 0;
        while let Some(part) = self.parts.pop() {
            let (chunk, whole) = match part {
                Part::Memory(chunk) => (chunk, None),
                Part::Segment(meta) => match SegmentReader::open(self.source.store(), &meta) {
                    Ok(reader) => {
                        self.parts.push(Part::Open(reader, meta));
                        continue;
                    }
                    // Retention was faster: what is left is looked at anew, beyond what was dropped.
                    Err(e) if e.is_missing() && attempts < ATTEMPTS => {
                        attempts += 1;
                        match self.look()? {
                            Some(view) => self.take(view),
                            None => return Ok(None),
                        }
                        continue;
                    }
                    Err(e) => return Err(e),
                },
                Part::Open(reader, meta) => match self.read(&reader, &meta)? {
                    Some((chunk, schema)) => {
                        self.parts.push(Part::Open(reader, meta));
                        (chunk, Some(schema))
                    }
                    None => continue,
                },
            };
            let piece = self.pick(chunk, whole)?;
            self.position = piece.end;
            if !piece.indices.is_empty() {
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }

    /// The next chunk of a segment that holds something still to come, with all columns there are.
    fn read(&self, reader: &SegmentReader, meta: &SegmentMeta) -> Result<Option<(Chunk, SchemaRef)>> {
        let mut chunks = reader.chunks().iter().enumerate();
        let wanted =
            |(_, chunk): &(usize, &crate::stream::segment::ChunkInfo)| !self.rest(&chunk.records).is_empty();
        let next = match self.query.order {
            Order::Ascending => chunks.find(wanted),
            Order::Descending => chunks.rfind(wanted),
        };
        // Descending, what is damaged comes first.
        let lost = self.rest(&(reader.readable().end.max(meta.records.start)..meta.records.end));
        if !lost.is_empty() && (next.is_none() || self.query.order == Order::Descending) {
            return Err(Error::corrupt(
                &meta.path,
                format_args!(
                    "is damaged: records {} to {} cannot be read; those before and after them can",
                    lost.start,
                    lost.end - 1
                ),
            ));
        }
        let Some((i, info)) = next else { return Ok(None) };
        let schema = reader.schema();
        let places = self.query.projection.places(&schema);
        let batch = reader.read_columns(i, places.as_deref())?;
        Ok(Some((Chunk { start: info.records.start, batch }, schema)))
    }

    /// The wanted rows of a chunk, in order.
    fn pick(&self, chunk: Chunk, whole: Option<SchemaRef>) -> Result<Piece> {
        let rest = self.rest(&chunk.records());
        let (schema, mut batch) = match whole {
            Some(schema) => (schema, chunk.batch),
            None => {
                let schema = chunk.batch.schema();
                match self.query.projection.places(&schema) {
                    Some(places) => (schema, chunk.batch.project(&places).map_err(bug)?),
                    None => (schema, chunk.batch),
                }
            }
        };
        let timed = batch.columns().first().is_some_and(|c| c.as_primitive_opt::<Int64Type>().is_some());
        if !timed {
            return Err(Error::internal("a chunk without a first column of times"));
        }
        let rows = rest.end.saturating_sub(rest.start) as usize;
        batch = batch.slice((rest.start - chunk.start) as usize, rows);
        let mut indices: Vec<u64> = (rest.start..rest.end.max(rest.start)).collect();
        if let Some((from, to)) = self.query.time {
            let times = batch.column(0).as_primitive::<Int64Type>();
            let inside: Vec<bool> = times.values().iter().map(|t| (from..=to).contains(t)).collect();
            if inside.contains(&false) {
                let mut keep = inside.iter();
                indices.retain(|_| keep.next().copied().unwrap_or(false));
                batch = filter_record_batch(&batch, &BooleanArray::from(inside)).map_err(bug)?;
            }
        }
        let end = match self.query.order {
            Order::Ascending => rest.end,
            Order::Descending => {
                indices.reverse();
                let back = UInt32Array::from_iter_values((0..batch.num_rows() as u32).rev());
                batch = take_record_batch(&batch, &back).map_err(bug)?;
                rest.start
            }
        };
        let bytes = batch::size(&batch);
        Ok(Piece { schema, batch, indices: indices.into(), bytes, end })
    }

    /// Columns that the partition has, if that can be said without opening what is not wanted.
    pub fn columns(&self) -> Result<Option<SchemaRef>> {
        let Some(view) = self.source.view(&self.query.topic, &self.partition, crate::stream::Want::All)?
        else {
            return Ok(None);
        };
        if let Some(chunk) = view.unsaved.last() {
            return Ok(Some(chunk.batch.schema()));
        }
        match view.segments.last() {
            Some(newest) if self.query.time.is_none() => {
                match SegmentReader::open(self.source.store(), newest) {
                    Ok(reader) => Ok(Some(reader.schema())),
                    Err(e) if e.is_missing() => Ok(None),
                    Err(e) => Err(e),
                }
            }
            _ => Ok(None),
        }
    }
}

#[cold]
pub fn bug(error: ArrowError) -> Error {
    Error::internal(format!("rows of a query cannot be put together: {error}"))
}
