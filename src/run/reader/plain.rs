//! The rows of large hot logs, of which only the metrics that are asked for are read.
//!
//! Looking at every value of a large log takes longer than everything else that opening a run takes. A log as its writer
//! leaves it is *plain*: whole lines that begin with an ascending step and end as an object does, in between nothing but
//! printable characters, no escapes, nothing nested, no space. In such a line a key, with its quotes, its comma and its
//! colon, can be nothing but that key, so that it can be searched for. A log that is not plain is read as a whole
//! ([`super::hot`]).

use crate::json::{self, Raw};
use memchr::{memchr, memchr2, memmem};
use std::collections::BTreeSet;

/// From so many bytes on it pays. Below, a look at every value takes less than opening the files.
pub const LARGE: usize = 32 << 10;

/// So far from its place in the row before is a key looked for first.
const NEAR: usize = 192;

const START: &[u8] = b"{\"step\":";

/// Rows of plain logs, ascending in step.
#[derive(Debug)]
pub struct PlainRows {
    texts: Vec<Vec<u8>>,
    lines: Vec<Line>,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    step: u32,
    /// Which of the texts it is in, and where.
    text: usize,
    start: usize,
    end: usize,
    /// Where the value that was read last ends: columns are mostly read in the order in which they stand there.
    cursor: usize,
}

impl PlainRows {
    /// The rows of the log under compaction and of the active one, up to `horizon`. Gives the texts back if they are
    /// not plain.
    pub fn of(texts: Vec<Vec<u8>>, horizon: Option<u32>) -> std::result::Result<PlainRows, Vec<Vec<u8>>> {
        match find_lines(&texts, horizon) {
            Some(lines) => Ok(PlainRows { texts, lines }),
            None => Err(texts),
        }
    }

    /// The greatest step; `None` if there are no rows.
    pub fn last_step(&self) -> Option<u32> {
        self.lines.last().map(|line| line.step)
    }

    /// Names of the metrics that have a value in some row.
    pub fn names(&self) -> BTreeSet<&str> {
        let mut names: BTreeSet<&str> = BTreeSet::new();
        let mut before: Vec<&[u8]> = Vec::new();
        for line in &self.lines {
            let text = &self.texts[line.text][line.start..line.end];
            let mut rest = &text[START.len()..];
            let mut ordinal = 0;
            while let Some((quoted, after)) = next_quoted(rest) {
                rest = after;
                if after.first() != Some(&b':') {
                    continue;
                }
                // Rows mostly have the same metrics in the same order.
                if before.get(ordinal) != Some(&quoted) {
                    before.truncate(ordinal);
                    before.push(quoted);
                    names.extend(std::str::from_utf8(quoted));
                }
                ordinal += 1;
            }
        }
        names
    }

    /// Hands on the values of a metric beyond step `after`, with their steps.
    pub fn values<E>(
        &mut self,
        name: &str,
        after: Option<u32>,
        mut take: impl FnMut(u32, Raw<'_>) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let mut key = vec![b','];
        json::push_str(&mut key, name);
        key.push(b':');
        let finder = memmem::Finder::new(&key);
        let seen = after.map_or(0, |after| self.lines.partition_point(|line| line.step <= after));
        let mut near = None;
        for line in &mut self.lines[seen..] {
            let text = &self.texts[line.text][line.start..line.end];
            let Some(at) = find_key(text, &finder, line.cursor, near) else { continue };
            near = Some(at);
            if let Some(value) = value_at(text, at + key.len()) {
                line.cursor = at + key.len() + value.0.len();
                take(line.step, value)?;
            }
        }
        Ok(())
    }
}

/// A key in a line: where the value before it ends, or near where it was in the row before, or anywhere.
fn find_key(text: &[u8], finder: &memmem::Finder<'_>, cursor: usize, near: Option<usize>) -> Option<usize> {
    if text[cursor..].starts_with(finder.needle()) {
        return Some(cursor);
    }
    if let Some(near) = near {
        let from = near.saturating_sub(NEAR);
        let to = (near + NEAR).min(text.len());
        if let Some(at) = text.get(from..to).and_then(|part| finder.find(part)) {
            return Some(from + at);
        }
    }
    finder.find(text)
}

/// The value that begins here and ends where another key or the end of the line follows.
fn value_at(text: &[u8], start: usize) -> Option<Raw<'_>> {
    let rest = text.get(start..)?;
    let len = match rest.first()? {
        b'"' => memchr(b'"', &rest[1..])? + 2,
        _ => memchr2(b',', b'}', rest)?,
    };
    matches!(rest.get(len), Some(b',' | b'}')).then(|| Raw(&rest[..len])).filter(|raw| is_value(*raw))
}

