//! The compacting layout: rows go to the hot log with one system call a step and are compacted behind the
//! caller's back (format §10, §11).

use super::batch::{Batch, Row};
use super::core::{first, Core, HEARTBEAT};
use super::dtype::Cell;
use super::engine::{make_log, Compaction, Counters, Engine, Job, Reply};
use super::finish;
use super::name;
use super::options::{Durability, FinishOptions, Overload};
use super::steps::{Indices, SegmentList};
use crate::clock::Tick;
use crate::error::{Code, Error, Result};
use crate::hotlog::HotLog;
use crate::store::{ops, Create, Store};
use crate::worker::Worker;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a step waits for a rotation before it goes on with the old file. The usual rename and create are done
/// in a tenth of this; a file system that takes longer is not waited for.
const ROTATION_PATIENCE: Duration = Duration::from_micros(500);

/// What the worker was last asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Idle,
    Rotating,
    Compacting,
}

/// The row of the step in hand as it was flushed to the end of the log.
#[derive(Clone, Copy, Debug)]
struct Partial {
    /// Where it begins.
    start: u64,
    /// Number of values it has.
    values: usize,
}

/// A row that the disk refused.
#[derive(Debug)]
struct Waiting {
    step: u32,
    row: Row,
    line: Vec<u8>,
    /// A flushed part of it ends the log and is to be replaced.
    replaces: Option<u64>,
}

/// The state of the layout.
pub struct Compacting {
    worker: Worker<Engine>,
    counters: Arc<Counters>,
    phase: Phase,
    hot: Option<HotLog>,
    /// The last rotation failed half way: the log has the name of one that is being compacted.
    half_rotated: bool,
    /// Rows that are in the hot log and in no compaction.
    pending: Batch,
    pending_rows: usize,
    /// `pending` was given up to bound memory: the log alone has the rows.
    in_log_only: bool,
    partial: Option<Partial>,
    /// The line of the row in hand, without its end.
    line: Vec<u8>,
    waiting: VecDeque<Waiting>,
    /// A compaction that failed and is to be repeated.
    failed: Option<Compaction>,
    /// Memory of the last compaction, for the next.
    spare: Compaction,
    /// The first error of a background task that no call has returned yet.
    trouble: Option<Error>,
    /// The last sync of the log failed: its pages may be gone, so it is to be written anew.
    suspect: bool,
    /// The last attempt to write the log anew failed: its name may denote another file than the open one.
    displaced: bool,
    unsynced_steps: u64,
    /// The caller had the log synced.
    durable: bool,
    last_sync: Tick,
    columns_known: usize,
}

impl Compacting {
    /// Goes on where recovery left off: with the rows of a hot log of `hot_bytes`.
    pub fn new(engine: Engine, pending: Batch, hot_bytes: Option<u64>, threads: u32) -> Result<Self> {
        let store = Arc::clone(engine.columns.store());
        let path = engine.columns.root().join(name::HOT);
        let hot = match hot_bytes {
            Some(len) => Some(HotLog::new(store.open_append(&path, Create::Never)?, len)),
            None => None,
        };
        Ok(Compacting {
            counters: Arc::clone(&engine.counters),
            columns_known: engine.columns.all().len(),
            worker: Worker::start(engine, threads > 0, HEARTBEAT)?,
            phase: Phase::Idle,
            hot,
            half_rotated: false,
            pending_rows: pending.rows(),
            in_log_only: false,
            partial: None,
            line: Vec::new(),
            waiting: VecDeque::new(),
            failed: None,
            spare: Compaction::default(),
            trouble: None,
            suspect: false,
            displaced: false,
            // What an earlier process left in the log it may have left to the kernel.
            unsynced_steps: pending.rows() as u64,
            pending,
            durable: false,
            last_sync: Tick::now(),
        })
    }

    /// What the engine did so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Rows that the disk refused and that wait in memory.
    pub fn waiting_rows(&self) -> u64 {
        self.waiting.len() as u64
    }

    /// The line of the row in hand, for the next value to be added; the `first` begins it.
    #[inline]
    pub fn line(&mut self, step: u64, first: bool) -> &mut Vec<u8> {
        if first {
            self.line.clear();
            self.line.extend_from_slice(b"{\"step\":");
            crate::json::push_u64(&mut self.line, step);
        }
        &mut self.line
    }

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

