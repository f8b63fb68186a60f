use std::borrow::Cow;
use std::fmt::{self, Write as _};

use crate::event::Field;
use crate::{Event, Value};

const STACK: usize = 256;

/// The text of one event, on the stack as long as it is short.
pub(crate) struct Line {
    stack: [u8; STACK],
    len: usize,
    /// Everything, once it did not fit the stack. Empty until then.
    heap: Vec<u8>,
    /// The bytes at which what is being written needs a second look.
    suspects: &'static Suspects,
    /// Whether the value that is being written would be misread without quotes.
    misread: bool,
}

impl Line {
    pub(crate) fn new() -> Line {
        Line { stack: [0; STACK], len: 0, heap: Vec::new(), suspects: &IN_TEXT, misread: false }
    }

    /// The event as it is printed, without the newline that ends it.
    ///
    /// All code of the user that can be behind an event runs here, before any lock is taken.
    pub(crate) fn event(&mut self, event: &Event<'_>) {
        // A `Display` that fails cuts its own text short and nothing else.
        let _ = self.write_fmt(event.message());
        self.fields(event.fields());
    }

    /// ` key=value` for each of them.
    pub(crate) fn fields<'a>(&mut self, fields: impl Iterator<Item = Field<'a>>) {
        for (key, value) in fields {
            let _ = write!(self, " {key}=");
            self.value(value);
        }
    }

    pub(crate) fn end(&mut self) -> &[u8] {
        self.push(b"\n");
        self.bytes()
    }

    pub(crate) fn text(&mut self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes())
    }

    fn bytes(&mut self) -> &mut [u8] {
        if self.heap.is_empty() { &mut self.stack[..self.len] } else { &mut self.heap }
    }

    fn push(&mut self, text: &[u8]) {
        let end = self.len + text.len();
        match self.stack.get_mut(self.len..end) {
            Some(room) => room.copy_from_slice(text),
            None => self.spill(text),
        }
        self.len = end;
    }

    #[cold]
    fn spill(&mut self, text: &[u8]) {
        if self.heap.is_empty() {
            self.heap.extend_from_slice(&self.stack[..self.len]);
        }
        self.heap.extend_from_slice(text);
    }

    /// Writes a value, and puts it into quotes if the text turned out to need them: it can be read
    /// only once.
    pub(crate) fn value(&mut self, value: Value<'_>) {
        let start = self.len;
        self.suspects = &IN_VALUE;
        self.misread = false;
        let _ = match value {
            Value::Str(text) => self.write_str(text),
            value => write!(self, "{value}"),
        };
        self.suspects = &IN_TEXT;
        if self.misread || self.len == start {
            self.push(b"\"\"");
            self.bytes()[start..].rotate_right(1);
        }
    }

    /// Writes a character that was suspect. Only in a value, quotes and backslashes are.
    fn push_char(&mut self, c: char) {
        let escape = is_harmful(c) || matches!(c, '"' | '\\');
        self.misread |= escape || c.is_whitespace() || c == '=';
        if escape {
            c.escape_default().for_each(|c| self.push(&[c as u8]));
        } else {
            self.push(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// Text stays on its line, and cannot drive a terminal or turn the text around.
impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let suspects = self.suspects;
        let mut rest = text;
        while let Some(at) = rest.as_bytes().iter().position(|byte| suspects[usize::from(*byte)]) {
            let (harmless, suspect) = rest.split_at(at);
            let mut chars = suspect.chars();
            let c = chars.next().unwrap_or_default();
            self.push(harmless.as_bytes());
            self.push_char(c);
            rest = chars.as_str();
        }
        self.push(rest.as_bytes());
        Ok(())
    }
}

/// Characters that are never written as they are: controls, line separators, and those that
/// change the direction of what follows or are invisible.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A byte is suspect if a character that needs a second look can begin with it. Most text has
/// none, and is passed over without being decoded.
type Suspects = [bool; 256];

static IN_TEXT: Suspects = suspects(false);
static IN_VALUE: Suspects = suspects(true);

const fn suspects(in_value: bool) -> Suspects {
    let mut suspects = [false; 256];
    let mut byte = 0;
    while byte < suspects.len() {
        suspects[byte] = matches!(byte as u8, 0..=0x1f | 0x7f | 0xc2 | 0xd8 | 0xe2 | 0xef)
            || in_value && matches!(byte as u8, b' ' | b'=' | b'"' | b'\\' | 0xe1 | 0xe3);
        byte += 1;
    }
    suspects
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{from_fn, trace};

    /// What is written of a character, and whether a value that has it needs quotes.
    fn written(c: char, suspects: &'static Suspects) -> (Vec<u8>, bool) {
        let mut line = Line { suspects, ..Line::new() };
        line.write_char(c).unwrap();
        (line.bytes().to_vec(), line.misread)
    }

    #[test]
    fn no_character_slips_past_its_first_byte() {
        for c in '\0'..=char::MAX {
            let looked_at = written(c, &[true; 256]);
            assert_eq!(written(c, &IN_VALUE), looked_at, "{c:?} in a value");
            if !matches!(c, '"' | '\\') {
                assert_eq!(written(c, &IN_TEXT).0, looked_at.0, "{c:?} in text");
            }
        }
    }

    #[test]
    fn common_text_is_not_looked_at_twice() {
        let count = |in_value| suspects(in_value).iter().filter(|suspect| **suspect).count();
        assert_eq!((count(false), count(true)), (37, 43));
    }

    #[test]
    fn a_short_line_stays_on_the_stack() {
        let mut line = Line::new();
        line.push(&[b'x'; STACK]);
        assert!(line.heap.is_empty());
        line.push(b"");
        assert!(line.heap.is_empty());
        line.push(b"y");
        assert_eq!((line.heap.len(), line.bytes().len()), (STACK + 1, STACK + 1));
    }

    #[test]
    fn a_short_event_allocates_nothing_whatever_it_says() {
        let tracer = from_fn(|event| {
            let mut line = Line::new();
            line.event(event);
            line.end();
            assert_eq!((line.heap.capacity(), line.len), (0, 48));
        });
        trace!(tracer, "a\n{}", '\u{202e}'; b = "c d", e = "\"\\\u{feff}", f = 0.25, g = "h");
    }
}
