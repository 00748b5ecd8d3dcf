//! The process dies at every operation: the old or the new state, also when recovery dies.

use crate::original::replay;
use crate::script::{file, keys, names, open, read_only, run, scripts, Act, Keys, Trail};
use plattli::state::options::Options;
use plattli::store::{is_killed, Done, Effect, MemoryStore};
use plattli::Code;
use std::collections::hash_map::DefaultHasher;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};

const ENDS: [Done; 4] = [Done::Nothing, Done::Half, Done::AllButOne, Done::Whole];

/// What is on a disk, but for the times in it.
fn fingerprint(store: &MemoryStore) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (path, bytes) in store.tree() {
        if path.contains(".plattli.lock") {
            continue;
        }
        let text = format!("{path}\n{}", String::from_utf8_lossy(&bytes));
        let text: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        (text, bytes.len()).hash(&mut hasher);
    }
    hasher.finish()
}

/// The state as a reader of another process sees it; nothing where there is none yet.
pub fn read(store: &MemoryStore, context: &dyn Fn() -> String) -> Keys {
    match open(store, &read_only()) {
        Ok(state) => keys(&state),
        Err(e) if e.code() == Code::NotFound => Keys::new(),
        Err(e) => panic!("{}: a reader: {e}", context()),
    }
}

/// A writer opens, finds what the reader found, leaves a folder in order, and goes on.
pub fn recover(image: &MemoryStore, found: &Keys, context: &dyn Fn() -> String) {
    let store = image.snapshot();
    let options = Options { lock: false, ..Options::default() };
    let state = open(&store, &options).unwrap_or_else(|e| panic!("{}: a writer: {e}", context()));
    assert_eq!(keys(&state), *found, "{}: a writer and a reader differ", context());
    assert_eq!(state.lost().unwrap(), 0);
    assert_eq!(
        replay(&String::from_utf8(store.peek(file(".log")).unwrap()).unwrap()),
        *found,
        "{}",
        context()
    );
    let left: Vec<_> = names(&store)
        .into_iter()
        .filter(|n| n != "s.log" && n != "s.json" && !n.starts_with("s.log.backup."))
        .collect();
    assert!(left.is_empty(), "{}: {left:?} is left", context());
    assert!(names(&store).len() <= 5, "{}: {:?}", context(), names(&store));
    state.set("after", b"true").unwrap();
    state.compact().unwrap();
    state.set("later", b"1").unwrap();
    let mut expected = found.clone();
    expected.extend([("after".into(), "true".into()), ("later".into(), "1".into())]);
    let next = store.revive();
    assert_eq!(keys(&open(&next, &options).unwrap()), expected, "{}", context());
}

/// What is found after an accident is allowed, stays the same through recovery, and through recoveries that die.
pub fn examine(
    image: &MemoryStore,
    trail: &Trail,
    seen: &mut HashSet<(u64, Keys)>,
    context: &dyn Fn() -> String,
) {
    let found = read(&image.snapshot(), context);
    assert!(trail.allows(&found), "{}: {found:?} is not allowed by {trail:?}", context());
    if !seen.insert((fingerprint(image), found.clone())) {
        return;
    }
    recover(image, &found, context);
    let options = Options { lock: false, ..Options::default() };
    for done in ENDS {
        for n in 0.. {
            let victim = image.snapshot();
            victim.kill_at(n, done);
            let opened = open(&victim, &options);
            if victim.ops() <= n {
                opened.unwrap_or_else(|e| panic!("{}: {e}", context()));
                break;
            }
            let context =
                || format!("{}, then recovery killed at {:?} ({done:?})", context(), victim.log().last());
            let next = victim.revive();
            assert_eq!(read(&next.snapshot(), &context), found, "{}", context());
            recover(&next, &found, &context);
        }
    }
}

