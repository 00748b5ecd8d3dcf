//! Scripts of calls, and what is known of the state at each moment of them.

use plattli::error::Result;
use plattli::state::options::Options;
use plattli::state::State;
use plattli::store::MemoryStore;
use plattli::Error;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

pub const DIR: &str = "/job/state";
pub const NAME: &str = "s";

/// A state as the tests see it.
pub type Keys = BTreeMap<String, String>;

/// One call.
#[derive(Clone, Debug)]
pub enum Act {
    Open(Options),
    Set(&'static str, &'static str),
    Delete(&'static str),
    Replace(&'static str),
    Compact,
    /// A compaction, and calls of another thread when the operation `.1` on a file ending in `.2` is about to be done.
    CompactWhile(Vec<Act>, &'static str, &'static str),
    Close,
    /// The process ends without a word, and the next one begins.
    Die,
}

/// What is known.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// The state of the last acknowledged call.
    pub now: Keys,
    /// What else it may be: the outcome of calls that were not acknowledged.
    pub maybe: Vec<Keys>,
    /// All states that there ever were.
    pub history: Vec<Keys>,
}

impl Trail {
    fn begin(&mut self, act: &Act) {
        if let Some(next) = after(&self.now, act) {
            self.maybe.push(next);
        }
    }

    fn end(&mut self, act: &Act, ok: bool) {
        if let (Some(next), true) = (after(&self.now, act), ok) {
            self.now = next;
            self.maybe.clear();
            self.history.push(self.now.clone());
        }
    }

    /// The state may be this.
    pub fn allows(&self, found: &Keys) -> bool {
        *found == self.now || self.maybe.contains(found)
    }
}

/// What a call makes of a state, if it makes anything.
fn after(keys: &Keys, act: &Act) -> Option<Keys> {
    let mut next = keys.clone();
    match act {
        Act::Set(key, value) => _ = next.insert((*key).into(), (*value).into()),
        Act::Delete(key) => _ = next.remove(*key),
        Act::Replace(json) => next = parse(json),
        _ => return None,
    }
    Some(next)
}

/// The members of an object.
pub fn parse(json: &str) -> Keys {
    let mut keys = Keys::new();
    plattli::json::scan_object(json.as_bytes(), |key, value| {
        keys.insert(key.into_owned(), String::from_utf8(value.0.to_vec()).unwrap());
    })
    .unwrap();
    keys
}

/// A program that makes the calls of a script.
pub struct Program {
    pub store: MemoryStore,
    pub state: Option<Arc<State>>,
    pub trail: Arc<Mutex<Trail>>,
}

impl Program {
    pub fn new(store: &MemoryStore) -> Self {
        Program { store: store.clone(), state: None, trail: Arc::default() }
    }

    pub fn trail(&self) -> Trail {
        self.trail.lock().unwrap().clone()
    }

    pub fn call(&mut self, act: &Act) -> Result<()> {
        match act {
            Act::Open(options) => {
                self.state = None;
                self.state = Some(Arc::new(open(&self.store, options)?));
                Ok(())
            }
            Act::Die => {
                self.store = self.store.revive();
                self.state = None;
                Ok(())
            }
            _ => match &self.state {
                Some(state) => call(state, &self.store, &self.trail, act),
                None => Err(Error::state("not open")),
            },
        }
    }
}

fn call(state: &Arc<State>, store: &MemoryStore, trail: &Arc<Mutex<Trail>>, act: &Act) -> Result<()> {
    trail.lock().unwrap().begin(act);
    let done = match act {
        Act::Set(key, value) => state.set(key, value.as_bytes()),
        Act::Delete(key) => state.delete(key),
        Act::Replace(json) => state.replace(json.as_bytes()),
        Act::Compact => state.compact(),
        Act::CompactWhile(acts, what, suffix) => {
            let acts = Mutex::new(Some(acts.clone()));
            let (weak, beside, known) = (Arc::downgrade(state), store.clone(), trail.clone());
            let (what, suffix) = (*what, *suffix);
            let failed = Arc::new(Mutex::new(None));
            let first = failed.clone();
            store.before_each(move |op| {
                let here = op.what == what && op.path.to_string_lossy().ends_with(suffix);
                let Some(acts) = here.then(|| acts.lock().unwrap().take()).flatten() else { return };
                let Some(state) = weak.upgrade() else { return };
                for act in acts {
                    if let Err(e) = call(&state, &beside, &known, &act) {
                        // What follows might have to wait for this very compaction.
                        *first.lock().unwrap() = Some(e);
                        return;
                    }
                }
            });
            let compacted = state.compact();
            store.before_each(|_| {});
            let meanwhile = failed.lock().unwrap().take();
            meanwhile.map_or(compacted, Err)
        }
        Act::Close => state.close(),
        Act::Open(_) | Act::Die => unreachable!(),
    };
    trail.lock().unwrap().end(act, done.is_ok());
    done
}

pub fn open(store: &MemoryStore, options: &Options) -> Result<State> {
    State::open_in(Arc::new(store.clone()), Path::new(DIR), NAME, options)
}

pub fn read_only() -> Options {
    Options { read_only: true, ..Options::default() }
}

/// What an open state says.
pub fn keys(state: &State) -> Keys {
    let found: Keys =
        state.keys().unwrap().iter().map(|k| (k.to_string(), state.get(k).unwrap().to_string())).collect();
    assert_eq!(parse(&state.snapshot().unwrap()), found);
    assert_eq!(state.size().unwrap(), found.len());
    assert_eq!(state.entry_count().unwrap(), state.entries().unwrap().len() as u64);
    found
}

/// Runs a script to its end or to the first error.
pub fn run(script: &[Act], store: &MemoryStore) -> (Program, Result<()>) {
    let mut program = Program::new(store);
    for act in script {
        if let Err(e) = program.call(act) {
            return (program, Err(e));
        }
    }
    (program, Ok(()))
}

/// The names of the files of the state, without its lock.
pub fn names(store: &MemoryStore) -> Vec<String> {
    let below = format!("{DIR}/");
    let tree = store.tree().into_iter();
    tree.filter_map(|(path, _)| path.strip_prefix(&below).map(str::to_owned))
        .filter(|name| !name.is_empty() && !name.contains(".plattli.lock"))
        .collect()
}

pub fn file(suffix: &str) -> String {
    format!("{DIR}/{NAME}{suffix}")
}

pub fn log_text(store: &MemoryStore) -> String {
    String::from_utf8(store.peek(file(".log")).unwrap_or_default()).unwrap()
}

/// The scripts.
pub mod scripts {
    use super::Act::{self, *};
    use super::Options;
    use plattli::state::options::Sync;
    use std::time::Duration;

