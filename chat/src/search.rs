//! Words that somebody looks for, and those of a text.
//!
//! SQLite's own tokenizers make one word of a run of Chinese, Japanese or Korean text, so its
//! characters are parted before they are indexed, and asked for as a phrase.

use crate::limits::SEARCH_CHARS;

/// What somebody looks for: messages with all of its words, of which the last may go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search(String);

impl Search {
    /// Words between spaces; `None` if there is none, or more than [`SEARCH_CHARS`] characters.
    pub fn new(text: &str) -> Option<Self> {
        let short = text.chars().take(SEARCH_CHARS + 1).count() <= SEARCH_CHARS;
        let words = text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric));
        let phrases: Vec<_> =
            words.map(|word| format!("\"{}\"", parted(word).replace('"', "\"\""))).collect();
        (short && !phrases.is_empty()).then(|| Self(phrases.join(" ") + " *"))
    }

    /// As FTS5 is asked.
    pub(crate) fn expression(&self) -> &str {
        &self.0
    }
}

/// The text with spaces around each character of a script that is written without them.
pub(crate) fn parted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        match c {
            // Japanese syllables, Chinese characters of all planes, and Korean syllables.
            '\u{3040}'..='\u{30ff}'
            | '\u{31f0}'..='\u{31ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}' => out.extend([' ', c, ' ']),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_without_spaces_are_words() {
        for (text, expected) in [
            ("deploy done", "deploy done"),
            ("在Rust里", " 在 Rust 里 "),
            ("ひらカタ한글", " ひ  ら  カ  タ  한  글 "),
            ("𠮷野家", " 𠮷  野  家 "),
        ] {
            assert_eq!(parted(text), expected);
        }
    }

    #[test]
    fn a_search_is_words() {
        let expression = |text: &str| Search::new(text).map(|search| search.0);
        assert_eq!(expression("two  words"), Some("\"two\" \"words\" *".into()));
        assert_eq!(expression("消息"), Some("\" 消  息 \" *".into()));
        assert_eq!(expression("a\"b OR c*"), Some("\"a\"\"b\" \"OR\" \"c*\" *".into()));
        assert_eq!(expression("fine ?!"), Some("\"fine\" *".into()));
        for nothing in ["", "  ", "?!", "\"", &"x".repeat(SEARCH_CHARS + 1)] {
            assert_eq!(expression(nothing), None, "{nothing:?}");
        }
        assert!(Search::new(&"消".repeat(SEARCH_CHARS)).is_some());
    }
}
