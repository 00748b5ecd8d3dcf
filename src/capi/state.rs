//! A state: keys that survive, and the scheduler that compacts many of them.

use super::boundary::{
    also, boxed, bytes, call, close, edit, free, open, optional, out, text, Handle, State,
};
use super::string::{plattli_string, plattli_strings};
use super::types::unknown;
use crate::error::{Error, Result};
use crate::state::options::{Options, Sync, DEFAULT_SYNC_INTERVAL};
use crate::state::{self, Scheduler, DEFAULT_INTERVAL, LOST_UNKNOWN};
use std::ffi::c_char;
use std::path::Path;
use std::time::Duration;

/// Each entry is on stable storage before its call returns. The default.
pub const PLATTLI_SYNC_EVERY: i32 = 0;
/// Entries are forced to stable storage by a thread of the state, on an interval.
pub const PLATTLI_SYNC_INTERVAL: i32 = 1;
/// Entries survive the death of the process; the operating system writes them back when it sees fit.
pub const PLATTLI_SYNC_NONE: i32 = 2;

/// What `plattli_state_lost` says where nothing is left to count by.
pub const PLATTLI_LOST_UNKNOWN: u64 = 0xffff_ffff_ffff_ffff;
const _: () = assert!(PLATTLI_LOST_UNKNOWN == LOST_UNKNOWN);

/// How a state is opened. Used by one thread at a time; `plattli_state_open` copies what it needs.
pub struct plattli_state_options {
    inner: Options,
}

/// A state that is being written or read. May be used from any thread; calls wait for each other inside.
pub struct plattli_state {
    state: State,
    inner: state::State,
}

impl Handle for plattli_state {
    const NAME: &'static str = "state";

    fn state(&self) -> &State {
        &self.state
    }

    fn is_in_call(&self) -> bool {
        self.inner.is_in_call()
    }
}

/// Compacts many states on one timer. May be used from any thread.
pub struct plattli_state_scheduler {
    state: State,
    inner: Scheduler,
}

impl Handle for plattli_state_scheduler {
    const NAME: &'static str = "scheduler";

    fn state(&self) -> &State {
        &self.state
    }

    fn is_in_call(&self) -> bool {
        self.inner.is_in_call()
    }
}

fn edit_state(options: *mut plattli_state_options, body: impl FnOnce(&mut Options) -> Result<()>) -> i32 {
    edit(options, "options", |options| body(&mut options.inner))
}

/// New options with the defaults. Never NULL unless memory is exhausted; release them with
/// `plattli_state_options_free`.
#[no_mangle]
pub extern "C" fn plattli_state_options_new() -> *mut plattli_state_options {
    boxed(|| plattli_state_options { inner: Options::default() })
}

/// Releases options. NULL is fine. States opened with them are not affected.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_options_free(options: *mut plattli_state_options) {
    free(options);
}

/// When entries are forced to stable storage: `PLATTLI_SYNC_EVERY`, `PLATTLI_SYNC_INTERVAL` (every second, unless set
/// otherwise by `plattli_state_options_set_sync_interval`) or `PLATTLI_SYNC_NONE`.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_options_set_sync(
    options: *mut plattli_state_options,
    sync: i32,
) -> i32 {
    edit_state(options, |o| {
        o.sync = match (sync, o.sync) {
            (PLATTLI_SYNC_EVERY, _) => Sync::Every,
            (PLATTLI_SYNC_INTERVAL, Sync::Interval(interval)) => Sync::Interval(interval),
            (PLATTLI_SYNC_INTERVAL, _) => Sync::Interval(DEFAULT_SYNC_INTERVAL),
            (PLATTLI_SYNC_NONE, _) => Sync::None,
            _ => {
                let known = "PLATTLI_SYNC_EVERY, PLATTLI_SYNC_INTERVAL, PLATTLI_SYNC_NONE";
                return Err(unknown("sync", sync, known));
            }
        };
        Ok(())
    })
}

