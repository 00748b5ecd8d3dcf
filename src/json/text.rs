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

/// Where [`plain_f64`] puts a text.
pub use zmij::Buffer as FloatBuffer;

/// Appends a float as Python's `repr` would (format §3.3), `NaN`, `Infinity` and `-Infinity` bare.
#[inline]
pub fn push_f64(out: &mut Vec<u8>, v: f64) {
    let mut buffer = FloatBuffer::new();
    match plain_f64(v, &mut buffer) {
        Some(text) => out.extend_from_slice(text),
        None => push_odd(out, v),
    }
}

/// The text of a float as [`push_f64`] appends it, 3 to 24 bytes; `None` for the few that take more than their digits.
#[inline]
pub fn plain_f64(v: f64, buffer: &mut FloatBuffer) -> Option<&[u8]> {
    let size = v.abs();
    // zmij has the shortest digits and, but for these, Python's layout too.
    if !size.is_finite() || (size < 1e-4 && size >= 1e-9) {
        return None;
    }
    Some(buffer.format_finite(v).as_bytes())
}

#[cold]
fn push_odd(out: &mut Vec<u8>, v: f64) {
    let size = v.abs();
    if size.is_finite() {
        push_small(out, FloatBuffer::new().format_finite(v).as_bytes(), size);
    } else {
        push_bare_word(out, v);
    }
}

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
fn push_small(out: &mut Vec<u8>, text: &[u8], size: f64) {
    if size < 1e-5 {
        // 1.5e-7 → 1.5e-07
        let (mantissa, digit) = text.split_at(text.len() - 1);
        out.extend_from_slice(mantissa);
        out.push(b'0');
        out.extend_from_slice(digit);
        return;
    }
    // 0.000015 → 1.5e-05
    let (sign, positional) = text.split_at(usize::from(text[0] == b'-'));
    let digits = &positional[b"0.0000".len()..];
    out.extend_from_slice(sign);
    out.extend_from_slice(&digits[..1]);
    if digits.len() > 1 {
        out.push(b'.');
        out.extend_from_slice(&digits[1..]);
    }
    out.extend_from_slice(b"e-05");
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
