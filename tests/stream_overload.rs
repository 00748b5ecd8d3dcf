//! A disk that stands still: batches are refused whole, what was taken stays, and a retry works.
#![cfg(feature = "stream")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod stream_help;

use plattli::store::{MemoryStore, Operation};
use plattli::stream::{Stream, StreamOptions};
use plattli::Code;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use stream_help::*;

/// Holds appends to segments back while it is shut.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<(bool, u64)>, Condvar)>);

impl Gate {
    fn on(store: &MemoryStore) -> Gate {
        let gate = Gate::default();
        let held = gate.clone();
        store.before_each(move |op: &Operation| {
            if op.what == "append" && op.path.to_string_lossy().ends_with(".arrow") {
                held.pass();
            }
        });
        gate
    }

    fn pass(&self) {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap();
        state.1 += 1;
        changed.notify_all();
        drop(changed.wait_while(state, |(shut, _)| *shut).unwrap());
    }

    fn set(&self, shut: bool) {
        self.0 .0.lock().unwrap().0 = shut;
        self.0 .1.notify_all();
    }

    /// Waits until so many appends came to the gate.
    fn reached(&self, count: u64) {
        let (state, changed) = &*self.0;
        drop(changed.wait_while(state.lock().unwrap(), |(_, seen)| *seen < count).unwrap());
    }
}

fn threaded() -> StreamOptions {
    StreamOptions { threads: 2, roll_rows: 10, overload_wait: Duration::from_millis(10), ..options(None) }
}

/// Appends 8 rows at a time until one batch is refused. Gives the rows that were taken.
fn until_refused(stream: &Stream, partition: &str, mut next: u64) -> (u64, plattli::Error) {
    for _ in 0..1000 {
        match append(stream, "t", partition, next..next + 8) {
            Ok(range) => {
                assert_eq!(range, next..next + 8);
                next += 8;
            }
            Err(e) => return (next, e),
        }
    }
    panic!("nothing is refused");
}

#[test]
fn a_slow_disk_sheds_whole_batches_and_every_taken_batch_is_read_back() {
    let store = MemoryStore::new();
    let gate = Gate::on(&store);
    let stream = open(&store, &threaded()).unwrap();
    gate.set(true);
    let (next, refused) = until_refused(&stream, "p", 0);
    assert_eq!(refused.code(), Code::Overloaded, "{refused}");
    // One segment being written, one full.
    assert_eq!(next, 32);
    assert_eq!(content(&stream, "t", "p").unwrap(), 0..32, "earlier rows stay readable");
    let (same, _) = until_refused(&stream, "p", next);
    assert_eq!(same, next);
    let stats = stream.stats();
    assert_eq!((stats.shed_batches, stats.shed_rows, stats.batches, stats.rows), (2, 16, 4, 32));
    // A partition of its own is not in its way.
    assert_eq!(append(&stream, "t", "q", 0..3).unwrap(), 0..3);
    gate.set(false);
    stream.checkpoint().unwrap();
    // The writer that has recorded all rows may still be about to lay down its pen.
    let mut retried = append(&stream, "t", "p", 32..40);
    while retried.as_ref().is_err_and(|e| e.code() == Code::Overloaded) {
        retried = append(&stream, "t", "p", 32..40);
    }
    assert_eq!(retried.unwrap(), 32..40, "a retry succeeds once the write clears");
    assert_eq!(content(&stream, "t", "p").unwrap(), 0..40);
    stream.close().unwrap();
    let stream = open(&store, &threaded()).unwrap();
    assert_eq!(content(&stream, "t", "p").unwrap(), 0..40);
    assert_eq!(content(&stream, "t", "q").unwrap(), 0..3);
}

#[test]
fn a_roll_waits_for_a_write_that_clears_in_time() {
    let store = MemoryStore::new();
    let gate = Gate::on(&store);
    let stream =
        open(&store, &StreamOptions { overload_wait: Duration::from_secs(600), ..threaded() }).unwrap();
    gate.set(true);
    append(&stream, "t", "p", 0..11).unwrap();
    append(&stream, "t", "p", 11..22).unwrap();
    gate.reached(1);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| append(&stream, "t", "p", 22..33));
        gate.set(false);
        assert_eq!(waiting.join().unwrap().unwrap(), 22..33);
    });
    assert_eq!(stream.stats().shed_batches, 0);
    stream.close().unwrap();
}