/// Chooses `PLATTLI_SYNC_INTERVAL` with so many milliseconds, at least 1.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_options_set_sync_interval(
    options: *mut plattli_state_options,
    milliseconds: u64,
) -> i32 {
    edit_state(options, |o| {
        if milliseconds == 0 {
            return Err(Error::argument("a sync interval of 0 ms is not possible: use PLATTLI_SYNC_EVERY"));
        }
        o.sync = Sync::Interval(Duration::from_millis(milliseconds));
        Ok(())
    })
}

/// The size of the log, in bytes, above which it needs compaction; 1048576 unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_options_set_threshold(
    options: *mut plattli_state_options,
    threshold: u64,
) -> i32 {
    edit_state(options, |o| {
        o.threshold = threshold;
        Ok(())
    })
}

/// How many compacted logs are kept; 3 unless set. With 0 there is nothing to fall back to when the log is damaged.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_options_set_backups(
    options: *mut plattli_state_options,
    backups: u32,
) -> i32 {
    edit_state(options, |o| {
        o.backups = backups;
        Ok(())
    })
}

/// Whether `NAME.json`, the whole state for people, is written at each compaction and at close; false unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_options_set_snapshot(
    options: *mut plattli_state_options,
    snapshot: bool,
) -> i32 {
    edit_state(options, |o| {
        o.snapshot = snapshot;
        Ok(())
    })
}

/// Whether a log that is damaged or missing is taken for what still parses, together with the newest backup, rather
/// than refused with `PLATTLI_ERR_CORRUPT`; false unless set. `plattli_state_lost` says what was lost.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_options_set_salvage(
    options: *mut plattli_state_options,
    salvage: bool,
) -> i32 {
    edit_state(options, |o| {
        o.salvage = salvage;
        Ok(())
    })
}

/// Whether the state is only read, beside whoever writes it: no lock is taken and nothing ever written; false unless
/// set.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_options_set_read_only(
    options: *mut plattli_state_options,
    read_only: bool,
) -> i32 {
    edit_state(options, |o| {
        o.read_only = read_only;
        Ok(())
    })
}

/// Whether a second writer is kept out by a lock file, `.NAME.plattli.lock`; true unless set.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_options_set_lock(
    options: *mut plattli_state_options,
    lock: bool,
) -> i32 {
    edit_state(options, |o| {
        o.lock = lock;
        Ok(())
    })
}

/// Opens the state `name` in the directory `dir`. A writer makes both if they are missing, and puts in order what a
/// crash left behind; there is one writer at a time.
///
/// `options` may be NULL for the defaults. On success `*out` is a state, to be released with `plattli_state_close`.
/// Errors: `PLATTLI_ERR_ARGUMENT` for a name that makes no file name (empty, over 128 bytes, a slash, a control
/// character, a dot in front), `PLATTLI_ERR_BUSY` if another writer has it, `PLATTLI_ERR_CORRUPT` if the log is damaged,
/// or missing though there are backups, and `set_salvage` was not asked for, `PLATTLI_ERR_NOT_FOUND` if it is opened
/// read-only and there is none, `PLATTLI_ERR_IO`.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_open(
    dir: *const c_char,
    name: *const c_char,
    options: *const plattli_state_options,
    out: *mut *mut plattli_state,
) -> i32 {
    open(out, || {
        let (dir, name) = (Path::new(text(dir, "dir")?), text(name, "name")?);
        let defaults = Options::default();
        let options = optional(options).map_or(&defaults, |options| &options.inner);
        Ok(plattli_state { state: State::new()?, inner: state::State::open(dir, name, options)? })
    })
}

