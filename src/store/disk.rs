//! The real file system.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use super::{Create, Entry, File, FileId, Kind, Lock, Metadata, Reach, Store};
use crate::error::{Error, Result};
use std::ffi::CString;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The operating system's file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskStore;

#[derive(Debug)]
struct DiskFile {
    file: fs::File,
    path: PathBuf,
}

impl DiskFile {
    fn open(path: &Path, what: &str, options: &fs::OpenOptions) -> Result<Box<dyn File>> {
        let file = retry(|| options.open(path)).map_err(|e| Error::io(what, path, &e))?;
        Ok(Box::new(DiskFile { file, path: path.to_path_buf() }))
    }

    fn check<T>(&self, what: &str, result: io::Result<T>) -> Result<T> {
        result.map_err(|e| Error::io(what, &self.path, &e))
    }
}

/// Calls again for as long as a signal interrupts.
fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(target_os = "linux")]
fn rename_noreplace(from: &Path, to: &Path) -> io::Result<()> {
    use std::os::unix::ffi::OsStrExt;
    let name = |path: &Path| std::ffi::CString::new(path.as_os_str().as_bytes()).map_err(io::Error::from);
    let (from, to, here) = (name(from)?, name(to)?, libc::AT_FDCWD);
    // By number, as not every libc has the function.
    // SAFETY: both names are terminated and live through the call.
    match unsafe {
        libc::syscall(libc::SYS_renameat2, here, from.as_ptr(), here, to.as_ptr(), libc::RENAME_NOREPLACE)
    } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(not(target_os = "linux"))]
fn rename_noreplace(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::EINVAL))
}

/// By the number that each kind of file system has; those that are not known here are taken for remote.
#[cfg(target_os = "linux")]
fn reach(path: &Path) -> Reach {
    const EXT: i64 = 0xef53;
    const XFS: i64 = 0x5846_5342;
    const BTRFS: i64 = 0x9123_683e;
    const TMPFS: i64 = 0x0102_1994;
    const FUSE: i64 = 0x6573_5546;
    let Ok(name) = CString::new(path.as_os_str().as_bytes()) else { return Reach::Network };
    let mut answer = MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: the name ends with NUL and the structure is valid for writing.
    if unsafe { libc::statfs(name.as_ptr(), answer.as_mut_ptr()) } != 0 {
        return Reach::Network;
    }
    // SAFETY: zeroed is a valid value, and the call has filled it in.
    let answer = unsafe { answer.assume_init() };
    // The width of this field differs between systems, and so does its sign.
    #[allow(clippy::unnecessary_cast)]
    let kind = answer.f_type as u32 as i64;
    match kind {
        EXT | XFS | BTRFS | TMPFS => Reach::Local,
        FUSE => Reach::Daemon,
        _ => Reach::Network,
    }
}

#[cfg(not(target_os = "linux"))]
fn reach(_: &Path) -> Reach {
    Reach::Network
}

/// What a name denotes, asked of the server where there is one.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn ask_server(path: &Path) -> io::Result<Metadata> {
    let name = CString::new(path.as_os_str().as_bytes())?;
    let mut answer = MaybeUninit::<libc::statx>::zeroed();
    let (flags, wanted) = (libc::AT_STATX_FORCE_SYNC, libc::STATX_BASIC_STATS);
    // SAFETY: the name ends with NUL and the structure is valid for writing.
    if unsafe { libc::statx(libc::AT_FDCWD, name.as_ptr(), flags, wanted, answer.as_mut_ptr()) } != 0 {
        let error = io::Error::last_os_error();
        return match error.raw_os_error() {
            // Old kernels, and sandboxes that do not know the call.
            Some(libc::ENOSYS | libc::EPERM) => fs::metadata(path).map(|m| describe(&m)),
            _ => Err(error),
        };
    }
    // SAFETY: zeroed is a valid value, and the call has filled it in.
    let answer = unsafe { answer.assume_init() };
    Ok(Metadata {
        kind: match libc::mode_t::from(answer.stx_mode) & libc::S_IFMT {
            libc::S_IFREG => Kind::File,
            libc::S_IFDIR => Kind::Dir,
            libc::S_IFLNK => Kind::Link,
            _ => Kind::Other,
        },
        len: answer.stx_size,
        id: FileId {
            device: libc::makedev(answer.stx_dev_major, answer.stx_dev_minor),
            inode: answer.stx_ino,
        },
        modified: u64::try_from(answer.stx_mtime.tv_sec).unwrap_or(0),
    })
}

/// Where the system cannot be told to ask, opening does it.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn ask_server(path: &Path) -> io::Result<Metadata> {
    let mut options = fs::OpenOptions::new();
    options
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)?
        .metadata()
        .map(|m| describe(&m))
}

