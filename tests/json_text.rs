//! The JSON text against Python's `json` module: digits and layout of floats, escapes, what is accepted.

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

/// Python's rule, from the digits that std finds independently of zmij.
fn layout_by_rule(v: f64) -> String {
    let scientific = format!("{v:e}");
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
        (f64::NAN, "NaN"),
        (-f64::NAN, "NaN"),
        (f64::INFINITY, "Infinity"),
        (f64::NEG_INFINITY, "-Infinity"),
    ] {
        assert_eq!(text_of(v), text);
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
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn any_bit_pattern_is_written_with_the_shortest_digits_in_pythons_layout(bits: u64) {
        let v = f64::from_bits(bits);
        prop_assume!(v.is_finite());
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
