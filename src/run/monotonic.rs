//! Whether the values of a metric only rise or only fall (format §9.4).

use super::dtype::{Cell, Class, DType};
use std::cmp::Ordering;

/// The flag in the manifest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Monotonic {
    /// Never decreasing; also one row, or all rows equal.
    Inc,
    /// Never increasing, with at least one drop.
    Dec,
}

impl Monotonic {
    /// `"inc"` or `"dec"`.
    pub fn as_str(self) -> &'static str {
        match self {
            Monotonic::Inc => "inc",
            Monotonic::Dec => "dec",
        }
    }

    /// The flag written so.
    pub fn from_name(text: &str) -> Option<Self> {
        match text {
            "inc" => Some(Monotonic::Inc),
            "dec" => Some(Monotonic::Dec),
            _ => None,
        }
    }
}

/// Follows the numeric values of one metric in row order. Integers are compared exactly, floats as f64, so that
/// −0.0 equals 0.0. A promotion between two values changes nothing.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct MonotonicTracker(Trend);

#[derive(Clone, Copy, PartialEq, Debug, Default)]
enum Trend {
    #[default]
    Empty,
    Equal(Cell),
    Rising(Cell),
    Falling(Cell),
    /// Both ways, or a NaN: no later value can restore a flag.
    Broken,
}

impl MonotonicTracker {
    /// No values yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on after values that rise and fall.
    pub fn broken() -> Self {
        MonotonicTracker(Trend::Broken)
    }

    /// Goes on after values that are known only by their flag and by the first and the last of them; no ends: no
    /// values yet.
    pub fn resume(dtype: DType, flag: Option<Monotonic>, ends: Option<(Cell, Cell)>) -> Self {
        MonotonicTracker(match (flag, ends) {
            (_, None) => Trend::Empty,
            (None, Some(_)) => Trend::Broken,
            (Some(flag), Some((first, last))) => match (flag, compare(dtype, first, last)) {
                (_, None) => Trend::Broken,
                (Monotonic::Inc, Some(Ordering::Equal)) => Trend::Equal(last),
                (Monotonic::Inc, Some(Ordering::Less)) => Trend::Rising(last),
                (Monotonic::Dec, Some(Ordering::Greater)) => Trend::Falling(last),
                // The flag contradicts the values: claim nothing.
                _ => Trend::Broken,
            },
        })
    }

    /// Takes the next value, of the type the metric has now; rows of JSON metrics are not followed.
    #[inline(always)]
    pub fn push(&mut self, dtype: DType, cell: Cell) {
        if self.0 != Trend::Broken {
            self.follow(dtype, cell);
        }
    }

    fn follow(&mut self, dtype: DType, cell: Cell) {
        use Ordering::{Equal, Greater, Less};
        let (Trend::Equal(last) | Trend::Rising(last) | Trend::Falling(last)) = self.0 else {
            if self.0 == Trend::Empty {
                // NaN is not even equal to itself.
                self.0 = compare(dtype, cell, cell).map_or(Trend::Broken, |_| Trend::Equal(cell));
            }
            return;
        };
        self.0 = match (self.0, compare(dtype, last, cell)) {
            (Trend::Equal(_), Some(Equal)) => Trend::Equal(cell),
            (Trend::Equal(_) | Trend::Rising(_), Some(Less)) => Trend::Rising(cell),
            (Trend::Equal(_) | Trend::Falling(_), Some(Greater)) => Trend::Falling(cell),
            (Trend::Rising(_), Some(Equal)) => Trend::Rising(cell),
            (Trend::Falling(_), Some(Equal)) => Trend::Falling(cell),
            _ => Trend::Broken,
        };
    }

    /// Takes the next values.
    pub fn push_all(&mut self, dtype: DType, cells: &[Cell]) {
        for cell in cells {
            if self.0 == Trend::Broken {
                return;
            }
            self.push(dtype, *cell);
        }
    }

    /// The flag of the values so far.
    pub fn flag(&self) -> Option<Monotonic> {
        match self.0 {
            Trend::Equal(_) | Trend::Rising(_) => Some(Monotonic::Inc),
            Trend::Falling(_) => Some(Monotonic::Dec),
            Trend::Empty | Trend::Broken => None,
        }
    }
}

