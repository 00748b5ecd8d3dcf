//! Texts, bytes and lists that are views: a batch costs what its own rows need, however large what they were cut from.
#![cfg(feature = "stream")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod stream_help;

use arrow_array::builder::{
    BinaryViewBuilder, FixedSizeListBuilder, Int64Builder, LargeListBuilder, LargeListViewBuilder,
    ListBuilder, ListViewBuilder, MapBuilder, StringViewBuilder,
};
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringViewArray, StructArray};
use arrow_buffer::{Buffer, ScalarBuffer};
use plattli::store::MemoryStore;
use plattli::stream::query::{self, Query, Status};
use plattli::stream::{SegmentReader, Stream, Want};
use std::sync::Arc;
use stream_help::{footprint, open, options, DIR};

/// Rows of what small batches are cut from.
const ROWS: usize = 4000;

/// A text that no view holds itself.
fn text(row: usize) -> String {
    format!("{row:05} {}", "x".repeat(994))
}

/// Values of many kinds, about a thousand bytes each.
fn columns() -> Vec<(&'static str, ArrayRef)> {
    let mut texts = StringViewBuilder::new();
    let mut bytes = BinaryViewBuilder::new();
    let mut list = ListBuilder::new(StringViewBuilder::new());
    let mut large = LargeListBuilder::new(StringViewBuilder::new());
    let mut fixed = FixedSizeListBuilder::new(StringViewBuilder::new(), 1);
    let mut view = ListViewBuilder::new(StringViewBuilder::new());
    let mut large_view = LargeListViewBuilder::new(BinaryViewBuilder::new());
    let mut numbers = ListViewBuilder::new(Int64Builder::new());
    let mut nested = ListBuilder::new(ListViewBuilder::new(StringViewBuilder::new()));
    let mut map = MapBuilder::new(None, StringViewBuilder::new(), BinaryViewBuilder::new());
    for row in 0..ROWS {
        let text = text(row);
        if row % 10 == 9 {
            texts.append_null();
        } else {
            texts.append_value(&text);
        }
        bytes.append_value(&text);
        list.append_value([Some(&text), None, Some(&"short".to_owned())]);
        large.append_value([Some(&text)]);
        fixed.values().append_value(&text);
        fixed.append(true);
        view.append_value([Some(&text)]);
        large_view.append_value([Some(&text), None]);
        numbers.append_value((0..125).map(|n| Some(row as i64 * 1000 + n)));
        nested.values().append_value([Some(&text)]);
        nested.append(true);
        map.keys().append_value(&text);
        map.values().append_value(b"short");
        map.append(true).unwrap();
    }
    let texts: ArrayRef = Arc::new(texts.finish());
    vec![
        ("struct", Arc::new(StructArray::try_from(vec![("text", texts.clone())]).unwrap())),
        ("text", texts),
        ("bytes", Arc::new(bytes.finish())),
        ("list", Arc::new(list.finish())),
        ("large list", Arc::new(large.finish())),
        ("list of one", Arc::new(fixed.finish())),
        ("list view", Arc::new(view.finish())),
        ("large list view", Arc::new(large_view.finish())),
        ("list view of numbers", Arc::new(numbers.finish())),
        ("list of list views", Arc::new(nested.finish())),
        ("map", Arc::new(map.finish())),
    ]
}

fn batch(values: &ArrayRef) -> RecordBatch {
    let time: ArrayRef = Arc::new(Int64Array::from_iter_values(0..values.len() as i64));
    RecordBatch::try_from_iter([("time", time), ("value", values.clone())]).unwrap()
}

fn store() -> (MemoryStore, Stream) {
    let store = MemoryStore::new();
    let stream = open(&store, &options(None)).unwrap();
    (store, stream)
}

/// All rows of a partition, in memory and in segments.
fn rows(stream: &Stream) -> RecordBatch {
    let view = stream.view("t", "p", Want::All).unwrap().unwrap();
    let mut parts = Vec::new();
    for meta in &view.segments {
        let reader = SegmentReader::open(stream.store(), meta).unwrap();
        parts.extend((0..reader.chunks().len()).map(|i| reader.read(i).unwrap()));
    }
    parts.extend(view.unsaved.into_iter().map(|chunk| chunk.batch));
    arrow_select::concat::concat_batches(&parts[0].schema(), &parts).unwrap()
}

#[test]
fn a_small_batch_that_views_a_huge_buffer_costs_only_its_own_bytes_in_memory_and_on_disk() {
    for (name, all) in columns() {
        let whole = batch(&all);
        let few = whole.slice(1234, 4);
        let (store, stream) = store();
        assert_eq!(stream.append("t", "p", few.clone()).unwrap(), 0..4, "{name}");
        let memory = stream.stats().active_bytes;
        assert!((4000..6000).contains(&memory), "{name}: {memory} bytes in memory");
        let held = rows(&stream).column(1).to_data().get_array_memory_size();
        assert!(held < 9000, "{name}: {held} bytes are held");
        stream.checkpoint().unwrap();
        assert!(footprint(&store) < 9000, "{name}: {} bytes in the cache", footprint(&store));
        assert_eq!(rows(&stream), few, "{name}");
        stream.close().unwrap();
        assert!(footprint(&store) < 9000, "{name}: {} bytes in the segment", footprint(&store));
        assert_eq!(rows(&open(&store, &options(None)).unwrap()), few, "{name}");
    }
}