/// Sets a key to a JSON value of `len` bytes, which is kept as it is spelled, without whitespace. A key is text of at
/// least one character.
///
/// `PLATTLI_OK` means that the entry is on stable storage (under another sync option: handed to the operating system).
/// Errors: `PLATTLI_ERR_ARGUMENT` for an empty key and for what is not JSON (`NaN` is not) or could not be read back
/// elsewhere (nesting over 500, integers of over 4300 digits, lone surrogates), `PLATTLI_ERR_STATE` if it was opened
/// read-only, `PLATTLI_ERR_BUSY` if another writer has taken it over, `PLATTLI_ERR_IO`. After any error the state is
/// what it was; the call may be repeated.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_set(
    state: *mut plattli_state,
    key: *const c_char,
    json: *const c_char,
    len: usize,
) -> i32 {
    call(state, |s| s.inner.set(text(key, "key")?, bytes(json, len, "json")?))
}

/// Replaces the whole state by the members of a JSON object of `len` bytes; keys that are not in it are gone. Errors as
/// for `plattli_state_set`.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_replace(
    state: *mut plattli_state,
    json: *const c_char,
    len: usize,
) -> i32 {
    call(state, |s| s.inner.replace(bytes(json, len, "json")?))
}

/// Deletes a key. One that is not there is no error. Errors as for `plattli_state_set`.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_delete(state: *mut plattli_state, key: *const c_char) -> i32 {
    call(state, |s| s.inner.delete(text(key, "key")?))
}

/// The value of a key as JSON text. On success `*out` is released with `plattli_string_free`. `PLATTLI_ERR_NOT_FOUND`
/// if there is no such key.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_get(
    state: *mut plattli_state,
    key: *const c_char,
    out: *mut *mut plattli_string,
) -> i32 {
    call(state, |s| {
        let value = self::out(out, "out")?;
        value.set_boxed(plattli_string::new(&s.inner.get(text(key, "key")?)?))
    })
}

/// The whole state as the text of one JSON object, keys sorted by their bytes. On success `*out` is released with
/// `plattli_string_free`.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_snapshot(
    state: *mut plattli_state,
    out: *mut *mut plattli_string,
) -> i32 {
    call(state, |s| {
        let snapshot = self::out(out, "out")?;
        snapshot.set_boxed(plattli_string::new(&s.inner.snapshot()?))
    })
}

/// The keys, sorted by their bytes. On success `*out` is released with `plattli_strings_free`.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_keys(
    state: *mut plattli_state,
    out: *mut *mut plattli_strings,
) -> i32 {
    call(state, |s| {
        let keys = self::out(out, "out")?;
        keys.set_boxed(plattli_strings::new(&s.inner.keys()?))
    })
}

/// The entries since the last compaction, oldest first: lines of JSON as they stand in the log, without the newline. The
/// first is the checkpoint, if there was a compaction. On success `*out` is released with `plattli_strings_free`.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_entries(
    state: *mut plattli_state,
    out: *mut *mut plattli_strings,
) -> i32 {
    call(state, |s| {
        let entries = self::out(out, "out")?;
        entries.set_boxed(plattli_strings::new(&s.inner.entries()?))
    })
}

/// How many entries `plattli_state_entries` would give.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_entry_count(state: *mut plattli_state, count: *mut u64) -> i32 {
    call(state, |s| {
        let count = out(count, "count")?;
        count.set(s.inner.entry_count()?)
    })
}

/// How many keys there are.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_size(state: *mut plattli_state, keys: *mut usize) -> i32 {
    call(state, |s| {
        let keys = out(keys, "keys")?;
        keys.set(s.inner.size()?)
    })
}

/// Replaces the log by one checkpoint of the whole state; the old log becomes the newest backup, and the oldest one is
/// removed if there are too many. Other threads may set keys meanwhile. After an error nothing is lost, and the next
/// compaction goes on where this one stopped.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_compact(state: *mut plattli_state) -> i32 {
    call(state, |s| s.inner.compact())
}

/// The size of the log in bytes: of the entries since the last compaction.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_log_size(state: *mut plattli_state, out_bytes: *mut u64) -> i32 {
    call(state, |s| {
        let out_bytes = out(out_bytes, "bytes")?;
        out_bytes.set(s.inner.log_size()?)
    })
}

