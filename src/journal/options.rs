//! What can be chosen when a journal is opened.

use std::time::Duration;

/// How a journal is opened. The defaults are those of the C API.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JournalOptions {
    /// A batch is stored as soon as so many events wait. 0 counts as 1.
    pub threshold: u64,
    /// The size in bytes beyond which a compacted object does not grow, and beyond which events that cannot be stored
    /// are refused.
    pub max_object_bytes: u64,
    /// A compaction that has shown no sign of life for so long is taken over.
    pub lease_expiry: Duration,
    /// What is stored in a folder also survives a power cut.
    pub durable: bool,
}

impl Default for JournalOptions {
    fn default() -> Self {
        JournalOptions {
            threshold: 32,
            max_object_bytes: 256 << 20,
            lease_expiry: Duration::from_secs(600),
            durable: true,
        }
    }
}
