//! Pages over rows in memory and in segments, forward and back, of one partition and of many.

use super::*;
use crate::error::Code;
use crate::store::MemoryStore;
use crate::stream::StreamOptions;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, UInt64Type};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use std::path::Path;

mod columns;
mod random;
mod topics;
mod walks;

const DIR: &str = "/store";

/// A store that writes on the caller's thread and closes a segment after so many rows.
fn open(disk: &MemoryStore, roll_rows: u64) -> Stream {
    let options = StreamOptions {
        roll_rows,
        threads: 0,
        min_free_bytes: 0,
        manifest: Some(":memory:".into()),
        ..StreamOptions::default()
    };
    Stream::open(Arc::new(disk.clone()), Path::new(DIR), &options).unwrap()
}

fn rows(times: &[i64]) -> RecordBatch {
    let value: Float64Array = times.iter().map(|t| Some(*t as f64 / 2.0)).collect();
    let schema = Schema::new(vec![
        Field::new("time", DataType::Int64, false),
        Field::new("value", DataType::Float64, false),
    ]);
    let columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(times.to_vec())), Arc::new(value)];
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

fn other(times: &[i64]) -> RecordBatch {
    let schema = Schema::new(vec![
        Field::new("time", DataType::Int64, false),
        Field::new("word", DataType::Utf8, true),
    ]);
    let words: StringArray = times.iter().map(|t| Some(format!("w{t}"))).collect();
    let columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(times.to_vec())), Arc::new(words)];
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

fn of(topic: &str) -> Query {
    Query { topic: topic.into(), ..Query::default() }
}

fn one(partition: &str) -> Query {
    Query { partitions: Partitions::Named(vec![partition.into()]), ..of("t") }
}

fn times(page: &Page) -> Vec<i64> {
    let column = |batch: &RecordBatch| batch.column(0).as_primitive::<Int64Type>().values().to_vec();
    page.batches.iter().flat_map(column).collect()
}

/// `"a0 b1 …"` by the labels.
fn labels(page: &Page) -> String {
    let mut shown = Vec::new();
    for batch in &page.batches {
        let names = batch.column_by_name("_partition").unwrap().as_dictionary::<Int32Type>();
        let words = names.values().as_string::<i32>();
        let indices = batch.column_by_name("_index").unwrap().as_primitive::<UInt64Type>();
        for row in 0..batch.num_rows() {
            shown.push(format!("{}{}", words.value(names.key(row).unwrap()), indices.value(row)));
        }
    }
    shown.join(" ")
}

fn labelled(query: Query) -> Query {
    Query { projection: Projection { labels: true, ..query.projection.clone() }, ..query }
}

/// All pages of a query, each as the times in it and its status.
fn pages(stream: &Stream, mut query: Query) -> Vec<(Vec<i64>, Status)> {
    let mut found = Vec::new();
    loop {
        let page = run(stream, &query).unwrap();
        assert_eq!(page.cursor.rows, times(&page).len() as u64);
        found.push((times(&page), page.cursor.status));
        if page.cursor.status == Status::All {
            return found;
        }
        assert!(found.len() < 1000, "the pages do not end");
        // Through its text, as another process would.
        query.cursor = Some(Cursor::parse(&page.cursor.text()).unwrap());
    }
}

/// Ten rows, times 0, 10 … 90: segments of 3 rows, some closed, one open, the last row in memory alone.
fn ten(disk: &MemoryStore) -> Stream {
    let stream = open(disk, 2);
    for i in 0..9 {
        assert_eq!(stream.append("t", "p", rows(&[i * 10])).unwrap(), i as u64..i as u64 + 1);
    }
    stream.checkpoint().unwrap();
    stream.append("t", "p", rows(&[90])).unwrap();
    let view = stream.view("t", "p", Want::All).unwrap().unwrap();
    assert!(view.segments.len() >= 3 && !view.unsaved.is_empty(), "{view:?}");
    stream
}
