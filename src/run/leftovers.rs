//! Files that an interrupted writer left under our names (format §12.7, §13.4).

use super::columns::{Column, Columns};
use super::dtype::DType;
use super::manifest::Manifest;
use super::name;
use super::steps::Indices;
use crate::store::Kind;
use std::collections::{HashMap, HashSet};

/// Of the files of the run folder, by their paths in it: transient files of files that are ours, values of a known
/// metric under another type, index files that the manifest does not name. Everything else is somebody's and stays.
pub fn among<'a>(files: &'a [(String, Kind)], columns: &'a Columns) -> impl Iterator<Item = String> + 'a {
    let ours = Ours::new(columns);
    files.iter().filter(move |(file, _)| ours.is_leftover(file)).map(|(file, _)| file.clone())
}

/// Pairs of a value file and an index file of a metric that the manifest does not know: a new metric of the direct
/// layout that was never published. A value file alone stays.
pub fn orphan_pairs(files: &[(String, Kind)], columns: &Columns) -> impl Iterator<Item = String> {
    let mut found = Vec::new();
    let indices = |(file, kind): &'_ (String, Kind)| {
        let stem = file.strip_suffix(name::INDICES)?.strip_suffix('.')?;
        (*kind == Kind::File).then(|| stem.to_owned())
    };
    let mut stems: Vec<String> = files.iter().filter_map(indices).collect();
    if !stems.is_empty() {
        let known: HashSet<&str> = columns.all().iter().map(|c| c.name.as_str()).collect();
        stems.retain(|stem| !known.contains(stem.as_str()) && name::objection(stem).is_none());
        let regular = files.iter().filter(|(_, kind)| *kind == Kind::File).map(|(file, _)| file.as_str());
        let present: HashSet<&str> = regular.collect();
        for stem in stems {
            let values = DType::ALL.iter().map(|d| format!("{stem}.{}", d.suffix()));
            let values: Vec<String> = values.filter(|file| present.contains(file.as_str())).collect();
            if !values.is_empty() {
                found.extend(values);
                found.push(format!("{stem}.{}", name::INDICES));
            }
        }
    }
    found.into_iter()
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
