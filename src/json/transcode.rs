//! One value from any legal spelling to the canonical one.

use super::scan::{decode_escape, Escape, Scanner, Sink, Str};
use super::text::{push_escaped, push_f64};
use super::JsonError;

/// How deeply arrays and objects may nest in what is written. Python's reader, at its default recursion limit of
/// 1000, manages 994 when nothing else is on its stack.
pub const MAX_DEPTH: usize = 500;

/// How many digits an integer may have in what is written: Python's own limit for reading one.
pub const MAX_INTEGER_DIGITS: usize = 4300;

/// The two spacings of format §3.2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spacing {
    /// Separators `,` and `:`, for the hot logs.
    Compact,
    /// Separators `, ` and `: `, for everything else.
    Spaced,
}

/// Validates one value, with any whitespace around it, and appends its canonical text: the given spacing, strings
/// escaped as little as format §3.2 wants, floats by way of binary64 as in §3.3, integers in plain decimal of any
/// length. Duplicate keys and the order of keys are kept; a lone surrogate stays an escape. Linear time. After an
/// error `out` is as it was.
pub fn transcode(input: &[u8], spacing: Spacing, out: &mut Vec<u8>) -> Result<(), JsonError> {
    run(input, spacing, false, out)
}

/// Like [`transcode`], and refuses what Python could not read back or not write as UTF-8: nesting beyond
/// [`MAX_DEPTH`], integers beyond [`MAX_INTEGER_DIGITS`], lone surrogates.
pub fn transcode_strict(input: &[u8], spacing: Spacing, out: &mut Vec<u8>) -> Result<(), JsonError> {
    run(input, spacing, true, out)
}

fn run(input: &[u8], spacing: Spacing, strict: bool, out: &mut Vec<u8>) -> Result<(), JsonError> {
    let before = out.len();
    let mut scanner = Scanner::new(input);
    scanner.skip_space();
    let done = scanner.value(&mut Emit { out, spacing, strict }).and_then(|()| scanner.end());
    if done.is_err() {
        out.truncate(before);
    }
    done
}

struct Emit<'o> {
    out: &'o mut Vec<u8>,
    spacing: Spacing,
    strict: bool,
}

impl Emit<'_> {
    fn separator(&mut self, c: u8) {
        self.out.push(c);
        if self.spacing == Spacing::Spaced {
            self.out.push(b' ');
        }
    }

    /// Unescapes and escapes anew.
    fn escaped(&mut self, inner: &[u8]) {
        let mut rest = inner;
        while let Some(at) = memchr::memchr(b'\\', rest) {
            self.out.extend_from_slice(&rest[..at]);
            let Some((escape, len)) = decode_escape(&rest[at..]) else { break };
            match escape {
                Escape::Char(c) => push_escaped(self.out, c.encode_utf8(&mut [0; 4])),
                Escape::Lone(unit) => self.out.extend_from_slice(format!("\\u{unit:04x}").as_bytes()),
            }
            rest = &rest[at + len..];
        }
        self.out.extend_from_slice(rest);
    }
}

impl Sink for Emit<'_> {
    fn open(&mut self, bracket: u8, depth: usize) -> Result<(), &'static str> {
        if self.strict && depth > MAX_DEPTH {
            return Err("more than 500 levels of nesting");
        }
        self.out.push(bracket);
        Ok(())
    }

    fn close(&mut self, bracket: u8) {
        self.out.push(bracket);
    }

    fn comma(&mut self) {
        self.separator(b',');
    }

    fn colon(&mut self) {
        self.separator(b':');
    }

    fn string(&mut self, string: &Str<'_>) -> Result<(), &'static str> {
        if self.strict && string.lone {
            return Err("lone surrogate");
        }
        self.out.push(b'"');
        if string.escaped {
            self.escaped(string.inner);
        } else {
            self.out.extend_from_slice(string.inner);
        }
        self.out.push(b'"');
        Ok(())
    }

    fn integer(&mut self, text: &[u8]) -> Result<(), &'static str> {
        let digits = text.strip_prefix(b"-").unwrap_or(text);
        if self.strict && digits.len() > MAX_INTEGER_DIGITS {
            return Err("an integer of more than 4300 digits");
        }
        self.out.extend_from_slice(if digits == b"0" { digits } else { text });
        Ok(())
    }

    fn float(&mut self, text: &[u8]) {
        // The grammar of JSON floats is part of the one of `f64`, so parsing cannot fail.
        let value = std::str::from_utf8(text).ok().and_then(|t| t.parse().ok()).unwrap_or(f64::NAN);
        push_f64(self.out, value);
    }

    fn word(&mut self, text: &[u8]) {
        self.out.extend_from_slice(text);
    }
}
