//! Copies closed segments to a bucket: each once, resumed where an earlier process was stopped, counted while they wait
//! (docs/stream-queries.md).
//!
//! An object has the name that the segment has within the folder of the store. It appears whole or not at all, so that
//! one that is there already is either the same or not ours.

use super::{Finished, Stream, StreamOptions};
use crate::bucket::{self, Bucket, Put};
use crate::error::{Code, Error, Result};
use crate::schedule::Schedule;
use crate::store::Store;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Where to, and how often.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replication {
    /// What [`bucket::open`] understands.
    pub location: String,
    /// Zero: only when asked.
    pub every: Duration,
}

/// Copies what waits.
#[derive(Debug)]
pub struct Copier {
    store: Arc<dyn Store>,
    dir: PathBuf,
    bucket: Arc<dyn Bucket>,
    /// One at a time.
    turn: Mutex<()>,
    copied: AtomicU64,
    errors: AtomicU64,
}

impl Copier {
    /// From the folder of a stream store to a bucket.
    pub fn new(store: Arc<dyn Store>, dir: &Path, bucket: Arc<dyn Bucket>) -> Copier {
        let (copied, errors) = (AtomicU64::new(0), AtomicU64::new(0));
        Copier { store, dir: dir.to_path_buf(), bucket, turn: Mutex::new(()), copied, errors }
    }

    /// Copies all segments that wait, oldest first, and says how many. What another object stands in the way of is told
    /// after the others were copied; any other error ends the attempt. What was copied stays copied.
    pub fn run(&self, stream: &Stream) -> Result<u64> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = self.copy_all(stream);
        if outcome.is_err() {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
        outcome
    }

    fn copy_all(&self, stream: &Stream) -> Result<u64> {
        let (mut copied, mut blocked) = (0, None);
        for finished in stream.finished()? {
            match self.copy(&finished) {
                Ok(()) => {}
                // Retention was told not to wait.
                Err(e) if e.is_missing() => continue,
                Err(e) if e.code() == Code::Exists => {
                    blocked = blocked.or(Some(e));
                    continue;
                }
                Err(e) => return Err(e),
            }
            stream.replicated(&finished.topic, &finished.partition, finished.segment.number)?;
            copied += 1;
            self.copied.fetch_add(1, Ordering::Relaxed);
        }
        if copied > 0 {
            // What was kept beyond the quotas only because it waited.
            stream.retain()?;
        }
        blocked.map_or(Ok(copied), Err)
    }

    /// Copies one segment, unless the same object is there. It is as durable as the bucket makes it when this returns.
    fn copy(&self, finished: &Finished) -> Result<()> {
        let path = &finished.segment.path;
        let name = self.object(path)?;
        let file = self.store.open_read(path)?;
        let mut upload = self.bucket.upload(&name)?;
        let (mut at, mut piece) = (0, vec![0; bucket::PIECE]);
        loop {
            match crate::store::ops::read_full(&*file, &mut piece, at)? {
                0 => break,
                n => {
                    upload.write(&piece[..n])?;
                    at += n as u64;
                }
            }
        }
        let settle = || self.bucket.settle(name.rsplit_once('/').map_or("", |(folder, _)| folder));
        match upload.finish()? {
            Put::Stored => Ok(()),
            Put::NotDurable(_) => settle(),
            Put::Unknown(e) => Err(e),
            Put::Refused if self.same(&name, &*file)? => settle(),
            Put::Refused => Err(Error::new(
                Code::Exists,
                format!(
                    "cannot replicate {}: {} holds something else; give each store a location of its own",
                    path.display(),
                    self.bucket.locate(&name)
                ),
            )),
        }
    }

    /// The object holds what the file holds.
    fn same(&self, name: &str, file: &dyn crate::store::File) -> Result<bool> {
        let Some(mut object) = self.bucket.open(name)? else { return Ok(false) };
        let mut at = 0;
        loop {
            let theirs = object.next()?;
            let mut ours = vec![0; theirs.len().max(1)];
            let n = crate::store::ops::read_full(file, &mut ours, at)?;
            if theirs.is_empty() {
                return Ok(n == 0);
            }
            if ours[..n] != theirs[..] {
                return Ok(false);
            }
            at += n as u64;
        }
    }

    fn object(&self, path: &Path) -> Result<String> {
        let within = path.strip_prefix(&self.dir).ok().and_then(Path::to_str);
        let outside = || Error::internal(format!("{} is not in {}", path.display(), self.dir.display()));
        Ok(within.ok_or_else(outside)?.to_string())
    }
}

/// A stream store with what copies it.
pub struct Shared {
    stream: Arc<Stream>,
    copier: Option<Arc<Copier>>,
    /// In a lock so that the store can be shared by threads; only [`Shared::close`] needs it.
    schedule: Mutex<Schedule>,
}

impl Shared {
    /// Opens a store, and replicates it if that is wanted.
    pub fn open(
        store: Arc<dyn Store>,
        dir: &Path,
        options: &StreamOptions,
        replication: Option<&Replication>,
    ) -> Result<Shared> {
        let bucket = replication.map(|r| bucket::open(&r.location, options.sync)).transpose()?;
        let stream = Arc::new(Stream::open(store.clone(), dir, options)?);
        let copier = bucket.map(|bucket| Arc::new(Copier::new(store, dir, bucket)));
        let mut schedule = Schedule::default();
        if let (Some(copier), Some(every)) = (&copier, replication.map(|r| r.every).filter(|e| !e.is_zero()))
        {
            let (copier, stream) = (copier.clone(), stream.clone());
            // What fails is counted, and tried again at the next turn.
            schedule.start(every, move || _ = copier.run(&stream))?;
        }
        Ok(Shared { stream, copier, schedule: Mutex::new(schedule) })
    }

    /// The store.
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Copies what waits and says how much. [`Code::State`] for a store that is not replicated.
    pub fn replicate(&self) -> Result<u64> {
        let nowhere = || Error::state("the stream was opened without a place to replicate to");
        self.copier.as_ref().ok_or_else(nowhere)?.run(&self.stream)
    }

    /// Segments copied since the opening, and attempts that failed.
    pub fn replicated(&self) -> (u64, u64) {
        let count = |copier: &Arc<Copier>| {
            (copier.copied.load(Ordering::Relaxed), copier.errors.load(Ordering::Relaxed))
        };
        self.copier.as_ref().map_or((0, 0), count)
    }

    /// Ends the copying after the segment in hand and closes the store.
    pub fn close(mut self) -> Result<()> {
        self.schedule.get_mut().unwrap_or_else(PoisonError::into_inner).stop();
        match Arc::into_inner(self.stream) {
            Some(stream) => stream.close(),
            None => Err(Error::internal("the stream is in use while it is closed")),
        }
    }

    /// Lets go without touching a file or a thread: for a forked child.
    pub fn abandon(self) {
        std::mem::forget(self);
    }
}

#[cfg(test)]
#[path = "replicate_tests.rs"]
mod tests;
