//! Formats times framings: bytes from and for one kind of client. Pure; the only place that fills
//! and reads the encoded bytes of a slot.

mod body;
mod frame;
mod json;

use bytes::Bytes;

use crate::command::{Command, Reply};
use crate::end::End;
use crate::entry::Slot;
use crate::limits::Limits;
use crate::refused::Refused;

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wire {
    /// `chat.v1`: JSON objects in WebSocket text frames.
    Json,
    /// Bodies in WebSocket text frames, and nothing else: the Go Blueprints tutorial.
    Body,
}

/// A command and the number that its reply repeats.
#[derive(Debug)]
pub struct Request {
    /// The client's number for it.
    pub id: Option<u64>,
    /// What is asked, or why that could not be understood.
    pub command: Result<Command, Refused>,
}

impl Wire {
    /// Its name in the trace: the subprotocol, or the address that speaks it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "chat.v1",
            Self::Body => "body",
        }
    }

    /// Whether a client says its name, or gets one.
    pub fn has_login(self) -> bool {
        self == Self::Json
    }

    /// Whether a reader can be told that entries went by without it.
    pub fn tells_gaps(self) -> bool {
        self == Self::Json
    }

    /// What one message from the client asks.
    pub fn decode(self, message: &[u8], limits: &Limits) -> Request {
        match self {
            Self::Json => json::decode(message, limits),
            Self::Body => Request { id: None, command: body::decode(message, limits) },
        }
    }

    /// The bytes of a slot, encoded by the first reader and shared by all; empty if this wire does
    /// not tell it.
    pub fn slot(self, slot: &Slot) -> Bytes {
        match (self, slot) {
            (Self::Json, Slot::Entry(entry)) => {
                entry.encoded.get_or_encode(0, || frame::text(&json::entry(entry)))
            }
            (Self::Json, Slot::Notice(notice)) => {
                notice.encoded.get_or_encode(0, || frame::text(&json::notice(notice)))
            }
            (Self::Body, Slot::Entry(entry)) => {
                entry.encoded.get_or_encode(1, || frame::text(entry.content.body().as_bytes()))
            }
            (Self::Body, Slot::Notice(_)) => Bytes::new(),
        }
    }

    /// The bytes of a reply; empty if this wire does not tell it.
    pub fn reply(self, reply: &Reply) -> Bytes {
        match self {
            Self::Json => frame::text(&json::reply(reply)),
            Self::Body => Bytes::new(),
        }
    }

    /// Bytes that a living client answers.
    pub fn ping(self) -> Bytes {
        frame::ping()
    }

    /// The answer to a client's ping.
    pub fn pong(self, payload: &[u8]) -> Bytes {
        frame::pong(payload)
    }

    /// The last bytes of a session.
    pub fn close(self, end: End) -> Bytes {
        frame::close(end.close_code(), end.as_str())
    }
}
