//! One partition: the rows that no file has yet, and which writer has what in hand.

use crate::clock::Tick;
use crate::error::{Error, Result};
use crate::hotlog::HotLog;
use crate::stream::batch::{self, Checked, CHUNK_BYTES, CHUNK_ROWS};
use crate::stream::catalog::{Key, Row};
use crate::stream::recover::{span, Tail};
use crate::stream::segment::encode::Encoder;
use crate::stream::segment::frames::Frame;
use crate::stream::view::{Chunk, Format};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use std::collections::VecDeque;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Batches that become one chunk.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Index of the first record.
    pub start: u64,
    /// The rows.
    pub batches: Vec<RecordBatch>,
    /// How many.
    pub rows: u64,
    /// Bytes of them.
    pub bytes: u64,
}

impl Group {
    /// Takes no more.
    pub fn is_full(&self) -> bool {
        self.rows >= CHUNK_ROWS as u64 || self.bytes >= CHUNK_BYTES
    }

    /// Index after the last record.
    pub fn end(&self) -> u64 {
        self.start + self.rows
    }
}

/// A segment that is not closed: what is in its file, and what is not yet.
#[derive(Debug)]
pub struct Segment {
    /// Its number.
    pub number: u64,
    /// Columns and metadata.
    pub schema: SchemaRef,
    /// Index of its first record.
    pub start: u64,
    /// Index after the last record that its file has.
    pub saved: u64,
    /// Index after the last record that its cache has.
    pub cached: u64,
    /// Index after its last record.
    pub end: u64,
    /// Bytes of its file that may be read.
    pub bytes: u64,
    /// Bytes of its cache.
    pub cache_bytes: u64,
    /// Rows from `saved` on. Only the last may not be full.
    pub groups: VecDeque<Group>,
    /// Bytes of those.
    pub memory: u64,
    /// Oldest and newest time.
    pub time: Option<(i64, i64)>,
    /// When its first row came.
    pub since: Tick,
}

impl Segment {
    /// One without rows or a file.
    pub fn new(number: u64, schema: SchemaRef, start: u64) -> Self {
        Segment {
            number,
            schema,
            start,
            saved: start,
            cached: start,
            end: start,
            bytes: 0,
            cache_bytes: 0,
            groups: VecDeque::new(),
            memory: 0,
            time: None,
            since: Tick::now(),
        }
    }

    /// One that was found. Gives the bytes of its rows in memory too.
    pub fn found(tail: &Tail) -> Self {
        let mut segment = Segment::new(tail.number, tail.schema.clone(), tail.records.start);
        segment.saved = tail.records.end;
        segment.end = tail.records.end;
        segment.bytes = tail.bytes;
        segment.cache_bytes = tail.cache.as_ref().map_or(0, |(_, bytes)| *bytes);
        for batch in &tail.cached {
            let bytes = batch::size(batch);
            segment.push_piece(batch.clone(), bytes);
        }
        segment.cached = segment.end;
        segment.time = tail.time;
        segment
    }

    /// Records in it.
    pub fn rows(&self) -> u64 {
        self.end - self.start
    }

    /// Bytes on disk and in memory.
    pub fn size(&self) -> u64 {
        self.bytes + self.memory
    }

    /// Takes a batch.
    pub fn push(&mut self, checked: &Checked) {
        if self.rows() == 0 {
            self.since = Tick::now();
        }
        let rows = checked.batch.num_rows() as u64;
        for piece in batch::pieces(&checked.batch, checked.bytes) {
            let bytes = checked.bytes * piece.num_rows() as u64 / rows;
            self.push_piece(piece, bytes);
        }
        self.time = span(self.time, Some(checked.time));
    }

    fn push_piece(&mut self, piece: RecordBatch, bytes: u64) {
        let rows = piece.num_rows() as u64;
        let group = match self.groups.back_mut() {
            Some(group) if !group.is_full() => group,
            _ => {
                self.groups.push_back(Group { start: self.end, ..Group::default() });
                match self.groups.back_mut() {
                    Some(group) => group,
                    None => return,
                }
            }
        };
        group.batches.push(piece);
        group.rows += rows;
        group.bytes += bytes;
        self.memory += bytes;
        self.end += rows;
    }

    /// Forgets rows that the file has now; gives the bytes of them.
    pub fn saved_up_to(&mut self, saved: u64) -> u64 {
        let mut freed = 0;
        while self.groups.front().is_some_and(|group| group.end() <= saved) {
            freed += self.groups.pop_front().map_or(0, |group| group.bytes);
        }
        self.saved = saved;
        self.cached = self.cached.max(saved);
        self.memory -= freed;
        freed
    }

    /// Chunks that are full, and bytes of them.
    pub fn full(&self) -> u64 {
        match self.groups.back() {
            Some(last) if !last.is_full() => self.memory - last.bytes,
            _ => self.memory,
        }
    }

    /// Rows that are not in the file.
    pub fn unsaved(&self) -> impl Iterator<Item = Chunk> + '_ {
        self.groups.iter().flat_map(|group| {
            let mut start = group.start;
            group.batches.iter().map(move |batch| {
                let chunk = Chunk { start, batch: batch.clone() };
                start += batch.num_rows() as u64;
                chunk
            })
        })
    }

    /// What the manifest is to say about it.
    pub fn row(&self, key: &Key) -> Row {
        Row {
            key: key.clone(),
            segment: self.number,
            time: self.time.unwrap_or((0, 0)),
            records: self.start..self.cached.max(self.saved),
            size: self.bytes + self.cache_bytes,
            format: Format::Arrow,
        }
    }
}

