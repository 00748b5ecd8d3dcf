//! One writer at a time: a lock file beside what is written, such as `RUN/.plattli.lock`.
//!
//! The file holds one line that names its owner (host, process, job, since when), and the owner keeps an exclusive
//! advisory lock on it. Such a lock proves little on clusters: it may be refused, or be seen by one node only, or
//! be inherited by a forked child that outlives the owner. So the line decides together with it: a process of
//! this host is asked for; one of another host shows its life by touching the file every [`BEAT`], and is dead
//! once [`EXPIRY`] has passed without it, by the clock that stamps the files. A dead owner is taken over; its own
//! next heartbeat, should it come back, tells it so.

use self::owner::{Owner, RealWorld, World};
use crate::error::{Code, Error, Result};
use crate::store::{ops, Create, File, FileId, Lock, Store};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

mod owner;

/// Name of the lock file in a directory that is taken as a whole.
pub const LOCK: &str = ".plattli.lock";

/// How often the owner is to touch the lock file.
pub const BEAT: Duration = Duration::from_secs(10);

/// Without a heartbeat for so long an owner on another host is dead. Network file systems may show a touch half a
/// minute late.
pub const EXPIRY: Duration = Duration::from_secs(60);

/// How often a lock file is looked at while waiting for a heartbeat.
const POLL: Duration = Duration::from_secs(2);

/// How long somebody who has just made the lock file is given to write a line into it.
const SETTLE: Duration = Duration::from_millis(50);

/// Races lost before giving up. Each needs another process to take or leave the run at that moment.
const ATTEMPTS: usize = 16;

/// The longest line that is read.
const MAX_LINE: usize = 4096;

/// This process as others are to be told of it: host, number, job, since when.
pub fn this_process() -> String {
    RealWorld.me().to_string()
}

/// The right to write, held until it is released or the process ends. Dropping it closes the lock file but
/// leaves it where it is, and touches nothing: right for a forked child.
pub struct WriterLock {
    store: Arc<dyn Store>,
    world: Arc<dyn World>,
    path: PathBuf,
    what: String,
    me: Owner,
    line: Vec<u8>,
    held: Mutex<Held>,
}

/// The lock file as the owner has it open.
struct Held {
    file: Box<dyn File>,
    /// A heartbeat has left its byte behind the line; the next takes it away.
    beaten: bool,
}

/// One look at the lock file.
#[derive(Clone, PartialEq, Eq)]
struct Look {
    id: FileId,
    modified: u64,
    text: Vec<u8>,
}

/// What is to be done about a lock file that exists.
enum Verdict {
    /// Nobody is named in it, or a process of this host that has lost the lock we now have: write our line into it.
    Claim,
    /// Replace it by a file of our own: its owner might come back, or others might do the same just now.
    Replace,
    /// The owner may have died on another host: see whether the file is touched.
    Watch,
    /// Somebody is between taking the file and writing a line: look again.
    Settle,
    /// The run is being written.
    Busy,
}

impl fmt::Debug for WriterLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WriterLock {} of {}", self.path.display(), self.me)
    }
}

impl WriterLock {
    /// Takes `what` ("the run in …") by the lock file at `path`, whose directory is made, durably, if missing. [`Code::Busy`]
    /// with the owner if somebody has it. Waits up to [`EXPIRY`] for a sign of life from an owner on another host. What other
    /// hosts have done to the names in that directory is known here from then on.
    pub fn acquire(store: Arc<dyn Store>, path: &Path, what: &str) -> Result<WriterLock> {
        Self::acquire_in(store, path, what, Arc::new(RealWorld))
    }

    /// The same in a world of the caller's choice.
    pub fn acquire_in(
        store: Arc<dyn Store>,
        path: &Path,
        what: &str,
        world: Arc<dyn World>,
    ) -> Result<WriterLock> {
        let me = world.me();
        let taker = Taker { store: &*store, world: &*world, path, what, me: &me, line: &me.to_line() };
        let file = taker.take()?;
        let dir = ops::parent_of(path);
        let known = ops::look_anew(&*store, store.reach(dir), dir);
        let (path, what, line) = (path.to_path_buf(), what.to_owned(), taker.line.to_vec());
        let held = Mutex::new(Held { file, beaten: false });
        let lock = WriterLock { store, world, path, what, me, line, held };
        match known {
            Ok(()) => Ok(lock),
            Err(e) => {
                // A lock that stays is taken over by whoever comes next.
                _ = lock.release();
                Err(e)
            }
        }
    }

