//! Walks through several partitions at once. The record that comes next is, of those at which the partitions stand, the
//! one with the smallest time (descending: the largest); among equal times that with the smallest index, then that
//! of the first partition by name.

use super::cursor::{Cursor, Status};
use super::page::{Page, Pages};
use super::scan::{Piece, Scan};
use super::{Order, Query};
use crate::error::Result;
use arrow_schema::SchemaRef;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A partition at a record.
struct Head {
    /// Place among the scans, which are sorted by the name of their partition.
    scan: usize,
    piece: Piece,
    row: usize,
    order: Order,
}

impl Head {
    fn key(&self, row: usize) -> (i64, u64, usize) {
        (self.piece.time(row), self.piece.indices[row], self.scan)
    }

    /// The order of the page: what is less comes first.
    fn compare(&self, row: usize, other: &Head) -> Ordering {
        let ascending = self.key(row).cmp(&other.key(other.row));
        match self.order {
            Order::Ascending => ascending,
            Order::Descending => ascending.reverse(),
        }
    }

    fn rest(&self) -> usize {
        self.piece.indices.len() - self.row
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Head) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Head) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head {
    /// Reversed: the heap gives its largest first.
    fn cmp(&self, other: &Head) -> Ordering {
        other.compare(other.row, self)
    }
}

/// Where a partition stands before a record.
fn before(order: Order, index: u64) -> u64 {
    match order {
        Order::Ascending => index,
        Order::Descending => index + 1,
    }
}

/// Reads a page from partitions that stand where the cursor says.
pub fn page(query: &Query, mut scans: Vec<Scan<'_>>, mut cursor: Cursor) -> Result<Page> {
    let mut heap = BinaryHeap::new();
    for (scan, walk) in scans.iter_mut().enumerate() {
        if let Some(piece) = walk.next()? {
            heap.push(Head { scan, piece, row: 0, order: query.order });
        } else {
            cursor.set(walk.partition(), walk.position());
        }
    }
    let mut schema: Option<SchemaRef> = None;
    let mut pages = None;
    let (mut rows, mut bytes, mut changed) = (0u64, 0u64, false);
    let mut limit = None;
    let full = |rows, bytes| match rows >= query.max_rows {
        true => Some(Status::RowLimit),
        false => (bytes >= query.max_bytes).then_some(Status::ByteLimit),
    };
    while let Some(mut head) = heap.pop() {
        let walk = &mut scans[head.scan];
        let fits = schema.as_ref().is_none_or(|schema| *schema == head.piece.schema);
        if !fits {
            // It waits for a page of its own.
            changed = true;
            cursor.set(walk.partition(), before(query.order, head.piece.indices[head.row]));
            continue;
        }
        limit = full(rows, bytes);
        if limit.is_some() {
            heap.push(head);
            break;
        }
        if schema.is_none() {
            schema = Some(head.piece.schema.clone());
            pages = Some(Pages::new(&query.projection, &head.piece)?);
        }
        let Some(pages) = &mut pages else { continue };
        let most = head.rest().min(usize::try_from(query.max_rows - rows).unwrap_or(usize::MAX));
        let run = match heap.peek() {
            None => most,
            Some(next) => {
                let comes = |n: &usize| head.compare(head.row + n, next) == Ordering::Greater;
                (1..most).find(comes).unwrap_or(most)
            }
        };
        let taken = head.row..head.row + run;
        bytes += pages.add(head.scan, walk.partition(), &head.piece, taken.clone())?;
        rows += run as u64;
        head.row = taken.end;
        if head.rest() > 0 {
            heap.push(head);
            continue;
        }
        match walk.next() {
            Ok(Some(piece)) => heap.push(Head { piece, row: 0, ..head }),
            Ok(None) => cursor.set(walk.partition(), walk.position()),
            // What lies beyond a full page is for the next one to tell.
            Err(_) if full(rows, bytes).is_some() => {
                cursor.set(walk.partition(), walk.position());
                limit = full(rows, bytes);
            }
            Err(e) => return Err(e),
        }
    }
    for head in &heap {
        cursor.set(scans[head.scan].partition(), before(query.order, head.piece.indices[head.row]));
    }
    cursor.rows = rows;
    cursor.status = limit.unwrap_or(if changed { Status::SchemaChange } else { Status::All });
    match pages {
        Some(pages) => pages.finish(cursor),
        None => {
            let known = scans.iter().find_map(|scan| scan.columns().transpose()).transpose()?;
            Page::empty(query, known, cursor)
        }
    }
}
