//! Files that were cut, lost or put back: what can be read is kept, what is lost is said.
#![cfg(feature = "stream")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod stream_help;

use plattli::store::{MemoryStore, Store};
use plattli::stream::{SegmentReader, Stream, StreamOptions, Want};
use std::path::Path;
use std::sync::Arc;
use stream_help::*;

fn path(name: &str) -> String {
    format!("{DIR}/topics/t/p/{name}")
}

/// A store that died after a checkpoint with three full chunks and `cached` rows in the cache.
fn died(cached: u64) -> MemoryStore {
    let store = MemoryStore::new();
    let stream = open(&store, &options(None)).unwrap();
    for start in [0, 1000, 2000] {
        append(&stream, "t", "p", start..start + 1000).unwrap();
        stream.checkpoint().unwrap();
    }
    for start in 3000..3000 + cached {
        append(&stream, "t", "p", start..start + 1).unwrap();
        stream.checkpoint().unwrap();
    }
    store.revive()
}

fn reopened(store: &MemoryStore) -> Stream {
    open(store, &options(None)).unwrap()
}

/// Ends of the frames of a segment.
fn ends(store: &MemoryStore, name: &str, records: std::ops::Range<u64>) -> Vec<u64> {
    let bytes = store.peek(path(name)).unwrap().len() as u64;
    let meta = plattli::stream::SegmentMeta {
        number: 0,
        path: path(name).into(),
        format: plattli::stream::Format::Arrow,
        records,
        time: (0, 0),
        bytes,
        sealed: false,
    };
    let store: Arc<dyn Store> = Arc::new(store.clone());
    let reader = SegmentReader::open(&store, &meta).unwrap();
    // Without footer or rest the frames end with the file.
    let sizes: Vec<u64> = reader.chunks().iter().map(|c| c.bytes).collect();
    let head = bytes - sizes.iter().sum::<u64>();
    let mut end = head;
    sizes
        .iter()
        .map(|size| {
            end += size;
            end
        })
        .collect()
}

#[test]
fn a_segment_cut_anywhere_keeps_its_readable_frames() {
    let origin = died(0);
    let whole = origin.peek(path("0.arrow")).unwrap();
    let ends = ends(&origin, "0.arrow", 0..3000);
    assert_eq!(*ends.last().unwrap(), whole.len() as u64);
    for cut in 0..whole.len() {
        // Every byte near the borders of frames and of their headers, and one in 31 elsewhere.
        let near = ends.iter().chain([&0]).any(|end| (cut as u64).abs_diff(*end) < 300);
        if !near && cut % 31 != 0 {
            continue;
        }
        let store = MemoryStore::new();
        store.plant(path("0.arrow"), &whole[..cut]);
        let stream = reopened(&store);
        let kept = 1000 * ends.iter().filter(|end| **end <= cut as u64).count() as u64;
        assert_eq!(content(&stream, "t", "p").unwrap(), 0..kept, "cut at {cut}");
        assert_eq!(append(&stream, "t", "p", kept..kept + 2).unwrap(), kept..kept + 2, "cut at {cut}");
        stream.close().unwrap();
        assert_eq!(content(&reopened(&store), "t", "p").unwrap(), 0..kept + 2, "cut at {cut}");
    }
}

#[test]
fn a_closed_segment_cut_anywhere_keeps_its_readable_frames() {
    let origin = died(0);
    let ends = ends(&origin, "0.arrow", 0..3000);
    reopened(&origin).close().unwrap();
    let whole = origin.peek(path("0.arrow")).unwrap();
    assert!(whole.ends_with(b"ARROW1"));
    for cut in (*ends.last().unwrap() as usize - 300)..whole.len() {
        let store = MemoryStore::new();
        store.plant(path("0.arrow"), &whole[..cut]);
        let stream = reopened(&store);
        let kept = 1000 * ends.iter().filter(|end| **end <= cut as u64).count() as u64;
        assert_eq!(content(&stream, "t", "p").unwrap(), 0..kept, "cut at {cut}");
        stream.close().unwrap();
        assert!(kept < 3000 || store.peek(path("0.arrow")).unwrap() == whole, "cut at {cut}: closed again");
    }
}