/// A number needs no second look when it is read; what JSON knows besides does.
fn is_value(raw: Raw<'_>) -> bool {
    match (raw.0.first(), raw.0.last()) {
        (Some(b'0'..=b'9' | b'-'), Some(b'0'..=b'9')) => true,
        _ => json::parse(raw.0).is_ok(),
    }
}

/// The next quoted text and what follows it.
fn next_quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = &text[memchr(b'"', text)? + 1..];
    let end = memchr(b'"', inner)?;
    Some((&inner[..end], &inner[end + 1..]))
}

fn find_lines(texts: &[Vec<u8>], horizon: Option<u32>) -> Option<Vec<Line>> {
    let mut lines: Vec<Line> = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let mut start = 0;
        while start < text.len() {
            let Some(len) = memchr(b'\n', &text[start..]) else {
                // Torn, which is forgiven, unless it is an object that only lacks its newline.
                let torn = !text[start..].ends_with(b"}") && !text[start..].contains(&0);
                return (torn && index + 1 == texts.len()).then_some(lines);
            };
            let end = start + len;
            let step = plain_step(&text[start..end])?;
            if lines.last().is_some_and(|before| before.step >= step) {
                return None;
            }
            if horizon.is_none_or(|last| step <= last) {
                lines.push(Line { step, text: index, start, end, cursor: START.len() });
            }
            start = end + 1;
        }
    }
    Some(lines)
}

/// The step of a plain line.
fn plain_step(line: &[u8]) -> Option<u32> {
    let rest = line.strip_prefix(START)?;
    let digits = rest.iter().position(|c| !c.is_ascii_digit()).filter(|n| (1..=10).contains(n))?;
    let (step, rest) = rest.split_at(digits);
    if step.len() > 1 && step[0] == b'0' {
        return None;
    }
    let inner = rest.strip_suffix(b"}")?;
    if !(inner.is_empty() || inner.starts_with(b",\"")) || !is_plain(inner) {
        return None;
    }
    std::str::from_utf8(step).ok()?.parse().ok()
}

