//! The process dies at every operation of every script: nothing acknowledged is lost, doubled or changed, and
//! whoever comes next can read, continue and finish the run, also when it dies on the way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod model;

use model::examine::{read, recover};
use model::runner::disk;
use model::script::{continue_at, options};
use model::{run, scripts, Content, Examiner, Expect, Script, Stop, Trail, RUN};
use plattli::run::options::WriterOptions;
use plattli::store::{Done, Effect, MemoryStore, Operation};

/// The operations of a script that nothing goes wrong in.
fn undisturbed(script: &Script) -> (Vec<Operation>, Content) {
    let (store, mut trail) = (disk(script), Trail::new(script));
    let stop = run(script, &store, &mut trail);
    assert!(matches!(stop, Stop::Done), "{}: {stop:?}\n{}", script.name, tail(&store.log(), u64::MAX));
    let found = read(&store).unwrap_or_else(|e| panic!("{}: {e}", script.name));
    assert_eq!(found.rows, trail.last().rows, "{}", script.name);
    (store.log(), found)
}

/// The operations before one, for messages.
fn tail(log: &[Operation], n: u64) -> String {
    let before: Vec<String> = log.iter().filter(|op| op.n <= n).map(|op| format!("    {op}")).collect();
    before[before.len().saturating_sub(8)..].join("\n")
}

/// The ways in which an operation can be cut short.
fn variants(op: &Operation) -> &'static [Done] {
    match op.what {
        "append" | "write_at" if op.len > 1 => &[Done::Nothing, Done::Half, Done::AllButOne],
        _ => &[Done::Nothing],
    }
}

/// Kills a script at an operation and examines what is left.
fn kill(script: &Script, op: &Operation, done: Done, examiner: &mut Examiner) {
    let (store, mut trail) = (disk(script), Trail::new(script));
    store.kill_at(op.n, done);
    let stop = run(script, &store, &mut trail);
    let Stop::Killed(act) = stop else { panic!("{}: {op} was not reached: {stop:?}", script.name) };
    let context = || {
        let act = &script.acts[act];
        format!(
            "{}: killed at {op} ({done:?} done) in {act:?}, after\n{}",
            script.name,
            tail(&store.log(), op.n)
        )
    };
    examiner.examine(&store.revive(), &trail.expect(), &context);
}

/// Kills a script at each of its operations.
fn every_operation(script: Script) {
    let mut examiner = Examiner::new(true);
    let (log, _) = undisturbed(&script);
    assert_eq!(
        log,
        undisturbed(&script).0,
        "{}: twice the same script, twice the same operations",
        script.name
    );
    for op in log.iter().filter(|op| matches!(op.effect, Effect::Change | Effect::Grow)) {
        variants(op).iter().for_each(|done| kill(&script, op, *done, &mut examiner));
    }
    examiner.conclude(script.name);
}

/// Kills a script with a background thread at about every operation; which one that is varies.
fn with_a_thread(script: Script) {
    let script = script.with(|options| options.threads = 1);
    let mut examiner = Examiner::new(false);
    let (log, _) = undisturbed(&script);
    let mut killed = 0;
    for n in 0..log.len() as u64 {
        let (store, mut trail) = (disk(&script), Trail::new(&script));
        store.kill_at(n, if n % 3 == 0 { Done::Half } else { Done::Nothing });
        let stop = run(&script, &store, &mut trail);
        if store.is_dead() {
            killed += 1;
            let context =
                || format!("{} with a thread: {stop:?} after\n{}", script.name, tail(&store.log(), n));
            examiner.examine(&store.revive(), &trail.expect(), &context);
        }
    }
    assert!(killed * 2 > log.len(), "{}: only {killed} of {} kills", script.name, log.len());
    examiner.conclude(&format!("{} with a thread", script.name));
}

