//! Finds out what is in a segment file and its cache, and cuts off what a crash left unfinished.

use crate::error::{Error, Result};
use crate::store::{ops, Create, File, Store};
use crate::stream::batch::times;
use crate::stream::catalog::Row;
use crate::stream::files;
use crate::stream::ledger::Sealed;
use crate::stream::segment::encode::{ends_with_footer, Encoder, MAGIC};
use crate::stream::segment::frames::{self, Frame, Walk};
use crate::stream::segment::walk;
use crate::stream::view::Format;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use std::ops::Range;
use std::path::Path;

/// What a cache begins with; the number of the chunk follows, 4 bytes, then a schema and rows as in a segment.
pub const CACHE_MAGIC: [u8; 8] = *b"plateau1";

/// Bytes before the schema of a cache.
pub const CACHE_HEAD: u64 = 12;

/// A file shorter than this without a readable head was just being made.
const UNFINISHED_HEAD: u64 = 4096;

/// A segment that is not closed.
#[derive(Debug)]
pub struct Tail {
    /// Its number.
    pub number: u64,
    /// Columns and metadata.
    pub schema: SchemaRef,
    /// The file, open for appending.
    pub file: Box<dyn File>,
    /// Bytes of it.
    pub bytes: u64,
    /// The chunks in it.
    pub frames: Vec<Frame>,
    /// Indices of the records in it.
    pub records: Range<u64>,
    /// Rows in the cache, which follow those.
    pub cached: Vec<RecordBatch>,
    /// The cache, open for appending, and its bytes.
    pub cache: Option<(Box<dyn File>, u64)>,
    /// Oldest and newest time; `None` without rows.
    pub time: Option<(i64, i64)>,
}

impl Tail {
    /// Index after the last record, those in the cache included.
    pub fn next(&self) -> u64 {
        self.records.end + self.cached.iter().map(|b| b.num_rows() as u64).sum::<u64>()
    }
}

/// What is under the name of a segment.
#[derive(Debug)]
pub enum Found {
    /// A closed segment.
    Sealed(Sealed),
    /// One that can be continued.
    Open(Box<Tail>),
    /// Nothing that can be read; what was there is gone.
    Nothing,
}

/// Widens a span of times.
pub fn span(a: Option<(i64, i64)>, b: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}

/// The span of times in a batch.
pub fn span_of(batch: &RecordBatch) -> Result<Option<(i64, i64)>> {
    let values = times(batch)?.values();
    Ok(values.iter().min().zip(values.iter().max()).map(|(low, high)| (*low, *high)))
}

/// A look at one segment.
pub struct Inspector<'a> {
    /// The file system.
    pub store: &'a dyn Store,
    /// The folder of the partition.
    pub folder: &'a Path,
    /// What the manifest says about the segment: what it counts is trusted to have been whole.
    pub row: Option<&'a Row>,
    /// Index of the first record, should the file not say it.
    pub expected: u64,
    /// Takes sentences about what was found wrong.
    pub findings: &'a mut Vec<String>,
}

