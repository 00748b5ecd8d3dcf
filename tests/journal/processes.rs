//! Eight real processes append while two others compact and this one reads.

use super::Place;
use plattli::journal::{Journal, JournalOptions};
use plattli::Code;
use std::collections::HashMap;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

const WRITERS: usize = 8;

/// What a child is to do, and where.
const TASK: &str = "PLATTLI_JOURNAL_TASK";
const LOCATION: &str = "PLATTLI_JOURNAL_LOCATION";

fn child(task: &str, location: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["processes::a_child", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(TASK, task).env(LOCATION, location);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}

fn open(location: &str) -> Journal {
    Journal::open(location, &JournalOptions::default()).unwrap()
}

#[test]
#[ignore = "what the children of the test below do"]
fn a_child() {
    let journal = open(&std::env::var(LOCATION).unwrap());
    let task = std::env::var(TASK).unwrap();
    if task == "compact" {
        compact(&journal);
        return;
    }
    let (writer, events) = task.split_once(' ').unwrap();
    for n in 0..events.parse::<u64>().unwrap() {
        // A service may take too long on a busy machine: the event was taken all the same, and waits for the next flush.
        if let Err(e) = journal.append(format!("{{\"writer\":{writer},\"n\":{n}}}").as_bytes()) {
            assert_eq!(e.code(), Code::Io, "{e}");
        }
    }
    while let Err(e) = journal.flush() {
        assert_eq!(e.code(), Code::Io, "{e}");
    }
    journal.close().unwrap();
}

/// Compacts again and again until standard input ends.
fn compact(journal: &Journal) {
    static OVER: AtomicBool = AtomicBool::new(false);
    std::thread::spawn(|| {
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        OVER.store(true, Ordering::Relaxed);
    });
    while !OVER.load(Ordering::Relaxed) {
        match journal.compact() {
            Ok(stats) => assert_eq!(stats.failed_deletes, 0),
            Err(e) => assert!([Code::Busy, Code::Io].contains(&e.code()), "{e}"),
        }
    }
}

/// Each event once, those of each writer in their order; how many of each.
fn counted(journal: &Journal) -> HashMap<u64, u64> {
    let mut next: HashMap<u64, u64> = HashMap::new();
    for event in journal.read().unwrap().iter() {
        let text = std::str::from_utf8(event).unwrap();
        let numbers: Vec<u64> =
            text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
        let expected = next.entry(numbers[0]).or_default();
        assert_eq!(numbers[1], *expected, "of writer {}", numbers[0]);
        *expected += 1;
    }
    next
}

#[test]
fn eight_processes_append_beside_compactions_and_every_event_is_read_once() {
    let place = Place::new("processes");
    let events = std::env::var("PLATTLI_TEST_EVENTS").map_or(20_000, |n| n.parse().unwrap());
    let compactors: Vec<Child> = (0..2).map(|_| child("compact", &place.location)).collect();
    let mut writers: Vec<Child> =
        (0..WRITERS).map(|w| child(&format!("{w} {events}"), &place.location)).collect();
    let journal = open(&place.location);
    let (mut reads, mut before) = (0, HashMap::new());
    while writers.iter_mut().any(|writer| writer.try_wait().unwrap().is_none()) {
        let now = counted(&journal);
        let fewer = |(writer, n): (&u64, &u64)| now.get(writer).unwrap_or(&0) < n;
        assert!(!before.iter().any(fewer), "{before:?}, and then {now:?}");
        (reads, before) = (reads + 1, now);
    }
    writers.iter_mut().for_each(|writer| assert!(writer.wait().unwrap().success()));
    for mut compactor in compactors {
        drop(compactor.stdin.take());
        assert!(compactor.wait().unwrap().success());
    }
    let all: HashMap<u64, u64> = (0..WRITERS as u64).map(|writer| (writer, events)).collect();
    assert_eq!(counted(&journal), all);
    journal.compact().unwrap();
    assert_eq!((counted(&journal), journal.file_count().unwrap()), (all, 1));
    println!("{reads} reads, {events} events of each of {WRITERS} processes");
}