/// The files of the segment that is being written. Only the writer in charge touches them.
#[derive(Debug)]
pub struct Files {
    /// Number of the segment.
    pub number: u64,
    /// Its file.
    pub log: HotLog,
    /// What makes its frames.
    pub encoder: Encoder,
    /// Its chunks.
    pub frames: Vec<Frame>,
    /// The cache, if there is one.
    pub cache: Option<Cache>,
    /// Something was appended since the last sync.
    pub unsynced: bool,
    /// The name of the file is not on stable storage.
    pub new_name: bool,
    /// Nor are those of its folders.
    pub new_folders: bool,
    /// The footer was written.
    pub footed: bool,
}

/// The cache of an open segment.
#[derive(Debug)]
pub struct Cache {
    /// Its file.
    pub log: HotLog,
    /// What makes its frames.
    pub encoder: Encoder,
    /// The chunk that it holds rows of; `None`: it was emptied.
    pub chunk: Option<u32>,
    /// Index after the last record in it.
    pub end: u64,
}

/// Where a partition is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Life {
    /// Not looked at yet.
    New,
    /// In use.
    Open,
    /// Everything is in files: look it up again.
    Closed,
}

/// What changes.
#[derive(Debug)]
pub struct State {
    /// Where it is in its life.
    pub life: Life,
    /// Index of the next record.
    pub next: u64,
    /// Number of the next segment.
    pub next_number: u64,
    /// The segment that takes rows.
    pub active: Option<Segment>,
    /// A segment that takes no more and is to be closed.
    pub pending: Option<Segment>,
    /// A writer is in charge.
    pub writing: bool,
    /// Rows before this index are in files, and the manifest was told.
    pub recorded: u64,
    /// Rows before this index are to be.
    pub wanted: u64,
    /// The active segment is to be closed.
    pub seal: bool,
    /// The partition is to be let go.
    pub leave: bool,
    /// Why the last writer stopped.
    pub failed: Option<Error>,
}

impl State {
    /// Something is not in files or not told to the manifest.
    pub fn is_dirty(&self) -> bool {
        self.recorded < self.next || self.pending.is_some()
    }

    /// Segments that are not closed, older first.
    pub fn open_segments(&self) -> impl Iterator<Item = &Segment> {
        self.pending.iter().chain(self.active.iter())
    }
}

/// One partition.
#[derive(Debug)]
pub struct Partition {
    /// Its names.
    pub key: Key,
    /// Its folder.
    pub folder: PathBuf,
    /// What changes.
    pub state: Mutex<State>,
    /// Told when a writer has got on.
    pub changed: Condvar,
    /// The files of its open segment.
    pub files: Mutex<Option<Files>>,
    /// When it was last used, as a count of uses of the store.
    pub used: AtomicU64,
}

impl Partition {
    /// One that was not looked at yet.
    pub fn new(key: Key, folder: PathBuf) -> Self {
        let state = State {
            life: Life::New,
            next: 0,
            next_number: 0,
            active: None,
            pending: None,
            writing: false,
            recorded: 0,
            wanted: 0,
            seal: false,
            leave: false,
            failed: None,
        };
        let (state, changed, files) = (Mutex::new(state), Condvar::new(), Mutex::new(None));
        Partition { key, folder, state, changed, files, used: AtomicU64::new(0) }
    }

    /// Its state.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes over what is on disk: number and end of the last closed segment, and the open one.
    /// Gives the bytes of rows in memory.
    pub fn begin(&mut self, last: Option<(u64, u64)>, tail: Option<&Tail>) -> u64 {
        self.next = last.map_or(0, |(_, end)| end);
        self.next_number = last.map_or(0, |(number, _)| number + 1);
        self.active = tail.map(Segment::found);
        self.life = Life::Open;
        if let Some(active) = &self.active {
            (self.next, self.next_number) = (active.end, active.number + 1);
        }
        self.recorded = self.next;
        self.active.as_ref().map_or(0, |active| active.memory)
    }
}

/// The files of a segment that was found.
pub fn files_of(tail: Tail) -> Result<Files> {
    let (encoder, end) = (|| Encoder::new(&tail.schema, tail.records.start), tail.next());
    let cache = match tail.cache {
        Some((file, bytes)) => Some(Cache {
            log: HotLog::new(file, bytes),
            encoder: encoder()?,
            chunk: Some(tail.frames.len() as u32),
            end,
        }),
        None => None,
    };
    Ok(Files {
        number: tail.number,
        log: HotLog::new(tail.file, tail.bytes),
        encoder: Encoder::new(&tail.schema, tail.records.start)?,
        frames: tail.frames,
        cache,
        unsynced: true,
        new_name: true,
        new_folders: false,
        footed: false,
    })
}

/// Rows of a group from record `from` on, as one batch; `None` if there are none.
pub fn joined(group: &Group, schema: &SchemaRef, range: Range<u64>) -> Result<Option<RecordBatch>> {
    let mut parts = Vec::with_capacity(group.batches.len());
    let mut at = group.start;
    for batch in &group.batches {
        let rows = batch.num_rows() as u64;
        let (low, high) = (range.start.max(at), range.end.min(at + rows));
        if low < high {
            parts.push(batch.slice((low - at) as usize, (high - low) as usize));
        }
        at += rows;
    }
    match parts.len() {
        0 => Ok(None),
        1 => Ok(parts.pop()),
        _ => arrow_select::concat::concat_batches(schema, &parts)
            .map(Some)
            .map_err(|e| Error::type_error(format!("batches cannot be joined: {e}"))),
    }
}
