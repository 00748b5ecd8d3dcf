//! The only road to the disk: a small trait, so that tests can stop the world after every single operation.
//!
//! Each method of [`Store`] and [`File`] is one operation on the file system, reported with its name and path
//! when it fails. What is built from several of them (an atomic replacement, removing a tree) lives in
//! [`ops`], on top of the trait, so that a test can also stop in between.

mod disk;
#[cfg(any(test, feature = "test-store"))]
mod memory;
pub mod ops;

pub use disk::DiskStore;
#[cfg(any(test, feature = "test-store"))]
pub use memory::*;

use crate::error::Result;
use std::fmt::Debug;
use std::path::{Path, PathBuf};

/// What a name denotes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link (only from [`Store::link_metadata`] and [`Store::list`]).
    Link,
    /// A device, pipe or socket.
    Other,
}

/// Identity of a file: device and inode. Only meaningful while a handle pins the inode (format §14.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct FileId {
    /// Device.
    pub device: u64,
    /// Inode.
    pub inode: u64,
}

/// What `stat` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Metadata {
    /// What it is.
    pub kind: Kind,
    /// Bytes.
    pub len: u64,
    /// Which file it is.
    pub id: FileId,
    /// Last modification, in whole seconds since 1970.
    pub modified: u64,
}

/// One entry of a directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// File name. A name that is not UTF-8 is given lossily and never denotes one of our files.
    pub name: String,
    /// What it is; links are not followed.
    pub kind: Kind,
}

/// How [`Store::open_append`] treats an existing or missing file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Create {
    /// It must exist.
    Never,
    /// Made if missing.
    IfMissing,
    /// It must not exist (`O_EXCL`).
    New,
}

/// Outcome of an attempt to take a lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lock {
    /// Ours until the handle is closed.
    Acquired,
    /// Somebody else has it.
    Held,
    /// The file system does not do locks.
    Unsupported,
}

/// What stands between this system and the names and sizes that it is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// Nothing: they are changed by this system only, which therefore knows at once.
    Local,
    /// A program of this system (FUSE), whose answers are believed for about a second.
    Daemon,
    /// A network, or what is not known here. What others change may be found out late.
    Network,
}

/// A file system.
pub trait Store: Send + Sync + Debug {
    /// Opens an existing file for reading; links are followed.
    fn open_read(&self, path: &Path) -> Result<Box<dyn File>>;
    /// The same, but a link is not followed: `ELOOP`.
    fn open_no_link(&self, path: &Path) -> Result<Box<dyn File>>;
    /// What kind of file system has `path`. Not an operation that could fail.
    fn reach(&self, path: &Path) -> Reach;
    /// Opens for reading and appending.
    fn open_append(&self, path: &Path, create: Create) -> Result<Box<dyn File>>;
    /// Creates or empties a file for reading and writing at positions. A link is not followed but refused.
    fn create(&self, path: &Path) -> Result<Box<dyn File>>;
    /// Renames, replacing what is at `to`.
    fn rename(&self, from: &Path, to: &Path) -> Result<()>;
    /// Gives a file a second name (a hard link). `EEXIST` if something is at `to`.
    fn link(&self, from: &Path, to: &Path) -> Result<()>;
    /// Renames where nothing is at `to`; `EEXIST` otherwise. File systems without such a thing say `EINVAL`.
    fn rename_new(&self, from: &Path, to: &Path) -> Result<()>;
    /// Unlinks a file or a link.
    fn remove_file(&self, path: &Path) -> Result<()>;
    /// Makes one directory.
    fn create_dir(&self, path: &Path) -> Result<()>;
    /// Removes an empty directory.
    fn remove_dir(&self, path: &Path) -> Result<()>;
    /// Makes a symbolic link at `link` with the text `target`.
    fn symlink(&self, target: &Path, link: &Path) -> Result<()>;
    /// The absolute path with all links resolved.
    fn canonicalize(&self, path: &Path) -> Result<PathBuf>;
    /// What the name denotes, links followed; `None` if nothing is there.
    fn metadata(&self, path: &Path) -> Result<Option<Metadata>>;
    /// The same as the server has it now. A file system with a network in between may answer [`Store::metadata`] from what it
    /// was told before, NFS for up to a minute; and asked so about a directory, it looks again for names that it has found
    /// missing there. Elsewhere there is no difference.
    fn fresh_metadata(&self, path: &Path) -> Result<Option<Metadata>>;
    /// What the name denotes, links not followed; `None` if nothing is there.
    fn link_metadata(&self, path: &Path) -> Result<Option<Metadata>>;
    /// The entries of a directory, in no order.
    fn list(&self, path: &Path) -> Result<Vec<Entry>>;
    /// The names in a directory, in no order and no more than `most` of them. Nothing is asked about what they denote.
    fn names(&self, path: &Path, most: usize) -> Result<Vec<String>>;
    /// Bytes that the file system with `path` has free for this user; `None` if it does not say.
    fn free_space(&self, path: &Path) -> Result<Option<u64>>;
    /// Makes the names in a directory durable.
    fn sync_dir(&self, path: &Path) -> Result<()>;
}

/// An open file.
pub trait File: Send + Sync + Debug {
    /// Appends all bytes, normally with one system call. After an error any prefix of them may have been
    /// appended; the caller cuts back with [`File::set_len`].
    fn append(&self, data: &[u8]) -> Result<()>;
    /// As [`File::append`], for the only appender, who knows the `end` of the file: where the system can be told, it need not
    /// keep a position that threads share.
    fn append_at(&self, data: &[u8], end: u64) -> Result<()> {
        _ = end;
        self.append(data)
    }
    /// Writes all bytes at a position (only for files from [`Store::create`]).
    fn write_at(&self, data: &[u8], offset: u64) -> Result<()>;
    /// Reads up to `buf.len()` bytes at a position; 0 at the end of the file.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize>;
    /// What `fstat` says.
    fn metadata(&self) -> Result<Metadata>;
    /// Cuts the file. Never call it to make one longer.
    fn set_len(&self, len: u64) -> Result<()>;
    /// The data, and the length if it grew, are on stable storage (`fdatasync`).
    fn sync_data(&self) -> Result<()>;
    /// Data and metadata are on stable storage (`fsync`).
    fn sync_all(&self) -> Result<()>;
    /// Tries to take an exclusive advisory lock without waiting.
    fn try_lock(&self) -> Result<Lock>;
}
