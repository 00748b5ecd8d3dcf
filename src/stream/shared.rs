//! What all partitions of a store share, and how they are found, opened and let go.

use crate::clock::Tick;
use crate::error::{Code, Error, Result};
use crate::lock::{self, WriterLock};
use crate::pool::Pool;
use crate::store::Store;
use crate::stream::catalog::{Catalog, Key};
use crate::stream::files;
use crate::stream::ledger::Ledger;
use crate::stream::options::StreamOptions;
use crate::stream::partition::{files_of, Life, Partition, State};
use crate::stream::recover::{Found, Inspector};
use crate::stream::stats::StreamStats;
use crate::stream::writer;
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

type Topic = HashMap<Arc<str>, Arc<Partition>>;

/// Counts since the store was opened.
#[derive(Debug, Default)]
pub struct Counters {
    pub rows: AtomicU64,
    pub batches: AtomicU64,
    pub shed_batches: AtomicU64,
    pub shed_rows: AtomicU64,
    pub refused_batches: AtomicU64,
    pub checkpoints: AtomicU64,
    pub rolls: AtomicU64,
    pub dropped_segments: AtomicU64,
    pub dropped_rows: AtomicU64,
    pub io_errors: AtomicU64,
    pub last_error: Mutex<String>,
}

/// Adds to a count.
pub fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

/// The store behind a [`super::Stream`] and its threads.
pub struct Shared {
    pub store: Arc<dyn Store>,
    pub dir: PathBuf,
    pub options: StreamOptions,
    pub catalog: Catalog,
    pub counters: Counters,
    pub findings: Mutex<Vec<String>>,
    /// One drops segments at a time. Taken before any state.
    pub retention: Mutex<()>,
    ledger: Mutex<Ledger>,
    topics: Mutex<HashMap<Arc<str>, Topic>>,
    pool: Pool,
    lock: Mutex<Option<WriterLock>>,
    beat: Mutex<Tick>,
    /// Another process has taken the store over.
    lost: Mutex<Option<Error>>,
    /// Counts uses, to know the least recent.
    uses: AtomicU64,
    /// Bytes of rows in memory.
    memory: AtomicU64,
    /// Told when memory was freed.
    relief: (Mutex<()>, Condvar),
    read_only: AtomicBool,
}

/// Memory for the rows of a batch that is being taken. It is free again unless they come.
pub struct Room<'a> {
    shared: &'a Shared,
    bytes: u64,
}

impl Room<'_> {
    /// The rows are there, and have so many bytes: these are in use until they are written.
    pub fn fill(mut self, bytes: u64) {
        let spare = self.bytes.saturating_sub(bytes);
        self.bytes = 0;
        self.shared.release_memory(spare);
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.shared.release_memory(self.bytes);
            self.shared.relieved();
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stream store in {}", self.dir.display())
    }
}

