//! Rows on their way to the columns: kept in order, transposed once.

use super::dtype::{Cell, DType};
use super::row::Row;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// Whole rows in ascending order of step.
///
/// Rows that follow each other nearly always have values of the same metrics, so these are kept once for all of them, and
/// the values of such rows are a matrix that needs no rearranging to be read by column.
#[derive(Debug, Default)]
pub struct Batch {
    steps: Vec<u32>,
    runs: Vec<Run>,
    /// The metrics of each run.
    ids: Vec<u32>,
    /// How rows call the metrics of the last run; 0: they do not.
    last_metrics: u64,
    cells: Vec<Cell>,
    /// Spaced text of the JSON values; the cell of a JSON value is its position in `spans`.
    text: Vec<u8>,
    spans: Vec<Range<usize>>,
    /// End of each row in `spans`.
    span_ends: Vec<usize>,
    /// Spans of rows that were dropped: those that are left are counted from here.
    spans_gone: usize,
}

/// Rows with values of the same metrics in the same order.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    rows: usize,
    /// Values of each.
    width: usize,
}

/// One value of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Entry {
    /// Its step.
    pub step: u32,
    /// Its value; for JSON see [`Batch::json`].
    pub cell: Cell,
}

/// The values of a batch by column.
#[derive(Debug)]
pub struct ByColumn<'a> {
    batch: &'a Batch,
    /// Where the values of each column are, in order of step, column after column.
    places: Vec<Place>,
    columns: Vec<(u32, Range<usize>)>,
}

/// The values of a column in one run.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    first_row: usize,
    run: Run,
    /// The first of the values.
    at: usize,
}

/// Values of a column from rows that follow each other.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// Their steps.
    pub steps: &'a [u32],
    /// The values, the first of them first, every `stride`th one.
    cells: &'a [Cell],
    stride: usize,
}

impl<'a> Piece<'a> {
    /// Those beyond a step.
    #[must_use]
    pub fn beyond(self, last: Option<u32>) -> Piece<'a> {
        let seen = last.map_or(0, |last| self.steps.partition_point(|step| *step <= last));
        match seen < self.steps.len() {
            true => Piece { steps: &self.steps[seen..], cells: &self.cells[seen * self.stride..], ..self },
            false => Piece { steps: &[], cells: &[], ..self },
        }
    }

    /// The values.
    pub fn cells(self) -> impl Iterator<Item = Cell> + 'a {
        self.cells.iter().step_by(self.stride).take(self.steps.len()).copied()
    }
}

/// The values of one column.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    batch: &'a Batch,
    places: &'a [Place],
}

impl<'a> Values<'a> {
    /// They, in order of step.
    pub fn pieces(self) -> impl Iterator<Item = Piece<'a>> {
        self.places.iter().map(move |place| Piece {
            steps: &self.batch.steps[place.first_row..place.first_row + place.run.rows],
            cells: &self.batch.cells[place.at..],
            stride: place.run.width,
        })
    }

    /// They, in order of step, one by one.
    pub fn entries(self) -> impl Iterator<Item = Entry> + 'a {
        self.pieces()
            .flat_map(|p| p.steps.iter().zip(p.cells()).map(|(step, cell)| Entry { step: *step, cell }))
    }
}

impl ByColumn<'_> {
    /// The columns that have values, in order of their ids.
    pub fn columns(&self) -> impl Iterator<Item = (u32, Values<'_>)> {
        let values = |range: &Range<usize>| Values { batch: self.batch, places: &self.places[range.clone()] };
        self.columns.iter().map(move |(id, range)| (*id, values(range)))
    }
}

