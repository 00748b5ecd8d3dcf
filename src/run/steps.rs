//! The steps of a metric's cold rows (format §7).

use crate::error::{Code, Error, Result};
use crate::json;
use smallvec::SmallVec;
use std::ops::Range;

/// Where the steps of a metric are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Indices {
    /// In the manifest.
    List(SegmentList),
    /// In `<metric>.indices`, u32 each.
    File,
}

/// Steps start, start + step, start + 2·step, … before stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Segment {
    /// First step.
    pub start: u64,
    /// Distance of the steps, at least 1.
    pub step: u64,
    /// Where they end, this one not included; `None` for an open segment, which goes on for as long as there are
    /// values.
    pub stop: Option<u64>,
    /// The stop is written as the last key, because an open segment was closed where it stood.
    pub stop_last: bool,
}

/// Segments in order, without overlap. The methods take the number `n` of complete values in the value file: a
/// list may describe more rows than that and still maps each value to its step.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SegmentList {
    /// Nearly always it is one, which needs no memory of its own.
    segments: SmallVec<[Placed; 1]>,
}

/// A segment in its list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Placed {
    segment: Segment,
    /// Rows described before it: a row or a step is found by bisection.
    before: u64,
}

/// Steps are u32, so there can be no more rows.
const MAX_ROWS: u64 = 1 << 32;
/// The largest number admitted in a segment, so that sums stay within u64.
const MAX_NUMBER: u64 = 1 << 62;

impl Segment {
    /// A segment without end.
    pub fn open(start: u64, step: u64) -> Self {
        Segment { start, step, stop: None, stop_last: false }
    }

    /// A segment up to but without `stop`.
    pub fn closed(start: u64, stop: u64, step: u64) -> Self {
        Segment { start, step, stop: Some(stop), stop_last: false }
    }

    /// What is wrong with it by itself.
    fn objection(&self) -> Option<&'static str> {
        let numbers = [self.start, self.step, self.stop.unwrap_or(0)];
        if numbers.iter().any(|n| *n > MAX_NUMBER) {
            Some("a number is too large")
        } else if self.step == 0 {
            Some("the step must be at least 1")
        } else if self.stop.is_some_and(|stop| stop <= self.start) {
            Some("the stop must be beyond the start")
        } else if self.start.max(self.step_of(self.rows().unwrap_or(1) - 1)) >= MAX_ROWS {
            Some("a step must be at most 4294967295")
        } else {
            None
        }
    }

    /// Rows of a closed segment.
    fn rows(&self) -> Option<u64> {
        self.stop.map(|stop| (stop - self.start).div_ceil(self.step))
    }

    /// The most rows whose steps are u32.
    fn most_rows(&self) -> u64 {
        self.rows().unwrap_or((MAX_ROWS - 1 - self.start) / self.step + 1)
    }

    /// The step of a row that the segment has.
    fn step_of(&self, row: u64) -> u64 {
        self.start + row * self.step
    }

    fn push_text(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"start\": ");
        json::push_u64(out, self.start);
        if let (Some(stop), false) = (self.stop, self.stop_last) {
            out.extend_from_slice(b", \"stop\": ");
            json::push_u64(out, stop);
        }
        out.extend_from_slice(b", \"step\": ");
        json::push_u64(out, self.step);
        if let (Some(stop), true) = (self.stop, self.stop_last) {
            out.extend_from_slice(b", \"stop\": ");
            json::push_u64(out, stop);
        }
        out.push(b'}');
    }
}

impl SegmentList {
    /// No cold rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks what the format demands of a list: [`Code::Corrupt`] for a segment that is empty, out of order,
    /// open but not last, or has steps beyond u32.
    pub fn from_segments(segments: impl IntoIterator<Item = Segment>) -> Result<Self> {
        let mut list = SegmentList::new();
        let (mut rows, mut next) = (0, Some(0));
        for (i, segment) in segments.into_iter().enumerate() {
            let objection = segment.objection().or(match next {
                None => Some("the segment before it is open, which only the last may be"),
                Some(next) if segment.start < next => Some("it starts before the end of the one before it"),
                Some(_) => None,
            });
            if let Some(objection) = objection {
                return Err(Error::new(Code::Corrupt, format!("segment {i} of the steps: {objection}")));
            }
            list.segments.push(Placed { segment, before: rows });
            rows += segment.rows().unwrap_or(0);
            next = segment.rows().map(|n| segment.step_of(n - 1) + 1);
        }
        Ok(list)
    }

