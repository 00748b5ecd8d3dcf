//! A writer that goes on after something went wrong: what it acknowledges is there, what it refuses it says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use plattli::run::dtype::{DType, Value};
use plattli::run::options::{
    Durability, FinishOptions, Layout, Overload, ReaderOptions, Selection, WriterOptions,
};
use plattli::run::reader::{As, ColumnData, Reader};
use plattli::run::writer::Writer;
use plattli::store::{Data, Done, MemoryStore, Names, Operation, PowerCut, Times};
use plattli::{Code, Result};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex};

const RUN: &str = "/run";

fn options() -> WriterOptions {
    WriterOptions { hotsize: 1, threads: 0, ..WriterOptions::default() }
}

fn folder() -> FinishOptions {
    FinishOptions { archive: false, ..FinishOptions::default() }
}

fn open(store: &MemoryStore, options: &WriterOptions) -> Writer {
    Writer::open_in(Arc::new(store.clone()), Path::new(RUN), options).unwrap()
}

/// Writes one value and ends the step.
fn step(writer: &Writer, name: &str, value: Value<'_>) -> Result<()> {
    writer.write(name, value)?;
    writer.end_step()
}

/// Each operation that `which` picks is refused, until [`well`].
fn refuse(store: &MemoryStore, done: Done, which: impl Fn(&Operation) -> bool + Send + Sync + 'static) {
    let plan = store.clone();
    store.before_each(move |op| {
        if which(op) {
            plan.fail_at(op.n, libc::EIO, done, Times::Once);
        }
    });
}

/// The first operation that `which` picks is refused.
fn refuse_once(store: &MemoryStore, done: Done, which: impl Fn(&Operation) -> bool + Send + Sync + 'static) {
    let fresh = AtomicBool::new(true);
    refuse(store, done, move |op| which(op) && fresh.swap(false, Relaxed));
}

fn well(store: &MemoryStore) {
    store.before_each(|_| {});
    store.heal();
}

/// The steps and values of a metric of numbers, as a reader finds them.
fn rows(store: &MemoryStore, name: &str) -> Vec<(u32, f64)> {
    let reader = Reader::open_in(Arc::new(store.clone()), Path::new(RUN), &ReaderOptions::default()).unwrap();
    let column = reader.column(name, &Selection::All, As::Type(DType::F64)).unwrap();
    let ColumnData::F64(values) = column.data else { panic!("{name} has no numbers") };
    column.steps.into_iter().zip(values).collect()
}

fn expected(steps: std::ops::Range<u32>) -> Vec<(u32, f64)> {
    steps.map(|s| (s, f64::from(s))).collect()
}

/// A gate in the way of some operations.
#[derive(Default)]
struct Gate(Mutex<bool>, Condvar);

impl Gate {
    fn close(
        self: &Arc<Self>,
        store: &MemoryStore,
        which: impl Fn(&Operation) -> bool + Send + Sync + 'static,
    ) {
        let gate = Arc::clone(self);
        store.before_each(move |op| {
            if which(op) {
                drop(gate.1.wait_while(gate.0.lock().unwrap(), |open| !*open).unwrap());
            }
        });
    }

    fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }
}

