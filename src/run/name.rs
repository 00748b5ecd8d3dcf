//! Metric names and the files they stand for (format §2, §4).

use super::dtype::DType;
use crate::error::{Error, Result};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// The run folder inside the run directory.
pub const FOLDER: &str = "plattli";
/// The finished archive inside the run directory.
pub const ARCHIVE: &str = "metrics.plattli";
/// The manifest (format §6).
pub const MANIFEST: &str = "plattli.json";
/// The run configuration (format §5).
pub const CONFIG: &str = "config.json";
/// The active hot log (format §10).
pub const HOT: &str = "hot.jsonl";
/// The hot log that is being moved to cold storage (format §10).
pub const HOT_COMPACTING: &str = "hot.compacting.jsonl";
/// Suffix of the file that holds the steps of a metric, without its dot (format §7).
pub const INDICES: &str = "indices";
/// Suffix of a file on its way to replace another (format §3.4).
pub const TMP: &str = ".tmp";

/// Names that no metric may have: they are keys of a hot row or of the manifest, or would be a hot log.
const RESERVED: [&str; 5] = ["step", "run_rows", "when_exported", "hot", "hot.compacting"];
/// Files of the run folder that belong to no metric.
const FIXED: [&str; 4] = [MANIFEST, CONFIG, HOT, HOT_COMPACTING];
/// Longest file name that file systems commonly allow, in bytes.
const MAX_COMPONENT: usize = 255;
/// The longest thing appended to the last component of a name: `.indices.tmp`.
const LONGEST_SUFFIX: usize = 12;

/// Refuses an illegal name with [`crate::Code::Argument`] (format §4).
pub fn check(name: &str) -> Result<()> {
    match objection(name) {
        None => Ok(()),
        Some(rule) => Err(Error::argument(format!("metric name {}: {rule}", quoted(name)))),
    }
}

/// The rule of format §4 that a name breaks, if it breaks one. A name without objection, joined to a folder,
/// stays inside that folder.
pub fn objection(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("a name must not be empty");
    }
    if name.bytes().any(|b| b == 0 || b == b'\\') {
        return Some("a name must not contain NUL or a backslash");
    }
    if name.starts_with('/') {
        return Some("a name must not start with '/'");
    }
    if name.chars().nth(1) == Some(':') {
        return Some("the second character of a name must not be ':' (it would look like a drive)");
    }
    if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Some("no part between '/' may be empty, '.' or '..'");
    }
    if RESERVED.contains(&name) {
        return Some("this name is reserved");
    }
    None
}

/// A name as a caller gives it, which may have to be read before it is known how long it is and whether it is text.
pub trait Spelled {
    /// It is this one, which ends with a NUL.
    fn is(&self, terminated: &[u8]) -> bool;
    /// The name.
    fn text(&self) -> Result<&str>;
}

impl Spelled for &str {
    fn is(&self, terminated: &[u8]) -> bool {
        terminated.split_last().is_some_and(|(_, name)| name == self.as_bytes())
    }

    fn text(&self) -> Result<&str> {
        Ok(self)
    }
}

/// A name for a message: quoted, control characters escaped, cut where it would flood the screen.
pub fn quoted(name: &str) -> String {
    const SHOWN: usize = 120;
    match name.char_indices().nth(SHOWN) {
        None => format!("{name:?}"),
        Some((end, _)) => format!("{:?}… ({} bytes)", &name[..end], name.len()),
    }
}

/// The value file of a metric, which must have passed [`check`] (format §8).
pub fn value_path(root: &Path, name: &str, dtype: DType) -> PathBuf {
    root.join(format!("{name}.{}", dtype.suffix()))
}

/// The file of steps of a metric, which must have passed [`check`] (format §7).
pub fn indices_path(root: &Path, name: &str) -> PathBuf {
    root.join(format!("{name}.{INDICES}"))
}

