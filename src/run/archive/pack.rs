//! A run folder into an archive, and back.

use super::ArchiveReader;
use crate::error::{Error, Result};
use crate::run::dtype::DType;
use crate::run::values;
use crate::store::{ops, File, Kind, Store};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::CompressionMethod;

/// Bytes moved at once.
const PIECE: usize = 1 << 20;

/// Bytes read at once: little enough to be still near the processor when they are written.
const COPIED: usize = 256 << 10;

/// What a member of the archive holds, where that is not what the file of its name holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// Nothing: the file stays out of the archive.
    Omitted,
    /// These bytes.
    Bytes(Vec<u8>),
    /// The first bytes of the file, which need not exist if they are none, and what follows them.
    Grown {
        /// How many bytes of the file.
        bytes: u64,
        /// What follows.
        tail: Vec<u8>,
    },
    /// The values of another file in another type (format §9.3), and what follows them.
    Values {
        /// The file.
        path: PathBuf,
        /// The type of its values.
        from: DType,
        /// The type that they are to have; each value must fit.
        to: DType,
        /// Number of values.
        rows: u64,
        /// What follows, in the type that they are to have.
        tail: Vec<u8>,
    },
}

impl Content {
    /// There is a member even if the folder has no file of its name.
    fn is_member(&self) -> bool {
        match self {
            Content::Omitted => false,
            Content::Grown { bytes, tail } => *bytes > 0 || !tail.is_empty(),
            Content::Bytes(_) | Content::Values { .. } => true,
        }
    }
}

/// Gives the file of a path, if it is open.
pub type Opened<'a> = &'a mut dyn FnMut(&Path) -> Option<Box<dyn File>>;

/// Writes the run folder `root` as an archive to `tmp` and syncs it (format §13): the given regular files below the
/// folder, links as what they denote, ordered by their path parts, stored. `changes` names the members that are not
/// what the folder has; `opened` gives files that are open already, for reading. The rename, and the sync of the
/// directory, are the caller's. What fails half way is removed.
pub fn pack_files(
    store: &dyn Store,
    root: &Path,
    files: Vec<(String, Kind)>,
    tmp: &Path,
    changes: &HashMap<String, Content>,
    opened: Opened<'_>,
) -> Result<()> {
    let packed = ops::create(store, tmp).and_then(|file| {
        pack_into(store, root, files, &*file, tmp, changes, opened)?;
        file.sync_all()
    });
    if packed.is_err() {
        // The first error is the one to tell.
        _ = store.remove_file(tmp);
    }
    packed
}

/// Packs a folder as it is, but for `changes`.
#[cfg(test)]
pub fn pack(store: &dyn Store, root: &Path, tmp: &Path, changes: &HashMap<String, Content>) -> Result<()> {
    pack_files(store, root, ops::walk_files(store, root)?, tmp, changes, &mut |_| None)
}

