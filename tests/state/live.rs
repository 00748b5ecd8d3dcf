//! Threads and processes side by side.

use crate::original::replay;
use crate::script::{keys, log_text, open, read_only, DIR};
use plattli::state::options::Options;
use plattli::state::State;
use plattli::store::{Done, MemoryStore, Times};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Mutex;

fn lockless() -> Options {
    Options { lock: false, ..Options::default() }
}

#[test]
fn appends_racing_with_compaction_are_never_lost() {
    const WRITERS: usize = 3;
    const EACH: usize = 200;
    let store = MemoryStore::new();
    let state = open(&store, &lockless()).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|w| {
                let state = &state;
                scope.spawn(move || {
                    for n in 0..EACH {
                        state.set(&format!("{w}/{n}"), n.to_string().as_bytes()).unwrap();
                    }
                })
            })
            .collect();
        let compactors: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut compactions = 0;
                    while !done.load(Ordering::SeqCst) || compactions == 0 {
                        state.compact().unwrap();
                        compactions += 1;
                    }
                })
            })
            .collect();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        done.store(true, Ordering::SeqCst);
        compactors.into_iter().for_each(|compactor| compactor.join().unwrap());
    });
    let found = keys(&state);
    assert_eq!(found.len(), WRITERS * EACH);
    assert_eq!(replay(&log_text(&store)), found);
    assert_eq!(keys(&open(&store.revive(), &lockless()).unwrap()), found);
}

/// The writer does a compaction, whole or up to its rotation, with an entry after it, before each operation of a reader.
#[test]
fn a_reader_beside_a_compaction_sees_one_moment_of_the_state() {
    let mut reached = 0;
    for (at, whole) in (0..16).flat_map(|at| [(at, true), (at, false)]) {
        let store = MemoryStore::new();
        let state = open(&store, &lockless()).unwrap();
        state.set("n", b"1").unwrap();
        state.set("kept", b"true").unwrap();
        let (reader, writer) = (store.process(), Mutex::new(Some(state)));
        let disk = store.clone();
        reader.before_each(move |op| {
            let Some(state) = (op.n == at).then(|| writer.lock().unwrap().take()).flatten() else { return };
            state.set("n", b"2").unwrap();
            if !whole {
                let breaks = disk.clone();
                disk.before_each(move |op| {
                    if op.path.ends_with("s.log.tmp") {
                        breaks.fail_at(op.n, libc::EIO, Done::Nothing, Times::Once);
                    }
                });
            }
            assert_eq!(state.compact().is_ok(), whole);
            disk.before_each(|_| {});
            disk.heal();
            state.set("n", b"3").unwrap();
            // Left as it is: closing would not finish the compaction either.
            std::mem::forget(state);
        });
        let found = keys(&open(&reader, &read_only()).unwrap());
        assert_eq!(found.get("kept").map(String::as_str), Some("true"), "at {at}, {whole}: {found:?}");
        assert!(["1", "2", "3"].contains(&found["n"].as_str()), "at {at}, {whole}: {found:?}");
        reached += u64::from(reader.ops() > at);
    }
    assert!(reached >= 10, "{reached}");
}

#[test]
fn a_reader_sees_what_is_new_when_it_refreshes() {
    let store = MemoryStore::new();
    let writer = open(&store, &lockless()).unwrap();
    writer.set("a", b"1").unwrap();
    let reader = open(&store.process(), &read_only()).unwrap();
    writer.set("a", b"2").unwrap();
    assert_eq!(&*reader.get("a").unwrap(), "1");
    reader.refresh().unwrap();
    assert_eq!(&*reader.get("a").unwrap(), "2");
    writer.compact().unwrap();
    writer.delete("a").unwrap();
    reader.refresh().unwrap();
    assert_eq!(reader.size().unwrap(), 0);
    assert_eq!(reader.entry_count().unwrap(), 2);
    store.plant(crate::script::file(".log"), b"broken\nbroken\n");
    assert!(reader.refresh().is_err());
    assert_eq!(reader.entry_count().unwrap(), 2, "after an error it is what it was");
    writer.refresh().unwrap();
}

const CHILD: &str = "PLATTLI_TEST_STATE_READER";

/// The other process of the next test; nothing by itself.
#[test]
fn reads_until_the_end_in_another_process() {
    let Some(dir) = std::env::var_os(CHILD) else { return };
    let reader = State::open(Path::new(&dir), "s", &read_only()).unwrap();
    let mut last = 0;
    loop {
        reader.refresh().unwrap();
        let n: u64 = reader.get("n").unwrap().parse().unwrap();
        assert!(n >= last, "from {last} back to {n}");
        assert_eq!(&*reader.get("kept").unwrap(), "\"always\"");
        last = n;
        if n == 2000 {
            return;
        }
    }
}

#[test]
fn a_reader_in_another_process_reads_beside_the_writer() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("new/state");
    let options = Options { sync: plattli::state::options::Sync::None, ..Options::default() };
    let state = State::open(&path, "s", &options).unwrap();
    state.set("kept", b"\"always\"").unwrap();
    state.set("n", b"0").unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "live::reads_until_the_end_in_another_process", "--nocapture"])
        .env(CHILD, &path)
        .spawn()
        .unwrap();
    for n in 1..=2000 {
        state.set("n", n.to_string().as_bytes()).unwrap();
        if n % 50 == 0 {
            state.compact().unwrap();
        }
    }
    assert!(child.wait().unwrap().success());
    let second = State::open(&path, "s", &Options::default()).map(drop);
    assert_eq!(second.unwrap_err().code(), plattli::Code::Busy);
    state.close().unwrap();
    let left: Vec<_> = std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 4, "{left:?}");
    assert!(DIR.starts_with('/'));
}
