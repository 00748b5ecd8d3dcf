//! What can be seen of a foreign array before it is believed: counts, lengths, pointers and offsets.
//!
//! How large the buffers behind the pointers really are nobody can see; that is the promise of the caller.

use super::abi::{ArrowArray, ArrowSchema};
use crate::error::{Error, Result};
use arrow_schema::DataType;
use std::ffi::CStr;

/// Types within types; more is a loop of pointers rather than a table.
const DEEPEST: usize = 64;
/// Members of one struct; more is memory that was never set.
const MOST_CHILDREN: i64 = 1 << 20;
/// Bytes of one array.
const LARGEST: i64 = 1 << 56;
/// Values of one array.
const LONGEST: i64 = 1 << 48;

/// The array or schema says something impossible.
pub fn refuse(where_: &str, what: impl std::fmt::Display) -> Error {
    Error::argument(format!("{where_} is not what the Arrow C data interface says: {what}"))
}

fn child<'a, T>(children: *mut *mut T, i: i64, of: &str, what: &str) -> Result<&'a T> {
    if children.is_null() {
        return Err(refuse(of, format!("its list of {what} is NULL")));
    }
    // SAFETY: not NULL, and a list of at least `n_children` pointers by the specification; `i` is below that.
    let child = unsafe { children.add(i as usize).read_unaligned() };
    // SAFETY: NULL or a live struct, by the specification.
    unsafe { child.as_ref() }.ok_or_else(|| refuse(of, format!("its {what} {i} is NULL")))
}

/// A schema that can be followed to its ends.
pub fn schema(schema: &ArrowSchema, where_: &str, depth: usize) -> Result<()> {
    if schema.release.is_none() {
        return Err(refuse(where_, "it has been released"));
    }
    if depth > DEEPEST {
        return Err(refuse(where_, format!("more than {DEEPEST} types within each other")));
    }
    if schema.format.is_null() {
        return Err(refuse(where_, "its format is NULL"));
    }
    for (text, what) in [(schema.format, "format"), (schema.name, "name")] {
        // SAFETY: not NULL, terminated, by the specification.
        let utf8 = text.is_null() || unsafe { CStr::from_ptr(text) }.to_str().is_ok();
        if !utf8 {
            return Err(refuse(where_, format!("its {what} is not UTF-8")));
        }
    }
    if !(0..=MOST_CHILDREN).contains(&schema.n_children) {
        return Err(refuse(where_, format!("it has {} children", schema.n_children)));
    }
    for i in 0..schema.n_children {
        let below = child(schema.children, i, where_, "children")?;
        self::schema(below, &format!("child {i} of {where_}"), depth + 1)?;
    }
    // SAFETY: NULL or a live struct, by the specification.
    match unsafe { schema.dictionary.as_ref() } {
        Some(dictionary) => self::schema(dictionary, &format!("the dictionary of {where_}"), depth + 1),
        None => Ok(()),
    }
}

/// An array that fits its type as far as can be seen.
pub fn array(array: &ArrowArray, dtype: &DataType, where_: &str) -> Result<()> {
    let wrong = |what: String| Err(refuse(where_, what));
    if array.release.is_none() {
        return wrong("it has been released".into());
    }
    for (what, n) in [("length", array.length), ("offset", array.offset)] {
        if !(0..=LONGEST).contains(&n) {
            return wrong(format!("its {what} is {n}"));
        }
    }
    if !(-1..=array.length).contains(&array.null_count) {
        return wrong(format!("{} of its {} values are null", array.null_count, array.length));
    }
    let Some(shape) = Shape::of(dtype) else {
        return Err(Error::argument(format!(
            "{where_} has the Arrow type {dtype}, which a stream does not keep; convert it first"
        )));
    };
    shape.check(array, where_)?;
    let end = array.offset + array.length;
    let width = dtype.primitive_width().map_or(1, |width| width as i64);
    let width = if let DataType::FixedSizeBinary(n) = dtype { i64::from(*n) } else { width };
    if end.checked_mul(width).is_none_or(|bytes| bytes > LARGEST) {
        return wrong(format!("{end} values do not fit into any memory"));
    }
    for (i, (dtype, least)) in shape.children.iter().enumerate() {
        let of = format!("child {i} of {where_}");
        let below = child(array.children, i as i64, where_, "children")?;
        self::array(below, dtype, &of)?;
        let least = match least {
            Least::Times(n) => end.saturating_mul(*n),
            Least::Offsets => last_offset(array, &shape, where_)?,
        };
        if below.length < least {
            return wrong(format!("{of} has {} values where {least} are needed", below.length));
        }
    }
    if let DataType::Dictionary(_, values) = dtype {
        // SAFETY: NULL or a live struct, by the specification.
        let Some(dictionary) = (unsafe { array.dictionary.as_ref() }) else {
            return wrong("its dictionary is NULL".into());
        };
        self::array(dictionary, values, &format!("the dictionary of {where_}"))?;
    }
    if shape.offsets.is_some() && shape.children.is_empty() {
        let bytes = last_offset(array, &shape, where_)?;
        if bytes > 0 && buffer(array, 2).is_null() {
            return wrong("its bytes are NULL".into());
        }
    }
    if matches!(dtype, DataType::Utf8View | DataType::BinaryView) {
        views(array, where_)?;
    }
    Ok(())
}

