//! The disk refuses the n-th operation, for every n: every refusal is reported, nothing acknowledged is lost, and
//! what waited arrives once there is room again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod model;

use model::examine::{read, recover, told};
use model::runner::{disk, Program};
use model::script::{options, Act};
use model::{scripts, Content, Expect, Script, Trail, V};
use plattli::run::options::{OnIoError, WriterStats};
use plattli::store::{Done, Effect, MemoryStore, Operation, Times};
use plattli::{Code, Error};

/// A refusal to be tried.
#[derive(Clone, Copy, Debug)]
struct Refusal {
    errno: i32,
    done: Done,
    times: Times,
}

const REFUSALS: [Refusal; 6] = [
    Refusal { errno: libc::ENOSPC, done: Done::Nothing, times: Times::Once },
    Refusal { errno: libc::ENOSPC, done: Done::Half, times: Times::Once },
    Refusal { errno: libc::EIO, done: Done::Nothing, times: Times::Once },
    Refusal { errno: libc::EIO, done: Done::Whole, times: Times::Once },
    Refusal { errno: libc::ENOSPC, done: Done::Half, times: Times::Forever },
    Refusal { errno: libc::EIO, done: Done::Half, times: Times::Forever },
];

/// The refusal makes sense for the operation.
fn applies(refusal: Refusal, op: &Operation) -> bool {
    let data = matches!(op.what, "append" | "write_at") && op.len > 1;
    match (refusal.errno, refusal.done) {
        // An operation that was done and then refused: what NFS makes of a lost answer.
        (_, Done::Whole) => op.effect != Effect::Read,
        (libc::ENOSPC, Done::Half) => data,
        (libc::ENOSPC, _) => op.effect == Effect::Grow,
        _ => true,
    }
}

/// What came of a script whose calls were all made, whatever they returned.
struct Outcome {
    store: MemoryStore,
    trail: Trail,
    errors: Vec<(usize, Error)>,
    stats: WriterStats,
    /// What was wrong when the run was opened again.
    lost: Option<String>,
}

/// Makes all calls of a script. A failed open, finish or change of the configuration
/// is made once more, as a program would; where the run cannot be
/// opened the script ends. With `heal` the disk is well again so many calls after the first failure.
fn make_all_calls(script: &Script, store: &MemoryStore, heal: Option<usize>) -> Outcome {
    let mut trail = Trail::new(script);
    let mut program = Program::new(store);
    let (mut errors, mut stats): (Vec<(usize, Error)>, _) = (Vec::new(), WriterStats::default());
    let mut lost = None;
    'script: for (i, act) in script.acts.iter().enumerate() {
        if let (Some(calls), Some((first, _))) = (heal, errors.first()) {
            if i > first + calls {
                store.heal();
            }
        }
        if matches!(act, Act::Open(_)) && trail.is_unsure() {
            match read(&store.process()).and_then(|found| trail.expect().check(&found).map(|()| found)) {
                Ok(found) => trail.settle(found),
                Err(e) => lost = lost.or(Some(e)),
            }
        }
        trail.begin(act);
        for attempt in 0..2 {
            if matches!(act, Act::Close) {
                stats = add(stats, program.writer.as_ref().map(|w| w.stats()).unwrap_or_default());
            }
            match program.call(act, trail.step) {
                Ok(()) => {
                    trail.done(act);
                    break;
                }
                Err(error) => {
                    errors.push((i, error));
                    trail.failed(act);
                    match act {
                        Act::Open(_) | Act::Finish(_) | Act::Config(_) if attempt == 0 => {}
                        Act::Open(_) => break 'script,
                        _ => break,
                    }
                }
            }
        }
    }
    stats = add(stats, program.writer.as_ref().map(|w| w.stats()).unwrap_or_default());
    Outcome { store: store.clone(), trail, errors, stats, lost }
}

fn add(mut sum: WriterStats, stats: WriterStats) -> WriterStats {
    sum.io_errors += stats.io_errors;
    sum.dropped_rows += stats.dropped_rows;
    sum.warnings += stats.warnings;
    sum.pending_rows = stats.pending_rows;
    sum
}

