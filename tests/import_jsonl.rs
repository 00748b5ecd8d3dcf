//! JSON-lines logs become the runs that the reference's converter makes of them.
#![allow(clippy::unwrap_used)]

use plattli::json::{parse, Raw, RawKind};
use plattli::run::archive::ArchiveReader;
use plattli::run::import::{
    import_file, import_file_in, import_tree, ImportOptions, ImportReport, TreeOptions,
};
use plattli::store::{DiskStore, MemoryStore};
use plattli::{Code, Result};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const LOG: &str = "/exp/run/metrics.jsonl";
const RUN: &str = "/exp/run";

/// The members of the archive that a log becomes, the time of export masked.
type Files = BTreeMap<String, Vec<u8>>;

fn import(log: &[u8], config: Option<&str>, options: &ImportOptions) -> Result<(ImportReport, Files)> {
    let disk = MemoryStore::new();
    disk.plant(LOG, log);
    if let Some(config) = config {
        disk.plant("/exp/run/config.json", config.as_bytes());
    }
    let before = disk.tree();
    let imported = import_file_in(Arc::new(disk.clone()), Path::new(LOG), Path::new(RUN), options);
    let report = match imported {
        Ok(report) => report,
        Err(e) => {
            assert_eq!(disk.tree(), before, "something is left after: {e}");
            return Err(e);
        }
    };
    let left: Vec<String> = disk.tree().into_iter().filter(|f| !before.contains(f)).map(|f| f.0).collect();
    assert_eq!(left, ["/exp/run/metrics.plattli"]);
    Ok((report, members(&disk, Path::new("/exp/run/metrics.plattli"))))
}

fn members(store: &dyn plattli::store::Store, archive: &Path) -> Files {
    let archive = ArchiveReader::open(store, archive).unwrap().unwrap();
    let mut files: Files = archive.names().map(|n| (n.to_string(), archive.read_all(n).unwrap())).collect();
    let manifest = String::from_utf8(files.remove("plattli.json").unwrap()).unwrap();
    let (before, after) = manifest.split_once("\"when_exported\": \"").unwrap();
    let masked = format!("{before}\"when_exported\": \"T{}", &after["2026-11-20T05:08:13Z".len()..]);
    files.insert("plattli.json".into(), masked.into_bytes());
    files
}

fn ok(log: &str, options: &ImportOptions) -> (ImportReport, Files) {
    import(log.as_bytes(), None, options).unwrap()
}

fn text(files: &Files, name: &str) -> String {
    String::from_utf8(files[name].clone()).unwrap()
}

