//! What the calls do, sentence by sentence.

use crate::original::replay;
use crate::script::{file, keys, log_text, names, open, read_only, Keys, DIR, NAME};
use plattli::state::options::{Options, Sync};
use plattli::state::State;
use plattli::store::{Locks, MemoryStore, Store};
use plattli::Code;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn fresh() -> (MemoryStore, State) {
    let store = MemoryStore::new();
    let state = open(&store, &Options { lock: false, ..Options::default() }).unwrap();
    (store, state)
}

/// A text with its times replaced, once they have been looked at.
fn without_times(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("\"20") {
        let time = &rest[at + 1..at + 25];
        let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(shape, "0000-00-00T00:00:00.000Z");
        out += &rest[..at];
        out += "\"TIME";
        rest = &rest[at + 25..];
    }
    out + rest
}

#[test]
fn entries_have_no_spaces_and_this_order_of_keys() {
    let (store, state) = fresh();
    state.set("user123", br#" { "score" : 100 } "#).unwrap();
    state.replace(br#"{ "a": 1 }"#).unwrap();
    state.delete("channel456").unwrap();
    assert_eq!(
        without_times(&log_text(&store)),
        concat!(
            r#"{"timestamp":"TIME","op":"SET","key":"user123","value":{"score":100}}"#,
            "\n",
            r#"{"timestamp":"TIME","op":"SET","data":{"a":1}}"#,
            "\n",
            r#"{"timestamp":"TIME","op":"DELETE","key":"channel456"}"#,
            "\n"
        )
    );
    state.compact().unwrap();
    assert_eq!(
        without_times(&log_text(&store)),
        "{\"timestamp\":\"TIME\",\"op\":\"CHECKPOINT\",\"state\":{\"a\":1},\"compactedAt\":\"TIME\"}\n"
    );
}

#[test]
fn every_entry_is_one_append_and_one_sync() {
    let (store, state) = fresh();
    for call in [|s: &State| s.set("a", b"1"), |s: &State| s.delete("a"), |s: &State| s.replace(b"{}")] {
        let before = store.ops() as usize;
        call(&state).unwrap();
        let ops: Vec<_> = store.log()[before..].iter().map(|op| op.what).collect();
        assert_eq!(ops, ["append", "sync_data"]);
    }
}

#[test]
fn every_entry_is_synced_a_mebibyte_needs_compaction_and_three_backups_stay_unless_set() {
    let o = Options::default();
    assert_eq!((o.sync, o.threshold, o.backups), (Sync::Every, 1 << 20, 3));
    assert!(!o.snapshot && !o.salvage && !o.read_only && o.lock);
}

#[test]
fn without_sync_no_entry_is_synced_and_on_an_interval_one_sync_serves_many() {
    let hour = Sync::Interval(Duration::from_secs(3600));
    for (sync, at_close) in [(Sync::None, 0), (hour, 1)] {
        let store = MemoryStore::new();
        let state = open(&store, &Options { sync, lock: false, ..Options::default() }).unwrap();
        let before = store.ops() as usize;
        let ops = || store.log()[before..].iter().map(|op| op.what).collect::<Vec<_>>();
        (0..5).for_each(|n| state.set("n", n.to_string().as_bytes()).unwrap());
        assert_eq!(ops(), ["append"; 5], "{sync:?}");
        state.close().unwrap();
        assert_eq!(ops()[5..].iter().filter(|what| **what == "sync_data").count(), at_close, "{sync:?}");
    }
    let store = MemoryStore::new();
    let soon = Sync::Interval(Duration::from_millis(1));
    let state = open(&store, &Options { sync: soon, lock: false, ..Options::default() }).unwrap();
    let before = store.ops() as usize;
    state.set("n", b"1").unwrap();
    while !store.log()[before..].iter().any(|op| op.what == "sync_data") {
        std::thread::sleep(Duration::from_millis(1));
    }
    state.close().unwrap();
}

#[test]
fn a_compaction_sets_the_log_aside_and_publishes_its_checkpoint_once_that_is_synced() {
    let (store, state) = fresh();
    state.set("a", b"1").unwrap();
    let before = store.ops() as usize;
    state.compact().unwrap();
    let log = store.log();
    let ops: Vec<String> = log[before..]
        .iter()
        .map(|op| format!("{} {}", op.what, op.path.file_name().unwrap().to_string_lossy()))
        .collect();
    let steps = [
        "rename s.log",
        "open_append s.log",
        "append s.log.tmp",
        "sync_data s.log.tmp",
        "rename s.log.tmp",
        "rename s.log.compacting",
    ];
    let places: Vec<_> = steps.iter().map(|step| ops.iter().position(|op| op == step)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} {ops:#?}");
    let backups = names(&store).iter().filter(|name| name.starts_with("s.log.backup.")).count();
    assert_eq!((backups, store.peek(file(".log.compacting"))), (1, None));
}

#[test]
fn the_directory_is_synced_when_the_log_is_made() {
    let (store, _state) = fresh();
    let log = store.log();
    let made = log.iter().position(|op| op.what == "open_append").unwrap();
    assert_eq!(
        log[made + 1..].iter().find(|op| op.what == "sync_dir").unwrap().path.as_path(),
        Path::new(DIR)
    );
}

#[test]
fn values_keep_their_spelling() {
    let (_store, state) = fresh();
    for (given, kept) in [
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        (" 1.50e+3 ", "1.50e+3"),
        ("-0", "-0"),
        ("1e400", "1e400"),
        ("\"\\u00e9\\/\\n\"", "\"\\u00e9\\/\\n\""),
        ("[ 1 ,\n 2 ]", "[1,2]"),
        ("{\"x\":1,\"x\":2}", "{\"x\":1,\"x\":2}"),
        ("null", "null"),
    ] {
        state.set("k", given.as_bytes()).unwrap();
        assert_eq!(&*state.get("k").unwrap(), kept);
    }
    let deep = "[".repeat(500) + &"]".repeat(500);
    state.set("deep", deep.as_bytes()).unwrap();
    state.compact().unwrap();
    assert_eq!(&*state.get("deep").unwrap(), deep);
}

#[test]
fn what_is_not_json_is_refused_and_changes_nothing() {
    let (store, state) = fresh();
    state.set("k", b"1").unwrap();
    let before = store.ops();
    let deep = "[".repeat(501) + &"]".repeat(501);
    let long = "9".repeat(4301);
    for bad in [
        "",
        " ",
        "NaN",
        "[Infinity]",
        "{\"a\":-Infinity}",
        "1 2",
        "{",
        "'a'",
        "\"\\ud800\"",
        "\"a\nb\"",
        &deep,
        &long,
    ] {
        let e = state.set("k", bad.as_bytes()).unwrap_err();
        assert_eq!(e.code(), Code::Argument, "{bad}: {e}");
        assert!(e.message().contains("\"k\""), "{e}");
    }
    assert_eq!(state.set("k", b"\"\xff\"").unwrap_err().code(), Code::Argument);
    for bad in ["", "1", "[]", "null", "{\"a\":NaN}", "{\"\":1}", "{\"\\ud800\":1}"] {
        let e = state.replace(bad.as_bytes()).unwrap_err();
        assert_eq!(e.code(), Code::Argument, "{bad}: {e}");
    }
    assert_eq!(store.ops(), before);
    assert_eq!(keys(&state), Keys::from([("k".into(), "1".into())]));
}

#[test]
fn keys_are_non_empty_and_otherwise_any_text() {
    let (store, state) = fresh();
    for call in [state.set("", b"1"), state.delete(""), state.get("").map(drop)] {
        assert_eq!(call.unwrap_err().code(), Code::Argument);
    }
    let odd = [
        "__proto__",
        "constructor",
        "a\"b\\c/d",
        "new\nline\r\t\u{1}",
        "é\u{2028}😀",
        " ",
        "\u{7f}",
        "nul\0",
    ];
    for (i, key) in odd.iter().enumerate() {
        state.set(key, i.to_string().as_bytes()).unwrap();
    }
    let expected: Keys = odd.iter().enumerate().map(|(i, k)| (k.to_string(), i.to_string())).collect();
    assert_eq!(keys(&state), expected);
    assert_eq!(log_text(&store).lines().count(), odd.len(), "no key brings a newline into the log");
    state.compact().unwrap();
    drop(state);
    let state = open(&store, &Options::default()).unwrap();
    assert_eq!(keys(&state), expected);
    assert_eq!(replay(&log_text(&store)), expected);
    odd.iter().for_each(|key| state.delete(key).unwrap());
    assert_eq!(state.size().unwrap(), 0);
}

#[test]
fn a_missing_key_is_not_found() {
    let (_store, state) = fresh();
    let e = state.get("phase").unwrap_err();
    assert_eq!(e.code(), Code::NotFound);
    assert!(e.message().contains("\"phase\""), "{e}");
}

#[test]
fn of_members_given_twice_the_last_counts() {
    let (store, state) = fresh();
    state.replace(br#"{"a":1,"b":2,"a":3}"#).unwrap();
    assert_eq!(&*state.get("a").unwrap(), "3");
    assert_eq!(replay(&log_text(&store)), keys(&state));
}

#[test]
fn ten_compactions_leave_three_backups() {
    let (store, state) = fresh();
    for n in 0..10 {
        state.set("n", n.to_string().as_bytes()).unwrap();
        state.compact().unwrap();
    }
    let backups: Vec<_> = names(&store).into_iter().filter(|n| n.starts_with("s.log.backup.")).collect();
    assert_eq!(backups.len(), 3, "{backups:?}");
    let values: Vec<_> = backups
        .iter()
        .map(|name| {
            replay(&String::from_utf8(store.peek(format!("{DIR}/{name}")).unwrap()).unwrap())["n"].clone()
        })
        .collect();
    assert_eq!(values, ["7", "8", "9"], "the newest ones, oldest first");
    assert_eq!(names(&store).len(), 4);
}

#[test]
fn files_of_others_are_left_alone() {
    let store = MemoryStore::new();
    let others = [
        "s.log.backup.x",
        "s.log.backup.01",
        "s.log.backup.12.txt",
        "ss.log.backup.1",
        "s.txt",
        "t.log",
        "t.json.tmp",
    ];
    others.iter().for_each(|name| store.plant(format!("{DIR}/{name}"), b"x"));
    let options = Options { backups: 0, snapshot: true, lock: false, ..Options::default() };
    let state = open(&store, &options).unwrap();
    state.set("a", b"1").unwrap();
    state.compact().unwrap();
    state.close().unwrap();
    let mut expected: Vec<_> =
        others.iter().map(|n| n.to_string()).chain(["s.log".into(), "s.json".into()]).collect();
    expected.sort();
    assert_eq!(names(&store), expected);
}

#[test]
fn needs_compaction_is_size_greater_than_the_threshold() {
    let (store, state) = fresh();
    state.set("a", b"1").unwrap();
    let size = state.log_size().unwrap();
    assert_eq!(size, log_text(&store).len() as u64);
    assert!(!state.needs_compaction(Some(size)).unwrap());
    assert!(state.needs_compaction(Some(size - 1)).unwrap());
    assert!(!state.needs_compaction(None).unwrap());
    let filler = format!("\"{}\"", "x".repeat((1 << 20) - 2 * size as usize + 1 - 2));
    state.set("a", filler.as_bytes()).unwrap();
    assert_eq!(state.log_size().unwrap(), 1 << 20);
    assert!(!state.needs_compaction(None).unwrap(), "1 MiB is not more than 1 MiB");
    state.set("b", b"1").unwrap();
    assert!(state.needs_compaction(None).unwrap());
}

#[test]
fn the_snapshot_for_people_is_written_at_compaction_and_at_close() {
    let store = MemoryStore::new();
    let options = Options { snapshot: true, lock: false, ..Options::default() };
    let state = open(&store, &options).unwrap();
    state.set("b", br#"{"x":[1,{}]}"#).unwrap();
    assert_eq!(store.peek(file(".json")), None);
    state.compact().unwrap();
    assert_eq!(
        store.peek(file(".json")).unwrap(),
        b"{\n  \"b\": {\n    \"x\": [\n      1,\n      {}\n    ]\n  }\n}\n"
    );
    state.replace(b"{}").unwrap();
    state.close().unwrap();
    assert_eq!(store.peek(file(".json")).unwrap(), b"{}\n");
    let state = open(&store, &Options { lock: false, ..Options::default() }).unwrap();
    state.set("c", b"1").unwrap();
    state.close().unwrap();
    assert_eq!(store.peek(file(".json")).unwrap(), b"{}\n", "only where it was asked for");
}

#[test]
fn entries_are_those_since_the_last_compaction() {
    let (store, state) = fresh();
    assert_eq!(state.entry_count().unwrap(), 0);
    state.set("a", b"1").unwrap();
    state.delete("a").unwrap();
    let entries: Vec<String> = log_text(&store).lines().map(str::to_owned).collect();
    assert_eq!(state.entries().unwrap(), entries);
    assert_eq!(open(&store.process(), &read_only()).unwrap().entries().unwrap(), entries);
    state.compact().unwrap();
    state.set("b", b"2").unwrap();
    assert_eq!(state.entry_count().unwrap(), 2);
}

#[test]
fn a_state_survives_close_and_open() {
    for sync in [Sync::Every, Sync::None, Sync::Interval(Duration::from_secs(1))] {
        let store = MemoryStore::new();
        let options = Options { sync, ..Options::default() };
        let state = open(&store, &options).unwrap();
        state.set("a", b"1").unwrap();
        state.set("b", b"2").unwrap();
        state.delete("a").unwrap();
        state.close().unwrap();
        state.close().unwrap();
        assert_eq!(state.set("c", b"1").unwrap_err().code(), Code::State);
        assert_eq!(state.get("b").unwrap_err().code(), Code::State);
        assert_eq!(names(&store), ["s.log"]);
        assert!(store.peek(format!("{DIR}/.s.plattli.lock")).is_none());
        let state = open(&store, &options).unwrap();
        assert_eq!(keys(&state), Keys::from([("b".into(), "2".into())]));
    }
}

#[test]
fn two_writers_cannot_exist_and_the_second_is_told_who_has_it() {
    for locks in [Locks::Real, Locks::Unsupported] {
        let store = MemoryStore::new();
        store.set_locks(locks);
        let first = open(&store, &Options::default()).unwrap();
        let e = open(&store.process(), &Options::default()).map(drop).unwrap_err();
        assert_eq!(e.code(), Code::Busy, "{e}");
        assert!(e.message().contains("the state \"s\""), "{e}");
        assert_eq!(open(&store.process(), &read_only()).unwrap().size().unwrap(), 0);
        first.set("a", b"1").unwrap();
        assert_eq!(keys(&open(&store.process(), &read_only()).unwrap()).len(), 1);
        let other = State::open_in(Arc::new(store.process()), Path::new(DIR), "other", &Options::default());
        other.unwrap().close().unwrap();
        drop(first);
        open(&store.process(), &Options::default()).unwrap();
    }
}

#[test]
fn a_writer_that_was_taken_over_writes_no_more() {
    let store = MemoryStore::new();
    let state = open(&store, &Options::default()).unwrap();
    state.set("a", b"1").unwrap();
    let lock = format!("{DIR}/.s.plattli.lock");
    store.process().remove_file(Path::new(&lock)).unwrap();
    store.plant(&lock, b"{\"host\":\"elsewhere\",\"pid\":1,\"start\":1,\"boot\":\"b\",\"job\":\"\",\"restarts\":0,\"time\":\"2026-11-20T05:08:13Z\"}\n");
    let before = names(&store);
    assert_eq!(state.compact().unwrap_err().code(), Code::Busy);
    assert_eq!(names(&store), before);
}

#[test]
fn a_failed_open_gives_the_lock_back() {
    let store = MemoryStore::new();
    store.set_locks(Locks::Unsupported);
    store.plant(file(".log"), b"broken\nbroken\n");
    assert_eq!(open(&store, &Options::default()).map(drop).unwrap_err().code(), Code::Corrupt);
    open(&store, &Options { salvage: true, ..Options::default() }).unwrap();
}

#[test]
fn a_name_must_make_a_file_name() {
    let store = MemoryStore::new();
    let long = "x".repeat(129);
    for name in ["", ".", "..", ".hidden", "a/b", "a\nb", "\0", &long] {
        let opened = State::open_in(Arc::new(store.clone()), Path::new(DIR), name, &Options::default());
        assert_eq!(opened.map(drop).unwrap_err().code(), Code::Argument, "{name:?}");
    }
    assert_eq!(store.ops(), 0);
    let state =
        State::open_in(Arc::new(store.clone()), Path::new(DIR), &long[1..], &Options::default()).unwrap();
    state.set("a", b"1").unwrap();
    state.compact().unwrap();
    assert_eq!(NAME, "s");
}

#[test]
fn a_reader_never_writes_and_needs_a_state() {
    let store = MemoryStore::new();
    let e = open(&store, &read_only()).map(drop).unwrap_err();
    assert_eq!(e.code(), Code::NotFound, "{e}");
    assert!(store.tree().iter().all(|(path, _)| !path.contains("job")));
    store.plant(file(".log"), b"{\"op\":\"SET\",\"key\":\"a\",\"value\":1}\n{\"op\":\"SE");
    store.plant(file(".log.tmp"), b"leftover");
    let before = store.tree();
    let reader = open(&store, &read_only()).unwrap();
    assert_eq!(reader.log_size().unwrap(), "{\"op\":\"SET\",\"key\":\"a\",\"value\":1}\n".len() as u64);
    for call in [reader.set("a", b"2"), reader.delete("a"), reader.replace(b"{}"), reader.compact()] {
        assert_eq!(call.unwrap_err().code(), Code::State);
    }
    reader.refresh().unwrap();
    reader.close().unwrap();
    assert_eq!(store.tree(), before);
}
