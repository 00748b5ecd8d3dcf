//! Pages over rows in memory and in segments, forward and back, of one partition and of many.

use super::*;
use crate::error::Code;
use crate::store::MemoryStore;
use crate::stream::StreamOptions;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, StructArray};
use arrow_schema::{DataType, Field, Schema};
use std::path::Path;

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

#[test]
fn rows_come_forward_from_an_index_and_back_to_before_one_unsaved_ones_too() {
    let stream = ten(&MemoryStore::new());
    let all: Vec<i64> = (0..10).map(|i| i * 10).collect();
    let back: Vec<i64> = all.iter().rev().copied().collect();
    for start in 0..12u64 {
        let forward = Query { start: Some(start), ..one("p") };
        assert_eq!(
            times(&run(&stream, &forward).unwrap()),
            all[all.len().min(start as usize)..],
            "from {start}"
        );
        let reverse = Query { order: Order::Descending, ..forward };
        let from = 10usize.saturating_sub(start as usize);
        assert_eq!(times(&run(&stream, &reverse).unwrap()), back[from..], "before {start}");
    }
    assert_eq!(times(&run(&stream, &one("p")).unwrap()), all);
    assert_eq!(times(&run(&stream, &Query { order: Order::Descending, ..one("p") }).unwrap()), back);
}

#[test]
fn pages_of_any_size_give_every_row_once_in_both_orders_and_after_closing() {
    let disk = MemoryStore::new();
    let mut stream = ten(&disk);
    for reopened in [false, true] {
        if reopened {
            stream.close().unwrap();
            stream = open(&disk, 2);
        }
        for order in [Order::Ascending, Order::Descending] {
            for max_rows in 1..12 {
                let found = pages(&stream, Query { order, max_rows, ..one("p") });
                let mut all: Vec<i64> = found.iter().flat_map(|(times, _)| times.clone()).collect();
                if order == Order::Descending {
                    all.reverse();
                }
                assert_eq!(all, (0..10).map(|i| i * 10).collect::<Vec<_>>(), "{order:?} by {max_rows}");
                let (last, full) = found.split_last().unwrap();
                assert!(full.iter().all(|(t, s)| t.len() as u64 == max_rows && *s == Status::RowLimit));
                assert_eq!(last.1, Status::All);
            }
        }
    }
}

#[test]
fn a_page_ends_after_the_chunk_that_crosses_the_bytes() {
    let stream = open(&MemoryStore::new(), 1000);
    for i in 0..4 {
        stream.append("t", "p", rows(&(0..1000).map(|t| i * 1000 + t).collect::<Vec<_>>())).unwrap();
    }
    // A chunk has 1000 rows of 16 bytes.
    for (max_bytes, chunks) in [(1, 1), (16_000, 1), (16_001, 2), (32_001, 3), (64_000, 4)] {
        let page = run(&stream, &Query { max_bytes, ..one("p") }).unwrap();
        assert_eq!(page.cursor.rows, chunks * 1000, "{max_bytes}");
        let status = if chunks == 4 { Status::All } else { Status::ByteLimit };
        assert_eq!(page.cursor.status, status, "{max_bytes}");
    }
    let found = pages(&stream, Query { max_bytes: 1, order: Order::Descending, ..one("p") });
    assert_eq!(found.iter().map(|(t, _)| t.len()).collect::<Vec<_>>(), [1000; 4]);
    assert_eq!(run(&stream, &one("p")).unwrap().cursor.rows, 4000, "the defaults");
}

#[test]
fn defaults_are_ten_thousand_rows_and_ten_megabytes() {
    let query = Query::default();
    assert_eq!((query.max_rows, query.max_bytes), (10_000, 10_240_000));
}

