//! How a state is opened.

use std::time::Duration;

/// The size of a log, in bytes, above which it is due for compaction unless set.
pub const DEFAULT_THRESHOLD: u64 = 1 << 20;

/// How many backups are kept unless set.
pub const DEFAULT_BACKUPS: u32 = 3;

/// The time between two syncs in [`Sync::Interval`] unless set.
pub const DEFAULT_SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// When entries are forced to stable storage.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Sync {
    /// Each before its call returns.
    #[default]
    Every,
    /// By a thread of the state, at most so long after the call returned.
    Interval(Duration),
    /// When the operating system sees fit. They survive the death of the process.
    None,
}

/// How a state is opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// When entries are forced to stable storage.
    pub sync: Sync,
    /// Bytes of the log above which it needs compaction.
    pub threshold: u64,
    /// How many rotated logs are kept.
    pub backups: u32,
    /// Whether `NAME.json` is written at each compaction and at close.
    pub snapshot: bool,
    /// Whether a damaged log is taken for what still parses.
    pub salvage: bool,
    /// Whether to read beside whoever writes: takes no lock and never writes.
    pub read_only: bool,
    /// Whether a second writer is kept out by a lock file.
    pub lock: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            sync: Sync::default(),
            threshold: DEFAULT_THRESHOLD,
            backups: DEFAULT_BACKUPS,
            snapshot: false,
            salvage: false,
            read_only: false,
            lock: true,
        }
    }
}
