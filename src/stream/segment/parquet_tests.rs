//! Segments in Parquet: the same rows, one file for each, whatever operation the process dies at.

use crate::store::{is_killed, Done, MemoryStore};
use crate::stream::query::{run, Order, Projection, Query};
use crate::stream::{Format, Stream, StreamOptions, Want};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Float64Array, Int64Array, IntervalMonthDayNanoArray, RecordBatch, StringArray};
use std::path::Path;
use std::sync::Arc;

const DIR: &str = "/store";

fn options(roll_rows: u64) -> StreamOptions {
    StreamOptions {
        roll_rows,
        threads: 0,
        min_free_bytes: 0,
        format: Format::Parquet,
        manifest: Some(":memory:".into()),
        ..StreamOptions::default()
    }
}

fn open(disk: &MemoryStore, roll_rows: u64) -> crate::Result<Stream> {
    Stream::open(Arc::new(disk.clone()), Path::new(DIR), &options(roll_rows))
}

fn rows(from: i64, to: i64) -> RecordBatch {
    let columns: [(&str, ArrayRef); 3] = [
        ("time", Arc::new((from..to).collect::<Int64Array>())),
        ("x", Arc::new((from..to).map(|t| (t % 3 != 0).then_some(t as f64)).collect::<Float64Array>())),
        ("word", Arc::new((from..to).map(|t| Some(format!("w{t}"))).collect::<StringArray>())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(n, c)| (n, c, n != "time"))).unwrap()
}

fn all() -> Query {
    Query { topic: "t".into(), max_rows: 1_000_000, max_bytes: 1 << 40, ..Query::default() }
}

fn read(stream: &Stream, query: &Query) -> RecordBatch {
    let page = run(stream, query).unwrap();
    arrow_select::concat::concat_batches(&page.schema, &page.batches).unwrap()
}

fn files(disk: &MemoryStore) -> Vec<String> {
    let names = disk.tree().into_iter().map(|(name, _)| name);
    let names = names.filter_map(|name| Some(name.strip_prefix("/store/topics/t/p/")?.to_string()));
    names.filter(|name| !name.is_empty()).collect()
}

#[test]
fn closed_segments_are_parquet_and_their_rows_come_as_they_were_appended() {
    let disk = MemoryStore::new();
    let mut stream = open(&disk, 25_000).unwrap();
    for i in 0..9 {
        stream.append("t", "p", rows(i * 10_000, (i + 1) * 10_000)).unwrap();
    }
    for reopened in [false, true] {
        if reopened {
            stream.close().unwrap();
            assert_eq!(files(&disk), ["0.parquet", "1.parquet", "2.parquet"]);
            // Without a manifest the files themselves say what they hold.
            stream = open(&disk, 25_000).unwrap();
            assert_eq!(stream.findings(), [""; 0]);
        }
        let view = stream.view("t", "p", Want::All).unwrap().unwrap();
        let first = &view.segments[0];
        assert_eq!(
            (first.format, first.records.clone(), first.time),
            (Format::Parquet, 0..30_000, (0, 29_999))
        );
        let wanted = rows(0, 90_000);
        let found = read(&stream, &all());
        assert_eq!(found.schema(), wanted.schema());
        assert!(found == wanted);
        let back =
            read(&stream, &Query { order: Order::Descending, start: Some(25_001), max_rows: 3, ..all() });
        assert_eq!(back.column(0).as_primitive::<Int64Type>().values()[..], [25_000, 24_999, 24_998]);
        let pick = vec!["word".to_string(), "time".to_string()];
        let projection = Projection { pick, ..Projection::default() };
        let some = read(&stream, &Query { time: Some((29_999, 30_000)), projection, ..all() });
        let word = some.column(0).as_string::<i32>();
        assert_eq!((some.num_rows(), word.value(0), word.value(1)), (2, "w29999", "w30000"));
    }
    assert_eq!(stream.append("t", "p", rows(90_000, 90_001)).unwrap(), 90_000..90_001);
}