#[test]
fn a_range_of_times_has_both_ends_and_opens_only_the_segments_it_meets() {
    let disk = MemoryStore::new();
    let stream = ten(&disk);
    stream.checkpoint().unwrap();
    for (from, to) in [(0, 90), (30, 30), (25, 55), (31, 39), (90, 1000), (-5, -1), (i64::MIN, i64::MAX)] {
        let met = stream.view("t", "p", Want::Time(from, to)).unwrap().unwrap();
        let met = met.segments.iter().filter(|s| s.time.1 >= from && s.time.0 <= to).count();
        for order in [Order::Ascending, Order::Descending] {
            let before = disk.ops();
            let page = run(&stream, &Query { time: Some((from, to)), order, ..one("p") }).unwrap();
            let log = disk.log();
            let opened: Vec<_> = log
                .iter()
                .skip(before as usize)
                .filter(|op| op.what == "open_read")
                .map(|op| &op.path)
                .collect();
            assert_eq!(opened.len(), met, "{from} to {to}: {opened:?}");
            let mut found = times(&page);
            if order == Order::Descending {
                found.reverse();
            }
            let inside: Vec<i64> = (0..10).map(|i| i * 10).filter(|t| (from..=to).contains(t)).collect();
            assert_eq!(found, inside, "{from} to {to}");
            assert_eq!(page.cursor.status, Status::All);
        }
    }
}

#[test]
fn times_out_of_order_are_all_found_page_by_page() {
    let stream = open(&MemoryStore::new(), 3);
    for part in [[5, 1, 9], [2, 8, 2], [7, 7, 0], [3, 6, 4]] {
        stream.append("t", "p", rows(&part)).unwrap();
    }
    for order in [Order::Ascending, Order::Descending] {
        for max_rows in 1..8 {
            let found = pages(&stream, Query { time: Some((2, 7)), order, max_rows, ..one("p") });
            let mut all: Vec<i64> = found.into_iter().flat_map(|(times, _)| times).collect();
            if order == Order::Descending {
                all.reverse();
            }
            assert_eq!(all, [5, 2, 2, 7, 7, 3, 6, 4], "by {max_rows}");
        }
    }
}

#[test]
fn a_forward_walk_goes_on_after_what_was_dropped() {
    let disk = MemoryStore::new();
    let options = StreamOptions {
        roll_rows: 2,
        partition_segments: 2,
        threads: 0,
        min_free_bytes: 0,
        manifest: Some(":memory:".into()),
        ..StreamOptions::default()
    };
    let stream = Stream::open(Arc::new(disk.clone()), Path::new(DIR), &options).unwrap();
    for i in 0..20 {
        stream.append("t", "p", rows(&[i])).unwrap();
    }
    let first = stream.view("t", "p", Want::All).unwrap().unwrap().first;
    assert!(first > 5, "{first}");
    for start in 0..first {
        let page = run(&stream, &Query { start: Some(start), max_rows: 1, ..one("p") }).unwrap();
        assert_eq!(times(&page), [first as i64], "from {start}");
        assert_eq!(page.cursor.positions()["p"], first + 1);
    }
}

#[test]
fn a_segment_that_retention_takes_during_a_query_is_passed_over() {
    let disk = MemoryStore::new();
    let stream = Arc::new(ten(&disk));
    // The first segment is dropped when it is opened, as retention of another thread would.
    let view = stream.view("t", "p", Want::All).unwrap().unwrap();
    let gone = view.segments[0].clone();
    struct Racing(Arc<Stream>, crate::stream::SegmentMeta, std::cell::Cell<bool>);
    impl Source for Racing {
        fn partitions(&self, topic: &str) -> Result<Vec<String>> {
            self.0.partitions(topic)
        }
        fn view(&self, topic: &str, partition: &str, want: Want) -> Result<Option<PartitionView>> {
            let mut view = self.0.view(topic, partition, want)?;
            if self.2.replace(true) {
                // Looked at again: it is no longer named.
                view.as_mut().unwrap().segments.retain(|s| s.number != self.1.number);
            }
            Ok(view)
        }
        fn store(&self) -> &Arc<dyn Store> {
            self.0.store()
        }
    }
    disk.remove_file(&gone.path).unwrap();
    let racing = Racing(stream.clone(), gone.clone(), false.into());
    let left: Vec<i64> = (gone.records.end as i64..10).map(|i| i * 10).collect();
    assert_eq!(times(&run(&racing, &one("p")).unwrap()), left);
    // A file that is gone for no reason is no race.
    let error = run(&*stream, &one("p")).unwrap_err();
    assert!(error.is_missing(), "{error}");
}

