//! Options of a writer and of `finish`: opaque objects with setters, so that they can grow.

use super::boundary::{boxed, edit, free, slice, text, utf8};
use super::types::unknown;
use crate::error::{Error, Result};
use crate::json::{transcode_strict, Spacing};
use crate::run::options::{Config, Durability, FinishOptions, Layout, OnIoError, Overload, WriterOptions};
use std::ffi::c_char;

/// Rows go to a log and are compacted into columns in the background. The default.
pub const PLATTLI_COMPACTING: i32 = 0;
/// Each row goes straight to the columns; there is no log.
pub const PLATTLI_DIRECT: i32 = 1;
/// Everything is staged, and published whole by `plattli_finish`.
pub const PLATTLI_BULK: i32 = 2;

/// An acknowledged step survives the death of the process. The default.
pub const PLATTLI_DURABLE_PROCESS: i32 = 0;
/// An acknowledged step also survives power loss, once its sync interval has passed.
pub const PLATTLI_DURABLE_SYSTEM: i32 = 1;

/// `plattli_end_step` waits while compaction is too far behind. The default.
pub const PLATTLI_OVERLOAD_WAIT: i32 = 0;
/// A step that would have to wait is dropped whole and counted: `PLATTLI_ERR_OVERLOADED`.
pub const PLATTLI_OVERLOAD_SHED: i32 = 1;

/// Rows that the disk refused stay in memory within a bound; every step reports and tries again. The default.
pub const PLATTLI_IO_RETRY: i32 = 0;
/// The first error of the disk is latched: every later call returns it.
pub const PLATTLI_IO_FAIL: i32 = 1;

/// How a run is opened for writing. Used by one thread at a time; `plattli_writer_open` copies what it needs.
pub struct plattli_writer_options {
    pub(super) inner: WriterOptions,
}

/// How a run is finished. Used by one thread at a time.
pub struct plattli_finish_options {
    pub(super) inner: FinishOptions,
}

fn edit_writer(
    options: *mut plattli_writer_options,
    body: impl FnOnce(&mut WriterOptions) -> Result<()>,
) -> i32 {
    edit(options, "options", |options| body(&mut options.inner))
}

fn edit_finish(
    options: *mut plattli_finish_options,
    body: impl FnOnce(&mut FinishOptions) -> Result<()>,
) -> i32 {
    edit(options, "options", |options| body(&mut options.inner))
}

/// One JSON value that the run can hold, so that a mistake shows where it is made.
pub(super) fn json_text<'a>(json: *const c_char, len: usize) -> Result<&'a str> {
    let json = utf8(json, len, "json")?;
    transcode_strict(json.as_bytes(), Spacing::Spaced, &mut Vec::new())
        .map_err(|error| Error::argument(format!("the configuration is not JSON: {error}")))?;
    Ok(json)
}

/// New options with the defaults. Never NULL unless memory is exhausted; release them with
/// `plattli_writer_options_free`.
#[no_mangle]
pub extern "C" fn plattli_writer_options_new() -> *mut plattli_writer_options {
    boxed(|| plattli_writer_options { inner: WriterOptions::default() })
}

/// Releases options. NULL is fine. Writers opened with them are not affected.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_options_free(options: *mut plattli_writer_options) {
    free(options);
}

/// How rows reach the disk: `PLATTLI_COMPACTING`, `PLATTLI_DIRECT` or `PLATTLI_BULK`.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_options_set_layout(
    options: *mut plattli_writer_options,
    layout: i32,
) -> i32 {
    edit_writer(options, |o| {
        o.layout = match layout {
            PLATTLI_COMPACTING => Layout::Compacting,
            PLATTLI_DIRECT => Layout::Direct,
            PLATTLI_BULK => Layout::Bulk,
            _ => return Err(unknown("layout", layout, "PLATTLI_COMPACTING, PLATTLI_DIRECT, PLATTLI_BULK")),
        };
        Ok(())
    })
}

/// The step to continue from. Rows at or beyond it are dropped everywhere. Not set: the run continues after its
/// last recorded step and nothing is dropped.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_options_set_step(
    options: *mut plattli_writer_options,
    step: u32,
) -> i32 {
    edit_writer(options, |o| {
        o.step = Some(step);
        Ok(())
    })
}