    /// There is no segment.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// The segments.
    #[cfg(test)]
    pub fn segments(&self) -> Vec<Segment> {
        self.segments.iter().map(|placed| placed.segment).collect()
    }

    /// The last segment has no end.
    pub fn is_open(&self) -> bool {
        self.segments.last().is_some_and(|last| last.segment.stop.is_none())
    }

    /// The rows described; `None` if the last segment is open.
    pub fn described(&self) -> Option<u64> {
        match self.segments.last() {
            Some(Placed { segment, before }) => segment.rows().map(|rows| before + rows),
            None => Some(0),
        }
    }

    /// The rows that have both a value and a step: all values, or fewer where the description ends before them
    /// (an open segment ends with the last u32).
    pub fn usable(&self, n: u64) -> u64 {
        match self.segments.last() {
            Some(Placed { segment, before }) => n.min(before + segment.most_rows()),
            None => 0,
        }
    }

    /// The step of a row; `None` if there is no such row.
    pub fn step_at(&self, n: u64, row: u64) -> Option<u32> {
        if row >= self.usable(n) {
            return None;
        }
        let Placed { segment, before } = self.segments.get(self.segment_of(row)?)?;
        u32::try_from(segment.step_of(row - before)).ok()
    }

    /// The step of the last row; `None` if there are no rows.
    pub fn last_step(&self, n: u64) -> Option<u32> {
        self.step_at(n, self.usable(n).checked_sub(1)?)
    }

    /// Appends the steps of a range of rows; rows that there are not are left out.
    pub fn expand(&self, n: u64, rows: Range<u64>, out: &mut Vec<u32>) {
        let there = rows.end.min(self.usable(n)).saturating_sub(rows.start);
        let first = out.len();
        out.resize(first + usize::try_from(there).unwrap_or(0), 0);
        let filled = self.fill(n, rows.start, &mut out[first..]);
        out.truncate(first + filled);
    }

    /// Fills `out` with the steps of the rows from `row` on, as far as there are rows; says how many that are.
    pub fn fill(&self, n: u64, mut row: u64, out: &mut [u32]) -> usize {
        let end = row.saturating_add(out.len() as u64).min(self.usable(n));
        let Some(first) = self.segment_of(row).filter(|_| row < end) else { return 0 };
        let filled = (end - row) as usize;
        let mut rest = out;
        for Placed { segment, before } in &self.segments[first..] {
            let until = segment.rows().map_or(end, |rows| end.min(before + rows));
            // Modulo 2^32 is exact here: each of these steps is a u32.
            let (start, step) = (segment.step_of(row - before) as u32, segment.step as u32);
            let (here, later) = rest.split_at_mut((until - row) as usize);
            for (place, i) in here.iter_mut().zip(0_u32..) {
                *place = start.wrapping_add(i.wrapping_mul(step));
            }
            (row, rest) = (until, later);
            if row == end {
                break;
            }
        }
        filled
    }

    /// How many rows have a step below `step`.
    pub fn rows_below(&self, n: u64, step: u64) -> u64 {
        let after = self.segments.partition_point(|placed| placed.segment.start < step);
        let Some(at) = after.checked_sub(1) else { return 0 };
        let Placed { segment, before } = self.segments[at];
        let rows = (step - segment.start).div_ceil(segment.step).min(segment.most_rows());
        (before + rows).min(self.usable(n))
    }

    /// Appends a step to a list whose metric has exactly `n` rows. Says whether the description changed, so that
    /// the manifest must be published before the value is written.
    pub fn append(&mut self, n: u64, step: u32) -> Result<bool> {
        let described = self.described();
        let Some(Placed { segment: last, before }) = self.segments.last_mut() else {
            if n != 0 {
                return Err(broken(n, 0));
            }
            self.push(0, step);
            return Ok(true);
        };
        let most = *before + last.most_rows();
        if described.is_some_and(|rows| rows != n) || n <= *before || n > most {
            return Err(broken(n, described.unwrap_or(*before + 1)));
        }
        let (rows, next) = (n - *before, u64::from(step));
        let newest = last.step_of(rows - 1);
        if next <= newest {
            return Err(Error::internal(format!("step {step} was to be stored after step {newest}")));
        }
        let stride = next - newest;
        if rows > 1 && stride != last.step {
            if last.stop.is_none() {
                last.stop = Some(last.step_of(rows));
                last.stop_last = true;
            }
            self.push(n, step);
            return Ok(true);
        }
        let changed = stride != last.step || last.stop.is_some();
        last.step = stride;
        last.stop = last.stop.map(|_| next + stride);
        Ok(changed)
    }