    fn taker(&self) -> Taker<'_> {
        Taker {
            store: &*self.store,
            world: &*self.world,
            path: &self.path,
            what: &self.what,
            me: &self.me,
            line: &self.line,
        }
    }

    /// A sign of life, due every [`BEAT`]. [`Code::Busy`]: the run was taken over, and this process must not write it
    /// any more. Any other error says that the disk refused; the lock is still held as far as is known.
    pub fn heartbeat(&self) -> Result<()> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match self.taker().look()? {
            Some(look) if self.is_ours(&look, &held)? => {}
            Some(look) => return Err(self.taker().busy(Owner::parse(&look.text).as_ref())),
            None => {
                // Somebody tidied up. Whoever comes next must find the run taken.
                let file = self.taker().take()?;
                *held = Held { file, beaten: false };
                return Ok(());
            }
        }
        // Changes time and length at each beat, and never makes the file long.
        if held.beaten {
            held.file.set_len(self.line.len() as u64)?;
        } else {
            held.file.append(b"\n")?;
        }
        held.beaten = !held.beaten;
        Ok(())
    }

    /// Looks whether the run is still ours. [`Code::Busy`]: it was taken over. A lock file that somebody removed is no
    /// other owner.
    pub fn check(&self) -> Result<()> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match self.taker().look()? {
            Some(look) if !self.is_ours(&look, &held)? => {
                Err(self.taker().busy(Owner::parse(&look.text).as_ref()))
            }
            _ => Ok(()),
        }
    }

    fn is_ours(&self, look: &Look, held: &Held) -> Result<bool> {
        Ok(look.text.starts_with(&self.line) && held.file.metadata()?.id == look.id)
    }

    /// Gives the run up: removes the lock file, unless somebody else has taken it over. Never in a forked child.
    pub fn release(self) -> Result<()> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match self.taker().look()? {
            Some(look) if self.is_ours(&look, &held)? => {
                ops::remove_if_present(&*self.store, &self.path).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Lets go without touching a file: for a forked child, whose parent goes on writing.
    pub fn abandon(self) {}
}

/// What is needed to take a lock.
struct Taker<'a> {
    store: &'a dyn Store,
    world: &'a dyn World,
    path: &'a Path,
    what: &'a str,
    me: &'a Owner,
    line: &'a [u8],
}

