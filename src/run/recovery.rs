//! Opening a run folder for writing: what a killed, cut-off or half-finished writer left is put in order
//! (format §12).
//!
//! Every step can be interrupted and the whole repeated. The hot logs name the rows from which they are
//! authoritative; the columns are cut down to where the logs take over; the manifest says what is there; and then the
//! logs are settled.

use super::batch::{Batch, Row};
use super::columns::{Column, Columns, Extent};
use super::dtype::{Cell, DType};
use super::files::open_file_limit;
use super::manifest::{Manifest, MetricEntry};
use super::monotonic::{Monotonic, MonotonicTracker};
use super::name;
use super::rows::{self, Log, LogRow};
use super::schema::Schema;
use super::steps::{Indices, SegmentList};
use super::values;
use crate::error::{Code, Error, Result};
use crate::hotlog;
use crate::json;
use crate::store::{ops, Create, Store};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// File in the run directory that takes the lines of a hot log that are no rows.
pub const REJECTED: &str = "plattli.rejected.jsonl";

/// Steps at the end of an index file that are looked at: far more than are written between two syncs.
const STEPS_LOOKED_AT: u64 = 1 << 16;

/// How a folder is to be recovered.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The run directory.
    pub run_dir: PathBuf,
    /// The run folder in it.
    pub root: PathBuf,
    /// Rows at or beyond this step are dropped; `None`: none are, and the run goes on after the last.
    pub step: Option<u32>,
    /// A broken line in a hot log is an error.
    pub strict: bool,
    /// How many column files may be open.
    pub open_files: usize,
}

impl Plan {
    /// Nothing is dropped but what is broken.
    pub fn whole(run_dir: &Path, root: &Path) -> Self {
        Plan {
            run_dir: run_dir.to_path_buf(),
            root: root.to_path_buf(),
            step: None,
            strict: false,
            open_files: open_file_limit(),
        }
    }
}

/// A folder in order.
#[derive(Debug)]
pub struct Recovered {
    /// The cold side.
    pub columns: Columns,
    /// The metrics.
    pub schema: Schema,
    /// Rows that are in `hot.jsonl` and not in the columns.
    pub pending: Batch,
    /// Bytes of `hot.jsonl`; `None` if there is none.
    pub hot_bytes: Option<u64>,
    /// The step to be written next.
    pub step: u64,
    /// What was found broken and how it was mended.
    pub warnings: Vec<String>,
}

