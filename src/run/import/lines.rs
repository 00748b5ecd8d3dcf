//! A file line by line, in memory of the size of the longest line.

use crate::error::Result;
use crate::store::{ops, File};

const CHUNK: usize = 256 << 10;

/// The lines of the first `len` bytes of a file.
pub(super) struct Lines<'a> {
    file: &'a dyn File,
    /// Bytes of the file not yet read, and where they start.
    left: u64,
    offset: u64,
    buffer: Vec<u8>,
    /// Bytes to ask for at once.
    chunk: usize,
    /// Start of the next line in the buffer.
    at: usize,
}

impl<'a> Lines<'a> {
    pub fn new(file: &'a dyn File, len: u64) -> Self {
        Self::with_chunk(file, len, CHUNK)
    }

    pub fn with_chunk(file: &'a dyn File, len: u64, chunk: usize) -> Self {
        Lines { file, left: len, offset: 0, buffer: Vec::new(), chunk, at: 0 }
    }

    /// The next line without its newline, and whether it had one; `None` after the last.
    pub fn next(&mut self) -> Result<Option<(&[u8], bool)>> {
        let mut searched = self.at;
        loop {
            if let Some(found) = memchr::memchr(b'\n', &self.buffer[searched..]) {
                let (start, end) = (self.at, searched + found);
                self.at = end + 1;
                return Ok(Some((&self.buffer[start..end], true)));
            }
            if self.left == 0 {
                let start = std::mem::replace(&mut self.at, self.buffer.len());
                let rest = &self.buffer[start..];
                return Ok((!rest.is_empty()).then_some((rest, false)));
            }
            self.buffer.drain(..std::mem::take(&mut self.at));
            searched = self.buffer.len();
            self.fill()?;
        }
    }

    fn fill(&mut self) -> Result<()> {
        let had = self.buffer.len();
        self.buffer
            .resize(had + usize::try_from(self.left).map_or(self.chunk, |left| left.min(self.chunk)), 0);
        let got = ops::read_full(self.file, &mut self.buffer[had..], self.offset)?;
        // Shorter than it was when it was opened: what is gone is not waited for.
        self.left = if got < self.buffer.len() - had { 0 } else { self.left - got as u64 };
        self.buffer.truncate(had + got);
        self.offset += got as u64;
        Ok(())
    }
}
