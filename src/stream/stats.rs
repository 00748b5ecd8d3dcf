//! What a stream store counts.

/// Counts since the store was opened, and what it has at the moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StreamStats {
    /// Rows taken.
    pub rows: u64,
    /// Batches taken.
    pub batches: u64,
    /// Batches refused for overload: nothing of them was kept.
    pub shed_batches: u64,
    /// Rows of those.
    pub shed_rows: u64,
    /// Batches refused because the disk was nearly full.
    pub refused_batches: u64,
    /// Checkpoints that recorded something.
    pub checkpoints: u64,
    /// Segments closed.
    pub rolls: u64,
    /// Segments that retention dropped.
    pub dropped_segments: u64,
    /// Rows of those.
    pub dropped_rows: u64,
    /// Calls that the operating system or the manifest refused.
    pub io_errors: u64,
    /// The last of those; empty if there was none.
    pub last_error: String,
    /// Bytes on disk, manifest included.
    pub bytes: u64,
    /// Bytes of rows in memory that no file has yet.
    pub active_bytes: u64,
    /// Topics that are open.
    pub open_topics: u64,
    /// Closed segments.
    pub segments: u64,
    /// Closed segments that wait to be replicated; 0 where nothing is to be replicated.
    pub waiting: u64,
    /// The disk is nearly full and nothing is taken.
    pub read_only: bool,
}