/// How many rows the log holds before it is compacted: at least 1; 200 unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_options_set_hotsize(
    options: *mut plattli_writer_options,
    rows: u64,
) -> i32 {
    edit_writer(options, |o| {
        if rows == 0 {
            return Err(Error::argument("hotsize 0 is not possible: the log holds at least 1 row"));
        }
        o.hotsize = rows;
        Ok(())
    })
}

/// The configuration of the run, as JSON text of `len` bytes; copied.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_options_set_config_json(
    options: *mut plattli_writer_options,
    json: *const c_char,
    len: usize,
) -> i32 {
    edit_writer(options, |o| {
        o.config = Config::Json(json_text(json, len)?.to_string());
        Ok(())
    })
}

/// The file that holds the configuration, relative to the run directory: `config.json` of the run becomes a link
/// to it if it exists when the run is opened. `"config.json"` unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_options_set_config_path(
    options: *mut plattli_writer_options,
    path: *const c_char,
) -> i32 {
    edit_writer(options, |o| {
        let path = text(path, "path")?;
        if path.is_empty() {
            return Err(Error::argument("the path of the configuration is empty"));
        }
        o.config = Config::Path(path.to_string());
        Ok(())
    })
}

/// Allows an archived run to be unpacked and continued; false unless set. Without it, opening one is
/// `PLATTLI_ERR_EXISTS`.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_options_set_reopen_finished(
    options: *mut plattli_writer_options,
    reopen: bool,
) -> i32 {
    edit_writer(options, |o| {
        o.reopen_finished = reopen;
        Ok(())
    })
}

/// Bulk layout: an existing run may be replaced; false unless set. Without it that is `PLATTLI_ERR_EXISTS`.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_options_set_overwrite(
    options: *mut plattli_writer_options,
    overwrite: bool,
) -> i32 {
    edit_writer(options, |o| {
        o.overwrite = overwrite;
        Ok(())
    })
}

/// What an acknowledged step survives: `PLATTLI_DURABLE_PROCESS` or `PLATTLI_DURABLE_SYSTEM`.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_options_set_durability(
    options: *mut plattli_writer_options,
    durability: i32,
) -> i32 {
    edit_writer(options, |o| {
        o.durability = match durability {
            PLATTLI_DURABLE_PROCESS => Durability::Process,
            PLATTLI_DURABLE_SYSTEM => Durability::System,
            _ => {
                let known = "PLATTLI_DURABLE_PROCESS, PLATTLI_DURABLE_SYSTEM";
                return Err(unknown("durability", durability, known));
            }
        };
        Ok(())
    })
}

/// System durability: how often to sync, after so many steps or so many milliseconds, whichever is first. 0
/// leaves that measure out; one of the two must be given. 1 step and 0 milliseconds unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_options_set_sync_interval(
    options: *mut plattli_writer_options,
    steps: u32,
    milliseconds: u64,
) -> i32 {
    edit_writer(options, |o| {
        if steps == 0 && milliseconds == 0 {
            return Err(Error::argument(
                "a sync interval of neither steps nor milliseconds would never sync",
            ));
        }
        o.sync_steps = if steps == 0 { u32::MAX } else { steps };
        o.sync_milliseconds = milliseconds;
        Ok(())
    })
}

/// What happens when compaction cannot keep up: `PLATTLI_OVERLOAD_WAIT` or `PLATTLI_OVERLOAD_SHED`.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_options_set_overload(
    options: *mut plattli_writer_options,
    overload: i32,
) -> i32 {
    edit_writer(options, |o| {
        o.overload = match overload {
            PLATTLI_OVERLOAD_WAIT => Overload::Wait,
            PLATTLI_OVERLOAD_SHED => Overload::Shed,
            _ => {
                let known = "PLATTLI_OVERLOAD_WAIT, PLATTLI_OVERLOAD_SHED";
                return Err(unknown("overload", overload, known));
            }
        };
        Ok(())
    })
}

/// How many background threads a writer may have: 0 for none, so that compaction runs inside `plattli_end_step`.
/// 1 unless set; more are allowed and not used. Only with 0 are no others started either, which look at many files while
/// a run is opened or finished and end before that call returns.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_options_set_threads(
    options: *mut plattli_writer_options,
    threads: u32,
) -> i32 {
    edit_writer(options, |o| {
        o.threads = threads.min(1);
        Ok(())
    })
}