/// The names of a run, to refuse a new one that could not be stored beside them: a folder of one metric would be a
/// file of another (format §4), or a file name would be longer than file systems allow.
///
/// A metric counts as owning its value file under every type, because it may be promoted later.
#[derive(Clone, Debug, Default)]
pub struct NameTable {
    names: HashSet<String>,
    folders: HashSet<String>,
}

impl NameTable {
    /// No names yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a name that is in the run already; it got there, so it can be stored.
    pub fn insert(&mut self, name: &str) {
        for folder in folders(name) {
            if !self.folders.contains(folder) {
                self.folders.insert(folder.to_owned());
            }
        }
        self.names.insert(name.to_owned());
    }

    /// Refuses, with [`crate::Code::Argument`], a new name that is illegal or cannot be stored beside the others.
    pub fn check_new(&self, name: &str) -> Result<()> {
        check(name)?;
        let refuse = |why: String| Err(Error::argument(format!("metric name {}: {why}", quoted(name))));
        let last = name.rsplit('/').next().unwrap_or(name);
        if name.split('/').any(|part| part.len() > MAX_COMPONENT)
            || last.len() + LONGEST_SUFFIX > MAX_COMPONENT
        {
            return refuse("a part of the name is too long for a file name".into());
        }
        for folder in folders(name) {
            let file = folder.strip_suffix(TMP).unwrap_or(folder);
            if FIXED.contains(&file) {
                return refuse(format!("its folder {folder:?} would be a file of the run"));
            }
            if let Some(owner) = owner(file).filter(|owner| self.names.contains(*owner)) {
                return refuse(format!("its folder would be a file of the metric {}", quoted(owner)));
            }
        }
        for suffix in DType::ALL.map(DType::suffix).into_iter().chain([INDICES]) {
            for tmp in ["", TMP] {
                let file = format!("{name}.{suffix}{tmp}");
                if self.folders.contains(&file) {
                    return refuse(format!("its file {} is a folder of other metrics", quoted(&file)));
                }
            }
        }
        Ok(())
    }
}

/// The folders that a name lies in, outermost first.
fn folders(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').map(|(at, _)| &name[..at])
}

