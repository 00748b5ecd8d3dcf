//! The end of a run: what `finish` packs, what it leaves when it fails, and what it does not wait for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use plattli::run::dtype::{DType, Value};
use plattli::run::options::{FinishOptions, Layout, ReaderOptions, Selection, WriterOptions};
use plattli::run::reader::{As, ColumnData, Reader};
use plattli::run::writer::Writer;
use plattli::store::{Done, MemoryStore, Store, Times};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::Arc;

const RUN: &str = "/run";

fn open(store: &MemoryStore, options: &WriterOptions) -> Writer {
    Writer::open_in(Arc::new(store.clone()), Path::new(RUN), options).unwrap()
}

fn options() -> WriterOptions {
    WriterOptions { hotsize: 4, threads: 0, ..WriterOptions::default() }
}

/// Steps of a metric whose list of segments becomes too long, the first `n` of them.
fn irregular(n: u32) -> Vec<u32> {
    (0..n).filter(|s| [0, 1, 3, 7].contains(&(s % 11))).collect()
}

/// Metrics of every kind: numbers that change their stride, that come at irregular steps, that lie in a folder, and text.
fn write(writer: &Writer, steps: std::ops::Range<u32>) {
    for s in steps {
        writer.set_step(s).unwrap();
        writer.write("a", Value::I64(i64::from(s))).unwrap();
        if irregular(s + 1).last() == Some(&s) {
            writer.write("in/folder", Value::I64(i64::from(s) * 1000)).unwrap();
        }
        if s % 3 == 0 || s > 9 {
            writer.write("text", Value::Json(format!("\"{s}\"").as_bytes())).unwrap();
        }
        writer.end_step().unwrap();
    }
}

fn steps_of(reader: &Reader, name: &str) -> Vec<u32> {
    reader.column(name, &Selection::All, As::Type(DType::Json)).unwrap().steps
}

/// Everything that [`write`] wrote up to a step is there, and nothing else.
fn holds(store: &MemoryStore, steps: u32, what: &str) {
    let reader = Reader::open_in(Arc::new(store.process()), Path::new(RUN), &ReaderOptions::default())
        .unwrap_or_else(|e| panic!("{what}: {e}"));
    for (name, factor) in [("a", 1.0), ("in/folder", 1000.0)] {
        let column = reader.column(name, &Selection::All, As::Type(DType::F64)).unwrap();
        let ColumnData::F64(values) = column.data else { panic!("{name} has no numbers") };
        let wanted = if name == "a" { (0..steps).collect() } else { irregular(steps) };
        assert_eq!(column.steps, wanted, "{what}: steps of {name}");
        let wanted: Vec<f64> = wanted.iter().map(|s| f64::from(*s) * factor).collect();
        assert_eq!(values, wanted, "{what}: values of {name}");
    }
    let wanted: Vec<u32> = (0..steps).filter(|s| s % 3 == 0 || *s > 9).collect();
    assert_eq!(steps_of(&reader, "text"), wanted, "{what}");
    assert_eq!(reader.warnings(), Vec::<String>::new(), "{what}");
}

/// What lies in the run directory, but for the bytes.
fn names(store: &MemoryStore) -> Vec<String> {
    store.tree().into_iter().map(|(path, _)| path).filter(|path| path != "/run/").collect()
}

fn every_way() -> impl Iterator<Item = FinishOptions> {
    [(true, true), (true, false), (false, true), (false, false)]
        .into_iter()
        .map(|(archive, optimize)| FinishOptions { archive, optimize, ..FinishOptions::default() })
}

#[test]
fn a_file_system_that_keeps_names_of_open_files_has_none_of_ours_to_keep() {
    for layout in [Layout::Compacting, Layout::Direct, Layout::Bulk] {
        for finish in every_way() {
            let store = MemoryStore::new();
            store.set_keeps_open_files(true);
            let writer = open(&store, &WriterOptions { layout, ..options() });
            write(&writer, 0..30);
            let what = format!("{layout:?}, archive {}, optimize {}", finish.archive, finish.optimize);
            writer.finish(&finish).unwrap_or_else(|e| panic!("{what}: {e}"));
            let left = names(&store);
            assert!(left.iter().all(|name| !name.contains(".nfs")), "{what}: {left:?}");
            if finish.archive {
                assert_eq!(left, ["/run/metrics.plattli"], "{what}");
            }
            holds(&store, 30, &what);
        }
    }
}

