//! What is made of several operations. Each can be stopped after any of them.

use super::{File, Kind, Metadata, Reach, Store};
use crate::error::{Code, Error, Result};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// `path` with `suffix` appended to its last component.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The transient file of an atomic replacement.
pub fn tmp_of(path: &Path) -> PathBuf {
    with_suffix(path, ".tmp")
}

/// The directory a path is in; `.` for a bare name.
pub fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    }
}

/// The error of a path as missing (`None`), any other as it is.
pub fn if_present<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(e) if e.is_missing() => Ok(None),
        Err(e) => Err(e),
    }
}

/// Reads up to `buf.len()` bytes at `offset`, fewer only at the end of the file.
pub fn read_full(file: &dyn File, buf: &mut [u8], offset: u64) -> Result<usize> {
    let mut got = 0;
    while got < buf.len() {
        match file.read_at(&mut buf[got..], offset + got as u64)? {
            0 => break,
            n => got += n,
        }
    }
    Ok(got)
}

/// Reads a file from `offset` to the end that it has now. Memory follows what is really there.
pub fn read_from(file: &dyn File, offset: u64) -> Result<Vec<u8>> {
    read_len(file, offset, file.metadata()?.len.saturating_sub(offset))
}

/// Reads so many bytes from `offset` on, or what there is of them.
fn read_len(file: &dyn File, offset: u64, len: u64) -> Result<Vec<u8>> {
    let mut bytes =
        vec![0; usize::try_from(len).map_err(|_| Error::internal("a file beyond the address space"))?];
    let got = read_full(file, &mut bytes, offset)?;
    bytes.truncate(got);
    Ok(bytes)
}

/// Zeroed memory for what a file claims to hold; an error where there is not so much (a hole of a terabyte).
pub fn zeroed(len: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let fits = usize::try_from(len).is_ok_and(|len| bytes.try_reserve_exact(len).is_ok());
    if !fits {
        return Err(Error::new(Code::Corrupt, format!("{len} bytes of a file do not fit into memory")));
    }
    bytes.resize(len as usize, 0);
    Ok(bytes)
}

/// Reads a whole regular file; `None` if it is missing. Anything that is not a regular file is an error.
pub fn read_file(store: &dyn Store, path: &Path) -> Result<Option<Vec<u8>>> {
    match if_present(store.open_read(path))? {
        Some(file) => read_regular(&*file, path).map(Some),
        None => Ok(None),
    }
}

/// Reads a whole open file. Anything that is not a regular file is an error.
pub fn read_regular(file: &dyn File, path: &Path) -> Result<Vec<u8>> {
    let metadata = file.metadata()?;
    regular(path, &metadata)?;
    read_len(file, 0, metadata.len)
}

/// Refuses what is not a regular file.
pub fn regular(path: &Path, metadata: &Metadata) -> Result<()> {
    match metadata.kind {
        Kind::File => Ok(()),
        _ => Err(Error::corrupt(path, "is not a regular file")),
    }
}

/// Atomic replacement (format §3.4): `.tmp` beside the target, written, synced, renamed, directory synced.
pub fn replace(store: &dyn Store, path: &Path, bytes: &[u8]) -> Result<()> {
    replace_with(store, path, |file| file.write_at(bytes, 0))
}

/// Atomic replacement by what `fill` writes.
pub fn replace_with(
    store: &dyn Store,
    path: &Path,
    fill: impl FnOnce(&dyn File) -> Result<()>,
) -> Result<()> {
    let tmp = tmp_of(path);
    write_new_with(store, &tmp, fill)?;
    store.rename(&tmp, path)?;
    store.sync_dir(parent_of(path))
}

/// Writes and syncs a file from the start; a link in its place is removed first. What fails half way is removed.
pub fn write_new(store: &dyn Store, path: &Path, bytes: &[u8]) -> Result<()> {
    write_new_with(store, path, |file| file.write_at(bytes, 0))
}

fn write_new_with(store: &dyn Store, path: &Path, fill: impl FnOnce(&dyn File) -> Result<()>) -> Result<()> {
    let file = create(store, path)?;
    let written = fill(&*file).and_then(|()| file.sync_all());
    if written.is_err() {
        // The first error is the one to tell; a leftover `.tmp` is removed at the next open.
        _ = store.remove_file(path);
    }
    written
}

/// Creates or empties a file; a link in its place is removed first.
pub fn create(store: &dyn Store, path: &Path) -> Result<Box<dyn File>> {
    match store.create(path) {
        // A link is refused. It is looked for only then: one is hardly ever there.
        Err(e) if e.os_error() == Some(libc::ELOOP) => {
            remove_if_link(store, path)?;
            store.create(path)
        }
        other => other,
    }
}

/// Refuses a path below `root` that a linked folder leads out of it. `sound` remembers the folders that were looked at.
pub fn stay_below(store: &dyn Store, root: &Path, path: &Path, sound: &mut HashSet<PathBuf>) -> Result<()> {
    let mut dir = parent_of(path);
    while dir != root && dir.starts_with(root) && sound.insert(dir.to_path_buf()) {
        let linked = store.link_metadata(dir)?.is_some_and(|m| m.kind == Kind::Link);
        if linked && !store.canonicalize(dir)?.starts_with(store.canonicalize(root)?) {
            return Err(Error::corrupt(dir, "is a link out of the run folder"));
        }
        dir = parent_of(dir);
    }
    Ok(())
}

/// Removes a symbolic link in the place of a file that is about to be written.
fn remove_if_link(store: &dyn Store, path: &Path) -> Result<()> {
    match store.link_metadata(path)? {
        Some(m) if m.kind == Kind::Link => store.remove_file(path),
        _ => Ok(()),
    }
}

