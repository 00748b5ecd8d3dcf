//! The central directory of a zip file: which members there are, and where.
//!
//! ```text
//! local header + data …   central directory   [zip64 end record, zip64 locator]   end record, comment
//! ```
//!
//! The end record (`PK\5\6`) lies within the last 64 KiB. Its fields are 16 and 32 bits wide; those of the zip64
//! record before it, if there is one, are wider. Nothing here is allocated by a count or a size that the file
//! claims: the directory is fetched piece by piece and ends where its entries do.

use crate::error::{Error, Result};
use crate::store::{ops, File};
use std::ops::Range;
use std::path::Path;

/// Compression method "stored".
pub const STORED: u16 = 0;
/// Compression method "deflate".
pub const DEFLATED: u16 = 8;
/// Bytes of a local header before name and extra field.
pub const LOCAL_HEADER: usize = 30;

const END: usize = 22;
const LOCATOR: usize = 20;
const END64: usize = 56;
const ENTRY: usize = 46;
const LONGEST_COMMENT: u64 = 0xffff;
const PIECE: usize = 256 << 10;
/// What is read of the end of the file at first: without a comment the end record is there, and often all of the
/// directory and the manifest before it.
const TAIL: u64 = 8 << 10;

/// What the directory says of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Compression method.
    pub method: u16,
    /// Needs a password.
    pub encrypted: bool,
    /// Checksum of the decoded bytes.
    pub crc32: u32,
    /// Bytes in the archive.
    pub compressed: u64,
    /// Bytes decoded.
    pub size: u64,
    /// Where its local header starts in the file.
    pub header_start: u64,
    /// Bytes of its name.
    name_len: u64,
    /// Where what follows it starts: its data end there at the latest.
    limit: u64,
}

impl Member {
    /// Where its data start if all that is between its header and what follows it is its name and they: then its local
    /// header can say nothing else.
    pub fn known_start(&self) -> Option<u64> {
        let start = self.header_start.checked_add(LOCAL_HEADER as u64 + self.name_len)?;
        (start.checked_add(self.compressed)? == self.limit).then_some(start)
    }

    /// Its bytes lie in the file as they are.
    pub fn is_stored(&self) -> bool {
        self.method == STORED
    }
}

/// The members of an archive, directories left out, sorted by name. Their names lie one behind the other: an archive may have
/// a hundred thousand.
#[derive(Debug)]
pub struct Directory {
    names: String,
    members: Vec<(Range<usize>, Member)>,
}

impl Directory {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// The number of the member of this name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.members.binary_search_by(|(have, _)| self.names[have.clone()].cmp(name)).ok()
    }

    /// The name of a member.
    pub fn name(&self, index: usize) -> &str {
        &self.names[self.members[index].0.clone()]
    }

    /// What the directory says of a member.
    pub fn member(&self, index: usize) -> &Member {
        &self.members[index].1
    }

    /// Removes directories, sorts by name, and of several with one name keeps the last.
    fn put_in_order(&mut self) {
        let Directory { names, members } = self;
        members.retain(|(name, _)| !names[name.clone()].ends_with('/'));
        // Stable: among equals the order of the directory remains.
        members.sort_by(|(a, _), (b, _)| names[a.clone()].cmp(&names[b.clone()]));
        members.dedup_by(|later, earlier| {
            let same = names[later.0.clone()] == names[earlier.0.clone()];
            if same {
                earlier.1 = later.1;
            }
            same
        });
    }
}

/// The end of a file, as it was read.
#[derive(Debug)]
pub struct Tail {
    start: u64,
    bytes: Vec<u8>,
}

impl Tail {
    fn read(file: &dyn File, len: u64, most: u64) -> Result<Tail> {
        let start = len.saturating_sub(most);
        let mut bytes = vec![0; (len - start) as usize];
        let got = ops::read_full(file, &mut bytes, start)?;
        bytes.truncate(got);
        Ok(Tail { start, bytes })
    }

    /// So many bytes from a position on, if they are in it.
    pub fn get(&self, offset: u64, len: usize) -> Option<&[u8]> {
        let from = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        self.bytes.get(from..from.checked_add(len)?)
    }
}

