//! Events: lines of bytes.

use crate::error::{Error, Result};

/// Events in order, each with the number of the object it came from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Events {
    bytes: Vec<u8>,
    /// Where each event ends.
    ends: Vec<usize>,
    /// From which event on which number holds.
    numbers: Vec<(usize, u64)>,
    pub(super) next: u64,
}

impl Events {
    /// How many.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// None.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of an event, without newline.
    pub fn get(&self, i: usize) -> Option<&[u8]> {
        let start = if i == 0 { 0 } else { *self.ends.get(i - 1)? };
        self.bytes.get(start..*self.ends.get(i)?)
    }

    /// The number of the object that an event came from, its last one if that is compacted; 0 for an event that
    /// waits in the buffer.
    pub fn number(&self, i: usize) -> Option<u64> {
        let run = self.numbers.partition_point(|(from, _)| *from <= i).checked_sub(1)?;
        (i < self.len()).then(|| self.numbers.get(run).map(|(_, number)| *number)).flatten()
    }

    /// The number to go on with: one more than the greatest of those that were read.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|i| self.get(i))
    }

    /// What is added from here on has this number.
    pub(super) fn begin(&mut self, number: u64) {
        self.numbers.push((self.len(), number));
    }

    pub(super) fn push(&mut self, event: &[u8]) {
        self.bytes.extend_from_slice(event);
        self.ends.push(self.bytes.len());
    }
}

/// Refuses what would not come back as the one event that it is.
pub fn check(event: &[u8]) -> Result<()> {
    if memchr::memchr(b'\n', event).is_some() {
        return Err(Error::argument(
            "an event cannot hold a newline: it is one line; write \\n inside JSON text",
        ));
    }
    match is_blank(event) {
        true => Err(Error::argument("an event cannot be empty or blank: such lines are skipped by readers")),
        false => Ok(()),
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

/// Cuts pieces of an object into events.
#[derive(Default)]
pub struct Splitter {
    /// The beginning of a line whose end is in a later piece.
    begun: Vec<u8>,
}

impl Splitter {
    /// The events that end in this piece.
    pub fn piece(&mut self, piece: &[u8], mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut rest = piece;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            if self.begun.is_empty() {
                event(&rest[..end], &mut each)?;
            } else {
                self.begun.extend_from_slice(&rest[..end]);
                event(&self.begun, &mut each)?;
                self.begun.clear();
            }
            rest = &rest[end + 1..];
        }
        self.begun.extend_from_slice(rest);
        Ok(())
    }

    /// The last line, if it does not end with a newline.
    pub fn end(self, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        event(&self.begun, &mut each)
    }
}

fn event(line: &[u8], each: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    match is_blank(line) {
        true => Ok(()),
        false => each(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(pieces: &[&str]) -> Vec<String> {
        let (mut found, mut splitter) = (Vec::new(), Splitter::default());
        let mut each = |event: &[u8]| {
            found.push(String::from_utf8(event.to_vec()).unwrap());
            Ok(())
        };
        pieces.iter().for_each(|piece| splitter.piece(piece.as_bytes(), &mut each).unwrap());
        splitter.end(&mut each).unwrap();
        found
    }

    #[test]
    fn blank_lines_are_skipped_wherever_pieces_end() {
        assert_eq!(split(&["a\n\nb", "c\n", " \t\r\nd", "", "\n", "e"]), ["a", "bc", "d", "e"]);
        assert_eq!(split(&[]), [""; 0]);
        assert_eq!(split(&["\n\n", "  "]), [""; 0]);
    }

    #[test]
    fn an_event_with_a_newline_or_without_content_is_refused() {
        for bad in ["", " ", "\t \r", "a\nb", "a\n", "\n"] {
            assert!(check(bad.as_bytes()).is_err(), "{bad:?}");
        }
        for good in ["{}", " a ", "a\rb", "\0", "\u{e4}"] {
            check(good.as_bytes()).unwrap();
        }
    }

    #[test]
    fn events_know_the_number_of_their_object() {
        let mut events = Events::default();
        events.begin(7);
        events.push(b"a");
        events.push(b"bc");
        events.begin(9);
        events.begin(0);
        events.push(b"d");
        assert_eq!(events.iter().collect::<Vec<_>>(), [&b"a"[..], b"bc", b"d"]);
        assert_eq!((0..4).map(|i| events.number(i)).collect::<Vec<_>>(), [Some(7), Some(7), Some(0), None]);
        assert_eq!((events.get(3), events.len()), (None, 3));
        assert_eq!((Events::default().get(0), Events::default().number(0)), (None, None));
    }
}
