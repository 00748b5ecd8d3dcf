//! A batch from an `ArrowArray` and its `ArrowSchema`.

use super::abi::{ArrowArray, ArrowSchema};
use super::check::{self, refuse};
use super::compact::{self, Copies};
use crate::error::{Error, Result};
use crate::panics;
use arrow_array::ffi::from_ffi_and_data_type;
use arrow_array::{make_array, Array, RecordBatch, RecordBatchOptions, StructArray};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_data::ffi::FFI_ArrowArray;
use arrow_data::transform::MutableArrayData;
use arrow_data::ArrayData;
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{ArrowError, DataType, Schema};
use std::ffi::c_void;
use std::sync::Arc;

/// A copy of the rows of a struct array, each field a column. The array and the schema stay as they are.
///
/// The copy is made so that nothing of the caller's memory is held or released later, on a thread that does not know
/// it, and so that a few rows cut out of a large array do not keep all of it.
///
/// Errors: [`crate::Code::Argument`] for what breaks the Arrow C data interface as far as can be seen, for rows that
/// are null, and for types that a stream does not keep.
///
/// # Safety
///
/// The structs follow the specification of the Arrow C data interface: what is not NULL is valid, text is terminated,
/// lists have as many entries as is said, buffers as many bytes as length, offset and type ask for.
pub unsafe fn import(array: &ArrowArray, schema: &ArrowSchema) -> Result<RecordBatch> {
    // The crate below asserts where it is given nonsense; that must not break the handle.
    panics::catch(|| imported(array, schema)).unwrap_or_else(|panic| Err(refuse("the array", panic)))
}

/// Tells the producer that array and schema are not needed any more. What was released before is left alone.
///
/// # Safety
///
/// As [`import`], and nobody else uses the structs.
pub unsafe fn release(array: &mut ArrowArray, schema: &mut ArrowSchema) {
    if let Some(release) = array.release {
        // SAFETY: the producer's own callback with its own struct, once: it sets `release` to NULL.
        unsafe { release(array) };
        array.release = None;
    }
    if let Some(release) = schema.release {
        // SAFETY: as above.
        unsafe { release(schema) };
        schema.release = None;
    }
}

fn imported(array: &ArrowArray, schema: &ArrowSchema) -> Result<RecordBatch> {
    check::schema(schema, "the schema", 0)?;
    // SAFETY: the two structs are the same, and no destructor runs through a reference.
    let told = unsafe { &*(&raw const *schema).cast::<FFI_ArrowSchema>() };
    let schema = Schema::try_from(told).map_err(|e| refuse("the schema", e))?;
    let fields = DataType::Struct(schema.fields().clone());
    check::array(array, &fields, "the array")?;
    let held = Arc::new(());
    let batch = copied(lent(array, fields, &held)?, schema)?;
    // Memory of the caller that were still in use would be freed under the engine.
    match Arc::strong_count(&held) {
        1 => Ok(batch),
        _ => Err(Error::internal("an imported array is not a copy")),
    }
}

/// The array as the crate below sees it, which holds `held` for as long as anything of it is in use.
fn lent(array: &ArrowArray, fields: DataType, held: &Arc<()>) -> Result<ArrayData> {
    unsafe extern "C" fn let_go(array: *mut ArrowArray) {
        // SAFETY: called once, with the struct below.
        unsafe {
            drop(Arc::from_raw((*array).private_data.cast::<()>().cast_const()));
            (*array).release = None;
        }
    }
    let shell = ArrowArray {
        length: array.length,
        null_count: array.null_count,
        offset: array.offset,
        n_buffers: array.n_buffers,
        n_children: array.n_children,
        buffers: array.buffers,
        children: array.children,
        dictionary: array.dictionary,
        release: Some(let_go),
        private_data: Arc::into_raw(Arc::clone(held)).cast::<c_void>().cast_mut(),
    };
    // SAFETY: the two structs are the same; `shell` has no destructor, so that this one alone releases it.
    let shell = unsafe { std::mem::transmute::<ArrowArray, FFI_ArrowArray>(shell) };
    // SAFETY: `check` has seen what can be seen, the caller promises the rest.
    unsafe { from_ffi_and_data_type(shell, fields) }.map_err(|e| refuse("the array", e))
}

fn copied(data: ArrayData, schema: Schema) -> Result<RecordBatch> {
    if data.null_count() > 0 {
        return Err(Error::argument(format!("{} rows of the array are null as a whole", data.null_count())));
    }
    let data = defined(data);
    data.validate_full().map_err(|e| refuse("the array", e))?;
    let table = StructArray::from(data);
    let columns = table.columns().iter().map(|column| copy(&column.to_data()).map(make_array));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(table.len()));
    RecordBatch::try_new_with_options(Arc::new(schema), columns, &options).map_err(|e| refuse("the array", e))
}

/// Views below nulls may be anything; they become empty, so that nobody looks where they point to.
fn defined(data: ArrayData) -> ArrayData {
    if !compact::points(data.data_type()) {
        return data;
    }
    let children = data.child_data().iter().cloned().map(defined).collect();
    let mut buffers = data.buffers().to_vec();
    if let (DataType::Utf8View | DataType::BinaryView, Some(nulls)) = (data.data_type(), data.nulls()) {
        // Only those from the offset on: `nulls` says nothing of the others.
        let views = data.buffer::<u128>(0).iter().take(data.len()).zip(nulls.iter());
        let views: Vec<u128> = views.map(|(view, valid)| if valid { *view } else { 0 }).collect();
        let before = vec![0; data.offset()];
        buffers[0] = Buffer::from_vec([before, views].concat());
    }
    let builder = data.clone().into_builder().buffers(buffers).child_data(children);
    // SAFETY: as it was, but for values that nobody may look at.
    unsafe { builder.build_unchecked() }
}

/// The values from offset to length, and no more, in memory of their own.
fn copy(data: &ArrayData) -> Result<ArrayData> {
    let no_room = |e: ArrowError| Error::argument(format!("the array cannot be copied: {e}"));
    let mut values = MutableArrayData::try_new(vec![data], false, data.len()).map_err(no_room)?;
    values.try_extend(0, 0, data.len()).map_err(no_room)?;
    apart(values.freeze())
}

/// The copy shares the values of dictionaries, and the texts that views point to, with what it was made from. Of those
/// texts only what the rows need is copied.
fn apart(data: ArrayData) -> Result<ArrayData> {
    if has_dictionary(data.data_type()) {
        return Ok(whole(&data));
    }
    if !compact::points(data.data_type()) {
        return Ok(data);
    }
    compact::compact(&make_array(data), Copies::Always).map(|array| array.to_data())
}

fn whole(data: &ArrayData) -> ArrayData {
    let own = |buffer: &Buffer| Buffer::from_slice_ref(buffer.as_slice());
    let buffers = data.buffers().iter().map(own).collect();
    let children = data.child_data().iter().map(whole).collect();
    let nulls = data.nulls().map(|nulls| NullBuffer::new(nulls.iter().collect()));
    let builder = ArrayData::builder(data.data_type().clone()).len(data.len()).offset(data.offset());
    let builder = builder.buffers(buffers).child_data(children).nulls(nulls);
    // SAFETY: the same values in other memory, which is aligned for any type.
    unsafe { builder.build_unchecked() }
}

fn has_dictionary(dtype: &DataType) -> bool {
    match dtype {
        DataType::Dictionary(..) => true,
        DataType::Struct(fields) => fields.iter().any(|field| has_dictionary(field.data_type())),
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => has_dictionary(field.data_type()),
        _ => false,
    }
}
