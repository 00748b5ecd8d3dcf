//! Opening a run for writing: the lock, the archive or folder that is there, recovery, the layout.

use super::archive::{unpack, ArchiveReader};
use super::batch::Batch;
use super::columns::Columns;
use super::compare::folder_holds;
use super::config::{self, Source};
use super::core::Core;
use super::engine::Engine;
use super::files::open_file_limit;
use super::finish::{archive_tmp, remove_folder};
use super::hot::Compacting;
use super::inline::{retired, staging, Inline};
use super::manifest::Manifest;
use super::name;
use super::options::{Durability, Layout, WriterOptions, WriterStats};
use super::recovery::{recover, Plan, Recovered};
use super::schema::Schema;
use crate::clock::Tick;
use crate::error::{Code, Error, Result};
use crate::hotlog::HotLog;
use crate::lock::{WriterLock, LOCK};
use crate::store::{ops, Store};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The part of a writer that differs by layout.
pub enum Backend {
    /// Rows go to the hot log.
    Compacting(Box<Compacting>),
    /// Rows go to the columns, in place or staged.
    Inline(Box<Inline>),
}

/// Opens a run.
pub fn open(store: &Arc<dyn Store>, run_dir: &Path, options: &WriterOptions) -> Result<(Core, Backend)> {
    check(run_dir, options)?;
    let root = run_dir.join(name::FOLDER);
    let lock = match options.lock {
        true => Some(lock_run(store, run_dir)?),
        false => {
            ops::create_dirs_durably(&**store, run_dir)?;
            ops::look_anew(&**store, store.reach(run_dir), run_dir)?;
            None
        }
    };
    let opened = open_locked(store, run_dir, &root, options);
    match opened {
        Ok(parts) => parts.into_writer(run_dir, root, options, lock),
        Err(e) => {
            if let Some(lock) = lock {
                // The error of the open is the one to tell; a lock left behind is taken over.
                _ = lock.release();
            }
            Err(e)
        }
    }
}

/// Refuses what no run can be.
fn check(run_dir: &Path, options: &WriterOptions) -> Result<()> {
    if run_dir.as_os_str().is_empty() {
        return Err(Error::argument("the run directory has no name"));
    }
    if run_dir.file_name().is_some_and(|file| file == name::FOLDER) {
        return Err(Error::argument(format!(
            "{}: give the run directory, not the folder {:?} in it",
            run_dir.display(),
            name::FOLDER
        )));
    }
    if options.hotsize == 0 {
        return Err(Error::argument("hotsize must be at least 1"));
    }
    if options.overwrite && options.layout != Layout::Bulk {
        return Err(Error::argument(
            "overwrite is for the bulk layout; other layouts continue what is there",
        ));
    }
    Ok(())
}

/// What was found and put in order.
struct Parts {
    columns: Columns,
    schema: Schema,
    pending: Batch,
    hot: Option<HotLog>,
    step: u64,
    warnings: Vec<String>,
}

/// One writer per run, by the lock file in the run directory, which is made if missing.
fn lock_run(store: &Arc<dyn Store>, run_dir: &Path) -> Result<WriterLock> {
    WriterLock::acquire(Arc::clone(store), &run_dir.join(LOCK), &format!("the run in {}", run_dir.display()))
}

fn open_locked(
    store: &Arc<dyn Store>,
    run_dir: &Path,
    root: &Path,
    options: &WriterOptions,
) -> Result<Parts> {
    let beside = Beside::look(&**store, run_dir)?;
    let config = &config::prepare(&**store, run_dir, root, &options.config, |path| beside.may_hold(path))?;
    if beside.may_hold(&archive_tmp(run_dir)) {
        ops::remove_if_present(&**store, &archive_tmp(run_dir))?;
    }
    if beside.may_hold(&staging(run_dir)) || beside.may_hold(&retired(run_dir)) {
        settle_bulk(&**store, run_dir, root)?;
    }
    if options.layout == Layout::Bulk {
        return open_bulk(store, run_dir, root, config, options);
    }
    if beside.may_hold(&reopening(run_dir)) {
        ops::remove_tree(&**store, &reopening(run_dir))?;
    }
    let archive = run_dir.join(name::ARCHIVE);
    if beside.may_hold(&archive) {
        settle_archive(store, run_dir, root, options)?;
    }
    let plan = Plan {
        step: options.step,
        strict: options.strict,
        threads: options.threads > 0,
        ..Plan::whole(run_dir, root)
    };
    // What was settled may have put the folder there.
    let may_exist = [root, &retired(run_dir), &archive].into_iter().any(|path| beside.may_hold(path));
    let recovered = if may_exist && ops::is_dir(&**store, root)? {
        let recovered = recover(store, &plan)?;
        config::apply_prepared(&**store, root, config)?;
        recovered
    } else {
        store.create_dir(root)?;
        store.sync_dir(run_dir)?;
        config::apply_to_new(&**store, root, config)?;
        Recovered::nothing(store, &plan)
    };
    let Recovered { mut columns, schema, mut pending, mut hot, step, warnings } = recovered;
    if options.layout == Layout::Direct {
        fold_for_direct(&mut columns, &mut pending, &mut hot)?;
    }
    Ok(Parts { columns, schema, pending, hot, step, warnings })
}

