//! The layouts without a hot log: direct, where a row goes straight to the columns, and bulk, where everything is
//! staged beside the run and published whole (format §11).

use super::batch::Batch;
use super::columns::Columns;
use super::core::Core;
use super::engine::{Compaction, Counters, Engine};
use super::finish::{self, Lent, Waiting};
use super::leftovers::RunFiles;
use super::manifest::Manifest;
use super::monotonic::Monotonic;
use super::name;
use super::options::{Durability, FinishOptions};
use super::steps::Indices;
use crate::clock::Tick;
use crate::error::{Code, Error, Result};
use crate::store::{ops, Kind, Store};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::Arc;

/// Bytes of rows that a bulk export keeps in memory before it writes them to the staged columns.
const BULK_BATCH: usize = 8 << 20;

/// Bytes of rows that a bulk export keeps at most while the disk refuses them.
const BULK_BACKLOG: usize = 8 * BULK_BATCH;

/// The state of both layouts.
#[derive(Debug)]
pub struct Inline {
    engine: Engine,
    pending: Batch,
    /// The flags of all metrics, by id.
    flags: Vec<Option<Monotonic>>,
    /// Bulk: nothing is visible before `finish`.
    staged: bool,
    since_sync: u64,
    /// A sync is due, or was and failed.
    sync_due: bool,
    last_sync: Tick,
}

impl Inline {
    /// Goes on with rows that are in no column yet.
    pub fn new(engine: Engine, pending: Batch, staged: bool) -> Self {
        Inline {
            engine,
            pending,
            flags: Vec::new(),
            staged,
            since_sync: 0,
            sync_due: false,
            last_sync: Tick::now(),
        }
    }

    /// What the engine did so far.
    pub fn counters(&self) -> &Counters {
        &self.engine.counters
    }

    /// Rows that the disk refused and that wait in memory.
    pub fn waiting_rows(&self) -> u64 {
        if self.staged {
            0
        } else {
            self.pending.rows() as u64
        }
    }

    /// Renews the lock. An error if somebody else took the run over.
    pub fn beat(&mut self, core: &mut Core) -> Result<()> {
        if core.beat_is_due() {
            self.engine.heartbeat();
        }
        self.engine.check_lock()
    }

    /// Ends the step in hand.
    pub fn end_step(&mut self, core: &mut Core) -> Result<()> {
        if core.row.is_empty() {
            return self.write_pending(core, false);
        }
        self.accept(core)?;
        self.sync_due |= self.sync_is_due(core);
        self.write_pending(core, false)
    }

    /// The row in hand waits for the disk from now on: whatever becomes of the next operation, its values stay with
    /// their step.
    fn accept(&mut self, core: &mut Core) -> Result<()> {
        let step = core.step_number()?;
        core.schema.follow(&mut core.row);
        self.pending.push(step, &mut core.row);
        core.row.clear();
        Ok(())
    }

    /// What was written of the step in hand reaches the operating system (direct), or nothing (bulk).
    pub fn flush(&mut self, core: &mut Core) -> Result<()> {
        if self.staged || core.row.is_empty() {
            return self.write_pending(core, false);
        }
        // The rest of the step is a row of its own, in which nothing may be expected that this one has.
        core.schema.mark(core.step, &mut core.row);
        self.accept(core)?;
        core.row.reset();
        self.write_pending(core, false)
    }

    fn settle_schema(&mut self, core: &mut Core) -> Result<()> {
        let Some(update) = core.schema.update(self.engine.columns.all().len()) else { return Ok(()) };
        update.apply(&mut self.engine.columns, &Indices::File)?;
        core.schema.settled();
        Ok(())
    }

