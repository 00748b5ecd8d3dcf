//! Making a run final: types tightened, tails closed, everything on stable storage before anything is removed
//! (format §13).
//!
//! With an archive the folder is left as it is, a run that can be continued, until the archive is durable: what
//! differs is computed while packing. Without one the folder itself is brought into its final form.

use super::archive::{pack_opened, Content};
use super::columns::Columns;
use super::config;
use super::dtype::{self, Cell, Class, DType};
use super::engine::{Compaction, Engine};
use super::leftovers;
use super::manifest::Manifest;
use super::name;
use super::options::FinishOptions;
use super::rows;
use super::steps::{segment_offline, Indices};
use super::values;
use crate::error::{Error, Result};
use crate::store::{ops, Store};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The final form of one column.
struct Final {
    dtype: DType,
    indices: Indices,
}

/// Finishes the run folder of the engine in `run_dir`; `last` holds the rows that are still in the hot log. May be
/// repeated after an error.
pub fn finish(engine: &mut Engine, last: &Compaction, run_dir: &Path, options: &FinishOptions) -> Result<()> {
    engine.check_lock()?;
    let store = Arc::clone(engine.columns.store());
    let root = engine.columns.root().to_path_buf();
    if !engine.packed {
        let config = final_config(&*store, &root, options)?;
        engine.columns.set_flags(&last.flags);
        engine.columns.hold_no_more();
        if last.from_log {
            for log in [name::HOT_COMPACTING, name::HOT] {
                let batch = rows::read_back(&engine.columns, &root.join(log))?;
                engine.columns.absorb(&batch)?;
            }
        } else {
            engine.columns.absorb(&last.batch)?;
        }
        if options.archive {
            archive(&mut engine.columns, run_dir, options, config)?;
            (engine.packed, engine.published) = (true, true);
        } else {
            engine.sync_columns()?;
            settle(&mut engine.columns, options, config, &mut engine.published)?;
            store.sync_dir(&root)?;
        }
    }
    if engine.packed {
        // Packing may have taken long; a folder that somebody else writes by now is not ours to remove.
        engine.look_at_lock()?;
        remove_folder(&*store, &root)?;
    }
    store.sync_dir(run_dir)?;
    match engine.lock.take() {
        Some(lock) => lock.release(),
        None => Ok(()),
    }
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

/// Writes the archive and publishes it, durably. The folder stays.
pub fn archive(
    columns: &mut Columns,
    run_dir: &Path,
    options: &FinishOptions,
    config: Option<Vec<u8>>,
) -> Result<()> {
    let store = Arc::clone(columns.store());
    let finals = final_forms(columns, options.optimize)?;
    let changes = changes(&*store, columns, &finals, config)?;
    let target = run_dir.join(name::ARCHIVE);
    let tmp = ops::tmp_of(&target);
    let root = columns.root().to_path_buf();
    pack_opened(&*store, &root, &tmp, &changes, &mut |path| columns.take_open(path))?;
    store.rename(&tmp, &target)?;
    store.sync_dir(run_dir)
}

/// What the archive has in other form than the folder.
fn changes(
    store: &dyn Store,
    columns: &Columns,
    finals: &[Final],
    config: Option<Vec<u8>>,
) -> Result<HashMap<String, Content>> {
    let root = columns.root();
    let mut changes = HashMap::new();
    let leftovers = leftovers::find(store, columns)?;
    for path in leftovers.into_iter().chain(leftovers::find_orphan_pairs(store, columns)?) {
        if let Some(file) = path.strip_prefix(root).ok().and_then(Path::to_str) {
            changes.insert(file.to_owned(), Content::Omitted);
        }
    }
    for log in [name::HOT, name::HOT_COMPACTING] {
        changes.insert(log.to_owned(), Content::Omitted);
    }
    for (column, to) in columns.all().iter().zip(finals) {
        let file = |suffix: &str| format!("{}.{suffix}", column.name);
        if to.dtype != column.dtype {
            changes.insert(file(column.dtype.suffix()), Content::Omitted);
            let values = Content::Values {
                path: column.value_path.clone(),
                from: column.dtype,
                to: to.dtype,
                rows: column.stored.rows,
            };
            changes.insert(file(to.dtype.suffix()), values);
        }
        if matches!((&column.indices, &to.indices), (Indices::File, Indices::List(_))) {
            changes.insert(file(name::INDICES), Content::Omitted);
        }
    }
    changes.insert(name::MANIFEST.to_owned(), Content::Bytes(final_manifest(columns, finals).to_text()));
    if let Some(text) = config {
        changes.insert(name::CONFIG.to_owned(), Content::Bytes(text));
    }
    Ok(changes)
}

/// Brings the folder itself into its final form. `published` is set once its manifest may say so.
pub fn settle(
    columns: &mut Columns,
    options: &FinishOptions,
    config: Option<Vec<u8>>,
    published: &mut bool,
) -> Result<()> {
    let store = Arc::clone(columns.store());
    let root = columns.root().to_path_buf();
    let finals = final_forms(columns, options.optimize)?;
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
    for (id, to) in finals.into_iter().enumerate() {
        columns.set_dtype(id, to.dtype);
        columns.all_mut()[id].indices = to.indices;
    }
    for log in [name::HOT, name::HOT_COMPACTING] {
        ops::remove_if_present(&*store, &root.join(log))?;
    }
    let leftovers = leftovers::find(&*store, columns)?;
    for path in leftovers.into_iter().chain(leftovers::find_orphan_pairs(&*store, columns)?) {
        ops::remove_if_present(&*store, &path)?;
    }
    Ok(())
}

fn final_manifest(columns: &Columns, finals: &[Final]) -> Manifest {
    let rows = columns.all().iter().map(|c| c.stored.rows).max().unwrap_or(0);
    let mut manifest = columns.manifest(Some(rows));
    let by_name: HashMap<&str, &Final> =
        columns.all().iter().zip(finals).map(|(c, to)| (c.name.as_str(), to)).collect();
    for (name, entry) in &mut manifest.metrics {
        if let Some(to) = by_name.get(name.as_str()) {
            entry.dtype = to.dtype;
            entry.indices = to.indices.clone();
        }
    }
    manifest
}

fn final_forms(columns: &Columns, optimize: bool) -> Result<Vec<Final>> {
    (0..columns.all().len())
        .map(|id| {
            let column = &columns.all()[id];
            let mut to = Final { dtype: column.dtype, indices: column.indices.clone() };
            if optimize {
                if let Some((min, max)) = value_range(columns, id)? {
                    to.dtype = dtype::tightest(min, max);
                }
                if let Indices::File = column.indices {
                    if let Some(list) = segment_offline(&index_steps(&**columns.store(), column)?) {
                        to.indices = Indices::List(list);
                    }
                }
            }
            if let Indices::List(list) = &mut to.indices {
                list.close(column.stored.rows);
            }
            Ok(to)
        })
        .collect()
}

/// The steps of a column that has an index file.
pub fn index_steps(store: &dyn Store, column: &super::columns::Column) -> Result<Vec<u32>> {
    let Some(mut bytes) = ops::read_file(store, &column.index_path)? else {
        return if column.stored.rows == 0 {
            Ok(Vec::new())
        } else {
            Err(Error::corrupt(&column.index_path, "is missing"))
        };
    };
    bytes.truncate(usize::try_from(column.stored.rows).unwrap_or(usize::MAX).saturating_mul(4));
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
