//! An estimate of the length of a run that costs next to nothing.

use super::snapshot::{Snapshot, Source};
use super::source::Attempt;
use crate::run::dtype::DType;
use crate::run::manifest::MetricEntry;
use crate::run::name::INDICES;
use crate::run::steps::Indices;
use std::collections::HashMap;

/// The greatest number of cold rows, by no more than `probes` sizes of files. Metrics that share a cadence most
/// likely have the same length, so that one probe goes to each cadence before any gets a second.
pub fn max_rows(snapshot: &mut Snapshot, probes: u32) -> Attempt<u64> {
    if let Some(rows) = snapshot.manifest.run_rows {
        return Ok(rows);
    }
    let mut most = 0;
    let mut cadences: HashMap<Option<Vec<u8>>, usize> = HashMap::new();
    let mut groups: Vec<Vec<&(String, MetricEntry)>> = Vec::new();
    for metric in &snapshot.manifest.metrics {
        let cadence = match &metric.1.indices {
            Indices::List(list) => match list.described() {
                Some(rows) => {
                    most = most.max(rows);
                    continue;
                }
                None if metric.1.dtype == DType::Json => continue,
                None => {
                    let mut text = Vec::new();
                    list.push_text(&mut text);
                    Some(text)
                }
            },
            Indices::File => None,
        };
        let group = *cadences.entry(cadence).or_insert(groups.len());
        match groups.get_mut(group) {
            Some(group) => group.push(metric),
            None => groups.push(vec![metric]),
        }
    }
    let longest = groups.iter().map(Vec::len).max().unwrap_or(0);
    let turns = (0..longest).flat_map(|turn| groups.iter().filter_map(move |group| group.get(turn)));
    for (name, entry) in turns.take(probes as usize) {
        let (file, size) = match entry.dtype.size() {
            Some(size) if !matches!(entry.indices, Indices::File) => {
                (format!("{name}.{}", entry.dtype.suffix()), size)
            }
            _ => (format!("{name}.{INDICES}"), 4),
        };
        let bytes = match &snapshot.source {
            Source::Folder(folder) => folder.len(&file)?,
            Source::Archive(archive) => archive.size(&file).unwrap_or(0),
        };
        let rows = bytes / size as u64;
        most = most.max(match &entry.indices {
            Indices::List(list) => list.usable(rows),
            Indices::File => rows,
        });
    }
    Ok(most)
}