    fn write_pending(&mut self, core: &mut Core, all: bool) -> Result<()> {
        if self.pending.is_empty() || (self.staged && !all && self.pending.weight() < BULK_BATCH) {
            return Ok(());
        }
        let result = self.settle_schema(core).and_then(|()| {
            let columns = &mut self.engine.columns;
            if self.staged {
                return columns.absorb(&self.pending);
            }
            core.schema.flags(&mut self.flags);
            columns.set_flags(&self.flags);
            let syncs = columns.absorb_direct(&self.pending, self.sync_due)?;
            self.engine.counters.syncs.fetch_add(syncs, Ordering::Relaxed);
            self.sync_due = false;
            Ok(())
        });
        let bytes = self.engine.columns.take_bytes_written();
        core.stats.bytes_written += bytes;
        match result {
            Ok(()) => {
                core.stats.rows += self.pending.rows() as u64;
                self.pending.clear();
                Ok(())
            }
            Err(e) => {
                core.note(&e);
                core.stats.retries += u64::from(self.pending.rows() > 1);
                let excess = self.excess(core);
                self.pending.remove_first(excess);
                core.stats.dropped_rows += excess as u64;
                Err(e)
            }
        }
    }

    /// How many of the rows that wait are more than may wait. A bulk export collects bytes, not rows.
    fn excess(&self, core: &Core) -> usize {
        let rows = self.pending.rows();
        match self.staged {
            true if self.pending.weight() > BULK_BACKLOG => rows.div_ceil(8),
            true => 0,
            false => rows.saturating_sub(core.backlog_limit()),
        }
    }

    /// The step that ends now is to be on stable storage.
    fn sync_is_due(&mut self, core: &Core) -> bool {
        if self.staged || core.options.durability != Durability::System {
            return false;
        }
        self.since_sync += 1;
        let by_steps = self.since_sync >= u64::from(core.options.sync_steps.max(1));
        let milliseconds = core.options.sync_milliseconds;
        let by_time =
            milliseconds > 0 && self.last_sync.elapsed_ns() >= milliseconds.saturating_mul(1_000_000);
        if by_steps || by_time {
            self.since_sync = 0;
            self.last_sync = Tick::now();
        }
        by_steps || by_time
    }

    /// Everything acknowledged so far is on stable storage; of a bulk export nothing is, before it is finished.
    pub fn sync(&mut self, core: &mut Core) -> Result<()> {
        self.write_pending(core, true)?;
        self.engine.sync_columns().inspect_err(|e| core.note(e))?;
        let store = self.engine.columns.store();
        store.sync_dir(self.engine.columns.root())?;
        store.sync_dir(&core.run_dir)
    }

    /// Flushes and lets everything go. An unfinished bulk export leaves nothing behind.
    pub fn close(&mut self, core: &mut Core) -> Result<()> {
        let held = self.engine.look_at_lock();
        let ours = held.as_ref().err().is_none_or(|e| e.code() != Code::Busy);
        let flushed = if ours && !self.staged && !core.published { self.flush(core) } else { Ok(()) };
        self.engine.columns.close_files();
        let cleaned = match self.staged {
            true => ops::remove_tree(&**self.engine.columns.store(), self.engine.columns.root()),
            false => Ok(()),
        };
        let released = self.engine.lock.take().map_or(Ok(()), crate::lock::WriterLock::release);
        flushed.and(held).and(cleaned).and(released)
    }

    /// Makes the run final.
    pub fn finish(&mut self, core: &mut Core, options: &FinishOptions) -> Result<()> {
        self.engine.look_at_lock().inspect_err(|e| core.note(e))?;
        if !core.row.is_empty() {
            self.accept(core)?;
            core.step += 1;
        }
        self.write_pending(core, true)?;
        let mut last = Compaction::default();
        core.schema.flags(&mut last.flags);
        let result = if self.staged {
            self.publish_staged(core, &last, options)
        } else {
            finish::finish(&mut self.engine, &last, &Lent::default(), &core.run_dir, options)
        };
        core.published = self.engine.published;
        result.inspect_err(|e| core.note(e))
    }

