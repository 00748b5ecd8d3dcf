//! Keeps the store within its quotas, oldest segments first, always before the write that would exceed them.

use crate::clock::unix_seconds;
use crate::error::{Code, Error, Result};
use crate::hotlog::HotLog;
use crate::store::{ops, Create};
use crate::stream::catalog::{Key, Place, Row};
use crate::stream::files;
use crate::stream::ledger::Bounds;
use crate::stream::partition::{Files, Life, Partition, Segment, State};
use crate::stream::segment::encode::{Encoder, MAGIC};
use crate::stream::segment::SegmentReader;
use crate::stream::shared::{count, locked, Shared};
use crate::stream::view::{Format, SegmentMeta};
use arrow_schema::{DataType, Field, Schema};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::Arc;

impl Shared {
    fn bounds(&self) -> Bounds {
        Bounds {
            partition_bytes: self.options.partition_bytes,
            partition_segments: self.options.partition_segments,
            store_bytes: self.options.store_bytes,
            keep_waiting: self.options.replicate && !self.options.drop_waiting,
        }
    }

    /// Makes room for so many bytes of a partition and counts them as taken. [`Code::Overloaded`] if there is not
    /// enough to drop.
    pub fn make_room(&self, key: &Key, bytes: u64) -> Result<()> {
        let _one = locked(&self.retention);
        let bounds = self.bounds();
        let (victims, fits) = self.ledger().beyond_partition(key, bytes, &bounds);
        if !fits {
            return Err(no_room(&format!("partition {key}"), bounds.partition_bytes));
        }
        let dropped = self.drop_segments(&victims)?;
        let (victims, fits) = self.ledger().beyond_store(bytes, &bounds);
        if !fits || !dropped || !self.drop_segments(&victims)? {
            return Err(no_room("store", bounds.store_bytes));
        }
        self.ledger().grow(key, bytes);
        Ok(())
    }

    /// Keeps the bounds of a partition after a segment was closed.
    pub fn after_roll(&self, partition: &Partition) {
        count(&self.counters.rolls, 1);
        let _one = locked(&self.retention);
        let (victims, _) = self.ledger().beyond_partition(&partition.key, 0, &self.bounds());
        if let Err(e) = self.drop_segments(&victims) {
            self.note_error(&e);
        }
    }

    /// Keeps all bounds.
    pub fn retain_all(self: &Arc<Self>) -> Result<()> {
        let limit = self.oldest_allowed();
        if let Some(limit) = limit {
            self.close_older_than(limit)?;
        }
        let _one = locked(&self.retention);
        let bounds = self.bounds();
        if let Some(limit) = limit {
            let victims = self.ledger().older_than(limit, &bounds);
            self.drop_segments(&victims)?;
        }
        let keys: Vec<Key> = self.ledger().parts().keys().cloned().collect();
        for key in keys {
            let (victims, _) = self.ledger().beyond_partition(&key, 0, &bounds);
            self.drop_segments(&victims)?;
        }
        let (victims, _) = self.ledger().beyond_store(0, &bounds);
        self.drop_segments(&victims).map(drop)
    }

    /// Times before this are too old, milliseconds since 1970.
    fn oldest_allowed(&self) -> Option<i64> {
        let age = i64::try_from(self.options.max_age.as_millis()).unwrap_or(i64::MAX);
        let now = i64::try_from(unix_seconds()).unwrap_or(i64::MAX).saturating_mul(1000);
        (age > 0).then(|| now.saturating_sub(age))
    }

    /// Open segments that are too old as a whole are closed, so that they can go.
    fn close_older_than(self: &Arc<Self>, limit: i64) -> Result<()> {
        for key in self.keys_of_open_segments() {
            let partition = self.partition(&key)?;
            let Some(state) = self.state(&partition)? else { continue };
            let old = state.active.as_ref().and_then(|a| a.time).is_some_and(|time| time.1 < limit);
            drop(state);
            if old {
                self.close_active(&partition)?;
            }
        }
        Ok(())
    }

    /// Drops closed segments: first from the manifest, so that a crash in between leaves files to be found again, never
    /// rows without a file. Says whether none had to stay. The caller has `retention`.
    fn drop_segments(&self, places: &[Place]) -> Result<bool> {
        if places.is_empty() {
            return Ok(true);
        }
        let stay = self.keep_indices(places)?;
        let gone: Vec<Place> = places.iter().filter(|place| !stay.contains(place)).cloned().collect();
        self.catalog.remove(&gone)?;
        let manifest = self.catalog.size()?;
        self.ledger().set_manifest(manifest);
        for place in &gone {
            let format = self.ledger().part(&place.0).and_then(|p| p.sealed.get(&place.1)).map(|s| s.format);
            let folder = files::partition(&self.dir, &place.0)?;
            let path = files::segment(&folder, place.1, format.unwrap_or(Format::Arrow));
            ops::remove_if_present(&*self.store, &path)?;
            if let Some(sealed) = self.ledger().drop_segment(place) {
                count(&self.counters.dropped_segments, 1);
                count(&self.counters.dropped_rows, sealed.records.end - sealed.records.start);
            }
        }
        Ok(stay.is_empty())
    }