#[test]
fn records_that_cannot_be_read_are_told_and_those_around_them_are_read() {
    let disk = MemoryStore::new();
    let stream = open(&disk, 2500);
    for i in 0..5 {
        stream.append("t", "p", rows(&(0..1000).map(|t| i * 1000 + t).collect::<Vec<_>>())).unwrap();
    }
    stream.checkpoint().unwrap();
    let first = stream.view("t", "p", Want::All).unwrap().unwrap().segments[0].clone();
    assert_eq!(first.records, 0..3000);
    // The head of the third chunk.
    let reader = crate::stream::SegmentReader::open(stream.store(), &first).unwrap();
    let chunks: u64 = reader.chunks()[..2].iter().map(|chunk| chunk.bytes).sum();
    let mut bytes = disk.peek(&first.path).unwrap();
    let all = chunks + reader.chunks()[2].bytes;
    let head = bytes.windows(4).position(|w| w == [0xff; 4]).unwrap();
    let schema = u32::from_le_bytes(bytes[head + 4..head + 8].try_into().unwrap()) as usize + 8;
    let third = head + schema + chunks as usize;
    assert!(third as u64 + all - chunks <= bytes.len() as u64);
    bytes[third..third + 8].fill(0);
    disk.plant(&first.path, &bytes);
    let told = |query: Query| {
        let error = run(&stream, &query).unwrap_err();
        assert_eq!(error.code(), Code::Corrupt);
        assert!(error.message().contains("records 2000 to 2999 cannot be read"), "{error}");
    };
    told(one("p"));
    told(Query { order: Order::Descending, ..one("p") });
    assert_eq!(times(&run(&stream, &Query { max_rows: 2000, ..one("p") }).unwrap()).len(), 2000);
    assert_eq!(times(&run(&stream, &Query { start: Some(3000), ..one("p") }).unwrap()).len(), 2000);
    let back = Query { order: Order::Descending, start: Some(2000), ..one("p") };
    assert_eq!(times(&run(&stream, &back).unwrap()).len(), 2000);
}

#[test]
fn another_schema_waits_for_a_page_of_its_own() {
    let disk = MemoryStore::new();
    let stream = open(&disk, 100);
    stream.append("t", "p", rows(&[0, 1])).unwrap();
    stream.append("t", "p", other(&[2])).unwrap();
    stream.append("t", "p", rows(&[3])).unwrap();
    let ascending =
        [(vec![0, 1], Status::SchemaChange), (vec![2], Status::SchemaChange), (vec![3], Status::All)];
    for saved in [false, true] {
        if saved {
            stream.checkpoint().unwrap();
        }
        assert_eq!(pages(&stream, one("p")), ascending);
        let descending =
            [(vec![3], Status::SchemaChange), (vec![2], Status::SchemaChange), (vec![1, 0], Status::All)];
        assert_eq!(pages(&stream, Query { order: Order::Descending, ..one("p") }), descending);
    }
    // Of a topic the others go on.
    stream.append("t", "q", rows(&[0, 1, 2, 3, 4])).unwrap();
    let page = run(&stream, &labelled(of("t"))).unwrap();
    assert_eq!(labels(&page), "p0 q0 p1 q1 q2 q3 q4");
    assert_eq!(page.cursor.status, Status::SchemaChange);
    let next = run(&stream, &labelled(Query { cursor: Some(page.cursor), ..of("t") })).unwrap();
    assert_eq!((labels(&next).as_str(), next.cursor.status), ("p2", Status::SchemaChange));
    assert_eq!(next.schema.field(1).name(), "word");
}

#[test]
fn of_a_topic_the_smallest_time_comes_next_then_the_smallest_index_then_the_name() {
    let stream = open(&MemoryStore::new(), 2);
    for (partition, times) in [("b", [0, 10, 20]), ("a", [0, 10, 30]), ("c", [5, 5, 5])] {
        for time in times {
            stream.append("t", partition, rows(&[time])).unwrap();
        }
    }
    let ascending = "a0 b0 c0 c1 c2 a1 b1 b2 a2";
    let descending = "a2 b2 b1 a1 c2 c1 c0 b0 a0";
    assert_eq!(labels(&run(&stream, &labelled(of("t"))).unwrap()), ascending);
    let back = labelled(Query { order: Order::Descending, ..of("t") });
    assert_eq!(labels(&run(&stream, &back).unwrap()), descending);
    for max_rows in 1..10 {
        for (query, wanted) in [(labelled(of("t")), ascending), (back.clone(), descending)] {
            let mut query = Query { max_rows, ..query };
            let mut found = Vec::new();
            loop {
                let page = run(&stream, &query).unwrap();
                found.push(labels(&page));
                if page.cursor.status == Status::All {
                    break;
                }
                query.cursor = Some(page.cursor);
            }
            assert_eq!(found.join(" "), wanted, "by {max_rows}");
        }
    }
}