fn log_of(script: &Script) -> Vec<Operation> {
    let outcome = make_all_calls(script, &disk(script), None);
    assert!(outcome.errors.is_empty(), "{}: {:?}", script.name, outcome.errors);
    assert_eq!(outcome.stats.io_errors, 0, "{}", script.name);
    outcome.store.log()
}

/// Refuses every operation of a script in turn, and lets `check` say what is wrong with the outcome.
fn refuse_each(
    script: &Script,
    refusals: &[Refusal],
    heal: Option<usize>,
    check: impl Fn(&Outcome, Refusal) -> Result<(), String>,
) {
    let log = log_of(script);
    let (mut refused, mut problems) = (0, Vec::new());
    for &refusal in refusals {
        for op in log.iter().filter(|op| applies(refusal, op)) {
            let store = disk(script);
            store.fail_at(op.n, refusal.errno, refusal.done, refusal.times);
            let outcome = make_all_calls(script, &store, heal);
            refused += 1;
            let verdict = outcome.lost.clone().map_or(Ok(()), Err).and_then(|()| check(&outcome, refusal));
            if let Err(e) = verdict {
                let before: Vec<String> = log[(op.n as usize).saturating_sub(5)..=op.n as usize]
                    .iter()
                    .map(|op| format!("    {op}"))
                    .collect();
                let errors: Vec<String> =
                    outcome.errors.iter().map(|(i, e)| format!("    {:?}: {e}", script.acts[*i])).collect();
                problems.push(format!(
                    "- {}: {refusal:?} of the last of\n{}\n  errors reported:\n{}\n  {e}",
                    script.name,
                    before.join("\n"),
                    errors[..errors.len().min(6)].join("\n")
                ));
            }
        }
    }
    eprintln!("{}: {refused} refusals, {} problems", script.name, problems.len());
    let told = problems[..problems.len().min(told())].join("\n");
    assert!(problems.is_empty(), "{}: {} of {refused}:\n{told}", script.name, problems.len());
}

/// Somebody was told.
fn reported(outcome: &Outcome) -> Result<(), String> {
    match outcome.errors.is_empty() && outcome.stats.io_errors == 0 {
        true => Err("nobody was told".into()),
        false => Ok(()),
    }
}

/// What a reader finds, and what the next writer finds, is as expected.
fn holds(store: &MemoryStore, expect: &Expect) -> Result<(), String> {
    let image = store.revive();
    let found = read(&image).map_err(|e| format!("cannot be read: {e}"))?;
    expect.check(&found)?;
    let (_, found) = recover(&image, &options())?;
    expect.check(&Content { config: None, ..found }).map_err(|e| format!("after recovery: {e}"))
}

/// Refused once: told, and at the end all rows are there.
fn once(script: Script) {
    refuse_each(&script, &REFUSALS[..4], None, |outcome, _| {
        reported(outcome)?;
        if outcome.stats.dropped_rows != 0 {
            return Err(format!("{} rows dropped", outcome.stats.dropped_rows));
        }
        holds(&outcome.store, &Expect::only(outcome.trail.last()))
    });
}

/// Refused from then on: told, and all that was acknowledged is there.
fn for_good(script: Script) {
    for policy in [OnIoError::Retry, OnIoError::Fail] {
        let script = script.clone().with(|options| options.on_io_error = policy);
        refuse_each(&script, &REFUSALS[4..], None, |outcome, _| {
            reported(outcome)?;
            holds(&outcome.store, &outcome.trail.expect())
        });
    }
}

/// Refused for some calls: once the disk is well again all rows arrive.
fn healed(script: Script) {
    refuse_each(&script, &REFUSALS[4..], Some(3), |outcome, _| {
        reported(outcome)?;
        // Where no call came after that there was nothing left to bring them.
        if outcome.stats.dropped_rows != 0 {
            return Err(format!("{} rows dropped", outcome.stats.dropped_rows));
        }
        holds(&outcome.store, &outcome.trail.expect())
    });
}

/// The fail policy: the first refusal is latched, and nothing acknowledged is lost.
fn latched(script: Script) {
    let script = script.with(|options| options.on_io_error = OnIoError::Fail);
    refuse_each(&script, &REFUSALS[..4], None, |outcome, _| {
        reported(outcome)?;
        holds(&outcome.store, &outcome.trail.expect())
    });
}

