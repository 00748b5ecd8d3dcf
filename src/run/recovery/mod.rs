//! Opening a run folder for writing: what a killed, cut-off or half-finished writer left is put in order
//! (format §12).
//!
//! Every step can be interrupted and the whole repeated. The hot logs name the rows from which they are
//! authoritative; the columns are cut down to where the logs take over; the manifest says what is there; and then the
//! logs are settled.
//!
//! The order is here; `logs` has the hot logs, `columns` what is done to each column, `looks` how their files are found.

mod columns;
mod logs;
mod looks;

use crate::error::Result;
use crate::hotlog::HotLog;
use crate::run::batch::Batch;
use crate::run::columns::Columns;
use crate::run::dtype::DType;
use crate::run::files::open_file_limit;
use crate::run::manifest::Manifest;
use crate::run::monotonic::{Monotonic, MonotonicTracker};
use crate::run::name;
use crate::run::schema::Schema;
use crate::run::values;
use crate::store::{ops, Reach, Store};
use logs::Logs;
use looks::look_at_all;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// File in the run directory that takes the lines of a hot log that are no rows.
pub const REJECTED: &str = "plattli.rejected.jsonl";

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
    /// Threads may be started, which end before it is done.
    pub threads: bool,
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
            threads: false,
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
    /// `hot.jsonl`; `None` if there is none.
    pub hot: Option<HotLog>,
    /// The step to be written next.
    pub step: u64,
    /// What was found broken and how it was mended.
    pub warnings: Vec<String>,
}

/// Puts a run folder in order. The folder exists; it may be empty.
pub fn recover(store: &Arc<dyn Store>, plan: &Plan) -> Result<Recovered> {
    let mut recovery = Recovery {
        store: &**store,
        plan,
        warnings: Vec::new(),
        sound: HashSet::new(),
        sizes: Vec::new(),
        reach: store.reach(&plan.root),
    };
    ops::look_anew(&**store, recovery.reach, &plan.root)?;
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
    let (hot, hot_file) = recovery.open_hot()?;
    let has_log = compacting.is_some() || hot.is_some();

    let mut columns = Columns::new(Arc::clone(store), &plan.root, plan.open_files, false);
    let mut listed = Vec::new();
    for (name, entry) in manifest.iter().flat_map(|m| &m.metrics) {
        listed.push((name, entry, recovery.listed_column(name, entry)?));
    }
    let paths: Vec<_> = listed.iter().map(|(.., column)| &*column.value_path).collect();
    let found = look_at_all(recovery.reach, &**store, &plan.root, &paths, plan.threads)?;
    for ((name, entry, column), found) in listed.into_iter().zip(found) {
        let (column, sizes) = recovery.load_column(name, entry, column, found, has_log)?;
        columns.add(column);
        recovery.sizes.push(sizes);
    }

    let mut logs = Logs::read(compacting.as_deref(), hot.as_deref());
    let refused = logs.check_values(&mut columns);
    logs.drop_from(plan.step);
    recovery.reject(&logs, &refused)?;

    let by_column = logs.values.by_column(columns.all().len());
    let mut hot_values = vec![None; columns.all().len()];
    by_column.columns().for_each(|(id, values)| hot_values[id as usize] = Some(values));
    let first_hot = logs.rows.first().map(|row| row.step);
    let mut exact = Vec::with_capacity(columns.all().len());
    let mut cut = false;
    for (id, values) in hot_values.iter().enumerate() {
        let limit = recovery.limit(&columns, id, first_hot, *values)?;
        let shorter = recovery.cut(&mut columns, id, limit)?;
        let lost_rows = shorter || logs.dropped;
        cut |= shorter;
        // Any beginning of rising values rises; of other values a beginning may do anything.
        exact.push(!lost_rows || columns.all()[id].flag == Some(Monotonic::Inc));
    }

    let pending = std::mem::take(&mut logs.values);
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
    let hot = recovery.settle_logs(&logs, hot_file)?;
    recovery.remove_leftovers(&columns)?;

    let last_cold = columns.all().iter().filter_map(|c| c.stored.last).max();
    let last = last_cold.max(pending.steps().last().copied());
    let step = plan.step.map_or_else(|| last.map_or(0, |last| u64::from(last) + 1), u64::from);
    Ok(Recovered { columns, schema, pending, hot, step, warnings: recovery.warnings })
}

