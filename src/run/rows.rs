//! Rows of the hot logs, read back: lines into steps and values (format §10, §12.3).

use super::batch::Batch;
use super::columns::Columns;
use super::dtype::{Cell, Class, DType};
use super::name;
use super::row::{Row, Slot};
use crate::error::{Error, Result};
use crate::hotlog;
use crate::json::{self, Raw, RawKind};
use crate::store::ops;
use std::collections::HashMap;

/// A line of a hot log that holds a whole row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogRow<'a> {
    /// Its step.
    pub step: u32,
    /// The line, without its newline.
    pub text: &'a [u8],
    /// Where its values are in [`Scan::values`].
    values: (usize, usize),
}

/// What was seen in the lines of one or more logs, each of which is looked at once.
#[derive(Debug, Default)]
pub struct Scan<'a> {
    keys: Vec<Key>,
    numbers: HashMap<Box<str>, usize>,
    /// The values of all rows, each with the number of its key.
    values: Vec<(usize, Raw<'a>)>,
    /// Where the row before has its values: rows mostly have the same metrics in the same order.
    before: (usize, usize),
    lines: usize,
    shape: Shape<'a>,
    /// The members of the line in hand, for its shape.
    members: Vec<(Raw<'a>, Option<usize>)>,
}

/// What stands between the values of a row, so that a line with the same keys in the same order need not be taken apart.
#[derive(Debug, Default)]
struct Shape<'a> {
    /// What is before each value, and the number of its key; `None`: it is the step.
    parts: Vec<(&'a [u8], Option<usize>)>,
    /// What is after the last.
    end: &'a [u8],
}

/// A key of the logs.
#[derive(Debug)]
struct Key {
    name: Box<str>,
    /// Why no metric may be called so.
    objection: Option<&'static str>,
    /// The line that it was last met in, counted from 1.
    line: usize,
}

impl<'a> Scan<'a> {
    /// The name with a number.
    pub fn name(&self, key: usize) -> &str {
        &self.keys[key].name
    }

    /// How many names there are.
    pub fn names(&self) -> usize {
        self.keys.len()
    }

    /// The row that a line holds: an object with a step and otherwise legal metric names.
    fn row(&mut self, text: &'a [u8]) -> std::result::Result<LogRow<'a>, String> {
        self.lines += 1;
        let start = self.values.len();
        if let Some(step) = self.as_before(text) {
            self.before = (start, self.values.len());
            return Ok(LogRow { step, text, values: self.before });
        }
        self.values.truncate(start);
        self.members.clear();
        let mut step = None;
        let mut illegal = None;
        let scanned = json::scan_object(text, |key, value| {
            if key == "step" {
                step = Some(value.as_u64().and_then(|s| u32::try_from(s).ok()));
                self.members.push((value, None));
                return;
            }
            let number = self.number(&key, self.before.0 + (self.values.len() - start));
            let seen = &mut self.keys[number];
            illegal = illegal.or(seen.objection.map(|why| (number, why)));
            // The last of several members with one key counts, as in every JSON reader.
            if std::mem::replace(&mut seen.line, self.lines) == self.lines {
                let first = self.values[start..].iter().position(|(other, _)| *other == number);
                first.map(|first| self.values.remove(start + first));
            }
            self.values.push((number, value));
            self.members.push((value, Some(number)));
        });
        let row = match (scanned, illegal, step) {
            (Err(e), ..) => Err(e.to_string()),
            (_, Some((key, why)), _) => Err(format!("metric name {}: {why}", name::quoted(self.name(key)))),
            (.., Some(Some(step))) => Ok(LogRow { step, text, values: (start, self.values.len()) }),
            (.., Some(None)) => Err("\"step\" is not a number from 0 to 4294967295".into()),
            (.., None) => Err("there is no \"step\"".into()),
        };
        match &row {
            Ok(row) => {
                self.before = row.values;
                self.learn(text, row.values.1 - row.values.0);
            }
            Err(_) => self.values.truncate(start),
        }
        row
    }

    /// The step of a line that has the shape of one before it, whose values are added. After `None` they may be in part.
    fn as_before(&mut self, text: &'a [u8]) -> Option<u32> {
        let Scan { shape, values, .. } = self;
        let mut step = None;
        let mut rest = text;
        for (before, key) in &shape.parts {
            rest = rest.strip_prefix(*before)?;
            let (value, after) = rest.split_at(json::value_len(rest)?);
            match key {
                Some(key) => values.push((*key, Raw(value))),
                None => step = u32::try_from(Raw(value).as_u64()?).ok(),
            }
            rest = after;
        }
        step.filter(|_| rest == shape.end)
    }

    /// Keeps the shape of a line with so many metrics; one that has a key twice has none that could be relied on.
    fn learn(&mut self, text: &'a [u8], metrics: usize) {
        self.shape.parts.clear();
        if self.members.len() != metrics + 1 {
            return;
        }
        let mut end = 0;
        for (value, key) in &self.members {
            let start = value.0.as_ptr() as usize - text.as_ptr() as usize;
            self.shape.parts.push((&text[end..start], *key));
            end = start + value.0.len();
        }
        self.shape.end = &text[end..];
    }

    /// The number of a key, which is likely that of the value at `guess`.
    fn number(&mut self, key: &str, guess: usize) -> usize {
        if let Some((number, _)) = self.values.get(guess).filter(|_| guess < self.before.1) {
            if *self.keys[*number].name == *key {
                return *number;
            }
        }
        if let Some(number) = self.numbers.get(key) {
            return *number;
        }
        let number = self.keys.len();
        self.keys.push(Key { name: key.into(), objection: name::objection(key), line: 0 });
        self.numbers.insert(key.into(), number);
        number
    }
}

/// A line that is no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine<'a> {
    /// The line, without its newline.
    pub text: &'a [u8],
    /// Number of the line in its log, from 1.
    pub number: usize,
    /// What is wrong with it.
    pub why: String,
}

/// What a hot log holds.
#[derive(Debug, Default)]
pub struct Log<'a> {
    /// Its rows, in the order of the file.
    pub rows: Vec<LogRow<'a>>,
    /// Lines in the middle that are no rows.
    pub bad: Vec<BadLine<'a>>,
    /// Bytes of a torn last line: an append that did not come to its end.
    pub torn: usize,
    /// The last row is whole but lacks its newline.
    pub unended: bool,
}

