//! Bytes of any file of the run, changed at random.

use crate::fixture::*;
use crate::memory::{alone, measured};
use plattli::run::options::{FinishOptions, ReaderOptions, WriterOptions};
use plattli::run::writer::Writer;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

const FILES: [&str; 9] = [
    "plattli.json",
    "hot.jsonl",
    "hot.compacting.jsonl",
    "res.f32",
    "solver/iters.i64",
    "note.jsonl",
    "far.f64",
    "far.indices",
    "config.json",
];

#[derive(Clone, Debug)]
enum Change {
    Set(usize, u8),
    Cut(usize),
    Remove(usize, usize),
    Repeat(usize, usize),
    Insert(usize, &'static str),
}

fn change() -> impl Strategy<Value = Change> {
    let at = 0usize..400;
    let byte = prop_oneof![any::<u8>(), prop::sample::select(b"{}[]\":,\\09-.eE \n\r\t\0\xff".to_vec())];
    let texts = vec![
        "\n",
        "}",
        "{",
        "[",
        "\"",
        "\\u0000",
        "null",
        "NaN",
        "-",
        "99999999999",
        "1e999",
        "../",
        "\"step\":",
        "\"stop\": 4294967296, ",
        "\0\0\0\0",
    ];
    prop_oneof![
        4 => (at.clone(), byte).prop_map(|(at, byte)| Change::Set(at, byte)),
        1 => at.clone().prop_map(Change::Cut),
        1 => (at.clone(), 1usize..40).prop_map(|(at, n)| Change::Remove(at, n)),
        1 => (at.clone(), 1usize..80).prop_map(|(at, n)| Change::Repeat(at, n)),
        2 => (at, prop::sample::select(texts)).prop_map(|(at, text)| Change::Insert(at, text)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    let len = bytes.len();
    let place = |at: usize| if len == 0 { 0 } else { at % len };
    match *change {
        Change::Set(at, byte) if len > 0 => bytes[place(at)] = byte,
        Change::Set(..) => {}
        Change::Cut(at) => bytes.truncate(place(at)),
        Change::Remove(at, n) => drop(bytes.drain(place(at)..(place(at) + n).min(len))),
        Change::Repeat(at, n) => {
            let piece = bytes[place(at)..(place(at) + n).min(len)].to_vec();
            bytes.splice(place(at)..place(at), piece);
        }
        Change::Insert(at, text) => drop(bytes.splice(place(at)..place(at), text.bytes())),
    }
}

#[test]
fn any_change_of_any_file_is_survived_by_reader_and_writer() {
    alone(|| {
        let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) };
        let changes = prop::collection::vec((prop::sample::select(FILES.to_vec()), change()), 1..4);
        let opened = Cell::new(0);
        TestRunner::new(config)
            .run(&changes, |changes| {
                let mut disk = live();
                for (file, change) in &changes {
                    let mut bytes = bytes_of(&disk, file);
                    apply(&mut bytes, change);
                    disk = with(&disk, file, &bytes);
                }
                let (before, peak) = measured(|| read(&disk, RUN, &ReaderOptions::default()));
                prop_assert!(peak < 1_000_000, "{} bytes to read", peak);
                let (resumed, peak) = measured(|| resume(&disk, &WriterOptions::default()));
                prop_assert!(peak < 2_000_000, "{} bytes to resume", peak);
                let (Ok(resumed), Ok((before, _))) = (resumed, before) else { return Ok(()) };
                if changes.iter().any(|(file, _)| *file == "far.indices") {
                    // Steps that contradict each other are noticed by whoever reads them all.
                    return Ok(());
                }
                // What could be read and was taken over can still be read, and there is nothing left to warn of.
                let (contents, warnings) = read(&resumed, RUN, &ReaderOptions::default()).map_err(fail)?;
                prop_assert_eq!(warnings, Vec::<String>::new());
                prop_assert_eq!(contents.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
                // It can also be finished.
                let writer =
                    Writer::open_in(Arc::new(resumed.clone()), Path::new(RUN), &WriterOptions::default());
                let writer = writer.map_err(fail)?;
                writer.finish(&FinishOptions::default()).map_err(fail)?;
                writer.close().map_err(fail)?;
                read(&resumed, RUN, &ReaderOptions::default()).map_err(fail)?;
                opened.set(opened.get() + 1);
                Ok(())
            })
            .unwrap();
        assert!(
            opened.get() > 300,
            "only {} of 1500 could be opened: too much damage to learn from",
            opened.get()
        );
    });
}

fn fail(e: plattli::Error) -> TestCaseError {
    TestCaseError::fail(e.to_string())
}
