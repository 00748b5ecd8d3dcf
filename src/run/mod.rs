//! The run: metrics per step, in the format of the Python package plattli 0.19.0 (docs/format.md).

pub mod options;
