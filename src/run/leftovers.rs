//! Files that an interrupted writer left under our names (format §12.7, §13.4).

use super::columns::{Column, Columns};
use super::dtype::DType;
use super::manifest::Manifest;
use super::name;
use super::steps::Indices;
use crate::error::Result;
use crate::store::{ops, Kind, Store};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

/// Transient files of files that are ours, values of a known metric under another type, index files that the
/// manifest does not name. Everything else is somebody's and stays.
pub fn find(store: &dyn Store, columns: &Columns) -> Result<Vec<PathBuf>> {
    let ours = Ours::new(columns);
    let mut found = Vec::new();
    for (file, _) in ops::walk_files(store, columns.root())? {
        if ours.is_leftover(&file) {
            found.push(columns.root().join(file));
        }
    }
    Ok(found)
}

/// Pairs of a value file and an index file of a metric that the manifest does not know: a new metric of the direct
/// layout that was never published. A value file alone stays.
pub fn find_orphan_pairs(store: &dyn Store, columns: &Columns) -> Result<Vec<PathBuf>> {
    let files: HashSet<String> = ops::walk_files(store, columns.root())?
        .into_iter()
        .filter(|(_, kind)| *kind == Kind::File)
        .map(|(file, _)| file)
        .collect();
    let known: HashSet<&str> = columns.all().iter().map(|c| c.name.as_str()).collect();
    let mut found = Vec::new();
    for file in &files {
        let Some((stem, name::INDICES)) = file.rsplit_once('.') else { continue };
        if known.contains(stem) || name::objection(stem).is_some() {
            continue;
        }
        let values: Vec<String> = DType::ALL
            .iter()
            .map(|d| format!("{stem}.{}", d.suffix()))
            .filter(|f| files.contains(f))
            .collect();
        if !values.is_empty() {
            found.extend(values.iter().chain([file]).map(|f| columns.root().join(f)));
        }
    }
    Ok(found)
}

/// The files of the columns, by their names.
struct Ours<'a>(HashMap<&'a str, &'a Column>);

impl<'a> Ours<'a> {
    fn new(columns: &'a Columns) -> Self {
        Ours(columns.all().iter().map(|column| (column.name.as_str(), column)).collect())
    }

    /// A file in use.
    fn is_live(&self, file: &str) -> bool {
        [name::MANIFEST, name::CONFIG, name::HOT, name::HOT_COMPACTING].contains(&file)
            || self.owner(file).is_some_and(|(column, suffix)| match suffix {
                name::INDICES => matches!(column.indices, Indices::File),
                suffix => suffix == column.dtype.suffix(),
            })
    }

    /// The column that a file belongs to, or would if the column had another type or form, and its suffix.
    fn owner<'f>(&self, file: &'f str) -> Option<(&'a Column, &'f str)> {
        let (stem, suffix) = file.rsplit_once('.')?;
        let known = suffix == name::INDICES || DType::from_suffix(suffix).is_some();
        self.0.get(stem).filter(|_| known).map(|column| (*column, suffix))
    }

    fn is_leftover(&self, file: &str) -> bool {
        if self.is_live(file) {
            return false;
        }
        let stem = file.strip_suffix(name::TMP);
        self.owner(file).is_some()
            || stem.is_some_and(|stem| self.is_live(stem) || self.owner(stem).is_some())
    }
}

/// The files that belong to the run a manifest describes: the fixed ones, and those of its metrics.
pub struct RunFiles<'a>(HashSet<&'a str>);

impl<'a> RunFiles<'a> {
    /// The files of this run.
    pub fn of(manifest: &'a Manifest) -> Self {
        RunFiles(manifest.metrics.iter().map(|(metric, _)| metric.as_str()).collect())
    }

    /// The file is one of them.
    pub fn has(&self, file: &str) -> bool {
        let file = file.strip_suffix(name::TMP).unwrap_or(file);
        if [name::MANIFEST, name::CONFIG, name::HOT, name::HOT_COMPACTING].contains(&file) {
            return true;
        }
        let Some((stem, suffix)) = file.rsplit_once('.') else { return false };
        (suffix == name::INDICES || DType::from_suffix(suffix).is_some()) && self.0.contains(stem)
    }
}
