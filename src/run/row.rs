//! The row of the step in hand: the values that the caller has written so far.
//!
//! Simulation codes write the same metrics in the same order, step after step. So a row keeps what the row before had at
//! each place, and a value that comes as expected costs one comparison: that its metric exists, takes it, and has none in
//! this step was found out when it first stood there. Whatever comes otherwise is looked at by the schema, and from that
//! place on nothing is expected any more.

use super::dtype::{Cell, DType};
use std::ops::Range;

/// A value of a row.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// The value; for JSON its position in [`Row::json`].
    pub cell: Cell,
    /// Its metric.
    pub id: u32,
    /// The type that tells how the cell is to be read.
    pub kind: DType,
    /// Values of this type may stand here, as the cells that they are, without another look.
    pub expects: Option<DType>,
}

/// The two texts of a JSON value.
#[derive(Clone, Debug)]
struct Json {
    spaced: Range<usize>,
    compact: Range<usize>,
}

/// The row of the step in hand.
#[derive(Debug, Default)]
pub struct Row {
    /// The first `len` are the values; the others are what earlier rows had there. No metric is here twice.
    slots: Vec<Slot>,
    len: usize,
    /// So many of the values were reported by [`Row::unmarked`].
    marked: usize,
    /// So many of the values were reported by [`Row::followed`].
    followed: usize,
    text: Vec<u8>,
    json: Vec<Json>,
    /// How the metrics of the slots were last called, see [`Row::metrics`].
    metrics: u64,
}

impl Row {
    /// Number of values.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// No values.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The values.
    #[inline]
    pub fn values(&self) -> &[Slot] {
        self.slots.get(..self.len).unwrap_or(&[])
    }

    /// The metric that stood here in an earlier row.
    #[inline(always)]
    pub fn expected(&self) -> Option<u32> {
        self.slots.get(self.len).map(|slot| slot.id)
    }

    /// A value of this metric and type is expected next.
    #[inline(always)]
    pub fn expects(&self, id: u32, own: DType) -> bool {
        self.slots.get(self.len).is_some_and(|slot| slot.id == id && slot.expects == Some(own))
    }

    /// Adds a number if it is expected. Never panics.
    #[inline(always)]
    pub fn put_expected(&mut self, id: u32, own: DType, cell: Cell) -> bool {
        match self.slots.get_mut(self.len) {
            Some(slot) if slot.id == id && slot.expects == Some(own) => {
                slot.cell = cell;
                self.len += 1;
                true
            }
            _ => false,
        }
    }

    /// Adds numbers if all of them are expected. Never panics.
    #[inline(always)]
    pub fn put_expected_row(
        &mut self,
        ids: &[u32],
        own: DType,
        cells: impl ExactSizeIterator<Item = Cell>,
    ) -> bool {
        let n = ids.len();
        let Some(slots) = self.slots.get_mut(self.len..).and_then(|rest| rest.get_mut(..n)) else {
            return false;
        };
        let odd = slots
            .iter()
            .zip(ids)
            .fold(0, |odd, (slot, id)| odd | (slot.id ^ id) | u32::from(slot.expects != Some(own)));
        if odd != 0 || n == 0 || cells.len() != n {
            return false;
        }
        for (slot, cell) in slots.iter_mut().zip(cells) {
            slot.cell = cell;
        }
        self.len += n;
        true
    }

    /// Adds a number.
    pub fn push(&mut self, slot: Slot) {
        match self.slots.get_mut(self.len) {
            Some(old) if old.id == slot.id && old.kind == slot.kind && old.expects == slot.expects => {
                old.cell = slot.cell;
            }
            _ => {
                self.slots.truncate(self.len);
                self.slots.push(slot);
                self.metrics = 0;
            }
        }
        self.len += 1;
    }

    /// Adds a JSON value; `write` appends its spaced text and says where in it, or behind it, its compact text is. Nothing
    /// is added if it fails.
    pub fn push_json<E>(
        &mut self,
        id: u32,
        write: impl FnOnce(&mut Vec<u8>) -> Result<Option<usize>, E>,
    ) -> Result<(), E> {
        let start = self.text.len();
        let split = match write(&mut self.text) {
            Ok(split) => split,
            Err(e) => {
                self.text.truncate(start);
                return Err(e);
            }
        };
        let end = self.text.len();
        let (spaced, compact) = match split {
            None => (start..end, start..end),
            Some(split) => (start..split, split..end),
        };
        self.push(Slot { cell: self.json.len() as Cell, id, kind: DType::Json, expects: Some(DType::Json) });
        self.json.push(Json { spaced, compact });
        Ok(())
    }

    /// The value of a metric, if it has one.
    pub fn cell_of(&self, id: u32) -> Option<Cell> {
        self.values().iter().find(|slot| slot.id == id).map(|slot| slot.cell)
    }

    /// There are JSON values.
    #[inline]
    pub fn has_json(&self) -> bool {
        !self.json.is_empty()
    }

    /// The text of a JSON value as columns have it.
    pub fn spaced(&self, cell: Cell) -> &[u8] {
        self.json_at(cell).map_or(&[], |json| &self.text[json.spaced.clone()])
    }

    /// The text of a JSON value as logs have it.
    pub fn compact(&self, cell: Cell) -> &[u8] {
        self.json_at(cell).map_or(&[], |json| &self.text[json.compact.clone()])
    }

    fn json_at(&self, cell: Cell) -> Option<&Json> {
        self.json.get(usize::try_from(cell).ok()?)
    }

    /// The values that came since this was last asked.
    #[inline]
    pub fn unmarked(&mut self) -> &[Slot] {
        let before = std::mem::replace(&mut self.marked, self.len);
        self.slots.get(before..self.len).unwrap_or(&[])
    }

