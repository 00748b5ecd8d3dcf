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

/// Room for the text of any float.
pub const FLOAT_ROOM: usize = 24;

/// Appends a float as Python's `repr` would (format §3.3), `NaN`, `Infinity` and `-Infinity` bare.
#[inline]
pub fn push_f64(out: &mut Vec<u8>, v: f64) {
    let mut room = [0; FLOAT_ROOM];
    match write_f64(v, &mut room) {
        Some(n) => out.extend_from_slice(&room[..n.min(FLOAT_ROOM)]),
        None => out.extend_from_slice(bare_word(v)),
    }
}

/// The text of a float is what [`write_usual_f64`] writes: it is finite and not closer to 0 than 1e-4.
#[inline(always)]
pub fn is_usual_f64(v: f64) -> bool {
    // The bits of positive floats have the order of the floats.
    const LEAST: u64 = 1e-4_f64.to_bits();
    const END: u64 = f64::INFINITY.to_bits();
    v.abs().to_bits().wrapping_sub(LEAST) < END - LEAST
}

/// Writes the text of a float that [`is_usual_f64`], and gives its length.
#[inline(always)]
pub fn write_usual_f64(v: f64, room: &mut [u8; FLOAT_ROOM]) -> usize {
    write_digits(v, room)
}

/// Writes the text of a float as [`push_f64`] appends it, and gives its length; `None` if it is not finite.
pub fn write_f64(v: f64, room: &mut [u8; FLOAT_ROOM]) -> Option<usize> {
    let size = v.abs();
    if !size.is_finite() {
        return None;
    }
    let n = write_digits(v, room);
    // zmij has the shortest digits and, but for small numbers, Python's layout too.
    Some(match (1e-9..1e-4).contains(&size) {
        false => n,
        true => lay_out_small(n, size, room),
    })
}

/// The shortest digits that are read as `v`, which is finite, and how many bytes they are.
#[inline(always)]
fn write_digits(v: f64, room: &mut [u8; FLOAT_ROOM]) -> usize {
    const {
        assert!(size_of::<zmij::Buffer>() == FLOAT_ROOM && align_of::<zmij::Buffer>() == 1);
    }
    // SAFETY: a `Buffer` is, by the sizes above, nothing but bytes that need not have a value, and any place that has
    // room for them is one. Formatting writes some of them and never takes a value away, so `room` stays bytes with
    // values. That spares a copy of every number.
    let buffer = unsafe { &mut *(&raw mut *room).cast::<zmij::Buffer>() };
    buffer.format_finite(v).len()
}

/// What stands for a float that is not finite.
#[cold]
pub fn bare_word(v: f64) -> &'static [u8] {
    if v.is_nan() {
        b"NaN"
    } else if v < 0.0 {
        b"-Infinity"
    } else {
        b"Infinity"
    }
}

/// Lays out the `n` bytes that zmij wrote of a number below 1e-4 and not below 1e-9: it goes positional down to 1e-5 and
/// gives a one-digit exponent one digit.
fn lay_out_small(n: usize, size: f64, room: &mut [u8; FLOAT_ROOM]) -> usize {
    let written = *room;
    let text = &written[..n.min(FLOAT_ROOM)];
    let mut used = 0;
    let mut put = |part: &[u8]| {
        if let Some(place) = room.get_mut(used..used + part.len()) {
            place.copy_from_slice(part);
            used += part.len();
        }
    };
    if size < 1e-5 {
        // 1.5e-7 → 1.5e-07
        let (mantissa, digit) = text.split_at(text.len().saturating_sub(1));
        put(mantissa);
        put(b"0");
        put(digit);
    } else {
        // 0.000015 → 1.5e-05
        let (sign, positional) = text.split_at(usize::from(text.starts_with(b"-")));
        let digits = positional.get(b"0.0000".len()..).unwrap_or(&[]);
        let (first, more) = digits.split_at(digits.len().min(1));
        put(sign);
        put(first);
        if !more.is_empty() {
            put(b".");
            put(more);
        }
        put(b"e-05");
    }
    used
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