impl Taker<'_> {
    /// Takes the lock file, made if missing.
    fn take(&self) -> Result<Box<dyn File>> {
        let mut settled: Option<Look> = None;
        for _ in 0..ATTEMPTS {
            let (file, created) = match self.open()? {
                Some(found) => found,
                None => continue,
            };
            let lock = file.try_lock()?;
            if created && lock != Lock::Held {
                // Asked for before anything is written, when a network file system still knows.
                let id = file.metadata()?.id;
                file.append(self.line)?;
                if self.confirm(id)? {
                    return Ok(file);
                }
                continue;
            }
            let look = read(&*file)?;
            let owner = Owner::parse(&look.text);
            let taken = match self.judge(lock, owner.as_ref(), settled.as_ref() == Some(&look)) {
                Verdict::Busy => return Err(self.busy(owner.as_ref())),
                Verdict::Claim => self.claim(file, &look)?,
                Verdict::Replace => self.replace(&look)?,
                Verdict::Watch => self.watch(&look, owner.as_ref())?,
                Verdict::Settle => {
                    // A file closed early would be free for the next look.
                    drop(file);
                    self.world.sleep(SETTLE);
                    settled = Some(look);
                    None
                }
            };
            if let Some(file) = taken {
                return Ok(file);
            }
        }
        Err(self.busy(None))
    }

    /// Opens the lock file and says whether it was made; `None` if it vanished just then.
    fn open(&self) -> Result<Option<(Box<dyn File>, bool)>> {
        let create = || self.store.open_append(self.path, Create::New);
        let created = match create() {
            Err(e) if e.is_missing() => {
                ops::create_dirs_durably(self.store, ops::parent_of(self.path))?;
                create()
            }
            other => other,
        };
        match created {
            Ok(file) => Ok(Some((file, true))),
            Err(e) if e.os_error() == Some(libc::EEXIST) => {
                let opened = ops::if_present(self.store.open_append(self.path, Create::Never))?;
                Ok(opened.map(|file| (file, false)))
            }
            Err(e) => Err(e),
        }
    }

    /// `settled`: the file looked the same a moment ago.
    fn judge(&self, lock: Lock, owner: Option<&Owner>, settled: bool) -> Verdict {
        let Some(owner) = owner else {
            return match lock {
                Lock::Held if settled => Verdict::Busy,
                Lock::Held => Verdict::Settle,
                _ => Verdict::Claim,
            };
        };
        if owner.is_neighbour_of(self.me) {
            let alive = owner.boot == self.me.boot && self.world.is_alive(owner);
            return match lock {
                // The lock lives on in a child that the owner forked. Somebody who is just taking over changes the
                // file, and that is seen before it is replaced.
                Lock::Held if !alive => Verdict::Replace,
                Lock::Held => Verdict::Busy,
                Lock::Acquired => Verdict::Claim,
                Lock::Unsupported if alive => Verdict::Busy,
                Lock::Unsupported => Verdict::Replace,
            };
        }
        let requeued = !owner.job.is_empty() && owner.job == self.me.job && owner.restarts < self.me.restarts;
        match lock {
            Lock::Held => Verdict::Busy,
            _ if requeued => Verdict::Replace,
            _ => Verdict::Watch,
        }
    }

    /// Writes our line into a lock file that belongs to nobody any more.
    fn claim(&self, file: Box<dyn File>, look: &Look) -> Result<Option<Box<dyn File>>> {
        if !look.text.is_empty() {
            file.set_len(0)?;
        }
        file.append(self.line)?;
        Ok(self.confirm(look.id)?.then_some(file))
    }

    /// Puts a lock file of our own in the place of one that others have open.
    fn replace(&self, old: &Look) -> Result<Option<Box<dyn File>>> {
        let (own, path) = self.own_file()?;
        self.put(own, &path, old)
    }

    /// A file with our line, locked, under a name of its own.
    fn own_file(&self) -> Result<(Box<dyn File>, PathBuf)> {
        let path =
            ops::with_suffix(self.path, &format!(".{}.{}", self.me.host.replace('/', "_"), self.me.pid));
        // Left by an attempt that was killed, of a process with the same number.
        ops::remove_if_present(self.store, &path)?;
        let file = self.store.open_append(&path, Create::New)?;
        let ready = file.append(self.line).and_then(|()| file.try_lock());
        match ready {
            Ok(_) => Ok((file, path)),
            Err(e) => {
                // The first error is the one to tell.
                _ = self.store.remove_file(&path);
                Err(e)
            }
        }
    }

    /// Renames our file over the old one, if that still looks the same.
    fn put(&self, own: Box<dyn File>, path: &Path, old: &Look) -> Result<Option<Box<dyn File>>> {
        let id = own.metadata()?.id;
        if self.look()?.as_ref() != Some(old) {
            self.store.remove_file(path)?;
            return Ok(None);
        }
        self.store.rename(path, self.path)?;
        Ok(self.confirm(id)?.then_some(own))
    }

    /// Takes the run over from an owner on another host once its heartbeat has been missing for [`EXPIRY`].
    fn watch(&self, old: &Look, owner: Option<&Owner>) -> Result<Option<Box<dyn File>>> {
        let (own, path) = self.own_file()?;
        // Both stamps come from the clock of the file system; this host's may differ.
        let age = Duration::from_secs(own.metadata()?.modified.saturating_sub(old.modified));
        let mut left = EXPIRY.saturating_sub(age);
        while !left.is_zero() {
            self.world.sleep(POLL.min(left));
            left = left.saturating_sub(POLL);
            match self.look() {
                Ok(Some(look)) if look == *old => {}
                seen => {
                    self.store.remove_file(&path)?;
                    return match seen? {
                        Some(look) if Owner::parse(&look.text).as_ref() == owner => Err(self.busy(owner)),
                        _ => Ok(None),
                    };
                }
            }
        }
        self.put(own, &path, old)
    }

    /// What the name denotes now. Opened anew, as network file systems ask the server only then.
    fn look(&self) -> Result<Option<Look>> {
        match ops::if_present(self.store.open_read(self.path))? {
            Some(file) => read(&*file).map(Some),
            None => Ok(None),
        }
    }

    /// The name denotes our open file and its line is ours: nobody was faster, nobody has unlinked it.
    fn confirm(&self, own: FileId) -> Result<bool> {
        let Some(look) = self.look()? else { return Ok(false) };
        Ok(look.text.starts_with(self.line) && look.id == own)
    }

    fn busy(&self, owner: Option<&Owner>) -> Error {
        let who = match owner {
            Some(owner) if owner.is_neighbour_of(self.me) && owner.pid == self.me.pid => {
                "another writer of this process".to_owned()
            }
            Some(owner) => owner.to_string(),
            None => "another process that has not said who it is".to_owned(),
        };
        Error::new(
            Code::Busy,
            format!(
                "{} is being written by {who}: wait until it has ended, or write to another place; \
                 if it is dead for certain remove {}",
                self.what,
                self.path.display()
            ),
        )
    }
}

fn read(file: &dyn File) -> Result<Look> {
    let metadata = file.metadata()?;
    let mut text = vec![0; usize::try_from(metadata.len).unwrap_or(MAX_LINE).min(MAX_LINE)];
    let len = ops::read_full(file, &mut text, 0)?;
    text.truncate(len);
    Ok(Look { id: metadata.id, modified: metadata.modified, text })
}

#[cfg(test)]
mod tests;
