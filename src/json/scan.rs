//! The grammar, once: an iterative scanner that validates text and tells a sink what it meets.

use super::JsonError;

type Result<T> = std::result::Result<T, JsonError>;

/// What is to be done with the tokens of a value, in order. The scanner has already checked each of them.
/// A refusal ends the scan with an error at the start of the token.
pub(super) trait Sink {
    /// `[` or `{`, when `depth` arrays and objects are open with it.
    fn open(&mut self, _bracket: u8, _depth: usize) -> std::result::Result<(), &'static str> {
        Ok(())
    }
    /// `]` or `}`.
    fn close(&mut self, _bracket: u8) {}
    /// Between elements or members.
    fn comma(&mut self) {}
    /// Between key and value.
    fn colon(&mut self) {}
    /// A key or a string value.
    fn string(&mut self, _string: &Str<'_>) -> std::result::Result<(), &'static str> {
        Ok(())
    }
    /// A number that has neither point nor exponent.
    fn integer(&mut self, _text: &[u8]) -> std::result::Result<(), &'static str> {
        Ok(())
    }
    /// A number with point or exponent.
    fn float(&mut self, _text: &[u8]) {}
    /// `null`, `true`, `false`, `NaN`, `Infinity` or `-Infinity`.
    fn word(&mut self, _text: &[u8]) {}
}

/// Validates only.
pub(super) struct Quiet;
impl Sink for Quiet {}

/// A string between its quotes: valid UTF-8, escapes checked.
pub(super) struct Str<'a> {
    /// The text between the quotes, as it stands.
    pub inner: &'a [u8],
    /// It holds escapes.
    pub escaped: bool,
    /// One of them is half of a surrogate pair.
    pub lone: bool,
}

/// The open arrays and objects, a bit each; the first 64 need no memory.
#[derive(Default)]
struct Nesting {
    depth: usize,
    /// The innermost up to 64, the newest in bit 0; 1 is an object.
    bits: u64,
    outer: Vec<u64>,
}

impl Nesting {
    fn push(&mut self, object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.bits);
        }
        self.bits = self.bits << 1 | u64::from(object);
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.bits >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.bits = self.outer.pop().unwrap_or_default();
        }
    }

    /// Whether the innermost is an object; `None` if nothing is open.
    #[inline]
    fn in_object(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.bits & 1 == 1)
    }
}

/// A position in the text.
pub(super) struct Scanner<'a> {
    pub text: &'a [u8],
    pub at: usize,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        Scanner { text, at: 0 }
    }

    pub fn error<T>(&self, what: &'static str) -> Result<T> {
        Err(JsonError { offset: self.at, what })
    }

    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Steps over `byte` if it comes next.
    #[inline]
    pub fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    #[inline]
    pub fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Nothing but whitespace is left.
    pub fn end(&mut self) -> Result<()> {
        self.skip_space();
        match self.peek() {
            None => Ok(()),
            Some(_) => self.error("extra text after the value"),
        }
    }

    /// One value, without the whitespace around it.
    #[inline]
    pub fn value(&mut self, sink: &mut impl Sink) -> Result<()> {
        match self.peek() {
            Some(b'[' | b'{') => self.container(sink),
            _ => self.scalar(sink),
        }
    }

    /// An array or an object with all that is in it.
    fn container(&mut self, sink: &mut impl Sink) -> Result<()> {
        let mut open = Nesting::default();
        loop {
            // A value starts here.
            match self.peek() {
                Some(bracket @ (b'[' | b'{')) => {
                    let object = bracket == b'{';
                    sink.open(bracket, open.depth + 1).or_else(|what| self.error(what))?;
                    self.at += 1;
                    self.skip_space();
                    open.push(object);
                    if self.peek() != Some(closing(object)) {
                        if object {
                            self.key(sink)?;
                        }
                        continue;
                    }
                }
                _ => self.scalar(sink)?,
            }
            // A value ended here, or an empty array or object is about to.
            loop {
                let Some(object) = open.in_object() else { return Ok(()) };
                self.skip_space();
                if self.eat(closing(object)) {
                    sink.close(closing(object));
                    open.pop();
                    continue;
                }
                if !self.eat(b',') {
                    return self.error(if object { "expected ',' or '}'" } else { "expected ',' or ']'" });
                }
                sink.comma();
                self.skip_space();
                if object {
                    self.key(sink)?;
                }
                break;
            }
        }
    }

    /// A key, the colon and the whitespace after them.
    #[inline]
    pub fn key(&mut self, sink: &mut impl Sink) -> Result<Str<'a>> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return self.error("expected a key in double quotes");
        }
        let key = self.string()?;
        if key.lone {
            return Err(JsonError { offset: start, what: "lone surrogate in a key" });
        }
        sink.string(&key).map_err(|what| JsonError { offset: start, what })?;
        self.skip_space();
        if !self.eat(b':') {
            return self.error("expected ':'");
        }
        sink.colon();
        self.skip_space();
        Ok(key)
    }

    #[inline]
    fn scalar(&mut self, sink: &mut impl Sink) -> Result<()> {
        let start = self.at;
        match self.peek() {
            Some(b'0'..=b'9' | b'-') => return self.number(sink),
            Some(b'"') => {
                let string = self.string()?;
                return sink.string(&string).map_err(|what| JsonError { offset: start, what });
            }
            Some(b'n') => self.word(b"null")?,
            Some(b't') => self.word(b"true")?,
            Some(b'f') => self.word(b"false")?,
            Some(b'N') => self.word(b"NaN")?,
            Some(b'I') => self.word(b"Infinity")?,
            _ => return self.error("expected a value"),
        }
        sink.word(&self.text[start..self.at]);
        Ok(())
    }

    fn word(&mut self, word: &'static [u8]) -> Result<()> {
        if !self.text[self.at..].starts_with(word) {
            return self.error("expected a value");
        }
        self.at += word.len();
        Ok(())
    }

    #[inline]
    fn number(&mut self, sink: &mut impl Sink) -> Result<()> {
        let start = self.at;
        if self.eat(b'-') && self.peek() == Some(b'I') {
            self.word(b"Infinity")?;
            sink.word(&self.text[start..self.at]);
            return Ok(());
        }
        if self.eat(b'0') {
            if matches!(self.peek(), Some(b'0'..=b'9')) {
                return self.error("a number must not start with 0");
            }
        } else {
            self.digits()?;
        }
        let mut float = false;
        if self.eat(b'.') {
            float = true;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            float = true;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let text = &self.text[start..self.at];
        if float {
            sink.float(text);
            return Ok(());
        }
        sink.integer(text).map_err(|what| JsonError { offset: start, what })
    }

    /// One digit or more.
    #[inline]
    fn digits(&mut self) -> Result<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            return self.error("expected a digit");
        }
        Ok(())
    }

    /// A string, the opening quote next; leaves it after the closing one.
    #[inline]
    pub fn string(&mut self) -> Result<Str<'a>> {
        self.at += 1;
        let start = self.at;
        let (mut escaped, mut lone, mut non_ascii) = (false, false, false);
        loop {
            let (ahead, seen) = find_special(&self.text[self.at..]);
            non_ascii |= seen;
            self.at += ahead;
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    lone |= self.escape()?;
                }
                Some(_) => return self.error("control character in a string"),
                None => return self.error("unterminated string"),
            }
        }
        let inner = &self.text[start..self.at];
        self.at += 1;
        if non_ascii {
            if let Err(e) = std::str::from_utf8(inner) {
                return Err(JsonError { offset: start + e.valid_up_to(), what: "invalid UTF-8" });
            }
        }
        Ok(Str { inner, escaped, lone })
    }

    /// Checks an escape, a pair of surrogates as one, and says whether it is a lone surrogate.
    fn escape(&mut self) -> Result<bool> {
        match decode_escape(&self.text[self.at..]) {
            Some((decoded, len)) => {
                self.at += len;
                Ok(matches!(decoded, Escape::Lone(_)))
            }
            None => self.error("illegal escape"),
        }
    }
}

