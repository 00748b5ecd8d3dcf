use super::lines::Lines;
use super::row::{value, Metrics, Order};
use super::*;
use crate::json::parse;
use crate::store::{Create, MemoryStore};
use proptest::prelude::*;

fn file_of(bytes: &[u8]) -> Box<dyn File> {
    let file = MemoryStore::new().open_append(Path::new("log"), Create::New).unwrap();
    file.append(bytes).unwrap();
    file
}

fn log_lines(bytes: &[u8], chunk: usize) -> Vec<(Vec<u8>, bool)> {
    let file = file_of(bytes);
    let mut lines = Lines::with_chunk(&*file, bytes.len() as u64, chunk);
    let mut all = Vec::new();
    while let Some((line, complete)) = lines.next().unwrap() {
        all.push((line.to_vec(), complete));
    }
    all
}

/// The steps that are left when each step first drops all rows at or beyond it.
fn replayed(steps: &[u32]) -> Vec<u32> {
    let mut kept: Vec<u32> = Vec::new();
    for &step in steps {
        kept.retain(|&k| k < step);
        kept.push(step);
    }
    kept
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn lines_are_the_same_whatever_the_size_of_a_read(text in "[a\n]{0,40}", chunk in 1usize..9) {
        let mut expected: Vec<_> = text.split('\n').map(|l| (l.as_bytes().to_vec(), true)).collect();
        if let Some((last, _)) = expected.pop().filter(|(last, _)| !last.is_empty()) {
            expected.push((last, false));
        }
        prop_assert_eq!(log_lines(text.as_bytes(), chunk), expected);
    }

    #[test]
    fn rewinds_void_the_lines_that_a_replay_would_drop(steps in prop::collection::vec(0u32..12, 0..25)) {
        let mut steps = steps;
        steps.dedup();
        let text: String = steps.iter().map(|s| format!("{{\"step\":{s}}}\n")).collect();
        let options = ImportOptions { allow_rewinds: true, ..Default::default() };
        let file = file_of(text.as_bytes());
        let log = Log { path: Path::new("log"), file: &*file, len: text.len() as u64, options: &options };
        let void = log.void_lines().unwrap();
        let kept: Vec<u32> = steps.iter().zip(void).filter(|(_, v)| !v).map(|(s, _)| *s).collect();
        prop_assert_eq!(kept, replayed(&steps));
    }
}

#[test]
fn the_last_value_of_a_key_counts_in_the_place_of_the_first() {
    let mut metrics = Metrics::new(&[]);
    for _ in 0..2 {
        let row = metrics.row(br#"{"step":1,"a":1,"b":2,"step":7,"a":3}"#).unwrap();
        assert_eq!(row.step.unwrap().0, b"7");
        let values: Vec<_> = row.values.iter().map(|(id, raw)| (metrics.get(*id).0, raw.0)).collect();
        assert_eq!(values, [("a", &b"3"[..]), ("b", b"2")]);
    }
}

#[cfg(feature = "patterns")]
#[test]
fn columns_are_skipped_only_if_the_whole_name_matches() {
    let names = |patterns: &[&str]| {
        let skip = patterns_of(patterns).unwrap();
        let mut metrics = Metrics::new(&skip);
        let row =
            metrics.row(br#"{"pnorm":1,"gnorm/x":1,"xpgnorm":1,"pgnorm":1,"a":1,"aa":1,"b\n":1}"#).unwrap();
        row.values.iter().map(|(id, _)| metrics.get(*id).0.to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(&[]), "pnorm gnorm/x xpgnorm pgnorm a aa b\n");
    assert_eq!(names(&["DEFAULT"]), "xpgnorm pgnorm a aa b\n");
    assert_eq!(names(&["a", "b"]), "pnorm gnorm/x xpgnorm pgnorm aa b\n");
    assert_eq!(names(&["a|pg", ".*norm"]), "gnorm/x aa b\n");
    for bad in ["(", "a)(b", "*"] {
        assert_eq!(patterns_of(&[bad]).unwrap_err().code(), crate::Code::Argument, "{bad}");
    }
}

#[cfg(feature = "patterns")]
fn patterns_of(texts: &[&str]) -> Result<Vec<Pattern>> {
    patterns(&texts.iter().map(|t| t.to_string()).collect::<Vec<_>>())
}

#[cfg(not(feature = "patterns"))]
#[test]
fn a_build_without_patterns_says_so() {
    assert!(patterns(&[]).is_ok());
    let refused = patterns(&["DEFAULT".into()]).err().map(|e| e.code());
    assert_eq!(refused, Some(crate::Code::Unsupported));
}

#[test]
fn steps_are_integers_in_all_lines_or_in_none() {
    let order = |steps: &[&'static str], rewinds| {
        let mut order = Order::new(rewinds);
        let given = steps.iter().map(|s| (!s.is_empty()).then(|| parse(s.as_bytes()).unwrap()));
        given.map(|s| order.step(s)).collect::<Result<Vec<_>>>().map_err(|e| e.message().to_owned())
    };
    assert_eq!(order(&["", "null", ""], false), Ok(vec![0, 1, 2]));
    assert_eq!(order(&["3", "4294967295"], false), Ok(vec![3, u32::MAX]));
    assert_eq!(order(&["3", "2", "5", "-0"], true), Ok(vec![3, 2, 5, 0]));
    for (steps, rewinds, what) in [
        (&["", "1"][..], false, "some have none"),
        (&["1", ""], true, "some have none"),
        (&["1", "null"], true, "some have none"),
        (&["2", "1"], false, "step 1 after 2"),
        (&["2", "2"], false, "twice"),
        (&["2", "2"], true, "twice"),
        (&["true"], false, "integer, not true"),
        (&["3.0"], false, "integer, not 3.0"),
        (&["\"3\""], false, "integer"),
        (&["-1"], false, "from 0 to 4294967295, not -1"),
        (&["4294967296"], false, "from 0 to 4294967295"),
        (&["99999999999999999999999999999999999999999999999999"], false, "from 0 to 4294967295"),
    ] {
        let error = order(steps, rewinds).unwrap_err();
        assert!(error.contains(what), "{steps:?}: {error}");
    }
}

#[test]
fn numbers_are_i64_or_f32_unless_the_metric_holds_json() {
    fn show(text: &str, json: bool, double: bool) -> String {
        match value(parse(text.as_bytes()).unwrap(), json, double) {
            Ok(Value::I64(v)) => format!("i64 {v}"),
            Ok(Value::F32(v)) => format!("f32 {v}"),
            Ok(Value::F64(v)) => format!("f64 {v}"),
            Ok(Value::Json(v)) => format!("json {}", String::from_utf8_lossy(v)),
            Ok(_) => "other".into(),
            Err(e) => e.message().into(),
        }
    }
    assert_eq!(show("3", false, false), "i64 3");
    assert_eq!(show("9223372036854775808", false, false), "an integer beyond the range of i64");
    assert_eq!(show("9223372036854775808", true, false), "json 9223372036854775808");
    assert_eq!(show("0.1", false, false), "f32 0.1");
    assert_eq!(show("0.1", true, false), "json 0.1");
    assert_eq!(show("1e300", false, true), "f64 1e300".replace("1e300", &1e300.to_string()));
    assert!(show("1e300", false, false).contains("beyond the range of f32"));
    assert_eq!(show("1e400", false, false), "f32 inf");
    assert_eq!(show("NaN", false, false), "f32 NaN");
    assert_eq!(show("true", false, false), "json true");
    assert_eq!(show("[1]", false, false), "json [1]");
}
