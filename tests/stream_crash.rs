//! The process dies at every operation: every checkpointed row is there afterwards, no row is doubled or changed,
//! indices go on where they ended, and the manifest says what the segments say.
#![cfg(feature = "stream")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod stream_help;

use plattli::store::{is_killed, Done, Effect, MemoryStore, Operation, PowerCut, Times};
use plattli::stream::{Stream, StreamOptions};
use plattli::Result;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use stream_help::*;

#[derive(Clone, Copy, Debug)]
enum Act {
    Append(&'static str, u64),
    Checkpoint,
    Retain,
    Reopen,
}

use Act::*;

/// Full chunks, open ones, caches that grow and are reset, rolls, restarts, retention, an idle partition.
const SCRIPT: &[Act] = &[
    Append("a", 5),
    Checkpoint,
    Append("a", 7),
    Append("idle", 3),
    Checkpoint,
    Append("a", 990),
    Append("a", 4),
    Checkpoint,
    Append("a", 1),
    Checkpoint,
    Append("a", 1500),
    Append("b", 1),
    Checkpoint,
    Append("a", 10),
    Append("a", 2600),
    Append("b", 2000),
    Append("a", 10),
    Checkpoint,
    Reopen,
    Append("a", 2700),
    Append("a", 2),
    Checkpoint,
    Append("b", 1000),
    Append("b", 5),
    Append("a", 3000),
    Append("a", 1),
    Checkpoint,
    Retain,
    Append("a", 2),
    Reopen,
    Append("a", 2),
    Checkpoint,
];

const PARTITIONS: [&str; 3] = ["a", "b", "idle"];

/// What a script has done.
#[derive(Clone, Default, Debug)]
struct Trail {
    /// Rows appended, those of the call in progress included.
    appended: BTreeMap<&'static str, u64>,
    /// Rows that a call that returned has recorded.
    recorded: BTreeMap<&'static str, u64>,
    /// Oldest index after each act that returned.
    firsts: Vec<BTreeMap<&'static str, u64>>,
}

fn script_options(manifest: &Path) -> StreamOptions {
    StreamOptions { roll_rows: 2500, partition_segments: 2, ..options(Some(manifest.into())) }
}

fn play(store: &MemoryStore, options: &StreamOptions, trail: &mut Trail) -> Result<()> {
    let mut stream = open(store, options)?;
    for act in SCRIPT {
        match *act {
            Append(partition, rows) => {
                let next = trail.appended.entry(partition).or_default();
                let range = *next..*next + rows;
                *next += rows;
                append(&stream, "t", partition, range)?;
            }
            Checkpoint => {
                stream.checkpoint()?;
                trail.recorded = trail.appended.clone();
            }
            Retain => stream.retain()?,
            Reopen => {
                stream.close()?;
                trail.recorded = trail.appended.clone();
                stream = open(store, options)?;
            }
        }
        trail.firsts.push(firsts(&stream)?);
    }
    stream.close()
}

fn firsts(stream: &Stream) -> Result<BTreeMap<&'static str, u64>> {
    let first = |p| Ok((p, content(stream, "t", p)?.start));
    PARTITIONS.into_iter().map(first).collect()
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let base = Path::new("/dev/shm");
    let folder = if base.is_dir() { tempfile::tempdir_in(base) } else { tempfile::tempdir() }.unwrap();
    let manifest = folder.path().join("manifest.sqlite");
    (folder, manifest)
}

fn undisturbed() -> (Vec<Operation>, Trail) {
    let (_folder, manifest) = folder();
    let (store, mut trail) = (MemoryStore::new(), Trail::default());
    play(&store, &script_options(&manifest), &mut trail).unwrap();
    (store.log(), trail)
}

/// Operations at which a kill leaves something else than one at the next.
fn matters(op: &Operation) -> bool {
    op.effect != Effect::Read || (op.what == "metadata" && op.path.to_string_lossy().contains("manifest"))
}

fn variants(op: &Operation) -> &'static [Done] {
    match op.what {
        "append" if op.len > 1 => &[Done::Nothing, Done::Half, Done::AllButOne],
        _ => &[Done::Nothing],
    }
}