/// Splits a log into rows. A last line without a newline that is no row is torn, and so is a tail that power loss
/// left as NUL bytes.
pub fn read<'a>(bytes: &'a [u8], scan: &mut Scan<'a>) -> Log<'a> {
    let mut log = Log::default();
    for (index, line) in hotlog::lines(bytes).enumerate() {
        match scan.row(line.text) {
            Ok(row) => {
                log.rows.push(row);
                log.unended = !line.ended;
            }
            Err(_) if !line.ended => log.torn = line.text.len(),
            Err(why) => log.bad.push(BadLine { text: line.text, number: index + 1, why }),
        }
    }
    log
}

/// The type that a metric known only from hot rows gets by its first value (format §12.3).
pub fn first_dtype(value: Raw<'_>) -> DType {
    match value.kind() {
        RawKind::Int if value.as_i64().is_some() => DType::I64,
        RawKind::Int if value.as_u64().is_some() => DType::U64,
        RawKind::Float => DType::F32,
        _ => DType::Json,
    }
}

/// A JSON number as a value of a numeric column; `None` if it is none of the type. `null` is NaN in a float column.
#[inline]
pub fn cell(dtype: DType, value: Raw<'_>) -> Option<Cell> {
    match (dtype.class(), value.0.first()?) {
        (Class::Float, b'n') => Some(f64::NAN.to_bits()),
        (Class::Float, _) => {
            let v = value.as_f64()?;
            Some(if dtype == DType::F32 { f64::from(v as f32) } else { v }.to_bits())
        }
        (Class::Int, _) if value.kind() != RawKind::Int => None,
        (Class::Int, _) if dtype == DType::U64 => value.as_u64(),
        (Class::Int, _) => {
            let v = value.as_i64()?;
            let (min, max) = dtype.integer_range()?;
            (min <= i128::from(v) && i128::from(v) <= max).then_some(v as Cell)
        }
        (Class::Json, _) => None,
    }
}

