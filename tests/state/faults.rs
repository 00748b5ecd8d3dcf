//! The disk refuses each operation in turn: nothing acknowledged is lost, and memory and disk agree.

use crate::crash::recover;
use crate::script::{file, keys, log_text, open, read_only, scripts, Act, Keys, Program};
use plattli::state::options::{Options, Sync};
use plattli::store::{Done, MemoryStore, PowerCut, Times};
use plattli::Code;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn reopened(store: &MemoryStore, context: &dyn Fn() -> String) -> Keys {
    let options = Options { lock: false, ..Options::default() };
    keys(&open(&store.snapshot(), &options).unwrap_or_else(|e| panic!("{}: {e}", context())))
}

/// Makes all calls of a script whatever they return, one that is refused a second time.
fn with_refusals(name: &str, script: &[Act], power: bool, errno: i32, done: Done, times: Times) -> u64 {
    let mut refused = 0;
    for n in 0.. {
        let store = MemoryStore::new();
        store.fail_at(n, errno, done, times);
        let mut program = Program::new(&store);
        let mut told = false;
        let context = |what: &str| {
            format!("{name}: {what}, errno {errno}, {done:?}, {times:?} at {:?}", store.log().get(n as usize))
        };
        for act in script {
            let mut result = program.call(act);
            let failed = result.is_err();
            if let Err(e) = &result {
                told = true;
                assert!(matches!(e.code(), Code::Io | Code::State), "{}: {e}", context("wrong code"));
                assert!(
                    e.os_error() == Some(errno) || e.code() == Code::State,
                    "{}: {e}",
                    context("wrong errno")
                );
            }
            if failed {
                if let Some(state) = program.state.as_ref().filter(|_| !matches!(act, Act::Close)) {
                    let memory = keys_leniently(state);
                    let trail = program.trail();
                    assert!(trail.allows(&memory), "{}: {memory:?}", context("memory after an error"));
                    if times == Times::Once {
                        let found = reopened(&store, &|| context("reopened after an error"));
                        assert_eq!(found, memory, "{}", context("memory and disk differ"));
                        for policy in PowerCut::policies(2).into_iter().filter(|_| power) {
                            let cut = store.power_cut(policy);
                            let found = reopened(&cut, &|| context("power cut after an error"));
                            assert!(trail.allows(&found), "{}: {found:?} {trail:?}", context("power cut"));
                        }
                    }
                }
                if times == Times::Forever {
                    break;
                }
                result = match act {
                    // Calls inside a compaction that is to mend the log would wait for it.
                    Act::CompactWhile(acts, ..) => {
                        let calls = [Act::Compact].into_iter().chain(acts.clone());
                        calls.map(|act| program.call(&act)).find(Result::is_err).unwrap_or(Ok(()))
                    }
                    act => program.call(act),
                };
                assert!(result.is_ok(), "{}: {:?}", context("the second attempt"), result.err());
            }
        }
        if store.ops() <= n {
            assert!(!told, "{}", context("an error without a refusal"));
            return refused;
        }
        refused += u64::from(told);
        store.heal();
        program.state = None;
        let next = program.store.revive();
        let found = reopened(&next, &|| context("reopened at the end"));
        assert!(program.trail().allows(&found), "{}: {found:?} {:?}", context("lost"), program.trail());
        recover(&next, &found, &|| context("recovered at the end"));
    }
    0
}

/// Reading may itself be refused while the disk is broken, but not what is in memory.
fn keys_leniently(state: &plattli::state::State) -> Keys {
    let snapshot = state.snapshot().unwrap();
    crate::script::parse(&snapshot)
}

#[test]
fn a_refused_call_loses_nothing_and_memory_is_what_a_reopen_gives() {
    let mut refused = 0;
    let promised = scripts::all().into_iter().map(|(name, script)| (name, script, true));
    let relaxed = scripts::relaxed().into_iter().map(|(name, script)| (name, script, false));
    for (name, script, power) in promised.chain(relaxed) {
        for errno in [libc::ENOSPC, libc::EIO] {
            for done in [Done::Nothing, Done::Half, Done::Whole] {
                refused += with_refusals(name, &script, power, errno, done, Times::Once);
            }
        }
    }
    assert!(refused > 500, "{refused}");
}

#[test]
fn a_disk_that_stays_broken_loses_nothing_acknowledged() {
    for (name, script) in scripts::all() {
        for errno in [libc::ENOSPC, libc::EIO] {
            for done in [Done::Nothing, Done::Half] {
                with_refusals(name, &script, true, errno, done, Times::Forever);
            }
        }
    }
}

