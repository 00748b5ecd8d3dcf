//! An append-only log of lines with one appender: whole lines or nothing, torn tails cut.

use crate::error::Result;
use crate::store::{ops, File};

/// The open end of a log.
#[derive(Debug)]
pub struct HotLog {
    file: Box<dyn File>,
    /// Bytes of whole lines; what lies beyond is the rest of a failed append.
    len: u64,
    torn: bool,
}

impl HotLog {
    /// A log over a file opened for appending that holds `len` good bytes.
    pub fn new(file: Box<dyn File>, len: u64) -> Self {
        HotLog { file, len, torn: false }
    }

    /// Bytes of whole lines.
    pub fn good_len(&self) -> u64 {
        self.len
    }

    /// Appends whole lines with one system call. After an error the log is what it was before: what a failed
    /// append left behind is cut off at once, or, if that fails too, before anything else is appended.
    pub fn append(&mut self, lines: &[u8]) -> Result<()> {
        self.mend()?;
        match self.file.append_at(lines, self.len) {
            Ok(()) => {
                self.len += lines.len() as u64;
                Ok(())
            }
            Err(e) => {
                self.torn = true;
                // If cutting fails as well the append is still the error to tell; the next call cuts again.
                _ = self.mend();
                Err(e)
            }
        }
    }

    /// Takes back what was appended beyond `len` bytes. If cutting fails it is done before the next append.
    pub fn take_back(&mut self, len: u64) -> Result<()> {
        self.len = self.len.min(len);
        self.torn = true;
        self.mend()
    }

    /// Cuts the log back to its first `len` bytes.
    #[cfg(feature = "stream")]
    pub fn cut(&mut self, len: u64) -> Result<()> {
        self.file.set_len(len)?;
        (self.len, self.torn) = (len, false);
        Ok(())
    }

    /// Cuts off what a failed append left.
    pub fn mend(&mut self) -> Result<()> {
        if self.torn {
            self.file.set_len(self.len)?;
            self.torn = false;
        }
        Ok(())
    }

    /// The good bytes, read back.
    pub fn content(&self) -> Result<Vec<u8>> {
        let mut bytes = ops::read_from(&*self.file, 0)?;
        bytes.truncate(usize::try_from(self.len).unwrap_or(usize::MAX));
        Ok(bytes)
    }

    /// What was appended is on stable storage.
    pub fn sync(&self) -> Result<()> {
        self.file.sync_data()
    }
}

/// One line of a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line<'a> {
    /// Its bytes, without the newline.
    pub text: &'a [u8],
    /// Where it begins.
    pub offset: usize,
    /// It ends with a newline. Only the last line of a log may not.
    pub ended: bool,
}

/// The lines of a log, in order.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut offset = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(offset..).filter(|r| !r.is_empty())?;
        let (len, ended) = memchr::memchr(b'\n', rest).map_or((rest.len(), false), |n| (n, true));
        let line = Line { text: &rest[..len], offset, ended };
        offset += len + usize::from(ended);
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_know_their_place_and_whether_they_end() {
        let seen: Vec<_> = lines(b"ab\n\ncd").map(|l| (l.text, l.offset, l.ended)).collect();
        assert_eq!(seen, [(&b"ab"[..], 0, true), (b"", 3, true), (b"cd", 4, false)]);
        assert_eq!(lines(b"").count(), 0);
        assert_eq!(lines(b"x\n").count(), 1);
    }
}