#[test]
fn long_runs_are_handed_on_as_they_are_and_short_ones_copied_together() {
    let stream = open(&MemoryStore::new(), 100_000);
    stream.append("t", "a", rows(&(0..1000).collect::<Vec<_>>())).unwrap();
    stream.append("t", "b", rows(&(500..1500).collect::<Vec<_>>())).unwrap();
    let page = run(&stream, &of("t")).unwrap();
    assert_eq!(page.batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [500, 1000, 500]);
    let mut sorted = times(&page);
    sorted.sort_unstable();
    assert_eq!(times(&page), sorted);
}

#[test]
fn partitions_are_chosen_by_name_and_those_unknown_are_empty() {
    let stream = open(&MemoryStore::new(), 2);
    for partition in ["rank 1", "rank 2", "rank 10", "other"] {
        stream.append("t", partition, rows(&[0])).unwrap();
    }
    let chosen = |partitions| labels(&run(&stream, &labelled(Query { partitions, ..of("t") })).unwrap());
    let named = |names: &[&str]| Partitions::Named(names.iter().map(ToString::to_string).collect());
    assert_eq!(chosen(named(&["rank 2", "nobody", "other"])), "other0 rank 20");
    assert_eq!(chosen(named(&["nobody"])), "");
    assert_eq!(chosen(named(&[])), "");
    assert_eq!(chosen(Partitions::All), "other0 rank 10 rank 100 rank 20");
    let error = run(&stream, &of("nothing")).unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::NotFound, "there is no topic \"nothing\""));
}

#[cfg(feature = "patterns")]
#[test]
fn partitions_are_chosen_by_a_regular_expression_found_in_their_names() {
    let stream = open(&MemoryStore::new(), 2);
    for partition in ["rank1", "rank2", "rank10", "other"] {
        stream.append("t", partition, rows(&[0])).unwrap();
    }
    let chosen = |pattern| {
        let query = Query { partitions: Partitions::matching(pattern).unwrap(), ..of("t") };
        labels(&run(&stream, &labelled(query)).unwrap())
    };
    assert_eq!(chosen("rank1"), "rank10 rank100");
    assert_eq!(chosen("^rank1$"), "rank10");
    assert_eq!(chosen("r$"), "other0");
    assert_eq!(chosen("x"), "");
    assert_eq!(Partitions::matching("a)(b").unwrap_err().code(), Code::Argument);
}

#[test]
fn new_partitions_join_a_walk_forward_and_not_one_back() {
    let stream = open(&MemoryStore::new(), 2);
    stream.append("t", "a", rows(&[0, 1, 2, 3])).unwrap();
    let forward = labelled(Query { max_rows: 2, ..of("t") });
    let back = Query { order: Order::Descending, ..forward.clone() };
    let (first, last) = (run(&stream, &forward).unwrap(), run(&stream, &back).unwrap());
    assert_eq!((labels(&first), labels(&last)), ("a0 a1".into(), "a3 a2".into()));
    stream.append("t", "b", rows(&[0])).unwrap();
    stream.append("t", "a", rows(&[4])).unwrap();
    let go_on =
        |query: &Query, page: Page| Query { cursor: Some(page.cursor), max_rows: 10, ..query.clone() };
    let next = run(&stream, &go_on(&forward, first)).unwrap();
    assert_eq!(labels(&next), "b0 a2 a3 a4");
    let next = run(&stream, &go_on(&back, last)).unwrap();
    assert_eq!((labels(&next).as_str(), next.cursor.status), ("a1 a0", Status::All));
    let ended = run(&stream, &go_on(&back, next)).unwrap();
    assert_eq!((labels(&ended).as_str(), ended.cursor.status), ("", Status::All));
}

