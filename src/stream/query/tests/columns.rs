//! Which columns a page has, and in which form.

use super::*;
use arrow_array::builder::{
    FixedSizeListBuilder, ListBuilder, ListViewBuilder, MapBuilder, StringBuilder, StringViewBuilder,
};
use arrow_array::types::Float64Type;
use arrow_array::{Array, StructArray};

/// time, a text, a struct of a number and a struct of a text and a list.
fn nested(n: i64) -> RecordBatch {
    let field =
        |name: &str, array: &ArrayRef, null| Arc::new(Field::new(name, array.data_type().clone(), null));
    let numbers: ArrayRef = Arc::new((0..n).map(|x| Some(x as f64)).collect::<Float64Array>());
    let words: ArrayRef = Arc::new((0..n).map(|x| Some("w".repeat(x as usize))).collect::<StringArray>());
    let inner = StructArray::try_new(
        vec![field("word", &words, true)].into(),
        vec![words.clone()],
        Some((0..n).map(|x| x % 2 == 0).collect()),
    );
    let inner: ArrayRef = Arc::new(inner.unwrap());
    let outer = StructArray::try_new(
        vec![field("x", &numbers, false), field("deep", &inner, true)].into(),
        vec![numbers, inner],
        None,
    );
    let outer: ArrayRef = Arc::new(outer.unwrap());
    let time: ArrayRef = Arc::new((0..n).collect::<Int64Array>());
    let schema = Schema::new(vec![
        Field::new("time", DataType::Int64, false),
        Field::new("note", DataType::Utf8, false),
        Field::new("s", outer.data_type().clone(), false),
    ]);
    let note: ArrayRef = words;
    RecordBatch::try_new(Arc::new(schema), vec![time, note, outer]).unwrap()
}

fn shaped(stream: &Stream, projection: Projection) -> Result<RecordBatch> {
    let page = run(stream, &Query { projection, ..one("p") })?;
    Ok(arrow_select::concat::concat_batches(&page.schema, &page.batches).unwrap())
}

fn names(batch: &RecordBatch) -> Vec<String> {
    batch.schema().fields().iter().map(|field| field.name().clone()).collect()
}

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn columns_are_picked_excluded_and_flattened_from_memory_and_from_segments() {
    let stream = open(&MemoryStore::new(), 100);
    stream.append("t", "p", nested(4)).unwrap();
    for saved in [false, true] {
        if saved {
            stream.checkpoint().unwrap();
        }
        let shaped = |projection| shaped(&stream, projection);
        let pick = |names: &[&str]| Projection { pick: list(names), ..Projection::default() };
        assert_eq!(names(&shaped(Projection::default()).unwrap()), ["time", "note", "s"]);
        assert_eq!(names(&shaped(pick(&["note", "time"])).unwrap()), ["note", "time"]);
        assert_eq!(names(&shaped(pick(&["s", "nobody"])).unwrap()), ["s"]);
        let error = shaped(pick(&["nobody"])).unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
        assert!(error.message().contains("time, note, s"), "{error}");
        let without = Projection { exclude: list(&["time", "s"]), ..Projection::default() };
        assert_eq!(names(&shaped(without).unwrap()), ["note"]);
        let nothing = Projection { exclude: list(&["time", "note", "s"]), ..Projection::default() };
        assert_eq!(shaped(nothing).unwrap_err().code(), Code::Argument);
        let flat = Projection { flatten: Some(".".into()), ..Projection::default() };
        let batch = shaped(flat.clone()).unwrap();
        assert_eq!(names(&batch), ["time", "note", "s.x", "s.deep.word"]);
        assert_eq!(batch.column(2).as_primitive::<Float64Type>().values()[..], [0.0, 1.0, 2.0, 3.0]);
        let word = batch.column(3).as_string::<i32>();
        let found: Vec<_> = word.iter().collect();
        assert_eq!(found, [Some(""), None, Some("ww"), None], "null where the struct is");
        let chosen = Projection { pick: list(&["s.deep.word", "time"]), ..flat.clone() };
        assert_eq!(names(&shaped(chosen).unwrap()), ["s.deep.word", "time"]);
        let chosen = Projection { exclude: list(&["s.x"]), ..flat };
        assert_eq!(names(&shaped(chosen).unwrap()), ["time", "note", "s.deep.word"]);
    }
}

