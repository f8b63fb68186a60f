//! One event is one line that can be split again, whatever the text contains.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use proptest::prelude::*;
use trace::{Tracer, new, trace};

fn written(act: impl FnOnce(&dyn Tracer)) -> String {
    let mut buf = Vec::new();
    act(&new(&mut buf));
    String::from_utf8(buf).unwrap()
}

#[track_caller]
fn check_text(text: &str, expected: &str) {
    assert_eq!(written(|t| trace!(t, "{text}")), format!("{expected}\n"));
}

#[track_caller]
fn check_value(text: &str, expected: &str) {
    let line = format!("said body={expected}\n");
    assert_eq!(written(|t| trace!(t, "said"; body = text)), line);
    assert_eq!(written(|t| trace!(t, "said"; body = format_args!("{text}"))), line);
}

#[test]
fn a_forged_line_stays_in_its_place() {
    check_text("x\nclient left\u{1b}[2J", "x\\nclient left\\u{1b}[2J");
    check_value("x\nclient left\u{1b}[2J", "\"x\\nclient left\\u{1b}[2J\"");
    check_value("5 client=1", "\"5 client=1\"");
    check_value("5\" client=\"1", "\"5\\\" client=\\\"1\"");
    check_value("5\\\" client=\\\"1", "\"5\\\\\\\" client=\\\\\\\"1\"");
}

#[test]
fn each_kind_of_control_is_escaped() {
    check_text("\0\u{8}\t\r\n\u{1f}", "\\u{0}\\u{8}\\t\\r\\n\\u{1f}");
    check_text("\u{7f}", "\\u{7f}");
    check_text("\u{80}\u{85}\u{9f}", "\\u{80}\\u{85}\\u{9f}");
    check_text("\u{2028}\u{2029}", "\\u{2028}\\u{2029}");
    check_text("\u{200e}\u{200f}\u{61c}", "\\u{200e}\\u{200f}\\u{61c}");
    check_text("\u{202a}\u{202e}", "\\u{202a}\\u{202e}");
    check_text("\u{2066}\u{2069}", "\\u{2066}\\u{2069}");
    check_text("\u{feff}", "\\u{feff}");
}

#[test]
fn everything_else_is_left_alone() {
    let harmless =
        "a=\"b\\\" \u{a0}\u{ad}é\u{200d}\u{2027}\u{202f}\u{2065}\u{206a}\u{61b}\u{61d}中👩\u{fefe}";
    check_text(harmless, harmless);
    check_value("中👩é-\u{200d}'", "中👩é-\u{200d}'");
}

#[test]
fn a_value_is_quoted_when_it_has_to_be() {
    check_value("", "\"\"");
    check_value("a b", "\"a b\"");
    check_value("a=b", "\"a=b\"");
    check_value("a\"b", "\"a\\\"b\"");
    check_value("a\\b", "\"a\\\\b\"");
    check_value("a\tb", "\"a\\tb\"");
    check_value("a\u{a0}b", "\"a\u{a0}b\"");
    check_value("a\u{1680}b\u{2003}", "\"a\u{1680}b\u{2003}\"");
    check_value("a\u{3000}b", "\"a\u{3000}b\"");
    check_value("a\u{feff}b", "\"a\\u{feff}b\"");
}

#[test]
fn a_line_of_any_length_is_one_line() {
    for length in 0..600 {
        let text = "x".repeat(length);
        check_text(&text, &text);
        check_value(&format!("{text}y"), &format!("{text}y"));
        check_value(&format!("{text} "), &format!("\"{text} \""));
        let both = written(|t| trace!(t, "{text}"; a = &text, b = "1 2", c = 3));
        let value = if length == 0 { "\"\"" } else { &text };
        assert_eq!(both, format!("{text} a={value} b=\"1 2\" c=3\n"));
    }
}