#[test]
fn a_full_disk_refuses_entries_and_takes_them_again_when_there_is_space() {
    let store = MemoryStore::new();
    let state = open(&store, &Options::default()).unwrap();
    state.set("a", b"1").unwrap();
    store.set_capacity(Some(log_text(&store).len() as u64 + 200));
    let long = format!("\"{}\"", "x".repeat(1000));
    for _ in 0..3 {
        let e = state.set("b", long.as_bytes()).unwrap_err();
        assert_eq!((e.code(), e.os_error()), (Code::Io, Some(libc::ENOSPC)));
        assert_eq!(state.get("b").unwrap_err().code(), Code::NotFound);
    }
    assert_eq!(log_text(&store).lines().count(), 1);
    store.set_capacity(None);
    state.set("b", long.as_bytes()).unwrap();
    assert_eq!(&*state.get("b").unwrap(), long);
}

/// The kernel marks pages clean whether or not they reached the disk, so a sync that succeeds afterwards says nothing.
#[test]
fn a_failed_sync_is_not_believed_the_second_time() {
    let store = MemoryStore::new();
    let state = open(&store, &Options { lock: false, ..Options::default() }).unwrap();
    state.set("a", b"1").unwrap();
    store.fail_at(store.ops() + 1, libc::EIO, Done::Nothing, Times::Once);
    let e = state.set("b", b"2").unwrap_err();
    assert!(e.message().contains("sync"), "{e}");
    assert_eq!(log_text(&store).lines().count(), 1, "the entry is taken back");
    let before = store.ops() as usize;
    state.set("c", b"3").unwrap();
    let text = log_text(&store);
    assert!(text.contains(r#""op":"CHECKPOINT","state":{"a":1}"#), "{text}");
    let log = store.log();
    let ops: Vec<String> =
        log[before..].iter().map(|op| format!("{} {}", op.what, op.path.display())).collect();
    let at =
        |wanted: &str| ops.iter().position(|op| op == wanted).unwrap_or_else(|| panic!("{wanted}: {ops:#?}"));
    let published = at("rename /job/state/s.log.tmp");
    assert!(at("sync_data /job/state/s.log.tmp") < published);
    let appended = ops.iter().rposition(|op| op.starts_with("append")).unwrap();
    assert!(appended > published && ops[appended + 1].starts_with("sync_data"), "{ops:#?}");
    assert!(state.get("b").is_err());
}

#[test]
fn a_failed_sync_on_an_interval_is_mended_by_the_thread_that_met_it() {
    let store = MemoryStore::new();
    let interval = Sync::Interval(Duration::from_millis(1));
    let failed = Arc::new(AtomicBool::new(false));
    let (flag, broken) = (failed.clone(), store.clone());
    let armed = Arc::new(AtomicBool::new(false));
    let trigger = armed.clone();
    store.before_each(move |op| {
        if op.what == "sync_data" && trigger.swap(false, Ordering::SeqCst) {
            broken.fail_at(op.n, libc::EIO, Done::Nothing, Times::Once);
            flag.store(true, Ordering::SeqCst);
        }
    });
    let state = open(&store, &Options { lock: false, sync: interval, ..Options::default() }).unwrap();
    armed.store(true, Ordering::SeqCst);
    state.set("a", b"1").unwrap();
    while !(failed.load(Ordering::SeqCst) && log_text(&store).contains("CHECKPOINT")) {
        std::thread::sleep(Duration::from_millis(1));
    }
    state.set("b", b"2").unwrap();
    state.close().unwrap();
    for policy in PowerCut::policies(4) {
        let found = keys(&open(&store.power_cut(policy), &read_only()).unwrap());
        assert_eq!(found.len(), 2, "{policy:?}: {found:?}");
    }
}

#[test]
fn a_failed_compaction_is_told_and_the_next_goes_on_where_it_stopped() {
    let store = MemoryStore::new();
    let state = open(&store, &Options { lock: false, ..Options::default() }).unwrap();
    state.set("a", b"1").unwrap();
    let clumsy = Arc::new(Mutex::new(store.clone()));
    store.before_each(move |op| {
        let first = op.what == "open_append" && op.path.to_string_lossy().ends_with(".tmp");
        if first {
            clumsy.lock().unwrap().fail_at(op.n, libc::ENOSPC, Done::Nothing, Times::Once);
        }
    });
    assert_eq!(state.compact().unwrap_err().os_error(), Some(libc::ENOSPC));
    store.before_each(|_| {});
    assert!(store.peek(file(".log.compacting")).is_some());
    state.set("b", b"2").unwrap();
    assert_eq!(state.entry_count().unwrap(), 2);
    assert_eq!(keys(&open(&store.process(), &read_only()).unwrap()).len(), 2);
    state.compact().unwrap();
    assert!(store.peek(file(".log.compacting")).is_none());
    let entries = state.entries().unwrap();
    assert_eq!(entries.len(), 2, "{entries:?}");
    assert!(entries[0].contains(r#""op":"CHECKPOINT","state":{"a":1}"#), "{entries:?}");
    assert!(entries[1].contains(r#""key":"b","value":2"#), "{entries:?}");
}
