//! The writer of a run: one call per metric per step.

use super::config;
use super::core::{Core, STEP_LIMIT};
use super::dtype::{Cell, Class, DType, Value};
use super::finish::{cell_range, value_range};
use super::name::Spelled;
use super::open::{open, Backend};
use super::options::{Config, FinishOptions, WriterOptions, WriterStats};
use crate::barrier;
use crate::clock::Stopwatch;
use crate::error::{Code, Error, Result};
use crate::fork;
use crate::gate::{Gate, Guard, Inside};
use crate::store::{DiskStore, Store};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::Arc;

/// A run open for writing. Calls from several threads are serialised.
///
/// Dropping a writer flushes and lets go of the run, quietly; it never finishes it. [`Writer::close`] does the same
/// and reports.
pub struct Writer {
    inner: Gate<Inner>,
    generation: u32,
}

struct Inner {
    core: Core,
    backend: Backend,
    life: Life,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Life {
    Open,
    Finished,
    Closed,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl Writer {
    /// Opens a run for writing, on disk. A new run directory is made; an existing run is recovered and continued
    /// (format §12).
    pub fn open(run_dir: &Path, options: &WriterOptions) -> Result<Writer> {
        Self::open_in(Arc::new(DiskStore), run_dir, options)
    }

    /// Opens a run for writing in a store.
    pub fn open_in(store: Arc<dyn Store>, run_dir: &Path, options: &WriterOptions) -> Result<Writer> {
        fork::ensure_registered()?;
        barrier::register();
        let generation = fork::generation();
        let (core, backend) = open(&store, run_dir, options)?;
        Ok(Writer { inner: Gate::new(Inner { core, backend, life: Life::Open }), generation })
    }

    fn lock(&self) -> Result<Session<'_>> {
        if fork::generation() != self.generation {
            return Err(Error::new(Code::Forked, "this writer belongs to the parent process"));
        }
        let inner = Session(self.inner.enter());
        match self.inner.is_broken() {
            true => Err(Error::internal("an earlier call on this writer panicked")),
            false => Ok(inner),
        }
    }

    fn open_inner(&self) -> Result<Session<'_>> {
        let inner = self.lock()?;
        match inner.is_open() {
            true => Ok(inner),
            false => Err(inner.ended()),
        }
    }

