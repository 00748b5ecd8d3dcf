//! A bucket in a folder of a file system, also of one that several hosts share.
//!
//! An object is written under a name of our own, synced, and then given its name by a hard link, which fails where
//! something has that name already; where there are no hard links, by a rename that does.

use super::{checked, unique, Bucket, Object, Put, Source, Upload, Version, PIECE};
use crate::error::{Code, Error, Result};
use crate::store::{ops, Create, File, FileId, Kind, Store};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Names of our own begin and end so.
const OWN: (&str, &str) = (".plattli-", ".tmp");

/// A folder of objects.
#[derive(Debug)]
pub struct Folder {
    store: Arc<dyn Store>,
    root: PathBuf,
    durable: bool,
}

/// A file under a name of our own.
struct Own {
    file: Box<dyn File>,
    path: PathBuf,
}

/// What became of an attempt to give a file its name.
enum Named {
    Ok,
    Taken,
    Unknown(Error),
}

impl Folder {
    /// The folder `root`, made when the first object is stored. `durable`: objects also survive a power cut.
    pub fn new(store: Arc<dyn Store>, root: PathBuf, durable: bool) -> Self {
        Folder { store, root, durable }
    }

    fn path(&self, name: &str) -> Result<PathBuf> {
        Ok(self.root.join(checked(name)?))
    }

    fn dir(&self, folder: &str) -> Result<PathBuf> {
        if folder.is_empty() {
            Ok(self.root.clone())
        } else {
            self.path(folder)
        }
    }

    /// A new file beside `path`, in a folder that is made if it is missing.
    fn own_file(&self, path: &Path) -> Result<Own> {
        let dir = ops::parent_of(path);
        loop {
            let path = dir.join(own_name());
            match self.store.open_append(&path, Create::New) {
                Ok(file) => return Ok(Own { file, path }),
                Err(e) if e.os_error() == Some(libc::EEXIST) => {}
                Err(e) if e.os_error() == Some(libc::ENOENT) => self.make(dir)?,
                Err(e) => return Err(e),
            }
        }
    }

    fn make(&self, dir: &Path) -> Result<()> {
        match self.durable {
            true => ops::create_dirs_durably(&*self.store, dir),
            false => ops::create_dirs(&*self.store, dir),
        }
    }

    fn write_own(&self, path: &Path, data: &[u8]) -> Result<Own> {
        let own = self.own_file(path)?;
        let written = own.file.append(data).and_then(|()| self.sync(&own));
        self.or_remove(&own, written).map(|()| own)
    }

    fn sync(&self, own: &Own) -> Result<()> {
        match self.durable {
            true => own.file.sync_all(),
            false => Ok(()),
        }
    }

    /// Takes a file of our own away if what was to be done with it failed.
    fn or_remove<T>(&self, own: &Own, result: Result<T>) -> Result<T> {
        if result.is_err() {
            self.remove_own(&own.path);
        }
        result
    }

    fn remove_own(&self, path: &Path) {
        // What is left is removed by `tidy`; there is nothing else to be done about it.
        _ = self.store.remove_file(path);
    }

    /// Gives a file of our own its name, if that is free.
    fn publish(&self, own: &Own, path: &Path) -> Result<Put> {
        match self.name(own, path) {
            Ok(Named::Ok) => {
                let settled = if self.durable { self.store.sync_dir(ops::parent_of(path)) } else { Ok(()) };
                Ok(settled.map_or_else(Put::NotDurable, |()| Put::Stored))
            }
            Ok(Named::Taken) => Ok(Put::Refused),
            Ok(Named::Unknown(error)) => Ok(Put::Unknown(error)),
            Err(error) => Err(error),
        }
    }