    fn o() -> Options {
        Options::default()
    }

    fn lockless() -> Options {
        Options { lock: false, ..o() }
    }

    pub fn plain() -> Vec<Act> {
        vec![
            Open(o()),
            Set("phase", "1"),
            Set("checkpoint", r#"{"file":"a.h5","step":1000}"#),
            Set("phase", "2"),
            Delete("checkpoint"),
            Delete("nothing"),
            Set("seed", "18446744073709551615"),
            Close,
        ]
    }

    pub fn replaced() -> Vec<Act> {
        vec![
            Open(lockless()),
            Set("a", "1"),
            Replace(r#"{"b":2,"c":[3]}"#),
            Delete("b"),
            Replace("{}"),
            Set("d", "4"),
            Close,
            Open(lockless()),
            Set("e", "5"),
            Close,
        ]
    }

    pub fn compacted() -> Vec<Act> {
        vec![
            Open(lockless()),
            Set("a", "1"),
            Set("b", "2"),
            Compact,
            Set("a", "3"),
            Delete("b"),
            Compact,
            Set("c", "4"),
            Close,
            Open(lockless()),
            Compact,
            Set("d", "5"),
        ]
    }

    pub fn compacted_under_load() -> Vec<Act> {
        vec![
            Open(lockless()),
            Set("a", "1"),
            Set("b", "2"),
            CompactWhile(vec![Set("a", "3"), Delete("b"), Set("c", "4")], "sync_data", "log.tmp"),
            Set("d", "5"),
            CompactWhile(vec![Replace(r#"{"z":0}"#), Set("y", "1")], "open_append", "log.tmp"),
            Set("e", "6"),
            Die,
            Open(lockless()),
            CompactWhile(vec![Delete("z")], "append", "log.tmp"),
            Close,
        ]
    }

    pub fn with_a_snapshot() -> Vec<Act> {
        let with = || Options { snapshot: true, lock: false, ..o() };
        vec![Open(with()), Set("a", "1"), Compact, Set("b", "2"), Close, Open(with()), Set("a", "[]"), Close]
    }

    pub fn many_backups() -> Vec<Act> {
        let mut script = vec![Open(lockless())];
        for value in ["1", "2", "3", "4", "5"] {
            script.extend([Set("a", value), Compact]);
        }
        script
    }

    pub fn no_backups() -> Vec<Act> {
        let with = || Options { backups: 0, lock: false, ..o() };
        vec![Open(with()), Set("a", "1"), Compact, Set("a", "2"), Compact, Close]
    }

    pub fn killed_and_opened() -> Vec<Act> {
        vec![
            Open(o()),
            Set("a", "1"),
            Die,
            Open(o()),
            Set("b", "2"),
            Compact,
            Die,
            Open(o()),
            Delete("a"),
            Close,
        ]
    }

    pub fn with_sync(sync: Sync) -> Vec<Act> {
        let with = || Options { sync, lock: false, ..o() };
        vec![Open(with()), Set("a", "1"), Set("b", "2"), Compact, Set("a", "3"), Delete("b"), Close]
    }

    /// All of them that promise each entry.
    pub fn all() -> Vec<(&'static str, Vec<Act>)> {
        vec![
            ("plain", plain()),
            ("replaced", replaced()),
            ("compacted", compacted()),
            ("compacted under load", compacted_under_load()),
            ("with a snapshot", with_a_snapshot()),
            ("many backups", many_backups()),
            ("no backups", no_backups()),
            ("killed and opened", killed_and_opened()),
        ]
    }

    /// Those that promise nothing to power.
    pub fn relaxed() -> Vec<(&'static str, Vec<Act>)> {
        vec![
            ("no sync", with_sync(Sync::None)),
            ("sync on an interval", with_sync(Sync::Interval(Duration::from_secs(3600)))),
        ]
    }
}
