//! A small file system in memory: inodes, names, links, with the errno values of the real one.

use crate::store::Reach;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

/// Key of a node; unlike an inode number it is never used again.
pub(super) type NodeId = u64;

/// The outcome of an operation: a value or an errno.
pub(super) type Outcome<T> = std::result::Result<T, i32>;

/// The root directory.
pub(super) const ROOT: NodeId = 0;

/// Links followed in one path before `ELOOP`, and the longest file name, as on Linux.
const MAX_LINKS: usize = 40;
const MAX_NAME: usize = 255;

/// What a node is.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// A regular file: its bytes now, and as of the last sync.
    File { data: Vec<u8>, durable: Vec<u8> },
    /// A directory: its names now, and those that are on stable storage.
    Dir { entries: BTreeMap<OsString, NodeId>, durable: BTreeMap<OsString, NodeId> },
    /// A symbolic link.
    Link(PathBuf),
}

/// A file, directory or link.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// What it is.
    pub(super) body: Body,
    /// The inode number that `stat` shows; free for others once the node has neither name nor handle.
    pub(super) number: u64,
    /// Last modification, seconds since 1970.
    pub(super) modified: u64,
    /// Names that it has.
    pub(super) names: usize,
    /// Open handles.
    pub(super) open: usize,
    /// The process and the handle that have the lock.
    pub(super) lock: Option<(u64, u64)>,
    /// The name that it is kept under because it was open when its own was removed.
    kept_as: Option<(NodeId, OsString)>,
}

/// A change of names that is not yet durable: (directory, name, what the name denotes afterwards).
#[derive(Clone, Debug)]
pub(super) struct NameChange(pub(super) Vec<(NodeId, OsString, Option<NodeId>)>);

/// The whole file system.
#[derive(Clone, Debug)]
pub(super) struct Image {
    pub(super) nodes: BTreeMap<NodeId, Node>,
    next_node: NodeId,
    next_number: u64,
    free_numbers: BTreeSet<u64>,
    /// Name changes since the last sync of one of their directories, in order.
    pub(super) unsynced: Vec<NameChange>,
    /// The clock that stamps files.
    pub(super) now: u64,
    /// Bytes of data that fit; beyond it `ENOSPC`.
    pub(super) capacity: Option<u64>,
    /// Bytes that it says are free.
    pub(super) free: Option<u64>,
    /// A file that is open when its name is removed gets another one in its directory, until it is closed.
    pub(super) keeps_open_files: bool,
    /// What it says of itself.
    pub(super) reach: Reach,
}

/// Where a path leads.
pub(super) struct Place {
    /// The directory that has, or would have, the last name.
    pub(super) dir: NodeId,
    /// The last name; empty for the root.
    pub(super) name: OsString,
    /// What is there.
    pub(super) node: Option<NodeId>,
    /// The absolute path without links.
    pub(super) path: PathBuf,
}

impl Image {
    pub(super) fn new() -> Self {
        let mut image = Image {
            nodes: BTreeMap::new(),
            next_node: ROOT,
            next_number: 2,
            free_numbers: BTreeSet::new(),
            unsynced: Vec::new(),
            now: 1_700_000_000,
            capacity: None,
            free: None,
            keeps_open_files: false,
            reach: Reach::Local,
        };
        let root = image.add(Body::Dir { entries: BTreeMap::new(), durable: BTreeMap::new() });
        image.at(root).names = 1;
        image
    }

    /// A new node without a name.
    pub(super) fn add(&mut self, body: Body) -> NodeId {
        // The smallest free number, as real file systems do: identity holds only while a handle pins it.
        let number = self.free_numbers.pop_first().unwrap_or_else(|| {
            self.next_number += 1;
            self.next_number
        });
        let id = self.next_node;
        self.next_node += 1;
        let node = Node { body, number, modified: self.now, names: 0, open: 0, lock: None, kept_as: None };
        self.nodes.insert(id, node);
        id
    }

    /// A node by its key. Keys come only from this image, which keeps every node it has given out.
    pub(super) fn at(&mut self, id: NodeId) -> &mut Node {
        let number = self.next_number;
        self.nodes.entry(id).or_insert_with(|| Node {
            body: Body::File { data: Vec::new(), durable: Vec::new() },
            number,
            modified: 0,
            names: 0,
            open: 0,
            lock: None,
            kept_as: None,
        })
    }

    /// The entries of a directory.
    pub(super) fn entries(&self, dir: NodeId) -> Outcome<&BTreeMap<OsString, NodeId>> {
        match self.nodes.get(&dir).map(|n| &n.body) {
            Some(Body::Dir { entries, .. }) => Ok(entries),
            _ => Err(libc::ENOTDIR),
        }
    }

    fn is_dir(&self, id: NodeId) -> bool {
        matches!(self.nodes.get(&id).map(|n| &n.body), Some(Body::Dir { .. }))
    }

