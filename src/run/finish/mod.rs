//! Making a run final: types tightened, tails closed, everything on stable storage before anything is removed
//! (format §13).
//!
//! With an archive the folder is left as it is, a run that can be continued, until the archive is durable: what
//! differs is computed while packing. Without one the folder itself is brought into its final form.

mod whole;

pub use whole::Waiting;

use super::archive::{pack_files, Content};
use super::batch::Batch;
use super::columns::Columns;
use super::config;
use super::dtype::{Cell, Class, DType};
use super::engine::{Compaction, Engine};
use super::leftovers;
use super::name;
use super::options::FinishOptions;
use super::rows;
use super::values;
use crate::error::{Code, Error, Result};
use crate::hotlog::HotLog;
use crate::store::{ops, Store};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use whole::{final_forms, final_manifest, members};

/// The hot log as the writer has it open, lent to `finish`: a file that is open when it is removed may keep a name in
/// the folder. It is closed where there is no way back, and is the writer's again until then.
pub type Lent = Arc<Mutex<Option<HotLog>>>;

/// Finishes the run folder of the engine in `run_dir`; `last` holds the rows that are still in the hot log. May be
/// repeated after an error, also with other options.
pub fn finish(
    engine: &mut Engine,
    last: &Compaction,
    log: &Lent,
    run_dir: &Path,
    options: &FinishOptions,
) -> Result<()> {
    engine.check_lock()?;
    let store = Arc::clone(engine.columns.store());
    let root = engine.columns.root().to_path_buf();
    if !engine.packed {
        let config = final_config(&*store, &root, options)?;
        engine.columns.hold_no_more();
        let read_back;
        let rows = match last.from_log {
            true => {
                read_back = rows::read_back_all(&engine.columns, &[name::HOT_COMPACTING, name::HOT])?;
                &read_back
            }
            false => &last.batch,
        };
        // An archive that may be in place already stands for the run, whatever is asked for now.
        if options.archive || engine.archived {
            let waiting = Waiting { rows, flags: &last.flags };
            let tmp = archive(&mut engine.columns, waiting, run_dir, options, config, engine.threads)?;
            engine.put_in_place(&tmp, run_dir)?;
            engine.packed = true;
        } else {
            engine.columns.set_flags(&last.flags);
            engine.columns.absorb(rows)?;
            engine.sync_columns()?;
            settle(&mut engine.columns, Some(log), options, config, &mut engine.published)?;
            store.sync_dir(&root)?;
        }
    }
    if engine.packed {
        engine.look_at_lock()?;
        close(log);
        engine.columns.close_files();
        remove_folder(&*store, &root)?;
    }
    store.sync_dir(run_dir)?;
    match engine.lock.take() {
        Some(lock) => lock.release(),
        None => Ok(()),
    }
}

fn close(log: &Lent) {
    drop(log.lock().unwrap_or_else(PoisonError::into_inner).take());
}

/// The configuration with its overrides, if there are any; an error before anything is touched.
pub fn final_config(store: &dyn Store, root: &Path, options: &FinishOptions) -> Result<Option<Vec<u8>>> {
    match &options.config_overrides {
        None => Ok(None),
        Some(overrides) => {
            let text = config::read(store, root)?.unwrap_or_else(|| "{}".into());
            config::merge_overrides(text.as_bytes(), overrides).map(Some)
        }
    }
}

/// Writes the archive beside its place: the columns with the rows that wait, which go nowhere else. The folder stays
/// what it is. With leave to start threads files are read ahead. Gives the path.
pub fn archive(
    columns: &mut Columns,
    waiting: Waiting<'_>,
    run_dir: &Path,
    options: &FinishOptions,
    config: Option<Vec<u8>>,
    threads: bool,
) -> Result<PathBuf> {
    let store = Arc::clone(columns.store());
    let finals = final_forms(columns, waiting, options.optimize)?;
    let files = ops::walk_files(&*store, columns.root())?;
    let mut changes = HashMap::with_capacity(columns.all().len() + 4);
    for leftover in leftovers::among(&files, columns).chain(leftovers::orphan_pairs(&files, columns)) {
        changes.insert(leftover, Content::Omitted);
    }
    for log in [name::HOT, name::HOT_COMPACTING] {
        changes.insert(log.to_owned(), Content::Omitted);
    }
    changes.insert(name::MANIFEST.to_owned(), Content::Bytes(final_manifest(columns, &finals).to_text()));
    if let Some(text) = config {
        changes.insert(name::CONFIG.to_owned(), Content::Bytes(text));
    }
    members(columns, finals, waiting, &mut changes);
    let tmp = archive_tmp(run_dir);
    let root = columns.root().to_path_buf();
    pack_files(&*store, &root, files, &tmp, &changes, &mut |path| columns.take_open(path), threads)?;
    Ok(tmp)
}

