//! What a stream store promises of its bounds, its cache, its manifest and its writers.
#![cfg(feature = "stream")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod stream_help;

use plattli::store::{MemoryStore, Operation};
use plattli::stream::StreamOptions;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use stream_help::*;

#[test]
fn the_bounds_are_these_unless_set() {
    let o = StreamOptions::default();
    assert_eq!((o.roll_rows, o.roll_bytes, o.roll_age), (100_000, 100 << 20, Duration::ZERO));
    assert_eq!((o.partition_bytes, o.partition_segments, o.store_bytes), (1 << 30, 10_000, 1 << 30));
    assert_eq!((o.max_age, o.min_free_bytes), (Duration::ZERO, 1_000_000_000));
    assert_eq!((o.open_topics, o.active_bytes), (128, 3500 << 20));
    assert_eq!((o.checkpoint, o.overload_wait), (Duration::from_secs(1), Duration::from_millis(100)));
    assert!(o.sync && !o.replicate && !o.drop_waiting && o.manifest.is_none());
}

/// A file of partition `t/p`.
fn file(store: &MemoryStore, name: &str) -> Vec<u8> {
    store.peek(format!("{DIR}/topics/t/p/{name}")).unwrap_or_default()
}

#[test]
fn the_cache_gets_new_rows_alone_and_is_emptied_when_its_chunk_has_a_thousand_rows() {
    let store = MemoryStore::new();
    let stream = open(&store, &options(None)).unwrap();
    let (mut before, mut sizes) = (Vec::new(), Vec::new());
    for start in (0..900).step_by(100) {
        append(&stream, "t", "p", start..start + 100).unwrap();
        stream.checkpoint().unwrap();
        let now = file(&store, "0.cache");
        assert!(now.starts_with(&before), "what is in the cache stays as it is");
        sizes.push(now.len() - before.len());
        before = now;
    }
    assert!(sizes[1..].iter().all(|size| *size == sizes[1]) && sizes[1] < 2 * 1600, "{sizes:?}");
    let segment = file(&store, "0.arrow").len();
    stream.checkpoint().unwrap();
    assert_eq!(file(&store, "0.cache"), before, "no rows, no bytes");
    append(&stream, "t", "p", 900..1000).unwrap();
    stream.checkpoint().unwrap();
    assert_eq!(file(&store, "0.cache").len(), 0);
    assert!(file(&store, "0.arrow").len() >= segment + 16_000, "the chunk is in the segment");
    append(&stream, "t", "p", 1000..1001).unwrap();
    stream.checkpoint().unwrap();
    assert_eq!(&file(&store, "0.cache")[8..12], [1, 0, 0, 0], "the cache has the next chunk");
}

#[test]
fn a_chunk_is_full_at_a_mebibyte_of_few_rows_too() {
    let store = MemoryStore::new();
    let stream = open(&store, &options(None)).unwrap();
    let large = |rows: usize| {
        let time: arrow_array::ArrayRef = Arc::new(arrow_array::Int64Array::from(vec![EPOCH; rows]));
        let text = arrow_array::StringArray::from_iter_values((0..rows).map(|_| "x".repeat(1 << 18)));
        let text: arrow_array::ArrayRef = Arc::new(text);
        arrow_array::RecordBatch::try_from_iter([("time", time), ("text", text)]).unwrap()
    };
    stream.append("t", "p", large(3)).unwrap();
    stream.checkpoint().unwrap();
    assert!(file(&store, "0.arrow").len() < 1000 && file(&store, "0.cache").len() > 3 << 18);
    stream.append("t", "p", large(1)).unwrap();
    stream.checkpoint().unwrap();
    assert!(file(&store, "0.arrow").len() > 1 << 20 && file(&store, "0.cache").is_empty());
}

