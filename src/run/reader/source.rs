//! Where the bytes of a run come from: the files of its folder or the members of its archive.

use crate::error::{Code, Error, Result};
use crate::run::archive::ArchiveReader;
use crate::run::name::MANIFEST;
use crate::store::{ops, File, FileId, Kind, Metadata, Reach, Store};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why reading stopped.
#[derive(Debug)]
pub enum Halt {
    /// The run changed meanwhile: take the snapshot again. The error is for when that does not help.
    Again(Error),
    /// It cannot go on.
    Stop(Error),
}

impl From<Error> for Halt {
    /// A file that vanished, or that the file server forgot, was replaced by the writer.
    fn from(e: Error) -> Self {
        match e.is_missing() || e.os_error() == Some(libc::ESTALE) {
            true => Halt::Again(e),
            false => Halt::Stop(e),
        }
    }
}

impl Halt {
    /// The error.
    pub fn error(self) -> Error {
        match self {
            Halt::Again(e) | Halt::Stop(e) => e,
        }
    }
}

/// Result of what may have to be done again.
pub type Attempt<T> = std::result::Result<T, Halt>;

/// The content of one file of the run. It stays what it was, whatever becomes of the name.
#[derive(Debug)]
pub enum Bytes {
    /// There is no such file, and that is fine.
    None,
    /// A file of the folder.
    File(Box<dyn File>, PathBuf),
    /// A member of the archive.
    Member(Arc<ArchiveReader>, String),
}

impl Bytes {
    /// Fills the buffer from a position; coming short means that the file was cut.
    pub fn read(&self, buf: &mut [u8], offset: u64) -> Attempt<()> {
        let (got, path) = match self {
            _ if buf.is_empty() => return Ok(()),
            Bytes::None => (0, Path::new("")),
            Bytes::File(file, path) => (ops::read_full(&**file, buf, offset)?, path.as_path()),
            Bytes::Member(archive, name) => (archive.read_at(name, offset, buf)?, archive.path()),
        };
        match got == buf.len() {
            true => Ok(()),
            false => Err(Halt::Again(Error::new(
                Code::Busy,
                format!("{}: became shorter while it was read; try again", path.display()),
            ))),
        }
    }
}

/// A run folder, pinned to the manifest that its files are read by.
#[derive(Debug)]
pub struct Folder {
    store: Arc<dyn Store>,
    root: PathBuf,
    /// Open for as long as it is compared with: a closed file's inode number is given to the next one.
    manifest: Box<dyn File>,
    found: Metadata,
    /// Whether this system knows at once when the manifest loses its name and a file grows.
    reach: Reach,
    /// Directories that were seen to lie inside.
    inside: HashSet<PathBuf>,
}

/// A file with what it held when it was opened.
pub struct Opened {
    /// The handle.
    pub file: Box<dyn File>,
    /// Its identity.
    pub id: FileId,
    /// Its bytes at that moment.
    pub len: u64,
    /// All that was found of it.
    pub found: Metadata,
}

impl Folder {
    /// Opens the manifest and reads it.
    pub fn pin(store: &Arc<dyn Store>, reach: Reach, root: &Path) -> Attempt<(Folder, Vec<u8>)> {
        let path = root.join(MANIFEST);
        let missing = || Error::not_found(format!("{}: the manifest has gone", path.display()));
        let opened =
            open(&**store, root, &path, &mut HashSet::new())?.ok_or_else(|| Halt::Again(missing()))?;
        let text = ops::read_from(&*opened.file, 0)?;
        let folder = Folder {
            store: store.clone(),
            root: root.to_path_buf(),
            manifest: opened.file,
            found: opened.found,
            reach,
            inside: HashSet::new(),
        };
        Ok((folder, text))
    }

    /// The run folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Opens a file by its name in the folder; `None` if it is missing.
    pub fn open(&mut self, name: &str) -> Attempt<Option<Opened>> {
        let path = self.root.join(name);
        open(&*self.store, &self.root, &path, &mut self.inside)
    }

    /// Bytes of a file by its name, 0 if it is missing.
    pub fn len(&self, name: &str) -> Result<u64> {
        Ok(ops::ask(&*self.store, self.reach, &self.root.join(name))?.map_or(0, |m| m.len))
    }

    /// Makes sure that the manifest is still the one that was read (format §14.2): what it says holds for what was
    /// opened before.
    pub fn confirm(&self) -> Attempt<()> {
        let path = self.root.join(MANIFEST);
        let changed = || Error::new(Code::Busy, format!("{} keeps changing; try again", self.root.display()));
        // Opening asks the server; a bare stat may be answered from a cache, where there is a network in between.
        if self.reach == Reach::Local
            && self.store.metadata(&path)?.is_some_and(|now| now.id == self.found.id)
        {
            return Ok(());
        }
        let now = self.store.open_read(&path)?.metadata()?.id;
        match now == self.found.id {
            true => Ok(()),
            false => Err(Halt::Again(changed())),
        }
    }

    /// Whether the manifest is still the one that was read, for use where nothing hangs on the answer.
    pub fn is_current(&self) -> bool {
        self.manifest.metadata().is_ok() && self.confirm().is_ok()
    }
}

/// Opens a regular file of the run; `None` if it is missing. A link may lead about inside the folder, not out of it:
/// a run that somebody sent must not read other files in its reader's name.
pub fn open(
    store: &dyn Store,
    root: &Path,
    path: &Path,
    inside: &mut HashSet<PathBuf>,
) -> Attempt<Option<Opened>> {
    let mut dir = ops::parent_of(path);
    let mut unknown = Vec::new();
    while dir != root && dir.starts_with(root) && !inside.contains(dir) {
        unknown.push(dir);
        dir = ops::parent_of(dir);
    }
    for dir in unknown.into_iter().rev() {
        match store.link_metadata(dir)? {
            None => return Ok(None),
            Some(m) if m.kind == Kind::Link => stay_inside(store, root, dir)?,
            Some(_) => {}
        }
        inside.insert(dir.to_path_buf());
    }
    let opened = match store.open_no_link(path) {
        Err(e) if e.os_error() == Some(libc::ELOOP) => {
            stay_inside(store, root, path)?;
            store.open_read(path)
        }
        other => other,
    };
    let Some(file) = ops::if_present(opened)? else { return Ok(None) };
    let found = file.metadata()?;
    ops::regular(path, &found)?;
    Ok(Some(Opened { file, id: found.id, len: found.len, found }))
}

fn stay_inside(store: &dyn Store, root: &Path, path: &Path) -> Result<()> {
    let target = store.canonicalize(path)?;
    match target.starts_with(store.canonicalize(root)?) {
        true => Ok(()),
        false => Err(Error::corrupt(
            path,
            format_args!("is a link to {}, out of the run folder", target.display()),
        )),
    }
}
