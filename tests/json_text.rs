//! The JSON text against Python's `json` module: digits and layout of floats, escapes, what is accepted.
#![allow(clippy::unwrap_used)]

use plattli::json::*;
use proptest::prelude::*;

fn text_of(v: f64) -> String {
    let mut out = Vec::new();
    push_f64(&mut out, v);
    String::from_utf8(out).unwrap()
}

fn quoted(s: &str) -> Vec<u8> {
    let mut out = Vec::new();
    push_str(&mut out, s);
    out
}

fn compact(text: impl AsRef<[u8]>) -> Result<String, JsonError> {
    let mut out = Vec::new();
    transcode(text.as_ref(), Spacing::Compact, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

fn strict(text: impl AsRef<[u8]>) -> Result<String, JsonError> {
    let mut out = Vec::new();
    transcode_strict(text.as_ref(), Spacing::Compact, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

/// Python's rule, from the digits that std finds independently of zmij. Of two shortest strings equally near, as
/// for …662.25, std takes the larger one and Python the even one, so the number is rounded to as many digits as the
/// shortest string has, unless that leaves the number (just above a power of two).
fn layout_by_rule(v: f64) -> String {
    let shortest = format!("{v:e}");
    let digits = shortest.bytes().take_while(|&c| c != b'e').filter(u8::is_ascii_digit).count();
    let rounded = format!("{v:.*e}", digits - 1);
    let scientific = if rounded.parse() == Ok(v) { rounded } else { shortest };
    let (mantissa, exponent) = scientific.split_once('e').unwrap();
    let exponent: i32 = exponent.parse().unwrap();
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |m| ("-", m));
    if !(-4..16).contains(&exponent) {
        let e_sign = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{mantissa}e{e_sign}{:02}", exponent.abs());
    }
    let digits = mantissa.replace('.', "");
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat((-exponent - 1) as usize));
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        return format!("{sign}{digits}{}.0", "0".repeat(whole - digits.len()));
    }
    format!("{sign}{}.{}", &digits[..whole], &digits[whole..])
}

#[test]
fn floats_of_the_format_table_have_the_text_of_the_table() {
    for (v, text) in [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (100.0, "100.0"),
        (1e15, "1000000000000000.0"),
        (1e16, "1e+16"),
        (9007199254740992.0, "9007199254740992.0"),
        (123456789012345680.0, "1.2345678901234568e+17"),
        (1e-4, "0.0001"),
        (1e-5, "1e-05"),
        (3e-7, "3e-07"),
        (5e-324, "5e-324"),
        (f64::from(0.1f32), "0.10000000149011612"),
        (f64::from(1.2f32), "1.2000000476837158"),
        (7901140111926649.0 / 4.0, "1975285027981662.2"),
        (7901140111926651.0 / 4.0, "1975285027981662.8"),
        (f64::NAN, "NaN"),
        (-f64::NAN, "NaN"),
        (f64::INFINITY, "Infinity"),
        (f64::NEG_INFINITY, "-Infinity"),
    ] {
        assert_eq!(text_of(v), text);
    }
}

#[test]
fn tricky_floats_have_the_text_that_python_gave_them() {
    for line in include_str!("data/float_repr.tsv").lines() {
        let (bits, text) = line.split_once('\t').unwrap();
        assert_eq!(text_of(f64::from_bits(u64::from_str_radix(bits, 16).unwrap())), text, "{bits}");
    }
}

#[test]
fn every_power_of_ten_and_its_neighbours_are_laid_out_like_python() {
    for exponent in -324..=308 {
        let power: f64 = format!("1e{exponent}").parse().unwrap();
        for v in [power.next_down(), power, power.next_up(), 9.5 * power, 1.25 * power] {
            if v.is_finite() {
                assert_eq!(text_of(v), layout_by_rule(v));
                assert_eq!(text_of(-v), layout_by_rule(-v));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn any_bit_pattern_is_written_with_the_shortest_digits_in_pythons_layout(bits: u64) {
        let v = f64::from_bits(bits);
        let v = if v.is_finite() { v } else { 1.0 };
        prop_assert_eq!(text_of(v), layout_by_rule(v));
    }

    #[test]
    fn everyday_numbers_are_laid_out_like_python(m in -1_000_000i64..1_000_000, e in -12i32..20) {
        let v: f64 = format!("{m}e{e}").parse().unwrap();
        prop_assert_eq!(text_of(v), layout_by_rule(v));
    }

    #[test]
    fn a_string_comes_back_as_it_was(s: String) {
        let text = quoted(&s);
        prop_assert_eq!(parse(&text).unwrap().as_str().unwrap(), s.as_str());
        prop_assert_eq!(strict(&text).unwrap().into_bytes(), text);
    }
}

#[test]
fn escapes_are_those_of_the_format_vector() {
    let s = "q\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}é\u{2028}😀";
    let text = quoted(s);
    let mut expected = br#""q\"\\/\b\f\n\r\t\u0000\u001f"#.to_vec();
    expected.extend_from_slice(b"\x7f\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80\"");
    assert_eq!(text, expected);
    assert_eq!(parse(&text).unwrap().as_str().unwrap(), s);
}

#[test]
fn members_come_in_order_with_duplicates() {
    let line = br#" {"step":3 , "a":[1, {"b":2}],"\u00e9\/":"x","a":NaN} "#;
    let mut seen = Vec::new();
    scan_object(line, |k, v| seen.push((k.into_owned(), String::from_utf8(v.0.to_vec()).unwrap()))).unwrap();
    let expected = [("step", "3"), ("a", "[1, {\"b\":2}]"), ("é/", "\"x\""), ("a", "NaN")];
    assert!(seen.iter().map(|(k, v)| (k.as_str(), v.as_str())).eq(expected));
    let whole = parse(line).unwrap();
    assert!(whole
        .members()
        .map(|(k, v)| (k.into_owned(), v.0))
        .eq(seen.iter().map(|(k, v)| (k.clone(), v.as_bytes()))));
}

/// Undoes the `\xNN` of the table.
fn unescaped(field: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = field;
    while let Some((before, after)) = rest.split_once("\\x") {
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(&after[..2], 16).unwrap());
        rest = &after[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

/// The table is made by `tests/data/json_python.py`, which says what is in it.
#[test]
fn python_and_we_accept_the_same_text_and_make_the_same_of_it() {
    let table = include_str!("data/json_python.tsv");
    let mut differences = Vec::new();
    for line in table.lines() {
        let (input, expected) = line.split_once('\t').unwrap();
        let text = unescaped(input);
        let ours = compact(&text).ok();
        let agreed = (expected != "!").then(|| String::from_utf8(unescaped(expected)).unwrap());
        if ours != agreed || parse(&text).is_ok() != ours.is_some() {
            differences.push(format!("{input}: Python {agreed:?}, we {ours:?}"));
        }
    }
    assert!(
        differences.is_empty(),
        "{} differ:\n{}",
        differences.len(),
        differences[..differences.len().min(20)].join("\n")
    );
}

#[test]
fn numbers_are_read_exactly_or_not_at_all() {
    let number = |text: &'static str| parse(text.as_bytes()).unwrap();
    assert_eq!(number("18446744073709551615").as_u64(), Some(u64::MAX));
    assert_eq!(number("18446744073709551616").as_u64(), None);
    assert_eq!(number("18446744073709551616").as_f64(), Some(18446744073709551616.0));
    assert_eq!(number("-9223372036854775808").as_i64(), Some(i64::MIN));
    assert_eq!(number("9223372036854775808").as_i64(), None);
    assert_eq!(number("-1").as_u64(), None);
    assert_eq!((number("-0").as_u64(), number("-0").as_i64()), (Some(0), Some(0)));
    assert_eq!((number("1.0").as_i64(), number("1e0").as_u64()), (None, None));
    assert_eq!(number("1e400").as_f64(), Some(f64::INFINITY));
    assert_eq!(number("-Infinity").as_f64(), Some(f64::NEG_INFINITY));
    assert!(number("NaN").as_f64().unwrap().is_nan());
    assert_eq!(parse("9".repeat(400).as_bytes()).unwrap().as_f64(), None);
    for other in ["null", "true", "\"1\"", "[1]", "{\"a\":1}"] {
        let raw = parse(other.as_bytes()).unwrap();
        assert_eq!((raw.as_f64(), raw.as_i64(), raw.as_u64()), (None, None, None), "{other}");
    }
}

#[test]
fn kinds_are_told_by_the_text() {
    use RawKind::*;
    for (text, kind) in [
        ("null", Null),
        ("true", Bool),
        ("false", Bool),
        ("0", Int),
        ("-12", Int),
        ("1.5", Float),
        ("1E5", Float),
        ("NaN", Float),
        ("Infinity", Float),
        ("-Infinity", Float),
        ("\"\"", Str),
        ("[]", Array),
        ("{}", Object),
    ] {
        let raw = parse(text.as_bytes()).unwrap();
        assert_eq!(raw.kind(), kind, "{text}");
        assert_eq!(raw.as_bool().is_some(), kind == Bool);
        assert_eq!(raw.as_str().is_some(), kind == Str);
        assert_eq!((raw.members().count(), raw.elements().count()), (0, 0));
    }
    assert_eq!(parse(b"[1, [2, 3] , {}]").unwrap().elements().count(), 3);
    assert_eq!(parse(b"{\"a\" : [2, 3] , \"b\":{}}").unwrap().members().count(), 2);
}

#[test]
fn a_lone_surrogate_may_be_read_in_a_value_but_not_written_nor_be_a_key() {
    let text = br#"["x\uD83D","\ud83d\uDE00"]"#;
    assert_eq!(compact(text).unwrap(), "[\"x\\ud83d\",\"😀\"]");
    assert_eq!(strict(text), Err(JsonError { offset: 1, what: "lone surrogate" }));
    let strings: Vec<_> = parse(text).unwrap().elements().map(|e| e.as_str()).collect();
    assert_eq!(strings, [None, Some("😀".into())]);
    let key = br#"{"a":1,"\udc00":2}"#;
    let refused = JsonError { offset: 7, what: "lone surrogate in a key" };
    assert_eq!(parse(key), Err(refused));
    assert_eq!(compact(key), Err(refused));
    assert_eq!(scan_object(key, |_, _| ()), Err(refused));
}

#[test]
fn what_python_could_not_read_back_is_not_written() {
    for (depth, fine) in [(MAX_DEPTH, true), (MAX_DEPTH + 1, false)] {
        let lists = "[".repeat(depth) + &"]".repeat(depth);
        let objects = "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
        assert_eq!((strict(&lists).is_ok(), strict(&objects).is_ok()), (fine, fine));
        assert_eq!((compact(&lists).unwrap(), compact(&objects).unwrap()), (lists, objects));
    }
    for (digits, fine) in [(MAX_INTEGER_DIGITS, true), (MAX_INTEGER_DIGITS + 1, false)] {
        for sign in ["", "-"] {
            let integer = format!("{sign}{}", "7".repeat(digits));
            assert_eq!(strict(&integer).is_ok(), fine);
            assert_eq!(compact(&integer).unwrap(), integer);
        }
    }
}

#[test]
fn a_refused_text_leaves_the_output_as_it_was() {
    let mut out = b"kept".to_vec();
    for text in ["[1,2", "{\"a\":[1,{\"b\":nul}]}", "[1] 2", ""] {
        transcode(text.as_bytes(), Spacing::Spaced, &mut out).unwrap_err();
        assert_eq!(out, b"kept");
    }
    transcode(b" {\"a\":[1,2.50 ,{}] , \"b\" :\"x\"}\n", Spacing::Spaced, &mut out).unwrap();
    assert_eq!(out, br#"kept{"a": [1, 2.5, {}], "b": "x"}"#);
}

#[test]
fn a_million_open_brackets_end_in_an_error_not_in_a_stack_overflow() {
    const MANY: usize = 1_000_000;
    let bare = "[".repeat(MANY);
    assert_eq!(parse(bare.as_bytes()), Err(JsonError { offset: MANY, what: "expected a value" }));
    let members = "{\"a\":[".repeat(MANY);
    assert_eq!(parse(members.as_bytes()).unwrap_err().offset, members.len());
    let closed = bare + &"]".repeat(MANY);
    assert_eq!(parse(closed.as_bytes()).unwrap().0.len(), 2 * MANY);
    assert_eq!(compact(&closed).unwrap(), closed);
    assert_eq!(parse(&closed.as_bytes()[..2 * MANY - 1]).unwrap_err().offset, 2 * MANY - 1);
    assert!(
        scan_object(format!("{{\"a\":{closed}}}").as_bytes(), |_, v| assert_eq!(v.0.len(), 2 * MANY)).is_ok()
    );
}

#[test]
fn brackets_of_both_kinds_are_told_apart_at_any_depth() {
    for depth in [1, 2, 63, 64, 65, 127, 128, 129, 130, 500] {
        let mut text: String = (0..depth).map(|i| if i % 3 == 0 { "[" } else { "{\"k\":" }).collect();
        text.push_str("null");
        for i in (0..depth).rev() {
            let wrong = format!("{text}{}", if i % 3 == 0 { '}' } else { ']' });
            assert_eq!(parse(wrong.as_bytes()).unwrap_err().offset, text.len(), "level {i} of {depth}");
            text.push(if i % 3 == 0 { ']' } else { '}' });
        }
        assert_eq!(compact(&text).unwrap(), text);
    }
}

#[test]
fn an_object_cut_anywhere_is_refused() {
    let line = r#"{"step":12,"solver/iters":-3,"res":1.25e-07,"é\u00e9\ud83d\ude00":[null,true,{"a":NaN}],"n":-Infinity} "#.as_bytes();
    for end in 0..line.len() - 1 {
        assert!(parse(&line[..end]).is_err(), "{}", line[..end].escape_ascii());
        assert!(scan_object(&line[..end], |_, _| ()).is_err(), "{}", line[..end].escape_ascii());
        assert!(compact(&line[..end]).is_err());
    }
    assert!(parse(line).is_ok() && scan_object(line, |_, _| ()).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    /// The two scanners agree on damaged lines, and what is handed out is what is in the text.
    #[test]
    fn a_line_is_scanned_as_it_is_parsed(at in 0usize..60, byte: u8, cut in 0usize..60) {
        let mut line = br#"{"step":7,"a/b":[1,{"c":"\n"}],"x":-1.5e3,"s":"\u00e9","e":{}}"#.to_vec();
        line[at] = byte;
        line.truncate(line.len() - cut / 30);
        let mut scanned = Vec::new();
        let result = scan_object(&line, |k, v| scanned.push((k, v)));
        match parse(&line) {
            Ok(raw) if raw.kind() == RawKind::Object => {
                prop_assert_eq!(result, Ok(()));
                prop_assert!(raw.members().eq(scanned));
            }
            Ok(_) => prop_assert!(result.is_err()),
            Err(e) => if line[0] == b'{' { prop_assert_eq!(result, Err(e)) },
        }
    }

    #[test]
    fn a_long_string_is_scanned_to_its_end_wherever_the_odd_byte_stands(before in 0usize..40, after in 0usize..40, odd in prop::sample::select(vec!["é", "\"", "\\", "\n", "\u{1}", "😀", "\u{7f}", "!", "#"])) {
        let s = format!("{}{odd}{}", "a".repeat(before), "é".repeat(after));
        let text = quoted(&s);
        prop_assert_eq!(parse(&text).unwrap().as_str().unwrap(), s);
        for raw in [b'\n', 0, 0x1f, 0xff, 0x80] {
            let mut broken = text.clone();
            broken.insert(1, raw);
            prop_assert!(parse(&broken).is_err());
        }
    }
}

/// Figures to look at, not to pass: `cargo test --release --test json_text -- --ignored --nocapture`.
#[test]
#[ignore = "prints speeds"]
fn speeds() {
    use plattli::clock::Tick;
    use std::hint::black_box;
    let mut out = Vec::with_capacity(1 << 20);
    let mut report = |what: &str, n: usize, bytes: usize, work: &mut dyn FnMut(&mut Vec<u8>)| {
        let best = (0..5)
            .map(|_| {
                let start = Tick::now();
                out.clear();
                work(&mut out);
                start.elapsed_ns()
            })
            .min()
            .unwrap();
        let rate = bytes as f64 * 1e3 / best as f64;
        println!("{what:32} {:8.1} ns each {rate:8.0} MB/s", best as f64 / n as f64);
    };
    let floats: Vec<f64> = (1..10_000).map(|i| (f64::from(i) * 0.37).sin() / f64::from(i)).collect();
    report("push_f64, 17 digits", floats.len(), 0, &mut |out| floats.iter().for_each(|&v| push_f64(out, v)));
    report("push_f64, short", floats.len(), 0, &mut |out| {
        (0..9_999).for_each(|i| push_f64(out, f64::from(i) * 0.5))
    });
    report("push_f64, 1e-5", floats.len(), 0, &mut |out| {
        floats.iter().for_each(|&v| push_f64(out, 4e-5 + v * 1e-5))
    });
    report("push_i64", floats.len(), 0, &mut |out| (0..9_999).for_each(|i| push_i64(out, i * 7919)));
    report("push_str, 12 bytes", 10_000, 120_000, &mut |out| {
        (0..10_000).for_each(|_| push_str(out, black_box("solver/iters")))
    });
    let mut line = br#"{"step":123456"#.to_vec();
    for (i, v) in floats[..8].iter().enumerate() {
        line.extend_from_slice(format!(",\"residual{i}\":").as_bytes());
        push_f64(&mut line, *v);
    }
    line.push(b'}');
    let n = 10_000;
    report("scan_object, 8 floats", n, n * line.len(), &mut |_| {
        (0..n).for_each(|_| scan_object(black_box(&line), |k, v| _ = black_box((k, v))).unwrap())
    });
    report("scan_object and as_f64", n, n * line.len(), &mut |_| {
        (0..n).for_each(|_| scan_object(black_box(&line), |_, v| _ = black_box(v.as_f64())).unwrap())
    });
    report("transcode", n, n * line.len(), &mut |out| {
        (0..n).for_each(|_| {
            out.clear();
            transcode(black_box(&line), Spacing::Spaced, out).unwrap();
        })
    });
    let text = format!("{{\"note\":\"{}\"}}", "the quick brown fox ".repeat(50));
    report("scan_object, 1 kB string", n, n * text.len(), &mut |_| {
        (0..n).for_each(|_| scan_object(black_box(text.as_bytes()), |k, v| _ = black_box((k, v))).unwrap())
    });
}