#[test]
fn a_flushed_step_under_overload_takes_no_later_step_with_it() {
    let store = MemoryStore::new();
    let gate = Arc::new(Gate::default());
    gate.close(&store, |op| op.what == "remove_file" && op.path.ends_with("hot.compacting.jsonl"));
    let writer = open(&store, &WriterOptions { threads: 1, overload: Overload::Shed, ..options() });
    let mut kept = Vec::new();
    for s in 0..40 {
        if s == 30 {
            gate.open();
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        writer.write("a", Value::F64(f64::from(s))).unwrap();
        if s >= 20 {
            writer.flush().unwrap();
        }
        match writer.end_step() {
            Ok(()) => kept.push((s, f64::from(s))),
            Err(e) => assert_eq!(e.code(), Code::Overloaded, "{e}"),
        }
        let found = rows(&store.snapshot(), "a");
        assert!(kept.iter().all(|row| found.contains(row)), "after step {s}: {found:?} of {kept:?}");
    }
    assert!(writer.stats().shed_steps > 0, "there was no overload");
    writer.finish(&folder()).unwrap();
    assert_eq!(rows(&store, "a"), kept);
}

#[test]
fn rows_after_a_finish_that_failed_half_way_are_refused_or_kept() {
    for layout in [Layout::Compacting, Layout::Direct] {
        for archive in [false, true] {
            let finish = FinishOptions { archive, ..FinishOptions::default() };
            let begin = || {
                let store = MemoryStore::new();
                let writer = open(&store, &WriterOptions { layout, hotsize: 3, ..options() });
                for s in 0..5 {
                    writer.write("b", Value::F64(0.5)).unwrap();
                    step(&writer, "a", Value::I64(s)).unwrap();
                }
                (store, writer)
            };
            let (store, writer) = begin();
            let before = store.ops();
            writer.finish(&finish).unwrap();
            let (mut refused, mut sealed) = (0, 0);
            for n in 0..store.ops() - before {
                let (store, writer) = begin();
                store.fail_at(store.ops() + n, libc::EIO, Done::Nothing, Times::Once);
                if writer.finish(&finish).is_ok() {
                    continue;
                }
                refused += 1;
                well(&store);
                let mut wanted = expected(0..5);
                for s in [5, 6] {
                    writer.write("b", Value::F64(0.5)).ok();
                    match step(&writer, "a", Value::I64(300)) {
                        Ok(()) => wanted.push((s, 300.0)),
                        Err(e) => sealed += u32::from(e.code() == Code::State),
                    }
                }
                let what = format!("{layout:?}, archive {archive}, operation {n} of finish");
                let killed = store.snapshot();
                drop(open(&killed, &WriterOptions { reopen_finished: true, ..options() }));
                assert_eq!(rows(&killed, "a"), wanted, "{what}");
                writer.finish(&finish).unwrap_or_else(|e| panic!("{what}: {e}"));
                assert_eq!(rows(&store, "a"), wanted, "{what}");
                assert_eq!(rows(&store, "b").len(), wanted.len(), "{what}");
            }
            assert!(refused > 10 && sealed > 0, "{layout:?}: {refused} refused, {sealed} sealed");
        }
    }
}

#[test]
fn a_bulk_export_whose_finish_failed_is_finished_by_the_next() {
    for archive in [false, true] {
        let finish = FinishOptions { archive, ..FinishOptions::default() };
        let begin = || {
            let store = MemoryStore::new();
            let old = open(&store, &options());
            step(&old, "old", Value::F64(0.0)).unwrap();
            old.close().unwrap();
            store.plant("/run/plattli/notes/foreign.txt", b"keep me");
            let bulk = WriterOptions { layout: Layout::Bulk, overwrite: true, ..options() };
            let writer = open(&store, &bulk);
            (0..3).for_each(|s| step(&writer, "a", Value::F64(f64::from(s))).unwrap());
            (store, writer)
        };
        let (store, writer) = begin();
        let before = store.ops();
        writer.finish(&finish).unwrap();
        let total = store.ops() - before;
        let mut refused = 0;
        for done in [Done::Nothing, Done::Whole] {
            for n in 0..total {
                let (store, writer) = begin();
                store.fail_at(store.ops() + n, libc::EIO, done, Times::Once);
                if writer.finish(&finish).is_ok() {
                    continue;
                }
                refused += 1;
                well(&store);
                let what = format!("archive {archive}, operation {n} of {total}, {done:?}");
                writer.finish(&finish).unwrap_or_else(|e| panic!("{what}: {e}"));
                assert_eq!(rows(&store, "a"), expected(0..3), "{what}");
                let kept = store.tree().iter().any(|(_, bytes)| bytes.windows(7).any(|w| w == b"keep me"));
                assert!(kept, "{what}");
            }
        }
        assert!(refused > 20);
    }
}

#[test]
fn a_value_that_could_not_widen_its_direct_metric_is_written_in_its_own_step() {
    let store = MemoryStore::new();
    let writer = open(&store, &WriterOptions { layout: Layout::Direct, ..options() });
    step(&writer, "a", Value::F32(0.0)).unwrap();
    refuse_once(&store, Done::Nothing, |op| op.path.ends_with("a.f64.tmp"));
    assert_eq!(step(&writer, "a", Value::F64(1.0)).unwrap_err().code(), Code::Io);
    step(&writer, "a", Value::F64(2.0)).unwrap();
    assert!(writer.stats().io_errors > 0);
    writer.close().unwrap();
    assert_eq!(rows(&store, "a"), expected(0..3));
}

#[test]
fn a_refused_write_of_a_bulk_export_costs_no_row() {
    let store = MemoryStore::new();
    let writer = open(&store, &WriterOptions { layout: Layout::Bulk, ..options() });
    refuse_once(&store, Done::Half, |op| op.what == "append" && op.path.ends_with("text.jsonl"));
    let text = "x".repeat(100_000);
    let mut refused = 0;
    for s in 0..100 {
        writer.write("text", Value::Str(&text)).unwrap();
        refused += u32::from(step(&writer, "a", Value::F64(f64::from(s))).is_err());
    }
    assert_eq!(refused, 1);
    assert_eq!(writer.stats().dropped_rows, 0);
    writer.finish(&folder()).unwrap();
    assert_eq!(rows(&store, "a"), expected(0..100));
}

#[test]
fn the_range_of_a_metric_includes_rows_whose_compaction_failed() {
    let store = MemoryStore::new();
    let writer = open(&store, &options());
    refuse(&store, Done::Nothing, |op| op.path.ends_with("i.i64"));
    step(&writer, "i", Value::I64(-5)).unwrap();
    assert!(step(&writer, "other", Value::F64(1.0)).is_err(), "the compaction is refused");
    let error = writer.write("i", Value::U64(1 << 63)).unwrap_err();
    assert_eq!(error.code(), Code::Type, "{error}");
    well(&store);
    writer.end_step().ok();
    writer.finish(&folder()).unwrap();
    assert_eq!(rows(&store, "i"), [(0, -5.0)]);
}

#[test]
fn no_row_goes_to_a_log_that_was_replaced_behind_an_error() {
    let store = MemoryStore::new();
    let writer = open(&store, &WriterOptions { hotsize: 100, ..options() });
    step(&writer, "a", Value::F64(0.0)).unwrap();
    refuse_once(&store, Done::Nothing, |op| op.what == "sync_data" && op.path.ends_with("hot.jsonl"));
    assert!(writer.sync().is_err());
    // The log is written anew; its rename happens and the sync of the folder fails.
    let renamed = AtomicBool::new(false);
    refuse(&store, Done::Nothing, move |op| match op.what {
        "rename" => {
            renamed.store(true, Relaxed);
            false
        }
        _ => op.what == "sync_dir" && renamed.swap(false, Relaxed),
    });
    assert!(writer.sync().is_err());
    well(&store);
    step(&writer, "a", Value::F64(1.0)).unwrap();
    assert_eq!(rows(&store.snapshot(), "a"), expected(0..2));
}

#[test]
fn a_rotated_log_is_never_replaced_by_an_empty_one() {
    let store = MemoryStore::new();
    let writer = open(&store, &WriterOptions { durability: Durability::System, hotsize: 3, ..options() });
    for s in 0..3 {
        step(&writer, "a", Value::F64(f64::from(s))).unwrap();
    }
    // The rotation itself succeeds, its sync does not; and nothing reaches the columns.
    let fresh = AtomicBool::new(true);
    refuse(&store, Done::Nothing, move |op| {
        op.path.ends_with("a.f64") || op.what == "sync_dir" && fresh.swap(false, Relaxed)
    });
    for s in 3..6 {
        step(&writer, "a", Value::F64(f64::from(s))).ok();
        let found = rows(&store.snapshot(), "a");
        assert!(found.starts_with(&expected(0..3)), "after step {s}: {found:?}");
    }
    well(&store);
    writer.finish(&folder()).unwrap();
    assert_eq!(rows(&store, "a"), expected(0..6));
}

#[test]
fn a_log_that_was_made_behind_an_error_is_used() {
    let store = MemoryStore::new();
    let writer = open(&store, &options());
    let made = |op: &Operation| op.what == "open_append" && op.path.ends_with("hot.jsonl");
    refuse_once(&store, Done::Whole, made);
    assert!(step(&writer, "a", Value::F64(0.0)).is_err());
    step(&writer, "a", Value::F64(1.0)).unwrap();
    refuse_once(&store, Done::Whole, made);
    assert!(step(&writer, "a", Value::F64(2.0)).is_err(), "the error of the rotation is told");
    for s in 3..6 {
        step(&writer, "a", Value::F64(f64::from(s))).unwrap();
    }
    assert!(writer.stats().compactions >= 2);
    writer.close().unwrap();
    assert_eq!(rows(&store, "a"), expected(0..6));
}

#[test]
fn memory_is_bounded_while_the_log_cannot_be_rotated() {
    let store = MemoryStore::new();
    let writer = open(&store, &options());
    refuse(&store, Done::Nothing, |op| op.what == "rename" && op.path.ends_with("hot.jsonl"));
    for s in 0..30 {
        assert_eq!(step(&writer, "a", Value::F64(f64::from(s))).is_ok(), s == 0, "step {s}");
    }
    well(&store);
    let before = store.log().len();
    step(&writer, "a", Value::F64(30.0)).unwrap();
    let read_back = store.log()[before..]
        .iter()
        .any(|op| op.what == "open_read" && op.path.ends_with("hot.compacting.jsonl"));
    assert!(read_back, "the rows were kept in memory");
    writer.close().unwrap();
    assert_eq!(rows(&store, "a"), expected(0..31));
}

#[test]
fn a_finish_syncs_no_directory_above_the_run() {
    let store = MemoryStore::new();
    let writer = open(&store, &options());
    step(&writer, "deep/er/a", Value::F64(0.0)).unwrap();
    let before = store.log().len();
    writer.finish(&FinishOptions::default()).unwrap();
    let above: Vec<String> = store.log()[before..]
        .iter()
        .filter(|op| op.what == "sync_dir" && !op.path.starts_with(RUN))
        .map(ToString::to_string)
        .collect();
    assert!(above.is_empty(), "{above:?}");
}

#[test]
fn directories_above_a_run_that_were_made_for_it_are_durable() {
    let store = MemoryStore::new();
    let system = WriterOptions { durability: Durability::System, ..options() };
    let writer = Writer::open_in(Arc::new(store.clone()), Path::new("/a/b/c/run"), &system).unwrap();
    step(&writer, "a", Value::F64(0.0)).unwrap();
    let after = store.power_cut(PowerCut { names: Names::Lost, data: Data::Lost, seed: 0 });
    assert!(after.peek("/a/b/c/run/plattli/hot.jsonl").is_some(), "{:?}", after.tree());
}

/// Cuts the power after every operation of `act`, and holds what is left against the steps that were acknowledged.
fn cut_everywhere(options: &WriterOptions, name: &str, steps: &[u32]) {
    let mut n = 0;
    loop {
        let store = MemoryStore::new();
        store.kill_at(n, Done::Nothing);
        let mut kept = Vec::new();
        if let Ok(writer) = Writer::open_in(Arc::new(store.clone()), Path::new(RUN), options) {
            for s in steps {
                _ = writer.set_step(*s);
                if step(&writer, name, Value::F64(f64::from(*s))).is_ok() {
                    kept.push((*s, f64::from(*s)));
                }
            }
        }
        let done = !store.is_dead();
        for policy in PowerCut::policies(12) {
            let after = store.power_cut(policy);
            let what = || {
                format!("killed at {n}, {policy:?}, before {:?}", store.log().last().map(ToString::to_string))
            };
            match Writer::open_in(Arc::new(after.clone()), Path::new(RUN), options) {
                Ok(writer) => drop(writer),
                Err(e) => panic!("{}: {e}", what()),
            }
            if !kept.is_empty() {
                let found = rows(&after, name);
                assert!(found.starts_with(&kept), "{}: {found:?} of {kept:?}", what());
            }
        }
        if done {
            break;
        }
        n += 1;
    }
    assert!(n > 20);
}

#[test]
fn an_index_file_in_a_folder_survives_a_power_cut_with_the_manifest_that_names_it() {
    let system = WriterOptions { durability: Durability::System, ..options() };
    cut_everywhere(&system, "d/m", &[1, 6, 8, 17, 20, 31, 32, 37, 39, 48, 50]);
}

#[test]
fn a_new_direct_metric_in_a_folder_survives_a_power_cut() {
    let system = WriterOptions { durability: Durability::System, layout: Layout::Direct, ..options() };
    cut_everywhere(&system, "d/m", &[1, 6, 8]);
}

#[test]
fn an_error_of_the_disk_is_not_hidden_behind_a_refused_write() {
    let store = MemoryStore::new();
    let writer = open(&store, &options());
    step(&writer, "a", Value::F64(0.0)).unwrap();
    refuse_once(&store, Done::Nothing, |op| op.what == "append" && op.path.ends_with("hot.jsonl"));
    writer.write("a", Value::F64(1.0)).unwrap();
    writer.write("a", Value::F64(1.0)).unwrap_err();
    assert_eq!(writer.end_step().unwrap_err().code(), Code::Io, "the step is not acknowledged");
    writer.end_step().unwrap();
    writer.write("a", Value::F64(3.0)).unwrap();
    writer.write("a", Value::F64(3.0)).unwrap_err();
    refuse(&store, Done::Nothing, |op| op.what == "append");
    assert_eq!(writer.close().unwrap_err().code(), Code::Io, "the flush failed");
}

#[test]
fn the_direct_layout_syncs_by_time_too() {
    let store = MemoryStore::new();
    let writer = open(
        &store,
        &WriterOptions {
            layout: Layout::Direct,
            durability: Durability::System,
            sync_steps: u32::MAX,
            sync_milliseconds: 1,
            ..options()
        },
    );
    step(&writer, "a", Value::F64(0.0)).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(5));
    step(&writer, "a", Value::F64(1.0)).unwrap();
    assert!(writer.stats().sync_count > 0);
}

