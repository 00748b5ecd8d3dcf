//! Retention: quotas of partitions and of the store, ages, and that no quota is ever exceeded by more than one chunk.
#![cfg(feature = "stream")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod stream_help;

use plattli::store::{MemoryStore, Store};
use plattli::stream::{StreamOptions, Want};
use plattli::Code;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;
use stream_help::*;

/// A chunk of these rows, and what its frame needs besides.
const CHUNK: u64 = 1000 * 16 + 1024;

/// The largest footprint before any operation.
fn watched(store: &MemoryStore) -> Arc<AtomicU64> {
    let (peak, seen) = (Arc::new(AtomicU64::new(0)), store.process());
    let highest = Arc::clone(&peak);
    store.before_each(move |_| _ = highest.fetch_max(footprint(&seen), Ordering::Relaxed));
    peak
}

#[test]
fn the_footprint_never_exceeds_the_quota_of_the_store_by_more_than_one_chunk() {
    for quota in [200_000, 500_000] {
        let store = MemoryStore::new();
        let peak = watched(&store);
        let options = StreamOptions { store_bytes: quota, roll_rows: 1500, ..options(None) };
        let stream = open(&store, &options).unwrap();
        let mut next = [0; 3];
        for step in 0..300_u64 {
            let p = (step % 3) as usize;
            let rows = [7, 400, 1000, 3, 1200][(step % 5) as usize];
            let range = next[p]..next[p] + rows;
            // What is refused is tried again, as its sentence says.
            let mut taken = append(&stream, "t", ["a", "b", "c"][p], range.clone());
            for _ in 0..3 {
                if taken.is_err() {
                    taken = append(&stream, "t", ["a", "b", "c"][p], range.clone());
                }
            }
            assert_eq!(taken.unwrap(), range);
            next[p] += rows;
            if step % 4 == 0 {
                stream.checkpoint().unwrap();
            }
            if step % 97 == 0 {
                assert_eq!(stream.stats().bytes, footprint(&store), "what is counted is what is there");
            }
        }
        for (p, next) in ["a", "b", "c"].into_iter().zip(next) {
            let kept = content(&stream, "t", p).unwrap();
            assert_eq!(kept.end, next);
            assert!(kept.start > 0 && kept.end > kept.start);
        }
        stream.close().unwrap();
        let peak = peak.load(Ordering::Relaxed);
        assert!(peak <= quota + CHUNK, "{peak} bytes of {quota}");
        assert!(peak > quota / 2, "{peak} bytes of {quota}: it keeps what it may");
    }
}

#[test]
fn the_manifest_counts_towards_the_quota() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(plattli::store::DiskStore);
    let size = || -> u64 {
        let files =
            |dir: &Path| std::fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()).collect();
        let mut open: Vec<std::path::PathBuf> = vec![folder.path().to_path_buf()];
        let mut sum = 0;
        while let Some(path) = open.pop() {
            match path.is_dir() {
                true => open.extend::<Vec<_>>(files(&path)),
                false if path.ends_with(".plattli.lock") => {}
                false => sum += path.metadata().map_or(0, |m| m.len()),
            }
        }
        sum
    };
    let options = StreamOptions {
        store_bytes: 300_000,
        roll_rows: 1000,
        manifest: None,
        min_free_bytes: 0,
        sync: false,
        ..options(None)
    };
    let stream = plattli::stream::Stream::open(store, folder.path(), &options).unwrap();
    let mut peak = 0;
    for step in 0..100 {
        append(&stream, "t", "p", step * 700..step * 700 + 700).unwrap();
        if step % 3 == 0 {
            stream.checkpoint().unwrap();
            assert_eq!(stream.stats().bytes, size());
        }
        peak = peak.max(size());
    }
    assert!(folder.path().join("manifest.sqlite").metadata().unwrap().len() > 10_000);
    assert!(peak <= 300_000 + CHUNK, "{peak}");
    stream.close().unwrap();
}

