//! What runs behind the caller's back: rotation of the hot log, compaction, publication, the heartbeat.

use super::batch::Batch;
use super::columns::Columns;
use super::monotonic::Monotonic;
use super::name;
use crate::error::{Code, Error, Result};
use crate::hotlog::HotLog;
use crate::lock::WriterLock;
use crate::store::{ops, Create, File, Store};
use crate::worker::Handler;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;

/// A compaction: rows of the rotated log on their way to the columns.
#[derive(Debug, Default)]
pub struct Compaction {
    /// The rows.
    pub batch: Batch,
    /// The flags of all metrics, by id.
    pub flags: Vec<Option<Monotonic>>,
    /// Rows of the rotated log were not kept in memory: they are read back from it.
    pub from_log: bool,
    /// The log is on stable storage: so must its rows be before it goes.
    pub durable: bool,
    /// The log that was rotated, to be closed away from the caller's thread.
    pub rotated: Option<HotLog>,
}

/// Something rare, to be run once.
pub type Call = Box<dyn FnOnce(&mut Engine) -> Result<()> + Send>;

/// Work for the engine.
// One job is in flight at a time: see below.
#[allow(clippy::large_enum_variant)]
pub enum Job {
    /// Give the hot log its second name and make a new one.
    Rotate,
    /// Move the rows of the rotated log to the columns and remove it.
    Compact(Compaction),
    /// Anything rare that must come after what is in hand.
    Call(Call),
}

/// What became of a job.
// One reply is in flight at a time: its size does not matter, and a box would cost an allocation per rotation.
#[allow(clippy::large_enum_variant)]
pub enum Reply {
    /// The new hot log, open for appending.
    Rotated(Result<Box<dyn File>>),
    /// The compaction, to be repeated if it failed.
    Compacted(Compaction, Result<()>),
    /// The outcome of a call.
    Called(Result<()>),
    /// The job panicked.
    Panicked,
}

/// What the engine did.
#[derive(Debug, Default)]
pub struct Counters {
    /// Bytes written to columns.
    pub bytes: AtomicU64,
    /// Times something was forced to stable storage.
    pub syncs: AtomicU64,
    /// Somebody else took the run over.
    pub lost: AtomicBool,
}

/// The state that jobs work on.
#[derive(Debug)]
pub struct Engine {
    /// The cold side.
    pub columns: Columns,
    /// The lock of the run, with its heartbeat.
    pub lock: Option<WriterLock>,
    /// Acknowledged rows must survive power loss.
    pub system: bool,
    /// Threads may be started where much is to be done.
    pub threads: bool,
    /// The hot log was renamed, but the new one could not be made yet.
    half_rotated: bool,
    /// `finish` has begun to put the final form of the run in place: rows that came now would be lost.
    pub published: bool,
    /// The archive may have its name, so that readers see it in the place of the folder.
    pub archived: bool,
    /// The archive is durable: all that is left of `finish` is removing the folder, which must not be packed again.
    pub packed: bool,
    /// The lock was lost to somebody else.
    lost: Option<Error>,
    /// What was done, for the writer's statistics.
    pub counters: Arc<Counters>,
}

impl Engine {
    /// An engine over columns, with the lock it is to keep alive.
    pub fn new(columns: Columns, lock: Option<WriterLock>, system: bool, threads: bool) -> Self {
        Engine {
            columns,
            lock,
            system,
            threads,
            half_rotated: false,
            published: false,
            archived: false,
            packed: false,
            lost: None,
            counters: Arc::default(),
        }
    }

    /// Error of a heartbeat that found the run taken over, told once and again.
    pub fn check_lock(&self) -> Result<()> {
        self.lost.clone().map_or(Ok(()), Err)
    }

    /// Looks whether the run is still ours, before a call that nothing can come after.
    pub fn look_at_lock(&self) -> Result<()> {
        self.check_lock()?;
        self.lock.as_ref().map_or(Ok(()), WriterLock::check)
    }