    /// Ends the step in hand.
    pub fn end_step(&mut self, core: &mut Core) -> Result<()> {
        self.collect(core);
        let written = if core.row.is_empty() { self.write_waiting(core) } else { self.end_row(core) };
        let synced = self.sync_if_due(core);
        first(first(written, synced), self.trouble.take().map_or(Ok(()), Err))
    }

    fn end_row(&mut self, core: &mut Core) -> Result<()> {
        let step = core.step_number()?;
        if let Err(e) = self.make_room(core) {
            core.row.clear();
            self.line.clear();
            return Err(e);
        }
        let result = self.settle_schema(core).and_then(|()| self.write_waiting(core)).and_then(|()| {
            self.rotate_if_full(core);
            self.write_row(core)
        });
        match result {
            Ok(()) => {
                self.accept(step, &core.row);
                core.stats.rows += 1;
                self.unsynced_steps += 1;
                core.row.clear();
                self.line.clear();
                self.partial = None;
                Ok(())
            }
            Err(e) => {
                core.note(&e);
                self.keep_waiting(core, step);
                Err(e)
            }
        }
    }

    /// The row in hand, whole, at the end of the log.
    fn write_row(&mut self, core: &mut Core) -> Result<()> {
        let mut line = std::mem::take(&mut self.line);
        let open = line.len();
        line.extend_from_slice(b"}\n");
        let result = match self.partial {
            Some(partial) if partial.values == core.row.len() => Ok(()),
            Some(partial) => self.rewrite(core, partial.start, &line),
            None => self.append(core, &line),
        };
        line.truncate(open);
        self.line = line;
        result
    }

    /// Appends lines to the file that has the name of the log.
    fn append(&mut self, core: &mut Core, lines: &[u8]) -> Result<()> {
        self.ensure_log(core)?;
        if self.displaced {
            self.renew_log(core)?;
        }
        let Some(log) = &mut self.hot else { return Err(Error::internal("the hot log is not open")) };
        log.append(lines)?;
        core.stats.bytes_written += lines.len() as u64;
        Ok(())
    }

    /// Remembers a row that is in the log.
    fn accept(&mut self, step: u32, row: &Row) {
        if !self.in_log_only {
            self.pending.push(step, row);
        }
        self.pending_rows += 1;
    }

    /// Keeps the row in hand in memory until the disk takes it; beyond the bound the oldest is given up.
    fn keep_waiting(&mut self, core: &mut Core, step: u32) {
        let mut line = std::mem::take(&mut self.line);
        line.extend_from_slice(b"}\n");
        let replaces = self.partial.take().map(|p| p.start);
        self.waiting.push_back(Waiting { step, row: std::mem::take(&mut core.row), line, replaces });
        while self.waiting.len() > core.backlog_limit() {
            self.waiting.pop_front();
            core.stats.dropped_rows += 1;
        }
    }

