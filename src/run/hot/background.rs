//! What the caller and the worker say to each other: publication, rotation, compaction.

use super::{Compacting, Phase};
use crate::error::{Code, Error, Result};
use crate::hotlog::HotLog;
use crate::run::core::Core;
use crate::run::dtype::Cell;
use crate::run::engine::{Compaction, Engine, Job, Reply};
use crate::run::name;
use crate::run::options::{Durability, Overload};
use crate::run::steps::{Indices, SegmentList};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

impl Compacting {
    /// Renews the lock if no thread does. An error if somebody else took the run over.
    pub fn beat(&mut self, core: &mut Core) -> Result<()> {
        if self.worker.is_inline() && core.beat_is_due() {
            self.call(core, |engine| {
                engine.heartbeat();
                Ok(())
            })?;
        }
        if self.counters.lost.load(Ordering::Relaxed) {
            self.call(core, |engine| engine.check_lock())?;
        }
        Ok(())
    }

    /// Columns and manifest learn of metrics that are new or have a new type, before a row can hold them.
    pub(super) fn settle_schema(&mut self, core: &mut Core) -> Result<()> {
        if core.schema.is_settled() {
            return Ok(());
        }
        let Some(update) = core.schema.update(self.columns_known) else { return Ok(()) };
        self.columns_known = self.call(core, move |engine| {
            update.apply(&mut engine.columns, &Indices::List(SegmentList::new()))?;
            engine.columns.publish()?;
            Ok(engine.columns.all().len())
        })?;
        core.schema.settled();
        Ok(())
    }

    /// Applies the overload policy when rows come faster than they are compacted.
    pub(super) fn make_room(&mut self, core: &mut Core) -> Result<()> {
        if self.pending_rows < core.backlog_limit() {
            return Ok(());
        }
        if self.worker.is_busy() {
            if core.options.overload == Overload::Shed {
                if self.partial.is_some() {
                    // What was flushed is in the log already and cannot be taken back.
                    self.leave_to_log();
                    return Ok(());
                }
                core.stats.shed_steps += 1;
                return Err(Error::new(
                    Code::Overloaded,
                    format!(
                        "step {} was shed: {} rows wait for the compaction of {}",
                        core.step,
                        self.pending_rows,
                        core.root.display()
                    ),
                ));
            }
            if let Some(reply) = self.worker.wait() {
                self.take_reply(core, reply);
            }
        }
        if self.pending_rows >= core.backlog_limit() && (self.failed.is_some() || self.half_rotated) {
            // Compaction or rotation keeps failing.
            self.leave_to_log();
        }
        Ok(())
    }

    /// The rows are safe in the log: memory, which must not grow without bound, gives them up.
    pub(super) fn leave_to_log(&mut self) {
        self.pending.clear();
        self.in_log_only = true;
    }

    /// Starts a rotation when the log is full. The rows that come until the new log is there go to the old one.
    #[inline]
    pub(super) fn rotate_if_full(&mut self, core: &mut Core) {
        if (self.pending_rows as u64) < core.options.hotsize && !self.half_rotated {
            return;
        }
        self.rotate(core);
    }

    fn rotate(&mut self, core: &mut Core) {
        let free = self.phase == Phase::Idle && self.failed.is_none() && !self.worker.is_busy();
        let free = free && !self.displaced;
        if !free || self.partial.is_some() || !self.waiting.is_empty() || self.hot.is_none() {
            return;
        }
        if let Err(e) = self.worker.post(Job::Rotate) {
            self.trouble.get_or_insert(e);
            return;
        }
        self.phase = Phase::Rotating;
        if self.worker.is_inline() {
            self.drain(core);
        }
    }

    /// Waits for a rotation in progress.
    pub(super) fn finish_rotation(&mut self, core: &mut Core) -> Result<()> {
        if self.phase == Phase::Rotating {
            if let Some(reply) = self.worker.wait() {
                self.take_reply(core, reply);
            }
        }
        if self.half_rotated {
            return Err(self
                .trouble
                .take()
                .unwrap_or_else(|| Error::internal("a rotation stopped half way")));
        }
        Ok(())
    }

    /// Takes what the worker has done, without waiting, and repeats what failed.
    pub(super) fn collect(&mut self, core: &mut Core) {
        if self.worker.is_busy() {
            if let Some(reply) = self.worker.poll() {
                self.take_reply(core, reply);
            }
        }
        self.repeat_failed(core);
    }

