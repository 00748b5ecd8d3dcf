//! The file system of the tests: in memory, counting, and failing, dying and losing power on request.
//!
//! A [`MemoryStore`] is one process on a disk that several may share. Each method of [`Store`](super::Store) and [`File`] is one
//! operation, counted from 0 per process; a plan names the operation at which the disk refuses or the process
//! dies. What nobody synced is known, so that the power can be cut as well.
// The images are written to real folders for readers that know nothing of the trait.
#![allow(clippy::disallowed_methods)]

mod file;
mod image;
mod operations;
mod plan;
mod power;
mod remembered;

pub use plan::{Done, Effect, Operation, Times};
pub use power::{Data, Names, PowerCut};

use super::{File, Metadata, Reach};
use crate::error::{Error, Result};
use file::{MemoryFile, Mode};
use image::{Body, Image, NodeId, Outcome};
use operations::describe;
use plan::{fate, Fate, Plan};
use remembered::Remembered;
use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How advisory locks behave.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Locks {
    /// As they should.
    #[default]
    Real,
    /// Each process sees only its own (`localflock`, each on another node).
    Local,
    /// `ENOLCK`.
    Unsupported,
}

/// A process on a disk in memory. Clones are the same process.
#[derive(Clone)]
pub struct MemoryStore {
    disk: Arc<Mutex<Disk>>,
    process: Arc<Mutex<Process>>,
}

struct Disk {
    image: Image,
    locks: Locks,
    hard_links: bool,
    /// Numbers of processes and handles.
    next: u64,
    dead: BTreeSet<u64>,
}

type Hook = Arc<dyn Fn(&Operation) + Send + Sync>;

struct Process {
    id: u64,
    count: u64,
    log: Vec<Operation>,
    plan: Option<(u64, Plan)>,
    hook: Option<Hook>,
    remembered: Option<Remembered>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says whether an error is that of a process killed by a plan.
pub fn is_killed(error: &Error) -> bool {
    error.message().contains(KILLED)
}

const KILLED: &str = "the process was killed here";

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore after {} operations", self.ops())
    }
}

impl MemoryStore {
    /// A process on an empty disk.
    pub fn new() -> Self {
        Self::on(Image::new(), Locks::Real)
    }

    fn on(image: Image, locks: Locks) -> Self {
        let disk = Disk { image, locks, hard_links: true, next: 0, dead: BTreeSet::new() };
        Self::join(Arc::new(Mutex::new(disk)))
    }

    fn join(disk: Arc<Mutex<Disk>>) -> Self {
        let id = {
            let mut disk = lock(&disk);
            disk.next += 1;
            disk.next
        };
        let process = Process { id, count: 0, log: Vec::new(), plan: None, hook: None, remembered: None };
        MemoryStore { disk, process: Arc::new(Mutex::new(process)) }
    }

    /// Another living process on the same disk, with its own count and no plan.
    pub fn process(&self) -> Self {
        Self::join(self.disk.clone())
    }

    /// The next process on the same disk after this one has died: its locks are free, and whatever is left of it
    /// (handles, threads) can do nothing any more.
    pub fn revive(&self) -> Self {
        self.kill();
        self.process()
    }

    /// This process dies now.
    pub fn kill(&self) {
        let id = lock(&self.process).id;
        let mut disk = lock(&self.disk);
        disk.dead.insert(id);
        for node in disk.image.nodes.values_mut() {
            if node.lock.is_some_and(|(process, _)| process == id) {
                node.lock = None;
            }
        }
    }

    /// This process has died.
    pub fn is_dead(&self) -> bool {
        let id = lock(&self.process).id;
        lock(&self.disk).dead.contains(&id)
    }

    /// A process on a copy of the disk as it is; nothing done here changes it.
    pub fn snapshot(&self) -> Self {
        let (mut image, locks) = {
            let disk = lock(&self.disk);
            (disk.image.clone(), disk.locks)
        };
        for node in image.nodes.values_mut() {
            (node.open, node.lock) = (0, None);
        }
        Self::on(image, locks)
    }

    /// A process on a copy of the disk as it is found when power returns.
    pub fn power_cut(&self, policy: PowerCut) -> Self {
        let disk = lock(&self.disk);
        Self::on(disk.image.after_power_cut(policy), disk.locks)
    }

    /// Operations that this process has begun.
    pub fn ops(&self) -> u64 {
        lock(&self.process).count
    }

    /// What they were.
    pub fn log(&self) -> Vec<Operation> {
        lock(&self.process).log.clone()
    }

    /// The process dies at operation `n`: of it `done` is done, of later ones nothing.
    pub fn kill_at(&self, n: u64, done: Done) {
        lock(&self.process).plan = Some((n, Plan::Kill(done)));
    }

    /// Operation `n` fails with `errno` although `done` of it is done.
    pub fn fail_at(&self, n: u64, errno: i32, done: Done, times: Times) {
        lock(&self.process).plan = Some((n, Plan::Fail(errno, done, times)));
    }

