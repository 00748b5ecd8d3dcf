//! The rows of the hot logs (format §10), indexed by metric, their values left as text until they are asked for.

use crate::error::{Error, Result};
use crate::json::{self, Raw};
use crate::run::name;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

/// One of the two logs as it was read.
pub struct Log<'a> {
    /// Where, for messages.
    pub path: &'a Path,
    /// All of it.
    pub text: &'a [u8],
}

/// Rows of both logs, ascending in step.
#[derive(Debug, Default)]
pub struct HotRows {
    text: Vec<u8>,
    steps: Vec<u32>,
    names: Vec<Box<str>>,
    ids: HashMap<Box<str>, usize>,
    /// Per metric, in the order of the rows.
    values: Vec<Vec<Place>>,
    warnings: Vec<String>,
}

/// A value: its row and where its text is.
#[derive(Clone, Copy, Debug)]
struct Place {
    row: u32,
    len: u32,
    at: usize,
}

/// So many broken lines are told one by one.
const MOST_WARNINGS: usize = 100;

impl HotRows {
    /// Indexes the rows of the log under compaction and then those of the active one; of two rows with one step the
    /// later counts, whole. Rows beyond `horizon` are left out. A last line that does not parse is torn and
    /// forgiven; any other costs that line and a warning, or in strict mode is [`crate::Code::Corrupt`].
    pub fn parse(logs: &[Log], horizon: Option<u32>, strict: bool) -> Result<HotRows> {
        let mut rows = HotRows::default();
        rows.text.reserve_exact(logs.iter().map(|log| log.text.len()).sum());
        let mut scratch = Scratch::default();
        let mut skipped = 0usize;
        for log in logs {
            let mut offset = rows.text.len();
            rows.text.extend_from_slice(log.text);
            let mut lines = log.text.split_inclusive(|b| *b == b'\n').enumerate().peekable();
            while let Some((number, line)) = lines.next() {
                if let Err(what) = rows.add(line, offset, horizon, &mut scratch) {
                    let last = lines.peek().is_none();
                    // A tail that is being written, or was when the writer died, is not worth a word; NULs are what
                    // a file system leaves of data that a power failure took.
                    let torn = last && !line.ends_with(b"\n") && !line.contains(&0);
                    let said =
                        || Error::corrupt(log.path, format_args!("line {} is skipped: {what}", number + 1));
                    if strict && !last {
                        return Err(said());
                    } else if !torn && rows.warnings.len() < MOST_WARNINGS {
                        rows.warnings.push(said().message().to_owned());
                    } else if !torn {
                        skipped += 1;
                    }
                }
                offset += line.len();
            }
        }
        if skipped > 0 {
            rows.warnings.push(format!("{skipped} more broken lines of the hot logs are skipped"));
        }
        rows.settle();
        Ok(rows)
    }

    /// One line. On an error nothing of it remains.
    fn add(
        &mut self,
        line: &[u8],
        offset: usize,
        horizon: Option<u32>,
        scratch: &mut Scratch,
    ) -> std::result::Result<(), Cow<'static, str>> {
        let line_len = u32::try_from(line.len()).map_err(|_| "it is longer than 4 GiB")?;
        let row = u32::try_from(self.steps.len()).map_err(|_| "there are too many rows")?;
        let start = line.as_ptr() as usize;
        scratch.found.clear();
        let mut step = None;
        let mut objection = None;
        let scanned = json::scan_object(line, |key, value| {
            let at = value.0.as_ptr() as usize - start;
            if key == "step" {
                step = Some(value.as_u64().and_then(|s| u32::try_from(s).ok()));
                return;
            }
            match self.id(&key, scratch.guess(&self.names, &key)) {
                Ok(id) => scratch.found.push((id, at, value.0.len())),
                Err(what) => objection = objection.or(Some(what)),
            }
        });
        scanned.map_err(|e| e.to_string())?;
        if let Some(what) = objection {
            return Err(what.into());
        }
        let step = step.ok_or("it has no step")?.ok_or("its step is not an integer from 0 to 4294967295")?;
        if horizon.is_some_and(|last| step > last) {
            return Ok(());
        }
        self.steps.push(step);
        for (id, at, len) in &scratch.found {
            let len = u32::try_from(*len).unwrap_or(line_len);
            let place = Place { row, len, at: offset + at };
            let values = &mut self.values[*id];
            match values.last_mut() {
                Some(last) if last.row == row => *last = place,
                _ => values.push(place),
            }
        }
        std::mem::swap(&mut scratch.found, &mut scratch.previous);
        Ok(())
    }

    /// The number of a metric, from the guess if that is right.
    fn id(&mut self, key: &str, guess: Option<usize>) -> std::result::Result<usize, &'static str> {
        if let Some(id) = guess.or_else(|| self.ids.get(key).copied()) {
            return Ok(id);
        }
        if let Some(what) = name::objection(key) {
            return Err(what);
        }
        let id = self.names.len();
        self.names.push(key.into());
        self.ids.insert(key.into(), id);
        self.values.push(Vec::new());
        Ok(id)
    }

    /// Brings rows that did not come in ascending order into it, of each step the last one only.
    fn settle(&mut self) {
        if self.steps.windows(2).all(|w| w[0] < w[1]) {
            return;
        }
        let mut last: HashMap<u32, u32> = HashMap::new();
        for (row, step) in (0u32..).zip(&self.steps) {
            last.insert(*step, row);
        }
        let steps = &self.steps;
        for values in &mut self.values {
            values.retain(|place| last.get(&steps[place.row as usize]) == Some(&place.row));
            values.sort_by_key(|place| steps[place.row as usize]);
        }
    }

    /// The greatest step; `None` if there are no rows.
    pub fn last_step(&self) -> Option<u32> {
        self.steps.iter().max().copied()
    }

    /// Names of the metrics that have a value in some row, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().zip(&self.values).filter(|(_, values)| !values.is_empty()).map(|(name, _)| &**name)
    }

    /// The values of a metric beyond step `after`, with their steps.
    pub fn values(&self, name: &str, after: Option<u32>) -> impl Iterator<Item = (u32, Raw<'_>)> {
        let values = self.ids.get(name).map_or(&[][..], |id| &self.values[*id]);
        let seen =
            after.map_or(0, |after| values.partition_point(|place| self.steps[place.row as usize] <= after));
        values[seen..].iter().map(|place| {
            (self.steps[place.row as usize], Raw(&self.text[place.at..place.at + place.len as usize]))
        })
    }

    /// What was skipped.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// What is kept from line to line: rows mostly hold the same metrics in the same order.
