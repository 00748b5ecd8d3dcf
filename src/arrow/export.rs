//! Batches as an `ArrowArrayStream`.

use super::abi::{ArrowArray, ArrowArrayStream, ArrowSchema};
use crate::error::{Code, Error, Result};
use crate::panics;
use arrow_array::{Array, RecordBatch, StructArray};
use arrow_data::ffi::FFI_ArrowArray;
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::SchemaRef;
use std::ffi::{c_char, c_int, CString};
use std::ptr::null;

/// Batches of one schema, made as they are asked for.
pub type Batches = Box<dyn Iterator<Item = Result<RecordBatch>> + Send>;

/// What a stream owns.
struct Source {
    schema: SchemaRef,
    batches: Batches,
    last_error: CString,
}

/// A stream that hands out batches without copying them. It owns what it needs, and is released by its consumer.
///
/// Errors: [`Code::Argument`] for a schema that C cannot be told of (a name that holds NUL).
pub fn export(schema: SchemaRef, batches: Batches) -> Result<ArrowArrayStream> {
    described(&schema).map(drop)?;
    let source = Source { schema, batches, last_error: CString::default() };
    Ok(ArrowArrayStream {
        get_schema: Some(get_schema),
        get_next: Some(get_next),
        get_last_error: Some(get_last_error),
        release: Some(release),
        private_data: Box::into_raw(Box::new(source)).cast(),
    })
}

fn described(schema: &SchemaRef) -> Result<FFI_ArrowSchema> {
    let told = panics::catch(|| FFI_ArrowSchema::try_from(schema.as_ref()));
    match told {
        Ok(Ok(told)) => Ok(told),
        Ok(Err(e)) => Err(Error::argument(format!("the columns cannot be described to Arrow: {e}"))),
        Err(panic) => Err(Error::argument(format!("the columns cannot be described to Arrow: {panic}"))),
    }
}

/// Runs a callback: no panic leaves it, and its error is remembered.
fn guard<T>(
    stream: *mut ArrowArrayStream,
    place: *mut T,
    body: impl FnOnce(&mut Source) -> Result<T>,
) -> c_int {
    // SAFETY: NULL or a live stream that one thread uses at a time, by the specification.
    let Some(stream) = (unsafe { stream.as_mut() }) else { return libc::EINVAL };
    // SAFETY: a stream of ours that was not released, by the specification; `export` put the source there.
    let source = unsafe { stream.private_data.cast::<Source>().as_mut() };
    let Some(source) = source.filter(|_| !place.is_null()) else { return libc::EINVAL };
    let outcome = match panics::catch(|| body(source)) {
        Ok(outcome) => outcome,
        Err(panic) => Err(Error::internal(format!("a bug in plattli: {panic}; please report it"))),
    };
    match outcome {
        Ok(value) => {
            // SAFETY: not NULL, and room for a struct that holds nothing yet, by the specification.
            unsafe { place.write(value) };
            0
        }
        Err(error) => {
            source.last_error = CString::new(error.message().replace('\0', "?")).unwrap_or_default();
            match error.code() {
                Code::Argument | Code::Type => libc::EINVAL,
                Code::Unsupported => libc::ENOSYS,
                _ => libc::EIO,
            }
        }
    }
}

unsafe extern "C" fn get_schema(stream: *mut ArrowArrayStream, out: *mut ArrowSchema) -> c_int {
    guard(stream, out.cast::<FFI_ArrowSchema>(), |source| described(&source.schema))
}

unsafe extern "C" fn get_next(stream: *mut ArrowArrayStream, out: *mut ArrowArray) -> c_int {
    guard(stream, out.cast::<FFI_ArrowArray>(), |source| match source.batches.next() {
        // A released array is the end.
        None => Ok(FFI_ArrowArray::empty()),
        Some(batch) => Ok(FFI_ArrowArray::new(&StructArray::from(batch?).to_data())),
    })
}

unsafe extern "C" fn get_last_error(stream: *mut ArrowArrayStream) -> *const c_char {
    // SAFETY: NULL or a live stream, by the specification.
    let Some(stream) = (unsafe { stream.as_ref() }) else { return null() };
    // SAFETY: as in `guard`; the text stays until the next call on the stream.
    let source = unsafe { stream.private_data.cast::<Source>().as_ref() };
    source.filter(|s| !s.last_error.is_empty()).map_or(null(), |source| source.last_error.as_ptr())
}

unsafe extern "C" fn release(stream: *mut ArrowArrayStream) {
    // SAFETY: NULL or a stream that nobody uses any more, by the specification.
    let Some(stream) = (unsafe { stream.as_mut() }) else { return };
    stream.release = None;
    let source = std::mem::replace(&mut stream.private_data, std::ptr::null_mut()).cast::<Source>();
    if !source.is_null() {
        // SAFETY: made by `export`, and taken out of the stream, so that it is released once.
        let source = unsafe { Box::from_raw(source) };
        // A destructor that panics has nobody to tell.
        _ = panics::catch(move || drop(source));
    }
}