#[test]
fn an_ended_walk_goes_on_with_what_comes_later() {
    let stream = open(&MemoryStore::new(), 2);
    stream.append("t", "p", rows(&[0])).unwrap();
    let mut query = one("p");
    for time in 1..20 {
        let page = run(&stream, &query).unwrap();
        assert_eq!(times(&page), [time - 1]);
        query.cursor = Some(page.cursor);
        let page = run(&stream, &query).unwrap();
        assert_eq!((times(&page), page.cursor.status), (Vec::new(), Status::All));
        assert_eq!(page.schema.fields().len(), 2, "the columns are known");
        query.cursor = Some(page.cursor);
        stream.append("t", "p", rows(&[time])).unwrap();
        if time % 5 == 0 {
            stream.checkpoint().unwrap();
        }
    }
}

#[test]
fn a_cursor_goes_into_text_and_back_and_belongs_to_its_topic_and_order() {
    let mut cursor = Cursor::new("heat \"1\"", Order::Descending);
    cursor.set("ü/\n", 7);
    cursor.set("", u64::MAX);
    let text = cursor.text();
    assert_eq!(
        text,
        r#"{"topic": "heat \"1\"", "order": "descending", "positions": {"": 18446744073709551615, "ü/\n": 7}}"#
    );
    assert_eq!(Cursor::parse(&text).unwrap(), cursor);
    for bad in ["", "{}", "[1]", "null", &text.replace("desc", "des"), &text.replace('7', "-7"), &text[1..]] {
        let error = Cursor::parse(bad).unwrap_err();
        assert_eq!(error.code(), Code::Argument, "{bad}");
    }
    let stream = open(&MemoryStore::new(), 2);
    stream.append("t", "p", rows(&[0])).unwrap();
    stream.append("u", "p", rows(&[0])).unwrap();
    let cursor = run(&stream, &of("t")).unwrap().cursor;
    let strange = Query { cursor: Some(cursor.clone()), ..of("u") };
    assert!(run(&stream, &strange).unwrap_err().message().contains("belongs to topic \"t\""));
    let turned = Query { cursor: Some(cursor), order: Order::Descending, ..of("t") };
    assert!(run(&stream, &turned).unwrap_err().message().contains("opposite order"));
}

/// time, a text, a struct of a number and a struct of a text and a list.
fn nested(n: i64) -> RecordBatch {
    let field =
        |name: &str, array: &ArrayRef, null| Arc::new(Field::new(name, array.data_type().clone(), null));
    let numbers: ArrayRef = Arc::new((0..n).map(|x| Some(x as f64)).collect::<Float64Array>());
    let words: ArrayRef = Arc::new((0..n).map(|x| Some("w".repeat(x as usize))).collect::<StringArray>());
    let inner = StructArray::try_new(
        vec![field("word", &words, true)].into(),
        vec![words.clone()],
        Some((0..n).map(|x| x % 2 == 0).collect()),
    );
    let inner: ArrayRef = Arc::new(inner.unwrap());
    let outer = StructArray::try_new(
        vec![field("x", &numbers, false), field("deep", &inner, true)].into(),
        vec![numbers, inner],
        None,
    );
    let outer: ArrayRef = Arc::new(outer.unwrap());
    let time: ArrayRef = Arc::new((0..n).collect::<Int64Array>());
    let schema = Schema::new(vec![
        Field::new("time", DataType::Int64, false),
        Field::new("note", DataType::Utf8, false),
        Field::new("s", outer.data_type().clone(), false),
    ]);
    let note: ArrayRef = words;
    RecordBatch::try_new(Arc::new(schema), vec![time, note, outer]).unwrap()
}

fn shaped(stream: &Stream, projection: Projection) -> Result<RecordBatch> {
    let page = run(stream, &Query { projection, ..one("p") })?;
    Ok(arrow_select::concat::concat_batches(&page.schema, &page.batches).unwrap())
}

