//! plattli keeps the numbers of simulation codes: one call per metric per step, readable while the job runs,
//! whole after a kill, exact after a restart.
//!
//! The layers, imports pointing downward only:
//!
//! ```text
//! capi                            the C ABI
//! run  state  journal  stream     metrics per step; keys that survive; events; tables under a quota
//! bucket  arrow                   objects by name in a folder, in memory, in a cloud service; Arrow's C interface
//! hotlog  worker  schedule  lock  gate  the append-only log; background threads; timers; one writer, one thread at a time
//! store  json  clock  error       the only road to the disk; Python-compatible JSON text; time; errors
//! ```

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::todo,
        clippy::unimplemented,
        clippy::unreachable
    )
)]

pub mod arrow;
mod barrier;
pub mod bucket;
pub mod capi;
pub mod clock;
pub mod error;
pub mod fork;
mod gate;
mod hotlog;
pub mod journal;
pub mod json;
mod lock;
pub mod panics;
#[cfg(feature = "stream")]
mod pool;
pub mod run;
mod schedule;
pub mod state;
pub mod store;
#[cfg(feature = "stream")]
pub mod stream;
mod threads;
mod worker;

pub use error::{Code, Error, Result};
