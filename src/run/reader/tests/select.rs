//! Selections, conversions, tables.

use super::*;
use crate::run::dtype::DType;

/// Steps 0, 2, 4, 6 cold and 8, 10 hot, values half the step; b at every third step; c JSON; late only once.
fn small() -> MemoryStore {
    run(
        r#"{"a": {"indices": [{"start": 0, "step": 2}], "dtype": "f32", "monotonic": "inc"}, "b": {"indices": [{"start": 0, "step": 3}], "dtype": "i64", "monotonic": "inc"}, "c": {"indices": [{"start": 0, "step": 1, "stop": 1}, {"start": 2, "step": 1, "stop": 6}, {"start": 7, "step": 1}], "dtype": "jsonl"}, "late": {"indices": [], "dtype": "f64", "monotonic": "inc"}}"#,
        &[
            ("a.f32", &f32s(&[0., 1., 2., 3.])),
            ("b.i64", &[0i64, 30, 60].map(i64::to_le_bytes).concat()),
            ("c.jsonl", b"\"s0\"\n\"s2\"\n\"s3\"\n\"s4\"\n\"s5\"\n\"s7\"\n"),
            ("hot.jsonl", b"{\"step\":8,\"a\":4.0,\"c\":\"s8\"}\n{\"step\":9,\"b\":90,\"c\":\"s9\"}\n{\"step\":10,\"a\":5.0,\"c\":\"s10\",\"late\":1.5}\n"),
        ],
    )
}

fn steps_of(reader: &Reader, name: &str, selection: Selection) -> Vec<u32> {
    reader.column(name, &selection, As::Storage).unwrap().steps
}

fn steps(start: impl Into<Option<i64>>, stop: impl Into<Option<i64>>) -> Selection {
    Selection::Steps { start: start.into(), stop: stop.into() }
}

fn values(start: impl Into<Option<f64>>, stop: impl Into<Option<f64>>) -> Selection {
    Selection::Values { start: start.into(), stop: stop.into() }
}

fn positions(start: impl Into<Option<i64>>, stop: impl Into<Option<i64>>) -> Selection {
    Selection::Positions { start: start.into(), stop: stop.into() }
}

#[test]
fn steps_are_selected_with_both_ends() {
    let reader = open(&small()).unwrap();
    assert_eq!(steps_of(&reader, "a", steps(2, 8)), [2, 4, 6, 8]);
    assert_eq!(steps_of(&reader, "a", steps(3, 9)), [4, 6, 8]);
    assert_eq!(steps_of(&reader, "a", steps(9, None)), [10]);
    assert_eq!(steps_of(&reader, "a", steps(-5, 0)), [0]);
    assert_eq!(steps_of(&reader, "a", steps(5, 1)), [0; 0]);
    assert_eq!(steps_of(&reader, "a", steps(None, -1)), [0; 0]);
    assert_eq!(steps_of(&reader, "a", steps(i64::MIN, i64::MAX)).len(), 6);
    assert_eq!(steps_of(&reader, "late", steps(11, None)), [0; 0]);
}

#[test]
fn positions_are_selected_as_in_python() {
    let reader = open(&small()).unwrap();
    assert_eq!(steps_of(&reader, "a", positions(-2, None)), [8, 10]);
    assert_eq!(steps_of(&reader, "a", positions(-200, -1)), [0, 2, 4, 6, 8]);
    assert_eq!(steps_of(&reader, "a", positions(3, 5)), [6, 8]);
    assert_eq!(steps_of(&reader, "a", positions(4, 2)), [0; 0]);
    assert_eq!(steps_of(&reader, "a", positions(i64::MIN, i64::MAX)).len(), 6);
    assert_eq!(steps_of(&reader, "a", positions(9, None)), [0; 0]);
}

#[test]
fn values_are_selected_with_both_ends_in_cold_and_hot_rows() {
    let reader = open(&small()).unwrap();
    assert_eq!(steps_of(&reader, "a", values(1.0, 4.0)), [2, 4, 6, 8]);
    assert_eq!(steps_of(&reader, "a", values(1.5, None)), [4, 6, 8, 10]);
    assert_eq!(steps_of(&reader, "b", values(29.5, 90.0)), [3, 6, 9]);
    assert_eq!(steps_of(&reader, "b", values(f64::INFINITY, None)), [0; 0]);
    assert_eq!(steps_of(&reader, "b", values(f64::NAN, None)), [0; 0]);
    assert_eq!(steps_of(&reader, "b", values(3.0, 2.0)), [0; 0]);
    assert_eq!(steps_of(&reader, "b", values(None, None)).len(), 4);
    let error = reader.column("c", &values(1.0, None), As::Standard).unwrap_err();
    assert_eq!(error.code(), Code::Type);
}

