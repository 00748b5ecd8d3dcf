use super::*;
use crate::run::dtype::Value;
use crate::run::options::FinishOptions;
use crate::run::writer::Writer;
use crate::store::{Done, MemoryStore, Times};

const RUN: &str = "/run";

fn open(store: &MemoryStore) -> Result<Writer> {
    let options = WriterOptions { threads: 0, reopen_finished: true, ..WriterOptions::default() };
    Writer::open_in(Arc::new(store.clone()), Path::new(RUN), &options)
}

/// A run with one row, a finished one or none, and what was cut off beside it.
fn prepared(run: &str, others: usize) -> MemoryStore {
    let store = MemoryStore::new();
    if !run.is_empty() {
        let writer = open(&store).unwrap();
        writer.write("a", Value::I64(7)).unwrap();
        writer.end_step().unwrap();
        if run == "archive" {
            writer.finish(&FinishOptions::default()).unwrap();
        }
        writer.close().unwrap();
    }
    if run == "retired" {
        store.rename(&Path::new(RUN).join(name::FOLDER), &retired(Path::new(RUN))).unwrap();
    }
    for path in [
        archive_tmp(Path::new(RUN)),
        staging(Path::new(RUN)).join("a.i64"),
        reopening(Path::new(RUN)).join("a.i64"),
    ] {
        store.plant(path, b"half");
    }
    (0..others).for_each(|n| store.plant(format!("{RUN}/!out{n}.vtk"), b"theirs"));
    store
}

#[test]
fn what_was_cut_off_is_settled_however_much_is_there_and_whether_or_not_it_can_be_listed() {
    for run in ["", "folder", "archive", "retired"] {
        for (others, listed) in [(0, true), (0, false), (Beside::MOST + 1, true)] {
            let store = prepared(run, others);
            if !listed {
                let at = {
                    let tried = store.snapshot();
                    open(&tried).unwrap().close().unwrap();
                    tried.log().iter().find(|op| op.what == "names").unwrap().n
                };
                store.fail_at(store.ops() + at, libc::EACCES, Done::Nothing, Times::Once);
            }
            let writer = open(&store).unwrap();
            let case = format!("{run:?}, {others} others, listed: {listed}");
            assert_eq!(writer.step().unwrap(), u32::from(!run.is_empty()), "{case}");
            writer.close().unwrap();
            let left: Vec<_> = store.tree().into_iter().map(|(name, _)| name).collect();
            assert_eq!(left.iter().filter(|name| name.ends_with(".vtk")).count(), others);
            let hidden = left.iter().filter(|name| name.contains("/.plattli") || name.ends_with(".tmp"));
            assert_eq!(hidden.collect::<Vec<_>>(), Vec::<&String>::new(), "{case}");
        }
    }
}

#[test]
fn a_directory_without_leftovers_is_asked_once_for_all_of_them() {
    let store = MemoryStore::new();
    store.plant("/run/out.vtk", b"theirs");
    let lone = MemoryStore::new();
    lone.plant("/run/.plattli.reopening/a.i64", b"half");
    let looks = |store: &MemoryStore| {
        open(store).unwrap().close().unwrap();
        let beside = store.log().into_iter().filter(|op| {
            let name = op.path.file_name().unwrap_or_default().to_string_lossy();
            let config = op.path.as_path() == Path::new("/run/config.json");
            config || name.starts_with(".plattli.") && name != LOCK || name.starts_with(name::ARCHIVE)
        });
        beside.count()
    };
    assert_eq!(looks(&store), 0);
    assert!(looks(&lone) > 0);
    let configured = MemoryStore::new();
    configured.plant("/run/config.json", b"{\"dt\": 1}");
    assert!(looks(&configured) > 0);
    assert_eq!(
        crate::run::config::read(&configured, Path::new("/run/plattli")).unwrap().unwrap(),
        "{\"dt\": 1}"
    );
}
