//! The life of a writer: open, steps, finish, close. Values are written in `write.rs` and `put.rs`.

use super::boundary::{call, close, fill, open, optional, out, text, Filled, Handle, State};
use super::options::{json_text, plattli_finish_options, plattli_writer_options};
use super::string::plattli_string;
use super::types::known_dtype;
use crate::error::{Error, Result};
use crate::run::options::{Config, FinishOptions, WriterOptions, WriterStats};
use crate::run::writer::Writer;
use std::ffi::c_char;
use std::path::Path;

/// A run that is being written. May be used from any thread; calls wait for each other inside.
pub struct plattli_writer {
    state: State,
    pub(super) inner: Writer,
}

impl Handle for plattli_writer {
    const NAME: &'static str = "writer";

    fn state(&self) -> &State {
        &self.state
    }

    fn is_in_call(&self) -> bool {
        self.inner.is_in_call()
    }

    fn broke(&self) {
        self.inner.break_it();
    }
}

/// Runs a write. What the caller gave wrong (NULL, text that is not UTF-8) is an error of the step in hand, like
/// what the writer itself refuses.
#[inline]
pub(super) fn write<A>(
    writer: *const plattli_writer,
    arguments: impl FnOnce() -> Result<A>,
    write: impl FnOnce(&Writer, A) -> Result<()>,
) -> i32 {
    call(writer, |w| match arguments() {
        Ok(arguments) => write(&w.inner, arguments),
        Err(error) => Err(w.inner.refuse(error)),
    })
}

/// What a writer has done so far. Set `size` to `sizeof(plattli_writer_stats)` before it is filled.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plattli_writer_stats {
    /// Set by the caller.
    pub size: usize,
    /// Steps ended.
    pub steps: u64,
    /// Rows (steps with at least one value) handed to the operating system.
    pub rows: u64,
    /// Rows that wait in memory because the disk refused them.
    pub pending_rows: u64,
    /// Rows given up, oldest first, because too many waited.
    pub dropped_rows: u64,
    /// Steps shed under the overload policy.
    pub shed_steps: u64,
    /// Operations that the operating system refused.
    pub io_errors: u64,
    /// Attempts to repeat them.
    pub retries: u64,
    /// Compactions completed.
    pub compactions: u64,
    /// Things worth a look that were not errors, such as broken lines that were moved aside.
    pub warnings: u64,
    /// Bytes written to logs and columns.
    pub bytes_written: u64,
    /// Times that data were forced to stable storage.
    pub sync_count: u64,
    /// Nanoseconds of the caller's threads spent in ending steps and flushing, in all: one step in sixteen is measured and
    /// stands for its neighbours.
    pub caller_ns_total: u64,
    /// The longest of those calls, in nanoseconds. Between the measured ones only calls of some milliseconds, two ticks
    /// of the system's coarse clock, are seen.
    pub caller_ns_max: u64,
}

// SAFETY: plain C data that begins with a `usize`.
unsafe impl Filled for plattli_writer_stats {
    const NAME: &'static str = "plattli_writer_stats";
}

impl From<WriterStats> for plattli_writer_stats {
    fn from(stats: WriterStats) -> Self {
        plattli_writer_stats {
            size: size_of::<Self>(),
            steps: stats.steps,
            rows: stats.rows,
            pending_rows: stats.pending_rows,
            dropped_rows: stats.dropped_rows,
            shed_steps: stats.shed_steps,
            io_errors: stats.io_errors,
            retries: stats.retries,
            compactions: stats.compactions,
            warnings: stats.warnings,
            bytes_written: stats.bytes_written,
            sync_count: stats.sync_count,
            caller_ns_total: stats.caller_ns_total,
            caller_ns_max: stats.caller_ns_max,
        }
    }
}

/// Opens the run in the directory `run_dir` for writing, or begins one; the directory is made if it is missing.
/// What a crash left behind is put in order first.
///
/// `options` may be NULL for the defaults. On success `*out` is a writer, to be released with
/// `plattli_writer_close`. Errors: `PLATTLI_ERR_EXISTS` for a finished run without `set_reopen_finished`,
/// `PLATTLI_ERR_BUSY` if another writer has it, `PLATTLI_ERR_CORRUPT`, `PLATTLI_ERR_IO`.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_open(
    run_dir: *const c_char,
    options: *const plattli_writer_options,
    out: *mut *mut plattli_writer,
) -> i32 {
    open(out, || {
        let run_dir = Path::new(text(run_dir, "run_dir")?);
        let defaults = WriterOptions::default();
        let options = optional(options).map_or(&defaults, |options| &options.inner);
        Ok(plattli_writer { state: State::new()?, inner: Writer::open(run_dir, options)? })
    })
}

