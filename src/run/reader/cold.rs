//! The cold rows of a metric: as many values as there were, and a description of their steps (format §7, §8).

use super::convert;
use super::source::{Attempt, Bytes, Halt};
use crate::error::{Code, Error};
use crate::json;
use crate::run::dtype::{self, Cell, DType};
use crate::run::steps::SegmentList;
use std::ops::Range;

/// Bytes fetched at once where they are not read straight to where they belong.
pub const PIECE: usize = 256 << 10;

/// Where the steps of the rows are.
#[derive(Debug)]
pub enum Steps {
    /// In the manifest.
    List(SegmentList),
    /// In a file of u32.
    File(Bytes),
}

/// The cold rows of a metric.
#[derive(Debug)]
pub struct Cold {
    /// For messages.
    pub name: String,
    /// Type of the values.
    pub dtype: DType,
    /// Rows.
    pub rows: u64,
    /// Their steps.
    pub steps: Steps,
    /// Their values.
    pub values: Bytes,
    /// Where each line of a JSON column ends, its newline included.
    pub lines: Vec<u64>,
}

impl Cold {
    /// The step of a row that there is.
    pub fn step_at(&self, row: u64) -> Attempt<u32> {
        match &self.steps {
            Steps::List(list) => list.step_at(self.rows, row).ok_or_else(|| {
                Halt::Stop(Error::internal(format!("metric {}: row {row} has no step", self.name)))
            }),
            Steps::File(bytes) => {
                let mut raw = [0; 4];
                bytes.read(&mut raw, row * 4)?;
                Ok(u32::from_le_bytes(raw))
            }
        }
    }

    /// The step of the last row; `None` without rows.
    pub fn last_step(&self) -> Attempt<Option<u32>> {
        self.rows.checked_sub(1).map(|row| self.step_at(row)).transpose()
    }

    /// Fills `out` with the steps of so many rows from `row` on, which there must be.
    pub fn steps(&self, row: u64, out: &mut [u32]) -> Attempt<()> {
        let bytes = match &self.steps {
            Steps::List(list) => {
                return match list.fill(self.rows, row, out) == out.len() {
                    true => Ok(()),
                    false => Err(Halt::Stop(Error::internal(format!(
                        "metric {}: rows from {row} on have no steps",
                        self.name
                    )))),
                };
            }
            Steps::File(bytes) => bytes,
        };
        match convert::bytes_of(out) {
            Some(place) => bytes.read(place, row * 4)?,
            None => {
                let mut raw = vec![0; out.len() * 4];
                bytes.read(&mut raw, row * 4)?;
                let (values, _) = raw.as_chunks::<4>();
                out.iter_mut().zip(values).for_each(|(step, raw)| *step = u32::from_le_bytes(*raw));
            }
        }
        match out.windows(2).all(|w| w[0] < w[1]) {
            true => Ok(()),
            false => Err(Halt::Stop(Error::new(
                Code::Corrupt,
                format!("metric {}: the steps in its .indices file do not increase", self.name),
            ))),
        }
    }

    /// How many rows have a step below `step`.
    pub fn rows_below(&self, step: u64) -> Attempt<u64> {
        match &self.steps {
            Steps::List(list) => Ok(list.rows_below(self.rows, step).min(self.rows)),
            Steps::File(_) => partition(0..self.rows, |row| Ok(u64::from(self.step_at(row)?) < step)),
        }
    }

    /// A value of a numeric metric.
    pub fn cell(&self, row: u64) -> Attempt<Cell> {
        let mut cells = Vec::with_capacity(1);
        self.cells(row..row + 1, &mut |_, found| cells.extend_from_slice(found))?;
        cells.pop().ok_or_else(|| Halt::Stop(Error::internal("a value was asked for that is not there")))
    }

    /// Hands on the values of a range of rows of a numeric metric, piece by piece, each with its first row.
    pub fn cells(&self, rows: Range<u64>, take: &mut dyn FnMut(u64, &[Cell])) -> Attempt<()> {
        let mut cells = Vec::new();
        self.pieces(rows, &mut |row, bytes| {
            cells.clear();
            dtype::decode(self.dtype, bytes, &mut cells);
            take(row, &cells);
            Ok(())
        })
    }