macro_rules! scripts {
    ($($name:ident => $script:expr;)*) => {
        mod killed_at_every_operation {
            use super::scripts::*;
            $(#[test] fn $name() { super::every_operation($script); })*
        }
        mod killed_with_a_thread {
            use super::scripts::*;
            $(#[test] fn $name() { super::with_a_thread($script); })*
        }
    };
}

scripts! {
    several_metrics => plain();
    every_type => types();
    types_that_widen => promotion();
    steps_that_spill_to_an_index_file => spill();
    a_cadence_that_becomes_finer => finer_cadence();
    rows_flushed_before_their_end => partial_rows();
    steps_that_jump => gaps();
    checkpoint_restarts => rewinds();
    finished_archives_opened_again => reopened();
    finished_folders_opened_again => resumed_folder();
    configurations => configs();
    direct_layout => direct();
    direct_layout_over_a_hot_log => direct_after_hot();
    bulk_export_to_an_archive => bulk(true);
    bulk_export_to_a_folder => bulk(false);
    system_durability => durable();
    metrics_by_id => by_id();
}

/// Kills scripts right after each operation that is picked, and fails if there is none.
fn after(scripts: &[Script], done: Done, pick: impl Fn(&Operation, &[Operation]) -> bool) {
    let mut examiner = Examiner::shallow();
    let mut hit = 0;
    for script in scripts {
        let (log, _) = undisturbed(script);
        for (i, op) in log.iter().enumerate().filter(|(i, op)| pick(op, &log[..*i])) {
            assert_eq!(log[i], *op);
            hit += 1;
            kill(script, op, done, &mut examiner);
        }
    }
    assert!(hit > 0, "no script comes by this crash point");
    examiner.conclude(&format!("{hit} crash points"));
}

fn is(op: &Operation, what: &str, path: &str) -> bool {
    op.what == what && op.path.to_string_lossy().ends_with(path)
}

/// The manifest is put in place.
fn manifest_renamed(op: &Operation) -> bool {
    is(op, "rename", "plattli/plattli.json.tmp")
}

/// Values are appended to a column.
fn values_appended(op: &Operation) -> bool {
    let extension = op.path.extension().map(|e| e.to_string_lossy().into_owned()).unwrap_or_default();
    let column = plattli::run::dtype::DType::from_suffix(&extension).is_some();
    op.what == "append" && column && !op.path.to_string_lossy().contains("/hot.")
}

/// The folder with the bytes of a run in the making.
fn planted(files: &[(&str, &[u8])]) -> MemoryStore {
    let store = MemoryStore::new();
    store.plant(format!("{RUN}/plattli/config.json"), b"{}");
    files.iter().for_each(|(name, bytes)| store.plant(format!("{RUN}/plattli/{name}"), bytes));
    store
}

/// Rows of one float metric.
fn rows(name: &str, rows: &[(u32, f64)]) -> Content {
    let column = rows.iter().map(|(step, v)| (*step, model::Cell::float(*v))).collect();
    Content { rows: [(name.to_owned(), column)].into(), config: Some("{}".into()) }
}

fn f32s(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

mod crash_points {
    use super::*;

    #[test]
    fn row_01_a_folder_or_a_temporary_file_is_not_yet_a_run() {
        after(&scripts::all(), Done::Whole, |op, before| {
            let first = !before.iter().any(manifest_renamed);
            first
                && (op.what == "create_dir"
                    || op.what == "write_at" && op.path.to_string_lossy().ends_with(".tmp"))
        });
    }

    #[test]
    fn row_02_either_manifest_is_valid_when_the_folder_was_not_synced() {
        after(&scripts::all(), Done::Nothing, |op, _| manifest_renamed(op));
        after(&scripts::all(), Done::Whole, |op, _| manifest_renamed(op));
    }

    #[test]
    fn row_03_a_metric_without_files_is_empty() {
        let list = &br#"{"m": {"indices": [], "dtype": "f32"}, "when_exported": "2026-11-20T05:08:13Z"}"#[..];
        let file =
            &br#"{"m": {"indices": "indices", "dtype": "f32"}, "when_exported": "2026-11-20T05:08:13Z"}"#[..];
        let log = &b"{\"step\":3,\"m\":1.5}\n"[..];
        let row = rows("m", &[(3, 1.5)]);
        for (manifest, log, expected) in [
            (list, None, &Content { config: row.config.clone(), ..Content::default() }),
            (list, Some(log), &row),
            (file, Some(log), &row),
        ] {
            let mut files = vec![("plattli.json", manifest)];
            files.extend(log.map(|log| ("hot.jsonl", log)));
            let mut examiner = Examiner::new(true);
            examiner.examine(&planted(&files), &Expect::only(expected), &|| "a metric without files".into());
            examiner.conclude("a metric without files");
        }
    }

    #[test]
    fn row_04_a_torn_row_was_never_acknowledged() {
        for done in [Done::Half, Done::AllButOne] {
            after(&scripts::all(), done, |op, _| is(op, "append", "/hot.jsonl"));
        }
    }

    #[test]
    fn row_05_a_log_that_ends_in_nuls_costs_only_what_they_replaced() {
        let manifest = br#"{"m": {"indices": [], "dtype": "f32"}, "when_exported": "2026-11-20T05:08:13Z"}"#;
        let whole = b"{\"step\":0,\"m\":0.5}\n{\"step\":1,\"m\":1.5}\n";
        for (tail, kept) in [
            (&b"\0\0\0\0\0\0\0\0"[..], 2),
            (b"{\"step\":2,\"m\":\0\0\0\0\0\0", 2),
            (b"\0\0\0\0\"m\":2.5}\n", 2),
            (b"{\"step\":2,\"m\":2.5}\n\0\0\0\0\0", 3),
        ] {
            let log = [&whole[..], tail].concat();
            let store = planted(&[("plattli.json", manifest), ("hot.jsonl", &log)]);
            let expected = rows("m", &[(0, 0.5), (1, 1.5), (2, 2.5)][..kept]);
            let found = Content::read_lenient(&store).unwrap();
            assert_eq!(found.rows, expected.rows, "{tail:?}");
            let again = store.snapshot();
            let writer = plattli::run::writer::Writer::open_in(
                std::sync::Arc::new(again.clone()),
                std::path::Path::new(RUN),
                &options(),
            )
            .unwrap();
            assert!(writer.stats().warnings > 0, "{tail:?}: bytes were dropped, and nothing says so");
            assert_eq!(writer.step().unwrap(), kept as u32);
            assert_eq!(read(&again).unwrap().rows, expected.rows);
        }
    }

    // Row 6, an append that fails or comes short, is in failing_calls.rs.

    #[test]
    fn row_07_the_rows_of_a_rotated_log_are_in_it() {
        after(&scripts::all(), Done::Whole, |op, _| is(op, "rename", "plattli/hot.jsonl"));
    }

    #[test]
    fn row_08_two_logs_are_united_by_step_and_the_younger_wins() {
        after(&scripts::all(), Done::Nothing, |op, _| is(op, "remove_file", "/hot.compacting.jsonl"));
        let manifest = br#"{"m": {"indices": [{"start": 0, "step": 1}], "dtype": "f32"}, "when_exported": "2026-11-20T05:08:13Z"}"#;
        let store = planted(&[
            ("plattli.json", manifest),
            ("m.f32", &f32s(&[0.0, 1.0, 2.0, 3.0, 4.0])),
            (
                "hot.compacting.jsonl",
                b"{\"step\":3,\"m\":3.0}\n{\"step\":4,\"m\":4.0}\n{\"step\":5,\"m\":5.0}\n",
            ),
            ("hot.jsonl", b"{\"step\":5,\"m\":5.5}\n{\"step\":6,\"m\":6.0}\n{\"step\":7,\"m\":7"),
        ]);
        let steps = [(0, 0.0), (1, 1.0), (2, 2.0), (3, 3.0), (4, 4.0), (5, 5.5), (6, 6.0)];
        let mut examiner = Examiner::new(true);
        examiner.examine(&store, &Expect::only(&rows("m", &steps)), &|| "both logs".into());
        examiner.conclude("both logs");
        recover(&store, &continue_at(100)).unwrap();
    }

    #[test]
    fn row_09_steps_described_before_their_values_are_still_in_the_log() {
        after(&scripts::all(), Done::Nothing, |op, before| {
            values_appended(op) && before.iter().rev().take(8).any(manifest_renamed)
        });
        after(&scripts::all(), Done::Whole, |op, _| is(op, "append", ".indices"));
    }

    #[test]
    fn row_10_a_half_done_compaction_is_cut_back_and_done_again() {
        for done in [Done::Half, Done::AllButOne, Done::Whole] {
            after(&scripts::all(), done, |op, _| values_appended(op) && op.len > 1);
        }
    }

    // Row 11, values that nobody synced, is in power_cuts.rs.

    #[test]
    fn row_12_a_log_that_comes_back_after_its_compaction_doubles_nothing() {
        let mut examiner = Examiner::new(true);
        let mut hit = 0;
        for script in [scripts::plain(), scripts::types(), scripts::promotion(), scripts::spill()] {
            let (log, _) = undisturbed(&script);
            for op in log.iter().filter(|op| is(op, "remove_file", "/hot.compacting.jsonl")) {
                let (store, mut trail) = (disk(&script), Trail::new(&script));
                store.kill_at(op.n, Done::Whole);
                // The log as it was at that moment.
                let before = disk(&script);
                before.kill_at(op.n, Done::Nothing);
                run(&script, &before, &mut Trail::new(&script));
                let Some(log) = before.peek(op.path.as_ref()) else { continue };
                run(&script, &store, &mut trail);
                let image = store.revive();
                image.plant(op.path.as_ref(), &log);
                hit += 1;
                examiner.examine(&image, &trail.expect(), &|| format!("{}: {op} undone", script.name));
            }
        }
        assert!(hit > 0);
        examiner.conclude("logs come back");
    }

    #[test]
    fn row_13_of_two_value_files_the_manifest_names_the_right_one() {
        let scripts = [scripts::promotion(), scripts::direct(), scripts::plain(), scripts::types()];
        let converted = |op: &Operation| {
            let path = op.path.to_string_lossy().into_owned();
            let suffix = path.strip_suffix(".tmp").and_then(|p| p.rsplit_once('.')).map(|(_, suffix)| suffix);
            op.what == "rename"
                && suffix.is_some_and(|s| plattli::run::dtype::DType::from_suffix(s).is_some())
        };
        after(&scripts, Done::Whole, |op, _| converted(op));
        after(&scripts, Done::Whole, |op, before| {
            manifest_renamed(op) && before.iter().rev().take(12).any(converted)
        });
    }

    /// The manifest that ends a run is put in place.
    fn run_rows_published(op: &Operation, before: &[Operation]) -> bool {
        manifest_renamed(op) && before.iter().any(|b| is(b, "remove_file", "/hot.jsonl"))
    }

    #[test]
    fn row_14_a_finished_folder_that_is_not_yet_packed_is_complete() {
        after(&scripts::all(), Done::Whole, run_rows_published);
    }

    #[test]
    fn row_15_a_torn_archive_does_not_count() {
        for done in [Done::Half, Done::Whole] {
            after(&scripts::all(), done, |op, _| {
                matches!(op.what, "append" | "write_at")
                    && op.path.ends_with("metrics.plattli.tmp")
                    && op.len > 1
            });
        }
    }

    #[test]
    fn row_16_an_archive_and_a_folder_half_removed_are_one_run() {
        after(&scripts::all(), Done::Whole, |op, before| {
            let packed = |b: &Operation| is(b, "rename", "metrics.plattli.tmp");
            packed(op) || op.what.starts_with("remove") && before.iter().any(packed)
        });
    }

    #[test]
    fn row_17_an_interrupted_reopening_leaves_the_archive_or_the_folder() {
        after(&[scripts::reopened()], Done::Whole, |op, before| {
            let opened = before.iter().rev().take_while(|b| !is(b, "rename", "metrics.plattli.tmp")).count();
            opened < before.len() && matches!(op.effect, Effect::Change | Effect::Grow)
        });
    }
}

#[test]
fn a_dead_writer_leaves_a_run_to_a_second_one_at_once() {
    let script = scripts::plain();
    let store = disk(&script);
    store.kill_at(60, Done::Nothing);
    run(&script, &store, &mut Trail::new(&script));
    let next = store.revive();
    let open = || {
        let options = WriterOptions { reopen_finished: true, ..options() };
        plattli::run::writer::Writer::open_in(
            std::sync::Arc::new(next.process()),
            std::path::Path::new(RUN),
            &options,
        )
    };
    let first = open().unwrap();
    assert_eq!(open().unwrap_err().code(), plattli::Code::Busy);
    first.close().unwrap();
    open().unwrap();
}
