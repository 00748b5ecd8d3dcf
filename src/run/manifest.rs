//! The manifest `plattli.json` (format §6): which metrics there are, of which type, and where their steps are.

mod plain;

use super::dtype::{DType, Monotonic};
use super::name;
use super::steps::{Indices, Segment, SegmentList};
use crate::error::{Error, Result};
use crate::json::{self, Raw, RawKind, Spacing};
use std::borrow::Cow;
use std::collections::hash_map::{Entry, HashMap};
use std::path::Path;

/// What is wrong with a part; the place is added where it is known.
type Checked<T> = std::result::Result<T, String>;

/// What the manifest says about one metric.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MetricEntry {
    /// Where the steps of its cold rows are.
    pub indices: Indices,
    /// Type of its values, and suffix of its value file.
    pub dtype: DType,
    /// What its values do; correct for every value in the cold file (format §9.4).
    pub monotonic: Option<Monotonic>,
    /// Keys that the format does not know, with their JSON text in spaced form, to be carried along.
    pub extra: Vec<(String, String)>,
}

impl MetricEntry {
    /// A metric without rows.
    pub fn new(dtype: DType) -> Self {
        MetricEntry { indices: Indices::List(SegmentList::new()), dtype, monotonic: None, extra: Vec::new() }
    }
}

/// The content of `plattli.json`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Manifest {
    /// The metrics in order of their publication. A name occurs once and is legal (format §4).
    pub metrics: Vec<(String, MetricEntry)>,
    /// UTC time at which this manifest was written, `YYYY-MM-DDTHH:MM:SSZ`.
    pub when_exported: Option<String>,
    /// Rows of the longest metric of a finished run; its presence says that no hot log applies.
    pub run_rows: Option<u64>,
}

impl Manifest {
    /// Reads the bytes of the file at `path`, which an error names. [`crate::Code::Corrupt`] for what is not a
    /// manifest, for an illegal name and for steps that break format §7; metadata that are missing or of another
    /// type are let pass, and of a key given twice the last one counts.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Manifest> {
        match plain::parse(bytes) {
            Some(manifest) => Ok(manifest),
            None => Self::parse_any(bytes, path),
        }
    }

    fn parse_any(bytes: &[u8], path: &Path) -> Result<Manifest> {
        let corrupt = |what: String| Error::corrupt(path, what);
        let top = json::parse(bytes).map_err(|e| corrupt(format!("not JSON: {e}")))?;
        if top.kind() != RawKind::Object {
            return Err(corrupt("the manifest must be a JSON object".into()));
        }
        let mut manifest = Manifest::default();
        for (key, value) in last_of_each_key(top.members()) {
            match &*key {
                "when_exported" => manifest.when_exported = value.as_str().map(Cow::into_owned),
                // Whatever it holds, a finished run is told by its presence; only `null` says nothing.
                "run_rows" if value.kind() == RawKind::Null => {}
                "run_rows" => manifest.run_rows = Some(value.as_u64().unwrap_or(0)),
                metric => {
                    let entry = match name::objection(metric) {
                        Some(rule) => Err(rule.to_owned()),
                        None => parse_entry(value),
                    };
                    let entry =
                        entry.map_err(|e| corrupt(format!("metric {}: {e}", name::quoted(metric))))?;
                    manifest.metrics.push((key.into_owned(), entry));
                }
            }
        }
        Ok(manifest)
    }

    /// The bytes of the file: a single spaced line without newline, metrics first.
    pub fn to_text(&self) -> Vec<u8> {
        // About what format §16 reckons with.
        let mut out = Vec::with_capacity(64 + 112 * self.metrics.len());
        let mut object = Object::open(&mut out);
        for (name, entry) in &self.metrics {
            entry.push_text(object.key(name));
        }
        if let Some(when) = &self.when_exported {
            json::push_str(object.key("when_exported"), when);
        }
        if let Some(rows) = self.run_rows {
            json::push_u64(object.key("run_rows"), rows);
        }
        object.close();
        out
    }
}

impl MetricEntry {
    fn push_text(&self, out: &mut Vec<u8>) {
        let mut object = Object::open(out);
        match &self.indices {
            Indices::List(list) => list.push_text(object.key("indices")),
            Indices::File => json::push_str(object.key("indices"), name::INDICES),
        }
        json::push_str(object.key("dtype"), self.dtype.suffix());
        if let Some(flag) = self.monotonic {
            json::push_str(object.key("monotonic"), flag.as_str());
        }
        for (key, text) in &self.extra {
            object.key(key).extend_from_slice(text.as_bytes());
        }
        object.close();
    }
}

