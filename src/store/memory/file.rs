//! An open file of the store in memory.

use super::image::{Image, NodeId, Outcome};
use super::operations::describe;
use super::{lock, Effect, Locks, MemoryStore};
use crate::error::Result;
use crate::store::{File, Lock, Metadata};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// What a handle was opened for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mode {
    Read,
    Append,
    Write,
}

/// A handle; closing it is not an operation.
pub(super) struct MemoryFile {
    pub(super) store: MemoryStore,
    pub(super) path: Arc<PathBuf>,
    pub(super) node: NodeId,
    /// Number of the open file description; it has the lock, not the process.
    pub(super) handle: u64,
    pub(super) mode: Mode,
    /// Where `append` goes on a file that was not opened for appending.
    pub(super) cursor: Mutex<usize>,
}

impl fmt::Debug for MemoryFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryFile {}", self.path.display())
    }
}

impl MemoryFile {
    fn operate<T>(
        &self,
        what: &'static str,
        (effect, len): (Effect, usize),
        act: impl FnOnce(&mut Image, usize) -> Outcome<T>,
    ) -> Result<T> {
        self.store.operate(what, &self.path, (effect, len), |disk, _, bytes| act(&mut disk.image, bytes))
    }
}

impl File for MemoryFile {
    fn append(&self, data: &[u8]) -> Result<()> {
        self.operate("append", (Effect::Grow, data.len()), |image, bytes| {
            let mut cursor = lock(&self.cursor);
            let end = image.data(self.node)?.len();
            let at = match self.mode {
                Mode::Read => return Err(libc::EBADF),
                Mode::Append => end,
                Mode::Write => *cursor,
            };
            *cursor = at + bytes;
            image.write(self.node, &data[..bytes], at)
        })
    }

    fn write_at(&self, data: &[u8], offset: u64) -> Result<()> {
        self.operate("write_at", (Effect::Grow, data.len()), |image, bytes| {
            // On a file opened for appending the real call would append, whatever the offset.
            if self.mode != Mode::Write {
                return Err(libc::EBADF);
            }
            let offset = usize::try_from(offset).map_err(|_| libc::EFBIG)?;
            image.write(self.node, &data[..bytes], offset)
        })
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        self.operate("read_at", (Effect::Read, buf.len()), |image, _| {
            let data = image.data(self.node)?;
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(data.len());
            let n = buf.len().min(data.len() - start);
            buf[..n].copy_from_slice(&data[start..start + n]);
            Ok(n)
        })
    }

    fn metadata(&self) -> Result<Metadata> {
        self.operate("fstat", (Effect::Read, 0), |image, _| Ok(describe(image, self.node)))
    }

    fn set_len(&self, len: u64) -> Result<()> {
        let wanted = usize::try_from(len).unwrap_or(usize::MAX);
        self.operate("set_len", (Effect::Change, wanted), |image, _| {
            if self.mode == Mode::Read {
                return Err(libc::EINVAL);
            }
            let data = image.data(self.node)?;
            // The real call would fill up with zeros that read as data: never what a caller wants.
            if wanted > data.len() {
                return Err(libc::EFBIG);
            }
            data.truncate(wanted);
            image.touch(self.node);
            Ok(())
        })
    }

    fn sync_data(&self) -> Result<()> {
        self.operate("sync_data", (Effect::Sync, 0), |image, _| {
            image.sync_file(self.node);
            Ok(())
        })
    }

    fn sync_all(&self) -> Result<()> {
        self.operate("sync_all", (Effect::Sync, 0), |image, _| {
            image.sync_file(self.node);
            Ok(())
        })
    }

    fn try_lock(&self) -> Result<Lock> {
        self.store.operate("try_lock", &self.path, (Effect::Read, 0), |disk, process, _| {
            let locks = disk.locks;
            let node = disk.image.at(self.node);
            let ours = |(_, handle): (u64, u64)| handle == self.handle;
            let seen = |(other, _): (u64, u64)| locks == Locks::Real || other == process;
            match node.lock {
                _ if locks == Locks::Unsupported => Ok(Lock::Unsupported),
                Some(held) if seen(held) && !ours(held) => Ok(Lock::Held),
                _ => {
                    node.lock = Some((process, self.handle));
                    Ok(Lock::Acquired)
                }
            }
        })
    }
}

impl Drop for MemoryFile {
    fn drop(&mut self) {
        let image = &mut lock(&self.store.disk).image;
        let node = image.at(self.node);
        if node.lock.is_some_and(|(_, handle)| handle == self.handle) {
            node.lock = None;
        }
        image.closed(self.node);
    }
}
