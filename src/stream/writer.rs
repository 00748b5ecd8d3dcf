//! Writes what a partition has in memory, one step at a time, with one writer in charge of a partition.
//!
//! The rows stay in memory until a step is done: whoever looks meanwhile finds them there, and after an error the
//! next writer repeats the step.

use crate::error::{Error, Result};
use crate::hotlog::HotLog;
use crate::panics;
use crate::store::{ops, Create};
use crate::stream::catalog::{Key, Row};
use crate::stream::files;
use crate::stream::ledger::Sealed;
use crate::stream::partition::{joined, Cache, Files, Group, Life, Partition, Segment, State};
use crate::stream::recover::CACHE_MAGIC;
use crate::stream::segment::encode::{Encoder, MAGIC};
use crate::stream::shared::Shared;
use crate::stream::view::Format;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

/// Full chunks of so many bytes are written without being asked for.
pub const EAGER: u64 = 4 << 20;

/// Bytes that one step writes, a chunk more or less.
const STEP: u64 = 8 << 20;

/// A segment by what does not change.
struct Place {
    number: u64,
    start: u64,
    schema: SchemaRef,
}

/// What a writer does next.
enum Step {
    /// Full chunks, or the last ones of a segment that is to be closed, go into its file.
    Save(Place, Vec<Group>),
    /// The footer makes it a file for everyone.
    Close(Place, Row),
    /// What is in the file is synced, the rest goes into the cache, and the manifest is told.
    Record(Place, Option<Group>, Row),
}

/// What a step has done.
enum Done {
    Saved {
        up_to: u64,
        bytes: u64,
    },
    /// Closed, and the file that another took the place of, with its bytes.
    Closed(Sealed, Option<(PathBuf, u64)>),
    Recorded {
        cached: u64,
        cache_bytes: u64,
        bytes: u64,
    },
}

fn place(segment: &Segment) -> Place {
    Place { number: segment.number, start: segment.start, schema: segment.schema.clone() }
}

/// The first chunks that one step writes.
fn first_groups(segment: &Segment, only_full: bool) -> Vec<Group> {
    let mut bytes = 0;
    let groups = segment.groups.iter().take_while(|group| {
        let fits = bytes == 0 || bytes + group.bytes <= STEP;
        bytes += group.bytes;
        fits && (!only_full || group.is_full())
    });
    groups.cloned().collect()
}

fn next_step(state: &mut State, key: &Key) -> Option<Step> {
    if state.seal && state.pending.is_none() {
        state.seal = false;
        state.pending = state.active.take_if(|active| active.rows() > 0);
    }
    if let Some(pending) = &state.pending {
        if pending.groups.is_empty() {
            // Its row as of the end, but for the size.
            let row = Row { records: pending.start..pending.end, ..pending.row(key) };
            return Some(Step::Close(place(pending), row));
        }
        return Some(Step::Save(place(pending), first_groups(pending, false)));
    }
    let active = state.active.as_ref()?;
    let front = active.groups.front();
    if let Some(front) = front.filter(|group| group.is_full()) {
        if front.start < state.wanted || active.full() >= EAGER {
            return Some(Step::Save(place(active), first_groups(active, true)));
        }
    }
    let tail = front.filter(|group| !group.is_full()).cloned();
    (state.wanted > state.recorded).then(|| Step::Record(place(active), tail, active.row(key)))
}