/// Fills `row` from a line that [`read`] accepted. `resolve` gives the id and type of a metric by the number of its key,
/// or `None` to leave its value out. Says which metric has a value that is not of its type.
pub fn fill<'a>(
    scan: &Scan<'a>,
    line: &LogRow<'a>,
    row: &mut Row,
    mut resolve: impl FnMut(usize, Raw<'a>) -> Option<(u32, DType)>,
) -> std::result::Result<(), String> {
    row.clear();
    let mut refused = None;
    for (key, value) in &scan.values[line.values.0..line.values.1] {
        let Some((id, dtype)) = resolve(*key, *value) else { continue };
        if dtype == DType::Json {
            let spaced =
                |out: &mut Vec<u8>| json::transcode(value.0, json::Spacing::Spaced, out).map(|()| None);
            let pushed = row.push_json(id, spaced);
            if let Err(e) = pushed {
                refused = Some(format!("metric {}: {e}", name::quoted(scan.name(*key))));
            }
        } else if let Some(cell) = cell(dtype, *value) {
            row.push(Slot { cell, id, kind: dtype, expects: None });
        } else {
            let name = name::quoted(scan.name(*key));
            refused = Some(format!("metric {name} of type {dtype} has a value of another kind"));
        }
    }
    refused.map_or(Ok(()), Err)
}

/// Rows in ascending order of step; of several with one step the last counts. Says whether anything had to move.
pub fn in_order(rows: &mut Vec<LogRow<'_>>) -> bool {
    if rows.windows(2).all(|pair| pair[0].step < pair[1].step) {
        return false;
    }
    rows.sort_by_key(|row| row.step);
    rows.reverse();
    rows.dedup_by_key(|row| row.step);
    rows.reverse();
    true
}

/// The rows of a log for columns that know all its metrics.
pub fn read_back(columns: &Columns, file: &str) -> Result<Batch> {
    read_back_all(columns, &[file])
}

