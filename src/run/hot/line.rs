//! The line of the row in hand. Most of what a writer computes happens here: pieces of a fixed length are copied, whose
//! ends the next piece overwrites, because a copy of as many bytes as there are costs several times that.

use crate::json;
use crate::run::dtype::{Cell, DType};

/// Bytes of a block of a key.
const BLOCK: usize = 16;

/// Keys of so many blocks, as nearly all are, are copied as if they had them all.
const USUAL: usize = 2;

/// What is free behind a line while something short is added to it.
const ROOM: usize = 64;

/// The keys of all metrics, `,"name":` as lines take them, in blocks, one after the other. Behind the last there is so much
/// that [`USUAL`] blocks can be read from where any begins.
#[derive(Debug, Default)]
pub struct Keys(Vec<[u8; BLOCK]>);

/// Where a key is in [`Keys`].
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its first block.
    start: u32,
    /// Its bytes.
    len: u32,
}

impl Keys {
    /// Adds the key of a metric.
    pub fn add(&mut self, name: &str) -> Key {
        let mut text = vec![b','];
        json::push_str(&mut text, name);
        text.push(b':');
        self.0.truncate(self.0.len().saturating_sub(USUAL - 1));
        let key = Key { start: self.0.len() as u32, len: text.len() as u32 };
        text.resize(text.len().next_multiple_of(BLOCK), 0);
        self.0.extend_from_slice(text.as_chunks().0);
        self.0.resize(self.0.len() + USUAL - 1, [0; BLOCK]);
        key
    }

    /// The beginning of a key, and whatever follows.
    #[inline(always)]
    fn beginning(&self, key: Key) -> Option<&[u8; USUAL * BLOCK]> {
        let start = key.start as usize;
        self.0.get(start..start + USUAL)?.as_flattened().first_chunk()
    }

    fn blocks(&self, key: Key) -> &[[u8; BLOCK]] {
        &self.0[key.start as usize..][..(key.len as usize).div_ceil(BLOCK)]
    }
}

/// A line that grows from a key and a value to the next, and is made again and again in the same memory.
#[derive(Debug, Default)]
pub struct Line {
    /// The text and what room there is behind it.
    bytes: Vec<u8>,
    used: usize,
}

impl Line {
    /// Begins the row of a step.
    pub fn begin(&mut self, step: u64) {
        self.used = 0;
        self.push(b"{\"step\":");
        let mut digits = itoa::Buffer::new();
        self.push(digits.format(step).as_bytes());
    }

    /// What there is of the line.
    #[cfg(test)]
    fn text(&self) -> &[u8] {
        &self.bytes[..self.used]
    }

    /// The line, ended.
    #[inline]
    pub fn ended(&mut self) -> &[u8] {
        let open = self.used;
        self.push(b"}\n");
        let end = std::mem::replace(&mut self.used, open);
        &self.bytes[..end]
    }

    /// Adds a key and a number.
    #[inline(always)]
    pub fn push_number(&mut self, keys: &Keys, key: Key, kind: DType, cell: Cell) {
        if matches!(kind, DType::F32 | DType::F64) {
            let v = f64::from_bits(cell);
            if !self.push_usual_float(keys, key, v) {
                self.push_odd_float(keys, key, v);
            }
        } else {
            self.push_integer(keys, key, kind, cell);
        }
    }

    /// Adds a key and a float as most are, or does nothing and says so.
    #[inline(always)]
    fn push_usual_float(&mut self, keys: &Keys, key: Key, v: f64) -> bool {
        let len = key.len as usize;
        if len > USUAL * BLOCK || !json::is_usual_f64(v) {
            return false;
        }
        let Some(text) = keys.beginning(key) else { return false };
        let Some(room) = self.bytes.get_mut(self.used..self.used + ROOM) else { return false };
        room[..USUAL * BLOCK].copy_from_slice(text);
        let Some(digits) = room[len..].first_chunk_mut() else { return false };
        self.used += len + json::write_usual_f64(v, digits);
        true
    }

    #[inline(never)]
    fn push_odd_float(&mut self, keys: &Keys, key: Key, v: f64) {
        self.push_key(keys, key);
        if let Some(digits) = self.room().first_chunk_mut() {
            if let Some(n) = json::write_f64(v, digits) {
                self.used += n;
                return;
            }
        }
        self.push(json::bare_word(v));
    }

    /// Adds a key and the text of a JSON value.
    #[inline(never)]
    pub fn push_json(&mut self, keys: &Keys, key: Key, text: &[u8]) {
        self.push_key(keys, key);
        self.push_bytes(text);
    }

    /// Adds a key and an integer.
    #[inline(never)]
    fn push_integer(&mut self, keys: &Keys, key: Key, kind: DType, cell: Cell) {
        self.push_key(keys, key);
        match kind {
            DType::U64 => self.push(itoa::Buffer::new().format(cell).as_bytes()),
            _ => self.push(itoa::Buffer::new().format(cell as i64).as_bytes()),
        }
    }

