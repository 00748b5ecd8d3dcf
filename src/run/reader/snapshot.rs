//! What a reader has seen of a run, and how it is seen whole while a writer is at work (format §14.2).
//!
//! Rows move one way: from `hot.jsonl` (H) to `hot.compacting.jsonl` (K) to the value files (V), and a row leaves a
//! place only after it has arrived at the next. Steps are described in the manifest (M) before their values exist.
//! So the reader looks in the same direction:
//!
//! 1. H, then K. A row that is in neither has left both before, and is in V.
//! 2. M, which therefore knows every metric of those rows, in a type that holds them.
//! 3. V, metric by metric, whenever one is first asked for. If M is still the same file afterwards, it describes all
//!    that V held.
//!
//! The last hot step is the *horizon* of the snapshot: of each metric, rows beyond it are cut off, however late its
//! value file is opened. Nothing has to be done per metric when a run is opened. Rows up to the horizon do not
//! change, so that a new manifest only means looking again with the horizon kept.
//!
//! Without hot rows there is no horizon, and the sizes of all value files are taken at once instead: twice, with a
//! look at the logs in between. A direct writer, who has no logs, never holds still; there the sizes as they come do.
//!
//! Recovery moves rows the other way. It is noticed by H or K changing meanwhile; if they keep changing it is a busy
//! writer and not recovery, and the order alone suffices.

use super::cold::{Cold, Steps};
use super::discover::{self, Found};
use super::hot::{HotRows, Log};
use super::plain::{PlainRows, LARGE};
use super::series::Series;
use super::source::{Attempt, Bytes, Folder, Halt, Opened};
use crate::error::{Code, Error, Result};
use crate::json::Raw;
use crate::run::archive::ArchiveReader;
use crate::run::dtype::DType;
use crate::run::manifest::{Manifest, MetricEntry};
use crate::run::name::{FOLDER, HOT, HOT_COMPACTING, INDICES, MANIFEST};
use crate::run::options::ReaderOptions;
use crate::run::steps::Indices;
use crate::store::{ops, Reach, Store};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

/// So often is a snapshot attempted that the hot logs or the manifest interrupt …
const ATTEMPTS: usize = 64;
/// … of which so often a rotation of the hot logs is reason enough.
const STRICT_ATTEMPTS: usize = 8;

/// Where the bytes come from.
#[derive(Debug)]
pub enum Source {
    /// A folder, live or finished.
    Folder(Folder),
    /// An archive.
    Archive(Arc<ArchiveReader>),
}

/// Up to where rows belong to a snapshot.
#[derive(Clone, Debug)]
pub enum Limit {
    /// As far as they go: nobody appends.
    None,
    /// Up to this step.
    Step(u32),
    /// Per metric, so many rows, or bytes of a JSON metric.
    Sizes(Arc<HashMap<String, u64>>),
}

/// What a reader has seen of a run.
#[derive(Debug)]
pub struct Snapshot {
    /// Where it is.
    pub source: Source,
    /// The manifest.
    pub manifest: Manifest,
    /// Up to where it goes.
    pub limit: Limit,
    /// The hot rows.
    pub hot: Hot,
    /// The metrics of the manifest in order of their names.
    index: Vec<u32>,
    /// A missing value file is an empty one: its rows are still in a hot log, or were not asked for.
    lenient: bool,
}

/// The hot rows, all of them looked at or only those that are asked for.
#[derive(Debug)]
pub enum Hot {
    /// Indexed by metric.
    Indexed(HotRows),
    /// As they were read.
    Plain(PlainRows),
}

impl Default for Hot {
    fn default() -> Self {
        Hot::Indexed(HotRows::default())
    }
}

impl Hot {
    /// The greatest step; `None` if there are no rows.
    pub fn last_step(&self) -> Option<u32> {
        match self {
            Hot::Indexed(rows) => rows.last_step(),
            Hot::Plain(rows) => rows.last_step(),
        }
    }

    /// What was skipped.
    pub fn warnings(&self) -> &[String] {
        match self {
            Hot::Indexed(rows) => rows.warnings(),
            Hot::Plain(_) => &[],
        }
    }

