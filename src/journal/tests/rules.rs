use super::*;

#[test]
fn an_event_is_visible_at_once_and_no_file_is_made_below_the_threshold() {
    let store = MemoryStore::new();
    let journal = journal(&store, 5);
    journal.append(b"a").unwrap();
    journal.append(b"b").unwrap();
    assert_eq!(read(&journal), ["a", "b"]);
    assert_eq!((journal.file_count().unwrap(), journal.pending().unwrap()), (0, 2));
    assert!(files(&store).is_empty());
}

#[test]
fn the_buffer_is_flushed_at_the_threshold() {
    let store = MemoryStore::new();
    let journal = journal(&store, 3);
    for event in ["a", "b", "c", "d"] {
        journal.append(event.as_bytes()).unwrap();
    }
    assert_eq!((journal.file_count().unwrap(), journal.pending().unwrap()), (1, 1));
    assert_eq!(read(&journal), ["a", "b", "c", "d"]);
    assert_eq!(seen(&store), ["a", "b", "c"]);
}

#[test]
fn the_default_threshold_is_32_and_0_means_1() {
    let store = MemoryStore::new();
    let default = Journal::open_in(folder(&store), &JournalOptions::default()).unwrap();
    (0..31).for_each(|_| default.append(b"x").unwrap());
    assert_eq!(default.file_count().unwrap(), 0);
    default.append(b"x").unwrap();
    assert_eq!((default.file_count().unwrap(), default.pending().unwrap()), (1, 0));
    let each = journal(&store, 0);
    each.append(b"y").unwrap();
    assert_eq!(each.file_count().unwrap(), 2);
}

#[test]
fn an_object_grows_to_256_mebibytes_and_a_lease_lasts_ten_minutes_unless_set() {
    let o = JournalOptions::default();
    assert_eq!((o.max_object_bytes, o.lease_expiry), (256 << 20, Duration::from_secs(600)));
    assert!(o.durable);
}

#[test]
fn a_flush_writes_one_new_object_and_an_empty_one_nothing() {
    let store = MemoryStore::new();
    let journal = journal(&store, 32);
    journal.flush().unwrap();
    assert!(files(&store).is_empty());
    journal.append(b"a").unwrap();
    journal.append(b"b").unwrap();
    journal.flush().unwrap();
    journal.flush().unwrap();
    let names = files(&store);
    assert_eq!(names.len(), 1);
    let number = name::Batch::parse(&names[0]).unwrap().first;
    let now = crate::clock::unix_micros();
    assert!(number <= now && number > now - 60_000_000, "{number} is not the clock");
    assert_eq!(store.peek(format!("{PLACE}/{}", names[0])).unwrap(), b"a\nb\n");
}

#[test]
fn an_event_holding_a_newline_is_refused_as_is_an_empty_one() {
    let store = MemoryStore::new();
    let journal = journal(&store, 1);
    for bad in ["", " \t", "a\nb", "a\n"] {
        assert_eq!(journal.append(bad.as_bytes()).unwrap_err().code(), Code::Argument, "{bad:?}");
    }
    assert_eq!((journal.pending().unwrap(), files(&store).len()), (0, 0));
}

#[test]
fn objects_are_read_in_the_order_of_their_numbers_then_the_buffer() {
    let store = MemoryStore::new();
    plant(&store, &single(30), "e\n");
    plant(&store, &single(4), "a\n\n \nb");
    plant(&store, &range(7, 9), "c\nd\n");
    let journal = journal(&store, 32);
    journal.append(b"f").unwrap();
    let events = journal.read().unwrap();
    assert_eq!(texts(&events), ["a", "b", "c", "d", "e", "f"]);
    let numbers: Vec<u64> = (0..6).map(|i| events.number(i).unwrap()).collect();
    assert_eq!(numbers, [4, 4, 9, 9, 30, 0]);
    assert_eq!(events.next(), 31);
}