/// Unlinks a file; a missing one is fine. Says whether there was one.
pub fn remove_if_present(store: &dyn Store, path: &Path) -> Result<bool> {
    Ok(if_present(store.remove_file(path))?.is_some())
}

/// Makes a directory and those above it that are missing.
pub fn create_dirs(store: &dyn Store, path: &Path) -> Result<()> {
    if path.as_os_str().is_empty() || store.metadata(path)?.is_some_and(|m| m.kind == Kind::Dir) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        create_dirs(store, parent)?;
    }
    match store.create_dir(path) {
        Err(e) if e.os_error() == Some(libc::EEXIST) && is_dir(store, path)? => Ok(()),
        other => other,
    }
}

/// The same, so that their names, too, survive a power cut.
pub fn create_dirs_durably(store: &dyn Store, path: &Path) -> Result<()> {
    let mut missing = Vec::new();
    for dir in path.ancestors().filter(|dir| !dir.as_os_str().is_empty()) {
        if !is_dir(store, dir)? {
            missing.push(dir);
            continue;
        }
        if !missing.is_empty() {
            // Made by somebody who died before its name was on stable storage, perhaps.
            match store.sync_dir(parent_of(dir)) {
                // Whose parent is not ours to read is not ours either.
                Err(e) if e.os_error() == Some(libc::EACCES) => {}
                other => other?,
            }
        }
        break;
    }
    missing.into_iter().rev().try_for_each(|dir| {
        create_dirs(store, dir)?;
        store.sync_dir(parent_of(dir))
    })
}

/// The path denotes a directory, links followed.
pub fn is_dir(store: &dyn Store, path: &Path) -> Result<bool> {
    Ok(store.metadata(path)?.is_some_and(|m| m.kind == Kind::Dir))
}

/// What a name denotes, as the server has it where a network is in between.
pub fn ask(store: &dyn Store, reach: Reach, path: &Path) -> Result<Option<Metadata>> {
    match reach {
        Reach::Network => store.fresh_metadata(path),
        Reach::Local | Reach::Daemon => store.metadata(path),
    }
}

/// What this system remembers of a directory is compared with what the server has, where a network is in between: to be done
/// before it is asked for names that others may have made or removed. `reach` is asked for once by the caller: over a network
/// that is a message, too.
pub fn look_anew(store: &dyn Store, reach: Reach, dir: &Path) -> Result<()> {
    match reach {
        Reach::Network => store.fresh_metadata(dir).map(drop),
        Reach::Local | Reach::Daemon => Ok(()),
    }
}

/// The path denotes a regular file, links followed.
pub fn is_file(store: &dyn Store, path: &Path) -> Result<bool> {
    Ok(store.metadata(path)?.is_some_and(|m| m.kind == Kind::File))
}

/// A name that a file system gives to a removed file for as long as somebody has it open: NFS, and FUSE by the high
/// interface of libfuse.
pub fn is_kept_open(name: &str) -> bool {
    let number = name.strip_prefix(".nfs").or_else(|| name.strip_prefix(".fuse_hidden"));
    number.is_some_and(|digits| digits.len() >= 16 && digits.bytes().all(|c| c.is_ascii_hexdigit()))
}

/// Removes a directory with all below it; links are removed, not followed. A missing one is fine. Where others have
/// files of it open, a file system may keep these, and so the directory, until they are closed: they are as good as
/// removed.
pub fn remove_tree(store: &dyn Store, path: &Path) -> Result<()> {
    match remove_listed(store, path) {
        Err(e) if is_not_empty(&e) => {}
        other => return other,
    }
    // What this system remembered of the names in it may have been old.
    store.fresh_metadata(path)?;
    match remove_listed(store, path) {
        Err(e) if is_not_empty(&e) && holds_kept_only(store, path)? => Ok(()),
        other => other,
    }
}

/// Removes a directory with all that it is listed to hold.
fn remove_listed(store: &dyn Store, path: &Path) -> Result<()> {
    let Some(entries) = if_present(store.list(path))? else { return Ok(()) };
    for entry in entries {
        let child = path.join(&entry.name);
        match entry.kind {
            Kind::Dir => remove_tree(store, &child)?,
            _ => match remove_if_present(store, &child) {
                Err(e) if is_kept_open(&entry.name) && e.os_error() == Some(libc::EBUSY) => {}
                other => _ = other?,
            },
        }
    }
    if_present(store.remove_dir(path)).map(drop)
}

fn is_not_empty(error: &Error) -> bool {
    matches!(error.os_error(), Some(libc::ENOTEMPTY | libc::EEXIST))
}

/// Nothing is in a directory but what the file system keeps for those who have it open.
fn holds_kept_only(store: &dyn Store, path: &Path) -> Result<bool> {
    for entry in store.list(path)? {
        let kept = match entry.kind {
            Kind::Dir => holds_kept_only(store, &path.join(&entry.name))?,
            _ => is_kept_open(&entry.name),
        };
        if !kept {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The regular files and links below a directory, as relative paths with `/`, in no order. Removed files that are kept
/// for somebody are none.
pub fn walk_files(store: &dyn Store, root: &Path) -> Result<Vec<(String, Kind)>> {
    let mut found = Vec::new();
    let mut open = vec![String::new()];
    while let Some(dir) = open.pop() {
        for entry in store.list(&root.join(&dir))? {
            let name = if dir.is_empty() { entry.name } else { format!("{dir}/{}", entry.name) };
            match entry.kind {
                Kind::Dir => open.push(name),
                _ if is_kept_open(name.rsplit('/').next().unwrap_or_default()) => {}
                kind => found.push((name, kind)),
            }
        }
    }
    Ok(found)
}
