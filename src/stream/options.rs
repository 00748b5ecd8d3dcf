//! What a caller may choose about a stream store.

use super::view::Format;
use crate::error::{Error, Result};
use std::path::PathBuf;
use std::time::Duration;

/// How a stream store is opened. The defaults are those of the C API.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamOptions {
    /// A segment is closed by the append after it has more rows than this.
    pub roll_rows: u64,
    /// A segment is closed by the append after it has more bytes than this. Never more than a quarter of a quota.
    pub roll_bytes: u64,
    /// A segment is closed by the first append after it became older than this; zero: never.
    pub roll_age: Duration,
    /// How often rows are written and recorded by themselves; zero: only by [`super::Stream::checkpoint`].
    pub checkpoint: Duration,
    /// A checkpoint reaches the disk itself, not only the operating system.
    pub sync: bool,
    /// Bytes on disk that one partition may have.
    pub partition_bytes: u64,
    /// Closed segments that one partition may have.
    pub partition_segments: u64,
    /// Bytes on disk that the whole store may have, manifest included.
    pub store_bytes: u64,
    /// A segment goes when its newest time is older than this; zero: never.
    pub max_age: Duration,
    /// Free space of the disk below which the store takes no rows; 0: it is not looked at.
    pub min_free_bytes: u64,
    /// Topics that are open at once; the least recently used are closed, and opened again on use.
    pub open_topics: usize,
    /// Bytes of rows in memory that no file has yet, of all partitions together.
    pub active_bytes: u64,
    /// How long an append that closes a segment waits for a writer that is still busy before it is refused.
    pub overload_wait: Duration,
    /// Threads that write; 0: the caller's thread writes.
    pub threads: usize,
    /// Retention keeps segments until [`super::Stream::replicated`] was called for them.
    pub replicate: bool,
    /// Retention may drop segments that still wait to be replicated.
    pub drop_waiting: bool,
    /// What segments are once they are closed.
    pub format: Format,
    /// Where the manifest is, if not `manifest.sqlite` in the folder. `:memory:` keeps none: it is then rebuilt
    /// from the segments at each open.
    pub manifest: Option<PathBuf>,
}

impl Default for StreamOptions {
    fn default() -> Self {
        StreamOptions {
            roll_rows: 100_000,
            roll_bytes: 100 << 20,
            roll_age: Duration::ZERO,
            checkpoint: Duration::from_secs(1),
            sync: true,
            partition_bytes: 1 << 30,
            partition_segments: 10_000,
            store_bytes: 1 << 30,
            max_age: Duration::ZERO,
            min_free_bytes: 1_000_000_000,
            open_topics: 128,
            active_bytes: 3500 << 20,
            overload_wait: Duration::from_millis(100),
            threads: 2,
            replicate: false,
            drop_waiting: false,
            format: Format::Arrow,
            manifest: None,
        }
    }
}

impl StreamOptions {
    /// Refuses values that cannot be meant.
    pub(super) fn check(&self) -> Result<()> {
        let positive = [
            ("roll_rows", self.roll_rows),
            ("roll_bytes", self.roll_bytes),
            ("partition_bytes", self.partition_bytes),
            ("partition_segments", self.partition_segments),
            ("store_bytes", self.store_bytes),
            ("open_topics", self.open_topics as u64),
            ("active_bytes", self.active_bytes),
        ];
        match positive.iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => Err(Error::argument(format!("{name} is 0: it must be at least 1"))),
            None => Ok(()),
        }
    }

    /// Bytes after which a segment is closed: so few that retention always finds a closed one to drop.
    pub(super) fn segment_bytes(&self) -> u64 {
        self.roll_bytes.min(self.partition_bytes / 4).min(self.store_bytes / 4)
    }

    /// The largest batch that is taken.
    pub(super) fn largest_batch(&self) -> u64 {
        (self.partition_bytes.min(self.store_bytes) / 4).min(self.active_bytes)
    }
}