    /// Hands on the values of a metric beyond step `after`, with their steps.
    pub fn values(
        &mut self,
        name: &str,
        after: Option<u32>,
        mut take: impl FnMut(u32, Raw<'_>) -> Attempt<()>,
    ) -> Attempt<()> {
        match self {
            Hot::Indexed(rows) => rows.values(name, after).try_for_each(|(step, raw)| take(step, raw)),
            Hot::Plain(rows) => rows.values(name, after, take),
        }
    }
}

impl Snapshot {
    /// Looks at the run that `path` denotes. `keep` is the limit of a snapshot that is to be taken again.
    pub fn take(
        store: &Arc<dyn Store>,
        path: &Path,
        options: &ReaderOptions,
        keep: Option<&Limit>,
    ) -> Result<Snapshot> {
        let mut outcome = Error::new(Code::Busy, format!("{} keeps changing; try again", path.display()));
        let mut missed = false;
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                // It may have been what this system remembers that did not fit together.
                let (above, reach) = (ops::parent_of(path), store.reach(path));
                ops::look_anew(&**store, reach, above)?;
                ops::look_anew(&**store, reach, path)?;
            }
            let found = match locate(&**store, path, options) {
                Ok(found) => found,
                // The folder of a run that is being archived vanishes after the archive has appeared, perhaps
                // between the looks for the one and for the other: look again.
                Err(e) if e.code() == Code::NotFound && !missed => {
                    missed = true;
                    outcome = e;
                    continue;
                }
                Err(e) => return Err(e),
            };
            missed = false;
            let seen = match found {
                Found::Archive(archive) => Self::of_archive(*archive, keep),
                Found::Folder(root) => {
                    Self::of_folder(store, &root, options, keep, attempt < STRICT_ATTEMPTS)
                }
            };
            match seen {
                Ok(snapshot) => return Ok(snapshot),
                Err(Halt::Again(e)) => outcome = e,
                Err(Halt::Stop(e)) => return Err(e),
            }
        }
        Err(outcome)
    }

    fn of_archive(archive: ArchiveReader, keep: Option<&Limit>) -> Attempt<Snapshot> {
        let manifest = Manifest::parse(&archive.read_all(MANIFEST)?, &archive.path().join(MANIFEST))?;
        let limit = keep.cloned().unwrap_or(Limit::None);
        let source = Source::Archive(Arc::new(archive));
        Ok(Self::new(source, manifest, limit, Hot::default(), false))
    }

    fn new(source: Source, manifest: Manifest, limit: Limit, hot: Hot, lenient: bool) -> Snapshot {
        let mut index: Vec<u32> = (0..manifest.metrics.len() as u32).collect();
        // Stable sorting takes no time where they are in order already.
        index.sort_by(|a, b| manifest.metrics[*a as usize].0.cmp(&manifest.metrics[*b as usize].0));
        Snapshot { source, manifest, limit, hot, index, lenient }
    }

    fn of_folder(
        store: &Arc<dyn Store>,
        root: &Path,
        options: &ReaderOptions,
        keep: Option<&Limit>,
        strict: bool,
    ) -> Attempt<Snapshot> {
        let reach = store.reach(root);
        let mut logs = Logs::default();
        if !options.exclude_hot {
            logs = Logs::read(&**store, reach, root)?;
        }
        let (folder, text) = Folder::pin(store, reach, root)?;
        if strict && !options.exclude_hot {
            logs.confirm(&**store, root)?;
        }
        let manifest = Manifest::parse(&text, &root.join(MANIFEST))?;
        let finished = manifest.run_rows.is_some();
        let horizon = match keep {
            Some(Limit::Step(last)) => Some(*last),
            _ => None,
        };
        let hot = match (finished, keep) {
            // All rows of that snapshot were cold.
            (true, _) | (_, Some(Limit::Sizes(_))) => Hot::default(),
            _ => logs.parse(root, horizon, options.strict)?,
        };
        let limit = match (keep, hot.last_step()) {
            (Some(limit @ (Limit::Step(_) | Limit::Sizes(_))), _) => limit.clone(),
            (_, Some(last)) => Limit::Step(last),
            (_, None) if finished => finished_limit(&manifest),
            (_, None) => {
                let first = sizes(&folder, &manifest)?;
                if !options.exclude_hot {
                    // However often this was tried: a row may have come in and gone through both logs while the sizes were taken. Sizes that
                    // were the same before and after a moment without hot rows are those of that moment.
                    logs.confirm_empty(&**store, root)?;
                    if sizes(&folder, &manifest)? != first {
                        return Err(Halt::Again(busy(root)));
                    }
                }
                folder.confirm()?;
                Limit::Sizes(Arc::new(first))
            }
        };
        let lenient = !finished && (options.exclude_hot || logs.exist());
        Ok(Self::new(Source::Folder(folder), manifest, limit, hot, lenient))
    }

    /// Names of all metrics, sorted.
    pub fn names(&self) -> BTreeSet<&str> {
        let mut names: BTreeSet<&str> = self.manifest.metrics.iter().map(|(name, _)| name.as_str()).collect();
        match &self.hot {
            Hot::Indexed(rows) => names.extend(rows.names()),
            Hot::Plain(rows) => names.append(&mut rows.names()),
        }
        names
    }

    /// What the manifest says of a metric.
    pub fn entry(&self, name: &str) -> Option<&MetricEntry> {
        let metrics = &self.manifest.metrics;
        let at = self.index.binary_search_by(|i| metrics[*i as usize].0.as_str().cmp(name)).ok()?;
        Some(&metrics[self.index[at] as usize].1)
    }

    /// Opens a metric, whether or not it has rows.
    pub fn series(&mut self, name: &str) -> Attempt<Series> {
        let Some(entry) = self.entry(name).cloned() else {
            // Only in hot rows: the manifest was lost (format §14.1).
            let cold = empty(name, DType::Json, Steps::List(Default::default()));
            return Series::join(cold, None, &mut self.hot);
        };
        let mut cold = self.cold(name, &entry)?;
        if let Source::Folder(folder) = &self.source {
            folder.confirm()?;
        }
        if let Limit::Step(last) = self.limit {
            if cold.last_step()?.is_some_and(|step| step > last) {
                cold.rows = cold.rows_below(u64::from(last) + 1)?;
            }
        }
        Series::join(cold, entry.monotonic, &mut self.hot)
    }

    fn cold(&mut self, name: &str, entry: &MetricEntry) -> Attempt<Cold> {
        let cap = match &self.limit {
            Limit::Sizes(sizes) => sizes.get(name).copied().unwrap_or(0),
            _ => u64::MAX,
        };
        let (steps, described) = match &entry.indices {
            Indices::List(list) => (Steps::List(list.clone()), list.described()),
            Indices::File => {
                let (bytes, len) = self.bytes(&format!("{name}.{INDICES}"), false)?;
                (Steps::File(bytes), Some(len / 4))
            }
        };
        let value_file = format!("{name}.{}", entry.dtype.suffix());
        let (values, len) = self.bytes(&value_file, described == Some(0))?;
        let mut cold = Cold { values, ..empty(name, entry.dtype, steps) };
        let complete = match entry.dtype.size() {
            Some(size) => (len / size as u64).min(cap),
            None => {
                let live = matches!(self.source, Source::Folder(_)) && self.manifest.run_rows.is_none();
                cold.find_lines(len.min(cap), live)?;
                cold.lines.len() as u64
            }
        };
        cold.rows = match &cold.steps {
            Steps::List(list) => list.usable(complete),
            Steps::File(_) => complete.min(described.unwrap_or(0)),
        };
        Ok(cold)
    }

    /// Opens a file of a metric, with its size.
    fn bytes(&mut self, file: &str, may_miss: bool) -> Attempt<(Bytes, u64)> {
        let lenient = self.lenient || may_miss;
        let missing = |root: &Path| {
            let e = Error::corrupt(&root.join(file), "is missing, and the manifest says that it holds rows");
            // Perhaps the folder is being removed because the archive is there: look again.
            Err(Halt::Again(e))
        };
        match &mut self.source {
            Source::Folder(folder) => match folder.open(file)? {
                Some(Opened { file: handle, len, .. }) => {
                    Ok((Bytes::File(handle, folder.root().join(file)), len))
                }
                None if lenient => Ok((Bytes::None, 0)),
                None => missing(folder.root()),
            },
            Source::Archive(archive) => match archive.checked_size(file)? {
                Some(size) => Ok((Bytes::Member(archive.clone(), file.to_owned()), size)),
                None if lenient => Ok((Bytes::None, 0)),
                None => missing(archive.path()),
            },
        }
    }
}

