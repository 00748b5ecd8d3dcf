//! Queries: a page of rows of one partition or of a whole topic, and a cursor to go on from (docs/stream-queries.md).
//!
//! [`scan`] walks through one partition, [`merge`] through several in order of time, [`filter`] says which ones,
//! [`project`] which columns, [`cursor`] remembers where the page ended.

mod cursor;
mod filter;
mod merge;
mod page;
mod project;
mod scan;

pub use cursor::{Cursor, Status};
pub use filter::Partitions;
pub use page::Page;
pub use project::Projection;

use super::view::{PartitionView, Want};
use super::Stream;
use crate::error::{Error, Result};
use crate::store::Store;
use std::sync::Arc;

/// In which order rows come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Order {
    /// Oldest first.
    #[default]
    Ascending,
    /// Newest first.
    Descending,
}

/// What is wanted of a topic.
#[derive(Clone, Debug)]
pub struct Query {
    /// The topic.
    pub topic: String,
    /// Which of its partitions.
    pub partitions: Partitions,
    /// In which order.
    pub order: Order,
    /// Ascending: the index of the first record, further on if that was dropped; 0 unless given. Descending: the index
    /// before which to begin; the end unless given. A cursor goes before it.
    pub start: Option<u64>,
    /// Only records of these times, both ends inclusive.
    pub time: Option<(i64, i64)>,
    /// Rows of the page at most.
    pub max_rows: u64,
    /// Bytes after which the page ends; what crosses the limit is still in it.
    pub max_bytes: u64,
    /// Which columns, and in which form.
    pub projection: Projection,
    /// Go on where a page ended.
    pub cursor: Option<Cursor>,
}

impl Default for Query {
    fn default() -> Self {
        Query {
            topic: String::new(),
            partitions: Partitions::All,
            order: Order::Ascending,
            start: None,
            time: None,
            max_rows: 10_000,
            max_bytes: 10_240_000,
            projection: Projection::default(),
            cursor: None,
        }
    }
}

impl Query {
    /// What of a partition is wanted from a position on.
    fn want(&self, position: u64) -> Want {
        match (self.time, self.order) {
            (Some((from, to)), _) => Want::Time(from, to),
            (None, Order::Ascending) => Want::Records(position..u64::MAX),
            (None, Order::Descending) => Want::Records(0..position),
        }
    }
}

/// Where views come from: the stream store, or what a test puts in its place.
pub trait Source {
    /// The partitions of a topic, sorted.
    fn partitions(&self, topic: &str) -> Result<Vec<String>>;
    /// A partition as of one moment.
    fn view(&self, topic: &str, partition: &str, want: Want) -> Result<Option<PartitionView>>;
    /// Where the segments are.
    fn store(&self) -> &Arc<dyn Store>;
}

impl Source for Stream {
    fn partitions(&self, topic: &str) -> Result<Vec<String>> {
        Stream::partitions(self, topic)
    }

    fn view(&self, topic: &str, partition: &str, want: Want) -> Result<Option<PartitionView>> {
        Stream::view(self, topic, partition, want)
    }

    fn store(&self) -> &Arc<dyn Store> {
        Stream::store(self)
    }
}

/// One page. It is in memory when this returns, and shares what was there before.
///
/// Errors: [`crate::Code::NotFound`] for a topic that there is not, and where no picked column exists;
/// [`crate::Code::Argument`] for a cursor of another topic or order, and for columns that would have the same name;
/// [`crate::Code::Corrupt`], [`crate::Code::Io`] for segments that cannot be read.
pub fn run(source: &dyn Source, query: &Query) -> Result<Page> {
    if query.topic.is_empty() {
        return Err(Error::argument("the query names no topic"));
    }
    if query.max_rows == 0 || query.max_bytes == 0 {
        return Err(Error::argument(
            "a page of no rows or no bytes would never end: the limits are at least 1",
        ));
    }
    let known = source.partitions(&query.topic)?;
    if known.is_empty() {
        return Err(Error::not_found(format!("there is no topic {:?}", query.topic)));
    }
    let wanted: Vec<&str> = known.iter().map(String::as_str).filter(|p| query.partitions.takes(p)).collect();
    let mut cursor = match &query.cursor {
        Some(cursor) => cursor.resumed(query)?,
        None => Cursor::new(&query.topic, query.order),
    };
    let mut scans = Vec::new();
    for partition in wanted {
        if let Some(scan) = scan::Scan::open(source, query, partition, cursor.start(query, partition))? {
            cursor.set(partition, scan.position());
            scans.push(scan);
        }
    }
    merge::page(query, scans, cursor)
}

#[cfg(test)]
mod tests;
