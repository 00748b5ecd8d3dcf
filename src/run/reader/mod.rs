//! Reading a run: a folder, also while it is written, or an archive (format §14).
//!
//! [`Reader`] is the facade. [`discover`] finds the run, [`snapshot`] sees it whole, [`hot`] and [`cold`] are the two
//! places where rows are ([`plain`] reads large logs), [`series`] joins them, [`selection`] picks rows, [`convert`] and [`column`] hand them out
//! (large ones in [`pages`]), [`table`] puts metrics side by side.

mod cold;
mod column;
mod convert;
mod discover;
mod estimate;
mod hot;
mod pages;
mod plain;
mod selection;
mod series;
mod snapshot;
mod source;
mod table;

pub use column::{As, Column, ColumnData, JsonTexts, MetricInfo, Table};
pub use convert::Native;
pub use discover::display_name;
#[cfg(feature = "stream")]
pub use selection::positions;

use crate::error::{Code, Error, Result};
use crate::run::config;
use crate::run::name::{self, CONFIG};
use crate::run::options::{ReaderOptions, Selection};
use crate::store::{DiskStore, Store};
use series::Series;
use snapshot::{Snapshot, Source};
use source::{Attempt, Halt};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

/// Metrics held open at a time; beyond it the least recently used one is closed.
const OPEN_METRICS: usize = 128;
/// So often is a read repeated because the run changed under it.
const ATTEMPTS: usize = 32;

/// A run, as it was when it was opened or last refreshed.
///
/// What is read of a live run is a consistent prefix of every metric, up to the same step for all of them, and holds
/// every row that was acknowledged before [`Reader::open`] or [`Reader::refresh`] was called. Any thread may call;
/// calls are serialised. Nothing is locked, written or mapped into memory.
#[derive(Debug)]
pub struct Reader {
    store: Arc<dyn Store>,
    path: PathBuf,
    options: ReaderOptions,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    snapshot: Snapshot,
    /// All metrics, sorted, as of the opening; unless they were asked for, not known yet.
    names: Option<Arc<[String]>>,
    open: HashMap<String, (Arc<Series>, u64)>,
    clock: u64,
    warnings: Vec<String>,
}

impl Reader {
    /// Opens a run: the run directory, the run folder in it, or an archive (format §2).
    ///
    /// Errors: [`Code::NotFound`]; [`Code::Corrupt`] for a manifest that breaks the format, and in strict mode for
    /// a broken hot line; [`Code::Busy`] if the run kept changing (retry); [`Code::Io`].
    pub fn open(path: impl AsRef<Path>, options: &ReaderOptions) -> Result<Reader> {
        Self::open_in(Arc::new(DiskStore), path, options)
    }

    /// Opens a run in a store.
    pub fn open_in(store: Arc<dyn Store>, path: impl AsRef<Path>, options: &ReaderOptions) -> Result<Reader> {
        let path = path.as_ref().to_path_buf();
        let snapshot = Snapshot::take(&store, &path, options, None)?;
        Ok(Reader { store, path, options: *options, state: Mutex::new(State::new(snapshot)) })
    }

    /// Sees the run anew. After an error the reader stays as it was.
    pub fn refresh(&self) -> Result<()> {
        let snapshot = Snapshot::take(&self.store, &self.path, &self.options, None)?;
        *self.lock() = State::new(snapshot);
        Ok(())
    }

    /// The names of all metrics, sorted.
    pub fn metrics(&self) -> Arc<[String]> {
        self.lock().names()
    }

    /// Type, rows, first and last step of a metric. [`Code::NotFound`] for one that there is not.
    pub fn info(&self, name: &str) -> Result<MetricInfo> {
        self.attempt(|state| state.series(name)?.info())
    }

    /// Rows of a metric.
    pub fn rows(&self, name: &str) -> Result<u64> {
        self.attempt(|state| Ok(state.series(name)?.rows()))
    }

