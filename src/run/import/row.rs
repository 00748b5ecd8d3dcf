//! One line of a log: its step, and its values by metric.

use super::pattern::Pattern;
use crate::error::{Code, Error, Result};
use crate::json::{scan_object, Raw, RawKind};
use crate::run::dtype::Value;
use std::borrow::Cow;
use std::collections::HashMap;

/// The metrics met so far.
pub(super) struct Metrics<'p> {
    skip: &'p [Pattern],
    ids: HashMap<String, usize>,
    all: Vec<Metric>,
    line: u64,
}

struct Metric {
    name: String,
    skipped: bool,
    /// Whether it holds JSON; `None` before its first value.
    json: Option<bool>,
    /// The last line it was met in, and its place in that row.
    line: u64,
    place: usize,
}

/// A line: the value of `"step"`, and of each metric the last value given, by id.
pub(super) struct Row<'a> {
    pub step: Option<Raw<'a>>,
    pub values: Vec<(usize, Raw<'a>)>,
}

impl<'p> Metrics<'p> {
    pub fn new(skip: &'p [Pattern]) -> Self {
        Metrics { skip, ids: HashMap::new(), all: Vec::new(), line: 0 }
    }

    /// Takes a line apart.
    pub fn row<'a>(&mut self, line: &'a [u8]) -> Result<Row<'a>> {
        self.line += 1;
        let mut row = Row { step: None, values: Vec::new() };
        scan_object(line, |key, value| {
            if key == "step" {
                row.step = Some(value);
                return;
            }
            let id = self.id(key);
            let metric = &mut self.all[id];
            if metric.skipped {
                return;
            }
            if metric.line == self.line {
                row.values[metric.place].1 = value;
                return;
            }
            (metric.line, metric.place) = (self.line, row.values.len());
            row.values.push((id, value));
        })
        .map_err(|e| corrupt(format!("not a line of JSON: {e}")))?;
        Ok(row)
    }

    fn id(&mut self, name: Cow<'_, str>) -> usize {
        if let Some(&id) = self.ids.get(&*name) {
            return id;
        }
        let id = self.all.len();
        let skipped = self.skip.iter().any(|pattern| pattern.matches(&name));
        let name = name.into_owned();
        self.ids.insert(name.clone(), id);
        self.all.push(Metric { name, skipped, json: None, line: 0, place: 0 });
        id
    }

    /// The name, and whether it holds JSON.
    pub fn get(&self, id: usize) -> (&str, bool) {
        (&self.all[id].name, self.all[id].json == Some(true))
    }

    /// A value was written.
    pub fn written(&mut self, id: usize, json: bool) {
        self.all[id].json.get_or_insert(json);
    }

    /// How many have a value.
    pub fn count_written(&self) -> u64 {
        self.all.iter().filter(|m| m.json.is_some()).count() as u64
    }
}

/// The value as it is to be written to a metric that holds JSON or does not.
pub(super) fn value<'a>(raw: Raw<'a>, is_json: bool, double: bool) -> Result<Value<'a>> {
    if is_json {
        return Ok(Value::Json(raw.0));
    }
    match raw.kind() {
        RawKind::Int => match raw.as_i64() {
            Some(v) => Ok(Value::I64(v)),
            None => Err(Error::type_error("an integer beyond the range of i64")),
        },
        RawKind::Float => {
            let v = raw.as_f64().unwrap_or(f64::NAN);
            if double {
                return Ok(Value::F64(v));
            }
            let rounded = v as f32;
            if rounded.is_infinite() && v.is_finite() {
                return Err(Error::type_error(format!(
                    "the number {v:e} is beyond the range of f32; ask for f64"
                )));
            }
            Ok(Value::F32(rounded))
        }
        _ => Ok(Value::Json(raw.0)),
    }
}

/// Checks that steps are in all lines or in none, and that they increase.
pub(super) struct Order {
    allow_rewinds: bool,
    explicit: Option<bool>,
    last: Option<u32>,
}

impl Order {
    pub fn new(allow_rewinds: bool) -> Self {
        Order { allow_rewinds, explicit: None, last: None }
    }

    /// The step of the next line.
    pub fn step(&mut self, given: Option<Raw<'_>>) -> Result<u32> {
        let given = given.filter(|raw| raw.kind() != RawKind::Null);
        if *self.explicit.get_or_insert(given.is_some()) != given.is_some() {
            return Err(corrupt("some lines have a \"step\" and some have none"));
        }
        let step = match (given, self.last) {
            (Some(raw), _) => explicit(raw)?,
            (None, None) => 0,
            (None, Some(last)) => last.checked_add(1).ok_or_else(|| corrupt("more than 4294967296 lines"))?,
        };
        match self.last {
            Some(last) if step == last => Err(corrupt(format!("step {step} comes twice in a row"))),
            Some(last) if step < last && !self.allow_rewinds => Err(corrupt(format!(
                "step {step} after {last}: if the job was set back and did these steps again, allow rewinds"
            ))),
            _ => {
                self.last = Some(step);
                Ok(step)
            }
        }
    }
}

fn explicit(raw: Raw<'_>) -> Result<u32> {
    let shown = || String::from_utf8_lossy(&raw.0[..raw.0.len().min(40)]);
    if raw.kind() != RawKind::Int {
        return Err(corrupt(format!("\"step\" must be an integer, not {}", shown())));
    }
    raw.as_u64()
        .and_then(|step| u32::try_from(step).ok())
        .ok_or_else(|| corrupt(format!("\"step\" must be from 0 to 4294967295, not {}", shown())))
}

fn corrupt(what: impl Into<String>) -> Error {
    Error::new(Code::Corrupt, what)
}
