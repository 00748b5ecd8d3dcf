//! A mutex for a lock that is taken once per value and hardly ever waited for: by then, taking it costs two plain stores.
//!
//! An atomic exchange takes longer than the rest of a write. So a thread that has gone in [`REGULAR`] times in a row without
//! anybody in between becomes the *owner*: it says that it is inside by a plain store, looks whether it still is the owner,
//! and goes in. Everybody else takes the mutex proper, ends the ownership if there is one, has a barrier put into every
//! thread ([`crate::barrier`]), after which the owner either is seen inside and waited for, or sees that it is no
//! longer the owner. That costs some microseconds, so each time it is harder to become an owner.
//!
//! The mutex proper has one atomic exchange: leaving is a plain store. It can miss whoever goes to sleep at that very
//! moment, so nobody sleeps for longer than [`NAP`] without looking again. Whose turn it is is as undecided as with any mutex.

use crate::barrier;
use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{compiler_fence, AtomicBool, AtomicU32, AtomicUsize, Ordering};
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

/// So often in a row a thread goes in before it becomes the owner, at first.
const REGULAR: u32 = 16;

/// So many threads may be the owner of one gate, one after the other.
const SEATS: usize = 1 << barrier::SPARE_BITS;

/// So often at most: by then, what a barrier costs is shared by so many that it no longer matters.
const HARDEST: u32 = 1 << 12;

/// A value that one thread uses at a time.
pub struct Gate<T> {
    /// The thread that goes in by [`Gate::slip_in_as_owner`], and its seat in the bits that this leaves; 0 for none. Set
    /// and ended only by whoever has `state`.
    owner: AtomicUsize,
    /// The owner is inside, by its seat. Each is stored by one thread alone: one that learns late that it no longer is the
    /// owner takes back its own mark and not that of the next.
    inside: [AtomicBool; SEATS],
    state: AtomicU32,
    /// A thread panicked inside.
    broken: AtomicBool,
    /// Who comes and how often. Reached only by whoever has `state`.
    habit: UnsafeCell<Habit>,
    /// Held by nobody for longer than it takes to go to sleep or to wake.
    bed: Mutex<()>,
    wake: Condvar,
    value: UnsafeCell<T>,
}

/// Who has come through the mutex.
struct Habit {
    thread: usize,
    times: u32,
    /// So many times make an owner.
    needed: u32,
    /// Whose seat each is, once it is somebody's.
    seats: [usize; SEATS],
}

// SAFETY: `value` is reached by one thread at a time. A thread that changed `state` from FREE, which alone changes it
// back, has ended the ownership of any other thread, and seen that owner outside after a barrier in all threads. The owner,
// after it stored that it is inside, has seen that it still is the owner, or has not gone in. Acquire and Release, and that
// barrier, order what they do to the value. `habit` is reached by whoever has `state`.
unsafe impl<T: Send> Sync for Gate<T> {}

impl<T> Gate<T> {
    /// A gate with nobody inside.
    pub fn new(value: T) -> Self {
        Gate {
            owner: AtomicUsize::new(0),
            inside: [const { AtomicBool::new(false) }; SEATS],
            state: AtomicU32::new(FREE),
            broken: AtomicBool::new(false),
            habit: UnsafeCell::new(Habit { thread: 0, times: 0, needed: REGULAR, seats: [0; SEATS] }),
            bed: Mutex::new(()),
            wake: Condvar::new(),
            value: UnsafeCell::new(value),
        }
    }

