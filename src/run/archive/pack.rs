//! A run folder into an archive, and back.

use super::ahead::{read_ahead, readers, Ahead, Source};
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
/// what the folder has; `opened` gives files that are open already, for reading. With leave to start threads, files are
/// read ahead. The rename, and the sync of the directory, are the caller's. What fails half way is removed.
pub fn pack_files(
    store: &dyn Store,
    root: &Path,
    files: Vec<(String, Kind)>,
    tmp: &Path,
    changes: &HashMap<String, Content>,
    opened: Opened<'_>,
    threads: bool,
) -> Result<()> {
    let packed = ops::create(store, tmp).and_then(|file| {
        let names = member_names(files, changes);
        let sources: Vec<Source> =
            names.iter().filter_map(|name| source(root.join(name), changes.get(name), opened)).collect();
        let readers = readers(store.reach(root), &sources, threads);
        read_ahead(store, sources, readers, |ahead| {
            pack_into(store, root, &names, &*file, tmp, changes, ahead)
        })?;
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
    pack_files(store, root, ops::walk_files(store, root)?, tmp, changes, &mut |_| None, true)
}

/// The names of the members, in their order.
fn member_names(files: Vec<(String, Kind)>, changes: &HashMap<String, Content>) -> Vec<String> {
    let omitted = |name: &String| matches!(changes.get(name), Some(Content::Omitted));
    let mut names: Vec<String> = files
        .into_iter()
        .filter(|(name, kind)| matches!(kind, Kind::File | Kind::Link) && !omitted(name))
        .map(|(name, _)| name)
        .collect();
    names.extend(changes.iter().filter(|(_, content)| content.is_member()).map(|(name, _)| name.clone()));
    names.sort_by(|a, b| by_parts(a).cmp(by_parts(b)));
    names.dedup();
    names
}

/// What a name is ordered by: its parts, each of which ends before any other byte.
fn by_parts(name: &str) -> impl Iterator<Item = u8> + '_ {
    name.bytes().map(|byte| if byte == b'/' { 0 } else { byte })
}

/// The file that a member's bytes are read from as they are, if there is one.
fn source(path: PathBuf, change: Option<&Content>, opened: Opened<'_>) -> Option<Source> {
    match change {
        None => Some(Source::Whole(path)),
        Some(Content::Grown { bytes, .. }) if *bytes > 0 => {
            Some(Source::Beginning { opened: opened(&path), path, bytes: *bytes })
        }
        Some(_) => None,
    }
}

/// Writes the members of these names; `ahead` gives what those that have a [`source`] take from there.
fn pack_into(
    store: &dyn Store,
    root: &Path,
    names: &[String],
    file: &dyn File,
    tmp: &Path,
    changes: &HashMap<String, Content>,
    ahead: &mut Ahead<'_>,
) -> Result<()> {
    let failure = RefCell::new(None);
    let mut zip = ZipWriter::new(Sink { file, failure: &failure, start: 0, run: Vec::new(), pos: 0, end: 0 });
    let added = names.iter().try_for_each(|name| {
        match changes.get(name) {
            Some(Content::Bytes(text)) => {
                add(&mut zip, tmp, name, text.len() as u64, |zip| write(zip, tmp, text))
            }
            Some(Content::Grown { bytes, tail }) => {
                if *bytes > 0 {
                    ahead.begin()?;
                }
                add(&mut zip, tmp, name, bytes + tail.len() as u64, |zip| {
                    copy(zip, tmp, ahead, *bytes)?;
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
            None => match ahead.begin()? {
                Some(size) => add(&mut zip, tmp, name, size, |zip| copy(zip, tmp, ahead, size)),
                None => nothing_to_keep(store, &root.join(name)),
            },
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

/// A link that leads nowhere, or to a directory, has no content to keep; anything else that is no regular file was one.
fn nothing_to_keep(store: &dyn Store, path: &Path) -> Result<()> {
    match store.link_metadata(path)? {
        Some(m) if m.kind == Kind::Link => Ok(()),
        _ => Err(Error::corrupt(path, "vanished, or its name is not UTF-8: move it out of the run folder")),
    }
}

/// Copies the file that was begun, of which there are so many bytes.
fn copy(zip: &mut ZipWriter<Sink<'_>>, tmp: &Path, ahead: &mut Ahead<'_>, size: u64) -> Result<()> {
    let mut left = size;
    while left > 0 {
        let piece = ahead.piece()?;
        write(zip, tmp, piece)?;
        left = left.saturating_sub(piece.len() as u64);
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