#[test]
fn only_names_of_these_shapes_are_touched_or_counted() {
    let store = MemoryStore::new();
    let others =
        ["notes.txt", "batch_1.jsonl", "batch_0000000000000000001.json", "batch_x.merged", "sub/a.jsonl"];
    others.iter().for_each(|name| plant(&store, name, "not ours\n"));
    let journal = journal(&store, 32);
    assert_eq!((journal.file_count().unwrap(), read(&journal).len()), (0, 0));
    store_each(&journal, &["a", "b"]);
    assert_eq!(journal.file_count().unwrap(), 2);
    assert_eq!(journal.compact().unwrap().merged, 2);
    for name in others {
        assert_eq!(store.peek(format!("{PLACE}/{name}")).unwrap(), b"not ours\n", "{name}");
    }
}

#[test]
fn numbers_go_on_after_those_that_are_there_though_the_clock_is_behind() {
    let store = MemoryStore::new();
    let ahead = crate::clock::unix_micros() + 3_600_000_000;
    plant(&store, &single(ahead), "first\n");
    let journal = journal(&store, 1);
    journal.append(b"second").unwrap();
    journal.append(b"third").unwrap();
    assert_eq!(files(&store), [single(ahead), single(ahead + 1), single(ahead + 2)]);
    assert_eq!(read(&journal), ["first", "second", "third"]);
}

#[test]
fn two_writers_with_one_number_both_keep_their_batch() {
    let store = MemoryStore::new();
    let ahead = crate::clock::unix_micros() + 3_600_000_000;
    plant(&store, &single(ahead), "first\n");
    let (one, two) = (journal(&store.process(), 1), journal(&store.process(), 32));
    // Both know the same last number, and the clock is behind it.
    two.append(b"two").unwrap();
    let other = store.process();
    let mut taken = Some(ahead + 1);
    for number in ahead + 1..ahead + 4 {
        if let Some(number) = taken.take() {
            plant(&other, &single(number), "same\n");
        }
        one.append(format!("one {number}").as_bytes()).unwrap();
    }
    two.append(b"same").unwrap();
    two.flush().unwrap();
    let all = seen(&store);
    assert_eq!(all.len(), 1 + 1 + 3 + 2, "{all:?}");
    assert_eq!(all.iter().filter(|e| *e == "same").count(), 2);
}

#[test]
fn a_batch_with_the_content_of_another_one_under_the_same_number_is_stored_as_well() {
    let store = MemoryStore::new();
    let journal = journal(&store, 32);
    let (other, stop) = (store.process(), std::sync::atomic::AtomicBool::new(false));
    // Whatever number this journal is about to use, somebody else stores the same event under it a moment before.
    store.before_each(move |op| {
        let name = name_of(op);
        if op.what == "link" && name::Batch::parse(&name).is_some() && !stop.swap(true, Ordering::Relaxed) {
            plant(&other, &name, "checkpoint\n");
        }
    });
    journal.append(b"checkpoint").unwrap();
    journal.flush().unwrap();
    assert_eq!(seen(&store), ["checkpoint", "checkpoint"]);
    assert_eq!(journal.pending().unwrap(), 0);
}

#[test]
fn a_failed_put_gives_the_batch_back_and_reports() {
    let store = MemoryStore::new();
    let journal = journal(&store, 2);
    journal.append(b"a").unwrap();
    store.fail_at(store.ops(), libc::ENOSPC, crate::store::Done::Nothing, crate::store::Times::Forever);
    let error = journal.append(b"b").unwrap_err();
    assert_eq!(error.code(), Code::Io);
    assert!(error.message().contains("disk is full"), "{error}");
    assert_eq!(journal.pending().unwrap(), 2, "the event was taken all the same");
    assert_eq!(journal.append(b"c").unwrap_err().code(), Code::Io);
    store.heal();
    assert_eq!(read(&journal), ["a", "b", "c"]);
    journal.flush().unwrap();
    assert_eq!((journal.file_count().unwrap(), journal.pending().unwrap()), (1, 0));
    assert_eq!(seen(&store), ["a", "b", "c"]);
}

#[test]
fn events_are_refused_once_as_much_waits_as_an_object_may_hold() {
    let store = MemoryStore::new();
    let options = JournalOptions { max_object_bytes: 10, threshold: 1000, ..JournalOptions::default() };
    let journal = Journal::open_in(folder(&store), &options).unwrap();
    store.fail_at(0, libc::EIO, crate::store::Done::Nothing, crate::store::Times::Forever);
    for _ in 0..5 {
        journal.append(b"x").unwrap();
    }
    let error = journal.append(b"y").unwrap_err();
    assert_eq!(error.code(), Code::Overloaded);
    assert!(error.message().contains("not taken"), "{error}");
    assert_eq!(journal.pending().unwrap(), 5);
    store.heal();
    journal.append(b"z").unwrap();
    journal.close().unwrap();
    assert_eq!(seen(&store), ["x", "x", "x", "x", "x", "z"]);
}

