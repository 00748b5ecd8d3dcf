//! A journal: options, append, flush, read, compact.

use super::boundary::{
    boxed, bytes, call, close, edit, examine, fillable, free, look, open, optional, out, text, Filled,
    Handle, State,
};
use super::options::{PLATTLI_DURABLE_PROCESS, PLATTLI_DURABLE_SYSTEM};
use super::types::unknown;
use crate::error::{Error, Result};
use crate::journal::{CompactStats, Events, Journal, JournalOptions};
use std::ffi::c_char;
use std::time::Duration;

/// How a journal is opened. Used by one thread at a time; `plattli_journal_open` copies what it needs.
pub struct plattli_journal_options {
    inner: JournalOptions,
}

/// A journal: events of any number of writers, each in a process of its own, in a place that they share. May be used
/// from any thread; calls wait for each other inside where they must.
pub struct plattli_journal {
    state: State,
    inner: Journal,
}

/// Events that were read, in order. Does not change, and outlives the journal.
pub struct plattli_journal_events {
    inner: Events,
}

impl Handle for plattli_journal {
    const NAME: &'static str = "journal";

    fn state(&self) -> &State {
        &self.state
    }

    fn is_in_call(&self) -> bool {
        self.inner.is_in_call()
    }
}

/// What a compaction did. Set `size` to `sizeof(plattli_compact_stats)` before it is filled.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plattli_compact_stats {
    /// Set by the caller.
    pub size: usize,
    /// Objects that were merged; where nothing happened, the objects that are there.
    pub merged: u64,
    /// Events in the new objects.
    pub events: u64,
    /// Objects and lists that could not be deleted. No harm: they stay hidden, and the next compaction tries again.
    pub failed_deletes: u64,
    /// New objects: 0 where nothing happened, more than 1 where one would be too large.
    pub objects: u64,
    /// Name of the new object in its location, terminated; of the last one if there are several; empty if there is none.
    pub key: [c_char; 64],
}

// SAFETY: plain C data that begins with a `usize`.
unsafe impl Filled for plattli_compact_stats {
    const NAME: &'static str = "plattli_compact_stats";
}

impl From<CompactStats> for plattli_compact_stats {
    fn from(stats: CompactStats) -> Self {
        let mut key = [0; 64];
        // Names have at most 51 bytes; the last byte stays the terminator.
        let name = stats.key.unwrap_or_default();
        key.iter_mut().zip(name.bytes().take(63)).for_each(|(to, from)| *to = from as c_char);
        plattli_compact_stats {
            size: size_of::<Self>(),
            merged: stats.merged,
            events: stats.events,
            failed_deletes: stats.failed_deletes,
            objects: stats.objects,
            key,
        }
    }
}

fn edit_options(
    options: *mut plattli_journal_options,
    body: impl FnOnce(&mut JournalOptions) -> Result<()>,
) -> i32 {
    edit(options, "options", |options| body(&mut options.inner))
}

/// New options with the defaults. Never NULL unless memory is exhausted; release them with
/// `plattli_journal_options_free`.
#[no_mangle]
pub extern "C" fn plattli_journal_options_new() -> *mut plattli_journal_options {
    boxed(|| plattli_journal_options { inner: JournalOptions::default() })
}

/// Releases options. NULL is fine. Journals opened with them are not affected.
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_options_free(options: *mut plattli_journal_options) {
    free(options);
}

/// How many events wait in the buffer until they are stored as one object: 32 unless set. 0 counts as 1, which stores
/// each event as it comes.
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_options_set_threshold(
    options: *mut plattli_journal_options,
    events: u64,
) -> i32 {
    edit_options(options, |o| {
        o.threshold = events;
        Ok(())
    })
}

/// The size in bytes that an object made by a compaction does not exceed, unless one that it is made of does: at
/// least 1; 256 MiB unless set. Also how many bytes of events may wait in memory while they cannot be stored.
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_options_set_max_object_bytes(
    options: *mut plattli_journal_options,
    bytes: u64,
) -> i32 {
    edit_options(options, |o| {
        if bytes == 0 {
            return Err(Error::argument("objects of 0 bytes are not possible: an object holds at least 1"));
        }
        o.max_object_bytes = bytes;
        Ok(())
    })
}