/// Printable characters only, and no bracket, brace or backslash.
fn is_plain(text: &[u8]) -> bool {
    // Without a branch, so that it is done for many bytes at once.
    let odd = |c: u8| u8::from(c.wrapping_sub(0x21) >= 0x5e) | u8::from((c | 0x20).wrapping_sub(b'{') < 3);
    text.iter().fold(0, |found, c| found | odd(*c)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::reader::hot::{HotRows, Log};
    use std::path::Path;

    fn plain(compacting: &str, active: &str, horizon: Option<u32>) -> Option<PlainRows> {
        PlainRows::of(vec![compacting.into(), active.into()], horizon).ok()
    }

    fn column(rows: &mut PlainRows, name: &str, after: Option<u32>) -> Vec<(u32, String)> {
        let mut found = Vec::new();
        let taken = rows.values(name, after, |step, raw| {
            found.push((step, String::from_utf8(raw.0.to_vec()).unwrap()));
            Ok::<(), ()>(())
        });
        taken.unwrap();
        found
    }

    /// Rows with gaps, names that begin alike, texts, bare words.
    fn logs() -> (String, String) {
        let line = |step: u32| {
            let mut line = format!("{{\"step\":{step}");
            for metric in 0..40 {
                if (step + metric).is_multiple_of(7) {
                    continue;
                }
                let value = match (metric % 5, step % 4) {
                    (0, 1) => "NaN".to_owned(),
                    (1, 2) => format!("\"a,b:c}}{step}\"").replace('}', ""),
                    (2, _) => format!("-{}", step * metric),
                    (3, 3) => "-Infinity".to_owned(),
                    _ => format!("{}e+{}", f64::from(step) / 7.0, metric + 16),
                };
                line.push_str(&format!(",\"m{metric}/x\":{value}"));
            }
            line + "}\n"
        };
        ((3..60).map(line).collect(), (61..200).step_by(2).map(line).collect())
    }

    #[test]
    fn what_is_searched_for_is_what_a_look_at_everything_finds() {
        let (compacting, active) = logs();
        let path = Path::new("hot");
        let parts = [Log { path, text: compacting.as_bytes() }, Log { path, text: active.as_bytes() }];
        for horizon in [None, Some(60), Some(100)] {
            let whole = HotRows::parse(&parts, horizon, false).unwrap();
            let mut rows = plain(&compacting, &active, horizon).unwrap();
            assert_eq!(rows.last_step(), whole.last_step());
            assert_eq!(rows.names(), whole.names().collect());
            let mut names: Vec<String> = whole.names().map(str::to_owned).collect();
            names.sort();
            names.push("m1".into());
            names.push("step".into());
            // In the order of the rows, against it, and one twice.
            for name in names.iter().chain(names.iter().rev()).chain([&names[3], &names[3]]) {
                for after in [None, Some(0), Some(59), Some(150), Some(500)] {
                    let expected: Vec<_> = whole
                        .values(name, after)
                        .map(|(step, raw)| (step, String::from_utf8(raw.0.to_vec()).unwrap()))
                        .collect();
                    assert_eq!(column(&mut rows, name, after), expected, "{name} after {after:?}");
                }
            }
        }
    }

    #[test]
    fn a_log_that_may_be_anything_else_is_not_plain() {
        let good = "{\"step\":1,\"a\":1}\n{\"step\":2,\"a\":2}\n";
        assert!(plain("", good, None).is_some() && plain(good, "", None).is_some());
        for odd in [
            "{\"step\":2,\"a\":3}\n",
            "\n",
            "{}\n",
            "{\"step\":3,\"a\":1\n",
            "{\"step\":3,\"a\":1}",
            "{\"step\":3,\"a\":1}{\"step\":4,\"a\":1}\n",
            "{\"step\":3,\"a\":1.{\"step\":4,\"a\":1}\n",
            "{\"step\":3,\"a\":[1]}\n",
            "{\"step\":3,\"a\":{\"b\":1}}\n",
            "{\"step\":3, \"a\":1}\n",
            "{\"step\":3,\"a\":\"x\\\"y\"}\n",
            "{\"step\":3,\"\u{e9}\":1}\n",
            "{\"step\":-3,\"a\":1}\n",
            "{\"step\":03,\"a\":1}\n",
            "{\"step\":4294967296,\"a\":1}\n",
            "{\"a\":1,\"step\":3}\n",
            "{\"step\":3,\"a\":\0}\n",
            "\0\0\0",
        ] {
            assert!(plain("", &format!("{good}{odd}"), None).is_none(), "{odd:?}");
        }
        assert!(plain("{\"step\":9,\"a\":1}\n", good, None).is_none(), "steps that go back");
        assert!(plain("{\"step\":0,\"a", good, None).is_none(), "torn in the middle");
    }

    #[test]
    fn a_torn_tail_is_forgiven_and_a_value_that_is_none_is_left_out() {
        let mut rows = plain("", "{\"step\":1,\"a\":1,\"b\":2}\n{\"step\":2,\"a\":1", None).unwrap();
        assert_eq!(column(&mut rows, "a", None), [(1, "1".into())]);
        let mut rows =
            plain("", "{\"step\":1,\"a\":,\"b\":2}\n{\"step\":2,\"a\":tru,\"b\":x}\n", None).unwrap();
        assert_eq!(column(&mut rows, "a", None), []);
        assert_eq!(column(&mut rows, "b", None), [(1, "2".into())]);
    }
}