    /// The inside of a writer of which nothing has to be said but that it can write: to be left, not dropped.
    #[inline(always)]
    fn usual_inner(&self) -> Option<Inside<'_, Inner>> {
        if fork::generation() != self.generation {
            return None;
        }
        let inner = self.inner.slip_in();
        if inner.is_open() && !self.inner.is_broken() {
            return Some(inner);
        }
        inner.leave();
        None
    }

    /// Writes a number that is expected: the next one of a row that goes on as the last one did, from the thread that always
    /// writes. Otherwise does nothing and says so, and [`Writer::put`] is to be asked. Never panics.
    #[inline(always)]
    pub fn put_expected(&self, id: u32, own: DType, cell: Cell) -> bool {
        let Some(mut inner) = self.inner.slip_in_as_owner() else { return false };
        let written = inner.core.row.put_expected(id, own, cell);
        inner.leave();
        written
    }

    /// As [`Writer::put_expected`], by name, for [`Writer::write_spelled`].
    #[inline(always)]
    pub fn write_expected(&self, name: &impl Spelled, own: DType, cell: Cell) -> bool {
        let Some(mut inner) = self.inner.slip_in_as_owner() else { return false };
        let core = &mut inner.core;
        let expected = core.row.expected().filter(|id| core.schema.is_called(*id, name));
        let written = expected.is_some_and(|id| core.row.put_expected(id, own, cell));
        inner.leave();
        written
    }

    /// As [`Writer::put_expected`], for several numbers, all or none.
    #[inline(always)]
    pub fn put_expected_row(
        &self,
        ids: &[u32],
        own: DType,
        cells: impl ExactSizeIterator<Item = Cell>,
    ) -> bool {
        let Some(mut inner) = self.inner.slip_in_as_owner() else { return false };
        let written = inner.core.row.put_expected_row(ids, own, cells);
        inner.leave();
        written
    }

    /// The writer is not to be trusted any more: a call on it panicked.
    pub fn break_it(&self) {
        if fork::generation() == self.generation {
            self.inner.break_it();
        }
    }

    /// The id of a metric, for [`Writer::put`]; a new name is added with the type `dtype`.
    ///
    /// The type of an existing metric must agree in kind. A metric appears in the run with its first value.
    pub fn metric(&self, name: &str, dtype: DType) -> Result<u32> {
        self.open_inner()?.core.schema.declare(name, dtype)
    }

    /// Writes a value in the step in hand; a new metric gets the type of the value (format §9.1).
    pub fn write(&self, name: &str, value: Value<'_>) -> Result<()> {
        self.write_spelled(name, value)
    }

    /// As [`Writer::write`], for a name that need not be text before it is compared.
    #[inline(always)]
    pub fn write_spelled(&self, name: impl Spelled, value: Value<'_>) -> Result<()> {
        if let Some(mut inner) = self.usual_inner() {
            let written = inner.write_known(&name, value);
            inner.leave();
            if written {
                return Ok(());
            }
        }
        match name.text() {
            Ok(name) => self.write_any(name, value),
            Err(e) => Err(self.refuse(e)),
        }
    }

    #[inline(never)]
    fn write_any(&self, name: &str, value: Value<'_>) -> Result<()> {
        let mut inner = self.open_inner()?;
        let id = match inner.core.schema.find(name) {
            Some(id) => Ok(id),
            None => inner.core.schema.declare(name, value.own_dtype()),
        };
        let result = id.and_then(|id| inner.put(id, value));
        inner.remember(result)
    }

    /// Writes a value by the id of its metric.
    #[inline(always)]
    pub fn put(&self, id: u32, value: Value<'_>) -> Result<()> {
        if let Some(mut inner) = self.usual_inner() {
            let written = inner.put_known(id, value);
            inner.leave();
            if written {
                return Ok(());
            }
        }
        self.put_any(id, value)
    }

    #[inline(never)]
    fn put_any(&self, id: u32, value: Value<'_>) -> Result<()> {
        let mut inner = self.open_inner()?;
        let result = inner.put(id, value);
        inner.remember(result)
    }

    /// Writes a value for each of several metrics, all or none.
    pub fn put_row_f64(&self, ids: &[u32], values: &[f64]) -> Result<()> {
        self.put_row(
            ids,
            DType::F64,
            values.iter().map(|v| v.to_bits()),
            values.iter().map(|v| Value::F64(*v)),
        )
    }

    /// Writes a value for each of several metrics, all or none.
    pub fn put_row_f32(&self, ids: &[u32], values: &[f32]) -> Result<()> {
        let cells = values.iter().map(|v| f64::from(*v).to_bits());
        self.put_row(ids, DType::F32, cells, values.iter().map(|v| Value::F32(*v)))
    }

    fn put_row<'a>(
        &self,
        ids: &[u32],
        own: DType,
        cells: impl ExactSizeIterator<Item = Cell> + Clone,
        values: impl ExactSizeIterator<Item = Value<'a>> + Clone,
    ) -> Result<()> {
        let mut inner = self.open_inner()?;
        if inner.put_row_known(ids, own, cells) {
            return Ok(());
        }
        let result = inner.put_row(ids, values);
        inner.remember(result)
    }

    /// Counts an error that the caller's layer met before it got here (NULL, text that is not UTF-8) as one of the
    /// step in hand, and gives it back.
    #[cold]
    pub fn refuse(&self, error: Error) -> Error {
        match self.open_inner() {
            Ok(mut inner) => {
                inner.core.refused.get_or_insert_with(|| error.clone());
                error
            }
            Err(ended) => ended,
        }
    }

    /// The step in hand: the one that the next [`Writer::end_step`] ends.
    pub fn step(&self) -> Result<u32> {
        self.open_inner()?.core.step_number()
    }

    /// Sets the step in hand, forward only and between steps.
    pub fn set_step(&self, step: u32) -> Result<()> {
        let mut inner = self.open_inner()?;
        let core = &mut inner.core;
        if u64::from(step) < core.step {
            return Err(Error::state(format!(
                "cannot go back from step {} to {step}: open the run at that step instead",
                core.step
            )));
        }
        if u64::from(step) > core.step && inner.row_begun() {
            return Err(Error::state(format!(
                "step {} has values and was not ended: end it before going to step {step}",
                inner.core.step
            )));
        }
        inner.core.step = u64::from(step);
        Ok(())
    }

    /// Ends the step in hand. When this returns `Ok`, this step and every one before it survive the death of the
    /// process. The step is ended whatever is returned; the first error of a write of this step is returned again.
    #[inline]
    pub fn end_step(&self) -> Result<()> {
        match self.usual_inner() {
            Some(mut inner) => {
                let result = inner.end_step();
                inner.leave();
                result
            }
            None => self.open_inner()?.end_step(),
        }
    }

    /// What was written of the step in hand reaches the operating system.
    pub fn flush(&self) -> Result<()> {
        let mut inner = self.open_inner()?;
        let inner = &mut *inner;
        let watch = Stopwatch::start_one();
        let result = inner.check_latch().and_then(|()| match &mut inner.backend {
            Backend::Compacting(hot) => hot.flush(&mut inner.core),
            Backend::Inline(direct) => direct.flush(&mut inner.core),
        });
        inner.charge(watch);
        result
    }

    /// Everything acknowledged so far is on stable storage. Nothing is, before `finish`, in the bulk layout.
    pub fn sync(&self) -> Result<()> {
        let mut inner = self.open_inner()?;
        let inner = &mut *inner;
        inner.check_latch()?;
        match &mut inner.backend {
            Backend::Compacting(hot) => hot.sync(&mut inner.core),
            Backend::Inline(direct) => direct.sync(&mut inner.core),
        }
    }

    /// Replaces the configuration (format §5).
    pub fn set_config(&self, config: &Config) -> Result<()> {
        let mut inner = self.open_inner()?;
        let inner = &mut *inner;
        let (run_dir, config) = (inner.core.run_dir.clone(), config.clone());
        let apply = move |engine: &mut super::engine::Engine| {
            config::apply(&**engine.columns.store(), &run_dir, engine.columns.root(), &config)
        };
        match &mut inner.backend {
            Backend::Compacting(hot) => hot.call(&mut inner.core, apply),
            Backend::Inline(direct) => apply(direct.engine()),
        }
    }

    /// What the writer has done so far. Legal until it is dropped; all zero in a forked child.
    pub fn stats(&self) -> WriterStats {
        if fork::generation() != self.generation {
            return WriterStats::default();
        }
        let inner = self.inner.enter();
        let mut stats = inner.core.stats;
        let (counters, waiting) = match &inner.backend {
            Backend::Compacting(hot) => (hot.counters(), hot.waiting_rows()),
            Backend::Inline(direct) => (direct.counters(), direct.waiting_rows()),
        };
        stats.pending_rows = waiting;
        stats.bytes_written += counters.bytes.load(Ordering::Relaxed);
        stats.sync_count += counters.syncs.load(Ordering::Relaxed);
        stats
    }

    /// A thread is in the middle of a call. A writer of which that is so must not be dropped in a forked child.
    pub fn is_in_call(&self) -> bool {
        self.inner.is_held()
    }

    /// What was found broken when the run was opened, and how it was mended.
    pub fn warnings(&self) -> Result<Vec<String>> {
        Ok(self.lock()?.core.warnings.clone())
    }

    /// Makes the run final (format §13); an unfinished step with values is ended first. Afterwards only
    /// [`Writer::stats`] and [`Writer::close`] are legal. After an error it may be tried again; if the final form may
    /// be in place by then, that and [`Writer::close`] are all that is legal.
    pub fn finish(&self, options: &FinishOptions) -> Result<()> {
        let mut inner = self.lock()?;
        let inner = &mut *inner;
        if inner.life != Life::Open {
            return Err(inner.ended());
        }
        if !inner.core.published {
            // What failed in a finish that is to be completed may be latched and does not stand against it.
            inner.check_latch()?;
        }
        match &mut inner.backend {
            Backend::Compacting(hot) => hot.finish(&mut inner.core, options),
            Backend::Inline(direct) => direct.finish(&mut inner.core, options),
        }?;
        inner.life = Life::Finished;
        Ok(())
    }

    /// Flushes, waits for the background thread and lets go of the run, which can be continued. A second call does
    /// nothing.
    pub fn close(&self) -> Result<()> {
        let mut inner = self.lock()?;
        let inner = &mut *inner;
        let life = std::mem::replace(&mut inner.life, Life::Closed);
        if life != Life::Open {
            return Ok(());
        }
        let refused = inner.core.refused.take();
        let closed = match &mut inner.backend {
            Backend::Compacting(hot) => hot.close(&mut inner.core),
            Backend::Inline(direct) => direct.close(&mut inner.core),
        };
        closed.and(inner.check_latch()).and(refused.map_or(Ok(()), Err))
    }
}

