//! What is wanted of a stream, and where a page of it ended.
#![cfg_attr(not(feature = "stream"), allow(unused_variables, unused_imports, dead_code))]

use super::boundary::{boxed, edit, examine, free, optional, optional_text, out, text, texts, utf8};
use super::error::with_stream;
use super::string::plattli_string;
use super::types::unknown;
use crate::error::{Error, Result};
#[cfg(feature = "stream")]
use crate::stream::query::{Cursor, Order, Partitions, Query, Status};
use std::ffi::{c_char, CString};

/// Oldest first. The default.
pub const PLATTLI_ASCENDING: i32 = 0;
/// Newest first.
pub const PLATTLI_DESCENDING: i32 = 1;

/// There is nothing more at the moment.
pub const PLATTLI_PAGE_ALL: i32 = 0;
/// What follows has other columns: it is on a page of its own.
pub const PLATTLI_PAGE_SCHEMA_CHANGE: i32 = 1;
/// The page has as many rows as it may have, and there are more.
pub const PLATTLI_PAGE_ROW_LIMIT: i32 = 2;
/// The page has as many bytes as it may have, and there are more.
pub const PLATTLI_PAGE_BYTE_LIMIT: i32 = 3;

/// What is wanted of a stream. Used by one thread at a time; `plattli_stream_query` copies what it needs.
pub struct plattli_query {
    #[cfg(feature = "stream")]
    pub(super) inner: Query,
}

/// Where a page ended, and why. Plain memory: it outlives the stream and may be read by any thread.
pub struct plattli_cursor {
    #[cfg(feature = "stream")]
    inner: Cursor,
    partitions: Vec<(CString, u64)>,
}

#[cfg(feature = "stream")]
impl plattli_cursor {
    pub(super) fn new(cursor: Cursor) -> Result<Self> {
        let each = cursor.positions().iter().map(|(name, position)| {
            // A name is given by the caller as terminated text, so that it holds no NUL.
            let name = CString::new(name.as_str()).map_err(|e| Error::internal(e.to_string()))?;
            Ok((name, *position))
        });
        Ok(plattli_cursor { partitions: each.collect::<Result<_>>()?, inner: cursor })
    }
}

#[cfg(feature = "stream")]
fn edit_query(query: *mut plattli_query, body: impl FnOnce(&mut Query) -> Result<()>) -> i32 {
    edit(query, "query", |query| body(&mut query.inner))
}

#[cfg(feature = "stream")]
fn names(list: *const *const c_char, n: usize) -> Result<Vec<String>> {
    Ok(texts(list, n, "names")?.into_iter().map(str::to_string).collect())
}

/// A query for all rows of a topic that is still to be named; release it with `plattli_query_free`. NULL without the
/// feature `"stream"`, with a text in `plattli_last_error`; setters then answer `PLATTLI_ERR_UNSUPPORTED`.
#[no_mangle]
pub extern "C" fn plattli_query_new() -> *mut plattli_query {
    #[cfg(feature = "stream")]
    {
        boxed(|| plattli_query { inner: Query::default() })
    }
    #[cfg(not(feature = "stream"))]
    {
        with_stream!(());
        std::ptr::null_mut()
    }
}

/// Releases a query. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plattli_query_free(query: *mut plattli_query) {
    free(query);
}

/// The topic. Each query needs one.
#[no_mangle]
pub unsafe extern "C" fn plattli_query_set_topic(query: *mut plattli_query, topic: *const c_char) -> i32 {
    with_stream!(edit_query(query, |q| {
        q.topic = text(topic, "topic")?.to_string();
        Ok(())
    }))
}

/// Only these `n` partitions; all if `n` is 0, as unless set. One that does not exist has no rows. Takes the place
/// of a pattern.
#[no_mangle]
pub unsafe extern "C" fn plattli_query_set_partitions(
    query: *mut plattli_query,
    names: *const *const c_char,
    n: usize,
) -> i32 {
    with_stream!(edit_query(query, |q| {
        q.partitions = match n {
            0 => Partitions::All,
            _ => Partitions::Named(self::names(names, n)?),
        };
        Ok(())
    }))
}

/// Only partitions in whose names this regular expression is found; `^` and `$` tie it to their ends. Takes the place
/// of names. `PLATTLI_ERR_UNSUPPORTED` without the feature `"patterns"`.
#[no_mangle]
pub unsafe extern "C" fn plattli_query_set_pattern(query: *mut plattli_query, pattern: *const c_char) -> i32 {
    with_stream!(edit_query(query, |q| {
        q.partitions = Partitions::matching(text(pattern, "pattern")?)?;
        Ok(())
    }))
}

