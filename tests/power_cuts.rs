//! The power goes: what was promised to survive that does, whatever the disk makes of the rest.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod model;

use model::examine::recover;
use model::runner::disk;
use model::script::{options, Act};
use model::{run, scripts, Content, Expect, Script, Stop, Trail};
use plattli::run::options::{Durability, Layout, WriterOptions};
use plattli::store::{Done, Effect, MemoryStore, Operation, PowerCut};

/// A writer that is to survive power cuts.
fn durable(script: Script) -> Script {
    script.with(|options| options.durability = Durability::System)
}

fn log_of(script: &Script) -> Vec<Operation> {
    let (store, mut trail) = (disk(script), Trail::new(script));
    let stop = run(script, &store, &mut trail);
    assert!(matches!(stop, Stop::Done), "{}: {stop:?}", script.name);
    store.log()
}

/// The power goes at operation `n` of a script.
fn cut_at(script: &Script, n: u64) -> (MemoryStore, Trail) {
    let (store, mut trail) = (disk(script), Trail::new(script));
    trail.power = true;
    store.kill_at(n, Done::Nothing);
    run(script, &store, &mut trail);
    (store, trail)
}

/// What is wrong with an image after a power cut, if anything. Before somebody has repaired it a reader may see bytes
/// that nobody wrote in the place of rows that are also in a log; the format gives it no means to know.
fn verdict(image: &MemoryStore, expect: &Expect) -> Result<(), String> {
    let (repaired, found) = recover_with_warnings(image)?;
    expect.check(&Content { config: None, ..found.clone() }).map_err(|e| format!("after recovery: {e}"))?;
    let (_, again) =
        recover(&repaired.revive(), &options()).map_err(|e| format!("the second recovery: {e}"))?;
    if again.rows != found.rows {
        return Err(format!("the second recovery finds:{again}\n  instead of:{found}"));
    }
    Ok(())
}

/// Torn tails are worth a warning here.
fn recover_with_warnings(image: &MemoryStore) -> Result<(MemoryStore, Content), String> {
    let store = image.snapshot();
    let options = WriterOptions { reopen_finished: true, ..options() };
    let writer = plattli::run::writer::Writer::open_in(
        std::sync::Arc::new(store.clone()),
        std::path::Path::new(model::RUN),
        &options,
    )
    .map_err(|e| format!("cannot be opened: {e}"))?;
    let content = Content::read_lenient(&store).map_err(|e| e.to_string())?;
    drop(writer);
    Ok((store, content))
}

/// Cuts the power at each operation that is picked, in every way, and tells what went wrong.
fn cut(scripts: &[Script], random: u64, pick: impl Fn(&Operation, &[Operation]) -> bool) {
    let (mut cuts, mut problems) = (0, Vec::new());
    for script in scripts {
        let log = log_of(script);
        for (i, op) in log.iter().enumerate().filter(|(i, op)| pick(op, &log[..*i])) {
            let (store, trail) = cut_at(script, op.n);
            let expect = trail.expect();
            for policy in PowerCut::policies(random) {
                cuts += 1;
                if let Err(e) = verdict(&store.power_cut(policy), &expect) {
                    let before: Vec<String> =
                        log[i.saturating_sub(8)..=i].iter().map(|op| format!("    {op}")).collect();
                    problems.push(format!("- {}: {policy:?} at\n{}\n  {e}", script.name, before.join("\n")));
                }
            }
        }
    }
    eprintln!("{cuts} power cuts, {} problems", problems.len());
    assert!(cuts > 0, "nothing was cut");
    let told = problems[..problems.len().min(model::examine::told())].join("\n");
    assert!(problems.is_empty(), "{} of {cuts} power cuts:\n{told}", problems.len());
}

/// The operations between which a power cut makes a difference.
fn lasting(op: &Operation) -> bool {
    op.effect != Effect::Read
}

