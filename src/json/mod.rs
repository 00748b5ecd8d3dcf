//! JSON text as Python's `json` module reads and writes it (format §3.2, §3.3).
//!
//! That is JSON plus the bare words `NaN`, `Infinity` and `-Infinity`, integers of any length, and the digits
//! and layout of Python's `repr` for floats. Nothing here recurses, and nothing allocates more than the input
//! warrants, so text from an untrusted file may be as long and as deeply nested as it likes.
//!
//! What a lone surrogate escape (`"\ud800"`) does: Python reads it but cannot write it as UTF-8. Here it is
//! legal inside a value that is read, is kept as an escape by [`transcode`], has no [`Raw::as_str`], and is
//! refused by [`transcode_strict`]. In a key it is refused everywhere.

mod layout;
mod raw;
mod scan;
mod text;
mod transcode;

pub use layout::{compact, compact_strict, indent};
pub use raw::{parse, scan_object, value_len, Elements, Members, Raw, RawKind};
pub use text::{
    bare_word, is_usual_f64, push_f64, push_i64, push_str, push_u64, write_f64, write_usual_f64, FLOAT_ROOM,
};
pub use transcode::{transcode, transcode_strict, Spacing, MAX_DEPTH, MAX_INTEGER_DIGITS};

use std::fmt;

/// Text that is not JSON, or is beyond what a reader can be expected to take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JsonError {
    /// Where, in bytes from the start of the input.
    pub offset: usize,
    /// What is wrong there.
    pub what: &'static str,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what, self.offset)
    }
}

impl std::error::Error for JsonError {}
