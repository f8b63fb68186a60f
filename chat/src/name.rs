//! Names of members and rooms: what exists here is legal.

use std::fmt;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use crate::limits::{NAME_CHARS, ROOM_CHARS};

/// A member's name: NFKC, 1 to 32 characters, no controls or bidirectional marks, no `:` or `,`,
/// not starting with `#`, `/` or `*`, no space at either end.
///
/// Equality is of the text; whether two names may be held side by side is asked of
/// [`Name::imitates`].
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Arc<str>);

/// Why a text is not a [`Name`] or a [`RoomName`]; says what to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing is left of it.
    Empty,
    /// More characters than this.
    TooLong(usize),
    /// It begins or ends with a space.
    Space,
    /// A character that has no place in a name.
    Character(char),
    /// A character that may not come first.
    First(char),
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a name needs at least one character"),
            Self::TooLong(most) => write!(f, "a name has at most {most} characters"),
            Self::Space => f.write_str("a name neither begins nor ends with a space"),
            Self::Character(c) => write!(f, "{c:?} cannot be in a name"),
            Self::First(c) => write!(f, "a name cannot begin with {c:?}"),
        }
    }
}

impl std::error::Error for NameError {}

impl Name {
    /// Normalises `text` and checks it.
    ///
    /// # Errors
    /// The first rule that the text breaks; ask for another name.
    ///
    /// ```
    /// # use chat::Name;
    /// assert_eq!(Name::new("ann").unwrap().as_str(), "ann");
    /// assert_eq!(Name::new("a:b").unwrap_err().to_string(), "':' cannot be in a name");
    /// ```
    pub fn new(text: &str) -> Result<Self, NameError> {
        let text = bounded_nfkc(text, NAME_CHARS)?;
        if text.trim() != text {
            return Err(NameError::Space);
        }
        if let Some(bad) = text.chars().find(|&c| !allowed(c)) {
            return Err(NameError::Character(bad));
        }
        if let Some(first) = text.chars().next().filter(|c| "#/*".contains(*c)) {
            return Err(NameError::First(first));
        }
        let name = Self(text.into());
        match name.keys().iter().any(String::is_empty) {
            true => Err(NameError::Empty),
            false => Ok(name),
        }
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a reader could take one name for the other: equal but for case, or by the
    /// confusable skeleton of Unicode Technical Standard 39.
    pub fn imitates(&self, other: &Self) -> bool {
        let [a, b] = self.keys();
        let [c, d] = other.keys();
        a == c || a == d || b == c || b == d
    }

    /// What a holder of this name occupies. Two keys, because case and shape fold differently:
    /// `Ian` is read as `lan` and as `ian`, which are not read as each other.
    pub(crate) fn keys(&self) -> [String; 2] {
        [skeleton(&self.0).collect(), skeleton(&self.0.to_lowercase()).collect()]
    }

    /// The name with `-n` behind it, shortened to fit.
    pub(crate) fn numbered(&self, n: u64) -> Self {
        let tail = format!("-{n}");
        let head: String = self.0.chars().take(NAME_CHARS - tail.len()).collect();
        Self(format!("{}{tail}", head.trim_end()).into())
    }

    /// The name of whoever says none, which nobody can hold.
    pub(crate) fn nobody() -> Self {
        Self("guest".into())
    }

    pub(crate) fn guest(n: u64) -> Self {
        Self(format!("guest-{n}").into())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// A room's name: NFKC in lower case, 1 to 64 letters, digits, `-`, `_` and `.`, not starting
/// with `.`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomName(Arc<str>);

impl RoomName {
    /// Normalises `text` and checks it.
    ///
    /// # Errors
    /// The first rule that the text breaks; ask for another room.
    ///
    /// ```
    /// # use chat::RoomName;
    /// assert_eq!(RoomName::new("Rust-101").unwrap().as_str(), "rust-101");
    /// assert!(RoomName::new("a b").is_err());
    /// ```
    pub fn new(text: &str) -> Result<Self, NameError> {
        let text = bounded_nfkc(text, ROOM_CHARS)?.to_lowercase();
        if let Some(bad) = text.chars().find(|&c| !(c.is_alphanumeric() || "-_.".contains(c))) {
            return Err(NameError::Character(bad));
        }
        if text.starts_with('.') {
            return Err(NameError::First('.'));
        }
        match text.chars().count() {
            0..=ROOM_CHARS => Ok(Self(text.into())),
            _ => Err(NameError::TooLong(ROOM_CHARS)),
        }
    }

    /// The room that always exists.
    pub fn lobby() -> Self {
        Self("lobby".into())
    }

    /// What stands for a member's inbox where a room's name stands; no room can have it.
    pub fn inbox() -> Self {
        Self("@".into())
    }

    /// The name as it is shown, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// One character can become eighteen in NFKC, so the input is bounded before it is normalised.
fn bounded_nfkc(text: &str, most: usize) -> Result<String, NameError> {
    if text.chars().nth(most * 4).is_some() {
        return Err(NameError::TooLong(most));
    }
    let text: String = text.nfkc().collect();
    match text.chars().count() {
        0 => Err(NameError::Empty),
        n if n > most => Err(NameError::TooLong(most)),
        _ => Ok(text),
    }
}

fn allowed(c: char) -> bool {
    !c.is_control() && !matches!(c, ':' | ',') && (c == ' ' || !c.is_whitespace()) && !is_unseen(c)
}

/// What leaves no mark or moves others: Unicode's default-ignorable code points, separators and
/// bidirectional marks, the blank Braille pattern, and what is assigned to nobody.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn name(text: &str, expected: Result<&str, NameError>) {
        assert_eq!(Name::new(text).as_ref().map(Name::as_str).map_err(|e| *e), expected);
    }

    #[test]
    fn names_are_normalised_and_bounded() {
        name("ann", Ok("ann"));
        name("林小雨", Ok("林小雨"));
        name("ليلى", Ok("ليلى"));
        name("ｆｕｌｌ", Ok("full"));
        name("Mary Ann", Ok("Mary Ann"));
        name("", Err(NameError::Empty));
        name(&"x".repeat(32), Ok(&"x".repeat(32)));
        name(&"x".repeat(33), Err(NameError::TooLong(32)));
        name(&"\u{fdfa}".repeat(32), Err(NameError::TooLong(32)));
        name(&"x".repeat(1 << 20), Err(NameError::TooLong(32)));
    }

    #[test]
    fn names_have_no_room_for_tricks() {
        name(" ann", Err(NameError::Space));
        name("ann\u{a0}", Err(NameError::Space));
        name("a:b", Err(NameError::Character(':')));
        name("a,b", Err(NameError::Character(',')));
        name("a\tb", Err(NameError::Character('\t')));
        name("a\u{202e}b", Err(NameError::Character('\u{202e}')));
        name("a\u{200b}b", Err(NameError::Character('\u{200b}')));
        name("a\u{3164}b", Err(NameError::Character('\u{1160}')));
        name("a\u{2003}b", Ok("a b"));
        for unseen in ['\u{34f}', '\u{17b4}', '\u{180b}', '\u{1d173}', '\u{1bca0}', '\u{2800}'] {
            name(&format!("ann{unseen}"), Err(NameError::Character(unseen)));
        }
        name("#ann", Err(NameError::First('#')));
        name("/ann", Err(NameError::First('/')));
        name("* ann", Err(NameError::First('*')));
    }

    #[test]
    fn imitations_are_seen() {
        let imitates = |a: &str, b: &str| Name::new(a).unwrap().imitates(&Name::new(b).unwrap());
        for (a, b) in
            [("ann", "Ann"), ("ann", "аnn"), ("Ian", "lan"), ("Ian", "ian"), ("bob", "b\u{3bf}b")]
        {
            assert!(imitates(a, b) && imitates(b, a), "{a} {b}");
        }
        assert!(!imitates("ian", "lan"));
        assert!(!imitates("ann", "anna"));
    }

    #[test]
    fn a_numbered_name_still_fits() {
        assert_eq!(Name::new("ann").unwrap().numbered(2).as_str(), "ann-2");
        let long = Name::new(&"x".repeat(32)).unwrap().numbered(10);
        assert_eq!(long.as_str(), format!("{}-10", "x".repeat(29)));
        assert_eq!(Name::new(long.as_str()).unwrap(), long);
    }

    #[test]
    fn room_names() {
        let room = |text: &str| RoomName::new(text).map(|r| r.to_string());
        assert_eq!(room("Lobby"), Ok("lobby".into()));
        assert_eq!(room("学习"), Ok("学习".into()));
        assert_eq!(room(".x"), Err(NameError::First('.')));
        assert_eq!(room("@x"), Err(NameError::Character('@')));
        assert_eq!(room("../x"), Err(NameError::Character('/')));
        assert_eq!(room(""), Err(NameError::Empty));
        assert_eq!(room(&"x".repeat(65)), Err(NameError::TooLong(64)));
        assert_eq!(room(&"\u{130}".repeat(64)), Err(NameError::Character('\u{307}')));
    }
}
