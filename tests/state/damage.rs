//! Logs that are damaged or missing: told, and salvaged on request.

use crate::original::replay;
use crate::script::{file, keys, log_text, names, open, read_only, Keys};
use plattli::state::options::Options;
use plattli::state::LOST_UNKNOWN;
use plattli::store::MemoryStore;
use plattli::Code;

fn options() -> Options {
    Options { lock: false, ..Options::default() }
}

fn salvage() -> Options {
    Options { salvage: true, ..options() }
}

fn set(key: &str, value: &str) -> String {
    format!(
        "{{\"timestamp\":\"2025-01-15T12:34:56.789Z\",\"op\":\"SET\",\"key\":\"{key}\",\"value\":{value}}}\n"
    )
}

fn checkpoint(state: &str) -> String {
    format!("{{\"op\":\"CHECKPOINT\",\"state\":{state},\"compactedAt\":\"2025-01-15T13:00:00.000Z\"}}\n")
}

fn map(items: &[(&str, &str)]) -> Keys {
    items.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect()
}

fn planted(files: &[(&str, &str)]) -> MemoryStore {
    let store = MemoryStore::new();
    files.iter().for_each(|(suffix, text)| store.plant(file(suffix), text.as_bytes()));
    store
}

/// Refused as it is, by writer and reader, without a byte changed; salvaged to `expected` with `lost` entries.
fn refused_then_salvaged(store: &MemoryStore, says: &str, expected: &Keys, lost: u64) {
    let before = store.tree();
    for options in [options(), read_only()] {
        let e = open(store, &options).map(drop).expect_err("damage is not told");
        assert_eq!(e.code(), Code::Corrupt, "{e}");
        assert!(e.message().contains(says), "{e}");
        assert!(e.message().contains("lost"), "{e}");
        assert!(e.message().contains("salvage"), "{e}");
        assert_eq!(store.tree(), before);
    }
    let reader = open(store, &Options { read_only: true, ..salvage() }).unwrap();
    assert_eq!((keys(&reader), reader.lost().unwrap()), (expected.clone(), lost));
    assert_eq!(store.tree(), before);
    let state = open(store, &salvage()).unwrap();
    assert_eq!((keys(&state), state.lost().unwrap()), (expected.clone(), lost));
    state.set("new", b"1").unwrap();
    state.close().unwrap();
    let state = open(store, &options()).unwrap();
    assert_eq!(state.lost().unwrap(), 0, "saved once, in order ever after");
    let mut found = keys(&state);
    assert_eq!(found.remove("new").as_deref(), Some("1"));
    assert_eq!(found, *expected);
    assert_eq!(replay(&log_text(store)).len(), expected.len() + 1);
}

#[test]
fn damage_in_the_middle_is_told_and_what_still_parses_is_salvaged() {
    let log = set("a", "1") + "{\"timestamp\":\"2025-01-\0\0\0\0\n" + &set("b", "2");
    let store = planted(&[(".log", &log)]);
    refused_then_salvaged(&store, "s.log: line 2", &map(&[("a", "1"), ("b", "2")]), 1);
    let kept: Vec<_> = names(&store).into_iter().filter(|n| n.starts_with("s.log.damaged.")).collect();
    assert_eq!(kept.len(), 1, "the damaged log is kept aside: {:?}", names(&store));
    assert_eq!(store.peek(file(kept[0].strip_prefix("s").unwrap())).unwrap(), log.as_bytes());
}

