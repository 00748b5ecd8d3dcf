//! A journal: events of many writers in a place that they share, in objects that are never rewritten.
//!
//! The files are drawn in `docs/journal.md`. Events wait in the buffer of their journal until there are enough for
//! one object (`flush`); readers see the objects and their own buffer (`read`); compaction makes one object of many,
//! beside writers and readers in any number of processes (`compact`).

mod compact;
mod events;
mod flush;
mod lease;
mod name;
mod options;
mod read;
mod view;

pub use compact::CompactStats;
pub use events::Events;
pub use options::JournalOptions;

use crate::bucket::{self, Bucket};
use crate::error::{Code, Error, Result};
use crate::fork;
use flush::Tail;
use read::Follow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use view::Names;

/// A journal that is open for appending and reading. Calls from several threads are serialised where they must be:
/// an append waits for a flush only at the threshold.
///
/// Dropping a journal stores nothing: [`Journal::close`] does, and [`Journal::discard`] says how much is lost.
#[derive(Debug)]
pub struct Journal {
    bucket: Arc<dyn Bucket>,
    options: JournalOptions,
    generation: u32,
    closed: AtomicBool,
    /// The end of what this journal has stored; held while it stores, and while names are looked at for reading. Taken
    /// before the buffer.
    tail: Mutex<Tail>,
    buffer: Mutex<Buffer>,
    follow: Mutex<Follow>,
}

/// Events that are not yet stored, each with its newline.
#[derive(Clone, Default, Debug)]
struct Buffer {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Buffer {
    fn push(&mut self, event: &[u8]) {
        self.bytes.extend_from_slice(event);
        self.bytes.push(b'\n');
        self.ends.push(self.bytes.len());
    }

    /// The first `n` events.
    fn first(&self, n: usize) -> &[u8] {
        let end = n.checked_sub(1).and_then(|i| self.ends.get(i)).copied().unwrap_or(0);
        &self.bytes[..end]
    }

    fn remove_first(&mut self, n: usize) {
        let end = self.first(n).len();
        self.bytes.drain(..end);
        self.ends.drain(..n);
        self.ends.iter_mut().for_each(|e| *e -= end);
    }
}

impl Journal {
    /// Opens the journal at a location: see [`bucket::open`]. Nothing is stored or asked for yet.
    pub fn open(location: &str, options: &JournalOptions) -> Result<Journal> {
        Self::open_in(bucket::open(location, options.durable)?, options)
    }

    /// Opens the journal in a bucket.
    pub fn open_in(bucket: Arc<dyn Bucket>, options: &JournalOptions) -> Result<Journal> {
        fork::ensure_registered()?;
        Ok(Journal {
            bucket,
            options: options.clone(),
            generation: fork::generation(),
            closed: AtomicBool::new(false),
            tail: Mutex::default(),
            buffer: Mutex::default(),
            follow: Mutex::default(),
        })
    }

    /// Adds an event: one line, without its newline. It is seen by [`Journal::read`] of this journal at once, and is
    /// stored with the flush at the threshold.
    ///
    /// [`Code::Argument`] for an event that is empty, blank or holds a newline. [`Code::Overloaded`] if as much waits as
    /// one object may hold and cannot be stored: the event was not taken. Any other error is that of the flush: the
    /// event was taken, and waits with the others.
    pub fn append(&self, event: &[u8]) -> Result<()> {
        self.check_open()?;
        events::check(event)?;
        let limit = self.options.max_object_bytes.max(1);
        if self.buffered()?.bytes.len() as u64 >= limit {
            let refused = |e: Error| {
                let waiting =
                    format!("the event was not taken: {limit} bytes of events wait and cannot be stored");
                Error::new(Code::Overloaded, e.within(waiting).message())
            };
            self.flush().map_err(refused)?;
        }
        let waiting = {
            let mut buffer = self.buffered()?;
            buffer.push(event);
            buffer.ends.len() as u64
        };
        if waiting >= self.options.threshold.max(1) {
            self.flush()?;
        }
        Ok(())
    }

    /// Events that wait in the buffer.
    pub fn pending(&self) -> Result<usize> {
        self.check_ours()?;
        Ok(self.buffered()?.ends.len())
    }

    /// Objects with events, without those that a compacted one stands for.
    pub fn file_count(&self) -> Result<usize> {
        self.check_open()?;
        Ok(self.view()?.visible.len())
    }

    /// Stores what waits, and ends the journal in any case. An error says how many events were not stored.
    pub fn close(&self) -> Result<()> {
        self.check_open()?;
        let flushed = self.flush();
        self.closed.store(true, Ordering::Release);
        flushed.map_err(|e| match self.pending() {
            Ok(lost) if lost > 0 => e.within(format_args!("{lost} events were not stored")),
            _ => e,
        })
    }

    /// Ends the journal without storing anything, and says how many events are lost.
    pub fn discard(&self) -> Result<usize> {
        self.check_open()?;
        self.closed.store(true, Ordering::Release);
        self.pending()
    }

    /// Another thread is in the middle of a call.
    pub(crate) fn is_in_call(&self) -> bool {
        self.tail.try_lock().is_err() || self.buffer.try_lock().is_err() || self.follow.try_lock().is_err()
    }

    fn check_ours(&self) -> Result<()> {
        match fork::generation() == self.generation {
            true => Ok(()),
            false => Err(Error::new(Code::Forked, "this journal belongs to the parent process")),
        }
    }

    fn check_open(&self) -> Result<()> {
        self.check_ours()?;
        match self.closed.load(Ordering::Acquire) {
            true => Err(Error::state("this journal was closed")),
            false => Ok(()),
        }
    }

    fn buffered(&self) -> Result<MutexGuard<'_, Buffer>> {
        self.buffer.lock().map_err(|_| broken())
    }

    fn names(&self) -> Result<Names> {
        Names::of(&*self.bucket)
    }
}

fn broken() -> Error {
    Error::internal("an earlier call on this journal panicked")
}

#[cfg(test)]
mod tests;
