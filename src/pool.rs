//! A few background threads that take tasks from one queue, or none at all.
//!
//! The threads block all signals, so that the host's handlers run on the host's threads. A task that panics ends; its
//! thread lives.

use crate::error::{Code, Error, Result};
use crate::panics;
use crate::threads::BlockedSignals;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

type Task = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Queue {
    tasks: VecDeque<Task>,
    stop: bool,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

/// The threads. Dropping them ends them after the tasks that were posted.
pub struct Pool {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    inline: bool,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    /// Starts so many threads; with none of them tasks run where they are posted.
    pub fn start(threads: usize) -> Result<Pool> {
        let shared = Arc::new(Shared::default());
        let pool = Pool { shared, threads: Mutex::default(), inline: threads == 0 };
        let signals = BlockedSignals::new();
        for _ in 0..threads {
            let shared = Arc::clone(&pool.shared);
            let thread = std::thread::Builder::new()
                .name("plattli".into())
                .spawn(move || serve(&shared))
                .map_err(|e| Error::new(Code::Io, format!("cannot start a background thread: {e}")))?;
            lock(&pool.threads).push(thread);
        }
        drop(signals);
        Ok(pool)
    }

    /// Has a task run by one of the threads, after those posted before it.
    pub fn post(&self, task: impl FnOnce() + Send + 'static) {
        if self.inline {
            // A task answers through what it shares with whoever posted it.
            _ = panics::catch(task);
            return;
        }
        lock(&self.shared.queue).tasks.push_back(Box::new(task));
        self.shared.changed.notify_one();
    }

    /// Ends the threads after the tasks that were posted.
    pub fn stop(&self) {
        lock(&self.shared.queue).stop = true;
        self.shared.changed.notify_all();
        for thread in std::mem::take(&mut *lock(&self.threads)) {
            // The last reference to the pool may be dropped by a task of its own.
            if thread.thread().id() != std::thread::current().id() {
                // A thread ends with a panic only if catching one failed; there is nothing to add to that.
                _ = thread.join();
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(shared: &Shared) {
    let mut queue = lock(&shared.queue);
    loop {
        match queue.tasks.pop_front() {
            Some(task) => {
                drop(queue);
                // A task answers through what it shares with whoever posted it.
                _ = panics::catch(task);
                queue = lock(&shared.queue);
            }
            None if queue.stop => return,
            None => queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn every_task_runs_once_whatever_the_number_of_threads() {
        for threads in [0, 1, 3] {
            let (pool, sum) = (Pool::start(threads).unwrap(), Arc::new(AtomicU64::new(0)));
            for n in 1..=100 {
                let sum = Arc::clone(&sum);
                pool.post(move || {
                    assert!(n != 50, "unlucky");
                    sum.fetch_add(n, Ordering::Relaxed);
                });
            }
            drop(pool);
            assert_eq!(sum.load(Ordering::Relaxed), 5000, "{threads} threads");
        }
    }
}
