//! Compaction: one object instead of many, with a list of the names that it stands for.
//!
//! The list is stored first; it counts once its object is there, so at that moment, and not before, the originals are
//! hidden. Only then they are deleted. Whatever goes wrong at any time leaves events visible exactly once.

use super::events::Splitter;
use super::lease::Lease;
use super::name::Batch;
use super::view::{busy, list_text, read_list, Names, View};
use super::Journal;
use crate::bucket::{Put, Upload};
use crate::error::{Code, Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// How often a compaction begins anew because an object vanished: each needs another one that was taken for dead.
const ATTEMPTS: usize = 10;

/// Bytes that are gathered before they are handed on.
const GATHER: usize = 1 << 20;

/// What a compaction did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CompactStats {
    /// Objects that were merged; where nothing happened, the objects that are there.
    pub merged: u64,
    /// Events in the new objects.
    pub events: u64,
    /// New objects: more than one where one would be too large.
    pub objects: u64,
    /// Objects and lists that could not be deleted. They stay hidden, and the next compaction tries again.
    pub failed_deletes: u64,
    /// Name of the new object, of the last one if there are several.
    pub key: Option<String>,
}

/// A compaction that holds the lease.
struct Compaction<'a> {
    journal: &'a Journal,
    lease: Lease<'a>,
    stats: CompactStats,
    /// Lists that were left without an object, by one that was interrupted.
    orphans: BTreeMap<Batch, Vec<Batch>>,
}

/// An original was gone when it was to be read.
struct Gone;

impl Journal {
    /// Merges all visible objects into one, or into several of at most [`max_object_bytes`], beside any writers and
    /// readers. With fewer than two nothing happens. [`Code::Busy`] if another compaction is at work.
    ///
    /// [`max_object_bytes`]: super::JournalOptions::max_object_bytes
    pub fn compact(&self) -> Result<CompactStats> {
        self.check_open()?;
        let lease = Lease::take(&*self.bucket, self.options.lease_expiry)?;
        let mut compaction =
            Compaction { journal: self, lease, stats: CompactStats::default(), orphans: BTreeMap::new() };
        let done = compaction.run();
        let Compaction { lease, mut stats, .. } = compaction;
        let released = lease.release();
        done?;
        // A lease that stays is in the way of others until its time is over, though nothing is lost.
        stats.failed_deletes += u64::from(released.is_err());
        Ok(stats)
    }
}

