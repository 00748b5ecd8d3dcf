//! The three forms, what is exact in them, and that nothing is copied that need not be.

use super::*;
use crate::run::options::ReaderOptions;
use crate::store::MemoryStore;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt32Type};
use arrow_select::concat::concat_batches;

const RUN: &str = "/runs/heat";

/// Steps 0, 2, 4, 6 cold and 8, 10 hot for a; b at every third step; c JSON; wide beyond what an f64 and an i64 hold.
fn small() -> Reader {
    let store = MemoryStore::new();
    let manifest = r#"{"a": {"indices": [{"start": 0, "step": 2}], "dtype": "f32"}, "b": {"indices": [{"start": 0, "step": 3}], "dtype": "u16"}, "c": {"indices": [{"start": 0, "step": 1}], "dtype": "jsonl"}, "wide": {"indices": [{"start": 0, "step": 2}], "dtype": "u64"}, "exact": {"indices": [{"start": 0, "step": 2}], "dtype": "u64"}}"#;
    let log = "{\"step\":8,\"a\":4.0,\"c\":\"s8\"}\n{\"step\":9,\"b\":90}\n{\"step\":10,\"a\":5.0}\n";
    let files: [(&str, Vec<u8>); 7] = [
        ("plattli.json", manifest.into()),
        ("a.f32", [0f32, 1., 2., 3.].map(f32::to_le_bytes).concat()),
        ("b.u16", [0u16, 30, 60].map(u16::to_le_bytes).concat()),
        ("c.jsonl", b"\"zero\"\n[1, null]\n{\"k\": \"\xc3\xa9\"}\n".to_vec()),
        ("wide.u64", [u64::MAX, 7, 1 << 60].map(u64::to_le_bytes).concat()),
        ("exact.u64", [1u64, (1 << 53) + 1, 3].map(u64::to_le_bytes).concat()),
        ("hot.jsonl", log.into()),
    ];
    for (name, bytes) in files {
        store.plant(format!("{RUN}/plattli/{name}"), &bytes);
    }
    Reader::open_in(Arc::new(store), RUN, &ReaderOptions::default()).unwrap()
}

fn read(names: &[&str], selection: &Selection, form: Form) -> Result<RecordBatch> {
    let (schema, batches) = table(&small(), names, selection, form)?;
    let batches = batches.collect::<Result<Vec<_>>>()?;
    Ok(concat_batches(&schema, &batches).unwrap())
}

/// Rows as text, null as `-`.
fn shown(batch: &RecordBatch) -> Vec<String> {
    let cell = |array: &ArrayRef, row: usize| {
        if array.is_null(row) {
            return "-".to_string();
        }
        match array.data_type() {
            DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).to_string(),
            DataType::Float64 => array.as_primitive::<Float64Type>().value(row).to_string(),
            DataType::Float32 => {
                array.as_primitive::<arrow_array::types::Float32Type>().value(row).to_string()
            }
            DataType::Int64 => array.as_primitive::<arrow_array::types::Int64Type>().value(row).to_string(),
            DataType::UInt64 => array.as_primitive::<arrow_array::types::UInt64Type>().value(row).to_string(),
            DataType::Utf8 => array.as_string::<i32>().value(row).to_string(),
            DataType::Dictionary(..) => {
                let words = array.as_dictionary::<Int32Type>();
                words.values().as_string::<i32>().value(words.key(row).unwrap()).to_string()
            }
            other => panic!("{other}"),
        }
    };
    let row = |row| batch.columns().iter().map(|c| cell(c, row)).collect::<Vec<_>>().join(" ");
    (0..batch.num_rows()).map(row).collect()
}

#[test]
fn the_wide_form_has_the_steps_at_which_all_have_a_value() {
    let batch = read(&["b", "a"], &Selection::All, Form::Wide).unwrap();
    assert_eq!(shown(&batch), ["0 0 0", "6 60 3"]);
    let names: Vec<_> = batch.schema().fields().iter().map(|f| (f.name().clone(), f.is_nullable())).collect();
    assert_eq!(names, [("step".into(), false), ("b".into(), false), ("a".into(), false)]);
    assert_eq!(batch.column(1).data_type(), &DataType::Int64);
    assert_eq!(batch.column(2).data_type(), &DataType::Float32);
    let late = Selection::Steps { start: Some(1), stop: None };
    assert_eq!(shown(&read(&["b", "a"], &late, Form::Wide).unwrap()), ["6 60 3"]);
    let last = Selection::Positions { start: Some(-1), stop: None };
    assert_eq!(shown(&read(&["b", "a"], &last, Form::Wide).unwrap()), ["6 60 3"]);
}

