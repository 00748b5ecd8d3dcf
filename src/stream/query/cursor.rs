//! Where a page ended: a position for each partition, which goes into text and back.

use super::{Order, Query};
use crate::error::{Error, Result};
use crate::json::{self, RawKind};
use std::collections::BTreeMap;

/// Why a page ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Status {
    /// There is nothing more at the moment.
    #[default]
    All,
    /// What follows has other columns: it is on a page of its own.
    SchemaChange,
    /// The page has as many rows as it may have, and there are more.
    RowLimit,
    /// The page has as many bytes as it may have, and there are more.
    ByteLimit,
}

/// Where a page ended, and why.
///
/// The position of a partition is, ascending, the index of the first record that is still to come; descending, that of
/// the last record that was given.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cursor {
    topic: String,
    order: Order,
    positions: BTreeMap<String, u64>,
    /// Why the page ended; not part of the text.
    pub status: Status,
    /// Rows of the page; not part of the text.
    pub rows: u64,
}

impl Cursor {
    pub(super) fn new(topic: &str, order: Order) -> Cursor {
        Cursor { topic: topic.to_string(), order, ..Cursor::default() }
    }

    /// Each partition with its position, by name.
    pub fn positions(&self) -> &BTreeMap<String, u64> {
        &self.positions
    }

    pub(super) fn set(&mut self, partition: &str, position: u64) {
        match self.positions.get_mut(partition) {
            Some(at) => *at = position,
            None => _ = self.positions.insert(partition.to_string(), position),
        }
    }

    /// The same for the next page of a query, which must be one that it can belong to.
    pub(super) fn resumed(&self, query: &Query) -> Result<Cursor> {
        if self.topic != query.topic {
            return Err(Error::argument(format!(
                "the cursor belongs to topic {:?}, the query asks for {:?}",
                self.topic, query.topic
            )));
        }
        if self.order != query.order {
            let what = "the cursor belongs to a query in the opposite order: begin one without a cursor";
            return Err(Error::argument(what));
        }
        Ok(Cursor { status: Status::All, rows: 0, ..self.clone() })
    }

    /// Where a partition begins: `None` for one that a descending walk does not know.
    pub(super) fn start(&self, query: &Query, partition: &str) -> Option<u64> {
        match (self.positions.get(partition), query.order) {
            (Some(position), _) => Some(*position),
            (None, Order::Ascending) => Some(query.start.unwrap_or(0)),
            // A walk back began at the ends; what was made later is not behind them.
            (None, Order::Descending) if query.cursor.is_some() => None,
            (None, Order::Descending) => Some(query.start.unwrap_or(u64::MAX)),
        }
    }

    /// One line of JSON that [`Cursor::parse`] understands, now and in later versions.
    pub fn text(&self) -> String {
        let mut text = b"{\"topic\": ".to_vec();
        json::push_str(&mut text, &self.topic);
        text.extend_from_slice(match self.order {
            Order::Ascending => b", \"order\": \"ascending\", \"positions\": {".as_slice(),
            Order::Descending => b", \"order\": \"descending\", \"positions\": {",
        });
        for (i, (partition, position)) in self.positions.iter().enumerate() {
            if i > 0 {
                text.extend_from_slice(b", ");
            }
            json::push_str(&mut text, partition);
            text.extend_from_slice(b": ");
            json::push_u64(&mut text, *position);
        }
        text.extend_from_slice(b"}}");
        String::from_utf8_lossy(&text).into_owned()
    }

    /// A cursor from its text.
    pub fn parse(text: &str) -> Result<Cursor> {
        let bad = |what: &str| Error::argument(format!("this is no text of a cursor: {what}"));
        let root = json::parse(text.as_bytes()).map_err(|e| bad(&e.to_string()))?;
        if root.kind() != RawKind::Object {
            return Err(bad("it is not a JSON object"));
        }
        let (mut topic, mut order, mut positions) = (None, None, None);
        for (key, value) in root.members() {
            match key.as_ref() {
                "topic" => topic = value.as_str(),
                "order" => {
                    order = match value.as_str().as_deref() {
                        Some("ascending") => Some(Order::Ascending),
                        Some("descending") => Some(Order::Descending),
                        _ => None,
                    }
                }
                "positions" if value.kind() == RawKind::Object => {
                    let each = value.members().map(|(name, at)| Some((name.into_owned(), at.as_u64()?)));
                    positions = each.collect::<Option<BTreeMap<_, _>>>();
                }
                // What a later version adds.
                _ => {}
            }
        }
        Ok(Cursor {
            topic: topic.ok_or_else(|| bad("it has no \"topic\""))?.into_owned(),
            order: order.ok_or_else(|| bad("its \"order\" is neither ascending nor descending"))?,
            positions: positions.ok_or_else(|| bad("its \"positions\" are not indices by partition"))?,
            ..Cursor::default()
        })
    }
}
