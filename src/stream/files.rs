//! Names of files: `topics/TOPIC/PARTITION/N.arrow` and its kin.

use crate::error::Result;
use crate::stream::catalog::Key;
use crate::stream::name;
use crate::stream::view::Format;
use std::path::{Path, PathBuf};

/// The folder of all topics.
pub fn topics(dir: &Path) -> PathBuf {
    dir.join("topics")
}

/// The folder of a partition.
pub fn partition(dir: &Path, key: &Key) -> Result<PathBuf> {
    let (topic, partition) = (name::encode("topic", &key.topic)?, name::encode("partition", &key.partition)?);
    Ok(topics(dir).join(topic).join(partition))
}

/// A segment in the folder of its partition.
pub fn segment(folder: &Path, number: u64, format: Format) -> PathBuf {
    folder.join(format!("{number}.{}", format.extension()))
}

/// The rows of the chunk that is not full, beside the segment that it continues.
pub fn cache(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number}.cache"))
}

/// What a file in the folder of a partition is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Named {
    /// A segment.
    Segment(u64, Format),
    /// A cache.
    Cache(u64),
    /// A segment that was being put into another form.
    Unfinished,
}

/// Reads a file name; `None` if it is not one of ours.
pub fn read(file: &str) -> Option<Named> {
    let (stem, extension) = file.split_once('.')?;
    let number: u64 = stem.parse().ok()?;
    // Numbers in any other spelling are not ours.
    if number.to_string() != stem || i64::try_from(number).is_err() {
        return None;
    }
    match extension {
        "arrow" => Some(Named::Segment(number, Format::Arrow)),
        "parquet" => Some(Named::Segment(number, Format::Parquet)),
        "cache" => Some(Named::Cache(number)),
        "parquet.tmp" => Some(Named::Unfinished),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_with_our_names_are_ours() {
        assert_eq!(read("0.arrow"), Some(Named::Segment(0, Format::Arrow)));
        assert_eq!(read("17.parquet"), Some(Named::Segment(17, Format::Parquet)));
        assert_eq!(read("9.cache"), Some(Named::Cache(9)));
        assert_eq!(read("9.parquet.tmp"), Some(Named::Unfinished));
        for other in ["00.arrow", "+1.arrow", "1.arrow.bak", "a.arrow", ".arrow", "1", "-1.cache", "1.Arrow"]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
