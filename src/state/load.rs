//! From the files of a state to the state, whatever they have been through (docs/state.md, "Recovery").
//!
//! Reads and never writes: what is to be mended on disk is left to the writer.

use super::entry::{self, Map};
use super::files::Files;
use super::replay::Content;
use crate::error::{Code, Error, Result};
use crate::store::{ops, FileId, Store};
use std::path::{Path, PathBuf};

/// How often the files are read again when a writer changes them meanwhile.
const ATTEMPTS: usize = 100;

/// How often a damaged line is looked at: a reader may have seen a failed append that was just being cut off.
const SECOND_LOOKS: usize = 3;

/// The number of lost entries, where nothing is left to count them by.
pub const UNKNOWN: u64 = u64::MAX;

/// A state as its files have it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The state.
    pub map: Map,
    /// The entries that it comes from, one line each, beginning with a checkpoint if there was one.
    pub lines: Vec<Vec<u8>>,
    /// What is wrong, as a sentence; `None` if nothing is.
    pub damage: Option<Error>,
    /// How many entries could not be read.
    pub lost: u64,
    /// Bytes of the log and, where it still counts, of the rotated log.
    pub size: u64,
    /// The log, if there is one.
    pub log: Option<Found>,
    /// The rotated log, if there is one.
    pub rotated: Option<Found>,
    /// The log holds the whole state, and the rotated one only history.
    pub published: bool,
    /// The state at the end of the rotated log.
    pub base: Map,
}

/// A log file that was read.
#[derive(Debug)]
pub struct Found {
    /// Its path.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The bytes in front of a torn last line.
    pub good_len: u64,
    /// The last entry lacks its newline.
    pub unended: bool,
    content: Content,
}

/// Reads the state; `None` if there is not one file of it.
pub fn load(store: &dyn Store, files: &Files) -> Result<Option<Loaded>> {
    let mut second_looks = 0;
    for _ in 0..ATTEMPTS {
        let Some((log, rotated)) = read_both(store, files)? else { continue };
        let loaded = interpret(store, files, log, rotated)?;
        let damaged = loaded.as_ref().is_some_and(|loaded| loaded.damage.is_some());
        if !damaged || second_looks == SECOND_LOOKS {
            return Ok(loaded);
        }
        second_looks += 1;
    }
    Err(Error::new(
        Code::Busy,
        format!("{} kept changing while it was read: try again", files.log().display()),
    ))
}

/// Both logs as of one moment; `None` if a rename came in between.
fn read_both(store: &dyn Store, files: &Files) -> Result<Option<(Option<Found>, Option<Found>)>> {
    let (rotated_path, log_path) = (files.rotated(), files.log());
    // The handles are held to the end: an inode that is in use cannot come back as another file.
    let rotated = ops::if_present(store.open_read(&rotated_path))?;
    let log = ops::if_present(store.open_read(&log_path))?;
    let mut read = Vec::new();
    for (file, path) in [(&log, &log_path), (&rotated, &rotated_path)] {
        let Some(file) = file else {
            read.push(None);
            continue;
        };
        let metadata = file.metadata()?;
        ops::regular(path, &metadata)?;
        let bytes = ops::read_from(&**file, 0)?;
        read.push(Some((metadata.id, bytes)));
    }
    let same = |path: &Path, read: &Option<(FileId, Vec<u8>)>| -> Result<bool> {
        Ok(store.metadata(path)?.map(|m| m.id) == read.as_ref().map(|(id, _)| *id))
    };
    if !same(&log_path, &read[0])? || !same(&rotated_path, &read[1])? {
        return Ok(None);
    }
    let found = |path: PathBuf, read: Option<(FileId, Vec<u8>)>| {
        read.map(|(_, bytes)| {
            let content = Content::read(&bytes);
            Found { path, bytes, good_len: content.good_len, unended: content.unended, content }
        })
    };
    let rotated = read.pop().flatten();
    let log = read.pop().flatten();
    Ok(Some((found(log_path, log), found(rotated_path, rotated))))
}