    /// Puts the staged columns in the place of the run.
    fn publish_staged(&mut self, core: &Core, last: &Compaction, options: &FinishOptions) -> Result<()> {
        self.engine.check_lock()?;
        let columns = &mut self.engine.columns;
        let store = Arc::clone(columns.store());
        let (staging, target) = (columns.root().to_path_buf(), core.run_dir.join(name::FOLDER));
        columns.set_flags(&last.flags);
        for id in 0..columns.all().len() {
            // Offline segmentation leaves a lone row to the index file (format §7).
            if columns.all()[id].stored.rows == 1 {
                columns.spill_always(id)?;
            }
        }
        let archive = core.run_dir.join(name::ARCHIVE);
        if !self.engine.packed && ops::is_dir(&*store, &staging)? {
            let config = finish::final_config(&*store, &staging, options)?;
            if options.archive || self.engine.archived {
                keep_foreign(&*store, &target, columns)?;
                let waiting = Waiting { rows: &last.batch, flags: &last.flags };
                let tmp =
                    finish::archive(columns, waiting, &core.run_dir, options, config, self.engine.threads)?;
                self.engine.put_in_place(&tmp, &core.run_dir)?;
                self.engine.packed = true;
            } else {
                columns.sync()?;
                finish::settle(columns, None, options, config, &mut self.engine.published)?;
                keep_foreign(&*store, &target, columns)?;
                columns.sync()?;
                store.sync_dir(&staging)?;
                self.replace_folder(&core.run_dir)?;
            }
            self.engine.published = true;
        }
        if options.archive && !self.engine.packed {
            return Err(Error::state(format!(
                "{} was made final as a folder by an earlier call and is not packed any more: finish it without an archive",
                target.display()
            )));
        }
        self.engine.columns.close_files();
        self.engine.look_at_lock()?;
        if self.engine.packed {
            finish::remove_folder(&*store, &target)?;
            ops::remove_tree(&*store, &staging)?;
        } else {
            ops::remove_if_present(&*store, &archive)?;
            ops::remove_tree(&*store, &retired(&core.run_dir))?;
        }
        store.sync_dir(&core.run_dir)?;
        self.engine.lock.take().map_or(Ok(()), crate::lock::WriterLock::release)
    }

    /// Gives the staged folder the place of the run folder. May be repeated after an error.
    fn replace_folder(&self, run_dir: &Path) -> Result<()> {
        let store = &**self.engine.columns.store();
        let (target, old) = (run_dir.join(name::FOLDER), retired(run_dir));
        if ops::is_dir(store, &target)? {
            ops::remove_tree(store, &old)?;
            store.rename(&target, &old)?;
        }
        store.rename(self.engine.columns.root(), &target)?;
        store.sync_dir(run_dir)
    }

    /// Rows in memory and the columns, for those who need all values of a metric.
    pub fn parts(&self) -> (&Batch, &Engine) {
        (&self.pending, &self.engine)
    }

    /// The engine.
    pub fn engine(&mut self) -> &mut Engine {
        &mut self.engine
    }
}

/// Where a bulk export is staged.
pub fn staging(run_dir: &Path) -> PathBuf {
    run_dir.join(".plattli.bulk")
}

/// Where a folder is put that a bulk export replaces, until it is removed.
pub fn retired(run_dir: &Path) -> PathBuf {
    run_dir.join(".plattli.replaced")
}

/// Copies the files that are not the replaced run's own into the export. One that would be a file of the export is
/// an error. May be repeated.
fn keep_foreign(store: &dyn Store, old: &Path, export: &Columns) -> Result<()> {
    if !ops::is_dir(store, old)? {
        return Ok(());
    }
    let path = old.join(name::MANIFEST);
    let manifest = match ops::read_file(store, &path)? {
        Some(bytes) => Manifest::parse(&bytes, &path)?,
        None => return Ok(()),
    };
    let new = export.manifest(None);
    let (replaced, new) = (RunFiles::of(&manifest), RunFiles::of(&new));
    for (file, kind) in ops::walk_files(store, old)? {
        if replaced.has(&file) || kind != Kind::File {
            continue;
        }
        let (from, to) = (old.join(&file), export.root().join(&file));
        if new.has(&file) {
            return Err(Error::new(
                Code::Exists,
                format!("{} is in the way of the export: move it away", from.display()),
            ));
        }
        if let Some(bytes) = ops::read_file(store, &from)? {
            ops::create_dirs(store, ops::parent_of(&to))?;
            ops::write_new(store, &to, &bytes)?;
        }
    }
    Ok(())
}