#[test]
fn a_cache_cut_anywhere_keeps_its_whole_frames() {
    let origin = died(4);
    let (segment, cache) = (origin.peek(path("0.arrow")).unwrap(), origin.peek(path("0.cache")).unwrap());
    let mut seen = Vec::new();
    for cut in 0..=cache.len() {
        let store = MemoryStore::new();
        store.plant(path("0.arrow"), &segment);
        store.plant(path("0.cache"), &cache[..cut]);
        let stream = reopened(&store);
        let end = content(&stream, "t", "p").unwrap().end;
        assert!(seen.last().is_none_or(|last| *last == end || last + 1 == end), "cut at {cut}");
        seen.push(end);
        append(&stream, "t", "p", end..end + 1).unwrap();
        stream.checkpoint().unwrap();
        drop(store.revive());
        let stream = reopened(&store.revive());
        assert_eq!(content(&stream, "t", "p").unwrap(), 0..end + 1, "cut at {cut}");
    }
    assert_eq!((seen.first(), seen.last()), (Some(&3000), Some(&3004)));
}

#[test]
fn a_cache_behind_a_gap_is_discarded_and_that_is_said() {
    let store = died(2);
    let (whole, ends) = (store.peek(path("0.arrow")).unwrap(), ends(&store, "0.arrow", 0..3000));
    store.plant(path("0.arrow"), &whole[..ends[1] as usize + 10]);
    let stream = reopened(&store);
    assert_eq!(content(&stream, "t", "p").unwrap(), 0..2000);
    let findings = stream.findings().join("\n");
    assert!(findings.contains("0.cache continues chunk 3"), "{findings}");
    assert!(findings.contains("10 bytes of an unfinished chunk were cut off"), "{findings}");
}

#[test]
fn a_cache_alone_is_enough_if_it_holds_the_first_chunk() {
    let store = MemoryStore::new();
    let stream = open(&store, &options(None)).unwrap();
    append(&stream, "t", "p", 0..5).unwrap();
    stream.checkpoint().unwrap();
    let store = store.revive();
    store.remove_file(Path::new(&path("0.arrow"))).unwrap();
    assert_eq!(content(&reopened(&store), "t", "p").unwrap(), 0..5);

    let store = died(5);
    store.remove_file(Path::new(&path("0.arrow"))).unwrap();
    let stream = reopened(&store);
    assert_eq!(content(&stream, "t", "p").unwrap(), 0..0);
    assert!(stream.findings().join("\n").contains("continues a segment that is lost"));
}

/// A closed store of several segments with a manifest on disk.
fn several(manifest: &Path) -> (MemoryStore, StreamOptions) {
    let store = MemoryStore::new();
    let options = StreamOptions { roll_rows: 100, ..options(Some(manifest.into())) };
    let stream = open(&store, &options).unwrap();
    for start in (0..2000).step_by(50) {
        append(&stream, "t", "p", start..start + 50).unwrap();
    }
    stream.close().unwrap();
    (store, options)
}

#[test]
fn a_row_without_a_file_is_an_error_told() {
    let (_folder, manifest) = manifest();
    let (store, options) = several(&manifest);
    store.remove_file(Path::new(&path("3.arrow"))).unwrap();
    let stream = open(&store, &options).unwrap();
    let findings = stream.findings();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].contains("3.arrow: is missing: records 450 to 600 are lost"), "{findings:?}");
    let view = stream.view("t", "p", Want::All).unwrap().unwrap();
    assert_eq!(rows_of(stream.store(), &view).unwrap().len(), 1850);
    assert_eq!((view.first, view.next), (0, 2000));
    stream.close().unwrap();
    assert_eq!(open(&store, &options).unwrap().findings(), Vec::<String>::new(), "it is told once");
}