fn names(batch: &RecordBatch) -> Vec<String> {
    batch.schema().fields().iter().map(|field| field.name().clone()).collect()
}

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn columns_are_picked_excluded_and_flattened_from_memory_and_from_segments() {
    let stream = open(&MemoryStore::new(), 100);
    stream.append("t", "p", nested(4)).unwrap();
    for saved in [false, true] {
        if saved {
            stream.checkpoint().unwrap();
        }
        let shaped = |projection| shaped(&stream, projection);
        let pick = |names: &[&str]| Projection { pick: list(names), ..Projection::default() };
        assert_eq!(names(&shaped(Projection::default()).unwrap()), ["time", "note", "s"]);
        assert_eq!(names(&shaped(pick(&["note", "time"])).unwrap()), ["note", "time"]);
        assert_eq!(names(&shaped(pick(&["s", "nobody"])).unwrap()), ["s"]);
        let error = shaped(pick(&["nobody"])).unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
        assert!(error.message().contains("time, note, s"), "{error}");
        let without = Projection { exclude: list(&["time", "s"]), ..Projection::default() };
        assert_eq!(names(&shaped(without).unwrap()), ["note"]);
        let nothing = Projection { exclude: list(&["time", "note", "s"]), ..Projection::default() };
        assert_eq!(shaped(nothing).unwrap_err().code(), Code::Argument);
        let flat = Projection { flatten: Some(".".into()), ..Projection::default() };
        let batch = shaped(flat.clone()).unwrap();
        assert_eq!(names(&batch), ["time", "note", "s.x", "s.deep.word"]);
        assert_eq!(batch.column(2).as_primitive::<Float64Type>().values()[..], [0.0, 1.0, 2.0, 3.0]);
        let word = batch.column(3).as_string::<i32>();
        let found: Vec<_> = word.iter().collect();
        assert_eq!(found, [Some(""), None, Some("ww"), None], "null where the struct is");
        let chosen = Projection { pick: list(&["s.deep.word", "time"]), ..flat.clone() };
        assert_eq!(names(&shaped(chosen).unwrap()), ["s.deep.word", "time"]);
        let chosen = Projection { exclude: list(&["s.x"]), ..flat };
        assert_eq!(names(&shaped(chosen).unwrap()), ["time", "note", "s.deep.word"]);
    }
}

#[test]
fn large_values_become_null_also_within_structs_and_take_no_memory() {
    let stream = open(&MemoryStore::new(), 100);
    stream.append("t", "p", nested(5)).unwrap();
    let capped = Projection { max_value_bytes: Some(2), ..Projection::default() };
    let batch = shaped(&stream, capped.clone()).unwrap();
    let found =
        |array: &ArrayRef| array.as_string::<i32>().iter().map(|w| w.map(str::len)).collect::<Vec<_>>();
    assert_eq!(found(batch.column(1)), [Some(0), Some(1), Some(2), None, None]);
    assert!(batch.schema().field(1).is_nullable());
    let flat = Projection { flatten: Some("_".into()), ..capped };
    let batch = shaped(&stream, flat).unwrap();
    assert_eq!(found(batch.column(3)), [Some(0), None, Some(2), None, None]);
    assert_eq!(batch.column(0).null_count() + batch.column(2).null_count(), 0);
    let all = Projection { max_value_bytes: Some(4), ..Projection::default() };
    assert_eq!(found(shaped(&stream, all).unwrap().column(1))[4], Some(4));
}

#[test]
fn names_that_meet_when_flattened_or_labelled_are_refused() {
    let stream = open(&MemoryStore::new(), 100);
    let schema = Schema::new(vec![
        Field::new("time", DataType::Int64, false),
        Field::new("_index", DataType::Int64, false),
    ]);
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let batch = RecordBatch::try_new(Arc::new(schema), vec![column.clone(), column]).unwrap();
    stream.append("t", "p", batch).unwrap();
    let error = run(&stream, &labelled(one("p"))).unwrap_err();
    assert_eq!(error.code(), Code::Argument);
    assert!(error.message().contains("\"_index\""), "{error}");
    let s = nested(1);
    let fields =
        [s.schema().field(0).clone(), s.schema().field(2).clone(), Field::new("s.x", DataType::Utf8, false)];
    let columns = vec![s.column(0).clone(), s.column(2).clone(), s.column(1).clone()];
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields.to_vec())), columns).unwrap();
    stream.append("t", "q", batch).unwrap();
    let flat = |separator: &str| Projection { flatten: Some(separator.into()), ..Projection::default() };
    let error = run(&stream, &Query { projection: flat("."), ..one("q") }).unwrap_err();
    assert!(error.message().contains("two columns would be named \"s.x\""), "{error}");
    assert!(run(&stream, &Query { projection: flat("/"), ..one("q") }).is_ok());
}