    /// The text of `config.json` as it is now. [`Code::NotFound`] if there is none.
    pub fn config(&self) -> Result<String> {
        let text = self.attempt(|state| match &state.snapshot.source {
            Source::Archive(archive) if archive.size(CONFIG).is_none() => Ok(None),
            Source::Archive(archive) => {
                let text = String::from_utf8(archive.read_all(CONFIG)?);
                Ok(Some(
                    text.map_err(|_| Error::corrupt(archive.path(), "member `config.json` is not UTF-8"))?,
                ))
            }
            Source::Folder(folder) => match config::read(&*self.store, folder.root())? {
                // An archived run takes its folder along.
                None if !folder.is_current() => Err(Halt::Again(self.without_config())),
                text => Ok(text),
            },
        })?;
        text.ok_or_else(|| self.without_config())
    }

    fn without_config(&self) -> Error {
        Error::not_found(format!("{} has no config.json", self.path.display()))
    }

    /// When the manifest was written, `YYYY-MM-DDTHH:MM:SSZ`, if it says so.
    pub fn when_exported(&self) -> Option<String> {
        self.lock().snapshot.manifest.when_exported.clone()
    }

    /// Where the run was found: the run folder or the archive.
    pub fn location(&self) -> PathBuf {
        match &self.lock().snapshot.source {
            Source::Folder(folder) => folder.root().to_path_buf(),
            Source::Archive(archive) => archive.path().to_path_buf(),
        }
    }

    /// An estimate of the rows of the longest metric by looking at no more than `probes` files. Where the manifest
    /// tells it, none is looked at. Hot rows, and JSON metrics without end, are not counted.
    pub fn approx_max_rows(&self, probes: u32) -> Result<u64> {
        self.attempt(|state| estimate::max_rows(&mut state.snapshot, probes))
    }

    /// Selected rows of a metric.
    ///
    /// Errors: [`Code::NotFound`]; [`Code::Type`] for a value that is not exactly one of the wanted integer type,
    /// for JSON that is no number, and for a range of values of a JSON metric; [`Code::Corrupt`]; [`Code::Busy`];
    /// [`Code::Io`].
    pub fn column(&self, name: &str, selection: &Selection, wanted: As) -> Result<Column> {
        self.attempt(|state| {
            let series = state.series(name)?;
            series.column(&selection::rows(&series, selection)?, wanted)
        })
    }

    /// Selected rows of several metrics, each by itself, all of one moment. Errors as [`Reader::column`].
    #[cfg(feature = "stream")]
    pub fn columns(&self, names: &[&str], selection: &Selection, wanted: As) -> Result<Vec<Column>> {
        self.attempt(|state| {
            let column = |name: &&str| {
                let series = state.series(name)?;
                series.column(&selection::rows(&series, selection)?, wanted)
            };
            names.iter().map(column).collect()
        })
    }

    /// Several metrics side by side, at the steps at which each of them has a value. Without `on` the selection
    /// names rows of that table (by step or position); with it, rows of the metric `on`, of which those remain that
    /// all have. Errors as [`Reader::column`].
    pub fn table(
        &self,
        names: &[&str],
        on: Option<&str>,
        selection: &Selection,
        wanted: As,
    ) -> Result<Table> {
        self.attempt(|state| {
            let metrics = names.iter().map(|name| state.series(name)).collect::<Attempt<Vec<_>>>()?;
            let on = on.map(|name| state.series(name)).transpose()?;
            table::join(&metrics, on.as_deref(), selection, wanted)
        })
    }