/// Finds the run; the path of a run folder that was archived since leads to the archive beside it.
fn locate(store: &dyn Store, path: &Path, options: &ReaderOptions) -> Result<Found> {
    discover::find(store, path, options.kind).or_else(|e| {
        let above = path.parent().filter(|_| path.file_name().is_some_and(|n| n == FOLDER));
        match (e.code(), above) {
            (Code::NotFound, Some(above)) => discover::find(store, above, options.kind).map_err(|_| e),
            _ => Err(e),
        }
    })
}

fn empty(name: &str, dtype: DType, steps: Steps) -> Cold {
    Cold { name: name.to_owned(), dtype, rows: 0, steps, values: Bytes::None, lines: Vec::new() }
}

/// The last step of a finished run, if the manifest tells: should the run be resumed, later rows do not belong to
/// this snapshot.
fn finished_limit(manifest: &Manifest) -> Limit {
    let mut last = None;
    for (_, entry) in &manifest.metrics {
        match &entry.indices {
            Indices::List(list) => match list.described() {
                Some(n) => last = last.max(list.last_step(n)),
                None => return Limit::None,
            },
            Indices::File => return Limit::None,
        }
    }
    last.map_or(Limit::None, Limit::Step)
}

/// What each metric holds now.
fn sizes(folder: &Folder, manifest: &Manifest) -> Result<HashMap<String, u64>> {
    let of = |(name, entry): &(String, MetricEntry)| {
        let bytes = folder.len(&format!("{name}.{}", entry.dtype.suffix()))?;
        let values = entry.dtype.size().map_or(bytes, |size| bytes / size as u64);
        let rows = match (&entry.indices, entry.dtype) {
            (Indices::File, dtype) if dtype != DType::Json => {
                values.min(folder.len(&format!("{name}.{INDICES}"))? / 4)
            }
            _ => values,
        };
        Ok((name.clone(), rows))
    };
    manifest.metrics.iter().map(of).collect()
}