fn interpret(
    store: &dyn Store,
    files: &Files,
    log: Option<Found>,
    rotated: Option<Found>,
) -> Result<Option<Loaded>> {
    let backups = files.backups(store)?;
    if log.is_none() && rotated.is_none() {
        return without_log(store, files, &backups);
    }
    let mut loaded = Loaded {
        published: log.as_ref().is_some_and(|log| log.content.starts_with_checkpoint()),
        ..Loaded::default()
    };
    let history = rotated.as_ref().filter(|_| !loaded.published);
    let parts: Vec<&Found> = history.into_iter().chain(&log).collect();
    let mut problems = Problems::default();
    if let Some(first) = parts.first().filter(|first| first.content.is_headless()) {
        // A log without any entry is a new one, unless there was a compaction before it: then it began with a checkpoint.
        let empty = first.content.steps.is_empty();
        if empty && !backups.is_empty() {
            problems.note(&first.path, "it has lost all its entries, though there are backups of it");
            problems.unknown = true;
        }
        if !empty || !backups.is_empty() {
            loaded.map = from_backup(store, files, &backups, &mut problems)?;
        }
    }
    for part in parts {
        for (line, what) in part.content.bad() {
            problems.line(&part.path, line, what);
        }
        for step in &part.content.steps {
            if let Ok(change) = &step.change {
                change.clone().apply(&mut loaded.map);
                loaded.lines.push(step.text.clone());
            }
        }
        loaded.size += part.good_len;
        if rotated.as_ref().is_some_and(|rotated| rotated.path == part.path) {
            loaded.base = loaded.map.clone();
        }
    }
    loaded.lost = problems.lost();
    loaded.damage = problems.into_error();
    (loaded.log, loaded.rotated) = (log, rotated);
    Ok(Some(loaded))
}

/// The log is missing: the snapshot for people takes its place, or else the newest backup does.
fn without_log(store: &dyn Store, files: &Files, backups: &[u64]) -> Result<Option<Loaded>> {
    let path = files.snapshot();
    let mut problems = Problems { unknown: true, ..Problems::default() };
    if let Some(text) = ops::read_file(store, &path)? {
        match entry::parse_state(&text) {
            _ if is_stale(store, files, backups)? => {
                problems
                    .note(&files.log(), "it is missing, and the snapshot is older than the newest backup");
            }
            Ok(map) => return Ok(Some(Loaded { map, ..Loaded::default() })),
            Err(what) => {
                problems.note(&path, &format!("the log is missing, and the snapshot is broken: {what}"))
            }
        }
    } else if backups.is_empty() {
        return Ok(None);
    } else {
        problems.note(&files.log(), "it is missing, though there are backups of it");
    }
    let map = from_backup(store, files, backups, &mut problems)?;
    Ok(Some(Loaded { map, lost: problems.lost(), damage: problems.into_error(), ..Loaded::default() }))
}

/// The snapshot was written before the newest backup got its last entry: it has not been kept up since.
fn is_stale(store: &dyn Store, files: &Files, backups: &[u64]) -> Result<bool> {
    let Some(newest) = backups.last() else { return Ok(false) };
    let modified = |path: &Path| -> Result<u64> { Ok(store.metadata(path)?.map_or(0, |m| m.modified)) };
    Ok(modified(&files.snapshot())? < modified(&files.backup(*newest))?)
}

/// The state of the newest backup that has its head; empty if there is none.
fn from_backup(store: &dyn Store, files: &Files, backups: &[u64], problems: &mut Problems) -> Result<Map> {
    for time in backups.iter().rev() {
        let path = files.backup(*time);
        let Some(bytes) = ops::read_file(store, &path)? else { continue };
        let content = Content::read(&bytes);
        if content.is_headless() {
            problems.note(&path, "this backup has lost its head and is passed over");
            continue;
        }
        problems.from = Some(path.clone());
        for (line, what) in content.bad() {
            problems.line(&path, line, what);
        }
        let mut map = Map::new();
        let changes = content.steps.into_iter().filter_map(|step| step.change.ok());
        changes.for_each(|change| change.apply(&mut map));
        return Ok(map);
    }
    Ok(Map::new())
}

/// What was found wrong.
#[derive(Default)]
struct Problems {
    first: Option<(PathBuf, String)>,
    lines: u64,
    unknown: bool,
    from: Option<PathBuf>,
}

impl Problems {
    fn note(&mut self, path: &Path, what: &str) {
        self.first.get_or_insert_with(|| (path.to_path_buf(), what.to_owned()));
    }

    fn line(&mut self, path: &Path, number: usize, what: &str) {
        self.lines += 1;
        self.note(path, &format!("line {number} is no entry of a state: {what}"));
    }

    fn lost(&self) -> u64 {
        match &self.first {
            Some(_) if self.unknown => UNKNOWN,
            _ => self.lines,
        }
    }

    fn into_error(self) -> Option<Error> {
        let lost = match self.lost() {
            UNKNOWN => "an unknown number of entries is lost".to_owned(),
            1 => "1 entry is lost".to_owned(),
            n => format!("{n} entries are lost"),
        };
        let (path, what) = self.first?;
        let rest = match &self.from {
            Some(backup) => format!("what still parses, from {} on", backup.display()),
            None => "what still parses".to_owned(),
        };
        let advice = format!("mend or restore it, or open with salvage to go on with {rest}");
        Some(Error::corrupt(&path, format!("{what}; {lost}: {advice}")))
    }
}
