//! Copies that are whole, made once, and resumed after a kill at any operation.

use super::*;
use crate::bucket::Folder;
use crate::store::{is_killed, Done, MemoryStore};
use crate::stream::Want;
use arrow_array::{ArrayRef, Int64Array, RecordBatch};

const DIR: &str = "/store";
const BUCKET: &str = "/bucket";

fn options() -> StreamOptions {
    StreamOptions {
        roll_rows: 1,
        threads: 0,
        min_free_bytes: 0,
        replicate: true,
        manifest: Some(":memory:".into()),
        ..StreamOptions::default()
    }
}

fn open(disk: &MemoryStore, options: &StreamOptions) -> Result<(Stream, Copier)> {
    let store: Arc<dyn Store> = Arc::new(disk.clone());
    let stream = Stream::open(store.clone(), Path::new(DIR), options)?;
    let bucket = Folder::new(store.clone(), BUCKET.into(), true);
    Ok((stream, Copier::new(store, Path::new(DIR), Arc::new(bucket))))
}

fn fill(stream: &Stream, rows: i64) {
    for time in 0..rows {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![time]));
        stream.append("t", "p.1", RecordBatch::try_from_iter([("time", column)]).unwrap()).unwrap();
    }
    stream.checkpoint().unwrap();
}

/// Names below the bucket that hold what the segments of the same names hold; panics for one that does not.
fn copied(disk: &MemoryStore) -> Vec<String> {
    let mut found = Vec::new();
    for (name, bytes) in disk.tree() {
        let Some(name) = name.strip_prefix("/bucket/").filter(|n| n.ends_with(".arrow")) else { continue };
        assert_eq!(disk.peek(Path::new(DIR).join(name)).as_deref(), Some(&bytes[..]), "{name}");
        found.push(name.to_string());
    }
    found
}

#[test]
fn closed_segments_are_copied_once_under_the_names_they_have() {
    let disk = MemoryStore::new();
    let (stream, copier) = open(&disk, &options()).unwrap();
    fill(&stream, 9);
    let waiting = stream.stats().waiting;
    assert!(waiting >= 3, "{waiting}");
    assert_eq!(copier.run(&stream).unwrap(), waiting);
    assert_eq!(stream.stats().waiting, 0);
    let names = copied(&disk);
    assert_eq!(names.len() as u64, waiting);
    assert!(names.contains(&"topics/t/p%2E1/0.arrow".to_string()), "{names:?}");
    assert_eq!(copier.run(&stream).unwrap(), 0);
    fill(&stream, 4);
    assert!(copier.run(&stream).unwrap() >= 1);
    // The manifest is forgotten: what is there already is found to be the same.
    stream.close().unwrap();
    let (stream, copier) = open(&disk, &options()).unwrap();
    let waiting = stream.stats().waiting;
    assert!(waiting > 0);
    assert_eq!(copier.run(&stream).unwrap(), waiting);
    assert_eq!(copied(&disk).len() as u64, waiting);
    assert_eq!(stream.stats().waiting, 0);
}

#[test]
fn replication_killed_at_any_operation_is_resumed_and_no_object_is_ever_half() {
    let disk = MemoryStore::new();
    let (stream, _) = open(&disk, &options()).unwrap();
    fill(&stream, 7);
    stream.close().unwrap();
    let mut n = 0;
    loop {
        let mut ended = true;
        for done in [Done::Nothing, Done::Half, Done::Whole] {
            let copy = disk.snapshot();
            let (stream, copier) = open(&copy, &options()).unwrap();
            copy.kill_at(copy.ops() + n, done);
            match copier.run(&stream) {
                Ok(_) => assert!(!copy.is_dead()),
                Err(e) => {
                    assert!(is_killed(&e), "{e}");
                    ended = false;
                }
            }
            drop(stream);
            copied(&copy);
            let after = copy.revive();
            let (stream, copier) = open(&after, &options()).unwrap();
            let waiting = stream.stats().waiting;
            assert_eq!(copier.run(&stream).unwrap(), waiting, "killed at {n}");
            assert_eq!(copied(&after).len() as u64, waiting, "killed at {n}");
        }
        if ended {
            break;
        }
        n += 1;
    }
    assert!(n > 10, "only {n} operations were tried");
}

#[test]
fn what_is_not_ours_is_not_replaced_and_does_not_stop_the_others() {
    let disk = MemoryStore::new();
    let (stream, copier) = open(&disk, &options()).unwrap();
    fill(&stream, 9);
    disk.plant("/bucket/topics/t/p%2E1/0.arrow", b"a segment of another store");
    let waiting = stream.stats().waiting;
    let error = copier.run(&stream).unwrap_err();
    assert_eq!(error.code(), Code::Exists);
    assert!(error.message().contains("a location of its own"), "{error}");
    assert_eq!(disk.peek("/bucket/topics/t/p%2E1/0.arrow").unwrap(), b"a segment of another store");
    assert_eq!(stream.stats().waiting, 1);
    assert_eq!(copier.copied.load(Ordering::Relaxed), waiting - 1);
    assert_eq!(copier.errors.load(Ordering::Relaxed), 1);
}

#[test]
fn retention_keeps_what_waits_until_it_was_copied_unless_told_otherwise() {
    for drop_waiting in [false, true] {
        let disk = MemoryStore::new();
        let few = StreamOptions { partition_segments: 2, drop_waiting, ..options() };
        let (stream, copier) = open(&disk, &few).unwrap();
        fill(&stream, 20);
        let first = || stream.view("t", "p.1", Want::All).unwrap().unwrap().first;
        assert_eq!(first() == 0, !drop_waiting);
        copier.run(&stream).unwrap();
        assert!(first() > 10, "what was copied goes");
        if !drop_waiting {
            // Every row is in the bucket or still here.
            let segments = disk.tree().into_iter().filter(|(name, _)| name.starts_with("/bucket/topics"));
            assert!(segments.count() >= 9);
        }
    }
}

#[test]
fn a_store_is_replicated_in_the_background_and_closed_after_the_segment_in_hand() {
    let disk = MemoryStore::new();
    let location = "memory://replicated-in-the-background";
    let replication = Replication { location: location.into(), every: Duration::from_millis(1) };
    let shared =
        Shared::open(Arc::new(disk.clone()), Path::new(DIR), &options(), Some(&replication)).unwrap();
    fill(shared.stream(), 9);
    while shared.stream().stats().waiting > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(shared.replicated().0 >= 3);
    shared.close().unwrap();
    assert!(!bucket::open(location, true).unwrap().list("topics/t/p%2E1").unwrap().is_empty());
    let plain = Shared::open(Arc::new(disk), Path::new(DIR), &options(), None).unwrap();
    assert_eq!(plain.replicate().unwrap_err().code(), Code::State);
}
