use super::*;
use crate::bucket::Object;

fn content(store: &MemoryStore, name: &str) -> String {
    String::from_utf8(store.peek(format!("{PLACE}/{name}")).unwrap()).unwrap()
}

#[test]
fn four_files_become_one_and_a_single_one_stays_untouched() {
    let store = MemoryStore::new();
    let journal = journal(&store, 32);
    assert_eq!(journal.compact().unwrap(), CompactStats::default());
    store_each(&journal, &["a"]);
    let before = files(&store);
    let stats = journal.compact().unwrap();
    assert_eq!(stats, CompactStats { merged: 1, ..CompactStats::default() });
    assert_eq!(files(&store), before);
    store_each(&journal, &["b", "c", "d"]);
    let names = files(&store);
    let stats = journal.compact().unwrap();
    let number = |name: &str| name::Batch::parse(name).unwrap().first;
    let key = range(number(&names[0]), number(&names[3]));
    let wanted = CompactStats { merged: 4, events: 4, objects: 1, failed_deletes: 0, key: Some(key.clone()) };
    assert_eq!(stats, wanted);
    assert_eq!(files(&store), [key.clone(), key.replace(".jsonl", ".merged")]);
    assert_eq!(content(&store, &key), "a\nb\nc\nd\n");
    assert_eq!(content(&store, &key.replace(".jsonl", ".merged")), names.join("\n") + "\n");
    assert_eq!(
        (journal.file_count().unwrap(), seen(&store)),
        (1, ["a", "b", "c", "d"].map(String::from).into())
    );
    store_each(&journal, &["e"]);
    assert_eq!(journal.compact().unwrap().events, 5);
    assert_eq!(files(&store).len(), 2, "the list of a merged object goes with it");
    assert_eq!(seen(&store), ["a", "b", "c", "d", "e"]);
}

#[test]
fn the_buffer_is_no_part_of_a_compaction() {
    let store = MemoryStore::new();
    let journal = journal(&store, 32);
    store_each(&journal, &["a", "b"]);
    journal.append(b"waiting").unwrap();
    assert_eq!(journal.compact().unwrap().events, 2);
    assert_eq!((read(&journal).len(), seen(&store).len()), (3, 2));
}

#[test]
fn objects_without_events_are_just_deleted() {
    let store = MemoryStore::new();
    plant(&store, &single(1), "");
    plant(&store, &single(2), "\n \n");
    let stats = journal(&store, 32).compact().unwrap();
    assert_eq!(stats, CompactStats { merged: 2, ..CompactStats::default() });
    assert!(files(&store).is_empty(), "{:?}", files(&store));
}

#[test]
fn a_list_without_its_object_hides_nothing_and_is_removed() {
    let store = MemoryStore::new();
    for (number, text) in [(1, "a\n"), (2, "b\n"), (5, "c\n")] {
        plant(&store, &single(number), text);
    }
    plant(&store, &list(1, 2), &format!("{}\n{}\n", single(1), single(2)));
    plant(&store, &list(3, 4), "rubbish\n");
    assert_eq!(seen(&store), ["a", "b", "c"]);
    let journal = journal(&store, 32);
    assert_eq!((journal.file_count().unwrap(), journal.compact().unwrap().merged), (3, 3));
    assert_eq!(files(&store), [range(1, 5), list(1, 5)]);
    assert_eq!(read(&journal), ["a", "b", "c"]);
}

#[test]
fn an_interrupted_compaction_whose_list_is_there_is_done_again_under_the_same_name() {
    let store = MemoryStore::new();
    plant(&store, &single(1), "a\n");
    plant(&store, &single(2), "b\n");
    plant(&store, &list(1, 2), &format!("{}\n{}\n", single(1), single(2)));
    let stats = journal(&store, 32).compact().unwrap();
    assert_eq!((stats.merged, stats.key), (2, Some(range(1, 2))));
    assert_eq!(files(&store), [range(1, 2), list(1, 2)]);
}

#[test]
fn a_name_that_an_interrupted_compaction_may_still_use_for_other_content_is_avoided() {
    let store = MemoryStore::new();
    plant(&store, &single(1), "a\n");
    plant(&store, &single(2), "late\n");
    plant(&store, &single(3), "b\n");
    plant(&store, &list(1, 3), &format!("{}\n{}\n", single(1), single(3)));
    let journal = journal(&store, 32);
    assert_eq!(journal.compact().unwrap().key, Some(range(1, 4)));
    assert_eq!(read(&journal), ["a", "late", "b"]);
    assert_eq!(files(&store), [range(1, 4), list(1, 4)]);
}

