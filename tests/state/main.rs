//! A state: what its page promises (docs/state.md), and what becomes of it when the process, the disk or the power fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]

mod crash;
mod damage;
mod faults;
mod live;
mod original;
mod power;
mod rules;
mod schedule;
mod script;
