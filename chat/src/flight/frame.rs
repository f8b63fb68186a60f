//! One event as bytes: what a recorder keeps of it.

use std::fmt::{self, Write};

use trace::{Event, Value};

use crate::limits::FLIGHT_EVENT_BYTES;
use crate::ndjson::At;

/// Cuts what follows it out of a message.
const SAID: &str = ": ";

const FALSE: u8 = 0;
const TRUE: u8 = 1;
const I64: u8 = 2;
const U64: u8 = 3;
const F64: u8 = 4;
const TEXT: u8 = 5;

/// An event on its way into a ring, on the stack. The message comes first, as a text: two bytes of
/// length, and as many of UTF-8. A field is a byte of length, its key, a byte for the type and the
/// value.
pub(super) struct Frame {
    bytes: [u8; FLIGHT_EVENT_BYTES],
    len: usize,
}

impl Frame {
    /// All foreign code that can be behind an event runs here. A text is cut where it would take
    /// more than half of the room that is left, and fields for which there is none are left out.
    /// Without `bodies` nothing is kept of what people say.
    pub(super) fn new(event: &Event<'_>, bodies: bool) -> Self {
        let mut frame = Self { bytes: [0; FLIGHT_EVENT_BYTES], len: 0 };
        let message = event.message();
        match message.as_str() {
            Some(message) => frame.text(message),
            None => frame.formatted(message),
        };
        // Only what was filled in can be somebody's.
        if !bodies
            && message.as_str().is_none()
            && matches!(event.get("event"), Some(Value::Str("received")))
        {
            frame.hush();
        }
        for (key, value) in event.fields() {
            let before = frame.len;
            if !frame.field(key, value) {
                frame.len = before;
            }
        }
        frame
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Takes what somebody said out of the message, which is all there is yet.
    fn hush(&mut self) {
        let said = self.bytes[2..self.len].windows(SAID.len()).position(|w| w == SAID.as_bytes());
        if let Some(at) = said {
            self.len = 2 + at;
            self.measure(0);
        }
    }

    /// Whether there was room.
    fn field(&mut self, key: &str, value: Value<'_>) -> bool {
        let Ok(len) = u8::try_from(key.len()) else { return false };
        self.push(&[len])
            && self.push(key.as_bytes())
            && match value {
                Value::Bool(value) => self.push(&[if value { TRUE } else { FALSE }]),
                Value::I64(value) => self.number(I64, value.to_le_bytes()),
                Value::U64(value) => self.number(U64, value.to_le_bytes()),
                Value::F64(value) => self.number(F64, value.to_le_bytes()),
                Value::Str(text) => self.push(&[TEXT]) && self.text(text),
                text => self.push(&[TEXT]) && self.formatted(format_args!("{text}")),
            }
    }

    fn number(&mut self, kind: u8, value: [u8; 8]) -> bool {
        self.push(&[kind]) && self.push(&value)
    }

    fn text(&mut self, text: &str) -> bool {
        let start = self.len;
        self.push(&[0; 2]) && {
            Cut::new(self).append(text);
            self.measure(start)
        }
    }

    /// What a `Display` that fails wrote until then is kept.
    fn formatted(&mut self, text: fmt::Arguments<'_>) -> bool {
        let start = self.len;
        self.push(&[0; 2]) && {
            let _ = Cut::new(self).write_fmt(text);
            self.measure(start)
        }
    }

    /// Writes down how long the text is that began at `start` and goes to the end.
    fn measure(&mut self, start: usize) -> bool {
        let len = (self.len - start - 2) as u16;
        self.bytes[start..start + 2].copy_from_slice(&len.to_le_bytes());
        true
    }

    fn push(&mut self, bytes: &[u8]) -> bool {
        let end = self.len + bytes.len();
        let Some(room) = self.bytes.get_mut(self.len..end) else { return false };
        room.copy_from_slice(bytes);
        self.len = end;
        true
    }
}

/// Takes text as long as there is room for it.
struct Cut<'a> {
    frame: &'a mut Frame,
    left: usize,
}

impl<'a> Cut<'a> {
    fn new(frame: &'a mut Frame) -> Self {
        let left = (FLIGHT_EVENT_BYTES - frame.len) / 2;
        Self { frame, left }
    }

    fn append(&mut self, text: &str) {
        let mut end = self.left.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.frame.push(&text.as_bytes()[..end]);
        // What was cut is not gone on with.
        self.left = if end < text.len() { 0 } else { self.left - end };
    }
}

impl fmt::Write for Cut<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.append(text);
        Ok(())
    }
}

/// An event as it comes out of a ring.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recorded<'a> {
    pub(crate) at: At,
    message: &'a str,
    fields: &'a [u8],
}

impl<'a> Recorded<'a> {
    pub(super) fn new(at: At, mut frame: &'a [u8]) -> Self {
        let message = text(&mut frame).unwrap_or_default();
        Self { at, message, fields: frame }
    }

    pub(crate) fn message(&self) -> &'a str {
        self.message
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> + use<'a> {
        let mut rest = self.fields;
        std::iter::from_fn(move || field(&mut rest))
    }

    /// The field of that name; of several, the last one.
    pub(crate) fn get(&self, key: &str) -> Option<Value<'a>> {
        self.fields().filter(|(name, _)| *name == key).last().map(|(_, value)| value)
    }
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<(&'a str, Value<'a>)> {
    let len = take(rest, 1)?[0];
    let key = str::from_utf8(take(rest, len.into())?).ok()?;
    let value = match take(rest, 1)?[0] {
        FALSE => Value::Bool(false),
        TRUE => Value::Bool(true),
        I64 => Value::I64(i64::from_le_bytes(eight(rest)?)),
        U64 => Value::U64(u64::from_le_bytes(eight(rest)?)),
        F64 => Value::F64(f64::from_le_bytes(eight(rest)?)),
        _ => Value::Str(text(rest)?),
    };
    Some((key, value))
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let len = take(rest, 2)?.try_into().map(u16::from_le_bytes).ok()?;
    str::from_utf8(take(rest, len.into())?).ok()
}

fn eight(rest: &mut &[u8]) -> Option<[u8; 8]> {
    take(rest, 8)?.try_into().ok()
}

/// The first bytes of the rest, if there are as many.
fn take<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(len)?;
    *rest = left;
    Some(taken)
}
