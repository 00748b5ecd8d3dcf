//! Reading: validated text that is borrowed, not copied.

use super::scan::{decode_escape, Escape, Quiet, Scanner, Str};
use super::JsonError;
use std::borrow::Cow;

/// The text of one valid value, without whitespace around it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Raw<'a>(pub &'a [u8]);

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RawKind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool,
    /// A number with neither point nor exponent, of any length.
    Int,
    /// Any other number, `NaN`, `Infinity` and `-Infinity`.
    Float,
    /// A string.
    Str,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// Validates the whole input as one value with any whitespace around it.
pub fn parse(input: &[u8]) -> Result<Raw<'_>, JsonError> {
    let mut scanner = Scanner::new(input);
    scanner.skip_space();
    let start = scanner.at;
    scanner.value(&mut Quiet)?;
    let raw = Raw(&input[start..scanner.at]);
    scanner.end()?;
    Ok(raw)
}

/// Validates the whole input as one object in one pass and calls `f` with each of its members as it is met; a key
/// without escapes is borrowed. After an error the members already handed out are to be forgotten.
pub fn scan_object<'a>(line: &'a [u8], mut f: impl FnMut(Cow<'a, str>, Raw<'a>)) -> Result<(), JsonError> {
    let mut scanner = Scanner::new(line);
    scanner.skip_space();
    if !scanner.eat(b'{') {
        return scanner.error("expected an object");
    }
    scanner.skip_space();
    if !scanner.eat(b'}') {
        loop {
            let key = scanner.key(&mut Quiet)?;
            let start = scanner.at;
            scanner.value(&mut Quiet)?;
            f(unescape(&key), Raw(&line[start..scanner.at]));
            scanner.skip_space();
            if scanner.eat(b'}') {
                break;
            }
            if !scanner.eat(b',') {
                return scanner.error("expected ',' or '}'");
            }
            scanner.skip_space();
        }
    }
    scanner.end()
}

/// Bytes of the valid value that a text begins with; `None` if it begins with none.
#[inline]
pub fn value_len(text: &[u8]) -> Option<usize> {
    if let Some(len) = number_len(text) {
        return Some(len);
    }
    let mut scanner = Scanner::new(text);
    scanner.value(&mut Quiet).ok()?;
    Some(scanner.at)
}

/// Bytes of the plain decimal number that a text begins with. A digit may follow a leading zero: it belongs to nothing.
#[inline]
fn number_len(text: &[u8]) -> Option<usize> {
    let digits = |at: usize| text.get(at..).map_or(0, digits_len);
    let mut at = usize::from(text.first() == Some(&b'-'));
    match text.get(at)? {
        b'0' => at += 1,
        b'1'..=b'9' => at += digits(at),
        _ => return None,
    }
    if text.get(at) == Some(&b'.') {
        let decimals = digits(at + 1);
        if decimals == 0 {
            return None;
        }
        at += 1 + decimals;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent == 0 {
            return None;
        }
        at += 1 + sign + exponent;
    }
    Some(at)
}

/// Decimal digits that a text begins with, eight bytes at a time.
#[inline]
fn digits_len(text: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    let mut at = 0;
    while let Some(&chunk) = text[at..].first_chunk::<8>() {
        // A digit becomes its value; the lowest flag of what is more is exact, a carry can only make wrong ones above it.
        let values = u64::from_le_bytes(chunk) ^ (ONES * u64::from(b'0'));
        let more = (values.wrapping_add(ONES * (0x80 - 10)) | values) & (ONES << 7);
        if more != 0 {
            return at + (more.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    at + text[at..].iter().take_while(|c| c.is_ascii_digit()).count()
}

impl<'a> Raw<'a> {
    /// What it is, by its first bytes.
    pub fn kind(&self) -> RawKind {
        match self.0 {
            [b'"', ..] => RawKind::Str,
            [b'{', ..] => RawKind::Object,
            [b'[', ..] => RawKind::Array,
            [b't' | b'f', ..] => RawKind::Bool,
            [b'0'..=b'9' | b'-', rest @ ..] => {
                let float = rest.iter().any(|c| matches!(c, b'.' | b'e' | b'E' | b'I'));
                if float {
                    RawKind::Float
                } else {
                    RawKind::Int
                }
            }
            [b'N' | b'I', ..] => RawKind::Float,
            _ => RawKind::Null,
        }
    }

    /// A number, rounded to the nearest binary64. `None` for anything else and for an integer beyond its range; a
    /// float beyond it is infinite, as in Python.
    pub fn as_f64(&self) -> Option<f64> {
        let value: f64 = self.number()?.parse().ok()?;
        (value.is_finite() || self.kind() == RawKind::Float).then_some(value)
    }

    /// An integer, if it is one and fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.number()?.parse().ok()
    }

    /// An integer, if it is one and fits.
    pub fn as_u64(&self) -> Option<u64> {
        match self.number()? {
            "-0" => Some(0),
            text => text.parse().ok(),
        }
    }

    /// `true` or `false`.
    pub fn as_bool(&self) -> Option<bool> {
        match self.0 {
            b"true" => Some(true),
            b"false" => Some(false),
            _ => None,
        }
    }

    /// A string, unescaped; borrowed if it holds no escapes. `None` for anything else, and for a string with a lone
    /// surrogate.
    pub fn as_str(&self) -> Option<Cow<'a, str>> {
        if self.0.first() != Some(&b'"') {
            return None;
        }
        let string = Scanner::new(self.0).string().ok()?;
        (!string.lone).then(|| unescape(&string))
    }

    /// The members of an object in order, duplicates included; nothing for anything else.
    pub fn members(&self) -> Members<'a> {
        Members(Items::new(self.0, b'{'))
    }

    /// The elements of an array; nothing for anything else.
    pub fn elements(&self) -> Elements<'a> {
        Elements(Items::new(self.0, b'['))
    }

    #[inline]
    fn number(&self) -> Option<&'a str> {
        match self.0.first()? {
            b'0'..=b'9' | b'-' | b'N' | b'I' if self.0.is_ascii() => {
                // SAFETY: ASCII is UTF-8. The general check takes half as long as parsing the number does.
                Some(unsafe { std::str::from_utf8_unchecked(self.0) })
            }
            _ => None,
        }
    }
}

