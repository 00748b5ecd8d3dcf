//! Tables out and in again, and what is refused on the way in.

use super::abi::{ArrowArray, ArrowArrayStream, ArrowSchema};
use super::*;
use crate::error::{Code, Error};
use arrow_array::builder::{Float64Builder, ListBuilder, StringDictionaryBuilder, StringViewBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    StringViewArray, StructArray, TimestampMillisecondArray,
};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow_data::ffi::FFI_ArrowArray;
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{DataType, Field, Schema};
use std::mem::MaybeUninit;
use std::sync::Arc;

fn table(rows: i64) -> RecordBatch {
    let mut lists = ListBuilder::new(Float64Builder::new());
    let mut words = StringDictionaryBuilder::<Int32Type>::new();
    let mut views = StringViewBuilder::new();
    for row in 0..rows {
        lists.append_value((0..row % 3).map(|x| Some(x as f64)));
        words.append_value(["a", "b", "c"][row as usize % 3]);
        views.append_value(format!("a text that is too long to lie in the view itself, {row}"));
    }
    let texts: StringArray = (0..rows).map(|row| (row % 4 != 0).then(|| format!("text {row}"))).collect();
    let flags: BooleanArray = (0..rows).map(|row| Some(row % 2 == 0)).collect();
    let inner = StructArray::from(vec![
        (
            Arc::new(Field::new("x", DataType::Int64, false)),
            Arc::new((0..rows).collect::<Int64Array>()) as ArrayRef,
        ),
        (Arc::new(Field::new("s", DataType::Utf8, true)), Arc::new(texts.clone()) as ArrayRef),
    ]);
    RecordBatch::try_from_iter([
        ("time", Arc::new((0..rows).collect::<Int64Array>()) as ArrayRef),
        ("value", Arc::new((0..rows).map(|x| (x % 5 != 0).then_some(x as f64)).collect::<Float64Array>())),
        ("text", Arc::new(texts)),
        ("flag", Arc::new(flags)),
        ("list", Arc::new(lists.finish())),
        ("word", Arc::new(words.finish())),
        ("view", Arc::new(views.finish())),
        ("inner", Arc::new(inner)),
        ("stamp", Arc::new((0..rows).map(Some).collect::<TimestampMillisecondArray>())),
    ])
    .unwrap()
}

/// As a producer in C would hand it over.
fn told(batch: &RecordBatch) -> (Box<ArrowArray>, Box<ArrowSchema>) {
    let array = FFI_ArrowArray::new(&StructArray::from(batch.clone()).to_data());
    let schema = FFI_ArrowSchema::try_from(batch.schema().as_ref()).unwrap();
    // SAFETY: the same structs under other names.
    let array = unsafe { std::mem::transmute::<FFI_ArrowArray, ArrowArray>(array) };
    // SAFETY: as above.
    let schema = unsafe { std::mem::transmute::<FFI_ArrowSchema, ArrowSchema>(schema) };
    (Box::new(array), Box::new(schema))
}

fn taken(array: &ArrowArray, schema: &ArrowSchema) -> crate::error::Result<RecordBatch> {
    // SAFETY: made by `told`, or with counts and pointers changed to what must be refused unseen.
    unsafe { import(array, schema) }
}

fn drop_both((mut array, mut schema): (Box<ArrowArray>, Box<ArrowSchema>)) {
    // SAFETY: made by `told`.
    unsafe { release(&mut array, &mut schema) };
    assert!(array.release.is_none() && schema.release.is_none());
}

#[test]
fn a_table_comes_in_as_it_went_out_and_is_a_copy() {
    for rows in [0, 1, 7, 1000] {
        let batch = table(rows);
        let pair = told(&batch);
        let copy = taken(&pair.0, &pair.1).unwrap();
        drop_both(pair);
        assert_eq!(copy, batch);
        copy.columns().iter().for_each(|column| column.to_data().validate_full().unwrap());
    }
}