    /// Reads selected rows straight into the caller's buffers and returns how many there are. If that is more than
    /// either buffer holds, nothing has been read: ask again with larger ones. After an error their content is
    /// unspecified. Errors as [`Reader::column`].
    pub fn read_into<T: Native>(
        &self,
        name: &str,
        selection: &Selection,
        mut steps: Option<&mut [u32]>,
        values: &mut [T],
    ) -> Result<usize> {
        let room = steps.as_ref().map_or(usize::MAX, |s| s.len()).min(values.len());
        self.attempt(|state| {
            let series = state.series(name)?;
            let rows = selection::rows(&series, selection)?;
            let n = usize::try_from(series::count(&rows)).unwrap_or(usize::MAX);
            if n <= room {
                series.read(&rows, &mut values[..n])?;
                if let Some(steps) = steps.as_deref_mut() {
                    series.read_steps(&rows, &mut steps[..n])?;
                }
            }
            Ok(n)
        })
    }

    /// What was skipped or looks wrong, though it was no error.
    pub fn warnings(&self) -> Vec<String> {
        self.lock().warnings.clone()
    }

    /// A thread is in the middle of a call. A reader of which that is so must not be dropped in a forked child.
    pub fn is_in_call(&self) -> bool {
        matches!(self.state.try_lock(), Err(TryLockError::WouldBlock))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the snapshot, and again with the same snapshot retaken when the run has changed.
    fn attempt<R>(&self, mut body: impl FnMut(&mut State) -> Attempt<R>) -> Result<R> {
        let mut state = self.lock();
        let mut outcome = match body(&mut state) {
            Err(Halt::Again(e)) => e,
            other => return other.map_err(Halt::error),
        };
        for _ in 1..ATTEMPTS {
            let limit = state.snapshot.limit.clone();
            let snapshot = Snapshot::take(&self.store, &self.path, &self.options, Some(&limit))?;
            let unchanged = matches!(&snapshot.source, Source::Archive(_)) || outcome.code() == Code::Corrupt;
            state.replace(snapshot);
            outcome = match body(&mut state) {
                Err(Halt::Again(e)) if unchanged && e == outcome => return Err(e),
                Err(Halt::Again(e)) => e,
                other => return other.map_err(Halt::error),
            };
        }
        Err(outcome)
    }
}

impl State {
    fn new(snapshot: Snapshot) -> State {
        let warnings = snapshot.hot.warnings().to_vec();
        State { snapshot, names: None, open: HashMap::new(), clock: 0, warnings }
    }

    fn names(&mut self) -> Arc<[String]> {
        let snapshot = &self.snapshot;
        let find = || snapshot.names().into_iter().map(str::to_owned).collect();
        self.names.get_or_insert_with(find).clone()
    }

    /// The same snapshot, taken again.
    fn replace(&mut self, snapshot: Snapshot) {
        // Those of the opening: a metric that came since does not belong to them.
        self.names();
        for warning in snapshot.hot.warnings() {
            if !self.warnings.contains(warning) {
                self.warnings.push(warning.clone());
            }
        }
        self.snapshot = snapshot;
        self.open.clear();
    }

    fn series(&mut self, name: &str) -> Attempt<Arc<Series>> {
        self.clock += 1;
        if let Some((series, used)) = self.open.get_mut(name) {
            *used = self.clock;
            return Ok(series.clone());
        }
        // As long as the snapshot is the first one, it knows the metrics itself.
        let known = match &self.names {
            Some(names) => names.binary_search_by(|have| have.as_str().cmp(name)).is_ok(),
            None => self.snapshot.entry(name).is_some(),
        };
        if !known && self.names().binary_search_by(|have| have.as_str().cmp(name)).is_err() {
            let what = format!("the run has no metric {}", name::quoted(name));
            return Err(Halt::Stop(Error::not_found(what)));
        }
        let series = Arc::new(self.snapshot.series(name)?);
        if self.open.len() >= OPEN_METRICS {
            let oldest = self.open.iter().min_by_key(|(_, (_, used))| *used).map(|(name, _)| name.clone());
            oldest.map(|name| self.open.remove(&name));
        }
        self.open.insert(name.to_owned(), (series.clone(), self.clock));
        Ok(series)
    }
}

#[cfg(test)]
mod tests;