    /// Writes the rows that wait.
    fn write_waiting(&mut self, core: &mut Core) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        core.stats.retries += 1;
        let result = self.settle_schema(core).and_then(|()| self.write_all_waiting(core));
        if let Err(e) = &result {
            core.note(e);
        }
        result
    }

    fn write_all_waiting(&mut self, core: &mut Core) -> Result<()> {
        if let Some(Waiting { replaces: Some(start), line, .. }) = self.waiting.front_mut() {
            let (start, line) = (*start, line.clone());
            self.rewrite(core, start, &line)?;
            self.accept_waiting(core, 1);
        }
        let lines: Vec<u8> = self.waiting.iter().flat_map(|w| w.line.iter().copied()).collect();
        if !lines.is_empty() {
            self.append(core, &lines)?;
            self.accept_waiting(core, usize::MAX);
        }
        Ok(())
    }

    fn accept_waiting(&mut self, core: &mut Core, most: usize) {
        for _ in 0..most.min(self.waiting.len()) {
            if let Some(w) = self.waiting.pop_front() {
                self.accept(w.step, &w.row);
                core.stats.rows += 1;
                self.unsynced_steps += 1;
            }
        }
    }

    /// The partial row of the step in hand reaches the operating system.
    pub fn flush(&mut self, core: &mut Core) -> Result<()> {
        self.collect(core);
        let result = self.flush_row(core);
        first(result, self.trouble.take().map_or(Ok(()), Err))
    }

    fn flush_row(&mut self, core: &mut Core) -> Result<()> {
        self.write_waiting(core)?;
        if core.row.is_empty() {
            self.rotate_if_full(core);
            return Ok(());
        }
        if self.partial.is_some_and(|p| p.values == core.row.len()) {
            return Ok(());
        }
        let result = self.settle_schema(core).and_then(|()| {
            if self.partial.is_none() {
                self.rotate_if_full(core);
                // A partial row may have to be replaced, so the file that it goes to must keep its name.
                self.finish_rotation(core)?;
            }
            let start =
                self.partial.map_or_else(|| self.hot.as_ref().map_or(0, HotLog::good_len), |p| p.start);
            self.write_row(core)?;
            self.partial = Some(Partial { start, values: core.row.len() });
            Ok(())
        });
        if let Err(e) = &result {
            core.note(e);
        }
        result
    }

    /// Replaces the end of the log from `start` on by `line`, atomically (format §10).
    fn rewrite(&mut self, core: &mut Core, start: u64, line: &[u8]) -> Result<()> {
        let mut content = match &self.hot {
            Some(log) => log.content()?,
            None => return Err(Error::internal("there is no hot log to rewrite")),
        };
        content.truncate(usize::try_from(start).unwrap_or(usize::MAX));
        content.extend_from_slice(line);
        self.replace_log(core, content)
    }

    /// Writes the log anew as it is.
    fn renew_log(&mut self, core: &mut Core) -> Result<()> {
        self.finish_rotation(core)?;
        let content = match &self.hot {
            Some(log) => log.content()?,
            None => return Ok(()),
        };
        self.replace_log(core, content)
    }

    fn replace_log(&mut self, core: &mut Core, content: Vec<u8>) -> Result<()> {
        let len = content.len() as u64;
        self.displaced = true;
        let file = self.call(core, move |engine| {
            let (store, path) = (engine.columns.store(), engine.columns.root().join(name::HOT));
            ops::replace(&**store, &path, &content)?;
            store.open_append(&path, Create::Never)
        })?;
        self.hot = Some(HotLog::new(file, len));
        (self.suspect, self.displaced) = (false, false);
        core.stats.bytes_written += len;
        Ok(())
    }

    /// Opens the hot log of a run that has none yet.
    fn ensure_log(&mut self, core: &mut Core) -> Result<()> {
        if self.hot.is_none() {
            let file = self.call(core, |engine| {
                let (store, root) = (engine.columns.store(), engine.columns.root());
                let file = make_log(&**store, &root.join(name::HOT))?;
                if engine.system {
                    store.sync_dir(root)?;
                }
                Ok(file)
            })?;
            self.hot = Some(HotLog::new(file, 0));
        }
        Ok(())
    }

    /// Columns and manifest learn of metrics that are new or have a new type, before a row can hold them.
    fn settle_schema(&mut self, core: &mut Core) -> Result<()> {
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
    fn make_room(&mut self, core: &mut Core) -> Result<()> {
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
    fn leave_to_log(&mut self) {
        self.pending.clear();
        self.in_log_only = true;
    }

    /// Starts a rotation when the log is full, and waits for it a little.
    fn rotate_if_full(&mut self, core: &mut Core) {
        let full = self.pending_rows as u64 >= core.options.hotsize || self.half_rotated;
        let free = self.phase == Phase::Idle && self.failed.is_none() && !self.worker.is_busy();
        let free = free && !self.displaced;
        if !full || !free || self.partial.is_some() || !self.waiting.is_empty() || self.hot.is_none() {
            return;
        }
        if let Err(e) = self.worker.post(Job::Rotate) {
            self.trouble.get_or_insert(e);
            return;
        }
        self.phase = Phase::Rotating;
        if let Some(reply) = self.worker.wait_for(ROTATION_PATIENCE) {
            self.take_reply(core, reply);
        }
        if self.worker.is_inline() {
            self.drain(core);
        }
    }

    /// Waits for a rotation in progress.
    fn finish_rotation(&mut self, core: &mut Core) -> Result<()> {
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
    fn collect(&mut self, core: &mut Core) {
        if self.worker.is_busy() {
            if let Some(reply) = self.worker.poll() {
                self.take_reply(core, reply);
            }
        }
        self.repeat_failed(core);
    }

    fn repeat_failed(&mut self, core: &mut Core) {
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
    fn drain(&mut self, core: &mut Core) {
        while self.worker.is_busy() {
            match self.worker.wait() {
                Some(reply) => self.take_reply(core, reply),
                None => return,
            }
        }
    }

    fn take_reply(&mut self, core: &mut Core, reply: Reply) {
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
    fn switch_log(&mut self, core: &mut Core, log: HotLog) {
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

    fn compact(&mut self, compaction: Compaction) {
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

    fn sync_if_due(&mut self, core: &mut Core) -> Result<()> {
        if core.options.durability != Durability::System || self.unsynced_steps == 0 {
            return Ok(());
        }
        let by_steps = self.unsynced_steps >= u64::from(core.options.sync_steps.max(1));
        let milliseconds = core.options.sync_milliseconds;
        let by_time =
            milliseconds > 0 && self.last_sync.elapsed_ns() >= milliseconds.saturating_mul(1_000_000);
        if by_steps || by_time {
            self.sync_log(core)
        } else {
            Ok(())
        }
    }

    /// The log is on stable storage.
    fn sync_log(&mut self, core: &mut Core) -> Result<()> {
        let result = self.try_sync_log(core);
        match &result {
            Ok(()) => {
                self.unsynced_steps = 0;
                self.last_sync = Tick::now();
            }
            Err(e) => core.note(e),
        }
        result
    }

    fn try_sync_log(&mut self, core: &mut Core) -> Result<()> {
        let Some(log) = &self.hot else { return Ok(()) };
        core.stats.sync_count += 1;
        if !self.suspect {
            let result = log.sync();
            self.suspect = result.is_err();
            return result;
        }
        // A second fsync of the same pages would succeed and prove nothing.
        self.renew_log(core)
    }

    /// Everything acknowledged so far is on stable storage.
    pub fn sync(&mut self, core: &mut Core) -> Result<()> {
        self.collect(core);
        self.write_waiting(core)?;
        let run_dir = core.run_dir.clone();
        self.call(core, move |engine| {
            engine.sync_columns()?;
            let store = Arc::clone(engine.columns.store());
            sync_if_present(&*store, &engine.columns.root().join(name::HOT_COMPACTING))?;
            store.sync_dir(engine.columns.root())?;
            store.sync_dir(&run_dir)
        })?;
        self.sync_log(core)?;
        self.durable = true;
        self.trouble.take().map_or(Ok(()), Err)
    }

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
            Some(mut engine) => engine.lock.take().map_or(Ok(()), super::lock::RunLock::release),
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
        let (compaction, result, published) = self.call(core, move |engine| {
            let result = finish::finish(engine, &compaction, &run_dir, &options);
            Ok((compaction, result, engine.published))
        })?;
        core.published = published;
        match result {
            Ok(()) => {
                self.hot = None;
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

    /// Ends the step in hand, if it has values, and waits until nothing is in hand or failed.
    fn end_last_row(&mut self, core: &mut Core) -> Result<()> {
        self.collect(core);
        self.flush_row(core)?;
        if !core.row.is_empty() {
            self.accept(core.step_number()?, &core.row);
            core.stats.rows += 1;
            core.row.clear();
            self.line.clear();
            self.partial = None;
            core.step += 1;
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

    /// The values of a metric in rows that may be in no column yet, read back from the logs: what is in memory need
    /// not be all of it while a compaction fails.
    pub fn hot_cells(&mut self, core: &mut Core, id: u32) -> Result<Vec<Cell>> {
        let mut cells = self.call(core, move |engine| {
            let mut cells = Vec::new();
            for log in [name::HOT_COMPACTING, name::HOT] {
                let path = engine.columns.root().join(log);
                cells.extend(super::rows::read_back(&engine.columns, &path)?.cells_of(id));
            }
            Ok(cells)
        })?;
        cells.extend(self.waiting.iter().filter_map(|w| w.row.cell_of(id)));
        Ok(cells)
    }
}

fn sync_if_present(store: &dyn Store, path: &Path) -> Result<()> {
    match ops::if_present(store.open_append(path, Create::Never))? {
        Some(file) => file.sync_all(),
        None => Ok(()),
    }
}
