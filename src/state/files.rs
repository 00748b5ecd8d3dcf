//! The files of a state and their names (docs/state.md, "Files").

use crate::error::{Error, Result};
use crate::store::{ops, Kind, Store};
use std::path::{Path, PathBuf};

/// The longest name: what is put around it must still make a file name.
const MAX_NAME: usize = 128;

/// Where the files of one state are.
#[derive(Clone, Debug)]
pub struct Files {
    dir: PathBuf,
    name: String,
}

impl Files {
    /// The files of the state `name` in `dir`. [`crate::Code::Argument`] for a name that makes no file name.
    pub fn new(dir: &Path, name: &str) -> Result<Self> {
        let problem = if name.is_empty() {
            "is empty"
        } else if name.len() > MAX_NAME {
            "is longer than 128 bytes"
        } else if name.starts_with('.') {
            "starts with a dot"
        } else if name.contains(|c: char| c == '/' || c.is_control()) {
            "holds a slash or a control character"
        } else {
            return Ok(Files { dir: dir.to_path_buf(), name: name.to_owned() });
        };
        Err(Error::argument(format!("the name of a state {problem}: {name:?}")))
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn path(&self, suffix: &str) -> PathBuf {
        self.dir.join(format!("{}{suffix}", self.name))
    }

    /// The log that is appended to.
    pub fn log(&self) -> PathBuf {
        self.path(".log")
    }

    /// The log that is being compacted.
    pub fn rotated(&self) -> PathBuf {
        self.path(".log.compacting")
    }

    /// The snapshot for people.
    pub fn snapshot(&self) -> PathBuf {
        self.path(".json")
    }

    /// The lock of the writer.
    pub fn lock(&self) -> PathBuf {
        self.dir.join(format!(".{}.plattli.lock", self.name))
    }

    /// A rotated log that was compacted at a time.
    pub fn backup(&self, milliseconds: u64) -> PathBuf {
        self.path(&format!(".log.backup.{milliseconds}"))
    }

    /// The copy of a damaged file (`what`: `log` or `compacting`) that was salvaged at a time.
    pub fn damaged(&self, what: &str, milliseconds: u64) -> PathBuf {
        self.path(&format!(".log.damaged.{milliseconds}.{what}"))
    }

    /// The times of the backups, oldest first.
    pub fn backups(&self, store: &dyn Store) -> Result<Vec<u64>> {
        let prefix = format!("{}.log.backup.", self.name);
        let entries = ops::if_present(store.list(&self.dir))?.unwrap_or_default();
        let time = |name: &str| {
            let digits = name.strip_prefix(&prefix)?;
            let time: u64 = digits.parse().ok()?;
            (time.to_string() == digits).then_some(time)
        };
        let files = entries.iter().filter(|entry| entry.kind == Kind::File);
        let mut times: Vec<u64> = files.filter_map(|entry| time(&entry.name)).collect();
        times.sort_unstable();
        Ok(times)
    }
}