#[test]
fn large_values_become_null_also_within_structs_and_take_no_memory() {
    let stream = open(&MemoryStore::new(), 100);
    stream.append("t", "p", nested(5)).unwrap();
    let capped = Projection { max_value_bytes: Some(2), ..Projection::default() };
    let batch = shaped(&stream, capped.clone()).unwrap();
    let found =
        |array: &ArrayRef| array.as_string::<i32>().iter().map(|w| w.map(str::len)).collect::<Vec<_>>();
    assert_eq!(found(batch.column(1)), [Some(0), Some(1), Some(2), None, None]);
    assert!(batch.schema().field(1).is_nullable());
    let flat = Projection { flatten: Some("_".into()), ..capped };
    let batch = shaped(&stream, flat).unwrap();
    assert_eq!(found(batch.column(3)), [Some(0), None, Some(2), None, None]);
    assert_eq!(batch.column(0).null_count() + batch.column(2).null_count(), 0);
    let all = Projection { max_value_bytes: Some(4), ..Projection::default() };
    assert_eq!(found(shaped(&stream, all).unwrap().column(1))[4], Some(4));
}

/// Of each kind of value that has a size: a short one, a null, a long one, a short one, both in all.
fn sized() -> Vec<(&'static str, ArrayRef)> {
    let long = "l".repeat(100_000);
    let values = [Some("a text of some thirty bytes"), None, Some(&long), Some("a second one of them")];
    let mut list = ListBuilder::new(StringBuilder::new());
    let mut views = ListBuilder::new(StringViewBuilder::new());
    let mut list_view = ListViewBuilder::new(StringViewBuilder::new());
    let mut fixed = FixedSizeListBuilder::new(StringViewBuilder::new(), 1);
    let mut nested = ListBuilder::new(ListBuilder::new(StringBuilder::new()));
    let mut map = MapBuilder::new(None, StringBuilder::new(), StringViewBuilder::new());
    for value in values {
        list.append_option(value.map(|v| [Some(v)]));
        views.append_option(value.map(|v| [Some(v)]));
        list_view.append_option(value.map(|v| [Some(v)]));
        fixed.values().append_option(value);
        fixed.append(value.is_some());
        nested.append_option(value.map(|v| [Some([Some(v)])]));
        if let Some(value) = value {
            map.keys().append_value("key");
            map.values().append_value(value);
        }
        map.append(value.is_some()).unwrap();
    }
    let texts: ArrayRef = Arc::new(values.into_iter().collect::<StringArray>());
    let view: ArrayRef = Arc::new(values.into_iter().collect::<arrow_array::StringViewArray>());
    let bytes = values.map(|v| v.map(str::as_bytes));
    vec![
        ("text", texts),
        ("view", view),
        ("bytes", Arc::new(bytes.into_iter().collect::<arrow_array::BinaryArray>())),
        ("bytes view", Arc::new(bytes.into_iter().collect::<arrow_array::BinaryViewArray>())),
        ("list", Arc::new(list.finish())),
        ("list of views", Arc::new(views.finish())),
        ("list view of views", Arc::new(list_view.finish())),
        ("list of one view", Arc::new(fixed.finish())),
        ("list of lists", Arc::new(nested.finish())),
        ("map", Arc::new(map.finish())),
    ]
}

