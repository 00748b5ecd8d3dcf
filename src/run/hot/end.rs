//! The end of a writer: closed, finished, or left behind in a forked child.

use super::Compacting;
use crate::error::{Code, Error, Result};
use crate::run::core::{first, Core};
use crate::run::engine::Compaction;
use crate::run::finish::{self, Lent};
use crate::run::name;
use crate::run::options::{Durability, FinishOptions};
use crate::store::ops;
use std::sync::{Arc, Mutex, PoisonError};

impl Compacting {
    /// Flushes the row in hand, waits for the worker and lets everything go. The run can be continued.
    pub fn close(&mut self, core: &mut Core) -> Result<()> {
        let held = self.call(core, |engine| engine.look_at_lock());
        let ours = held.as_ref().err().is_none_or(|e| e.code() != Code::Busy);
        // The rows of a finish that failed half way are in the columns, and the log may be gone.
        let writable = ours && !core.published;
        let flushed = if writable { self.flush(core) } else { Ok(()) };
        self.drain(core);
        // A rotation makes the new log at once; without rows it has nothing to say (format §3.4).
        let empty = self.hot.as_ref().is_some_and(|log| log.good_len() == 0);
        if empty && !self.half_rotated && writable {
            self.hot = None;
            let removed = self.call(core, |engine| {
                ops::remove_if_present(&**engine.columns.store(), &engine.columns.root().join(name::HOT))
            });
            self.trouble = self.trouble.take().or(removed.err());
        }
        let released = match self.worker.stop() {
            Some(mut engine) => engine.lock.take().map_or(Ok(()), crate::lock::WriterLock::release),
            None => Ok(()),
        };
        first(first(first(flushed, held), released), self.trouble.take().map_or(Ok(()), Err))
    }

    /// Makes the run final (format §13). After an error the writer is what it was and may try again.
    pub fn finish(&mut self, core: &mut Core, options: &FinishOptions) -> Result<()> {
        self.call(core, |engine| engine.look_at_lock()).inspect_err(|e| core.note(e))?;
        if !core.published {
            self.end_last_row(core)?;
        }
        let batch = std::mem::take(&mut self.pending);
        let mut flags = Vec::new();
        core.schema.flags(&mut flags);
        // While the rows are away the log has them.
        let from_log = std::mem::replace(&mut self.in_log_only, true);
        let compaction = Compaction { batch, flags, from_log, ..Compaction::default() };
        let (run_dir, options) = (core.run_dir.clone(), options.clone());
        let log: Lent = Arc::new(Mutex::new(self.hot.take()));
        let lent = Arc::clone(&log);
        let called = self.call(core, move |engine| {
            let result = finish::finish(engine, &compaction, &lent, &run_dir, &options);
            Ok((compaction, result, engine.published))
        });
        // Also of a call that died.
        self.hot = log.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (compaction, result, published) = called?;
        core.published = published;
        match result {
            Ok(()) => {
                self.worker.stop();
                Ok(())
            }
            Err(e) => {
                self.pending = compaction.batch;
                self.in_log_only = from_log;
                core.note(&e);
                Err(e)
            }
        }
    }

    /// Ends the step in hand, if it has values, and waits until nothing is in hand or failed. A full log is not rotated
    /// any more.
    pub(super) fn end_last_row(&mut self, core: &mut Core) -> Result<()> {
        core.schema.write_line(core.step, &mut core.row, &mut self.line);
        self.collect(core);
        self.write_waiting(core)?;
        if !core.row.is_empty() {
            if self.partial.is_none_or(|p| p.values != core.row.len()) {
                self.settle_schema(core).and_then(|()| self.write_row(core)).inspect_err(|e| core.note(e))?;
            }
            self.accept(core.step_number()?, &mut core.row);
            core.stats.rows += 1;
            core.row.clear();
            self.partial = None;
            core.step += 1;
        }
        if self.half_rotated {
            self.rotate_if_full(core);
        }
        self.drain(core);
        self.repeat_failed(core);
        self.drain(core);
        if self.failed.is_some() {
            return Err(self.trouble.take().unwrap_or_else(|| Error::internal("a compaction failed")));
        }
        if core.options.durability == Durability::System {
            // Until the columns are on stable storage the log has to be: recovery takes it for whole.
            self.sync_log(core)?;
        }
        Ok(())
    }

    /// Lets go without touching a file or a lock that a thread of the parent process may hold.
    pub fn abandon(&mut self) {
        self.worker.abandon();
        // `fork` copies the table of descriptors before the memory: one that another thread opened in between is
        // known here but not open, and closing it would be taken for a fault. The log stays open until the child ends.
        std::mem::forget(self.hot.take());
    }
}
