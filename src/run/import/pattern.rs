//! Patterns for whole names of metrics: regular expressions, in builds that have the feature `patterns`.

use super::DEFAULT_SKIP;
use crate::error::{Error, Result};

/// One pattern.
#[cfg(feature = "patterns")]
#[derive(Debug)]
pub(super) struct Pattern(regex::Regex);

#[cfg(feature = "patterns")]
impl Pattern {
    fn new(text: &str) -> Result<Self> {
        let text = if text == "DEFAULT" { DEFAULT_SKIP } else { text };
        // Compiled alone first: `a)(b` must not become legal by what is put around it.
        regex::Regex::new(text)
            .and_then(|_| regex::Regex::new(&format!("^(?:{text})$")))
            .map(Pattern)
            .map_err(|e| Error::argument(format!("bad regular expression for columns to skip: {e}")))
    }

    /// Whether it matches the whole name.
    pub fn matches(&self, name: &str) -> bool {
        self.0.is_match(name)
    }
}

/// There is none in this build.
#[cfg(not(feature = "patterns"))]
#[derive(Debug)]
pub(super) enum Pattern {}

#[cfg(not(feature = "patterns"))]
impl Pattern {
    fn new(text: &str) -> Result<Self> {
        Err(Error::new(
            crate::Code::Unsupported,
            format!("this build has no patterns to skip columns by, such as {text:?} or {DEFAULT_SKIP:?}"),
        ))
    }

    /// Never asked.
    pub fn matches(&self, _: &str) -> bool {
        match *self {}
    }
}

/// The patterns, each to match a whole name.
pub(super) fn patterns(texts: &[String]) -> Result<Vec<Pattern>> {
    texts.iter().map(|text| Pattern::new(text)).collect()
}
