//! A small live run made of literal bytes, and what a reader finds in a run.

use plattli::json::push_f64;
use plattli::run::options::{ReaderOptions, Selection, WriterOptions};
use plattli::run::reader::{As, ColumnData, Reader};
use plattli::run::writer::Writer;
use plattli::store::MemoryStore;
use plattli::Result;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub const RUN: &str = "/runs/heat";
pub const ROOT: &str = "/runs/heat/plattli";

pub const MANIFEST: &str = r#"{"res": {"indices": [{"start": 0, "step": 1}], "dtype": "f32"}, "solver/iters": {"indices": [{"start": 0, "step": 1, "stop": 2}, {"start": 3, "step": 1}], "dtype": "i64"}, "note": {"indices": [{"start": 0, "step": 1}], "dtype": "jsonl"}, "far": {"indices": "indices", "dtype": "f64", "monotonic": "inc"}, "when_exported": "2026-11-20T05:08:13Z"}"#;
pub const COMPACTING: &str =
    "{\"step\":2,\"res\":0.5,\"far\":7.25}\n{\"step\":3,\"res\":0.25,\"solver/iters\":11,\"far\":7.5}\n";
pub const HOT: &str = "{\"step\":4,\"res\":0.125,\"note\":{\"k\":[1,2.5]}}\n{\"step\":5,\"res\":-3.5,\"solver/iters\":13}\n{\"step\":6,\"res\":1.8014398509481984e+16,\"far\":9.0}\n";
pub const NOTES: &str = "\"start\"\n";

/// Rows of a metric: steps and values as text.
pub type Rows = Vec<(u32, String)>;
/// What a run holds.
pub type Contents = BTreeMap<String, Rows>;

