//! What a power cut leaves: synced data and names, and of the rest whatever the policy says.

use super::image::{Body, Image, NameChange, NodeId, ROOT};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

/// What becomes of names that no sync of their directory has made durable. A rename is one change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Names {
    /// All changes are undone.
    Lost,
    /// All changes reached the disk.
    Kept,
    /// A prefix of the changes reached the disk, as with a journal.
    Prefix,
    /// Any subset of the changes reached the disk, though of those of one name none without the ones before it.
    Subset,
}

/// What becomes of data that no sync of their file has made durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Data {
    /// The file is as of its last sync.
    Lost,
    /// All reached the disk.
    Kept,
    /// Half of what was appended reached the disk.
    Torn,
    /// The length reached the disk, the bytes did not and read as NUL.
    Nuls,
    /// The end of what was appended reached the disk, the bytes before it read as NUL.
    Hole,
    /// Each file has one of the others.
    Mixed,
}

/// A power cut. The same seed gives the same outcome.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PowerCut {
    /// What becomes of unsynced names.
    pub names: Names,
    /// What becomes of unsynced data.
    pub data: Data,
    /// For the policies that draw.
    pub seed: u64,
}

impl PowerCut {
    /// The regular combinations, and `random` drawn ones.
    pub fn policies(random: u64) -> Vec<PowerCut> {
        let names = [Names::Lost, Names::Kept];
        let data = [Data::Lost, Data::Kept, Data::Torn, Data::Nuls, Data::Hole];
        let regular = names.iter().flat_map(|&names| data.map(|data| PowerCut { names, data, seed: 0 }));
        let drawn = (0..random).map(|seed| PowerCut {
            names: if seed % 2 == 0 { Names::Subset } else { Names::Prefix },
            data: Data::Mixed,
            seed,
        });
        regular.chain(drawn).collect()
    }
}

/// Small, fast and good enough to draw outcomes (SplitMix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n.max(1)
    }
}

impl Image {
    /// The names of one directory are on stable storage; a rename out of or into it goes along whole.
    pub(super) fn sync_names(&mut self, dir: NodeId) {
        let changes = std::mem::take(&mut self.unsynced);
        for change in changes {
            if change.0.iter().any(|(d, _, _)| *d == dir) {
                self.settle(&change);
            } else {
                self.unsynced.push(change);
            }
        }
    }

    fn settle(&mut self, change: &NameChange) {
        for (dir, name, node) in &change.0 {
            let Body::Dir { durable, .. } = &mut self.at(*dir).body else { continue };
            match node {
                Some(id) => durable.insert(name.clone(), *id),
                None => durable.remove(name),
            };
        }
    }

    /// The data of one file are on stable storage.
    pub(super) fn sync_file(&mut self, id: NodeId) {
        match &mut self.at(id).body {
            Body::File { data, durable } => durable.clone_from(data),
            Body::Dir { .. } => self.sync_names(id),
            Body::Link(_) => {}
        }
    }

    /// The file system as found when power returns.
    pub(super) fn after_power_cut(&self, policy: PowerCut) -> Image {
        let mut disk = self.clone();
        let mut draw = Draw(policy.seed);
        let changes = std::mem::take(&mut disk.unsynced);
        let prefix = draw.below(changes.len() as u64 + 1);
        let mut undone: BTreeSet<(NodeId, &OsString)> = BTreeSet::new();
        for (i, change) in changes.iter().enumerate() {
            let kept = match policy.names {
                Names::Lost => false,
                Names::Kept => true,
                Names::Prefix => (i as u64) < prefix,
                Names::Subset => draw.below(2) == 1,
            };
            let names = || change.0.iter().map(|(dir, name, _)| (*dir, name));
            if kept && !names().any(|name| undone.contains(&name)) {
                disk.settle(change);
            } else {
                undone.extend(names());
            }
        }
        let mut found = Image::new();
        found.now = self.now;
        found.capacity = self.capacity;
        found.keeps_open_files = self.keeps_open_files;
        let mut open = vec![(ROOT, ROOT)];
        // A file with several names is one file afterwards too.
        let mut met: BTreeMap<NodeId, NodeId> = BTreeMap::new();
        while let Some((old, new)) = open.pop() {
            let names: BTreeMap<OsString, NodeId> = match disk.nodes.get(&old).map(|n| &n.body) {
                Some(Body::Dir { durable, .. }) => durable.clone(),
                _ => continue,
            };
            for (name, id) in names {
                let Some(node) = disk.nodes.get(&id) else { continue };
                if let Some(&child) = met.get(&id) {
                    name_durably(&mut found, new, name, child);
                    continue;
                }
                let body = match &node.body {
                    Body::File { data, durable } => {
                        let data = surviving(data, durable, policy.data, &mut draw);
                        Body::File { durable: data.clone(), data }
                    }
                    Body::Dir { .. } => Body::Dir { entries: BTreeMap::new(), durable: BTreeMap::new() },
                    Body::Link(target) => Body::Link(target.clone()),
                };
                let modified = node.modified;
                let child = found.add(body);
                found.at(child).modified = modified;
                name_durably(&mut found, new, name, child);
                met.insert(id, child);
                open.push((id, child));
            }
        }
        found
    }
}

fn name_durably(image: &mut Image, dir: NodeId, name: OsString, node: NodeId) {
    image.at(node).names += 1;
    if let Body::Dir { entries, durable } = &mut image.at(dir).body {
        entries.insert(name.clone(), node);
        durable.insert(name, node);
    }
}

/// The bytes of a file after a power cut.
fn surviving(data: &[u8], durable: &[u8], policy: Data, draw: &mut Draw) -> Vec<u8> {
    let policy = match policy {
        Data::Mixed => match draw.below(5) {
            0 => Data::Lost,
            1 => Data::Kept,
            2 => Data::Torn,
            3 => Data::Nuls,
            _ => Data::Hole,
        },
        other => other,
    };
    // Where the unsynced part starts: files are appended to, or cut and then appended to.
    let same = data.iter().zip(durable).take_while(|(a, b)| a == b).count();
    let half = same + (data.len() - same) / 2;
    let mut bytes = data.to_vec();
    match policy {
        Data::Lost => bytes = durable.to_vec(),
        Data::Kept | Data::Mixed => {}
        Data::Torn => bytes.truncate(half),
        Data::Nuls => bytes[same..].fill(0),
        Data::Hole => bytes[same..half].fill(0),
    }
    bytes
}
