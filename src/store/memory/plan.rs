//! Operations: what was done, and what is planned to go wrong.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// What an operation does to the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Nothing: a kill here leaves what a kill at the next operation leaves.
    Read,
    /// Makes something durable that was already visible.
    Sync,
    /// Changes names or lengths without needing space.
    Change,
    /// Changes names or data and needs space: fails on a full disk.
    Grow,
}

/// One operation, as counted from 0.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operation {
    /// Its number.
    pub n: u64,
    /// The method of the store or file.
    pub what: &'static str,
    /// The path it was called with, or the file was opened with.
    pub path: Arc<PathBuf>,
    /// Bytes to be written or read; the new length for `set_len`.
    pub len: u64,
    /// What it does.
    pub effect: Effect,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {} {}", self.n, self.what, self.path.display())?;
        if self.len > 0 {
            write!(f, " ({} bytes)", self.len)
        } else {
            Ok(())
        }
    }
}

/// How much of the ill-fated operation is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Done {
    /// Nothing.
    Nothing,
    /// The first half of the bytes of a data write; of anything else nothing.
    Half,
    /// All but the last byte of a data write; of anything else nothing.
    AllButOne,
    /// Everything, and then it goes wrong.
    Whole,
}

impl Done {
    /// The bytes to be written of `len`; `None`: the operation is not done at all.
    pub(super) fn bytes(self, len: usize, data: bool) -> Option<usize> {
        match self {
            Done::Whole => Some(len),
            Done::Half if data && len > 1 => Some(len / 2),
            Done::AllButOne if data && len > 1 => Some(len - 1),
            _ => None,
        }
    }
}

/// How often an operation fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Times {
    /// Only that one.
    Once,
    /// That one and all after it. With `ENOSPC` and `EDQUOT`: all that need space.
    Forever,
}

/// What is to go wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Plan {
    /// The process dies.
    Kill(Done),
    /// The operation is refused.
    Fail(i32, Done, Times),
}

/// What happens to one operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    Done,
    Kill(Done),
    Fail(i32, Done),
}

/// The fate of operation `op` under a plan for operation `at`.
pub(super) fn fate(plan: Option<(u64, Plan)>, op: &Operation) -> Fate {
    match plan {
        Some((at, Plan::Kill(done))) if op.n == at => Fate::Kill(done),
        Some((at, Plan::Fail(errno, done, _))) if op.n == at => Fate::Fail(errno, done),
        Some((at, Plan::Fail(errno, done, Times::Forever))) if op.n > at => {
            let full = matches!(errno, libc::ENOSPC | libc::EDQUOT);
            if full && op.effect != Effect::Grow {
                Fate::Done
            } else {
                Fate::Fail(errno, done)
            }
        }
        _ => Fate::Done,
    }
}