/// Whether the log is larger than `threshold` bytes; 0 stands for the threshold of the options.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_needs_compaction(
    state: *mut plattli_state,
    threshold: u64,
    out: *mut bool,
) -> i32 {
    call(state, |s| {
        let needed = self::out(out, "out")?;
        needed.set(s.inner.needs_compaction((threshold != 0).then_some(threshold))?)
    })
}

/// Reads again what the writer has done since a read-only state was opened or last refreshed; nothing to do for a writer.
/// After an error the state stays as it was.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_refresh(state: *mut plattli_state) -> i32 {
    call(state, |s| s.inner.refresh())
}

/// How many entries could not be read when the state was opened, or last refreshed, with `set_salvage`; 0 if none was lost,
/// `PLATTLI_LOST_UNKNOWN` if the log was missing or empty.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_lost(state: *mut plattli_state, entries: *mut u64) -> i32 {
    call(state, |s| {
        let entries = out(entries, "entries")?;
        entries.set(s.inner.lost()?)
    })
}

/// Ends the state and releases it, whatever it returns: what is not yet on stable storage is forced there (not with
/// `PLATTLI_SYNC_NONE`), `NAME.json` written if it was asked for, the lock given up. An error is that of the first of these
/// that failed, or one of the background that no call has told yet. NULL is fine.
///
/// In a forked child it releases memory, touches no file and returns `PLATTLI_ERR_FORKED`.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_close(state: *mut plattli_state) -> i32 {
    close(state, |s: &plattli_state| s.inner.close())
}

/// A scheduler that looks at its states every `interval_ms` milliseconds, 0 for one hour. It does nothing before
/// `plattli_state_scheduler_start`. On success `*out` is released with `plattli_state_scheduler_free`.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_scheduler_new(
    interval_ms: u64,
    out: *mut *mut plattli_state_scheduler,
) -> i32 {
    open(out, || {
        let interval = match interval_ms {
            0 => DEFAULT_INTERVAL,
            ms => Duration::from_millis(ms),
        };
        Ok(plattli_state_scheduler { state: State::new()?, inner: Scheduler::new(interval)? })
    })
}

/// Adds a state, which may be closed at any time: the scheduler then forgets it. Adding twice is adding once.
/// `PLATTLI_ERR_STATE` for one that was opened read-only.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_scheduler_add(
    scheduler: *mut plattli_state_scheduler,
    state: *mut plattli_state,
) -> i32 {
    call(scheduler, |s| s.inner.add(&also(state)?.inner))
}

/// Forgets a state. One that was never added is no error.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_scheduler_remove(
    scheduler: *mut plattli_state_scheduler,
    state: *mut plattli_state,
) -> i32 {
    call(scheduler, |s| {
        s.inner.remove(&also(state)?.inner);
        Ok(())
    })
}

/// Starts the timer: at each interval the states whose logs are larger than their thresholds are compacted. What fails
/// with one is returned by the next call on that state, and does not keep the others waiting. Starting twice is starting
/// once.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_scheduler_start(scheduler: *mut plattli_state_scheduler) -> i32 {
    call(scheduler, |s| s.inner.start())
}

/// Stops the timer, after the compaction in hand. Stopping twice is stopping once.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_scheduler_stop(scheduler: *mut plattli_state_scheduler) -> i32 {
    call(scheduler, |s| {
        s.inner.stop();
        Ok(())
    })
}

/// Compacts all states now, whatever their size, on the calling thread. All are tried; the error names those that
/// failed and has the code of the first.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_scheduler_compact_all(scheduler: *mut plattli_state_scheduler) -> i32 {
    call(scheduler, |s| s.inner.compact_all())
}

/// Stops the timer and releases the scheduler. Its states stay open. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plattli_state_scheduler_free(scheduler: *mut plattli_state_scheduler) {
    close(scheduler, |s: &plattli_state_scheduler| {
        s.inner.stop();
        Ok(())
    });
}
