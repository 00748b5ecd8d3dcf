//! Arrays without what their rows do not need.
//!
//! A view points into buffers that it shares with all arrays that were cut from the same one; a list view points into
//! values in the same way. Whoever stores or keeps such an array as it is keeps all that its siblings point to as well.

use super::spans::Spans;
use crate::error::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{BinaryViewType, ByteViewType, StringViewType};
use arrow_array::{
    make_array, Array, ArrayRef, FixedSizeListArray, GenericByteViewArray, GenericListArray,
    GenericListViewArray, MapArray, OffsetSizeTrait, StructArray,
};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_data::transform::MutableArrayData;
use arrow_data::{ByteView, MAX_INLINE_VIEW_LEN};
use arrow_schema::{ArrowError, DataType};
use std::sync::Arc;

/// Bytes of a buffer that a view can point into.
const LARGEST_BUFFER: usize = i32::MAX as usize;

/// Bytes that are not worth a copy.
const SMALL: usize = 256;

/// Whether to make a copy of the bytes that views point to even where all of them are needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Copies {
    /// Where something can be left out.
    Needed,
    /// Always: what they lie in belongs to somebody else.
    Always,
}

/// Values of this type can point to more than is theirs.
pub fn points(dtype: &DataType) -> bool {
    match dtype {
        DataType::Utf8View | DataType::BinaryView | DataType::ListView(_) | DataType::LargeListView(_) => {
            true
        }
        DataType::Struct(fields) => fields.iter().any(|field| points(field.data_type())),
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => points(field.data_type()),
        _ => false,
    }
}

/// The same values, of which views and list views point to nothing that is not theirs. What several of them point to is
/// there once. The rest is shared with the array it was made from.
pub fn compact(array: &ArrayRef, copies: Copies) -> Result<ArrayRef> {
    if !points(array.data_type()) {
        return Ok(Arc::clone(array));
    }
    compacted(array, copies).map_err(|e| Error::internal(format!("an array cannot be copied: {e}")))
}

fn compacted(array: &ArrayRef, copies: Copies) -> std::result::Result<ArrayRef, ArrowError> {
    let below = |values: &ArrayRef| match points(values.data_type()) {
        true => compacted(values, copies),
        false => Ok(Arc::clone(values)),
    };
    Ok(match array.data_type() {
        DataType::Utf8View => Arc::new(views::<StringViewType>(array.as_byte_view(), copies)?),
        DataType::BinaryView => Arc::new(views::<BinaryViewType>(array.as_byte_view(), copies)?),
        DataType::List(_) => Arc::new(list::<i32>(array.as_list(), below)?),
        DataType::LargeList(_) => Arc::new(list::<i64>(array.as_list(), below)?),
        DataType::ListView(_) => Arc::new(list_view::<i32>(array.as_list_view(), below)?),
        DataType::LargeListView(_) => Arc::new(list_view::<i64>(array.as_list_view(), below)?),
        DataType::FixedSizeList(field, n) => {
            let list = array.as_fixed_size_list();
            let values = below(list.values())?;
            let made = FixedSizeListArray::try_new_with_length(
                field.clone(),
                *n,
                values,
                list.nulls().cloned(),
                list.len(),
            );
            Arc::new(made?)
        }
        DataType::Map(field, ordered) => {
            let map = array.as_map();
            let (offsets, used) = from_zero(map.offsets());
            let entries: ArrayRef = Arc::new(map.entries().slice(used.start, used.len()));
            let entries = below(&entries)?.as_struct().clone();
            Arc::new(MapArray::try_new(field.clone(), offsets, entries, map.nulls().cloned(), *ordered)?)
        }
        DataType::Struct(fields) => {
            let parent = array.as_struct();
            let columns = parent.columns().iter().map(below).collect::<std::result::Result<_, _>>()?;
            let nulls = parent.nulls().cloned();
            Arc::new(StructArray::try_new_with_length(fields.clone(), columns, nulls, parent.len())?)
        }
        _ => Arc::clone(array),
    })
}