    /// From here on all operations succeed.
    pub fn heal(&self) {
        lock(&self.process).plan = None;
    }

    /// Calls `hook` before each operation of this process. What it does to the disk it does as another process.
    pub fn before_each(&self, hook: impl Fn(&Operation) + Send + Sync + 'static) {
        lock(&self.process).hook = Some(Arc::new(hook));
    }

    /// The disk has room for so many bytes of data.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        lock(&self.disk).image.capacity = bytes;
    }

    /// The disk says that so many bytes are free, whatever really is; at first it does not say.
    pub fn set_free_space(&self, bytes: Option<u64>) {
        lock(&self.disk).image.free = bytes;
    }

    /// How locks behave on this disk.
    pub fn set_locks(&self, locks: Locks) {
        lock(&self.disk).locks = locks;
    }

    /// The disk has hard links, as it does at first, or refuses them.
    pub fn set_hard_links(&self, possible: bool) {
        lock(&self.disk).hard_links = possible;
    }

    /// A file that is open when its name is removed keeps another one (`.nfs…`) in its directory until it is closed, as
    /// on NFS; removing that one is `EBUSY`.
    pub fn set_keeps_open_files(&self, keeps: bool) {
        lock(&self.disk).image.keeps_open_files = keeps;
    }

    /// The disk is one of this system, as it is at first, or a network is in between.
    pub fn set_local(&self, local: bool) {
        lock(&self.disk).image.reach = if local { Reach::Local } else { Reach::Network };
    }

    /// From now on this process takes the sizes and names of this moment for true until it asks, as a client of NFS does:
    /// sizes by opening a file or by [`Store::fresh_metadata`](super::Store::fresh_metadata), names that were not there by the
    /// latter of their directory.
    pub fn remember(&self) {
        let disk = lock(&self.disk).image.clone();
        lock(&self.process).remembered = Some(Remembered::new(disk));
    }

    fn ask_anew(&self, path: &Path) {
        if let Some(remembered) = &mut lock(&self.process).remembered {
            remembered.ask(path);
        }
    }

    /// This process believes that there is nothing of this name.
    fn believes_missing(&self, path: &Path) -> bool {
        lock(&self.process).remembered.as_ref().is_some_and(|remembered| remembered.is_missing(path))
    }

    /// The clock that stamps files moves on.
    pub fn advance(&self, seconds: u64) {
        lock(&self.disk).image.now += seconds;
    }

    /// Seconds since 1970 by the clock that stamps files.
    pub fn now(&self) -> u64 {
        lock(&self.disk).image.now
    }

    /// The bytes of a file, not counted as an operation.
    pub fn peek(&self, path: impl AsRef<Path>) -> Option<Vec<u8>> {
        let mut disk = lock(&self.disk);
        let id = disk.image.find(path.as_ref(), true).ok()?;
        disk.image.data(id).ok().cloned()
    }

    /// Puts a file with its folders, durable at once, not counted as an operation.
    pub fn plant(&self, path: impl AsRef<Path>, bytes: &[u8]) {
        let path = path.as_ref();
        let image = &mut lock(&self.disk).image;
        let mut above: Vec<&Path> = path.ancestors().skip(1).collect();
        above.reverse();
        for dir in above {
            // It may be there already.
            _ = image.make(dir, Body::Dir { entries: Default::default(), durable: Default::default() });
        }
        _ = image.remove(path, false);
        _ = image.make(path, Body::File { data: bytes.to_vec(), durable: bytes.to_vec() });
        let dirs: Vec<NodeId> = image.nodes.keys().copied().collect();
        dirs.into_iter().for_each(|id| image.sync_names(id));
    }

    /// All paths with what they denote, sorted: bytes of files, `dir/`, and `-> target`. Not an operation.
    pub fn tree(&self) -> Vec<(String, Vec<u8>)> {
        let image = &lock(&self.disk).image;
        let mut found = Vec::new();
        image.tree(image::ROOT, Path::new("/"), &mut found);
        let mut tree: Vec<(String, Vec<u8>)> = found
            .into_iter()
            .filter_map(|(path, id)| {
                let text = path.to_string_lossy().into_owned();
                match &image.nodes.get(&id)?.body {
                    Body::File { data, .. } => Some((text, data.clone())),
                    Body::Dir { .. } => Some((text + "/", Vec::new())),
                    Body::Link(target) => Some((text, format!("-> {}", target.display()).into_bytes())),
                }
            })
            .collect();
        tree.sort();
        tree
    }

    /// Writes what is below `from` into the real folder `to`, which is made; absolute links are moved along.
    pub fn dump_to(&self, from: &Path, to: &Path) -> io::Result<()> {
        let image = &lock(&self.disk).image;
        let start = image.find(from, true).map_err(io::Error::from_raw_os_error)?;
        let mut found = Vec::new();
        image.tree(start, Path::new(""), &mut found);
        std::fs::create_dir_all(to)?;
        for (path, id) in found {
            let real = to.join(&path);
            match image.nodes.get(&id).map(|n| &n.body) {
                Some(Body::File { data, .. }) => std::fs::write(real, data)?,
                Some(Body::Dir { .. }) => std::fs::create_dir(real)?,
                Some(Body::Link(target)) => {
                    let target = target.strip_prefix(from).map_or(target.clone(), |below| to.join(below));
                    std::os::unix::fs::symlink(target, real)?;
                }
                None => {}
            }
        }
        Ok(())
    }

    /// One operation: counted, logged, and done as far as the plan lets it. `act` gets the number of bytes to do.
    fn operate<T>(
        &self,
        what: &'static str,
        path: &Arc<PathBuf>,
        (effect, len): (Effect, usize),
        act: impl FnOnce(&mut Disk, u64, usize) -> Outcome<T>,
    ) -> Result<T> {
        let hook = lock(&self.process).hook.clone();
        if let Some(hook) = hook {
            let n = self.ops();
            hook(&Operation { n, what, path: path.clone(), len: len as u64, effect });
        }
        let mut process = lock(&self.process);
        let killed = || Error::io(what, path, &io::Error::other(KILLED));
        let mut disk = lock(&self.disk);
        if disk.dead.contains(&process.id) {
            return Err(killed());
        }
        let op = Operation { n: process.count, what, path: path.clone(), len: len as u64, effect };
        process.count += 1;
        let fate = fate(process.plan, &op);
        process.log.push(op);
        let id = process.id;
        drop(process);
        let data = matches!(what, "append" | "write_at");
        let refused = |errno| Error::io(what, path, &io::Error::from_raw_os_error(errno));
        match fate {
            Fate::Done => act(&mut disk, id, len).map_err(refused),
            Fate::Fail(errno, done) => {
                if let Some(bytes) = done.bytes(len, data) {
                    // Refused whatever became of it.
                    _ = act(&mut disk, id, bytes);
                }
                Err(refused(errno))
            }
            Fate::Kill(done) => {
                if let Some(bytes) = done.bytes(len, data) {
                    // Nobody is left to be told.
                    _ = act(&mut disk, id, bytes);
                }
                drop(disk);
                self.kill();
                Err(killed())
            }
        }
    }

    /// An operation on a path that moves no data.
    fn on_path<T>(
        &self,
        what: &'static str,
        path: &Path,
        effect: Effect,
        act: impl FnOnce(&mut Image, &Path) -> Outcome<T>,
    ) -> Result<T> {
        let path = Arc::new(path.to_path_buf());
        self.operate(what, &path, (effect, 0), |disk, _, _| act(&mut disk.image, &path))
    }

    /// Opens the node that `find` gives, or `makes`.
    fn open(
        &self,
        what: &'static str,
        path: &Path,
        (effect, makes): (Effect, bool),
        mode: Mode,
        find: impl FnOnce(&mut Image) -> Outcome<NodeId>,
    ) -> Result<Box<dyn File>> {
        let path = Arc::new(path.to_path_buf());
        // Nobody is asked about what is known not to be there, unless it is to be made.
        let missing = !makes && self.believes_missing(&path);
        if !missing {
            self.ask_anew(&path);
        }
        let (node, handle) = self.operate(what, &path, (effect, 0), |disk, _, _| {
            if missing {
                return Err(libc::ENOENT);
            }
            let node = find(&mut disk.image)?;
            disk.image.at(node).open += 1;
            disk.next += 1;
            Ok((node, disk.next))
        })?;
        Ok(Box::new(MemoryFile { store: self.clone(), path, node, handle, mode, cursor: Mutex::new(0) }))
    }

    fn stat(&self, what: &'static str, path: &Path, follow: bool) -> Result<Option<Metadata>> {
        let told = |image: &mut Image| match image.find(path, follow) {
            Ok(id) => Ok(Some(describe(image, id))),
            Err(libc::ENOENT | libc::ENOTDIR) => Ok(None),
            Err(errno) => Err(errno),
        };
        self.on_believed(what, path, told)
    }

    /// An operation that asks about a path, and is told what this process believes.
    fn on_believed<T>(
        &self,
        what: &'static str,
        path: &Path,
        told: impl FnOnce(&mut Image) -> Outcome<T>,
    ) -> Result<T> {
        // The operation itself locks the process.
        let mut remembered = lock(&self.process).remembered.take();
        let found = self.on_path(what, path, Effect::Read, |image, _| match &mut remembered {
            Some(remembered) => told(remembered.instead_of(image, path)),
            None => told(image),
        });
        lock(&self.process).remembered = remembered;
        found
    }

    fn exists(&self, path: &Path) -> bool {
        lock(&self.disk).image.find(path, false).is_ok()
    }
}

#[cfg(test)]
mod tests;
