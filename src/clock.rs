//! The only reader of time.
#![allow(clippy::disallowed_methods)]

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A point on the monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick(Instant);

impl Tick {
    /// Now.
    pub fn now() -> Self {
        Tick(Instant::now())
    }

    /// Nanoseconds since this point.
    pub fn elapsed_ns(self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Nanoseconds from `earlier` to this point, 0 if it is not earlier.
    pub fn since_ns(self, earlier: Tick) -> u64 {
        u64::try_from(self.0.saturating_duration_since(earlier.0).as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The time since 1970-01-01T00:00:00Z; nothing where the clock stands before it.
fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Microseconds since 1970-01-01T00:00:00Z.
pub fn unix_micros() -> u64 {
    u64::try_from(since_1970().as_micros()).unwrap_or(u64::MAX)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const COARSE: libc::clockid_t = libc::CLOCK_MONOTONIC_COARSE;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const COARSE: libc::clockid_t = libc::CLOCK_MONOTONIC;

/// What the kernel wrote down at its last tick, every few milliseconds, in nanoseconds: next to free.
fn coarse_ns() -> u64 {
    nanoseconds(COARSE, libc::clock_gettime)
}

/// How far apart the ticks of [`coarse_ns`] are.
fn coarse_tick_ns() -> u64 {
    static TICK: OnceLock<u64> = OnceLock::new();
    *TICK.get_or_init(|| nanoseconds(COARSE, libc::clock_getres))
}

#[inline]
fn nanoseconds(
    clock: libc::clockid_t,
    ask: unsafe extern "C" fn(libc::clockid_t, *mut libc::timespec) -> libc::c_int,
) -> u64 {
    let mut answer = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `ask` is one of the two functions above, and the answer is valid for writing. A clock that there is not
    // leaves it as it was.
    unsafe { ask(clock, &raw mut answer) };
    answer.tv_sec as u64 * 1_000_000_000 + answer.tv_nsec as u64
}

/// So many calls are measured as one.
const SAMPLE: u64 = 16;

/// The time that many short calls take, for a fraction of what it costs to look at the clock twice in each.
///
/// One call in [`SAMPLE`] is measured and stands for all of them. The others are looked at by the coarse clock, which
/// tells those that took longer than two of its ticks, to within one.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch {
    coarse: u64,
    exact: Option<Tick>,
    /// How many calls it stands for.
    weight: u64,
}

impl Stopwatch {
    /// Starts at the beginning of a call, of which there were `before`.
    #[inline]
    pub fn start(before: u64) -> Self {
        match before.is_multiple_of(SAMPLE) {
            true => Stopwatch { coarse: 0, exact: Some(Tick::now()), weight: SAMPLE },
            false => Stopwatch { coarse: coarse_ns(), exact: None, weight: 0 },
        }
    }

    /// Starts at the beginning of a call that is measured for itself.
    pub fn start_one() -> Self {
        Stopwatch { coarse: 0, exact: Some(Tick::now()), weight: 1 }
    }

    /// What the call, which ends now, adds to the time of all calls, and how long it took, as far as is known.
    #[inline]
    pub fn stop(self) -> (u64, u64) {
        match self.exact {
            Some(start) => {
                let spent = start.elapsed_ns();
                // A long call is one of its kind.
                (if spent < coarse_tick_ns() { self.weight * spent } else { spent }, spent)
            }
            None => {
                let ticks = coarse_ns().saturating_sub(self.coarse);
                match ticks > 0 && ticks >= 2 * coarse_tick_ns() {
                    true => (ticks, ticks),
                    false => (0, 0),
                }
            }
        }
    }
}

/// Whole seconds since 1970-01-01T00:00:00Z.
pub fn unix_seconds() -> u64 {
    since_1970().as_secs()
}

/// Whole milliseconds since 1970-01-01T00:00:00Z.
pub fn unix_milliseconds() -> u64 {
    u64::try_from(since_1970().as_millis()).unwrap_or(u64::MAX)
}

/// `YYYY-MM-DDTHH:MM:SSZ`, now, in UTC (format §6).
pub fn utc_now() -> String {
    utc_text(unix_seconds())
}

/// `YYYY-MM-DDTHH:MM:SSZ` of a number of seconds since 1970.
pub fn utc_text(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

/// `YYYY-MM-DDTHH:MM:SS.mmmZ` of a number of milliseconds since 1970.
pub fn utc_text_milliseconds(milliseconds: u64) -> String {
    let mut text = utc_text(milliseconds / 1000);
    text.pop();
    text + &format!(".{:03}Z", milliseconds % 1000)
}

/// Days since 1970-01-01 as a proleptic Gregorian date, by shifting the year's start to March.
fn civil(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let (era, of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_call_is_told_whether_or_not_it_is_measured_and_short_ones_are_told_by_one() {
        let pause = std::time::Duration::from_millis(40);
        for before in 0..2 {
            let watch = Stopwatch::start(before);
            std::thread::sleep(pause);
            let (added, longest) = watch.stop();
            assert_eq!(added, longest, "it stands for itself");
            assert!(longest >= 20_000_000, "{longest}");
        }
        let (added, longest) = (0..10).map(|_| Stopwatch::start(SAMPLE).stop()).min().unwrap();
        assert_eq!(added, SAMPLE * longest);
        assert!(longest > 0);
        let (added, longest) = (0..10).map(|_| Stopwatch::start_one().stop()).min().unwrap();
        assert_eq!(added, longest);
        assert_eq!((0..10).map(|_| Stopwatch::start(1).stop()).min().unwrap(), (0, 0));
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(utc_text(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc_text(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(utc_text(1_795_151_293), "2026-11-20T05:08:13Z");
        assert_eq!(utc_text(4_102_444_799), "2099-12-31T23:59:59Z");
        assert_eq!(utc_text_milliseconds(1_736_944_496_789), "2025-01-15T12:34:56.789Z");
        assert_eq!(utc_text_milliseconds(1_736_944_496_007), "2025-01-15T12:34:56.007Z");
    }
}
