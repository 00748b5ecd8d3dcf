use super::*;
use crate::Code;
use proptest::prelude::*;

const WHEN: &str = "2026-11-20T05:08:13Z";

fn parse(text: &str) -> Result<Manifest> {
    Manifest::parse(text.as_bytes(), Path::new("run/plattli/plattli.json"))
}

fn text(manifest: &Manifest) -> String {
    String::from_utf8(manifest.to_text()).unwrap()
}

/// A manifest with one metric that is described so.
fn entry(description: &str) -> Result<MetricEntry> {
    parse(&format!("{{\"m\": {description}}}")).map(|manifest| manifest.metrics[0].1.clone())
}

fn steps(indices: &str, n: u64) -> Vec<u32> {
    let entry = entry(&format!(r#"{{"indices": {indices}, "dtype": "i16"}}"#)).unwrap();
    let Indices::List(list) = entry.indices else { panic!("no list") };
    let mut out = Vec::new();
    list.expand(n, 0..n, &mut out);
    out
}

fn listed(dtype: DType, segments: Vec<Segment>, monotonic: Option<Monotonic>) -> MetricEntry {
    let indices = Indices::List(SegmentList::from_segments(segments).unwrap());
    MetricEntry { indices, monotonic, ..MetricEntry::new(dtype) }
}

fn manifest(metrics: Vec<(&str, MetricEntry)>, run_rows: Option<u64>) -> Manifest {
    let metrics = metrics.into_iter().map(|(name, entry)| (name.to_owned(), entry)).collect();
    Manifest { metrics, when_exported: Some(WHEN.into()), run_rows }
}

#[test]
fn a_live_manifest_has_the_bytes_of_the_format() {
    let first = Segment::open(0, 1);
    let live = manifest(
        vec![
            ("res", listed(DType::F32, vec![first], None)),
            ("solver/iters", listed(DType::I64, vec![first], Some(Monotonic::Dec))),
            ("note", MetricEntry::new(DType::Json)),
        ],
        None,
    );
    assert_eq!(
        text(&live),
        r#"{"res": {"indices": [{"start": 0, "step": 1}], "dtype": "f32"}, "solver/iters": {"indices": [{"start": 0, "step": 1}], "dtype": "i64", "monotonic": "dec"}, "note": {"indices": [], "dtype": "jsonl"}, "when_exported": "2026-11-20T05:08:13Z"}"#
    );
}

#[test]
fn the_test_vectors_of_the_format_come_out_to_the_byte() {
    let inc = Some(Monotonic::Inc);
    let published = manifest(
        vec![
            ("res", listed(DType::F32, vec![], inc)),
            ("solver/iters", listed(DType::I64, vec![], inc)),
            ("note", MetricEntry::new(DType::Json)),
        ],
        None,
    );
    assert_eq!(text(&published).len(), 213);

    let open = vec![Segment::open(0, 1)];
    let compacted = manifest(
        vec![
            ("res", listed(DType::F32, open.clone(), None)),
            ("solver/iters", listed(DType::I64, open.clone(), Some(Monotonic::Dec))),
            ("note", listed(DType::Json, open, None)),
        ],
        None,
    );
    assert_eq!(text(&compacted).len(), 262);

    let finished = manifest(
        vec![
            ("res", listed(DType::F32, vec![Segment::closed(0, 5, 1)], None)),
            (
                "solver/iters",
                listed(DType::U8, vec![Segment::closed(0, 2, 1), Segment::closed(3, 4, 1)], None),
            ),
            ("note", listed(DType::Json, vec![Segment::closed(0, 8, 4)], None)),
        ],
        Some(5),
    );
    assert_eq!(
        text(&finished),
        r#"{"res": {"indices": [{"start": 0, "stop": 5, "step": 1}], "dtype": "f32"}, "solver/iters": {"indices": [{"start": 0, "stop": 2, "step": 1}, {"start": 3, "stop": 4, "step": 1}], "dtype": "u8"}, "note": {"indices": [{"start": 0, "stop": 8, "step": 4}], "dtype": "jsonl"}, "when_exported": "2026-11-20T05:08:13Z", "run_rows": 5}"#
    );
    assert_eq!(text(&finished).len(), 325);
    for manifest in [published, compacted, finished] {
        assert_eq!(parse(&text(&manifest)).unwrap(), manifest);
    }
}

#[test]
fn what_writers_write_is_read_the_quick_way() {
    let open = Segment::open(3, 2);
    let closed = |stop_last| Segment { start: 0, step: 1, stop: Some(2), stop_last };
    let all = manifest(
        vec![
            ("b/é", listed(DType::F32, vec![closed(true), open], Some(Monotonic::Inc))),
            ("a", listed(DType::U64, vec![closed(false)], None)),
            ("note", MetricEntry::new(DType::Json)),
            ("file", MetricEntry { indices: Indices::File, ..MetricEntry::new(DType::I8) }),
        ],
        Some(7),
    );
    assert_eq!(plain::parse(&all.to_text()), Some(all));
    assert!(plain::parse(br#"{"a": {"indices": [], "dtype": "f32"}, "a": {"indices": [], "dtype": "f64"}}"#)
        .is_none());
}

#[test]
fn an_empty_run_has_only_metadata() {
    assert_eq!(text(&manifest(vec![], Some(0))), format!(r#"{{"when_exported": "{WHEN}", "run_rows": 0}}"#));
    assert_eq!(text(&Manifest::default()), "{}");
    assert_eq!(parse("{}").unwrap(), Manifest::default());
}

#[test]
fn segments_keep_the_order_of_their_keys() {
    for segments in [
        r#"[{"start": 0, "step": 1, "stop": 2}, {"start": 3, "step": 1}]"#,
        r#"[{"start": 0, "stop": 2, "step": 1}, {"start": 3, "stop": 4, "step": 1}]"#,
    ] {
        let whole = format!(r#"{{"m": {{"indices": {segments}, "dtype": "f64"}}}}"#);
        assert_eq!(text(&parse(&whole).unwrap()), whole);
    }
}

#[test]
fn steps_in_a_file_are_told_by_the_word() {
    let entry = entry(r#"{"indices": "indices", "dtype": "u64", "monotonic": "inc"}"#).unwrap();
    assert_eq!((&entry.indices, entry.dtype), (&Indices::File, DType::U64));
    let whole = text(&manifest(vec![("m", entry)], None));
    assert!(
        whole.starts_with(r#"{"m": {"indices": "indices", "dtype": "u64", "monotonic": "inc"}, "when_"#),
        "{whole}"
    );
}

#[test]
fn the_legacy_single_segment_is_read_and_written_as_a_list() {
    assert_eq!(steps(r#"{"start": 2, "stop": 9, "step": 3}"#, 3), [2, 5, 8]);
    assert_eq!(steps(r#"{"step": 3, "start": 2}"#, 2), [2, 5]);
    let old = parse(r#"{"m": {"indices": {"start": 2, "stop": 9, "step": 3}, "dtype": "i16"}}"#).unwrap();
    assert_eq!(text(&old), r#"{"m": {"indices": [{"start": 2, "stop": 9, "step": 3}], "dtype": "i16"}}"#);
}

#[test]
fn unknown_keys_of_a_metric_are_carried_along_in_spaced_form() {
    let read = parse(
        r#"{"m":{"unit":"m\/s","indices":[{"start":0,"step":1,"zz":4}],"dtype":"f32","bar":{"a":1.50,"b":[1e3,NaN]},"monotonic":"inc","e":"\u00e9"}}"#,
    )
    .unwrap();
    assert_eq!(
        text(&read),
        r#"{"m": {"indices": [{"start": 0, "step": 1}], "dtype": "f32", "monotonic": "inc", "unit": "m/s", "bar": {"a": 1.5, "b": [1000.0, NaN]}, "e": "é"}}"#
    );
    assert_eq!(parse(&text(&read)).unwrap(), read);
}

#[test]
fn of_a_key_given_twice_the_last_counts_in_the_place_of_the_first() {
    let read = parse(
        r#"{"m": {"indices": [{"start": 1, "step": 3, "start": 2}], "dtype": "u16", "dtype": "i16"}, "k": {"indices": [], "dtype": "u8"}, "k": {"indices": "indices", "dtype": "f32"}, "j": {"indices": [], "dtype": "u8"}}"#,
    )
    .unwrap();
    assert_eq!(
        text(&read),
        r#"{"m": {"indices": [{"start": 2, "step": 3}], "dtype": "i16"}, "k": {"indices": "indices", "dtype": "f32"}, "j": {"indices": [], "dtype": "u8"}}"#
    );
}

#[test]
fn missing_and_strange_metadata_are_let_pass() {
    let read = |meta: &str| parse(&format!("{{\"when_exported\": {meta}}}")).unwrap().when_exported;
    assert_eq!(read(r#""yesterday""#).as_deref(), Some("yesterday"));
    assert_eq!((read("null"), read("3")), (None, None));
    let rows = |meta: &str| parse(&format!("{{\"run_rows\": {meta}}}")).unwrap().run_rows;
    assert_eq!((rows("7"), rows("null")), (Some(7), None));
    for strange in ["\"x\"", "3.0", "-1", "[]", "false", "99999999999999999999999"] {
        assert_eq!(rows(strange), Some(0), "{strange} still says that the run is finished");
    }
    for strange in ["\"up\"", "null", "3", "\"INC\""] {
        let entry = entry(&format!(r#"{{"indices": [], "dtype": "f32", "monotonic": {strange}}}"#)).unwrap();
        assert_eq!((entry.monotonic, entry.extra), (None, vec![]), "{strange}");
    }
    assert_eq!(entry(r#"{"indices": [], "dtype": "jsonl", "monotonic": "inc"}"#).unwrap().monotonic, None);
}

#[test]
fn any_legal_whitespace_is_read() {
    let read = parse(" \n{\"m\" :\t{\"indices\": [\r\n{\"start\":0,\"step\":1} ], \"dtype\": \"i16\"}} \n ")
        .unwrap();
    assert_eq!(text(&read), r#"{"m": {"indices": [{"start": 0, "step": 1}], "dtype": "i16"}}"#);
}

#[test]
fn what_is_not_a_manifest_is_refused_with_path_and_metric() {
    for (bytes, word) in [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("{} x", "not JSON"),
        ("\u{feff}{}", "not JSON"),
        ("null", "object"),
        ("[]", "object"),
        (r#"{"m": "x"}"#, "object"),
        (r#"{"m": []}"#, "object"),
        (r#"{"m": {}}"#, "dtype is missing"),
        (r#"{"m": {"indices": []}}"#, "dtype is missing"),
        (r#"{"m": {"indices": [], "dtype": "f16"}}"#, "dtype"),
        (r#"{"m": {"indices": [], "dtype": 3}}"#, "dtype"),
        (r#"{"m": {"dtype": "f32"}}"#, "indices are missing"),
        (r#"{"m": {"indices": null, "dtype": "f32"}}"#, "indices"),
        (r#"{"m": {"indices": "index", "dtype": "f32"}}"#, "indices"),
        (r#"{"m": {"indices": {}, "dtype": "f32"}}"#, "start"),
        (r#"{"m": {"indices": [[0, 1]], "dtype": "f32"}}"#, "not an object"),
        (r#"{"m": {"indices": [{"step": 1}], "dtype": "f32"}}"#, "start"),
        (r#"{"m": {"indices": [{"start": 1}], "dtype": "f32"}}"#, "step"),
        (r#"{"m": {"indices": [{"start": -1, "step": 1}], "dtype": "f32"}}"#, "its start"),
        (r#"{"m": {"indices": [{"start": 0, "step": 1.5}], "dtype": "f32"}}"#, "its step"),
        (r#"{"m": {"indices": [{"start": 0, "step": 1, "stop": null}], "dtype": "f32"}}"#, "its stop"),
        (r#"{"m": {"indices": [{"start": 0, "step": 1, "stop": 1e99}], "dtype": "f32"}}"#, "its stop"),
        (
            r#"{"m": {"indices": [{"start": 0, "step": 1, "stop": 99999999999999999999}], "dtype": "f32"}}"#,
            "its stop",
        ),
        (r#"{"m": {"indices": [{"start": 0, "step": 1}, {"start": 3, "step": 1}], "dtype": "f32"}}"#, "open"),
        (r#"{"m": {"indices": [{"start": 4294967297, "step": 1}], "dtype": "f32"}}"#, "4294967295"),
    ] {
        let error = parse(bytes).unwrap_err();
        assert_eq!(error.code(), Code::Corrupt, "{bytes}");
        let message = error.message();
        assert!(
            message.starts_with("run/plattli/plattli.json: ") && message.contains(word),
            "{bytes}: {message}"
        );
        assert!(!bytes.contains("\"m\"") || message.contains("metric \"m\""), "{message}");
    }
    let error = Manifest::parse(b"{\"\xff\": {}}", Path::new("x")).unwrap_err();
    assert_eq!(error.code(), Code::Corrupt);
}

#[test]
fn a_name_that_leaves_the_folder_is_refused() {
    for name in ["../x", "/etc/passwd", "a/../../x", "a\\\\b", "C:x", "", "hot", "a\\u0000"] {
        let error = parse(&format!(r#"{{"{name}": {{"indices": [], "dtype": "f32"}}}}"#)).unwrap_err();
        assert_eq!(error.code(), Code::Corrupt, "{name}");
    }
    assert!(parse(r#"{"step": {"indices": [], "dtype": "f32"}}"#).is_err());
}

#[test]
fn deep_nesting_and_long_lists_neither_crash_nor_hang() {
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let whole = format!(r#"{{"m": {{"indices": [], "dtype": "f32", "x": {deep}}}}}"#);
    assert_eq!(text(&parse(&whole).unwrap()), whole);
    assert!(parse(&deep).is_err());
    assert!(parse(&whole[..whole.len() / 2]).is_err());
    assert!(entry(&format!(r#"{{"indices": {deep}, "dtype": "f32"}}"#)).is_err());

    let segments: Vec<String> = (0..100_000)
        .map(|i| format!(r#"{{"start": {}, "stop": {}, "step": 1}}"#, 3 * i, 3 * i + 2))
        .collect();
    let indices = format!("[{}]", segments.join(", "));
    assert_eq!(steps(&indices, 200_000).len(), 200_000);

    let metrics: Vec<String> =
        (0..50_000).map(|i| format!(r#""m{i}": {{"indices": [], "dtype": "f32"}}"#)).collect();
    let twice = format!("{{{0}, {0}}}", metrics.join(", "));
    assert_eq!(parse(&twice).unwrap().metrics.len(), 50_000);
}

fn any_entry() -> impl Strategy<Value = MetricEntry> {
    let segments =
        prop::collection::vec((1u64..5, 1u64..4, 1u64..4, any::<bool>()), 0..4).prop_map(|parts| {
            let mut at = 0;
            let segments = parts.into_iter().map(|(gap, rows, step, stop_last)| {
                let start = at + gap;
                at = start + (rows - 1) * step;
                Segment { start, step, stop: Some(start + rows * step), stop_last }
            });
            Indices::List(SegmentList::from_segments(segments).unwrap())
        });
    let monotonic = prop_oneof![Just(None), Just(Some(Monotonic::Inc)), Just(Some(Monotonic::Dec))];
    let extra = prop::option::of(Just(("unit \"é\n".to_owned(), r#"{"a": [1, null]}"#.to_owned())));
    (prop_oneof![segments, Just(Indices::File)], 0usize..10, monotonic, extra).prop_map(
        |(indices, dtype, monotonic, extra)| MetricEntry {
            indices,
            dtype: DType::ALL[dtype],
            monotonic,
            extra: extra.into_iter().collect(),
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_what_is_read(
        metrics in prop::collection::btree_map("[a-zé\"\n./]{1,6}", any_entry(), 0..5),
        when_exported in prop::option::of("\\PC{0,9}"), run_rows in prop::option::of(any::<u64>()),
    ) {
        let metrics = metrics.into_iter().filter(|(name, _)| name::objection(name).is_none()).collect();
        let manifest = Manifest { metrics, when_exported, run_rows };
        let bytes = manifest.to_text();
        prop_assert!(!bytes.contains(&b'\n'));
        prop_assert_eq!(&Manifest::parse(&bytes, Path::new("x")).unwrap(), &manifest);
    }

    #[test]
    fn damaged_bytes_are_an_error_or_a_manifest_but_no_panic(
        entry in any_entry(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let mut bytes = manifest(vec![("m", entry)], Some(3)).to_text();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        if let Ok(read) = Manifest::parse(&bytes, Path::new("x")) {
            prop_assert_eq!(&Manifest::parse(&read.to_text(), Path::new("x")).unwrap(), &read);
        }
    }

    #[test]
    fn the_quick_way_reads_what_the_other_one_reads_or_leaves_it_alone(
        metrics in prop::collection::vec(("[ab\"/é]{1,3}", any_entry()), 0..5), run_rows in prop::option::of(0u64..9),
        at in any::<prop::sample::Index>(), byte in prop_oneof![any::<u8>(), Just(b' '), Just(b'0'), Just(b'"')],
        damage in 0usize..4,
    ) {
        // A name may be there twice, and any byte may be another one, missing, or there twice.
        let mut bytes = Manifest { metrics, when_exported: Some(WHEN.into()), run_rows }.to_text();
        let at = at.index(bytes.len());
        match damage {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            2 => _ = bytes.remove(at),
            _ => {}
        }
        if let Some(read) = plain::parse(&bytes) {
            prop_assert_eq!(Manifest::parse_any(&bytes, Path::new("x")).unwrap(), read);
        }
    }

    #[test]
    fn numbers_of_any_size_are_an_error_or_a_list(
        numbers in prop::collection::vec("-?(0|[1-9][0-9]{0,24})(\\.[0-9])?|null|\"\"", 3),
    ) {
        let [start, stop, step] = &numbers[..] else { unreachable!() };
        let text = format!(r#"{{"m": {{"indices": [{{"start": {start}, "stop": {stop}, "step": {step}}}], "dtype": "u8"}}}}"#);
        if let Err(error) = parse(&text) {
            prop_assert_eq!(error.code(), Code::Corrupt);
        }
    }
}
