//! Reads a segment chunk by chunk, whether it is whole or still being written.

use super::encode::MAGIC;
use super::frames::{self, Frame, Walk};
use crate::error::{Error, Result};
use crate::store::{ops, File, Store};
use crate::stream::view::{Format, SegmentMeta};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where other writers of Arrow files begin their frames.
const OTHER_START: u64 = 64;

/// A piece of a segment that is read as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChunkInfo {
    /// Indices of its records.
    pub records: Range<u64>,
    /// Bytes of it in the file.
    pub bytes: u64,
}

/// An open segment. Its file stays readable when retention removes the name.
#[derive(Debug)]
pub struct SegmentReader {
    path: PathBuf,
    content: Content,
    schema: SchemaRef,
    chunks: Vec<ChunkInfo>,
}

#[derive(Debug)]
enum Content {
    Arrow(Box<dyn File>, Vec<Frame>),
    #[cfg(feature = "parquet")]
    Parquet(Box<super::parquet::ParquetFile>),
}

/// Walks over the frames of an Arrow file; `None` if it does not begin like one.
pub fn walk(file: &dyn File, limit: u64) -> Result<Option<Walk>> {
    let mut magic = [0; 8];
    if limit < 8 || ops::read_full(file, &mut magic, 0)? < 8 || magic[..6] != MAGIC[..6] {
        return Ok(None);
    }
    match frames::walk(file, 8, limit)? {
        None if limit > OTHER_START => frames::walk(file, OTHER_START, limit),
        found => Ok(found),
    }
}

impl SegmentReader {
    /// Opens the file, and finds its chunks up to the bytes that may be read. An error of which
    /// [`Error::is_missing`] is true says that retention was faster. A damaged file has the chunks before the damage;
    /// [`SegmentReader::readable`] says which.
    pub fn open(store: &Arc<dyn Store>, meta: &SegmentMeta) -> Result<Self> {
        if meta.format == Format::Parquet {
            return Self::open_parquet(store, meta);
        }
        let file = store.open_read(&meta.path)?;
        let Some(walk) = walk(&*file, meta.bytes)? else {
            return Err(Error::corrupt(&meta.path, "does not begin like a segment: its rows are lost"));
        };
        let start = meta.records.start;
        if walk.record_start.is_some_and(|told| told != start) {
            return Err(Error::corrupt(&meta.path, "does not begin with the record that the manifest says"));
        }
        let walk = Walk { record_start: Some(start), ..walk };
        let found = walk.records().take_while(|(_, records)| records.end <= meta.records.end);
        let (frames, chunks) = found
            .map(|(frame, records)| (frame, ChunkInfo { records, bytes: frame.end() - frame.offset }))
            .unzip();
        let content = Content::Arrow(file, frames);
        Ok(SegmentReader { path: meta.path.clone(), content, schema: walk.schema, chunks })
    }

    #[cfg(feature = "parquet")]
    fn open_parquet(store: &Arc<dyn Store>, meta: &SegmentMeta) -> Result<Self> {
        let open = super::parquet::ParquetFile::open(&**store, &meta.path)?;
        let chunks = open.chunks(meta.records.start);
        if chunks.last().map_or(meta.records.start, |chunk| chunk.records.end) != meta.records.end {
            return Err(Error::corrupt(&meta.path, "does not hold the records that the manifest says"));
        }
        let (path, schema) = (meta.path.clone(), open.schema().clone());
        Ok(SegmentReader { path, schema, chunks, content: Content::Parquet(Box::new(open)) })
    }

    #[cfg(not(feature = "parquet"))]
    fn open_parquet(_: &Arc<dyn Store>, meta: &SegmentMeta) -> Result<Self> {
        Err(Error::new(
            crate::error::Code::Unsupported,
            format!("cannot read {}: segments in Parquet need the feature parquet", meta.path.display()),
        ))
    }

    /// Columns and metadata, as they were appended.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// The chunks, ascending.
    pub fn chunks(&self) -> &[ChunkInfo] {
        &self.chunks
    }

    /// Indices of the records that the chunks hold: fewer than were asked for if the file is damaged.
    pub fn readable(&self) -> Range<u64> {
        match (self.chunks.first(), self.chunks.last()) {
            (Some(first), Some(last)) => first.records.start..last.records.end,
            _ => 0..0,
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads a chunk.
    pub fn read(&self, i: usize) -> Result<RecordBatch> {
        self.read_columns(i, None)
    }

    /// Reads some columns of a chunk, in the given order of their places in the schema; `None`: all.
    pub fn read_columns(&self, i: usize, columns: Option<&[usize]>) -> Result<RecordBatch> {
        let read = match &self.content {
            Content::Arrow(file, frames) => {
                let missing = || Error::argument(format!("there is no chunk {i}"));
                frames::read(&**file, frames.get(i).ok_or_else(missing)?, &self.schema, columns)
            }
            #[cfg(feature = "parquet")]
            Content::Parquet(open) => open.read(i, columns),
        };
        read.map_err(|e| e.within(self.path.display()))
    }
}