/// Does all there is to do for a partition whose state says that a writer is in charge.
pub fn work(shared: &Arc<Shared>, partition: &Arc<Partition>) {
    loop {
        let mut state = partition.lock();
        let Some(step) = next_step(&mut state, &partition.key) else {
            let leaves = std::mem::take(&mut state.leave) && !state.is_dirty();
            if leaves {
                close(shared, partition, &mut state);
            }
            state.writing = false;
            drop(state);
            partition.changed.notify_all();
            shared.relieved();
            if leaves {
                shared.forget(partition);
            }
            return;
        };
        drop(state);
        let done = match panics::catch(|| perform(shared, partition, &step)) {
            Ok(done) => done,
            Err(panic) => Err(Error::internal(format!("writing {} failed: {panic}", partition.key))),
        };
        match done {
            Ok(done) => {
                let closed = matches!(done, Done::Closed(..));
                let replaced = if let Done::Closed(_, replaced) = &done { replaced.clone() } else { None };
                apply(shared, partition, &step, done);
                // Only now does no view name it any more.
                if let Some((path, bytes)) = replaced {
                    match ops::remove_if_present(&*shared.store, &path) {
                        Ok(_) => shared.ledger().shrink(&partition.key, bytes),
                        Err(e) => shared.note_error(&e),
                    }
                }
                if closed {
                    shared.after_roll(partition);
                }
            }
            Err(e) => {
                let e = e.within(format_args!("partition {}", partition.key));
                shared.note_error(&e);
                let no_room = e.code() == crate::error::Code::Overloaded;
                let mut state = partition.lock();
                state.failed = Some(e);
                (state.leave, state.writing) = (false, false);
                drop(state);
                partition.changed.notify_all();
                shared.relieved();
                if no_room {
                    shared.make_others_close(partition);
                }
                return;
            }
        }
    }
}

/// Everything is in files: lets go of what is in memory.
fn close(shared: &Shared, partition: &Partition, state: &mut State) {
    *partition.files.lock().unwrap_or_else(PoisonError::into_inner) = None;
    shared.release_memory(state.active.take().map_or(0, |active| active.memory));
    state.life = Life::Closed;
}

fn apply(shared: &Shared, partition: &Partition, step: &Step, done: Done) {
    let mut state = partition.lock();
    let number = match step {
        Step::Save(place, _) | Step::Close(place, _) | Step::Record(place, ..) => place.number,
    };
    let mut pending = state.pending.take();
    let mut active = state.active.take();
    let segment = pending.iter_mut().chain(active.iter_mut()).find(|segment| segment.number == number);
    if let Some(segment) = segment {
        match done {
            Done::Saved { up_to, bytes } => {
                shared.release_memory(segment.saved_up_to(up_to));
                segment.bytes = bytes;
            }
            Done::Recorded { cached, cache_bytes, bytes } => {
                segment.cached = segment.cached.max(cached);
                (segment.cache_bytes, segment.bytes) = (cache_bytes, bytes);
                state.recorded = state.recorded.max(segment.cached);
            }
            Done::Closed(sealed, _) => {
                state.recorded = state.recorded.max(segment.end);
                // From here on the segment is found among the closed ones, and at no moment in neither place.
                shared.ledger().seal(&partition.key, number, sealed);
                pending = None;
            }
        }
    }
    (state.pending, state.active) = (pending, active);
    drop(state);
    partition.changed.notify_all();
    shared.relieved();
}

fn perform(shared: &Shared, partition: &Partition, step: &Step) -> Result<Done> {
    shared.check_owner()?;
    shared.look_at_free_space();
    let mut slot = partition.files.lock().unwrap_or_else(PoisonError::into_inner);
    let mut writer = match step {
        Step::Save(place, _) | Step::Close(place, _) | Step::Record(place, ..) => {
            let files = opened(shared, partition, &mut slot, place)?;
            Writer { shared, partition, place, files }
        }
    };
    match step {
        Step::Save(_, groups) => writer.save(groups),
        Step::Record(_, tail, row) => writer.record(tail.as_ref(), row),
        Step::Close(_, row) => {
            let (sealed, replaced) = writer.close(row)?;
            *slot = None;
            Ok(Done::Closed(sealed, replaced))
        }
    }
}

/// The files of a segment, made if there are none yet.
fn opened<'a>(
    shared: &Shared,
    partition: &Partition,
    slot: &'a mut Option<Files>,
    place: &Place,
) -> Result<&'a mut Files> {
    if slot.as_ref().is_none_or(|files| files.number != place.number) {
        let encoder = Encoder::new(&place.schema, place.start)?;
        let path = files::segment(&partition.folder, place.number, Format::Arrow);
        let create = || shared.store.open_append(&path, Create::New);
        let (file, new_folders) = match create() {
            Err(e) if e.is_missing() => {
                ops::create_dirs(&*shared.store, &partition.folder)?;
                (create()?, true)
            }
            other => (other?, false),
        };
        *slot = Some(Files {
            number: place.number,
            log: HotLog::new(file, 0),
            encoder,
            frames: Vec::new(),
            cache: None,
            unsynced: true,
            new_name: true,
            new_folders,
            footed: false,
        });
    }
    slot.as_mut().ok_or_else(|| Error::internal("a segment without files"))
}

