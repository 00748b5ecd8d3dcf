//! The committed header is what the sources say.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::path::Path;

/// `PLATTLI_BLESS=1` writes the header instead of comparing it.
#[test]
fn the_committed_header_is_the_generated_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let committed = root.join("include/plattli.h");
    let generated = generate(root);
    if std::env::var_os("PLATTLI_BLESS").is_some() {
        std::fs::write(&committed, generated).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&committed).unwrap_or_default();
    if let Some((n, (is, should))) =
        found.lines().chain([""]).zip(generated.lines().chain([""])).enumerate().find(|(_, (a, b))| a != b)
    {
        panic!(
            "include/plattli.h differs from src/capi at line {}:\n  has    {is}\n  should {should}\n\
             run PLATTLI_BLESS=1 cargo test --test header, and look at the difference",
            n + 1
        );
    }
    assert_eq!(found, generated);
}

fn generate(root: &Path) -> String {
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    let builder = cbindgen::Builder::new().with_config(config).with_src(root.join("src/capi/mod.rs"));
    let mut text = Vec::new();
    builder.generate().unwrap().write(&mut text);
    String::from_utf8(text).unwrap()
}