#[test]
fn originals_that_could_not_be_deleted_stay_hidden_and_are_deleted_next_time() {
    let store = MemoryStore::new();
    store_each(&journal(&store.process(), 32), &["a", "b", "c"]);
    let trial = store.snapshot();
    journal(&trial, 32).compact().unwrap();
    let removals = trial
        .log()
        .into_iter()
        .filter(|op| op.what == "remove_file" && name::Batch::parse(&name_of(op)).is_some());
    let first = removals.map(|op| op.n).min().unwrap();
    let once = store.process();
    once.fail_at(first, libc::EACCES, crate::store::Done::Nothing, crate::store::Times::Once);
    let stats = journal(&once, 32).compact().unwrap();
    assert_eq!((stats.merged, stats.events, stats.failed_deletes), (3, 3, 1));
    assert_eq!(files(&store).len(), 3);
    assert_eq!((seen(&store).len(), journal(&store.process(), 32).file_count().unwrap()), (3, 1));
    assert_eq!(journal(&store.process(), 32).compact().unwrap().merged, 1);
    assert_eq!(files(&store).len(), 2);
    assert_eq!(seen(&store), ["a", "b", "c"]);
}

#[test]
fn an_object_that_still_hides_an_original_is_not_merged_again() {
    let store = MemoryStore::new();
    plant(&store, &single(1), "a\n");
    plant(&store, &range(1, 2), "a\nb\n");
    plant(&store, &list(1, 2), &format!("{}\n{}\n", single(1), single(2)));
    plant(&store, &single(5), "c\n");
    plant(&store, &single(6), "d\n");
    let fails = store.process();
    let stuck = Journal::open_in(Arc::new(Undeletable(folder(&fails), single(1))), &options(32)).unwrap();
    let stats = stuck.compact().unwrap();
    assert_eq!((stats.merged, stats.failed_deletes), (2, 1));
    assert_eq!(seen(&store), ["a", "b", "c", "d"]);
    assert_eq!(journal(&store.process(), 32).compact().unwrap().merged, 2);
    assert_eq!(seen(&store), ["a", "b", "c", "d"]);
    assert_eq!(files(&store), [range(1, 6), list(1, 6)]);
}

#[test]
fn a_batch_stored_late_inside_a_compacted_range_is_still_read() {
    let store = MemoryStore::new();
    for (number, text) in [(10, "a\n"), (20, "b\n"), (30, "c\n")] {
        plant(&store, &single(number), text);
    }
    let journal = journal(&store, 32);
    journal.compact().unwrap();
    plant(&store, &single(15), "late\n");
    assert_eq!(read(&journal), ["a", "b", "c", "late"]);
    assert_eq!(journal.file_count().unwrap(), 2);
    // The range is the same one, and its name is taken.
    let stats = journal.compact().unwrap();
    assert_eq!((stats.merged, stats.events, stats.key), (2, 4, Some(range(10, 31))));
    assert_eq!(seen(&store), ["a", "b", "c", "late"]);
    assert_eq!(files(&store), [range(10, 31), list(10, 31)]);
}

#[test]
fn a_compaction_splits_where_an_object_would_be_too_large() {
    let store = MemoryStore::new();
    let large = JournalOptions { max_object_bytes: 10, ..JournalOptions::default() };
    let journal = Journal::open_in(folder(&store), &large).unwrap();
    let texts: Vec<String> = (0..7).map(|n| format!("ev{n}")).collect();
    store_each(&journal, &texts.iter().map(String::as_str).collect::<Vec<_>>());
    let stats = journal.compact().unwrap();
    assert_eq!((stats.merged, stats.events, stats.objects), (6, 6, 3));
    assert_eq!((journal.file_count().unwrap(), seen(&store)), (4, texts.clone()));
    let stats = journal.compact().unwrap();
    assert_eq!((stats.merged, stats.events, stats.key), (4, 0, None), "nothing fits together any more");
    assert_eq!(seen(&store), texts);
}