#[test]
fn a_partition_keeps_so_many_bytes_and_so_many_segments() {
    let store = MemoryStore::new();
    let options =
        StreamOptions { partition_bytes: 400_000, partition_segments: 3, roll_rows: 999, ..options(None) };
    let stream = open(&store, &options).unwrap();
    for step in 0..20 {
        append(&stream, "t", "small", step * 1000..step * 1000 + 1000).unwrap();
    }
    append(&stream, "t", "other", 0..1).unwrap();
    stream.checkpoint().unwrap();
    let view = stream.view("t", "small", Want::All).unwrap().unwrap();
    assert_eq!(view.segments.iter().filter(|s| s.sealed).count(), 3);
    assert_eq!(content(&stream, "t", "small").unwrap(), 16_000..20_000);
    assert_eq!(stream.stats().dropped_rows, 16_000);
    assert_eq!(stream.stats().dropped_segments, 16);

    let options = StreamOptions { partition_segments: 1000, ..options };
    for step in 0..60 {
        append(&stream, "t", "large", step * 1000..step * 1000 + 1000).unwrap();
    }
    drop(stream);
    let stream = open(&store, &options).unwrap();
    for step in 60..120 {
        append(&stream, "t", "large", step * 1000..step * 1000 + 1000).unwrap();
    }
    stream.checkpoint().unwrap();
    let view = stream.view("t", "large", Want::All).unwrap().unwrap();
    let bytes: u64 = view.segments.iter().map(|s| s.bytes).sum();
    assert!((370_000..=400_000).contains(&bytes), "{bytes}");
    content(&stream, "t", "large").unwrap();
}

#[test]
fn a_segment_goes_when_its_newest_time_is_too_old_and_indices_go_on() {
    let (_folder, path) = manifest();
    let store = MemoryStore::new();
    let plain = StreamOptions { roll_rows: 9, ..options(Some(path)) };
    let stream = open(&store, &plain).unwrap();
    for step in 0..5 {
        append(&stream, "t", "p", step * 10..step * 10 + 10).unwrap();
    }
    stream.checkpoint().unwrap();
    stream.retain().unwrap();
    assert_eq!(content(&stream, "t", "p").unwrap(), 0..50);
    stream.close().unwrap();
    // All rows are of 2023.
    let aged = StreamOptions { max_age: Duration::from_secs(3600), ..plain.clone() };
    for lose in [false, true] {
        let store = store.snapshot();
        let stream = open(&store, &aged).unwrap();
        let view = stream.view("t", "p", Want::All).unwrap().unwrap();
        assert_eq!((view.first, view.next, view.segments.len(), view.unsaved.len()), (50, 50, 0, 0));
        assert_eq!(stream.topics().unwrap(), ["t"]);
        stream.close().unwrap();
        if lose {
            std::fs::remove_file(plain.manifest.as_ref().unwrap()).unwrap();
        }
        let stream = open(&store, &plain).unwrap();
        assert_eq!(append(&stream, "t", "p", 50..60).unwrap(), 50..60);
        assert_eq!(content(&stream, "t", "p").unwrap(), 50..60);
        stream.close().unwrap();
        let stream = open(&store, &plain).unwrap();
        assert_eq!(content(&stream, "t", "p").unwrap(), 50..60);
        assert_eq!(stream.findings(), Vec::<String>::new());
    }
}

#[test]
fn an_open_segment_that_is_too_old_as_a_whole_goes_too() {
    let store = MemoryStore::new();
    let stream =
        open(&store, &StreamOptions { max_age: Duration::from_secs(3600), ..options(None) }).unwrap();
    append(&stream, "t", "p", 0..10).unwrap();
    stream.checkpoint().unwrap();
    stream.retain().unwrap();
    assert_eq!(content(&stream, "t", "p").unwrap(), 10..10);
    assert_eq!(append(&stream, "t", "p", 10..12).unwrap(), 10..12);
    assert_eq!(content(&stream, "t", "p").unwrap(), 10..12);
}

