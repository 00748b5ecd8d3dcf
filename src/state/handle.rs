//! An open state: its calls, one at a time.

use super::entry::{self, Change, Map};
use super::files::Files;
use super::load::{self, Loaded};
use super::log::{self, Log};
use super::options::Options;
use super::upkeep;
use crate::clock::Tick;
use crate::error::{Code, Error, Result};
use crate::lock::{WriterLock, BEAT};
use crate::schedule::Schedule;
use crate::store::{ops, DiskStore, Store};
use crate::{clock, fork, hotlog, json};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A state that is open for writing or reading. Calls wait for each other inside; a compaction lets the others in
/// while it writes.
///
/// Dropping it does what [`State::close`] does and tells nobody; in a forked child it lets go without touching a file.
pub struct State {
    pub(super) shared: Arc<Shared>,
    upkeep: Mutex<Schedule>,
    generation: u32,
}

/// What a state, its upkeep and its scheduler have in common.
pub(super) struct Shared {
    store: Arc<dyn Store>,
    files: Files,
    pub(super) options: Options,
    lock: Mutex<Option<WriterLock>>,
    /// When the lock was last touched.
    beaten: Mutex<Tick>,
    /// Held over a whole compaction, and taken before `core`.
    compaction: Mutex<()>,
    core: Mutex<Core>,
}

struct Core {
    map: Map,
    role: Role,
    lost: u64,
    /// What went wrong in the background, to be told by the next call.
    latched: Option<Error>,
    /// Another writer has taken the state over.
    taken: Option<Error>,
}

enum Role {
    Writer(Log),
    /// The entries that were read, and their size.
    Reader(Vec<Vec<u8>>, u64),
    Closed,
}

fn guard<T>(mutex: &Mutex<T>) -> Result<MutexGuard<'_, T>> {
    mutex.lock().map_err(|_| Error::internal("an earlier call on this state panicked"))
}

impl State {
    /// Opens the state `name` in `dir`; a writer makes what is missing, mends what a crash has left, and is the only one.
    ///
    /// [`Code::Argument`] for a name that makes no file name, [`Code::Busy`] if somebody else writes it,
    /// [`Code::NotFound`] if there is nothing to read, [`Code::Corrupt`] for a damaged log without `salvage`, [`Code::Io`].
    pub fn open(dir: &Path, name: &str, options: &Options) -> Result<State> {
        Self::open_in(Arc::new(DiskStore), dir, name, options)
    }

    /// The same in another file system.
    pub fn open_in(store: Arc<dyn Store>, dir: &Path, name: &str, options: &Options) -> Result<State> {
        fork::ensure_registered()?;
        let files = Files::new(dir, name)?;
        let lock = if options.read_only || !options.lock {
            None
        } else {
            let what = format!("the state {name:?} in {}", dir.display());
            Some(WriterLock::acquire(Arc::clone(&store), &files.lock(), &what)?)
        };
        let core = match Self::open_files(&store, &files, options) {
            Ok(core) => core,
            Err(e) => {
                // Why it could not be opened is the error to tell; a lock that stays is taken over.
                _ = lock.map(WriterLock::release);
                return Err(e);
            }
        };
        let shared = Arc::new(Shared {
            store,
            files,
            options: options.clone(),
            lock: Mutex::new(lock),
            beaten: Mutex::new(Tick::now()),
            compaction: Mutex::new(()),
            core: Mutex::new(core),
        });
        let state = State { shared, upkeep: Mutex::default(), generation: fork::generation() };
        *guard(&state.upkeep)? = upkeep::start(&state.shared)?;
        Ok(state)
    }

    fn open_files(store: &Arc<dyn Store>, files: &Files, options: &Options) -> Result<Core> {
        let core = |map, role, lost| Core { map, role, lost, latched: None, taken: None };
        if options.read_only {
            let loaded = read(&**store, files, options)?;
            return Ok(core(loaded.map, Role::Reader(loaded.lines, loaded.size), loaded.lost));
        }
        ops::create_dirs_durably(&**store, files.dir())?;
        for path in [files.log(), files.snapshot()] {
            ops::remove_if_present(&**store, &ops::tmp_of(&path))?;
        }
        let loaded = load::load(&**store, files)?;
        if let Some(e) = loaded.as_ref().and_then(|l| l.damage.clone()).filter(|_| !options.salvage) {
            return Err(e);
        }
        let log = Log::open(Arc::clone(store), files.clone(), options, loaded.as_ref())?;
        let (map, lost) = loaded.map_or((Map::new(), 0), |loaded| (loaded.map, loaded.lost));
        Ok(core(map, Role::Writer(log), lost))
    }

