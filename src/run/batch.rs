//! Rows on their way to the columns: built one at a time, kept in order, transposed once.

use super::dtype::Cell;
use std::ops::Range;

/// The row of the step in hand.
#[derive(Debug, Default)]
pub struct Row {
    ids: Vec<u32>,
    cells: Vec<Cell>,
    /// Spaced text of the JSON values, one after the other.
    text: Vec<u8>,
    /// Position of each JSON value in `cells`, and its text.
    json: Vec<(usize, Range<usize>)>,
}

impl Row {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// No values.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Adds a numeric value.
    #[inline]
    pub fn push(&mut self, id: u32, cell: Cell) {
        self.ids.push(id);
        self.cells.push(cell);
    }

    /// Adds a JSON value; `write` appends its spaced text, and nothing is added if it fails.
    pub fn push_json<E>(
        &mut self,
        id: u32,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.text.len();
        if let Err(e) = write(&mut self.text) {
            self.text.truncate(start);
            return Err(e);
        }
        self.json.push((self.cells.len(), start..self.text.len()));
        self.push(id, 0);
        Ok(())
    }

    /// The value of a column, if it has one.
    pub fn cell_of(&self, id: u32) -> Option<Cell> {
        self.ids.iter().position(|i| *i == id).map(|position| self.cells[position])
    }

    /// Takes the value of a column out again, if it has one.
    pub fn remove(&mut self, id: u32) {
        if let Some(position) = self.ids.iter().position(|i| *i == id) {
            self.ids.remove(position);
            self.cells.remove(position);
            self.json.retain(|(p, _)| *p != position);
            self.json.iter_mut().filter(|(p, _)| *p > position).for_each(|(p, _)| *p -= 1);
        }
    }

    /// Forgets the values, keeping the memory.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.cells.clear();
        self.text.clear();
        self.json.clear();
    }
}

/// Whole rows in ascending order of step.
#[derive(Debug, Default)]
pub struct Batch {
    steps: Vec<u32>,
    /// End of each row in `ids` and `cells`.
    ends: Vec<usize>,
    ids: Vec<u32>,
    cells: Vec<Cell>,
    /// Spaced text of the JSON values; the cell of a JSON value is its position in `spans`.
    text: Vec<u8>,
    spans: Vec<Range<usize>>,
    /// End of each row in `spans`.
    span_ends: Vec<usize>,
    /// Spans of rows that were dropped: those that are left are counted from here.
    spans_gone: usize,
}

/// One value of a column of a transposed batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Entry {
    /// Its step.
    pub step: u32,
    /// Its value; for JSON see [`Batch::json`].
    pub cell: Cell,
}

/// The values of a batch by column.
#[derive(Debug, Default)]
pub struct Transposed {
    entries: Vec<Entry>,
    columns: Vec<(u32, Range<usize>)>,
}