/// Rows of the manifest, as somebody else reads them from a copy: segment, time, records, size.
fn rows_of_manifest(manifest: &Path) -> Vec<[i64; 6]> {
    let copy = manifest.with_extension("copy");
    std::fs::copy(manifest, &copy).unwrap();
    let copy = Connection::open_with_flags(&copy, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut rows = copy
        .prepare(
            "SELECT segment, time_start, time_end, record_start, record_end, size FROM segments
             WHERE topic = 't' AND partition = 'p' AND version = 1 ORDER BY segment",
        )
        .unwrap();
    let row = |row: &rusqlite::Row<'_>| Ok([0, 1, 2, 3, 4, 5].map(|i| row.get(i).unwrap()));
    rows.query_map([], row).unwrap().map(Result::unwrap).collect()
}

#[test]
fn the_manifest_has_the_spans_and_the_size_of_each_segment_after_every_checkpoint() {
    let (_folder, manifest) = manifest();
    let store = MemoryStore::new();
    let stream = open(&store, &StreamOptions { roll_rows: 2000, ..options(Some(manifest.clone())) }).unwrap();
    let (mut next, mut start, mut number) = (0, 0, 0);
    for rows in [1, 700, 1500, 3, 1000, 20, 2500, 1] {
        if next - start > 2000 {
            (start, number) = (next, number + 1);
        }
        append(&stream, "t", "p", next..next + rows).unwrap();
        next += rows;
        stream.checkpoint().unwrap();
        let size =
            file(&store, &format!("{number}.arrow")).len() + file(&store, &format!("{number}.cache")).len();
        let time = EPOCH + start as i64;
        let last = [number, time, EPOCH + next as i64 - 1, start as i64, next as i64, size as i64];
        let found = rows_of_manifest(&manifest);
        assert_eq!(found.last(), Some(&last), "{found:?}");
        assert_eq!(found.len() as i64, number + 1);
        assert!(found.windows(2).all(|w| w[0][4] == w[1][3]), "{found:?}");
    }
}

#[test]
fn the_manifest_is_indexed_has_a_rollback_journal_and_is_locked_for_others() {
    let (folder, manifest) = manifest();
    let store = MemoryStore::new();
    let stream = open(&store, &options(Some(manifest.clone()))).unwrap();
    append(&stream, "t", "p", 0..3).unwrap();
    stream.checkpoint().unwrap();
    let other = Connection::open(&manifest).unwrap();
    other.busy_timeout(Duration::ZERO).unwrap();
    let count = || other.query_row("SELECT count(*) FROM segments", [], |row| row.get::<_, i64>(0));
    let refused = count().unwrap_err();
    assert_eq!(refused.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy), "{refused}");
    let names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().all(|name| !name.ends_with("-wal") && !name.ends_with("-shm")), "{names:?}");
    // Bytes 18 and 19 of the head: 1 for a rollback journal, 2 for a log of writes ahead.
    assert_eq!(std::fs::read(&manifest).unwrap()[18..20], [1, 1]);
    stream.close().unwrap();
    assert_eq!(count().unwrap(), 1, "and free once the store is closed");
    let plan = |condition: &str| {
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT segment FROM segments WHERE topic = 't' AND partition = 'p' AND {condition}"
        );
        other.query_row(&sql, [], |row| row.get::<_, String>(3)).unwrap()
    };
    assert!(plan("record_start <= 5").contains("segments_by_record"), "{}", plan("record_start <= 5"));
    assert!(plan("time_start <= 5").contains("segments_by_time"), "{}", plan("time_start <= 5"));
}

#[test]
fn a_checkpoint_syncs_the_segment_then_the_cache_and_tells_the_manifest_last() {
    let (_folder, manifest) = manifest();
    let store = MemoryStore::new();
    let stream = open(&store, &options(Some(manifest.clone()))).unwrap();
    append(&stream, "t", "p", 0..10).unwrap();
    stream.checkpoint().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = seen.clone();
    store.before_each(move |op: &Operation| {
        let name = op.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if ["append", "sync_data"].contains(&op.what) && name.starts_with("0.") {
            let recorded = rows_of_manifest(&manifest).last().map(|row| row[4]);
            told.lock().unwrap().push((op.what, name, recorded));
        }
    });
    append(&stream, "t", "p", 10..1010).unwrap();
    append(&stream, "t", "p", 1010..1015).unwrap();
    stream.checkpoint().unwrap();
    store.before_each(|_| {});
    let seen: Vec<String> = seen
        .lock()
        .unwrap()
        .iter()
        .map(|(what, name, recorded)| format!("{what} {name} {}", recorded.unwrap()))
        .collect();
    let wanted = ["append 0.arrow 10", "sync_data 0.arrow 10", "append 0.cache 10", "sync_data 0.cache 10"];
    assert_eq!(seen, wanted, "and the manifest does not say more before");
}

/// Holds what wants to write to a partition back.
struct Held(Arc<(Mutex<bool>, Condvar)>);

impl Held {
    fn partition(store: &MemoryStore, folder: &'static str) -> Held {
        let held = Arc::new((Mutex::new(true), Condvar::new()));
        let gate = held.clone();
        store.before_each(move |op: &Operation| {
            if op.what == "append" && op.path.starts_with(folder) {
                drop(gate.1.wait_while(gate.0.lock().unwrap(), |held| *held).unwrap());
            }
        });
        Held(held)
    }

    fn let_go(&self) {
        *self.0 .0.lock().unwrap() = false;
        self.0 .1.notify_all();
    }
}

#[test]
fn each_partition_has_its_own_writer_and_none_waits_for_another() {
    let store = MemoryStore::new();
    let held = Held::partition(&store, "/data/stream/topics/t/held");
    let options =
        StreamOptions { threads: 2, roll_rows: 10, overload_wait: Duration::from_secs(600), ..options(None) };
    let stream = open(&store, &options).unwrap();
    append(&stream, "t", "held", 0..20).unwrap();
    append(&stream, "t", "held", 20..40).unwrap();
    append(&stream, "t", "free", 0..20).unwrap();
    // Has the first segment closed, which only its writer can do.
    append(&stream, "t", "free", 20..40).unwrap();
    let closed = |partition: &str| {
        let bytes = store.peek(format!("{DIR}/topics/t/{partition}/0.arrow")).unwrap_or_default();
        bytes.ends_with(b"ARROW1")
    };
    while !closed("free") {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(!closed("held"));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            stream.checkpoint().unwrap();
            done.store(true, Ordering::SeqCst);
        });
        assert_eq!(content(&stream, "t", "held").unwrap(), 0..40);
        assert!(!done.load(Ordering::SeqCst), "a checkpoint is of all partitions");
        held.let_go();
    });
    stream.close().unwrap();
    assert!(closed("held"));
}
