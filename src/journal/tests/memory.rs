//! What a compaction has in memory, whatever it merges.

use super::*;
use crate::bucket::{Object, PIECE};
use std::sync::atomic::{AtomicU64, AtomicUsize};

/// A bucket that counts the bytes that were read and not yet written again.
#[derive(Debug)]
struct Weighed {
    inner: Arc<dyn Bucket>,
    now: AtomicU64,
    most: AtomicU64,
    largest: AtomicUsize,
}

struct WeighedSource<'a>(Box<dyn Source + 'a>, &'a Weighed);

impl Source for WeighedSource<'_> {
    fn next(&mut self) -> Result<Vec<u8>> {
        let piece = self.0.next()?;
        let bytes = piece.len() as u64;
        let now = self.1.now.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.1.most.fetch_max(now, Ordering::Relaxed);
        Ok(piece)
    }
}

struct WeighedUpload<'a>(Box<dyn Upload + 'a>, &'a Weighed);

impl Upload for WeighedUpload<'_> {
    fn write(&mut self, data: &[u8]) -> Result<()> {
        self.1.now.fetch_sub(data.len() as u64, Ordering::Relaxed);
        self.1.largest.fetch_max(data.len(), Ordering::Relaxed);
        self.0.write(data)
    }
    fn finish(self: Box<Self>) -> Result<Put> {
        self.0.finish()
    }
}

impl Bucket for Weighed {
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
        assert!(name == name::LEASE || name.ends_with(".merged"), "{name} is read as a whole");
        self.inner.get(name)
    }
    fn open(&self, name: &str) -> Result<Option<Box<dyn Source + '_>>> {
        let source = self.inner.open(name)?;
        Ok(source.map(|source| Box::new(WeighedSource(source, self)) as Box<dyn Source>))
    }
    fn put_new(&self, name: &str, data: &[u8]) -> Result<Put> {
        self.inner.put_new(name, data)
    }
    fn upload(&self, name: &str) -> Result<Box<dyn Upload + '_>> {
        Ok(Box::new(WeighedUpload(self.inner.upload(name)?, self)))
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
fn a_compaction_has_two_pieces_in_memory_whatever_it_merges() {
    let store = MemoryStore::new();
    let event = "x".repeat((1 << 20) - 1) + "\n";
    for (number, events) in [(1, 20), (2, 3), (3, 30)] {
        plant(&store, &single(number), &event.repeat(events));
    }
    let bucket = Arc::new(Weighed {
        inner: folder(&store),
        now: AtomicU64::new(0),
        most: AtomicU64::new(0),
        largest: AtomicUsize::new(0),
    });
    let stats = Journal::open_in(bucket.clone(), &options(32)).unwrap().compact().unwrap();
    assert_eq!((stats.merged, stats.events, stats.objects), (3, 53, 1));
    let (most, largest) = (bucket.most.load(Ordering::Relaxed), bucket.largest.load(Ordering::Relaxed));
    assert!(most <= 2 * PIECE as u64, "{most} bytes");
    assert!(largest <= 2 * PIECE, "{largest} bytes at once");
    assert_eq!(bucket.now.load(Ordering::Relaxed), 0, "all that was read was written");
    assert_eq!(store.peek(format!("{PLACE}/{}", range(1, 3))).unwrap().len(), 53 << 20);
}
