//! Manifests as writers write them, read in one pass.
//!
//! Both implementations write a manifest in one form: one line, spaced, the keys of a metric in one order. Reading it as
//! any JSON takes five times as long, which with a thousand metrics is most of what opening a run takes. What is not in
//! that form, to the last byte, is left to [`super::Manifest::parse`], which knows what is wrong with it.

use super::{Manifest, MetricEntry};
use crate::run::dtype::{DType, Monotonic};
use crate::run::name;
use crate::run::steps::{Indices, Segment, SegmentList};
use smallvec::SmallVec;
use std::collections::HashSet;

/// The manifest, or `None` if it is written in another way, or holds anything to be refused.
pub fn parse(bytes: &[u8]) -> Option<Manifest> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut at = Cursor { rest: text };
    let mut manifest = Manifest::default();
    at.eat("{")?;
    loop {
        let key = at.string()?;
        at.eat(": ")?;
        match key {
            "when_exported" if manifest.when_exported.is_none() => {
                manifest.when_exported = Some(at.string()?.to_owned());
            }
            "run_rows" if manifest.run_rows.is_none() => manifest.run_rows = Some(at.number()?),
            metric => {
                if name::objection(metric).is_some() {
                    return None;
                }
                manifest.metrics.push((metric.to_owned(), at.entry()?));
            }
        }
        if at.eat(", ").is_none() {
            break;
        }
    }
    at.eat("}")?;
    (at.rest.is_empty() && are_distinct(&manifest)).then_some(manifest)
}

fn are_distinct(manifest: &Manifest) -> bool {
    let names = || manifest.metrics.iter().map(|(name, _)| name.as_str());
    if names().is_sorted_by(|a, b| a < b) {
        return true;
    }
    let mut seen = HashSet::with_capacity(manifest.metrics.len());
    names().all(|name| seen.insert(name))
}

struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    #[inline]
    fn eat(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    /// A string without escapes.
    #[inline]
    fn string(&mut self) -> Option<&'a str> {
        self.eat("\"")?;
        let end = self.rest.bytes().position(|c| c == b'"' || c == b'\\' || c < 0x20)?;
        let (string, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.eat("\"")?;
        Some(string)
    }

    /// An integer that a u64 holds.
    #[inline]
    fn number(&mut self) -> Option<u64> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.rest.split_at(digits);
        if digits > 1 && number.starts_with('0') {
            return None;
        }
        self.rest = rest;
        number.parse().ok()
    }

    fn entry(&mut self) -> Option<MetricEntry> {
        self.eat("{\"indices\": ")?;
        let indices = if self.eat("\"indices\"").is_some() { Indices::File } else { self.segments()? };
        self.eat(", \"dtype\": ")?;
        let dtype = DType::from_suffix(self.string()?)?;
        let mut monotonic = None;
        if self.eat(", \"monotonic\": ").is_some() {
            monotonic = Some(Monotonic::from_name(self.string()?)?);
        }
        self.eat("}")?;
        let monotonic = monotonic.filter(|_| dtype != DType::Json);
        Some(MetricEntry { indices, dtype, monotonic, extra: Vec::new() })
    }

    fn segments(&mut self) -> Option<Indices> {
        self.eat("[")?;
        let mut segments = SmallVec::<[Segment; 1]>::new();
        if self.eat("]").is_none() {
            loop {
                segments.push(self.segment()?);
                if self.eat(", ").is_none() {
                    break;
                }
            }
            self.eat("]")?;
        }
        SegmentList::from_segments(segments).ok().map(Indices::List)
    }

    fn segment(&mut self) -> Option<Segment> {
        self.eat("{\"start\": ")?;
        let start = self.number()?;
        let mut stop = None;
        if self.eat(", \"stop\": ").is_some() {
            stop = Some(self.number()?);
        }
        self.eat(", \"step\": ")?;
        let step = self.number()?;
        let mut stop_last = false;
        if self.eat(", \"stop\": ").is_some() {
            if stop.is_some() {
                return None;
            }
            (stop, stop_last) = (Some(self.number()?), true);
        }
        self.eat("}")?;
        Some(Segment { start, step, stop, stop_last })
    }
}
