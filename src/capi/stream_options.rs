//! How a stream store is opened: an opaque object with setters, so that it can grow.
#![cfg_attr(not(feature = "stream"), allow(unused_variables, unused_imports, dead_code))]

use super::boundary::{boxed, edit, free, optional_text};
use super::error::with_stream;
use super::types::unknown;
use crate::error::{Error, Result};
#[cfg(feature = "stream")]
use crate::stream::{replicate::Replication, Format, StreamOptions};
use std::ffi::c_char;
use std::path::PathBuf;
use std::time::Duration;

/// Segments are Arrow IPC files, `N.arrow`. The default.
pub const PLATTLI_SEGMENT_ARROW: i32 = 0;
/// Segments are Parquet files, `N.parquet`, once they are closed.
pub const PLATTLI_SEGMENT_PARQUET: i32 = 1;

/// How a stream is opened. Used by one thread at a time; `plattli_stream_open` copies what it needs.
pub struct plattli_stream_options {
    #[cfg(feature = "stream")]
    pub(super) inner: StreamOptions,
    #[cfg(feature = "stream")]
    pub(super) replication: Option<Replication>,
}

#[cfg(feature = "stream")]
fn edit_stream(
    options: *mut plattli_stream_options,
    body: impl FnOnce(&mut StreamOptions) -> Result<()>,
) -> i32 {
    edit(options, "options", |options| body(&mut options.inner))
}

#[cfg(feature = "stream")]
fn milliseconds(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[cfg(feature = "stream")]
fn at_least_one(name: &str, value: u64) -> Result<u64> {
    match value {
        0 => Err(Error::argument(format!("{name} 0 is not possible: it is at least 1"))),
        value => Ok(value),
    }
}

/// New options with the defaults; release them with `plattli_stream_options_free`. NULL without the feature
/// `"stream"`, with a text in `plattli_last_error`; setters then answer `PLATTLI_ERR_UNSUPPORTED`.
#[no_mangle]
pub extern "C" fn plattli_stream_options_new() -> *mut plattli_stream_options {
    #[cfg(feature = "stream")]
    {
        boxed(|| plattli_stream_options { inner: StreamOptions::default(), replication: None })
    }
    #[cfg(not(feature = "stream"))]
    {
        with_stream!(());
        std::ptr::null_mut()
    }
}

/// Releases options. NULL is fine. Streams opened with them are not affected.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_options_free(options: *mut plattli_stream_options) {
    free(options);
}

/// What segments are once they are closed: `PLATTLI_SEGMENT_ARROW`, or with the feature `"parquet"`
/// `PLATTLI_SEGMENT_PARQUET`. Both are always read.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_options_set_format(
    options: *mut plattli_stream_options,
    format: i32,
) -> i32 {
    with_stream!(edit_stream(options, |o| {
        o.format = match format {
            PLATTLI_SEGMENT_ARROW => Format::Arrow,
            #[cfg(feature = "parquet")]
            PLATTLI_SEGMENT_PARQUET => Format::Parquet,
            #[cfg(not(feature = "parquet"))]
            PLATTLI_SEGMENT_PARQUET => return Err(super::error::without("parquet", "Parquet segments")),
            _ => return Err(unknown("format", format, "PLATTLI_SEGMENT_ARROW, PLATTLI_SEGMENT_PARQUET")),
        };
        Ok(())
    }))
}

/// A segment is closed by the append after it has more rows than this; 100,000 unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_options_set_roll_rows(
    options: *mut plattli_stream_options,
    rows: u64,
) -> i32 {
    with_stream!(edit_stream(options, |o| {
        o.roll_rows = at_least_one("roll_rows", rows)?;
        Ok(())
    }))
}

/// A segment is closed by the append after it has more bytes than this; 100 MiB unless set, and never more than a
/// quarter of a quota.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_options_set_roll_bytes(
    options: *mut plattli_stream_options,
    bytes: u64,
) -> i32 {
    with_stream!(edit_stream(options, |o| {
        o.roll_bytes = at_least_one("roll_bytes", bytes)?;
        Ok(())
    }))
}

/// A segment is closed by the first append after it became older than so many milliseconds; 0, as unless set: never.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_options_set_roll_age(
    options: *mut plattli_stream_options,
    ms: u64,
) -> i32 {
    with_stream!(edit_stream(options, |o| {
        o.roll_age = milliseconds(ms);
        Ok(())
    }))
}

/// How often rows are written and recorded by themselves, in milliseconds; 1000 unless set. 0: only by
/// `plattli_stream_checkpoint`, when segments are closed, and by `plattli_stream_close`.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_options_set_checkpoint(
    options: *mut plattli_stream_options,
    ms: u64,
) -> i32 {
    with_stream!(edit_stream(options, |o| {
        o.checkpoint = milliseconds(ms);
        Ok(())
    }))
}

/// Whether a checkpoint reaches the disk itself and not only the operating system; true unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_options_set_sync(
    options: *mut plattli_stream_options,
    sync: bool,
) -> i32 {
    with_stream!(edit_stream(options, |o| {
        o.sync = sync;
        Ok(())
    }))
}

