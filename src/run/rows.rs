//! Rows of the hot logs, read back: lines into steps and values (format §10, §12.3).

use super::batch::{Batch, Row};
use super::columns::Columns;
use super::dtype::{Cell, Class, DType};
use super::name;
use crate::error::{Error, Result};
use crate::hotlog;
use crate::json::{self, Raw, RawKind};
use crate::store::ops;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// A line of a hot log that holds a whole row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogRow<'a> {
    /// Its step.
    pub step: u32,
    /// The line, without its newline.
    pub text: &'a [u8],
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
pub fn read(bytes: &[u8]) -> Log<'_> {
    let mut log = Log::default();
    for (index, line) in hotlog::lines(bytes).enumerate() {
        match row_step(line.text) {
            Ok(step) => {
                log.rows.push(LogRow { step, text: line.text });
                log.unended = !line.ended;
            }
            Err(_) if !line.ended => log.torn = line.text.len(),
            Err(why) => log.bad.push(BadLine { text: line.text, number: index + 1, why }),
        }
    }
    log
}

/// The step of a line, if the line is a row: an object with a step and otherwise legal metric names.
fn row_step(line: &[u8]) -> std::result::Result<u32, String> {
    let mut step = None;
    let mut illegal = None;
    json::scan_object(line, |key, value| {
        if key == "step" {
            step = Some(value.as_u64().and_then(|s| u32::try_from(s).ok()));
        } else if illegal.is_none() {
            illegal = name::objection(&key).map(|why| format!("metric name {}: {why}", name::quoted(&key)));
        }
    })
    .map_err(|e| e.to_string())?;
    match (step, illegal) {
        (_, Some(why)) => Err(why),
        (Some(Some(step)), None) => Ok(step),
        (Some(None), None) => Err("\"step\" is not a number from 0 to 4294967295".into()),
        (None, None) => Err("there is no \"step\"".into()),
    }
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
pub fn cell(dtype: DType, value: Raw<'_>) -> Option<Cell> {
    match (dtype.class(), value.kind()) {
        (Class::Float, RawKind::Null) => Some(f64::NAN.to_bits()),
        (Class::Float, RawKind::Int | RawKind::Float) => {
            let v = value.as_f64()?;
            Some(if dtype == DType::F32 { f64::from(v as f32) } else { v }.to_bits())
        }
        (Class::Int, RawKind::Int) if dtype == DType::U64 => value.as_u64(),
        (Class::Int, RawKind::Int) => {
            let v = value.as_i64()?;
            let (min, max) = dtype.integer_range()?;
            (min <= i128::from(v) && i128::from(v) <= max).then_some(v as Cell)
        }
        _ => None,
    }
}

/// Fills `row` from a line that [`read`] accepted. `resolve` gives the id and type of a metric, or `None` to leave
/// its value out. Says which metric has a value that is not of its type.
pub fn fill<'a>(
    text: &'a [u8],
    row: &mut Row,
    mut resolve: impl FnMut(&str, Raw<'a>) -> Option<(u32, DType)>,
) -> std::result::Result<(), String> {
    row.clear();
    let mut seen = HashSet::new();
    let mut refused = None;
    let scanned = json::scan_object(text, |key, value| {
        if key == "step" {
            return;
        }
        let Some((id, dtype)) = resolve(&key, value) else { return };
        // The last of several members with one key counts, as in every JSON reader.
        if !seen.insert(id) {
            row.remove(id);
        }
        if dtype == DType::Json {
            let pushed = row.push_json(id, |out| json::transcode(value.0, json::Spacing::Spaced, out));
            if let Err(e) = pushed {
                refused = Some(format!("metric {}: {e}", name::quoted(&key)));
            }
        } else if let Some(cell) = cell(dtype, value) {
            row.push(id, cell);
        } else {
            refused =
                Some(format!("metric {} of type {dtype} has a value of another kind", name::quoted(&key)));
        }
    });
    match (scanned, refused) {
        (Err(e), _) => Err(e.to_string()),
        (Ok(()), Some(why)) => Err(why),
        (Ok(()), None) => Ok(()),
    }
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

/// The rows of a rotated log for columns that know all its metrics.
pub fn read_back(columns: &Columns, path: &Path) -> Result<Batch> {
    let mut batch = Batch::default();
    let Some(bytes) = ops::read_file(&**columns.store(), path)? else { return Ok(batch) };
    let ids: HashMap<&str, (u32, DType)> =
        columns.all().iter().zip(0..).map(|(c, id)| (c.name.as_str(), (id, c.dtype))).collect();
    let mut log = read(&bytes);
    in_order(&mut log.rows);
    let mut row = Row::default();
    for line in &log.rows {
        fill(line.text, &mut row, |key, _| ids.get(key).copied()).map_err(|why| Error::corrupt(path, why))?;
        batch.push(line.step, &row);
    }
    Ok(batch)
}

#[cfg(test)]
mod tests {
    use super::*;

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
