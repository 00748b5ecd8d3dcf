//! A memory barrier that only one side pays for (`membarrier(2)`).
//!
//! Whoever goes through a gate often should not pay for whoever comes by once. So the frequent side stores and loads in
//! the order of its program, without a barrier, and the rare side calls [`on_all_threads`], which puts one into every
//! running thread of this process: what such a thread stored before it is seen, and what it loads after it is new.

use crate::fork;
use std::sync::atomic::{AtomicU64, Ordering};

/// One more than the number of forks between the process that registered last and the first one; 0 for none.
static REGISTERED: AtomicU64 = AtomicU64::new(0);

/// Asks the system for the right to barriers in this process, once. In a process with several threads this takes some
/// milliseconds, so it is done where a file is opened. Where the system has none, [`is_ready`] stays false.
pub fn register() {
    let this_process = u64::from(fork::generation()) + 1;
    if REGISTERED.load(Ordering::Relaxed) != this_process && system::register() {
        REGISTERED.store(this_process, Ordering::Release);
    }
}

/// There are barriers in this process.
#[inline]
pub fn is_ready() -> bool {
    REGISTERED.load(Ordering::Acquire) == u64::from(fork::generation()) + 1
}

/// A barrier in every thread of this process. To be called only where [`is_ready`].
#[cold]
pub fn on_all_threads() {
    if !system::barrier() {
        // It was promised and does not come. A processor keeps a store to itself for less than a microsecond.
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// A number that no other living thread of this process has, nor one of the process that forked it, with the lowest
/// [`SPARE_BITS`] all 0; 0 where there is no cheap one.
#[inline(always)]
pub fn this_thread() -> usize {
    // The high bits tell a forked child from its parent; addresses of user memory leave them free.
    match system::thread_pointer() {
        0 => 0,
        pointer if pointer % (1 << SPARE_BITS) != 0 => 0,
        pointer => pointer.wrapping_add((fork::generation() as usize).wrapping_shl(usize::BITS - 16)),
    }
}

/// What lies at the address that tells threads apart is aligned at least to this power of 2.
pub const SPARE_BITS: u32 = 2;

#[cfg(all(target_os = "linux", not(miri)))]
mod system {
    const EXPEDITED: libc::c_int = 1 << 3;
    const REGISTER_EXPEDITED: libc::c_int = 1 << 4;

    fn membarrier(command: libc::c_int) -> bool {
        // SAFETY: touches no memory of ours.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
    }

    pub fn register() -> bool {
        membarrier(REGISTER_EXPEDITED)
    }

    pub fn barrier() -> bool {
        membarrier(EXPEDITED)
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub fn thread_pointer() -> usize {
        let pointer: usize;
        // SAFETY: the ABI of Linux keeps the address of the thread's control block at the beginning of that block.
        unsafe {
            std::arch::asm!("mov {}, qword ptr fs:[0]", out(reg) pointer, options(nostack, readonly, preserves_flags, pure));
        }
        pointer
    }

    #[cfg(target_arch = "aarch64")]
    #[inline(always)]
    pub fn thread_pointer() -> usize {
        let pointer: usize;
        // SAFETY: a register that user code may read.
        unsafe {
            std::arch::asm!("mrs {}, tpidr_el0", out(reg) pointer, options(nostack, nomem, preserves_flags, pure));
        }
        pointer
    }

    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    pub fn thread_pointer() -> usize {
        0
    }
}

#[cfg(any(not(target_os = "linux"), miri))]
mod system {
    pub fn register() -> bool {
        false
    }

    pub fn barrier() -> bool {
        false
    }

    pub fn thread_pointer() -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_living_thread_has_a_number_of_its_own_and_keeps_it() {
        let threads = std::sync::Barrier::new(8);
        let numbers: Vec<usize> = std::thread::scope(|scope| {
            let ask = || {
                let first = this_thread();
                threads.wait();
                assert_eq!(this_thread(), first);
                first
            };
            let asking: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            asking.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        if cfg!(all(target_os = "linux", target_arch = "x86_64", not(miri))) {
            assert!(!numbers.contains(&0));
            assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), 8, "{numbers:?}");
        }
    }

    #[test]
    fn a_forked_child_is_another_thread_and_has_to_register_anew() {
        fork::ensure_registered().unwrap();
        register();
        let (before, ready) = (this_thread(), is_ready());
        // SAFETY: the child calls nothing but atomic loads and `_exit`.
        let status = unsafe {
            let child = libc::fork();
            if child == 0 {
                let same = before != 0 && this_thread() == before;
                libc::_exit(i32::from(same || is_ready()));
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(child, &mut status, 0), child);
            status
        };
        assert_eq!(status, 0, "the child takes itself for its parent");
        assert_eq!((this_thread(), is_ready()), (before, ready));
    }
}