/// The manifest as text.
fn manifest_rows(manifest: &Path) -> Vec<String> {
    let connection = Connection::open(manifest).unwrap();
    let mut statement =
        connection.prepare("SELECT * FROM segments ORDER BY topic, partition, segment").unwrap();
    let columns = statement.column_count();
    let row = |row: &rusqlite::Row<'_>| {
        (0..columns).map(|i| row.get::<_, rusqlite::types::Value>(i).map(|v| format!("{v:?}"))).collect()
    };
    let rows: Vec<rusqlite::Result<Vec<String>>> = statement.query_map([], row).unwrap().collect();
    rows.into_iter().map(|row| row.unwrap().join(" ")).collect()
}

/// What is left is whole, and can be continued.
fn examine(store: &MemoryStore, manifest: &Path, trail: &Trail, all: &Trail, context: &dyn Fn() -> String) {
    let options = script_options(manifest);
    let stream = open(store, &options).unwrap_or_else(|e| panic!("{e}\n{}", context()));
    let findings = stream.findings().join("\n");
    assert!(!findings.contains("lost"), "{findings}\n{}", context());
    let acts = trail.firsts.len();
    for partition in PARTITIONS {
        let found = content(&stream, "t", partition).unwrap_or_else(|e| panic!("{e}\n{}", context()));
        let of = |rows: &BTreeMap<&'static str, u64>| rows.get(partition).copied().unwrap_or(0);
        let (recorded, appended) = (of(&trail.recorded), of(&trail.appended));
        let end = found.end;
        assert!(
            (recorded..=appended).contains(&end),
            "{partition}: {end} of {recorded} to {appended} rows\n{}",
            context()
        );
        let before = if acts == 0 { 0 } else { of(&trail.firsts[acts - 1]) };
        let after = of(&all.firsts[acts.min(all.firsts.len() - 1)]);
        // Closing may drop more at the end of the script.
        if acts < all.firsts.len() {
            assert!((before..=after).contains(&found.start), "{partition}: {found:?}\n{}", context());
        }
        assert_eq!(append(&stream, "t", partition, end..end + 3).unwrap(), end..end + 3, "{}", context());
    }
    stream.checkpoint().unwrap_or_else(|e| panic!("{e}\n{}", context()));
    let ends: Vec<u64> = PARTITIONS.iter().map(|p| content(&stream, "t", p).unwrap().end).collect();
    stream.close().unwrap();
    let stream = open(store, &options).unwrap();
    assert_eq!(stream.findings(), Vec::<String>::new(), "{}", context());
    for (partition, end) in PARTITIONS.iter().zip(ends) {
        assert_eq!(content(&stream, "t", partition).unwrap().end, end, "{}", context());
    }
    stream.close().unwrap();
    // What the manifest says is what the segments say.
    let kept = manifest_rows(manifest);
    std::fs::remove_file(manifest).unwrap();
    open(store, &options).unwrap().close().unwrap();
    assert_eq!(manifest_rows(manifest), kept, "{}", context());
}

fn killed_at_every_operation(lose_manifest: bool) {
    let (log, all) = undisturbed();
    let mut kills = 0;
    for op in log.iter().filter(|op| matters(op)) {
        for done in variants(op) {
            let (_folder, manifest) = folder();
            let (store, mut trail) = (MemoryStore::new(), Trail::default());
            store.kill_at(op.n, *done);
            let outcome = play(&store, &script_options(&manifest), &mut trail);
            let context = || {
                let before: Vec<String> =
                    log[..=op.n as usize].iter().rev().take(8).map(|o| o.to_string()).collect();
                let act = SCRIPT.get(trail.firsts.len());
                format!("killed at {op} ({done:?}) in {act:?} after\n{}", before.join("\n"))
            };
            assert!(outcome.is_err_and(|e| is_killed(&e)), "{}", context());
            if lose_manifest && manifest.exists() {
                std::fs::remove_file(&manifest).unwrap();
            }
            examine(&store.revive(), &manifest, &trail, &all, &context);
            kills += 1;
        }
    }
    assert!(kills > 150, "{kills}");
    println!("{kills} kills");
}

#[test]
fn killed_at_every_operation_it_comes_back_with_every_checkpointed_row() {
    killed_at_every_operation(false);
}

#[test]
fn killed_at_every_operation_and_its_manifest_lost_it_comes_back_with_every_checkpointed_row() {
    killed_at_every_operation(true);
}

