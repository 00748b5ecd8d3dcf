//! What is on disk, counted: the closed segments of each partition, and the bytes of everything.

use crate::stream::catalog::{Key, Place};
use crate::stream::view::Format;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A closed segment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sealed {
    /// Bytes of its file.
    pub bytes: u64,
    /// Indices of its records.
    pub records: Range<u64>,
    /// Oldest and newest time.
    pub time: (i64, i64),
    /// What the file is.
    pub format: Format,
    /// It was replicated.
    pub replicated: bool,
}

/// The files of a partition.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// Its closed segments.
    pub sealed: BTreeMap<u64, Sealed>,
    /// Bytes of those.
    pub sealed_bytes: u64,
    /// Bytes of files that are being written: segment and cache.
    pub open_bytes: u64,
    /// Number of the segment that is not closed, if there is one.
    pub open: Option<u64>,
}

impl Part {
    /// Bytes of all its files.
    pub fn bytes(&self) -> u64 {
        self.sealed_bytes + self.open_bytes
    }
}

/// The bounds that retention keeps.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Bytes of a partition.
    pub partition_bytes: u64,
    /// Closed segments of a partition.
    pub partition_segments: u64,
    /// Bytes of the store.
    pub store_bytes: u64,
    /// Segments that were not replicated stay.
    pub keep_waiting: bool,
}

impl Bounds {
    /// The segment must stay, as it was not replicated.
    fn keeps(&self, sealed: &Sealed) -> bool {
        self.keep_waiting && !sealed.replicated
    }
}

/// All partitions.
#[derive(Debug, Default)]
pub struct Ledger {
    parts: BTreeMap<Key, Part>,
    /// Closed segments by their oldest time.
    by_time: BTreeSet<(i64, Key, u64)>,
    /// Bytes of all files of partitions.
    bytes: u64,
    /// Bytes of the manifest.
    manifest: u64,
}

impl Ledger {
    /// All partitions that have or had rows.
    pub fn parts(&self) -> &BTreeMap<Key, Part> {
        &self.parts
    }

    /// One of them.
    pub fn part(&self, key: &Key) -> Option<&Part> {
        self.parts.get(key)
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.bytes + self.manifest
    }

    /// Closed segments.
    pub fn segments(&self) -> u64 {
        self.by_time.len() as u64
    }

    /// Closed segments that were not replicated.
    pub fn waiting(&self) -> u64 {
        self.parts.values().flat_map(|p| p.sealed.values()).filter(|s| !s.replicated).count() as u64
    }

    /// The size of the manifest is now this.
    pub fn set_manifest(&mut self, bytes: u64) {
        self.manifest = bytes;
    }

    /// The partition is there.
    pub fn ensure(&mut self, key: &Key) {
        self.parts.entry(key.clone()).or_default();
    }

    /// The partition has an open segment with this number.
    pub fn set_open(&mut self, key: &Key, number: u64) {
        self.parts.entry(key.clone()).or_default().open = Some(number);
    }

    /// Number of the last closed segment and index after its last record; number of the open one.
    pub fn last(&self, key: &Key) -> (Option<(u64, u64)>, Option<u64>) {
        let part = self.parts.get(key);
        let last = part.and_then(|p| p.sealed.last_key_value()).map(|(n, sealed)| (*n, sealed.records.end));
        (last, part.and_then(|p| p.open))
    }

    /// Files that are being written grew.
    pub fn grow(&mut self, key: &Key, bytes: u64) {
        self.parts.entry(key.clone()).or_default().open_bytes += bytes;
        self.bytes += bytes;
    }

    /// Files that are being written shrank.
    pub fn shrink(&mut self, key: &Key, bytes: u64) {
        let part = self.parts.entry(key.clone()).or_default();
        let bytes = bytes.min(part.open_bytes);
        part.open_bytes -= bytes;
        self.bytes -= bytes;
    }

    /// A segment of which all bytes were counted as being written is closed.
    pub fn seal(&mut self, key: &Key, number: u64, sealed: Sealed) {
        self.shrink(key, sealed.bytes);
        self.adopt(key, number, sealed);
    }

    /// A closed segment is there.
    pub fn adopt(&mut self, key: &Key, number: u64, mut sealed: Sealed) {
        self.drop_segment(&(key.clone(), number));
        // There is nothing in it to replicate.
        sealed.replicated |= sealed.records.is_empty();
        let part = self.parts.entry(key.clone()).or_default();
        part.open = part.open.filter(|open| *open != number);
        part.sealed_bytes += sealed.bytes;
        self.bytes += sealed.bytes;
        self.by_time.insert((sealed.time.0, key.clone(), number));
        part.sealed.insert(number, sealed);
    }

    /// A closed segment is gone.
    pub fn drop_segment(&mut self, (key, number): &Place) -> Option<Sealed> {
        let part = self.parts.get_mut(key)?;
        let sealed = part.sealed.remove(number)?;
        part.sealed_bytes -= sealed.bytes;
        self.bytes -= sealed.bytes;
        self.by_time.remove(&(sealed.time.0, key.clone(), *number));
        Some(sealed)
    }

    /// A segment was replicated. Says whether it is there.
    pub fn set_replicated(&mut self, (key, number): &Place) -> bool {
        let sealed = self.parts.get_mut(key).and_then(|p| p.sealed.get_mut(number));
        sealed.map(|s| s.replicated = true).is_some()
    }

    /// The oldest segments of a partition that must go so that `more` bytes fit into its bounds, and whether they do
    /// then.
    pub fn beyond_partition(&self, key: &Key, more: u64, bounds: &Bounds) -> (Vec<Place>, bool) {
        let Some(part) = self.parts.get(key) else { return (Vec::new(), more <= bounds.partition_bytes) };
        let (mut bytes, mut count) = (part.bytes() + more, part.sealed.len() as u64);
        let mut victims = Vec::new();
        let fits = |bytes, count| bytes <= bounds.partition_bytes && count <= bounds.partition_segments;
        for (number, sealed) in &part.sealed {
            // What comes after one that must stay stays too: a gap would be worse.
            if fits(bytes, count) || bounds.keeps(sealed) {
                break;
            }
            bytes -= sealed.bytes;
            count -= 1;
            victims.push((key.clone(), *number));
        }
        (victims, bytes <= bounds.partition_bytes)
    }

    /// The oldest segments of all that must go so that `more` bytes fit into the store, and whether they do then.
    pub fn beyond_store(&self, more: u64, bounds: &Bounds) -> (Vec<Place>, bool) {
        let mut bytes = self.bytes() + more;
        let (mut victims, mut stay) = (Vec::new(), BTreeSet::new());
        for (_, key, number) in &self.by_time {
            if bytes <= bounds.store_bytes {
                break;
            }
            let Some(sealed) = self.parts.get(key).and_then(|p| p.sealed.get(number)) else { continue };
            if stay.contains(key) || bounds.keeps(sealed) {
                stay.insert(key);
                continue;
            }
            bytes -= sealed.bytes;
            victims.push((key.clone(), *number));
        }
        (victims, bytes <= bounds.store_bytes)
    }

    /// Segments whose newest time is older than `limit`.
    pub fn older_than(&self, limit: i64, bounds: &Bounds) -> Vec<Place> {
        let old = |s: &Sealed| s.time.1 < limit && !bounds.keeps(s);
        let of = |(key, part): (&Key, &Part)| -> Vec<Place> {
            part.sealed.iter().filter(|(_, s)| old(s)).map(|(n, _)| (key.clone(), *n)).collect()
        };
        self.parts.iter().flat_map(of).collect()
    }
}