#[test]
fn a_run_is_finished_whatever_a_reader_keeps_open() {
    for layout in [Layout::Compacting, Layout::Direct] {
        let store = MemoryStore::new();
        store.set_keeps_open_files(true);
        let writer = open(&store, &WriterOptions { layout, ..options() });
        write(&writer, 0..30);
        let reader = store.process();
        let mut held: Vec<_> = names(&store)
            .iter()
            .filter(|name| name.starts_with("/run/plattli/") && !name.ends_with('/'))
            .map(|name| reader.open_read(Path::new(name)).unwrap())
            .collect();
        assert!(held.len() > 4);
        writer.finish(&FinishOptions::default()).unwrap();
        let left: Vec<String> = names(&store).into_iter().filter(|name| !name.contains("/.nfs")).collect();
        assert_eq!(left, ["/run/metrics.plattli", "/run/plattli/", "/run/plattli/in/"]);
        holds(&store, 30, "beside what the reader keeps");
        held.clear();
        assert!(names(&store).iter().all(|name| !name.contains(".nfs")));
        let writer = open(&store, &WriterOptions { reopen_finished: true, layout, ..options() });
        write(&writer, 30..40);
        writer.finish(&FinishOptions::default()).unwrap();
        assert_eq!(names(&store), ["/run/metrics.plattli"]);
        holds(&store, 40, "continued");
    }
}

#[test]
fn what_a_file_system_keeps_for_a_reader_is_not_packed() {
    let store = MemoryStore::new();
    store.set_keeps_open_files(true);
    let writer = open(&store, &WriterOptions { hotsize: 2, ..options() });
    write(&writer, 0..3);
    let log = store.process().open_read(Path::new("/run/plattli/hot.jsonl")).unwrap();
    write(&writer, 3..30);
    assert!(names(&store).iter().any(|name| name.contains(".nfs")), "the log that was read is not kept");
    writer.finish(&FinishOptions::default()).unwrap();
    let archive = store.peek("/run/metrics.plattli").unwrap();
    assert!(!archive.windows(4).any(|bytes| bytes == b".nfs"));
    drop(log);
}

#[test]
fn packing_leaves_the_folder_as_it_is_and_appends_nothing_to_it() {
    let store = MemoryStore::new();
    let writer = open(&store, &options());
    // The log is full when the run ends.
    write(&writer, 0..28);
    let full = store.peek("/run/plattli/hot.jsonl").unwrap();
    assert_eq!(full.iter().filter(|c| **c == b'\n').count(), 4, "the log is not full");
    let before = store.ops();
    writer.finish(&FinishOptions::default()).unwrap();
    let mut to_folder: Vec<String> = Vec::new();
    for op in store.log().iter().filter(|op| op.n >= before) {
        let changes = ["append", "write_at", "rename", "set_len", "create", "open_append"].contains(&op.what);
        if changes && op.path.starts_with("/run/plattli") {
            to_folder.push(op.to_string());
        }
    }
    assert_eq!(to_folder, Vec::<String>::new());
    holds(&store, 28, "packed from memory");
}

#[test]
fn a_finish_that_failed_is_made_good_by_one_in_any_other_way() {
    let begin = || {
        let store = MemoryStore::new();
        let writer = open(&store, &options());
        write(&writer, 0..30);
        (store, writer)
    };
    let mut refused = 0;
    for first in every_way() {
        let (store, writer) = begin();
        let before = store.ops();
        writer.finish(&first).unwrap();
        for n in 0..store.ops() - before {
            for done in [Done::Nothing, Done::Half, Done::Whole] {
                for second in every_way() {
                    let (store, writer) = begin();
                    store.fail_at(store.ops() + n, libc::EIO, done, Times::Once);
                    if writer.finish(&first).is_ok() {
                        continue;
                    }
                    refused += 1;
                    let how = |o: &FinishOptions| format!("archive {}, optimize {}", o.archive, o.optimize);
                    let what = format!(
                        "operation {n} of finish ({}), {done:?} done, then ({})",
                        how(&first),
                        how(&second)
                    );
                    holds(&store, 30, &format!("after {what}"));
                    writer.finish(&second).unwrap_or_else(|e| panic!("{what}: {e}"));
                    holds(&store, 30, &what);
                    let left = names(&store);
                    assert!(left.iter().all(|name| !name.ends_with(".tmp")), "{what}: {left:?}");
                }
            }
        }
    }
    assert!(refused > 500, "{refused}");
}

#[test]
fn a_run_goes_on_after_a_finish_that_died() {
    for (threads, goes_on) in [(0, 37), (1, 37), (0, 30), (1, 30)] {
        for at in ["create", "rename", "read_at"] {
            let store = MemoryStore::new();
            let writer = open(&store, &WriterOptions { threads, ..options() });
            write(&writer, 0..30);
            // Nothing is left to do behind the caller's back.
            writer.sync().unwrap();
            let armed = AtomicBool::new(true);
            store.before_each(move |op| {
                let in_finish = op.path.ends_with("metrics.plattli.tmp") || op.what == "read_at";
                assert!(!(op.what == at && in_finish && armed.swap(false, Relaxed)), "killed by the test");
            });
            writer.finish(&FinishOptions::default()).expect_err("finish lives");
            write(&writer, 30..goes_on);
            holds(&store, goes_on, "after a finish that died");
            let killed = store.snapshot();
            drop(open(&killed, &options()));
            holds(&killed, goes_on, "opened again after a finish that died");
            writer.finish(&FinishOptions::default()).unwrap();
            holds(&store, goes_on, "finished again");
            assert_eq!(names(&store), ["/run/metrics.plattli"]);
        }
    }
}