/// Bytes on disk that one partition may have; 1 GiB unless set. Beyond it the oldest segments go.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_options_set_partition_bytes(
    options: *mut plattli_stream_options,
    bytes: u64,
) -> i32 {
    with_stream!(edit_stream(options, |o| {
        o.partition_bytes = at_least_one("partition_bytes", bytes)?;
        Ok(())
    }))
}

/// Closed segments that one partition may have; 10,000 unless set. Beyond it the oldest go.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_options_set_partition_segments(
    options: *mut plattli_stream_options,
    segments: u64,
) -> i32 {
    with_stream!(edit_stream(options, |o| {
        o.partition_segments = at_least_one("partition_segments", segments)?;
        Ok(())
    }))
}

/// Bytes on disk that the whole store may have, its manifest included; 1 GiB unless set. Beyond it the oldest segments
/// of all partitions go.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_options_set_store_bytes(
    options: *mut plattli_stream_options,
    bytes: u64,
) -> i32 {
    with_stream!(edit_stream(options, |o| {
        o.store_bytes = at_least_one("store_bytes", bytes)?;
        Ok(())
    }))
}

/// A segment goes when its newest time is older than so many milliseconds; 0, as unless set: never.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_options_set_max_age(
    options: *mut plattli_stream_options,
    ms: u64,
) -> i32 {
    with_stream!(edit_stream(options, |o| {
        o.max_age = milliseconds(ms);
        Ok(())
    }))
}

/// Free space of the disk below which the store takes no rows until there is more again; 1,000,000,000 bytes unless
/// set. 0: it is not looked at.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_options_set_min_free_bytes(
    options: *mut plattli_stream_options,
    bytes: u64,
) -> i32 {
    with_stream!(edit_stream(options, |o| {
        o.min_free_bytes = bytes;
        Ok(())
    }))
}

/// Topics that are open at once; 128 unless set. The least recently used are closed, and opened again on use.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_options_set_open_topics(
    options: *mut plattli_stream_options,
    topics: usize,
) -> i32 {
    with_stream!(edit_stream(options, |o| {
        o.open_topics = at_least_one("open_topics", topics as u64)? as usize;
        Ok(())
    }))
}

/// Bytes of rows in memory that no file has yet, of all partitions together; 3500 MiB unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_options_set_active_bytes(
    options: *mut plattli_stream_options,
    bytes: u64,
) -> i32 {
    with_stream!(edit_stream(options, |o| {
        o.active_bytes = at_least_one("active_bytes", bytes)?;
        Ok(())
    }))
}

/// How many milliseconds an append that closes a segment waits for a writer that is still busy before it is refused
/// with `PLATTLI_ERR_OVERLOADED`; 100 unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_options_set_overload_wait(
    options: *mut plattli_stream_options,
    ms: u64,
) -> i32 {
    with_stream!(edit_stream(options, |o| {
        o.overload_wait = milliseconds(ms);
        Ok(())
    }))
}

/// How many threads write; 2 unless set. 0: none, and the caller's thread writes.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_options_set_threads(
    options: *mut plattli_stream_options,
    threads: usize,
) -> i32 {
    with_stream!(edit_stream(options, |o| {
        o.threads = threads;
        Ok(())
    }))
}

/// Where the manifest is, if not `manifest.sqlite` in the folder, such as on a local disk when the folder is on a
/// file system of a cluster. `":memory:"` keeps none: it is made anew from the segments at each open. NULL for the
/// folder.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_options_set_manifest(
    options: *mut plattli_stream_options,
    path: *const c_char,
) -> i32 {
    with_stream!(edit_stream(options, |o| {
        o.manifest = optional_text(path, "path")?.map(PathBuf::from);
        Ok(())
    }))
}

/// Where closed segments are copied to: a folder, `file://`, `memory://`, and with the features of the same names
/// `s3://`, `gs://`, `az://`. NULL, as unless set: nowhere. They are copied every so many milliseconds by a thread of
/// the store, and by `plattli_stream_replicate`; with 0 by the latter alone.
///
/// What waits to be copied is not dropped: a bucket that is out of reach for long stops appends in the end
/// (`PLATTLI_ERR_OVERLOADED`) rather than lose rows; see `plattli_stream_options_set_drop_waiting`.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_options_set_replicate(
    options: *mut plattli_stream_options,
    location: *const c_char,
    ms: u64,
) -> i32 {
    with_stream!(edit(options, "options", |options| {
        let location = optional_text(location, "location")?;
        options.inner.replicate = location.is_some();
        options.replication =
            location.map(|location| Replication { location: location.to_string(), every: milliseconds(ms) });
        Ok(())
    }))
}

/// Whether retention may drop segments that still wait to be copied; false unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_stream_options_set_drop_waiting(
    options: *mut plattli_stream_options,
    drop_waiting: bool,
) -> i32 {
    with_stream!(edit_stream(options, |o| {
        o.drop_waiting = drop_waiting;
        Ok(())
    }))
}
