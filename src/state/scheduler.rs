//! Many states compacted on one timer.

use super::handle::{Shared, State};
use crate::error::{Error, Result};
use crate::schedule::Schedule;
use crate::{fork, panics};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a scheduler looks unless told otherwise.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(3600);

/// Compacts the states that were added to it, on a thread of its own once started. States and scheduler may be
/// released in any order; one that is closed is forgotten.
pub struct Scheduler {
    interval: Duration,
    states: Arc<Mutex<Vec<Arc<Shared>>>>,
    schedule: Mutex<Schedule>,
    generation: u32,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Scheduler {
    /// A scheduler that does nothing yet.
    pub fn new(interval: Duration) -> Result<Scheduler> {
        fork::ensure_registered()?;
        let generation = fork::generation();
        Ok(Scheduler { interval, states: Arc::default(), schedule: Mutex::default(), generation })
    }

    /// Adds a state. One that it has already is not added again. [`crate::Code::State`] for one that is not written.
    pub fn add(&self, state: &State) -> Result<()> {
        if state.shared.options.read_only {
            return Err(Error::state("a state that was opened read-only cannot be compacted on schedule"));
        }
        let mut states = lock(&self.states);
        if !states.iter().any(|known| Arc::ptr_eq(known, &state.shared)) {
            states.push(Arc::clone(&state.shared));
        }
        Ok(())
    }

    /// Forgets a state. One that it does not have is no error.
    pub fn remove(&self, state: &State) {
        lock(&self.states).retain(|known| !Arc::ptr_eq(known, &state.shared));
    }

    /// Compacts, from now on at each interval, the states whose logs are larger than their thresholds. What fails with one
    /// is told by the next call on it, and does not keep the others waiting. Starting twice is starting once.
    pub fn start(&self) -> Result<()> {
        let states = Arc::clone(&self.states);
        lock(&self.schedule).start(self.interval, move || {
            for state in open_ones(&states) {
                if state.is_due() == Some(true) {
                    if let Err(e) = compact(&state) {
                        state.latch(e.within("the compaction on schedule failed"));
                    }
                }
            }
        })
    }

    /// Ends the timer, after the compaction in hand. Stopping twice is stopping once.
    pub fn stop(&self) {
        lock(&self.schedule).stop();
    }

    /// Compacts every state now, whatever its size. All are tried; the error names those that failed.
    pub fn compact_all(&self) -> Result<()> {
        let states = open_ones(&self.states);
        let failed: Vec<Error> = states
            .iter()
            .filter_map(|state| compact(state).err().map(|e| e.within(state.path().display())))
            .collect();
        let Some(first) = failed.first() else { return Ok(()) };
        let others: String = failed[1..].iter().map(|e| format!("; {e}")).collect();
        let text = format!("{} of {} states were not compacted: {first}{others}", failed.len(), states.len());
        Err(Error::new(first.code(), text))
    }

    /// A call is in progress, in this thread or another.
    pub fn is_in_call(&self) -> bool {
        self.states.try_lock().is_err() || self.schedule.try_lock().is_err()
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        if fork::generation() != self.generation {
            self.schedule.get_mut().unwrap_or_else(PoisonError::into_inner).abandon();
        }
    }
}

/// The states that are still open; the others are forgotten.
fn open_ones(states: &Mutex<Vec<Arc<Shared>>>) -> Vec<Arc<Shared>> {
    let mut states = lock(states);
    states.retain(|state| state.is_due().is_some());
    states.clone()
}

/// A bug met with one state must not stop the others.
fn compact(state: &Shared) -> Result<()> {
    match panics::catch(|| state.compact()) {
        Ok(done) => done,
        Err(panic) => {
            Err(Error::internal(format!("a bug in plattli {}: {panic}", env!("CARGO_PKG_VERSION"))))
        }
    }
}