impl Engine {
    /// Gives an archive its name, durably. Once it may have it the run is no more to be written: readers see the archive.
    pub(super) fn put_in_place(&mut self, tmp: &Path, run_dir: &Path) -> Result<()> {
        // Packing may have taken long; a run that somebody else writes by now is not ours to finish.
        let store = self.columns.store();
        if let Err(e) = self.look_at_lock() {
            // Somebody else's archive would have the same name until it is whole.
            if e.code() != Code::Busy {
                _ = store.remove_file(tmp);
            }
            return Err(e);
        }
        if let Err(e) = store.rename(tmp, &run_dir.join(name::ARCHIVE)) {
            // If it can be removed it was not renamed. Otherwise it may have been, and the answer was lost; a look at the
            // name would not tell, since it may be answered from a cache.
            if store.remove_file(tmp).is_err() {
                (self.archived, self.published) = (true, true);
            }
            return Err(e);
        }
        (self.archived, self.published) = (true, true);
        store.sync_dir(run_dir)
    }
}

/// Brings the folder itself into its final form. `published` is set once its manifest may say so; the log is closed
/// before it is removed.
pub fn settle(
    columns: &mut Columns,
    log: Option<&Lent>,
    options: &FinishOptions,
    config: Option<Vec<u8>>,
    published: &mut bool,
) -> Result<()> {
    let store = Arc::clone(columns.store());
    let root = columns.root().to_path_buf();
    let flags: Vec<_> = columns.all().iter().map(|column| column.flag).collect();
    let nothing = Batch::default();
    let finals = final_forms(columns, Waiting { rows: &nothing, flags: &flags }, options.optimize)?;
    for (id, to) in finals.iter().enumerate() {
        if columns.all()[id].dtype != to.dtype {
            columns.write_values_as(id, to.dtype)?;
        }
    }
    if let Some(text) = config {
        ops::replace(&*store, &root.join(name::CONFIG), &text)?;
    }
    let manifest = final_manifest(columns, &finals);
    *published = true;
    ops::replace(&*store, &root.join(name::MANIFEST), &manifest.to_text())?;
    log.into_iter().for_each(close);
    columns.close_files();
    for (id, to) in finals.into_iter().enumerate() {
        columns.set_dtype(id, to.dtype);
        columns.all_mut()[id].indices = to.indices;
    }
    for log in [name::HOT, name::HOT_COMPACTING] {
        ops::remove_if_present(&*store, &root.join(log))?;
    }
    let files = ops::walk_files(&*store, &root)?;
    for file in leftovers::among(&files, columns).chain(leftovers::orphan_pairs(&files, columns)) {
        ops::remove_if_present(&*store, &root.join(file))?;
    }
    Ok(())
}

/// The first steps of a column that has an index file.
pub fn index_steps(store: &dyn Store, column: &super::columns::Column, rows: u64) -> Result<Vec<u32>> {
    let Some(mut bytes) = ops::read_file(store, &column.index_path)? else {
        return if rows == 0 {
            Ok(Vec::new())
        } else {
            Err(Error::corrupt(&column.index_path, "is missing"))
        };
    };
    bytes.truncate(usize::try_from(rows).unwrap_or(usize::MAX).saturating_mul(4));
    Ok(bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
}

/// Smallest and largest value of an integer column; `None` for other types and without rows.
pub fn value_range(columns: &Columns, id: usize) -> Result<Option<(i128, i128)>> {
    let column = &columns.all()[id];
    if column.dtype.class() != Class::Int || column.stored.rows == 0 {
        return Ok(None);
    }
    let mut range = None;
    values::for_each_piece(
        &**columns.store(),
        &column.value_path,
        column.dtype,
        column.stored.rows,
        |cells| {
            range = cell_range(column.dtype, cells, range);
            Ok(())
        },
    )?;
    Ok(range)
}

/// A range widened by values.
pub fn cell_range(dtype: DType, cells: &[Cell], range: Option<(i128, i128)>) -> Option<(i128, i128)> {
    // Compared in 64 bits: i128 arithmetic over a whole column would be several times slower.
    let found = if dtype == DType::U64 {
        cells.iter().min().zip(cells.iter().max()).map(|(a, b)| (i128::from(*a), i128::from(*b)))
    } else {
        let signed = || cells.iter().map(|c| *c as i64);
        signed().min().zip(signed().max()).map(|(a, b)| (i128::from(a), i128::from(b)))
    };
    match (range, found) {
        (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
        (a, b) => a.or(b),
    }
}

/// Removes a run folder that an archive stands for, its manifest first and for good: what is left half way is no run,
/// also after a power cut.
pub fn remove_folder(store: &dyn Store, root: &Path) -> Result<()> {
    if ops::remove_if_present(store, &root.join(name::MANIFEST))? {
        store.sync_dir(root)?;
    }
    ops::remove_tree(store, root)
}

/// The transient file of the archive of a run.
pub fn archive_tmp(run_dir: &Path) -> PathBuf {
    ops::tmp_of(&run_dir.join(name::ARCHIVE))
}
