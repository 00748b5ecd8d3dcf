#![allow(clippy::disallowed_methods)]

use super::*;
use crate::store::DiskStore;
use std::fs;
use std::os::unix::fs::symlink;
use tempfile::TempDir;

/// A run directory with its folder, and a place beside it.
struct Run {
    _tmp: TempDir,
    dir: PathBuf,
    root: PathBuf,
    config: PathBuf,
    beside: PathBuf,
}

impl Run {
    fn new() -> Self {
        let tmp = TempDir::new().unwrap();
        let dir = tmp.path().canonicalize().unwrap().join("run");
        let root = dir.join("plattli");
        fs::create_dir_all(&root).unwrap();
        let beside = dir.with_file_name("beside.json");
        Run { _tmp: tmp, config: root.join("config.json"), root, dir, beside }
    }

    fn with(path: &str, text: &str) -> Self {
        let run = Self::new();
        fs::write(run.dir.join(path), text).unwrap();
        run
    }

    fn apply(&self, config: Config) -> Result<()> {
        apply(&DiskStore, &self.dir, &self.root, &config)
    }

    fn path(&self, path: impl AsRef<Path>) -> Result<()> {
        self.apply(Config::Path(path.as_ref().to_str().unwrap().into()))
    }

    fn json(&self, text: &str) -> Result<()> {
        self.apply(Config::Json(text.into()))
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.config).unwrap()
    }

    fn link(&self) -> Option<PathBuf> {
        fs::read_link(&self.config).ok()
    }

    fn no_leftovers(&self) {
        assert!(!ops::tmp_of(&self.config).exists());
    }
}

fn refused(result: Result<()>) {
    assert_eq!(result.unwrap_err().code(), Code::Argument);
}

#[test]
fn a_new_run_without_configuration_gets_an_empty_one() {
    let run = Run::new();
    run.apply(Config::default()).unwrap();
    assert_eq!((run.text().as_str(), run.link()), ("{}", None));
    run.no_leftovers();
}

