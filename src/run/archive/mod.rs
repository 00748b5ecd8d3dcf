//! Archives of finished runs: plain zip files (format §13), written and read through the store.
//!
//! Members are found through the central directory ([`directory`]), which is read by own code so that nothing
//! an untrusted file claims is believed before it is seen. The crate `zip` writes archives and decodes members
//! that somebody compressed. A stored member is a range of the file: reading from it is one `pread`.

mod ahead;
mod directory;
mod pack;

#[cfg(test)]
pub use pack::pack;
pub use pack::{pack_files, unpack, Content};

use crate::error::{Code, Error, Result};
use crate::run::name::MANIFEST;
use crate::store::{ops, File, Store};
use directory::{Directory, Tail};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use zip::read::{read_zipfile_from_stream_with_options, ZipReadOptions};

/// A compressed member may always decode to this much …
const DECODE_FLOOR: u64 = 64 << 20;
/// … and beyond it to so many times its compressed size.
const DECODE_RATIO: u64 = 100;
/// Bytes fetched at once while decoding.
const FETCH: usize = 64 << 10;

/// An open archive. It is immutable: what was open stays readable when the name is gone.
#[derive(Debug)]
pub struct ArchiveReader {
    file: Box<dyn File>,
    path: PathBuf,
    directory: Directory,
    /// The end of the file, which was read to find the members.
    tail: Tail,
    /// Where the data of each member start, once its local header has been read.
    data_starts: Vec<OnceLock<u64>>,
    /// The compressed member decoded last, so that slices of it do not decode it anew each time.
    decoded: Mutex<Option<(usize, Arc<Vec<u8>>)>>,
}

