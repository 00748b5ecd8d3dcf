//! The compacting layout: rows go to the hot log with one system call a step and are compacted behind the
//! caller's back (format §10, §11).
//!
//! Rows are here; the file they go to is in `file`, what happens behind the caller's back in `background`, and the end
//! of a writer in `end`.

mod background;
mod end;
mod file;
pub mod line;

use crate::clock::Tick;
use crate::error::{Error, Result};
use crate::hotlog::HotLog;
use crate::run::batch::Batch;
use crate::run::core::{first, Core, HEARTBEAT};
use crate::run::engine::{Compaction, Counters, Engine};
use crate::run::options::{Durability, WriterOptions};
use crate::run::row::Row;
use crate::worker::Worker;
use line::Line;
use std::collections::VecDeque;
use std::sync::Arc;

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
    /// The line of the row in hand, once it has one.
    line: Line,
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
    /// Goes on where recovery left off: with a hot log and the rows in it.
    pub fn new(engine: Engine, pending: Batch, hot: Option<HotLog>, options: &WriterOptions) -> Result<Self> {
        Ok(Compacting {
            counters: Arc::clone(&engine.counters),
            columns_known: engine.columns.all().len(),
            worker: Worker::start_at(&options.placement, engine, options.threads > 0, HEARTBEAT)?,
            phase: Phase::Idle,
            hot,
            half_rotated: false,
            pending_rows: pending.rows(),
            in_log_only: false,
            partial: None,
            line: Line::default(),
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

    /// Ends the step in hand.
    #[inline]
    pub fn end_step(&mut self, core: &mut Core) -> Result<()> {
        match self.has_only_to_append(core) {
            true => self.append_row(core),
            false => self.end_any_step(core),
        }
    }

    /// Nothing is to be done but to append the row in hand and to remember it, as in nearly every step.
    #[inline]
    fn has_only_to_append(&self, core: &Core) -> bool {
        // What the background thread has done can wait for the next step that looks.
        !self.worker.has_reply()
            && self.log_has_room(core)
            && self.hot.is_some()
            && core.schema.is_settled()
            && !core.row.is_empty()
            && self.partial.is_none()
            && self.waiting.is_empty()
            && self.trouble.is_none()
            && self.failed.is_none()
            && !self.half_rotated
            && !self.displaced
            && !self.in_log_only
            && core.options.durability == Durability::Process
    }

    /// The log is not full, or is but cannot be rotated yet and may grow.
    #[inline]
    fn log_has_room(&self, core: &Core) -> bool {
        (self.pending_rows as u64) < core.options.hotsize
            || (self.worker.is_busy() && self.pending_rows < core.backlog_limit())
    }

    #[inline]
    fn append_row(&mut self, core: &mut Core) -> Result<()> {
        let step = core.step_number()?;
        core.schema.write_line(core.step, &mut core.row, &mut self.line);
        let line = self.line.ended();
        let Some(log) = &mut self.hot else { return Err(Error::internal("the hot log is not open")) };
        match log.append(line) {
            Ok(()) => {
                core.stats.bytes_written += line.len() as u64;
                self.pending.push(step, &mut core.row);
                self.pending_rows += 1;
                self.row_is_written(core);
                Ok(())
            }
            Err(e) => {
                core.note(&e);
                self.keep_waiting(core, step);
                Err(e)
            }
        }
    }

    fn row_is_written(&mut self, core: &mut Core) {
        core.stats.rows += 1;
        self.unsynced_steps += 1;
        core.row.clear();
    }

    #[inline(never)]
    fn end_any_step(&mut self, core: &mut Core) -> Result<()> {
        self.collect(core);
        let written = if core.row.is_empty() { self.write_waiting(core) } else { self.end_row(core) };
        let synced = self.sync_if_due(core);
        first(first(written, synced), self.trouble.take().map_or(Ok(()), Err))
    }

    fn end_row(&mut self, core: &mut Core) -> Result<()> {
        let step = core.step_number()?;
        if let Err(e) = self.make_room(core) {
            core.row.clear();
            return Err(e);
        }
        core.schema.write_line(core.step, &mut core.row, &mut self.line);
        let result = self.settle_schema(core).and_then(|()| self.write_waiting(core)).and_then(|()| {
            self.rotate_if_full(core);
            self.write_row(core)
        });
        match result {
            Ok(()) => {
                self.accept(step, &mut core.row);
                self.row_is_written(core);
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
        let result = match self.partial {
            Some(partial) if partial.values == core.row.len() => Ok(()),
            Some(partial) => self.rewrite(core, partial.start, line.ended()),
            None => self.append(core, line.ended()),
        };
        self.line = line;
        result
    }

    /// Remembers a row that is in the log.
    fn accept(&mut self, step: u32, row: &mut Row) {
        if !self.in_log_only {
            self.pending.push(step, row);
        }
        self.pending_rows += 1;
    }

    /// Keeps the row in hand in memory until the disk takes it; beyond the bound the oldest is given up.
    fn keep_waiting(&mut self, core: &mut Core, step: u32) {
        let line = self.line.ended().to_vec();
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
            if let Some(mut w) = self.waiting.pop_front() {
                self.accept(w.step, &mut w.row);
                core.stats.rows += 1;
                self.unsynced_steps += 1;
            }
        }
    }

    /// The partial row of the step in hand reaches the operating system.
    pub fn flush(&mut self, core: &mut Core) -> Result<()> {
        core.schema.write_line(core.step, &mut core.row, &mut self.line);
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
}