    /// The file has its name, or not; its own name is gone in any case.
    fn name(&self, own: &Own, path: &Path) -> Result<Named> {
        let mut result = self.store.link(&own.path, path);
        if result.as_ref().is_err_and(|e| no_such_operation(e) || e.os_error() == Some(libc::EPERM)) {
            result = self.store.rename_new(&own.path, path);
            if result.is_ok() {
                return Ok(Named::Ok);
            }
        }
        let named = match result {
            Ok(()) => Ok(Named::Ok),
            Err(e) => self.was_named(own, path, e),
        };
        self.remove_own(&own.path);
        named
    }

    /// Whether the file got its name although the operation failed: a file server that was asked twice, because its
    /// first answer was lost, says that the name is taken.
    fn was_named(&self, own: &Own, path: &Path, error: Error) -> Result<Named> {
        let ours = |id: FileId| own.file.metadata().map(|m| m.id == id);
        let found = match self.store.link_metadata(path) {
            Ok(Some(found)) => ours(found.id),
            Ok(None) => Ok(false),
            Err(e) => Err(e),
        };
        match found {
            Ok(true) => Ok(Named::Ok),
            Ok(false) if error.os_error() == Some(libc::EEXIST) => Ok(Named::Taken),
            Ok(false) if no_such_operation(&error) => Err(Error::new(
                Code::Io,
                format!("{error}; this file system can neither link nor rename without replacing: use another one"),
            )),
            Ok(false) => Err(error),
            Err(_) => Ok(Named::Unknown(error)),
        }
    }

    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        ops::read_file(&*self.store, path)
    }

    fn put_back(&self, aside: &Own, path: &Path) -> Result<()> {
        match self.name(aside, path)? {
            Named::Ok | Named::Taken => Ok(()),
            Named::Unknown(error) => Err(error),
        }
    }
}

/// The file system has no such operation.
fn no_such_operation(error: &Error) -> bool {
    matches!(error.os_error(), Some(libc::EOPNOTSUPP | libc::ENOSYS | libc::EINVAL | libc::EMLINK))
}

fn own_name() -> String {
    format!("{}{}{}", OWN.0, unique(), OWN.1)
}

impl Bucket for Folder {
    fn locate(&self, name: &str) -> String {
        self.root.join(name).display().to_string()
    }

    fn list(&self, folder: &str) -> Result<Vec<Object>> {
        let entries = ops::if_present(self.store.list(&self.dir(folder)?))?.unwrap_or_default();
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let is_object = |name: &str| !name.starts_with('.') && !name.contains('\u{fffd}');
        let mut objects: Vec<Object> = entries
            .into_iter()
            .filter(|e| matches!(e.kind, Kind::File | Kind::Link) && is_object(&e.name))
            .map(|e| Object { name: format!("{prefix}{}", e.name), size: None })
            .collect();
        objects.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(objects)
    }

    fn size(&self, name: &str) -> Result<Option<u64>> {
        Ok(self.store.metadata(&self.path(name)?)?.map(|m| m.len))
    }

    fn get(&self, name: &str) -> Result<Option<(Vec<u8>, Version)>> {
        let found = self.read(&self.path(name)?)?;
        Ok(found.map(|bytes| (bytes.clone(), Version(bytes))))
    }

