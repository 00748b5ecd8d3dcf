//! Objects by name in a place that several processes share: a folder, the memory of this process, or a bucket of a
//! cloud service.
//!
//! An object appears whole under its name or not at all, and a name that is taken is never written over unless the
//! caller says which content he means to replace. Names may hold `/`.

mod folder;
mod location;
mod memory;
#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
mod remote;

pub use folder::Folder;
pub use location::open;

use crate::error::{Error, Result};
use std::fmt::Debug;
use std::time::Duration;

/// The most bytes that [`Source::next`] gives at once, and about what an upload keeps in memory.
pub const PIECE: usize = 8 << 20;

/// One object in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Object {
    /// Its whole name in the bucket.
    pub name: String,
    /// Its bytes, where the list says it; [`Bucket::size`] asks.
    pub size: Option<u64>,
}

/// The outcome of an attempt to store an object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Put {
    /// Stored, as durably as the bucket was opened for.
    Stored,
    /// The name is taken, or for [`Bucket::replace`] no longer has the content that was meant. Nothing was changed.
    Refused,
    /// Stored where everybody sees it, but a power cut may take it away again.
    NotDurable(Error),
    /// Nobody knows whether it is stored, or will be: the connection broke before the answer.
    Unknown(Error),
}

/// What an object held when it was read, for [`Bucket::replace`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Version(Vec<u8>);

/// A place for objects. An error of a method that stores means that nothing was stored.
pub trait Bucket: Send + Sync + Debug {
    /// Where an object is, for messages.
    fn locate(&self, name: &str) -> String;
    /// The objects of a folder without those of the folders in it, sorted by name; `""` is the bucket itself. A folder
    /// that does not exist is empty.
    fn list(&self, folder: &str) -> Result<Vec<Object>>;
    /// The bytes of an object; `None` if there is none.
    fn size(&self, name: &str) -> Result<Option<u64>>;
    /// A small object, whole; `None` if there is none.
    fn get(&self, name: &str) -> Result<Option<(Vec<u8>, Version)>>;
    /// An object of any size, piece by piece; `None` if there is none.
    fn open(&self, name: &str) -> Result<Option<Box<dyn Source + '_>>>;
    /// Stores an object under a name that is free.
    fn put_new(&self, name: &str, data: &[u8]) -> Result<Put>;
    /// Stores an object of any size, piece by piece, under a name that is free when it is complete.
    fn upload(&self, name: &str) -> Result<Box<dyn Upload + '_>>;
    /// Replaces a small object that still is what it was when it was read. In a folder a crash at this moment may leave
    /// neither the old object nor the new one.
    fn replace(&self, name: &str, data: &[u8], version: &Version) -> Result<Put>;
    /// Removes an object and says whether there was one, where the bucket tells.
    fn delete(&self, name: &str) -> Result<bool>;
    /// How long ago an object was stored, by the clock of the bucket where it has one; `None` if there is none.
    fn age(&self, name: &str) -> Result<Option<Duration>>;
    /// What is stored in this folder is durable: for those who were told [`Put::NotDurable`].
    fn settle(&self, folder: &str) -> Result<()>;
    /// Removes what puts that were interrupted so long ago have left in a folder; says how many.
    fn tidy(&self, folder: &str, older_than: Duration) -> Result<usize>;
}

/// An object that is being read. It is read to the end even if it is deleted meanwhile, or says that it is gone by
/// an error that [`Error::is_missing`].
pub trait Source: Send {
    /// The next bytes, at most [`PIECE`]; none at the end.
    fn next(&mut self) -> Result<Vec<u8>>;
}

/// An object that is being stored. Dropped unfinished nothing is stored.
pub trait Upload: Send {
    /// Adds bytes.
    fn write(&mut self, data: &[u8]) -> Result<()>;
    /// All bytes are there: the object appears.
    fn finish(self: Box<Self>) -> Result<Put>;
}

/// Text that no other process on any host makes.
pub fn unique() -> String {
    use std::hash::{BuildHasher, Hasher};
    // Seeded from the operating system. Containers on many hosts may have the same process id at the same moment.
    let random = || std::collections::hash_map::RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}

/// Refuses a name that would leave the bucket or meet what the bucket keeps for itself.
fn checked(name: &str) -> Result<&str> {
    let sound = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains('\0');
    match name.split('/').all(sound) {
        true => Ok(name),
        false => Err(Error::argument(format!(
            "{name:?} cannot be the name of an object: its parts must not be empty or begin with a dot"
        ))),
    }
}

#[cfg(test)]
mod promises;
#[cfg(test)]
mod tests;
