//! The hot logs of a run that is opened: read as one, cleaned, and left as one (format §12.3, §12.4).

use super::{Recovery, REJECTED};
use crate::error::{Error, Result};
use crate::hotlog::HotLog;
use crate::run::batch::Batch;
use crate::run::columns::{Column, Columns};
use crate::run::dtype::DType;
use crate::run::name;
use crate::run::row::Row;
use crate::run::rows::{self, Log, LogRow, Scan};
use crate::run::steps::{Indices, SegmentList};
use crate::store::{ops, Create, File};
use std::collections::HashMap;

/// What a log holds, and the log itself; nothing if there is none.
type OpenedLog = (Option<Vec<u8>>, Option<Box<dyn File>>);

/// The rows of both logs, merged.
pub(super) struct Logs<'a> {
    pub(super) compacting: Option<Log<'a>>,
    pub(super) hot: Option<Log<'a>>,
    /// All rows in order, each step once.
    pub(super) rows: Vec<LogRow<'a>>,
    scan: Scan<'a>,
    /// The values of these rows, once they have been checked.
    pub(super) values: Batch,
    /// The file `hot.jsonl` alone, as it stands, holds exactly these rows and nothing else.
    pub(super) as_found: bool,
    /// Rows were dropped for the step to continue from.
    pub(super) dropped: bool,
}

impl<'a> Logs<'a> {
    pub(super) fn read(compacting: Option<&'a [u8]>, hot: Option<&'a [u8]>) -> Self {
        let mut scan = Scan::default();
        let compacting = compacting.map(|bytes| rows::read(bytes, &mut scan));
        let hot = hot.map(|bytes| rows::read(bytes, &mut scan));
        let parts = || compacting.iter().chain(&hot);
        let mut all: Vec<LogRow<'a>> = parts().flat_map(|log| log.rows.iter().copied()).collect();
        let moved = rows::in_order(&mut all);
        let as_found = !moved
            && compacting.is_none()
            && parts().all(|log| log.bad.is_empty() && !log.unended)
            && hot.as_ref().is_none_or(|log| !log.rows.is_empty());
        Logs { compacting, hot, rows: all, scan, values: Batch::default(), as_found, dropped: false }
    }

    /// Takes out rows with a value that its metric cannot hold, and adds metrics that only the logs know.
    pub(super) fn check_values(&mut self, columns: &mut Columns) -> Vec<(LogRow<'a>, String)> {
        let columns_known: HashMap<&str, (u32, DType)> =
            columns.all().iter().zip(0..).map(|(c, id)| (c.name.as_str(), (id, c.dtype))).collect();
        let mut known: Vec<Option<(u32, DType)>> =
            (0..self.scan.names()).map(|key| columns_known.get(self.scan.name(key)).copied()).collect();
        let mut row = Row::default();
        let mut refused = Vec::new();
        let root = columns.root().to_path_buf();
        let (scan, values) = (&self.scan, &mut self.values);
        self.rows.retain(|line| {
            let result = rows::fill(scan, line, &mut row, |key, value| {
                Some(*known[key].get_or_insert_with(|| {
                    let dtype = rows::first_dtype(value);
                    let list = Indices::List(SegmentList::new());
                    columns.add(Column::new(&root, scan.name(key), dtype, list));
                    ((columns.all().len() - 1) as u32, dtype)
                }))
            });
            match result {
                Ok(()) => values.push(line.step, &mut row),
                Err(why) => {
                    refused.push((*line, why));
                    return false;
                }
            }
            true
        });
        self.as_found &= refused.is_empty();
        refused
    }

    pub(super) fn drop_from(&mut self, step: Option<u32>) {
        let Some(step) = step else { return };
        let kept = self.rows.partition_point(|row| row.step < step);
        self.dropped = kept < self.rows.len();
        self.as_found &= !self.dropped;
        self.rows.truncate(kept);
        self.values.keep_first(kept);
    }
}

impl Recovery<'_> {
    pub(super) fn remove_hot(&self, file: &str) -> Result<()> {
        ops::remove_if_present(self.store, &self.plan.root.join(file)).map(drop)
    }

    /// What the hot log holds, and the file, open for appending if it can be.
    pub(super) fn open_hot(&self) -> Result<OpenedLog> {
        let path = self.plan.root.join(name::HOT);
        match self.store.open_append(&path, Create::Never) {
            Ok(file) => Ok((Some(ops::read_regular(&*file, &path)?), Some(file))),
            Err(e) if e.is_missing() => Ok((None, None)),
            // A link is read, and replaced if need be; of what is no file that is the error to tell.
            Err(e) if matches!(e.os_error(), Some(libc::ELOOP | libc::EISDIR)) => {
                Ok((ops::read_file(self.store, &path)?, None))
            }
            Err(e) => Err(e),
        }
    }

    /// Leaves one hot log that holds the surviving rows and nothing else, or none (format §12.4).
    pub(super) fn settle_logs(&self, logs: &Logs<'_>, file: Option<Box<dyn File>>) -> Result<Option<HotLog>> {
        let hot = self.plan.root.join(name::HOT);
        let open = || self.store.open_append(&hot, Create::Never);
        if logs.as_found {
            let Some(log) = &logs.hot else { return Ok(None) };
            let len = logs.rows.iter().map(|row| row.text.len() as u64 + 1).sum();
            let file = file.map_or_else(open, Ok)?;
            if log.torn > 0 {
                file.set_len(len)?;
            }
            return Ok(Some(HotLog::new(file, len)));
        }
        // It is about to be replaced or removed.
        drop(file);
        let mut text = Vec::new();
        for row in &logs.rows {
            text.extend_from_slice(row.text);
            text.push(b'\n');
        }
        if text.is_empty() {
            ops::remove_if_present(self.store, &hot)?;
        } else {
            ops::replace(self.store, &hot, &text)?;
        }
        // Only now: the new log holds all that this one held.
        self.remove_hot(name::HOT_COMPACTING)?;
        match text.len() as u64 {
            0 => Ok(None),
            len => Ok(Some(HotLog::new(open()?, len))),
        }
    }

    /// Moves lines that are no rows beside the run, so that they cost themselves and not the run.
    pub(super) fn reject(&mut self, logs: &Logs<'_>, refused: &[(LogRow<'_>, String)]) -> Result<()> {
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

    pub(super) fn set_aside(&mut self, line: &[u8], what: &str, text: &mut Vec<u8>) -> Result<()> {
        let path = self.plan.root.join(name::HOT);
        if self.plan.strict {
            return Err(Error::corrupt(&path, format_args!("{what}; open without `strict` to set it aside")));
        }
        self.warnings.push(format!("{what}; it was moved to {REJECTED}"));
        text.extend_from_slice(line);
        text.push(b'\n');
        Ok(())
    }
}