    /// A partition that loses its last segment gets an empty one, which remembers the index of the next record. Gives
    /// the segments that must stay: those before rows that no file has yet.
    fn keep_indices(&self, places: &[Place]) -> Result<Vec<Place>> {
        let mut stay = Vec::new();
        let mut by_key: BTreeMap<&Key, Vec<u64>> = BTreeMap::new();
        places.iter().for_each(|(key, number)| by_key.entry(key).or_default().push(*number));
        for (key, numbers) in by_key {
            let last = {
                let ledger = self.ledger();
                let Some(part) = ledger.part(key) else { continue };
                let all = part.open.is_none() && part.sealed.keys().all(|number| numbers.contains(number));
                part.sealed.last_key_value().filter(|_| all).map(|(number, sealed)| (*number, sealed.clone()))
            };
            let Some((number, sealed)) = last else { continue };
            let open = self.open_partitions().into_iter().find(|partition| partition.key == *key);
            let mut state = open.as_ref().map(|partition| partition.lock());
            // A writer that is in charge without a segment has nothing left to write, and gets nothing meanwhile.
            let writes = |s: &State| s.life == Life::Open && (s.active.is_some() || s.pending.is_some());
            if state.as_deref().is_some_and(writes) {
                stay.push((key.clone(), number));
                continue;
            }
            let folder = files::partition(&self.dir, key)?;
            let meta = SegmentMeta {
                number,
                path: files::segment(&folder, number, sealed.format),
                format: sealed.format,
                records: sealed.records.clone(),
                time: sealed.time,
                bytes: sealed.bytes,
                sealed: true,
            };
            let schema = match SegmentReader::open(&self.store, &meta) {
                Ok(reader) => reader.schema(),
                // The next batch brings its own columns. What is damaged can be dropped all the same.
                Err(_) => Arc::new(Schema::new(vec![Field::new("time", DataType::Int64, false)])),
            };
            let start = sealed.records.end;
            let encoder = Encoder::new(&schema, start)?;
            let head = [&MAGIC, encoder.head()].concat();
            let path = files::segment(&folder, number + 1, Format::Arrow);
            let file = self.store.open_append(&path, Create::IfMissing)?;
            if file.metadata()?.len > 0 {
                file.set_len(0)?;
            }
            let mut log = HotLog::new(file, 0);
            log.append(&head)?;
            if self.options.sync {
                log.sync()?;
                self.store.sync_dir(&folder)?;
            }
            {
                let mut ledger = self.ledger();
                ledger.grow(key, head.len() as u64);
                ledger.set_open(key, number + 1);
            }
            self.catalog.note(Row {
                key: key.clone(),
                segment: number + 1,
                time: (0, 0),
                records: start..start,
                size: head.len() as u64,
                format: Format::Arrow,
            });
            self.catalog.flush()?;
            if let (Some(state), Some(partition)) = (state.as_deref_mut(), &open) {
                if state.life == Life::Open {
                    let mut segment = Segment::new(number + 1, schema, start);
                    segment.bytes = head.len() as u64;
                    state.active = Some(segment);
                    state.next_number = number + 2;
                    *locked(&partition.files) = Some(Files {
                        number: number + 1,
                        log,
                        encoder,
                        frames: Vec::new(),
                        cache: None,
                        unsynced: false,
                        new_name: false,
                        new_folders: false,
                        footed: false,
                    });
                }
            }
        }
        Ok(stay)
    }

    /// The quota is used up by segments that are not closed: has the one used least recently closed, so that it can be
    /// dropped when the caller tries again.
    pub fn make_others_close(self: &Arc<Self>, own: &Arc<Partition>) {
        let used = |key: &Key| {
            let open = self.open_partitions().into_iter().find(|p| p.key == *key);
            open.map_or(0, |p| p.used.load(Ordering::Relaxed))
        };
        let keys: Vec<Key> = {
            let ledger = self.ledger();
            let parts = ledger.parts().iter().filter(|(key, p)| p.open.is_some() && **key != own.key);
            parts.map(|(key, _)| key.clone()).collect()
        };
        let Some(key) = keys.into_iter().min_by_key(used) else { return };
        let closing = self.partition(&key).and_then(|partition| {
            let Some(mut state) = self.state(&partition)? else { return Ok(()) };
            state.seal = true;
            if !std::mem::replace(&mut state.writing, true) {
                drop(state);
                self.post(&partition);
            }
            Ok(())
        });
        if let Err(e) = closing {
            self.note_error(&e);
        }
    }
}

fn no_room(what: &str, bytes: u64) -> Error {
    Error::new(
        Code::Overloaded,
        format!(
            "the quota of the {what} ({bytes} bytes) is used up, and there is no closed segment to drop; nothing of \
             the batch was kept, try again"
        ),
    )
}