#[test]
fn rows_cut_out_of_a_large_table_come_in_without_the_rest_of_it() {
    let batch = table(10_000).slice(4_321, 5);
    let pair = told(&batch);
    let copy = taken(&pair.0, &pair.1).unwrap();
    drop_both(pair);
    assert_eq!(copy, batch);
    let value = copy.column_by_name("value").unwrap().to_data();
    assert!(value.get_buffer_memory_size() < 1000, "{}", value.get_buffer_memory_size());
    let view = copy.column_by_name("view").unwrap().to_data();
    assert!(view.get_buffer_memory_size() < 1000, "{}", view.get_buffer_memory_size());
}

#[test]
fn views_below_nulls_may_be_anything() {
    let texts =
        StringViewArray::from_iter_values(["a text that is long", "another long text", "the third of them"]);
    let mut views = texts.views().to_vec();
    views[1] = u128::MAX;
    let nulls = Some(NullBuffer::from(vec![true, false, true]));
    let buffers: Arc<[Buffer]> = texts.data_buffers().to_vec().into();
    // SAFETY: the view that points nowhere is that of a null, which the format leaves undefined.
    let wild = unsafe { StringViewArray::new_unchecked(views.into(), buffers, nulls) };
    let list = ListArray::new(
        Arc::new(Field::new_list_field(DataType::Utf8View, true)),
        OffsetBuffer::new(vec![0, 1, 2, 3].into()),
        Arc::new(wild.clone()),
        None,
    );
    let columns = [("view", Arc::new(wild) as ArrayRef), ("list", Arc::new(list))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    for batch in [batch.slice(1, 2), batch] {
        let pair = told(&batch);
        let copy = taken(&pair.0, &pair.1).unwrap();
        drop_both(pair);
        assert_eq!(copy, batch);
        copy.columns().iter().for_each(|column| column.to_data().validate_full().unwrap());
    }
}

#[test]
#[allow(clippy::undocumented_unsafe_blocks, reason = "one comment stands for the list")]
fn what_breaks_the_interface_is_refused_and_left_alone() {
    type Break = fn(&mut ArrowArray, &mut ArrowSchema);
    // SAFETY (all of them): children, buffers and the dictionary are where `table` has them.
    let breaks: [(&str, Break); 22] = [
        ("length is -1", |a, _| a.length = -1),
        ("offset is -5", |a, _| a.offset = -5),
        ("length is 9223372036854775807", |a, _| a.length = i64::MAX),
        ("8 of its 7 values are null", |a, _| a.null_count = 8),
        ("0 children instead of 9", |a, _| a.n_children = 0),
        ("list of children is NULL", |a, _| a.children = std::ptr::null_mut()),
        ("3 buffers instead of 1", |a, _| a.n_buffers = 3),
        ("list of buffers is NULL", |a, _| a.buffers = std::ptr::null_mut()),
        ("no validity bitmap", |a, _| a.null_count = 2),
        ("has 7 values where 8 are needed", |a, _| a.length = 8),
        ("has 7 values where 9 are needed", |a, _| a.offset = 2),
        ("child 0 of the array is not what", |a, _| unsafe { (**a.children).n_buffers = 1 }),
        ("its values are NULL", |a, _| unsafe { *(**a.children).buffers.add(1) = std::ptr::null() }),
        ("its bytes are NULL", |a, _| unsafe { *(**a.children.add(2)).buffers.add(2) = std::ptr::null() }),
        ("its dictionary is NULL", |a, _| unsafe { (**a.children.add(5)).dictionary = std::ptr::null_mut() }),
        ("at least 3", |a, _| unsafe { (**a.children.add(6)).n_buffers = 2 }),
        ("format is NULL", |_, s| s.format = std::ptr::null()),
        ("it has -1 children", |_, s| s.n_children = -1),
        ("list of children is NULL", |_, s| s.children = std::ptr::null_mut()),
        ("a stream does not keep", |_, s| unsafe { (**s.children.add(4)).format = c"+vl".as_ptr() }),
        ("assertion failed", |_, s| unsafe { (**s.children.add(4)).format = c"+r".as_ptr() }),
        ("has been released", |a, _| a.release = None),
    ];
    for (text, spoil) in breaks {
        let batch = table(7);
        let mut pair = told(&batch);
        let (array, schema) = (&mut *pair.0, &mut *pair.1);
        // Children share their lists with the struct they came from: what is changed there is put back.
        let kept = Kept::of(array, schema);
        spoil(array, schema);
        let error = taken(array, schema).unwrap_err();
        kept.back(array, schema);
        assert_eq!((error.code(), error.message().contains(text)), (Code::Argument, true), "{text}: {error}");
        assert_eq!(taken(&pair.0, &pair.1).unwrap(), batch, "{text}");
        drop_both(pair);
    }
}

/// What the breaks above change.
struct Kept {
    array: ArrowArray,
    schema: ArrowSchema,
    first_buffers: i64,
    first_values: *const std::ffi::c_void,
    text_bytes: *const std::ffi::c_void,
    dictionary: *mut ArrowArray,
    view_buffers: i64,
    format: *const std::ffi::c_char,
}

impl Kept {
    fn of(a: &ArrowArray, s: &ArrowSchema) -> Kept {
        // SAFETY: made by `told`; copies without a destructor.
        unsafe {
            Kept {
                array: std::ptr::read(a),
                schema: std::ptr::read(s),
                first_buffers: (**a.children).n_buffers,
                first_values: *(**a.children).buffers.add(1),
                text_bytes: *(**a.children.add(2)).buffers.add(2),
                dictionary: (**a.children.add(5)).dictionary,
                view_buffers: (**a.children.add(6)).n_buffers,
                format: (**s.children.add(4)).format,
            }
        }
    }

    fn back(self, a: &mut ArrowArray, s: &mut ArrowSchema) {
        (*a, *s) = (self.array, self.schema);
        // SAFETY: as above.
        unsafe {
            (**a.children).n_buffers = self.first_buffers;
            *(**a.children).buffers.add(1) = self.first_values;
            *(**a.children.add(2)).buffers.add(2) = self.text_bytes;
            (**a.children.add(5)).dictionary = self.dictionary;
            (**a.children.add(6)).n_buffers = self.view_buffers;
            (**s.children.add(4)).format = self.format;
        }
    }
}

#[test]
fn offsets_that_go_back_texts_that_are_not_utf8_and_keys_beyond_the_dictionary_are_refused() {
    let texts = |bytes: &[u8], offsets: [i32; 3]| {
        let (bytes, offsets) =
            (arrow_buffer::Buffer::from(bytes), arrow_buffer::Buffer::from_slice_ref(offsets));
        let data = arrow_data::ArrayData::builder(DataType::Utf8).len(2).buffers(vec![offsets, bytes]);
        // SAFETY: what is wrong with it is what the test is about; nothing else looks at it.
        unsafe { data.build_unchecked() }
    };
    let keys =
        arrow_data::ArrayData::builder(DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into()))
            .len(2)
            .buffers(vec![arrow_buffer::Buffer::from_slice_ref([0i32, 9])])
            .child_data(vec![StringArray::from(vec!["only"]).to_data()]);
    let cases = [
        ("after 3", texts(b"abcdef", [0, 3, 2])),
        ("after 0", texts(b"abcdef", [-1, 3, 4])),
        ("valid", texts(b"ab\xff\xfe", [0, 2, 4])),
        // SAFETY: as above.
        ("9", unsafe { keys.build_unchecked() }),
    ];
    for (text, data) in cases {
        let schema = Schema::new(vec![Field::new("x", data.data_type().clone(), true)]);
        let fields = DataType::Struct(schema.fields().clone());
        let data = arrow_data::ArrayData::builder(fields).len(2).child_data(vec![data]);
        // SAFETY: as above.
        let mut array = unsafe { FFI_ArrowArray::new(&data.build_unchecked()) };
        let schema = FFI_ArrowSchema::try_from(&schema).unwrap();
        // SAFETY: the same structs under other names.
        let (array, schema) =
            unsafe { (&*(&raw mut array).cast::<ArrowArray>(), &*(&raw const schema).cast::<ArrowSchema>()) };
        let error = taken(array, schema).unwrap_err();
        assert_eq!((error.code(), error.message().contains(text)), (Code::Argument, true), "{text}: {error}");
    }
}