/// Reads the directory of a file of `len` bytes: all members but directories, sorted by name; of two with one name the
/// later counts, as in Python. `path` is for messages. Anything that is not a sound zip file is
/// [`crate::Code::Corrupt`]. What was read of the end is given as well: it may hold members.
pub fn read(file: &dyn File, len: u64, path: &Path) -> Result<(Directory, Tail)> {
    let bad = |what: &str| Error::corrupt(path, format_args!("is no readable zip file: {what}"));
    let mut tail = Tail::read(file, len, TAIL)?;
    let mut place = Place::find(&tail, true);
    if place.is_none() {
        tail = Tail::read(file, len, LONGEST_COMMENT + (END + LOCATOR + END64) as u64)?;
        place = Place::find(&tail, false);
    }
    let place = place.ok_or_else(|| bad("it has no end record (cut short, or something else)"))?;
    let start =
        place.end.checked_sub(place.size).ok_or_else(|| bad("its directory is larger than the file"))?;
    // What stands before the archive shifts every offset in it.
    let shift =
        start.checked_sub(place.offset).ok_or_else(|| bad("its directory is not where it should be"))?;

    let mut directory = Directory { names: String::new(), members: Vec::new() };
    let mut bytes = Pieces { file, next: start, end: place.end, have: Vec::new(), used: 0 };
    if let Some(all) = usize::try_from(place.size).ok().and_then(|size| tail.get(start, size)) {
        bytes.have.extend_from_slice(all);
        bytes.next = place.end;
        let most = all.len() / ENTRY;
        directory.members.reserve(most);
        directory.names.reserve(all.len() - most * ENTRY);
    }
    while bytes.left() > 0 {
        let head = bytes.take(ENTRY)?.ok_or_else(|| bad("its directory is cut short"))?;
        if head[..4] != *b"PK\x01\x02" {
            return Err(bad("its directory is garbled"));
        }
        let mut fixed = [0; ENTRY];
        fixed.copy_from_slice(head);
        let (name_len, extra_len, comment_len) = (u16_at(&fixed, 28), u16_at(&fixed, 30), u16_at(&fixed, 32));
        let tail_len = usize::from(name_len) + usize::from(extra_len) + usize::from(comment_len);
        let tail = bytes.take(tail_len)?.ok_or_else(|| bad("its directory is cut short"))?;
        let (name, rest) = tail.split_at(usize::from(name_len));
        let extra = &rest[..usize::from(extra_len)];
        let mut member = entry(&fixed, extra).ok_or_else(|| bad("an entry lacks its zip64 field"))?;
        member.header_start = member
            .header_start
            .checked_add(shift)
            .filter(|at| *at < start)
            .ok_or_else(|| bad("an entry lies outside"))?;
        // A name that is not UTF-8 cannot be one of ours (format §13 sets the flag); it is kept to be refused.
        let from = directory.names.len();
        match std::str::from_utf8(name) {
            Ok(name) => directory.names.push_str(name),
            Err(_) => directory.names.push_str(&String::from_utf8_lossy(name)),
        }
        directory.members.push((from..directory.names.len(), member));
    }

    if let Some(index) = overlapping(&mut directory.members, start) {
        let name = directory.name(index);
        let what = format_args!("member `{name}` overlaps another one; this is not a run, but an attack");
        return Err(Error::corrupt(path, what));
    }
    directory.put_in_order();
    Ok((directory, tail))
}

/// Where the data of a member start, from its local header; `None` if that is none or they do not fit.
pub fn data_start(header: &[u8], member: &Member) -> Option<u64> {
    if header.len() < LOCAL_HEADER || header[..4] != *b"PK\x03\x04" || u16_at(header, 8) != member.method {
        return None;
    }
    let skip = LOCAL_HEADER as u64 + u64::from(u16_at(header, 26)) + u64::from(u16_at(header, 28));
    let start = member.header_start.checked_add(skip)?;
    (start.checked_add(member.compressed)? <= member.limit).then_some(start)
}

/// Where the directory is.
struct Place {
    /// The byte after it.
    end: u64,
    size: u64,
    /// Its start, by an archive that starts at byte 0.
    offset: u64,
}