impl Recovered {
    /// A folder that was just made.
    pub fn nothing(store: &Arc<dyn Store>, plan: &Plan) -> Self {
        let mut columns = Columns::new(Arc::clone(store), &plan.root, plan.open_files, false);
        columns.set_published();
        Recovered {
            columns,
            schema: Schema::default(),
            pending: Batch::default(),
            hot: None,
            step: plan.step.map_or(0, u64::from),
            warnings: Vec::new(),
        }
    }
}

/// A manifest without its date.
fn undated(manifest: Manifest) -> Manifest {
    Manifest { when_exported: None, ..manifest }
}

/// Bytes of the files of a column, as they were found; `None` where that is not known.
#[derive(Clone, Copy, Debug, Default)]
struct Sizes {
    values: Option<u64>,
    indices: Option<u64>,
}

struct Recovery<'a> {
    store: &'a dyn Store,
    plan: &'a Plan,
    warnings: Vec<String>,
    /// Folders that were seen to lie inside the run.
    sound: HashSet<PathBuf>,
    /// What the files of each column of the manifest were found to hold.
    sizes: Vec<Sizes>,
    /// Whether others may change what is remembered here.
    reach: Reach,
}

impl Recovery<'_> {
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
        let by_column = pending.by_column(columns.all().len());
        for (id, values) in by_column.columns() {
            let (column, tracker) = (&columns.all()[id as usize], &mut trackers[id as usize]);
            let new = values.pieces().flat_map(|piece| piece.beyond(column.stored.last).cells());
            new.for_each(|cell| tracker.push(column.dtype, cell));
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
        let files = ops::walk_files(self.store, &self.plan.root)?;
        for leftover in super::leftovers::among(&files, columns) {
            ops::remove_if_present(self.store, &self.plan.root.join(leftover))?;
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
    if exact && column.flag.is_none() {
        // Whatever follows, it will have none.
        return Ok(MonotonicTracker::broken());
    }
    if exact {
        let ends = columns.read_ends(id)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::dtype::Value;
    use crate::run::options::{FinishOptions, WriterOptions};
    use crate::run::writer::Writer;
    use crate::store::{Done, MemoryStore};

    const RUN: &str = "/run";

    /// Writes so many more steps and may finish the run, as far as the process gets.
    fn write(store: &MemoryStore, steps: u32, finish: bool, lock: bool) -> Result<()> {
        let options =
            WriterOptions { threads: 0, hotsize: 3, reopen_finished: true, lock, ..WriterOptions::default() };
        let writer = Writer::open_in(Arc::new(store.clone()), Path::new(RUN), &options)?;
        for _ in 0..steps {
            let step = writer.step()?;
            writer.write("a", Value::F64(f64::from(step)))?;
            if step % 2 == 0 {
                writer.write("some/b", Value::I64(step.into()))?;
            }
            if step > 8 {
                writer.write("late/c", Value::F32(step as f32))?;
            }
            writer.end_step()?;
        }
        match finish {
            true => writer.finish(&FinishOptions::default()),
            false => writer.close(),
        }
    }

    /// What is on the disk after a process has opened the run, and closed it again.
    fn opened_by(store: &MemoryStore, lock: bool) -> Vec<Option<Vec<u8>>> {
        write(store, 0, false, lock).unwrap();
        let file = |name: &&str| store.peek(Path::new(RUN).join(name::FOLDER).join(name));
        let mut found: Vec<_> =
            ["a.f64", "some/b.i64", "late/c.f32", name::HOT, name::HOT_COMPACTING].iter().map(file).collect();
        let manifest = file(&name::MANIFEST).map(|bytes| Manifest::parse(&bytes, Path::new("")).unwrap());
        found.push(manifest.map(|manifest| undated(manifest).to_text()));
        found
    }

    #[test]
    fn what_a_system_remembers_of_a_run_that_went_on_elsewhere_takes_nothing_from_it() {
        let mut differs = 0;
        for (finish, lock) in [(false, true), (true, true), (false, false), (true, false)] {
            for n in 0.. {
                let here = MemoryStore::new();
                here.set_local(false);
                write(&here, 7, false, lock).unwrap();
                here.remember();
                let elsewhere = here.process();
                elsewhere.kill_at(n, Done::Whole);
                let done = write(&elsewhere, 9, finish, lock).is_ok();
                elsewhere.kill();
                let expected = opened_by(&here.snapshot(), lock);
                assert_eq!(
                    opened_by(&here, lock),
                    expected,
                    "after operation {n} elsewhere, finish: {finish}, lock: {lock}"
                );
                differs += u32::from(expected[0].as_ref().is_some_and(|a| a.len() > 8 * 7));
                if done {
                    break;
                }
            }
        }
        assert!(differs > 100, "most of them add to the columns");
    }
}
