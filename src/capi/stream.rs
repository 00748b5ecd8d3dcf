//! A stream: tables under a quota. Its options are in `stream_options.rs`, queries in `query.rs`.
#![cfg_attr(not(feature = "stream"), allow(unused_variables, unused_imports, dead_code))]

use super::boundary::{
    call, close, fillable, open, optional, out, slice, text, texts, Filled, Handle, State,
};
use super::error::with_stream;
use super::query::{plattli_cursor, plattli_query};
use super::stream_options::plattli_stream_options;
use super::string::plattli_strings;
use crate::arrow::abi::{ArrowArray, ArrowArrayStream, ArrowSchema};
use crate::error::{Error, Result};
#[cfg(feature = "stream")]
use crate::{
    arrow, fork,
    store::DiskStore,
    stream::{self, query, replicate::Shared, StreamStats},
};
use std::ffi::c_char;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

/// Tables under a quota, open for writing and reading. May be used from any thread, by several at once.
pub struct plattli_stream {
    state: State,
    #[cfg(feature = "stream")]
    generation: u32,
    /// Taken by whoever closes it; held for reading by every call.
    #[cfg(feature = "stream")]
    inner: RwLock<Option<Shared>>,
}

impl Handle for plattli_stream {
    const NAME: &'static str = "stream";

    fn state(&self) -> &State {
        &self.state
    }

    fn is_in_call(&self) -> bool {
        #[cfg(feature = "stream")]
        return self.inner.try_write().is_err();
        #[cfg(not(feature = "stream"))]
        false
    }
}

#[cfg(feature = "stream")]
impl Drop for plattli_stream {
    fn drop(&mut self) {
        let inner = self.inner.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(shared) = inner.filter(|_| self.generation != fork::generation()) {
            shared.abandon();
        }
    }
}

/// Runs a method of an open stream.
#[cfg(feature = "stream")]
fn on(handle: *mut plattli_stream, body: impl FnOnce(&Shared) -> Result<()>) -> i32 {
    call(handle, |s: &plattli_stream| {
        let inner = s.inner.read().unwrap_or_else(PoisonError::into_inner);
        body(inner.as_ref().ok_or_else(|| Error::state("the stream is closed"))?)
    })
}

/// What a stream has done so far and has at the moment. Set `size` to `sizeof(plattli_stream_stats)` before it is
/// filled.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plattli_stream_stats {
    /// Set by the caller.
    pub size: usize,
    /// Rows taken since the stream was opened.
    pub rows: u64,
    /// Batches taken.
    pub batches: u64,
    /// Batches refused with `PLATTLI_ERR_OVERLOADED`.
    pub shed_batches: u64,
    /// Rows of those.
    pub shed_rows: u64,
    /// Batches refused because the disk was nearly full.
    pub refused_batches: u64,
    /// Checkpoints that recorded something.
    pub checkpoints: u64,
    /// Segments closed.
    pub rolls: u64,
    /// Segments that retention dropped.
    pub dropped_segments: u64,
    /// Rows of those.
    pub dropped_rows: u64,
    /// Calls that the operating system or the manifest refused.
    pub io_errors: u64,
    /// Bytes on disk, manifest included.
    pub bytes: u64,
    /// Bytes of rows in memory that no file has yet.
    pub active_bytes: u64,
    /// Topics that are open.
    pub open_topics: u64,
    /// Closed segments.
    pub segments: u64,
    /// Closed segments that wait to be replicated; 0 where nothing is to be replicated.
    pub waiting: u64,
    /// Segments replicated since the stream was opened.
    pub replicated: u64,
    /// Attempts to replicate that failed.
    pub replication_errors: u64,
    /// 1 while the disk is nearly full and nothing is taken, else 0.
    pub read_only: u64,
}

// SAFETY: plain C data that begins with a `usize`.
unsafe impl Filled for plattli_stream_stats {
    const NAME: &'static str = "plattli_stream_stats";
}

#[cfg(feature = "stream")]
fn counted(shared: &Shared) -> plattli_stream_stats {
    let StreamStats {
        rows,
        batches,
        shed_batches,
        shed_rows,
        refused_batches,
        checkpoints,
        rolls,
        dropped_segments,
        dropped_rows,
        io_errors,
        last_error: _,
        bytes,
        active_bytes,
        open_topics,
        segments,
        waiting,
        read_only,
    } = shared.stream().stats();
    let (replicated, replication_errors) = shared.replicated();
    plattli_stream_stats {
        size: size_of::<plattli_stream_stats>(),
        rows,
        batches,
        shed_batches,
        shed_rows,
        refused_batches,
        checkpoints,
        rolls,
        dropped_segments,
        dropped_rows,
        io_errors,
        bytes,
        active_bytes,
        open_topics,
        segments,
        waiting,
        replicated,
        replication_errors,
        read_only: u64::from(read_only),
    }
}