/// How many values a child must have.
enum Least {
    /// As many as the parent, so many times.
    Times(i64),
    /// As many as the last offset says.
    Offsets,
}

/// What belongs to a type.
struct Shape<'a> {
    buffers: i64,
    /// There may be more buffers.
    open: bool,
    /// Buffer 1 is needed as soon as there is a value.
    values: bool,
    /// Bytes of an offset, in buffer 1.
    offsets: Option<i64>,
    children: Vec<(&'a DataType, Least)>,
}

impl<'a> Shape<'a> {
    fn of(dtype: &'a DataType) -> Option<Shape<'a>> {
        let shape = |buffers, values, offsets, children| {
            Some(Shape { buffers, open: false, values, offsets, children })
        };
        match dtype {
            DataType::Null => shape(0, false, None, Vec::new()),
            DataType::Utf8 | DataType::Binary => shape(3, true, Some(4), Vec::new()),
            DataType::LargeUtf8 | DataType::LargeBinary => shape(3, true, Some(8), Vec::new()),
            DataType::Utf8View | DataType::BinaryView => {
                Some(Shape { buffers: 3, open: true, values: true, offsets: None, children: Vec::new() })
            }
            DataType::List(field) | DataType::Map(field, _) => {
                shape(2, true, Some(4), vec![(field.data_type(), Least::Offsets)])
            }
            DataType::LargeList(field) => shape(2, true, Some(8), vec![(field.data_type(), Least::Offsets)]),
            DataType::FixedSizeList(field, n) if *n >= 0 => {
                shape(1, false, None, vec![(field.data_type(), Least::Times(i64::from(*n)))])
            }
            DataType::Struct(fields) => {
                let fields = fields.iter().map(|field| (field.data_type(), Least::Times(1)));
                shape(1, false, None, fields.collect())
            }
            DataType::Boolean | DataType::Dictionary(..) => shape(2, true, None, Vec::new()),
            DataType::FixedSizeBinary(n) if *n >= 0 => shape(2, *n > 0, None, Vec::new()),
            other if other.is_primitive() => shape(2, true, None, Vec::new()),
            _ => None,
        }
    }

    fn check(&self, array: &ArrowArray, where_: &str) -> Result<()> {
        let fits = array.n_buffers == self.buffers
            || self.open && (self.buffers..MOST_CHILDREN).contains(&array.n_buffers);
        if !fits {
            let at_least = if self.open { "at least " } else { "" };
            let what = format!("it has {} buffers instead of {at_least}{}", array.n_buffers, self.buffers);
            return Err(refuse(where_, what));
        }
        if array.n_children != self.children.len() as i64 {
            let what = format!("it has {} children instead of {}", array.n_children, self.children.len());
            return Err(refuse(where_, what));
        }
        if self.buffers > 0 && array.buffers.is_null() {
            return Err(refuse(where_, "its list of buffers is NULL"));
        }
        if array.null_count > 0 && self.buffers > 0 && buffer(array, 0).is_null() {
            return Err(refuse(where_, "it has nulls but no validity bitmap"));
        }
        if self.values && array.length > 0 && buffer(array, 1).is_null() {
            return Err(refuse(where_, "its values are NULL"));
        }
        Ok(())
    }
}

fn buffer(array: &ArrowArray, i: usize) -> *const u8 {
    // SAFETY: `Shape::check` has seen a list of more than `i` pointers.
    unsafe { array.buffers.add(i).read_unaligned() }.cast()
}

/// The last offset of an array, after all of them were seen to ascend.
fn last_offset(array: &ArrowArray, shape: &Shape<'_>, where_: &str) -> Result<i64> {
    let (offsets, end) = (buffer(array, 1), array.offset + array.length);
    // An array without values may be without offsets.
    let Some(size) = shape.offsets.filter(|_| !offsets.is_null() && array.length > 0) else { return Ok(0) };
    let mut last = 0;
    for i in array.offset..=end {
        // SAFETY: not NULL, and by the specification a list of `end` + 1 offsets of this size.
        let next = unsafe {
            match size {
                4 => i64::from(offsets.cast::<i32>().add(i as usize).read_unaligned()),
                _ => offsets.cast::<i64>().add(i as usize).read_unaligned(),
            }
        };
        if next < last {
            return Err(refuse(where_, format!("its offset {i} is {next}, after {last}")));
        }
        last = next;
    }
    Ok(last)
}

/// The buffers that views point into.
fn views(array: &ArrowArray, where_: &str) -> Result<()> {
    let (lengths, n) = (buffer(array, array.n_buffers as usize - 1).cast::<i64>(), array.n_buffers - 3);
    if n > 0 && lengths.is_null() {
        return Err(refuse(where_, "the lengths of its buffers are NULL"));
    }
    for i in 0..n as usize {
        // SAFETY: not NULL, and by the specification as many lengths as there are buffers of bytes.
        let length = unsafe { lengths.add(i).read_unaligned() };
        if !(0..=LONGEST).contains(&length) || length > 0 && buffer(array, 2 + i).is_null() {
            return Err(refuse(where_, format!("its buffer {i} of {length} bytes cannot be")));
        }
    }
    Ok(())
}