impl Inspector<'_> {
    /// Looks at segment `number`, and repairs it.
    pub fn inspect(&mut self, number: u64) -> Result<Found> {
        let path = files::segment(self.folder, number, Format::Arrow);
        let file = ops::if_present(self.store.open_append(&path, Create::Never))?;
        let Some(file) = file else { return self.cache_alone(number) };
        let len = file.metadata()?.len;
        let Some(walk) = walk(&*file, len)? else {
            drop(file);
            self.set_aside(&path, len)?;
            return self.cache_alone(number);
        };
        let start = walk.record_start.or(self.row.map(|r| r.records.start)).unwrap_or(self.expected);
        let walk = Walk { record_start: Some(start), ..walk };
        if walk.ended && is_sealed(&*file, &walk, len)? {
            return self.sealed(number, &path, &*file, &walk, len);
        }
        self.open(number, &path, file, walk, len)
    }

    /// A file without a head: one whose creation was not finished goes, one that held rows is kept for people.
    fn set_aside(&mut self, path: &Path, len: u64) -> Result<()> {
        if self.row.is_none_or(|row| row.records.is_empty()) && len < UNFINISHED_HEAD {
            return self.store.remove_file(path);
        }
        let aside = ops::with_suffix(path, ".broken");
        let lost = match self.row.map(|row| &row.records).filter(|records| !records.is_empty()) {
            Some(records) => format!(": records {} to {} are lost", records.start, records.end),
            // A power cut leaves such files of rows that were not yet recorded.
            None => String::new(),
        };
        self.findings.push(format!(
            "{} has no readable beginning{lost}; what is left of it is in {}",
            path.display(),
            aside.display()
        ));
        self.store.rename(path, &aside)
    }

    fn sealed(&mut self, number: u64, path: &Path, file: &dyn File, walk: &Walk, len: u64) -> Result<Found> {
        // Its rows were folded into the segment before that was closed.
        ops::remove_if_present(self.store, &files::cache(self.folder, number))?;
        let start = walk.record_start.unwrap_or(0);
        let end = walk.records().last().map_or(start, |(_, records)| records.end);
        let known = self.row.filter(|row| row.size == len && row.records == (start..end));
        let time = match known {
            Some(row) => row.time,
            None => {
                let mut time = None;
                for frame in &walk.frames {
                    let batch = frames::read(file, frame, &walk.schema, Some(&[0]))
                        .map_err(|e| e.within(path.display()))?;
                    time = span(time, span_of(&batch)?);
                }
                time.unwrap_or((0, 0))
            }
        };
        let format = Format::Arrow;
        Ok(Found::Sealed(Sealed { bytes: len, records: start..end, time, format, replicated: false }))
    }

    fn open(
        &mut self,
        number: u64,
        path: &Path,
        file: Box<dyn File>,
        mut walk: Walk,
        len: u64,
    ) -> Result<Found> {
        let start = walk.record_start.unwrap_or(0);
        let (mut time, mut good, mut end) = (None, 0, start);
        let known = self.row.filter(|row| row.records.start == start && !row.records.is_empty());
        let trusted = known.map_or(start, |row| row.records.end);
        for (frame, records) in walk.records() {
            if records.end > trusted {
                match frames::read(&*file, &frame, &walk.schema, None).and_then(|batch| span_of(&batch)) {
                    Ok(found) => time = span(time, found),
                    Err(_) => break,
                }
            } else {
                // Whatever else the row counts is in the cache.
                time = span(time, known.map(|row| row.time));
            }
            (good, end) = (good + 1, records.end);
        }
        if good < walk.frames.len() {
            walk.end = walk.frames[good].offset;
            walk.frames.truncate(good);
        }
        if walk.end < len {
            // A footer that was not finished is written anew.
            if !walk.ended || good < walk.frames.len() {
                let cut = len - walk.end;
                self.findings
                    .push(format!("{}: {cut} bytes of an unfinished chunk were cut off", path.display()));
            }
            file.set_len(walk.end)?;
        }
        let mut tail = Tail {
            number,
            schema: walk.schema.clone(),
            file,
            bytes: walk.end,
            frames: walk.frames,
            records: start..end,
            cached: Vec::new(),
            cache: None,
            time,
        };
        self.read_cache(&mut tail)?;
        if let Some(row) = known.filter(|row| row.records.end > tail.next()) {
            let lost = row.records.end - tail.next();
            self.findings.push(format!("{}: {lost} recorded rows are lost", path.display()));
        }
        Ok(Found::Open(Box::new(tail)))
    }

    /// Adds the rows of the cache, if it continues the segment.
    fn read_cache(&mut self, tail: &mut Tail) -> Result<()> {
        let path = files::cache(self.folder, tail.number);
        let Some(file) = ops::if_present(self.store.open_append(&path, Create::Never))? else {
            return Ok(());
        };
        let Some((chunk, walk)) = walk_cache(&*file)? else {
            // Without a head no row in it was recorded.
            return self.store.remove_file(&path);
        };
        let chunks = tail.frames.len() as u64;
        if chunk != chunks || walk.record_start != Some(tail.records.start) || walk.schema != tail.schema {
            if chunk > chunks {
                self.findings.push(format!(
                    "{} continues chunk {chunk} of its segment, of which {chunks} are whole: it was discarded",
                    path.display()
                ));
            }
            return self.store.remove_file(&path);
        }
        let mut end = walk.frames.first().map_or(walk.end, |frame| frame.offset);
        for frame in &walk.frames {
            let Ok(batch) = frames::read(&*file, frame, &walk.schema, None) else { break };
            let Ok(time) = span_of(&batch) else { break };
            tail.time = span(tail.time, time);
            tail.cached.push(batch);
            end = frame.end();
        }
        if end < file.metadata()?.len {
            file.set_len(end)?;
        }
        tail.cache = Some((file, end));
        Ok(())
    }

    /// A cache whose segment has no head any more is enough if it holds the first chunk.
    fn cache_alone(&mut self, number: u64) -> Result<Found> {
        let path = files::cache(self.folder, number);
        let Some(file) = ops::if_present(self.store.open_read(&path))? else { return Ok(Found::Nothing) };
        let found = walk_cache(&*file)?;
        let Some((0, Walk { record_start: Some(start), schema, .. })) = found else {
            if found.is_some_and(|(_, walk)| !walk.frames.is_empty()) {
                self.findings
                    .push(format!("{} continues a segment that is lost: it was discarded", path.display()));
            }
            self.store.remove_file(&path)?;
            return Ok(Found::Nothing);
        };
        let encoder = Encoder::new(&schema, start)?;
        let head = [&MAGIC, encoder.head()].concat();
        let file =
            self.store.open_append(&files::segment(self.folder, number, Format::Arrow), Create::New)?;
        file.append(&head)?;
        file.sync_data()?;
        let mut tail = Tail {
            number,
            schema,
            file,
            bytes: head.len() as u64,
            frames: Vec::new(),
            records: start..start,
            cached: Vec::new(),
            cache: None,
            time: None,
        };
        self.read_cache(&mut tail)?;
        Ok(Found::Open(Box::new(tail)))
    }
}