struct Writer<'a> {
    shared: &'a Shared,
    partition: &'a Partition,
    place: &'a Place,
    files: &'a mut Files,
}

impl Writer<'_> {
    /// Appends to the segment, within the quota.
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let key = &self.partition.key;
        self.shared.make_room(key, bytes.len() as u64)?;
        let appended = self.files.log.append(bytes);
        match appended {
            Ok(()) => {
                self.files.unsynced = true;
                let mut ledger = self.shared.ledger();
                if ledger.part(key).is_none_or(|part| part.open != Some(self.place.number)) {
                    ledger.set_open(key, self.place.number);
                }
            }
            Err(_) => self.shared.ledger().shrink(key, bytes.len() as u64),
        }
        appended
    }

    /// The head, where nothing was written yet.
    fn head(&self) -> Vec<u8> {
        match self.files.log.good_len() {
            0 => [&MAGIC, self.files.encoder.head()].concat(),
            _ => Vec::new(),
        }
    }

    fn save(&mut self, groups: &[Group]) -> Result<Done> {
        let offset = self.files.log.good_len();
        let mut out = self.head();
        let mut frames = Vec::with_capacity(groups.len());
        let mut up_to = 0;
        for group in groups {
            if let Some(batch) = joined(group, &self.place.schema, group.start..group.end())? {
                frames.push(self.files.encoder.encode(&batch, &mut out, offset)?);
            }
            up_to = group.end();
        }
        self.append(&out)?;
        self.files.frames.extend(frames);
        Ok(Done::Saved { up_to, bytes: self.files.log.good_len() })
    }

    /// What was appended to the segment is on stable storage, with its name.
    fn sync(&mut self) -> Result<()> {
        if !self.shared.options.sync {
            return Ok(());
        }
        let store = &*self.shared.store;
        if self.files.unsynced {
            self.files.log.sync()?;
            self.files.unsynced = false;
        }
        if self.files.new_name {
            store.sync_dir(&self.partition.folder)?;
            self.files.new_name = false;
        }
        if self.files.new_folders {
            let above = self.partition.folder.ancestors().skip(1);
            above
                .take_while(|path| path.starts_with(&self.shared.dir))
                .try_for_each(|p| store.sync_dir(p))?;
            self.files.new_folders = false;
        }
        Ok(())
    }

    fn record(&mut self, tail: Option<&Group>, row: &Row) -> Result<Done> {
        let head = self.head();
        if !head.is_empty() {
            self.append(&head)?;
        }
        self.sync()?;
        let chunk = self.files.frames.len() as u32;
        if self.files.cache.as_ref().is_some_and(|cache| cache.chunk.is_some_and(|c| c != chunk)) {
            self.empty_cache()?;
        }
        let mut end = row.records.end;
        if let Some(tail) = tail {
            let cached = self.files.cache.as_ref().filter(|cache| cache.chunk.is_some());
            let from = cached.map_or(tail.start, |cache| cache.end);
            if let Some(batch) = joined(tail, &self.place.schema, from..tail.end())? {
                self.cache(&batch, chunk, tail.end())?;
            }
            end = tail.end();
        }
        let cache_bytes = self.files.cache.as_ref().map_or(0, |cache| cache.log.good_len());
        let bytes = self.files.log.good_len();
        let (records, size) = (row.records.start..end, bytes + cache_bytes);
        self.shared.catalog.note(Row { records, size, ..row.clone() });
        Ok(Done::Recorded { cached: end, cache_bytes, bytes })
    }

    /// Appends rows to the cache, made if there is none.
    fn cache(&mut self, batch: &RecordBatch, chunk: u32, end: u64) -> Result<()> {
        let key = &self.partition.key;
        let cache = match &mut self.files.cache {
            Some(cache) => cache,
            none => {
                let path = files::cache(&self.partition.folder, self.place.number);
                let file = self.shared.store.open_append(&path, Create::New)?;
                let encoder = Encoder::new(&self.place.schema, self.place.start)?;
                self.files.new_name = true;
                none.insert(Cache { log: HotLog::new(file, 0), encoder, chunk: None, end: 0 })
            }
        };
        let mut out = Vec::new();
        if cache.chunk.is_none() {
            out = [&CACHE_MAGIC, &chunk.to_le_bytes()[..], cache.encoder.head()].concat();
        }
        cache.encoder.encode(batch, &mut out, 0)?;
        self.shared.make_room(key, out.len() as u64)?;
        if let Err(e) = cache.log.append(&out) {
            self.shared.ledger().shrink(key, out.len() as u64);
            return Err(e);
        }
        (cache.chunk, cache.end) = (Some(chunk), end);
        if self.shared.options.sync {
            cache.log.sync()?;
        }
        self.sync()
    }

    fn empty_cache(&mut self) -> Result<()> {
        if let Some(cache) = &mut self.files.cache {
            let bytes = cache.log.good_len();
            cache.log.cut(0)?;
            cache.chunk = None;
            self.shared.ledger().shrink(&self.partition.key, bytes);
        }
        Ok(())
    }

    fn close(&mut self, row: &Row) -> Result<(Sealed, Option<(PathBuf, u64)>)> {
        if !self.files.footed {
            let footer = [&self.head()[..], &self.files.encoder.footer(&self.files.frames)].concat();
            self.append(&footer)?;
            self.files.footed = true;
        }
        self.sync()?;
        if let Some(cache) = self.files.cache.take() {
            let bytes = cache.log.good_len();
            let path = files::cache(&self.partition.folder, self.place.number);
            if let Err(e) = ops::remove_if_present(&*self.shared.store, &path) {
                self.files.cache = Some(cache);
                return Err(e);
            }
            self.shared.ledger().shrink(&self.partition.key, bytes);
        }
        let mut row = Row { size: self.files.log.good_len(), ..row.clone() };
        let replaced = self.in_other_form(&mut row);
        let (bytes, records, time, format) = (row.size, row.records.clone(), row.time, row.format);
        self.shared.catalog.note(row);
        self.shared.flush_catalog()?;
        Ok((Sealed { bytes, records, time, format, replicated: false }, replaced))
    }

    /// Puts the closed segment into the form that the options ask for, if that is another one, beside the file that is
    /// there; gives that file, to be removed once the manifest names the new one. A segment that has no such form, or
    /// for which there is no room, stays as it is.
    #[cfg(feature = "parquet")]
    fn in_other_form(&mut self, row: &mut Row) -> Option<(PathBuf, u64)> {
        if self.shared.options.format != Format::Parquet || row.records.is_empty() {
            return None;
        }
        let arrow = files::segment(&self.partition.folder, self.place.number, Format::Arrow);
        match self.write_parquet(row, &arrow) {
            Ok(bytes) => {
                let replaced = (arrow, row.size);
                (row.size, row.format) = (bytes, Format::Parquet);
                Some(replaced)
            }
            Err(e) => {
                self.shared.note_error(&e.within(format_args!("{} stays in Arrow", arrow.display())));
                None
            }
        }
    }

    #[cfg(not(feature = "parquet"))]
    fn in_other_form(&mut self, _: &mut Row) -> Option<(PathBuf, u64)> {
        None
    }

    #[cfg(feature = "parquet")]
    fn write_parquet(&mut self, row: &Row, arrow: &std::path::Path) -> Result<u64> {
        let meta = crate::stream::view::SegmentMeta {
            number: self.place.number,
            path: arrow.to_path_buf(),
            format: Format::Arrow,
            records: row.records.clone(),
            time: row.time,
            bytes: row.size,
            sealed: true,
        };
        let bytes = crate::stream::segment::parquet::encode(&self.shared.store, &meta)?;
        let path = files::segment(&self.partition.folder, self.place.number, Format::Parquet);
        let (key, size) = (&self.partition.key, bytes.len() as u64);
        self.shared.make_room(key, size)?;
        ops::replace(&*self.shared.store, &path, &bytes)
            .map(|()| size)
            .inspect_err(|_| self.shared.ledger().shrink(key, size))
    }
}
