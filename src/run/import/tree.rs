//! All logs below a folder.

use super::{import_file_in, ImportOptions, ImportReport};
use crate::error::{Error, Result};
use crate::run::name;
use crate::store::{ops, DiskStore, Kind, Store};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// The name of a log.
const LOG: &str = "metrics.jsonl";

/// Where logs are looked for, and where the runs go.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TreeOptions {
    /// The folder itself and all below it are searched, links not followed; otherwise only the folders directly in
    /// it, links followed.
    pub deep: bool,
    /// The log in `ROOT/a/b` becomes `OUT/ROOT/a/b.plattli`, ROOT being the last component of the root. `None`: each
    /// becomes `metrics.plattli` beside it.
    pub out: Option<PathBuf>,
    /// Logs that are read at the same time; 0 counts as 1.
    pub workers: usize,
    /// How each is read.
    pub import: ImportOptions,
}

/// What became of one log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Imported {
    /// The log.
    pub log: PathBuf,
    /// The archive.
    pub archive: PathBuf,
    /// What was read; one failed log does not keep the others from being read.
    pub outcome: Result<ImportReport>,
}

/// Turns every `metrics.jsonl` below `root` into a run, in the order of their paths. The inside of a run folder is
/// not searched: a metric may be called `metrics`.
pub fn import_tree(root: &Path, options: &TreeOptions) -> Result<Vec<Imported>> {
    import_tree_in(Arc::new(DiskStore), root, options)
}

/// [`import_tree`] on any store.
pub fn import_tree_in(store: Arc<dyn Store>, root: &Path, options: &TreeOptions) -> Result<Vec<Imported>> {
    let root = store.canonicalize(root)?;
    let (mut jobs, mut seen) = (Vec::new(), HashSet::new());
    for relative in find(&*store, &root, options.deep)? {
        let run_dir = root.join(&relative);
        let archive = match &options.out {
            // By way of a link it may be the same folder again.
            None if !seen.insert(store.canonicalize(&run_dir)?) => continue,
            None => run_dir.join(name::ARCHIVE),
            Some(out) => named(out, &root, &relative)?,
        };
        jobs.push((run_dir.join(LOG), archive));
    }
    let done: Vec<Mutex<Option<Result<ImportReport>>>> = jobs.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((i, (log, archive))) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, jobs.get(i)?)))
        {
            let outcome = import_to(&store, log, archive, options);
            *done[i].lock().unwrap_or_else(|e| e.into_inner()) = Some(outcome);
        }
    };
    std::thread::scope(|scope| {
        let helpers = options.workers.min(jobs.len()).saturating_sub(1);
        for _ in 0..helpers {
            scope.spawn(work);
        }
        work();
    });
    let outcomes = done.into_iter().map(|slot| slot.into_inner().unwrap_or_else(|e| e.into_inner()));
    Ok(jobs
        .into_iter()
        .zip(outcomes)
        .map(|((log, archive), outcome)| {
            let outcome = outcome.unwrap_or_else(|| Err(Error::internal("a log was not reached")));
            Imported { log, archive, outcome }
        })
        .collect())
}

/// The folders with a log, relative to the root, sorted.
fn find(store: &dyn Store, root: &Path, deep: bool) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(dir) = open.pop() {
        let is_root = dir.as_os_str().is_empty();
        let here = root.join(&dir);
        if (deep || !is_root) && ops::is_file(store, &here.join(LOG))? {
            found.push(dir.clone());
        }
        if !deep && !is_root {
            continue;
        }
        for entry in store.list(&here)? {
            let child = dir.join(&entry.name);
            let path = root.join(&child);
            let enter = match entry.kind {
                Kind::Dir => true,
                Kind::Link => !deep && ops::is_dir(store, &path)?,
                _ => false,
            };
            if enter && !ops::is_file(store, &path.join(name::MANIFEST))? {
                open.push(child);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// `OUT/ROOT/a/b.plattli`.
fn named(out: &Path, root: &Path, relative: &Path) -> Result<PathBuf> {
    let Some(name) = root.file_name() else {
        return Err(Error::argument(format!(
            "{} has no name that its runs could be stored under",
            root.display()
        )));
    };
    Ok(ops::with_suffix(&out.join(name).join(relative).components().collect::<PathBuf>(), ".plattli"))
}

/// Makes the archive, in its place or in a transient run folder beside it.
fn import_to(
    store: &Arc<dyn Store>,
    log: &Path,
    archive: &Path,
    options: &TreeOptions,
) -> Result<ImportReport> {
    let Some(_) = &options.out else {
        return import_file_in(store.clone(), log, ops::parent_of(log), &options.import);
    };
    if !options.import.overwrite && store.link_metadata(archive)?.is_some() {
        return Err(Error::new(
            crate::error::Code::Exists,
            format!("{} exists; allow overwriting to replace it", archive.display()),
        ));
    }
    let parent = ops::parent_of(archive);
    ops::create_dirs(&**store, parent)?;
    let staging = ops::tmp_of(archive);
    ops::remove_tree(&**store, &staging)?;
    let report = import_file_in(store.clone(), log, &staging, &options.import).and_then(|report| {
        store.rename(&staging.join(name::ARCHIVE), archive)?;
        store.sync_dir(parent)?;
        Ok(report)
    });
    let removed = ops::remove_tree(&**store, &staging);
    report.and_then(|report| removed.map(|()| report))
}
