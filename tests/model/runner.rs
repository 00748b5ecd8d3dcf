//! Takes a writer through a script.

use super::script::{Act, Script};
use super::{Trail, RUN};
use plattli::run::writer::Writer;
use plattli::store::MemoryStore;
use plattli::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Why a script ended.
#[derive(Debug)]
pub enum Stop {
    /// All calls returned OK.
    Done,
    /// The process died during this call.
    Killed(usize),
    /// This call failed.
    Failed(usize, Error),
}

/// A disk with the files of a script.
pub fn disk(script: &Script) -> MemoryStore {
    let store = MemoryStore::new();
    script.files.iter().for_each(|(path, bytes)| store.plant(path, bytes));
    store
}

/// Runs a script until a call fails or the process dies.
pub fn run(script: &Script, store: &MemoryStore, trail: &mut Trail) -> Stop {
    let mut program = Program::new(store);
    for (i, act) in script.acts.iter().enumerate() {
        trail.begin(act);
        let result = program.call(act, trail.step);
        if result.is_ok() {
            trail.done(act);
        }
        match result {
            _ if store.is_dead() => return Stop::Killed(i),
            Err(error) => return Stop::Failed(i, error),
            Ok(()) => {}
        }
    }
    Stop::Done
}

/// A process with its writer.
pub struct Program {
    store: MemoryStore,
    pub writer: Option<Writer>,
    ids: BTreeMap<&'static str, u32>,
}

impl Program {
    pub fn new(store: &MemoryStore) -> Program {
        Program { store: store.clone(), writer: None, ids: BTreeMap::new() }
    }

    /// Makes one call. `step` is what the model says the step is after it.
    pub fn call(&mut self, act: &Act, step: u32) -> Result<()> {
        if let Act::Open(options) = act {
            self.ids.clear();
            self.writer = None;
            let writer = Writer::open_in(Arc::new(self.store.clone()), Path::new(RUN), options)?;
            let found = writer.step()?;
            self.writer = Some(writer);
            return match found == step {
                true => Ok(()),
                false => Err(Error::internal(format!("opened at step {found}, not {step}"))),
            };
        }
        let Some(writer) = self.writer.as_ref() else { return Err(Error::state("not open")) };
        match act {
            Act::Open(_) => Ok(()),
            Act::Write(name, value) => writer.write(name, value.value()),
            Act::Put(name, value) => {
                if !self.ids.contains_key(name) {
                    self.ids.insert(name, writer.metric(name, value.dtype())?);
                }
                writer.put(self.ids[name], value.value())
            }
            Act::End => writer.end_step(),
            Act::Flush => writer.flush(),
            Act::Sync => writer.sync(),
            Act::SetStep(step) => writer.set_step(*step),
            Act::Config(text) => writer.set_config(&plattli::run::options::Config::Json((*text).to_owned())),
            Act::Finish(options) => writer.finish(options),
            Act::Close => match self.writer.take() {
                Some(writer) => writer.close(),
                None => Ok(()),
            },
        }
    }
}