/// The parts of its buffers that the views of an array point to.
fn pointed<T: ByteViewType>(array: &GenericByteViewArray<T>) -> Spans {
    let views = array.views().iter().enumerate();
    Spans::of(views.filter(|(row, _)| array.is_valid(*row)).filter_map(|(_, view)| long(*view)))
}

/// Where a view points to, if it does not hold its value itself.
fn long(view: u128) -> Option<(usize, std::ops::Range<usize>)> {
    let view = ByteView::from(view);
    let start = view.offset as usize;
    (view.length > MAX_INLINE_VIEW_LEN)
        .then(|| (view.buffer_index as usize, start..start + view.length as usize))
}

fn views<T: ByteViewType>(
    array: &GenericByteViewArray<T>,
    copies: Copies,
) -> std::result::Result<GenericByteViewArray<T>, ArrowError> {
    let spans = pointed(array);
    // The views themselves may be a few of many.
    let own = array.views().inner().capacity() <= 2 * array.views().inner().len() + SMALL;
    if copies == Copies::Needed && own && spans.are_all_of(array.data_buffers().iter().map(Buffer::len)) {
        return Ok(array.clone());
    }
    let mut buffers: Vec<Vec<u8>> = Vec::new();
    // Where each span comes to lie.
    let mut places = Vec::new();
    for (from, span) in spans.iter() {
        let bytes = array.data_buffers().get(*from).and_then(|buffer| buffer.get(span.clone()));
        let bytes =
            bytes.ok_or_else(|| ArrowError::InvalidArgumentError("a view beyond its buffer".into()))?;
        if buffers.last().is_none_or(|last| last.len() + bytes.len() > LARGEST_BUFFER) {
            let room = if buffers.is_empty() { spans.total().min(LARGEST_BUFFER) } else { 0 };
            buffers.push(Vec::with_capacity(room));
        }
        let to = buffers.len() - 1;
        places.push((to, buffers[to].len(), span.start));
        buffers[to].extend_from_slice(bytes);
    }
    let moved = |(row, view): (usize, &u128)| {
        if array.is_null(row) {
            return 0;
        }
        let Some((buffer, part)) = long(*view) else { return *view };
        let Some((to, at, start)) = spans.find(buffer, part.start).map(|i| places[i]) else { return *view };
        let view = ByteView::from(*view);
        let offset = (at + part.start - start) as u32;
        ByteView { buffer_index: to as u32, offset, ..view }.into()
    };
    let views: ScalarBuffer<u128> = array.views().iter().enumerate().map(moved).collect();
    let buffers: Vec<Buffer> = buffers.into_iter().map(Buffer::from).collect();
    GenericByteViewArray::try_new(views, buffers, array.nulls().cloned())
}

/// What offsets point to.
fn used<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>) -> std::ops::Range<usize> {
    offsets[0].as_usize()..offsets[offsets.len() - 1].as_usize()
}

/// Offsets that begin at 0, and what they pointed to.
fn from_zero<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>) -> (OffsetBuffer<O>, std::ops::Range<usize>) {
    let shifted = offsets.iter().map(|offset| *offset - offsets[0]).collect();
    (OffsetBuffer::new(shifted), used(offsets))
}

fn list<O: OffsetSizeTrait>(
    array: &GenericListArray<O>,
    below: impl Fn(&ArrayRef) -> std::result::Result<ArrayRef, ArrowError>,
) -> std::result::Result<GenericListArray<O>, ArrowError> {
    let (DataType::List(field) | DataType::LargeList(field)) = array.data_type() else {
        return Ok(array.clone());
    };
    let (offsets, used) = from_zero(array.offsets());
    let values = below(&array.values().slice(used.start, used.len()))?;
    GenericListArray::try_new(field.clone(), offsets, values, array.nulls().cloned())
}