#[test]
fn rows_in_memory_are_bounded_over_all_partitions() {
    let store = MemoryStore::new();
    let gate = Gate::on(&store);
    let options = StreamOptions { active_bytes: 10_000, roll_rows: 1 << 40, ..threaded() };
    let stream = open(&store, &options).unwrap();
    gate.set(true);
    let (mut taken, mut refused) = (0, None);
    for p in 0..1000 {
        match append(&stream, "t", &p.to_string(), 0..100) {
            Ok(_) => taken += 1,
            Err(e) => {
                refused = Some(e);
                break;
            }
        }
    }
    assert_eq!(refused.unwrap().code(), Code::Overloaded);
    assert_eq!(taken, 6);
    assert!(stream.stats().active_bytes <= 10_000);
    gate.set(false);
    // Those used least recently are let go, and opened again on use.
    while append(&stream, "t", "last", 0..100).is_err() {}
    assert!(stream.stats().active_bytes <= 10_000);
    for p in 0..taken {
        assert_eq!(content(&stream, "t", &p.to_string()).unwrap(), 0..100);
    }
    stream.close().unwrap();
}

#[test]
fn a_disk_nearly_full_makes_the_store_read_only_until_space_returns() {
    let store = MemoryStore::new();
    let stream = open(&store, &StreamOptions { min_free_bytes: 1000, ..options(None) }).unwrap();
    append(&stream, "t", "p", 0..5).unwrap();
    store.set_free_space(Some(999));
    stream.checkpoint().unwrap();
    let refused = append(&stream, "t", "p", 5..10).unwrap_err();
    assert_eq!(refused.code(), Code::Io, "{refused}");
    assert!(refused.message().contains("less than 1000 bytes free"), "{refused}");
    assert!(stream.stats().read_only);
    assert_eq!(stream.stats().refused_batches, 1);
    assert_eq!(content(&stream, "t", "p").unwrap(), 0..5);
    store.set_free_space(Some(1000));
    assert_eq!(append(&stream, "t", "p", 5..10).unwrap(), 5..10);
    assert!(!stream.stats().read_only);
    store.set_free_space(Some(0));
    stream.close().unwrap();
    let stream = open(&store, &StreamOptions { min_free_bytes: 1000, ..options(None) }).unwrap();
    assert_eq!(content(&stream, "t", "p").unwrap(), 0..10);
    assert!(append(&stream, "t", "p", 10..11).is_err());
    stream.close().unwrap();
    let stream = open(&store, &StreamOptions { min_free_bytes: 0, ..options(None) }).unwrap();
    assert_eq!(append(&stream, "t", "p", 10..11).unwrap(), 10..11, "0 switches it off");
}

#[test]
fn a_disk_that_is_full_refuses_whole_batches_and_loses_none_that_it_took() {
    let store = MemoryStore::new();
    let stream = open(&store, &StreamOptions { roll_rows: 2000, ..options(None) }).unwrap();
    store.set_capacity(Some(120_000));
    let mut next = 0;
    let mut refusals = 0;
    for _ in 0..40 {
        match append(&stream, "t", "p", next..next + 1100) {
            Ok(_) => next += 1100,
            Err(e) => {
                assert_eq!(e.code(), Code::Io, "{e}");
                refusals += 1;
            }
        }
        // It reports that the disk is full; the rows are kept.
        _ = stream.checkpoint();
    }
    assert!(refusals > 0 && next > 5000, "{next}");
    assert!(stream.stats().io_errors > 0 && !stream.stats().last_error.is_empty());
    assert_eq!(content(&stream, "t", "p").unwrap(), 0..next);
    store.set_capacity(None);
    stream.checkpoint().unwrap();
    append(&stream, "t", "p", next..next + 1).unwrap();
    stream.close().unwrap();
    let stream = open(&store, &options(None)).unwrap();
    assert_eq!(content(&stream, "t", "p").unwrap(), 0..next + 1);
}

#[test]
fn checkpoints_that_cannot_be_written_are_tried_again_by_themselves() {
    let store = MemoryStore::new();
    let gate = Gate::on(&store);
    let options = StreamOptions { checkpoint: Duration::from_millis(1), threads: 1, ..options(None) };
    let stream = open(&store, &options).unwrap();
    gate.set(true);
    append(&stream, "t", "p", 0..1500).unwrap();
    gate.reached(1);
    append(&stream, "t", "p", 1500..3000).unwrap();
    assert_eq!(content(&stream, "t", "p").unwrap(), 0..3000);
    gate.set(false);
    while stream.stats().checkpoints < 2 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let left = store.snapshot();
    stream.close().unwrap();
    assert!(content(&open(&left, &options).unwrap(), "t", "p").unwrap().end >= 1500);
}
