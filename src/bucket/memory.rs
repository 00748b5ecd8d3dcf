//! A bucket in the memory of this process, shared by all who name it alike.

use super::{checked, Bucket, Object, Put, Source, Upload, Version, PIECE};
use crate::clock::Tick;
use crate::error::{Code, Error, Result};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

type Objects = Arc<Mutex<BTreeMap<String, Stored>>>;

/// All of this process, by name. They live until it ends.
static BUCKETS: Mutex<BTreeMap<String, Objects>> = Mutex::new(BTreeMap::new());

#[derive(Clone, Debug)]
struct Stored {
    data: Arc<Vec<u8>>,
    since: Tick,
}

/// A bucket in memory.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    name: String,
    objects: Objects,
}

impl Memory {
    /// The bucket of a name, made by the first who asks for it.
    pub(super) fn named(name: &str) -> Result<Self> {
        let mut buckets = patient(&BUCKETS)?;
        Ok(Memory { name: name.to_owned(), objects: Arc::clone(buckets.entry(name.to_owned()).or_default()) })
    }

    fn stored(&self, name: &str) -> Result<Option<Stored>> {
        Ok(patient(&self.objects)?.get(name).cloned())
    }

    fn put(&self, name: &str, data: Vec<u8>, replaces: Option<&Version>) -> Result<Put> {
        let mut objects = patient(&self.objects)?;
        if objects.get(checked(name)?).map(|o| &*o.data) != replaces.map(|version| &version.0) {
            return Ok(Put::Refused);
        }
        objects.insert(name.to_owned(), Stored { data: Arc::new(data), since: Tick::now() });
        Ok(Put::Stored)
    }
}

/// Takes a lock that is held for moments only. In a forked child it may be held by a thread that is not there, for ever.
fn patient<T>(mutex: &Mutex<T>) -> Result<MutexGuard<'_, T>> {
    let began = Tick::now();
    loop {
        match mutex.try_lock() {
            Ok(guard) => return Ok(guard),
            Err(TryLockError::Poisoned(broken)) => return Ok(PoisonError::into_inner(broken)),
            Err(TryLockError::WouldBlock) if began.elapsed_ns() > 10_000_000_000 => {
                return Err(Error::new(
                    Code::Busy,
                    "memory:// was in use when this process was forked: use another location in the child",
                ))
            }
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
        }
    }
}

impl Bucket for Memory {
    fn locate(&self, name: &str) -> String {
        format!("memory://{}/{name}", self.name)
    }

    fn list(&self, folder: &str) -> Result<Vec<Object>> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{}/", checked(folder)?) };
        let objects = patient(&self.objects)?;
        let inside = objects.range(prefix.clone()..).take_while(|(name, _)| name.starts_with(&prefix));
        let direct = inside.filter(|(name, _)| !name[prefix.len()..].contains('/'));
        Ok(direct.map(|(name, o)| Object { name: name.clone(), size: Some(o.data.len() as u64) }).collect())
    }

    fn size(&self, name: &str) -> Result<Option<u64>> {
        Ok(self.stored(name)?.map(|o| o.data.len() as u64))
    }

    fn get(&self, name: &str) -> Result<Option<(Vec<u8>, Version)>> {
        Ok(self.stored(name)?.map(|o| (o.data.to_vec(), Version(o.data.to_vec()))))
    }

    fn open(&self, name: &str) -> Result<Option<Box<dyn Source + '_>>> {
        Ok(self.stored(name)?.map(|o| Box::new(Reading { data: o.data, offset: 0 }) as Box<dyn Source>))
    }

    fn put_new(&self, name: &str, data: &[u8]) -> Result<Put> {
        self.put(name, data.to_vec(), None)
    }

    fn upload(&self, name: &str) -> Result<Box<dyn Upload + '_>> {
        Ok(Box::new(Writing { bucket: self.clone(), name: checked(name)?.to_owned(), data: Vec::new() }))
    }

    fn replace(&self, name: &str, data: &[u8], version: &Version) -> Result<Put> {
        self.put(name, data.to_vec(), Some(version))
    }

    fn delete(&self, name: &str) -> Result<bool> {
        Ok(patient(&self.objects)?.remove(name).is_some())
    }

    fn age(&self, name: &str) -> Result<Option<Duration>> {
        Ok(self.stored(name)?.map(|o| Duration::from_nanos(o.since.elapsed_ns())))
    }

    fn settle(&self, _: &str) -> Result<()> {
        Ok(())
    }

    fn tidy(&self, _: &str, _: Duration) -> Result<usize> {
        Ok(0)
    }
}

struct Reading {
    data: Arc<Vec<u8>>,
    offset: usize,
}

impl Source for Reading {
    fn next(&mut self) -> Result<Vec<u8>> {
        let end = self.data.len().min(self.offset + PIECE);
        let piece = self.data[self.offset..end].to_vec();
        self.offset = end;
        Ok(piece)
    }
}

struct Writing {
    bucket: Memory,
    name: String,
    data: Vec<u8>,
}

impl Upload for Writing {
    fn write(&mut self, data: &[u8]) -> Result<()> {
        self.data.extend_from_slice(data);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Put> {
        self.bucket.put(&self.name, self.data, None)
    }
}
