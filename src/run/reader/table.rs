//! Rows of several metrics side by side (format §14.3).

use super::column::{As, Table};
use super::selection;
use super::series::Series;
use super::source::{Attempt, Halt};
use crate::error::Error;
use crate::run::options::Selection;
use std::ops::Range;
use std::sync::Arc;

/// Joins metrics on their steps. Without `on` the selection picks rows of the joined table, which only steps and
/// positions can; with it, it picks rows of that metric, and of their steps those remain at which all have a value.
pub fn join(metrics: &[Arc<Series>], on: Option<&Series>, pick: &Selection, wanted: As) -> Attempt<Table> {
    let whole = |series: &Series| 0..series.rows();
    let mut steps = Vec::new();
    let rest = match (on, metrics.split_first()) {
        (Some(on), _) => {
            on.steps(&selection::rows(on, pick)?, &mut steps)?;
            metrics
        }
        (None, Some((first, rest))) => {
            first.steps(&[whole(first)], &mut steps)?;
            rest
        }
        (None, None) => return Err(Halt::Stop(Error::argument("a table needs at least one metric"))),
    };
    for series in rest {
        if steps.is_empty() {
            break;
        }
        let mut have = Vec::new();
        series.steps(&[whole(series)], &mut have)?;
        if have != steps {
            let mut have = have.into_iter().peekable();
            steps.retain(|step| {
                while have.next_if(|h| h < step).is_some() {}
                have.peek() == Some(step)
            });
        }
    }
    if on.is_none() {
        steps = pick_rows(steps, pick)?;
    }
    let columns = metrics.iter().map(|series| series.data(&rows_at(series, &steps)?, wanted));
    Ok(Table { columns: columns.collect::<Attempt<_>>()?, steps })
}

fn pick_rows(steps: Vec<u32>, pick: &Selection) -> Attempt<Vec<u32>> {
    Ok(match *pick {
        Selection::All => steps,
        Selection::Steps { start, stop } => {
            let inside = |step: &u32| {
                let step = i64::from(*step);
                start.is_none_or(|s| s <= step) && stop.is_none_or(|s| step <= s)
            };
            steps.into_iter().filter(inside).collect()
        }
        Selection::Positions { start, stop } => {
            let range = selection::positions(steps.len() as u64, start, stop);
            steps.get(range.start as usize..range.end as usize).unwrap_or_default().to_vec()
        }
        Selection::Values { .. } => {
            let what = "a range of values needs a metric to select on; name one as `on`";
            return Err(Halt::Stop(Error::argument(what)));
        }
    })
}

/// The rows of a metric at steps, all of which it has.
fn rows_at(series: &Series, steps: &[u32]) -> Attempt<Vec<Range<u64>>> {
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else { return Ok(Vec::new()) };
    let range = series.rows_below(u64::from(*first))?..series.rows_below(u64::from(*last) + 1)?;
    if range.end - range.start == steps.len() as u64 {
        return Ok(vec![range]);
    }
    let mut have = Vec::new();
    series.steps(std::slice::from_ref(&range), &mut have)?;
    let mut found: Vec<Range<u64>> = Vec::new();
    let mut steps = steps.iter().peekable();
    for (row, step) in (range.start..).zip(&have) {
        if steps.next_if_eq(&step).is_some() {
            match found.last_mut() {
                Some(last) if last.end == row => last.end += 1,
                _ => found.push(row..row + 1),
            }
        }
    }
    Ok(found)
}