#[test]
fn of_values_of_every_kind_the_large_ones_alone_become_null_and_none_of_their_memory_is_kept() {
    for (name, values) in sized() {
        let inner = StructArray::try_from(vec![("inner", values.clone())]).unwrap();
        let time: ArrayRef = Arc::new(Int64Array::from(vec![0, 1, 2, 3]));
        let columns = [("time", time), ("value", values.clone()), ("s", Arc::new(inner) as ArrayRef)];
        let stream = open(&MemoryStore::new(), 100);
        stream.append("t", "p", RecordBatch::try_from_iter(columns).unwrap()).unwrap();
        for saved in [false, true] {
            if saved {
                stream.checkpoint().unwrap();
            }
            let few = Projection { max_value_bytes: Some(1000), ..Projection::default() };
            let batch = shaped(&stream, few.clone()).unwrap();
            let inner = batch.column(2).as_struct().column(0);
            for column in [batch.column(1), inner] {
                assert!(column.is_null(1) && column.is_null(2), "{name}: {column:?}");
                for row in [0, 3] {
                    let (found, given) = (column.slice(row, 1), values.slice(row, 1));
                    assert_eq!(found.to_data(), given.to_data(), "{name}: row {row}");
                }
                let bytes = column.to_data().get_array_memory_size();
                assert!(bytes < 5000, "{name}: {bytes} bytes are kept");
            }
            let all = Projection { max_value_bytes: Some(101_000), ..few };
            assert_eq!(shaped(&stream, all).unwrap().column(1).null_count(), 1, "{name}");
        }
    }
}

#[test]
fn a_file_with_two_columns_of_one_name_is_read_by_their_places() {
    let field = |name: &str| Field::new(name, DataType::Int64, false);
    let schema = Arc::new(Schema::new(vec![field("time"), field("x"), field("y"), field("x")]));
    let columns = (0..4).map(|c| Arc::new(Int64Array::from(vec![c, c + 10])) as ArrayRef).collect();
    let mut writer = arrow_ipc::writer::FileWriter::try_new(Vec::new(), &schema).unwrap();
    writer.write(&RecordBatch::try_new(schema, columns).unwrap()).unwrap();
    let disk = MemoryStore::new();
    disk.plant(format!("{DIR}/topics/t/p/0.arrow"), &writer.into_inner().unwrap());
    let stream = open(&disk, 100);
    let found = |projection| -> Vec<i64> {
        let batch = shaped(&stream, projection).unwrap();
        batch.columns().iter().map(|column| column.as_primitive::<Int64Type>().value(1)).collect()
    };
    assert_eq!(found(Projection::default()), [10, 11, 12, 13]);
    assert_eq!(found(Projection { exclude: list(&["y"]), ..Projection::default() }), [10, 11, 13]);
    assert_eq!(found(Projection { pick: list(&["y", "x"]), ..Projection::default() }), [12, 11]);
}

#[test]
fn names_that_meet_when_flattened_or_labelled_are_refused() {
    let stream = open(&MemoryStore::new(), 100);
    let schema = Schema::new(vec![
        Field::new("time", DataType::Int64, false),
        Field::new("_index", DataType::Int64, false),
    ]);
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let batch = RecordBatch::try_new(Arc::new(schema), vec![column.clone(), column]).unwrap();
    stream.append("t", "p", batch).unwrap();
    let error = run(&stream, &labelled(one("p"))).unwrap_err();
    assert_eq!(error.code(), Code::Argument);
    assert!(error.message().contains("\"_index\""), "{error}");
    let s = nested(1);
    let fields =
        [s.schema().field(0).clone(), s.schema().field(2).clone(), Field::new("s.x", DataType::Utf8, false)];
    let columns = vec![s.column(0).clone(), s.column(2).clone(), s.column(1).clone()];
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields.to_vec())), columns).unwrap();
    stream.append("t", "q", batch).unwrap();
    let flat = |separator: &str| Projection { flatten: Some(separator.into()), ..Projection::default() };
    let error = run(&stream, &Query { projection: flat("."), ..one("q") }).unwrap_err();
    assert!(error.message().contains("two columns would be named \"s.x\""), "{error}");
    assert!(run(&stream, &Query { projection: flat("/"), ..one("q") }).is_ok());
}
