//! Which library this is.

use super::boundary::text;
use std::ffi::{c_char, CStr};

/// The version of this header, as `major << 16 | minor << 8 | patch`.
pub const PLATTLI_VERSION: u32 = 0x00_0100;

const STRING: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");

/// What this build can do.
const FEATURES: [(&str, bool); 10] = [
    ("run", true),
    ("state", true),
    ("journal", true),
    ("patterns", cfg!(feature = "patterns")),
    ("stream", cfg!(feature = "stream")),
    ("parquet", cfg!(feature = "parquet")),
    ("object-store", cfg!(feature = "object-store")),
    ("s3", cfg!(feature = "s3")),
    ("gcs", cfg!(feature = "gcs")),
    ("azure", cfg!(feature = "azure")),
];

/// The version of the library, as `major << 16 | minor << 8 | patch`; equals `PLATTLI_VERSION` of the header
/// that belongs to it.
#[no_mangle]
pub extern "C" fn plattli_version() -> u32 {
    PLATTLI_VERSION
}

/// The version of the library as text, `"major.minor.patch"`. Valid for as long as the library is loaded.
#[no_mangle]
pub extern "C" fn plattli_version_string() -> *const c_char {
    CStr::from_bytes_with_nul(STRING.as_bytes()).unwrap_or_default().as_ptr()
}

/// Whether this build has a feature: `"run"`, `"state"` and `"journal"`, which all have; `"patterns"` (regular expressions);
/// `"stream"` (streams, and runs as Arrow tables); `"parquet"` (segments of streams); `"object-store"`, `"s3"`, `"gcs"`,
/// `"azure"` (buckets). False for NULL and for names it does not know.
#[no_mangle]
pub unsafe extern "C" fn plattli_has_feature(name: *const c_char) -> bool {
    text(name, "name").is_ok_and(|name| FEATURES.contains(&(name, true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_and_text_are_the_version_of_the_package() {
        let part = |text: &str| text.parse::<u32>().unwrap();
        let number = part(env!("CARGO_PKG_VERSION_MAJOR")) << 16
            | part(env!("CARGO_PKG_VERSION_MINOR")) << 8
            | part(env!("CARGO_PKG_VERSION_PATCH"));
        assert_eq!(plattli_version(), number);
        // SAFETY: a static, terminated string.
        let string = unsafe { CStr::from_ptr(plattli_version_string()) };
        assert_eq!(string.to_str().unwrap(), env!("CARGO_PKG_VERSION"));
    }
}