/// A run that died while it moved steps 2 and 3 to cold storage, all values already there.
pub fn live() -> MemoryStore {
    let disk = MemoryStore::new();
    let put = |name: &str, bytes: &[u8]| disk.plant(format!("{ROOT}/{name}"), bytes);
    put("config.json", br#"{"dt": 0.01, "case": "H\u00f6hle"}"#);
    put("plattli.json", MANIFEST.as_bytes());
    put("res.f32", &[1.5f32, 0.75, 0.5, 0.25].map(f32::to_le_bytes).concat());
    put("solver/iters.i64", &[12i64, 9, 11].map(i64::to_le_bytes).concat());
    put("note.jsonl", NOTES.as_bytes());
    put("far.f64", &[7.0f64, 7.25, 7.5].map(f64::to_le_bytes).concat());
    put("far.indices", &[0u32, 2, 3].map(u32::to_le_bytes).concat());
    put("hot.compacting.jsonl", COMPACTING.as_bytes());
    put("hot.jsonl", HOT.as_bytes());
    disk
}

/// What [`live`] holds.
pub fn whole() -> Contents {
    let rows = |rows: &[(u32, &str)]| rows.iter().map(|(s, v)| (*s, v.to_string())).collect();
    BTreeMap::from([
        (
            "res".into(),
            rows(&[
                (0, "1.5"),
                (1, "0.75"),
                (2, "0.5"),
                (3, "0.25"),
                (4, "0.125"),
                (5, "-3.5"),
                (6, "1.8014398509481984e+16"),
            ]),
        ),
        ("solver/iters".into(), rows(&[(0, "12"), (1, "9"), (3, "11"), (5, "13")])),
        ("note".into(), rows(&[(0, "\"start\""), (4, "{\"k\": [1, 2.5]}")])),
        ("far".into(), rows(&[(0, "7.0"), (2, "7.25"), (3, "7.5"), (6, "9.0")])),
    ])
}

/// Adds or replaces a file of the run folder.
pub fn with(disk: &MemoryStore, name: &str, bytes: &[u8]) -> MemoryStore {
    let copy = disk.snapshot();
    copy.plant(format!("{ROOT}/{name}"), bytes);
    copy
}

pub fn bytes_of(disk: &MemoryStore, name: &str) -> Vec<u8> {
    disk.peek(format!("{ROOT}/{name}")).unwrap()
}

/// Reads all there is in every way, and says what was warned of.
pub fn read(disk: &MemoryStore, path: &str, options: &ReaderOptions) -> Result<(Contents, Vec<String>)> {
    let store = disk.process();
    let read = read_all(&store, path, options);
    for operation in store.log() {
        let inside = operation.path.starts_with("/runs") && !operation.path.iter().any(|part| part == "..");
        assert!(inside, "the reader went to {operation}");
    }
    if let Err(e) = &read {
        assert!(e.message().len() > 10, "no sentence: {e:?}");
    }
    read
}

fn read_all(store: &MemoryStore, path: &str, options: &ReaderOptions) -> Result<(Contents, Vec<String>)> {
    let reader = Reader::open_in(Arc::new(store.clone()), Path::new(path), options)?;
    let mut contents = Contents::new();
    for name in reader.metrics().iter() {
        let column = reader.column(name, &Selection::All, As::Storage)?;
        let info = reader.info(name)?;
        assert_eq!(info.rows, column.steps.len() as u64);
        assert_eq!(reader.rows(name)?, info.rows);
        assert!(column.steps.is_sorted_by(|a, b| a < b), "{name}: steps {:?}", column.steps);
        let values = texts(&column.data);
        assert_eq!(values.len(), column.steps.len());
        let range = Selection::Values { start: Some(-1e9), stop: Some(1e9) };
        let some = reader.column(name, &range, As::Storage).map_or(0, |c| c.steps.len());
        assert!(some <= column.steps.len());
        contents.insert(name.to_string(), column.steps.into_iter().zip(values).collect());
    }
    let names: Vec<&str> = contents.keys().map(String::as_str).collect();
    if !names.is_empty() {
        reader.table(&names, None, &Selection::All, As::Storage)?;
    }
    reader.approx_max_rows(12)?;
    // A configuration that is no JSON is nothing against the metrics.
    _ = reader.config();
    Ok((contents, reader.warnings()))
}

/// Opens the run for writing, logs a row, closes it.
pub fn resume(disk: &MemoryStore, options: &WriterOptions) -> Result<MemoryStore> {
    let store = disk.snapshot();
    let resumed = write_one(&store, options);
    for operation in store.log() {
        let inside = operation.path.starts_with("/runs") && !operation.path.iter().any(|part| part == "..");
        assert!(inside || operation.path.as_os_str() == "/", "the writer went to {operation}");
    }
    if let Err(e) = &resumed {
        assert!(e.message().len() > 10, "no sentence: {e:?}");
    }
    resumed.map(|()| store)
}

fn write_one(store: &MemoryStore, options: &WriterOptions) -> Result<()> {
    let writer = Writer::open_in(Arc::new(store.clone()), Path::new(RUN), options)?;
    writer.close()
}

/// The values as text: numbers as in a hot log, JSON in spaced form.
fn texts(data: &ColumnData) -> Vec<String> {
    fn all<T: Copy>(values: &[T], text: impl Fn(T) -> String) -> Vec<String> {
        values.iter().map(|&v| text(v)).collect()
    }
    fn float(v: f64) -> String {
        let mut text = Vec::new();
        push_f64(&mut text, v);
        String::from_utf8(text).unwrap()
    }
    match data {
        ColumnData::F32(v) => all(v, |v| float(v.into())),
        ColumnData::F64(v) => all(v, float),
        ColumnData::I8(v) => all(v, |v| v.to_string()),
        ColumnData::I16(v) => all(v, |v| v.to_string()),
        ColumnData::I32(v) => all(v, |v| v.to_string()),
        ColumnData::I64(v) => all(v, |v| v.to_string()),
        ColumnData::U8(v) => all(v, |v| v.to_string()),
        ColumnData::U16(v) => all(v, |v| v.to_string()),
        ColumnData::U32(v) => all(v, |v| v.to_string()),
        ColumnData::U64(v) => all(v, |v| v.to_string()),
        ColumnData::Json(texts) => texts.iter().map(String::from).collect(),
    }
}