/// Puts a run folder in order. The folder exists; it may be empty.
pub fn recover(store: &Arc<dyn Store>, plan: &Plan) -> Result<Recovered> {
    let mut recovery = Recovery { store: &**store, plan, warnings: Vec::new(), sound: HashSet::new() };
    let manifest_path = plan.root.join(name::MANIFEST);
    let manifest = match ops::read_file(&**store, &manifest_path)? {
        Some(bytes) => Some(Manifest::parse(&bytes, &manifest_path)?),
        None => None,
    };
    let finished = manifest.as_ref().is_some_and(|m| m.run_rows.is_some());
    if finished {
        // A finished manifest says that no hot log applies; one that is still there was about to be removed.
        recovery.remove_hot(name::HOT)?;
        recovery.remove_hot(name::HOT_COMPACTING)?;
    }
    let compacting = ops::read_file(&**store, &plan.root.join(name::HOT_COMPACTING))?;
    let hot = ops::read_file(&**store, &plan.root.join(name::HOT))?;
    let has_log = compacting.is_some() || hot.is_some();

    let mut columns = Columns::new(Arc::clone(store), &plan.root, plan.open_files, false);
    for (name, entry) in manifest.iter().flat_map(|m| &m.metrics) {
        columns.add(recovery.load_column(name, entry, has_log)?);
    }

    let mut logs = Logs::read(compacting.as_deref(), hot.as_deref());
    let refused = logs.check_values(&mut columns);
    logs.drop_from(plan.step);
    recovery.reject(&logs, &refused)?;

    let log_steps = logs.steps_by_metric(&columns);
    let first_hot = logs.rows.first().map(|row| row.step);
    let mut exact = Vec::with_capacity(columns.all().len());
    let mut cut = false;
    for (id, steps) in log_steps.iter().enumerate() {
        let limit = recovery.limit(&columns, id, first_hot, steps)?;
        let shorter = recovery.cut(&mut columns, id, limit)?;
        let lost_rows = shorter || logs.dropped;
        cut |= shorter;
        // Any beginning of rising values rises; of other values a beginning may do anything.
        exact.push(!lost_rows || columns.all()[id].flag == Some(Monotonic::Inc));
    }

    let mut pending = Batch::default();
    let ids: HashMap<String, (u32, DType)> =
        columns.all().iter().zip(0..).map(|(c, id)| (c.name.clone(), (id, c.dtype))).collect();
    let mut row = Row::default();
    for line in &logs.rows {
        rows::fill(line.text, &mut row, |key, _| ids.get(key).copied()).map_err(Error::internal)?;
        pending.push(line.step, &row);
    }

    let (schema, flags) = recovery.follow(&columns, &pending, &exact)?;
    columns.set_flags(&flags);
    for id in 0..columns.all().len() {
        columns.spill(id)?;
    }
    if columns.all().is_empty() && finished {
        ops::remove_if_present(&**store, &manifest_path)?;
    }
    let same = manifest.is_some_and(|before| undated(before) == undated(columns.manifest(None)));
    // Readers learn from a new manifest that rows they may have seen are no more, even if it says what it said.
    if columns.all().is_empty() || (same && !cut) {
        columns.set_published();
    }
    columns.publish()?;
    // Only now: until the manifest says what the columns hold, the logs are what excuses the difference.
    let hot_bytes = recovery.settle_logs(&logs)?;
    recovery.remove_leftovers(&columns)?;

    let last_cold = columns.all().iter().filter_map(|c| c.stored.last).max();
    let last = last_cold.max(pending.steps().last().copied());
    let step = plan.step.map_or_else(|| last.map_or(0, |last| u64::from(last) + 1), u64::from);
    Ok(Recovered { columns, schema, pending, hot_bytes, step, warnings: recovery.warnings })
}

/// The text of a manifest without its date.
fn undated(mut manifest: Manifest) -> Vec<u8> {
    manifest.when_exported = None;
    manifest.to_text()
}

struct Recovery<'a> {
    store: &'a dyn Store,
    plan: &'a Plan,
    warnings: Vec<String>,
    /// Folders that were seen to lie inside the run.
    sound: HashSet<PathBuf>,
}

/// The rows of both logs, merged.
struct Logs<'a> {
    compacting: Option<Log<'a>>,
    hot: Option<Log<'a>>,
    /// All rows in order, each step once.
    rows: Vec<LogRow<'a>>,
    /// The file `hot.jsonl` alone, as it stands, holds exactly these rows and nothing else.
    as_found: bool,
    /// Rows were dropped for the step to continue from.
    dropped: bool,
}

impl<'a> Logs<'a> {
    fn read(compacting: Option<&'a [u8]>, hot: Option<&'a [u8]>) -> Self {
        let (compacting, hot) = (compacting.map(rows::read), hot.map(rows::read));
        let parts = || compacting.iter().chain(&hot);
        let mut all: Vec<LogRow<'a>> = parts().flat_map(|log| log.rows.iter().copied()).collect();
        let moved = rows::in_order(&mut all);
        let as_found = !moved
            && compacting.is_none()
            && parts().all(|log| log.bad.is_empty() && !log.unended)
            && hot.as_ref().is_none_or(|log| !log.rows.is_empty());
        Logs { compacting, hot, rows: all, as_found, dropped: false }
    }

