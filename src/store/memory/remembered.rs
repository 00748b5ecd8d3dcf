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

    /// The names in the directory of a file are taken as the server has them.
    fn knows_names_beside(&self, path: &Path) -> bool {
        self.asked.contains(path) || self.asked.contains(path.parent().unwrap_or(path))
    }

    /// It was not there, and nobody has asked since.
    pub(super) fn is_missing(&self, path: &Path) -> bool {
        !self.knows_names_beside(path) && self.disk.find(path, true).is_err()
    }

    /// What is taken for true of a path that is not asked about now: the disk as it was, if the name was missing or still denotes
    /// the same.
    pub(super) fn instead_of<'a>(&'a mut self, now: &'a mut Image, path: &Path) -> &'a mut Image {
        let then = self.disk.find(path, true);
        let believed = !self.knows_names_beside(path) || then == now.find(path, true);
        match self.is_missing(path) || (!self.asked.contains(path) && then.is_ok() && believed) {
            true => &mut self.disk,
            false => now,
        }
    }
}
