//! Whether a run folder holds what the archive beside it holds. Counting rows would not do: what the power took may
//! still be counted.

use super::archive::ArchiveReader;
use super::batch::Values;
use super::columns::Column;
use super::dtype::{self, Cell, Class, DType};
use super::finish::index_steps;
use super::manifest::{Manifest, MetricEntry};
use super::name;
use super::recovery::Recovered;
use super::steps::Indices;
use crate::error::Result;
use crate::store::ops;
use std::collections::HashMap;

/// A value, whatever the width of its column.
#[derive(PartialEq, Eq)]
enum Plain {
    Int(i128),
    /// Bits of a binary64; all NaN are one.
    Float(u64),
    /// Spaced JSON text.
    Json(Vec<u8>),
}

/// Each metric of the archive begins in the folder with all the rows that it has in the archive.
pub fn folder_holds(folder: &Recovered, archive: &ArchiveReader) -> Result<bool> {
    let manifest = Manifest::parse(&archive.read_all(name::MANIFEST)?, archive.path())?;
    let columns = folder.columns.all();
    let ids: HashMap<&str, usize> = columns.iter().zip(0..).map(|(c, id)| (c.name.as_str(), id)).collect();
    let pending = folder.pending.by_column(columns.len());
    let pending: HashMap<usize, Values> = pending.columns().map(|(id, v)| (id as usize, v)).collect();
    for (name, entry) in &manifest.metrics {
        let archived = archived_rows(archive, name, entry)?;
        let held = match ids.get(name.as_str()) {
            Some(id) => folder_rows(folder, *id, pending.get(id).copied())?,
            None => Vec::new(),
        };
        if !held.starts_with(&archived) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The rows of a metric in an archive.
fn archived_rows(archive: &ArchiveReader, name: &str, entry: &MetricEntry) -> Result<Vec<(u32, Plain)>> {
    let member = format!("{name}.{}", entry.dtype.suffix());
    let bytes = if archive.size(&member).is_some() { archive.read_all(&member)? } else { Vec::new() };
    let values = plain_values(entry.dtype, &bytes);
    let mut steps = Vec::new();
    match &entry.indices {
        Indices::List(list) => list.expand(values.len() as u64, 0..values.len() as u64, &mut steps),
        Indices::File => {
            let bytes = archive.read_all(&format!("{name}.{}", name::INDICES))?;
            steps.extend(bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])));
        }
    }
    Ok(steps.into_iter().zip(values).collect())
}

/// The rows of a metric in a folder: those of its column, and those that wait in the hot log.
fn folder_rows(folder: &Recovered, id: usize, pending: Option<Values<'_>>) -> Result<Vec<(u32, Plain)>> {
    let (columns, column) = (&folder.columns, &folder.columns.all()[id]);
    let rows = column.stored.rows;
    let mut steps = Vec::new();
    match &column.indices {
        Indices::List(list) => list.expand(rows, 0..rows, &mut steps),
        Indices::File => steps = index_steps(&**columns.store(), column, rows)?,
    }
    let mut bytes = ops::read_file(&**columns.store(), &column.value_path)?.unwrap_or_default();
    bytes.truncate(usize::try_from(column.value_bytes).unwrap_or(usize::MAX));
    let cold = steps.into_iter().zip(plain_values(column.dtype, &bytes));
    let pending = pending.into_iter().flat_map(Values::entries);
    let beyond = pending.filter(|e| column.stored.last.is_none_or(|last| e.step > last));
    Ok(cold.chain(beyond.map(|e| (e.step, pending_value(folder, column, e.cell)))).collect())
}

fn pending_value(folder: &Recovered, column: &Column, cell: Cell) -> Plain {
    match column.dtype {
        DType::Json => Plain::Json(folder.pending.json(cell).to_vec()),
        dtype => plain_cell(dtype, cell),
    }
}

fn plain_values(dtype: DType, bytes: &[u8]) -> Vec<Plain> {
    if dtype == DType::Json {
        let lines = bytes.split_inclusive(|&c| c == b'\n').filter_map(|line| line.strip_suffix(b"\n"));
        return lines.map(|line| Plain::Json(line.to_vec())).collect();
    }
    let mut cells = Vec::new();
    let whole = bytes.len() - bytes.len() % dtype.size().unwrap_or(1);
    dtype::decode(dtype, &bytes[..whole], &mut cells);
    cells.into_iter().map(|cell| plain_cell(dtype, cell)).collect()
}

fn plain_cell(dtype: DType, cell: Cell) -> Plain {
    match dtype.class() {
        Class::Float if f64::from_bits(cell).is_nan() => Plain::Float(f64::NAN.to_bits()),
        Class::Float => Plain::Float(cell),
        _ => Plain::Int(dtype::cell_to_i128(dtype, cell)),
    }
}
