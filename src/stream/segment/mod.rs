//! Segment files: how they are written and read.

pub(super) mod encode;
pub(super) mod frames;
#[cfg(feature = "parquet")]
pub(super) mod parquet;
mod reader;

pub(super) use reader::walk;
pub use reader::{ChunkInfo, SegmentReader};
