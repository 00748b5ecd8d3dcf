//! Gives the shared library the name under which programs ask for it (SONAME), which cargo leaves out. It changes
//! with the major version, as the ABI does.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let major = env::var("CARGO_PKG_VERSION_MAJOR").unwrap_or_default();
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libplattli.so.{major}");
    }
}