impl Batch {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.steps.len()
    }

    /// No rows.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The steps of the rows.
    pub fn steps(&self) -> &[u32] {
        &self.steps
    }

    /// Adds a row.
    pub fn push(&mut self, step: u32, row: &mut Row) {
        let width = row.len();
        match self.runs.last_mut() {
            Some(run)
                if run.width == width && self.last_metrics != 0 && self.last_metrics == row.metrics() =>
            {
                run.rows += 1
            }
            _ => self.push_compared(row),
        }
        let (values, first) = (row.values(), self.cells.len());
        self.cells.extend(values.iter().map(|value| value.cell));
        if row.has_json() {
            self.push_json(first, row);
        }
        self.steps.push(step);
        self.span_ends.push(self.spans.len());
    }

    /// Adds a row to the last run if that has its metrics, and to a new one otherwise. The row takes their number along, so
    /// that the next need not be compared.
    #[inline(never)]
    fn push_compared(&mut self, row: &mut Row) {
        /// Also a row that has been in another batch must not be taken for one of this.
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        let width = row.len();
        match self.runs.last_mut() {
            Some(run) if run.width == width && same(&self.ids[self.ids.len() - width..], row) => {
                run.rows += 1
            }
            _ => {
                self.ids.extend(row.values().iter().map(|value| value.id));
                self.runs.push(Run { rows: 1, width });
                self.last_metrics = 0;
            }
        }
        if self.last_metrics == 0 {
            self.last_metrics = NUMBERS.fetch_add(1, Ordering::Relaxed);
        }
        row.call_metrics(self.last_metrics);
    }

    fn push_json(&mut self, first: usize, row: &Row) {
        for (value, cell) in row.values().iter().zip(&mut self.cells[first..]) {
            if value.kind == DType::Json {
                let start = self.text.len();
                self.text.extend_from_slice(row.spaced(value.cell));
                *cell = (self.spans_gone + self.spans.len()) as Cell;
                self.spans.push(start..self.text.len());
            }
        }
    }

    /// Drops the first rows.
    pub fn remove_first(&mut self, rows: usize) {
        let rows = rows.min(self.rows());
        let Some(last) = rows.checked_sub(1) else { return };
        let (mut rest, mut runs, mut ids, mut values) = (rows, 0, 0, 0);
        for run in &mut self.runs {
            let gone = rest.min(run.rows);
            values += gone * run.width;
            rest -= gone;
            run.rows -= gone;
            if run.rows > 0 {
                break;
            }
            runs += 1;
            ids += run.width;
        }
        let spans = self.span_ends[last];
        let text = self.spans[..spans].last().map_or(0, |span| span.end);
        self.steps.drain(..rows);
        self.runs.drain(..runs);
        self.ids.drain(..ids);
        self.cells.drain(..values);
        self.span_ends.drain(..rows);
        self.span_ends.iter_mut().for_each(|end| *end -= spans);
        self.spans.drain(..spans);
        self.spans.iter_mut().for_each(|span| *span = span.start - text..span.end - text);
        self.spans_gone += spans;
        self.text.drain(..text);
    }

    /// Drops all rows but the first.
    pub fn keep_first(&mut self, rows: usize) {
        if rows >= self.rows() {
            return;
        }
        let (mut rest, mut runs, mut ids, mut values) = (rows, 0, 0, 0);
        for run in &mut self.runs {
            if rest == 0 {
                break;
            }
            run.rows = run.rows.min(rest);
            rest -= run.rows;
            runs += 1;
            ids += run.width;
            values += run.rows * run.width;
        }
        let spans = rows.checked_sub(1).map_or(0, |last| self.span_ends[last]);
        self.last_metrics = 0;
        self.steps.truncate(rows);
        self.runs.truncate(runs);
        self.ids.truncate(ids);
        self.cells.truncate(values);
        self.span_ends.truncate(rows);
        self.spans.truncate(spans);
        self.text.truncate(self.spans.last().map_or(0, |span| span.end));
    }

    /// The runs with their metrics, their first row and their first value.
    fn runs(&self) -> impl Iterator<Item = (&[u32], Place)> {
        let (mut ids, mut first_row, mut at) = (0, 0, 0);
        self.runs.iter().map(move |run| {
            let this = (&self.ids[ids..ids + run.width], Place { first_row, run: *run, at });
            ids += run.width;
            first_row += run.rows;
            at += run.rows * run.width;
            this
        })
    }

    /// The values of one column.
    pub fn cells_of(&self, id: u32) -> Vec<Cell> {
        let mut cells = Vec::new();
        for (ids, place) in self.runs() {
            if let Some(position) = ids.iter().position(|i| *i == id) {
                let at = place.at + position;
                let of_row = |row| self.cells[at + row * place.run.width];
                cells.extend((0..place.run.rows).map(of_row));
            }
        }
        cells
    }

    /// The values by column, for ids below `columns`.
    pub fn by_column(&self, columns: usize) -> ByColumn<'_> {
        let mut counts = vec![0_usize; columns];
        for id in &self.ids {
            counts[*id as usize] += 1;
        }
        let mut out =
            ByColumn { batch: self, places: vec![Place::default(); self.ids.len()], columns: Vec::new() };
        let mut next = 0;
        for (id, count) in counts.iter_mut().enumerate() {
            if *count > 0 {
                out.columns.push((id as u32, next..next + *count));
            }
            next += std::mem::replace(count, next);
        }
        for (ids, place) in self.runs() {
            for (position, id) in ids.iter().enumerate() {
                let slot = &mut counts[*id as usize];
                out.places[*slot] = Place { at: place.at + position, ..place };
                *slot += 1;
            }
        }
        out
    }

    /// Text of a JSON value, spaced, without a newline.
    pub fn json(&self, cell: Cell) -> &[u8] {
        usize::try_from(cell)
            .ok()
            .and_then(|i| self.spans.get(i.checked_sub(self.spans_gone)?))
            .map_or(&[], |span| &self.text[span.clone()])
    }

    /// Bytes of memory in use for values.
    pub fn weight(&self) -> usize {
        self.ids.len() * size_of::<u32>() + self.cells.len() * size_of::<Cell>() + self.text.len()
    }

    /// Forgets the rows, keeping the memory.
    pub fn clear(&mut self) {
        self.steps.clear();
        self.runs.clear();
        self.ids.clear();
        self.cells.clear();
        self.text.clear();
        self.spans.clear();
        self.span_ends.clear();
        self.spans_gone = 0;
    }
}

