//! Reading: everything as of one moment, or what came after a number.

use super::events::{Events, Splitter};
use super::name::Batch;
use super::view::{busy, Merged, View, ATTEMPTS};
use super::{broken, Buffer, Journal};
use crate::error::Result;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

/// What this journal knows from earlier reads.
#[derive(Debug, Default)]
pub(super) struct Follow {
    /// Lists that count.
    lists: BTreeMap<Batch, Merged>,
    /// What was given out by [`Journal::read_from`].
    given: Known,
}

impl Journal {
    /// All events: those of the objects in the order of their first numbers, then those that wait, as of one moment.
    pub fn read(&self) -> Result<Events> {
        self.check_open()?;
        for _ in 0..ATTEMPTS {
            let (view, buffer) = self.view_and_buffer()?;
            let mut events = Events::default();
            if !self.add_all(&view.visible, &mut events)? {
                continue;
            }
            events.next = view.visible.iter().map(|b| b.last().saturating_add(1)).max().unwrap_or(0);
            events.begin(0);
            let mut start = 0;
            for end in buffer.ends {
                events.push(&buffer.bytes[start..end - 1]);
                start = end;
            }
            return Ok(events);
        }
        Err(busy(&*self.bucket))
    }

    /// The stored events with this number or a later one, without those that wait. To go on, give [`Events::next`]: each
    /// event is then given once. One that a slow writer stores late, with a number that was passed already, is given when
    /// it has been compacted; [`Journal::read`] sees it at once.
    ///
    /// Of an object that was compacted meanwhile, what this journal has given out before is left out. Another journal
    /// that begins with a number inside of it gets all of it.
    pub fn read_from(&self, number: u64) -> Result<Events> {
        self.check_open()?;
        for _ in 0..ATTEMPTS {
            let view = self.view()?;
            let mut follow = self.follow.lock().map_err(|_| broken())?;
            let (mut events, mut fresh) = (Events::default(), Vec::new());
            events.next = number;
            let later = view.visible.iter().filter(|batch| batch.last() >= number);
            // What was given out is taken from a copy, in case an object vanishes on the way.
            let mut known = match later.clone().any(|batch| batch.first < number) {
                true => Some(follow.given.clone()),
                false => None,
            };
            let mut gone = false;
            for batch in later {
                let mut all = Events::default();
                if !self.add(*batch, &mut all)? {
                    gone = true;
                    break;
                }
                events.begin(batch.last());
                let known = known.as_mut().filter(|_| batch.first < number);
                fresh.extend(Given::pick(&all, known, |event| events.push(event)));
                events.next = events.next.max(batch.last().saturating_add(1));
            }
            if gone {
                continue;
            }
            if let Some(known) = known {
                follow.given = known;
            }
            for (first, given) in fresh {
                follow.given.entry(first).or_default().push(given);
            }
            return Ok(events);
        }
        Err(busy(&*self.bucket))
    }

    /// What is there, with the lists that are already known.
    pub(super) fn view(&self) -> Result<View> {
        let known = self.follow.lock().map_err(|_| broken())?.lists.clone();
        let view = View::of(&*self.bucket, &known)?;
        self.follow.lock().map_err(|_| broken())?.lists.clone_from(&view.merged);
        Ok(view)
    }

    /// Both as of one moment: nothing is stored by this journal while the names are listed.
    fn view_and_buffer(&self) -> Result<(View, Buffer)> {
        let mut tail = self.tail()?;
        loop {
            let view = self.view()?;
            if Self::in_doubt_among(&tail, &view.names) && self.settle_doubt(&mut tail)? {
                continue;
            }
            return Ok((view, self.buffered()?.clone()));
        }
    }

    /// `false` if one of them is gone.
    fn add_all(&self, batches: &[Batch], events: &mut Events) -> Result<bool> {
        for batch in batches {
            if !self.add(*batch, events)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Adds the events of an object; `false` if it is gone.
    fn add(&self, batch: Batch, events: &mut Events) -> Result<bool> {
        let Some(mut source) = self.bucket.open(&batch.to_string())? else { return Ok(false) };
        events.begin(batch.last());
        let mut splitter = Splitter::default();
        let mut each = |event: &[u8]| {
            events.push(event);
            Ok(())
        };
        loop {
            match source.next() {
                Ok(piece) if piece.is_empty() => break,
                Ok(piece) => splitter.piece(&piece, &mut each)?,
                Err(e) if e.is_missing() => return Ok(false),
                Err(e) => return Err(e),
            }
        }
        splitter.end(&mut each)?;
        Ok(true)
    }
}

/// Events that were given out together. Compaction keeps them together and in order, whatever object they are in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Given {
    count: usize,
    /// Of all of them.
    hash: u64,
}

/// By the hash of the first event.
type Known = HashMap<u64, Vec<Given>>;

impl Given {
    fn of(events: &Events, range: Range<usize>) -> Given {
        let mut hasher = DefaultHasher::new();
        let count = range.len();
        range.for_each(|i| events.get(i).hash(&mut hasher));
        Given { count, hash: hasher.finish() }
    }

    /// Hands on the events of an object that are not known, and takes those that are from what is known. Gives what is
    /// to be known afterwards.
    fn pick(
        all: &Events,
        mut known: Option<&mut Known>,
        mut give: impl FnMut(&[u8]),
    ) -> Option<(u64, Given)> {
        let first = |i: usize| Given::of(all, i..i + 1).hash;
        let mut i = 0;
        while let Some(event) = all.get(i) {
            let candidates = known.as_mut().and_then(|known| known.get_mut(&first(i)));
            let same = |given: &Given| {
                let end = i + given.count;
                end <= all.len() && Given::of(all, i..end) == *given
            };
            let longest = candidates.and_then(|candidates| {
                let same = candidates.iter().enumerate().filter(|(_, given)| same(given));
                let at = same.max_by_key(|(_, given)| given.count)?.0;
                Some(candidates.swap_remove(at))
            });
            match longest {
                Some(given) => i += given.count,
                None => {
                    give(event);
                    i += 1;
                }
            }
        }
        (!all.is_empty()).then(|| (first(0), Given::of(all, 0..all.len())))
    }
}
