//! Many states on one timer.

use crate::script::{keys, DIR};
use plattli::state::options::Options;
use plattli::state::{Scheduler, State, DEFAULT_INTERVAL};
use plattli::store::{Done, MemoryStore, Times};
use plattli::Code;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const SOON: Duration = Duration::from_millis(1);

fn state(store: &MemoryStore, name: &str, threshold: u64) -> State {
    let options = Options { threshold, lock: false, ..Options::default() };
    let state = State::open_in(Arc::new(store.clone()), Path::new(DIR), name, &options).unwrap();
    state.set("a", b"1").unwrap();
    state
}

fn is_compacted(store: &MemoryStore, name: &str) -> bool {
    let log = store.peek(format!("{DIR}/{name}.log")).unwrap_or_default();
    String::from_utf8(log).unwrap().contains("CHECKPOINT")
        && store.peek(format!("{DIR}/{name}.log.compacting")).is_none()
}

fn wait_for(what: impl Fn() -> bool) {
    while !what() {
        std::thread::sleep(SOON);
    }
}

#[test]
fn the_default_is_one_hour() {
    assert_eq!(DEFAULT_INTERVAL, Duration::from_secs(3600));
}

#[test]
fn many_states_are_compacted_on_one_timer_and_start_and_stop_twice_are_once() {
    let store = MemoryStore::new();
    let states = ["x", "y", "z"].map(|name| state(&store, name, 10));
    let small = state(&store, "small", 10_000);
    let removed = state(&store, "removed", 10);
    let scheduler = Scheduler::new(SOON).unwrap();
    for state in states.iter().chain([&small, &removed, &states[0]]) {
        scheduler.add(state).unwrap();
    }
    scheduler.remove(&removed);
    scheduler.remove(&removed);
    scheduler.start().unwrap();
    scheduler.start().unwrap();
    wait_for(|| ["x", "y", "z"].iter().all(|name| is_compacted(&store, name)));
    scheduler.stop();
    scheduler.stop();
    assert!(!is_compacted(&store, "small"), "it is below its threshold");
    assert!(!is_compacted(&store, "removed"));
    states[0].set("b", b"2").unwrap();
    let before = store.ops();
    std::thread::sleep(10 * SOON);
    assert_eq!(store.ops(), before, "nothing happens after it was stopped");
    assert_eq!(keys(&states[0]).len(), 2);
    scheduler.start().unwrap();
    small.close().unwrap();
    drop(states);
    drop(scheduler);
    drop(small);
}

#[test]
fn a_failure_in_one_does_not_stop_the_others_and_is_told_by_the_next_call_on_it() {
    let disks = [MemoryStore::new(), MemoryStore::new()];
    let bad = state(&disks[0], "bad", 10);
    let good = state(&disks[1], "good", 10);
    let scheduler = Scheduler::new(SOON).unwrap();
    scheduler.add(&bad).unwrap();
    scheduler.add(&good).unwrap();
    disks[0].fail_at(disks[0].ops(), libc::EROFS, Done::Nothing, Times::Forever);
    scheduler.start().unwrap();
    wait_for(|| is_compacted(&disks[1], "good"));
    scheduler.stop();
    let e = bad.get("a").unwrap_err();
    assert_eq!((e.code(), e.os_error()), (Code::Io, Some(libc::EROFS)));
    assert!(e.message().contains("schedule"), "{e}");
    assert_eq!(&*bad.get("a").unwrap(), "1", "told once");
    disks[0].heal();
    bad.set("b", b"2").unwrap();
    bad.compact().unwrap();
    assert!(is_compacted(&disks[0], "bad"));
    good.close().unwrap();
}

#[test]
fn compact_all_tries_all_whatever_their_size_and_names_those_that_failed() {
    let disks = [MemoryStore::new(), MemoryStore::new()];
    let states = [state(&disks[0], "bad", 1 << 20), state(&disks[1], "good", 1 << 20)];
    let scheduler = Scheduler::new(SOON).unwrap();
    scheduler.compact_all().unwrap();
    states.iter().for_each(|state| scheduler.add(state).unwrap());
    disks[0].fail_at(disks[0].ops(), libc::ENOSPC, Done::Nothing, Times::Forever);
    let e = scheduler.compact_all().unwrap_err();
    assert_eq!(e.code(), Code::Io);
    assert!(e.message().starts_with("1 of 2 states") && e.message().contains("bad.log"), "{e}");
    assert!(is_compacted(&disks[1], "good"));
    disks[0].heal();
    scheduler.compact_all().unwrap();
    assert!(is_compacted(&disks[0], "bad"));
    states[0].close().unwrap();
    scheduler.compact_all().unwrap();
}

#[test]
fn a_state_that_is_only_read_cannot_be_added() {
    let store = MemoryStore::new();
    let _writer = state(&store, "x", 10);
    let options = Options { read_only: true, ..Options::default() };
    let reader = State::open_in(Arc::new(store), Path::new(DIR), "x", &options).unwrap();
    assert_eq!(Scheduler::new(SOON).unwrap().add(&reader).unwrap_err().code(), Code::State);
}
