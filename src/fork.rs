//! Tells a process from its forked child without asking the kernel.
//!
//! A child inherits the handles of its parent but neither the threads nor the right to write: two processes
//! appending to one log would tear it up. A handler run by `fork` in the child raises a number that each handle
//! remembers from its birth, so that the check costs one load. Children made by `vfork`, `posix_spawn` or a bare
//! `clone` do not run the handler; all they may do is execute another program.

use crate::error::{Error, Result};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::OnceLock;

static GENERATION: AtomicU32 = AtomicU32::new(0);
static REGISTERED: OnceLock<i32> = OnceLock::new();

extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// How many forks lie between the process that first registered and this one. A handle of another generation
/// belongs to another process.
#[inline]
pub fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Makes [`generation`] count, from the first call on. To be called before a handle takes its generation.
pub fn ensure_registered() -> Result<()> {
    // SAFETY: the handler only touches an atomic, which is allowed in a forked child.
    match *REGISTERED.get_or_init(|| unsafe { libc::pthread_atfork(None, None, Some(in_child)) }) {
        0 => Ok(()),
        errno => Err(Error::internal(format!(
            "cannot register the fork handler: {}",
            std::io::Error::from_raw_os_error(errno)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_sees_another_generation_and_the_parent_keeps_its_own() {
        ensure_registered().unwrap();
        let before = generation();
        // SAFETY: the child calls nothing but an atomic load and `_exit`.
        let status = unsafe {
            let child = libc::fork();
            if child == 0 {
                libc::_exit(if generation() == before { 1 } else { 0 });
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(child, &mut status, 0), child);
            status
        };
        assert_eq!(status, 0, "the child did not notice");
        assert_eq!(generation(), before);
    }
}