fn kind_of(kind: fs::FileType) -> Kind {
    if kind.is_file() {
        Kind::File
    } else if kind.is_dir() {
        Kind::Dir
    } else if kind.is_symlink() {
        Kind::Link
    } else {
        Kind::Other
    }
}

fn describe(m: &fs::Metadata) -> Metadata {
    Metadata {
        kind: kind_of(m.file_type()),
        len: m.len(),
        id: FileId { device: m.dev(), inode: m.ino() },
        modified: u64::try_from(m.mtime()).unwrap_or(0),
    }
}

fn maybe(path: &Path, result: io::Result<Metadata>) -> Result<Option<Metadata>> {
    match result {
        Ok(m) => Ok(Some(m)),
        Err(e) if matches!(e.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR)) => Ok(None),
        Err(e) => Err(Error::io("stat", path, &e)),
    }
}

impl Store for DiskStore {
    fn open_read(&self, path: &Path) -> Result<Box<dyn File>> {
        // O_NONBLOCK: a pipe planted under one of our names must not hang the open.
        DiskFile::open(path, "open", fs::OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK))
    }

    fn open_no_link(&self, path: &Path) -> Result<Box<dyn File>> {
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        DiskFile::open(path, "open", fs::OpenOptions::new().read(true).custom_flags(flags))
    }

    fn reach(&self, path: &Path) -> Reach {
        reach(path)
    }

    fn open_append(&self, path: &Path, create: Create) -> Result<Box<dyn File>> {
        let mut options = fs::OpenOptions::new();
        options.read(true).append(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
        match create {
            Create::Never => {}
            Create::IfMissing => _ = options.create(true),
            Create::New => _ = options.create_new(true),
        }
        DiskFile::open(path, "open for appending", &options)
    }

    fn create(&self, path: &Path) -> Result<Box<dyn File>> {
        let mut options = fs::OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
        DiskFile::open(path, "create", &options)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        retry(|| fs::rename(from, to))
            .map_err(|e| Error::io(format_args!("rename to {} the file", to.display()), from, &e))
    }

    fn link(&self, from: &Path, to: &Path) -> Result<()> {
        retry(|| fs::hard_link(from, to))
            .map_err(|e| Error::io(format_args!("give the name {} to", to.display()), from, &e))
    }

    fn rename_new(&self, from: &Path, to: &Path) -> Result<()> {
        retry(|| rename_noreplace(from, to)).map_err(|e| {
            Error::io(format_args!("rename to the new name {} the file", to.display()), from, &e)
        })
    }

    fn remove_file(&self, path: &Path) -> Result<()> {
        retry(|| fs::remove_file(path)).map_err(|e| Error::io("remove", path, &e))
    }

    fn create_dir(&self, path: &Path) -> Result<()> {
        retry(|| fs::create_dir(path)).map_err(|e| Error::io("make the directory", path, &e))
    }

    fn remove_dir(&self, path: &Path) -> Result<()> {
        retry(|| fs::remove_dir(path)).map_err(|e| Error::io("remove the directory", path, &e))
    }

    fn symlink(&self, target: &Path, link: &Path) -> Result<()> {
        retry(|| std::os::unix::fs::symlink(target, link))
            .map_err(|e| Error::io(format_args!("make a link to {} at", target.display()), link, &e))
    }

    fn canonicalize(&self, path: &Path) -> Result<PathBuf> {
        retry(|| fs::canonicalize(path)).map_err(|e| Error::io("resolve", path, &e))
    }

    fn metadata(&self, path: &Path) -> Result<Option<Metadata>> {
        maybe(path, retry(|| fs::metadata(path).map(|m| describe(&m))))
    }

    fn fresh_metadata(&self, path: &Path) -> Result<Option<Metadata>> {
        maybe(path, retry(|| ask_server(path)))
    }

    fn link_metadata(&self, path: &Path) -> Result<Option<Metadata>> {
        maybe(path, retry(|| fs::symlink_metadata(path).map(|m| describe(&m))))
    }

    fn list(&self, path: &Path) -> Result<Vec<Entry>> {
        let read = || -> io::Result<Vec<Entry>> {
            fs::read_dir(path)?
                .map(|entry| {
                    let entry = entry?;
                    let name = entry.file_name().to_string_lossy().into_owned();
                    Ok(Entry { name, kind: kind_of(entry.file_type()?) })
                })
                .collect()
        };
        retry(read).map_err(|e| Error::io("list the directory", path, &e))
    }

    fn names(&self, path: &Path, most: usize) -> Result<Vec<String>> {
        let read = || -> io::Result<Vec<String>> {
            let names = fs::read_dir(path)?.take(most);
            names.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
        };
        retry(read).map_err(|e| Error::io("list the directory", path, &e))
    }

    fn free_space(&self, path: &Path) -> Result<Option<u64>> {
        let what = "ask for the free space of";
        let name = CString::new(path.as_os_str().as_bytes())
            .map_err(|e| Error::io(what, path, &io::Error::new(ErrorKind::InvalidInput, e)))?;
        let mut answer = MaybeUninit::<libc::statvfs>::zeroed();
        retry(|| {
            // SAFETY: the name ends with NUL and the structure is valid for writing.
            match unsafe { libc::statvfs(name.as_ptr(), answer.as_mut_ptr()) } {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            }
        })
        .map_err(|e| Error::io(what, path, &e))?;
        // SAFETY: zeroed is a valid value, and the call has filled it in.
        let answer = unsafe { answer.assume_init() };
        // The widths of these fields differ between systems.
        #[allow(clippy::unnecessary_cast)]
        let (blocks, size) = (answer.f_bavail as u64, answer.f_frsize as u64);
        Ok((answer.f_blocks > 0).then(|| blocks.saturating_mul(size)))
    }

    fn sync_dir(&self, path: &Path) -> Result<()> {
        retry(|| fs::File::open(path)?.sync_all()).or_else(|e| match e.raw_os_error() {
            // Some network file systems have no such thing; their names are durable by protocol.
            Some(libc::EINVAL | libc::ENOSYS | libc::EOPNOTSUPP) => Ok(()),
            _ => Err(Error::io("sync the directory", path, &e)),
        })
    }
}

