//! The bytes of one log as entries: what parses, what does not, and where a torn tail begins.

use super::entry::{self, Change};
use crate::hotlog;

/// One line that is not blank.
#[derive(Debug)]
pub struct Step {
    /// Its number, from 1.
    pub number: usize,
    /// Its text.
    pub text: Vec<u8>,
    /// What it does, or what is wrong with it.
    pub change: Result<Change, String>,
}

/// A log that was read.
#[derive(Debug, Default)]
pub struct Content {
    /// Its entries, and the lines that are none.
    pub steps: Vec<Step>,
    /// Bytes before a torn last line.
    pub good_len: u64,
    /// The last entry is whole but lacks its newline.
    pub unended: bool,
}

impl Content {
    /// Reads a log. The last line is torn, and left out, if it does not parse and either lacks its newline or holds the
    /// NUL bytes that a power cut leaves in the place of data.
    pub fn read(bytes: &[u8]) -> Content {
        let mut content = Content { good_len: bytes.len() as u64, ..Content::default() };
        let mut lines = hotlog::lines(bytes).enumerate().peekable();
        while let Some((n, line)) = lines.next() {
            let blank = line.text.iter().all(u8::is_ascii_whitespace);
            if blank && line.ended {
                continue;
            }
            let change = entry::parse(line.text);
            let last = lines.peek().is_none();
            if last && change.is_err() && (!line.ended || line.text.contains(&0)) {
                content.good_len = line.offset as u64;
                break;
            }
            content.unended = !line.ended;
            content.steps.push(Step { number: n + 1, text: line.text.to_vec(), change });
        }
        content
    }

    /// It holds the whole state: its first entry is a checkpoint.
    pub fn starts_with_checkpoint(&self) -> bool {
        matches!(self.steps.first(), Some(Step { change: Ok(Change::Checkpoint(_)), .. }))
    }

    /// Its first line cannot be read, so that it is not known what it builds on; or it has none.
    pub fn is_headless(&self) -> bool {
        self.steps.first().is_none_or(|step| step.change.is_err())
    }

    /// The lines that are no entries.
    pub fn bad(&self) -> impl Iterator<Item = (usize, &str)> {
        self.steps.iter().filter_map(|step| Some((step.number, step.change.as_ref().err()?.as_str())))
    }
}
