//! The metrics as the caller's thread knows them: names, ids, types, and what a value must be to enter.

use super::columns::{Column, Columns};
use super::dtype::{self, Cell, Class, DType, Fit, Value};
use super::hot::line::{Key, Keys, Line};
use super::monotonic::{Monotonic, MonotonicTracker};
use super::name::{self, NameTable, Spelled};
use super::row::{Row, Slot};
use super::steps::Indices;
use crate::error::{Error, Result};
use crate::json;
use std::collections::HashMap;

/// No step has this number.
const NEVER: u64 = u64::MAX;

/// One metric: what a write looks at is within one line of the cache.
#[derive(Debug)]
pub struct Metric {
    /// Its name.
    pub name: Box<str>,
    /// Where its name, with the NUL after it, is in [`Schema::spellings`].
    spelling: (u32, u32),
    key: Key,
    /// Its type, the widest that its values need so far.
    pub dtype: DType,
    class: Class,
    /// Follows all values written, those in the hot log included (format §9.4).
    pub tracker: MonotonicTracker,
    /// The step that it was last written in.
    written_in: u64,
    /// It has been written at least once, so that its type is settled by a value.
    pub used: bool,
    listed: Listed,
}

/// What the columns and the manifest know of a metric.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Listed {
    /// Nothing.
    No,
    /// It waits in [`Schema::changes`].
    Waiting,
    /// All of it.
    Yes,
}

/// Metrics that columns and manifest are to learn of.
#[derive(Debug)]
pub struct SchemaUpdate {
    /// Metrics that have no column yet, with their ids.
    new: Vec<(u32, String, DType)>,
    /// Metrics to be listed with these types, in the order in which they were first written.
    changed: Vec<(u32, String, DType)>,
    flags: Vec<Option<Monotonic>>,
}

impl SchemaUpdate {
    /// Tells the columns; new ones describe their steps in the given form. The manifest is left to be published.
    /// May be repeated after an error.
    pub fn apply(&self, columns: &mut Columns, form: &Indices) -> Result<()> {
        let root = columns.root().to_path_buf();
        for (id, name, dtype) in &self.new {
            if *id as usize >= columns.all().len() {
                columns.reserve(Column::new(&root, name, *dtype, form.clone()));
            }
        }
        columns.set_flags(&self.flags);
        for (id, _, dtype) in &self.changed {
            if columns.all()[*id as usize].dtype != *dtype {
                columns.promote(*id as usize, *dtype)?;
            }
            columns.list(*id);
        }
        Ok(())
    }
}

/// All metrics of a run.
#[derive(Debug, Default)]
pub struct Schema {
    metrics: Vec<Metric>,
    keys: Keys,
    /// All names one after the other, each ended by NUL.
    spellings: Vec<u8>,
    by_name: HashMap<Box<str>, u32>,
    table: NameTable,
    /// Simulation codes write the same names in the same order: the one after the last is tried first.
    guess: usize,
    changes: Vec<u32>,
}

impl Schema {
    /// The metrics, by id.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// Columns and manifest know everything.
    pub fn settled(&mut self) {
        for id in self.changes.drain(..) {
            self.metrics[id as usize].listed = Listed::Yes;
        }
    }

    /// Columns and manifest have nothing to learn.
    #[inline]
    pub fn is_settled(&self) -> bool {
        self.changes.is_empty()
    }

    /// What columns and manifest must learn before a row of the step in hand is written; `None` if nothing.
    pub fn update(&self, known: usize) -> Option<SchemaUpdate> {
        if self.changes.is_empty() {
            return None;
        }
        let mut flags = Vec::new();
        self.flags(&mut flags);
        let describe = |id: u32| {
            let metric = &self.metrics[id as usize];
            (id, metric.name.to_string(), metric.dtype)
        };
        Some(SchemaUpdate {
            new: (known as u32..self.metrics.len() as u32).map(describe).collect(),
            changed: self.changes.iter().map(|id| describe(*id)).collect(),
            flags,
        })
    }

    /// The flags as they are now, by id.
    pub fn flags(&self, into: &mut Vec<Option<Monotonic>>) {
        into.clear();
        into.extend(self.metrics.iter().map(|m| m.tracker.flag()));
    }

    /// Adds a metric found on disk.
    pub fn insert_existing(&mut self, name: &str, dtype: DType, tracker: MonotonicTracker) {
        let id = self.insert(name, dtype, tracker);
        let metric = &mut self.metrics[id as usize];
        metric.listed = Listed::Yes;
        metric.used = true;
    }

    fn insert(&mut self, name: &str, dtype: DType, tracker: MonotonicTracker) -> u32 {
        let id = self.metrics.len() as u32;
        let key = self.keys.add(name);
        let start = self.spellings.len();
        self.spellings.extend_from_slice(name.as_bytes());
        self.spellings.push(0);
        self.table.insert(name);
        self.by_name.insert(name.into(), id);
        self.metrics.push(Metric {
            name: name.into(),
            spelling: (start as u32, self.spellings.len() as u32),
            key,
            dtype,
            class: dtype.class(),
            tracker,
            written_in: NEVER,
            used: false,
            listed: Listed::No,
        });
        id
    }