impl File for DiskFile {
    fn append(&self, data: &[u8]) -> Result<()> {
        self.check("append to", (&self.file).write_all(data))
    }

    // Linux appends to a file that was opened for it, wherever it is told to write; other systems write there, which for the
    // only appender is the same.
    fn append_at(&self, data: &[u8], end: u64) -> Result<()> {
        self.check("append to", self.file.write_all_at(data, end))
    }

    fn write_at(&self, data: &[u8], offset: u64) -> Result<()> {
        self.check("write to", self.file.write_all_at(data, offset))
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        self.check("read", retry(|| self.file.read_at(buf, offset)))
    }

    fn metadata(&self) -> Result<Metadata> {
        self.check("stat", retry(|| self.file.metadata())).map(|m| describe(&m))
    }

    fn set_len(&self, len: u64) -> Result<()> {
        self.check("truncate", retry(|| self.file.set_len(len)))
    }

    // A failed sync is never tried again: the kernel marks the pages clean, and a second call would lie.
    fn sync_data(&self) -> Result<()> {
        self.check("sync", retry(|| self.file.sync_data()))
    }

    fn sync_all(&self) -> Result<()> {
        self.check("sync", retry(|| self.file.sync_all()))
    }

    fn try_lock(&self) -> Result<Lock> {
        match self.file.try_lock() {
            Ok(()) => Ok(Lock::Acquired),
            Err(fs::TryLockError::WouldBlock) => Ok(Lock::Held),
            Err(fs::TryLockError::Error(e)) => match e.raw_os_error() {
                Some(
                    libc::ENOLCK | libc::ENOSYS | libc::EOPNOTSUPP | libc::EINVAL | libc::EBADF | 524, /* Cray DVS */
                ) => Ok(Lock::Unsupported),
                _ => Err(Error::io("lock", &self.path, &e)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ops;

    #[test]
    fn the_server_says_what_the_system_says_where_there_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), b"seven b").unwrap();
        fs::create_dir(at("folder")).unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        for (name, kind) in [("file", Kind::File), ("folder", Kind::Dir), ("link", Kind::File)] {
            let told = DiskStore.metadata(&at(name)).unwrap();
            assert_eq!(told.map(|m| m.kind), Some(kind), "{name}");
            assert_eq!(DiskStore.fresh_metadata(&at(name)).unwrap(), told, "{name}");
        }
        let device = Path::new("/dev/null");
        assert_eq!(DiskStore.fresh_metadata(device).unwrap(), DiskStore.metadata(device).unwrap());
        for name in ["none", "file/below"] {
            assert_eq!(DiskStore.fresh_metadata(&at(name)).unwrap(), None, "{name}");
        }
        let refused = DiskStore.fresh_metadata(&at(&"n".repeat(300))).unwrap_err();
        assert_eq!(refused.os_error(), Some(libc::ENAMETOOLONG));
        assert!(ops::is_file(&DiskStore, &at("file")).unwrap());
    }
}