#[test]
fn a_query_without_a_topic_or_with_empty_pages_is_refused() {
    let stream = open(&MemoryStore::new(), 100);
    stream.append("t", "p", rows(&[0])).unwrap();
    for query in [Query::default(), Query { max_rows: 0, ..of("t") }, Query { max_bytes: 0, ..of("t") }] {
        assert_eq!(run(&stream, &query).unwrap_err().code(), Code::Argument);
    }
}

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// What a walk over partitions gives, said in the plainest way: (partition, index) of each row.
fn plainly(partitions: &[(String, Vec<i64>)], query: &Query) -> Vec<(String, u64)> {
    let inside = |time: &i64| query.time.is_none_or(|(from, to)| (from..=to).contains(time));
    let mut walks: Vec<(String, Vec<(i64, u64)>)> = Vec::new();
    for (name, times) in partitions.iter().filter(|(name, _)| query.partitions.takes(name)) {
        let start = query.start.unwrap_or(if query.order == Order::Ascending { 0 } else { u64::MAX });
        let mut rows: Vec<(i64, u64)> = times.iter().copied().zip(0..).collect();
        match query.order {
            Order::Ascending => rows.retain(|(time, index)| *index >= start && inside(time)),
            Order::Descending => rows.retain(|(time, index)| *index < start && inside(time)),
        }
        if query.order == Order::Ascending {
            rows.reverse();
        }
        walks.push((name.clone(), rows));
    }
    let mut found = Vec::new();
    loop {
        let heads = walks.iter().enumerate().filter_map(|(i, (name, rows))| {
            rows.last().map(|(time, index)| (*time, *index, name.clone(), i))
        });
        let next = match query.order {
            Order::Ascending => heads.min(),
            Order::Descending => heads.max(),
        };
        let Some((_, index, name, i)) = next else { return found };
        walks[i].1.pop();
        found.push((name, index));
    }
}

#[test]
fn five_hundred_random_queries_give_what_the_plainest_walk_gives() {
    let mut dice = Dice(7);
    for round in 0..50 {
        let disk = MemoryStore::new();
        let stream = open(&disk, 1 + dice.roll(12));
        let mut partitions: Vec<(String, Vec<i64>)> =
            (0..1 + dice.roll(4)).map(|p| (format!("p{p}"), Vec::new())).collect();
        partitions.iter().for_each(|(name, _)| _ = stream.append("t", name, rows(&[0])).unwrap());
        partitions.iter_mut().for_each(|(_, times)| times.push(0));
        for _ in 0..dice.roll(40) {
            let which = dice.roll(partitions.len() as u64) as usize;
            let batch: Vec<i64> = (0..1 + dice.roll(5)).map(|_| dice.roll(30) as i64).collect();
            stream.append("t", &partitions[which].0, rows(&batch)).unwrap();
            partitions[which].1.extend(&batch);
            if dice.roll(6) == 0 {
                stream.checkpoint().unwrap();
            }
        }
        for _ in 0..10 {
            let order = if dice.roll(2) == 0 { Order::Ascending } else { Order::Descending };
            let from = dice.roll(30) as i64;
            let query = Query {
                order,
                start: (dice.roll(3) == 0).then(|| dice.roll(30)),
                time: (dice.roll(2) == 0).then(|| (from, from + dice.roll(20) as i64)),
                max_rows: 1 + dice.roll(30),
                max_bytes: 1 + dice.roll(600),
                partitions: match dice.roll(3) {
                    0 => Partitions::Named(vec!["p0".into(), "p2".into()]),
                    _ => Partitions::All,
                },
                ..of("t")
            };
            let wanted = plainly(&partitions, &query);
            let wanted: Vec<String> = wanted.iter().map(|(name, index)| format!("{name}{index}")).collect();
            let (mut found, mut next) = (Vec::new(), labelled(query.clone()));
            loop {
                let page = run(&stream, &next).unwrap();
                assert!(page.cursor.rows <= query.max_rows);
                found.extend(labels(&page).split_whitespace().map(str::to_string));
                if page.cursor.status == Status::All {
                    break;
                }
                assert!(page.cursor.rows > 0, "a page without rows that is not the last");
                next.cursor = Some(page.cursor);
            }
            assert_eq!(found, wanted, "round {round}: {query:?}");
        }
    }
}