#[test]
fn of_a_page_the_bytes_of_its_own_rows_count_though_they_view_a_whole_chunk() {
    for (name, all) in columns() {
        let (_, stream) = store();
        stream.append("t", "p", batch(&all).slice(0, 1000)).unwrap();
        stream.append("t", "p", batch(&all).slice(1000, 5)).unwrap();
        for saved in [false, true] {
            if saved {
                stream.checkpoint().unwrap();
            }
            let last = Query { topic: "t".into(), start: Some(995), max_bytes: 12_000, ..Query::default() };
            let page = query::run(&stream, &last).unwrap();
            assert_eq!((page.cursor.rows, page.cursor.status), (10, Status::All), "{name}, {saved}");
            let first = Query { start: None, ..last };
            let page = query::run(&stream, &first).unwrap();
            assert_eq!(page.cursor.status, Status::ByteLimit, "{name}, {saved}");
        }
    }
}

#[test]
fn each_chunk_of_a_large_batch_of_views_has_its_own_bytes_alone() {
    for (name, all) in columns() {
        let (store, stream) = store();
        stream.append("t", "p", batch(&all)).unwrap();
        stream.checkpoint().unwrap();
        let (own, least) = (footprint(&store), 1000 * ROWS as u64 * 9 / 10);
        assert!((least..least * 5 / 4).contains(&own), "{name}: {own} bytes on disk");
        let view = stream.view("t", "p", Want::All).unwrap().unwrap();
        let reader = SegmentReader::open(stream.store(), &view.segments[0]).unwrap();
        assert!(reader.chunks().len() > 1, "{name}: there is more than one chunk");
        assert_eq!(rows(&stream), batch(&all), "{name}");
    }
}

#[test]
fn rows_appended_one_by_one_make_chunks_of_one_buffer() {
    let all = columns().swap_remove(1).1;
    let (store, stream) = store();
    for row in 0..50 {
        stream.append("t", "p", batch(&all).slice(row, 1)).unwrap();
    }
    assert!(stream.stats().active_bytes < 60_000, "{}", stream.stats().active_bytes);
    stream.close().unwrap();
    let stream = open(&store, &options(None)).unwrap();
    let view = stream.view("t", "p", Want::All).unwrap().unwrap();
    let chunk = SegmentReader::open(stream.store(), &view.segments[0]).unwrap().read(0).unwrap();
    assert_eq!(chunk, batch(&all).slice(0, 50));
    let texts = chunk.column(1).as_any().downcast_ref::<StringViewArray>().unwrap();
    assert_eq!(texts.data_buffers().len(), 1);
}

#[test]
fn a_text_that_many_rows_view_is_kept_once_in_a_chunk() {
    let long = text(0);
    let first = StringViewArray::from_iter_values([&long]);
    let views = ScalarBuffer::from(vec![first.views()[0]; 100_000]);
    let shared = StringViewArray::try_new(views, first.data_buffers().to_vec(), None).unwrap();
    let all: ArrayRef = Arc::new(shared);
    let (store, stream) = store();
    stream.append("t", "p", batch(&all)).unwrap();
    // A time and a view in each row, the text once.
    let memory = stream.stats().active_bytes;
    assert!((2_400_000..2_500_000).contains(&memory), "{memory}");
    stream.close().unwrap();
    assert!(footprint(&store) < 2_600_000, "{}", footprint(&store));
    assert_eq!(rows(&open(&store, &options(None)).unwrap()), batch(&all));
}

#[test]
fn views_below_nulls_may_be_anything() {
    let texts = StringViewArray::from_iter_values([text(0), text(1), text(2)]);
    let mut views = texts.views().to_vec();
    views[1] = u128::MAX;
    let nulls = arrow_buffer::NullBuffer::from(vec![true, false, true]);
    let buffers: Arc<[Buffer]> = texts.data_buffers().to_vec().into();
    // SAFETY: the view that points nowhere is that of a null, which the format leaves undefined.
    let wild = unsafe { StringViewArray::new_unchecked(views.into(), buffers, Some(nulls)) };
    let (store, stream) = store();
    stream.append("t", "p", batch(&(Arc::new(wild) as ArrayRef))).unwrap();
    stream.close().unwrap();
    let found = rows(&open(&store, &options(None)).unwrap());
    let found = found.column(1).as_any().downcast_ref::<StringViewArray>().unwrap().clone();
    assert_eq!(found.iter().collect::<Vec<_>>(), [Some(&text(0)[..]), None, Some(&text(2))]);
    assert!(store.tree().iter().any(|(path, _)| path.starts_with(DIR)));
}