#[test]
fn a_bulk_export_cut_off_while_replacing_a_run_does_not_make_the_next_one_overwrite_it() {
    let store = MemoryStore::new();
    store.plant("/run/.plattli.replaced/plattli.json", b"{\"when_exported\": \"T\", \"run_rows\": 0}");
    let bulk = WriterOptions { layout: Layout::Bulk, ..options() };
    let error = Writer::open_in(Arc::new(store.clone()), Path::new(RUN), &bulk).unwrap_err();
    assert_eq!(error.code(), Code::Exists, "{error}");
    assert!(store.peek("/run/plattli/plattli.json").is_some());
}

#[test]
fn a_writer_whose_run_was_taken_over_writes_nothing_when_it_closes() {
    let store = MemoryStore::new();
    let writer = open(&store, &options());
    step(&writer, "a", Value::F64(0.0)).unwrap();
    writer.write("a", Value::F64(1.0)).unwrap();
    let other = b"{\"host\":\"elsewhere\",\"pid\":7,\"start\":1,\"boot\":\"\",\"space\":0,\"job\":\"\",\"restarts\":0,\"time\":\"\"}\n";
    store.plant("/run/.plattli.lock", other);
    let before = store.tree();
    assert_eq!(writer.close().unwrap_err().code(), Code::Busy);
    assert_eq!(store.tree(), before);
}

