//! Has rows written and told to the manifest; and shows what there is.

use crate::error::{Error, Result};
use crate::stream::catalog::Key;
use crate::stream::files;
use crate::stream::ledger::Sealed;
use crate::stream::partition::{Life, Partition, State};
use crate::stream::shared::{count, Shared};
use crate::stream::view::{Format, PartitionView, SegmentMeta, Want};
use crate::stream::Finished;
use std::path::Path;
use std::sync::{Arc, PoisonError};

impl Shared {
    /// What happens by itself, again and again.
    pub fn tick(self: &Arc<Self>) {
        self.heartbeat();
        if self.check_owner().is_err() {
            return;
        }
        self.look_at_free_space();
        if !self.options.checkpoint.is_zero() {
            // Writers have counted their own failures.
            if let Err(e) = self.checkpoint_all().1 {
                self.note_error(&e);
            }
        }
        if !self.options.max_age.is_zero() {
            if let Err(e) = self.retain_all() {
                self.note_error(&e);
            }
        }
    }

    /// Writes and records all rows that were taken before.
    pub fn checkpoint(self: &Arc<Self>) -> Result<()> {
        self.heartbeat();
        self.check_owner()?;
        let (written, recorded) = self.checkpoint_all();
        if let Err(e) = &recorded {
            self.note_error(e);
        }
        written.and(recorded)
    }

    /// What became of the rows, and of the manifest.
    fn checkpoint_all(self: &Arc<Self>) -> (Result<()>, Result<()>) {
        let mut waiting = Vec::new();
        for partition in self.open_partitions() {
            let mut state = partition.lock();
            if state.life != Life::Open || !state.is_dirty() {
                continue;
            }
            let target = state.next;
            state.wanted = target;
            let posted = !std::mem::replace(&mut state.writing, true);
            if posted {
                state.failed = None;
                drop(state);
                self.post(&partition);
            } else {
                drop(state);
            }
            waiting.push((partition, target, posted));
        }
        let mut written = Ok(());
        for (partition, target, posted) in waiting {
            let done = move |state: &State| state.recorded >= target;
            let outcome = self.drive(&partition, posted, &done);
            written = written.and(outcome);
        }
        let recorded = self.flush_catalog().map(|some| {
            if some {
                count(&self.counters.checkpoints, 1);
            }
        });
        (written, recorded)
    }

    /// Waits until a partition is as it should be, and has a writer try once more if the one in charge stops before.
    fn drive(
        self: &Arc<Self>,
        partition: &Arc<Partition>,
        mut posted: bool,
        done: &dyn Fn(&State) -> bool,
    ) -> Result<()> {
        let mut state = partition.lock();
        loop {
            if state.life != Life::Open || done(&state) {
                return Ok(());
            }
            if state.writing {
                state = partition.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            if std::mem::replace(&mut posted, true) {
                let unknown = || Error::internal(format!("the writer of {} has stopped", partition.key));
                return Err(state.failed.clone().unwrap_or_else(unknown));
            }
            (state.writing, state.failed) = (true, None);
            drop(state);
            self.post(partition);
            state = partition.lock();
        }
    }

    /// Has the open segment of a partition closed.
    pub fn close_active(self: &Arc<Self>, partition: &Arc<Partition>) -> Result<()> {
        {
            let mut state = partition.lock();
            if state.life != Life::Open {
                return Ok(());
            }
            state.seal = state.active.as_ref().is_some_and(|active| active.rows() > 0);
        }
        self.drive(partition, false, &|state: &State| !state.seal && state.pending.is_none())
    }

    /// The partitions that have an open segment on disk.
    pub fn keys_of_open_segments(&self) -> Vec<Key> {
        let ledger = self.ledger();
        ledger.parts().iter().filter(|(_, part)| part.open.is_some()).map(|(key, _)| key.clone()).collect()
    }

    /// Closes all segments.
    pub fn close_all(self: &Arc<Self>) -> Result<()> {
        self.check_owner()?;
        let mut outcome = Ok(());
        for partition in self.open_partitions() {
            let closed = self.close_active(&partition);
            outcome = outcome.and(closed);
        }
        // Those that were let go while they had an open segment.
        for key in self.keys_of_open_segments() {
            let closed = self.partition(&key).and_then(|partition| {
                let open = self.state(&partition)?.is_some();
                if open {
                    self.close_active(&partition)
                } else {
                    Ok(())
                }
            });
            outcome = outcome.and(closed);
        }
        let flushed = self.flush_catalog().map(drop);
        outcome.and(flushed)
    }

    /// A partition as of one moment; `None` if there is no such partition.
    pub fn view(self: &Arc<Self>, key: &Key, want: &Want) -> Result<Option<PartitionView>> {
        loop {
            let Some(partition) = self.existing(key)? else { return Ok(None) };
            let Some(state) = self.state(&partition)? else { continue };
            return Ok(self.view_of(&partition, &state, want));
        }
    }

    fn view_of(&self, partition: &Partition, state: &State, want: &Want) -> Option<PartitionView> {
        let (key, folder) = (&partition.key, &partition.folder);
        let mut first = state.next;
        let mut segments = Vec::new();
        {
            let ledger = self.ledger();
            let part = ledger.part(key)?;
            for (number, sealed) in part.sealed.iter().filter(|(_, s)| !s.records.is_empty()) {
                first = first.min(sealed.records.start);
                if want.meets(&sealed.records, sealed.time) {
                    segments.push(closed(folder, *number, sealed));
                }
            }
        }
        let mut unsaved = Vec::new();
        for segment in state.open_segments() {
            if segment.rows() > 0 {
                first = first.min(segment.start);
            }
            let (records, time) = (segment.start..segment.saved, segment.time.unwrap_or((0, 0)));
            if !records.is_empty() && want.meets(&records, time) {
                segments.push(SegmentMeta {
                    number: segment.number,
                    path: files::segment(folder, segment.number, Format::Arrow),
                    format: Format::Arrow,
                    records,
                    time,
                    bytes: segment.bytes,
                    sealed: false,
                });
            }
            if want.meets(&(segment.saved..segment.end), time) {
                unsaved.extend(segment.unsaved());
            }
        }
        let (topic, name) = (key.topic.clone(), key.partition.clone());
        Some(PartitionView { topic, partition: name, first, next: state.next, segments, unsaved })
    }

    /// Closed segments that were not replicated, oldest first.
    pub fn finished(&self) -> Result<Vec<Finished>> {
        let ledger = self.ledger();
        let mut found = Vec::new();
        for (key, part) in ledger.parts() {
            let folder = files::partition(&self.dir, key)?;
            let waiting = part.sealed.iter().filter(|(_, s)| !s.replicated && !s.records.is_empty());
            found.extend(waiting.map(|(number, sealed)| Finished {
                topic: key.topic.clone(),
                partition: key.partition.clone(),
                segment: closed(&folder, *number, sealed),
            }));
        }
        found.sort_by_key(|finished| finished.segment.time.0);
        Ok(found)
    }
}

fn closed(folder: &Path, number: u64, sealed: &Sealed) -> SegmentMeta {
    SegmentMeta {
        number,
        path: files::segment(folder, number, sealed.format),
        format: sealed.format,
        records: sealed.records.clone(),
        time: sealed.time,
        bytes: sealed.bytes,
        sealed: true,
    }
}