impl Compaction<'_> {
    fn run(&mut self) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let view = self.journal.view()?;
            self.read_orphans(&view.names)?;
            let stuck = self.remove_leftovers(&view)?;
            let visible: Vec<Batch> = view.visible.iter().copied().filter(|b| !stuck.contains(b)).collect();
            if self.merge_groups(&view, &visible)?.is_ok() {
                self.remove_orphans()?;
                if self.stats.key.is_none() && self.stats.merged == 0 {
                    self.stats.merged = view.visible.len() as u64;
                }
                return Ok(());
            }
        }
        Err(busy(&*self.journal.bucket))
    }

    fn read_orphans(&mut self, names: &Names) -> Result<()> {
        self.orphans.clear();
        for of in names.orphans() {
            // One that cannot be read says nothing that could be used again.
            let merged = match read_list(&*self.journal.bucket, of) {
                Err(e) if e.code() == Code::Corrupt => Some(Vec::new()),
                other => other?,
            };
            self.orphans.extend(merged.map(|merged| (of, merged)));
        }
        Ok(())
    }

    /// Deletes what earlier compactions have hidden and not deleted, and what interrupted puts left. Gives the
    /// objects that are still needed to hide something.
    fn remove_leftovers(&mut self, view: &View) -> Result<BTreeSet<Batch>> {
        // What cannot be tidied up is no harm, and no reason not to compact.
        _ = self.journal.bucket.tidy("", self.journal.options.lease_expiry);
        let mut stuck = BTreeSet::new();
        let (single, compacted): (Vec<_>, Vec<_>) = view.hidden.iter().partition(|(b, _)| b.to.is_none());
        for some in [single, compacted] {
            for (batch, by) in &some {
                if stuck.contains(*batch) || !self.delete(&batch.to_string())? {
                    stuck.insert(**by);
                }
            }
            if !some.is_empty() {
                // They must be gone for good before what hides them, an object with its list, can be.
                self.journal.bucket.settle("")?;
            }
        }
        for batch in view.hidden.keys().filter(|batch| batch.to.is_some() && !stuck.contains(batch)) {
            self.delete(&batch.list())?;
        }
        Ok(stuck)
    }

    fn remove_orphans(&mut self) -> Result<()> {
        for of in std::mem::take(&mut self.orphans).into_keys() {
            self.delete(&of.list())?;
        }
        Ok(())
    }

    fn merge_groups(&mut self, view: &View, visible: &[Batch]) -> Result<std::result::Result<(), Gone>> {
        for group in self.groups(view, visible)? {
            if self.merge(view, &group)?.is_err() {
                return Ok(Err(Gone));
            }
        }
        Ok(Ok(()))
    }

    /// Neighbours that fit into one object; those that have no neighbour stay as they are.
    fn groups(&self, view: &View, visible: &[Batch]) -> Result<Vec<Vec<Batch>>> {
        let limit = self.journal.options.max_object_bytes;
        let (mut groups, mut total): (Vec<Vec<Batch>>, u64) = (Vec::new(), 0);
        for batch in visible {
            let size = match view.names.batches.get(batch).copied().flatten() {
                Some(size) => size,
                None => self.journal.bucket.size(&batch.to_string())?.unwrap_or(0),
            };
            total = total.saturating_add(size);
            match groups.last_mut() {
                Some(group) if total <= limit => group.push(*batch),
                _ => {
                    groups.push(vec![*batch]);
                    total = size;
                }
            }
        }
        groups.retain(|group| group.len() > 1);
        Ok(groups)
    }

    fn merge(&mut self, view: &View, group: &[Batch]) -> Result<std::result::Result<(), Gone>> {
        self.lease.hold()?;
        let Some(into) = self.store_list(view, group)? else { return Err(self.no_name()) };
        let bucket = &*self.journal.bucket;
        let mut upload = bucket.upload(&into.to_string())?;
        let Some(events) = self.copy(group, &mut *upload)? else {
            drop(upload);
            self.delete(&into.list())?;
            return Ok(Err(Gone));
        };
        if events == 0 {
            // Nothing in any of them.
            drop(upload);
            self.delete(&into.list())?;
        } else {
            self.lease.hold()?;
            match upload.finish()? {
                Put::Stored => {}
                // Of an earlier attempt with the same list, and so with the same events.
                Put::Refused => {}
                Put::NotDurable(_) => bucket.settle("")?,
                Put::Unknown(error) => return Err(error),
            }
            self.stats.key = Some(into.to_string());
            self.stats.objects += 1;
        }
        self.stats.merged += group.len() as u64;
        self.stats.events += events;
        self.delete_originals(group)?;
        Ok(Ok(()))
    }

    /// Stores the list of an object that is to be made, under a name that no other object has or may still get.
    fn store_list(&mut self, view: &View, group: &[Batch]) -> Result<Option<Batch>> {
        let bucket = &*self.journal.bucket;
        let first = group.iter().map(|b| b.first).min().unwrap_or(0);
        let last = group.iter().map(|b| b.last()).max().unwrap_or(0);
        // A batch that came late lies inside the range of an object that has that name already.
        for last in last..last.saturating_add(1000) {
            let into = Batch { first, to: Some(last) };
            if view.names.batches.contains_key(&into) {
                continue;
            }
            match self.orphans.get(&into) {
                // Whoever stored it, dead or not, can only store the same object.
                Some(merged) if merged == group => {
                    self.orphans.remove(&into);
                    return Ok(Some(into));
                }
                Some(_) => continue,
                None => {}
            }
            match bucket.put_new(&into.list(), &list_text(group))? {
                Put::Stored => {}
                Put::NotDurable(_) => bucket.settle("")?,
                // By another one, or by ours that was asked for twice on the way.
                Put::Refused if read_list(bucket, into)?.as_deref() == Some(group) => {}
                Put::Refused => continue,
                Put::Unknown(error) => return Err(error),
            }
            return Ok(Some(into));
        }
        Ok(None)
    }

    /// Copies the events of a group, and counts them; `None` if an object is gone.
    fn copy(&mut self, group: &[Batch], upload: &mut dyn Upload) -> Result<Option<u64>> {
        let (mut events, mut gathered) = (0, Vec::new());
        for batch in group {
            let Some(mut source) = self.journal.bucket.open(&batch.to_string())? else { return Ok(None) };
            let mut splitter = Splitter::default();
            let mut each = |event: &[u8]| {
                events += 1;
                gathered.extend_from_slice(event);
                gathered.push(b'\n');
                if gathered.len() >= GATHER {
                    upload.write(&gathered)?;
                    gathered.clear();
                }
                Ok(())
            };
            loop {
                match source.next() {
                    Ok(piece) if piece.is_empty() => break,
                    Ok(piece) => splitter.piece(&piece, &mut each)?,
                    Err(e) if e.is_missing() => return Ok(None),
                    Err(e) => return Err(e),
                }
                if self.lease.is_due() {
                    self.lease.hold()?;
                }
            }
            splitter.end(&mut each)?;
        }
        if !gathered.is_empty() {
            upload.write(&gathered)?;
        }
        Ok(Some(events))
    }

    fn delete_originals(&mut self, group: &[Batch]) -> Result<()> {
        for batch in group {
            self.delete(&batch.to_string())?;
        }
        // What these lists hid was gone for good before the new list was stored.
        for batch in group.iter().filter(|batch| batch.to.is_some()) {
            self.delete(&batch.list())?;
        }
        Ok(())
    }

    /// Deletes an object, if the lease is still ours. A failure is counted; says whether it is gone.
    fn delete(&mut self, name: &str) -> Result<bool> {
        self.lease.hold()?;
        let deleted = self.journal.bucket.delete(name);
        self.stats.failed_deletes += u64::from(deleted.is_err());
        Ok(deleted.is_ok())
    }

    fn no_name(&self) -> Error {
        let place = self.journal.bucket.locate("");
        Error::new(Code::Busy, format!("cannot compact {place}: too many names are taken; try again"))
    }
}