/// The parts of its values that a list view points to.
fn listed<O: OffsetSizeTrait>(array: &GenericListViewArray<O>) -> Spans {
    let parts = array.offsets().iter().zip(array.sizes()).enumerate();
    let parts = parts.filter(|(row, _)| array.is_valid(*row));
    Spans::of(parts.map(|(_, (at, size))| (0, at.as_usize()..at.as_usize() + size.as_usize())))
}

fn list_view<O: OffsetSizeTrait>(
    array: &GenericListViewArray<O>,
    below: impl Fn(&ArrayRef) -> std::result::Result<ArrayRef, ArrowError>,
) -> std::result::Result<GenericListViewArray<O>, ArrowError> {
    let (DataType::ListView(field) | DataType::LargeListView(field)) = array.data_type() else {
        return Ok(array.clone());
    };
    let spans = listed(array);
    let of = array.values().to_data();
    let mut kept = MutableArrayData::try_new(vec![&of], false, spans.total())?;
    // Where each span comes to lie.
    let mut places = Vec::new();
    for (_, span) in spans.iter() {
        places.push((kept.len(), span.start));
        kept.try_extend(0, span.start, span.end)?;
    }
    let parts = array.offsets().iter().zip(array.sizes()).enumerate();
    let moved = parts.map(|(row, (at, size))| {
        let place = spans.find(0, at.as_usize()).filter(|_| array.is_valid(row) && size.as_usize() > 0);
        match place.map(|i| places[i]) {
            Some((to, start)) => (O::usize_as(to + at.as_usize() - start), *size),
            None => (O::usize_as(0), O::usize_as(0)),
        }
    });
    let (offsets, sizes): (Vec<O>, Vec<O>) = moved.unzip();
    let values = below(&make_array(kept.freeze()))?;
    GenericListViewArray::try_new(field.clone(), offsets.into(), sizes.into(), values, array.nulls().cloned())
}

/// Bytes that the values of an array need, whatever its buffers hold besides. What several point to counts once.
pub fn bytes(array: &dyn Array) -> u64 {
    let nulls = array.nulls().map_or(0, |nulls| nulls.len().div_ceil(8)) as u64;
    nulls + values_bytes(array)
}

fn values_bytes(array: &dyn Array) -> u64 {
    let rows = array.len() as u64;
    let part =
        |values: &ArrayRef, used: std::ops::Range<usize>| bytes(&*values.slice(used.start, used.len()));
    match array.data_type() {
        DataType::Utf8View => 16 * rows + pointed::<StringViewType>(array.as_byte_view()).total() as u64,
        DataType::BinaryView => 16 * rows + pointed::<BinaryViewType>(array.as_byte_view()).total() as u64,
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            4 * (rows + 1) + part(list.values(), used(list.offsets()))
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            8 * (rows + 1) + part(list.values(), used(list.offsets()))
        }
        DataType::ListView(_) => 8 * rows + listed_bytes::<i32>(array.as_list_view()),
        DataType::LargeListView(_) => 16 * rows + listed_bytes::<i64>(array.as_list_view()),
        DataType::FixedSizeList(..) => bytes(array.as_fixed_size_list().values()),
        DataType::Map(..) => {
            let map = array.as_map();
            let used = used(map.offsets());
            4 * (rows + 1) + bytes(&map.entries().slice(used.start, used.len()))
        }
        DataType::Struct(_) => array.as_struct().columns().iter().map(|column| bytes(&**column)).sum(),
        _ => {
            let data = array.to_data();
            let all = data.get_slice_memory_size().unwrap_or_else(|_| data.get_array_memory_size()) as u64;
            all.saturating_sub(array.nulls().map_or(0, |nulls| nulls.len().div_ceil(8)) as u64)
        }
    }
}

fn listed_bytes<O: OffsetSizeTrait>(array: &GenericListViewArray<O>) -> u64 {
    listed(array).iter().map(|(_, span)| bytes(&*array.values().slice(span.start, span.len()))).sum()
}