#[test]
fn close_flushes_and_reports() {
    let store = MemoryStore::new();
    let first = journal(&store, 32);
    first.append(b"a").unwrap();
    first.close().unwrap();
    assert_eq!(seen(&store), ["a"]);
    for error in [first.append(b"b"), first.flush(), first.close(), first.compact().map(drop)] {
        assert_eq!(error.unwrap_err().code(), Code::State);
    }
    let second = journal(&store, 32);
    second.append(b"b").unwrap();
    second.append(b"c").unwrap();
    store.fail_at(store.ops(), libc::EIO, crate::store::Done::Nothing, crate::store::Times::Forever);
    let error = second.close().unwrap_err();
    assert!(error.message().contains("2 events were not stored"), "{error}");
}

#[test]
fn without_close_at_most_the_buffer_is_lost_and_discard_says_how_much() {
    let store = MemoryStore::new();
    let journal = journal(&store, 2);
    for event in ["a", "b", "c"] {
        journal.append(event.as_bytes()).unwrap();
    }
    assert_eq!(journal.discard().unwrap(), 1);
    drop(journal);
    assert_eq!(seen(&store), ["a", "b"]);
}

#[test]
fn an_object_that_vanished_between_list_and_read_is_looked_for_again() {
    let store = MemoryStore::new();
    store_each(&journal(&store.process(), 32), &["a", "b", "c", "d"]);
    let undisturbed = store.process();
    assert_eq!(read(&journal(&undisturbed, 32)), ["a", "b", "c", "d"]);
    for op in undisturbed.log() {
        let disk = store.snapshot();
        let (other, reader) = (disk.process(), disk.process());
        reader.before_each(move |now| {
            if now.n == op.n {
                assert_eq!(journal(&other, 32).compact().unwrap().events, 4);
            }
        });
        assert_eq!(read(&journal(&reader, 32)), ["a", "b", "c", "d"], "compacted before operation {}", op.n);
    }
}

#[test]
fn a_read_beside_a_compaction_that_is_stopped_anywhere_sees_each_event_once() {
    let store = MemoryStore::new();
    store_each(&journal(&store.process(), 32), &["a", "b", "c"]);
    let compacting = store.snapshot();
    journal(&compacting, 32).compact().unwrap();
    let steps = compacting.ops();
    let reading = store.snapshot();
    read(&journal(&reading, 32));
    for step in 0..steps {
        for at in 0..reading.ops() {
            let disk = store.snapshot();
            let (other, reader) = (disk.process(), disk.process());
            other.kill_at(step, crate::store::Done::Whole);
            reader.before_each(move |now| {
                if now.n == at {
                    // It dies on the way.
                    _ = journal(&other, 32).compact();
                }
            });
            assert_eq!(read(&journal(&reader, 32)), ["a", "b", "c"], "{step} steps before operation {at}");
        }
    }
}

#[test]
fn a_forked_child_is_refused() {
    let journal = journal(&MemoryStore::new(), 32);
    journal.append(b"a").unwrap();
    // SAFETY: the child asks for the generation, an atomic, and leaves.
    let status = unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::_exit(i32::from(journal.check_open().is_ok()));
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &mut status, 0), child);
        status
    };
    assert_eq!(status, 0);
    journal.close().unwrap();
}