macro_rules! scripts {
    ($($name:ident => $script:expr;)*) => {
        scripts! { refused_once, once: $($name => $script;)* }
        scripts! { refused_for_good, for_good: $($name => $script;)* }
        scripts! { refused_for_a_while, healed: $($name => $script;)* }
        scripts! { refused_under_the_fail_policy, latched: $($name => $script;)* }
    };
    ($module:ident, $check:ident: $($name:ident => $script:expr;)*) => {
        mod $module {
            use super::scripts::*;
            $(#[test] fn $name() { super::$check($script); })*
        }
    };
}

scripts! {
    several_metrics => plain();
    every_type => types();
    types_that_widen => promotion();
    steps_that_spill_to_an_index_file => spill();
    rows_flushed_before_their_end => partial_rows();
    checkpoint_restarts => rewinds();
    finished_archives_opened_again => reopened();
    finished_folders_opened_again => resumed_folder();
    configurations => configs();
    direct_layout => direct();
    bulk_export => bulk(true);
    system_durability => durable();
    metrics_by_id => by_id();
}

/// Row 6 of the crash points.
#[test]
fn an_append_that_comes_short_is_cut_back_before_anything_follows() {
    let script = Script::new("appends")
        .open(plattli::run::options::WriterOptions { hotsize: 100, ..options() })
        .step(&[("a", V::F64(1.0))])
        .step(&[("a", V::F64(2.0))])
        .step(&[("a", V::F64(3.0))]);
    let log = log_of(&script);
    let appends: Vec<&Operation> =
        log.iter().filter(|op| op.what == "append" && op.path.ends_with("hot.jsonl")).collect();
    assert_eq!(appends.len(), 3);
    for done in [Done::Half, Done::AllButOne, Done::Whole] {
        let store = disk(&script);
        store.fail_at(appends[1].n, libc::ENOSPC, done, Times::Once);
        let outcome = make_all_calls(&script, &store, None);
        assert_eq!(outcome.errors.len(), 1, "{:?}", outcome.errors);
        assert_eq!(
            (outcome.errors[0].1.code(), outcome.errors[0].1.os_error()),
            (Code::Io, Some(libc::ENOSPC))
        );
        let lines = String::from_utf8(store.peek("/run/plattli/hot.jsonl").unwrap()).unwrap();
        assert_eq!(lines, "{\"step\":0,\"a\":1.0}\n{\"step\":1,\"a\":2.0}\n{\"step\":2,\"a\":3.0}\n");
    }
}

/// A full disk as it is: it takes what fits.
#[test]
fn a_full_disk_costs_no_acknowledged_row_and_no_row_at_all_once_there_is_room() {
    let mut script = Script::new("full disk").open(options());
    for k in 0..12u8 {
        script = script.step(&[("a", V::F64(k.into())), ("n", V::U8(k))]);
    }
    script = script.finish(true, true);
    let needed = disk(&script);
    make_all_calls(&script, &needed, None);
    let mut met = 0;
    for capacity in (100..1500).step_by(7) {
        let store = disk(&script);
        store.set_capacity(Some(capacity));
        let (mut trail, mut program) = (Trail::new(&script), Program::new(&store));
        let mut failed = 0;
        for (i, act) in script.acts.iter().enumerate() {
            if i == 16 {
                let image = store.snapshot();
                let found = read(&image).unwrap_or_else(|e| panic!("{capacity} bytes: {e}"));
                trail.expect().check(&found).unwrap_or_else(|e| panic!("{capacity} bytes: {e}"));
                store.set_capacity(None);
            }
            trail.begin(act);
            match program.call(act, trail.step) {
                Ok(()) => trail.done(act),
                Err(e) => {
                    assert!(i < 16, "{capacity} bytes: {act:?} with room: {e}");
                    assert_eq!(e.os_error(), Some(libc::ENOSPC), "{e}");
                    if matches!(act, Act::Open(_)) {
                        failed = usize::MAX;
                        break;
                    }
                    failed += 1;
                }
            }
        }
        if failed == usize::MAX {
            continue;
        }
        met += usize::from(failed > 0);
        holds(&store, &Expect::only(trail.last())).unwrap_or_else(|e| panic!("{capacity} bytes: {e}"));
    }
    assert!(met > 20, "the disk was full in {met} cases only");
}
