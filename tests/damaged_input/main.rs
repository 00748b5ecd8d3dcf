//! Damaged input of every kind: each gives a clear error, or the longest valid data with a warning; never a crash, a
//! hang, memory out of proportion, or a read outside the run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod archives;
mod columns;
mod fixture;
mod logs;
mod manifests;
mod memory;
mod mutations;