    /// A metric is called so.
    #[inline(always)]
    pub fn is_called(&self, id: u32, name: &impl Spelled) -> bool {
        let spelling = self.metrics.get(id as usize).map(|metric| metric.spelling);
        let spelled = spelling.and_then(|(start, end)| self.spellings.get(start as usize..end as usize));
        spelled.is_some_and(|spelled| name.is(spelled))
    }

    /// The id of a name, if there is one.
    pub fn find(&mut self, name: &str) -> Option<u32> {
        if self.metrics.get(self.guess).is_some_and(|m| *m.name == *name) {
            self.guess += 1;
            return Some((self.guess - 1) as u32);
        }
        let id = *self.by_name.get(name)?;
        self.guess = id as usize + 1;
        Some(id)
    }

    /// The id of a name, which is added if it is new. The type of an existing metric must agree in kind: integers,
    /// floats, or JSON, which takes anything; an integer may enter a float metric.
    pub fn declare(&mut self, name: &str, dtype: DType) -> Result<u32> {
        let Some(id) = self.find(name) else {
            self.table.check_new(name)?;
            return Ok(self.insert(name, dtype, MonotonicTracker::new()));
        };
        let metric = &mut self.metrics[id as usize];
        if !metric.used {
            metric.dtype = dtype;
            metric.class = dtype.class();
            return Ok(id);
        }
        let agrees = match (metric.class, dtype.class()) {
            (Class::Json, _) | (Class::Float, Class::Int) => true,
            (have, want) => have == want,
        };
        if agrees {
            Ok(id)
        } else {
            Err(Error::type_error(format!(
                "metric {} holds {} and cannot take values of type {dtype}",
                name::quoted(name),
                metric.dtype
            )))
        }
    }

    /// Adds a number to the row of `step`, if nothing has to be asked: the metric is listed, has no value in this step, and
    /// is of the type `own` or an f64 that takes an f32. Otherwise nothing is done and `false` returned: [`Schema::write`]
    /// asks, and says what is wrong.
    #[inline]
    pub fn write_known(&mut self, id: u32, own: DType, cell: Cell, step: u64, row: &mut Row) -> bool {
        self.mark(step, row);
        let Some(metric) = self.metrics.get_mut(id as usize) else { return false };
        let known = metric.knows(own, step);
        if known {
            row.push(Slot { cell, id, kind: own, expects: Some(own) });
        }
        known
    }

    /// As [`Schema::write_known`] for several metrics, all or none.
    pub fn write_row_known(
        &mut self,
        ids: &[u32],
        own: DType,
        cells: impl Iterator<Item = Cell>,
        step: u64,
        row: &mut Row,
    ) -> bool {
        self.mark(step, row);
        let known = |id: &u32| self.metrics.get(*id as usize).is_some_and(|metric| metric.knows(own, step));
        // Strictly ascending: none is there twice.
        if !ids.is_sorted_by(|a, b| a < b) || !ids.iter().all(known) {
            return false;
        }
        for (id, cell) in ids.iter().zip(cells) {
            row.push(Slot { cell, id: *id, kind: own, expects: Some(own) });
        }
        true
    }

    /// The metrics of the row know that they have a value in this step.
    #[inline]
    pub fn mark(&mut self, step: u64, row: &mut Row) {
        for value in row.unmarked() {
            if let Some(metric) = self.metrics.get_mut(value.id as usize) {
                metric.written_in = step;
            }
        }
    }

    /// Adds a value to the row of `step`. Where format §9.2 decides by the range of all values of the metric, and `range`
    /// does not give it, nothing is done and `false` returned.
    pub fn write(
        &mut self,
        id: u32,
        value: Value<'_>,
        step: u64,
        row: &mut Row,
        range: Option<(i128, i128)>,
    ) -> Result<bool> {
        // What is expected was looked at before.
        let expected = row.expects(id, value.own_dtype());
        if !expected {
            self.mark(step, row);
        }
        let Some(metric) = self.metrics.get_mut(id as usize) else {
            return Err(Error::argument(format!("there is no metric with the id {id}")));
        };
        if !expected && metric.written_in == step {
            return Err(twice(metric, step));
        }
        if metric.class == Class::Json {
            write_json(metric, id, &value, row)?;
        } else {
            let cell = match dtype::fit(metric.dtype, &value) {
                Ok(Fit::Same(cell)) => cell,
                Ok(Fit::Widen(wider, cell)) => {
                    metric.widen(wider);
                    cell
                }
                Ok(Fit::NeedsRange) => {
                    let Some(range) = range else { return Ok(false) };
                    let (wider, cell) = fit_by_range(metric, &value, range)?;
                    metric.widen(wider);
                    cell
                }
                Err(e) => return Err(e.within(format_args!("metric {}", name::quoted(&metric.name)))),
            };
            let own = value.own_dtype();
            let expects = dtype::always_fits(metric.dtype, own).then_some(own);
            row.push(Slot { cell, id, kind: metric.dtype, expects });
        }
        metric.used = true;
        if metric.listed == Listed::No {
            metric.listed = Listed::Waiting;
            self.changes.push(id);
        }
        Ok(true)
    }

