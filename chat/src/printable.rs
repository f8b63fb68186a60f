//! Texts that others wrote, as a terminal may have them.

/// Characters of a text that stands for a longer one.
const BEGINNING: usize = 200;

/// Whether a terminal could obey a character, or it could hide text: controls (C0, DEL, C1), line
/// separators, and what changes the direction of text or is not seen. `trace` escapes the same.
pub(crate) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text on one line, with everything harmful escaped: `\n`, `\u{1b}`.
pub(crate) fn printable(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match is_harmful(c) {
            true => line.extend(c.escape_default()),
            false => line.push(c),
        }
    }
    line
}

/// The same of its first 200 characters, with `..` for the rest.
pub(crate) fn beginning(text: &str) -> String {
    match text.char_indices().nth(BEGINNING) {
        Some((end, _)) => printable(&text[..end]) + "..",
        None => printable(text),
    }
}

#[cfg(test)]
mod tests {
    use trace::{Recorder, trace};

    use super::*;

    #[test]
    fn what_is_escaped_is_what_a_trace_escapes() {
        let all: String = ('\0'..=char::MAX).collect();
        let traced = Recorder::new();
        trace!(traced, "{all}");
        assert_eq!(traced.to_string().strip_suffix('\n'), Some(printable(&all).as_str()));
    }

    #[test]
    fn nothing_in_it_can_steer_a_terminal() {
        let text = "a\u{1b}[2J\r\nb\t\u{7f}\u{9b}1m\u{202e}\u{feff}\u{2028}é房\"\\";
        let expected = r#"a\u{1b}[2J\r\nb\t\u{7f}\u{9b}1m\u{202e}\u{feff}\u{2028}é房"\"#;
        assert_eq!(printable(text), expected);
    }

    #[test]
    fn of_a_long_text_the_beginning_is_enough() {
        let long = "房".repeat(BEGINNING);
        assert_eq!(beginning(&long), long);
        assert_eq!(beginning(&(long.clone() + "\n")), long + "..");
        assert_eq!(beginning("\n"), r"\n");
    }
}