/// Text in which hostile characters are frequent.
fn text() -> impl Strategy<Value = String> {
    let hostile = prop::sample::select(
        " =\"\\\n\r\u{1b}\u{85}\u{2028}\u{202e}\u{feff}u{}ab".chars().collect::<Vec<_>>(),
    );
    prop::collection::vec(prop_oneof![3 => hostile, 1 => any::<char>()], 0..40)
        .prop_map(String::from_iter)
}

fn is_harmless(c: char) -> bool {
    let bidi = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}";
    !c.is_control() && !"\u{2028}\u{2029}".contains(c) && !bidi.contains(c)
}

/// Takes the last field off a line: what is before it, its key, its value.
fn split_last(line: &str) -> (&str, &str, String) {
    let Some(inner) = line.strip_suffix('"') else {
        let (rest, field) = line.rsplit_once(' ').unwrap();
        let (key, value) = field.split_once('=').unwrap();
        return (rest, key, value.to_owned());
    };
    // A quote after an even number of backslashes is not part of the value.
    let mut opening = inner.match_indices('"').map(|(at, _)| at).filter(|at| {
        let before = &inner[..*at];
        (before.len() - before.trim_end_matches('\\').len()) % 2 == 0
    });
    let at = opening.next_back().unwrap();
    let (rest, key) = inner[..at].rsplit_once(' ').unwrap();
    (rest, key.strip_suffix('=').unwrap(), unescaped(&inner[at + 1..]))
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match (c, c == '\\').1.then(|| rest.next().unwrap()) {
            None => out.push(c),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('u') => {
                let code: String = rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
                out.push(char::from_u32(u32::from_str_radix(&code, 16).unwrap()).unwrap());
            }
            Some(other) => out.push(other),
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_event_is_one_harmless_line(message in text(), value in text()) {
        let out = written(|t| trace!(t, "{message}"; a = &value, b = format_args!("{value}")));
        let line = out.strip_suffix('\n').unwrap();
        prop_assert!(line.chars().all(is_harmless), "{line:?}");
    }

    #[test]
    fn a_line_can_be_split_again(message in text(), one in text(), two in text()) {
        let out = written(|t| trace!(t, "{message}"; a = &one, b = 7, c = format_args!("{two}")));
        let (rest, key, value) = split_last(out.strip_suffix('\n').unwrap());
        prop_assert_eq!((key, &value), ("c", &two));
        let (rest, key, value) = split_last(rest);
        prop_assert_eq!((key, value.as_str()), ("b", "7"));
        let (rest, key, value) = split_last(rest);
        prop_assert_eq!((key, &value), ("a", &one));
        prop_assert_eq!(format!("{rest}\n"), written(|t| trace!(t, "{message}")));
    }
}

struct Act<F>(F);

impl<F: Fn() -> fmt::Result> fmt::Display for Act<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("before ")?;
        (self.0)()
    }
}

#[test]
fn a_value_may_trace_to_the_same_tracer() {
    let out = written(|t| {
        let inner = Act(|| {
            trace!(t, "inner");
            Ok(())
        });
        trace!(t, "outer {inner}"; again = format_args!("{inner}"));
    });
    assert_eq!(out, "inner\ninner\nouter before  again=\"before \"\n");
}

#[test]
fn a_value_that_panics_harms_only_its_own_event() {
    let out = written(|t| {
        let broken = Act(|| resume_unwind(Box::new("broken")));
        let panicked = catch_unwind(AssertUnwindSafe(|| trace!(t, "{broken}")));
        assert!(panicked.is_err());
        trace!(t, "next");
    });
    assert_eq!(out, "next\n");
}

#[test]
fn a_value_that_fails_cuts_only_itself_short() {
    let failing = Act(|| Err(fmt::Error));
    let out = written(|t| trace!(t, "[{failing}]"; a = format_args!("{failing}."), b = 2));
    assert_eq!(out, "[before  a=\"before \" b=2\n");
}
