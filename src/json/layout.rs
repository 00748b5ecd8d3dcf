//! The same value in another layout: whitespace changes, numbers and strings stay as they were spelled.
//!
//! Unlike the rest of this layer these take JSON only: the bare words `NaN` and `Infinity`, which Python writes and
//! nobody else reads, are refused.

use super::scan::{Scanner, Sink, Str};
use super::transcode::{MAX_DEPTH, MAX_INTEGER_DIGITS};
use super::JsonError;

/// Appends one value without whitespace, on one line. Linear time, no recursion. After an error `out` is as it was.
pub fn compact(input: &[u8], out: &mut Vec<u8>) -> Result<(), JsonError> {
    run(input, out, false, false)
}

/// Like [`compact`], and refuses what other programs could not read back: nesting beyond [`MAX_DEPTH`], integers of more
/// than [`MAX_INTEGER_DIGITS`] digits, lone surrogates.
pub fn compact_strict(input: &[u8], out: &mut Vec<u8>) -> Result<(), JsonError> {
    run(input, out, true, false)
}

/// Appends one value for people: a line for each element and member, two spaces for each level.
pub fn indent(input: &[u8], out: &mut Vec<u8>) -> Result<(), JsonError> {
    run(input, out, false, true)
}

fn run(input: &[u8], out: &mut Vec<u8>, strict: bool, lines: bool) -> Result<(), JsonError> {
    let before = out.len();
    let mut scanner = Scanner::new(input);
    scanner.skip_space();
    let mut copy = Copy { out, strict, lines, depth: 0, fresh: false, bare: None };
    let mut done = scanner.value(&mut copy).and_then(|()| scanner.end());
    if let (Ok(()), Some(word)) = (&done, copy.bare) {
        let offset = word.addr().saturating_sub(input.as_ptr().addr());
        done = Err(JsonError { offset, what: "NaN and Infinity are not JSON" });
    }
    if done.is_err() {
        out.truncate(before);
    }
    done
}

struct Copy<'o> {
    out: &'o mut Vec<u8>,
    strict: bool,
    /// With a line for each item.
    lines: bool,
    depth: usize,
    /// An array or object was opened and nothing stands in it yet.
    fresh: bool,
    /// Where the first bare word stands.
    bare: Option<*const u8>,
}

impl Copy<'_> {
    fn line(&mut self) {
        if self.lines {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + 2 * self.depth, b' ');
        }
    }

    fn token(&mut self, text: &[u8]) {
        self.first();
        self.out.extend_from_slice(text);
    }

    /// What comes next is the first in its array or object.
    fn first(&mut self) {
        if std::mem::take(&mut self.fresh) {
            self.line();
        }
    }
}

impl Sink for Copy<'_> {
    fn open(&mut self, bracket: u8, depth: usize) -> Result<(), &'static str> {
        if self.strict && depth > MAX_DEPTH {
            return Err("more than 500 levels of nesting");
        }
        self.token(&[bracket]);
        self.depth += 1;
        self.fresh = true;
        Ok(())
    }

    fn close(&mut self, bracket: u8) {
        self.depth -= 1;
        if !std::mem::take(&mut self.fresh) {
            self.line();
        }
        self.out.push(bracket);
    }

    fn comma(&mut self) {
        self.out.push(b',');
        self.line();
    }

    fn colon(&mut self) {
        self.out.extend_from_slice(if self.lines { b": " } else { b":" });
    }

    fn string(&mut self, string: &Str<'_>) -> Result<(), &'static str> {
        if self.strict && string.lone {
            return Err("lone surrogate");
        }
        self.token(b"\"");
        self.out.extend_from_slice(string.inner);
        self.out.push(b'"');
        Ok(())
    }

    fn integer(&mut self, text: &[u8]) -> Result<(), &'static str> {
        let digits = text.strip_prefix(b"-").unwrap_or(text);
        if self.strict && digits.len() > MAX_INTEGER_DIGITS {
            return Err("an integer of more than 4300 digits");
        }
        self.token(text);
        Ok(())
    }

    fn float(&mut self, text: &[u8]) {
        self.token(text);
    }

    fn word(&mut self, text: &[u8]) {
        if !matches!(text, b"null" | b"true" | b"false") {
            self.bare.get_or_insert(text.as_ptr());
        }
        self.token(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(layout: fn(&[u8], &mut Vec<u8>) -> Result<(), JsonError>, input: &str) -> String {
        let mut out = Vec::new();
        layout(input.as_bytes(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn refused(input: &str) -> String {
        let mut out = b"before".to_vec();
        let error = compact_strict(input.as_bytes(), &mut out).unwrap_err();
        assert_eq!(out, b"before");
        error.to_string()
    }

    #[test]
    fn whitespace_goes_and_spelling_stays() {
        let input = " { \"a\" : [ 1e400 , -0 , 1.50 , 123456789012345678901234567890 , \"\\u00e9 é \\n\" ] ,\n\t\"a\":{ } }\r\n";
        let expected = "{\"a\":[1e400,-0,1.50,123456789012345678901234567890,\"\\u00e9 é \\n\"],\"a\":{}}";
        assert_eq!(text(compact, input), expected);
        assert_eq!(text(compact_strict, input), expected);
        assert_eq!(text(compact, " null "), "null");
    }

    #[test]
    fn a_layout_for_people_is_that_of_javascript_with_two_spaces() {
        let input = r#"{"a":[1,{"b":[]},"x"],"c":{},"d":true}"#;
        let expected =
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    },\n    \"x\"\n  ],\n  \"c\": {},\n  \"d\": true\n}";
        assert_eq!(text(indent, input), expected);
        assert_eq!(text(compact, &text(indent, input)), input);
    }

    #[test]
    fn what_is_not_json_or_not_readable_elsewhere_is_refused() {
        assert_eq!(refused("[1,NaN]"), "NaN and Infinity are not JSON at byte 3");
        assert_eq!(refused("-Infinity"), "NaN and Infinity are not JSON at byte 0");
        assert!(refused("\"\\ud800\"").contains("lone surrogate"));
        assert!(refused(&"[".repeat(501)).contains("500 levels"));
        assert!(refused(&"9".repeat(4301)).contains("4300 digits"));
        assert!(refused("").contains("expected a value"));
        assert!(refused("1 2").contains("extra text"));
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(text(compact, &deep), deep);
    }
}