fn shown(files: &Files) -> String {
    files.iter().map(|(name, bytes)| format!("  {name}: {}\n", bytes.escape_ascii())).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

/// The table is made by `tests/data/import_reference.py`, which says what is in it.
#[test]
fn every_log_becomes_what_the_reference_makes_of_it() {
    let mut differences = Vec::new();
    for line in include_str!("data/import_reference.jsonl").lines() {
        let case: BTreeMap<_, Raw> = parse(line.as_bytes()).unwrap().members().collect();
        let Some(log) = case["log"].as_str() else { continue };
        let config = case["config"].as_str();
        let words: Vec<_> = case["options"].elements().map(|w| w.as_str().unwrap()).collect();
        let options = ImportOptions {
            allow_rewinds: words.iter().any(|w| w == "--allow-rewinds"),
            skip_columns: words
                .windows(2)
                .filter(|w| w[0] == "--skipcols")
                .map(|w| w[1].to_string())
                .collect(),
            ..Default::default()
        };
        let ours = import(log.as_bytes(), config.as_deref(), &options);
        let theirs = case.get("files").map(|files| {
            assert_eq!(files.kind(), RawKind::Object);
            files
                .members()
                .map(|(name, hex)| (name.into_owned(), unhex(&hex.as_str().unwrap())))
                .collect::<Files>()
        });
        match (ours, theirs) {
            (Ok((_, ours)), Some(theirs)) if ours == theirs => {}
            (Err(_), None) => {}
            // Rows that a rewind makes void have no say here in what type a metric has; there they have.
            (Ok((report, _)), None) if report.rewound_rows > 0 => {}
            (Ok((_, ours)), theirs) => differences.push(format!(
                "{log}{words:?}\nours\n{}theirs\n{}",
                shown(&ours),
                theirs.map_or_else(|| case["error"].as_str().unwrap().into_owned(), |files| shown(&files))
            )),
            (Err(e), Some(theirs)) => {
                differences.push(format!("{log}{words:?}\nours: {e}\ntheirs\n{}", shown(&theirs)))
            }
        }
    }
    assert!(
        differences.is_empty(),
        "{} differ:\n{}",
        differences.len(),
        differences[..differences.len().min(5)].join("\n")
    );
}

#[test]
fn errors_name_the_log_and_the_line() {
    let options = ImportOptions::default();
    for (log, code, what) in [
        (
            "{\"a\":1}\n{\"a\"\n",
            Code::Corrupt,
            "/exp/run/metrics.jsonl:2: not a line of JSON: expected ':' at byte 4",
        ),
        ("{\"a\":1}\n{\"step\":2}\n", Code::Corrupt, ":2: some lines have a \"step\""),
        ("{\"step\":5}\n{\"step\":4}\n", Code::Corrupt, ":2: step 4 after 5"),
        ("{\"a\":1}\n{\"a\":1}\n{\"a\":\"x\"}\n", Code::Type, ":3: "),
        (
            "{\"a\":1}\n{\"a\":1}\n{\"a\":1e300}\n",
            Code::Type,
            ":3: metric \"a\": the number 1e300 is beyond the range of f32",
        ),
        ("{\"a\":1}\n{\"../a\":1}\n", Code::Argument, ":2: "),
    ] {
        let error = import(log.as_bytes(), None, &options).unwrap_err();
        assert!(error.message().contains(what), "{error}");
        assert_eq!(error.code(), code, "{error}");
    }
}

#[test]
fn a_log_of_a_killed_job_can_be_read_up_to_its_torn_line() {
    let options = ImportOptions { skip_torn_tail: true, ..Default::default() };
    let (report, files) = ok("{\"a\":1}\n{\"a\":2}\n{\"a\":3", &options);
    assert_eq!(report, ImportReport { rows: 2, metrics: 1, torn_tail: true, ..Default::default() });
    assert_eq!(files["a.u8"], [1, 2]);
    // Whole lines are kept, broken ones before the last are not forgiven.
    assert!(!ok("{\"a\":1}\n{\"a\":2}", &options).0.torn_tail);
    import(b"{\"a\":1\n{\"a\":2}\n", None, &options).unwrap_err();
}

#[test]
fn rewound_lines_are_counted_and_leave_no_trace() {
    let options = ImportOptions { allow_rewinds: true, ..Default::default() };
    let (report, files) = ok("{\"step\":1,\"a\":1}\n{\"step\":2,\"b\":\"x\"}\n{\"step\":2000000000,\"a\":9}\n{\"step\":2,\"a\":5}\n", &options);
    assert_eq!(report, ImportReport { rows: 4, rewound_rows: 2, metrics: 1, torn_tail: false });
    assert_eq!(files.keys().collect::<Vec<_>>(), ["a.u8", "config.json", "plattli.json"]);
    assert_eq!(files["a.u8"], [1, 5]);
}

#[test]
fn floats_can_be_kept_as_they_are() {
    let options = ImportOptions { double: true, ..Default::default() };
    let (_, files) = ok("{\"a\":0.1}\n{\"a\":1e300}\n", &options);
    assert_eq!(files["a.f64"], [0.1f64, 1e300].map(f64::to_le_bytes).concat());
}

#[test]
fn a_long_log_is_read_in_memory_of_its_lines() {
    let log: String =
        (0..50_000).map(|i| format!("{{\"step\":{},\"res\":{}.5,\"n\":{i}}}\n", 3 * i, i % 1000)).collect();
    let (report, files) = ok(&log, &ImportOptions::default());
    assert_eq!((report.rows, report.metrics), (50_000, 2));
    assert_eq!((files["res.f32"].len(), files["n.u16"].len()), (200_000, 100_000));
    assert!(
        text(&files, "plattli.json").contains("\"indices\": [{\"start\": 0, \"stop\": 150000, \"step\": 3}]")
    );
}

#[test]
fn an_existing_run_is_replaced_only_when_asked_to() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("metrics.jsonl");
    let archive = dir.path().join("metrics.plattli");
    write(&log, "{\"a\":1}\n");
    import_file(&log, dir.path(), &ImportOptions::default()).unwrap();
    write(&log, "{\"a\":1}\n{\"a\":2}\n");
    assert_eq!(import_file(&log, dir.path(), &ImportOptions::default()).unwrap_err().code(), Code::Exists);
    assert_eq!(members(&DiskStore, &archive)["a.u8"], [1]);
    import_file(&log, dir.path(), &ImportOptions { overwrite: true, ..Default::default() }).unwrap();
    assert_eq!(members(&DiskStore, &archive)["a.u8"], [1, 2]);
}

