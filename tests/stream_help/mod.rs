//! What the tests of the stream store share: rows that tell their index, and a look at everything that is there.
#![allow(dead_code)]

use arrow_array::{Array, Float64Array, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use plattli::store::{MemoryStore, Store};
use plattli::stream::{PartitionView, SegmentReader, Stream, StreamOptions, Want};
use plattli::Result;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Where the store is.
pub const DIR: &str = "/data/stream";

/// Time of record 0.
pub const EPOCH: i64 = 1_700_000_000_000;

/// Nothing happens by itself, and the manifest is at `manifest`.
pub fn options(manifest: Option<PathBuf>) -> StreamOptions {
    StreamOptions {
        threads: 0,
        checkpoint: Duration::ZERO,
        manifest: Some(manifest.unwrap_or_else(|| ":memory:".into())),
        ..StreamOptions::default()
    }
}

pub fn open(store: &MemoryStore, options: &StreamOptions) -> Result<Stream> {
    Stream::open(Arc::new(store.clone()), Path::new(DIR), options)
}

pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("time", DataType::Int64, false),
        Field::new("x", DataType::Float64, true),
    ]))
}

/// Rows of which each tells its index.
pub fn rows(range: Range<u64>) -> RecordBatch {
    let time = Int64Array::from_iter_values(range.clone().map(|i| EPOCH + i as i64));
    let x = Float64Array::from_iter_values(range.map(|i| i as f64 * 0.5));
    RecordBatch::try_new(schema(), vec![Arc::new(time), Arc::new(x)]).unwrap()
}

/// Appends the next rows of a partition.
pub fn append(stream: &Stream, topic: &str, partition: &str, range: Range<u64>) -> Result<Range<u64>> {
    stream.append(topic, partition, rows(range))
}

/// The indices that a batch says, after checking that it is consistent.
pub fn indices(batch: &RecordBatch) -> Vec<u64> {
    let time = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
    let x = batch.column(1).as_any().downcast_ref::<Float64Array>().unwrap();
    assert_eq!((time.null_count(), x.null_count()), (0, 0));
    let index = |i: usize| {
        let index = (time.value(i) - EPOCH) as u64;
        assert_eq!(x.value(i), index as f64 * 0.5);
        index
    };
    (0..batch.num_rows()).map(index).collect()
}

/// All rows of a view, with the index that the store says.
pub fn rows_of(store: &Arc<dyn Store>, view: &PartitionView) -> Result<Vec<(u64, u64)>> {
    let mut found = Vec::new();
    for meta in &view.segments {
        let reader = SegmentReader::open(store, meta)?;
        assert_eq!(reader.readable(), meta.records, "{}", meta.path.display());
        for (i, chunk) in reader.chunks().iter().enumerate() {
            let batch = reader.read(i)?;
            assert_eq!(batch.num_rows() as u64, chunk.records.end - chunk.records.start);
            found.extend(chunk.records.clone().zip(indices(&batch)));
        }
    }
    for chunk in &view.unsaved {
        found.extend(chunk.records().zip(indices(&chunk.batch)));
    }
    Ok(found)
}

/// Indices of all rows of a partition: contiguous, each row the one it should be.
pub fn content(stream: &Stream, topic: &str, partition: &str) -> Result<Range<u64>> {
    let Some(view) = stream.view(topic, partition, Want::All)? else { return Ok(0..0) };
    let found = rows_of(stream.store(), &view)?;
    for (place, (index, row)) in found.iter().enumerate() {
        assert_eq!(index, row, "row {place} of {topic}/{partition}");
        assert_eq!(*index, view.first + place as u64, "{topic}/{partition} has a gap");
    }
    assert_eq!(view.first + found.len() as u64, view.next, "{topic}/{partition}");
    Ok(view.first..view.next)
}

/// Bytes of all files below the folder of the store, but for the lock.
pub fn footprint(store: &MemoryStore) -> u64 {
    let files = store.tree();
    let data = files.iter().filter(|(path, _)| path.starts_with(DIR) && !path.ends_with(".lock"));
    data.map(|(_, bytes)| bytes.len() as u64).sum()
}

/// A file for a manifest, gone with the folder.
pub fn manifest() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.sqlite");
    (folder, path)
}