fn pack_into(
    store: &dyn Store,
    root: &Path,
    files: Vec<(String, Kind)>,
    file: &dyn File,
    tmp: &Path,
    changes: &HashMap<String, Content>,
    opened: Opened<'_>,
) -> Result<()> {
    let omitted = |name: &String| matches!(changes.get(name), Some(Content::Omitted));
    let mut names: Vec<String> = files
        .into_iter()
        .filter(|(name, kind)| matches!(kind, Kind::File | Kind::Link) && !omitted(name))
        .map(|(name, _)| name)
        .collect();
    names.extend(changes.iter().filter(|(_, content)| content.is_member()).map(|(name, _)| name.clone()));
    names.sort_by(|a, b| a.split('/').cmp(b.split('/')));
    names.dedup();

    let failure = RefCell::new(None);
    let mut zip = ZipWriter::new(Sink { file, failure: &failure, start: 0, run: Vec::new(), pos: 0, end: 0 });
    let mut piece = Vec::new();
    let added = names.iter().try_for_each(|name| {
        let path = root.join(name);
        match changes.get(name) {
            Some(Content::Bytes(text)) => {
                add(&mut zip, tmp, name, text.len() as u64, |zip| write(zip, tmp, text))
            }
            Some(Content::Grown { bytes, tail }) => {
                let source = match *bytes {
                    0 => None,
                    _ => Some(opened(&path).map_or_else(|| store.open_read(&path), Ok)?),
                };
                add(&mut zip, tmp, name, bytes + tail.len() as u64, |zip| {
                    let copied = source.map(|file| copy(zip, tmp, &*file, &path, *bytes, &mut piece));
                    copied.unwrap_or(Ok(()))?;
                    write(zip, tmp, tail)
                })
            }
            Some(Content::Values { path, from, to, rows, tail }) => {
                let size = rows * to.size().unwrap_or(0) as u64 + tail.len() as u64;
                add(&mut zip, tmp, name, size, |zip| {
                    values::convert(store, path, (*from, *to), *rows, |bytes| write(zip, tmp, bytes))?;
                    write(zip, tmp, tail)
                })
            }
            Some(Content::Omitted) => Ok(()),
            None => add_file(&mut zip, store, tmp, name, &path, &mut piece),
        }?;
        failure.borrow().clone().map_or(Ok(()), Err)
    });
    if let Err(e) = added {
        // Dropping the zip writer completes the archive; nothing of that may reach the disk or fail.
        failure.borrow_mut().get_or_insert(e.clone());
        return Err(e);
    }
    let finished = zip.finish().map_err(|e| broken(tmp, e)).and_then(|mut sink| sink.write_run());
    failure.take().map_or(finished, Err)
}

/// Adds a file that the run knows nothing of, as it is.
fn add_file(
    zip: &mut ZipWriter<Sink<'_>>,
    store: &dyn Store,
    tmp: &Path,
    name: &str,
    path: &Path,
    piece: &mut Vec<u8>,
) -> Result<()> {
    let source = ops::if_present(store.open_read(path))?;
    let found = source.as_ref().map(|file| file.metadata()).transpose()?.filter(|m| m.kind == Kind::File);
    let (Some(source), Some(found)) = (source, found) else {
        // A link that leads nowhere, or to a directory, has no content to keep.
        return match store.link_metadata(path)? {
            Some(m) if m.kind == Kind::Link => Ok(()),
            _ => {
                Err(Error::corrupt(path, "vanished, or its name is not UTF-8: move it out of the run folder"))
            }
        };
    };
    add(zip, tmp, name, found.len, |zip| copy(zip, tmp, &*source, path, found.len, piece))
}

/// Copies the first `size` bytes of a file; `piece` is memory for it.
fn copy(
    zip: &mut ZipWriter<Sink<'_>>,
    tmp: &Path,
    source: &dyn File,
    path: &Path,
    size: u64,
    piece: &mut Vec<u8>,
) -> Result<()> {
    let most = COPIED.min(usize::try_from(size).unwrap_or(COPIED));
    if piece.len() < most {
        piece.resize(most, 0);
    }
    let mut done = 0;
    while done < size {
        let want = piece.len().min(usize::try_from(size - done).unwrap_or(usize::MAX));
        let got = ops::read_full(source, &mut piece[..want], done)?;
        if got == 0 {
            return Err(Error::corrupt(path, "became shorter while it was packed"));
        }
        write(zip, tmp, &piece[..got])?;
        done += got as u64;
    }
    Ok(())
}

fn add(
    zip: &mut ZipWriter<Sink<'_>>,
    tmp: &Path,
    name: &str,
    size: u64,
    fill: impl FnOnce(&mut ZipWriter<Sink<'_>>) -> Result<()>,
) -> Result<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .large_file(size >= zip::ZIP64_BYTES_THR);
    zip.start_file(name, options).map_err(|e| broken(tmp, e))?;
    fill(zip)
}

fn write(zip: &mut ZipWriter<Sink<'_>>, tmp: &Path, bytes: &[u8]) -> Result<()> {
    zip.write_all(bytes).map_err(|e| broken(tmp, e))
}

fn broken(tmp: &Path, e: impl std::fmt::Display) -> Error {
    Error::internal(format!("cannot write the archive {}: {e}", tmp.display()))
}