/// Row 11 of the crash points: values, indices and manifest in the order of their syncs.
#[test]
fn a_step_acknowledged_under_system_durability_survives_every_power_cut() {
    let scripts = [
        scripts::durable(),
        durable(scripts::plain()),
        durable(scripts::promotion()),
        durable(scripts::spill()),
        durable(scripts::finer_cadence()),
        durable(scripts::partial_rows()),
    ];
    cut(&scripts, 4, |op, _| lasting(op));
}

#[test]
fn a_direct_run_under_system_durability_survives_every_power_cut() {
    cut(&[durable(scripts::direct())], 4, |op, _| lasting(op));
}

#[test]
fn a_restart_under_system_durability_survives_every_power_cut() {
    let scripts =
        [durable(scripts::rewinds()), durable(scripts::reopened()), durable(scripts::resumed_folder())];
    cut(&scripts, 4, |op, _| lasting(op));
}

/// Cut right after `finish` has returned, under process durability.
#[test]
fn a_finished_run_survives_every_power_cut() {
    let (mut cuts, mut problems) = (0, Vec::new());
    for mut script in scripts::all() {
        // Up to a finish, without the close after it.
        let last = script.acts.iter().rposition(|act| matches!(act, Act::Finish(_))).unwrap();
        script.acts.truncate(last + 1);
        let (store, mut trail) = (disk(&script), Trail::new(&script));
        assert!(matches!(run(&script, &store, &mut trail), Stop::Done), "{}", script.name);
        for policy in PowerCut::policies(20) {
            cuts += 1;
            if let Err(e) = verdict(&store.power_cut(policy), &Expect::only(trail.last())) {
                problems.push(format!("- {}: {policy:?}: {e}", script.name));
            }
        }
    }
    eprintln!("{cuts} power cuts, {} problems", problems.len());
    let told = problems[..problems.len().min(model::examine::told())].join("\n");
    assert!(problems.is_empty(), "{} of {cuts} power cuts:\n{told}", problems.len());
}

/// Under process durability, from the moment on at which `finish` begins to remove things.
#[test]
fn a_power_cut_while_finish_removes_the_folder_loses_nothing() {
    let scripts: Vec<Script> =
        scripts::all().into_iter().filter(|s| s.acts.iter().filter(finishes).count() == 1).collect();
    cut(&scripts, 6, |op, before| {
        let packed = |b: &Operation| b.what == "rename" && b.path.ends_with("metrics.plattli.tmp");
        lasting(op) && op.what.starts_with("remove") && before.iter().any(packed)
    });
}

fn finishes(act: &&Act) -> bool {
    matches!(act, Act::Finish(_))
}

#[test]
fn a_sync_that_returned_survives_every_power_cut() {
    for layout in [Layout::Compacting, Layout::Direct] {
        let mut script = Script::new("sync").open(WriterOptions { layout, ..options() });
        for k in 0..5u8 {
            script = script
                .step(&[("a", model::V::F64(k.into())), ("d/n", model::V::U8(k)), ("t", model::V::Str("x"))])
                .act(Act::Sync);
        }
        let mut problems = Vec::new();
        for acts in 1..=script.acts.len() {
            if script.acts[acts - 1] != Act::Sync {
                continue;
            }
            let part = Script { acts: script.acts[..acts].to_vec(), ..script.clone() };
            let (store, mut trail) = (disk(&part), Trail::new(&part));
            assert!(matches!(run(&part, &store, &mut trail), Stop::Done));
            for policy in PowerCut::policies(10) {
                if let Err(e) = verdict(&store.power_cut(policy), &Expect::only(trail.last())) {
                    problems.push(format!("- {layout:?}, {acts} calls: {policy:?}: {e}"));
                }
            }
        }
        let told = problems[..problems.len().min(model::examine::told())].join("\n");
        assert!(problems.is_empty(), "{}:\n{told}", problems.len());
    }
}
