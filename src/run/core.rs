//! What all layouts of a writer share: the step in hand, its row, the metrics, the counters.

use super::options::{WriterOptions, WriterStats};
use super::row::Row;
use super::schema::Schema;
use crate::clock::Tick;
use crate::error::{Code, Error, Result};
use std::path::PathBuf;
use std::time::Duration;

/// Step numbers end here (format §16).
pub const STEP_LIMIT: u64 = 1 << 32;

/// How often the lock of the run is renewed.
pub const HEARTBEAT: Duration = crate::lock::BEAT;

/// The caller's side of a writer.
#[derive(Debug)]
pub struct Core {
    /// The run directory.
    pub run_dir: PathBuf,
    /// The run folder.
    pub root: PathBuf,
    /// What the caller chose.
    pub options: WriterOptions,
    /// The metrics.
    pub schema: Schema,
    /// The step in hand; [`STEP_LIMIT`] once the last step was ended.
    pub step: u64,
    /// The values of the step in hand.
    pub row: Row,
    /// Counters.
    pub stats: WriterStats,
    /// The first error that a write of this step met.
    pub refused: Option<Error>,
    /// The first I/O error, under the policy that fails for good.
    pub latched: Option<Error>,
    /// When the lock was last renewed from the caller's thread.
    pub last_beat: Tick,
    /// `finish` has begun to put the final form of the run in place: rows that came now would be lost.
    pub published: bool,
    /// What recovery found broken and how it was mended.
    pub warnings: Vec<String>,
}

impl Core {
    /// Number of the step in hand, for a row.
    pub fn step_number(&self) -> Result<u32> {
        u32::try_from(self.step)
            .map_err(|_| Error::state("step 4294967295 was the last one: steps are 32-bit numbers"))
    }

    /// Values can be written.
    #[inline(always)]
    pub fn may_write(&self) -> bool {
        self.step < STEP_LIMIT && self.latched.is_none()
    }

    /// Why nothing can be written any more.
    #[cold]
    pub fn refusal(&self) -> Error {
        match (&self.latched, self.step_number()) {
            (Some(latched), _) => latched.clone(),
            (None, Err(e)) => e,
            (None, Ok(_)) => Error::internal("a step was refused without a reason"),
        }
    }

    /// It is time to renew the lock from the caller's thread. The clock is read by the caller anyway.
    pub fn beat_is_due(&mut self) -> bool {
        let due = self.last_beat.elapsed_ns() >= HEARTBEAT.as_nanos() as u64;
        if due {
            self.last_beat = Tick::now();
        }
        due
    }

    /// Counts an error that the disk or a background task met, and latches it under the policy that fails.
    pub fn note(&mut self, error: &Error) {
        if error.code() == Code::Io {
            self.stats.io_errors += 1;
        }
        if self.options.on_io_error == super::options::OnIoError::Fail && self.latched.is_none() {
            self.latched = Some(error.clone());
        }
    }

    /// How many rows may wait for the disk (format §11 row 5).
    pub fn backlog_limit(&self) -> usize {
        usize::try_from(self.options.hotsize.saturating_mul(10)).unwrap_or(usize::MAX)
    }
}

/// The first of two errors: what was tried first is told.
pub fn first(a: Result<()>, b: Result<()>) -> Result<()> {
    match a {
        Err(e) => Err(e),
        Ok(()) => b,
    }
}
