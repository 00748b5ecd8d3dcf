//! Tables in and out through the Arrow C data interface (docs/arrow.md).
//!
//! What comes in is looked at before it is believed, and copied, so that nothing of the caller's is kept. What goes
//! out is handed over as it lies in memory, and lives until its consumer releases it. No panic crosses a callback.

pub mod abi;
#[cfg(feature = "stream")]
mod check;
#[cfg(feature = "stream")]
pub mod compact;
#[cfg(feature = "stream")]
mod export;
#[cfg(feature = "stream")]
mod import;
#[cfg(feature = "stream")]
mod spans;
#[cfg(feature = "stream")]
mod table;

#[cfg(feature = "stream")]
pub use export::{export, Batches};
#[cfg(feature = "stream")]
pub use import::{import, release};
#[cfg(feature = "stream")]
pub use table::f64_table;

#[cfg(all(test, feature = "stream"))]
mod tests;