    /// Takes out rows with a value that its metric cannot hold, and adds metrics that only the logs know.
    fn check_values(&mut self, columns: &mut Columns) -> Vec<(LogRow<'a>, String)> {
        let mut known: HashMap<String, (u32, DType)> =
            columns.all().iter().zip(0..).map(|(c, id)| (c.name.clone(), (id, c.dtype))).collect();
        let mut row = Row::default();
        let mut refused = Vec::new();
        let root = columns.root().to_path_buf();
        self.rows.retain(|line| {
            let result = rows::fill(line.text, &mut row, |key, value| {
                Some(*known.entry(key.to_owned()).or_insert_with(|| {
                    let dtype = rows::first_dtype(value);
                    let list = Indices::List(SegmentList::new());
                    columns.add(Column::new(&root, key, dtype, list));
                    ((columns.all().len() - 1) as u32, dtype)
                }))
            });
            if let Err(why) = result {
                refused.push((*line, why));
                return false;
            }
            true
        });
        self.as_found &= refused.is_empty();
        refused
    }

    fn drop_from(&mut self, step: Option<u32>) {
        let Some(step) = step else { return };
        let kept = self.rows.partition_point(|row| row.step < step);
        self.dropped = kept < self.rows.len();
        self.as_found &= !self.dropped;
        self.rows.truncate(kept);
    }

    /// The steps of each metric in the logs, by id.
    fn steps_by_metric(&self, columns: &Columns) -> Vec<Vec<u32>> {
        let ids: HashMap<&str, usize> =
            columns.all().iter().zip(0..).map(|(c, id)| (c.name.as_str(), id)).collect();
        let mut steps = vec![Vec::new(); columns.all().len()];
        for row in &self.rows {
            // The line was read before; a key that is not a metric is the step.
            _ = json::scan_object(row.text, |key, _| {
                if let Some(id) = ids.get(&*key) {
                    steps[*id].push(row.step);
                }
            });
        }
        steps
    }
}

