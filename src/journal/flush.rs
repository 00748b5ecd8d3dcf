//! The buffer becomes an object, under a number that no other object has or had.

use super::events::Splitter;
use super::name::{next_number, Batch};
use super::view::{read_list, Names};
use super::{broken, Journal};
use crate::bucket::Put;
use crate::clock::{self, Tick};
use crate::error::{Code, Error, Result};
use std::sync::MutexGuard;

/// Numbers tried for one batch. Each needs another writer that stored one in the same microsecond.
const COLLISIONS: usize = 1000;

/// Names that may be listed after each flush; of more, after every second flush, third …
const MANY: usize = 1000;

/// A put that took so many nanoseconds is looked after in any case.
const SLOW: u64 = 1_000_000_000;

/// The end of what a journal has stored.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// The greatest number known.
    last: Option<u64>,
    /// The first events of the buffer may be stored.
    doubt: Option<Doubt>,
    /// A batch was stored that a power cut may take away.
    unsettled: bool,
    /// Names when they were last listed.
    names: usize,
    /// Flushes since then.
    flushes: usize,
}

/// An attempt whose outcome nobody knows.
#[derive(Clone, Copy, Debug)]
struct Doubt {
    batch: Batch,
    events: usize,
}

impl Journal {
    /// Stores the events that wait as one new object; without any nothing happens. After an error they still wait, and
    /// a later flush stores them.
    pub fn flush(&self) -> Result<()> {
        self.check_open()?;
        let mut tail = self.tail()?;
        self.settle_doubt(&mut tail)?;
        if let Some(doubt) = tail.doubt {
            self.store(&mut tail, Some(doubt.batch), doubt.events)?;
        }
        let waiting = self.buffered()?.ends.len();
        if waiting > 0 {
            self.store(&mut tail, None, waiting)?;
        }
        if tail.unsettled {
            self.bucket
                .settle("")
                .map_err(|e| e.within("events are stored, but a power cut may take them away"))?;
            tail.unsettled = false;
        }
        Ok(())
    }