#[test]
fn values_of_a_column_without_order_are_found_one_by_one_and_nan_never() {
    let cold = f32s(&[3., f32::NAN, 1., 2., 0.1, 9.]);
    let store = run(
        &open_metric("f32"),
        &[("m.f32", &cold), ("hot.jsonl", b"{\"step\":6,\"m\":2.5}\n{\"step\":7,\"m\":null}\n")],
    );
    let reader = open(&store).unwrap();
    assert_eq!(steps_of(&reader, "m", values(2.0, 3.0)), [0, 3, 6]);
    assert_eq!(steps_of(&reader, "m", values(None, f64::INFINITY)), [0, 2, 3, 4, 5, 6]);
    // What was written as 0.1f is found as 0.1.
    assert_eq!(steps_of(&reader, "m", values(0.1, 0.1)), [4]);
}

#[test]
fn a_falling_column_is_bisected_too() {
    let manifest = r#"{"m": {"indices": [{"start": 0, "step": 1}], "dtype": "u64", "monotonic": "dec"}}"#;
    let cold: Vec<u8> = [u64::MAX, 1 << 63, 7, 7, 3, 0].iter().flat_map(|v| v.to_le_bytes()).collect();
    let reader = open(&run(manifest, &[("m.u64", &cold)])).unwrap();
    assert_eq!(steps_of(&reader, "m", values(3.0, 7.0)), [2, 3, 4]);
    assert_eq!(steps_of(&reader, "m", values(7.5, None)), [0, 1]);
    assert_eq!(steps_of(&reader, "m", values(None, -1.0)), [0; 0]);
    assert_eq!(steps_of(&reader, "m", values(None, None)).len(), 6);
}

#[test]
fn a_range_of_values_of_a_monotonic_column_costs_few_reads() {
    let n = 1 << 20;
    let manifest = r#"{"m": {"indices": [{"start": 0, "step": 1}], "dtype": "u32", "monotonic": "inc"}}"#;
    let cold: Vec<u8> = (0..n as u32).flat_map(|i| (i / 3).to_le_bytes()).collect();
    let store = run(manifest, &[("m.u32", &cold), ("hot.jsonl", b"")]);
    let reader = open(&store).unwrap();
    assert_eq!(reader.rows("m").unwrap(), n);
    let before = store.ops();
    assert_eq!(steps_of(&reader, "m", values(5000.0, 5001.0)), [15000, 15001, 15002, 15003, 15004, 15005]);
    assert!(store.ops() - before <= 42, "{}", store.ops() - before);
}

#[test]
fn standard_reads_widen_integers_and_storage_reads_do_not() {
    let manifest = r#"{"m": {"indices": [{"start": 0, "step": 1}], "dtype": "u8"}}"#;
    let reader =
        open(&run(manifest, &[("m.u8", &[1, 200]), ("hot.jsonl", b"{\"step\":2,\"m\":3}\n")])).unwrap();
    let read = |wanted| reader.column("m", &Selection::All, wanted).map(|c| c.data);
    assert_eq!(read(As::Standard).unwrap(), ColumnData::I64(vec![1, 200, 3]));
    assert_eq!(read(As::Storage).unwrap(), ColumnData::U8(vec![1, 200, 3]));
    assert_eq!(read(As::Type(DType::F32)).unwrap(), ColumnData::F32(vec![1., 200., 3.]));
    assert_eq!(read(As::Type(DType::U64)).unwrap(), ColumnData::U64(vec![1, 200, 3]));
    let error = read(As::Type(DType::I8)).unwrap_err();
    assert_eq!(error.code(), Code::Type);
    assert!(error.message().contains("200 at step 1"), "{error}");
}

#[test]
fn integers_that_lose_something_are_refused_and_floats_rounded() {
    let manifest = r#"{"u": {"indices": [{"start": 0, "step": 1}], "dtype": "u64"}, "f": {"indices": [{"start": 0, "step": 1}], "dtype": "f64"}, "j": {"indices": [{"start": 0, "step": 1}], "dtype": "jsonl"}}"#;
    let store = run(
        manifest,
        &[
            ("u.u64", &[1u64 << 63, (1 << 53) + 1].map(u64::to_le_bytes).concat()),
            ("f.f64", &[2.0f64, 0.1].map(f64::to_le_bytes).concat()),
            ("j.jsonl", b"1\n2.5\nnull\ntrue\n\"x\"\n"),
        ],
    );
    let reader = open(&store).unwrap();
    let read = |name: &str, rows: Selection, wanted| reader.column(name, &rows, wanted).map(|c| c.data);
    let code = |name: &str, rows, wanted| read(name, rows, wanted).unwrap_err().code();
    assert_eq!(code("u", Selection::All, As::Standard), Code::Type);
    let second = positions(1, None);
    assert_eq!(read("u", second, As::Standard).unwrap(), ColumnData::I64(vec![9_007_199_254_740_993]));
    assert_eq!(
        read("u", second, As::Type(DType::F64)).unwrap(),
        ColumnData::F64(vec![9_007_199_254_740_992.0])
    );
    assert_eq!(code("f", Selection::All, As::Type(DType::I64)), Code::Type);
    assert_eq!(read("f", positions(0, 1), As::Type(DType::I64)).unwrap(), ColumnData::I64(vec![2]));
    assert_eq!(read("f", second, As::Type(DType::F32)).unwrap(), ColumnData::F32(vec![0.1]));
    let ColumnData::F64(json) = read("j", positions(0, 4), As::Type(DType::F64)).unwrap() else { panic!() };
    assert_eq!(json[..2], [1.0, 2.5]);
    assert!(json[2].is_nan() && json[3] == 1.0);
    assert_eq!(code("j", Selection::All, As::Type(DType::F64)), Code::Type);
    assert_eq!(code("j", positions(2, 3), As::Type(DType::I64)), Code::Type);
}

