//! Which parts of a buffer are pointed to, and where they come to lie when only those are kept.

use std::ops::Range;

/// Parts of buffers, each with the number of its buffer; sorted, and none touching another of the same buffer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Spans(Vec<(usize, Range<usize>)>);

impl Spans {
    /// Parts in any order, which may overlap. Empty ones are left out.
    pub fn of(parts: impl Iterator<Item = (usize, Range<usize>)>) -> Spans {
        let mut spans = Spans::default();
        let mut sorted = true;
        for (buffer, part) in parts.filter(|(_, part)| !part.is_empty()) {
            // What builders make comes in order: then nothing has to be sorted, and it is one span.
            if let Some((last, span)) = spans.0.last_mut() {
                if *last == buffer && span.start <= part.start && part.start <= span.end {
                    span.end = span.end.max(part.end);
                    continue;
                }
                sorted &= (*last, span.start) <= (buffer, part.start);
            }
            spans.0.push((buffer, part));
        }
        if !sorted {
            spans.0.sort_unstable_by_key(|(buffer, span)| (*buffer, span.start));
            spans = Spans::of(spans.0.into_iter());
        }
        spans
    }

    /// All of them together.
    pub fn total(&self) -> usize {
        self.0.iter().map(|(_, span)| span.len()).sum()
    }

    /// They are the whole of one buffer of so many bytes and no other.
    pub fn are_all_of(&self, mut buffers: impl ExactSizeIterator<Item = usize>) -> bool {
        match (&self.0[..], buffers.len()) {
            ([], 0) => true,
            ([(0, span)], 1) => buffers.next().is_some_and(|len| *span == (0..len)),
            _ => false,
        }
    }

    /// The spans, in order.
    pub fn iter(&self) -> impl Iterator<Item = &(usize, Range<usize>)> {
        self.0.iter()
    }

    /// Which span a place in a buffer is in.
    pub fn find(&self, buffer: usize, at: usize) -> Option<usize> {
        let after = self.0.partition_point(|(b, span)| (*b, span.start) <= (buffer, at));
        let found = after.checked_sub(1)?;
        let (b, span) = &self.0[found];
        (*b == buffer && span.contains(&at)).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parts: &[(usize, Range<usize>)]) -> Spans {
        Spans::of(parts.iter().cloned())
    }

    #[test]
    fn parts_that_touch_are_one_in_whatever_order_they_come() {
        let expected = [(0, 2..9), (0, 10..11), (1, 0..4)];
        let parts =
            [(1, 0..2), (0, 4..6), (0, 2..5), (0, 10..11), (1, 2..4), (0, 6..9), (0, 3..4), (0, 7..7)];
        for turn in 0..parts.len() {
            let mut parts = parts.to_vec();
            parts.rotate_left(turn);
            let spans = of(&parts);
            assert_eq!(spans.iter().cloned().collect::<Vec<_>>(), expected);
            assert_eq!(spans.total(), 12);
        }
        assert_eq!(of(&[]).total(), 0);
    }

    #[test]
    fn a_place_is_found_in_its_span_alone() {
        let spans = of(&[(0, 2..9), (0, 10..11), (2, 0..4)]);
        let found = [(0, 1), (0, 2), (0, 8), (0, 9), (0, 10), (0, 11), (1, 0), (2, 0), (2, 3), (2, 4)];
        let found = found.map(|(buffer, at)| spans.find(buffer, at));
        assert_eq!(found, [None, Some(0), Some(0), None, Some(1), None, None, Some(2), Some(2), None]);
    }

    #[test]
    fn spans_are_the_whole_of_one_buffer_or_not() {
        assert!(of(&[(0, 0..3), (0, 3..5)]).are_all_of([5].into_iter()));
        assert!(!of(&[(0, 0..5)]).are_all_of([6].into_iter()));
        assert!(!of(&[(0, 0..5)]).are_all_of([5, 0].into_iter()));
        assert!(!of(&[(0, 1..5)]).are_all_of([5].into_iter()));
        assert!(of(&[]).are_all_of([].into_iter()) && !of(&[]).are_all_of([0].into_iter()));
    }
}