#[inline]
fn closing(object: bool) -> u8 {
    if object {
        b'}'
    } else {
        b']'
    }
}

/// What an escape stands for.
pub(super) enum Escape {
    Char(char),
    /// Half of a surrogate pair.
    Lone(u16),
}

/// Decodes the escape that `text` starts with (a backslash) and tells its length in bytes; `None` if it is none.
pub(super) fn decode_escape(text: &[u8]) -> Option<(Escape, usize)> {
    let c = match text.get(1)? {
        c @ (b'"' | b'\\' | b'/') => char::from(*c),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let first = hex4(&text[2..])?;
            if let Some(c) = char::from_u32(first.into()) {
                return Some((Escape::Char(c), 6));
            }
            let second = match text.get(6..8) {
                Some(b"\\u") if first < 0xdc00 => hex4(&text[8..]),
                _ => None,
            };
            let pair = second.and_then(|second| char::decode_utf16([first, second]).next()?.ok());
            return Some(pair.map_or((Escape::Lone(first), 6), |c| (Escape::Char(c), 12)));
        }
        _ => return None,
    };
    Some((Escape::Char(c), 2))
}

/// Four hexadecimal digits.
fn hex4(text: &[u8]) -> Option<u16> {
    let digits = text.get(..4)?;
    digits.iter().try_fold(0u16, |n, &d| Some(n << 4 | char::from(d).to_digit(16)? as u16))
}

/// The position of the first quote, backslash or byte below 0x20, or the length if there is none, eight bytes at
/// a time; and whether a byte beyond ASCII may stand before it (never a wrong "no").
#[inline]
pub(super) fn find_special(text: &[u8]) -> (usize, bool) {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let mut at = 0;
    let mut beyond_ascii = 0;
    while let Some(&chunk) = text[at..].first_chunk::<8>() {
        let w = u64::from_le_bytes(chunk);
        let quote = w ^ (ONES * u64::from(b'"'));
        let backslash = w ^ (ONES * u64::from(b'\\'));
        // The lowest flag is exact; a borrow can only make wrong ones above it.
        let found = (w.wrapping_sub(ONES * 0x20) & !w
            | quote.wrapping_sub(ONES) & !quote
            | backslash.wrapping_sub(ONES) & !backslash)
            & HIGH;
        beyond_ascii |= w & HIGH;
        if found != 0 {
            return (at + (found.trailing_zeros() / 8) as usize, beyond_ascii != 0);
        }
        at += 8;
    }
    let mut seen = beyond_ascii != 0;
    while let Some(&byte) = text.get(at) {
        if byte < 0x20 || byte == b'"' || byte == b'\\' {
            break;
        }
        seen |= byte >= 0x80;
        at += 1;
    }
    (at, seen)
}