/// The metric that would own a file.
fn owner(file: &str) -> Option<&str> {
    let (metric, suffix) = file.rsplit_once('.')?;
    (suffix == INDICES || DType::from_suffix(suffix).is_some()).then_some(metric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;
    use proptest::prelude::*;
    use std::path::Component;

    #[test]
    fn every_kind_of_legal_name_is_accepted() {
        for name in [
            "a",
            "solver/iters",
            "ab:c",
            "x/a:b",
            ":x",
            "hot/x",
            "Step",
            "x/step",
            "plattli",
            "config",
            "indices",
            "a b",
            "a\nb",
            "a\u{1}b",
            ".a",
            "a.",
            "...",
            "a..b",
            "a.f32",
            "Höhle",
            "😀",
            "hot.jsonl",
            "a/b/c/d",
            "x/hot",
            "hot.compacting/a",
            "-",
            "~",
            "a?b*",
            "a:/b".trim_start_matches("a:/"),
            "\u{7f}",
            "x/..a",
            "plattli.json",
            "metrics.plattli",
        ] {
            assert_eq!(objection(name), None, "{name:?}");
            assert!(check(name).is_ok());
        }
    }

    #[test]
    fn every_rule_of_the_format_refuses_its_name_and_names_it() {
        for (name, word) in [
            ("", "empty"),
            ("a\0", "NUL"),
            ("\\", "backslash"),
            ("a\\b", "backslash"),
            ("/a", "start with '/'"),
            ("/", "start with '/'"),
            ("a:", "drive"),
            ("a:b/c", "drive"),
            ("é:x", "drive"),
            ("😀:x", "drive"),
            ("1:x", "drive"),
            ("::", "drive"),
            (".", "'..'"),
            ("..", "'..'"),
            ("a//b", "empty"),
            ("a/", "empty"),
            ("a/./b", "'.'"),
            ("a/../b", "'..'"),
            ("../a", "'..'"),
            ("./a", "'.'"),
            ("a/..", "'..'"),
            ("step", "reserved"),
            ("run_rows", "reserved"),
            ("when_exported", "reserved"),
            ("hot", "reserved"),
            ("hot.compacting", "reserved"),
        ] {
            let error = check(name).unwrap_err();
            assert_eq!(error.code(), Code::Argument);
            assert!(error.message().contains(word), "{name:?}: {error}");
            assert!(error.message().contains(&format!("{name:?}")), "{error}");
        }
    }

    #[test]
    fn a_huge_name_does_not_flood_the_message() {
        let error = check(&format!("/{}", "é".repeat(100_000))).unwrap_err();
        assert!(error.message().len() < 600 && error.message().contains("200001 bytes"), "{error}");
    }

    #[test]
    fn a_metric_stands_for_these_files() {
        let root = Path::new("r");
        assert_eq!(value_path(root, "solver/iters", DType::I64), Path::new("r/solver/iters.i64"));
        assert_eq!(value_path(root, "note", DType::Json), Path::new("r/note.jsonl"));
        assert_eq!(indices_path(root, "a.b"), Path::new("r/a.b.indices"));
    }

    fn table(names: &[&str]) -> NameTable {
        let mut table = NameTable::new();
        names.iter().for_each(|name| table.insert(name));
        table
    }

    #[test]
    fn a_folder_that_would_be_a_file_of_another_metric_is_refused_in_both_orders() {
        for (a, b) in [
            ("a", "a.f32/b"),
            ("a", "a.jsonl/b/c"),
            ("a", "a.indices/b"),
            ("a", "a.u8.tmp/b"),
            ("x/a", "x/a.i64/b"),
            ("a", "a.indices.tmp/b"),
        ] {
            assert!(table(&[a]).check_new(b).is_err(), "{a} then {b}");
            assert!(table(&[b]).check_new(a).is_err(), "{b} then {a}");
        }
        for (a, b) in
            [("a", "a.f16/b"), ("a", "a/b"), ("a", "a.f32"), ("a.f32", "a"), ("a", "b.f32/a"), ("a/b", "a/c")]
        {
            assert!(table(&[a]).check_new(b).is_ok(), "{a} then {b}");
            assert!(table(&[b]).check_new(a).is_ok(), "{b} then {a}");
        }
    }

    #[test]
    fn a_folder_that_would_be_a_file_of_the_run_is_refused() {
        for name in [
            "plattli.json/a",
            "config.json/a",
            "hot.jsonl/a",
            "hot.compacting.jsonl/a/b",
            "config.json.tmp/a",
        ] {
            assert!(table(&[]).check_new(name).is_err(), "{name}");
        }
        for name in ["x/plattli.json/a", "plattli.json", "config.json", "config/a"] {
            assert!(table(&[]).check_new(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_name_too_long_for_a_file_is_refused_before_anything_is_written() {
        assert!(table(&[]).check_new(&"x".repeat(243)).is_ok());
        assert!(table(&[]).check_new(&"x".repeat(244)).is_err());
        assert!(table(&[]).check_new(&format!("{}/a", "x".repeat(255))).is_ok());
        assert!(table(&[]).check_new(&format!("{}/a", "x".repeat(256))).is_err());
        assert!(table(&[]).check_new("a:b").is_err());
    }

    proptest! {
        #[test]
        fn no_accepted_name_leaves_the_folder(name in "[a.:/\\\\ é\0]{0,8}|\\PC{0,8}|(\\.{0,3}/?){0,4}") {
            if check(&name).is_ok() {
                let path = value_path(Path::new("root"), &name, DType::U8);
                prop_assert!(path.starts_with("root"));
                prop_assert!(path.components().all(|c| matches!(c, Component::Normal(_))));
                prop_assert_eq!(path.components().count(), 1 + name.split('/').count());
            }
        }
    }
}
