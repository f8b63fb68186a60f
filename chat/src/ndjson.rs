//! One trace event as one line of JSON.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::ser::Formatter;
use trace::Value;

use crate::entry::Timestamp;
use crate::printable::is_harmful;

/// Microseconds since 1970, shown as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At(pub(crate) u64);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = Timestamp(self.0 / 1000).to_string();
        write!(f, "{}{:03}Z", ms.trim_end_matches('Z'), self.0 % 1000)
    }
}

/// Appends `{"at":"2026-11-20T23:18:54.000000Z","message":"..","key":value,..}` and a newline: the
/// time in UTC, the message, then the fields in their order with their types.
///
/// No key stands twice, because readers keep one of the two and do not say which: a second
/// `client` is `client_2`. Every character that a terminal could obey or that could hide text is
/// escaped, as JSON allows.
pub(crate) fn line<'k, 'v>(
    out: &mut Vec<u8>,
    at: At,
    message: impl fmt::Display,
    fields: impl Iterator<Item = (&'k str, Value<'v>)>,
) {
    // Memory takes every byte, and the values below have no error of their own.
    let _ = object(out, at, message, fields);
    out.push(b'\n');
}

fn object<'k, 'v>(
    out: &mut Vec<u8>,
    at: At,
    message: impl fmt::Display,
    fields: impl Iterator<Item = (&'k str, Value<'v>)>,
) -> serde_json::Result<()> {
    let mut json = serde_json::Serializer::with_formatter(out, Printable);
    let mut keys = Keys(vec!["at".into(), "message".into()]);
    let mut map = json.serialize_map(None)?;
    map.serialize_entry("at", &Text(at))?;
    map.serialize_entry("message", &Text(message))?;
    for (key, value) in fields {
        map.serialize_entry(&keys.take(key), &Typed(value))?;
    }
    map.end()
}

/// What somebody else said, on one line without a newline and as safe to show.
pub(crate) fn json(said: &serde_json::Value) -> String {
    let mut out = Vec::new();
    // Memory takes every byte.
    let _ = said.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Printable));
    String::from_utf8_lossy(&out).into_owned()
}

/// The line, without its newline, that stands where so many were lost.
pub(crate) fn lost(lost: u64) -> String {
    format!(r#"{{"event":"lost","lost":{lost}}}"#)
}

/// The keys of one object.
struct Keys<'a>(Vec<Cow<'a, str>>);

impl<'a> Keys<'a> {
    /// `key`, or the first of `key_2`, `key_3`, .. that is free.
    fn take(&mut self, key: &'a str) -> Cow<'a, str> {
        let mut free = Cow::Borrowed(key);
        let mut n = 2;
        while self.0.contains(&free) {
            free = format!("{key}_{n}").into();
            n += 1;
        }
        self.0.push(free.clone());
        free
    }
}

struct Text<T>(T);

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // `collect_str` panics where a `Display` fails; this keeps what it wrote until then.
        let mut text = String::new();
        let _ = fmt::Write::write_fmt(&mut text, format_args!("{}", self.0));
        serializer.serialize_str(&text)
    }
}

struct Typed<'a>(Value<'a>);

impl Serialize for Typed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Bool(value) => serializer.serialize_bool(value),
            Value::I64(value) => serializer.serialize_i64(value),
            Value::U64(value) => serializer.serialize_u64(value),
            Value::F64(value) => serializer.serialize_f64(value),
            Value::Str(value) => serializer.serialize_str(value),
            value => Text(value).serialize(serializer),
        }
    }
}

/// JSON whose texts are safe to show.
struct Printable;

impl Formatter for Printable {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_harmful) {
            let (plain, from) = rest.split_at(at);
            out.write_all(plain.as_bytes())?;
            let mut chars = from.chars();
            let c = chars.next().unwrap_or_default();
            write!(out, "\\u{:04x}", u32::from(c))?; // all of them are in the basic plane
            rest = chars.as_str();
        }
        out.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use trace::{Tracer, from_fn, trace, with};

    use super::*;

    const AT: At = At(1_763_680_734_007_008);

    /// What the events of `tell` are as lines.
    fn lines(tell: impl Fn(&dyn Tracer)) -> String {
        let seen = Mutex::new(Vec::new());
        let tracer = from_fn(|event| {
            line(&mut seen.lock().unwrap(), AT, event.message(), event.fields());
        });
        tell(&tracer);
        drop(tracer);
        String::from_utf8(seen.into_inner().unwrap()).unwrap()
    }

    #[track_caller]
    fn check(tell: impl Fn(&dyn Tracer), expected: &str) {
        let seen = lines(tell);
        let start = r#"{"at":"2025-11-20T23:18:54.007008Z","message":"#;
        assert_eq!(seen, format!("{start}{expected}\n"));
        let object: serde_json::Value = serde_json::from_str(&seen).unwrap();
        assert!(object.is_object());
    }

    #[test]
    fn fields_keep_their_order_and_their_types() {
        let name = "ann";
        check(
            |tracer| {
                let tracer = with(tracer, "client", 7);
                trace!(tracer, "New client {name}"; event = "joined", bytes = 5_usize, off = -1,
                    ok = true, share = 0.5, who = format_args!("{name}!"));
            },
            r#""New client ann","client":"7","event":"joined","bytes":5,"off":-1,"ok":true,"share":0.5,"who":"ann!"}"#,
        );
    }

    #[test]
    fn no_key_stands_twice() {
        check(
            |tracer| {
                let tracer = with(with(tracer, "room", "a"), "room", "b");
                trace!(tracer, "m"; room = "c", at = 1, message = 2, room_2 = "d");
            },
            r#""m","room":"a","room_2":"b","room_3":"c","at_2":1,"message_2":2,"room_2_2":"d"}"#,
        );
    }

    #[test]
    fn nothing_in_a_line_can_steer_a_terminal_or_hide() {
        check(
            |tracer| trace!(tracer, "a\u{1b}[2J\n\u{9b}1m\u{7f}"; by = "\u{202e}x\u{2028}\u{feff}é"),
            r#""a\u001b[2J\n\u009b1m\u007f","by":"\u202ex\u2028\ufeffé"}"#,
        );
        check(|tracer| trace!(tracer, "say \"hi\" \\"), r#""say \"hi\" \\"}"#);
    }

    #[test]
    fn what_others_said_is_as_safe_to_show() {
        let said = r#"{"a\u202e":["\u001b[2J\u009b",1,"é\"\u007f"],"n":18446744073709551615}"#;
        let seen = json(&serde_json::from_str(said).unwrap());
        assert_eq!(seen, said);
    }

    #[test]
    fn what_is_no_number_in_json_is_null() {
        check(|tracer| trace!(tracer, "m"; share = f64::NAN), r#""m","share":null}"#);
        check(|tracer| trace!(tracer, "m"; n = u64::MAX), r#""m","n":18446744073709551615}"#);
    }

    #[test]
    fn a_value_that_cannot_be_shown_is_cut_off_where_it_failed() {
        struct Broken;
        impl fmt::Display for Broken {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("so far")?;
                Err(fmt::Error)
            }
        }
        check(
            |tracer| trace!(tracer, "m"; broken = format_args!("{Broken}"), n = 1),
            r#""m","broken":"so far","n":1}"#,
        );
    }

    #[test]
    fn lost_lines_are_a_line() {
        assert_eq!(lost(3), r#"{"event":"lost","lost":3}"#);
    }
}
