use super::promises::{keeps_its_promises, names};
use super::*;
use crate::store::{is_killed, Done, Effect, MemoryStore, Times};
use std::path::PathBuf;
use std::sync::Arc;

const PLACE: &str = "/place";

fn folder(store: &MemoryStore) -> Folder {
    Folder::new(Arc::new(store.clone()), PathBuf::from(PLACE), true)
}

#[test]
fn a_folder_keeps_its_promises() {
    let scratch = tempfile::tempdir().unwrap();
    keeps_its_promises(&*open(&format!("{}/j", scratch.path().display()), true).unwrap());
    keeps_its_promises(&folder(&MemoryStore::new()));
    let without_links = MemoryStore::new();
    without_links.set_hard_links(false);
    keeps_its_promises(&folder(&without_links));
    assert!(!without_links.tree().iter().any(|(path, _)| path.ends_with(".tmp")));
}

#[test]
fn memory_keeps_its_promises_and_is_shared_by_name() {
    keeps_its_promises(&*open("memory://promises", true).unwrap());
    let (one, other) = (open("memory://one", true).unwrap(), open("memory://other", true).unwrap());
    one.put_new("a", b"1").unwrap();
    assert_eq!(names(&*open("memory://one", true).unwrap(), ""), ["a"]);
    assert_eq!(names(&*other, ""), [""; 0]);
}

/// Runs an action on copies of a disk, each with another operation that goes wrong.
fn at_every_operation(
    prepared: &MemoryStore,
    act: impl Fn(&Folder) -> Result<Put>,
    check: impl Fn(&MemoryStore, Option<Result<Put>>, &str),
) {
    let undisturbed = prepared.snapshot();
    assert_eq!(act(&folder(&undisturbed)).unwrap(), Put::Stored);
    for op in undisturbed.log() {
        for done in [Done::Nothing, Done::Half, Done::Whole] {
            let store = prepared.snapshot();
            store.kill_at(op.n, done);
            assert!(act(&folder(&store)).err().is_none_or(|e| is_killed(&e)));
            check(&store.revive(), None, &format!("killed at {op}, {done:?}"));

            let store = prepared.snapshot();
            store.fail_at(op.n, libc::EIO, done, Times::Once);
            let outcome = act(&folder(&store));
            check(&store, Some(outcome), &format!("{op} failed, {done:?}"));
        }
    }
}

#[test]
fn a_put_that_is_killed_or_fails_stores_the_object_whole_or_not_at_all_and_knows_which() {
    for links in [true, false] {
        let disk = MemoryStore::new();
        disk.set_hard_links(links);
        at_every_operation(
            &disk,
            |folder| folder.put_new("sub/a", b"content"),
            |store, outcome, context| {
                let found = store.peek(format!("{PLACE}/sub/a"));
                assert!(found.as_deref().is_none_or(|bytes| bytes == b"content"), "{context}: {found:?}");
                match outcome {
                    None => {}
                    Some(Ok(Put::Stored | Put::NotDurable(_))) => assert!(found.is_some(), "{context}"),
                    Some(Err(_)) => assert!(found.is_none(), "{context}"),
                    Some(other) => panic!("{context}: {other:?}"),
                }
            },
        );
    }
}

#[test]
fn an_object_that_was_stored_is_there_after_a_power_cut() {
    let store = MemoryStore::new();
    folder(&store).put_new("sub/a", b"content").unwrap();
    for policy in crate::store::PowerCut::policies(20) {
        assert_eq!(store.power_cut(policy).peek(format!("{PLACE}/sub/a")).unwrap(), b"content", "{policy:?}");
    }
}

#[test]
fn a_folder_that_could_not_be_synced_is_told_and_can_be_settled() {
    let store = MemoryStore::new();
    folder(&store).put_new("a", b"1").unwrap();
    let sync = store.process();
    folder(&sync).put_new("b", b"1").unwrap();
    let n = sync.log().iter().find(|op| op.what == "sync_dir").unwrap().n;
    let store = store.process();
    store.fail_at(n, libc::EIO, Done::Nothing, Times::Once);
    assert!(matches!(folder(&store).put_new("c", b"1").unwrap(), Put::NotDurable(_)));
    folder(&store).settle("").unwrap();
}

#[test]
fn a_replacement_leaves_the_old_object_the_new_one_or_none() {
    let disk = MemoryStore::new();
    folder(&disk).put_new("a", b"old").unwrap();
    at_every_operation(
        &disk,
        |folder| folder.replace("a", b"new", &Version(b"old".to_vec())),
        |store, outcome, context| {
            let found = store.peek(format!("{PLACE}/a"));
            let known = [None, Some(&b"old"[..]), Some(&b"new"[..])];
            assert!(known.contains(&found.as_deref()), "{context}: {found:?}");
            if let Some(Ok(Put::Stored | Put::NotDurable(_))) = outcome {
                assert_eq!(found.as_deref(), Some(&b"new"[..]), "{context}");
            }
        },
    );
}

#[test]
fn of_several_replacements_of_the_same_content_one_wins() {
    let disk = MemoryStore::new();
    folder(&disk).put_new("a", b"old").unwrap();
    let undisturbed = disk.snapshot();
    folder(&undisturbed).replace("a", b"mine", &Version(b"old".to_vec())).unwrap();
    for op in undisturbed.log() {
        let store = disk.snapshot();
        let won = Arc::new(std::sync::Mutex::new(None));
        let (other, theirs, n) = (store.process(), Arc::clone(&won), op.n);
        store.before_each(move |op| {
            if op.n == n {
                let put = folder(&other).replace("a", b"theirs", &Version(b"old".to_vec())).unwrap();
                *theirs.lock().unwrap() = Some(put);
            }
        });
        let mine = folder(&store).replace("a", b"mine", &Version(b"old".to_vec())).unwrap();
        let theirs = won.lock().unwrap().take().unwrap();
        let found = store.peek(format!("{PLACE}/a")).unwrap();
        match (&mine, &theirs) {
            (Put::Stored, Put::Refused) => assert_eq!(found, b"mine", "{op}"),
            (Put::Refused, Put::Stored) => assert_eq!(found, b"theirs", "{op}"),
            // They were done before this one asked.
            (Put::Stored, Put::Stored) => panic!("both won at {op}"),
            both => panic!("{both:?} at {op}"),
        }
    }
}

#[test]
fn what_interrupted_puts_left_is_removed_once_it_is_old() {
    let store = MemoryStore::new();
    let n = {
        let trial = store.snapshot();
        folder(&trial).put_new("a", b"1").unwrap();
        trial.log().into_iter().find(|op| op.effect == Effect::Grow && op.what == "link").unwrap().n
    };
    store.kill_at(n, Done::Nothing);
    assert_ne!(folder(&store).put_new("a", b"1").ok(), Some(Put::Stored));
    let next = store.revive();
    let left = |store: &MemoryStore| store.tree().iter().filter(|(path, _)| path.ends_with(".tmp")).count();
    assert_eq!(left(&next), 1);
    assert_eq!(names(&folder(&next), ""), [""; 0], "it is no object");
    assert_eq!(folder(&next).tidy("", Duration::from_secs(600)).unwrap(), 0);
    next.advance(601);
    assert_eq!(folder(&next).tidy("", Duration::from_secs(600)).unwrap(), 1);
    assert_eq!(left(&next), 0);
}