/// The names in the run directory, as they were under the lock. Most openings find there nothing but the run folder, if
/// that, and one look at the names spares a question for each of what might be there.
struct Beside(Option<Vec<String>>);

impl Beside {
    /// So many names are looked at: output of a simulation may be there as well.
    const MOST: usize = 128;

    fn look(store: &dyn Store, run_dir: &Path) -> Result<Beside> {
        match store.names(run_dir, Self::MOST + 1) {
            Ok(names) => Ok(Beside(Some(names).filter(|names| names.len() <= Self::MOST))),
            // Who may not list a directory may still ask for what is in it.
            Err(e) if e.os_error() == Some(libc::EACCES) => Ok(Beside(None)),
            Err(e) => Err(e),
        }
    }

    /// Something may have this name; if not it is certain.
    fn may_hold(&self, path: &Path) -> bool {
        let Beside(Some(names)) = self else { return true };
        names.iter().any(|name| path.file_name().is_some_and(|wanted| wanted == name.as_str()))
    }
}

/// Removes what a bulk export left that was cut off. If that was between its two renames the old folder goes back.
fn settle_bulk(store: &dyn Store, run_dir: &Path, root: &Path) -> Result<()> {
    ops::remove_tree(store, &staging(run_dir))?;
    let old = retired(run_dir);
    if !ops::is_dir(store, &old)? {
        return Ok(());
    }
    if !ops::is_dir(store, root)? {
        store.rename(&old, root)?;
    }
    ops::remove_tree(store, &old)
}

fn open_bulk(
    store: &Arc<dyn Store>,
    run_dir: &Path,
    root: &Path,
    config: &Source,
    options: &WriterOptions,
) -> Result<Parts> {
    let archive = run_dir.join(name::ARCHIVE);
    for existing in [&archive, &root.to_path_buf()] {
        if !options.overwrite && store.link_metadata(existing)?.is_some() {
            return Err(Error::new(
                Code::Exists,
                format!("{} exists: choose another run directory or allow overwriting", existing.display()),
            ));
        }
    }
    let staging = staging(run_dir);
    store.create_dir(&staging)?;
    config::apply_prepared(&**store, &staging, config)?;
    Ok(Parts {
        columns: Columns::new(Arc::clone(store), &staging, open_file_limit(), true),
        schema: Schema::default(),
        pending: Batch::default(),
        hot: None,
        step: options.step.map_or(0, u64::from),
        warnings: Vec::new(),
    })
}

/// Where an archive is unpacked before it takes the place of the run folder.
fn reopening(run_dir: &Path) -> PathBuf {
    run_dir.join(".plattli.reopening")
}

/// Brings an archive and a folder to where only a folder is left (format §12.1): an interrupted finish is completed,
/// an interrupted reopening too, and a finished run is unpacked if the caller asked for that.
fn settle_archive(
    store: &Arc<dyn Store>,
    run_dir: &Path,
    root: &Path,
    options: &WriterOptions,
) -> Result<()> {
    let path = run_dir.join(name::ARCHIVE);
    if store.link_metadata(&path)?.is_none() {
        return Ok(());
    }
    let manifest_path = root.join(name::MANIFEST);
    let manifest = match ops::read_file(&**store, &manifest_path)? {
        Some(bytes) => Some(Manifest::parse(&bytes, &manifest_path)?),
        None => None,
    };
    let archive = ArchiveReader::open(&**store, &path)?;
    match (archive, manifest) {
        (Some(archive), Some(manifest)) if manifest.run_rows.is_none() => {
            settle_both(store, run_dir, root, &archive, options)
        }
        // The folder is final or half gone: its removal is completed.
        (Some(archive), _) => {
            archive.verify()?;
            remove_folder(&**store, root)?;
            store.sync_dir(run_dir)?;
            reopen(&**store, run_dir, root, &archive, options)
        }
        // No archive at all, only something of that name: the folder is the run (format §2).
        (None, Some(_)) => Ok(()),
        (None, None) => Err(Error::corrupt(
            &path,
            "is no archive that can be read, and there is no run folder beside it; move it away to start anew",
        )),
    }
}

