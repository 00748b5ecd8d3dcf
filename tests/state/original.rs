//! Replay as the original JavaScript design does it from `NAME.log` alone, and logs as it writes them.

use crate::script::{file, keys, log_text, open, parse, read_only, Keys};
use plattli::json::{scan_object, Raw};
use plattli::state::options::Options;
use plattli::store::MemoryStore;
use std::collections::HashMap;

/// `NAME.log` alone, every line of it, with no more knowledge than the drawing of an entry.
pub fn replay(log: &str) -> Keys {
    let mut state = Keys::new();
    assert!(log.is_empty() || log.ends_with('\n'), "a torn tail is left in {log:?}");
    for line in log.lines() {
        let mut entry: HashMap<String, String> = HashMap::new();
        scan_object(line.as_bytes(), |key, raw: Raw<'_>| {
            entry.insert(key.into_owned(), String::from_utf8(raw.0.to_vec()).unwrap());
        })
        .unwrap_or_else(|e| panic!("{e} in {line}"));
        let key = entry.get("key").map(|key| Raw(key.as_bytes()).as_str().unwrap().into_owned());
        match (entry["op"].as_str(), key) {
            ("\"SET\"", Some(key)) => _ = state.insert(key, entry["value"].clone()),
            ("\"SET\"", None) => state = parse(&entry["data"]),
            ("\"DELETE\"", Some(key)) => _ = state.remove(&key),
            ("\"CHECKPOINT\"", None) => state = parse(&entry["state"]),
            other => panic!("{other:?}"),
        }
    }
    state
}

fn found(log: &str) -> Keys {
    let store = MemoryStore::new();
    store.plant(file(".log"), log.as_bytes());
    let read = keys(&open(&store, &read_only()).unwrap());
    let state = open(&store, &Options::default()).unwrap();
    assert_eq!(keys(&state), read);
    assert_eq!(log_text(&store), log, "opening rewrites nothing that is whole");
    state.set("new", b"1").unwrap();
    state.close().unwrap();
    assert_eq!(log_text(&store).lines().count(), log.lines().count() + 1);
    read
}

#[test]
fn a_log_of_the_original_design_replays() {
    let log = concat!(
        r#"{"timestamp":"2025-01-15T12:34:56.789Z","op":"SET","key":"user123","value":{"score":100}}"#,
        "\n",
        r#"{"timestamp":"2025-01-15T12:35:01.234Z","op":"SET","key":"user123","value":{"score":150}}"#,
        "\n",
        r#"{"timestamp":"2025-01-15T12:35:02.234Z","op":"SET","key":"channel456","value":null}"#,
        "\n",
        r#"{"timestamp":"2025-01-15T12:35:03.234Z","op":"SET","key":"täst \"\u0001\"","value":"é\u00e9"}"#,
        "\n",
        r#"{"timestamp":"2025-01-15T12:35:04.234Z","op":"DELETE","key":"channel456"}"#,
        "\n",
    );
    let expected = Keys::from([
        ("user123".into(), r#"{"score":150}"#.into()),
        ("täst \"\u{1}\"".into(), r#""é\u00e9""#.into()),
    ]);
    assert_eq!(found(log), expected);
}

#[test]
fn a_checkpoint_without_timestamp_is_accepted() {
    let log = concat!(
        r#"{"op":"CHECKPOINT","state":{"a":1,"b":[1,2]},"compactedAt":"2025-01-15T13:00:00.000Z"}"#,
        "\n",
        r#"{"op":"SET","key":"c","value":1.50}"#,
        "\n",
    );
    let expected = [("a", "1"), ("b", "[1,2]"), ("c", "1.50")];
    assert_eq!(found(log), expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
}

#[test]
fn a_checkpoint_in_the_middle_replaces_the_whole_state_so_a_deleted_key_stays_deleted() {
    let log = concat!(
        r#"{"timestamp":"2025-01-15T12:00:00.000Z","op":"SET","key":"gone","value":1}"#,
        "\n",
        r#"{"op":"CHECKPOINT","state":{"a":1},"compactedAt":"2025-01-15T13:00:00.000Z"}"#,
        "\n",
    );
    assert_eq!(found(log), [("a".to_owned(), "1".to_owned())].into());
}

#[test]
fn a_set_with_data_replaces_the_whole_state() {
    let log = concat!(
        r#"{"timestamp":"2025-01-15T12:00:00.000Z","op":"SET","key":"gone","value":1}"#,
        "\n",
        r#"{"timestamp":"2025-01-15T12:35:01.234Z","op":"SET","data":{"a":1,"b":{},"a":2}}"#,
        "\n",
    );
    assert_eq!(found(log), [("a", "2"), ("b", "{}")].map(|(k, v)| (k.to_owned(), v.to_owned())).into());
}

#[test]
fn what_the_original_passes_over_changes_nothing() {
    let log = concat!(
        r#"{"timestamp":"2025-01-15T12:00:00.000Z","op":"SET","key":"","value":1}"#,
        "\n\n",
        r#"{"timestamp":"2025-01-15T12:00:00.000Z","op":"SET","key":"a","value":1}"#,
        "\n",
        r#"{"timestamp":"2025-01-15T12:00:00.000Z","op":"SET","key":"b","value":1}"#,
        "\n",
        r#"{"timestamp":"2025-01-15T12:00:00.000Z","op":"SET","key":"b"}"#,
        "\n",
        r#"{"timestamp":"2025-01-15T12:00:00.000Z","op":"DELETE","key":""}"#,
        "\n",
    );
    assert_eq!(found(log), [("a".to_owned(), "1".to_owned())].into());
}

#[test]
fn a_last_line_that_a_person_left_without_newline_is_kept() {
    let store = MemoryStore::new();
    store.plant(file(".log"), br#" { "op" : "SET", "key" : "a", "value" : [ 1, 2 ] } "#);
    assert_eq!(keys(&open(&store, &read_only()).unwrap())["a"], "[1,2]");
    let state = open(&store, &Options::default()).unwrap();
    state.set("b", b"3").unwrap();
    drop(state);
    let state = open(&store.revive(), &Options::default()).unwrap();
    assert_eq!(keys(&state), [("a", "[1,2]"), ("b", "3")].map(|(k, v)| (k.to_owned(), v.to_owned())).into());
}