    pub(super) fn tail(&self) -> Result<MutexGuard<'_, Tail>> {
        self.tail.lock().map_err(|_| broken())
    }

    /// Stores the first `events` of the buffer, under the number of an earlier attempt or a new one.
    fn store(&self, tail: &mut Tail, again: Option<Batch>, events: usize) -> Result<()> {
        let text = self.buffered()?.first(events).to_vec();
        let mut again = again;
        for _ in 0..COLLISIONS {
            let batch = match again.take() {
                Some(batch) => batch,
                None => Batch::single(self.number(tail)?),
            };
            let began = Tick::now();
            match self.bucket.put_new(&batch.to_string(), &text)? {
                // By an earlier attempt of ours that came after all, or by another writer.
                Put::Refused if tail.doubt.is_some() => match self.settle_doubt(tail)? {
                    true => return Ok(()),
                    false => {
                        tail.doubt = None;
                        continue;
                    }
                },
                Put::Refused => continue,
                Put::Unknown(error) => {
                    tail.doubt = Some(Doubt { batch, events });
                    return Err(error);
                }
                Put::Stored => {}
                Put::NotDurable(_) => tail.unsettled = true,
            }
            // From here on it is stored, whatever the next question is answered; it must not be stored again unasked.
            tail.doubt = Some(Doubt { batch, events });
            tail.flushes += 1;
            let due = tail.flushes.saturating_mul(MANY) >= tail.names || began.elapsed_ns() >= SLOW;
            if !due || self.is_kept(tail, batch, &text)? {
                return self.stored(tail);
            }
            tail.doubt = None;
        }
        let place = self.bucket.locate("");
        Err(Error::new(Code::Busy, format!("{place}: {COLLISIONS} numbers in a row were taken: try again")))
    }

    fn number(&self, tail: &mut Tail) -> Result<u64> {
        if tail.last.is_none() {
            // A clock that is behind must not put this batch before those that are there.
            let names = self.names()?;
            (tail.last, tail.names) = (Some(names.last().unwrap_or(0)), names.len());
        }
        let number = next_number(tail.last, clock::unix_micros()).ok_or_else(|| {
            Error::new(Code::Io, format!("{}: no number is left for another batch", self.bucket.locate("")))
        })?;
        tail.last = Some(number);
        Ok(number)
    }

    /// The events in doubt are stored.
    fn stored(&self, tail: &mut Tail) -> Result<()> {
        if let Some(doubt) = tail.doubt.take() {
            self.buffered()?.remove_first(doubt.events);
        }
        Ok(())
    }

    /// A batch that was stored counts: it is seen, or its events are in a compacted object. A number that another
    /// writer used, whose batch was compacted and deleted before ours came, would be taken for that batch and stay hidden.
    fn is_kept(&self, tail: &mut Tail, batch: Batch, text: &[u8]) -> Result<bool> {
        let names = self.names()?;
        (tail.names, tail.flushes) = (names.len(), 0);
        if names.batches.contains_key(&batch) && !self.is_listed(&names, batch)? {
            return Ok(true);
        }
        self.is_compacted(&names, batch, text)
    }

    /// A list that counts names the batch.
    fn is_listed(&self, names: &Names, batch: Batch) -> Result<bool> {
        for of in names.active().filter(|of| covers(of, batch)) {
            if read_list(&*self.bucket, of)?.is_some_and(|merged| merged.contains(&batch)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The events of a batch stand, one after another, in a compacted object that its number may be in.
    fn is_compacted(&self, names: &Names, batch: Batch, text: &[u8]) -> Result<bool> {
        for of in names.batches.keys().filter(|of| of.to.is_some() && covers(of, batch)) {
            if self.holds(*of, text)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn holds(&self, object: Batch, text: &[u8]) -> Result<bool> {
        let wanted: Vec<&[u8]> = text.split(|c| *c == b'\n').filter(|line| !line.is_empty()).collect();
        let Some(mut source) = self.bucket.open(&object.to_string())? else { return Ok(false) };
        // Of each place where the events may begin, how many have been met.
        let (mut met, mut found): (Vec<usize>, bool) = (Vec::new(), false);
        let mut each = |event: &[u8]| {
            met.push(0);
            met.retain_mut(|n| {
                let fits = wanted.get(*n) == Some(&event);
                *n += 1;
                found |= fits && *n == wanted.len();
                fits
            });
            Ok(())
        };
        let mut splitter = Splitter::default();
        loop {
            let piece = source.next()?;
            if piece.is_empty() {
                splitter.end(&mut each)?;
                return Ok(found);
            }
            splitter.piece(&piece, &mut each)?;
        }
    }

    /// Finds out what became of an attempt whose outcome was unknown, and says whether its events are stored.
    pub(super) fn settle_doubt(&self, tail: &mut Tail) -> Result<bool> {
        let Some(Doubt { batch, events }) = tail.doubt else { return Ok(false) };
        let text = self.buffered()?.first(events).to_vec();
        let names = self.names()?;
        let same = |found: Option<(Vec<u8>, _)>| found.is_some_and(|(bytes, _)| bytes == text);
        let listed = self.is_listed(&names, batch)?;
        let there = names.batches.contains_key(&batch);
        if there && !listed && same(self.bucket.get(&batch.to_string())?)
            || self.is_compacted(&names, batch, &text)?
        {
            return self.stored(tail).map(|()| true);
        }
        // Taken by another writer, now or before: the next attempt is another object. Otherwise it is the same one, in
        // case the first comes after all.
        if there || listed {
            tail.doubt = None;
        }
        Ok(false)
    }

    /// The attempt in doubt may be among these names.
    pub(super) fn in_doubt_among(tail: &Tail, names: &Names) -> bool {
        let may = |batch: Batch| names.batches.keys().any(|of| *of == batch || covers(of, batch));
        tail.doubt.is_some_and(|doubt| may(doubt.batch))
    }
}

fn covers(of: &Batch, batch: Batch) -> bool {
    of.first <= batch.first && batch.first <= of.last()
}