/// Makes a metric known under a number, `*out_id`, for the `plattli_put_…` functions; the same number for the same
/// name as long as the writer is open. `dtype` is one of `PLATTLI_F32` … `PLATTLI_JSON`. It is the type of a metric
/// that has no values yet; one that has values keeps its type, which must agree in kind. The metric appears in the
/// run with its first value.
///
/// Errors: `PLATTLI_ERR_ARGUMENT` for a name that cannot be stored or an unknown type, `PLATTLI_ERR_TYPE` if the
/// metric has values that such a type does not go with.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_metric(
    writer: *mut plattli_writer,
    name: *const c_char,
    dtype: i32,
    out_id: *mut u32,
) -> i32 {
    call(writer, |w| {
        let out_id = out(out_id, "out_id")?;
        out_id.set(w.inner.metric(text(name, "name")?, known_dtype(dtype)?)?)
    })
}

/// The current step: the one that values go to and that `plattli_end_step` will end. `PLATTLI_ERR_STATE` once
/// step 4294967295 has been ended.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_step(writer: *mut plattli_writer, out_step: *mut u32) -> i32 {
    call(writer, |w| {
        let out_step = out(out_step, "out")?;
        out_step.set(w.inner.step()?)
    })
}

/// Moves the current step forward, to `step`. Only between steps: `PLATTLI_ERR_STATE` if values of the current
/// step were written, or if `step` lies behind.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_set_step(writer: *mut plattli_writer, step: u32) -> i32 {
    call(writer, |w| w.inner.set_step(step))
}

/// Ends the current step, and moves on to the next in any case.
///
/// `PLATTLI_OK` means that this step, and every one before it, is never lost by the death of the process, at any
/// later instant. The first error of any write of this step is returned here again; what was valid is recorded
/// and acknowledged all the same. After `PLATTLI_ERR_IO` the row waits in memory and is written by a later call:
/// the next `plattli_end_step`, `plattli_flush` or `plattli_sync` that succeeds acknowledges it too. Nothing ever
/// has to be repeated.
#[no_mangle]
pub unsafe extern "C" fn plattli_end_step(writer: *mut plattli_writer) -> i32 {
    call(writer, |w| w.inner.end_step())
}

/// Hands the values written so far in the current step to the operating system, where readers see them. The step
/// goes on.
#[no_mangle]
pub unsafe extern "C" fn plattli_flush(writer: *mut plattli_writer) -> i32 {
    call(writer, |w| w.inner.flush())
}

/// Returns once everything acknowledged so far is on stable storage.
#[no_mangle]
pub unsafe extern "C" fn plattli_sync(writer: *mut plattli_writer) -> i32 {
    call(writer, |w| w.inner.sync())
}

/// Replaces the configuration of the run by JSON text of `len` bytes.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_set_config(
    writer: *mut plattli_writer,
    json: *const c_char,
    len: usize,
) -> i32 {
    call(writer, |w| w.inner.set_config(&Config::Json(json_text(json, len)?.to_string())))
}

/// What the writer has done so far. Legal after `plattli_finish` as well.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_get_stats(
    writer: *mut plattli_writer,
    out: *mut plattli_writer_stats,
) -> i32 {
    call(writer, |w| fill(out, "out", w.inner.stats().into()))
}

/// What was found broken when the run was opened, and how it was mended, one text for each `i` from 0 on;
/// `PLATTLI_ERR_NOT_FOUND` past the last. On success `*out` is released with `plattli_string_free`.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_warnings(
    writer: *mut plattli_writer,
    i: usize,
    out: *mut *mut plattli_string,
) -> i32 {
    call(writer, |w| {
        let text = self::out(out, "out")?;
        let warnings = w.inner.warnings()?;
        let warning = warnings
            .get(i)
            .ok_or_else(|| Error::not_found(format!("there is no warning {i}, only {}", warnings.len())))?;
        text.set_boxed(plattli_string::new(warning))
    })
}

/// Finishes the run: everything written, the unfinished current step included, is brought into its final form and
/// onto stable storage. `options` may be NULL for the defaults, which pack the run into `metrics.plattli`.
///
/// Releases the lock. Afterwards only `plattli_writer_get_stats` and `plattli_writer_close` are legal; other
/// calls return `PLATTLI_ERR_STATE`.
#[no_mangle]
pub unsafe extern "C" fn plattli_finish(
    writer: *mut plattli_writer,
    options: *const plattli_finish_options,
) -> i32 {
    call(writer, |w| {
        let defaults = FinishOptions::default();
        w.inner.finish(optional(options).map_or(&defaults, |options| &options.inner))
    })
}

/// Flushes the current step, waits for the background work and releases the writer, whatever it returns. Never
/// finishes the run: it can be opened again and continued. NULL is fine.
///
/// In a forked child it releases memory, touches no file and returns `PLATTLI_ERR_FORKED`.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_close(writer: *mut plattli_writer) -> i32 {
    close(writer, |w: &plattli_writer| -> Result<()> { w.inner.close() })
}
