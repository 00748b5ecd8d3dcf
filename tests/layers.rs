//! Imports point downwards only, as docs/design.md draws it.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

/// From the top; what is on one level does not know of each other, except where it is listed as one layer of ground.
const LAYERS: [&[&str]; 5] = [
    &["capi"],
    &["run", "state", "journal", "stream"],
    &["bucket", "arrow"],
    &["hotlog", "worker", "pool", "schedule", "lock", "gate"],
    &["store", "json", "clock", "error", "fork", "panics", "threads", "barrier"],
];

/// Levels whose members may use each other.
const GROUND: [usize; 2] = [3, 4];

fn sources(of: &str) -> Vec<PathBuf> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut open) = (Vec::new(), vec![src.join(of)]);
    found.extend(Some(src.join(format!("{of}.rs"))).filter(|file| file.is_file()));
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "there is no source of {of}");
    found
}

/// The modules of the crate that a text names: `crate::x…` and `crate::{x, y::z}`.
fn imported(text: &str) -> Vec<String> {
    let code: String =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut names = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let word = |s: &str| {
            s.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("").to_owned()
        };
        match rest.strip_prefix('{') {
            Some(list) => {
                // Commas of inner lists separate names of what is inside a module, which no module is called.
                names.extend(list.split('}').next().unwrap_or("").split(',').map(word));
            }
            None => names.push(word(rest)),
        }
    }
    names
}

#[test]
fn no_module_imports_a_neighbour_or_what_is_above_it() {
    let level = |name: &str| LAYERS.iter().position(|layer| layer.contains(&name));
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for (at, layer) in LAYERS.iter().enumerate() {
        for module in *layer {
            for file in sources(module) {
                for name in imported(&std::fs::read_to_string(&file).unwrap()) {
                    let Some(other) = level(&name).filter(|_| name != *module) else { continue };
                    seen += 1;
                    if other < at || (other == at && !GROUND.contains(&at)) {
                        wrong.push(format!("{} imports {name}", file.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 300, "only {seen} imports were found");
}

#[test]
fn every_module_of_the_crate_has_its_layer() {
    let lib = include_str!("../src/lib.rs");
    for line in lib.lines() {
        let Some(name) = line.trim_start_matches("pub ").strip_prefix("mod ") else { continue };
        let name = name.trim_end_matches(';');
        assert!(LAYERS.iter().any(|layer| layer.contains(&name)), "{name} has no layer");
    }
}