impl Place {
    /// From the end of a file; `last`: only if nothing follows the end record.
    fn find(tail: &Tail, last: bool) -> Option<Place> {
        let (tail_start, tail) = (tail.start, &*tail.bytes);
        let after = |at: usize| at + END + usize::from(u16_at(tail, at + 20));
        let fits = |at: &usize| match last {
            true => tail.len() == after(*at) && u16_at(tail, at + 20) == 0,
            false => tail.len() >= after(*at),
        };
        let at =
            memchr::memmem::rfind_iter(tail, b"PK\x05\x06").find(|at| tail.len() >= at + END && fits(at))?;
        // The wide records would stand before what was read.
        if last && at < LOCATOR + END64 && tail_start > 0 {
            return None;
        }
        let narrow = Place {
            end: tail_start + at as u64,
            size: u64::from(u32_at(tail, at + 12)),
            offset: u64::from(u32_at(tail, at + 16)),
        };
        let wide = at.checked_sub(LOCATOR + END64).filter(|record| {
            tail[at - LOCATOR..].starts_with(b"PK\x06\x07") && tail[*record..].starts_with(b"PK\x06\x06")
        });
        Some(match wide {
            None => narrow,
            Some(record) => Place {
                end: tail_start + record as u64,
                size: u64_at(tail, record + 40),
                offset: u64_at(tail, record + 48),
            },
        })
    }
}

/// The fixed part of an entry, with the zip64 extra field where 32 bits did not do. `None` if that is missing.
fn entry(fixed: &[u8; ENTRY], extra: &[u8]) -> Option<Member> {
    let mut wide = zip64_field(extra);
    let mut widen = |narrow: u32| match narrow {
        u32::MAX => {
            let (value, rest) = wide.split_first_chunk::<8>()?;
            wide = rest;
            Some(u64::from_le_bytes(*value))
        }
        value => Some(u64::from(value)),
    };
    let size = widen(u32_at(fixed, 24))?;
    let compressed = widen(u32_at(fixed, 20))?;
    let header_start = widen(u32_at(fixed, 42))?;
    Some(Member {
        method: u16_at(fixed, 10),
        encrypted: u16_at(fixed, 8) & 0x2041 != 0,
        crc32: u32_at(fixed, 16),
        compressed,
        size,
        header_start,
        name_len: u64::from(u16_at(fixed, 28)),
        limit: 0,
    })
}

/// The content of the zip64 extra field, empty if there is none.
fn zip64_field(mut extra: &[u8]) -> &[u8] {
    while extra.len() >= 4 {
        let (id, len) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let rest = &extra[4..];
        let content = &rest[..len.min(rest.len())];
        if id == 1 {
            return content;
        }
        extra = &rest[content.len()..];
    }
    &[]
}

/// Sets each member's limit to the start of the next one; one that does not fit before it is told.
fn overlapping(members: &mut [(Range<usize>, Member)], directory: u64) -> Option<usize> {
    let mut limit = directory;
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by_key(|i| members[*i].1.header_start);
    order.into_iter().rev().find(|i| {
        let member = &mut members[*i].1;
        let least = LOCAL_HEADER as u64 + member.name_len;
        let end = member.header_start.checked_add(least).and_then(|at| at.checked_add(member.compressed));
        let fits = end.is_some_and(|end| end <= limit);
        (member.limit, limit) = (limit, member.header_start);
        !fits
    })
}

/// A range of a file, handed out front to back in runs of bytes.
struct Pieces<'a> {
    file: &'a dyn File,
    next: u64,
    end: u64,
    have: Vec<u8>,
    used: usize,
}

impl Pieces<'_> {
    fn left(&self) -> u64 {
        (self.have.len() - self.used) as u64 + (self.end - self.next)
    }

    /// The next `n` bytes (at most three times 64 KiB are ever asked for), `None` if there are not so many.
    fn take(&mut self, n: usize) -> Result<Option<&[u8]>> {
        if self.have.len() - self.used < n {
            if self.left() < n as u64 {
                return Ok(None);
            }
            self.have.drain(..self.used);
            self.used = 0;
            let old = self.have.len();
            let want = (self.end - self.next).min(PIECE as u64) as usize;
            self.have.resize(old + want, 0);
            let got = ops::read_full(self.file, &mut self.have[old..], self.next)?;
            self.have.truncate(old + got);
            self.next += got as u64;
            if self.have.len() < n {
                return Ok(None);
            }
        }
        let from = self.used;
        self.used += n;
        Ok(Some(&self.have[from..self.used]))
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
