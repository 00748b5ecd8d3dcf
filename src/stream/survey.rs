//! Compares manifest and folders when the store is opened, and makes both say the same.

use crate::error::Result;
use crate::store::{ops, Kind, Store};
use crate::stream::catalog::{Catalog, Key, Row};
use crate::stream::files::{self, Named};
use crate::stream::ledger::{Ledger, Sealed};
use crate::stream::name;
use crate::stream::recover::{close_tail, missing, Found, Inspector, Tail};
use crate::stream::view::Format;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

/// The comparison in progress.
pub struct Survey<'a> {
    /// The file system.
    pub store: &'a dyn Store,
    /// The folder of the store.
    pub dir: &'a Path,
    /// The manifest.
    pub catalog: &'a Catalog,
    /// What is counted.
    pub ledger: &'a mut Ledger,
    /// Takes sentences about what was found wrong.
    pub findings: &'a mut Vec<String>,
}

impl Survey<'_> {
    /// Looks at everything.
    pub fn run(&mut self) -> Result<()> {
        let mut rows: BTreeMap<Key, BTreeMap<u64, Row>> = BTreeMap::new();
        for row in self.catalog.rows()? {
            rows.entry(row.key.clone()).or_default().insert(row.segment, row);
        }
        for key in self.folders()? {
            let known = rows.remove(&key).unwrap_or_default();
            self.partition(&key, known)?;
        }
        for (key, known) in rows {
            self.partition(&key, known)?;
        }
        let replicated = self.catalog.replicated()?;
        replicated.iter().for_each(|place| _ = self.ledger.set_replicated(place));
        self.catalog.flush()?;
        self.ledger.set_manifest(self.catalog.size()?);
        Ok(())
    }

    /// Partitions that have a folder.
    fn folders(&self) -> Result<Vec<Key>> {
        let mut found = Vec::new();
        let below = |path: &Path| -> Result<Vec<String>> {
            let entries = ops::if_present(self.store.list(path))?.unwrap_or_default();
            let mut names: Vec<String> = entries
                .into_iter()
                .filter(|e| e.kind == Kind::Dir)
                .filter_map(|e| name::decode(&e.name))
                .collect();
            names.sort();
            Ok(names)
        };
        let topics = files::topics(self.dir);
        for topic in below(&topics)? {
            let folder = topics.join(name::encode("topic", &topic)?);
            found.extend(below(&folder)?.iter().map(|partition| Key::new(&topic, partition)));
        }
        Ok(found)
    }

    fn partition(&mut self, key: &Key, mut rows: BTreeMap<u64, Row>) -> Result<()> {
        let folder = files::partition(self.dir, key)?;
        let entries = ops::if_present(self.store.list(&folder))?.unwrap_or_default();
        let (mut segments, mut caches) = (BTreeMap::new(), BTreeSet::new());
        for entry in entries.iter().filter(|e| e.kind == Kind::File) {
            match files::read(&entry.name) {
                Some(Named::Segment(number, format)) => {
                    if let Some(other) = segments.insert(number, format) {
                        let kept = self.one_of_two(&folder, (number, format, other), rows.get(&number))?;
                        segments.insert(number, kept);
                    }
                }
                Some(Named::Cache(number)) => _ = caches.insert(number),
                Some(Named::Unfinished) => {
                    ops::remove_if_present(self.store, &folder.join(&entry.name))?;
                }
                None => {}
            }
        }
        let numbers: BTreeSet<u64> = segments.keys().chain(&caches).copied().collect();
        let last = numbers.last().copied();
        let mut expected = 0;
        for number in numbers {
            let row = rows.remove(&number);
            let format = segments.get(&number).copied().unwrap_or(Format::Arrow);
            let place = Place { key, folder: &folder, number, expected, last: Some(number) == last };
            let end = match row {
                // Only the newest can be ahead of its row: a closed segment is recorded before the next is begun.
                Some(row) if (!place.last || format == Format::Parquet) && row.format == format => {
                    let end = row.records.end;
                    self.ledger.adopt(key, number, sealed_by(row));
                    Some(end)
                }
                row if format == Format::Arrow => self.examine(&place, row)?,
                row => self.unknown_parquet(&place, row)?,
            };
            expected = end.unwrap_or(expected);
        }
        self.lost(&folder, rows)
    }

    /// A segment was being put into another form: the file that the manifest names is kept, else the Arrow file, from
    /// which the other one was made.
    fn one_of_two(
        &self,
        folder: &Path,
        (number, one, other): (u64, Format, Format),
        row: Option<&Row>,
    ) -> Result<Format> {
        let kept = row.map_or(Format::Arrow, |row| row.format);
        let gone = if one == kept { other } else { one };
        ops::remove_if_present(self.store, &files::segment(folder, number, gone))?;
        Ok(kept)
    }

    /// Looks into a segment. Gives the index after its last record.
    fn examine(&mut self, place: &Place<'_>, row: Option<Row>) -> Result<Option<u64>> {
        let (store, folder, expected) = (self.store, place.folder, place.expected);
        let mut inspector =
            Inspector { store, folder, row: row.as_ref(), expected, findings: &mut *self.findings };
        let sealed = match inspector.inspect(place.number)? {
            Found::Nothing => {
                if let Some(row) = row {
                    self.lost(folder, [(place.number, row)].into())?;
                }
                return Ok(None);
            }
            Found::Sealed(sealed) => sealed,
            Found::Open(tail) if place.last => {
                self.open(place.key, &tail, row.as_ref());
                return Ok(Some(tail.next()));
            }
            Found::Open(tail) => {
                self.findings.push(format!(
                    "segment {} of {} was not closed although another follows it: records {} to {} are kept",
                    place.number, place.key, tail.records.start, tail.records.end
                ));
                ops::remove_if_present(store, &files::cache(folder, place.number))?;
                close_tail(&tail)?
            }
        };
        let found = Row {
            key: place.key.clone(),
            segment: place.number,
            time: sealed.time,
            records: sealed.records.clone(),
            size: sealed.bytes,
            format: sealed.format,
        };
        let end = found.records.end;
        if row.as_ref() != Some(&found) {
            self.catalog.note(found);
        }
        self.ledger.adopt(place.key, place.number, sealed);
        Ok(Some(end))
    }

    fn open(&mut self, key: &Key, tail: &Tail, row: Option<&Row>) {
        let size = tail.bytes + tail.cache.as_ref().map_or(0, |(_, bytes)| *bytes);
        let found = Row {
            key: key.clone(),
            segment: tail.number,
            time: tail.time.unwrap_or((0, 0)),
            records: tail.records.start..tail.next(),
            size,
            format: Format::Arrow,
        };
        self.ledger.grow(key, size);
        self.ledger.set_open(key, tail.number);
        if row != Some(&found) {
            self.catalog.note(found);
        }
    }

    /// A segment in Parquet that the manifest does not know says itself what it holds.
    #[cfg(feature = "parquet")]
    fn unknown_parquet(&mut self, place: &Place<'_>, row: Option<Row>) -> Result<Option<u64>> {
        let path = files::segment(place.folder, place.number, Format::Parquet);
        let open = crate::stream::segment::parquet::ParquetFile::open(self.store, &path);
        let found = open.and_then(|open| open.inspect().map_err(|e| e.within(path.display())));
        let (records, time) = match found {
            Ok(found) => found,
            Err(e) if e.code() == crate::error::Code::Corrupt => {
                self.findings.push(e.message().to_owned());
                if let Some(row) = row {
                    self.lost(place.folder, [(place.number, row)].into())?;
                }
                return Ok(None);
            }
            Err(e) => return Err(e),
        };
        let size = self.store.metadata(&path)?.map_or(0, |m| m.len);
        let (key, segment, format, end) = (place.key.clone(), place.number, Format::Parquet, records.end);
        let row = Row { key, segment, time, records, size, format };
        self.catalog.note(row.clone());
        self.ledger.adopt(place.key, place.number, sealed_by(row));
        Ok(Some(end))
    }

    /// Only rows of the manifest can say what a segment in Parquet holds.
    #[cfg(not(feature = "parquet"))]
    fn unknown_parquet(&mut self, place: &Place<'_>, row: Option<Row>) -> Result<Option<u64>> {
        let path = files::segment(place.folder, place.number, Format::Parquet);
        self.findings.push(format!("{} is not in the manifest and was left alone", path.display()));
        if let Some(row) = row {
            self.lost(place.folder, [(place.number, row)].into())?;
        }
        Ok(None)
    }

    /// Rows without a file.
    fn lost(&mut self, folder: &Path, rows: BTreeMap<u64, Row>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        for row in rows.values().filter(|row| !row.records.is_empty()) {
            self.findings.push(missing(row, folder).message().to_owned());
        }
        let places: HashSet<_> = rows.into_values().map(|row| (row.key, row.segment)).collect();
        self.catalog.remove(&places.into_iter().collect::<Vec<_>>())
    }
}

struct Place<'a> {
    key: &'a Key,
    folder: &'a Path,
    number: u64,
    expected: u64,
    last: bool,
}

fn sealed_by(row: Row) -> Sealed {
    Sealed { bytes: row.size, records: row.records, time: row.time, format: row.format, replicated: false }
}