#[derive(Default)]
struct Scratch {
    found: Vec<(usize, usize, usize)>,
    previous: Vec<(usize, usize, usize)>,
}

impl Scratch {
    /// The metric that stood here in the row before, if it has this name.
    fn guess(&self, names: &[Box<str>], key: &str) -> Option<usize> {
        let id = self.previous.get(self.found.len())?.0;
        (*names[id] == *key).then_some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(compacting: &str, active: &str) -> HotRows {
        let path = Path::new("hot");
        let logs = [Log { path, text: compacting.as_bytes() }, Log { path, text: active.as_bytes() }];
        HotRows::parse(&logs, None, false).unwrap()
    }

    fn column(rows: &HotRows, name: &str) -> Vec<(u32, String)> {
        let text = |raw: Raw| String::from_utf8(raw.0.to_vec()).unwrap();
        rows.values(name, None).map(|(step, raw)| (step, text(raw))).collect()
    }

    #[test]
    fn a_later_row_replaces_an_earlier_one_of_the_same_step_whole() {
        let rows = parsed(
            "{\"step\":3,\"a\":1,\"b\":2}\n{\"step\":4,\"a\":1.5}\n",
            "{\"step\":4,\"b\":9}\n{\"step\":2,\"a\":0}\n",
        );
        assert_eq!(column(&rows, "a"), [(2, "0".into()), (3, "1".into())]);
        assert_eq!(column(&rows, "b"), [(3, "2".into()), (4, "9".into())]);
        assert_eq!(rows.last_step(), Some(4));
        assert!(rows.warnings().is_empty());
    }

    #[test]
    fn a_torn_tail_of_either_log_is_forgiven_without_a_word() {
        let rows =
            parsed("{\"step\":1,\"a\":1}\n{\"step\":2,\"a", "{\"step\":3,\"a\":3}\n{\"step\":4,\"a\":1");
        assert_eq!(column(&rows, "a"), [(1, "1".into()), (3, "3".into())]);
        assert!(rows.warnings().is_empty());
    }

    #[test]
    fn a_complete_object_counts_even_if_its_newline_is_missing() {
        assert_eq!(column(&parsed("", "{\"step\":3,\"a\":7}"), "a"), [(3, "7".into())]);
    }

    #[test]
    fn broken_lines_cost_themselves_and_a_warning_each() {
        let broken = [
            "",
            "{}",
            "[1]",
            "{\"a\":1}",
            "{\"step\":-1}",
            "{\"step\":4294967296}",
            "{\"step\":1.5}",
            "\0\0",
            "{\"step\":5,\"../a\":1}",
            "{\"step\":5,\"a\":1",
            "{\"step\":5,\"a\":1}{\"step\":6}",
            "{\"step\":5,\"a\":}",
        ];
        for line in broken {
            let text = format!("{{\"step\":1,\"a\":1}}\n{line}\n{{\"step\":9,\"a\":2}}\n");
            let rows = parsed("", &text);
            assert_eq!(column(&rows, "a"), [(1, "1".into()), (9, "2".into())], "{line}");
            assert_eq!(rows.warnings().len(), 1, "{line}");
            assert!(rows.warnings()[0].contains("line 2"), "{:?}", rows.warnings());
            let log = Log { path: Path::new("hot"), text: text.as_bytes() };
            assert!(HotRows::parse(&[log], None, true).is_err());
        }
    }

    #[test]
    fn a_tail_of_nuls_is_reported() {
        assert_eq!(parsed("", "{\"step\":1,\"a\":1}\n\0\0\0").warnings().len(), 1);
    }

    #[test]
    fn rows_beyond_the_horizon_are_left_out() {
        let log =
            Log { path: Path::new("hot"), text: b"{\"step\":1,\"a\":1}\n{\"step\":2,\"a\":2,\"b\":1}\n" };
        let rows = HotRows::parse(&[log], Some(1), false).unwrap();
        assert_eq!(rows.last_step(), Some(1));
        assert_eq!(rows.names().collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn of_a_key_given_twice_the_last_counts_and_order_does_not_matter() {
        let rows = parsed("", "{\"step\":1,\"a\":1,\"b\":2,\"a\":3}\n{\"b\":5,\"step\":2,\"a\":4}\n");
        assert_eq!(column(&rows, "a"), [(1, "3".into()), (2, "4".into())]);
        assert_eq!(column(&rows, "b"), [(1, "2".into()), (2, "5".into())]);
    }
}