/// `PLATTLI_ASCENDING` or `PLATTLI_DESCENDING`. Of one partition rows come by their index; of several, of the rows at
/// which the partitions stand the one with the smallest (or largest) time comes next, among equal times that with the
/// smallest (largest) index, then that of the first (last) partition by name.
#[no_mangle]
pub unsafe extern "C" fn plattli_query_set_order(query: *mut plattli_query, order: i32) -> i32 {
    with_stream!(edit_query(query, |q| {
        q.order = match order {
            PLATTLI_ASCENDING => Order::Ascending,
            PLATTLI_DESCENDING => Order::Descending,
            _ => return Err(unknown("order", order, "PLATTLI_ASCENDING, PLATTLI_DESCENDING")),
        };
        Ok(())
    }))
}

/// Where each partition begins. Ascending: at this index, or after what was dropped if that is later; 0 unless set.
/// Descending: before this index; at the end unless set. A cursor goes before it.
#[no_mangle]
pub unsafe extern "C" fn plattli_query_set_start(query: *mut plattli_query, index: u64) -> i32 {
    with_stream!(edit_query(query, |q| {
        q.start = Some(index);
        Ok(())
    }))
}

/// Only rows with a time from `from_ms` to `to_ms`, both included. Only segments that hold such times are opened.
#[no_mangle]
pub unsafe extern "C" fn plattli_query_set_time(query: *mut plattli_query, from_ms: i64, to_ms: i64) -> i32 {
    with_stream!(edit_query(query, |q| {
        if from_ms > to_ms {
            return Err(Error::argument(format!(
                "a time from {from_ms} to {to_ms} is none: it ends before it begins"
            )));
        }
        q.time = Some((from_ms, to_ms));
        Ok(())
    }))
}

/// How many rows a page has at most, exactly: at least 1; 10,000 unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_query_set_max_rows(query: *mut plattli_query, rows: u64) -> i32 {
    with_stream!(edit_query(query, |q| {
        if rows == 0 {
            return Err(Error::argument("a page of 0 rows would never end: it has at least 1"));
        }
        q.max_rows = rows;
        Ok(())
    }))
}

/// After how many bytes a page ends: at least 1; 10,240,000 unless set. The chunk that crosses the limit is still in
/// it, so that every page has rows if there are any. A page is held in memory: this is what bounds it.
#[no_mangle]
pub unsafe extern "C" fn plattli_query_set_max_bytes(query: *mut plattli_query, bytes: u64) -> i32 {
    with_stream!(edit_query(query, |q| {
        if bytes == 0 {
            return Err(Error::argument("a page of 0 bytes would never end: it has at least 1"));
        }
        q.max_bytes = bytes;
        Ok(())
    }))
}

/// Only these `n` columns, in this order; all if `n` is 0, as unless set. Those that there are not are left out; if
/// there is none of them, the query is `PLATTLI_ERR_NOT_FOUND`. Where structs are flattened, the names are those of the
/// result.
#[no_mangle]
pub unsafe extern "C" fn plattli_query_set_pick(
    query: *mut plattli_query,
    names: *const *const c_char,
    n: usize,
) -> i32 {
    with_stream!(edit_query(query, |q| {
        q.projection.pick = self::names(names, n)?;
        Ok(())
    }))
}

/// Not these `n` columns. Where structs are flattened, the names are those of the result.
#[no_mangle]
pub unsafe extern "C" fn plattli_query_set_exclude(
    query: *mut plattli_query,
    names: *const *const c_char,
    n: usize,
) -> i32 {
    with_stream!(edit_query(query, |q| {
        q.projection.exclude = self::names(names, n)?;
        Ok(())
    }))
}

/// The fields of structs become columns of their own, their names joined by `separator`; NULL, as unless set: they do
/// not.
#[no_mangle]
pub unsafe extern "C" fn plattli_query_set_flatten(
    query: *mut plattli_query,
    separator: *const c_char,
) -> i32 {
    with_stream!(edit_query(query, |q| {
        q.projection.flatten = optional_text(separator, "separator")?.map(str::to_string);
        Ok(())
    }))
}

/// Texts, bytes and lists of more than so many bytes become null; 0, as unless set: none do.
#[no_mangle]
pub unsafe extern "C" fn plattli_query_set_max_value_bytes(query: *mut plattli_query, bytes: u64) -> i32 {
    with_stream!(edit_query(query, |q| {
        q.projection.max_value_bytes = Some(bytes).filter(|bytes| *bytes > 0);
        Ok(())
    }))
}