/// Unpacks an archive into the directory `into`, which is made (format §12.1): every member name is checked first,
/// sizes and checksums on the way, and files and directories are synced.
pub fn unpack(store: &dyn Store, archive: &ArchiveReader, into: &Path) -> Result<()> {
    archive.names().try_for_each(|name| check_member(archive, name))?;
    ops::create_dirs(store, into)?;
    let mut dirs = HashSet::from([into.to_path_buf()]);
    for (index, name) in archive.names().enumerate() {
        let path = into.join(name);
        make_parents(store, &path, &mut dirs)?;
        let file = store.create(&path)?;
        let mut pending = Vec::new();
        let mut offset = 0;
        archive.stream(index, &mut |part| {
            pending.extend_from_slice(part);
            if pending.len() >= PIECE {
                file.write_at(&pending, offset)?;
                offset += pending.len() as u64;
                pending.clear();
            }
            Ok(())
        })?;
        if !pending.is_empty() {
            file.write_at(&pending, offset)?;
        }
        file.sync_all()?;
    }
    let mut dirs: Vec<PathBuf> = dirs.into_iter().collect();
    // Children before parents: a name is durable when its directory is.
    dirs.sort();
    dirs.iter().rev().try_for_each(|dir| store.sync_dir(dir))
}

fn make_parents(store: &dyn Store, path: &Path, made: &mut HashSet<PathBuf>) -> Result<()> {
    let mut missing: Vec<&Path> = Vec::new();
    let mut dir = ops::parent_of(path);
    while !made.contains(dir) {
        missing.push(dir);
        dir = ops::parent_of(dir);
    }
    for dir in missing.into_iter().rev() {
        store.create_dir(dir)?;
        made.insert(dir.to_path_buf());
    }
    Ok(())
}

/// Member names become paths: relative, staying below the folder, without backslash (format §12.1). Names of
/// foreign files need not be metric names.
fn check_member(archive: &ArchiveReader, name: &str) -> Result<()> {
    let drive = name.chars().nth(1) == Some(':');
    let legal = !drive
        && !name.contains(['\\', '\0', char::REPLACEMENT_CHARACTER])
        && name.split('/').all(|part| !matches!(part, "" | "." | ".."));
    match legal {
        true => Ok(()),
        false => Err(Error::corrupt(
            archive.path(),
            format_args!("the member name {name:?} would leave the run folder"),
        )),
    }
}

/// What the zip writer writes to. It keeps one run of bytes back, so that a header completed after its data costs
/// no operation of its own unless the data are large.
///
/// After a failure it accepts everything and writes nothing: the zip writer completes its file even when it is
/// dropped, and complains on standard error when it cannot, which a library must not do.
struct Sink<'a> {
    file: &'a dyn File,
    failure: &'a RefCell<Option<Error>>,
    /// Where the run belongs in the file.
    start: u64,
    run: Vec<u8>,
    pos: u64,
    end: u64,
}

impl Sink<'_> {
    fn write_run(&mut self) -> Result<()> {
        if !self.run.is_empty() && self.failure.borrow().is_none() {
            if let Err(e) = self.file.write_at(&self.run, self.start) {
                *self.failure.borrow_mut() = Some(e.clone());
                return Err(e);
            }
        }
        self.run.clear();
        Ok(())
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let inside = self.pos.checked_sub(self.start).filter(|at| *at <= self.run.len() as u64);
        let at = match inside {
            Some(at) if self.run.len() < PIECE || at < self.run.len() as u64 => at as usize,
            _ => {
                _ = self.write_run();
                self.run.clear();
                self.start = self.pos;
                0
            }
        };
        let over = bytes.len().min(self.run.len() - at);
        self.run[at..at + over].copy_from_slice(&bytes[..over]);
        self.run.extend_from_slice(&bytes[over..]);
        self.pos += bytes.len() as u64;
        self.end = self.end.max(self.pos);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Sink<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.pos.checked_add_signed(by),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
        };
        self.pos = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.pos)
    }
}
