//! Bounds of what is open, names, columns, and what other readers make of the files.
#![cfg(feature = "stream")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod stream_help;

use arrow_array::{new_empty_array, ArrayRef, Int64Array, NullArray, RecordBatch, StringArray};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{DataType, Field, Schema};
use plattli::store::MemoryStore;
use plattli::stream::{SegmentReader, StreamOptions, Want};
use plattli::Code;
use std::collections::HashMap;
use std::io::Cursor;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;
use stream_help::*;

#[test]
fn topics_used_least_recently_are_closed_and_reopened_on_use() {
    let (_folder, path) = manifest();
    let store = MemoryStore::new();
    let stream = open(&store, &StreamOptions { open_topics: 2, ..options(Some(path)) }).unwrap();
    let topics = ["a", "b", "c", "d"];
    for round in 0..50_u64 {
        for (i, topic) in topics.iter().enumerate() {
            let rows = [3, 40, 500, 1][(round as usize + i) % 4];
            let next = content(&stream, topic, "p").unwrap().end;
            append(&stream, topic, "p", next..next + rows).unwrap();
            assert!(stream.stats().open_topics <= 2, "{}", stream.stats().open_topics);
        }
    }
    assert_eq!(stream.topics().unwrap(), topics);
    let ends: Vec<u64> = topics.iter().map(|t| content(&stream, t, "p").unwrap().end).collect();
    for topic in topics {
        let view = stream.view(topic, "p", Want::All).unwrap().unwrap();
        assert_eq!(view.segments.len(), 1, "closing a topic does not close its segment");
    }
    assert_eq!(stream.findings(), Vec::<String>::new());
    stream.close().unwrap();
    let names: Vec<String> = store.tree().into_iter().map(|(path, _)| path).collect();
    assert!(!names.iter().any(|name| name.ends_with(".cache")), "{names:?}");
    let stream = open(&store, &options(None)).unwrap();
    for (topic, end) in topics.iter().zip(ends) {
        assert_eq!(content(&stream, topic, "p").unwrap(), 0..end);
    }
}

#[test]
fn appends_views_checkpoints_and_closing_topics_from_many_threads_agree() {
    let (_folder, path) = manifest();
    let store = MemoryStore::new();
    let options = StreamOptions {
        threads: 2,
        open_topics: 2,
        roll_rows: 3000,
        checkpoint: Duration::from_millis(1),
        overload_wait: Duration::from_secs(600),
        ..options(Some(path))
    };
    let stream = open(&store, &options).unwrap();
    let topics = ["a", "b", "c", "d"];
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = topics
            .iter()
            .map(|topic| {
                let stream = &stream;
                scope.spawn(move || {
                    let mut next = 0;
                    for step in 0..200_u64 {
                        let rows = [1, 300, 1100, 7, 2000][(step % 5) as usize];
                        assert_eq!(append(stream, topic, "p", next..next + rows).unwrap(), next..next + rows);
                        next += rows;
                    }
                    next
                })
            })
            .collect();
        scope.spawn(|| {
            let mut seen = HashMap::new();
            while !stop.load(Ordering::Relaxed) {
                for topic in topics {
                    let end = content(&stream, topic, "p").unwrap().end;
                    assert!(seen.insert(topic, end).is_none_or(|before| before <= end));
                }
            }
        });
        let ends: Vec<u64> = writers.into_iter().map(|w| w.join().unwrap()).collect();
        stop.store(true, Ordering::Relaxed);
        for (topic, end) in topics.iter().zip(ends) {
            assert_eq!(content(&stream, topic, "p").unwrap(), 0..end);
        }
    });
    assert_eq!(stream.stats().io_errors, 0, "{}", stream.stats().last_error);
    stream.close().unwrap();
}

#[test]
fn names_neither_collide_nor_leave_the_folder() {
    let store = MemoryStore::new();
    let stream = open(&store, &options(None)).unwrap();
    let names = ["a", "a.b", "a.c", "..", ".", "/", "a/b", "../../x", "ü", " ", "%2E", "A"];
    for (i, topic) in names.iter().enumerate() {
        for (j, partition) in names.iter().enumerate() {
            append(&stream, topic, partition, 0..(1 + i * names.len() + j) as u64).unwrap();
        }
    }
    stream.close().unwrap();
    let inside = format!("{DIR}/");
    let files = store.tree();
    assert!(files.iter().all(|(path, _)| path.starts_with(&inside) || path.ends_with('/')), "{files:?}");
    let stream = open(&store, &options(None)).unwrap();
    for (i, topic) in names.iter().enumerate() {
        for (j, partition) in names.iter().enumerate() {
            let rows = (1 + i * names.len() + j) as u64;
            assert_eq!(content(&stream, topic, partition).unwrap(), 0..rows, "{topic}/{partition}");
        }
    }
    for bad in ["", &"x".repeat(201), &"/".repeat(70)] {
        assert_eq!(append(&stream, bad, "p", 0..1).unwrap_err().code(), Code::Argument);
        assert_eq!(append(&stream, "t", bad, 0..1).unwrap_err().code(), Code::Argument);
    }
}

