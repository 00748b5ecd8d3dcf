//! What cargo leaves out of the shared library: the name under which programs ask for it (SONAME), which changes with
//! the major version, as the ABI does, and an unwinder that nobody can stand in front of.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let major = env::var("CARGO_PKG_VERSION_MAJOR").unwrap_or_default();
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libplattli.so.{major}");
        // Its own unwinder, hidden: a host may bring another one whose symbols stand in front of those of libgcc_s
        // (Julia's libunwind does), and a panic would abort there instead of becoming PLATTLI_ERR_INTERNAL.
        if env::var("CARGO_CFG_TARGET_ENV").as_deref() == Ok("gnu") {
            println!("cargo:rustc-cdylib-link-arg=-Wl,--whole-archive,-l:libgcc_eh.a,--no-whole-archive");
        }
    }
}