#[test]
fn threads_append_while_others_read_and_compact() {
    let journal = Arc::new(Journal::open("memory://threads", &options(3)).unwrap());
    let at_work = Arc::new(AtomicBool::new(true));
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let journal = Arc::clone(&journal);
                scope.spawn(move || {
                    (0..500).for_each(|n| journal.append(format!("{writer} {n}").as_bytes()).unwrap());
                })
            })
            .collect();
        for compacts in [false, true] {
            let (journal, at_work) = (Arc::clone(&journal), Arc::clone(&at_work));
            scope.spawn(move || {
                let mut before = 0;
                while at_work.load(Ordering::Relaxed) {
                    if compacts {
                        journal.compact().unwrap();
                    } else {
                        let mut events = read(&journal);
                        assert!(events.len() >= before, "an event was missed");
                        before = events.len();
                        events.sort();
                        events.dedup();
                        assert_eq!(events.len(), before, "an event was doubled");
                    }
                }
            });
        }
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        at_work.store(false, Ordering::Relaxed);
    });
    let mut events = read(&journal);
    events.sort();
    events.dedup();
    assert_eq!(events.len(), 2000);
}

/// A bucket whose lists are not of one moment: one of them is made in two halves, and something happens in between.
#[derive(Debug)]
struct Torn {
    inner: Arc<dyn Bucket>,
    store: MemoryStore,
    lists: std::sync::atomic::AtomicUsize,
    /// Which list it is, the name where its second half begins, and whether the second half is made first.
    at: (usize, String, bool),
}

impl Bucket for Torn {
    fn locate(&self, name: &str) -> String {
        self.inner.locate(name)
    }
    fn list(&self, folder: &str) -> Result<Vec<crate::bucket::Object>> {
        if self.lists.fetch_add(1, Ordering::Relaxed) != self.at.0 {
            return self.inner.list(folder);
        }
        let before = self.inner.list(folder)?;
        journal(&self.store, 32).compact()?;
        let after = self.inner.list(folder)?;
        let (low, high) = if self.at.2 { (after, before) } else { (before, after) };
        let below = |object: &crate::bucket::Object| object.name < self.at.1;
        let low = low.into_iter().filter(below);
        Ok(low.chain(high.into_iter().filter(|object| !below(object))).collect())
    }
    fn size(&self, name: &str) -> Result<Option<u64>> {
        self.inner.size(name)
    }
    fn get(&self, name: &str) -> Result<Option<(Vec<u8>, Version)>> {
        self.inner.get(name)
    }
    fn open(&self, name: &str) -> Result<Option<Box<dyn Source + '_>>> {
        self.inner.open(name)
    }
    fn put_new(&self, name: &str, data: &[u8]) -> Result<Put> {
        self.inner.put_new(name, data)
    }
    fn upload(&self, name: &str) -> Result<Box<dyn Upload + '_>> {
        self.inner.upload(name)
    }
    fn replace(&self, name: &str, data: &[u8], version: &Version) -> Result<Put> {
        self.inner.replace(name, data, version)
    }
    fn delete(&self, name: &str) -> Result<bool> {
        self.inner.delete(name)
    }
    fn age(&self, name: &str) -> Result<Option<Duration>> {
        self.inner.age(name)
    }
    fn settle(&self, folder: &str) -> Result<()> {
        self.inner.settle(folder)
    }
    fn tidy(&self, folder: &str, older_than: Duration) -> Result<usize> {
        self.inner.tidy(folder, older_than)
    }
}

#[test]
fn a_list_that_a_compaction_changed_while_it_was_made_is_not_believed() {
    for compacted_before in [false, true] {
        let store = MemoryStore::new();
        for (number, text) in [(10, "a\n"), (20, "b\n")] {
            plant(&store, &single(number), text);
        }
        if compacted_before {
            journal(&store.process(), 32).compact().unwrap();
        }
        for (number, text) in [(30, "c\n"), (40, "d\n")] {
            plant(&store, &single(number), text);
        }
        let boundaries = [range(10, 20), list(10, 20), range(10, 40), list(10, 40), single(10)];
        for boundary in boundaries.into_iter().chain([single(11), single(25), single(35), single(99)]) {
            for (n, second_first) in [(0, false), (0, true), (1, false), (1, true)] {
                let disk = store.snapshot();
                let torn = Torn {
                    inner: folder(&disk),
                    store: disk.process(),
                    lists: Default::default(),
                    at: (n, boundary.clone(), second_first),
                };
                let journal = Journal::open_in(Arc::new(torn), &options(32)).unwrap();
                assert_eq!(
                    read(&journal),
                    ["a", "b", "c", "d"],
                    "list {n} torn at {boundary}, {second_first}"
                );
            }
        }
    }
}
