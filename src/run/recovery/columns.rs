//! The columns of a run that is opened: what is whole of each, and where it gives way to the logs (format §12.2, §12.5).

use super::{Recovery, Sizes};
use crate::error::{Code, Error, Result};
use crate::hotlog;
use crate::json;
use crate::run::batch::Values;
use crate::run::columns::{Column, Columns, Extent};
use crate::run::dtype::DType;
use crate::run::manifest::MetricEntry;
use crate::run::name;
use crate::run::steps::{Indices, SegmentList};
use crate::store::{ops, Create, Metadata, Store};
use std::path::Path;

/// Steps at the end of an index file that are looked at: far more than are written between two syncs.
const STEPS_LOOKED_AT: u64 = 1 << 16;

impl Recovery<'_> {
    /// A metric as the manifest has it. Its files are in the run folder, wherever links lead.
    pub(super) fn listed_column(&mut self, name: &str, entry: &MetricEntry) -> Result<Column> {
        let mut column = Column::new(&self.plan.root, name, entry.dtype, entry.indices.clone());
        column.flag = entry.monotonic;
        column.extra.clone_from(&entry.extra);
        ops::stay_below(self.store, &self.plan.root, &column.value_path, &mut self.sound)?;
        Ok(column)
    }

    /// What it has on disk, where its value file was `found`: the values that are whole, and as many steps (format §7, §8).
    pub(super) fn load_column(
        &mut self,
        name: &str,
        entry: &MetricEntry,
        mut column: Column,
        found: Option<Metadata>,
        has_log: bool,
    ) -> Result<(Column, Sizes)> {
        let found = match found {
            Some(metadata) => {
                ops::regular(&column.value_path, &metadata)?;
                Some(metadata.len)
            }
            None => None,
        };
        // A last line of JSON that lacks its newline gets it below.
        let mut sizes = Sizes { values: found.filter(|_| entry.dtype != DType::Json), indices: None };
        let (values, bytes) = match (found, entry.dtype.size()) {
            (None, _) => (0, 0),
            (Some(len), Some(size)) => (len / size as u64, len - len % size as u64),
            (Some(_), None) => self.count_lines(&column.value_path, has_log)?,
        };
        let steps = match &mut column.indices {
            Indices::List(list) => list.described().unwrap_or(u64::MAX),
            indices @ Indices::File => match ops::ask(self.store, self.reach, &column.index_path)? {
                Some(metadata) => {
                    ops::regular(&column.index_path, &metadata)?;
                    sizes.indices = Some(metadata.len);
                    metadata.len / size_of::<u32>() as u64
                }
                // Steps are written before values: values without any are damage, whatever the logs hold. Without
                // values a list says the same, and a reader does not miss the file once there is no log.
                None if found.is_none_or(|len| len == 0) => {
                    *indices = Indices::List(SegmentList::new());
                    0
                }
                None => return Err(self.missing(name, &column.index_path)),
            },
        };
        let promised = steps > 0 && !matches!(&column.indices, Indices::List(l) if l.is_empty());
        if found.is_none() && promised && !has_log {
            return Err(self.missing(name, &column.value_path));
        }
        if found.is_none() && matches!(column.indices, Indices::File) {
            // No value ever came: only a list may describe that without a value file (format §7).
            column.indices = Indices::List(SegmentList::new());
        }
        let rows = match &column.indices {
            // Also of an open segment some rows may be none: those beyond the last possible step.
            Indices::List(list) => list.usable(values),
            Indices::File => self.increasing(&column, values.min(steps))?,
        };
        if steps != u64::MAX && steps > values && !has_log && self.is_wanted(&column, steps, values)? {
            self.warnings.push(format!(
                "metric {}: {} of {steps} values are missing from {}; the rows that are there were kept",
                name::quoted(name),
                steps - values,
                column.value_path.display()
            ));
        }
        column.value_bytes = match entry.dtype.size() {
            Some(size) => rows * size as u64,
            None if rows == values => bytes,
            None => self.line_end(&column.value_path, rows)?,
        };
        let last = self.last_step(&column, rows)?;
        column.stored = Extent { rows, last };
        column.described = column.stored;
        Ok((column, sizes))
    }

    /// How many of the first `rows` steps of an index file are sound. What was appended just before a power cut may
    /// read as zeros, which no reader takes for steps.
    pub(super) fn increasing(&mut self, column: &Column, rows: u64) -> Result<u64> {
        let start = rows.saturating_sub(STEPS_LOOKED_AT);
        let mut bytes = vec![0; (rows - start) as usize * size_of::<u32>()];
        if bytes.is_empty() {
            return Ok(rows);
        }
        let file = self.store.open_read(&column.index_path)?;
        let got = ops::read_full(&*file, &mut bytes, start * size_of::<u32>() as u64)?;
        let steps: Vec<u32> =
            bytes[..got].chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        let Some(last) = steps.windows(2).position(|pair| pair[0] >= pair[1]) else { return Ok(rows) };
        let sound = start + last as u64 + 1;
        self.warnings.push(format!(
            "metric {}: the last {} steps in {} do not increase and were cut off with their values",
            name::quoted(&column.name),
            rows - sound,
            column.index_path.display()
        ));
        Ok(sound)
    }

    /// A row of a column, of so many described, is not among those to be dropped: an earlier attempt to drop them may
    /// have cut the values only.
    pub(super) fn is_wanted(&self, column: &Column, steps: u64, row: u64) -> Result<bool> {
        let Some(limit) = self.plan.step else { return Ok(true) };
        let step = match &column.indices {
            Indices::List(list) => list.step_at(steps, row),
            Indices::File => Some(index_at(self.store, &column.index_path, row)?),
        };
        Ok(step.is_none_or(|step| step < limit))
    }

    pub(super) fn missing(&self, name: &str, path: &Path) -> Error {
        Error::corrupt(
            path,
            format_args!("is missing, but the manifest promises rows of metric {}", name::quoted(name)),
        )
    }

    pub(super) fn last_step(&self, column: &Column, rows: u64) -> Result<Option<u32>> {
        match (&column.indices, rows) {
            (_, 0) => Ok(None),
            (Indices::List(list), _) => Ok(list.last_step(rows)),
            (Indices::File, _) => index_at(self.store, &column.index_path, rows - 1).map(Some),
        }
    }

    /// Whole lines of a JSON column and their bytes. A last line that only lacks its newline gets it; one that does
    /// not parse does not count, or the next one would make it damage in the middle (format §8). Nothing is mended
    /// while a hot log may hold the row.
    pub(super) fn count_lines(&self, path: &Path, has_log: bool) -> Result<(u64, u64)> {
        let bytes = ops::read_file(self.store, path)?.unwrap_or_default();
        let (mut rows, mut end) = (0, 0);
        let mut lines = hotlog::lines(&bytes).peekable();
        while let Some(line) = lines.next() {
            if line.ended {
                if lines.peek().is_none_or(|next| !next.ended) && json::parse(line.text).is_err() {
                    break;
                }
                rows += 1;
                end = line.offset + line.text.len() + 1;
            } else if !has_log && json::parse(line.text).is_ok() {
                self.store.open_append(path, Create::Never)?.append(b"\n")?;
                rows += 1;
                end = line.offset + line.text.len() + 1;
            }
        }
        Ok((rows, end as u64))
    }

    /// Where the first `rows` lines of a JSON column end.
    pub(super) fn line_end(&self, path: &Path, rows: u64) -> Result<u64> {
        let bytes = ops::read_file(self.store, path)?.unwrap_or_default();
        let last = usize::try_from(rows).ok().and_then(|rows| rows.checked_sub(1));
        let line = last.and_then(|last| hotlog::lines(&bytes).nth(last));
        Ok(line.map_or(0, |line| (line.offset + line.text.len() + 1) as u64))
    }

    /// The step from which the rows of a column give way: that asked for, or where the hot logs take over
    /// (format §12.5).
    ///
    /// The logs take over from their first row on, because a compaction of them may have been cut off. But a log
    /// that came back from the dead (its removal was lost with the power) must not take away rows that it does not
    /// hold: a column with such rows keeps them, and what the log says again is passed over.
    pub(super) fn limit(
        &self,
        columns: &Columns,
        id: usize,
        first_hot: Option<u32>,
        log_values: Option<Values<'_>>,
    ) -> Result<Option<u32>> {
        let column = &columns.all()[id];
        let Some(first) = first_hot.filter(|first| column.stored.last.is_some_and(|last| last >= *first))
        else {
            return Ok(self.plan.step);
        };
        let from = self.rows_below(column, u64::from(first))?;
        let to = match self.plan.step {
            Some(step) => self.rows_below(column, u64::from(step))?,
            None => column.stored.rows,
        };
        let log_steps: Vec<u32> =
            log_values.into_iter().flat_map(Values::pieces).flat_map(|piece| piece.steps.to_vec()).collect();
        for row in from..to {
            if log_steps.binary_search(&self.step_at(column, row)?).is_err() {
                return Ok(self.plan.step);
            }
        }
        Ok(Some(self.plan.step.map_or(first, |step| step.min(first))))
    }

    pub(super) fn step_at(&self, column: &Column, row: u64) -> Result<u32> {
        match &column.indices {
            Indices::List(list) => {
                list.step_at(column.stored.rows, row).ok_or_else(|| Error::internal("a row without a step"))
            }
            Indices::File => index_at(self.store, &column.index_path, row),
        }
    }

    pub(super) fn rows_below(&self, column: &Column, step: u64) -> Result<u64> {
        let rows = column.stored.rows;
        match &column.indices {
            Indices::List(list) => Ok(list.rows_below(rows, step).min(rows)),
            Indices::File => {
                let (mut low, mut high) = (0, rows);
                while low < high {
                    let middle = low + (high - low) / 2;
                    if u64::from(index_at(self.store, &column.index_path, middle)?) < step {
                        low = middle + 1;
                    } else {
                        high = middle;
                    }
                }
                Ok(low)
            }
        }
    }

    /// Cuts a column to the rows below `limit` and to what is whole: values first, because steps described ahead of
    /// values are resolvable and the reverse is not. Says whether rows went.
    pub(super) fn cut(&self, columns: &mut Columns, id: usize, limit: Option<u32>) -> Result<bool> {
        let column = &columns.all()[id];
        let had = column.stored.rows;
        let kept = match limit {
            Some(limit) => self.rows_below(column, u64::from(limit))?,
            None => had,
        };
        let bytes = match column.dtype.size() {
            Some(size) => kept * size as u64,
            None if kept == had => column.value_bytes,
            None => self.line_end(&column.value_path, kept)?,
        };
        let sizes = self.sizes.get(id).copied().unwrap_or_default();
        shorten(self.store, &column.value_path, sizes.values, bytes)?;
        if let Indices::File = column.indices {
            shorten(self.store, &column.index_path, sizes.indices, kept * size_of::<u32>() as u64)?;
        }
        let last = self.last_step(column, kept)?;
        let column = &mut columns.all_mut()[id];
        if let Indices::List(list) = &mut column.indices {
            list.truncate(kept, u64::MAX);
        }
        column.value_bytes = bytes;
        column.stored = Extent { rows: kept, last };
        column.described = column.stored;
        Ok(kept < had)
    }
}

/// Cuts a file that is longer than `len`, for good: rows that came back with the power would hide those written since.
fn shorten(store: &dyn Store, path: &Path, found: Option<u64>, len: u64) -> Result<()> {
    let found = match found {
        Some(found) => Some(found),
        None => store.metadata(path)?.map(|metadata| metadata.len),
    };
    match found {
        Some(found) if found > len => {
            let file = store.open_append(path, Create::Never)?;
            file.set_len(len)?;
            file.sync_data()
        }
        _ => Ok(()),
    }
}

/// One step of an index file.
fn index_at(store: &dyn Store, path: &Path, row: u64) -> Result<u32> {
    let mut bytes = [0; 4];
    let file = store.open_read(path)?;
    if ops::read_full(&*file, &mut bytes, row * 4)? < 4 {
        return Err(Error::new(Code::Corrupt, format!("{}: has no step for row {row}", path.display())));
    }
    Ok(u32::from_le_bytes(bytes))
}
