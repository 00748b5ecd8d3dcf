//! Status codes, and the text of the last failure on each thread.

use super::boundary;
use crate::error::{Code, Error};
use std::cell::RefCell;
use std::ffi::{c_char, CStr, CString};

/// Success.
pub const PLATTLI_OK: i32 = 0;
/// NULL, an illegal name, bad UTF-8, bad JSON, an unknown option or enum value.
pub const PLATTLI_ERR_ARGUMENT: i32 = 1;
/// The value does not fit the metric: dtype conflict, overflow, inexact integer.
pub const PLATTLI_ERR_TYPE: i32 = 2;
/// Metric written twice in a step, handle finished, step out of order.
pub const PLATTLI_ERR_STATE: i32 = 3;
/// No run here; unknown metric, key or topic.
pub const PLATTLI_ERR_NOT_FOUND: i32 = 4;
/// Finished run without the reopen option; output exists without overwrite.
pub const PLATTLI_ERR_EXISTS: i32 = 5;
/// Another writer holds the run, or a live run kept changing while it was read: try again.
pub const PLATTLI_ERR_BUSY: i32 = 6;
/// Data on disk breaks the format in a way that recovery must not paper over.
pub const PLATTLI_ERR_CORRUPT: i32 = 7;
/// The operating system refused: no space, no quota, no permission, a broken disk.
pub const PLATTLI_ERR_IO: i32 = 8;
/// Shed under the chosen overload policy; nothing of this call was kept.
pub const PLATTLI_ERR_OVERLOADED: i32 = 9;
/// The caller's buffer is too small; the needed length was returned.
pub const PLATTLI_ERR_BUFFER: i32 = 10;
/// The handle belongs to a parent process.
pub const PLATTLI_ERR_FORKED: i32 = 11;
/// This build lacks the feature.
pub const PLATTLI_ERR_UNSUPPORTED: i32 = 12;
/// A bug in the library. The handle is unusable from now on; others are not affected.
pub const PLATTLI_ERR_INTERNAL: i32 = 13;

const NAMES: [(i32, &CStr); 14] = [
    (PLATTLI_OK, c"PLATTLI_OK"),
    (PLATTLI_ERR_ARGUMENT, c"PLATTLI_ERR_ARGUMENT"),
    (PLATTLI_ERR_TYPE, c"PLATTLI_ERR_TYPE"),
    (PLATTLI_ERR_STATE, c"PLATTLI_ERR_STATE"),
    (PLATTLI_ERR_NOT_FOUND, c"PLATTLI_ERR_NOT_FOUND"),
    (PLATTLI_ERR_EXISTS, c"PLATTLI_ERR_EXISTS"),
    (PLATTLI_ERR_BUSY, c"PLATTLI_ERR_BUSY"),
    (PLATTLI_ERR_CORRUPT, c"PLATTLI_ERR_CORRUPT"),
    (PLATTLI_ERR_IO, c"PLATTLI_ERR_IO"),
    (PLATTLI_ERR_OVERLOADED, c"PLATTLI_ERR_OVERLOADED"),
    (PLATTLI_ERR_BUFFER, c"PLATTLI_ERR_BUFFER"),
    (PLATTLI_ERR_FORKED, c"PLATTLI_ERR_FORKED"),
    (PLATTLI_ERR_UNSUPPORTED, c"PLATTLI_ERR_UNSUPPORTED"),
    (PLATTLI_ERR_INTERNAL, c"PLATTLI_ERR_INTERNAL"),
];

thread_local! {
    static LAST: RefCell<CString> = RefCell::default();
}

/// Keeps the sentence for [`plattli_last_error`] and gives the code to return.
#[cold]
pub(super) fn record(error: &Error) -> i32 {
    let mut text = error.message().as_bytes().to_vec();
    text.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b'?');
    let text = CString::new(text).unwrap_or_default();
    // While a thread ends its storage is gone; the code still tells.
    let _ = LAST.try_with(|last| last.replace(text));
    match error.code() {
        Code::Argument => PLATTLI_ERR_ARGUMENT,
        Code::Type => PLATTLI_ERR_TYPE,
        Code::State => PLATTLI_ERR_STATE,
        Code::NotFound => PLATTLI_ERR_NOT_FOUND,
        Code::Exists => PLATTLI_ERR_EXISTS,
        Code::Busy => PLATTLI_ERR_BUSY,
        Code::Corrupt => PLATTLI_ERR_CORRUPT,
        Code::Io => PLATTLI_ERR_IO,
        Code::Overloaded => PLATTLI_ERR_OVERLOADED,
        Code::Buffer => PLATTLI_ERR_BUFFER,
        Code::Forked => PLATTLI_ERR_FORKED,
        Code::Unsupported => PLATTLI_ERR_UNSUPPORTED,
        Code::Internal => PLATTLI_ERR_INTERNAL,
    }
}

