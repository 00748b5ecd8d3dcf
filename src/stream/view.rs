//! A partition as of one moment: closed segments, the readable part of the open one, and rows in memory.

use arrow_array::RecordBatch;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// What of a partition is wanted. The view may hold more, never less.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Want {
    /// All of it.
    All,
    /// Records with these indices.
    Records(Range<u64>),
    /// Records of these times, both ends inclusive.
    Time(i64, i64),
}

impl Want {
    /// A stretch of records with times from `time.0` to `time.1` may hold some that are wanted.
    pub fn meets(&self, records: &Range<u64>, time: (i64, i64)) -> bool {
        match self {
            Want::All => true,
            Want::Records(wanted) => records.end > wanted.start && records.start < wanted.end,
            Want::Time(from, to) => time.1 >= *from && time.0 <= *to,
        }
    }
}

/// A partition as of one moment.
#[derive(Clone, Debug)]
pub struct PartitionView {
    /// Name of the topic.
    pub topic: Arc<str>,
    /// Name of the partition.
    pub partition: Arc<str>,
    /// Index of the oldest record that is kept, whether wanted or not.
    pub first: u64,
    /// Index that the next record will get.
    pub next: u64,
    /// Segments that may hold what is wanted, ascending; none is empty.
    pub segments: Vec<SegmentMeta>,
    /// Rows that cannot be read from a segment, ascending and contiguous, the last ending at `next`. Those that
    /// cannot be wanted may be missing.
    pub unsaved: Vec<Chunk>,
}

/// What a segment file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Format {
    /// `N.arrow`, an Arrow IPC file; without its footer while it is written.
    Arrow,
    /// `N.parquet`.
    Parquet,
}

impl Format {
    /// The ending of the file name.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Arrow => "arrow",
            Format::Parquet => "parquet",
        }
    }
}

/// One segment file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SegmentMeta {
    /// Its number within the partition, ascending.
    pub number: u64,
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub format: Format,
    /// Indices of the records that can be read from it.
    pub records: Range<u64>,
    /// Oldest and newest time in it, milliseconds since 1970.
    pub time: (i64, i64),
    /// Bytes of it that may be read.
    pub bytes: u64,
    /// It is whole, with its footer, and will not change any more.
    pub sealed: bool,
}

/// Rows in memory. Cloning shares them.
#[derive(Clone, PartialEq, Debug)]
pub struct Chunk {
    /// Index of the first.
    pub start: u64,
    /// The rows.
    pub batch: RecordBatch,
}

impl Chunk {
    /// Indices of the rows.
    pub fn records(&self) -> Range<u64> {
        self.start..self.start + self.batch.num_rows() as u64
    }
}