/// A row has values of these metrics in this order.
#[inline]
fn same(ids: &[u32], row: &Row) -> bool {
    // Without a way out in the middle it is done for several at a time.
    ids.iter().zip(row.values()).fold(0, |odd, (id, value)| odd | (id ^ value.id)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::row::Slot;
    use std::io::Write;

    fn number(id: u32, cell: Cell) -> Slot {
        Slot { cell, id, kind: DType::U64, expects: None }
    }

    #[test]
    fn rows_come_out_as_columns_in_order_of_step() {
        let mut batch = Batch::default();
        let mut row = Row::default();
        for step in [3, 5, 9] {
            row.clear();
            row.push(number(2, u64::from(step) * 10));
            if step != 5 {
                row.push_json(0, |out| {
                    out.extend_from_slice(format!("\"s{step}\"").as_bytes());
                    Ok::<_, ()>(None)
                })
                .unwrap();
            }
            batch.push(step, &mut row);
        }
        let by_column = batch.by_column(4);
        let seen: Vec<_> = by_column.columns().map(|(id, v)| (id, v.entries().collect::<Vec<_>>())).collect();
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0].0, 0);
        assert_eq!(
            seen[0].1.iter().map(|e| (e.step, batch.json(e.cell))).collect::<Vec<_>>(),
            [(3, &b"\"s3\""[..]), (9, b"\"s9\"")]
        );
        assert_eq!(seen[1].0, 2);
        assert_eq!(
            seen[1].1.iter().map(|e| (e.step, e.cell)).collect::<Vec<_>>(),
            [(3, 30), (5, 50), (9, 90)]
        );
    }

    #[test]
    fn columns_are_what_was_put_in_whatever_metrics_the_rows_have() {
        let mut dice = 12_345_u32;
        let mut roll = |sides: u32| {
            dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (dice >> 16) % sides
        };
        for _ in 0..200 {
            let (mut batch, mut row, mut expected) = (Batch::default(), Row::default(), Vec::new());
            let mut ids = vec![0, 1, 2];
            for step in 0..30 {
                if roll(3) == 0 {
                    ids = (0..5).filter(|_| roll(2) == 0).collect();
                    let by = if ids.is_empty() { 0 } else { roll(ids.len() as u32) as usize };
                    ids.rotate_left(by);
                }
                row.clear();
                for id in &ids {
                    let cell = u64::from(step * 10 + id);
                    row.push(number(*id, cell));
                    expected.push((*id, Entry { step, cell }));
                }
                batch.push(step, &mut row);
            }
            let (gone, kept) = (roll(31), roll(31));
            batch.remove_first(gone as usize);
            batch.keep_first(kept as usize);
            assert_eq!(batch.steps(), (gone..30.min(gone + kept)).collect::<Vec<_>>());
            expected.retain(|(_, entry)| (gone..gone + kept).contains(&entry.step));
            expected.sort_by_key(|(id, entry)| (*id, entry.step));
            let by_column = batch.by_column(5);
            let seen: Vec<_> =
                by_column.columns().flat_map(|(id, values)| values.entries().map(move |e| (id, e))).collect();
            assert_eq!(seen, expected);
            for (id, values) in by_column.columns() {
                let cells: Vec<_> = values.entries().map(|e| e.cell).collect();
                assert_eq!(batch.cells_of(id), cells);
                let after = roll(30);
                let beyond: Vec<_> =
                    values.pieces().map(|p| p.beyond(Some(after))).flat_map(|p| p.steps.to_vec()).collect();
                let steps: Vec<_> = values.entries().map(|e| e.step).filter(|s| *s > after).collect();
                assert_eq!(beyond, steps);
                let rest: Vec<_> =
                    values.pieces().flat_map(|p| p.beyond(Some(after)).cells().collect::<Vec<_>>()).collect();
                assert_eq!(rest, &cells[cells.len() - steps.len()..]);
            }
        }
    }

    #[test]
    fn one_row_goes_to_one_batch_and_another_as_what_it_is_by_then() {
        let mut dice = 4_711_u32;
        let mut roll = |sides: u32| {
            dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (dice >> 16) % sides
        };
        let mut row = Row::default();
        for _ in 0..300 {
            let mut batches = [Batch::default(), Batch::default()];
            let mut expected: [Vec<Vec<(u32, Entry)>>; 2] = [Vec::new(), Vec::new()];
            let mut ids = vec![0, 1, 2];
            for step in 0..40 {
                match roll(12) {
                    0 => ids = (0..5).filter(|_| roll(3) > 0).collect(),
                    1 => ids.truncate(2),
                    2 => row.reset(),
                    _ => {}
                }
                row.clear();
                let mut values = Vec::new();
                for id in &ids {
                    let cell = u64::from(step * 10 + id);
                    if !row.put_expected(*id, DType::U64, cell) {
                        row.push(Slot { expects: Some(DType::U64), ..number(*id, cell) });
                    }
                    values.push((*id, Entry { step, cell }));
                }
                let at = roll(2) as usize;
                batches[at].push(step, &mut row);
                expected[at].push(values);
                let (batch, expected, rows) = (&mut batches[at], &mut expected[at], roll(4) as usize);
                match roll(10) {
                    0 => {
                        batch.remove_first(rows);
                        expected.drain(..rows.min(expected.len()));
                    }
                    1 => {
                        batch.keep_first(rows);
                        expected.truncate(rows);
                    }
                    2 => {
                        batch.clear();
                        expected.clear();
                    }
                    _ => {}
                }
            }
            for (batch, expected) in batches.iter().zip(expected) {
                let mut expected = expected.concat();
                expected.sort_by_key(|(id, entry)| (*id, entry.step));
                let by_column = batch.by_column(5);
                let columns = by_column.columns();
                let seen: Vec<_> = columns.flat_map(|(id, v)| v.entries().map(move |e| (id, e))).collect();
                assert_eq!(seen, expected);
            }
        }
    }

    #[test]
    fn rows_that_are_dropped_take_their_text_with_them() {
        let mut batch = Batch::default();
        let mut row = Row::default();
        for step in 0..5 {
            row.clear();
            row.push(number(0, u64::from(step)));
            if step != 1 {
                row.push_json(1, |out| write!(out, "\"s{step}\"").map(|()| None)).unwrap();
            }
            batch.push(step, &mut row);
        }
        let before = batch.weight();
        batch.remove_first(0);
        assert_eq!((batch.rows(), batch.weight()), (5, before));
        batch.remove_first(2);
        batch.remove_first(1);
        batch.push(5, &mut row);
        assert_eq!(batch.steps(), [3, 4, 5]);
        assert_eq!(batch.cells_of(0), [3, 4, 4]);
        let text: Vec<_> = batch.cells_of(1).iter().map(|cell| batch.json(*cell).to_vec()).collect();
        assert_eq!(text, [b"\"s3\"", b"\"s4\"", b"\"s4\""]);
        assert_eq!(batch.text.len(), 12);
        batch.keep_first(2);
        let text: Vec<_> = batch.cells_of(1).iter().map(|cell| batch.json(*cell).to_vec()).collect();
        assert_eq!((text, batch.text.len()), (vec![b"\"s3\"".to_vec(), b"\"s4\"".to_vec()], 8));
        batch.remove_first(9);
        assert!(batch.is_empty() && batch.weight() == 0);
    }
}