/// Whether two more columns, `_partition` and `_index`, say where each row is from; false unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_query_set_labels(query: *mut plattli_query, labels: bool) -> i32 {
    with_stream!(edit_query(query, |q| {
        q.projection.labels = labels;
        Ok(())
    }))
}

/// Goes on where a page ended, as told by `plattli_cursor_text`: `len` bytes. With `len` 0 from the beginning again.
/// The topic and the order must be those of that page.
#[no_mangle]
pub unsafe extern "C" fn plattli_query_set_cursor(
    query: *mut plattli_query,
    cursor: *const c_char,
    len: usize,
) -> i32 {
    with_stream!(edit_query(query, |q| {
        let cursor = utf8(cursor, len, "cursor")?;
        q.cursor = match cursor {
            "" => None,
            cursor => Some(Cursor::parse(cursor)?),
        };
        Ok(())
    }))
}

/// Goes on where a page ended. With `cursor` NULL from the beginning again.
#[no_mangle]
pub unsafe extern "C" fn plattli_query_resume(
    query: *mut plattli_query,
    cursor: *const plattli_cursor,
) -> i32 {
    with_stream!(edit_query(query, |q| {
        q.cursor = optional(cursor).map(|cursor| cursor.inner.clone());
        Ok(())
    }))
}

/// Why the page ended: `PLATTLI_PAGE_ALL`, `PLATTLI_PAGE_SCHEMA_CHANGE`, `PLATTLI_PAGE_ROW_LIMIT` or
/// `PLATTLI_PAGE_BYTE_LIMIT`. After any but the first there is more.
#[no_mangle]
pub unsafe extern "C" fn plattli_cursor_status(cursor: *const plattli_cursor, out_status: *mut i32) -> i32 {
    with_stream!(examine(cursor, "cursor", |c| {
        let out_status = out(out_status, "out")?;
        out_status.set(match c.inner.status {
            Status::All => PLATTLI_PAGE_ALL,
            Status::SchemaChange => PLATTLI_PAGE_SCHEMA_CHANGE,
            Status::RowLimit => PLATTLI_PAGE_ROW_LIMIT,
            Status::ByteLimit => PLATTLI_PAGE_BYTE_LIMIT,
        })
    }))
}

/// How many rows the page has.
#[no_mangle]
pub unsafe extern "C" fn plattli_cursor_rows(cursor: *const plattli_cursor, out_rows: *mut u64) -> i32 {
    with_stream!(examine(cursor, "cursor", |c| out(out_rows, "out")?.set(c.inner.rows)))
}

/// How many partitions it knows.
#[no_mangle]
pub unsafe extern "C" fn plattli_cursor_partition_count(
    cursor: *const plattli_cursor,
    out_count: *mut usize,
) -> i32 {
    with_stream!(examine(cursor, "cursor", |c| out(out_count, "out")?.set(c.partitions.len())))
}

/// Partition `i`, in sorted order: its name, borrowed until the cursor is freed, and its position: ascending the index
/// of the first row that is still to come, descending that of the last row that was given. Either output may be NULL.
/// `PLATTLI_ERR_NOT_FOUND` past the last.
#[no_mangle]
pub unsafe extern "C" fn plattli_cursor_partition(
    cursor: *const plattli_cursor,
    i: usize,
    out_name: *mut *const c_char,
    out_position: *mut u64,
) -> i32 {
    with_stream!(examine(cursor, "cursor", |c| {
        let missing = || Error::not_found(format!("there is no partition {i}, only {}", c.partitions.len()));
        let (name, position) = c.partitions.get(i).ok_or_else(missing)?;
        if !out_name.is_null() {
            out(out_name, "name")?.set(name.as_ptr())?;
        }
        if !out_position.is_null() {
            out(out_position, "position")?.set(*position)?;
        }
        Ok(())
    }))
}

/// The cursor as one line of text, for `plattli_query_set_cursor` in this or another process. On success `*out` is
/// released with `plattli_string_free`.
#[no_mangle]
pub unsafe extern "C" fn plattli_cursor_text(
    cursor: *const plattli_cursor,
    out_text: *mut *mut plattli_string,
) -> i32 {
    with_stream!(examine(cursor, "cursor", |c| {
        out(out_text, "out")?.set_boxed(plattli_string::new(&c.inner.text()))
    }))
}

/// Releases a cursor. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plattli_cursor_free(cursor: *mut plattli_cursor) {
    free(cursor);
}