#[test]
fn the_outer_form_has_nulls_where_a_metric_has_no_value() {
    let batch = read(&["a", "b", "c"], &Selection::All, Form::Outer).unwrap();
    let rows = [
        "0 0 0 \"zero\"",
        "1 - - [1, null]",
        "2 1 - {\"k\": \"é\"}",
        "3 - 30 -",
        "4 2 - -",
        "6 3 60 -",
        "8 4 - \"s8\"",
        "9 - 90 -",
        "10 5 - -",
    ];
    assert_eq!(shown(&batch), rows);
    let cut = |start, stop| Selection::Positions { start, stop };
    assert_eq!(shown(&read(&["a", "b", "c"], &cut(Some(1), Some(-2)), Form::Outer).unwrap()), rows[1..7]);
    assert_eq!(shown(&read(&["a", "b", "c"], &cut(Some(5), Some(2)), Form::Outer).unwrap()), rows[..0]);
    let steps = Selection::Steps { start: Some(2), stop: Some(8) };
    assert_eq!(shown(&read(&["a", "b", "c"], &steps, Form::Outer).unwrap()), rows[2..7]);
}

#[test]
fn the_long_form_says_exactly_what_a_float_cannot() {
    let batch = read(&["exact", "c", "wide"], &Selection::All, Form::Long).unwrap();
    let rows = [
        "0 exact 1 -",
        "2 exact 9007199254740992 9007199254740993",
        "4 exact 3 -",
        "0 c - \"zero\"",
        "1 c - [1, null]",
        "2 c - {\"k\": \"é\"}",
        "8 c - \"s8\"",
        "0 wide 18446744073709552000 18446744073709551615",
        "2 wide 7 -",
        "4 wide 1152921504606847000 -",
    ];
    assert_eq!(shown(&batch), rows);
    let all = read(&[], &Selection::Steps { start: Some(8), stop: None }, Form::Long).unwrap();
    assert_eq!(shown(&all), ["8 a 4 -", "10 a 5 -", "9 b 90 -", "8 c - \"s8\""]);
}

#[test]
fn integers_are_int64_unless_they_are_beyond_it() {
    let batch = read(&["exact", "wide"], &Selection::All, Form::Wide).unwrap();
    assert_eq!(batch.column(1).data_type(), &DataType::Int64);
    assert_eq!(batch.column(2).data_type(), &DataType::UInt64);
    assert_eq!(shown(&batch)[0], "0 1 18446744073709551615");
    assert_eq!(shown(&read(&["exact", "wide"], &Selection::All, Form::Outer).unwrap()), shown(&batch));
}

#[test]
fn a_range_of_values_is_for_one_metric_or_for_each_in_the_long_form() {
    let range = Selection::Values { start: Some(1.0), stop: Some(4.0) };
    assert_eq!(shown(&read(&["a"], &range, Form::Wide).unwrap()), ["2 1", "4 2", "6 3", "8 4"]);
    assert_eq!(shown(&read(&["a"], &range, Form::Outer).unwrap()), ["2 1", "4 2", "6 3", "8 4"]);
    let error = read(&["a", "b"], &range, Form::Wide).unwrap_err();
    assert_eq!(error.code(), Code::Argument);
    assert!(error.message().contains("the long form"), "{error}");
    assert_eq!(read(&["a", "b"], &range, Form::Outer).unwrap_err().code(), Code::Argument);
    assert_eq!(shown(&read(&["a", "b"], &range, Form::Long).unwrap()).len(), 4);
    assert_eq!(read(&["nobody"], &Selection::All, Form::Outer).unwrap_err().code(), Code::NotFound);
}

#[test]
fn batches_are_bounded_and_share_the_memory_of_what_was_read() {
    let rows = 2 * ROWS + 5;
    let columns = || vec![Values::of(ColumnData::F64((0..rows).map(|x| x as f64).collect()))];
    let (_, batches) = wide(&["x"], (0..rows as u32).collect(), columns(), false).unwrap();
    let batches: Vec<_> = batches.map(Result::unwrap).collect();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [ROWS, ROWS, 5]);
    for column in 0..2 {
        let place = |batch: &RecordBatch| batch.column(column).to_data().buffers()[0].as_ptr() as usize;
        let width = if column == 0 { 4 } else { 8 };
        assert_eq!(place(&batches[1]) - place(&batches[0]), ROWS * width);
        assert_eq!(place(&batches[2]) - place(&batches[1]), ROWS * width);
    }
}

#[test]
fn long_texts_make_short_batches() {
    let mut texts = JsonTexts::default();
    let long = "x".repeat(TEXT / 2);
    for text in [&long, &long, "y", &long, &"z".repeat(TEXT + 1), "w"] {
        texts.push(text);
    }
    let (_, batches) = wide(&["t"], (0..6).collect(), vec![Values::Texts(Texts::of(texts))], false).unwrap();
    let batches: Vec<_> = batches.map(Result::unwrap).collect();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [2, 2, 1, 1]);
    assert_eq!(batches[1].column(1).as_string::<i32>().value(0), "y");
    assert_eq!(batches[3].column(1).as_string::<i32>().value(0), "w");
}