    /// Goes inside, waiting for as long as it takes.
    pub fn enter(&self) -> Guard<'_, T> {
        let seat = self.take_as_owner();
        if seat.is_none() {
            self.take();
        }
        Guard { gate: self, seat, panicking: std::thread::panicking() }
    }

    /// Goes inside for something that panics or ends with [`Inside::leave`].
    #[inline(always)]
    pub fn slip_in(&self) -> Inside<'_, T> {
        let seat = self.take_as_owner();
        if seat.is_none() {
            self.take();
        }
        Inside { gate: self, seat }
    }

    /// Goes inside if this thread is the owner, and then the gate is not broken.
    #[inline(always)]
    pub fn slip_in_as_owner(&self) -> Option<Inside<'_, T>> {
        self.take_as_owner().map(|seat| Inside { gate: self, seat: Some(seat) })
    }

    /// The seat of this thread, if it is the owner and now inside.
    #[inline(always)]
    fn take_as_owner(&self) -> Option<Seat> {
        self.sit_down(self.owned_by_this_thread()?)
    }

    /// What `owner` holds, if it is this thread and not yet inside.
    #[inline(always)]
    fn owned_by_this_thread(&self) -> Option<usize> {
        let (owner, me) = (self.owner.load(Ordering::Relaxed), barrier::this_thread());
        // Somebody inside twice (a signal handler, say) waits as with any mutex.
        let free = owner & !(SEATS - 1) == me && me != 0 && !self.mark(Seat(owner)).load(Ordering::Relaxed);
        free.then_some(owner)
    }

    #[inline(always)]
    fn sit_down(&self, owner: usize) -> Option<Seat> {
        let mark = self.mark(Seat(owner));
        mark.store(true, Ordering::Relaxed);
        // The processor may still do these two the other way round: that is what the barrier of `dispossess` is for.
        compiler_fence(Ordering::SeqCst);
        if self.owner.load(Ordering::Acquire) == owner {
            return Some(Seat(owner));
        }
        mark.store(false, Ordering::Release);
        None
    }

    #[inline(always)]
    fn mark(&self, seat: Seat) -> &AtomicBool {
        &self.inside[seat.0 % SEATS]
    }

    #[inline]
    fn take(&self) {
        if self.state.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_err() {
            self.wait();
        }
        if self.owner.load(Ordering::Relaxed) != 0 {
            self.dispossess();
        }
    }

    #[inline(always)]
    fn leave(&self, seat: Option<Seat>) {
        if let Some(seat) = seat {
            self.mark(seat).store(false, Ordering::Release);
            return;
        }
        self.remember();
        let wanted = self.state.load(Ordering::Relaxed) == WANTED;
        self.state.store(FREE, Ordering::Release);
        if wanted {
            self.wake_one();
        }
    }

    /// Ends the ownership, and waits until the owner is outside.
    #[cold]
    fn dispossess(&self) {
        let owner = self.owner.swap(0, Ordering::Relaxed);
        barrier::on_all_threads();
        let mut looks = 0;
        while self.mark(Seat(owner)).load(Ordering::Acquire) {
            looks += 1;
            match looks < LOOKS {
                true => std::hint::spin_loop(),
                // It may be at the disk.
                false => std::thread::sleep(NAP / 4),
            }
        }
        // SAFETY: this thread has `state`.
        let habit = unsafe { &mut *self.habit.get() };
        habit.needed = habit.needed.saturating_mul(4).min(HARDEST);
    }

    /// Counts who comes, and makes the one that comes all the time the owner.
    #[inline]
    fn remember(&self) {
        let me = barrier::this_thread();
        // SAFETY: this thread has `state`.
        let habit = unsafe { &mut *self.habit.get() };
        if habit.thread != me || me == 0 {
            (habit.thread, habit.times) = (me, 0);
            return;
        }
        habit.times += 1;
        if habit.times >= habit.needed {
            habit.times = 0;
            let seat = habit.seats.iter().position(|thread| *thread == me || *thread == 0);
            if let Some(seat) = seat.filter(|_| barrier::is_ready() && !self.is_broken()) {
                habit.seats[seat] = me;
                self.owner.store(me | seat, Ordering::Relaxed);
            }
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
            || self.inside.iter().any(|mark| mark.load(Ordering::Relaxed))
    }

    /// A thread panicked inside: the value may be half changed.
    #[inline(always)]
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// Goes outside leaving the value half changed: nobody goes in as owner from now on, and [`Gate::is_broken`].
    #[cold]
    fn leave_broken(&self, seat: Option<Seat>) {
        self.broken.store(true, Ordering::Relaxed);
        self.leave(seat);
        if seat.is_some() {
            self.take();
            self.leave(None);
        }
    }

    /// As if a thread had panicked inside.
    pub fn break_it(&self) {
        drop(self.slip_in());
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

/// Where an owner marks that it is inside: the lowest bits.
#[derive(Clone, Copy)]
struct Seat(usize);

/// The right to use the value, until dropped.
pub struct Guard<'a, T> {
    gate: &'a Gate<T>,
    seat: Option<Seat>,
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
        match !self.panicking && std::thread::panicking() {
            true => self.gate.leave_broken(self.seat),
            false => self.gate.leave(self.seat),
        }
    }
}

/// The right to use the value, until [`Inside::leave`]. It need not ask whether a panic ends it: anything else does not.
pub struct Inside<'a, T> {
    gate: &'a Gate<T>,
    seat: Option<Seat>,
}

impl<T> Inside<'_, T> {
    /// Goes outside.
    #[inline(always)]
    pub fn leave(self) {
        self.gate.leave(self.seat);
        std::mem::forget(self);
    }
}

impl<T> Deref for Inside<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: there is one at a time, see `Sync` above.
        unsafe { &*self.gate.value.get() }
    }
}

impl<T> DerefMut for Inside<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: there is one at a time, see `Sync` above.
        unsafe { &mut *self.gate.value.get() }
    }
}