/// A call on the writer that is not a usual write. What it may have changed ends what rows expect, by which usual writes go.
struct Session<'a>(Guard<'a, Inner>);

impl Deref for Session<'_> {
    type Target = Inner;

    #[inline(always)]
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl DerefMut for Session<'_> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Inner {
        &mut self.0
    }
}

impl Drop for Session<'_> {
    #[inline]
    fn drop(&mut self) {
        self.look_at_expectations();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if fork::generation() == self.generation {
            // Nobody is left to tell; `close` is there for those who want to know.
            _ = self.close();
        } else {
            self.inner.get_mut().abandon();
        }
    }
}

impl Inner {
    fn is_open(&self) -> bool {
        self.life == Life::Open && !self.core.published
    }

    /// Whatever is expected is taken without asking whether anything may be written at all, so where nothing may be, nothing
    /// is expected.
    #[inline]
    fn look_at_expectations(&mut self) {
        if !self.is_open() || !self.core.may_write() {
            self.core.row.expect_nothing();
        }
    }

    /// Writes a number as is usual, or does nothing and says so.
    #[inline(always)]
    fn put_known(&mut self, id: u32, value: Value<'_>) -> bool {
        let Some(cell) = value.cell() else { return false };
        let core = &mut self.core;
        let own = value.own_dtype();
        if core.row.put_expected(id, own, cell) {
            return true;
        }
        core.may_write() && core.schema.write_known(id, own, cell, core.step, &mut core.row)
    }

