//! plattli keeps the numbers of simulation codes: one call per metric per step, readable while the job runs,
//! whole after a kill, exact after a restart.
//!
//! The layers, imports pointing downward only:
//!
//! ```text
//! capi                            the C ABI
//! run                             names, types, indices, manifest, columns, writer, recovery, reader
//! hotlog    worker                the append-only log; one background thread
//! store     json    clock  error  the only road to the disk; Python-compatible JSON text; time; errors
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

pub mod capi;
pub mod clock;
pub mod error;
pub mod fork;
mod hotlog;
pub mod json;
mod lock;
pub mod panics;
pub mod run;
mod schedule;
pub mod store;
mod worker;

pub use error::{Code, Error, Result};