#[test]
fn one_compaction_at_a_time() {
    let store = MemoryStore::new();
    store_each(&journal(&store.process(), 32), &["a", "b"]);
    let trial = store.snapshot();
    journal(&trial, 32).compact().unwrap();
    let mut refused = 0;
    for n in 0..trial.ops() {
        let disk = store.snapshot();
        let (first, second) = (disk.process(), disk.process());
        let busy = Arc::new(Mutex::new(None));
        let told = Arc::clone(&busy);
        first.before_each(move |op| {
            if op.n == n {
                *told.lock().unwrap() = Some(journal(&second, 32).compact());
            }
        });
        let stats = journal(&first, 32).compact();
        let second = busy.lock().unwrap().take().unwrap();
        match (&stats, &second) {
            (Ok(_), Err(e)) => {
                assert_eq!(e.code(), Code::Busy);
                assert!(e.message().contains("process "), "who has it: {e}");
                refused += 1;
            }
            (Ok(_), Ok(_)) => {}
            (stats, _) => panic!("{n}: {stats:?}"),
        }
        assert_eq!(seen(&disk), ["a", "b"]);
        assert!(!files(&disk).contains(&name::LEASE.to_owned()));
    }
    assert!(refused > 20, "only {refused} met a lease");
}

#[test]
fn a_lease_is_gone_when_the_compaction_is_done_also_with_an_error() {
    let store = MemoryStore::new();
    let journal = journal(&store, 32);
    store_each(&journal, &["a", "b"]);
    let trial = store.snapshot();
    super::journal(&trial, 32).compact().unwrap();
    let upload = trial.log().iter().rfind(|op| op.what == "append").unwrap().n;
    let fails = store.process();
    fails.fail_at(upload, libc::ENOSPC, crate::store::Done::Half, crate::store::Times::Once);
    super::journal(&fails, 32).compact().unwrap_err();
    assert!(!files(&store).contains(&name::LEASE.to_owned()));
    assert_eq!(journal.compact().unwrap().merged, 2);
}

#[test]
fn a_lease_is_taken_over_after_ten_minutes_without_renewal() {
    for text in ["{\"owner\":\"process 1 on node7\",\"token\":\"x\"}\n", "", "something else"] {
        let store = MemoryStore::new();
        store_each(&journal(&store.process(), 32), &["a", "b"]);
        plant(&store, name::LEASE, text);
        store.advance(599);
        let error = journal(&store.process(), 32).compact().unwrap_err();
        assert_eq!(error.code(), Code::Busy);
        store.advance(1);
        assert_eq!(journal(&store.process(), 32).compact().unwrap().merged, 2, "{text:?}");
        assert!(!files(&store).contains(&name::LEASE.to_owned()));
    }
}

#[test]
fn of_two_that_take_an_old_lease_over_one_is_refused() {
    let store = MemoryStore::new();
    store_each(&journal(&store.process(), 32), &["a", "b"]);
    plant(&store, name::LEASE, "old");
    store.advance(601);
    let trial = store.snapshot();
    let bucket = folder(&trial);
    let lease = lease::Lease::take(&*bucket, Duration::from_secs(600)).ok().unwrap();
    drop(lease);
    for n in 0..trial.ops() {
        let disk = store.snapshot();
        let (first, second) = (disk.process(), disk.process());
        let other = Arc::new(Mutex::new(None));
        let told = Arc::clone(&other);
        first.before_each(move |op| {
            if op.n == n {
                let bucket = folder(&second);
                let taken = lease::Lease::take(&*bucket, Duration::from_secs(600)).map(drop);
                *told.lock().unwrap() = Some(taken.is_ok());
            }
        });
        let bucket = folder(&first);
        let mine = lease::Lease::take(&*bucket, Duration::from_secs(600)).is_ok();
        let theirs = other.lock().unwrap().unwrap();
        assert!(mine != theirs, "before operation {n}: {mine}, {theirs}");
    }
}

#[test]
fn a_lease_is_renewed_while_its_holder_is_at_work() {
    let store = MemoryStore::new();
    let bucket = folder(&store);
    let mut lease = lease::Lease::take(&*bucket, Duration::from_millis(40)).ok().unwrap();
    let first = store.peek(format!("{PLACE}/{}", name::LEASE)).unwrap();
    std::thread::sleep(Duration::from_millis(15));
    lease.hold().unwrap();
    assert_ne!(store.peek(format!("{PLACE}/{}", name::LEASE)).unwrap(), first);
    lease.hold().unwrap();
    plant(&store, name::LEASE, "another one");
    assert_eq!(lease.hold().unwrap_err().code(), Code::Busy);
    lease.release().unwrap();
    assert_eq!(
        store.peek(format!("{PLACE}/{}", name::LEASE)).unwrap(),
        b"another one",
        "it is not ours to remove"
    );
}