/// Where the indices of appended rows go, if they are wanted.
#[cfg(feature = "stream")]
fn set_span(span: *mut u64, rows: std::ops::Range<u64>) -> Result<()> {
    if span.is_null() {
        return Ok(());
    }
    let span = super::boundary::slice_mut(span, 2, "span")?;
    span.copy_from_slice(&[rows.start, rows.end]);
    Ok(())
}

/// Opens the stream store in a folder, which is made if it is missing, and repairs what a crash left there. One
/// process at a time writes a store.
///
/// `options` may be NULL for the defaults. On success `*out` is a stream, to be closed with `plattli_stream_close`.
/// Errors: `PLATTLI_ERR_BUSY` if another process has it, `PLATTLI_ERR_IO`, `PLATTLI_ERR_CORRUPT`;
/// `PLATTLI_ERR_UNSUPPORTED` without the feature `"stream"`.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_open(
    dir: *const c_char,
    options: *const plattli_stream_options,
    out: *mut *mut plattli_stream,
) -> i32 {
    with_stream!(open(out, || {
        let dir = Path::new(text(dir, "dir")?);
        let options = optional(options);
        let defaults = stream::StreamOptions::default();
        let chosen = options.map_or(&defaults, |o| &o.inner);
        let replication = options.and_then(|o| o.replication.as_ref());
        let state = State::new()?;
        let shared = Shared::open(Arc::new(DiskStore), dir, chosen, replication)?;
        Ok(plattli_stream { state, generation: fork::generation(), inner: RwLock::new(Some(shared)) })
    }))
}

/// Appends the rows of a struct array whose fields are the columns to a partition of a topic, both made if they are
/// missing. The first column is `time`, int64, milliseconds since 1970 UTC, without nulls; timestamps have to be cast.
/// `span` (two numbers, or NULL) becomes the index of the first row and that after the last: each partition counts its
/// rows from 0 without gaps, for ever.
///
/// On success the rows have been copied and `array` and `schema` have been released, on this thread. After an error
/// nothing of the call was kept and both are still the caller's, as they were: after `PLATTLI_ERR_OVERLOADED` (the
/// disk cannot follow) the same call may be made again. Other errors: `PLATTLI_ERR_ARGUMENT` for what is not as the
/// Arrow C data interface says, `PLATTLI_ERR_TYPE` for columns that are not as they must be, `PLATTLI_ERR_IO`.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_append(
    stream: *mut plattli_stream,
    topic: *const c_char,
    partition: *const c_char,
    array: *mut ArrowArray,
    schema: *mut ArrowSchema,
    span: *mut u64,
) -> i32 {
    with_stream!(on(stream, |s| {
        let (topic, partition) = (text(topic, "topic")?, text(partition, "partition")?);
        // SAFETY: NULL or the structs of the caller, which are his alone, by the contract.
        let (array, schema) = unsafe { (array.as_mut(), schema.as_mut()) };
        let array = array.ok_or_else(|| Error::argument("array is NULL"))?;
        let schema = schema.ok_or_else(|| Error::argument("schema is NULL"))?;
        // SAFETY: they follow the specification, by the contract.
        let batch = unsafe { arrow::import(array, schema) }?;
        let rows = s.stream().append(topic, partition, batch)?;
        // SAFETY: as above, and nothing of them is in use.
        unsafe { arrow::release(array, schema) };
        set_span(span, rows)
    }))
}

/// Appends `n_rows` rows of doubles: `time_ms[row]`, and `values[column][row]` for each of the `n_columns` columns
/// named by `columns`. All is copied. `span` and errors as `plattli_stream_append`.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_append_f64(
    stream: *mut plattli_stream,
    topic: *const c_char,
    partition: *const c_char,
    time_ms: *const i64,
    columns: *const *const c_char,
    values: *const *const f64,
    n_columns: usize,
    n_rows: usize,
    span: *mut u64,
) -> i32 {
    with_stream!(on(stream, |s| {
        let (topic, partition) = (text(topic, "topic")?, text(partition, "partition")?);
        let times = slice(time_ms, n_rows, "time_ms")?;
        let names = texts(columns, n_columns, "columns")?;
        let lists = slice(values, n_columns, "values")?.iter().enumerate();
        let lists = lists.map(|(i, list)| slice(*list, n_rows, &format!("values[{i}]")));
        let batch = arrow::f64_table(times, &names, &lists.collect::<Result<Vec<_>>>()?)?;
        set_span(span, s.stream().append(topic, partition, batch)?)
    }))
}