#[test]
fn killed_at_any_operation_of_closing_every_row_is_there_once() {
    let mut n = 0;
    loop {
        let mut ended = true;
        for done in [Done::Nothing, Done::Half, Done::Whole] {
            let disk = MemoryStore::new();
            let stream = open(&disk, 2).unwrap();
            stream.append("t", "p", rows(0, 3)).unwrap();
            stream.checkpoint().unwrap();
            disk.kill_at(disk.ops() + n, done);
            // Closes the first segment, then the second.
            let outcome = stream.append("t", "p", rows(3, 6)).map(drop).and_then(|()| stream.close());
            ended &= outcome.is_ok();
            if let Err(e) = outcome {
                assert!(is_killed(&e) || disk.is_dead(), "{e}");
            }
            let after = disk.revive();
            let stream = open(&after, 2).unwrap();
            let found = read(&stream, &all());
            assert!(found.num_rows() == 3 || found.num_rows() == 6, "killed at {n}: {}", found.num_rows());
            assert_eq!(found, rows(0, found.num_rows() as i64), "killed at {n}");
            stream.close().unwrap();
            let names = files(&after);
            let mut numbers: Vec<&str> = names.iter().map(|name| name.split('.').next().unwrap()).collect();
            numbers.dedup();
            assert_eq!(numbers.len(), names.len(), "killed at {n}: {names:?}");
            assert!(names.iter().all(|name| !name.ends_with(".tmp")), "{names:?}");
        }
        if ended {
            break;
        }
        n += 1;
    }
    assert!(n > 15, "only {n} operations were tried");
}

#[test]
fn columns_that_parquet_has_no_form_for_stay_in_arrow_and_that_is_told() {
    let disk = MemoryStore::new();
    let stream = open(&disk, 1).unwrap();
    let time: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let interval: ArrayRef = Arc::new(IntervalMonthDayNanoArray::from(vec![None]));
    let batch =
        RecordBatch::try_from_iter_with_nullable([("time", time, false), ("i", interval, true)]).unwrap();
    for _ in 0..3 {
        stream.append("t", "p", batch.clone()).unwrap();
    }
    stream.checkpoint().unwrap();
    let stats = stream.stats();
    assert!(stats.io_errors > 0 && stats.last_error.contains("stays in Arrow"), "{stats:?}");
    assert_eq!(read(&stream, &all()).num_rows(), 3);
    assert_eq!(stream.stats().segments, 1);
    assert!(files(&disk).contains(&"0.arrow".to_string()));
}

#[test]
fn bytes_on_disk_are_counted_as_they_are() {
    let disk = MemoryStore::new();
    let stream = open(&disk, 2_000).unwrap();
    for i in 0..20 {
        stream.append("t", "p", rows(i * 1000, (i + 1) * 1000)).unwrap();
        stream.checkpoint().unwrap();
        let on_disk: usize = disk
            .tree()
            .iter()
            .filter(|(name, _)| name.starts_with("/store/topics/"))
            .map(|(_, bytes)| bytes.len())
            .sum();
        assert_eq!(stream.stats().bytes, on_disk as u64);
    }
}

#[test]
fn a_damaged_file_is_told() {
    let disk = MemoryStore::new();
    let stream = open(&disk, 1).unwrap();
    for i in 0..4 {
        stream.append("t", "p", rows(i * 2, i * 2 + 2)).unwrap();
    }
    stream.close().unwrap();
    let path = "/store/topics/t/p/1.parquet";
    let mut bytes = disk.peek(path).unwrap();
    let middle = bytes.len() - 100;
    bytes[middle..].fill(7);
    disk.plant(path, &bytes);
    let stream = open(&disk, 1).unwrap();
    assert!(stream.findings().iter().any(|f| f.contains("1.parquet")), "{:?}", stream.findings());
    assert_eq!(read(&stream, &all()).num_rows(), 6);
}
