//! The final form of each column: what its files hold and, for an archive, the rows that still wait for them, with
//! types tightened and tails closed (format §13).

use super::{cell_range, index_steps, value_range};
use crate::error::{Code, Error, Result};
use crate::run::archive::Content;
use crate::run::batch::{Batch, Values};
use crate::run::columns::{Column, Columns};
use crate::run::dtype::{self, Cell, Class, DType};
use crate::run::manifest::{Manifest, MetricEntry};
use crate::run::monotonic::Monotonic;
use crate::run::name;
use crate::run::steps::{segment_offline, Indices, SegmentList};
use std::collections::HashMap;

/// Rows that are in no column yet, and the flags that all metrics have with them, by id.
#[derive(Clone, Copy)]
pub struct Waiting<'a> {
    /// The rows. Those that a column has already are passed over.
    pub rows: &'a Batch,
    /// The flags.
    pub flags: &'a [Option<Monotonic>],
}

/// The final form of one column.
pub struct Final {
    /// Its type.
    pub dtype: DType,
    /// Its steps.
    pub indices: Indices,
    flag: Option<Monotonic>,
    rows: u64,
    /// Its values that are in no file yet.
    tail: Vec<Cell>,
    /// Its steps where no file has all of them and the manifest cannot.
    steps: Steps,
}

/// What is to be in the index file of an archive.
enum Steps {
    /// What is in the file, and these.
    Appended(Vec<u32>),
    /// These, whatever is in the file.
    All(Vec<u32>),
}

/// The final forms of all columns, by id. An error if a column has not as many steps as values: whatever left it so,
/// it must not be made final.
pub fn final_forms(columns: &Columns, waiting: Waiting<'_>, optimize: bool) -> Result<Vec<Final>> {
    let by_column = waiting.rows.by_column(columns.all().len());
    let mut with_rows = by_column.columns().peekable();
    let mut finals = Vec::with_capacity(columns.all().len());
    for (id, column) in columns.all().iter().enumerate() {
        let values = with_rows.next_if(|(with, _)| *with as usize == id).map(|(_, values)| values);
        let mut to = grown(column, values)?;
        to.flag = waiting.flags.get(id).copied().unwrap_or(column.flag);
        if optimize {
            tighten(columns, id, &mut to)?;
        }
        if let Indices::List(list) = &mut to.indices {
            list.close(to.rows);
        }
        finals.push(to);
    }
    Ok(finals)
}

/// A column with the rows that it does not have yet, described as a compaction would (format §7).
fn grown(column: &Column, values: Option<Values<'_>>) -> Result<Final> {
    let mut tail = Vec::new();
    let mut new_steps = Vec::new();
    let mut indices = column.indices.clone();
    let mut described = column.described.rows;
    for piece in values.into_iter().flat_map(Values::pieces) {
        tail.extend(piece.beyond(column.stored.last).cells());
        // An earlier attempt may have described what it could not store any more.
        let steps = piece.beyond(column.described.last).steps;
        match &mut indices {
            Indices::List(list) => _ = list.append_all(&mut described, steps)?,
            Indices::File => {
                new_steps.extend_from_slice(steps);
                described += steps.len() as u64;
            }
        }
    }
    let rows = column.stored.rows + tail.len() as u64;
    if described != rows {
        return Err(Error::new(
            Code::Corrupt,
            format!(
                "metric {} has {described} steps but {rows} values: the run is not made final; open it again, which \
                 puts that in order",
                name::quoted(&column.name)
            ),
        ));
    }
    let mut steps = Steps::Appended(new_steps);
    if let Some(all) = too_long(&indices, rows) {
        indices = Indices::File;
        steps = Steps::All(all);
    }
    Ok(Final { dtype: column.dtype, indices, flag: None, rows, tail, steps })
}

/// The steps of a list that is too long for the manifest.
fn too_long(indices: &Indices, rows: u64) -> Option<Vec<u32>> {
    match indices {
        Indices::List(list) if list.must_spill(rows) => {
            let mut steps = Vec::new();
            list.expand(rows, 0..rows, &mut steps);
            Some(steps)
        }
        _ => None,
    }
}

/// The narrowest type that holds all values, and steps in the manifest where it takes them.
fn tighten(columns: &Columns, id: usize, to: &mut Final) -> Result<()> {
    let column = &columns.all()[id];
    if column.dtype.class() == Class::Int {
        if let Some((min, max)) = cell_range(column.dtype, &to.tail, value_range(columns, id)?) {
            to.dtype = dtype::tightest(min, max);
        }
    }
    if let Indices::File = to.indices {
        let list = match &to.steps {
            Steps::All(steps) => segment_offline(steps),
            Steps::Appended(new) => {
                let mut steps = index_steps(&**columns.store(), column, column.described.rows)?;
                steps.extend_from_slice(new);
                segment_offline(&steps)
            }
        };
        if let Some(list) = list {
            to.indices = Indices::List(list);
        }
    }
    Ok(())
}

