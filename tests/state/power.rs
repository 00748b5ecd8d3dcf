//! The power goes: what was acknowledged under `sync every` stays, whatever the disk makes of the rest.

use crate::crash::{read, recover};
use crate::script::{file, keys, open, run, scripts, Act};
use plattli::state::options::Options;
use plattli::store::{Done, Effect, MemoryStore, PowerCut};
use plattli::Code;

/// Cuts the power at each operation of a script, in every way.
fn cut_everywhere(
    name: &str,
    script: &[Act],
    check: impl Fn(&MemoryStore, &crate::script::Trail, &dyn Fn() -> String),
) {
    let mut cuts = 0;
    for n in 0.. {
        let store = MemoryStore::new();
        store.kill_at(n, Done::Nothing);
        let (program, end) = run(script, &store);
        let end_reached = store.ops() <= n;
        if end_reached {
            end.unwrap_or_else(|e| panic!("{name}: {e}"));
        } else if store.log().last().is_some_and(|op| op.effect == Effect::Read) {
            continue;
        }
        for policy in PowerCut::policies(6) {
            cuts += 1;
            let image = program.store.power_cut(policy);
            let context = || format!("{name}: {policy:?} at {:?}", store.log().last());
            check(&image, &program.trail(), &context);
        }
        if end_reached {
            break;
        }
    }
    assert!(cuts > 100, "{name}: only {cuts} cuts");
}

#[test]
fn every_entry_is_durable_when_its_call_has_returned() {
    for (name, script) in scripts::all() {
        cut_everywhere(name, &script, |image, trail, context| {
            let found = read(&image.snapshot(), context);
            assert!(trail.allows(&found), "{}: {found:?} is not allowed by {trail:?}", context());
            recover(image, &found, context);
        });
    }
}

/// Without syncs the end may be lost, and then something earlier is found, or the damage is told. Salvage always opens.
#[test]
fn without_sync_a_power_cut_costs_the_end_or_is_told() {
    for (name, script) in scripts::relaxed() {
        cut_everywhere(name, &script, |image, trail, context| {
            let options = Options { lock: false, ..Options::default() };
            match open(&image.snapshot(), &options) {
                Ok(state) => {
                    let found = keys(&state);
                    let known = found.is_empty() || trail.allows(&found) || trail.history.contains(&found);
                    assert!(known, "{}: {found:?} in {:?}", context(), image.peek(file(".log")));
                }
                Err(e) => {
                    assert_eq!(e.code(), Code::Corrupt, "{}: {e}", context());
                    let salvaged = image.snapshot();
                    let state = open(&salvaged, &Options { salvage: true, ..options }).unwrap();
                    assert!(state.lost().unwrap() > 0);
                }
            }
        });
    }
}

#[test]
fn a_closed_state_with_sync_on_an_interval_survives_every_power_cut() {
    let (program, end) = run(&scripts::relaxed().remove(1).1, &MemoryStore::new());
    end.unwrap();
    for policy in PowerCut::policies(20) {
        let found = read(&program.store.power_cut(policy), &|| format!("{policy:?}"));
        assert_eq!(found, program.trail().now, "{policy:?}");
    }
}

/// A process is killed between its append and its sync, the next one relies on the entry, and then the power goes.
#[test]
fn what_an_open_has_found_survives_a_power_cut() {
    for (name, script) in scripts::all() {
        for n in 0.. {
            let store = MemoryStore::new();
            store.kill_at(n, Done::Nothing);
            let (program, _) = run(&script, &store);
            if store.ops() <= n {
                break;
            }
            let next = program.store.revive();
            let state = open(&next, &Options { lock: false, ..Options::default() }).unwrap();
            let mut found = keys(&state);
            for policy in PowerCut::policies(4) {
                let context = || format!("{name}: {policy:?}, killed at {:?}", store.log().last());
                assert_eq!(read(&next.power_cut(policy), &context), found, "{}", context());
            }
            state.set("later", b"1").unwrap();
            found.insert("later".into(), "1".into());
            for policy in PowerCut::policies(4) {
                let context = || format!("{name}: {policy:?} later, killed at {:?}", store.log().last());
                assert_eq!(read(&next.power_cut(policy), &context), found, "{}", context());
            }
        }
    }
}