/// The rows of several logs, for columns that know all their metrics: in order, and of two with one step that of the
/// later log.
pub fn read_back_all(columns: &Columns, files: &[&str]) -> Result<Batch> {
    let read = |file: &&str| ops::read_file(&**columns.store(), &columns.root().join(file));
    let texts: Vec<Option<Vec<u8>>> = files.iter().map(read).collect::<Result<_>>()?;
    let mut scan = Scan::default();
    let mut lines: Vec<LogRow<'_>> = Vec::new();
    for text in texts.iter().flatten() {
        lines.append(&mut self::read(text, &mut scan).rows);
    }
    in_order(&mut lines);
    let columns_known: HashMap<&str, (u32, DType)> =
        columns.all().iter().zip(0..).map(|(c, id)| (c.name.as_str(), (id, c.dtype))).collect();
    let ids: Vec<_> = scan.keys.iter().map(|key| columns_known.get(&*key.name).copied()).collect();
    let (mut batch, mut row) = (Batch::default(), Row::default());
    for line in &lines {
        fill(&scan, line, &mut row, |key, _| ids[key])
            .map_err(|why| Error::corrupt(columns.root(), format_args!("step {}: {why}", line.step)))?;
        batch.push(line.step, &mut row);
    }
    Ok(batch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Log<'_> {
        super::read(bytes, &mut Scan::default())
    }

    #[test]
    fn a_row_has_what_its_line_says_whatever_the_rows_before_it_had() {
        let text = b"{\"step\":1,\"a\":1,\"b\":2}\n{\"step\":2,\"b\":3,\"a\":4,\"c\":5}\n{\"step\":3,\"../x\":1,\"a\":0}\n{\"step\":4}\n{\"a\":6,\"step\":5,\"b\":7,\"a\":8}\n{\"step\":6,\"a\":9}\n";
        let mut scan = Scan::default();
        let log = super::read(text, &mut scan);
        let mut row = Row::default();
        let mut seen = Vec::new();
        for line in &log.rows {
            let ids: Vec<_> =
                (0..scan.names()).map(|key| "abc".find(scan.name(key)).map(|id| id as u32)).collect();
            fill(&scan, line, &mut row, |key, _| Some((ids[key].unwrap(), DType::I64))).unwrap();
            let values: Vec<_> = (0..3).map(|id| row.cell_of(id)).collect();
            seen.push((line.step, row.len(), values));
        }
        assert_eq!(
            seen,
            [
                (1, 2, vec![Some(1), Some(2), None]),
                (2, 3, vec![Some(4), Some(3), Some(5)]),
                (4, 0, vec![None, None, None]),
                (5, 2, vec![Some(8), Some(7), None]),
                (6, 1, vec![Some(9), None, None]),
            ]
        );
        assert_eq!(log.bad.len(), 1);
    }

    #[test]
    fn lines_that_look_like_those_before_them_are_rows_only_if_they_are() {
        for (text, rows, bad) in [
            ("{\"step\":1,\"a\":1}\n{\"step\":2,\"a\":012}\n{\"step\":3,\"a\":-0.5e-3}\n", 2, 1),
            ("{\"step\":1,\"a\":1}\n{\"step\":2,\"a\":1.}\n{\"step\":3,\"a\":1e}\n{\"step\":4,\"a\":-}\n", 1, 3),
            ("{\"step\":1,\"a\":1}\n{\"step\":2,\"a\":1}}\n{\"step\":3,\"a\":1\n{\"step\":4,\"a\":\"x}\n", 1, 3),
            ("{\"step\":1,\"a\":1}\n{\"step\":4294967296,\"a\":1}\n{\"step\":-1,\"a\":1}\n{\"step\":1.0,\"a\":1}\n", 1, 3),
            ("{\"step\":1,\"a\":1,\"step\":2}\n{\"step\":3,\"a\":1,\"step\":4}\n", 2, 0),
            ("{\"step\":1,\"a\":[1,{\"b\":2}],\"c\":\"}\"}\n{\"step\":2,\"a\":NaN,\"c\":-Infinity}\n", 2, 0),
            ("{\"a\":1,\"a\":2,\"step\":1}\n{\"a\":1,\"a\":2,\"step\":2}\n", 2, 0),
        ] {
            let log = read(text.as_bytes());
            assert_eq!((log.rows.len(), log.bad.len()), (rows, bad), "{text}");
        }
        let mut scan = Scan::default();
        let log = super::read(b"{\"a\":1,\"a\":2,\"step\":1}\n{\"a\":1,\"a\":2,\"step\":2}\n", &mut scan);
        assert!(log.rows.iter().all(|line| scan.values[line.values.0..line.values.1].len() == 1));
    }

    #[test]
    fn a_torn_tail_is_forgiven_and_a_broken_middle_line_is_named() {
        let log = read(b"{\"step\":1,\"a\":1.0}\n{\"step\":2,\"a\"\n{\"step\":3}\n{\"step\":4,\"a\":7");
        assert_eq!(log.rows.iter().map(|r| r.step).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(log.bad.len(), 1);
        assert_eq!(log.bad[0].number, 2);
        assert_eq!(log.torn, 15);
        assert!(!log.unended);
    }

    #[test]
    fn a_whole_row_without_its_newline_counts() {
        let log = read(b"{\"step\":1}\n{\"step\":2}");
        assert_eq!(log.rows.len(), 2);
        assert!(log.unended);
    }

    #[test]
    fn rows_need_a_step_in_range_and_legal_names() {
        for bad in [
            "[]",
            "{}",
            "{\"step\":-1}",
            "{\"step\":4294967296}",
            "{\"step\":1.0}",
            "{\"step\":1,\"../x\":2}",
            "",
        ] {
            let text = format!("{bad}\n{{\"step\":9}}\n");
            let log = read(text.as_bytes());
            assert_eq!(log.bad.len(), 1, "{bad}");
            assert_eq!(log.rows.len(), 1, "{bad}");
        }
    }

    #[test]
    fn of_two_rows_with_one_step_the_later_counts() {
        let mut log = read(b"{\"step\":2,\"a\":1}\n{\"step\":1}\n{\"step\":2,\"a\":2}\n").rows;
        assert!(in_order(&mut log));
        assert_eq!(log.iter().map(|r| r.step).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(log[1].text, b"{\"step\":2,\"a\":2}");
        assert!(!in_order(&mut log));
    }

    #[test]
    fn numbers_enter_only_columns_that_can_hold_them() {
        let raw = |t: &'static str| json::parse(t.as_bytes()).unwrap();
        assert_eq!(cell(DType::U8, raw("255")), Some(255));
        assert_eq!(cell(DType::U8, raw("256")), None);
        assert_eq!(cell(DType::I8, raw("-128")), Some(-128_i64 as u64));
        assert_eq!(cell(DType::I64, raw("1.0")), None);
        assert_eq!(cell(DType::U64, raw("18446744073709551615")), Some(u64::MAX));
        assert_eq!(cell(DType::F32, raw("0.1")), Some(f64::from(0.1_f32).to_bits()));
        assert_eq!(cell(DType::F64, raw("3")), Some(3.0_f64.to_bits()));
        assert!(f64::from_bits(cell(DType::F64, raw("null")).unwrap()).is_nan());
        assert_eq!(cell(DType::F64, raw("true")), None);
    }
}
