//! JSON-lines logs to finished runs.
//!
//! A log holds one JSON object a line: metrics by name and, in every line or in none, `"step"`. Without steps the
//! lines are numbered from 0. Numbers without point or exponent become i64, other numbers f32 (on request f64),
//! anything else JSON; from there on the rules of format §9 hold. The result is a finished, optimised archive.

mod lines;
mod pattern;
mod row;
#[cfg(test)]
mod tests;
mod tree;

pub use tree::{import_tree, import_tree_in, Imported, TreeOptions};

use crate::error::{Error, Result};
use crate::run::dtype::Value;
use crate::run::options::{Config, FinishOptions, Layout, WriterOptions};
use crate::run::writer::Writer;
use crate::store::{ops, DiskStore, File, Store};
use lines::Lines;
use pattern::{patterns, Pattern};
use row::{Metrics, Order};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The pattern that `DEFAULT` stands for in [`ImportOptions::skip_columns`].
pub const DEFAULT_SKIP: &str = "[pg]norm.*";

/// The configuration that is taken along if it lies beside the log.
const CONFIG_BESIDE_LOG: &str = "config.json";

/// How a log is read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ImportOptions {
    /// Regular expressions; a metric whose whole name matches one of them is left out. `DEFAULT` stands for
    /// [`DEFAULT_SKIP`]. `UNSUPPORTED` in a build without the feature `patterns`.
    pub skip_columns: Vec<String>,
    /// A step may be smaller than the one before: the job went back, and rows from there on are dropped. What is
    /// dropped has no say in the types of metrics.
    pub allow_rewinds: bool,
    /// An existing run in the place of the output is replaced.
    pub overwrite: bool,
    /// Floats are kept as f64 rather than rounded to f32.
    pub double: bool,
    /// A last line that lacks its newline and does not parse (the job was killed) is left out rather than an error.
    pub skip_torn_tail: bool,
}

/// What was read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ImportReport {
    /// Lines of the log.
    pub rows: u64,
    /// Of these, lines that a later rewind made void.
    pub rewound_rows: u64,
    /// Metrics in the run.
    pub metrics: u64,
    /// A torn last line was left out.
    pub torn_tail: bool,
}

/// Turns the log into `run_dir/metrics.plattli`, with `config.json` from beside the log if there is one.
///
/// Errors name the log and the line: `CORRUPT` for a line that is no JSON object and for steps that are missing in
/// some lines, out of range or not increasing; `TYPE` for values that do not fit their metric; `ARGUMENT` for
/// illegal names and patterns; `EXISTS` for an existing run without `overwrite`. After an error nothing is left of
/// the new run.
pub fn import_file(log: &Path, run_dir: &Path, options: &ImportOptions) -> Result<ImportReport> {
    import_file_in(Arc::new(DiskStore), log, run_dir, options)
}

/// [`import_file`] on any store.
pub fn import_file_in(
    store: Arc<dyn Store>,
    log: &Path,
    run_dir: &Path,
    options: &ImportOptions,
) -> Result<ImportReport> {
    let skip = patterns(&options.skip_columns)?;
    let file = store.open_read(log)?;
    let metadata = file.metadata()?;
    ops::regular(log, &metadata)?;
    let source = Log { path: log, file: &*file, len: metadata.len, options };
    let void = if options.allow_rewinds { source.void_lines()? } else { Vec::new() };
    let writer_options = WriterOptions {
        layout: Layout::Bulk,
        config: config_of(&*store, log)?,
        overwrite: options.overwrite,
        ..WriterOptions::default()
    };
    let writer = Writer::open_in(store.clone(), run_dir, &writer_options)?;
    let report = source.copy(&skip, &void, &writer)?;
    writer.finish(&FinishOptions::default())?;
    writer.close()?;
    Ok(report)
}

fn config_of(store: &dyn Store, log: &Path) -> Result<Config> {
    let beside = ops::parent_of(log).join(CONFIG_BESIDE_LOG);
    if store.metadata(&beside)?.is_none() {
        return Ok(Config::Json("{}".into()));
    }
    match store.canonicalize(&beside)?.into_os_string().into_string() {
        Ok(path) => Ok(Config::Path(path)),
        Err(path) => Err(Error::argument(format!("the path {} is not UTF-8", PathBuf::from(path).display()))),
    }
}

/// A log as long as it was when it was opened.
struct Log<'a> {
    path: &'a Path,
    file: &'a dyn File,
    len: u64,
    options: &'a ImportOptions,
}

impl Log<'_> {
    /// Which lines a later rewind makes void: those whose step is not below every step after them.
    fn void_lines(&self) -> Result<Vec<bool>> {
        let mut order = Order::new(true);
        let mut steps = Vec::new();
        let mut ignored = Metrics::new(&[]);
        self.for_each(&mut |line| {
            let row = ignored.row(line)?;
            steps.push(order.step(row.step)?);
            Ok(())
        })?;
        let mut smallest_after = None;
        let mut void: Vec<bool> = steps
            .iter()
            .rev()
            .map(|&step| {
                let undone = smallest_after.is_some_and(|after| step >= after);
                smallest_after = Some(smallest_after.map_or(step, |after: u32| after.min(step)));
                undone
            })
            .collect();
        void.reverse();
        Ok(void)
    }

    /// Writes every line that is not void.
    fn copy(&self, skip: &[Pattern], void: &[bool], writer: &Writer) -> Result<ImportReport> {
        let mut report = ImportReport::default();
        let mut order = Order::new(self.options.allow_rewinds);
        let mut metrics = Metrics::new(skip);
        report.torn_tail = self.for_each(&mut |line| {
            let row = metrics.row(line)?;
            let step = order.step(row.step)?;
            let undone = void.get(report.rows as usize).is_some_and(|&v| v);
            report.rows += 1;
            if undone {
                report.rewound_rows += 1;
                return Ok(());
            }
            if row.values.is_empty() {
                return Ok(());
            }
            if step > writer.step()? {
                writer.set_step(step)?;
            }
            for (id, raw) in row.values {
                let (name, is_json) = metrics.get(id);
                let value = row::value(raw, is_json, self.options.double)
                    .map_err(|e| e.within(format_args!("metric {name:?}")))?;
                writer.write(name, value)?;
                metrics.written(id, matches!(value, Value::Json(_)));
            }
            writer.end_step()
        })?;
        report.metrics = metrics.count_written();
        Ok(report)
    }

    /// Calls `f` with each line; says whether a torn tail was left out.
    fn for_each(&self, f: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<bool> {
        let mut lines = Lines::new(self.file, self.len);
        let mut number = 0u64;
        while let Some((line, complete)) = lines.next()? {
            number += 1;
            if !complete && self.options.skip_torn_tail && crate::json::parse(line).is_err() {
                return Ok(true);
            }
            f(line).map_err(|e| e.within(format_args!("{}:{number}", self.path.display())))?;
        }
        Ok(false)
    }
}
