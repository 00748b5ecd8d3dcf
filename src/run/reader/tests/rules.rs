//! The merge of cold and hot rows, rule by rule (format §14.1), and what is damaged or missing.

use super::*;
use crate::run::dtype::DType;

#[test]
fn hot_rows_follow_cold_ones_and_the_active_log_replaces_the_compacting_one() {
    // The recovery vector of format §15.
    let store = run(
        &open_metric("f32"),
        &[
            ("m.f32", &f32s(&[0., 1., 2., 3., 4.])),
            (
                "hot.compacting.jsonl",
                b"{\"step\":3,\"m\":3.0}\n{\"step\":4,\"m\":4.0}\n{\"step\":5,\"m\":5.0}\n",
            ),
            ("hot.jsonl", b"{\"step\":5,\"m\":5.5}\n{\"step\":6,\"m\":6.0}\n{\"step\":7,\"m\":7"),
        ],
    );
    assert_eq!(shown(&store, "m"), "0:0.0 1:1.0 2:2.0 3:3.0 4:4.0 5:5.5 6:6.0");
}

#[test]
fn the_live_run_of_the_specification_reads_as_it_was_written() {
    let manifest = r#"{"res": {"indices": [{"start": 0, "step": 1}], "dtype": "f32"}, "solver/iters": {"indices": [{"start": 0, "step": 1, "stop": 2}, {"start": 3, "step": 1}], "dtype": "i64"}, "note": {"indices": [{"start": 0, "step": 1}], "dtype": "jsonl"}, "when_exported": "2026-11-20T05:08:13Z"}"#;
    let store = run(
        manifest,
        &[
            ("hot.jsonl", b"{\"step\":4,\"res\":0.25,\"note\":{\"k\":[1,2.5]}}\n"),
            ("note.jsonl", b"\"start\"\n"),
            ("res.f32", &f32s(&[1.5, 0.75, f32::NAN, 0.1])),
            ("solver/iters.i64", &[12i64, 9, 11].map(i64::to_le_bytes).concat()),
        ],
    );
    assert_eq!(shown(&store, "res"), "0:1.5 1:0.75 2:NaN 3:0.10000000149011612 4:0.25");
    assert_eq!(shown(&store, "solver/iters"), "0:12 1:9 3:11");
    assert_eq!(shown(&store, "note"), r#"0:"start" 4:{"k": [1, 2.5]}"#);
    let reader = open(&store).unwrap();
    assert_eq!(*reader.metrics(), ["note", "res", "solver/iters"]);
    assert_eq!(reader.when_exported().as_deref(), Some("2026-11-20T05:08:13Z"));
    let info = reader.info("solver/iters").unwrap();
    assert_eq!(
        info,
        MetricInfo { dtype: DType::I64, monotonic: 0, rows: 3, first_step: Some(0), last_step: Some(3) }
    );
    assert_eq!(reader.rows("note").unwrap(), 2);
    assert_eq!(reader.info("nope").unwrap_err().code(), Code::NotFound);
    assert_eq!(reader.config().unwrap_err().code(), Code::NotFound);
}

#[test]
fn a_description_ahead_of_the_values_gives_each_value_its_own_step() {
    let manifest = r#"{"m": {"indices": [{"start":0,"step":1,"stop":3},{"start":10,"step":10,"stop":40},{"start":55,"step":5}], "dtype": "u8"}}"#;
    for (n, steps) in [(0, ""), (2, "0 1"), (4, "0 1 2 10"), (8, "0 1 2 10 20 30 55 60")] {
        let store = run(manifest, &[("m.u8", &vec![7; n])]);
        let steps: Vec<String> = steps.split_whitespace().map(|s| format!("{s}:7")).collect();
        assert_eq!(shown(&store, "m"), steps.join(" "));
    }
}

#[test]
fn the_legacy_spelling_of_one_segment_is_read() {
    let manifest = r#"{"m": {"indices": {"start": 2, "stop": 9, "step": 3}, "dtype": "i16"}}"#;
    assert_eq!(shown(&run(manifest, &[("m.i16", &[5, 0, 6, 0, 7, 0])]), "m"), "2:5 5:6 8:7");
}

#[test]
fn steps_in_a_file_pair_with_values_as_far_as_both_go() {
    let manifest = r#"{"m": {"indices": "indices", "dtype": "u8"}}"#;
    let steps = u32s(&[3, 4, 9]);
    assert_eq!(shown(&run(manifest, &[("m.u8", b"\x01\x02"), ("m.indices", &steps)]), "m"), "3:1 4:2");
    assert_eq!(
        shown(&run(manifest, &[("m.u8", b"\x01\x02\x03\x04"), ("m.indices", &steps[..11])]), "m"),
        "3:1 4:2"
    );
    let store = run(manifest, &[("m.u8", b"\x01\x02"), ("m.indices", &u32s(&[4, 4]))]);
    assert!(shown(&store, "m").starts_with("Corrupt"));
}

#[test]
fn a_torn_value_is_ignored() {
    let store = run(&open_metric("f32"), &[("m.f32", &f32s(&[1., 2.])[..7])]);
    assert_eq!(shown(&store, "m"), "0:1.0");
}

#[test]
fn a_torn_line_is_ignored_and_a_broken_one_is_an_error() {
    let live = open_metric("jsonl");
    let done = r#"{"m": {"indices": [{"start": 0, "step": 1, "stop": 9}], "dtype": "jsonl"}, "run_rows": 9}"#;
    let shows = |manifest: &str, text: &[u8]| shown(&run(manifest, &[("m.jsonl", text)]), "m");
    // On a live folder `12` may be the front of `123`.
    assert_eq!(shows(&live, b"1\n12"), "0:1");
    assert_eq!(shows(done, b"1\n12"), "0:1 1:12");
    assert_eq!(shows(done, b"1\r\n \"x\" \r\n[1"), r#"0:1 1:"x""#);
    assert_eq!(shows(done, b"1\n[1\n"), "0:1");
    for broken in [&b"1\n\n2\n"[..], b"1\n[1\n2\n", b"\xff\n2\n"] {
        assert!(shows(done, broken).starts_with("Corrupt"), "{broken:?}");
    }
    // Rows that are not asked for are not looked at.
    let reader = open(&run(done, &[("m.jsonl", b"1\n[1\n2\n")])).unwrap();
    let last = Selection::Positions { start: Some(-1), stop: None };
    assert_eq!(reader.column("m", &last, As::Standard).unwrap().steps, [2]);
}

#[test]
fn null_is_nan_and_what_only_hot_rows_know_is_json() {
    let store =
        run(&open_metric("f32"), &[("hot.jsonl", b"{\"step\":1,\"m\":null,\"z\":[1,{\"a\":1E3}]}\n")]);
    assert_eq!(shown(&store, "m"), "1:NaN");
    assert_eq!(shown(&store, "z"), r#"1:[1, {"a": 1000.0}]"#);
    assert_eq!(open(&store).unwrap().info("z").unwrap().dtype, DType::Json);
}

#[test]
fn a_missing_value_file_is_empty_beside_a_hot_log_and_an_error_without() {
    let hot: (&str, &[u8]) = ("hot.jsonl", b"{\"step\":4,\"m\":2}\n");
    assert_eq!(shown(&run(&open_metric("u8"), &[hot]), "m"), "4:2");
    assert_eq!(shown(&run(&open_metric("u8"), &[("hot.jsonl", b"")]), "m"), "");
    let error = shown(&run(&open_metric("u8"), &[]), "m");
    assert!(error.starts_with("Corrupt") && error.contains("m.u8"), "{error}");
    assert_eq!(shown(&run(r#"{"m": {"indices": [], "dtype": "u8"}}"#, &[]), "m"), "");
    let form1 = r#"{"m": {"indices": "indices", "dtype": "u8"}}"#;
    assert!(shown(&run(form1, &[("m.u8", b"1")]), "m").contains("m.indices"));
    assert!(shown(&run(form1, &[("m.indices", b"1234")]), "m").contains("m.u8"));
    assert_eq!(shown(&run(form1, &[("m.indices", b"")]), "m"), "");
    assert_eq!(shown(&run(form1, &[("m.u8", b"1"), hot]), "m"), "4:2");

    let store = run(&open_metric("u8"), &[]);
    let cold = ReaderOptions { exclude_hot: true, ..Default::default() };
    let reader = Reader::open_in(Arc::new(store), RUN, &cold).unwrap();
    assert_eq!(reader.rows("m").unwrap(), 0);
}

#[test]
fn hot_logs_do_not_apply_to_a_finished_run() {
    let manifest =
        r#"{"m": {"indices": [{"start": 0, "stop": 2, "step": 1}], "dtype": "u8"}, "run_rows": 2}"#;
    let store = run(manifest, &[("m.u8", &[1, 2]), ("hot.jsonl", b"{\"step\":9,\"m\":1,\"z\":1}\n")]);
    assert_eq!(shown(&store, "m"), "0:1 1:2");
    assert_eq!(*open(&store).unwrap().metrics(), ["m"]);
}

#[test]
fn hot_rows_can_be_left_out() {
    let store = run(&open_metric("u8"), &[("m.u8", &[1]), ("hot.jsonl", b"{\"step\":9,\"m\":1,\"z\":1}\n")]);
    let options = ReaderOptions { exclude_hot: true, ..Default::default() };
    let reader = Reader::open_in(Arc::new(store), RUN, &options).unwrap();
    assert_eq!(*reader.metrics(), ["m"]);
    assert_eq!(rows(&reader, "m").unwrap(), [(0, "1".to_owned())]);
}

#[test]
fn a_broken_hot_line_costs_itself_and_a_warning_or_in_strict_mode_the_run() {
    let store =
        run(&open_metric("u8"), &[("hot.jsonl", b"{\"step\":1,\"m\":1}\ngarbage\n{\"step\":3,\"m\":3}\n")]);
    let reader = open(&store).unwrap();
    assert_eq!(rows(&reader, "m").unwrap().len(), 2);
    assert_eq!(reader.warnings().len(), 1);
    assert!(reader.warnings()[0].contains("hot.jsonl") && reader.warnings()[0].contains("line 2"));
    let strict = ReaderOptions { strict: true, ..Default::default() };
    let error = Reader::open_in(Arc::new(store), RUN, &strict).unwrap_err();
    assert_eq!(error.code(), Code::Corrupt);
}

#[test]
fn a_hot_value_that_the_type_cannot_hold_is_an_error_of_that_metric() {
    let manifest = r#"{"m": {"indices": [], "dtype": "u8"}, "n": {"indices": [], "dtype": "u8"}}"#;
    for value in ["300", "-1", "2.5", "\"x\"", "null", "[]"] {
        let store =
            run(manifest, &[("hot.jsonl", format!("{{\"step\":1,\"m\":{value},\"n\":2}}\n").as_bytes())]);
        assert!(shown(&store, "m").starts_with("Corrupt"), "{value}");
        assert_eq!(shown(&store, "n"), "1:2");
    }
}

#[test]
fn a_manifest_promising_more_than_there_is_costs_nothing() {
    let manifest = r#"{"m": {"indices": [{"start": 0, "stop": 4294967296, "step": 1}], "dtype": "f64"}, "run_rows": 18446744073709551615}"#;
    let store = run(manifest, &[("m.f64", &1.5f64.to_le_bytes())]);
    assert_eq!(shown(&store, "m"), "0:1.5");
}

#[test]
fn links_may_not_lead_out_of_the_run_except_for_the_configuration() {
    use crate::store::Store;
    let store = run(
        r#"{"m": {"indices": [{"start": 0, "stop": 3, "step": 1}], "dtype": "u8"}, "d/m": {"indices": [{"start": 0, "stop": 3, "step": 1}], "dtype": "u8"}, "n": {"indices": [{"start": 0, "stop": 3, "step": 1}], "dtype": "u8"}, "run_rows": 3}"#,
        &[("real.u8", b"abc")],
    );
    store.plant("/secret/m.u8", b"key");
    store.plant("/secret/config.json", b"{\"a\": 1}");
    let root = Path::new(RUN).join("plattli");
    store.symlink(Path::new("/secret/m.u8"), &root.join("m.u8")).unwrap();
    store.symlink(Path::new("/secret"), &root.join("d")).unwrap();
    store.symlink(Path::new("real.u8"), &root.join("n.u8")).unwrap();
    store.symlink(Path::new("/secret/config.json"), &root.join("config.json")).unwrap();
    for metric in ["m", "d/m"] {
        let error = shown(&store, metric);
        assert!(error.starts_with("Corrupt") && error.contains("out of the run"), "{error}");
    }
    assert_eq!(shown(&store, "n"), "0:97 1:98 2:99");
    assert_eq!(open(&store).unwrap().config().unwrap(), "{\"a\": 1}");
}

#[test]
fn the_first_run_in_the_order_of_the_format_is_found() {
    let find = |store: &MemoryStore, path: &str, kind: ReadKind| {
        let options = ReaderOptions { kind, ..Default::default() };
        Reader::open_in(Arc::new(store.clone()), path, &options).map(|r| r.location().display().to_string())
    };
    use crate::run::options::ReadKind;
    let store = run("{}", &[]);
    let archive = crate::run::archive::pack;
    for at in ["/runs/heat/plattli", "/runs/heat"] {
        assert_eq!(find(&store, at, ReadKind::Auto).unwrap(), "/runs/heat/plattli");
        let error = find(&store, at, ReadKind::Archive).unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
    }
    // A file of that name which is no archive is passed over.
    store.plant("/runs/heat/metrics.plattli", b"not a zip");
    assert_eq!(find(&store, RUN, ReadKind::Auto).unwrap(), "/runs/heat/plattli");
    archive(
        &store,
        Path::new("/runs/heat/plattli"),
        Path::new("/runs/heat/metrics.plattli"),
        &HashMap::new(),
    )
    .unwrap();
    archive(&store, Path::new("/runs/heat/plattli"), Path::new("/elsewhere.plattli"), &HashMap::new())
        .unwrap();
    assert_eq!(find(&store, RUN, ReadKind::Auto).unwrap(), "/runs/heat/metrics.plattli");
    assert_eq!(find(&store, RUN, ReadKind::Folder).unwrap(), "/runs/heat/plattli");
    assert_eq!(find(&store, "/elsewhere.plattli", ReadKind::Auto).unwrap(), "/elsewhere.plattli");
    store.plant("/runs/plattli.json", b"{}");
    assert_eq!(find(&store, "/runs", ReadKind::Auto).unwrap(), "/runs");
    store.plant("/broken/metrics.plattli", b"PK");
    let error = find(&store, "/broken", ReadKind::Auto).unwrap_err();
    assert!(error.message().contains("zip"), "{error}");
    for path in ["/nothing", "/secret", ""] {
        assert_eq!(find(&store, path, ReadKind::Auto).unwrap_err().code(), Code::NotFound, "{path}");
    }
    assert_eq!(display_name(Path::new("/runs/heat/plattli")), "heat");
    assert_eq!(display_name(Path::new("/runs/heat/metrics.plattli")), "heat");
    assert_eq!(display_name(Path::new("/runs/heat.plattli")), "heat");
    assert_eq!(display_name(Path::new("/runs/heat")), "heat");
}

#[test]
fn the_estimate_looks_at_no_more_files_than_it_may() {
    let store = run(
        r#"{"a": {"indices": [{"start": 0, "step": 1}], "dtype": "u8"}, "b": {"indices": [{"start": 0, "step": 1}], "dtype": "u8"}, "c": {"indices": [{"start": 0, "step": 2}], "dtype": "u16"}, "d": {"indices": "indices", "dtype": "u8"}, "e": {"indices": [{"start": 0, "stop": 5, "step": 1}], "dtype": "u8"}, "j": {"indices": [{"start": 0, "step": 1}], "dtype": "jsonl"}}"#,
        &[
            ("a.u8", &[0; 7]),
            ("b.u8", &[0; 30]),
            ("c.u16", &[0; 20]),
            ("d.indices", &[0; 80]),
            ("e.u8", &[0; 2]),
        ],
    );
    let reader = open(&store).unwrap();
    let estimates: Vec<u64> = (0..6).map(|probes| reader.approx_max_rows(probes).unwrap()).collect();
    assert_eq!(estimates, [5, 7, 10, 20, 30, 30]);
    let before = store.ops();
    reader.approx_max_rows(3).unwrap();
    assert_eq!(store.ops() - before, 3);
    let finished = run(r#"{"m": {"indices": [], "dtype": "u8"}, "run_rows": 77}"#, &[]);
    assert_eq!(open(&finished).unwrap().approx_max_rows(12).unwrap(), 77);
}

#[test]
fn opening_costs_the_same_with_one_metric_and_with_a_thousand() {
    let operations = |metrics: usize| {
        let entries: Vec<String> = (0..metrics)
            .map(|i| format!(r#""m{i}": {{"indices": [{{"start": 0, "step": 1}}], "dtype": "u8"}}"#))
            .collect();
        let store = run(&format!("{{{}}}", entries.join(", ")), &[("hot.jsonl", b"{\"step\":0,\"m0\":1}\n")]);
        let reader = open(&store).unwrap();
        assert_eq!(reader.metrics().len(), metrics);
        store.ops()
    };
    assert_eq!(operations(1), operations(1000));
}