/// Takes a mutex whatever became of others who had it.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// What a survey has made ready.
    pub fn new(
        (store, dir, options): (Arc<dyn Store>, PathBuf, StreamOptions),
        (catalog, ledger, findings): (Catalog, Ledger, Vec<String>),
        lock: WriterLock,
    ) -> Result<Shared> {
        let pool = Pool::start(options.threads)?;
        Ok(Shared {
            store,
            dir,
            options,
            catalog,
            counters: Counters::default(),
            findings: Mutex::new(findings),
            retention: Mutex::new(()),
            ledger: Mutex::new(ledger),
            topics: Mutex::default(),
            pool,
            lock: Mutex::new(Some(lock)),
            beat: Mutex::new(Tick::now()),
            lost: Mutex::new(None),
            uses: AtomicU64::new(0),
            memory: AtomicU64::new(0),
            relief: (Mutex::new(()), Condvar::new()),
            read_only: AtomicBool::new(false),
        })
    }

    /// What is on disk. Taken last of all.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        locked(&self.ledger)
    }

    /// Counts a failure and remembers what it was.
    pub fn note_error(&self, error: &Error) {
        count(&self.counters.io_errors, 1);
        error.message().clone_into(&mut locked(&self.counters.last_error));
    }

    /// Nobody else has taken the store over.
    pub fn check_owner(&self) -> Result<()> {
        locked(&self.lost).clone().map_or(Ok(()), Err)
    }

    /// A sign of life, when one is due.
    pub fn heartbeat(&self) {
        {
            let mut beat = locked(&self.beat);
            if u128::from(beat.elapsed_ns()) < lock::BEAT.as_nanos() {
                return;
            }
            *beat = Tick::now();
        }
        let beaten = locked(&self.lock).as_ref().map_or(Ok(()), WriterLock::heartbeat);
        if let Err(e) = beaten {
            self.note_error(&e);
            if e.code() == Code::Busy {
                *locked(&self.lost) = Some(e);
            }
        }
    }

    /// Gives the folder up.
    pub fn release(&self) -> Result<()> {
        locked(&self.lock).take().map_or(Ok(()), WriterLock::release)
    }

    /// Ends the threads after what they have in hand.
    pub fn stop(&self) {
        self.pool.stop();
    }

    /// Has a writer take charge of a partition whose state says that one is.
    pub fn post(self: &Arc<Self>, partition: &Arc<Partition>) {
        let (shared, partition) = (Arc::clone(self), Arc::clone(partition));
        self.pool.post(move || writer::work(&shared, &partition));
    }

    /// The partition with these names, made if missing. Lets go of the topics used least recently beyond the bound.
    pub fn partition(self: &Arc<Self>, key: &Key) -> Result<Arc<Partition>> {
        let mut topics = locked(&self.topics);
        let found = topics.get(&key.topic).and_then(|topic| topic.get(&key.partition)).cloned();
        let partition = match found {
            Some(partition) => partition,
            None => {
                let folder = files::partition(&self.dir, key)?;
                let partition = Arc::new(Partition::new(key.clone(), folder));
                let topic = topics.entry(key.topic.clone()).or_default();
                topic.insert(key.partition.clone(), Arc::clone(&partition));
                partition
            }
        };
        partition.used.store(self.uses.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        let surplus =
            if topics.len() > self.options.open_topics { least_used(&topics, &key.topic) } else { None };
        drop(topics);
        surplus.into_iter().flatten().for_each(|partition| self.let_go(&partition));
        Ok(partition)
    }

    /// The partition, if it is open or on disk.
    pub fn existing(self: &Arc<Self>, key: &Key) -> Result<Option<Arc<Partition>>> {
        let known = self.open_partition(key).is_some() || self.ledger().part(key).is_some();
        known.then(|| self.partition(key)).transpose()
    }

    fn open_partition(&self, key: &Key) -> Option<Arc<Partition>> {
        locked(&self.topics).get(&key.topic)?.get(&key.partition).cloned()
    }

    /// All partitions that are open.
    pub fn open_partitions(&self) -> Vec<Arc<Partition>> {
        let topics = locked(&self.topics);
        topics.values().flat_map(|topic| topic.values().cloned()).collect()
    }

    /// A partition is written whole and then closed, unless it is used meanwhile.
    fn let_go(self: &Arc<Self>, partition: &Arc<Partition>) {
        let mut state = partition.lock();
        match state.life {
            Life::Closed => {}
            Life::New => {
                state.life = Life::Closed;
                drop(state);
                self.forget(partition);
            }
            Life::Open => {
                (state.wanted, state.leave) = (state.next, true);
                if !std::mem::replace(&mut state.writing, true) {
                    drop(state);
                    self.post(partition);
                }
            }
        }
    }

    /// A closed partition is not found any more; the next use makes it anew.
    pub fn forget(&self, partition: &Arc<Partition>) {
        let mut topics = locked(&self.topics);
        let key = &partition.key;
        let Some(topic) = topics.get_mut(&key.topic) else { return };
        if topic.get(&key.partition).is_some_and(|found| Arc::ptr_eq(found, partition)) {
            topic.remove(&key.partition);
            if topic.is_empty() {
                topics.remove(&key.topic);
            }
        }
    }

    /// The state of a partition that is open now; `None` if it was closed: look it up again.
    pub fn state<'a>(
        self: &Arc<Self>,
        partition: &'a Arc<Partition>,
    ) -> Result<Option<MutexGuard<'a, State>>> {
        let mut state = partition.lock();
        match state.life {
            Life::Open => Ok(Some(state)),
            Life::Closed => {
                drop(state);
                self.forget(partition);
                Ok(None)
            }
            Life::New => {
                self.begin(partition, &mut state)?;
                Ok(Some(state))
            }
        }
    }

    /// Takes over what is on disk.
    fn begin(&self, partition: &Partition, state: &mut State) -> Result<()> {
        let (last, open) = self.ledger().last(&partition.key);
        let mut tail = None;
        if let Some(number) = open {
            let row = self.catalog.row(&(partition.key.clone(), number))?;
            let mut findings = Vec::new();
            let mut inspector = Inspector {
                store: &*self.store,
                folder: &partition.folder,
                row: row.as_ref(),
                expected: last.map_or(0, |(_, end)| end),
                findings: &mut findings,
            };
            let found = inspector.inspect(number)?;
            locked(&self.findings).append(&mut findings);
            match found {
                Found::Open(found) => tail = Some(found),
                _ => {
                    let folder = &partition.folder;
                    return Err(Error::corrupt(
                        folder,
                        format_args!("segment {number} was changed by somebody else: open the store again"),
                    ));
                }
            }
        }
        let memory = state.begin(last, tail.as_deref());
        self.memory.fetch_add(memory, Ordering::Relaxed);
        if let Some(tail) = tail {
            *locked(&partition.files) = Some(files_of(*tail)?);
        }
        Ok(())
    }

    /// Rows left memory.
    pub fn release_memory(&self, bytes: u64) {
        self.memory.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Somebody who waits for memory may look again.
    pub fn relieved(&self) {
        self.relief.1.notify_all();
    }

    /// Room in memory for so many more bytes of rows, after a while if need be. Else [`Code::Overloaded`].
    pub fn admit(self: &Arc<Self>, bytes: u64) -> Result<Room<'_>> {
        let room = || {
            let with =
                |memory: u64| memory.checked_add(bytes).filter(|sum| *sum <= self.options.active_bytes);
            let taken = self.memory.fetch_update(Ordering::Relaxed, Ordering::Relaxed, with);
            taken.ok().map(|_| Room { shared: self, bytes })
        };
        if let Some(room) = room() {
            return Ok(room);
        }
        self.let_go_for(bytes);
        let start = Tick::now();
        let mut guard = locked(&self.relief.0);
        loop {
            if let Some(room) = room() {
                return Ok(room);
            }
            let waited = Duration::from_nanos(start.elapsed_ns());
            let Some(left) = self.options.overload_wait.checked_sub(waited).filter(|d| !d.is_zero()) else {
                return Err(Error::new(
                    Code::Overloaded,
                    format!(
                        "the disk cannot follow: {} bytes of rows wait in memory, {} are allowed; nothing of the \
                         batch was kept, try again",
                        self.memory.load(Ordering::Relaxed),
                        self.options.active_bytes
                    ),
                ));
            };
            // A notice that came before the lock was taken is made up for by looking again soon.
            let wait = left.min(Duration::from_millis(5));
            guard = self.relief.1.wait_timeout(guard, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Has the partitions used least recently written and closed, as many as hold so many bytes.
    fn let_go_for(self: &Arc<Self>, bytes: u64) {
        let mut partitions = self.open_partitions();
        partitions.sort_by_key(|partition| partition.used.load(Ordering::Relaxed));
        let mut freed = 0;
        for partition in partitions {
            if freed >= bytes {
                break;
            }
            freed += partition.lock().open_segments().map(|segment| segment.memory).sum::<u64>();
            self.let_go(&partition);
        }
    }

    /// Looks whether the disk is nearly full, which makes the store read-only until it is not any more.
    pub fn look_at_free_space(&self) {
        if self.options.min_free_bytes == 0 {
            return;
        }
        match self.store.free_space(&self.dir) {
            Ok(free) => {
                let low = free.is_some_and(|free| free < self.options.min_free_bytes);
                self.read_only.store(low, Ordering::Relaxed);
            }
            Err(e) => self.note_error(&e),
        }
    }

    /// The disk is not nearly full.
    pub fn check_free_space(&self) -> Result<()> {
        if !self.read_only.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.look_at_free_space();
        if !self.read_only.load(Ordering::Relaxed) {
            return Ok(());
        }
        Err(Error::new(
            Code::Io,
            format!(
                "the disk of {} has less than {} bytes free: nothing is taken until there is more; free space, or \
                 lower the limit",
                self.dir.display(),
                self.options.min_free_bytes
            ),
        ))
    }

    /// Commits what the manifest was told, and counts its size.
    pub fn flush_catalog(&self) -> Result<bool> {
        let flushed = self.catalog.flush()?;
        if flushed {
            let size = self.catalog.size()?;
            self.ledger().set_manifest(size);
        }
        Ok(flushed)
    }

    /// Counts.
    pub fn stats(&self) -> StreamStats {
        let counters = &self.counters;
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let open_topics = locked(&self.topics).len() as u64;
        let ledger = self.ledger();
        StreamStats {
            rows: get(&counters.rows),
            batches: get(&counters.batches),
            shed_batches: get(&counters.shed_batches),
            shed_rows: get(&counters.shed_rows),
            refused_batches: get(&counters.refused_batches),
            checkpoints: get(&counters.checkpoints),
            rolls: get(&counters.rolls),
            dropped_segments: get(&counters.dropped_segments),
            dropped_rows: get(&counters.dropped_rows),
            io_errors: get(&counters.io_errors),
            last_error: locked(&counters.last_error).clone(),
            bytes: ledger.bytes(),
            active_bytes: get(&self.memory),
            open_topics,
            segments: ledger.segments(),
            waiting: if self.options.replicate { ledger.waiting() } else { 0 },
            read_only: self.read_only.load(Ordering::Relaxed),
        }
    }
}

/// The partitions of the topic that was used least recently, `except` one.
fn least_used(topics: &HashMap<Arc<str>, Topic>, except: &Arc<str>) -> Option<Vec<Arc<Partition>>> {
    let used = |topic: &Topic| topic.values().map(|p| p.used.load(Ordering::Relaxed)).max().unwrap_or(0);
    let least = topics.iter().filter(|(name, _)| *name != except).min_by_key(|(_, topic)| used(topic));
    least.map(|(_, topic)| topic.values().cloned().collect())
}

#[cfg(test)]
mod tests {
    use crate::error::Code;
    use crate::store::MemoryStore;
    use crate::stream::{Stream, StreamOptions};
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;

    #[test]
    fn batches_that_are_being_taken_are_bounded_with_those_in_memory() {
        let options = StreamOptions {
            threads: 0,
            checkpoint: Duration::ZERO,
            overload_wait: Duration::ZERO,
            active_bytes: 1000,
            manifest: Some(":memory:".into()),
            ..StreamOptions::default()
        };
        let stream = Stream::open(Arc::new(MemoryStore::new()), Path::new("/stream"), &options).unwrap();
        let shared = &stream.shared;
        let in_use = || stream.stats().active_bytes;
        let first = shared.admit(600).unwrap();
        assert_eq!(shared.admit(401).map(drop).unwrap_err().code(), Code::Overloaded);
        let second = shared.admit(400).unwrap();
        assert_eq!(in_use(), 1000);
        // This batch fails, and its room is free again; of that one it was too much.
        drop(second);
        first.fill(590);
        assert_eq!(in_use(), 590);
        assert_eq!(shared.admit(411).map(drop).unwrap_err().code(), Code::Overloaded);
        shared.admit(410).unwrap().fill(410);
        assert_eq!(in_use(), 1000);
        shared.release_memory(1000);
        stream.close().unwrap();
    }
}
