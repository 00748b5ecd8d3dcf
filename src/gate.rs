//! A mutex that costs half: for a lock that is taken once per value and hardly ever waited for.
//!
//! An atomic exchange takes longer than the rest of a write. A usual mutex has one at each end, the second to learn
//! whether somebody sleeps. Here leaving is a plain store. It can miss whoever goes to sleep at that very moment, so
//! nobody sleeps for longer than [`NAP`] without looking again. Whose turn it is is as undecided as with any mutex.

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Nobody is inside.
const FREE: u32 = 0;
/// Somebody is inside.
const HELD: u32 = 1;
/// Somebody is inside and somebody may be asleep.
const WANTED: u32 = 2;

/// How long a wake-up that was missed can go unnoticed.
const NAP: Duration = Duration::from_millis(1);

/// So often is the gate looked at before sleeping: most calls are over in less.
const LOOKS: u32 = 100;

/// A value that one thread uses at a time.
pub struct Gate<T> {
    state: AtomicU32,
    /// A thread panicked inside.
    broken: AtomicBool,
    /// Held by nobody for longer than it takes to go to sleep or to wake.
    bed: Mutex<()>,
    wake: Condvar,
    value: UnsafeCell<T>,
}

// SAFETY: `value` is reached by one thread at a time: the one that changed `state` from FREE, which alone changes it
// back, when its `Guard` or `Inside` ends. Acquire and Release order what they do to the value.
unsafe impl<T: Send> Sync for Gate<T> {}

impl<T> Gate<T> {
    /// A gate with nobody inside.
    pub fn new(value: T) -> Self {
        Gate {
            state: AtomicU32::new(FREE),
            broken: AtomicBool::new(false),
            bed: Mutex::new(()),
            wake: Condvar::new(),
            value: UnsafeCell::new(value),
        }
    }

    /// Goes inside, waiting for as long as it takes.
    pub fn enter(&self) -> Guard<'_, T> {
        self.take();
        Guard { gate: self, panicking: std::thread::panicking() }
    }

    /// Goes inside for something that panics or ends with [`Inside::leave`].
    #[inline(always)]
    pub fn slip_in(&self) -> Inside<'_, T> {
        self.take();
        Inside(self)
    }

    #[inline(always)]
    fn take(&self) {
        if self.state.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_err() {
            self.wait();
        }
    }

    #[inline(always)]
    fn leave(&self) {
        let wanted = self.state.load(Ordering::Relaxed) == WANTED;
        self.state.store(FREE, Ordering::Release);
        if wanted {
            self.wake_one();
        }
    }

    #[cold]
    fn wait(&self) {
        for _ in 0..LOOKS {
            if self.state.load(Ordering::Relaxed) == FREE
                && self.state.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok()
            {
                return;
            }
            std::hint::spin_loop();
        }
        let mut bed = self.bed.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever slept goes in as WANTED: there may be more asleep.
        while self.state.swap(WANTED, Ordering::Acquire) != FREE {
            bed = self.wake.wait_timeout(bed, NAP).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Somebody is inside.
    pub fn is_held(&self) -> bool {
        self.state.load(Ordering::Relaxed) != FREE
    }

    /// A thread panicked inside: the value may be half changed.
    #[inline(always)]
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// The value, for whoever has the gate alone.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    #[cold]
    fn wake_one(&self) {
        drop(self.bed.lock().unwrap_or_else(PoisonError::into_inner));
        self.wake.notify_one();
    }
}

/// The right to use the value, until dropped.
pub struct Guard<'a, T> {
    gate: &'a Gate<T>,
    panicking: bool,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: there is one guard at a time, see `Sync` above.
        unsafe { &*self.gate.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: there is one guard at a time, see `Sync` above.
        unsafe { &mut *self.gate.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        if !self.panicking && std::thread::panicking() {
            self.gate.broken.store(true, Ordering::Relaxed);
        }
        self.gate.leave();
    }
}

/// The right to use the value, until [`Inside::leave`]. It need not ask whether a panic ends it: anything else does not.
pub struct Inside<'a, T>(&'a Gate<T>);

impl<T> Inside<'_, T> {
    /// Goes outside.
    #[inline(always)]
    pub fn leave(self) {
        self.0.leave();
        std::mem::forget(self);
    }
}

impl<T> Deref for Inside<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: this thread changed `state` from FREE and has not changed it back.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Inside<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this thread changed `state` from FREE and has not changed it back.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for Inside<'_, T> {
    #[cold]
    fn drop(&mut self) {
        self.0.broken.store(true, Ordering::Relaxed);
        self.0.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{catch_unwind, AssertUnwindSafe};

    #[test]
    fn threads_that_all_want_in_go_in_one_at_a_time_and_every_one_of_them() {
        let gate = Gate::new((0_u64, 0_u64));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for i in 0..20_000_u32 {
                        let work = |inside: &mut (u64, u64)| {
                            let seen = inside.0;
                            if i % 1000 == 0 {
                                // Long enough for the others to fall asleep.
                                std::thread::sleep(Duration::from_micros(50));
                            }
                            inside.0 = seen + 1;
                            inside.1 += 2;
                        };
                        match i % 2 {
                            0 => {
                                let mut inside = gate.slip_in();
                                work(&mut inside);
                                inside.leave();
                            }
                            _ => work(&mut gate.enter()),
                        }
                    }
                });
            }
        });
        assert!(!gate.is_held() && !gate.is_broken());
        assert_eq!(*gate.enter(), (160_000, 320_000));
    }

    #[test]
    fn whoever_sleeps_is_woken_by_whoever_leaves() {
        let gate = Gate::new(Vec::new());
        let held = gate.enter();
        std::thread::scope(|scope| {
            for i in 0..4 {
                let gate = &gate;
                scope.spawn(move || gate.enter().push(i));
            }
            while gate.state.load(Ordering::Relaxed) != WANTED {
                std::thread::yield_now();
            }
            drop(held);
        });
        let mut all = gate.enter();
        all.sort_unstable();
        assert_eq!(*all, [0, 1, 2, 3]);
    }

    #[test]
    fn a_panic_inside_breaks_it_and_one_outside_does_not() {
        struct Outside<'a>(&'a Gate<u32>);
        impl Drop for Outside<'_> {
            fn drop(&mut self) {
                *self.0.enter() += 1;
                let mut inside = self.0.slip_in();
                *inside += 10;
                inside.leave();
            }
        }
        let gate = Gate::new(0);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _outside = Outside(&gate);
            panic!("elsewhere");
        }));
        assert!(caught.is_err() && !gate.is_broken() && *gate.enter() == 11);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _inside = gate.enter();
            panic!("here");
        }));
        assert!(caught.is_err() && gate.is_broken() && !gate.is_held());
        let gate = Gate::new(0);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _inside = gate.slip_in();
            panic!("here");
        }));
        assert!(caught.is_err() && gate.is_broken() && !gate.is_held());
    }
}