/// Writes the members of an object in spaced form.
pub(super) struct Object<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> Object<'a> {
    pub(super) fn open(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Object { out, empty: true }
    }

    /// Begins a member; the caller appends its value to what is returned.
    pub(super) fn key(&mut self, key: &str) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.empty) {
            self.out.extend_from_slice(b", ");
        }
        json::push_str(self.out, key);
        self.out.extend_from_slice(b": ");
        self.out
    }

    pub(super) fn close(self) {
        self.out.push(b'}');
    }
}

/// Members in the order in which their keys first occur, each with the value it was last given: what a Python dict
/// makes of them.
pub(super) fn last_of_each_key<'a>(
    given: impl IntoIterator<Item = (Cow<'a, str>, Raw<'a>)>,
) -> Vec<(Cow<'a, str>, Raw<'a>)> {
    let mut members: Vec<(Cow<str>, Raw)> = Vec::new();
    let mut places: HashMap<Cow<str>, usize> = HashMap::new();
    for (key, value) in given {
        match places.entry(key.clone()) {
            Entry::Occupied(place) => members[*place.get()].1 = value,
            Entry::Vacant(place) => {
                place.insert(members.len());
                members.push((key, value));
            }
        }
    }
    members
}

fn parse_entry(value: Raw) -> Checked<MetricEntry> {
    if value.kind() != RawKind::Object {
        return Err("its description must be a JSON object".into());
    }
    let (mut indices, mut dtype, mut monotonic, mut extra) = (None, None, None, Vec::new());
    for (key, value) in last_of_each_key(value.members()) {
        match &*key {
            "indices" => indices = Some(parse_indices(value)?),
            "dtype" => {
                let known = value.as_str().and_then(|suffix| DType::from_suffix(&suffix));
                dtype = Some(known.ok_or_else(|| "its dtype is not one of f32 … u64, jsonl".to_owned())?);
            }
            "monotonic" => monotonic = value.as_str().and_then(|flag| Monotonic::from_name(&flag)),
            _ => extra.push((key.into_owned(), spaced(value)?)),
        }
    }
    let dtype = dtype.ok_or("its dtype is missing")?;
    // A flag of JSON rows would mean nothing, and readers must not search by it.
    let monotonic = monotonic.filter(|_| dtype != DType::Json);
    Ok(MetricEntry { indices: indices.ok_or("its indices are missing")?, dtype, monotonic, extra })
}

fn spaced(value: Raw) -> Checked<String> {
    let mut out = Vec::with_capacity(value.0.len());
    json::transcode(value.0, Spacing::Spaced, &mut out).map_err(|e| e.to_string())?;
    String::from_utf8(out).map_err(|e| e.to_string())
}

/// The forms of format §7.
fn parse_indices(value: Raw) -> Checked<Indices> {
    let segments: Checked<Vec<Segment>> = match value.kind() {
        RawKind::Str if value.as_str().as_deref() == Some(name::INDICES) => return Ok(Indices::File),
        RawKind::Array => {
            value.elements().enumerate().map(|(i, segment)| parse_segment(i, segment)).collect()
        }
        RawKind::Object => parse_segment(0, value).map(|segment| vec![segment]),
        _ => Err("its indices are neither a list of segments nor the word \"indices\"".into()),
    };
    let list = SegmentList::from_segments(segments?).map_err(|e| e.message().to_owned())?;
    Ok(Indices::List(list))
}

fn parse_segment(i: usize, value: Raw) -> Checked<Segment> {
    if value.kind() != RawKind::Object {
        return Err(format!("segment {i} of the steps is not an object"));
    }
    let (mut start, mut step, mut stop, mut stop_last) = (None, None, None, false);
    for (key, value) in value.members() {
        if !matches!(&*key, "start" | "step" | "stop") {
            continue;
        }
        let number = value.as_u64().ok_or_else(|| {
            format!("segment {i} of the steps: its {key} is not an integer from 0 to 18446744073709551615")
        })?;
        match &*key {
            "start" => start = Some(number),
            "step" => step = Some(number),
            _ => (stop, stop_last) = (Some(number), step.is_some()),
        }
    }
    match (start, step) {
        (Some(start), Some(step)) => Ok(Segment { start, step, stop, stop_last }),
        _ => Err(format!("segment {i} of the steps: it must have a start and a step")),
    }
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