/// The time that the processor has spent on this thread.
fn seconds_of_this_thread() -> f64 {
    let mut spent = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the time is valid for writing.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut spent) }, 0);
    spent.tv_sec as f64 + spent.tv_nsec as f64 * 1e-9
}

#[test]
fn a_row_of_many_metrics_in_any_order_is_checked_in_no_time() {
    let store = MemoryStore::new();
    let writer = open(&store, &WriterOptions { hotsize: 1000, ..options() });
    let mut ids: Vec<u32> =
        (0..200_000).map(|n| writer.metric(&format!("m{n}"), DType::F64).unwrap()).collect();
    ids.reverse();
    let values = vec![1.5; ids.len()];
    // Of this thread's own time: a busy machine may take as long as it likes. Each metric beside each other takes minutes.
    let start = seconds_of_this_thread();
    writer.put_row_f64(&ids, &values).unwrap();
    let spent = seconds_of_this_thread() - start;
    assert!(spent < 2.0, "{spent} s");
    ids[7] = ids[100_000];
    writer.end_step().unwrap();
    assert_eq!(writer.put_row_f64(&ids, &values).unwrap_err().code(), Code::State);
    assert_eq!(writer.end_step().unwrap_err().code(), Code::State, "nothing of the row was written");
    assert_eq!(rows(&store, "m0"), [(0, 1.5)]);
}