fn batch(columns: Vec<(Field, ArrayRef)>) -> RecordBatch {
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

#[test]
fn the_first_column_is_time_and_null_types_dictionaries_and_names_given_twice_are_refused_nested_too() {
    let store = MemoryStore::new();
    let stream = open(&store, &options(None)).unwrap();
    let time =
        || (Field::new("time", DataType::Int64, true), Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef);
    let text =
        || (Field::new("s", DataType::Utf8, true), Arc::new(StringArray::from(vec!["a", "b"])) as ArrayRef);
    let null = (Field::new("n", DataType::Null, true), Arc::new(NullArray::new(2)) as ArrayRef);
    let gap = (
        Field::new("time", DataType::Int64, true),
        Arc::new(Int64Array::from(vec![Some(1), None])) as ArrayRef,
    );
    let empty = |dtype| {
        let fields = vec![Field::new("time", DataType::Int64, false), Field::new("n", dtype, true)];
        RecordBatch::new_empty(Arc::new(Schema::new(fields)))
    };
    let nothing = || Arc::new(Field::new("inner", DataType::Null, true));
    let entries = vec![Arc::new(Field::new("key", DataType::Utf8, false)), nothing()];
    let entries = Field::new("entries", DataType::Struct(entries.into()), false);
    for nested in [
        DataType::Struct(vec![nothing()].into()),
        DataType::List(nothing()),
        DataType::LargeList(nothing()),
        DataType::FixedSizeList(nothing(), 2),
        DataType::ListView(nothing()),
        DataType::LargeListView(nothing()),
        DataType::Map(Arc::new(entries), false),
        DataType::new_list(DataType::Struct(vec![nothing()].into()), true),
    ] {
        let refused = stream.append("t", "p", empty(nested.clone())).unwrap_err();
        assert_eq!(refused.code(), Code::Type, "{nested}");
        assert!(refused.message().contains("the column n has the type null"), "{nested}: {refused}");
    }
    let twice = batch(vec![time(), text(), time()]);
    let field = |name: &str, dtype| Field::new(name, dtype, true);
    let below = DataType::Struct(vec![field("a", DataType::Int64), field("a", DataType::Utf8)].into());
    let deep = DataType::new_list(DataType::Struct(vec![field("b", below.clone())].into()), true);
    let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let coded = batch(vec![
        (Field::new("time", DataType::Int64, false), new_empty_array(&DataType::Int64)),
        (Field::new("c", coded.clone(), true), new_empty_array(&coded)),
    ]);
    for (bad, says) in [
        (batch(vec![text(), time()]), "column 0 must be time"),
        (batch(vec![time(), null]), "the column n has the type null"),
        (batch(vec![gap, text()]), "the column time has 1 nulls"),
        (coded, "the column c is dictionary-encoded"),
        (twice, "two columns are named \"time\""),
        (batch(vec![time(), text(), text()]), "two columns are named \"s\""),
        (empty(below), "two columns of a struct within the column n are named \"a\""),
        (empty(deep), "two columns of a struct within the column n are named \"a\""),
    ] {
        let refused = stream.append("t", "p", bad).unwrap_err();
        assert_eq!(refused.code(), Code::Type);
        assert!(refused.message().contains(says), "{refused}");
    }
    assert!(stream.topics().unwrap().is_empty());
    assert_eq!(stream.append("t", "p", batch(vec![time(), text()])).unwrap(), 0..2);
}

#[test]
fn a_changed_schema_rolls_the_segment_and_metadata_is_kept() {
    let store = MemoryStore::new();
    let stream = open(&store, &options(None)).unwrap();
    let named = |name: &str| {
        let metadata = HashMap::from([("pipeline.name".to_string(), name.to_string())]);
        let schema = Schema::new(schema().fields().clone()).with_metadata(metadata);
        rows(0..2).with_schema(Arc::new(schema)).unwrap()
    };
    for name in ["one", "one", "two", "two", "one"] {
        stream.append("t", "p", named(name)).unwrap();
    }
    stream.append("t", "p", rows(0..2)).unwrap();
    stream.close().unwrap();
    let stream = open(&store, &options(None)).unwrap();
    let view = stream.view("t", "p", Want::All).unwrap().unwrap();
    let spans: Vec<_> = view.segments.iter().map(|s| s.records.clone()).collect();
    assert_eq!(spans, [0..4, 4..8, 8..10, 10..12]);
    let found: Vec<_> = view
        .segments
        .iter()
        .map(|meta| SegmentReader::open(stream.store(), meta).unwrap().schema())
        .map(|schema| schema.metadata().get("pipeline.name").map(|name| name.to_string()))
        .collect();
    assert_eq!(found, [Some("one".into()), Some("two".into()), Some("one".into()), None]);
    // What was read can be appended again.
    let reader = SegmentReader::open(stream.store(), &view.segments[0]).unwrap();
    assert_eq!(reader.read(0).unwrap().schema(), named("one").schema());
}

#[test]
fn rolls_come_before_an_append_when_a_bound_was_exceeded() {
    let store = MemoryStore::new();
    let spans = |options: StreamOptions, rows: &[u64]| {
        let topic = rows.len().to_string() + &options.roll_bytes.to_string();
        let stream = open(&store, &options).unwrap();
        let mut next = 0;
        for rows in rows {
            append(&stream, &topic, "p", next..next + rows).unwrap();
            next += rows;
        }
        stream.close().unwrap();
        let stream = open(&store, &options).unwrap();
        let view = stream.view(&topic, "p", Want::All).unwrap().unwrap();
        view.segments.iter().map(|s| s.records.end - s.records.start).collect::<Vec<_>>()
    };
    // Strictly more than two: three and three.
    assert_eq!(spans(StreamOptions { roll_rows: 2, ..options(None) }, &[1; 6]), [3, 3]);
    // 16 bytes a row in memory; on disk a little more.
    assert_eq!(
        spans(StreamOptions { roll_bytes: 15_999, ..options(None) }, &[500, 500, 500, 500, 1]),
        [1000, 1000, 1]
    );
    let aged = StreamOptions { roll_age: Duration::from_nanos(1), ..options(None) };
    assert_eq!(spans(aged, &[1, 1, 1, 1]), [1, 1, 1, 1]);
}

#[test]
fn closed_segments_are_arrow_files_and_open_ones_streams_for_everyone() {
    let store = MemoryStore::new();
    let stream = open(&store, &options(None)).unwrap();
    append(&stream, "t", "p", 0..2000).unwrap();
    append(&stream, "t", "p", 2000..2500).unwrap();
    stream.checkpoint().unwrap();
    let path = format!("{DIR}/topics/t/p/0.arrow");
    let open_bytes = store.peek(&path).unwrap();
    let frames = StreamReader::try_new(Cursor::new(&open_bytes[8..]), None).unwrap();
    let seen: Vec<u64> = frames.flat_map(|batch| indices(&batch.unwrap())).collect();
    assert_eq!(seen, (0..2000).collect::<Vec<_>>());
    let cache = store.peek(format!("{DIR}/topics/t/p/0.cache")).unwrap();
    assert_eq!(&cache[..12], b"plateau1\x01\0\0\0");
    let frames = StreamReader::try_new(Cursor::new(&cache[12..]), None).unwrap();
    let seen: Vec<u64> = frames.flat_map(|batch| indices(&batch.unwrap())).collect();
    assert_eq!(seen, (2000..2500).collect::<Vec<_>>());
    stream.close().unwrap();
    let closed = store.peek(&path).unwrap();
    assert!(closed.starts_with(&open_bytes));
    assert!(closed.starts_with(b"ARROW1\0\0") && closed.ends_with(b"ARROW1"));
    let file = FileReader::try_new(Cursor::new(&closed), None).unwrap();
    assert_eq!(
        file.schema().metadata().get("plattli.record_start").map(|s| s.to_string()).as_deref(),
        Some("0")
    );
    let seen: Vec<u64> = file.flat_map(|batch| indices(&batch.unwrap())).collect();
    assert_eq!(seen, (0..2500).collect::<Vec<_>>());
}

#[test]
fn views_hold_only_the_segments_that_meet_what_is_wanted() {
    let store = MemoryStore::new();
    let stream = open(&store, &StreamOptions { roll_rows: 9, ..options(None) }).unwrap();
    for step in 0..10 {
        append(&stream, "t", "p", step * 10..step * 10 + 10).unwrap();
    }
    stream.checkpoint().unwrap();
    let meets = |want: Want| {
        let view = stream.view("t", "p", want).unwrap().unwrap();
        assert_eq!((view.first, view.next), (0, 100));
        (view.segments.iter().map(|s| s.number).collect::<Vec<_>>(), view.unsaved.len())
    };
    assert_eq!(meets(Want::Records(10..20)), (vec![1], 0));
    assert_eq!(meets(Want::Records(19..21)), (vec![1, 2], 0));
    assert_eq!(meets(Want::Records(95..200)), (vec![], 1));
    assert_eq!(meets(Want::Time(EPOCH + 39, EPOCH + 40)), (vec![3, 4], 0));
    assert_eq!(meets(Want::Time(i64::MIN, EPOCH)), (vec![0], 0));
    assert_eq!(meets(Want::Time(EPOCH + 99, i64::MAX)), (vec![], 1));
    assert_eq!(meets(Want::Time(0, 1)), (vec![], 0));
    assert_eq!(meets(Want::All), ((0..9).collect(), 1));
}
