//! A plain model of what a run must hold, scripts that a writer goes through, and eyes to see what it left: our
//! reader and, where Python has it, the reference's.
#![allow(dead_code, unused_imports, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod content;
pub mod examine;
pub mod pypi;
pub mod runner;
pub mod script;
pub mod scripts;
pub mod trail;

pub use content::{Cell, Content};
pub use examine::Examiner;
pub use runner::{run, Stop};
pub use script::{Act, Script, V};
pub use trail::{Expect, Trail};

/// The run directory of all scripts.
pub const RUN: &str = "/run";