    /// Walks a path; relative ones start at the root. `follow`: also a link in the last place.
    pub(super) fn walk(&self, path: &Path, follow: bool) -> Outcome<Place> {
        fn parts(path: &Path) -> impl Iterator<Item = OsString> + '_ {
            let keep = |c: &Component| matches!(c, Component::Normal(_) | Component::ParentDir);
            path.components().rev().filter(keep).map(|c| c.as_os_str().to_owned())
        }
        if path.as_os_str().is_empty() {
            return Err(libc::ENOENT);
        }
        let mut todo: Vec<OsString> = parts(path).collect();
        let mut trail: Vec<(OsString, NodeId)> = Vec::new();
        let mut links = 0;
        let absolute = |trail: &[(OsString, NodeId)]| {
            Path::new("/").join(trail.iter().map(|(name, _)| name).collect::<PathBuf>())
        };
        while let Some(part) = todo.pop() {
            let here = trail.last().map_or(ROOT, |(_, id)| *id);
            let entries = self.entries(here)?;
            if part == ".." {
                trail.pop();
                continue;
            }
            if part.len() > MAX_NAME {
                return Err(libc::ENAMETOOLONG);
            }
            let last = todo.is_empty();
            let node = entries.get(&part).copied();
            let target = match node.and_then(|id| self.nodes.get(&id)).map(|n| &n.body) {
                Some(Body::Link(target)) if follow || !last => Some(target),
                _ => None,
            };
            match (node, target) {
                (_, Some(target)) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(libc::ELOOP);
                    }
                    if target.is_absolute() {
                        trail.clear();
                    }
                    todo.extend(parts(target));
                }
                (None, _) if !last => return Err(libc::ENOENT),
                (node, _) if last => {
                    let path = absolute(&trail).join(&part);
                    return Ok(Place { dir: here, name: part, node, path });
                }
                (Some(id), _) => trail.push((part, id)),
                (None, _) => return Err(libc::ENOENT),
            }
        }
        let node = Some(trail.last().map_or(ROOT, |(_, id)| *id));
        let path = absolute(&trail);
        let name = trail.pop().map(|(name, _)| name).unwrap_or_default();
        Ok(Place { dir: trail.last().map_or(ROOT, |(_, id)| *id), name, node, path })
    }

    /// The existing node at a path.
    pub(super) fn find(&self, path: &Path, follow: bool) -> Outcome<NodeId> {
        self.walk(path, follow)?.node.ok_or(libc::ENOENT)
    }

    /// Changes names now and notes them as not yet durable.
    fn change_names(&mut self, edits: Vec<(NodeId, OsString, Option<NodeId>)>) {
        let now = self.now;
        let mut replaced = Vec::new();
        for (dir, name, node) in &edits {
            let dir = self.at(*dir);
            dir.modified = now;
            let Body::Dir { entries, .. } = &mut dir.body else { continue };
            let before = match node {
                Some(id) => entries.insert(name.clone(), *id),
                None => entries.remove(name),
            };
            if let Some(id) = before {
                self.at(id).names = self.at(id).names.saturating_sub(1);
                replaced.push(id);
            }
        }
        for id in edits.iter().filter_map(|(_, _, node)| *node) {
            self.at(id).names += 1;
        }
        // Only now: a renamed file has lost one name and got another, and keeps its number.
        replaced.into_iter().for_each(|id| self.release_number(id));
        self.unsynced.push(NameChange(edits));
    }

    /// Makes a new node at a free place.
    pub(super) fn link(&mut self, place: &Place, body: Body) -> NodeId {
        let id = self.add(body);
        self.change_names(vec![(place.dir, place.name.clone(), Some(id))]);
        id
    }

    /// Makes a node where nothing may be.
    pub(super) fn make(&mut self, path: &Path, body: Body) -> Outcome<NodeId> {
        let place = self.walk(path, false)?;
        if place.node.is_some() {
            return Err(libc::EEXIST);
        }
        Ok(self.link(&place, body))
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> Outcome<()> {
        let (from, to) = (self.walk(from, false)?, self.walk(to, false)?);
        let moved = from.node.ok_or(libc::ENOENT)?;
        if from.name.is_empty() || to.name.is_empty() {
            return Err(libc::EBUSY);
        }
        if to.node == Some(moved) {
            return Ok(());
        }
        if self.is_dir(moved) && to.path.starts_with(&from.path) {
            return Err(libc::EINVAL);
        }
        if let Some(target) = to.node {
            match (self.is_dir(moved), self.is_dir(target)) {
                (true, false) => return Err(libc::ENOTDIR),
                (false, true) => return Err(libc::EISDIR),
                (true, true) if !self.entries(target)?.is_empty() => return Err(libc::ENOTEMPTY),
                _ => {}
            }
        }
        if let Some(target) = to.node.filter(|target| self.is_kept_when_removed(*target)) {
            self.keep(target, to.dir, to.name.clone())?;
        }
        self.change_names(vec![(from.dir, from.name, None), (to.dir, to.name, Some(moved))]);
        Ok(())
    }

    /// The same where nothing may be.
    pub(super) fn rename_new(&mut self, from: &Path, to: &Path) -> Outcome<()> {
        if self.walk(to, false)?.node.is_some() {
            self.find(from, false)?;
            return Err(libc::EEXIST);
        }
        self.rename(from, to)
    }

    /// Gives a file a second name.
    pub(super) fn hard_link(&mut self, from: &Path, to: &Path) -> Outcome<()> {
        let (id, to) = (self.find(from, false)?, self.walk(to, false)?);
        match to.node {
            _ if self.is_dir(id) => Err(libc::EPERM),
            Some(_) => Err(libc::EEXIST),
            None => {
                self.change_names(vec![(to.dir, to.name, Some(id))]);
                Ok(())
            }
        }
    }

    /// Unlinks a file or a link, or an empty directory.
    pub(super) fn remove(&mut self, path: &Path, directory: bool) -> Outcome<()> {
        let place = self.walk(path, false)?;
        let id = place.node.ok_or(libc::ENOENT)?;
        match (self.is_dir(id), directory) {
            (true, false) => return Err(libc::EISDIR),
            (false, true) => return Err(libc::ENOTDIR),
            (true, true) if !self.entries(id)?.is_empty() => return Err(libc::ENOTEMPTY),
            _ => {}
        }
        if self.is_kept_when_removed(id) {
            return self.keep(id, place.dir, place.name);
        }
        self.change_names(vec![(place.dir, place.name, None)]);
        Ok(())
    }

    fn is_kept_when_removed(&self, id: NodeId) -> bool {
        self.keeps_open_files && !self.is_dir(id) && self.nodes.get(&id).is_some_and(|node| node.open > 0)
    }

    /// Gives an open file a name that it keeps until it is closed, in the place of one that is removed.
    fn keep(&mut self, id: NodeId, dir: NodeId, name: OsString) -> Outcome<()> {
        if self.at(id).kept_as.is_some() {
            return Err(libc::EBUSY);
        }
        let kept = OsString::from(format!(".nfs{:016x}{:08x}", self.at(id).number, id));
        self.at(id).kept_as = Some((dir, kept.clone()));
        self.change_names(vec![(dir, name, None), (dir, kept, Some(id))]);
        Ok(())
    }

    /// A handle was closed.
    pub(super) fn closed(&mut self, id: NodeId) {
        let node = self.at(id);
        node.open = node.open.saturating_sub(1);
        if node.open == 0 {
            if let Some((dir, name)) = node.kept_as.take() {
                self.change_names(vec![(dir, name, None)]);
            }
        }
        self.release_number(id);
    }

    /// A handle was closed or a name removed: the inode number may be used again.
    pub(super) fn release_number(&mut self, id: NodeId) {
        if let Some(node) = self.nodes.get(&id) {
            if node.names == 0 && node.open == 0 {
                self.free_numbers.insert(node.number);
            }
        }
    }

    /// The bytes of a file.
    pub(super) fn data(&mut self, id: NodeId) -> Outcome<&mut Vec<u8>> {
        match &mut self.at(id).body {
            Body::File { data, .. } => Ok(data),
            _ => Err(libc::EISDIR),
        }
    }

    /// The file was changed now.
    pub(super) fn touch(&mut self, id: NodeId) {
        let now = self.now;
        self.at(id).modified = now;
    }

    /// Writes bytes at a position, as many as fit on the disk; short of all, `ENOSPC`.
    pub(super) fn write(&mut self, id: NodeId, bytes: &[u8], offset: usize) -> Outcome<()> {
        let len = self.data(id)?.len();
        let growth = (offset + bytes.len()).saturating_sub(len);
        let room = self.room();
        let fits = if growth > room { bytes.len().saturating_sub(growth - room) } else { bytes.len() };
        self.touch(id);
        let data = self.data(id)?;
        if fits > 0 {
            data.resize(len.max(offset + fits), 0);
            data[offset..offset + fits].copy_from_slice(&bytes[..fits]);
        }
        if fits < bytes.len() {
            Err(libc::ENOSPC)
        } else {
            Ok(())
        }
    }

    /// Bytes that still fit.
    fn room(&self) -> usize {
        let Some(capacity) = self.capacity else { return usize::MAX };
        let used: usize = self
            .nodes
            .values()
            .filter(|n| n.names > 0 || n.open > 0)
            .map(|n| match &n.body {
                Body::File { data, .. } => data.len(),
                _ => 0,
            })
            .sum();
        usize::try_from(capacity).unwrap_or(usize::MAX).saturating_sub(used)
    }

    /// All below a directory, as (path, node), parents first.
    pub(super) fn tree(&self, dir: NodeId, path: &Path, into: &mut Vec<(PathBuf, NodeId)>) {
        let mut open = vec![(path.to_path_buf(), dir)];
        while let Some((path, dir)) = open.pop() {
            let Ok(entries) = self.entries(dir) else { continue };
            for (name, id) in entries {
                let child = path.join(Path::new(name as &OsStr));
                into.push((child.clone(), *id));
                open.push((child, *id));
            }
        }
    }
}
