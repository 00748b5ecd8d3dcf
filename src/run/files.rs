//! Open files of the columns: kept open across compactions, bounded.

use crate::error::{Error, Result};
use crate::store::{ops, Create, File, Store};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The appendable files of a run folder.
#[derive(Debug)]
pub struct Files {
    store: Arc<dyn Store>,
    root: PathBuf,
    open: HashMap<PathBuf, Box<dyn File>>,
    limit: usize,
    /// Files with data that may not be on stable storage.
    unsynced: HashSet<PathBuf>,
    /// Files whose sync failed: the kernel may have dropped pages that it now calls clean.
    suspect: HashSet<PathBuf>,
    /// Directories with names that may not be on stable storage.
    unsynced_dirs: HashSet<PathBuf>,
}

impl Files {
    /// No files of the folder `root` yet; at most `limit` are held open.
    pub fn new(store: Arc<dyn Store>, root: &Path, limit: usize) -> Self {
        Files {
            store,
            root: root.to_path_buf(),
            open: HashMap::new(),
            limit: limit.max(1),
            unsynced: HashSet::new(),
            suspect: HashSet::new(),
            unsynced_dirs: HashSet::new(),
        }
    }

    /// Appends to a file that is known to hold `len` good bytes; what lies beyond is cut first, and after an
    /// error again. A file of `len` 0 is made if it is missing. A file shorter than `len` has lost data: an error.
    pub fn append(&mut self, path: &Path, len: u64, data: &[u8]) -> Result<()> {
        let (key, file) = match self.open.remove_entry(path) {
            Some(entry) => entry,
            None => (path.to_path_buf(), self.open_at(path, len)?),
        };
        if let Err(e) = file.append(data) {
            // The append is the error to tell. If cutting fails too, opening the file anew cuts it.
            _ = file.set_len(len);
            return Err(e);
        }
        // Columns are written in turn: whichever is closed when there are too many is needed again just as soon.
        if self.open.len() < self.limit {
            self.open.insert(key, file);
        }
        if !self.unsynced.contains(path) {
            self.unsynced.insert(path.to_path_buf());
        }
        Ok(())
    }

    fn open_at(&mut self, path: &Path, len: u64) -> Result<Box<dyn File>> {
        let create = if len == 0 { Create::IfMissing } else { Create::Never };
        let file = match self.store.open_append(path, create) {
            Err(e) if e.is_missing() && create == Create::IfMissing => {
                let parent = ops::parent_of(path);
                ops::create_dirs(&*self.store, parent)?;
                self.note_dirs(parent);
                self.store.open_append(path, create)?
            }
            other => other?,
        };
        if len == 0 {
            self.unsynced_dirs.insert(ops::parent_of(path).to_path_buf());
        }
        let found = file.metadata()?.len;
        if found < len {
            return Err(Error::corrupt(path, format_args!("holds {found} bytes where {len} were written")));
        }
        if found > len {
            file.set_len(len)?;
        }
        Ok(file)
    }

    /// A directory may have been made: its own name and those above it need a sync as well. Not those above the run
    /// folder: they are older than the run and may not even be readable.
    fn note_dirs(&mut self, dir: &Path) {
        for above in dir.ancestors().take_while(|d| d.starts_with(&self.root)) {
            self.unsynced_dirs.insert(above.to_path_buf());
        }
    }

    /// Holds no more files open than there are: a table of descriptors that grows makes every thread of the process
    /// wait, which is worth it for a run that goes on and not for one that ends.
    pub fn hold_no_more(&mut self) {
        self.limit = self.limit.min(self.open.len().max(16));
    }

    /// Lets go of an open file.
    pub fn take(&mut self, path: &Path) -> Option<Box<dyn File>> {
        self.open.remove(path)
    }

    /// Closes all files; one that is needed again is opened anew.
    pub fn close(&mut self) {
        self.open.clear();
    }

    /// Forgets a file that is about to be replaced or removed.
    pub fn forget(&mut self, path: &Path) {
        self.open.remove(path);
        self.unsynced.remove(path);
        self.suspect.remove(path);
    }

    /// A file that was written by other means needs a sync, and so does its name.
    pub fn note_written(&mut self, path: &Path) {
        self.unsynced.insert(path.to_path_buf());
        self.note_dirs(ops::parent_of(path));
    }

    /// Everything appended so far, and every new name, is on stable storage. Says how many syncs that took.
    pub fn sync(&mut self) -> Result<u64> {
        let mut syncs = 0;
        for path in sorted(&self.unsynced) {
            self.sync_one(&path)?;
            self.unsynced.remove(&path);
            syncs += 1;
        }
        Ok(syncs + self.sync_names()?)
    }

    /// Every new name is on stable storage. Says how many syncs that took.
    pub fn sync_names(&mut self) -> Result<u64> {
        let mut syncs = 0;
        // Deepest first: a directory's own name comes after the names in it.
        for dir in sorted(&self.unsynced_dirs).into_iter().rev() {
            self.store.sync_dir(&dir)?;
            self.unsynced_dirs.remove(&dir);
            syncs += 1;
        }
        Ok(syncs)
    }

    fn sync_one(&mut self, path: &Path) -> Result<()> {
        if self.suspect.contains(path) {
            // A second fsync would succeed and prove nothing: the content is written anew.
            if let Some(bytes) = ops::read_file(&*self.store, path)? {
                self.open.remove(path);
                ops::replace(&*self.store, path, &bytes)?;
            }
            self.suspect.remove(path);
            return Ok(());
        }
        let result = match self.open.get(path) {
            Some(file) => file.sync_data(),
            None => match self.store.open_append(path, Create::Never) {
                Ok(file) => file.sync_data(),
                Err(e) => return Err(e),
            },
        };
        if result.is_err() {
            self.suspect.insert(path.to_path_buf());
        }
        result
    }
}

fn sorted(paths: &HashSet<PathBuf>) -> Vec<PathBuf> {
    let mut all: Vec<_> = paths.iter().cloned().collect();
    all.sort();
    all
}

/// How many column files to hold open: half of what the process may have, within reason.
pub fn open_file_limit() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the struct is valid for writing.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } == 0;
    let half = if known { limit.rlim_cur / 2 } else { 128 };
    usize::try_from(half).unwrap_or(usize::MAX).clamp(16, 4096)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    #[test]
    fn directories_are_synced_up_to_the_run_folder_and_no_further() {
        let store = MemoryStore::new();
        let root = Path::new("/home/user/run/plattli");
        ops::create_dirs(&store, root).unwrap();
        let mut files = Files::new(Arc::new(store.clone()), root, 8);
        files.append(&root.join("a/b/x.f64"), 0, &[0; 8]).unwrap();
        let before = store.log().len();
        files.sync().unwrap();
        let log = store.log();
        let dirs: Vec<_> = log[before..]
            .iter()
            .filter(|o| o.what == "sync_dir")
            .map(|o| o.path.as_path().to_owned())
            .collect();
        assert_eq!(dirs, [root.join("a/b"), root.join("a"), root.to_path_buf()]);
    }
}
