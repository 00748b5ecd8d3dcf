//! The operations of the store in memory.

use super::file::Mode;
use super::image::{Body, Image, NodeId, Outcome};
use super::plan::Effect;
use super::{lock, MemoryStore};
use crate::error::Result;
use crate::store::{Create, Entry, File, FileId, Kind, Metadata, Reach, Store};
use std::path::{Path, PathBuf};

pub(super) fn describe(image: &mut Image, id: NodeId) -> Metadata {
    let node = image.at(id);
    let (kind, len) = match &node.body {
        Body::File { data, .. } => (Kind::File, data.len()),
        Body::Dir { .. } => (Kind::Dir, 0),
        Body::Link(target) => (Kind::Link, target.as_os_str().len()),
    };
    Metadata { kind, len: len as u64, id: FileId { device: 1, inode: node.number }, modified: node.modified }
}

/// The regular file at a path that is opened for writing; links are refused (`O_NOFOLLOW`).
fn writable(image: &Image, path: &Path) -> Outcome<Option<NodeId>> {
    let Some(id) = image.walk(path, false)?.node else { return Ok(None) };
    match image.nodes.get(&id).map(|n| &n.body) {
        Some(Body::Link(_)) => Err(libc::ELOOP),
        Some(Body::Dir { .. }) => Err(libc::EISDIR),
        _ => Ok(Some(id)),
    }
}

fn empty_file() -> Body {
    Body::File { data: Vec::new(), durable: Vec::new() }
}

impl Store for MemoryStore {
    fn open_read(&self, path: &Path) -> Result<Box<dyn File>> {
        self.open("open_read", path, (Effect::Read, false), Mode::Read, |image| image.find(path, true))
    }

    fn open_no_link(&self, path: &Path) -> Result<Box<dyn File>> {
        self.open("open_read", path, (Effect::Read, false), Mode::Read, |image| {
            let id = image.find(path, false)?;
            match image.nodes.get(&id).map(|n| &n.body) {
                Some(Body::Link(_)) => Err(libc::ELOOP),
                _ => Ok(id),
            }
        })
    }

    fn reach(&self, _: &Path) -> Reach {
        lock(&self.disk).image.reach
    }

    fn open_append(&self, path: &Path, create: Create) -> Result<Box<dyn File>> {
        let effect = if self.exists(path) { Effect::Read } else { Effect::Grow };
        self.open("open_append", path, (effect, create != Create::Never), Mode::Append, |image| {
            let place = image.walk(path, false)?;
            match create {
                Create::New if place.node.is_some() => Err(libc::EEXIST),
                Create::Never if place.node.is_none() => Err(libc::ENOENT),
                _ => Ok(writable(image, path)?.unwrap_or_else(|| image.link(&place, empty_file()))),
            }
        })
    }

    fn create(&self, path: &Path) -> Result<Box<dyn File>> {
        let effect = if self.exists(path) { Effect::Change } else { Effect::Grow };
        self.open("create", path, (effect, true), Mode::Write, |image| {
            let place = image.walk(path, false)?;
            match writable(image, path)? {
                Some(id) => {
                    image.data(id)?.clear();
                    image.touch(id);
                    Ok(id)
                }
                None => Ok(image.link(&place, empty_file())),
            }
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.ask_anew(to);
        self.on_path("rename", from, Effect::Change, |image, from| image.rename(from, to))
            .map_err(|e| e.within(format_args!("to {}", to.display())))
    }

    fn link(&self, from: &Path, to: &Path) -> Result<()> {
        let possible = lock(&self.disk).hard_links;
        self.on_path("link", to, Effect::Grow, |image, to| match possible {
            true => image.hard_link(from, to),
            false => Err(libc::EPERM),
        })
    }

    fn rename_new(&self, from: &Path, to: &Path) -> Result<()> {
        self.on_path("rename_new", to, Effect::Change, |image, to| image.rename_new(from, to))
    }

    fn remove_file(&self, path: &Path) -> Result<()> {
        self.on_path("remove_file", path, Effect::Change, |image, path| image.remove(path, false))
    }

    fn create_dir(&self, path: &Path) -> Result<()> {
        self.on_path("create_dir", path, Effect::Grow, |image, path| {
            let body = Body::Dir { entries: Default::default(), durable: Default::default() };
            image.make(path, body).map(drop)
        })
    }

    fn remove_dir(&self, path: &Path) -> Result<()> {
        self.on_path("remove_dir", path, Effect::Change, |image, path| image.remove(path, true))
    }

    fn symlink(&self, target: &Path, link: &Path) -> Result<()> {
        self.on_path("symlink", link, Effect::Grow, |image, link| {
            image.make(link, Body::Link(target.to_path_buf())).map(drop)
        })
    }

    fn canonicalize(&self, path: &Path) -> Result<PathBuf> {
        self.on_path("canonicalize", path, Effect::Read, |image, path| {
            let place = image.walk(path, true)?;
            place.node.ok_or(libc::ENOENT).map(|_| place.path)
        })
    }

    fn metadata(&self, path: &Path) -> Result<Option<Metadata>> {
        self.stat("metadata", path, true)
    }

    fn fresh_metadata(&self, path: &Path) -> Result<Option<Metadata>> {
        self.ask_anew(path);
        self.stat("fresh_metadata", path, true)
    }

    fn link_metadata(&self, path: &Path) -> Result<Option<Metadata>> {
        self.stat("link_metadata", path, false)
    }

    fn list(&self, path: &Path) -> Result<Vec<Entry>> {
        self.on_believed("list", path, |image| {
            let dir = image.find(path, true)?;
            let entries = image.entries(dir)?.clone();
            let entry = |(name, id): (std::ffi::OsString, NodeId)| Entry {
                name: name.to_string_lossy().into_owned(),
                kind: describe(image, id).kind,
            };
            Ok(entries.into_iter().map(entry).collect())
        })
    }

    fn names(&self, path: &Path, most: usize) -> Result<Vec<String>> {
        self.on_believed("names", path, |image| {
            let dir = image.find(path, true)?;
            Ok(image
                .entries(dir)?
                .keys()
                .take(most)
                .map(|name| name.to_string_lossy().into_owned())
                .collect())
        })
    }

    fn free_space(&self, path: &Path) -> Result<Option<u64>> {
        self.on_path("free_space", path, Effect::Read, |image, _| Ok(image.free))
    }

    fn sync_dir(&self, path: &Path) -> Result<()> {
        self.on_path("sync_dir", path, Effect::Sync, |image, path| {
            let dir = image.find(path, true)?;
            image.entries(dir)?;
            image.sync_names(dir);
            Ok(())
        })
    }
}
