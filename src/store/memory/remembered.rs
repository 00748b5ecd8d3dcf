//! A client of a network file system: it takes for true what it was told before, until something makes it ask.

use super::image::Image;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The disk as it was when this client was told of it, and what it has asked anew since.
pub(super) struct Remembered {
    disk: Image,
    asked: BTreeSet<PathBuf>,
}

impl Remembered {
    pub(super) fn new(disk: Image) -> Self {
        Remembered { disk, asked: BTreeSet::new() }
    }

    /// The server has been asked about a file (by opening, making or renaming it, or about its size), or about the names in a
    /// directory.
    pub(super) fn ask(&mut self, path: &Path) {
        self.asked.insert(path.to_path_buf());
    }

    /// It was not there, and nobody has asked since.
    pub(super) fn is_missing(&self, path: &Path) -> bool {
        let parent = path.parent().unwrap_or(path);
        !self.asked.contains(path) && !self.asked.contains(parent) && self.disk.find(path, true).is_err()
    }

    /// The disk to be asked about a file: the one that is remembered.
    pub(super) fn disk_for(&mut self, path: &Path) -> Option<&mut Image> {
        (!self.asked.contains(path) && self.disk.find(path, true).is_ok()).then_some(&mut self.disk)
    }
}