/// The refusal of what this build was made without.
#[cfg(not(all(feature = "stream", feature = "parquet")))]
#[cold]
pub(super) fn without(feature: &str, what: &str) -> Error {
    Error::new(
        Code::Unsupported,
        format!("this build of plattli was made without the feature `{feature}`, which {what} need"),
    )
}

/// The body of an entry point that needs the feature `stream`; in a build without it, the refusal.
macro_rules! with_stream {
    ($body:expr) => {{
        #[cfg(feature = "stream")]
        {
            $body
        }
        #[cfg(not(feature = "stream"))]
        {
            crate::capi::error::record(&crate::capi::error::without("stream", "streams"))
        }
    }};
}
pub(super) use with_stream;

/// The text of the last failure on the calling thread: what was tried, on which path or metric, and what the
/// operating system said.
///
/// Never NULL; empty before the first failure. Valid until the next failing call on the same thread; calls that
/// succeed leave it alone.
#[no_mangle]
pub extern "C" fn plattli_last_error() -> *const c_char {
    LAST.try_with(|last| last.borrow().as_ptr()).unwrap_or(c"".as_ptr())
}

/// Copies the text of the last failure on the calling thread into `buf`, always terminated, cut between
/// characters where it does not fit into `cap` bytes.
///
/// Returns the length of the whole text without its terminator: the copy is complete if that is below `cap`.
/// `buf` may be NULL, and `cap` 0, to ask for the length.
#[no_mangle]
pub unsafe extern "C" fn plattli_last_error_copy(buf: *mut c_char, cap: usize) -> usize {
    LAST.try_with(|last| boundary::copy_text(&last.borrow(), buf, cap)).unwrap_or(0)
}

/// The name of a status code, such as `"PLATTLI_ERR_IO"`; `"PLATTLI_ERR_UNKNOWN"` for any other number.
/// Never NULL; valid for as long as the library is loaded.
#[no_mangle]
pub extern "C" fn plattli_status_name(status: i32) -> *const c_char {
    let known = NAMES.iter().find(|(code, _)| *code == status);
    known.map_or(c"PLATTLI_ERR_UNKNOWN", |(_, name)| name).as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pointer: *const c_char) -> String {
        // SAFETY: both functions under test promise a terminated string.
        unsafe { CStr::from_ptr(pointer) }.to_str().unwrap().to_string()
    }

    #[test]
    fn codes_of_the_library_and_of_the_header_are_the_same_numbers() {
        use Code::*;
        let all = [
            Argument,
            Type,
            State,
            NotFound,
            Exists,
            Busy,
            Corrupt,
            Io,
            Overloaded,
            Buffer,
            Forked,
            Unsupported,
            Internal,
        ];
        for code in all {
            assert_eq!(record(&Error::new(code, "x")), code as i32);
            assert!(text(plattli_status_name(code as i32)).starts_with("PLATTLI_ERR_"));
        }
        assert_eq!(text(plattli_status_name(0)), "PLATTLI_OK");
        assert_eq!(text(plattli_status_name(8)), "PLATTLI_ERR_IO");
        assert_eq!(text(plattli_status_name(14)), "PLATTLI_ERR_UNKNOWN");
        assert_eq!(text(plattli_status_name(-1)), "PLATTLI_ERR_UNKNOWN");
    }

    #[test]
    fn a_nul_inside_a_message_does_not_cut_it_short() {
        record(&Error::argument("a\0b"));
        assert_eq!(text(plattli_last_error()), "a?b");
    }

    #[test]
    fn each_thread_has_its_own_last_error() {
        record(&Error::argument("mine"));
        std::thread::spawn(|| assert_eq!(text(plattli_last_error()), "")).join().unwrap();
        assert_eq!(text(plattli_last_error()), "mine");
    }

    #[test]
    fn a_copy_is_terminated_and_cut_between_characters() {
        record(&Error::argument("aé"));
        let mut buf = [0x55 as c_char; 4];
        // SAFETY: the buffers have the stated sizes.
        unsafe {
            assert_eq!(plattli_last_error_copy(std::ptr::null_mut(), 0), 3);
            assert_eq!(plattli_last_error_copy(std::ptr::null_mut(), 9), 3);
            assert_eq!(plattli_last_error_copy(buf.as_mut_ptr(), 0), 3);
            assert_eq!(buf[0], 0x55);
            assert_eq!(plattli_last_error_copy(buf.as_mut_ptr(), 1), 3);
            assert_eq!(buf[..2], [0, 0x55]);
            assert_eq!(plattli_last_error_copy(buf.as_mut_ptr(), 3), 3);
            assert_eq!(text(buf.as_ptr()), "a");
            assert_eq!(plattli_last_error_copy(buf.as_mut_ptr(), 4), 3);
            assert_eq!(text(buf.as_ptr()), "aé");
        }
    }
}
