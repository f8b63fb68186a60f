//! How much of what is said is kept.

use std::time::Duration;

use clap::Args;

use super::error::Wrong;
use super::pick::Pick;
use crate::history::Retention;

/// More than anybody will wait.
const MOST_DAYS: u64 = 100_000;

/// The file itself, without anything said, takes a part of it.
const LEAST_BYTES: u64 = 1 << 20;

/// Letters behind a number, each 1,024 times the one before.
const UNITS: [&str; 5] = ["", "K", "M", "G", "T"];

/// Its flags, as text.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is kept")]
pub(super) struct RetentionFlags {
    /// Days after which what was said is dropped, or off [default: off]
    #[arg(long, value_name = "N", global = true, hide_short_help = true)]
    keep_days: Option<String>,

    /// Bytes of the file beyond which the oldest is dropped: 500M, 2G, or off [default: off]
    ///
    /// It is what the file holds that counts: one that was larger before does not become smaller, but
    /// does not grow. Clients who missed what was dropped are told so.
    #[arg(long, value_name = "SIZE", global = true, hide_short_help = true)]
    keep_bytes: Option<String>,
}

impl RetentionFlags {
    pub(super) fn put(self, put: &mut impl FnMut(&'static str, Vec<String>)) {
        put("keep-days", Vec::from_iter(self.keep_days));
        put("keep-bytes", Vec::from_iter(self.keep_bytes));
    }
}

pub(super) fn chosen(pick: &mut Pick) -> Result<Retention, Wrong> {
    let age = pick.one("keep-days", "off", days)?;
    let bytes = pick.one("keep-bytes", "off", bytes)?;
    Ok(Retention { age, bytes })
}

fn days(text: &str) -> Result<Option<Duration>, String> {
    match text.parse() {
        _ if text == "off" => Ok(None),
        Ok(days @ 1..=MOST_DAYS) => Ok(Some(Duration::from_secs(days * 24 * 3600))),
        _ => Err(format!("{text:?} is neither a number of days from 1 to {MOST_DAYS} nor off")),
    }
}

fn bytes(text: &str) -> Result<Option<u64>, String> {
    if text == "off" {
        return Ok(None);
    }
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start().to_ascii_uppercase();
    let unit = unit.strip_suffix("IB").or(unit.strip_suffix('B')).unwrap_or(&unit);
    let power = UNITS.iter().position(|known| *known == unit);
    let bytes = number.parse::<u64>().ok().zip(power).and_then(|(number, power)| {
        number.checked_mul(1 << (10 * power)).filter(|bytes| *bytes <= i64::MAX as u64)
    });
    match bytes {
        Some(bytes @ LEAST_BYTES..) => Ok(Some(bytes)),
        Some(_) => Err(format!("{text:?} is too little: at least 1M, or off")),
        None => Err(format!("{text:?} is no size; write bytes, or 500M, 2G, or off")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit() {
        for (text, size) in [
            ("1048576", 1 << 20),
            ("1M", 1 << 20),
            ("500m", 500 << 20),
            ("2G", 2 << 30),
            ("2 GB", 2 << 30),
            ("2GiB", 2 << 30),
            ("2000000K", 2_000_000 << 10),
            ("1T", 1 << 40),
        ] {
            assert_eq!(bytes(text), Ok(Some(size)), "{text}");
        }
        assert_eq!(bytes("off"), Ok(None));
        for text in ["", "M", "-1M", "1.5G", "1X", "1MM", "99999999T", "99999999999999999999"] {
            let why = format!("{text:?} is no size; write bytes, or 500M, 2G, or off");
            assert_eq!(bytes(text), Err(why));
        }
        for text in ["0", "1023K", "1048575"] {
            let why = format!("{text:?} is too little: at least 1M, or off");
            assert_eq!(bytes(text), Err(why));
        }
    }

    #[test]
    fn an_age_is_in_days() {
        assert_eq!(days("off"), Ok(None));
        assert_eq!(days("30"), Ok(Some(Duration::from_secs(2_592_000))));
        assert!(days("100000").is_ok());
        for text in ["", "0", "-1", "1.5", "100001", "30d"] {
            let why = format!("{text:?} is neither a number of days from 1 to 100000 nor off");
            assert_eq!(days(text), Err(why));
        }
    }
}