#[test]
fn a_buffer_is_filled_or_left_alone() {
    let reader = open(&small()).unwrap();
    let (mut steps, mut values) = ([99; 6], [99.0f64; 6]);
    assert_eq!(reader.read_into("a", &Selection::All, Some(&mut steps[..5]), &mut values).unwrap(), 6);
    assert_eq!(reader.read_into("a", &Selection::All, None, &mut values[..5]).unwrap(), 6);
    assert_eq!((steps, values), ([99; 6], [99.0; 6]));
    assert_eq!(reader.read_into::<f64>("a", &Selection::All, None, &mut []).unwrap(), 6);
    assert_eq!(reader.read_into("a", &Selection::All, Some(&mut steps), &mut values).unwrap(), 6);
    assert_eq!((steps, values), ([0, 2, 4, 6, 8, 10], [0., 1., 2., 3., 4., 5.]));
    let mut raw = [0f32; 2];
    assert_eq!(reader.read_into("a", &positions(1, 3), None, &mut raw).unwrap(), 2);
    assert_eq!(raw, [1., 2.]);
}

#[test]
fn a_table_keeps_the_steps_that_all_have_as_the_reference_does() {
    let reader = open(&small()).unwrap();
    let table = |names: &[&str], on: Option<&str>, pick: Selection| {
        let table = reader.table(names, on, &pick, As::Standard).unwrap();
        assert!(table.columns.len() == names.len());
        table.steps
    };
    let ab = ["a", "b"];
    assert_eq!(table(&ab, None, Selection::All), [0, 6]);
    assert_eq!(table(&ab, Some("c"), Selection::All), [0]);
    assert_eq!(table(&ab, Some("a"), values(1.0, None)), [6]);
    assert_eq!(table(&ab, Some("b"), values(20.0, 70.0)), [6]);
    assert_eq!(table(&ab, None, positions(1, None)), [6]);
    assert_eq!(table(&ab, Some("a"), positions(1, 3)), [0; 0]);
    assert_eq!(table(&ab, Some("a"), positions(3, None)), [6]);
    assert_eq!(table(&ab, None, steps(1, None)), [6]);
    assert_eq!(table(&ab, Some("late"), Selection::All), [0; 0]);
    assert_eq!(table(&["a", "a"], None, Selection::All), [0, 2, 4, 6, 8, 10]);
    let full = reader.table(&["a", "c"], None, &Selection::All, As::Storage).unwrap();
    assert_eq!(full.steps, [0, 2, 4, 8, 10]);
    assert_eq!(full.columns[0], ColumnData::F32(vec![0., 1., 2., 4., 5.]));
    let ColumnData::Json(texts) = &full.columns[1] else { panic!() };
    assert_eq!(texts.iter().collect::<Vec<_>>(), [r#""s0""#, r#""s2""#, r#""s4""#, r#""s8""#, r#""s10""#]);
    let code = |names: &[&str], on: Option<&str>, pick: Selection| {
        reader.table(names, on, &pick, As::Standard).unwrap_err().code()
    };
    assert_eq!(code(&ab, None, values(3.0, None)), Code::Argument);
    assert_eq!(code(&[], None, Selection::All), Code::Argument);
    assert_eq!(code(&ab, Some("zzz"), Selection::All), Code::NotFound);
}

#[test]
fn the_trend_of_a_metric_includes_its_hot_rows() {
    let manifest = r#"{"m": {"indices": [{"start": 0, "step": 1}], "dtype": "i8", "monotonic": "inc"}}"#;
    let trend = |hot: &str| {
        let store = run(manifest, &[("m.i8", &[1, 2]), ("hot.jsonl", hot.as_bytes())]);
        open(&store).unwrap().info("m").unwrap().monotonic
    };
    assert_eq!(trend(""), 1);
    assert_eq!(trend("{\"step\":2,\"m\":2}\n"), 1);
    assert_eq!(trend("{\"step\":2,\"m\":1}\n"), 0);
}
