//! One background thread with a queue of one job, or none at all.
//!
//! The slot is the whole queue: a caller posts a job, goes on, and collects the reply when it next looks. It
//! never waits unless it asks to. A handler that panics answers through [`Handler::panicked`]; the thread lives.
//! The thread blocks all signals, so that the host's handlers run on the host's threads.

mod placement;

pub use placement::Placement;

use crate::clock::Tick;
use crate::error::{Code, Error, Result};
use crate::panics;
use crate::threads::BlockedSignals;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What runs the jobs.
pub trait Handler: Send + 'static {
    /// A piece of work.
    type Job: Send + 'static;
    /// Its outcome.
    type Reply: Send + 'static;
    /// Does the work.
    fn handle(&mut self, job: Self::Job) -> Self::Reply;
    /// Called on the worker's interval, between jobs.
    fn interval(&mut self);
    /// The reply of a job that panicked.
    fn panicked(&mut self) -> Self::Reply;
}

enum Slot<H: Handler> {
    Empty,
    Posted(H::Job),
    Running,
    Done(H::Reply),
    Stop,
}

struct Shared<H: Handler> {
    slot: Mutex<Slot<H>>,
    changed: Condvar,
    /// Mirrors `Slot::Done`, so that looking costs one load.
    done: AtomicBool,
}

enum Place<H: Handler> {
    Thread(JoinHandle<H>),
    /// Jobs run in `post`, on the caller's thread.
    Inline(Box<H>, Option<H::Reply>),
    Stopped,
}

/// A handler with the thread that runs it.
pub struct Worker<H: Handler> {
    shared: Arc<Shared<H>>,
    place: Place<H>,
    busy: bool,
}

impl<H: Handler> Worker<H> {
    /// Starts the thread, or keeps the handler inline if `threaded` is false.
    pub fn start(handler: H, threaded: bool, every: Duration) -> Result<Self> {
        Self::start_at(&Placement::default(), handler, threaded, every)
    }

    /// The same with the thread in a place of the caller's choice.
    pub fn start_at(placement: &Placement, handler: H, threaded: bool, every: Duration) -> Result<Self> {
        let shared = Arc::new(Shared {
            slot: Mutex::new(Slot::Empty),
            changed: Condvar::new(),
            done: AtomicBool::new(false),
        });
        let place = if threaded {
            Place::Thread(spawn(placement, handler, Arc::clone(&shared), every)?)
        } else {
            Place::Inline(Box::new(handler), None)
        };
        Ok(Worker { shared, place, busy: false })
    }

    /// A job is posted, running, or done and not yet collected.
    pub fn is_busy(&self) -> bool {
        self.busy
    }

    /// A reply waits to be collected. On the caller's thread none ever does: it is there when `post` returns.
    #[inline]
    pub fn has_reply(&self) -> bool {
        self.busy && self.shared.done.load(Ordering::Acquire)
    }

    /// Jobs run on the caller's thread.
    pub fn is_inline(&self) -> bool {
        matches!(self.place, Place::Inline(..))
    }

    /// Posts a job. The worker must not be busy.
    pub fn post(&mut self, job: H::Job) -> Result<()> {
        if self.busy {
            return Err(Error::internal("a job was posted to a busy worker"));
        }
        match &mut self.place {
            Place::Thread(_) => {
                *lock(&self.shared.slot) = Slot::Posted(job);
                self.shared.changed.notify_all();
            }
            Place::Inline(handler, reply) => *reply = Some(run(&mut **handler, job)),
            Place::Stopped => return Err(Error::internal("a job was posted to a stopped worker")),
        }
        self.busy = true;
        Ok(())
    }

    /// The reply, if there is one by now.
    pub fn poll(&mut self) -> Option<H::Reply> {
        match &self.place {
            Place::Thread(_) if !self.shared.done.load(Ordering::Acquire) => None,
            _ => self.take(),
        }
    }

    /// The reply, waiting for it as long as it takes; `None` if nothing was posted.
    pub fn wait(&mut self) -> Option<H::Reply> {
        if self.busy && !self.is_inline() {
            let slot = lock(&self.shared.slot);
            drop(
                self.shared.changed.wait_while(slot, |s| pending(s)).unwrap_or_else(PoisonError::into_inner),
            );
        }
        self.take()
    }

    /// Ends the thread after the job in hand and gives the handler back.
    pub fn stop(&mut self) -> Option<H> {
        match std::mem::replace(&mut self.place, Place::Stopped) {
            Place::Thread(thread) => {
                drop(self.wait_done());
                *lock(&self.shared.slot) = Slot::Stop;
                self.shared.changed.notify_all();
                thread.join().ok()
            }
            Place::Inline(handler, _) => Some(*handler),
            Place::Stopped => None,
        }
    }

    /// Lets go of a thread that does not exist in this process (a forked child): touches nothing it may hold.
    pub fn abandon(&mut self) {
        std::mem::forget(std::mem::replace(&mut self.place, Place::Stopped));
    }

    fn wait_done(&self) -> MutexGuard<'_, Slot<H>> {
        let slot = lock(&self.shared.slot);
        self.shared.changed.wait_while(slot, |s| pending(s)).unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&mut self) -> Option<H::Reply> {
        let reply = match &mut self.place {
            Place::Inline(_, reply) => reply.take(),
            _ => {
                let mut slot = lock(&self.shared.slot);
                match std::mem::replace(&mut *slot, Slot::Empty) {
                    Slot::Done(reply) => {
                        self.shared.done.store(false, Ordering::Release);
                        Some(reply)
                    }
                    other => {
                        *slot = other;
                        None
                    }
                }
            }
        };
        if reply.is_some() {
            self.busy = false;
        }
        reply
    }
}

