//! The names of a journal's objects. Only names of these shapes are touched or counted.

use std::fmt;

/// Numbers have so many digits.
const DIGITS: usize = 19;

/// The greatest number that fits.
pub const MAX_NUMBER: u64 = 9_999_999_999_999_999_999;

/// Who is compacting.
pub const LEASE: &str = "batch_compacting.lease";

/// An object with events: one batch, or several that were compacted. Sorted by the first number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Batch {
    /// Its number, or that of the first batch in it.
    pub first: u64,
    /// The number of the last batch in it, or one above where that name was taken; `None` for a single batch.
    pub to: Option<u64>,
}

impl Batch {
    /// The batch of a number.
    pub fn single(number: u64) -> Self {
        Batch { first: number, to: None }
    }

    /// Its last number.
    pub fn last(self) -> u64 {
        self.to.unwrap_or(self.first)
    }

    /// The name of the list of what it stands for, if it is compacted.
    pub fn list(self) -> String {
        format!("{}.merged", Stem(self))
    }

    fn parse_stem(stem: &str) -> Option<Batch> {
        let number = |text: &str| {
            let sound = text.len() == DIGITS && text.bytes().all(|c| c.is_ascii_digit());
            sound.then(|| text.parse().ok()).flatten()
        };
        let numbers = stem.strip_prefix("batch_")?;
        match numbers.split_once('-') {
            None => Some(Batch::single(number(numbers)?)),
            Some((first, last)) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Batch { first, to: Some(last) })
            }
        }
    }

    /// The batch that an object's name denotes.
    pub fn parse(name: &str) -> Option<Batch> {
        Self::parse_stem(name.strip_suffix(".jsonl")?)
    }

    /// The compacted batch whose list has this name.
    pub fn parse_list(name: &str) -> Option<Batch> {
        Self::parse_stem(name.strip_suffix(".merged")?).filter(|batch| batch.to.is_some())
    }
}

impl fmt::Display for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.jsonl", Stem(*self))
    }
}

struct Stem(Batch);

impl fmt::Display for Stem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "batch_{:0DIGITS$}", self.0.first)?;
        match self.0.to {
            Some(last) => write!(f, "-{last:0DIGITS$}"),
            None => Ok(()),
        }
    }
}

/// The number of the next batch: the clock, or one more than the last where the clock has not moved on. `None` once
/// all numbers are used.
pub fn next_number(last: Option<u64>, micros: u64) -> Option<u64> {
    let after = last.map_or(Some(0), |last| last.checked_add(1))?;
    Some(micros.max(after)).filter(|number| *number <= MAX_NUMBER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_three_shapes_and_others_are_ignored() {
        let single = Batch::single(1_795_151_293_000_001);
        assert_eq!(single.to_string(), "batch_0001795151293000001.jsonl");
        let range = Batch { first: 7, to: Some(12) };
        assert_eq!(range.to_string(), "batch_0000000000000000007-0000000000000000012.jsonl");
        assert_eq!(range.list(), "batch_0000000000000000007-0000000000000000012.merged");
        for batch in [single, range] {
            assert_eq!(Batch::parse(&batch.to_string()), Some(batch));
        }
        assert_eq!(Batch::parse_list(&range.list()), Some(range));
        for other in [
            "notes.txt",
            "batch_1.jsonl",
            "batch_00000000000000000001.jsonl",
            "batch_+000000000000000001.jsonl",
            "batch_0000000000000000001.json",
            "xbatch_0000000000000000001.jsonl",
            "batch_0000000000000000002-0000000000000000001.jsonl",
            "batch_0000000000000000001-0000000000000000002-0000000000000000003.jsonl",
            "batch_compacted_0000000000000000001.jsonl",
            LEASE,
        ] {
            assert_eq!((Batch::parse(other), Batch::parse_list(other)), (None, None), "{other}");
        }
        assert_eq!(Batch::parse_list("batch_0000000000000000001.merged"), None);
    }

    #[test]
    fn a_number_is_the_clock_or_one_more_than_the_last() {
        assert_eq!(next_number(None, 5), Some(5));
        assert_eq!(next_number(Some(5), 9), Some(9));
        assert_eq!(next_number(Some(9), 9), Some(10), "two in one microsecond");
        assert_eq!(next_number(Some(9), 3), Some(10), "the clock was set back");
        assert_eq!(next_number(Some(MAX_NUMBER), 3), None);
        assert_eq!(next_number(None, u64::MAX), None);
    }
}