    /// Renews the lock.
    pub fn heartbeat(&mut self) {
        if let Some(lock) = &self.lock {
            if let Err(e) = lock.heartbeat() {
                // A file system that does not answer is no reason to stop; another owner is.
                if e.code() == Code::Busy {
                    self.counters.lost.store(true, Ordering::Relaxed);
                    self.lost = Some(e);
                }
            }
        }
    }

    /// Renames `hot.jsonl` to `hot.compacting.jsonl` and makes a new one. The caller may go on appending to the
    /// old file meanwhile: whatever its name, it holds rows that come before all rows of the new one.
    fn rotate(&mut self) -> Result<Box<dyn File>> {
        self.check_lock()?;
        let store = self.columns.store();
        let hot = self.columns.root().join(name::HOT);
        if !self.half_rotated {
            let compacting = self.columns.root().join(name::HOT_COMPACTING);
            rename_once(&**store, &hot, &compacting)?;
            self.half_rotated = true;
        }
        // A power cut that forgot the rename and kept the new log would leave the rows without a name.
        self.sync_folder()?;
        let file = make_log(&**self.columns.store(), &hot)?;
        self.sync_folder()?;
        // Not earlier: a second rename would put the new log over the one that is to be compacted.
        self.half_rotated = false;
        Ok(file)
    }

    fn compact(&mut self, compaction: &Compaction) -> Result<()> {
        self.check_lock()?;
        let path = self.columns.root().join(name::HOT_COMPACTING);
        self.columns.set_flags(&compaction.flags);
        if compaction.from_log {
            let batch = super::rows::read_back(&self.columns, name::HOT_COMPACTING)?;
            self.columns.absorb(&batch)?;
        } else {
            self.columns.absorb(&compaction.batch)?;
        }
        if self.system || compaction.durable {
            self.sync_columns()?;
        }
        ops::remove_if_present(&**self.columns.store(), &path)?;
        self.sync_folder()
    }

    /// The names in the run folder are on stable storage, if they are to survive power loss.
    fn sync_folder(&self) -> Result<()> {
        if self.system {
            self.columns.store().sync_dir(self.columns.root())?;
            self.count_syncs(1);
        }
        Ok(())
    }

    /// Everything in the columns is on stable storage.
    pub fn sync_columns(&mut self) -> Result<()> {
        let syncs = self.columns.sync()?;
        self.count_syncs(syncs);
        Ok(())
    }

    fn count_syncs(&self, syncs: u64) {
        self.counters.syncs.fetch_add(syncs, Ordering::Relaxed);
    }

    fn count_bytes(&mut self) {
        let bytes = self.columns.take_bytes_written();
        self.counters.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Makes the hot log of a run that has none. An empty one is taken as it is: an earlier attempt made it, though the
/// answer was an error.
pub fn make_log(store: &dyn Store, path: &Path) -> Result<Box<dyn File>> {
    match store.open_append(path, Create::New) {
        Err(e) if e.os_error() == Some(libc::EEXIST) => {
            let file = store.open_append(path, Create::Never)?;
            if file.metadata()?.len == 0 {
                Ok(file)
            } else {
                Err(e)
            }
        }
        other => other,
    }
}

/// Renames; if the source is gone and the target is there, an earlier attempt succeeded whose answer was lost (a
/// network file system may carry a rename out and still report that there was nothing to rename).
fn rename_once(store: &dyn Store, from: &Path, to: &Path) -> Result<()> {
    match store.rename(from, to) {
        Err(e) if e.is_missing() && ops::is_file(store, to)? => Ok(()),
        other => other,
    }
}

impl Handler for Engine {
    type Job = Job;
    type Reply = Reply;

    fn handle(&mut self, job: Job) -> Reply {
        let reply = match job {
            Job::Rotate => Reply::Rotated(self.rotate()),
            Job::Compact(mut compaction) => {
                drop(compaction.rotated.take());
                let result = self.compact(&compaction);
                Reply::Compacted(compaction, result)
            }
            Job::Call(work) => Reply::Called(work(self)),
        };
        self.count_bytes();
        reply
    }

    fn interval(&mut self) {
        self.heartbeat();
    }

    fn panicked(&mut self) -> Reply {
        Reply::Panicked
    }
}