    /// Sets a key to a JSON value, kept as it is spelled. Durable when it returns, with [`super::options::Sync::Every`].
    ///
    /// [`Code::Argument`] for an empty key and for what is not JSON. After any error the state is what it was.
    pub fn set(&self, key: &str, json: &[u8]) -> Result<()> {
        entry::check_key(key)?;
        let value = entry::check_value(key, json)?;
        let line = entry::set_line(clock::unix_milliseconds(), key, &value);
        self.shared.write(&line, Change::Set(key.into(), value))
    }

    /// Replaces the whole state by the members of a JSON object.
    pub fn replace(&self, json: &[u8]) -> Result<()> {
        let (text, map) = entry::check_state(json)?;
        let line = entry::replace_line(clock::unix_milliseconds(), &text);
        self.shared.write(&line, Change::Replace(map))
    }

    /// Deletes a key. One that is not there is no error; the log tells that it was to go.
    pub fn delete(&self, key: &str) -> Result<()> {
        entry::check_key(key)?;
        let line = entry::delete_line(clock::unix_milliseconds(), key);
        self.shared.write(&line, Change::Delete(key.into()))
    }

    /// The value of a key, compact JSON. [`Code::NotFound`] if there is none.
    pub fn get(&self, key: &str) -> Result<Arc<str>> {
        entry::check_key(key)?;
        let core = self.shared.enter()?;
        core.map.get(key).cloned().ok_or_else(|| {
            Error::not_found(format!("{} has no key {key:?}", self.shared.files.log().display()))
        })
    }

    /// The keys, sorted by their bytes.
    pub fn keys(&self) -> Result<Vec<Arc<str>>> {
        Ok(self.shared.enter()?.map.keys().cloned().collect())
    }

    /// The number of keys.
    pub fn size(&self) -> Result<usize> {
        Ok(self.shared.enter()?.map.len())
    }

    /// The whole state as one JSON object, compact, keys sorted.
    pub fn snapshot(&self) -> Result<String> {
        let text = state_text(&self.shared.enter()?.map);
        String::from_utf8(text).map_err(|e| Error::internal(e.to_string()))
    }

    /// The entries since the last checkpoint, which comes first if there was one: lines as they stand in the log. A
    /// reader gives those of its last look.
    pub fn entries(&self) -> Result<Vec<String>> {
        let core = self.shared.enter()?;
        let text = |line: &[u8]| String::from_utf8_lossy(line).into_owned();
        match &core.role {
            Role::Writer(log) => {
                let bytes = log.content()?;
                let entries = hotlog::lines(&bytes).filter(|l| !l.text.iter().all(u8::is_ascii_whitespace));
                Ok(entries.map(|line| text(line.text)).collect())
            }
            Role::Reader(lines, _) => Ok(lines.iter().map(|line| text(line)).collect()),
            Role::Closed => Err(closed()),
        }
    }

    /// The number of [`State::entries`].
    pub fn entry_count(&self) -> Result<u64> {
        Ok(self.entries()?.len() as u64)
    }

    /// Bytes of the log: of the entries since the last checkpoint, it included.
    pub fn log_size(&self) -> Result<u64> {
        self.shared.log_size()
    }

    /// The log is larger than `threshold` bytes, by default than that of the options.
    pub fn needs_compaction(&self, threshold: Option<u64>) -> Result<bool> {
        Ok(self.log_size()? > threshold.unwrap_or(self.shared.options.threshold))
    }

    /// Replaces the log by one checkpoint; the old one becomes the newest backup. Entries may be written meanwhile.
    ///
    /// After an error the state is what it was, and the next compaction goes on where this one stopped.
    pub fn compact(&self) -> Result<()> {
        drop(self.shared.enter()?);
        self.shared.compact()
    }

