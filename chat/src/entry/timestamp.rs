//! Wall time, as people are shown it.

use std::fmt;
use std::time::{Duration, SystemTime};

/// Wall time in milliseconds since 1970, shown as RFC 3339 in UTC. It is displayed, never ordered
/// by: a clock may jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp(pub u64);

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, ms) = (self.0 / 86_400_000, self.0 % 86_400_000);
        let (year, month, day) = civil(days);
        let (h, m, s, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
        write!(f, "{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{ms:03}Z")
    }
}

impl Timestamp {
    /// The time that a text shows in the way that `Display` does.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let shape = b"0000-00-00T00:00:00.000Z";
        let fits = |(at, shape): (u8, &u8)| match shape {
            b'0' => at.is_ascii_digit(),
            mark => at == *mark,
        };
        if text.len() != shape.len() || !text.bytes().zip(shape).all(fits) {
            return None;
        }
        let number = |from: usize, to: usize| text[from..to].parse::<u64>().ok();
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (h, m, s, ms) = (number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 23)?);
        if year < 1970 || h > 23 || m > 59 || s > 59 {
            return None;
        }
        let days = days(year, month, day);
        let found = Self((((days * 24 + h) * 60 + m) * 60 + s) * 1000 + ms);
        // A day that there is not would be shown as another.
        (civil(days) == (year, month, day)).then_some(found)
    }
}

/// The inverse of [`civil`]; what is no date comes to some other day.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = year - u64::from(month <= 2);
    let (era, year) = (year / 400, year % 400);
    let month = (month + 9) % 12;
    let day_of_era = year * 365 + year / 4 - year / 100 + (153 * month + 2) / 5 + day;
    (era * 146_097 + day_of_era).saturating_sub(719_469)
}

/// Days since 1970-01-01 to year, month, day; a year is taken to begin in March, so that the leap
/// day is its last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let january = u64::from(month >= 10);
    (era * 400 + year + january, month + 3 - 12 * january, day - (153 * month + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_rfc_3339() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_827_696_789, "2000-02-29T12:34:56.789Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(Timestamp(ms).to_string(), text);
            assert_eq!(Timestamp::parse(text), Some(Timestamp(ms)));
        }
    }

    #[test]
    fn what_is_no_time_is_not_taken_for_one() {
        for text in [
            "",
            "2026-11-21",
            "2026-11-21T10:00:00Z",
            "2026-11-21t10:00:00.000Z",
            "2026-11-21T10:00:00.000+00",
            "+026-11-21T10:00:00.000Z",
            "1969-12-31T23:59:59.999Z",
            "2026-02-29T10:00:00.000Z",
            "2026-13-01T10:00:00.000Z",
            "2026-00-01T10:00:00.000Z",
            "2026-01-00T10:00:00.000Z",
            "2026-11-21T24:00:00.000Z",
            "2026-11-21T10:60:00.000Z",
            "2026-11-21T10:00:60.000Z",
            "2026-11-21T10:00:00.00é",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_is_read_as_it_is_shown() {
        for days in (0..100_000).chain([2_932_896]) {
            let time = Timestamp(days * 86_400_000 + days % 86_400_000);
            assert_eq!(Timestamp::parse(&time.to_string()), Some(time));
        }
    }
}