/// A consumer in C.
struct Consumer(ArrowArrayStream);

impl Consumer {
    fn schema(&mut self) -> Schema {
        let mut schema = MaybeUninit::<FFI_ArrowSchema>::uninit();
        // SAFETY: a live stream and room for a schema.
        unsafe {
            assert_eq!(self.0.get_schema.unwrap()(&mut self.0, schema.as_mut_ptr().cast()), 0);
            Schema::try_from(&schema.assume_init()).unwrap()
        }
    }

    fn next(&mut self) -> Result<Option<FFI_ArrowArray>, (i32, String)> {
        let mut array = MaybeUninit::<FFI_ArrowArray>::uninit();
        // SAFETY: a live stream and room for an array; the text is valid until the next call.
        unsafe {
            match self.0.get_next.unwrap()(&mut self.0, array.as_mut_ptr().cast()) {
                0 => Ok(Some(array.assume_init()).filter(|array| !array.is_released())),
                code => {
                    let text = std::ffi::CStr::from_ptr(self.0.get_last_error.unwrap()(&mut self.0));
                    Err((code, text.to_str().unwrap().to_string()))
                }
            }
        }
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        // SAFETY: a live stream, released once.
        unsafe { self.0.release.unwrap()(&mut self.0) };
        assert!(self.0.release.is_none());
    }
}