impl Transposed {
    /// The columns that have values, in order of their ids, each with its values in order of step.
    pub fn columns(&self) -> impl Iterator<Item = (u32, &[Entry])> {
        self.columns.iter().map(|(id, range)| (*id, &self.entries[range.clone()]))
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
    pub fn push(&mut self, step: u32, row: &Row) {
        let first = self.cells.len();
        self.ids.extend_from_slice(&row.ids);
        self.cells.extend_from_slice(&row.cells);
        for (position, span) in &row.json {
            let start = self.text.len();
            self.text.extend_from_slice(&row.text[span.clone()]);
            self.cells[first + position] = (self.spans_gone + self.spans.len()) as Cell;
            self.spans.push(start..self.text.len());
        }
        self.steps.push(step);
        self.ends.push(self.ids.len());
        self.span_ends.push(self.spans.len());
    }

    /// Drops the first rows.
    pub fn remove_first(&mut self, rows: usize) {
        let rows = rows.min(self.rows());
        let Some(last) = rows.checked_sub(1) else { return };
        let (values, spans) = (self.ends[last], self.span_ends[last]);
        let text = self.spans[..spans].last().map_or(0, |span| span.end);
        self.steps.drain(..rows);
        self.ends.drain(..rows);
        self.ends.iter_mut().for_each(|end| *end -= values);
        self.ids.drain(..values);
        self.cells.drain(..values);
        self.span_ends.drain(..rows);
        self.span_ends.iter_mut().for_each(|end| *end -= spans);
        self.spans.drain(..spans);
        self.spans.iter_mut().for_each(|span| *span = span.start - text..span.end - text);
        self.spans_gone += spans;
        self.text.drain(..text);
    }

    /// The values of one column.
    pub fn cells_of(&self, id: u32) -> Vec<Cell> {
        self.ids.iter().zip(&self.cells).filter(|(i, _)| **i == id).map(|(_, cell)| *cell).collect()
    }

    /// The values by column, for ids below `columns`.
    pub fn transpose(&self, columns: usize) -> Transposed {
        let mut counts = vec![0_usize; columns];
        for id in &self.ids {
            counts[*id as usize] += 1;
        }
        let mut out = Transposed { entries: vec![Entry::default(); self.ids.len()], columns: Vec::new() };
        let mut next = 0;
        for (id, count) in counts.iter_mut().enumerate() {
            if *count > 0 {
                out.columns.push((id as u32, next..next + *count));
            }
            next += std::mem::replace(count, next);
        }
        let mut start = 0;
        for (step, end) in self.steps.iter().zip(&self.ends) {
            for i in start..*end {
                let slot = &mut counts[self.ids[i] as usize];
                out.entries[*slot] = Entry { step: *step, cell: self.cells[i] };
                *slot += 1;
            }
            start = *end;
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
        self.ids.len() * (size_of::<u32>() + size_of::<Cell>()) + self.text.len()
    }

    /// Forgets the rows, keeping the memory.
    pub fn clear(&mut self) {
        self.steps.clear();
        self.ends.clear();
        self.ids.clear();
        self.cells.clear();
        self.text.clear();
        self.spans.clear();
        self.span_ends.clear();
        self.spans_gone = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn rows_come_out_as_columns_in_order_of_step() {
        let mut batch = Batch::default();
        let mut row = Row::default();
        for step in [3, 5, 9] {
            row.clear();
            row.push(2, u64::from(step) * 10);
            if step != 5 {
                row.push_json(0, |out| {
                    out.extend_from_slice(format!("\"s{step}\"").as_bytes());
                    Ok::<(), ()>(())
                })
                .unwrap();
            }
            batch.push(step, &row);
        }
        let by_column = batch.transpose(4);
        let seen: Vec<_> = by_column.columns().map(|(id, e)| (id, e.to_vec())).collect();
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
    fn rows_that_are_dropped_take_their_text_with_them() {
        let mut batch = Batch::default();
        let mut row = Row::default();
        for step in 0..5 {
            row.clear();
            row.push(0, u64::from(step));
            if step != 1 {
                row.push_json(1, |out| out.write_all(format!("\"s{step}\"").as_bytes())).unwrap();
            }
            batch.push(step, &row);
        }
        let before = batch.weight();
        batch.remove_first(0);
        assert_eq!((batch.rows(), batch.weight()), (5, before));
        batch.remove_first(2);
        batch.remove_first(1);
        batch.push(5, &row);
        assert_eq!(batch.steps(), [3, 4, 5]);
        assert_eq!(batch.cells_of(0), [3, 4, 4]);
        let text: Vec<_> = batch.cells_of(1).iter().map(|cell| batch.json(*cell).to_vec()).collect();
        assert_eq!(text, [b"\"s3\"", b"\"s4\"", b"\"s4\""]);
        assert_eq!(batch.text.len(), 12);
        batch.remove_first(9);
        assert!(batch.is_empty() && batch.weight() == 0);
    }

    #[test]
    fn a_refused_json_value_leaves_no_trace() {
        let mut row = Row::default();
        let refused = row.push_json(1, |out| {
            out.extend_from_slice(b"half");
            Err("no")
        });
        assert_eq!(refused, Err("no"));
        assert!(row.is_empty() && row.text.is_empty());
    }
}