#[test]
fn a_lost_head_is_replaced_by_the_newest_backup() {
    let log = "{\"op\":\"CHECKPOINT\",\"state\":{\"a\n".to_owned() + &set("c", "3");
    let store = planted(&[
        (".log", &log),
        (".log.backup.1000", &set("a", "0")),
        (".log.backup.2000", &(checkpoint(r#"{"a":1}"#) + &set("b", "2"))),
    ]);
    refused_then_salvaged(&store, "s.log: line 1", &map(&[("a", "1"), ("b", "2"), ("c", "3")]), 1);
}

#[test]
fn a_backup_that_lost_its_head_is_passed_over() {
    let store = planted(&[
        (".log", &("broken\n".to_owned() + &set("c", "3"))),
        (".log.backup.1000", &set("a", "0")),
        (".log.backup.2000", "broken as well\n"),
    ]);
    refused_then_salvaged(&store, "s.log.backup.2000", &map(&[("a", "0"), ("c", "3")]), 1);
}

#[test]
fn a_missing_log_beside_backups_is_told_and_the_newest_backup_salvaged() {
    let store = planted(&[(".log.backup.999", &set("a", "0")), (".log.backup.1000", &set("a", "1"))]);
    refused_then_salvaged(&store, "it is missing", &map(&[("a", "1")]), LOST_UNKNOWN);
}

#[test]
fn an_empty_log_beside_backups_has_lost_its_entries() {
    for text in ["", "{\"op\":\"CHECKP"] {
        let store = planted(&[(".log", text), (".log.backup.1000", &set("a", "1"))]);
        refused_then_salvaged(&store, "lost all its entries", &map(&[("a", "1")]), LOST_UNKNOWN);
    }
}

#[test]
fn a_damaged_rotated_log_is_told_unless_the_log_holds_the_whole_state() {
    let rotated = set("a", "1") + "broken\n" + &set("b", "2");
    let store = planted(&[(".log.compacting", &rotated), (".log", &set("c", "3"))]);
    refused_then_salvaged(&store, "compacting: line 2", &map(&[("a", "1"), ("b", "2"), ("c", "3")]), 1);
    let store = planted(&[(".log.compacting", &rotated), (".log", &checkpoint(r#"{"c":3}"#))]);
    let state = open(&store, &options()).unwrap();
    assert_eq!(keys(&state), map(&[("c", "3")]));
    assert_eq!(names(&store).len(), 2, "{:?}", names(&store));
}

#[test]
fn an_unknown_op_is_an_error() {
    let store = planted(&[(".log", &(set("a", "1") + "{\"op\":\"MOVE\",\"key\":\"a\"}\n"))]);
    refused_then_salvaged(&store, "unknown op \"MOVE\"", &map(&[("a", "1")]), 1);
}

#[test]
fn entries_that_say_nothing_are_errors() {
    for (line, says) in [
        ("{\"key\":\"a\"}", "without op"),
        ("{\"op\":\"SET\"}", "without key and data"),
        ("{\"op\":\"SET\",\"data\":[1]}", "without key and data"),
        ("{\"op\":\"DELETE\"}", "without key"),
        ("{\"op\":\"CHECKPOINT\",\"compactedAt\":\"\"}", "without state"),
        ("{\"op\":\"SET\",\"key\":7,\"value\":1}", "no text"),
        ("{\"op\":\"SET\",\"key\":\"x\",\"value\":NaN}", "NaN"),
        ("[]", "expected an object"),
    ] {
        let store = planted(&[(".log", &format!("{line}\n{}", set("a", "1")))]);
        refused_then_salvaged(&store, says, &map(&[("a", "1")]), 1);
    }
}

#[test]
fn a_missing_log_beside_a_snapshot_starts_from_it() {
    let store = planted(&[(".log.backup.1000", &set("a", "0")), (".json", "{\n  \"a\": [\n    1\n  ]\n}\n")]);
    assert_eq!(keys(&open(&store, &read_only()).unwrap()), map(&[("a", "[1]")]));
    let state = open(&store, &options()).unwrap();
    assert_eq!((keys(&state), state.lost().unwrap()), (map(&[("a", "[1]")]), 0));
    state.set("b", b"2").unwrap();
    drop(state);
    assert_eq!(replay(&log_text(&store)), map(&[("a", "[1]"), ("b", "2")]), "the log stands on its own");
}

#[test]
fn a_snapshot_that_was_not_kept_up_does_not_take_the_place_of_a_missing_log() {
    let store = planted(&[(".json", "{\"a\":\"old\"}")]);
    store.advance(10);
    store.plant(file(".log.backup.1000"), set("a", "1").as_bytes());
    refused_then_salvaged(&store, "older than the newest backup", &map(&[("a", "1")]), LOST_UNKNOWN);
}

#[test]
fn a_broken_snapshot_in_the_place_of_a_missing_log_is_told() {
    let store = planted(&[(".json", "{\"a\":")]);
    refused_then_salvaged(&store, "snapshot is broken", &map(&[]), LOST_UNKNOWN);
}

#[test]
fn a_torn_last_line_is_cut() {
    let whole = set("a", "1");
    let next = set("a", "2");
    for cut in 1..next.len() - 1 {
        let store = planted(&[(".log", &(whole.clone() + &next[..cut]))]);
        assert_eq!(keys(&open(&store, &read_only()).unwrap()), map(&[("a", "1")]), "{cut}");
        let state = open(&store, &options()).unwrap();
        assert_eq!(keys(&state), map(&[("a", "1")]), "{cut}");
        assert_eq!(log_text(&store), whole);
    }
    for tail in ["\0\0\0\0", "{\"timest\0\0\0\0", "\0\0\0\0alue\":2}\n", "garbage", "   "] {
        let store = planted(&[(".log", &(whole.clone() + tail))]);
        let state = open(&store, &options()).unwrap();
        assert_eq!((keys(&state), state.lost().unwrap()), (map(&[("a", "1")]), 0), "{tail:?}");
        assert_eq!(log_text(&store), whole);
    }
}

#[test]
fn what_is_no_file_is_refused() {
    let store = MemoryStore::new();
    store.plant(format!("{}/x", file(".log")), b"");
    for options in [options(), read_only(), salvage()] {
        assert!(open(&store, &options).is_err());
    }
}