/// After how many milliseconds without a sign of life a compaction counts as dead, so that another one may begin: at
/// least 1; ten minutes unless set. All who compact one journal must choose alike.
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_options_set_lease_expiry(
    options: *mut plattli_journal_options,
    milliseconds: u64,
) -> i32 {
    edit_options(options, |o| {
        if milliseconds == 0 {
            return Err(Error::argument("a lease that ends after 0 milliseconds would be nobody's"));
        }
        o.lease_expiry = Duration::from_millis(milliseconds);
        Ok(())
    })
}

/// What a flush that succeeded outlives, in a folder: `PLATTLI_DURABLE_SYSTEM` (power loss too; the default) or
/// `PLATTLI_DURABLE_PROCESS` (the death of the process, without the cost of forcing each object to stable storage).
/// Services such as S3 always are durable, `memory://` never.
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_options_set_durability(
    options: *mut plattli_journal_options,
    durability: i32,
) -> i32 {
    edit_options(options, |o| {
        o.durable = match durability {
            PLATTLI_DURABLE_PROCESS => false,
            PLATTLI_DURABLE_SYSTEM => true,
            _ => {
                let known = "PLATTLI_DURABLE_PROCESS, PLATTLI_DURABLE_SYSTEM";
                return Err(unknown("durability", durability, known));
            }
        };
        Ok(())
    })
}

/// Opens the journal at `location`: a folder (a path or `file://PATH`), `memory://NAME` (shared by this process), and
/// where the build has the feature `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX`, `az://CONTAINER/PREFIX`. Nothing is
/// stored yet; a folder is made by the first flush. Any number of journals, in any number of processes, may be open at
/// one location.
///
/// `options` may be NULL for the defaults. On success `*out` is a journal, to be released with
/// `plattli_journal_close`. Errors: `PLATTLI_ERR_ARGUMENT` for text that names no place, `PLATTLI_ERR_UNSUPPORTED`
/// for a service that this build lacks.
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_open(
    location: *const c_char,
    options: *const plattli_journal_options,
    out: *mut *mut plattli_journal,
) -> i32 {
    open(out, || {
        let defaults = JournalOptions::default();
        let options = optional(options).map_or(&defaults, |options| &options.inner);
        Ok(plattli_journal {
            state: State::new()?,
            inner: Journal::open(text(location, "location")?, options)?,
        })
    })
}

/// Adds an event of `len` bytes: one line, JSON or not, without its newline. `plattli_journal_read` of this journal
/// sees it at once; it is stored when `threshold` events wait, by `plattli_journal_flush` or by
/// `plattli_journal_close`.
///
/// Errors that mean the event was not taken: `PLATTLI_ERR_ARGUMENT` (it is empty, blank or holds a newline) and
/// `PLATTLI_ERR_OVERLOADED` (as much waits as one object may hold, and cannot be stored). Any other error, such as
/// `PLATTLI_ERR_IO`, is that of storing: the event was taken and waits with the others, and a later call stores it.
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_append(
    journal: *mut plattli_journal,
    event: *const c_char,
    len: usize,
) -> i32 {
    call(journal, |j| j.inner.append(bytes(event, len, "event")?))
}

/// Stores the events that wait as one new object; without any nothing happens. `PLATTLI_OK` means that every event
/// taken so far is stored, and seen by all who read. After an error they wait on, and a later call stores them; none is
/// stored twice.
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_flush(journal: *mut plattli_journal) -> i32 {
    call(journal, |j| j.inner.flush())
}

/// Reads everything as of one moment: the events stored by anybody, in the order of their batches, then those that
/// wait in this journal. On success `*out` is a list, to be released with `plattli_journal_events_free`.
/// `PLATTLI_ERR_BUSY` if compactions kept changing the journal (try again).
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_read(
    journal: *mut plattli_journal,
    out_events: *mut *mut plattli_journal_events,
) -> i32 {
    call(journal, |j| {
        let out_events = out(out_events, "out")?;
        out_events.set_boxed(plattli_journal_events { inner: j.inner.read()? })
    })
}

