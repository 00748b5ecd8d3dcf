//! Threads inside somebody's program: the host's handlers run on the host's threads, and what panics is told and not
//! printed.

use crate::panics;
use std::io;
use std::thread::{Builder, Scope, ScopedJoinHandle};

/// Starts a thread that ends with its scope. It gives what `work` gives, or, of a panic, what `panicked` makes of its text.
pub fn start_scoped<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    work: impl FnOnce() -> T + Send + 'scope,
    panicked: impl FnOnce(String) -> T + Send + 'scope,
) -> io::Result<ScopedJoinHandle<'scope, T>> {
    let _signals = BlockedSignals::new();
    Builder::new().name(name.into()).spawn_scoped(scope, || panics::catch(work).unwrap_or_else(panicked))
}

/// All signals blocked in this thread, and so in the threads it starts, until dropped.
pub struct BlockedSignals(libc::sigset_t);

impl BlockedSignals {
    /// Blocks them.
    pub fn new() -> Self {
        let mut all = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        let mut before = std::mem::MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: both sets are valid for writing; sigfillset initialises the first before it is read, and the
        // second starts as the empty set, which is what it stays if the call should fail.
        unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
            BlockedSignals(before.assume_init())
        }
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        // SAFETY: the set was filled by pthread_sigmask.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_gives_what_it_found_or_what_its_panic_says_and_takes_no_signals() {
        let blocked = |signal| {
            // SAFETY: the set is filled by pthread_sigmask before it is read.
            unsafe {
                let mut set = std::mem::zeroed();
                libc::pthread_sigmask(libc::SIG_SETMASK, std::ptr::null(), &raw mut set);
                libc::sigismember(&raw const set, signal) == 1
            }
        };
        let found = std::thread::scope(|scope| {
            let starts = [false, true].map(|panics| {
                let work = move || {
                    assert!(!panics, "unlucky");
                    format!("{}", blocked(libc::SIGUSR1) && blocked(libc::SIGTERM))
                };
                start_scoped(scope, "plattli-test", work, |text| text).unwrap()
            });
            starts.map(|thread| thread.join().unwrap())
        });
        assert_eq!(found[0], "true");
        assert!(found[1].starts_with("unlucky, at "), "{}", found[1]);
        assert!(!blocked(libc::SIGUSR1), "the mask of who starts it is what it was");
    }
}
