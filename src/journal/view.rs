//! What is there, as of one moment: which objects are visible, and which are hidden by a list.
//!
//! A list of names is not of one moment: a compaction may store and delete while it is made. So it is made twice, and
//! counts when no compacted object and no list came or went in between and nothing visible vanished.

use super::name::Batch;
use crate::bucket::Bucket;
use crate::error::{Code, Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How often a list is made again because a compaction was at work, or an object vanished before it was read.
pub const ATTEMPTS: usize = 200;

/// The names that a compacted object stands for, in the order in which they were merged.
pub type Merged = Arc<Vec<Batch>>;

/// One list of the names in a journal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Names {
    /// Objects with events, with their size where the list says it.
    pub batches: BTreeMap<Batch, Option<u64>>,
    /// Compacted objects that a list of what they stand for is there for, whether they are there or not.
    pub lists: BTreeSet<Batch>,
}

impl Names {
    /// Asks the bucket.
    pub fn of(bucket: &dyn Bucket) -> Result<Names> {
        let mut names = Names::default();
        for object in bucket.list("")? {
            if let Some(batch) = Batch::parse(&object.name) {
                names.batches.insert(batch, object.size);
            } else if let Some(batch) = Batch::parse_list(&object.name) {
                names.lists.insert(batch);
            }
        }
        Ok(names)
    }

    /// How many names.
    pub fn len(&self) -> usize {
        self.batches.len() + self.lists.len()
    }

    /// The greatest number.
    pub fn last(&self) -> Option<u64> {
        self.batches.keys().map(|batch| batch.last()).max()
    }

    /// The lists that count: their object exists.
    pub fn active(&self) -> impl Iterator<Item = Batch> + '_ {
        self.lists.iter().copied().filter(|batch| self.batches.contains_key(batch))
    }

    /// The lists without their object.
    pub fn orphans(&self) -> impl Iterator<Item = Batch> + '_ {
        self.lists.iter().copied().filter(|batch| !self.batches.contains_key(batch))
    }

    fn compacted(&self) -> impl Iterator<Item = &Batch> {
        self.batches.keys().filter(|batch| batch.to.is_some())
    }
}

/// The content of a list; `None` if there is none.
pub fn read_list(bucket: &dyn Bucket, of: Batch) -> Result<Option<Vec<Batch>>> {
    let Some((text, _)) = bucket.get(&of.list())? else { return Ok(None) };
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let parsed = lines.map(|line| {
        let broken = || {
            let place = bucket.locate(&of.list());
            Error::new(Code::Corrupt, format!("{place}: {line:?} is not the name of an object of a journal"))
        };
        Batch::parse(line).ok_or_else(broken)
    });
    parsed.collect::<Result<_>>().map(Some)
}

/// The text of a list.
pub fn list_text(of: &[Batch]) -> Vec<u8> {
    of.iter().flat_map(|batch| format!("{batch}\n").into_bytes()).collect()
}

/// The visible and the hidden, as of one moment.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// All names.
    pub names: Names,
    /// What each list that counts says.
    pub merged: BTreeMap<Batch, Merged>,
    /// Objects to be read, by first number.
    pub visible: Vec<Batch>,
    /// Objects that are there and hidden, with the compacted object that stands for them.
    pub hidden: BTreeMap<Batch, Batch>,
}

impl View {
    /// Asks the bucket. `known` are lists read before: a list that counts never changes.
    pub fn of(bucket: &dyn Bucket, known: &BTreeMap<Batch, Merged>) -> Result<View> {
        let mut before = Names::of(bucket)?;
        for _ in 0..ATTEMPTS {
            let now = Names::of(bucket)?;
            let same = before.lists == now.lists && before.compacted().eq(now.compacted());
            if same {
                if let Some(view) = View::made(bucket, &before, &now, known)? {
                    return Ok(view);
                }
            }
            before = now;
        }
        Err(busy(bucket))
    }

    /// `None` if the two lists are not of one moment after all.
    fn made(
        bucket: &dyn Bucket,
        before: &Names,
        now: &Names,
        known: &BTreeMap<Batch, Merged>,
    ) -> Result<Option<View>> {
        let mut view = View { names: now.clone(), ..View::default() };
        for batch in now.active() {
            let merged = match known.get(&batch) {
                Some(merged) => Arc::clone(merged),
                None => match read_list(bucket, batch)? {
                    Some(merged) => Arc::new(merged),
                    None => return Ok(None),
                },
            };
            view.merged.insert(batch, merged);
        }
        let hidden_by: BTreeMap<Batch, Batch> =
            view.merged.iter().flat_map(|(by, merged)| merged.iter().map(move |name| (*name, *by))).collect();
        if before.batches.keys().any(|b| !now.batches.contains_key(b) && !hidden_by.contains_key(b)) {
            return Ok(None);
        }
        // What was stored while the lists were made is of a later moment, unless something after it was there before.
        let end = before.batches.keys().map(|b| b.first).max();
        for batch in now.batches.keys().filter(|b| Some(b.first) <= end) {
            match hidden_by.get(batch) {
                Some(by) if by != batch => _ = view.hidden.insert(*batch, *by),
                _ => view.visible.push(*batch),
            }
        }
        Ok(Some(view))
    }
}

/// Nothing but change.
pub fn busy(bucket: &dyn Bucket) -> Error {
    let place = bucket.locate("");
    Error::new(Code::Busy, format!("{place} kept changing while it was read: try again"))
}
