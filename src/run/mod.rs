//! The run: metrics per step, in the format of the Python package plattli 0.19.0 (docs/format.md).

pub mod archive;
#[cfg(feature = "stream")]
pub mod arrow;
mod batch;
mod columns;
mod compare;
pub mod config;
mod core;
pub mod dtype;
mod engine;
mod files;
mod finish;
mod hot;
pub mod import;
mod inline;
mod leftovers;
pub mod manifest;
pub mod monotonic;
pub mod name;
mod open;
pub mod options;
pub mod reader;
mod recovery;
mod row;
mod rows;
mod schema;
pub mod steps;
mod values;
pub mod writer;
