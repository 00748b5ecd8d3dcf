//! Text that belongs to the caller.

use super::boundary::{examine, free, look, out};
use crate::error::Error;
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

/// A list of texts made by the library. Plain memory: it outlives the object it came from and may be read by any
/// thread.
pub struct plattli_strings {
    items: Vec<plattli_string>,
}

impl plattli_strings {
    pub(super) fn new<T: AsRef<str>>(texts: &[T]) -> Self {
        plattli_strings { items: texts.iter().map(|text| plattli_string::new(text.as_ref())).collect() }
    }
}

/// How many texts there are. 0 for NULL.
#[no_mangle]
pub unsafe extern "C" fn plattli_strings_len(strings: *const plattli_strings) -> usize {
    look(strings, 0, |strings| strings.items.len())
}

/// Text `i`, terminated, and its length in bytes without the terminator; `len` may be NULL. Valid until
/// `plattli_strings_free`. `PLATTLI_ERR_NOT_FOUND` past the last.
#[no_mangle]
pub unsafe extern "C" fn plattli_strings_get(
    strings: *const plattli_strings,
    i: usize,
    text: *mut *const c_char,
    len: *mut usize,
) -> i32 {
    examine(strings, "strings", |strings| {
        let text = out(text, "text")?;
        let missing = || Error::not_found(format!("there is no text {i}, only {}", strings.items.len()));
        let found = &strings.items.get(i).ok_or_else(missing)?.terminated;
        if !len.is_null() {
            out(len, "len")?.set(found.len() - 1)?;
        }
        text.set(found.as_ptr().cast())
    })
}

/// Releases a list. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plattli_strings_free(strings: *mut plattli_strings) {
    free(strings);
}
