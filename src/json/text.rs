//! Scalars to text.

use super::scan::find_special;

/// Appends `s` quoted and escaped (format §3.2).
#[inline]
pub fn push_str(out: &mut Vec<u8>, s: &str) {
    out.reserve(s.len() + 2);
    out.push(b'"');
    push_escaped(out, s);
    out.push(b'"');
}

/// Appends `s` escaped, without quotes.
pub(super) fn push_escaped(out: &mut Vec<u8>, s: &str) {
    let mut rest = s.as_bytes();
    loop {
        let (at, _) = find_special(rest);
        out.extend_from_slice(&rest[..at]);
        let Some(&byte) = rest.get(at) else { return };
        push_escape(out, byte);
        rest = &rest[at + 1..];
    }
}

/// Appends the escape of a quote, a backslash or a control byte.
#[cold]
fn push_escape(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            out.extend_from_slice(b"\\u00");
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Where [`finite_f64`] puts a text.
pub struct FloatBuffer {
    digits: zmij::Buffer,
    laid_out: [u8; 32],
}

impl FloatBuffer {
    /// Room for one number after the other.
    #[inline]
    pub fn new() -> Self {
        FloatBuffer { digits: zmij::Buffer::new(), laid_out: [0; 32] }
    }
}

impl Default for FloatBuffer {
    fn default() -> Self {
        Self::new()
    }
}

/// Appends a float as Python's `repr` would (format §3.3), `NaN`, `Infinity` and `-Infinity` bare.
#[inline]
pub fn push_f64(out: &mut Vec<u8>, v: f64) {
    match finite_f64(v, &mut FloatBuffer::new()) {
        Some(text) => out.extend_from_slice(text),
        None => push_bare_word(out, v),
    }
}

/// The text of a finite float as [`push_f64`] appends it, 3 to 24 bytes; `None` for one that is not.
#[inline]
pub fn finite_f64(v: f64, buffer: &mut FloatBuffer) -> Option<&[u8]> {
    let size = v.abs();
    if !size.is_finite() {
        return None;
    }
    let text = buffer.digits.format_finite(v).as_bytes();
    // zmij has the shortest digits and, but for small numbers, Python's layout too.
    Some(match (1e-9..1e-4).contains(&size) {
        false => text,
        true => lay_out_small(text, size, &mut buffer.laid_out),
    })
}

#[cold]
fn push_bare_word(out: &mut Vec<u8>, v: f64) {
    let word: &[u8] = if v.is_nan() {
        b"NaN"
    } else if v < 0.0 {
        b"-Infinity"
    } else {
        b"Infinity"
    };
    out.extend_from_slice(word);
}

/// Lays out what zmij wrote of a number below 1e-4 and not below 1e-9: it goes positional down to 1e-5 and
/// gives a one-digit exponent one digit.
#[inline(never)]
fn lay_out_small<'a>(text: &[u8], size: f64, room: &'a mut [u8; 32]) -> &'a [u8] {
    let mut used = 0;
    let mut put = |part: &[u8]| {
        if let Some(place) = room.get_mut(used..used + part.len()) {
            place.copy_from_slice(part);
            used += part.len();
        }
    };
    if size < 1e-5 {
        // 1.5e-7 → 1.5e-07
        let (mantissa, digit) = text.split_at(text.len() - 1);
        put(mantissa);
        put(b"0");
        put(digit);
    } else {
        // 0.000015 → 1.5e-05
        let (sign, positional) = text.split_at(usize::from(text[0] == b'-'));
        let digits = &positional[b"0.0000".len()..];
        put(sign);
        put(&digits[..1]);
        if digits.len() > 1 {
            put(b".");
            put(&digits[1..]);
        }
        put(b"e-05");
    }
    &room[..used]
}

/// Appends an integer in plain decimal.
#[inline]
pub fn push_i64(out: &mut Vec<u8>, v: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(v).as_bytes());
}

/// Appends an integer in plain decimal.
#[inline]
pub fn push_u64(out: &mut Vec<u8>, v: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(v).as_bytes());
}