/// How far the background thread stands back behind the threads of the program, 0 to 19, added to the `nice` of the
/// process. 0 unset. A solver on the same processor then loses less time, and rows stay in the log for longer.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_options_set_nice(
    options: *mut plattli_writer_options,
    nice: u32,
) -> i32 {
    edit_writer(options, |o| {
        o.placement.nice = match u8::try_from(nice) {
            Ok(nice) if nice <= 19 => nice,
            _ => return Err(Error::argument(format!("nice is {nice}: it goes from 0 to 19"))),
        };
        Ok(())
    })
}

/// The `n` processors on which the background thread may run, as `taskset` counts them: another than that of a solver
/// that is bound to one. With `n` 0, the default, those of the thread that opens the run. `plattli_writer_open`
/// returns `PLATTLI_ERR_ARGUMENT` where the system does not let the process run there.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_options_set_affinity(
    options: *mut plattli_writer_options,
    processors: *const u32,
    n: usize,
) -> i32 {
    edit_writer(options, |o| {
        o.placement.processors = slice(processors, n, "processors")?.to_vec();
        Ok(())
    })
}

/// What happens when the disk refuses: `PLATTLI_IO_RETRY` or `PLATTLI_IO_FAIL`.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_options_set_on_io_error(
    options: *mut plattli_writer_options,
    policy: i32,
) -> i32 {
    edit_writer(options, |o| {
        o.on_io_error = match policy {
            PLATTLI_IO_RETRY => OnIoError::Retry,
            PLATTLI_IO_FAIL => OnIoError::Fail,
            _ => return Err(unknown("on_io_error", policy, "PLATTLI_IO_RETRY, PLATTLI_IO_FAIL")),
        };
        Ok(())
    })
}

/// Whether a second writer of the run is refused with `PLATTLI_ERR_BUSY`; true unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_options_set_lock(
    options: *mut plattli_writer_options,
    lock: bool,
) -> i32 {
    edit_writer(options, |o| {
        o.lock = lock;
        Ok(())
    })
}

/// Whether a broken line in the middle of a log is `PLATTLI_ERR_CORRUPT`; false unless set. Otherwise the line is
/// moved to `plattli.rejected.jsonl` in the run directory and counted as a warning.
#[no_mangle]
pub unsafe extern "C" fn plattli_writer_options_set_strict(
    options: *mut plattli_writer_options,
    strict: bool,
) -> i32 {
    edit_writer(options, |o| {
        o.strict = strict;
        Ok(())
    })
}

/// New options with the defaults. Never NULL unless memory is exhausted; release them with
/// `plattli_finish_options_free`.
#[no_mangle]
pub extern "C" fn plattli_finish_options_new() -> *mut plattli_finish_options {
    boxed(|| plattli_finish_options { inner: FinishOptions::default() })
}

/// Releases options. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plattli_finish_options_free(options: *mut plattli_finish_options) {
    free(options);
}

/// Whether integers are stored in the narrowest type that holds them, and index files become segments where that
/// pays; true unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_finish_options_set_optimize(
    options: *mut plattli_finish_options,
    optimize: bool,
) -> i32 {
    edit_finish(options, |o| {
        o.optimize = optimize;
        Ok(())
    })
}

/// Whether the folder is packed into `metrics.plattli`; true unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_finish_options_set_archive(
    options: *mut plattli_finish_options,
    archive: bool,
) -> i32 {
    edit_finish(options, |o| {
        o.archive = archive;
        Ok(())
    })
}

/// Keys that replace those of the configuration: a JSON object as text of `len` bytes; copied.
#[no_mangle]
pub unsafe extern "C" fn plattli_finish_options_set_config_overrides(
    options: *mut plattli_finish_options,
    json: *const c_char,
    len: usize,
) -> i32 {
    edit_finish(options, |o| {
        let json = json_text(json, len)?;
        if !json.trim_ascii_start().starts_with('{') {
            return Err(Error::argument("the overrides of the configuration are not a JSON object"));
        }
        o.config_overrides = Some(json.to_string());
        Ok(())
    })
}