    /// Appends steps to a list whose metric has exactly `rows` rows, which are counted as they are appended. Says
    /// whether the description changed.
    pub fn append_all(&mut self, rows: &mut u64, steps: &[u32]) -> Result<bool> {
        let mut changed = false;
        let mut rest = steps;
        while let Some((step, more)) = rest.split_first() {
            changed |= self.append(*rows, *step)?;
            *rows += 1;
            // An open segment that knows its stride describes what goes on with it as it is.
            let known = self.going_on(*rows, more);
            *rows += known as u64;
            rest = &more[known..];
        }
        Ok(changed)
    }

    /// How many of the steps the last segment of a list, whose metric has exactly `n` rows, describes without a change.
    fn going_on(&self, n: u64, steps: &[u32]) -> usize {
        let Some(Placed { segment: last, before }) = self.segments.last() else { return 0 };
        if last.stop.is_some() || n < before + 2 {
            return 0;
        }
        let newest = last.step_of(n - before - 1);
        let expected = (1..).map(|i: u64| newest + i * last.step);
        steps.iter().zip(expected).take_while(|(step, expected)| u64::from(**step) == *expected).count()
    }

    /// Keeps exactly the rows with a step below `step` and says how many these are. Closed segments end where
    /// their last row does; segments without rows vanish, also those that no value has reached.
    pub fn truncate(&mut self, n: u64, step: u64) -> u64 {
        let kept = self.rows_below(n, step);
        self.keep(kept);
        kept
    }

    /// Gives the open segment its end, for a finished run (format §13).
    pub fn close(&mut self, n: u64) {
        let kept = self.usable(n);
        self.keep(kept);
        if let Some(Placed { segment, before }) = self.segments.last_mut() {
            segment.stop = Some(segment.step_of(kept - *before));
        }
    }

    /// The list is too long for the manifest: the steps belong into a file.
    pub fn must_spill(&self, rows: u64) -> bool {
        self.segments.len() > segment_cap(rows)
    }

    /// Appends the text of the list as in the manifest.
    pub fn push_text(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (i, placed) in self.segments.iter().enumerate() {
            if i > 0 {
                out.extend_from_slice(b", ");
            }
            placed.segment.push_text(out);
        }
        out.push(b']');
    }

    /// The segment that a row is in, or would be in.
    fn segment_of(&self, row: u64) -> Option<usize> {
        self.segments.partition_point(|placed| placed.before <= row).checked_sub(1)
    }

    /// Cuts the list to the first `kept` rows, which must be there.
    fn keep(&mut self, kept: u64) {
        let segments = self.segments.partition_point(|placed| placed.before < kept);
        self.segments.truncate(segments);
        for Placed { segment, before } in &mut self.segments {
            if let Some(rows) = segment.rows() {
                segment.stop = Some(segment.step_of(rows.min(kept - *before)));
                segment.stop_last = false;
            }
        }
    }

    fn push(&mut self, before: u64, step: u32) {
        self.segments.push(Placed { segment: Segment::open(u64::from(step), 1), before });
    }
}

fn broken(n: u64, described: u64) -> Error {
    Error::internal(format!("a step was to be stored after {n} rows where {described} are described"))
}

/// The most segments that a list of so many rows may have in the manifest.
pub fn segment_cap(rows: u64) -> usize {
    (rows / 10).clamp(4, 32) as usize
}

/// The greedy description of strictly increasing steps; `None` where the file of steps is to be kept: fewer than
/// 2 rows, or too many segments. Steps that do not increase have no description.
pub fn segment_offline(steps: &[u32]) -> Option<SegmentList> {
    if steps.len() < 2 {
        return None;
    }
    let cap = segment_cap(steps.len() as u64);
    let mut list = SegmentList::new();
    let mut from = 0;
    while let Some(&start) = steps.get(from) {
        let follows = from == 0 || steps[from - 1] < start;
        let stride = steps.get(from + 1).map_or(Some(1), |second| second.checked_sub(start)).unwrap_or(0);
        if !follows || stride == 0 || list.segments.len() == cap {
            return None;
        }
        let same = |w: &&[u32]| w[0].checked_add(stride) == Some(w[1]);
        let rows = 1 + steps[from..].windows(2).take_while(same).count();
        let (start, stride) = (u64::from(start), u64::from(stride));
        let segment = Segment::closed(start, start + rows as u64 * stride, stride);
        list.segments.push(Placed { segment, before: from as u64 });
        from += rows;
    }
    Some(list)
}

#[cfg(test)]
#[path = "steps_tests.rs"]
mod tests;