    pub(super) fn repeat_failed(&mut self, core: &mut Core) {
        if self.worker.is_busy() {
            return;
        }
        if let Some(compaction) = self.failed.take() {
            core.stats.retries += 1;
            self.compact(compaction);
            if self.worker.is_inline() {
                self.drain(core);
            }
        }
    }

    /// Waits until the worker has nothing to do.
    pub(super) fn drain(&mut self, core: &mut Core) {
        while self.worker.is_busy() {
            match self.worker.wait() {
                Some(reply) => self.take_reply(core, reply),
                None => return,
            }
        }
    }

    pub(super) fn take_reply(&mut self, core: &mut Core, reply: Reply) {
        let was = std::mem::replace(&mut self.phase, Phase::Idle);
        let error = match reply {
            Reply::Rotated(Ok(file)) => {
                self.half_rotated = false;
                self.switch_log(core, HotLog::new(file, 0));
                return;
            }
            Reply::Rotated(Err(e)) => {
                // Whether the rename or the creation failed does not matter: until it succeeds the log is one file.
                self.half_rotated = true;
                e
            }
            Reply::Compacted(mut compaction, Ok(())) => {
                compaction.batch.clear();
                self.spare = compaction;
                core.stats.compactions += 1;
                return;
            }
            Reply::Compacted(compaction, Err(e)) => {
                self.failed = Some(compaction);
                e
            }
            Reply::Called(Ok(())) => return,
            Reply::Called(Err(e)) => e,
            Reply::Panicked => {
                if was == Phase::Compacting {
                    // The rows in memory went with the panic; the log has them.
                    self.failed = Some(Compaction { from_log: true, durable: true, ..Compaction::default() });
                }
                Error::internal("the background thread panicked")
            }
        };
        core.note(&error);
        self.trouble.get_or_insert(error);
    }

    /// The new log takes over, and the rows of the old one go to the columns.
    pub(super) fn switch_log(&mut self, core: &mut Core, log: HotLog) {
        let rotated = self.hot.replace(log);
        if let Some(old) = &rotated {
            if core.options.durability == Durability::System && self.unsynced_steps > 0 {
                if let Err(e) = old.sync() {
                    core.note(&e);
                    self.trouble.get_or_insert(e);
                }
            }
        }
        let mut compaction = std::mem::take(&mut self.spare);
        std::mem::swap(&mut compaction.batch, &mut self.pending);
        core.schema.flags(&mut compaction.flags);
        compaction.from_log = self.in_log_only;
        compaction.durable = std::mem::take(&mut self.durable);
        compaction.rotated = rotated;
        self.in_log_only = false;
        self.pending_rows = 0;
        self.compact(compaction);
    }

    pub(super) fn compact(&mut self, compaction: Compaction) {
        match self.worker.post(Job::Compact(compaction)) {
            Ok(()) => self.phase = Phase::Compacting,
            Err(e) => {
                // Not reachable while posts are made to an idle worker; the log still has the rows.
                self.failed = Some(Compaction { from_log: true, durable: true, ..Compaction::default() });
                self.trouble.get_or_insert(e);
            }
        }
    }

    /// Runs something rare on the engine, after what is in hand, and waits for it.
    pub fn call<T: Send + 'static>(
        &mut self,
        core: &mut Core,
        work: impl FnOnce(&mut Engine) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.drain(core);
        let slot = Arc::new(Mutex::new(None));
        let out = Arc::clone(&slot);
        self.worker.post(Job::Call(Box::new(move |engine| {
            let value = work(engine)?;
            *out.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
            Ok(())
        })))?;
        match self.worker.wait() {
            Some(Reply::Called(result)) => result?,
            _ => return Err(Error::internal("the background thread panicked")),
        }
        let value = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        value.ok_or_else(|| Error::internal("a call left no result"))
    }

    /// The values of a metric in rows that may be in no column yet, read back from the logs: what is in memory need
    /// not be all of it while a compaction fails.
    pub fn hot_cells(&mut self, core: &mut Core, id: u32) -> Result<Vec<Cell>> {
        let mut cells = self.call(core, move |engine| {
            let mut cells = Vec::new();
            for log in [name::HOT_COMPACTING, name::HOT] {
                cells.extend(crate::run::rows::read_back(&engine.columns, log)?.cells_of(id));
            }
            Ok(cells)
        })?;
        cells.extend(self.waiting.iter().filter_map(|w| w.row.cell_of(id)));
        Ok(cells)
    }
}