    /// Reads again what the files say now. Nothing to do for a writer. After an error all stays as it was.
    pub fn refresh(&self) -> Result<()> {
        let mut core = self.shared.enter()?;
        if let Role::Reader(..) = core.role {
            let loaded = read(&*self.shared.store, &self.shared.files, &self.shared.options)?;
            (core.map, core.lost) = (loaded.map, loaded.lost);
            core.role = Role::Reader(loaded.lines, loaded.size);
        }
        Ok(())
    }

    /// How many entries could not be read when the state was opened or last refreshed, with `salvage`;
    /// [`super::LOST_UNKNOWN`] if the log was missing.
    pub fn lost(&self) -> Result<u64> {
        Ok(self.shared.enter()?.lost)
    }

    /// A call is in progress, in this thread or another.
    pub fn is_in_call(&self) -> bool {
        self.upkeep.try_lock().is_err()
            || self.shared.lock.try_lock().is_err()
            || self.shared.compaction.try_lock().is_err()
            || self.shared.core.try_lock().is_err()
    }

    /// Ends the state: what is not yet on stable storage gets there (not with [`super::options::Sync::None`]), the snapshot is
    /// written, the lock released. Everything is tried, the first error told; also one of the background that was
    /// not told yet. A second close does nothing.
    pub fn close(&self) -> Result<()> {
        // It holds none of the locks below while it waits for them.
        self.upkeep.lock().unwrap_or_else(PoisonError::into_inner).stop();
        self.shared.close()
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if fork::generation() == self.generation {
            // Nobody is left to be told; what was acknowledged is in the log in any case.
            _ = self.close();
        } else {
            self.upkeep.get_mut().unwrap_or_else(PoisonError::into_inner).abandon();
        }
    }
}