/// An archive beside a folder that is not final: a finish or a reopening was cut off between the two. Both hold the
/// same rows, unless the power went and took what was not yet stored of the folder; the one that has them all stays.
fn settle_both(
    store: &Arc<dyn Store>,
    run_dir: &Path,
    root: &Path,
    archive: &ArchiveReader,
    options: &WriterOptions,
) -> Result<()> {
    let holds_all = match recover(store, &Plan::whole(run_dir, root)) {
        Ok(folder) => folder_holds(&folder, archive)?,
        // Half a folder: removed in part, or by a power cut.
        Err(e) if e.code() == Code::Corrupt => false,
        Err(e) => return Err(e),
    };
    if holds_all {
        store.remove_file(archive.path())?;
        return store.sync_dir(run_dir);
    }
    archive.verify()?;
    remove_folder(&**store, root)?;
    store.sync_dir(run_dir)?;
    reopen(&**store, run_dir, root, archive, options)
}

/// Unpacks a finished run beside the place of its folder, moves it there, and removes the archive last.
fn reopen(
    store: &dyn Store,
    run_dir: &Path,
    root: &Path,
    archive: &ArchiveReader,
    options: &WriterOptions,
) -> Result<()> {
    if !options.reopen_finished {
        return Err(Error::new(
            Code::Exists,
            format!(
                "{} is a finished run: allow it to be reopened, or choose another run directory",
                archive.path().display()
            ),
        ));
    }
    let staging = reopening(run_dir);
    unpack(store, archive, &staging)?;
    let path = staging.join(name::MANIFEST);
    let bytes = ops::read_file(store, &path)?.unwrap_or_default();
    let mut manifest = Manifest::parse(&bytes, &path)?;
    manifest.run_rows = None;
    if manifest.metrics.is_empty() {
        store.remove_file(&path)?;
    } else {
        ops::replace(store, &path, &manifest.to_text())?;
    }
    store.sync_dir(&staging)?;
    store.rename(&staging, root)?;
    store.sync_dir(run_dir)?;
    store.remove_file(archive.path())?;
    store.sync_dir(run_dir)
}

/// The direct layout has no hot log: rows that wait in one go to the columns, and every list of segments becomes an
/// index file (format §12, last paragraph).
fn fold_for_direct(columns: &mut Columns, pending: &mut Batch, hot: &mut Option<HotLog>) -> Result<()> {
    columns.absorb(pending)?;
    pending.clear();
    for id in 0..columns.all().len() {
        columns.spill_always(id)?;
        columns.make_empty(id)?;
    }
    columns.publish()?;
    if let Some(log) = hot.take() {
        drop(log);
        // The log goes only when what it held is as durable as it was.
        columns.sync()?;
        ops::remove_if_present(&**columns.store(), &columns.root().join(name::HOT))?;
    }
    Ok(())
}

impl Parts {
    fn into_writer(
        self,
        run_dir: &Path,
        root: PathBuf,
        options: &WriterOptions,
        lock: Option<WriterLock>,
    ) -> Result<(Core, Backend)> {
        let system = options.durability == Durability::System;
        let engine = Engine::new(self.columns, lock, system, options.threads > 0);
        let backend = match options.layout {
            Layout::Compacting => {
                Backend::Compacting(Box::new(Compacting::new(engine, self.pending, self.hot, options)?))
            }
            layout => Backend::Inline(Box::new(Inline::new(engine, self.pending, layout == Layout::Bulk))),
        };
        let core = Core {
            run_dir: run_dir.to_path_buf(),
            root,
            options: options.clone(),
            schema: self.schema,
            step: self.step,
            row: super::row::Row::default(),
            stats: WriterStats { warnings: self.warnings.len() as u64, ..WriterStats::default() },
            refused: None,
            latched: None,
            published: false,
            last_beat: Tick::now(),
            warnings: self.warnings,
        };
        Ok((core, backend))
    }
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
