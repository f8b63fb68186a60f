//! Formats times framings: bytes from and for one kind of client. Pure; the only place that fills
//! and reads the encoded bytes of a slot.

mod body;
mod delivery;
pub(crate) mod frame;
mod json;
mod lines;
mod pool;
mod said;
mod text;

use bytes::Bytes;

pub(crate) use self::lines::Lines;
use crate::command::{Command, Post, Reply};
use crate::end::End;
use crate::entry::{Encoded, Entry, Epoch, Mid, Slot, WIRES};
use crate::limits::{Limits, TOGETHER_BYTES};
use crate::name::RoomName;
use crate::refused::Refused;

/// What a client speaks, and how its messages are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wire {
    /// `chat.v1`: JSON objects in WebSocket text frames.
    Json,
    /// The same objects, one a line.
    JsonLines,
    /// Lines for people, in WebSocket text frames.
    Text,
    /// Lines for people: `nc`, and the async-std tutorial.
    TextLines,
    /// Bodies in WebSocket text frames, and nothing else: the Go Blueprints tutorial.
    Body,
    /// `{"type":1,"body":".."}` in WebSocket text frames: the Go and React tutorial.
    Pool,
}

// A slot has a place for the bytes of each.
const EVENTS: usize = Wire::Pool as usize + 1;
const _: () = assert!(EVENTS + 1 == WIRES);

/// A command and the number that its reply repeats.
#[derive(Debug)]
pub struct Request {
    /// The client's number for it.
    pub id: Option<u64>,
    /// The client's name for what it posts.
    pub mid: Option<Mid>,
    /// The room that it names; the inbox, if it is for members.
    pub room: Option<RoomName>,
    /// What is asked, or why that could not be understood.
    pub command: Result<Command, Refused>,
}

impl Request {
    /// One that is told by nothing but what it asks.
    fn of(command: Result<Command, Refused>) -> Self {
        Self { id: None, mid: None, room: None, command }
    }
}

/// The layout of a message.
#[derive(Clone, Copy, PartialEq)]
enum Format {
    Json,
    Text,
    Body,
    Pool,
}

/// What a message says that can only be a post: as an object, or as its text.
pub(crate) fn decode_post(
    message: &[u8],
    is_object: bool,
    limits: &Limits,
) -> Result<Post, Refused> {
    match is_object {
        true => json::decode_post(message, limits),
        false => body::post(message, limits),
    }
}

/// An entry of the log of an epoch as a server-sent event, encoded by the first reader and shared
/// by all.
pub(crate) fn event(epoch: &Epoch, entry: &Entry) -> Bytes {
    entry.encoded.get_or_encode(EVENTS, || {
        let id = format!("id: {}.{}\ndata: ", epoch.as_str(), entry.seq);
        [id.as_bytes(), &json::entry(entry), b"\n\n"].concat().into()
    })
}