impl Shared {
    /// Takes part in the state, and tells what went wrong in the background since the last call.
    fn enter(&self) -> Result<MutexGuard<'_, Core>> {
        let mut core = guard(&self.core)?;
        if let Role::Closed = core.role {
            return Err(closed());
        }
        match core.latched.take() {
            Some(e) => {
                Err(e.within("since the last call on this state (which this one has not carried out)"))
            }
            None => Ok(core),
        }
    }

    /// Appends an entry and then does what it says.
    fn write(&self, line: &[u8], change: Change) -> Result<()> {
        // The thread that does this may have been stopped together with the whole process, for hours.
        if self.since_beat() > 2 * BEAT {
            self.beat();
        }
        let mut core = self.enter()?;
        if let Some(e) = core.writer()?.distrusted().cloned() {
            drop(core);
            self.compact().map_err(|again| {
                again.within(format_args!("the log must be written anew, because of an earlier error ({e})"))
            })?;
            core = self.enter()?;
        }
        let log = core.writer()?;
        match log.distrusted().cloned() {
            Some(e) => Err(e),
            None => {
                log.append(line)?;
                change.apply(&mut core.map);
                Ok(())
            }
        }
    }

    fn log_size(&self) -> Result<u64> {
        match &self.enter()?.role {
            Role::Writer(log) => Ok(log.size()),
            Role::Reader(_, size) => Ok(*size),
            Role::Closed => Err(closed()),
        }
    }

    /// It is due for compaction; `None` if it is closed.
    pub(super) fn is_due(&self) -> Option<bool> {
        match &guard(&self.core).ok()?.role {
            Role::Writer(log) => Some(log.size() > self.options.threshold),
            Role::Reader(..) => Some(false),
            Role::Closed => None,
        }
    }

    /// The whole compaction. The state is held only at its two ends.
    pub(super) fn compact(&self) -> Result<()> {
        let _one_at_a_time = guard(&self.compaction)?;
        let base = {
            let mut core = guard(&self.core)?;
            let core = &mut *core;
            core.writer()?;
            self.check_lock()?;
            let Role::Writer(log) = &mut core.role else { return Err(closed()) };
            log.rotate(&core.map)?;
            log.base().ok_or_else(|| Error::internal("a rotated log without a state"))?
        };
        let checkpoint = log::write_checkpoint(&*self.store, &self.files, &base)?;
        let map = {
            let mut core = guard(&self.core)?;
            let core = &mut *core;
            core.writer()?;
            self.check_lock()?;
            let Role::Writer(log) = &mut core.role else { return Err(closed()) };
            log.publish(checkpoint, &core.map)?;
            log.retire()?;
            core.map.clone()
        };
        self.write_snapshot(&map)
    }

    fn write_snapshot(&self, map: &Map) -> Result<()> {
        if !self.options.snapshot {
            return Ok(());
        }
        let mut text = Vec::new();
        json::indent(&state_text(map), &mut text).map_err(|e| Error::internal(e.to_string()))?;
        text.push(b'\n');
        ops::replace(&*self.store, &self.files.snapshot(), &text)
    }

    /// Nobody has taken the state over.
    fn check_lock(&self) -> Result<()> {
        guard(&self.lock)?.as_ref().map_or(Ok(()), WriterLock::check)
    }

    /// How long ago the lock was touched.
    pub(super) fn since_beat(&self) -> Duration {
        Duration::from_nanos(guard(&self.beaten).map_or(0, |beaten| beaten.elapsed_ns()))
    }

    /// Shows that the writer lives, and notices if another one has taken over. Other errors of the lock file are no
    /// harm yet: the next beat tries again.
    pub(super) fn beat(&self) {
        if let Ok(mut beaten) = guard(&self.beaten) {
            *beaten = Tick::now();
        }
        let beat = match guard(&self.lock) {
            Ok(lock) => lock.as_ref().map_or(Ok(()), WriterLock::heartbeat),
            Err(_) => return,
        };
        if let (Err(e), Ok(mut core)) = (beat, guard(&self.core)) {
            if e.code() == Code::Busy {
                core.taken = Some(e);
            }
        }
    }

    /// Forces to stable storage what is not yet there. A log that cannot be synced is written anew.
    pub(super) fn sync(&self) {
        let broken = match guard(&self.core) {
            Ok(mut core) => match core.writer() {
                Ok(log) => log.sync().is_err() || log.distrusted().is_some(),
                Err(_) => return,
            },
            Err(_) => return,
        };
        if broken {
            if let Err(e) = self.compact() {
                self.latch(e);
            }
        }
    }

    /// Keeps an error of the background for the next call; the first one stays.
    pub(super) fn latch(&self, error: Error) {
        if let Ok(mut core) = guard(&self.core) {
            core.latched.get_or_insert(error);
        }
    }

    /// What it is called in messages.
    pub(super) fn path(&self) -> std::path::PathBuf {
        self.files.log()
    }

    fn close(&self) -> Result<()> {
        let distrusted = match &guard(&self.core)?.role {
            Role::Writer(log) => log.distrusted().is_some(),
            _ => false,
        };
        let mut errors = Vec::new();
        if distrusted {
            errors.extend(self.compact().err());
        }
        let _one_at_a_time = guard(&self.compaction)?;
        let mut core = guard(&self.core)?;
        if let (Role::Writer(mut log), None) = (std::mem::replace(&mut core.role, Role::Closed), &core.taken)
        {
            errors.extend(log.settle().err());
            if let super::options::Sync::Interval(_) = self.options.sync {
                errors.extend(log.sync().err());
            }
            errors.extend(self.write_snapshot(&core.map).err());
        }
        errors.extend(core.taken.take());
        errors.extend(core.latched.take());
        core.map.clear();
        if let Some(lock) = guard(&self.lock)?.take() {
            errors.extend(lock.release().err());
        }
        errors.into_iter().next().map_or(Ok(()), Err)
    }
}

impl Core {
    fn writer(&mut self) -> Result<&mut Log> {
        if let Some(e) = &self.taken {
            return Err(e.clone());
        }
        match &mut self.role {
            Role::Writer(log) => Ok(log),
            Role::Reader(..) => {
                Err(Error::state("this state was opened read-only: open it without, to write"))
            }
            Role::Closed => Err(closed()),
        }
    }
}

fn closed() -> Error {
    Error::state("this state is closed: open it again")
}

fn state_text(map: &Map) -> Vec<u8> {
    let mut text = Vec::new();
    entry::push_state(&mut text, map);
    text
}

/// What a reader sees.
fn read(store: &dyn Store, files: &Files, options: &Options) -> Result<Loaded> {
    let loaded = load::load(store, files)?.ok_or_else(|| {
        Error::not_found(format!("there is no state here: {} does not exist", files.log().display()))
    })?;
    match &loaded.damage {
        Some(e) if !options.salvage => Err(e.clone()),
        _ => Ok(loaded),
    }
}
