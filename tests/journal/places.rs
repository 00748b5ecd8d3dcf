//! What a journal promises, in a real place.

use super::{promises, Place, Put};
use plattli::journal::{Events, Journal, JournalOptions};
use plattli::Code;
use std::time::Duration;

fn open(place: &Place) -> Journal {
    Journal::open(&place.location, &JournalOptions::default()).unwrap()
}

fn texts(events: &Events) -> Vec<String> {
    events.iter().map(|event| String::from_utf8(event.to_vec()).unwrap()).collect()
}

fn store_each(journal: &Journal, events: &[&str]) {
    for event in events {
        journal.append(event.as_bytes()).unwrap();
        journal.flush().unwrap();
    }
}

#[test]
fn a_bucket_keeps_its_promises() {
    promises::keeps_its_promises(&*Place::new("promises").bucket());
}

#[test]
fn a_small_object_is_replaced_only_if_it_is_what_it_was() {
    let place = Place::new("replace");
    let (one, two) = (place.bucket(), place.bucket());
    place.put("x", "first");
    let (_, seen) = one.get("x").unwrap().unwrap();
    let (_, same) = two.get("x").unwrap().unwrap();
    assert_eq!(one.replace("x", b"second", &seen).unwrap(), Put::Stored);
    assert_eq!(two.replace("x", b"third", &same).unwrap(), Put::Refused);
    assert_eq!(place.text("x"), "second");
}

#[test]
fn of_many_who_store_under_one_name_at_once_one_succeeds() {
    let place = Place::new("race");
    let stored: usize = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..8)
            .map(|n| {
                let bucket = place.bucket();
                scope.spawn(move || {
                    let put = bucket.put_new("batch", format!("{n}\n").repeat(1000).as_bytes()).unwrap();
                    assert!(matches!(put, Put::Stored | Put::Refused), "{put:?}");
                    usize::from(put == Put::Stored)
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).sum()
    });
    assert_eq!(stored, 1);
}

#[test]
fn events_are_stored_at_the_threshold_at_flush_and_at_close_and_read_by_all() {
    let place = Place::new("read");
    let (one, two) = (open(&place), open(&place));
    (0..32).for_each(|n| one.append(format!("{n}").as_bytes()).unwrap());
    one.append(b"32").unwrap();
    assert_eq!((one.pending().unwrap(), one.file_count().unwrap()), (1, 1));
    assert_eq!((one.read().unwrap().len(), two.read().unwrap().len()), (33, 32));
    one.flush().unwrap();
    two.append(b"33").unwrap();
    two.close().unwrap();
    assert_eq!(texts(&one.read().unwrap()), (0..34).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(one.file_count().unwrap(), 3);
}

#[test]
fn a_compaction_leaves_one_object_and_its_list_and_a_late_batch_is_still_read() {
    let place = Place::new("compact");
    let single = |n: u64| format!("batch_{n:019}.jsonl");
    for (number, text) in [(10, "a\n"), (20, "b\n"), (30, "c\n\n")] {
        place.put(&single(number), text);
    }
    place.put("notes.txt", "not ours");
    let journal = open(&place);
    let stats = journal.compact().unwrap();
    let key = "batch_0000000000000000010-0000000000000000030.jsonl";
    assert_eq!((stats.merged, stats.events, stats.key.as_deref()), (3, 3, Some(key)));
    let list = key.replace(".jsonl", ".merged");
    assert_eq!(place.names(), [key, &list, "notes.txt"]);
    assert_eq!(place.text(key), "a\nb\nc\n");
    assert_eq!(place.text(&list), format!("{}\n{}\n{}\n", single(10), single(20), single(30)));
    place.put(&single(20), "the same number again\n");
    place.put(&single(25), "late\n");
    assert_eq!(texts(&journal.read().unwrap()), ["a", "b", "c", "late"]);
    assert_eq!(journal.compact().unwrap().events, 4);
    assert_eq!(texts(&open(&place).read().unwrap()), ["a", "b", "c", "late"]);
    assert_eq!(journal.file_count().unwrap(), 1);
}

#[test]
fn a_lease_refuses_a_second_compaction_until_it_is_too_old() {
    let place = Place::new("lease");
    let journal = open(&place);
    store_each(&journal, &["a", "b"]);
    place.put("batch_compacting.lease", "{\"owner\":\"process 1 on node7\"}\n");
    let error = journal.compact().unwrap_err();
    assert_eq!(error.code(), Code::Busy);
    assert!(error.message().contains("process 1 on node7"), "{error}");
    // Stamps of objects are in seconds.
    std::thread::sleep(Duration::from_millis(2100));
    let hasty = JournalOptions { lease_expiry: Duration::from_secs(1), ..JournalOptions::default() };
    let stats = Journal::open(&place.location, &hasty).unwrap().compact().unwrap();
    assert_eq!(stats.merged, 2);
    assert_eq!(place.names().len(), 2, "{:?}", place.names());
    assert_eq!(journal.compact().unwrap().merged, 1);
}

#[test]
fn large_objects_are_compacted_in_pieces() {
    let place = Place::new("large");
    let journal =
        Journal::open(&place.location, &JournalOptions { threshold: 1_000_000, ..JournalOptions::default() })
            .unwrap();
    let text = "x".repeat(1000);
    for n in 0..21_000 {
        journal.append(format!("{n} {text}").as_bytes()).unwrap();
        if n % 7_000 == 6_999 {
            journal.flush().unwrap();
        }
    }
    let stats = journal.compact().unwrap();
    assert_eq!((stats.merged, stats.events, stats.objects), (3, 21_000, 1));
    let events = open(&place).read().unwrap();
    assert_eq!(events.len(), 21_000);
    assert!(events.iter().enumerate().all(|(n, event)| event == format!("{n} {text}").as_bytes()));
}

#[test]
fn a_journal_is_followed_while_it_is_compacted() {
    let place = Place::new("follow");
    let (writer, reader) = (open(&place), open(&place));
    let (mut next, mut found, mut written) = (0, Vec::new(), Vec::new());
    for round in 0..6 {
        let events = [format!("{round} a"), format!("{round} b")];
        store_each(&writer, &[&events[0], &events[1]]);
        written.extend(events);
        let events = reader.read_from(next).unwrap();
        next = events.next();
        found.extend(texts(&events));
        if round % 2 == 1 {
            writer.compact().unwrap();
        }
    }
    assert_eq!(found, written);
}

#[test]
fn what_cannot_be_reached_says_so() {
    let place = Place::new("unreachable");
    let location = if place.is_remote() {
        "s3://no-such-bucket/x".to_owned()
    } else {
        let file = format!("{}-file", place.location);
        std::fs::write(&file, "a file").unwrap();
        file
    };
    let journal = Journal::open(&location, &JournalOptions::default()).unwrap();
    journal.append(b"a").unwrap();
    let error = journal.close().unwrap_err();
    assert_eq!(error.code(), Code::Io);
    assert!(
        error.message().contains("1 events were not stored") && error.message().contains(&location),
        "{error}"
    );
}

#[test]
#[ignore = "needs the server of scripts/test-journal.sh"]
fn a_server_that_overlooks_conditions_is_refused() {
    let location = "s3://careless/x";
    let journal = Journal::open(location, &JournalOptions::default()).unwrap();
    journal.append(b"a").unwrap();
    let error = journal.flush().unwrap_err();
    assert_eq!(error.code(), Code::Unsupported);
    assert!(error.message().contains("If-None-Match"), "{error}");
    assert_eq!((journal.pending().unwrap(), journal.file_count().unwrap()), (1, 0));
}
