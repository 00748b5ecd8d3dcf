//! A task that runs again and again on a thread of its own, until it is stopped.

use crate::error::Result;
use crate::worker::{Handler, Worker};
use std::time::Duration;

/// A timer with its thread. Dropping it stops the thread after the task in hand.
#[derive(Default)]
pub struct Schedule {
    thread: Option<Worker<Task>>,
}

struct Task(Box<dyn FnMut() + Send>);

impl Handler for Task {
    type Job = ();
    type Reply = ();
    fn handle(&mut self, (): ()) {
        (self.0)();
    }
    fn interval(&mut self) {
        (self.0)();
    }
    fn panicked(&mut self) {}
}

impl Schedule {
    /// Runs `task` every `every` from now on, the first time after one interval. Where it runs already nothing happens.
    /// A task that panics runs again at the next interval.
    pub fn start(&mut self, every: Duration, task: impl FnMut() + Send + 'static) -> Result<()> {
        if self.thread.is_none() {
            self.thread = Some(Worker::start(Task(Box::new(task)), true, every)?);
        }
        Ok(())
    }

    /// Ends the thread after the task in hand. Where nothing runs nothing happens.
    pub fn stop(&mut self) {
        self.thread = None;
    }

    /// Lets go of a thread that does not exist in this process (a forked child).
    pub fn abandon(&mut self) {
        if let Some(mut thread) = self.thread.take() {
            thread.abandon();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::Arc;

    fn waits_for(count: &AtomicU64, at_least: u64) {
        while count.load(Ordering::Relaxed) < at_least {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_task_runs_until_it_is_stopped_and_twice_is_once() {
        let (count, mut schedule) = (Arc::new(AtomicU64::new(0)), Schedule::default());
        let task = |count: &Arc<AtomicU64>| {
            let count = Arc::clone(count);
            move || _ = count.fetch_add(1, Ordering::Relaxed)
        };
        schedule.start(Duration::from_millis(1), task(&count)).unwrap();
        schedule.start(Duration::from_millis(1), || unreachable!("a second task")).unwrap();
        waits_for(&count, 3);
        schedule.stop();
        schedule.stop();
        assert!(schedule.thread.is_none());
        let seen = count.load(Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(count.load(Ordering::Relaxed), seen);
        schedule.start(Duration::from_millis(1), task(&count)).unwrap();
        waits_for(&count, seen + 2);
    }

    #[test]
    fn a_task_that_panics_runs_again() {
        let count = Arc::new(AtomicU64::new(0));
        let mut schedule = Schedule::default();
        let seen = Arc::clone(&count);
        schedule
            .start(Duration::from_millis(1), move || {
                seen.fetch_add(1, Ordering::Relaxed);
                panic!("again");
            })
            .unwrap();
        waits_for(&count, 3);
    }
}