impl Wire {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Json, Self::JsonLines, Self::Text, Self::TextLines, Self::Body, Self::Pool];

    fn format(self) -> Format {
        match self {
            Self::Json | Self::JsonLines => Format::Json,
            Self::Text | Self::TextLines => Format::Text,
            Self::Body => Format::Body,
            Self::Pool => Format::Pool,
        }
    }

    /// Whether the client's last word is the end of its input, after which it may still read.
    pub(crate) fn is_lines(self) -> bool {
        matches!(self, Self::JsonLines | Self::TextLines)
    }

    /// Its name in the trace: the subprotocol, or the address that speaks it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "chat.v1",
            Self::JsonLines => "chat.v1-lines",
            Self::Text => "text",
            Self::TextLines => "text-lines",
            Self::Body => "body",
            Self::Pool => "pool",
        }
    }

    /// Whether a client says its name, or gets one.
    pub fn has_login(self) -> bool {
        matches!(self.format(), Format::Json | Format::Text)
    }

    /// Whether a client can be told that a request was refused, or that entries went by.
    pub fn answers(self) -> bool {
        matches!(self.format(), Format::Json | Format::Text)
    }

    /// Whether what is said without a room goes to the room joined last.
    pub fn has_current_room(self) -> bool {
        self.format() == Format::Text
    }

    /// Whether an entry is told to a client at all.
    pub(crate) fn tells(self, entry: &Entry) -> bool {
        match self.format() {
            Format::Json => true,
            Format::Text => entry.direct.as_ref().is_none_or(|direct| !direct.copy),
            Format::Body | Format::Pool => said::is_in_room(entry),
        }
    }

    /// Whether a client says by itself what it has.
    pub(crate) fn acknowledges(self) -> bool {
        self.format() == Format::Json
    }

    /// Whether a living client answers a ping; of the others the connection itself has to tell.
    pub fn has_pings(self) -> bool {
        !self.is_lines()
    }

    /// What one message from the client asks; `named` once it has said its name.
    pub fn decode(self, message: &[u8], limits: &Limits, named: bool) -> Request {
        match self.format() {
            Format::Json => json::decode(message, limits),
            Format::Text => Request::of(text::decode(message, limits, named)),
            Format::Body | Format::Pool => Request::of(body::decode(message, limits)),
        }
    }

    /// The bytes of a slot, encoded by the first reader and shared by all; empty if this wire does
    /// not tell it.
    pub fn slot(self, slot: &Slot) -> Bytes {
        let encoded = match slot {
            Slot::Entry(entry) => &entry.encoded,
            Slot::Notice(notice) => &notice.encoded,
        };
        encoded.get_or_encode(self as usize, || match (self.format(), slot) {
            (Format::Json, Slot::Entry(entry)) => self.framed(&json::entry(entry)),
            (Format::Json, Slot::Notice(notice)) => self.framed(&json::notice(notice)),
            (Format::Text, Slot::Entry(entry)) => self.framed(text::entry(entry).as_bytes()),
            (Format::Text, Slot::Notice(notice)) => self.framed(text::notice(notice).as_bytes()),
            (Format::Body, Slot::Entry(entry)) => self.framed(said::in_room(entry).as_bytes()),
            (Format::Body, Slot::Notice(_)) => Bytes::new(),
            (Format::Pool, Slot::Entry(entry)) => self.framed(&pool::entry(entry)),
            (Format::Pool, Slot::Notice(notice)) => {
                let changes = pool::notice(notice);
                changes.iter().flat_map(|change| frame::text(change)).collect()
            }
        })
    }

    /// The bytes of several slots one behind the other, put together by the first reader into
    /// `together` and shared by all; nothing if they are too many to be there twice.
    pub(crate) fn slots(self, slots: &[Slot], together: &Encoded) -> Option<Bytes> {
        if let [slot] = slots {
            return Some(self.slot(slot));
        }
        let all = together.get_or_encode(self as usize, || {
            let slots: Vec<_> = slots.iter().map(|slot| self.slot(slot)).collect();
            match slots.iter().map(Bytes::len).sum::<usize>() <= TOGETHER_BYTES {
                true => slots.concat().into(),
                false => Bytes::new(),
            }
        });
        (!all.is_empty()).then_some(all)
    }

    /// The bytes of a reply; empty if this wire does not tell it.
    pub fn reply(self, reply: &Reply) -> Bytes {
        match self.format() {
            Format::Json => self.framed(&json::reply(reply)),
            Format::Text => self.framed(text::reply(reply).as_bytes()),
            Format::Body | Format::Pool => Bytes::new(),
        }
    }

    /// A message as the framing has it; nothing is no message.
    fn framed(self, message: &[u8]) -> Bytes {
        if message.is_empty() {
            return Bytes::new();
        }
        match self.is_lines() {
            true => [message, b"\n"].concat().into(),
            false => frame::text(message),
        }
    }

    /// Bytes that a living client answers with the same number, as four bytes.
    pub fn ping(self, number: u32) -> Bytes {
        if self.has_pings() { frame::ping(number) } else { Bytes::new() }
    }

    /// The answer to a client's ping.
    pub fn pong(self, payload: &[u8]) -> Bytes {
        if self.has_pings() { frame::pong(payload) } else { Bytes::new() }
    }

    /// The last bytes of a session.
    pub fn close(self, end: End) -> Bytes {
        match self.is_lines() {
            true => Bytes::new(),
            false => frame::close(end.close_code(), end.as_str()),
        }
    }
}