/// The manifest of the final run.
pub fn final_manifest(columns: &Columns, finals: &[Final]) -> Manifest {
    let rows = finals.iter().map(|to| to.rows).max().unwrap_or(0);
    columns.manifest_of(Some(rows), |id, column| {
        let to = finals.get(id);
        MetricEntry {
            indices: to.map_or(Indices::List(SegmentList::new()), |to| to.indices.clone()),
            dtype: to.map_or(column.dtype, |to| to.dtype),
            monotonic: to.and_then(|to| to.flag),
            extra: column.extra.clone(),
        }
    })
}

/// The members that the columns have in the archive, where these are not what the files of their names hold.
pub fn members(
    columns: &Columns,
    finals: Vec<Final>,
    waiting: Waiting<'_>,
    members: &mut HashMap<String, Content>,
) {
    for (column, to) in columns.all().iter().zip(finals) {
        let file = |suffix: &str| format!("{}.{suffix}", column.name);
        let tail = encoded(&to, waiting.rows);
        if to.dtype == column.dtype {
            members.insert(file(to.dtype.suffix()), Content::Grown { bytes: column.value_bytes, tail });
        } else {
            members.insert(file(column.dtype.suffix()), Content::Omitted);
            let (from, rows) = (column.dtype, column.stored.rows);
            let path = column.value_path.clone();
            members.insert(file(to.dtype.suffix()), Content::Values { path, from, to: to.dtype, rows, tail });
        }
        let indices = match (&column.indices, &to.indices, to.steps) {
            (Indices::List(_), Indices::List(_), _) => continue,
            (Indices::File, Indices::List(_), _) => Content::Omitted,
            (_, Indices::File, Steps::All(all)) => Content::Bytes(step_bytes(&all)),
            (_, Indices::File, Steps::Appended(new)) => {
                Content::Grown { bytes: column.index_bytes(), tail: step_bytes(&new) }
            }
        };
        members.insert(file(name::INDICES), indices);
    }
}

/// The bytes of the values that are in no file.
fn encoded(to: &Final, batch: &Batch) -> Vec<u8> {
    let mut bytes = Vec::new();
    if to.dtype == DType::Json {
        for cell in &to.tail {
            bytes.extend_from_slice(batch.json(*cell));
            bytes.push(b'\n');
        }
    } else {
        dtype::encode(to.dtype, &to.tail, &mut bytes);
    }
    bytes
}

fn step_bytes(steps: &[u32]) -> Vec<u8> {
    steps.iter().flat_map(|step| step.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::columns::Extent;
    use crate::run::row::{Row, Slot};
    use crate::store::MemoryStore;
    use std::path::Path;
    use std::sync::Arc;

    /// A column with so many rows described and stored, at the steps 0, 1, 2, ….
    fn columns(described: u32, stored: u32) -> Columns {
        let root = Path::new("/run/plattli");
        let extent = |rows: u32| Extent { rows: u64::from(rows), last: rows.checked_sub(1) };
        let mut list = SegmentList::new();
        let steps: Vec<u32> = (0..described).collect();
        list.append_all(&mut 0, &steps).unwrap();
        let mut column = Column::new(root, "m", DType::F64, Indices::List(list));
        (column.described, column.stored) = (extent(described), extent(stored));
        let mut columns = Columns::new(Arc::new(MemoryStore::new()), root, 8, false);
        columns.add(column);
        columns
    }

    fn rows(steps: std::ops::Range<u32>) -> Batch {
        let (mut batch, mut row) = (Batch::default(), Row::default());
        for step in steps {
            row.clear();
            row.push(Slot { cell: f64::from(step).to_bits(), id: 0, kind: DType::F64, expects: None });
            batch.push(step, &mut row);
        }
        batch
    }

    #[test]
    fn a_column_with_other_steps_than_values_is_not_made_final() {
        for (described, stored, waiting, whole) in [
            (3, 3, 3..5, Some(5)),
            (5, 3, 3..5, Some(5)),
            (4, 3, 3..5, Some(5)),
            (5, 3, 0..0, None),
            (5, 3, 3..4, None),
            (3, 5, 5..6, None),
            (0, 0, 0..2, Some(2)),
        ] {
            let (columns, batch) = (columns(described, stored), rows(waiting.clone()));
            let found = final_forms(&columns, Waiting { rows: &batch, flags: &[] }, false);
            let what = format!("{described} described, {stored} stored, {waiting:?} waiting");
            match (found, whole) {
                (Ok(finals), Some(rows)) => assert_eq!(finals[0].rows, rows, "{what}"),
                (Err(e), None) => assert_eq!(e.code(), Code::Corrupt, "{what}"),
                (found, _) => panic!("{what}: {:?}", found.err()),
            }
        }
    }
}