#[test]
fn a_stream_hands_out_its_batches_without_a_copy_and_they_outlive_it() {
    let batch = table(100);
    let (first, second) = (batch.slice(0, 60), batch.slice(60, 40));
    let parts = vec![Ok(first.clone()), Ok(second.clone())];
    let mut consumer = Consumer(export(batch.schema(), Box::new(parts.into_iter())).unwrap());
    assert_eq!(&consumer.schema(), batch.schema().as_ref());
    let mut arrays = Vec::new();
    while let Some(array) = consumer.next().unwrap() {
        arrays.push(array);
    }
    assert!(consumer.next().unwrap().is_none(), "the end stays the end");
    drop(consumer);
    let times = |batch: &RecordBatch| batch.column(0).to_data().buffers()[0].as_ptr();
    assert_eq!(arrays[0].child(0).buffer(1), times(&first));
    assert_eq!(arrays[1].child(0).buffer(1), times(&second));
    let fields = DataType::Struct(batch.schema().fields().clone());
    // SAFETY: arrays of that type.
    let again = |array| unsafe { arrow_array::ffi::from_ffi_and_data_type(array, fields.clone()) }.unwrap();
    let got: Vec<_> = arrays.into_iter().map(|a| RecordBatch::from(StructArray::from(again(a)))).collect();
    assert_eq!(got, [first, second]);
}

#[test]
fn errors_and_panics_inside_a_stream_become_codes_with_a_sentence() {
    let schema = table(0).schema();
    let mut n = 0;
    let batches = std::iter::from_fn(move || {
        n += 1;
        match n {
            1 => Some(Err(Error::new(Code::Io, "the disk\0is gone"))),
            2 => Some(Err(Error::argument("no such column"))),
            3 => panic!("the wheel broke"),
            _ => None,
        }
    });
    let mut consumer = Consumer(export(schema, Box::new(batches)).unwrap());
    assert_eq!(consumer.next().unwrap_err(), (libc::EIO, "the disk?is gone".into()));
    assert_eq!(consumer.next().unwrap_err(), (libc::EINVAL, "no such column".into()));
    let (code, text) = consumer.next().unwrap_err();
    assert!(code == libc::EIO && text.contains("the wheel broke"), "{text}");
    assert!(consumer.next().unwrap().is_none());
}

#[test]
fn a_column_that_c_cannot_name_is_refused_before_the_stream_is_made() {
    let schema = Schema::new(vec![Field::new("a\0b", DataType::Int64, true)]);
    let error = export(Arc::new(schema), Box::new(std::iter::empty())).unwrap_err();
    assert_eq!(error.code(), Code::Argument);
}
