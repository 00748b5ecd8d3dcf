//! A reader: options, open, what there is in the run. Rows are read in `columns.rs`.

use super::boundary::{
    boxed, call, close, edit, fill, free, open, optional, out, text, Filled, Handle, Out, State,
};
use super::types::unknown;
use crate::error::{Error, Result};
use crate::run::options::{ReadKind, ReaderOptions};
use crate::run::reader::{MetricInfo, Reader};
use std::ffi::{c_char, CString};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whatever is found first. The default.
pub const PLATTLI_KIND_AUTO: i32 = 0;
/// A run folder.
pub const PLATTLI_KIND_FOLDER: i32 = 1;
/// An archive.
pub const PLATTLI_KIND_ARCHIVE: i32 = 2;

/// How a run is opened for reading. Used by one thread at a time; `plattli_reader_open` copies what it needs.
pub struct plattli_reader_options {
    inner: ReaderOptions,
}

/// A run that is being read, as it was when it was opened or last refreshed. May be used from any thread; calls
/// wait for each other inside.
pub struct plattli_reader {
    state: State,
    pub(super) inner: Reader,
    texts: Mutex<Texts>,
}

/// Text that callers have borrowed until the next refresh: never moved, never changed.
#[derive(Default)]
struct Texts {
    names: Option<Vec<CString>>,
    config: Option<Box<str>>,
    when_exported: Option<CString>,
    warnings: Vec<CString>,
}

impl Handle for plattli_reader {
    const NAME: &'static str = "reader";

    fn state(&self) -> &State {
        &self.state
    }

    fn is_in_call(&self) -> bool {
        self.inner.is_in_call() || self.texts.try_lock().is_err()
    }
}

impl plattli_reader {
    fn texts(&self) -> MutexGuard<'_, Texts> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What there is to know about a metric. Set `size` to `sizeof(plattli_metric_info)` before it is filled.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plattli_metric_info {
    /// Set by the caller.
    pub size: usize,
    /// Its type on disk, `PLATTLI_F32` … `PLATTLI_JSON`. Integers of a finished run are stored in the narrowest type.
    pub dtype: i32,
    /// What its values do from row to row: 1 never decreasing, -1 never increasing, 0 neither (or JSON).
    pub monotonic: i32,
    /// How many rows it has.
    pub rows: u64,
    /// The step of its first row; 0 if it has none.
    pub first_step: u32,
    /// The step of its last row; 0 if it has none.
    pub last_step: u32,
}

// SAFETY: plain C data that begins with a `usize`.
unsafe impl Filled for plattli_metric_info {
    const NAME: &'static str = "plattli_metric_info";
}

impl From<MetricInfo> for plattli_metric_info {
    fn from(info: MetricInfo) -> Self {
        plattli_metric_info {
            size: size_of::<Self>(),
            dtype: info.dtype as i32,
            monotonic: info.monotonic,
            rows: info.rows,
            first_step: info.first_step.unwrap_or(0),
            last_step: info.last_step.unwrap_or(0),
        }
    }
}

/// New options with the defaults. Never NULL unless memory is exhausted; release them with
/// `plattli_reader_options_free`.
#[no_mangle]
pub extern "C" fn plattli_reader_options_new() -> *mut plattli_reader_options {
    boxed(|| plattli_reader_options { inner: ReaderOptions::default() })
}

/// Releases options. NULL is fine. Readers opened with them are not affected.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_options_free(options: *mut plattli_reader_options) {
    free(options);
}

/// What to look for: `PLATTLI_KIND_AUTO`, `PLATTLI_KIND_FOLDER` or `PLATTLI_KIND_ARCHIVE`.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_options_set_kind(
    options: *mut plattli_reader_options,
    kind: i32,
) -> i32 {
    edit(options, "options", |options| {
        options.inner.kind = match kind {
            PLATTLI_KIND_AUTO => ReadKind::Auto,
            PLATTLI_KIND_FOLDER => ReadKind::Folder,
            PLATTLI_KIND_ARCHIVE => ReadKind::Archive,
            _ => {
                let known = "PLATTLI_KIND_AUTO, PLATTLI_KIND_FOLDER, PLATTLI_KIND_ARCHIVE";
                return Err(unknown("kind", kind, known));
            }
        };
        Ok(())
    })
}

/// Whether the newest rows of a live run, those still in its log, are left out; false unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_options_set_exclude_hot(
    options: *mut plattli_reader_options,
    exclude: bool,
) -> i32 {
    edit(options, "options", |options| {
        options.inner.exclude_hot = exclude;
        Ok(())
    })
}

/// Whether a broken line in the middle of a log is `PLATTLI_ERR_CORRUPT`; false unless set. Otherwise the line is
/// skipped and is a warning.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_options_set_strict(
    options: *mut plattli_reader_options,
    strict: bool,
) -> i32 {
    edit(options, "options", |options| {
        options.inner.strict = strict;
        Ok(())
    })
}

/// Opens a run for reading: `path` is the run directory, the run folder in it, or an archive. A run that is being
/// written may be opened at any time; what is read of it is a consistent prefix that holds every step acknowledged
/// before the call, and stays the same until `plattli_reader_refresh`.
///
/// `options` may be NULL for the defaults. On success `*out` is a reader, to be released with
/// `plattli_reader_close`. Errors: `PLATTLI_ERR_NOT_FOUND` if there is no run, `PLATTLI_ERR_CORRUPT`,
/// `PLATTLI_ERR_BUSY` if the run kept changing (try again), `PLATTLI_ERR_IO`.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_open(
    path: *const c_char,
    options: *const plattli_reader_options,
    out: *mut *mut plattli_reader,
) -> i32 {
    open(out, || {
        let path = Path::new(text(path, "path")?);
        let defaults = ReaderOptions::default();
        let options = optional(options).map_or(&defaults, |options| &options.inner);
        let state = State::new()?;
        Ok(plattli_reader { state, inner: Reader::open(path, options)?, texts: Mutex::default() })
    })
}

