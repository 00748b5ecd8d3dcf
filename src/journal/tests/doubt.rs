//! Answers that are lost, and numbers that were used before.

use super::*;
use crate::bucket::Object;

/// What a put comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    /// It is stored, and the answer is lost.
    AnswerLost,
    /// The request is lost.
    RequestLost,
    /// The request is slow: it is stored before the next one of its kind.
    Slow,
}

/// A bucket whose first put of a batch goes wrong.
#[derive(Debug)]
struct Doubtful {
    inner: Arc<dyn Bucket>,
    fate: Mutex<Option<Fate>>,
    slow: Mutex<Option<(String, Vec<u8>)>>,
}

impl Doubtful {
    fn over(store: &MemoryStore, fate: Fate) -> Arc<Doubtful> {
        Arc::new(Doubtful { inner: folder(store), fate: Mutex::new(Some(fate)), slow: Mutex::default() })
    }
}

impl Bucket for Doubtful {
    fn locate(&self, name: &str) -> String {
        self.inner.locate(name)
    }
    fn list(&self, folder: &str) -> Result<Vec<Object>> {
        self.inner.list(folder)
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
        if let Some((name, data)) = self.slow.lock().unwrap().take() {
            assert_eq!(self.inner.put_new(&name, &data).unwrap(), Put::Stored);
        }
        let lost = || Ok(Put::Unknown(Error::new(Code::Io, "the connection was lost")));
        match self.fate.lock().unwrap().take().filter(|_| name::Batch::parse(name).is_some()) {
            None => self.inner.put_new(name, data),
            Some(Fate::RequestLost) => lost(),
            Some(Fate::AnswerLost) => {
                assert_eq!(self.inner.put_new(name, data).unwrap(), Put::Stored);
                lost()
            }
            Some(Fate::Slow) => {
                *self.slow.lock().unwrap() = Some((name.to_owned(), data.to_vec()));
                lost()
            }
        }
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

const FATES: [Fate; 3] = [Fate::AnswerLost, Fate::RequestLost, Fate::Slow];

#[test]
fn a_put_whose_answer_was_lost_doubles_nothing_when_it_is_tried_again() {
    for fate in FATES {
        let store = MemoryStore::new();
        let journal = Journal::open_in(Doubtful::over(&store, fate), &options(32)).unwrap();
        journal.append(b"a").unwrap();
        journal.append(b"b").unwrap();
        assert_eq!(journal.flush().unwrap_err().code(), Code::Io, "{fate:?}");
        assert_eq!(journal.pending().unwrap(), 2);
        journal.append(b"c").unwrap();
        journal.flush().unwrap();
        assert_eq!(
            (seen(&store), journal.pending().unwrap()),
            (["a", "b", "c"].map(String::from).into(), 0),
            "{fate:?}"
        );
    }
}

#[test]
fn a_read_while_the_outcome_is_unknown_shows_each_event_once() {
    for fate in FATES {
        let store = MemoryStore::new();
        let journal = Journal::open_in(Doubtful::over(&store, fate), &options(32)).unwrap();
        journal.append(b"a").unwrap();
        journal.flush().unwrap_err();
        journal.append(b"b").unwrap();
        assert_eq!(read(&journal), ["a", "b"], "{fate:?}");
        journal.close().unwrap();
        assert_eq!(seen(&store), ["a", "b"], "{fate:?}");
    }
}

#[test]
fn a_batch_that_was_compacted_before_its_outcome_was_known_is_not_stored_again() {
    let store = MemoryStore::new();
    store_each(&journal(&store.process(), 32), &["x"]);
    let doubtful = Journal::open_in(Doubtful::over(&store, Fate::AnswerLost), &options(32)).unwrap();
    doubtful.append(b"a").unwrap();
    doubtful.append(b"b").unwrap();
    doubtful.flush().unwrap_err();
    let other = journal(&store.process(), 32);
    store_each(&other, &["y"]);
    assert_eq!(other.compact().unwrap().events, 4);
    store_each(&other, &["z"]);
    assert_eq!(other.compact().unwrap().events, 5);
    assert_eq!(read(&doubtful), ["x", "a", "b", "y", "z"]);
    doubtful.close().unwrap();
    assert_eq!(seen(&store), ["x", "a", "b", "y", "z"]);
}

#[test]
fn a_number_of_a_batch_that_was_compacted_and_deleted_is_not_used_again() {
    let store = MemoryStore::new();
    let ahead = crate::clock::unix_micros() + 3_600_000_000;
    plant(&store, &single(ahead), "first\n");
    let slow = journal(&store.process(), 32);
    store_each(&slow, &["second"]);
    // Others go on with the next numbers, and their batches are compacted.
    for n in 2..6 {
        plant(&store, &single(ahead + n), &format!("other {n}\n"));
    }
    assert_eq!(journal(&store.process(), 32).compact().unwrap().events, 6);
    for n in 0..6 {
        slow.append(format!("slow {n}").as_bytes()).unwrap();
        slow.flush().unwrap();
        assert_eq!(seen(&store).len(), 7 + n, "slow {n} is not seen");
    }
    assert_eq!(slow.pending().unwrap(), 0);
    journal(&store.process(), 32).compact().unwrap();
    assert_eq!(seen(&store).len(), 12);
}
