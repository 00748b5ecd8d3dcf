//! The process dies, or a call fails, at every operation.

use super::*;
use crate::store::{is_killed, Done, Operation, PowerCut, Times};

/// A script: batches, a compaction, more batches, another compaction with a late one inside the range of the first.
fn script(store: &MemoryStore, acknowledged: &Mutex<Vec<String>>) -> Result<()> {
    let journal = Journal::open_in(folder(store), &options(2))?;
    let put = |events: &[&str]| -> Result<()> {
        for event in events {
            journal.append(event.as_bytes())?;
        }
        journal.flush()?;
        acknowledged.lock().unwrap().extend(events.iter().map(|e| (*e).to_owned()));
        Ok(())
    };
    put(&["a", "b"])?;
    put(&["c"])?;
    put(&["d"])?;
    journal.compact()?;
    put(&["e"])?;
    put(&["f"])?;
    journal.compact()?;
    put(&["g"])?;
    journal.close()
}

const ALL: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

fn undisturbed(run: impl Fn(&MemoryStore) -> Result<()>) -> Vec<Operation> {
    let store = MemoryStore::new();
    run(&store).unwrap();
    assert_eq!(seen(&store), ALL);
    store.log()
}

/// Nothing acknowledged is missing, and nothing is there twice: now, and after compactions to come.
fn check(store: &MemoryStore, acknowledged: &Mutex<Vec<String>>, context: &str) {
    let acknowledged = acknowledged.lock().unwrap();
    store.advance(601);
    for round in 0..3 {
        let events = seen(store);
        let mut distinct = events.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), events.len(), "{context}, round {round}: doubled {events:?}");
        for event in acknowledged.iter() {
            assert!(events.contains(event), "{context}, round {round}: {event} is lost of {events:?}");
        }
        if round < 2 {
            journal(&store.process(), 32).compact().unwrap_or_else(|e| panic!("{context}: {e}"));
        }
    }
    let left = files(store);
    assert!(!left.contains(&name::LEASE.to_owned()), "{context}: {left:?}");
    let objects = left.iter().filter(|name| name.ends_with(".jsonl")).count();
    assert!(objects <= 1, "{context}: {left:?}");
    let hidden = store.tree().iter().filter(|(path, _)| path.ends_with(".tmp")).count();
    assert_eq!(hidden, 0, "{context}: what the interrupted put left is removed");
}

#[test]
fn killed_at_every_operation_nothing_stored_is_lost_or_doubled() {
    let nobody = Mutex::default();
    for op in undisturbed(|store| script(store, &nobody)) {
        for done in [Done::Nothing, Done::Half, Done::Whole] {
            let (store, acknowledged) = (MemoryStore::new(), Mutex::default());
            store.kill_at(op.n, done);
            let stopped = script(&store, &acknowledged);
            assert!(stopped.is_err() || done == Done::Whole, "{op} was not reached");
            check(&store.revive(), &acknowledged, &format!("killed at {op}, {done:?}"));
        }
    }
}

#[test]
fn killed_at_every_operation_of_the_next_compaction_too() {
    let nobody = Mutex::default();
    let log = undisturbed(|store| script(store, &nobody));
    let removals = log.iter().filter(|op| matches!(op.what, "remove_file" | "link"));
    for op in removals {
        let (store, acknowledged) = (MemoryStore::new(), Mutex::default());
        store.kill_at(op.n, Done::Nothing);
        script(&store, &acknowledged).unwrap_err();
        let left = store.revive();
        left.advance(601);
        let trial = left.snapshot();
        journal(&trial, 32).compact().unwrap();
        for n in 0..trial.ops() {
            let again = left.snapshot();
            again.kill_at(n, Done::Nothing);
            _ = journal(&again, 32).compact();
            check(&again.revive(), &acknowledged, &format!("killed at {op}, and then at operation {n}"));
        }
    }
}

#[test]
fn whatever_call_fails_nothing_is_lost_or_doubled_and_it_is_told() {
    let nobody = Mutex::default();
    for op in undisturbed(|store| script(store, &nobody)) {
        for (errno, done, times) in [
            (libc::EIO, Done::Nothing, Times::Once),
            (libc::EIO, Done::Whole, Times::Once),
            (libc::EIO, Done::Half, Times::Once),
            (libc::ENOSPC, Done::Half, Times::Forever),
        ] {
            let (store, acknowledged) = (MemoryStore::new(), Mutex::new(Vec::new()));
            store.fail_at(op.n, errno, done, times);
            let journal = journal(&store, 1000);
            for event in ALL {
                journal.append(event.as_bytes()).unwrap();
                // An event that could not be stored waits.
                let outcome = if event == "d" || event == "f" {
                    journal.flush().and_then(|()| journal.compact().map(drop))
                } else {
                    journal.flush()
                };
                assert!(outcome.as_ref().err().is_none_or(|e| !is_killed(e)));
            }
            assert_eq!(read_patiently(&journal, &store), ALL, "{op} failed, {errno}, {done:?}, {times:?}");
            store.heal();
            journal.close().unwrap();
            acknowledged.lock().unwrap().extend(ALL.map(String::from));
            assert_eq!(seen(&store), ALL, "{op} failed, {errno}, {done:?}, {times:?}");
            check(&store.process(), &acknowledged, &format!("{op} failed, {errno}, {done:?}, {times:?}"));
        }
    }
}

/// Reads although the disk may still refuse.
fn read_patiently(journal: &Journal, store: &MemoryStore) -> Vec<String> {
    match journal.read() {
        Ok(events) => texts(&events),
        Err(_) => {
            store.heal();
            read(journal)
        }
    }
}

#[test]
fn what_was_flushed_is_there_once_after_a_power_cut_at_any_operation() {
    let nobody = Mutex::default();
    for op in undisturbed(|store| script(store, &nobody)) {
        let (store, acknowledged) = (MemoryStore::new(), Mutex::default());
        store.kill_at(op.n, Done::Nothing);
        _ = script(&store, &acknowledged);
        for policy in PowerCut::policies(12) {
            let found = store.power_cut(policy);
            check(&found, &acknowledged, &format!("power cut at {op}, {policy:?}"));
        }
    }
}
