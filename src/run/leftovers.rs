//! Files that an interrupted writer left under our names (format §12.7, §13.4).

use super::columns::Columns;
use super::dtype::DType;
use super::manifest::Manifest;
use super::name;
use super::steps::Indices;
use crate::error::Result;
use crate::store::{ops, Kind, Store};
use std::collections::HashSet;
use std::path::PathBuf;

/// Transient files of files that are ours, values of a known metric under another type, index files that the
/// manifest does not name. Everything else is somebody's and stays.
pub fn find(store: &dyn Store, columns: &Columns) -> Result<Vec<PathBuf>> {
    let mut ours = Ours::new(columns);
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

struct Ours {
    /// Files in use.
    live: HashSet<String>,
    /// Files that would be in use if their metric had another type or form.
    alternates: HashSet<String>,
}

impl Ours {
    fn new(columns: &Columns) -> Self {
        let mut live: HashSet<String> =
            [name::MANIFEST, name::CONFIG, name::HOT, name::HOT_COMPACTING].map(str::to_owned).into();
        let mut alternates = HashSet::new();
        for column in columns.all() {
            live.insert(format!("{}.{}", column.name, column.dtype.suffix()));
            if matches!(column.indices, Indices::File) {
                live.insert(format!("{}.{}", column.name, name::INDICES));
            }
            alternates.extend(DType::ALL.iter().map(|d| format!("{}.{}", column.name, d.suffix())));
            alternates.insert(format!("{}.{}", column.name, name::INDICES));
        }
        Ours { live, alternates }
    }

    fn is_leftover(&mut self, file: &str) -> bool {
        if self.live.contains(file) {
            return false;
        }
        let stem = file.strip_suffix(name::TMP);
        self.alternates.contains(file)
            || stem.is_some_and(|stem| self.live.contains(stem) || self.alternates.contains(stem))
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