    /// Writes the row as the line of its step, without its end, and lets each metric follow the values that it has not
    /// followed yet.
    pub fn write_line(&mut self, step: u64, row: &mut Row, line: &mut Line) {
        line.begin(step);
        let followed = row.followed();
        for (position, value) in row.values().iter().enumerate() {
            let Some(metric) = self.metrics.get_mut(value.id as usize) else { continue };
            if value.kind == DType::Json {
                line.push_json(&self.keys, metric.key, row.compact(value.cell));
                continue;
            }
            if position >= followed {
                metric.tracker.push(value.kind, value.cell);
            }
            line.push_number(&self.keys, metric.key, value.kind, value.cell);
        }
    }

    /// Lets each metric follow the values that it has not followed yet, where there are no lines.
    pub fn follow(&mut self, row: &mut Row) {
        let followed = row.followed();
        for value in row.values().get(followed..).unwrap_or(&[]) {
            if let Some(metric) = self.metrics.get_mut(value.id as usize) {
                metric.tracker.push(value.kind, value.cell);
            }
        }
    }

    /// Checks that each value can enter its metric in this step, changing nothing: rows are taken whole or not at all.
    pub fn check_row<'a>(
        &mut self,
        ids: &[u32],
        values: impl Iterator<Item = Value<'a>>,
        step: u64,
        row: &mut Row,
    ) -> Result<()> {
        self.mark(step, row);
        // Rows are ascending in practice, so that looking at neighbours is nearly always all it takes.
        let twice_in_row = match ids.is_sorted_by(|a, b| a < b) {
            true => None,
            false => first_repeated(ids),
        };
        for (id, value) in ids.iter().zip(values) {
            let Some(metric) = self.metrics.get(*id as usize) else {
                return Err(Error::argument(format!("there is no metric with the id {id}")));
            };
            if metric.written_in == step || twice_in_row == Some(*id) {
                return Err(twice(metric, step));
            }
            if metric.class != Class::Json {
                dtype::fit(metric.dtype, &value)
                    .map_err(|e| e.within(format_args!("metric {}", name::quoted(&metric.name))))?;
            }
        }
        Ok(())
    }
}

impl Metric {
    /// A value of the type `own` enters it in this step without further ado.
    #[inline(always)]
    fn knows(&self, own: DType, step: u64) -> bool {
        let fits = self.dtype == own || (own == DType::F32 && self.dtype == DType::F64);
        fits && self.written_in != step && self.listed != Listed::No
    }

    fn widen(&mut self, wider: DType) {
        if self.dtype != wider {
            self.dtype = wider;
            // A metric that waits anyway is made with its new type.
            if self.listed == Listed::Yes {
                self.listed = Listed::No;
            }
        }
    }
}

/// An id that is there more than once.
fn first_repeated(ids: &[u32]) -> Option<u32> {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

#[cold]
fn twice(metric: &Metric, step: u64) -> Error {
    Error::state(format!("metric {} was already written in step {step}", name::quoted(&metric.name)))
}

#[cold]
fn fit_by_range(metric: &Metric, value: &Value<'_>, (min, max): (i128, i128)) -> Result<(DType, Cell)> {
    let Some(cell) = value.cell() else { return Err(Error::internal("an integer without a cell")) };
    let new = dtype::cell_to_i128(value.own_dtype(), cell);
    let wider = dtype::fit_range(min.min(new), max.max(new))
        .map_err(|e| e.within(format_args!("metric {}", name::quoted(&metric.name))))?;
    Ok((wider, cell))
}

/// JSON metrics take anything: numbers, bools and strings as their JSON text.
fn write_json(metric: &Metric, id: u32, value: &Value<'_>, row: &mut Row) -> Result<()> {
    let refuse = |e: json::JsonError| {
        Error::argument(format!("metric {}: the value is not JSON: {e}", name::quoted(&metric.name)))
    };
    row.push_json(id, |text| {
        let start = text.len();
        push_value(text, value, json::Spacing::Spaced).map_err(refuse)?;
        // Where nothing is nested there is nothing to space.
        let nested =
            matches!(value, Value::Json(_)) && text.get(start).is_some_and(|first| b"[{".contains(first));
        if !nested {
            return Ok(None);
        }
        let split = text.len();
        // The same text was accepted a moment ago, so this cannot fail.
        push_value(text, value, json::Spacing::Compact).map_err(|e| Error::internal(e.to_string()))?;
        Ok(Some(split))
    })
}

fn push_value(
    out: &mut Vec<u8>,
    value: &Value<'_>,
    spacing: json::Spacing,
) -> std::result::Result<(), json::JsonError> {
    match value {
        Value::Json(text) => return json::transcode_strict(text, spacing, out),
        Value::Str(text) => json::push_str(out, text),
        Value::Bool(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
        Value::F32(v) => json::push_f64(out, f64::from(*v)),
        Value::F64(v) => json::push_f64(out, *v),
        other => {
            let own = other.own_dtype();
            dtype::push_cell(out, own, other.cell().unwrap_or_default());
        }
    }
    Ok(())
}