/// Reads a page of rows, those that no file has yet included: a stream of batches, all read when this returns, that
/// outlives the stream store and is released by its consumer. `*cursor`, unless `cursor` is NULL, says why the page
/// ended and where the next one begins; it is released with `plattli_cursor_free`.
///
/// Without rows the stream has no batches; its columns are those that are known of, else `time` alone. Errors:
/// `PLATTLI_ERR_NOT_FOUND` for an unknown topic, and where no picked column exists; `PLATTLI_ERR_ARGUMENT`;
/// `PLATTLI_ERR_CORRUPT`; `PLATTLI_ERR_IO`.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_query(
    stream: *mut plattli_stream,
    query: *const plattli_query,
    out_stream: *mut ArrowArrayStream,
    cursor: *mut *mut plattli_cursor,
) -> i32 {
    with_stream!(on(stream, |s| {
        let query = optional(query).ok_or_else(|| Error::argument("query is NULL"))?;
        let out_stream = out(out_stream, "out")?;
        let page = query::run(s.stream(), &query.inner)?;
        let end = plattli_cursor::new(page.cursor)?;
        let batches = arrow::export(page.schema, Box::new(page.batches.into_iter().map(Ok)))?;
        if !cursor.is_null() {
            out(cursor, "cursor")?.set_boxed(end)?;
        }
        out_stream.set(batches)
    }))
}

/// Writes all rows taken so far and records them in the manifest; reports what failed in the background since the
/// last call.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_checkpoint(stream: *mut plattli_stream) -> i32 {
    with_stream!(on(stream, |s| s.stream().checkpoint()))
}

/// Drops what is beyond the quotas or too old.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_retain(stream: *mut plattli_stream) -> i32 {
    with_stream!(on(stream, |s| s.stream().retain()))
}

/// Copies the closed segments that wait for it to where `plattli_stream_options_set_replicate` said, and returns when
/// all are there. `*out_copied`, unless NULL, is how many this call copied. What was copied before an error stays, and
/// the next call goes on from there. `PLATTLI_ERR_STATE` for a stream that replicates nowhere.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_replicate(stream: *mut plattli_stream, out_copied: *mut u64) -> i32 {
    with_stream!(on(stream, |s| {
        let copied = s.replicate()?;
        match out_copied.is_null() {
            true => Ok(()),
            false => out(out_copied, "out_copied")?.set(copied),
        }
    }))
}

/// What the stream has done so far and has at the moment.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_get_stats(
    stream: *mut plattli_stream,
    out: *mut plattli_stream_stats,
) -> i32 {
    with_stream!(on(stream, |s| fillable(out, "out")?.set(counted(s))))
}

/// The names of all topics, sorted. On success `*out` is released with `plattli_strings_free`.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_topics(
    stream: *mut plattli_stream,
    out_names: *mut *mut plattli_strings,
) -> i32 {
    with_stream!(on(stream, |s| {
        let out_names = out(out_names, "out")?;
        out_names.set_boxed(plattli_strings::new(&s.stream().topics()?))
    }))
}

/// The names of the partitions of a topic, sorted; none if there is no such topic. On success `*out` is released
/// with `plattli_strings_free`.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_partitions(
    stream: *mut plattli_stream,
    topic: *const c_char,
    out_names: *mut *mut plattli_strings,
) -> i32 {
    with_stream!(on(stream, |s| {
        let out_names = out(out_names, "out")?;
        out_names.set_boxed(plattli_strings::new(&s.stream().partitions(text(topic, "topic")?)?))
    }))
}

/// What was found broken when the store was opened or a partition recovered, and how it was mended, one text each. On
/// success `*out` is released with `plattli_strings_free`.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_warnings(
    stream: *mut plattli_stream,
    out_texts: *mut *mut plattli_strings,
) -> i32 {
    with_stream!(on(stream, |s| {
        let out_texts = out(out_texts, "out")?;
        out_texts.set_boxed(plattli_strings::new(&s.stream().findings()))
    }))
}

/// Writes all rows, closes all segments and releases the stream, whatever it returns. NULL is fine. Segments that
/// still wait to be replicated are, after the next open.
///
/// In a forked child it releases memory, touches no file and returns `PLATTLI_ERR_FORKED`.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_close(stream: *mut plattli_stream) -> i32 {
    #[cfg(feature = "stream")]
    return close(stream, |s: &plattli_stream| {
        let inner = s.inner.write().unwrap_or_else(PoisonError::into_inner).take();
        inner.map_or(Ok(()), Shared::close)
    });
    #[cfg(not(feature = "stream"))]
    super::boundary::close(stream, |_: &plattli_stream| Ok(()))
}