    fn open(&self, name: &str) -> Result<Option<Box<dyn Source + '_>>> {
        let path = self.path(name)?;
        let Some(file) = ops::if_present(self.store.open_read(&path))? else { return Ok(None) };
        let metadata = file.metadata()?;
        ops::regular(&path, &metadata)?;
        Ok(Some(Box::new(Reading { file, offset: 0, len: metadata.len })))
    }

    fn put_new(&self, name: &str, data: &[u8]) -> Result<Put> {
        let path = self.path(name)?;
        let own = self.write_own(&path, data)?;
        self.publish(&own, &path)
    }

    fn upload(&self, name: &str) -> Result<Box<dyn Upload + '_>> {
        let path = self.path(name)?;
        let own = self.own_file(&path)?;
        Ok(Box::new(Writing { folder: self, own, path, done: false }))
    }

    fn replace(&self, name: &str, data: &[u8], version: &Version) -> Result<Put> {
        let path = self.path(name)?;
        let meant = |bytes: Option<Vec<u8>>| bytes.as_ref() == Some(&version.0);
        if !meant(self.read(&path)?) {
            return Ok(Put::Refused);
        }
        let own = self.write_own(&path, data)?;
        // Only one of several gets hold of the old object, and looks at what it has got hold of.
        let aside = ops::parent_of(&path).join(own_name());
        let moved = ops::if_present(self.store.rename(&path, &aside));
        let Some(()) = self.or_remove(&own, moved)? else {
            self.remove_own(&own.path);
            return Ok(Put::Refused);
        };
        let opened = self.store.open_read(&aside);
        let aside = Own { file: self.or_remove(&own, opened)?, path: aside };
        let bytes = ops::read_from(&*aside.file, 0);
        if meant(Some(self.or_remove(&own, bytes)?)) {
            let put = self.publish(&own, &path);
            self.remove_own(&aside.path);
            return put;
        }
        self.remove_own(&own.path);
        self.put_back(&aside, &path)?;
        Ok(Put::Refused)
    }

    fn delete(&self, name: &str) -> Result<bool> {
        ops::remove_if_present(&*self.store, &self.path(name)?)
    }

    fn age(&self, name: &str) -> Result<Option<Duration>> {
        let path = self.path(name)?;
        let Some(found) = self.store.metadata(&path)? else { return Ok(None) };
        // The clock of this host and that of the file server may differ; a new file has the server's time.
        let own = self.own_file(&path)?;
        let now = own.file.metadata();
        self.remove_own(&own.path);
        Ok(Some(Duration::from_secs(now?.modified.saturating_sub(found.modified))))
    }

    fn settle(&self, folder: &str) -> Result<()> {
        match self.durable {
            true => self.store.sync_dir(&self.dir(folder)?),
            false => Ok(()),
        }
    }

    fn tidy(&self, folder: &str, older_than: Duration) -> Result<usize> {
        let dir = self.dir(folder)?;
        let entries = ops::if_present(self.store.list(&dir))?.unwrap_or_default();
        let own = |name: &str| name.starts_with(OWN.0) && name.ends_with(OWN.1);
        let left: Vec<PathBuf> =
            entries.into_iter().filter(|e| own(&e.name)).map(|e| dir.join(e.name)).collect();
        if left.is_empty() {
            return Ok(0);
        }
        let own = self.own_file(&dir.join("x"))?;
        let now = own.file.metadata();
        self.remove_own(&own.path);
        let (now, mut removed) = (now?.modified, 0);
        for path in left {
            let Some(found) = self.store.link_metadata(&path)? else { continue };
            if now.saturating_sub(found.modified) > older_than.as_secs() {
                removed += usize::from(ops::remove_if_present(&*self.store, &path)?);
            }
        }
        Ok(removed)
    }
}

struct Reading {
    file: Box<dyn File>,
    offset: u64,
    len: u64,
}

impl Source for Reading {
    fn next(&mut self) -> Result<Vec<u8>> {
        let rest = usize::try_from(self.len - self.offset).unwrap_or(PIECE);
        let mut piece = vec![0; rest.min(PIECE)];
        let got = ops::read_full(&*self.file, &mut piece, self.offset)?;
        piece.truncate(got);
        self.offset += got as u64;
        if got < rest.min(PIECE) {
            self.len = self.offset;
        }
        Ok(piece)
    }
}

struct Writing<'a> {
    folder: &'a Folder,
    own: Own,
    path: PathBuf,
    done: bool,
}

impl Upload for Writing<'_> {
    fn write(&mut self, data: &[u8]) -> Result<()> {
        self.own.file.append(data)
    }

    fn finish(mut self: Box<Self>) -> Result<Put> {
        self.folder.sync(&self.own)?;
        self.done = true;
        self.folder.publish(&self.own, &self.path)
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.folder.remove_own(&self.own.path);
        }
    }
}
