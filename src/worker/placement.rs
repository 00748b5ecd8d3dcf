//! Where a background thread may run, and how much it may ask for.

use crate::error::{Code, Error, Result};

/// The place of a thread among the others of the machine. The default is that of the thread that starts it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Placement {
    /// How far it stands back, 0 to 19 (`nice`): added to what the process has.
    pub nice: u8,
    /// The processors on which it may run; none: those of the thread that starts it.
    pub processors: Vec<u32>,
}

impl Placement {
    /// Puts the calling thread there.
    pub fn take(&self) -> Result<()> {
        if !self.processors.is_empty() {
            self.bind()?;
        }
        if self.nice > 0 {
            // SAFETY: no pointers; on Linux the call is about the calling thread alone.
            let done = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, self.wanted_nice()) };
            if done != 0 {
                return Err(refused(&format!("be nice by {}", self.nice)));
            }
        }
        Ok(())
    }

    fn wanted_nice(&self) -> i32 {
        // SAFETY: no pointers. An error cannot be told from -1, which the next call then adds to.
        let now = unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
        (now + i32::from(self.nice)).min(19)
    }

    fn bind(&self) -> Result<()> {
        // SAFETY: a set of processors is plain bits.
        let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
        for &processor in &self.processors {
            if processor >= libc::CPU_SETSIZE as u32 {
                return Err(Error::argument(format!(
                    "processor {processor} cannot be chosen for the background thread: there are at most {}",
                    libc::CPU_SETSIZE
                )));
            }
            // SAFETY: the number is below the size of the set.
            unsafe { libc::CPU_SET(processor as usize, &mut set) };
        }
        // SAFETY: the set is valid for reading, and of the size that is given.
        let done = unsafe { libc::sched_setaffinity(0, size_of_val(&set), &raw const set) };
        if done != 0 {
            return Err(refused(&format!("run on processors {:?}", self.processors)));
        }
        Ok(())
    }
}

fn refused(what: &str) -> Error {
    let error = std::io::Error::last_os_error();
    let code = if error.raw_os_error() == Some(libc::EINVAL) { Code::Argument } else { Code::Io };
    Error::new(
        code,
        format!("the background thread cannot {what}: {error}; choose among those of the job (`taskset -p`)"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_thread<T: Send + 'static>(
        placement: Placement,
        ask: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        std::thread::spawn(move || placement.take().map(|()| ask())).join().unwrap()
    }

    #[test]
    fn a_thread_stands_back_and_leaves_the_others_where_they_are() {
        // SAFETY: no pointers.
        let nice = || unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
        let before = nice();
        let there = in_thread(Placement { nice: 3, ..Placement::default() }, nice).unwrap();
        assert_eq!(there, (before + 3).min(19));
        assert_eq!(nice(), before);
    }

    #[test]
    fn a_thread_runs_on_the_processors_it_was_given() {
        // SAFETY: no pointers.
        let here = || unsafe { libc::sched_getcpu() } as u32;
        let given = here();
        for _ in 0..20 {
            let there =
                in_thread(Placement { processors: vec![given], ..Placement::default() }, here).unwrap();
            assert_eq!(there, given);
        }
    }

    #[test]
    fn processors_that_do_not_exist_are_refused() {
        for processors in [vec![1023], vec![1 << 20]] {
            let refused = in_thread(Placement { nice: 0, processors }, || ()).unwrap_err();
            assert_eq!(refused.code(), Code::Argument, "{refused}");
        }
    }
}