impl ArchiveReader {
    /// Opens an archive; `None` if there is no file, it is no readable zip, or it holds no `plattli.json` (format
    /// §2: such a file is passed over). Errors are those of the operating system.
    pub fn open(store: &dyn Store, path: &Path) -> Result<Option<ArchiveReader>> {
        match Self::open_strict(store, path) {
            Ok(archive) => Ok(Some(archive)),
            Err(e) if e.code() == Code::Corrupt || e.is_missing() => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Opens an archive and says why it cannot ([`Code::Corrupt`] or [`Code::Io`]).
    pub fn open_strict(store: &dyn Store, path: &Path) -> Result<ArchiveReader> {
        let file = store.open_read(path)?;
        let metadata = file.metadata()?;
        ops::regular(path, &metadata)?;
        let (directory, tail) = directory::read(&*file, metadata.len, path)?;
        let data_starts = (0..directory.len()).map(|_| OnceLock::new()).collect();
        let path = path.to_path_buf();
        let archive = ArchiveReader { file, path, directory, tail, data_starts, decoded: Mutex::new(None) };
        match archive.size(MANIFEST) {
            Some(_) => Ok(archive),
            None => Err(Error::corrupt(&archive.path, "is a zip file without plattli.json")),
        }
    }

    /// Where it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of all members except directories, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        (0..self.directory.len()).map(|index| self.directory.name(index))
    }

    /// Bytes of a member; `None` if there is none of that name.
    pub fn size(&self, name: &str) -> Option<u64> {
        self.directory.find(name).map(|index| self.directory.member(index).size)
    }

    /// Like [`ArchiveReader::size`], and an error if what the directory claims cannot be true or read: a size to
    /// allocate by. Errors as [`ArchiveReader::read_at`].
    pub fn checked_size(&self, name: &str) -> Result<Option<u64>> {
        match self.directory.find(name) {
            Some(index) => self.readable(index).map(|()| Some(self.directory.member(index).size)),
            None => Ok(None),
        }
    }

    /// Reads up to `buf.len()` bytes of a member, fewer only at its end. Stored members cost one read, once the
    /// local header has been seen; a compressed one is decoded whole and kept until another one is.
    ///
    /// Errors: [`Code::NotFound`], [`Code::Io`]; [`Code::Corrupt`] if the member is encrypted, cut short,
    /// compressed by another method than deflate, or grows out of proportion.
    pub fn read_at(&self, name: &str, offset: u64, buf: &mut [u8]) -> Result<usize> {
        let index = self.member(name)?;
        let member = self.directory.member(index);
        let rest = member.size.saturating_sub(offset);
        let want = buf.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
        if want == 0 {
            return Ok(0);
        }
        if member.is_stored() {
            let start = self.data_start(index)?;
            if self.fetch(&mut buf[..want], start + offset)? < want {
                return Err(self.damaged(name, "is cut short"));
            }
        } else {
            let bytes = self.decoded(index)?;
            // `want` is bounded by the size that decoding has confirmed.
            let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
            let part = &bytes[from..(from + want).min(bytes.len())];
            buf[..part.len()].copy_from_slice(part);
        }
        Ok(want)
    }

    /// The whole member. Errors as [`ArchiveReader::read_at`].
    pub fn read_all(&self, name: &str) -> Result<Vec<u8>> {
        let index = self.member(name)?;
        let member = self.directory.member(index);
        if !member.is_stored() {
            return self.decoded(index).map(|bytes| bytes.to_vec());
        }
        // The directory has been held against the length of the file: the size is real.
        let size =
            usize::try_from(member.size).map_err(|_| self.damaged(name, "is beyond the address space"))?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(size).map_err(|_| self.damaged(name, "does not fit into memory"))?;
        bytes.resize(size, 0);
        self.read_at(name, 0, &mut bytes)?;
        Ok(bytes)
    }

    /// Decodes every member and compares its checksum.
    pub fn verify(&self) -> Result<()> {
        (0..self.directory.len()).try_for_each(|index| self.stream(index, &mut |_| Ok(())))
    }

    fn member(&self, name: &str) -> Result<usize> {
        let missing = || Error::not_found(format!("{}: holds no member `{name}`", self.path.display()));
        let index = self.directory.find(name).ok_or_else(missing)?;
        self.readable(index).map(|()| index)
    }

    /// Refuses what can only be damage, or an attack.
    fn readable(&self, index: usize) -> Result<()> {
        let (name, member) = (self.directory.name(index), self.directory.member(index));
        if member.encrypted {
            return Err(self.damaged(name, "is encrypted; pack the run again without a password"));
        }
        match member.method {
            directory::STORED if member.compressed != member.size => {
                Err(self.damaged(name, "is stored, but its two sizes differ"))
            }
            directory::STORED => Ok(()),
            directory::DEFLATED
                if member.size > DECODE_FLOOR.max(member.compressed.saturating_mul(DECODE_RATIO)) =>
            {
                Err(self.damaged(name, "claims to decode to far more than such data ever do"))
            }
            directory::DEFLATED => Ok(()),
            other => {
                Err(self.damaged(name, format_args!("uses compression method {other}; only deflate is read")))
            }
        }
    }

    /// The local header repeats the name and has an extra field of its own length, which the directory omits.
    fn data_start(&self, index: usize) -> Result<u64> {
        if let Some(start) = self.data_starts[index].get() {
            return Ok(*start);
        }
        let (name, member) = (self.directory.name(index), self.directory.member(index));
        if let Some(start) = member.known_start() {
            return Ok(start);
        }
        let mut header = [0; directory::LOCAL_HEADER];
        let got = self.fetch(&mut header, member.header_start)?;
        let start = directory::data_start(&header[..got], member)
            .ok_or_else(|| self.damaged(name, "has a local header that contradicts the directory"))?;
        Ok(*self.data_starts[index].get_or_init(|| start))
    }

    /// Fills the buffer from a position, as far as the file goes.
    fn fetch(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        match self.tail.get(offset, buf.len()) {
            Some(bytes) => {
                buf.copy_from_slice(bytes);
                Ok(buf.len())
            }
            None => ops::read_full(&*self.file, buf, offset),
        }
    }

    fn decoded(&self, index: usize) -> Result<Arc<Vec<u8>>> {
        let mut cache = self.decoded.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((have, bytes)) = &*cache {
            if *have == index {
                return Ok(bytes.clone());
            }
        }
        let mut bytes = Vec::new();
        self.stream(index, &mut |part| {
            bytes.extend_from_slice(part);
            Ok(())
        })?;
        let bytes = Arc::new(bytes);
        *cache = Some((index, bytes.clone()));
        Ok(bytes)
    }

    /// Hands the decoded bytes of a member on in parts, and checks size and checksum at the end.
    fn stream(&self, index: usize, take: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let (name, member) = (self.directory.name(index), self.directory.member(index));
        self.readable(index)?;
        let end = self.data_start(index)? + member.compressed;
        let mut source =
            Fetch { file: &*self.file, next: member.header_start, end, have: Vec::new(), used: 0 };
        let options = ZipReadOptions::new()
            .override_compressed_size(member.compressed)
            .override_uncompressed_size(member.size)
            .override_crc(member.crc32);
        let opened = read_zipfile_from_stream_with_options(&mut source, options);
        let mut reader = match opened {
            Ok(Some(reader)) => reader,
            Ok(None) => return Err(self.damaged(name, "has no local header")),
            Err(e) => return Err(self.damaged(name, e)),
        };
        let mut buf = vec![0; FETCH];
        let mut total = 0u64;
        loop {
            match reader.read(&mut buf) {
                Ok(0) => break,
                Ok(n) => {
                    total += n as u64;
                    if total > member.size {
                        return Err(self.damaged(name, "decodes to more than the directory says"));
                    }
                    take(&buf[..n])?;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    let own = e.get_ref().and_then(|inner| inner.downcast_ref::<Error>()).cloned();
                    return Err(
                        own.unwrap_or_else(|| self.damaged(name, format_args!("cannot be decoded: {e}")))
                    );
                }
            }
        }
        match total == member.size {
            true => Ok(()),
            false => Err(self.damaged(name, "decodes to less than the directory says")),
        }
    }

    fn damaged(&self, name: &str, what: impl std::fmt::Display) -> Error {
        Error::corrupt(&self.path, format_args!("member `{name}` {what}"))
    }
}

/// Reads a range of a file from front to back, a good piece at a time.
struct Fetch<'a> {
    file: &'a dyn File,
    next: u64,
    end: u64,
    have: Vec<u8>,
    used: usize,
}

impl Read for Fetch<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.used == self.have.len() {
            let want = self.end.saturating_sub(self.next).min(FETCH as u64);
            self.have.resize(want as usize, 0);
            let got = ops::read_full(self.file, &mut self.have, self.next).map_err(io::Error::other)?;
            self.have.truncate(got);
            self.used = 0;
            self.next += got as u64;
        }
        let n = buf.len().min(self.have.len() - self.used);
        buf[..n].copy_from_slice(&self.have[self.used..self.used + n]);
        self.used += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests;