fn is_sealed(file: &dyn File, walk: &Walk, len: u64) -> Result<bool> {
    let mut tail = ops::zeroed(len.saturating_sub(walk.end))?;
    let got = ops::read_full(file, &mut tail, walk.end)?;
    Ok(ends_with_footer(&tail[..got], walk.frames.len()))
}

/// The number of the chunk in a cache, and its frames; `None` if it has no head.
fn walk_cache(file: &dyn File) -> Result<Option<(u64, Walk)>> {
    let mut head = [0; CACHE_HEAD as usize];
    if ops::read_full(file, &mut head, 0)? < head.len() || head[..8] != CACHE_MAGIC {
        return Ok(None);
    }
    let chunk = u32::from_le_bytes([head[8], head[9], head[10], head[11]]);
    let walk = frames::walk(file, CACHE_HEAD, file.metadata()?.len)?;
    Ok(walk.map(|walk| (u64::from(chunk), walk)))
}

/// Closes a segment that can be continued but must not be: another one follows it.
pub fn close_tail(tail: &Tail) -> Result<Sealed> {
    let footer = Encoder::new(&tail.schema, tail.records.start)?.footer(&tail.frames);
    tail.file.append(&footer)?;
    tail.file.sync_data()?;
    Ok(Sealed {
        bytes: tail.bytes + footer.len() as u64,
        records: tail.records.clone(),
        time: tail.time.unwrap_or((0, 0)),
        format: Format::Arrow,
        replicated: false,
    })
}

/// The error of a segment that the manifest names and that is not there.
pub fn missing(row: &Row, folder: &Path) -> Error {
    Error::corrupt(
        &files::segment(folder, row.segment, row.format),
        format_args!("is missing: records {} to {} are lost", row.records.start, row.records.end),
    )
}
