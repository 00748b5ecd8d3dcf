//! Which partitions of a topic are wanted.

use crate::error::{Error, Result};

/// A choice of partitions. One that does not exist is not an error: it may come later.
#[derive(Clone, Debug, Default)]
pub enum Partitions {
    /// All of them.
    #[default]
    All,
    /// Those with these names.
    Named(Vec<String>),
    /// Those in whose names a regular expression is found.
    #[cfg(feature = "patterns")]
    Matching(regex::Regex),
}

impl Partitions {
    /// Those in whose names a regular expression is found; `^` and `$` tie it to their ends.
    #[cfg(feature = "patterns")]
    pub fn matching(pattern: &str) -> Result<Partitions> {
        let compiled = regex::Regex::new(pattern);
        compiled
            .map(Partitions::Matching)
            .map_err(|e| Error::argument(format!("bad regular expression: {e}")))
    }

    /// There are no regular expressions in this build.
    #[cfg(not(feature = "patterns"))]
    pub fn matching(pattern: &str) -> Result<Partitions> {
        Err(Error::new(
            crate::Code::Unsupported,
            format!(
                "this build of plattli was made without the feature `patterns`, which the regular expression \
                 {pattern:?} needs; name the partitions instead"
            ),
        ))
    }

    /// It is wanted.
    pub fn takes(&self, partition: &str) -> bool {
        match self {
            Partitions::All => true,
            Partitions::Named(names) => names.iter().any(|name| name == partition),
            #[cfg(feature = "patterns")]
            Partitions::Matching(pattern) => pattern.is_match(partition),
        }
    }
}