    /// Hands on the packed values of a range of rows of a numeric metric, piece by piece, each with its first row.
    pub fn pieces(&self, rows: Range<u64>, take: &mut dyn FnMut(u64, &[u8]) -> Attempt<()>) -> Attempt<()> {
        let Some(size) = self.dtype.size() else { return Ok(()) };
        let mut at = rows.start;
        let want =
            usize::try_from((rows.end.saturating_sub(at)).saturating_mul(size as u64)).unwrap_or(PIECE);
        let mut buf = vec![0; PIECE.min(want)];
        while at < rows.end {
            let n = (rows.end - at).min((PIECE / size) as u64) as usize;
            let part = &mut buf[..n * size];
            self.values.read(part, at * size as u64)?;
            take(at, part)?;
            at += n as u64;
        }
        Ok(())
    }

    /// Hands on the texts of a range of rows of a JSON metric.
    pub fn texts(&self, rows: Range<u64>, take: &mut dyn FnMut(u64, &str) -> Attempt<()>) -> Attempt<()> {
        let mut at = rows.start;
        while at < rows.end {
            // At least one line, and more while they fit into a piece.
            let start = at.checked_sub(1).map_or(0, |before| self.lines[before as usize]);
            let rest = &self.lines[at as usize..rows.end as usize];
            let n = rest.partition_point(|end| end - start <= PIECE as u64).max(1);
            let len = usize::try_from(rest[n - 1] - start).unwrap_or(usize::MAX);
            let mut buf = Vec::new();
            let reserved = buf.try_reserve_exact(len);
            reserved.map_err(|_| Halt::Stop(self.broken(at, &"it does not fit into memory")))?;
            buf.resize(len, 0);
            self.values.read(&mut buf, start)?;
            let mut from = 0;
            for (row, end) in (at..).zip(&rest[..n]) {
                let to = (end - start) as usize;
                let text = json_line(&buf[from..to]).map_err(|e| Halt::Stop(self.broken(row, &e)))?;
                take(row, text)?;
                from = to;
            }
            at += n as u64;
        }
        Ok(())
    }

    /// Finds the lines of a JSON column of `len` bytes. What follows the last newline is a torn tail on a live
    /// folder; otherwise a row if it parses, as is a last line in any case.
    pub fn find_lines(&mut self, len: u64, live: bool) -> Attempt<()> {
        let mut buf = vec![0; PIECE.min(usize::try_from(len).unwrap_or(PIECE))];
        let mut at = 0;
        while at < len {
            let n = (len - at).min(PIECE as u64) as usize;
            self.values.read(&mut buf[..n], at)?;
            self.lines.extend(memchr::memchr_iter(b'\n', &buf[..n]).map(|i| at + i as u64 + 1));
            at += n as u64;
        }
        if !live && self.lines.last().copied().unwrap_or(0) < len {
            self.lines.push(len);
        }
        if let Some(last) = self.lines.len().checked_sub(1) {
            match self.texts(last as u64..last as u64 + 1, &mut |_, _| Ok(())) {
                Err(Halt::Stop(e)) if e.code() == Code::Corrupt => _ = self.lines.pop(),
                other => other?,
            }
        }
        Ok(())
    }

    fn broken(&self, row: u64, what: &dyn std::fmt::Display) -> Error {
        Error::new(
            Code::Corrupt,
            format!("metric {}: line {} of its .jsonl file: {what}", self.name, row + 1),
        )
    }
}

/// One line as the text of the value it holds.
fn json_line(line: &[u8]) -> std::result::Result<&str, String> {
    let raw = json::parse(line).map_err(|e| e.to_string())?;
    std::str::from_utf8(raw.0).map_err(|e| e.to_string())
}

/// The first of the rows for which `before` no longer holds, by bisection.
pub fn partition(rows: Range<u64>, mut before: impl FnMut(u64) -> Attempt<bool>) -> Attempt<u64> {
    let (mut low, mut high) = (rows.start, rows.end);
    while low < high {
        let middle = low + (high - low) / 2;
        match before(middle)? {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    Ok(low)
}