#[test]
fn a_file_without_a_row_is_adopted_if_whole() {
    let (_folder, manifest) = manifest();
    let (store, options) = several(&manifest);
    rusqlite::Connection::open(&manifest)
        .unwrap()
        .execute("DELETE FROM segments WHERE segment IN (0, 5, 13)", [])
        .unwrap();
    let stream = open(&store, &options).unwrap();
    assert_eq!(stream.findings(), Vec::<String>::new());
    assert_eq!(content(&stream, "t", "p").unwrap(), 0..2000);
}

#[test]
fn a_manifest_that_is_broken_is_made_anew_and_that_is_said() {
    for damage in ["nonsense", "empty table", "cut"] {
        let (_folder, manifest) = manifest();
        let (store, options) = several(&manifest);
        match damage {
            "nonsense" => std::fs::write(&manifest, b"this was a manifest").unwrap(),
            "cut" => {
                let bytes = std::fs::read(&manifest).unwrap();
                std::fs::write(&manifest, &bytes[..bytes.len() / 2]).unwrap();
            }
            _ => rusqlite::Connection::open(&manifest)
                .unwrap()
                .execute_batch("DROP TABLE segments; CREATE TABLE segments (other INTEGER)")
                .unwrap(),
        }
        let stream = open(&store, &options).unwrap();
        let findings = stream.findings().join("\n");
        assert!(findings.contains("made anew from the segments"), "{damage}: {findings}");
        assert_eq!(content(&stream, "t", "p").unwrap(), 0..2000, "{damage}");
        stream.close().unwrap();
        assert_eq!(open(&store, &options).unwrap().findings(), Vec::<String>::new(), "{damage}");
    }
}

#[test]
fn files_that_are_not_ours_are_neither_counted_nor_touched() {
    let (_folder, manifest) = manifest();
    let (store, options) = several(&manifest);
    let others = [
        "topics/t/p/notes.txt",
        "topics/t/p/01.arrow",
        "topics/t/p/1.arrow.bak",
        "topics/a.b/x",
        "x/0.arrow",
    ];
    for other in others {
        store.plant(format!("{DIR}/{other}"), b"mine");
    }
    let stream = open(&store, &options).unwrap();
    assert_eq!(stream.topics().unwrap(), ["t"]);
    assert_eq!(content(&stream, "t", "p").unwrap(), 0..2000);
    let counted = stream.stats().bytes;
    stream.close().unwrap();
    for other in others {
        assert_eq!(store.peek(format!("{DIR}/{other}")).as_deref(), Some(&b"mine"[..]), "{other}");
    }
    assert_eq!(counted + 4 * others.len() as u64, footprint(&store));
}

#[test]
fn a_chunk_that_was_changed_is_an_error_not_a_wrong_number() {
    let store = died(0);
    reopened(&store).close().unwrap();
    let whole = store.peek(path("0.arrow")).unwrap();
    let stream = reopened(&store);
    let view = stream.view("t", "p", Want::All).unwrap().unwrap();
    let reader = SegmentReader::open(stream.store(), &view.segments[0]).unwrap();
    let chunk = reader.chunks()[1].bytes;
    for at in [whole.len() / 2, whole.len() / 2 + 1, whole.len() / 2 + 999] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        assert!((chunk as usize) < at);
        let store = MemoryStore::new();
        store.plant(path("0.arrow"), &changed);
        let store: Arc<dyn Store> = Arc::new(store);
        let reader = SegmentReader::open(&store, &view.segments[0]).unwrap();
        let wrong =
            (0..3).filter(|i| reader.read(*i).is_err_and(|e| e.message().contains("checksum"))).count();
        assert_eq!(wrong, 1, "changed at {at}");
    }
}
