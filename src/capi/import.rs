//! JSON-lines logs turned into runs.

use super::boundary::{boxed, edit, fillable, free, guard, optional, text, texts, Filled};
use crate::error::Result;
use crate::run::import::{import_file, ImportOptions, ImportReport};
use std::ffi::c_char;
use std::path::Path;

/// How a log is imported. Used by one thread at a time.
pub struct plattli_import_options {
    inner: ImportOptions,
}

/// What was imported. Set `size` to `sizeof(plattli_import_report)` before it is filled.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plattli_import_report {
    /// Set by the caller.
    pub size: usize,
    /// Lines of the log.
    pub rows: u64,
    /// Of these, lines that a later rewind made void.
    pub rewound_rows: u64,
    /// Metrics in the run.
    pub metrics: u64,
    /// 1 if a torn last line was left out, else 0.
    pub torn_tail: u64,
}

// SAFETY: plain C data that begins with a `usize`.
unsafe impl Filled for plattli_import_report {
    const NAME: &'static str = "plattli_import_report";
}

impl From<ImportReport> for plattli_import_report {
    fn from(report: ImportReport) -> Self {
        plattli_import_report {
            size: size_of::<Self>(),
            rows: report.rows,
            rewound_rows: report.rewound_rows,
            metrics: report.metrics,
            torn_tail: u64::from(report.torn_tail),
        }
    }
}

fn edit_import(
    options: *mut plattli_import_options,
    body: impl FnOnce(&mut ImportOptions) -> Result<()>,
) -> i32 {
    edit(options, "options", |options| body(&mut options.inner))
}

/// New options with the defaults. Never NULL unless memory is exhausted; release them with
/// `plattli_import_options_free`.
#[no_mangle]
pub extern "C" fn plattli_import_options_new() -> *mut plattli_import_options {
    boxed(|| plattli_import_options { inner: ImportOptions::default() })
}

/// Releases options. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plattli_import_options_free(options: *mut plattli_import_options) {
    free(options);
}

/// Metrics to leave out: `n` regular expressions, each of which must match the whole name; `"DEFAULT"` stands for
/// `[pg]norm.*`. Copied; replaces what was set before. None unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_import_options_set_skip_columns(
    options: *mut plattli_import_options,
    patterns: *const *const c_char,
    n: usize,
) -> i32 {
    edit_import(options, |o| {
        o.skip_columns = texts(patterns, n, "patterns")?.into_iter().map(str::to_string).collect();
        Ok(())
    })
}

/// Whether a step may be smaller than the one before it: the job went back, and rows from there on are dropped.
/// False unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_import_options_set_allow_rewinds(
    options: *mut plattli_import_options,
    allow: bool,
) -> i32 {
    edit_import(options, |o| {
        o.allow_rewinds = allow;
        Ok(())
    })
}

/// Whether an existing run in the place of the output is replaced; false unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_import_options_set_overwrite(
    options: *mut plattli_import_options,
    overwrite: bool,
) -> i32 {
    edit_import(options, |o| {
        o.overwrite = overwrite;
        Ok(())
    })
}

/// Whether floats are kept as 64-bit floats rather than rounded to 32 bits; false unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_import_options_set_double(
    options: *mut plattli_import_options,
    double_precision: bool,
) -> i32 {
    edit_import(options, |o| {
        o.double = double_precision;
        Ok(())
    })
}

/// Whether a last line that lacks its newline and does not parse, because the job was killed, is left out rather
/// than an error; false unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_import_options_set_skip_torn_tail(
    options: *mut plattli_import_options,
    skip: bool,
) -> i32 {
    edit_import(options, |o| {
        o.skip_torn_tail = skip;
        Ok(())
    })
}

/// Turns the JSON-lines file `log` into the finished run `run_dir/metrics.plattli`, with `config.json` from beside the
/// log if there is one.
///
/// `options` may be NULL for the defaults, `out` may be NULL if the report is not wanted. Errors name the file and
/// the line: `PLATTLI_ERR_CORRUPT` for a line that is no JSON object and for steps that are missing in some lines, out
/// of range or not increasing; `PLATTLI_ERR_TYPE` for a value that does not fit its metric; `PLATTLI_ERR_ARGUMENT` for
/// names that cannot be stored and patterns that are none; `PLATTLI_ERR_UNSUPPORTED` for any pattern in a build without
/// them; `PLATTLI_ERR_EXISTS` for an existing run. After an error nothing is left of the new run.
#[no_mangle]
pub unsafe extern "C" fn plattli_import_jsonl(
    log: *const c_char,
    run_dir: *const c_char,
    options: *const plattli_import_options,
    out: *mut plattli_import_report,
) -> i32 {
    guard(|| {
        let (log, run_dir) = (text(log, "log")?, text(run_dir, "run_dir")?);
        let report = if out.is_null() { None } else { Some(fillable(out, "out")?) };
        let defaults = ImportOptions::default();
        let options = optional(options).map_or(&defaults, |options| &options.inner);
        let found = import_file(Path::new(log), Path::new(run_dir), options)?;
        report.map_or(Ok(()), |report| report.set(found.into()))
    })
}
