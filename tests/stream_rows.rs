//! Rows of a stream store: indices, rolls, checkpoints, restarts.
#![cfg(feature = "stream")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod stream_help;

use plattli::store::MemoryStore;
use plattli::stream::Want;
use plattli::Code;
use stream_help::*;

#[test]
fn records_have_an_index_per_partition_contiguous_from_0_and_append_returns_the_span() {
    let store = MemoryStore::new();
    let stream = open(&store, &options(None)).unwrap();
    assert_eq!(append(&stream, "probes", "a", 0..3).unwrap(), 0..3);
    assert_eq!(append(&stream, "probes", "b", 0..2).unwrap(), 0..2);
    assert_eq!(append(&stream, "probes", "a", 3..10).unwrap(), 3..10);
    assert_eq!(append(&stream, "probes", "a", 10..10).unwrap(), 10..10);
    assert_eq!(content(&stream, "probes", "a").unwrap(), 0..10);
    assert_eq!(content(&stream, "probes", "b").unwrap(), 0..2);
    assert_eq!(stream.topics().unwrap(), ["probes"]);
    assert_eq!(stream.partitions("probes").unwrap(), ["a", "b"]);
    assert!(stream.view("probes", "c", Want::All).unwrap().is_none());
    assert!(stream.view("others", "a", Want::All).unwrap().is_none());
    assert_eq!(stream.topics().unwrap(), ["probes"], "looking makes nothing");
    stream.close().unwrap();
}

#[test]
fn unsaved_rows_are_seen_at_once_and_saved_ones_at_the_same_place() {
    let store = MemoryStore::new();
    let stream = open(&store, &options(None)).unwrap();
    let mut next = 0;
    for step in [1, 999, 1, 2500, 7, 0, 1000, 300, 100_000, 3] {
        append(&stream, "t", "p", next..next + step).unwrap();
        next += step;
        assert_eq!(content(&stream, "t", "p").unwrap(), 0..next);
        if step != 7 {
            stream.checkpoint().unwrap();
            assert_eq!(content(&stream, "t", "p").unwrap(), 0..next);
        }
    }
    stream.close().unwrap();
    let stream = open(&store, &options(None)).unwrap();
    assert_eq!(stream.findings(), Vec::<String>::new());
    assert_eq!(content(&stream, "t", "p").unwrap(), 0..next);
    assert_eq!(append(&stream, "t", "p", next..next + 5).unwrap(), next..next + 5);
    assert_eq!(content(&stream, "t", "p").unwrap(), 0..next + 5);
}

#[test]
fn a_store_that_is_written_is_refused_to_a_second_writer() {
    let store = MemoryStore::new();
    let stream = open(&store, &options(None)).unwrap();
    assert_eq!(open(&store.process(), &options(None)).unwrap_err().code(), Code::Busy);
    stream.close().unwrap();
    open(&store, &options(None)).unwrap();
}