/// Reads the stored events whose number is `number` or greater, without those that wait: begin with 0 and go on with
/// `plattli_journal_events_next` to follow a journal that grows. Each event is given once; an event that a slow writer
/// stores under a number that was passed already is seen by `plattli_journal_read` only. Whoever begins with a number
/// kept from an earlier process gets all of an object in which that number was compacted meanwhile.
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_read_from(
    journal: *mut plattli_journal,
    number: u64,
    out_events: *mut *mut plattli_journal_events,
) -> i32 {
    call(journal, |j| {
        let out_events = out(out_events, "out")?;
        out_events.set_boxed(plattli_journal_events { inner: j.inner.read_from(number)? })
    })
}

/// Makes one object of all that are there, beside any readers and writers, and says what it did in `*out`, which may
/// be NULL. With fewer than two objects nothing happens. `PLATTLI_ERR_BUSY` if another compaction is at work, in any
/// process. After any error each event is still there, once.
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_compact(
    journal: *mut plattli_journal,
    out: *mut plattli_compact_stats,
) -> i32 {
    call(journal, |j| {
        if out.is_null() {
            return j.inner.compact().map(drop);
        }
        let out = fillable(out, "out")?;
        out.set(j.inner.compact()?.into())
    })
}

/// How many objects with events there are, without those that a compacted one stands for.
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_file_count(
    journal: *mut plattli_journal,
    out_count: *mut usize,
) -> i32 {
    call(journal, |j| {
        let out_count = out(out_count, "out")?;
        out_count.set(j.inner.file_count()?)
    })
}

/// How many events wait in this journal and are not yet stored.
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_pending(
    journal: *mut plattli_journal,
    out_count: *mut usize,
) -> i32 {
    call(journal, |j| {
        let out_count = out(out_count, "out")?;
        out_count.set(j.inner.pending()?)
    })
}

/// Stores what waits, and releases the journal in any case. An error says how many events were not stored. NULL is
/// fine. In a forked child it stores nothing and returns `PLATTLI_ERR_FORKED`.
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_close(journal: *mut plattli_journal) -> i32 {
    close(journal, |j| j.inner.close())
}

/// Releases the journal without storing what waits, and writes to `*lost`, which may be NULL, how many events that
/// were. NULL is fine as a journal.
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_discard(journal: *mut plattli_journal, lost: *mut usize) -> i32 {
    close(journal, |j| {
        let waiting = j.inner.discard()?;
        match out(lost, "lost") {
            Ok(lost) => lost.set(waiting),
            Err(_) => Ok(()), // Not asked for.
        }
    })
}

/// How many events there are. 0 for NULL.
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_events_len(events: *const plattli_journal_events) -> usize {
    look(events, 0, |events| events.inner.len())
}

/// Event `i`: `*len` bytes, not terminated, without newline; borrowed until `plattli_journal_events_free`.
/// `PLATTLI_ERR_NOT_FOUND` past the last.
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_events_get(
    events: *const plattli_journal_events,
    i: usize,
    event: *mut *const c_char,
    len: *mut usize,
) -> i32 {
    examine(events, "events", |events| {
        let (event, len) = (out(event, "event")?, out(len, "len")?);
        let bytes = events.inner.get(i).ok_or_else(|| past(i, &events.inner))?;
        event.set(bytes.as_ptr().cast())?;
        len.set(bytes.len())
    })
}

/// The number of the object that event `i` came from, microseconds since 1970 when it was stored; the last number of
/// a compacted object; 0 for an event that was not yet stored. `PLATTLI_ERR_NOT_FOUND` past the last.
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_events_number(
    events: *const plattli_journal_events,
    i: usize,
    number: *mut u64,
) -> i32 {
    examine(events, "events", |events| {
        let number = out(number, "number")?;
        number.set(events.inner.number(i).ok_or_else(|| past(i, &events.inner))?)
    })
}

fn past(i: usize, events: &Events) -> Error {
    Error::not_found(format!("there is no event {i}, only {}", events.len()))
}

/// The number to go on with in `plattli_journal_read_from`: one more than the greatest that was read. 0 for NULL.
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_events_next(events: *const plattli_journal_events) -> u64 {
    look(events, 0, |events| events.inner.next())
}

/// Releases events. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plattli_journal_events_free(events: *mut plattli_journal_events) {
    free(events);
}