#[test]
fn a_compaction_that_lost_its_lease_deletes_nothing_more_and_loses_nothing() {
    let store = MemoryStore::new();
    store_each(&journal(&store.process(), 32), &["a", "b", "c", "d"]);
    let trial = store.snapshot();
    journal(&trial, 32).compact().unwrap();
    let mut overlapped = 0;
    for n in 0..trial.ops() {
        let disk = store.snapshot();
        let (first, second) = (disk.process(), disk.process());
        first.before_each(move |op| {
            if op.n == n {
                second.advance(601);
                // It may find the first one's lease, or none, or one without a holder.
                _ = journal(&second, 32).compact().unwrap();
            }
        });
        let stats = journal(&first, 32).compact();
        overlapped += usize::from(stats.is_err_and(|e| e.code() == Code::Busy));
        // What it was about to delete when it lost the lease, after it had looked, may still go, and nothing after that.
        let ours = |op: &&crate::store::Operation| {
            let name = name_of(op);
            op.n >= n && op.what == "remove_file" && name.starts_with("batch_") && name != name::LEASE
        };
        let deleted: Vec<String> = first.log().iter().filter(ours).map(ToString::to_string).collect();
        assert!(deleted.len() <= 1, "taken over before operation {n}: {deleted:?}");
        let mut events = seen(&disk);
        events.sort();
        events.dedup();
        assert_eq!(events, ["a", "b", "c", "d"], "taken over before operation {n}");
    }
    assert!(overlapped > 20, "only {overlapped} lost their lease");
}

/// A bucket with an object that cannot be deleted.
#[derive(Debug)]
struct Undeletable(Arc<dyn Bucket>, String);

impl Bucket for Undeletable {
    fn locate(&self, name: &str) -> String {
        self.0.locate(name)
    }
    fn list(&self, folder: &str) -> Result<Vec<Object>> {
        self.0.list(folder)
    }
    fn size(&self, name: &str) -> Result<Option<u64>> {
        self.0.size(name)
    }
    fn get(&self, name: &str) -> Result<Option<(Vec<u8>, Version)>> {
        self.0.get(name)
    }
    fn open(&self, name: &str) -> Result<Option<Box<dyn Source + '_>>> {
        self.0.open(name)
    }
    fn put_new(&self, name: &str, data: &[u8]) -> Result<Put> {
        self.0.put_new(name, data)
    }
    fn upload(&self, name: &str) -> Result<Box<dyn Upload + '_>> {
        self.0.upload(name)
    }
    fn replace(&self, name: &str, data: &[u8], version: &Version) -> Result<Put> {
        self.0.replace(name, data, version)
    }
    fn delete(&self, name: &str) -> Result<bool> {
        match name == self.1 {
            true => Err(Error::new(Code::Io, "cannot be deleted")),
            false => self.0.delete(name),
        }
    }
    fn age(&self, name: &str) -> Result<Option<Duration>> {
        self.0.age(name)
    }
    fn settle(&self, folder: &str) -> Result<()> {
        self.0.settle(folder)
    }
    fn tidy(&self, folder: &str, older_than: Duration) -> Result<usize> {
        self.0.tidy(folder, older_than)
    }
}

#[test]
fn leftovers_of_several_compactions_stay_hidden_when_the_power_fails_while_they_are_removed() {
    let planted = || {
        let store = MemoryStore::new();
        plant(&store, &single(1), "a\n");
        plant(&store, &range(1, 2), "a\nb\n");
        plant(&store, &list(1, 2), &format!("{}\n{}\n", single(1), single(2)));
        plant(&store, &range(1, 5), "a\nb\nc\n");
        plant(&store, &list(1, 5), &format!("{}\n{}\n", range(1, 2), single(5)));
        store
    };
    assert_eq!(seen(&planted()), ["a", "b", "c"]);
    let trial = planted();
    journal(&trial, 32).compact().unwrap();
    assert_eq!(files(&trial), [range(1, 5), list(1, 5)]);
    let store = planted();
    let stuck = Journal::open_in(Arc::new(Undeletable(folder(&store), single(1))), &options(32)).unwrap();
    assert_eq!(stuck.compact().unwrap().failed_deletes, 1);
    assert_eq!(seen(&store), ["a", "b", "c"], "what hides one that stays must stay too");
    for n in 0..=trial.ops() {
        let store = planted();
        store.kill_at(n, crate::store::Done::Nothing);
        _ = journal(&store, 32).compact();
        for policy in crate::store::PowerCut::policies(20) {
            let found = store.power_cut(policy);
            assert_eq!(seen(&found), ["a", "b", "c"], "operation {n}, {policy:?}");
        }
    }
}