/// Releases a reader, and all text borrowed from it. NULL is fine. Columns and tables read through it stay.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_close(reader: *mut plattli_reader) {
    close(reader, |_: &plattli_reader| Ok(()));
}

/// Looks at the run anew, and ends the life of all text borrowed from the reader. After an error the reader, and
/// the text, stay as they were.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_refresh(reader: *mut plattli_reader) -> i32 {
    call(reader, |r| {
        // Locked over both, so that no name of the old run is handed out for the new one.
        let mut texts = r.texts();
        r.inner.refresh()?;
        *texts = Texts::default();
        Ok(())
    })
}

/// How many metrics there are.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_metric_count(
    reader: *mut plattli_reader,
    out_count: *mut usize,
) -> i32 {
    call(reader, |r| {
        let out_count = out(out_count, "out")?;
        out_count.set(r.inner.metrics().len())
    })
}

/// The name of metric `i`, in sorted order; borrowed until refresh or close. `PLATTLI_ERR_NOT_FOUND` past the last.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_metric_name(
    reader: *mut plattli_reader,
    i: usize,
    out_name: *mut *const c_char,
) -> i32 {
    call(reader, |r| {
        let out_name = out(out_name, "out")?;
        let mut texts = r.texts();
        let names = match &mut texts.names {
            Some(names) => names,
            none => none.insert(r.inner.metrics().iter().map(|n| terminated(n)).collect::<Result<_>>()?),
        };
        hand_out(names, i, out_name, "metric")
    })
}

/// Type, rows, first and last step of a metric. `PLATTLI_ERR_NOT_FOUND` if there is none of that name.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_metric_info(
    reader: *mut plattli_reader,
    name: *const c_char,
    out: *mut plattli_metric_info,
) -> i32 {
    call(reader, |r| fill(out, "out", r.inner.info(text(name, "name")?)?.into()))
}

/// The configuration of the run as JSON text of `*len` bytes, not terminated; borrowed until refresh or close.
/// `PLATTLI_ERR_NOT_FOUND` if the run has none.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_config(
    reader: *mut plattli_reader,
    json: *mut *const c_char,
    len: *mut usize,
) -> i32 {
    call(reader, |r| {
        let (json, len) = (out(json, "json")?, out(len, "len")?);
        let mut texts = r.texts();
        let config = match &mut texts.config {
            Some(config) => config,
            none => none.insert(r.inner.config()?.into_boxed_str()),
        };
        json.set(config.as_ptr().cast())?;
        len.set(config.len())
    })
}

/// When the run was last described, as `YYYY-MM-DDTHH:MM:SSZ`; borrowed until refresh or close.
/// `PLATTLI_ERR_NOT_FOUND` if the run does not say.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_when_exported(
    reader: *mut plattli_reader,
    out_time: *mut *const c_char,
) -> i32 {
    call(reader, |r| {
        let out_time = out(out_time, "out")?;
        let mut texts = r.texts();
        let time = match &mut texts.when_exported {
            Some(time) => time,
            none => {
                let unknown = || Error::not_found("the run does not say when it was exported");
                none.insert(terminated(&r.inner.when_exported().ok_or_else(unknown)?)?)
            }
        };
        out_time.set(time.as_ptr())
    })
}

/// How many rows a metric has.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_rows(
    reader: *mut plattli_reader,
    name: *const c_char,
    out_rows: *mut u64,
) -> i32 {
    call(reader, |r| {
        let out_rows = out(out_rows, "out")?;
        out_rows.set(r.inner.rows(text(name, "name")?)?)
    })
}

/// An estimate of the rows of the longest metric that looks at no more than `probes` files (12 is a good number),
/// and at none if the run is finished. Rows that are still in the log are not counted.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_approx_max_rows(
    reader: *mut plattli_reader,
    probes: u32,
    out_rows: *mut u64,
) -> i32 {
    call(reader, |r| {
        let out_rows = out(out_rows, "out")?;
        out_rows.set(r.inner.approx_max_rows(probes)?)
    })
}

/// Warning `i`: something that was skipped or looks wrong, though it was no error, such as a broken line of a log.
/// Borrowed until refresh or close. `PLATTLI_ERR_NOT_FOUND` past the last.
#[no_mangle]
pub unsafe extern "C" fn plattli_reader_warnings(
    reader: *mut plattli_reader,
    i: usize,
    out_text: *mut *const c_char,
) -> i32 {
    call(reader, |r| {
        let out_text = out(out_text, "text")?;
        let mut texts = r.texts();
        // Warnings are only ever added to, and a CString stays where it is when the list grows.
        let known = texts.warnings.len();
        for warning in r.inner.warnings().iter().skip(known) {
            texts.warnings.push(terminated(warning)?);
        }
        hand_out(&texts.warnings, i, out_text, "warning")
    })
}

fn hand_out(texts: &[CString], i: usize, to: Out<'_, *const c_char>, what: &str) -> Result<()> {
    let missing = || Error::not_found(format!("there is no {what} {i}, only {}", texts.len()));
    to.set(texts.get(i).ok_or_else(missing)?.as_ptr())
}

/// Text for C. What a file says may hold NUL; a program that reads on behind one would miss the rest.
fn terminated(text: &str) -> Result<CString> {
    CString::new(text.replace('\0', "\u{fffd}")).map_err(|e| Error::internal(e.to_string()))
}
