//! Runs made by hand in the store of the tests, byte by byte as in the format.

mod archived;
mod live;
mod rules;
mod select;

use super::*;
use crate::store::MemoryStore;

pub const RUN: &str = "/runs/heat";

/// A run folder with these files.
pub fn folder(files: &[(&str, &[u8])]) -> MemoryStore {
    let store = MemoryStore::new();
    for (name, bytes) in files {
        store.plant(format!("{RUN}/plattli/{name}"), bytes);
    }
    store
}

/// A run folder with this manifest and these files.
pub fn run(manifest: &str, files: &[(&str, &[u8])]) -> MemoryStore {
    let store = folder(files);
    store.plant(format!("{RUN}/plattli/plattli.json"), manifest.as_bytes());
    store
}

pub fn open(store: &MemoryStore) -> Result<Reader> {
    Reader::open_in(Arc::new(store.clone()), RUN, &ReaderOptions::default())
}

/// All rows of a metric, as text.
pub fn rows(reader: &Reader, name: &str) -> Result<Vec<(u32, String)>> {
    let column = reader.column(name, &Selection::All, As::Type(crate::run::dtype::DType::Json))?;
    let ColumnData::Json(texts) = column.data else { return Err(Error::internal("not JSON")) };
    Ok(column.steps.into_iter().zip(texts.iter().map(str::to_owned)).collect())
}

/// The same for comparison: `"0:1.5 2:NaN"`.
pub fn shown(store: &MemoryStore, name: &str) -> String {
    let rows = open(store).and_then(|reader| rows(&reader, name));
    let cells =
        |rows: Vec<(u32, String)>| rows.into_iter().map(|(s, v)| format!("{s}:{v}")).collect::<Vec<_>>();
    rows.map_or_else(|e| format!("{:?}: {e}", e.code()), |rows| cells(rows).join(" "))
}

pub fn f32s(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

pub fn u32s(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// An open list from step 0 by 1.
pub fn open_metric(dtype: &str) -> String {
    format!(r#"{{"m": {{"indices": [{{"start": 0, "step": 1}}], "dtype": "{dtype}"}}}}"#)
}