    /// How many of the values had been reported when this was last asked.
    #[inline]
    pub fn followed(&mut self) -> usize {
        std::mem::replace(&mut self.followed, self.len)
    }

    /// Forgets the values, and keeps what is expected of the next row.
    #[inline]
    pub fn clear(&mut self) {
        self.len = 0;
        self.marked = 0;
        self.followed = 0;
        if !self.json.is_empty() {
            self.text.clear();
            self.json.clear();
        }
    }

    /// Forgets the values and expects nothing: the next value is looked at.
    pub fn reset(&mut self) {
        self.clear();
        self.slots.clear();
        self.metrics = 0;
    }

    /// What [`Row::call_metrics`] was last told, 0 if another metric may stand somewhere since: the metrics of rows with as
    /// many values need not be compared again.
    #[inline]
    pub fn metrics(&self) -> u64 {
        self.metrics
    }

    /// Gives what stands in the row now, metric by metric, a number.
    #[inline]
    pub fn call_metrics(&mut self, number: u64) {
        self.metrics = number;
    }

    /// Expects nothing beyond the values that there are.
    pub fn expect_nothing(&mut self) {
        self.slots.truncate(self.len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(id: u32, own: DType, cell: Cell) -> Slot {
        Slot { cell, id, kind: own, expects: Some(own) }
    }

    fn content(row: &Row) -> Vec<(u32, Cell)> {
        row.values().iter().map(|slot| (slot.id, slot.cell)).collect()
    }

    #[test]
    fn what_stood_there_before_is_expected_and_nothing_else_is() {
        let mut row = Row::default();
        assert!(!row.put_expected(3, DType::F64, 1));
        for id in [3, 1, 2] {
            row.push(number(id, DType::F64, 0));
        }
        row.clear();
        assert!(row.is_empty() && row.expected() == Some(3));
        assert!(!row.put_expected(1, DType::F64, 7), "out of turn");
        assert!(!row.put_expected(3, DType::F32, 7), "of another type");
        assert!(row.put_expected(3, DType::F64, 7) && row.put_expected(1, DType::F64, 8));
        assert_eq!(content(&row), [(3, 7), (1, 8)]);
        // A shorter row takes nothing from what is expected of the next.
        row.clear();
        assert!(row.put_expected_row(&[3, 1, 2], DType::F64, [4, 5, 6].into_iter()));
        assert!(!row.put_expected(3, DType::F64, 7), "the row is full");
        assert_eq!(content(&row), [(3, 4), (1, 5), (2, 6)]);
        // One that goes another way does.
        row.clear();
        assert!(row.put_expected(3, DType::F64, 1));
        row.push(number(9, DType::I8, 2));
        assert!(!row.put_expected(2, DType::F64, 3));
        assert_eq!(content(&row), [(3, 1), (9, 2)]);
        row.reset();
        assert!(row.is_empty() && row.expected().is_none());
    }

    #[test]
    fn rows_are_expected_whole_or_not_at_all() {
        let mut row = Row::default();
        for id in 0..4 {
            row.push(number(id, if id == 3 { DType::F32 } else { DType::F64 }, 0));
        }
        row.clear();
        assert!(!row.put_expected_row(&[0, 1, 2, 3], DType::F64, [1, 2, 3, 4].into_iter()));
        assert!(!row.put_expected_row(&[0, 2], DType::F64, [1, 2].into_iter()));
        assert!(!row.put_expected_row(&[0, 1, 2], DType::F64, [1, 2].into_iter()), "too few values");
        assert!(!row.put_expected_row(&[], DType::F64, [].into_iter()));
        assert!(row.is_empty());
        assert!(row.put_expected_row(&[0, 1], DType::F64, [5, 6].into_iter()));
        assert!(row.put_expected_row(&[2], DType::F64, [7].into_iter()));
        assert_eq!(content(&row), [(0, 5), (1, 6), (2, 7)]);
    }

    #[test]
    fn each_value_is_reported_once() {
        let mut row = Row::default();
        row.push(number(0, DType::F64, 0));
        assert_eq!(row.unmarked().len(), 1);
        assert_eq!(row.followed(), 0);
        row.push(number(1, DType::F64, 0));
        row.push(number(2, DType::F64, 0));
        assert_eq!(row.unmarked().iter().map(|slot| slot.id).collect::<Vec<_>>(), [1, 2]);
        assert!(row.unmarked().is_empty());
        assert_eq!((row.followed(), row.followed()), (1, 3));
        row.clear();
        assert_eq!(row.followed(), 0);
    }

    #[test]
    fn a_json_value_has_two_texts_and_one_that_fails_leaves_nothing() {
        let mut row = Row::default();
        let nested = |text: &mut Vec<u8>| {
            text.extend_from_slice(b"[1, 2]");
            let split = text.len();
            text.extend_from_slice(b"[1,2]");
            Ok::<_, ()>(Some(split))
        };
        row.push_json(5, nested).unwrap();
        let failed = row.push_json(6, |text| {
            text.push(b'x');
            Err(())
        });
        assert!(failed.is_err());
        row.push_json(7, |text| {
            text.extend_from_slice(b"true");
            Ok::<_, ()>(None)
        })
        .unwrap();
        assert_eq!(content(&row), [(5, 0), (7, 1)]);
        assert_eq!((row.spaced(0), row.compact(0)), (&b"[1, 2]"[..], &b"[1,2]"[..]));
        assert_eq!((row.spaced(1), row.compact(1)), (&b"true"[..], &b"true"[..]));
    }
}