/// The hot logs as they were read: the active one first.
#[derive(Default)]
struct Logs {
    active: Option<(Opened, Vec<u8>)>,
    compacting: Option<(Opened, Vec<u8>)>,
}

impl Logs {
    fn read(store: &dyn Store, reach: Reach, root: &Path) -> Attempt<Logs> {
        // In this order: a row that moves from the one to the other in between is seen in the other, if the system does not
        // believe what it knew of the folder before.
        let active = read_log(store, root, HOT)?;
        ops::look_anew(store, reach, root)?;
        let compacting = read_log(store, root, HOT_COMPACTING)?;
        Ok(Logs { active, compacting })
    }

    fn exist(&self) -> bool {
        self.active.is_some() || self.compacting.is_some()
    }

    /// The rows, of which the texts are taken away.
    fn parse(&mut self, root: &Path, horizon: Option<u32>, strict: bool) -> Result<Hot> {
        let take = |log: &mut Option<(Opened, Vec<u8>)>| {
            log.as_mut().map(|(opened, text)| {
                opened.len = text.len() as u64;
                std::mem::take(text)
            })
        };
        let texts = [take(&mut self.compacting), take(&mut self.active)];
        let bytes: usize = texts.iter().flatten().map(Vec::len).sum();
        if bytes == 0 {
            return Ok(Hot::default());
        }
        let mut texts: Vec<Vec<u8>> = texts.into_iter().map(Option::unwrap_or_default).collect();
        if bytes >= LARGE && !strict {
            match PlainRows::of(texts, horizon) {
                Ok(rows) => return Ok(Hot::Plain(rows)),
                Err(unread) => texts = unread,
            }
        }
        let (compacting, active) = (root.join(HOT_COMPACTING), root.join(HOT));
        let logs: Vec<Log> =
            [&compacting, &active].into_iter().zip(&texts).map(|(path, text)| Log { path, text }).collect();
        HotRows::parse(&logs, horizon, strict).map(Hot::Indexed)
    }

    /// Both names still denote what was read.
    fn confirm(&self, store: &dyn Store, root: &Path) -> Attempt<()> {
        for (name, log) in [(HOT, &self.active), (HOT_COMPACTING, &self.compacting)] {
            let now = ops::if_present(store.open_read(&root.join(name)))?;
            let now = now.map(|file| file.metadata()).transpose()?;
            if now.map(|m| m.id) != log.as_ref().map(|(opened, _)| opened.id) {
                return Err(Halt::Again(busy(root)));
            }
        }
        Ok(())
    }

    /// There is still no hot row.
    fn confirm_empty(&self, store: &dyn Store, root: &Path) -> Attempt<()> {
        self.confirm(store, root)?;
        for (opened, _) in [&self.active, &self.compacting].into_iter().flatten() {
            if opened.file.metadata()?.len != opened.len {
                return Err(Halt::Again(busy(root)));
            }
        }
        Ok(())
    }
}

fn read_log(store: &dyn Store, root: &Path, name: &str) -> Attempt<Option<(Opened, Vec<u8>)>> {
    let Some(opened) = super::source::open(store, root, &root.join(name), &mut Default::default())? else {
        return Ok(None);
    };
    let text = ops::read_from(&*opened.file, 0)?;
    Ok(Some((opened, text)))
}

fn busy(root: &Path) -> Error {
    Error::new(Code::Busy, format!("{}: the hot logs keep changing; try again", root.display()))
}
