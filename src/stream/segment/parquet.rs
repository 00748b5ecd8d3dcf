//! Closed segments as Parquet: made from a closed Arrow segment, read row group by row group.

use super::frames::RECORD_START;
use super::reader::{ChunkInfo, SegmentReader};
use crate::error::{Code, Error, Result};
use crate::panics;
use crate::store::{ops, File, Store};
use crate::stream::batch::{stripped, times};
use crate::stream::view::SegmentMeta;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{ChunkReader, Length};
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Rows of a row group, which is read as a whole.
const GROUP_ROWS: usize = 10_000;

/// The rows of a closed Arrow segment as a Parquet file in memory. [`Code::Type`] for columns that Parquet has no form
/// for.
pub fn encode(store: &Arc<dyn Store>, meta: &SegmentMeta) -> Result<Vec<u8>> {
    let arrow = SegmentReader::open(store, meta)?;
    if arrow.readable() != meta.records {
        return Err(Error::corrupt(&meta.path, "is damaged: it stays as it is"));
    }
    let mut schema = arrow.schema().as_ref().clone();
    schema.metadata.insert(RECORD_START.to_string(), meta.records.start.to_string());
    let schema = Arc::new(schema);
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_created_by(concat!("plattli ", env!("CARGO_PKG_VERSION")).into())
        .build();
    let refused = |e: ParquetError| Error::type_error(format!("the columns have no form in Parquet: {e}"));
    let written = panics::catch(|| {
        let writer = ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties));
        let mut writer = writer.map_err(refused)?;
        for i in 0..arrow.chunks().len() {
            let batch = arrow.read(i)?.with_schema(schema.clone());
            let batch = batch.map_err(|e| Error::internal(format!("a chunk has other columns: {e}")))?;
            writer.write(&batch).map_err(refused)?;
        }
        writer.into_inner().map_err(refused)
    });
    written.unwrap_or_else(|panic| {
        Err(Error::type_error(format!("the columns have no form in Parquet: {panic}")))
    })
}

/// A Parquet file that is being read.
pub struct ParquetFile {
    file: Arc<dyn File>,
    len: u64,
    metadata: ArrowReaderMetadata,
    schema: SchemaRef,
}

impl std::fmt::Debug for ParquetFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.file)
    }
}

impl ParquetFile {
    /// Opens the file of a segment. [`Code::Corrupt`] if it is not whole.
    pub fn open(store: &dyn Store, path: &Path) -> Result<ParquetFile> {
        let file: Arc<dyn File> = Arc::from(store.open_read(path)?);
        let len = file.metadata()?.len;
        let source = Whole { file: file.clone(), len };
        let loaded = panics::catch(|| ArrowReaderMetadata::load(&source, ArrowReaderOptions::new()));
        let metadata = match loaded {
            Ok(Ok(metadata)) => metadata,
            Ok(Err(e)) => return Err(Error::corrupt(path, format_args!("cannot be read as Parquet: {e}"))),
            Err(panic) => {
                return Err(Error::corrupt(path, format_args!("cannot be read as Parquet: {panic}")))
            }
        };
        let schema = stripped(metadata.schema());
        Ok(ParquetFile { file, len, metadata, schema })
    }

    /// Columns and metadata, as they were appended.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The row groups of a segment that begins with this record.
    pub fn chunks(&self, start: u64) -> Vec<ChunkInfo> {
        let mut next = start;
        let groups = self.metadata.metadata().row_groups().iter();
        let chunk = groups.map(|group| {
            let records = next..next + u64::try_from(group.num_rows()).unwrap_or(0);
            next = records.end;
            ChunkInfo { records, bytes: u64::try_from(group.compressed_size()).unwrap_or(0) }
        });
        chunk.collect()
    }

    /// What the file says of itself: its records and their times.
    pub fn inspect(&self) -> Result<(Range<u64>, (i64, i64))> {
        let start = self.metadata.schema().metadata().get(RECORD_START).and_then(|text| text.parse().ok());
        let start: u64 = start.ok_or_else(|| Error::new(Code::Corrupt, "does not say where it begins"))?;
        let chunks = self.chunks(start);
        let mut span: Option<(i64, i64)> = None;
        for i in 0..chunks.len() {
            for time in times(&self.read(i, Some(&[0]))?)?.values() {
                let (low, high) = span.unwrap_or((*time, *time));
                span = Some((low.min(*time), high.max(*time)));
            }
        }
        let end = chunks.last().map_or(start, |chunk| chunk.records.end);
        Ok((start..end, span.unwrap_or((0, 0))))
    }

    /// Reads some columns of a row group, in the given order; `None`: all.
    pub fn read(&self, group: usize, columns: Option<&[usize]>) -> Result<RecordBatch> {
        let corrupt =
            |what: String| Error::new(Code::Corrupt, format!("row group {group} cannot be read: {what}"));
        let read = || {
            let source = Whole { file: self.file.clone(), len: self.len };
            let rows = self.metadata.metadata().row_groups().get(group).map_or(0, |g| g.num_rows());
            let rows = usize::try_from(rows).unwrap_or(0).max(1);
            let mut builder =
                ParquetRecordBatchReaderBuilder::new_with_metadata(source, self.metadata.clone())
                    .with_row_groups(vec![group])
                    .with_batch_size(rows);
            if let Some(columns) = columns {
                let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
                builder = builder.with_projection(mask);
            }
            let mut batches = builder.build().map_err(|e| corrupt(e.to_string()))?;
            let batch = batches.next().ok_or_else(|| corrupt("it is empty".into()))?;
            let batch = batch.map_err(|e| corrupt(e.to_string()))?;
            if batch.num_rows() != rows || batches.next().is_some() {
                return Err(corrupt("it does not hold the rows it promises".into()));
            }
            Ok(batch)
        };
        let batch = panics::catch(read).unwrap_or_else(|panic| Err(corrupt(panic)))?;
        self.arranged(batch, columns).map_err(|e| corrupt(e.to_string()))
    }

    /// Columns come in the order of the file.
    fn arranged(
        &self,
        batch: RecordBatch,
        columns: Option<&[usize]>,
    ) -> std::result::Result<RecordBatch, arrow_schema::ArrowError> {
        let Some(columns) = columns else { return batch.with_schema(self.schema.clone()) };
        let mut sorted = columns.to_vec();
        sorted.sort_unstable();
        let places: Vec<usize> = columns.iter().map(|c| sorted.partition_point(|s| s < c)).collect();
        let schema = Arc::new(self.schema.project(columns)?);
        batch.project(&places)?.with_schema(schema)
    }
}

/// A file as the crate wants it.
struct Whole {
    file: Arc<dyn File>,
    len: u64,
}

impl Length for Whole {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for Whole {
    type T = At;

    fn get_read(&self, start: u64) -> parquet::errors::Result<At> {
        Ok(At { file: self.file.clone(), at: start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let mut bytes = ops::zeroed(length as u64).map_err(outer)?;
        match ops::read_full(&*self.file, &mut bytes, start).map_err(outer)? {
            n if n == length => Ok(bytes.into()),
            n => Err(ParquetError::EOF(format!("{n} of {length} bytes are there"))),
        }
    }
}

fn outer(error: Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}

/// A file from a position on.
struct At {
    file: Arc<dyn File>,
    at: u64,
}

impl Read for At {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(buf, self.at).map_err(io::Error::other)?;
        self.at += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
#[path = "parquet_tests.rs"]
mod tests;
