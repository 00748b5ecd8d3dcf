//! Which rows of a metric a selection names (format §14.3).

use super::cold::partition;
use super::series::Series;
use super::source::{Attempt, Halt};
use crate::error::Error;
use crate::run::dtype::{cell_to_i128, Cell, Class, DType};
use crate::run::monotonic::Monotonic;
use crate::run::options::Selection;
use std::ops::Range;

/// The rows, as ranges in ascending order. Values of JSON metrics have no order: [`crate::Code::Type`].
pub fn rows(series: &Series, selection: &Selection) -> Attempt<Vec<Range<u64>>> {
    let one = |range: Range<u64>| if range.start < range.end { vec![range] } else { Vec::new() };
    let all = 0..series.rows();
    Ok(match *selection {
        Selection::All => one(all),
        Selection::Steps { start, stop } => {
            let below = |step: i64| series.rows_below(u64::try_from(step).unwrap_or(0));
            let first = start.map_or(Ok(0), below)?;
            // The last step wanted is inclusive.
            let end = match stop.map(|s| s.checked_add(1)) {
                None | Some(None) => all.end,
                Some(Some(stop)) => below(stop)?,
            };
            one(first..end)
        }
        Selection::Positions { start, stop } => one(positions(all.end, start, stop)),
        Selection::Values { start: None, stop: None } => one(all),
        Selection::Values { start, stop } => values(series, start, stop)?,
    })
}

/// Positions as in Python: half-open, negative ones from the end, anything beyond the ends cut off.
pub fn positions(rows: u64, start: Option<i64>, stop: Option<i64>) -> Range<u64> {
    let place = |at: i64| match u64::try_from(at) {
        Ok(at) => at.min(rows),
        Err(_) => rows.saturating_sub(at.unsigned_abs()),
    };
    start.map_or(0, place)..stop.map_or(rows, place)
}

fn values(series: &Series, start: Option<f64>, stop: Option<f64>) -> Attempt<Vec<Range<u64>>> {
    let wanted = Wanted::new(series.dtype(), start, stop).ok_or_else(|| {
        let what = format!("metric {} holds JSON, which no range of values selects", series.cold.name);
        Halt::Stop(Error::type_error(what))
    })?;
    let cold = &series.cold;
    let mut found = Vec::new();
    let cells = 0..cold.rows;
    match series.flag {
        Some(Monotonic::Inc) => {
            let first = partition(cells.clone(), |row| Ok(wanted.too_small(cold.cell(row)?)))?;
            let end = partition(first..cells.end, |row| Ok(!wanted.too_large(cold.cell(row)?)))?;
            extend(&mut found, first..end);
        }
        Some(Monotonic::Dec) => {
            let first = partition(cells.clone(), |row| Ok(wanted.too_large(cold.cell(row)?)))?;
            let end = partition(first..cells.end, |row| Ok(!wanted.too_small(cold.cell(row)?)))?;
            extend(&mut found, first..end);
        }
        None => cold.cells(cells, &mut |row, cells| wanted.pick(row, cells, &mut found))?,
    }
    // A flag says nothing about hot rows (format §9.4).
    wanted.pick(cold.rows, series.hot_cells(), &mut found);
    Ok(found)
}

fn extend(found: &mut Vec<Range<u64>>, range: Range<u64>) {
    match found.last_mut() {
        _ if range.start >= range.end => {}
        Some(last) if last.end == range.start => last.end = range.end,
        _ => found.push(range),
    }
}

/// A range of values, both ends inclusive, in terms of the cells of a type. Integers are compared exactly; the
/// bounds of an f32 metric are rounded to f32, so that 0.1 finds what was written as 0.1f.
enum Wanted {
    Float(f64, f64),
    Int(DType, i128, i128),
    Nothing,
}

impl Wanted {
    fn new(dtype: DType, start: Option<f64>, stop: Option<f64>) -> Option<Wanted> {
        let (low, high) = (start.unwrap_or(f64::NEG_INFINITY), stop.unwrap_or(f64::INFINITY));
        if low.is_nan() || high.is_nan() {
            return Some(Wanted::Nothing);
        }
        match (dtype, dtype.class()) {
            (DType::F32, _) => Some(Wanted::Float(f64::from(low as f32), f64::from(high as f32))),
            (_, Class::Float) => Some(Wanted::Float(low, high)),
            // The casts saturate beyond anything a column holds.
            (_, Class::Int) => Some(Wanted::Int(dtype, low.ceil() as i128, high.floor() as i128)),
            (_, Class::Json) => None,
        }
    }

    /// The cell lies below the range.
    fn too_small(&self, cell: Cell) -> bool {
        match self {
            Wanted::Float(low, _) => f64::from_bits(cell) < *low,
            Wanted::Int(dtype, low, _) => cell_to_i128(*dtype, cell) < *low,
            Wanted::Nothing => true,
        }
    }

    /// The cell lies above the range.
    fn too_large(&self, cell: Cell) -> bool {
        match self {
            Wanted::Float(_, high) => f64::from_bits(cell) > *high,
            Wanted::Int(dtype, _, high) => cell_to_i128(*dtype, cell) > *high,
            Wanted::Nothing => true,
        }
    }

    fn contains(&self, cell: Cell) -> bool {
        match self {
            Wanted::Float(low, high) => (*low..=*high).contains(&f64::from_bits(cell)),
            _ => !self.too_small(cell) && !self.too_large(cell),
        }
    }

    fn pick(&self, first: u64, cells: &[Cell], found: &mut Vec<Range<u64>>) {
        for (row, _) in (first..).zip(cells).filter(|(_, cell)| self.contains(**cell)) {
            extend(found, row..row + 1);
        }
    }
}
