//! Takes batches: looks at them, closes the segment where one is due, and keeps them in memory.

use crate::clock::Tick;
use crate::error::{Code, Error, Result};
use crate::stream::batch::{self, Checked};
use crate::stream::catalog::Key;
use crate::stream::partition::{Life, Partition, Segment, State};
use crate::stream::segment::encode::Encoder;
use crate::stream::shared::{count, Room, Shared};
use crate::stream::writer::EAGER;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use std::ops::Range;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

/// How a roll ended.
enum Rolled<'a> {
    /// There is a segment that takes rows, or none at all.
    Ready(MutexGuard<'a, State>),
    /// The partition was closed meanwhile: look it up again.
    Again,
}

impl Shared {
    /// Appends a batch, all or nothing.
    pub fn append(self: &Arc<Self>, key: &Key, batch: RecordBatch) -> Result<Range<u64>> {
        let rows = batch.num_rows() as u64;
        let checked = batch::check(batch)?;
        let largest = self.options.largest_batch();
        if checked.bytes > largest {
            return Err(Error::argument(format!(
                "the batch has {} bytes: one of more than {largest} bytes, a quarter of the quota, cannot be kept; \
                 append it in parts",
                checked.bytes
            )));
        }
        if self.options.threads == 0 {
            // Nobody else gives a sign of life.
            self.heartbeat();
        }
        self.check_owner()?;
        let counters = &self.counters;
        self.check_free_space().inspect_err(|_| count(&counters.refused_batches, 1))?;
        let appended = self.admit(checked.bytes).and_then(|room| self.take(key, &checked, room));
        match &appended {
            Ok(_) => {
                count(&counters.rows, rows);
                count(&counters.batches, 1);
            }
            Err(e) if matches!(e.code(), Code::Overloaded | Code::Io) => {
                count(&counters.shed_batches, 1);
                count(&counters.shed_rows, rows);
            }
            Err(_) => {}
        }
        appended
    }

    fn take(self: &Arc<Self>, key: &Key, checked: &Checked, room: Room<'_>) -> Result<Range<u64>> {
        loop {
            let partition = self.partition(key)?;
            let Some(state) = self.state(&partition)? else { continue };
            let ready = self.ready(&partition, state, checked)?;
            if let Rolled::Ready(state) = ready {
                return self.push(&partition, state, checked, room);
            }
        }
    }

    fn push(
        self: &Arc<Self>,
        partition: &Arc<Partition>,
        mut state: MutexGuard<'_, State>,
        checked: &Checked,
        room: Room<'_>,
    ) -> Result<Range<u64>> {
        let start = state.next;
        let rows = checked.batch.num_rows() as u64;
        if rows == 0 {
            return Ok(start..start);
        }
        if state.active.is_none() {
            let schema = checked.batch.schema();
            // Says now, not in the background, that columns cannot be stored.
            Encoder::new(&schema, start)?;
            state.active = Some(Segment::new(state.next_number, schema, start));
            state.next_number += 1;
            self.ledger().ensure(&partition.key);
        }
        let Some(active) = &mut state.active else { return Err(Error::internal("no segment takes rows")) };
        let before = active.memory;
        active.push(checked);
        room.fill(active.memory - before);
        let eager = active.full() >= EAGER && state.failed.is_none();
        state.next += rows;
        let work = (eager || state.pending.is_some()) && !std::mem::replace(&mut state.writing, true);
        drop(state);
        if work {
            self.post(partition);
        }
        Ok(start..start + rows)
    }

    /// The segment must be closed before a batch with these columns.
    fn is_due(&self, active: &Segment, schema: &SchemaRef) -> bool {
        let age = self.options.roll_age;
        active.schema != *schema
            || active.rows() > self.options.roll_rows
            || active.size() > self.options.segment_bytes()
            || (!age.is_zero() && u128::from(active.since.elapsed_ns()) > age.as_nanos() && active.rows() > 0)
    }

    /// Sets the segment aside for its writer, if that is due and the writer is free within a while.
    fn ready<'a>(
        self: &Arc<Self>,
        partition: &'a Arc<Partition>,
        mut state: MutexGuard<'a, State>,
        checked: &Checked,
    ) -> Result<Rolled<'a>> {
        let schema = checked.batch.schema();
        let (start, mut tried) = (Tick::now(), false);
        loop {
            if state.life != Life::Open {
                return Ok(Rolled::Again);
            }
            if checked.batch.num_rows() == 0
                || !state.active.as_ref().is_some_and(|a| self.is_due(a, &schema))
            {
                return Ok(Rolled::Ready(state));
            }
            if !state.writing && state.pending.is_none() {
                state.pending = state.active.take();
                return Ok(Rolled::Ready(state));
            }
            if !state.writing {
                // What is to be closed could not be written.
                if let (true, Some(failed)) = (tried, &state.failed) {
                    let text = "the batch was not kept, as the rows before it could not be written";
                    return Err(failed.clone().within(text));
                }
                tried = true;
                (state.writing, state.failed) = (true, None);
                drop(state);
                self.post(partition);
                state = partition.lock();
                continue;
            }
            let waited = Duration::from_nanos(start.elapsed_ns());
            let left = self.options.overload_wait.checked_sub(waited).filter(|d| !d.is_zero());
            let Some(left) = left else {
                return Err(Error::new(
                    Code::Overloaded,
                    format!(
                        "partition {}: the disk cannot follow: a segment is full and the one before it is still \
                         being written; nothing of the batch was kept, try again",
                        partition.key
                    ),
                ));
            };
            state = partition.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