/// How `a` stands to `b`; `None` if one is NaN or the type has no order.
#[inline]
fn compare(dtype: DType, a: Cell, b: Cell) -> Option<Ordering> {
    match dtype.class() {
        Class::Float => f64::from_bits(a).partial_cmp(&f64::from_bits(b)),
        Class::Int if dtype == DType::U64 => Some(a.cmp(&b)),
        Class::Int => Some((a as i64).cmp(&(b as i64))),
        Class::Json => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flag(dtype: DType, cells: impl IntoIterator<Item = Cell>) -> Option<Monotonic> {
        let mut tracker = MonotonicTracker::new();
        cells.into_iter().for_each(|cell| tracker.push(dtype, cell));
        tracker.flag()
    }

    fn floats(values: &[f64]) -> Option<Monotonic> {
        flag(DType::F64, values.iter().map(|v| v.to_bits()))
    }

    fn ints(values: &[i64]) -> Option<Monotonic> {
        flag(DType::I64, values.iter().map(|v| *v as Cell))
    }

    #[test]
    fn the_flag_is_that_of_the_format_for_every_kind_of_sequence() {
        const INC: Option<Monotonic> = Some(Monotonic::Inc);
        const DEC: Option<Monotonic> = Some(Monotonic::Dec);
        assert_eq!(ints(&[]), None);
        assert_eq!(ints(&[5]), INC);
        assert_eq!(ints(&[5, 5, 5]), INC);
        assert_eq!(ints(&[5, 5, 6, 6]), INC);
        assert_eq!(ints(&[5, 5, 4, 4]), DEC);
        assert_eq!(ints(&[5, 6, 5]), None);
        assert_eq!(ints(&[5, 4, 5]), None);
        assert_eq!(ints(&[i64::MIN, i64::MAX]), INC);
        assert_eq!(floats(&[f64::NAN]), None);
        assert_eq!(floats(&[f64::NAN, 1.0, 2.0]), None);
        assert_eq!(floats(&[1.0, f64::NAN]), None);
        assert_eq!(floats(&[0.0, -0.0, 0.0]), INC);
        assert_eq!(floats(&[1.0, -0.0, 0.0]), DEC);
        assert_eq!(floats(&[f64::NEG_INFINITY, 0.0, f64::INFINITY, f64::INFINITY]), INC);
        assert_eq!(floats(&[f64::INFINITY, 0.0, f64::NEG_INFINITY]), DEC);
    }

    #[test]
    fn integers_beyond_two_to_the_53_are_compared_exactly() {
        assert_eq!(ints(&[9_007_199_254_740_993, 9_007_199_254_740_992]), Some(Monotonic::Dec));
        assert_eq!(flag(DType::U64, [1, u64::MAX]), Some(Monotonic::Inc));
        assert_eq!(flag(DType::I64, [1, u64::MAX]), Some(Monotonic::Dec));
    }

    #[test]
    fn json_rows_have_no_flag() {
        assert_eq!(flag(DType::Json, [0]), None);
    }

    #[test]
    fn a_flag_that_contradicts_its_values_is_not_believed() {
        let cell = |v: i64| v as Cell;
        let resume = |flag, a, b| MonotonicTracker::resume(DType::I64, flag, Some((cell(a), cell(b)))).flag();
        assert_eq!(resume(Some(Monotonic::Inc), 2, 1), None);
        assert_eq!(resume(Some(Monotonic::Dec), 1, 1), None);
        assert_eq!(resume(None, 1, 1), None);
        assert_eq!(MonotonicTracker::resume(DType::I64, Some(Monotonic::Inc), None).flag(), None);
    }

    proptest! {
        #[test]
        fn a_flag_says_what_the_values_do(values in prop::collection::vec(-2i64..3, 0..6), cut in 0usize..6) {
            let inc = values.windows(2).all(|w| w[0] <= w[1]);
            let dec = values.windows(2).all(|w| w[0] >= w[1]) && values.first() != values.last();
            let expected = match (values.is_empty(), inc, dec) {
                (true, ..) | (_, false, false) => None,
                (_, _, true) => Some(Monotonic::Dec),
                (_, true, _) => Some(Monotonic::Inc),
            };
            prop_assert_eq!(ints(&values), expected);

            let (front, back) = values.split_at(cut.min(values.len()));
            let ends = front.first().zip(front.last()).map(|(a, b)| (*a as Cell, *b as Cell));
            let mut resumed = MonotonicTracker::resume(DType::I64, ints(front), ends);
            resumed.push_all(DType::I64, &back.iter().map(|v| *v as Cell).collect::<Vec<_>>());
            prop_assert_eq!(resumed.flag(), expected);
        }
    }
}