fn killed_everywhere(name: &str, script: &[Act]) {
    let mut seen = HashSet::new();
    let mut kills = 0;
    for done in ENDS {
        for n in 0.. {
            let store = MemoryStore::new();
            store.kill_at(n, done);
            let (program, end) = run(script, &store);
            if store.ops() <= n {
                end.unwrap_or_else(|e| panic!("{name}: {e}"));
                break;
            }
            if let Err(e) = &end {
                assert!(is_killed(e) || e.message().contains("not open"), "{name}: {e}");
            }
            let op = store.log().last().cloned();
            if done != Done::Nothing && op.as_ref().is_some_and(|op| op.effect == Effect::Read) {
                continue;
            }
            kills += 1;
            let context = || format!("{name}: killed at {op:?} ({done:?})");
            // A later process of the script may have been the one that died; what it did is in its own trail.
            examine(&program.store.revive(), &program.trail(), &mut seen, &context);
        }
    }
    assert!(kills > script.len() * 4, "{name}: only {kills} kills");
    eprintln!("{name}: {kills} kills, {} different images", seen.len());
}

macro_rules! killed {
    ($($test:ident => $script:expr;)*) => {
        $(#[test] fn $test() { killed_everywhere(stringify!($test), &$script); })*
    };
}

killed! {
    setting_and_deleting_leave_the_old_or_the_new_state => scripts::plain();
    replacing_leaves_the_old_or_the_new_state => scripts::replaced();
    compacting_leaves_the_old_or_the_new_state => scripts::compacted();
    appends_during_a_compaction_are_kept => scripts::compacted_under_load();
    a_snapshot_for_people_disturbs_nothing => scripts::with_a_snapshot();
    removing_backups_disturbs_nothing => scripts::many_backups();
    going_without_backups_loses_nothing => scripts::no_backups();
    without_sync_the_death_of_the_process_loses_nothing => scripts::relaxed().remove(0).1;
}

/// The state went on on another host, which died; the first one, which still remembers its folder as it left it, goes on.
#[test]
fn what_a_host_remembers_of_a_state_that_went_on_elsewhere_takes_nothing_from_it() {
    let script = [
        Act::Open(Options::default()),
        Act::Set("a", "1"),
        Act::Compact,
        Act::Set("b", "2"),
        Act::Delete("first"),
        Act::Compact,
        Act::Set("c", "3"),
    ];
    let unlocked = Options { lock: false, ..Options::default() };
    for begun in [false, true] {
        for n in 0.. {
            let here = MemoryStore::new();
            here.set_local(false);
            let state = open(&here, &Options::default()).unwrap();
            if begun {
                state.set("first", b"0").unwrap();
            }
            drop(state);
            here.remember();
            let elsewhere = here.process();
            elsewhere.kill_at(n, Done::Whole);
            let (program, _) = run(&script, &elsewhere);
            let done = program.store.ops() <= n;
            elsewhere.kill();
            let mut expected = keys(&open(&here.snapshot(), &unlocked).unwrap());
            let state = open(&here, &Options::default()).unwrap();
            assert_eq!(keys(&state), expected, "begun: {begun}, after operation {n} elsewhere");
            state.set("after", b"4").unwrap();
            state.compact().unwrap();
            drop(state);
            expected.insert("after".into(), "4".into());
            assert_eq!(keys(&open(&here.process(), &unlocked).unwrap()), expected);
            if done {
                assert_eq!(expected.len(), 4, "{expected:?}");
                break;
            }
        }
    }
}

/// Scripts with several processes: the later ones die, too.
#[test]
fn later_processes_may_die_as_well() {
    let script = scripts::killed_and_opened();
    let mut seen = HashSet::new();
    let mut kills = 0;
    for upto in 0..=script.len() {
        let Some(last) = script[..upto].iter().rposition(|act| matches!(act, Act::Die)) else { continue };
        for done in ENDS {
            for n in 0.. {
                let (mut program, end) = run(&script[..=last], &MemoryStore::new());
                end.unwrap();
                program.store.kill_at(n, done);
                let failed = script[last + 1..upto].iter().any(|act| program.call(act).is_err());
                if program.store.ops() <= n {
                    assert!(!failed);
                    break;
                }
                kills += 1;
                let context = || format!("killed at {:?} ({done:?})", program.store.log().last());
                examine(&program.store.revive(), &program.trail(), &mut seen, &context);
            }
        }
    }
    assert!(kills > 100, "{kills}");
}
