//! The values of a numeric column file, piece by piece: what a column holds never has to fit into memory.

use super::dtype::{self, Cell, DType};
use crate::error::{Error, Result};
use crate::store::{ops, Store};
use std::path::Path;

/// Bytes looked at together; a multiple of the size of every type, so that no value is split.
const PIECE: usize = 1 << 20;

/// Hands on the first `rows` values of a file, in order. A file that has fewer is an error. JSON has no such values.
pub fn for_each_piece(
    store: &dyn Store,
    path: &Path,
    dtype: DType,
    rows: u64,
    mut take: impl FnMut(&[Cell]) -> Result<()>,
) -> Result<()> {
    let Some(size) = dtype.size().filter(|_| rows > 0) else { return Ok(()) };
    let file = store.open_read(path)?;
    let end = rows.saturating_mul(size as u64);
    let mut buf = vec![0; PIECE.min(usize::try_from(end).unwrap_or(PIECE))];
    let mut cells = Vec::new();
    let mut offset = 0;
    while offset < end {
        let want = buf.len().min(usize::try_from(end - offset).unwrap_or(usize::MAX));
        if ops::read_full(&*file, &mut buf[..want], offset)? < want {
            return Err(Error::corrupt(
                path,
                format_args!("holds less than the {rows} values written to it"),
            ));
        }
        cells.clear();
        dtype::decode(dtype, &buf[..want], &mut cells);
        take(&cells)?;
        offset += want as u64;
    }
    Ok(())
}

/// Hands on the first `rows` values of a file as the bytes of another type (format §9.2, §9.3).
pub fn convert(
    store: &dyn Store,
    path: &Path,
    (from, to): (DType, DType),
    rows: u64,
    mut write: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let mut bytes = Vec::new();
    for_each_piece(store, path, from, rows, |cells| {
        bytes.clear();
        dtype::encode(to, cells, &mut bytes);
        write(&bytes)
    })
}