impl<T> Drop for Inside<'_, T> {
    #[cold]
    fn drop(&mut self) {
        self.gate.leave_broken(self.seat);
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

    /// One thread goes in and out as fast as it can, others come by now and then, and each finds what the last one left.
    #[test]
    fn an_owner_and_those_who_come_by_are_inside_one_at_a_time() {
        crate::fork::ensure_registered().unwrap();
        barrier::register();
        let owns = barrier::is_ready() && barrier::this_thread() != 0;
        let gate = Gate::new((0_u64, 0_u64));
        let stop = AtomicBool::new(false);
        let mut by = 0;
        std::thread::scope(|scope| {
            let regular = scope.spawn(|| {
                let (mut times, mut owned) = (0_u64, 0_u64);
                // Whoever comes all the time becomes the owner, however late it came first.
                while !stop.load(Ordering::Relaxed) || (owns && owned == 0) {
                    for _ in 0..1000 {
                        let mut inside = match gate.slip_in_as_owner() {
                            Some(inside) => {
                                owned += 1;
                                inside
                            }
                            None => gate.slip_in(),
                        };
                        let seen = inside.0;
                        inside.1 += 2;
                        std::hint::black_box(&mut *inside);
                        inside.0 = seen + 1;
                        inside.leave();
                        times += 1;
                    }
                }
                times
            });
            let rare: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        for i in 0..300 {
                            let mut inside = gate.enter();
                            assert_eq!(2 * inside.0, inside.1, "somebody else is inside");
                            *inside = (inside.0 + 1, inside.1 + 2);
                            drop(inside);
                            // Time for the regular to become the owner again, unless it has become hard.
                            std::thread::sleep(Duration::from_micros(i % 7 * 40));
                        }
                        300_u64
                    })
                })
                .collect();
            by = rare.into_iter().map(|thread| thread.join().unwrap()).sum();
            stop.store(true, Ordering::Relaxed);
            by += regular.join().unwrap();
        });
        assert_eq!(*gate.enter(), (by, 2 * by));
        assert!(!gate.is_held());
    }

    /// The former owner was held up between its look at who is the owner and its mark.
    #[test]
    fn an_owner_that_comes_late_does_not_take_away_the_mark_of_the_next_one() {
        barrier::register();
        if !barrier::is_ready() || barrier::this_thread() == 0 {
            return;
        }
        let gate = Gate::new(0);
        let become_owner = || {
            while gate.owned_by_this_thread().is_none() {
                gate.slip_in().leave();
            }
        };
        let (held_up, go_on) = (std::sync::Barrier::new(2), std::sync::Barrier::new(2));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                become_owner();
                let looked = gate.owned_by_this_thread().unwrap();
                held_up.wait();
                go_on.wait();
                assert!(gate.sit_down(looked).is_none(), "it is not the owner any more");
                held_up.wait();
            });
            held_up.wait();
            become_owner();
            let inside = gate.slip_in_as_owner().unwrap();
            go_on.wait();
            held_up.wait();
            assert!(gate.is_held(), "somebody else would go in now");
            inside.leave();
        });
        assert!(!gate.is_held());
    }

    #[test]
    fn only_so_many_threads_become_owners_and_all_go_in() {
        barrier::register();
        let gate = Gate::new(0);
        let owners = AtomicUsize::new(0);
        let threads = 2 * SEATS;
        // All at once, so that no two have the number of one thread.
        let (ready, turn) = (std::sync::Barrier::new(threads), Mutex::new(()));
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    ready.wait();
                    let mine = turn.lock().unwrap();
                    for _ in 0..HARDEST + REGULAR {
                        let mut inside = gate.slip_in();
                        *inside += 1;
                        inside.leave();
                    }
                    owners.fetch_add(usize::from(gate.owned_by_this_thread().is_some()), Ordering::Relaxed);
                    drop(mine);
                    ready.wait();
                });
            }
        });
        assert_eq!(*gate.enter(), threads as u32 * (HARDEST + REGULAR));
        let owned = barrier::is_ready() && barrier::this_thread() != 0;
        assert_eq!(owners.into_inner(), if owned { SEATS } else { 0 });
    }

    #[test]
    fn a_broken_gate_has_no_owner() {
        barrier::register();
        let gate = Gate::new(0);
        for _ in 0..2 * REGULAR {
            gate.slip_in().leave();
        }
        let owned = gate.slip_in_as_owner().map(Inside::leave).is_some();
        assert_eq!(owned, barrier::is_ready() && barrier::this_thread() != 0);
        gate.break_it();
        for _ in 0..2 * REGULAR {
            gate.slip_in().leave();
        }
        assert!(gate.is_broken() && gate.slip_in_as_owner().is_none() && !gate.is_held());
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