/// After a power cut rows that no checkpoint has recorded may be gone, and only those.
#[test]
fn a_power_cut_at_any_operation_leaves_every_checkpointed_row_and_none_that_is_wrong() {
    let (log, _) = undisturbed();
    let mut cuts = 0;
    for op in log.iter().filter(|op| op.effect != Effect::Read).step_by(2) {
        let (_folder, manifest) = folder();
        let (store, mut trail) = (MemoryStore::new(), Trail::default());
        store.kill_at(op.n, Done::Nothing);
        let outcome = play(&store, &script_options(&manifest), &mut trail);
        assert!(outcome.is_err_and(|e| is_killed(&e)));
        for policy in PowerCut::policies(6) {
            let context = || format!("power cut {policy:?} at {op}");
            let copy = manifest.with_extension("copy");
            _ = std::fs::remove_file(&copy);
            if manifest.exists() {
                std::fs::copy(&manifest, &copy).unwrap();
            }
            let options = script_options(&copy);
            let stream =
                open(&store.power_cut(policy), &options).unwrap_or_else(|e| panic!("{e}\n{}", context()));
            let lost: Vec<String> = stream.findings().into_iter().filter(|f| f.contains("lost")).collect();
            assert!(lost.is_empty(), "{lost:?}\n{}", context());
            for partition in PARTITIONS {
                let found = content(&stream, "t", partition).unwrap_or_else(|e| panic!("{e}\n{}", context()));
                let of = |rows: &BTreeMap<&'static str, u64>| rows.get(partition).copied().unwrap_or(0);
                let (recorded, appended) = (of(&trail.recorded), of(&trail.appended));
                let fits = (recorded..=appended).contains(&found.end);
                assert!(fits, "{partition}: {found:?} of {recorded} to {appended}\n{}", context());
            }
            stream.close().unwrap();
            cuts += 1;
        }
    }
    assert!(cuts > 1000, "{cuts}");
}

/// Plays the script although calls fail: what was refused is tried again.
fn play_on(store: &MemoryStore, options: &StreamOptions, context: &dyn Fn() -> String) -> Trail {
    fn again<T>(context: &dyn Fn() -> String, mut call: impl FnMut() -> Result<T>) -> T {
        for _ in 0..3 {
            if let Ok(value) = call() {
                return value;
            }
        }
        call().unwrap_or_else(|e| panic!("{e}\n{}", context()))
    }
    let mut trail = Trail::default();
    let mut stream = again(context, || open(store, options));
    for act in SCRIPT {
        match *act {
            Append(partition, rows) => {
                let next = trail.appended.entry(partition).or_default();
                let range = *next..*next + rows;
                *next += rows;
                let got = again(context, || append(&stream, "t", partition, range.clone()));
                assert_eq!(got, range, "{}", context());
            }
            Checkpoint => again(context, || stream.checkpoint()),
            Retain => again(context, || stream.retain()),
            Reopen => {
                if stream.checkpoint().is_err() {
                    again(context, || stream.checkpoint());
                }
                // Whatever closing reports, the folder is released.
                _ = stream.close();
                stream = again(context, || open(store, options));
            }
        }
        again(context, || firsts(&stream));
    }
    again(context, || stream.checkpoint());
    trail.recorded = trail.appended.clone();
    _ = stream.close();
    trail
}

/// Each operation that it concerns fails once.
fn failed_at_every_operation(errno: i32) {
    let (log, all) = undisturbed();
    let mut failures = 0;
    // The lock has tests of its own.
    let ours = |op: &&Operation| !op.path.to_string_lossy().contains(".plattli.lock");
    let concerned = |op: &&Operation| ours(op) && (errno != libc::ENOSPC || op.effect == Effect::Grow);
    for op in log.iter().filter(concerned) {
        for done in &variants(op)[..1.max(variants(op).len() - 1)] {
            let (_folder, manifest) = folder();
            let store = MemoryStore::new();
            store.fail_at(op.n, errno, *done, Times::Once);
            let context = || format!("failed at {op} ({done:?})");
            let mut trail = play_on(&store, &script_options(&manifest), &context);
            trail.firsts = all.firsts.clone();
            examine(&store.revive(), &manifest, &trail, &all, &context);
            failures += 1;
        }
    }
    assert!(failures > 50, "{failures}");
}

#[test]
fn refused_with_eio_at_every_operation_it_loses_no_row_that_it_took() {
    failed_at_every_operation(libc::EIO);
}

#[test]
fn refused_with_enospc_at_every_operation_it_loses_no_row_that_it_took() {
    failed_at_every_operation(libc::ENOSPC);
}