#[allow(clippy::disallowed_methods)]
fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[allow(clippy::disallowed_methods)]
fn link(target: &str, path: &Path) {
    std::os::unix::fs::symlink(target, path).unwrap();
}

/// `x`, `x/y/z`, `p` and the folder itself hold logs; `lnk` links to `x` and `far` to elsewhere; `r` a run with a metric `metrics`.
fn experiments() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for place in ["exp", "exp/x", "exp/x/y/z", "exp/p"] {
        write(&dir.path().join(place).join("metrics.jsonl"), "{\"a\":1}\n");
    }
    write(&dir.path().join("exp/x/config.json"), "{\"x\": 1}");
    write(&dir.path().join("exp/bad/metrics.jsonl"), "{\"a\"\n");
    write(&dir.path().join("exp/dir/metrics.jsonl/file"), "");
    write(&dir.path().join("exp/r/plattli/metrics.jsonl"), "{\"a\":1}\n");
    write(
        &dir.path().join("exp/r/plattli/plattli.json"),
        "{\"metrics\": {\"indices\": [], \"dtype\": \"jsonl\"}}",
    );
    link("x", &dir.path().join("exp/lnk"));
    write(&dir.path().join("elsewhere/metrics.jsonl"), "{\"a\":1}\n");
    link("../elsewhere", &dir.path().join("exp/far"));
    dir
}

fn found(root: &Path, options: &TreeOptions) -> Vec<String> {
    let base = root.parent().unwrap();
    let show = |p: &Path| p.strip_prefix(base).unwrap().display().to_string();
    import_tree(root, options)
        .unwrap()
        .into_iter()
        .map(|i| match i.outcome {
            Ok(report) => {
                assert_eq!((report.rows, report.metrics), (1, 1));
                assert_eq!(members(&DiskStore, &i.archive)["a.u8"], [1]);
                show(&i.archive)
            }
            Err(e) => format!("{}: {:?}", show(&i.log), e.code()),
        })
        .collect()
}

#[test]
fn logs_are_found_in_the_folders_below_or_on_request_in_all() {
    let dir = experiments();
    let root = canonical(dir.path()).join("exp");
    let bad = "exp/bad/metrics.jsonl: Corrupt";
    let overwrite = ImportOptions { overwrite: true, ..Default::default() };
    let shallow = TreeOptions { workers: 3, import: overwrite, ..Default::default() };
    assert_eq!(
        found(&root, &shallow),
        [bad, "exp/far/metrics.plattli", "exp/lnk/metrics.plattli", "exp/p/metrics.plattli"],
        "x once"
    );
    let deep = TreeOptions { deep: true, ..shallow };
    assert_eq!(
        found(&root, &deep),
        [
            "exp/metrics.plattli",
            bad,
            "exp/p/metrics.plattli",
            "exp/x/metrics.plattli",
            "exp/x/y/z/metrics.plattli"
        ]
    );
    let out = TreeOptions { out: Some(root.parent().unwrap().join("out")), ..deep.clone() };
    let expected =
        ["out/exp.plattli", bad, "out/exp/p.plattli", "out/exp/x.plattli", "out/exp/x/y/z.plattli"];
    assert_eq!(found(&root, &out), expected);
    assert_eq!(found(&root, &out), expected, "a second time, over the first");
    assert_eq!(
        members(&DiskStore, &root.parent().unwrap().join("out/exp/x.plattli"))["config.json"],
        b"{\"x\": 1}"
    );
    assert_eq!(names_below(&root.parent().unwrap().join("out")), 4, "nothing but the archives is left");
    let once = TreeOptions { import: ImportOptions::default(), ..out };
    assert!(found(&root, &once).iter().all(|line| line.ends_with(": Exists") || line == bad));
    assert_eq!(import_tree(&root.join("nowhere"), &deep).unwrap_err().code(), Code::Io);
}

#[allow(clippy::disallowed_methods)]
fn canonical(path: &Path) -> std::path::PathBuf {
    path.canonicalize().unwrap()
}

#[allow(clippy::disallowed_methods)]
fn names_below(dir: &Path) -> usize {
    std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.metadata().unwrap().is_dir() { names_below(&path) } else { 1 })
        .sum()
}