impl<H: Handler> Drop for Worker<H> {
    fn drop(&mut self) {
        drop(self.stop());
    }
}

fn pending<H: Handler>(slot: &Slot<H>) -> bool {
    matches!(slot, Slot::Posted(_) | Slot::Running)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run<H: Handler>(handler: &mut H, job: H::Job) -> H::Reply {
    match panics::catch(|| handler.handle(job)) {
        Ok(reply) => reply,
        Err(_) => handler.panicked(),
    }
}

fn spawn<H: Handler>(
    placement: &Placement,
    handler: H,
    shared: Arc<Shared<H>>,
    every: Duration,
) -> Result<JoinHandle<H>> {
    let signals = BlockedSignals::new();
    let anywhere = *placement == Placement::default();
    let placement = placement.clone();
    let (tell, told) = std::sync::mpsc::sync_channel(1);
    let thread = std::thread::Builder::new()
        .name("plattli".into())
        .spawn(move || {
            let placed = placement.take();
            let stay = placed.is_ok();
            // Whoever starts a thread in a place of its own waits for this word.
            _ = tell.send(placed);
            if stay {
                serve(handler, &shared, every)
            } else {
                handler
            }
        })
        .map_err(|e| Error::new(Code::Io, format!("cannot start the background thread: {e}")));
    drop(signals);
    let thread = thread?;
    if anywhere {
        // Nothing was asked that could be refused.
        return Ok(thread);
    }
    match told.recv() {
        Ok(Ok(())) => Ok(thread),
        Ok(Err(e)) => {
            // The handler, and what it holds, is let go of before anybody is told.
            drop(thread.join());
            Err(e)
        }
        Err(_) => Err(Error::internal("the background thread ended before it began")),
    }
}

/// This thread takes its share of the processor but, when it is woken, never takes it from the thread that woke it.
/// A host with a policy of its own (real time, idle) keeps it; where it cannot be had nothing is lost.
#[cfg(target_os = "linux")]
fn step_back() {
    let parameters = libc::sched_param { sched_priority: 0 };
    // SAFETY: 0 is the calling thread, and the parameters are valid for reading.
    unsafe {
        if libc::sched_getscheduler(0) == libc::SCHED_OTHER {
            libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const parameters);
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn step_back() {}

fn serve<H: Handler>(mut handler: H, shared: &Shared<H>, every: Duration) -> H {
    step_back();
    let interval = u64::try_from(every.as_nanos()).unwrap_or(u64::MAX);
    let mut last_beat = Tick::now();
    let mut slot = lock(&shared.slot);
    loop {
        match std::mem::replace(&mut *slot, Slot::Running) {
            Slot::Posted(job) => {
                drop(slot);
                let reply = run(&mut handler, job);
                slot = lock(&shared.slot);
                *slot = Slot::Done(reply);
                shared.done.store(true, Ordering::Release);
                shared.changed.notify_all();
            }
            Slot::Stop => return handler,
            other => {
                *slot = other;
                // Work in hand is no reason to let an interval pass: the rest of it is what is waited for.
                let rest = Duration::from_nanos(interval.saturating_sub(last_beat.elapsed_ns()));
                slot = shared.changed.wait_timeout(slot, rest).unwrap_or_else(PoisonError::into_inner).0;
                if last_beat.elapsed_ns() >= interval && !matches!(*slot, Slot::Posted(_) | Slot::Stop) {
                    drop(slot);
                    // A panic here has nobody to answer to; the next job will meet the same fault and report it.
                    _ = panics::catch(|| handler.interval());
                    last_beat = Tick::now();
                    slot = lock(&shared.slot);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    #[derive(Default)]
    struct Adder {
        sum: u64,
        beats: Arc<AtomicU64>,
    }

    impl Handler for Adder {
        type Job = u64;
        type Reply = std::result::Result<u64, ()>;
        fn handle(&mut self, job: u64) -> Self::Reply {
            assert!(job != 1313, "unlucky");
            self.sum += job;
            Ok(self.sum)
        }
        fn interval(&mut self) {
            self.beats.fetch_add(1, Ordering::Relaxed);
        }
        fn panicked(&mut self) -> Self::Reply {
            Err(())
        }
    }

    #[test]
    fn replies_come_back_in_order_from_a_thread_and_inline() {
        for threaded in [false, true] {
            let mut w = Worker::start(Adder::default(), threaded, Duration::from_secs(10)).unwrap();
            assert!(w.wait().is_none());
            for n in 1..=100 {
                w.post(n).unwrap();
                assert!(w.post(1).is_err(), "one job at a time");
                assert_eq!(w.wait(), Some(Ok(n * (n + 1) / 2)));
            }
            assert_eq!(w.stop().unwrap().sum, 5050);
        }
    }

    #[test]
    fn a_panicking_job_is_answered_and_the_worker_lives_on() {
        for threaded in [false, true] {
            let mut w = Worker::start(Adder::default(), threaded, Duration::from_secs(10)).unwrap();
            w.post(1313).unwrap();
            assert_eq!(w.wait(), Some(Err(())));
            w.post(2).unwrap();
            assert_eq!(w.wait(), Some(Ok(2)));
        }
    }

    #[test]
    fn stop_finishes_the_posted_job_first() {
        let mut w = Worker::start(Adder::default(), true, Duration::from_secs(10)).unwrap();
        w.post(7).unwrap();
        assert_eq!(w.stop().unwrap().sum, 7);
    }

    #[test]
    fn a_worker_is_called_on_its_interval() {
        let adder = Adder::default();
        let beats = adder.beats.clone();
        let mut w = Worker::start(adder, true, Duration::from_millis(1)).unwrap();
        while beats.load(Ordering::Relaxed) < 2 {
            std::thread::sleep(Duration::from_millis(1));
        }
        w.stop().unwrap();
    }
}