#[test]
fn a_segment_that_waits_to_be_replicated_stays_unless_told_otherwise() {
    let (_folder, path) = manifest();
    let store = MemoryStore::new();
    let keep = StreamOptions { replicate: true, partition_segments: 2, roll_rows: 9, ..options(Some(path)) };
    let stream = open(&store, &keep).unwrap();
    for step in 0..6 {
        append(&stream, "t", "p", step * 10..step * 10 + 10).unwrap();
    }
    stream.checkpoint().unwrap();
    assert_eq!(stream.stats().waiting, 5);
    let waiting = stream.finished().unwrap();
    let starts: Vec<u64> = waiting.iter().map(|f| f.segment.records.start).collect();
    assert_eq!(starts, [0, 10, 20, 30, 40]);
    for finished in &waiting[..2] {
        stream.replicated("t", "p", finished.segment.number).unwrap();
    }
    stream.retain().unwrap();
    assert_eq!(content(&stream, "t", "p").unwrap(), 20..60);
    // One that comes after those that wait stays with them.
    stream.replicated("t", "p", 4).unwrap();
    stream.close().unwrap();
    let stream = open(&store, &keep).unwrap();
    assert_eq!(stream.stats().waiting, 3, "two, and the one that closing made");
    assert_eq!(content(&stream, "t", "p").unwrap(), 20..60);
    stream.close().unwrap();
    let stream = open(&store, &StreamOptions { drop_waiting: true, ..keep }).unwrap();
    assert_eq!(content(&stream, "t", "p").unwrap(), 40..60);
}

#[test]
fn a_view_stays_readable_while_retention_drops_its_files() {
    let store = MemoryStore::new();
    let stream =
        open(&store, &StreamOptions { partition_segments: 1, roll_rows: 9, ..options(None) }).unwrap();
    append(&stream, "t", "p", 0..10).unwrap();
    append(&stream, "t", "p", 10..20).unwrap();
    stream.checkpoint().unwrap();
    let view = stream.view("t", "p", Want::All).unwrap().unwrap();
    let reader = plattli::stream::SegmentReader::open(stream.store(), &view.segments[0]).unwrap();
    append(&stream, "t", "p", 20..30).unwrap();
    append(&stream, "t", "p", 30..40).unwrap();
    stream.checkpoint().unwrap();
    assert_eq!(content(&stream, "t", "p").unwrap(), 20..40);
    assert_eq!(indices(&reader.read(0).unwrap()), (0..10).collect::<Vec<_>>());
    let late = plattli::stream::SegmentReader::open(stream.store(), &view.segments[0]).unwrap_err();
    assert!(late.is_missing(), "{late}");
}

#[test]
fn a_batch_larger_than_any_quota_allows_is_refused() {
    let store = MemoryStore::new();
    let stream = open(&store, &StreamOptions { partition_bytes: 40_000, ..options(None) }).unwrap();
    let refused = append(&stream, "t", "p", 0..1000).unwrap_err();
    assert_eq!(refused.code(), Code::Argument, "{refused}");
    assert_eq!(append(&stream, "t", "p", 0..500).unwrap(), 0..500);
}

#[test]
fn retention_drops_an_open_segment_that_is_too_old_though_its_writer_was_busy_a_moment_ago() {
    // All rows are of 2023. The writers race with the retention: many tries.
    for _ in 0..300 {
        let options = StreamOptions {
            threads: 2,
            roll_rows: 1,
            max_age: Duration::from_secs(3600),
            overload_wait: Duration::from_secs(600),
            ..options(None)
        };
        let stream = open(&MemoryStore::new(), &options).unwrap();
        append(&stream, "t", "p", 0..2).unwrap();
        append(&stream, "t", "p", 2..3).unwrap();
        stream.checkpoint().unwrap();
        stream.retain().unwrap();
        let view = stream.view("t", "p", Want::All).unwrap().unwrap();
        assert_eq!((view.first, view.next, view.segments.len()), (3, 3, 0));
        let stats = stream.stats();
        assert_eq!((stats.dropped_segments, stats.dropped_rows), (2, 3));
        stream.close().unwrap();
    }
}