    /// As [`Inner::put_known`], by the name of the metric, if it is the one that stood here in the row before.
    #[inline(always)]
    fn write_known(&mut self, name: &impl Spelled, value: Value<'_>) -> bool {
        let expected = self.core.row.expected().filter(|id| self.core.schema.is_called(*id, name));
        expected.is_some_and(|id| self.put_known(id, value))
    }

    fn put(&mut self, id: u32, value: Value<'_>) -> Result<()> {
        if self.write(id, value, None)? {
            return Ok(());
        }
        let range = self.range_of(id)?;
        self.write(id, value, Some(range)).map(drop)
    }

    fn write(&mut self, id: u32, value: Value<'_>, range: Option<(i128, i128)>) -> Result<bool> {
        let core = &mut self.core;
        if !core.may_write() {
            return Err(core.refusal());
        }
        core.schema.write(id, value, core.step, &mut core.row, range)
    }

    fn put_row<'a>(
        &mut self,
        ids: &[u32],
        values: impl ExactSizeIterator<Item = Value<'a>> + Clone,
    ) -> Result<()> {
        if ids.len() != values.len() {
            return Err(Error::argument(format!("{} ids but {} values", ids.len(), values.len())));
        }
        self.core.step_number()?;
        let core = &mut self.core;
        core.schema.check_row(ids, values.clone(), core.step, &mut core.row)?;
        ids.iter().zip(values).try_for_each(|(id, value)| self.put(*id, value))
    }

    /// Writes a row of numbers as is usual, or does nothing and says so.
    fn put_row_known(
        &mut self,
        ids: &[u32],
        own: DType,
        cells: impl ExactSizeIterator<Item = Cell> + Clone,
    ) -> bool {
        let core = &mut self.core;
        if core.row.put_expected_row(ids, own, cells.clone()) {
            return true;
        }
        if !core.may_write() || ids.len() != cells.len() || ids.is_empty() {
            return false;
        }
        core.schema.write_row_known(ids, own, cells, core.step, &mut core.row)
    }

    /// Keeps the first error of a step for its `end_step`.
    fn remember(&mut self, result: Result<()>) -> Result<()> {
        if let Err(e) = &result {
            self.core.refused.get_or_insert_with(|| e.clone());
        }
        result
    }

    fn end_step(&mut self) -> Result<()> {
        let watch = Stopwatch::start(self.core.stats.steps);
        let written = self.end_row();
        self.core.step = (self.core.step + 1).min(STEP_LIMIT);
        self.core.stats.steps += 1;
        self.look_at_expectations();
        self.charge(watch);
        match self.core.refused.is_none() {
            true => written,
            // A refused write leaves the rest of its step acknowledged, which a step that failed is not.
            false => written.and(self.core.refused.take().map_or(Ok(()), Err)),
        }
    }

    fn end_row(&mut self) -> Result<()> {
        self.beat();
        if !self.core.may_write() {
            self.core.row.clear();
            return Err(self.core.refusal());
        }
        match &mut self.backend {
            Backend::Compacting(hot) => hot.end_step(&mut self.core),
            Backend::Inline(direct) => direct.end_step(&mut self.core),
        }
    }

    /// Renews the lock where no background thread does, and learns of its loss.
    fn beat(&mut self) {
        let lost = match &mut self.backend {
            Backend::Compacting(hot) => hot.beat(&mut self.core),
            Backend::Inline(direct) => direct.beat(&mut self.core),
        };
        if let Err(e) = lost {
            self.core.latched.get_or_insert(e);
        }
    }

    fn row_begun(&self) -> bool {
        !self.core.row.is_empty()
    }

    fn check_latch(&self) -> Result<()> {
        self.core.latched.clone().map_or(Ok(()), Err)
    }

    fn ended(&self) -> Error {
        let how = match self.life {
            Life::Open => "half finished: finish it again or close it",
            Life::Finished => "finished",
            Life::Closed => "closed",
        };
        Error::state(format!("the writer of {} is {how}", self.core.run_dir.display()))
    }

    #[inline]
    fn charge(&mut self, watch: Stopwatch) {
        let (added, longest) = watch.stop();
        self.core.stats.caller_ns_total += added;
        self.core.stats.caller_ns_max = self.core.stats.caller_ns_max.max(longest);
    }

    /// Smallest and largest of all values of an integer metric, wherever they are (format §9.2, last row).
    #[cold]
    fn range_of(&mut self, id: u32) -> Result<(i128, i128)> {
        let dtype = self.core.schema.metrics()[id as usize].dtype;
        if dtype.class() != Class::Int {
            return Err(Error::internal("the range of a metric that is not of integers"));
        }
        let cold = move |columns: &super::columns::Columns| {
            if (id as usize) < columns.all().len() {
                value_range(columns, id as usize)
            } else {
                Ok(None)
            }
        };
        let (cells, range) = match &mut self.backend {
            Backend::Compacting(hot) => {
                let cells = hot.hot_cells(&mut self.core, id)?;
                let range = hot.call(&mut self.core, move |engine| cold(&engine.columns))?;
                (cells, range)
            }
            Backend::Inline(direct) => {
                let (pending, engine) = direct.parts();
                (pending.cells_of(id), cold(&engine.columns)?)
            }
        };
        // Zero fits wherever the new value does: without any other value it leaves the decision to that one.
        Ok(cell_range(dtype, &cells, range).unwrap_or((0, 0)))
    }

    fn abandon(&mut self) {
        match &mut self.backend {
            Backend::Compacting(hot) => hot.abandon(),
            Backend::Inline(direct) => {
                if let Some(lock) = direct.engine().lock.take() {
                    lock.abandon();
                }
            }
        }
    }
}
