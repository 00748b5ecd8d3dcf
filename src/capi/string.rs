//! Text that belongs to the caller.

use super::boundary::{free, look};
use std::ffi::c_char;

/// Text made by the library: UTF-8, terminated, with its length, as it may hold NUL. Plain memory: it outlives the
/// object it came from and may be read by any thread.
pub struct plattli_string {
    terminated: Box<[u8]>,
}

impl plattli_string {
    pub(super) fn new(text: &str) -> Self {
        plattli_string { terminated: [text.as_bytes(), &[0]].concat().into() }
    }
}

/// The text, terminated. Valid until `plattli_string_free`. NULL for NULL.
#[no_mangle]
pub unsafe extern "C" fn plattli_string_data(string: *const plattli_string) -> *const c_char {
    look(string, std::ptr::null(), |string| string.terminated.as_ptr().cast())
}

/// The length of the text in bytes, without the terminator. 0 for NULL.
#[no_mangle]
pub unsafe extern "C" fn plattli_string_len(string: *const plattli_string) -> usize {
    look(string, 0, |string| string.terminated.len() - 1)
}

/// Releases a string. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plattli_string_free(string: *mut plattli_string) {
    free(string);
}