    /// Adds a key.
    fn push_key(&mut self, keys: &Keys, key: Key) {
        let start = self.used;
        for block in keys.blocks(key) {
            self.room()[..BLOCK].copy_from_slice(block);
            self.used += BLOCK;
        }
        self.used = start + key.len as usize;
    }

    /// Adds a short text.
    fn push(&mut self, text: &[u8]) {
        let n = text.len();
        let room = self.room();
        match n {
            16..=32 => push_ends::<16>(room, text),
            8..16 => push_ends::<8>(room, text),
            4..8 => push_ends::<4>(room, text),
            0..4 => room.iter_mut().zip(text).for_each(|(to, from)| *to = *from),
            _ => return self.push_bytes(text),
        }
        self.used += n;
    }

    /// Adds a text of any length.
    fn push_bytes(&mut self, text: &[u8]) {
        match self.bytes.get_mut(self.used..).and_then(|free| free.get_mut(..text.len())) {
            Some(place) => {
                place.copy_from_slice(text);
                self.used += text.len();
            }
            None => self.with(|out| out.extend_from_slice(text)),
        }
    }

    /// Adds whatever is written.
    fn with<R>(&mut self, add: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        self.bytes.truncate(self.used);
        let result = add(&mut self.bytes);
        self.used = self.bytes.len();
        result
    }

    /// What is free behind the text, if it is so much.
    #[inline(always)]
    fn free(&mut self) -> Option<&mut [u8; ROOM]> {
        self.bytes.get_mut(self.used..)?.first_chunk_mut()
    }

    /// What is free behind the text: [`ROOM`] bytes.
    fn room(&mut self) -> &mut [u8] {
        if self.free().is_none() {
            self.grow();
        }
        &mut self.bytes[self.used..][..ROOM]
    }

    #[cold]
    fn grow(&mut self) {
        self.bytes.resize(self.used + 4 * ROOM + self.used / 4, 0);
    }
}

/// Copies a text of N to 2 N bytes as its beginning and its end, which overlap.
#[inline(always)]
fn push_ends<const N: usize>(room: &mut [u8], text: &[u8]) {
    let n = text.len();
    if let (Some(first), Some(last), Some(room)) = (text.first_chunk(), text.last_chunk(), room.get_mut(..n))
    {
        if let Some(to) = room.first_chunk_mut::<N>() {
            *to = *first;
        }
        if let Some(to) = room.last_chunk_mut::<N>() {
            *to = *last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::dtype;

    #[test]
    fn keys_and_numbers_of_every_length_stand_one_after_the_other() {
        let (mut keys, mut line) = (Keys::default(), Line::default());
        // The second round finds the memory, and the text, of the first.
        for step in [7, 4_294_967_295] {
            let mut expected = format!("{{\"step\":{step}").into_bytes();
            line.begin(step);
            for length in 1..60 {
                let name = "k".repeat(length);
                let key = keys.add(&name);
                let written = format!(",\"{name}\":").into_bytes();
                let text = &"9876543210987654321"[..length % 19 + 1];
                for (dtype, cell) in [
                    (DType::U64, text.parse::<u64>().unwrap()),
                    (DType::I64, (-text.parse::<i64>().unwrap_or(5)) as u64),
                    (DType::F64, (length as f64 / 7.0).to_bits()),
                    (DType::F64, (length as f64 * 1e-7).to_bits()),
                    (DType::F64, f64::NAN.to_bits()),
                    (DType::F64, f64::NEG_INFINITY.to_bits()),
                    (DType::F64, (-0.0_f64).to_bits()),
                    (DType::F64, 5e-324_f64.to_bits()),
                    (DType::F64, 1.25e-5_f64.to_bits()),
                    (DType::F64, (-1.2345678901234567e-308_f64).to_bits()),
                    (DType::F32, f64::from(0.1_f32).to_bits()),
                ] {
                    line.push_number(&keys, key, dtype, cell);
                    expected.extend_from_slice(&written);
                    dtype::push_cell(&mut expected, dtype, cell);
                }
                line.push_key(&keys, key);
                line.with(|out| out.extend_from_slice(&b"\"text\"".repeat(length)));
                line.push_key(&keys, key);
                line.push_bytes(&b"\"more\"".repeat(length));
                expected.extend_from_slice(&written);
                expected.extend_from_slice(&b"\"text\"".repeat(length));
                expected.extend_from_slice(&written);
                expected.extend_from_slice(&b"\"more\"".repeat(length));
            }
            assert_eq!(String::from_utf8_lossy(line.text()), String::from_utf8_lossy(&expected));
            expected.extend_from_slice(b"}\n");
            assert_eq!(line.ended(), expected);
            assert_eq!(line.text().len() + 2, expected.len(), "the line is still open");
        }
    }
}
