//! One partition, forward and back, page by page.

use super::*;

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
