//! Tables under a quota: topics, partitions, segments, a manifest (docs/stream.md).

mod append;
mod batch;
mod catalog;
mod checkpoint;
mod files;
mod ledger;
mod name;
pub mod options;
mod partition;
pub mod query;
mod recover;
pub mod replicate;
mod retention;
pub mod segment;
mod shared;
pub mod stats;
mod survey;
pub mod view;
mod writer;

pub use options::StreamOptions;
pub use segment::{ChunkInfo, SegmentReader};
pub use stats::StreamStats;
pub use view::{Chunk, Format, PartitionView, SegmentMeta, Want};

use crate::error::Result;
use crate::fork;
use crate::lock::{self, WriterLock};
use crate::schedule::Schedule;
use crate::store::{ops, Store};
use arrow_array::RecordBatch;
use catalog::{Catalog, Key};
use ledger::Ledger;
use shared::{locked, Shared};
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};
use survey::Survey;

/// A closed segment with the names of where it belongs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finished {
    /// Name of the topic.
    pub topic: Arc<str>,
    /// Name of the partition.
    pub partition: Arc<str>,
    /// The segment.
    pub segment: SegmentMeta,
}

/// A store of tables, open for writing. Calls from any thread.
pub struct Stream {
    shared: Arc<Shared>,
    schedule: Mutex<Schedule>,
    /// The process that opened it.
    generation: u32,
    closed: bool,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.shared)
    }
}

impl Stream {
    /// Opens the store in `dir`, which is made if missing, and repairs what a crash left. [`crate::Code::Busy`] if
    /// another process writes it.
    pub fn open(store: Arc<dyn Store>, dir: &Path, options: &StreamOptions) -> Result<Stream> {
        options.check()?;
        fork::ensure_registered()?;
        let what = format!("the stream store in {}", dir.display());
        let lock = WriterLock::acquire(Arc::clone(&store), &dir.join(lock::LOCK), &what)?;
        let ready = match surveyed(&store, dir, options) {
            Ok(ready) => ready,
            Err(e) => {
                // The first error is the one to tell.
                _ = lock.release();
                return Err(e);
            }
        };
        let shared = Shared::new((store, dir.to_path_buf(), options.clone()), ready, lock)?;
        let stream = Stream {
            shared: Arc::new(shared),
            schedule: Mutex::default(),
            generation: fork::generation(),
            closed: false,
        };
        stream.shared.look_at_free_space();
        let every = if options.checkpoint.is_zero() { lock::BEAT } else { options.checkpoint };
        if options.threads > 0 {
            // Without threads nothing happens by itself.
            let shared = Arc::clone(&stream.shared);
            locked(&stream.schedule).start(every, move || shared.tick())?;
        }
        stream.retain()?;
        Ok(stream)
    }

    /// Appends a batch to a partition, both made if missing, and returns the indices of its rows. All or nothing:
    /// [`crate::Code::Overloaded`] if the disk cannot follow, [`crate::Code::Io`] if it is nearly full or refuses,
    /// [`crate::Code::Type`] if the columns are not as they must be.
    pub fn append(&self, topic: &str, partition: &str, batch: RecordBatch) -> Result<Range<u64>> {
        self.shared.append(&Key::new(topic, partition), batch)
    }

    /// Writes all rows taken so far and records them in the manifest; reports what failed in doing so.
    pub fn checkpoint(&self) -> Result<()> {
        self.shared.checkpoint()
    }

    /// Drops what is beyond the quotas or too old.
    pub fn retain(&self) -> Result<()> {
        self.shared.retain_all()
    }

    /// Counts.
    pub fn stats(&self) -> StreamStats {
        self.shared.stats()
    }

    /// What was found wrong when the store was opened or a partition opened again, one sentence each.
    pub fn findings(&self) -> Vec<String> {
        locked(&self.shared.findings).clone()
    }

    /// Names of all topics, sorted.
    pub fn topics(&self) -> Result<Vec<String>> {
        Ok(self.names(|key| Some(key.topic.to_string())))
    }

    /// Names of the partitions of a topic, sorted; none if there is no such topic.
    pub fn partitions(&self, topic: &str) -> Result<Vec<String>> {
        Ok(self.names(|key| (*key.topic == *topic).then(|| key.partition.to_string())))
    }

    fn names(&self, name: impl Fn(&Key) -> Option<String>) -> Vec<String> {
        let names: BTreeSet<String> = self.shared.ledger().parts().keys().filter_map(name).collect();
        names.into_iter().collect()
    }

    /// A partition as of one moment; `None` if there is no such partition.
    pub fn view(&self, topic: &str, partition: &str, want: Want) -> Result<Option<PartitionView>> {
        self.shared.view(&Key::new(topic, partition), &want)
    }

    /// The file system the segments are on, for [`SegmentReader::open`].
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.shared.store
    }

    /// Closed segments that were not yet marked by [`Stream::replicated`], oldest first.
    pub fn finished(&self) -> Result<Vec<Finished>> {
        self.shared.finished()
    }

    /// Says that a closed segment was replicated: retention may drop it. One that is gone already is fine.
    pub fn replicated(&self, topic: &str, partition: &str, number: u64) -> Result<()> {
        let place = (Key::new(topic, partition), number);
        let there = self.shared.ledger().set_replicated(&place);
        if there {
            self.shared.catalog.set_replicated(&place)?;
        }
        Ok(())
    }

    /// Writes all rows, closes all segments, and releases the folder. Reports what failed; the folder is released
    /// in any case.
    pub fn close(mut self) -> Result<()> {
        self.finish()
    }

    fn finish(&mut self) -> Result<()> {
        self.closed = true;
        locked(&self.schedule).stop();
        let closed = self.shared.close_all();
        self.shared.stop();
        let released = self.shared.release();
        closed.and(released)
    }

    /// Lets go without touching a file or a thread: for a forked child, whose parent goes on writing.
    pub fn abandon(self) {
        std::mem::forget(self);
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.generation != fork::generation() {
            // Threads, locks and the manifest belong to the parent: they are leaked rather than touched.
            locked(&self.schedule).abandon();
            std::mem::forget(Arc::clone(&self.shared));
        } else if !self.closed {
            // Whoever wants to know calls `close`.
            _ = self.finish();
        }
    }
}

fn surveyed(
    store: &Arc<dyn Store>,
    dir: &Path,
    options: &StreamOptions,
) -> Result<(Catalog, Ledger, Vec<String>)> {
    let path = options.manifest.clone().unwrap_or_else(|| dir.join("manifest.sqlite"));
    let (catalog, finding) = Catalog::open(Arc::clone(store), &path, options.sync)?;
    let (mut ledger, mut findings) = (Ledger::default(), Vec::from_iter(finding));
    ops::create_dirs(&**store, &files::topics(dir))?;
    Survey { store: &**store, dir, catalog: &catalog, ledger: &mut ledger, findings: &mut findings }.run()?;
    Ok((catalog, ledger, findings))
}