#[test]
fn a_rotation_that_stopped_half_way_does_not_keep_a_run_from_being_finished() {
    for finish in every_way() {
        for fails in [Times::Once, Times::Forever] {
            let store = MemoryStore::new();
            let writer = open(&store, &options());
            write(&writer, 0..28);
            let (plan, armed) = (store.clone(), AtomicBool::new(true));
            store.before_each(move |op| {
                let makes = op.what == "open_append" && op.path.ends_with("hot.jsonl");
                if makes && (armed.swap(false, Relaxed) || fails == Times::Forever) {
                    plan.fail_at(op.n, libc::EIO, Done::Nothing, Times::Once);
                }
            });
            for s in 28..40 {
                writer.write("a", Value::I64(s)).unwrap();
                if irregular(s as u32 + 1).last() == Some(&(s as u32)) {
                    writer.write("in/folder", Value::I64(s * 1000)).unwrap();
                }
                writer.write("text", Value::Json(format!("\"{s}\"").as_bytes())).unwrap();
                // It is told that the log could not be rotated.
                _ = writer.end_step();
                if !store.tree().iter().any(|(path, _)| path == "/run/plattli/hot.jsonl") {
                    break;
                }
            }
            let steps = writer.step().unwrap();
            assert!(store.peek("/run/plattli/hot.jsonl").is_none(), "the rotation did not stop half way");
            writer.finish(&finish).unwrap_or_else(|e| panic!("{fails:?}: {e}"));
            holds(&store, steps, &format!("{fails:?}"));
        }
    }
}

/// A run of many metrics that is on a network, to be finished; some of its rows wait in the log.
fn many_metrics(store: &MemoryStore, threads: u32) -> Writer {
    store.set_local(false);
    let writer = open(store, &WriterOptions { threads, ..options() });
    for s in 0..11_u32 {
        for m in 0..100_u32 {
            writer.write(&format!("m{}/v{m}", m % 3), Value::F64(f64::from(s * 100 + m))).unwrap();
        }
        writer.end_step().unwrap();
    }
    writer.close().unwrap();
    open(store, &WriterOptions { threads, ..options() })
}

#[test]
fn an_archive_is_the_same_whoever_reads_its_files() {
    let archives = [0, 1].map(|threads| {
        let store = MemoryStore::new();
        let readers: Arc<std::sync::Mutex<Vec<std::thread::ThreadId>>> = Arc::default();
        let writer = many_metrics(&store, threads);
        let seen = Arc::clone(&readers);
        store.before_each(move |operation| {
            if operation.what == "read_at" {
                let me = std::thread::current().id();
                let mut seen = seen.lock().unwrap();
                if !seen.contains(&me) {
                    seen.push(me);
                }
            }
        });
        writer.finish(&FinishOptions::default()).unwrap();
        let readers = readers.lock().unwrap().len();
        assert_eq!(readers > 4, threads > 0, "{readers} threads read");
        let mut archive = store.peek("/run/metrics.plattli").unwrap();
        // The last member is the manifest, which depends on when it was made, and so does the directory after it.
        let manifest = archive.windows(12).position(|text| text == b"plattli.json").unwrap();
        archive.truncate(manifest - 30);
        assert!(archive.len() > 100 * 11, "{} bytes", archive.len());
        archive
    });
    assert!(archives[0] == archives[1]);
}

#[test]
fn a_disk_that_fills_while_files_are_read_ahead_is_told_and_leaves_the_run_as_it_was() {
    let store = MemoryStore::new();
    let writer = many_metrics(&store, 1);
    let space = store.tree().iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>() + 100;
    store.set_capacity(Some(space));
    let full = writer.finish(&FinishOptions::default()).unwrap_err();
    assert_eq!(full.os_error(), Some(28), "{full}");
    assert!(names(&store).iter().all(|name| !name.contains("metrics.plattli")), "{:?}", names(&store));
    store.set_capacity(None);
    writer.finish(&FinishOptions::default()).unwrap();
    let reader =
        Reader::open_in(Arc::new(store.process()), Path::new(RUN), &ReaderOptions::default()).unwrap();
    assert_eq!(steps_of(&reader, "m1/v40"), (0..11).collect::<Vec<_>>());
}