/// Walks the inside of an array or object.
#[derive(Clone, Debug)]
struct Items<'a> {
    text: &'a [u8],
    /// At the next item, or beyond the text.
    at: usize,
}

impl<'a> Items<'a> {
    fn new(text: &'a [u8], bracket: u8) -> Self {
        let mut scanner = Scanner::new(text);
        if !scanner.eat(bracket) {
            scanner.at = text.len();
        }
        scanner.skip_space();
        Items { text, at: scanner.at }
    }

    fn step<T>(&mut self, item: impl FnOnce(&mut Scanner<'a>) -> Result<T, JsonError>) -> Option<T> {
        let mut scanner = Scanner { text: self.text, at: self.at };
        // The text was validated when the `Raw` was made: what is no item is the closing bracket.
        self.at = self.text.len();
        let item = item(&mut scanner).ok()?;
        scanner.skip_space();
        if scanner.eat(b',') {
            scanner.skip_space();
            self.at = scanner.at;
        }
        Some(item)
    }
}

/// See [`Raw::members`].
#[derive(Clone, Debug)]
pub struct Members<'a>(Items<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, Raw<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.step(|scanner| {
            let key = scanner.key(&mut Quiet)?;
            Ok((unescape(&key), value(scanner)?))
        })
    }
}

/// See [`Raw::elements`].
#[derive(Clone, Debug)]
pub struct Elements<'a>(Items<'a>);

impl<'a> Iterator for Elements<'a> {
    type Item = Raw<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.step(value)
    }
}

fn value<'a>(scanner: &mut Scanner<'a>) -> Result<Raw<'a>, JsonError> {
    let start = scanner.at;
    scanner.value(&mut Quiet)?;
    Ok(Raw(&scanner.text[start..scanner.at]))
}

/// The characters of a string that holds no lone surrogate.
#[inline]
fn unescape<'a>(string: &Str<'a>) -> Cow<'a, str> {
    if !string.escaped {
        // Scanning found it to be UTF-8, so nothing is ever replaced.
        return String::from_utf8_lossy(string.inner);
    }
    let mut decoded = String::with_capacity(string.inner.len());
    let mut rest = string.inner;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        decoded.push_str(&String::from_utf8_lossy(&rest[..at]));
        let Some((escape, len)) = decode_escape(&rest[at..]) else { break };
        decoded.push(match escape {
            Escape::Char(c) => c,
            Escape::Lone(_) => char::REPLACEMENT_CHARACTER,
        });
        rest = &rest[at + len..];
    }
    decoded.push_str(&String::from_utf8_lossy(rest));
    Cow::Owned(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_end_at_any_other_byte_wherever_it_is() {
        for length in 0..20 {
            for at in 0..=length {
                for byte in 0..=255_u8 {
                    let mut text: Vec<u8> = b"0918273645".iter().cycle().take(length).copied().collect();
                    if let Some(place) = text.get_mut(at) {
                        *place = byte;
                    }
                    let expected = text.iter().position(|c| !c.is_ascii_digit()).unwrap_or(length);
                    assert_eq!(digits_len(&text), expected, "{text:?}");
                }
            }
        }
    }

    #[test]
    fn a_number_of_other_bytes_is_none() {
        assert_eq!(Raw("1\u{e9}".as_bytes()).as_f64(), None);
        assert_eq!(Raw(b"1\xff").as_i64(), None);
    }
}