impl Recovery<'_> {
    fn remove_hot(&self, file: &str) -> Result<()> {
        ops::remove_if_present(self.store, &self.plan.root.join(file)).map(drop)
    }

    /// What a metric of the manifest has on disk: the values that are whole, and as many steps (format §7, §8).
    fn load_column(&mut self, name: &str, entry: &MetricEntry, has_log: bool) -> Result<Column> {
        let mut column = Column::new(&self.plan.root, name, entry.dtype, entry.indices.clone());
        column.flag = entry.monotonic;
        column.extra.clone_from(&entry.extra);
        ops::stay_below(self.store, &self.plan.root, &column.value_path, &mut self.sound)?;
        let found = match self.store.metadata(&column.value_path)? {
            Some(metadata) => {
                ops::regular(&column.value_path, &metadata)?;
                Some(metadata.len)
            }
            None => None,
        };
        let (values, bytes) = match (found, entry.dtype.size()) {
            (None, _) => (0, 0),
            (Some(len), Some(size)) => (len / size as u64, len - len % size as u64),
            (Some(_), None) => self.count_lines(&column.value_path, has_log)?,
        };
        let steps = match &mut column.indices {
            Indices::List(list) => list.described().unwrap_or(u64::MAX),
            indices @ Indices::File => match self.store.metadata(&column.index_path)? {
                Some(metadata) => {
                    ops::regular(&column.index_path, &metadata)?;
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
        let promised = steps > 0 && !matches!(&column.indices, Indices::List(l) if l.segments().is_empty());
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
        Ok(column)
    }

    /// How many of the first `rows` steps of an index file are sound. What was appended just before a power cut may
    /// read as zeros, which no reader takes for steps.
    fn increasing(&mut self, column: &Column, rows: u64) -> Result<u64> {
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
    fn is_wanted(&self, column: &Column, steps: u64, row: u64) -> Result<bool> {
        let Some(limit) = self.plan.step else { return Ok(true) };
        let step = match &column.indices {
            Indices::List(list) => list.step_at(steps, row),
            Indices::File => Some(index_at(self.store, &column.index_path, row)?),
        };
        Ok(step.is_none_or(|step| step < limit))
    }

    fn missing(&self, name: &str, path: &Path) -> Error {
        Error::corrupt(
            path,
            format_args!("is missing, but the manifest promises rows of metric {}", name::quoted(name)),
        )
    }

    fn last_step(&self, column: &Column, rows: u64) -> Result<Option<u32>> {
        match (&column.indices, rows) {
            (_, 0) => Ok(None),
            (Indices::List(list), _) => Ok(list.last_step(rows)),
            (Indices::File, _) => index_at(self.store, &column.index_path, rows - 1).map(Some),
        }
    }

    /// Whole lines of a JSON column and their bytes. A last line that only lacks its newline gets it; one that does
    /// not parse does not count, or the next one would make it damage in the middle (format §8). Nothing is mended
    /// while a hot log may hold the row.
    fn count_lines(&self, path: &Path, has_log: bool) -> Result<(u64, u64)> {
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
    fn line_end(&self, path: &Path, rows: u64) -> Result<u64> {
        let bytes = ops::read_file(self.store, path)?.unwrap_or_default();
        let last = usize::try_from(rows).ok().and_then(|rows| rows.checked_sub(1));
        let line = last.and_then(|last| hotlog::lines(&bytes).nth(last));
        Ok(line.map_or(0, |line| (line.offset + line.text.len() + 1) as u64))
    }

    /// Leaves one hot log that holds the surviving rows and nothing else, or none (format §12.4). Gives its size.
    fn settle_logs(&self, logs: &Logs<'_>) -> Result<Option<u64>> {
        let hot = self.plan.root.join(name::HOT);
        if logs.as_found {
            let Some(log) = &logs.hot else { return Ok(None) };
            let len = logs.rows.iter().map(|row| row.text.len() as u64 + 1).sum();
            if log.torn > 0 {
                self.store.open_append(&hot, Create::Never)?.set_len(len)?;
            }
            return Ok(Some(len));
        }
        let mut text = Vec::new();
        for row in &logs.rows {
            text.extend_from_slice(row.text);
            text.push(b'\n');
        }
        let len = if text.is_empty() {
            ops::remove_if_present(self.store, &hot)?;
            None
        } else {
            ops::replace(self.store, &hot, &text)?;
            Some(text.len() as u64)
        };
        // Only now: the new log holds all that this one held.
        self.remove_hot(name::HOT_COMPACTING)?;
        Ok(len)
    }

    /// Moves lines that are no rows beside the run, so that they cost themselves and not the run.
    fn reject(&mut self, logs: &Logs<'_>, refused: &[(LogRow<'_>, String)]) -> Result<()> {
        let mut text = Vec::new();
        let files = [(name::HOT_COMPACTING, &logs.compacting), (name::HOT, &logs.hot)];
        for (file, log) in files {
            let Some(log) = log else { continue };
            for bad in &log.bad {
                let what = format!("line {} of {file} is no row ({})", bad.number, bad.why);
                self.set_aside(bad.text, &what, &mut text)?;
            }
            if log.torn > 0 {
                self.warnings
                    .push(format!("the last {} bytes of {file} were a torn line and were cut off", log.torn));
            }
        }
        for (row, why) in refused {
            self.set_aside(
                row.text,
                &format!("the row of step {} does not fit ({why})", row.step),
                &mut text,
            )?;
        }
        if text.is_empty() {
            return Ok(());
        }
        let path = self.plan.run_dir.join(REJECTED);
        let file = self.store.open_append(&path, Create::IfMissing)?;
        file.append(&text)?;
        file.sync_all()?;
        self.store.sync_dir(&self.plan.run_dir)
    }

    fn set_aside(&mut self, line: &[u8], what: &str, text: &mut Vec<u8>) -> Result<()> {
        let path = self.plan.root.join(name::HOT);
        if self.plan.strict {
            return Err(Error::corrupt(&path, format_args!("{what}; open without `strict` to set it aside")));
        }
        self.warnings.push(format!("{what}; it was moved to {REJECTED}"));
        text.extend_from_slice(line);
        text.push(b'\n');
        Ok(())
    }

    /// The step from which the rows of a column give way: that asked for, or where the hot logs take over
    /// (format §12.5).
    ///
    /// The logs take over from their first row on, because a compaction of them may have been cut off. But a log
    /// that came back from the dead (its removal was lost with the power) must not take away rows that it does not
    /// hold: a column with such rows keeps them, and what the log says again is passed over.
    fn limit(
        &self,
        columns: &Columns,
        id: usize,
        first_hot: Option<u32>,
        log_steps: &[u32],
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
        for row in from..to {
            if log_steps.binary_search(&self.step_at(column, row)?).is_err() {
                return Ok(self.plan.step);
            }
        }
        Ok(Some(self.plan.step.map_or(first, |step| step.min(first))))
    }

    fn step_at(&self, column: &Column, row: u64) -> Result<u32> {
        match &column.indices {
            Indices::List(list) => {
                list.step_at(column.stored.rows, row).ok_or_else(|| Error::internal("a row without a step"))
            }
            Indices::File => index_at(self.store, &column.index_path, row),
        }
    }

    fn rows_below(&self, column: &Column, step: u64) -> Result<u64> {
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
    fn cut(&self, columns: &mut Columns, id: usize, limit: Option<u32>) -> Result<bool> {
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
        shorten(self.store, &column.value_path, bytes)?;
        if let Indices::File = column.indices {
            shorten(self.store, &column.index_path, kept * size_of::<u32>() as u64)?;
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

    /// Follows the values of each metric, cold ones and then those of the logs (format §12.6). A flag that is
    /// `exact` spares reading the values.
    fn follow(
        &self,
        columns: &Columns,
        pending: &Batch,
        exact: &[bool],
    ) -> Result<(Schema, Vec<Option<Monotonic>>)> {
        let mut trackers = Vec::with_capacity(columns.all().len());
        for (id, exact) in exact.iter().enumerate() {
            trackers.push(follow_cold(columns, id, *exact)?);
        }
        let by_column = pending.transpose(columns.all().len());
        for (id, entries) in by_column.columns() {
            let (column, tracker) = (&columns.all()[id as usize], &mut trackers[id as usize]);
            let new = entries.partition_point(|e| column.stored.last.is_some_and(|last| e.step <= last));
            let cells: Vec<Cell> = entries[new..].iter().map(|e| e.cell).collect();
            tracker.push_all(column.dtype, &cells);
        }
        let mut schema = Schema::default();
        for (column, tracker) in columns.all().iter().zip(&trackers) {
            schema.insert_existing(&column.name, column.dtype, *tracker);
        }
        Ok((schema, trackers.iter().map(MonotonicTracker::flag).collect()))
    }

    /// Removes what an interrupted writer left under our names: transient files, values of another type, index
    /// files not in use (format §12.7). Everything else is somebody's and stays.
    fn remove_leftovers(&self, columns: &Columns) -> Result<()> {
        for leftover in super::leftovers::find(self.store, columns)? {
            ops::remove_if_present(self.store, &leftover)?;
        }
        Ok(())
    }
}

/// The tracker after the cold values of a column.
fn follow_cold(columns: &Columns, id: usize, exact: bool) -> Result<MonotonicTracker> {
    let column = &columns.all()[id];
    let rows = column.stored.rows;
    if rows == 0 || column.dtype == DType::Json {
        return Ok(MonotonicTracker::new());
    }
    if exact {
        let ends = columns.read_cell(id, 0)?.zip(columns.read_cell(id, rows - 1)?);
        let tracker = MonotonicTracker::resume(column.dtype, column.flag, ends);
        // A flag may speak of rows of the hot log too: falling, though the cold values alone do not fall yet.
        if tracker.flag() == column.flag {
            return Ok(tracker);
        }
    }
    let mut tracker = MonotonicTracker::new();
    values::for_each_piece(&**columns.store(), &column.value_path, column.dtype, rows, |cells| {
        tracker.push_all(column.dtype, cells);
        Ok(())
    })?;
    Ok(tracker)
}

/// Cuts a file that is longer than `len`, for good: rows that came back with the power would hide those written since.
fn shorten(store: &dyn Store, path: &Path, len: u64) -> Result<()> {
    match store.metadata(path)? {
        Some(metadata) if metadata.len > len => {
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
