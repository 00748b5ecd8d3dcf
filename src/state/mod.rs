//! A state: few keys, each change durable, readable by people (docs/state.md).
//!
//! | file | its job |
//! |---|---|
//! | `options`, `files` | how a state is opened, and what its files are called |
//! | `entry`, `replay` | the bytes of one entry, and of a log |
//! | `load` | from the files to the state, whatever they have been through |
//! | `log` | the writer's end: append, rotate, publish, keep backups |
//! | `handle`, `upkeep` | the calls, one at a time; what happens between them |
//! | `scheduler` | many states compacted on one timer |

mod entry;
mod files;
mod handle;
mod load;
mod log;
pub mod options;
mod replay;
mod scheduler;
mod upkeep;

pub use handle::State;
pub use load::UNKNOWN as LOST_UNKNOWN;
pub use scheduler::{Scheduler, DEFAULT_INTERVAL};
