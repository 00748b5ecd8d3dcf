//! What a writer does between its calls: show that it lives, and sync on an interval.

use super::handle::Shared;
use super::options::Sync;
use crate::error::Result;
use crate::lock::BEAT;
use crate::schedule::Schedule;
use std::sync::Arc;
use std::time::Duration;

/// Starts the thread of a writer that needs one.
pub fn start(shared: &Arc<Shared>) -> Result<Schedule> {
    let mut schedule = Schedule::default();
    let options = &shared.options;
    let interval = match options.sync {
        Sync::Interval(interval) => Some(interval),
        Sync::Every | Sync::None => None,
    };
    if options.read_only || (!options.lock && interval.is_none()) {
        return Ok(schedule);
    }
    // Weak: the thread must not keep a state open.
    let shared = Arc::downgrade(shared);
    schedule.start(interval.map_or(BEAT, |interval| interval.min(BEAT)), move || {
        let Some(shared) = shared.upgrade() else { return };
        if interval.is_some() {
            shared.sync();
        }
        // Rounded down, so that a beat is not put off by a whole interval for the sake of a microsecond.
        if shared.since_beat() + Duration::from_millis(1) >= BEAT {
            shared.beat();
        }
    })?;
    Ok(schedule)
}