#[test]
fn a_value_is_stored_in_spaced_form() {
    let run = Run::new();
    for (given, stored) in [
        (r#"{"dt":0.01,"case":"H\u00f6hle"}"#, r#"{"dt": 0.01, "case": "Höhle"}"#),
        (" [1,\n2.50] ", "[1, 2.5]"),
        ("3", "3"),
        ("true", "true"),
        ("{\"a\":NaN}", "{\"a\": NaN}"),
    ] {
        run.json(given).unwrap();
        assert_eq!(run.text(), stored);
        run.no_leftovers();
    }
    assert_eq!(r#"{"dt": 0.01, "case": "Höhle"}"#.len(), 30);
}

#[test]
fn text_that_python_could_not_read_is_refused_and_changes_nothing() {
    let run = Run::with("plattli/config.json", "{\"old\": 1}");
    for text in ["", "{", "{\"a\": 1,}", "\"\\ud800\"", "{} {}"] {
        refused(run.json(text));
    }
    assert_eq!(run.text(), "{\"old\": 1}");
}

#[test]
fn a_value_replaces_a_link_but_not_what_it_points_to() {
    let run = Run::with("config.json", "{\"target\": 1}");
    symlink(run.dir.join("config.json"), &run.config).unwrap();
    run.json("{\"v\":1}").unwrap();
    assert_eq!((run.text().as_str(), run.link()), ("{\"v\": 1}", None));
    assert_eq!(fs::read_to_string(run.dir.join("config.json")).unwrap(), "{\"target\": 1}");

    let run = Run::new();
    symlink("/nowhere/x", &run.config).unwrap();
    run.json("{}").unwrap();
    assert_eq!((run.text().as_str(), run.link()), ("{}", None));
}

#[test]
fn a_path_becomes_a_link_to_the_file_itself() {
    let run = Run::with("config.json", "{\"n\": 1");
    run.apply(Config::default()).unwrap();
    assert_eq!(run.link(), Some(run.dir.join("config.json")));
    fs::write(&run.beside, "{}").unwrap();
    for path in
        [run.beside.clone(), PathBuf::from("../beside.json"), PathBuf::from("plattli/../../beside.json")]
    {
        run.path(path).unwrap();
        assert_eq!(run.link(), Some(run.beside.clone()));
        run.no_leftovers();
    }
    let link = run.dir.join("link");
    symlink(&run.beside, &link).unwrap();
    run.path("link").unwrap();
    assert_eq!(run.link(), Some(run.beside.clone()), "the link leads past other links");
}

#[test]
fn a_link_replaces_a_file_and_the_leftover_of_a_crash() {
    let run = Run::with("plattli/config.json", "{\"old\": 1}");
    fs::write(ops::tmp_of(&run.config), "torn").unwrap();
    fs::write(&run.beside, "{}").unwrap();
    run.path(&run.beside).unwrap();
    assert_eq!(run.link(), Some(run.beside.clone()));
    run.no_leftovers();
}

#[test]
fn a_path_to_nothing_keeps_what_there_is() {
    let run = Run::with("plattli/config.json", "{\"old\":1}");
    run.path("nope.json").unwrap();
    run.path("no/such/folder.json").unwrap();
    symlink("/nowhere", run.dir.join("dangling")).unwrap();
    run.path("dangling").unwrap();
    assert_eq!((run.text().as_str(), run.link()), ("{\"old\":1}", None));

    let run = Run::new();
    symlink("/nowhere/x", &run.config).unwrap();
    run.apply(Config::default()).unwrap();
    assert_eq!(run.link(), Some(PathBuf::from("/nowhere/x")));
}

#[test]
fn the_configuration_itself_is_never_linked_to_itself() {
    let run = Run::with("plattli/config.json", "{\"old\":1}");
    symlink(&run.config, &run.beside).unwrap();
    for path in ["plattli/config.json", "plattli/../plattli/config.json", "../beside.json"] {
        run.path(path).unwrap();
        assert_eq!((run.text().as_str(), run.link()), ("{\"old\":1}", None), "{path}");
    }
    let run = Run::new();
    run.path("plattli/config.json").unwrap();
    assert_eq!(run.text(), "{}");
    let run = Run::with("config.json", "{\"n\":1}");
    symlink("config.json", run.dir.join("link")).unwrap();
    symlink("../link", &run.config).unwrap();
    run.path("plattli/config.json").unwrap();
    assert_eq!(run.link(), Some(PathBuf::from("../link")), "the link stays as it is");
}

#[test]
fn what_is_no_regular_file_is_refused_before_anything_changes() {
    let run = Run::with("plattli/config.json", "{\"old\":1}");
    fs::create_dir(run.dir.join("folder")).unwrap();
    symlink(ops::tmp_of(&run.config), run.dir.join("to_tmp")).unwrap();
    for path in ["folder", "plattli", ".", "", "..", "/dev/null", "plattli/config.json.tmp", "../run/plattli"]
    {
        refused(run.path(path));
    }
    fs::write(ops::tmp_of(&run.config), "{}").unwrap();
    refused(run.path("plattli/config.json.tmp"));
    refused(run.path("to_tmp"));
    assert_eq!((run.text().as_str(), run.link()), ("{\"old\":1}", None));
}

#[test]
fn a_run_that_is_not_there_yet_is_checked_without_making_it() {
    let run = Run::new();
    let dir = run.dir.join("new/run");
    let root = dir.join("plattli");
    let prepare = |path: &str| prepare(&DiskStore, &dir, &root, &Config::Path(path.into()), |_| true);
    for path in ["", ".", "plattli", "plattli/config.json.tmp", "x/../plattli/config.json.tmp"] {
        assert_eq!(prepare(path).unwrap_err().code(), Code::Argument, "{path:?}");
    }
    assert_eq!(prepare("config.json").unwrap(), Source::Keep);
    assert_eq!(prepare("plattli/config.json").unwrap(), Source::Keep);
    assert!(!run.dir.join("new").exists());
}

#[test]
fn a_folder_in_its_place_is_an_error_that_changes_nothing() {
    let run = Run::new();
    fs::create_dir(&run.config).unwrap();
    assert_eq!(run.apply(Config::default()).unwrap_err().code(), Code::Corrupt);
    assert_eq!(run.json("{}").unwrap_err().code(), Code::Io);
    assert!(run.config.is_dir());
}

#[test]
fn the_text_is_read_through_a_link() {
    let run = Run::new();
    let read = || read(&DiskStore, &run.root);
    assert_eq!(read().unwrap(), None);
    fs::write(&run.beside, "{\"a\":  1}\n").unwrap();
    symlink(&run.beside, &run.config).unwrap();
    assert_eq!(read().unwrap().as_deref(), Some("{\"a\":  1}\n"));
    fs::write(&run.beside, b"\xff").unwrap();
    assert_eq!(read().unwrap_err().code(), Code::Corrupt);
    fs::remove_file(&run.beside).unwrap();
    assert_eq!(read().unwrap(), None);
}

#[test]
fn overrides_replace_keys_in_place_and_add_the_others_behind() {
    let merge = |config: &str, overrides: &str| {
        merge_overrides(config.as_bytes(), overrides).map(|text| String::from_utf8(text).unwrap())
    };
    let config = r#"{"a":1,   "x": {"y":1}, "z":1e3}"#;
    assert_eq!(
        merge(config, r#"{"x":2,"new":[1]}"#).unwrap(),
        r#"{"a": 1, "x": 2, "z": 1000.0, "new": [1]}"#
    );
    assert_eq!(merge(config, "{}").unwrap(), r#"{"a": 1, "x": {"y": 1}, "z": 1000.0}"#);
    assert_eq!(merge("{}", r#"{"\u00e9": "\/"}"#).unwrap(), r#"{"é": "/"}"#);
    assert_eq!(merge(r#"{"a": 1, "b": 2, "a": 3}"#, r#"{"b": 4, "b": 5}"#).unwrap(), r#"{"a": 3, "b": 5}"#);
    let code = |config: &str, overrides: &str| merge(config, overrides).unwrap_err().code();
    assert_eq!(code("{}", "[1]"), Code::Argument);
    assert_eq!(code("{}", "{"), Code::Argument);
    assert_eq!(code("[1]", "{}"), Code::Argument);
    assert_eq!(code("{\"a\":", "{}"), Code::Corrupt);
}
