//! Why a request was refused: what the client is told.

use std::fmt;
use std::time::Duration;

use crate::entry::Seq;
use crate::limits::{BUSY_MS, RETURN_MS, RETURN_SPREAD_MS, SEARCH_CHARS};
use crate::name::{Name, NameError};

/// Why the session did not do what it was asked. `Display` is for the person who asked: what was
/// wrong and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// Not one JSON object of the expected shape.
    BadJson {
        /// What is wrong.
        what: &'static str,
        /// On which line, from 1.
        line: usize,
        /// At which byte of the line, from 1.
        column: usize,
    },
    /// More requests than a client may make in so short a time; the next may come after this.
    TooFast(Duration),
    /// No such request.
    UnknownType {
        /// What was asked.
        asked: String,
        /// What can be asked instead.
        known: &'static str,
    },
    /// A field is missing.
    Missing(&'static str),
    /// Before anything else there must be a `hello`.
    HelloFirst,
    /// A second `hello` on one connection.
    HelloTwice,
    /// The name breaks a rule.
    BadName(NameError),
    /// Somebody holds the name, or one that looks like it.
    NameTaken {
        /// One that is free.
        suggest: Name,
    },
    /// The token is nobody's, or that of another name.
    BadToken,
    /// The member has as many sessions as it may.
    TooManySessions(usize),
    /// The room's name breaks a rule.
    BadRoom(NameError),
    /// The server has as many rooms as it may.
    TooManyRooms(usize),
    /// More rooms than one session may be in.
    TooManyJoined(usize),
    /// A post into a room that the session is not in.
    NotJoined,
    /// Nobody has any of the names that a message was for.
    NobodyThere(Name),
    /// A message for nobody, or for more members than this.
    Recipients(usize),
    /// A message for members cannot be in a room as well, nor be changed.
    RoomOrTo,
    /// There is no such message, or it is no longer kept.
    NoMessage(Seq),
    /// Nothing of the asker's is known under that `mid`, or nothing at all.
    NothingKnown,
    /// Only the author of a message changes it.
    NotYours,
    /// No such room.
    NoRoom,
    /// A search without a word, or with too many characters.
    BadSearch,
    /// What is not kept in a file, or is for members alone, is in no index.
    NotSearchable,
    /// A message that is not UTF-8.
    NotText,
    /// A message without text.
    EmptyBody,
    /// A message over the limit, in bytes.
    TooLong(usize),
    /// A `mid` that is empty or too long.
    BadMid,
    /// The `mid` was used before with another body.
    MidReused,
    /// More waits to be stored than may wait.
    Busy,
    /// The disk is full; it may be stored later.
    StorageFull,
    /// It may be stored or not: storing failed, and the server ends.
    NotStored,
    /// What was stored cannot be read.
    Unreadable,
}

impl Refused {
    /// After how many milliseconds the same request may succeed.
    pub fn retry_ms(&self) -> Option<u64> {
        match self {
            Self::TooFast(wait) => Some(wait.as_millis() as u64 + 1),
            Self::Busy => Some(BUSY_MS),
            Self::StorageFull | Self::NotStored => Some(RETURN_MS + RETURN_SPREAD_MS),
            _ => None,
        }
    }

    /// The stable name of the reason, on the wire and in the trace.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadJson { .. } => "bad_json",
            Self::TooFast(_) => "rate_limited",
            Self::UnknownType { .. } => "unknown_type",
            Self::Missing(_) => "missing_field",
            Self::HelloFirst => "hello_first",
            Self::HelloTwice => "hello_twice",
            Self::BadName(_) => "bad_name",
            Self::NameTaken { .. } => "name_taken",
            Self::BadToken => "bad_token",
            Self::TooManySessions(_) => "too_many_sessions",
            Self::BadRoom(_) => "bad_room",
            Self::TooManyRooms(_) => "too_many_rooms",
            Self::TooManyJoined(_) => "too_many_joined",
            Self::NotJoined => "not_joined",
            Self::NobodyThere(_) => "nobody_there",
            Self::Recipients(_) => "bad_recipients",
            Self::RoomOrTo => "room_or_to",
            Self::NoMessage(_) | Self::NothingKnown => "no_message",
            Self::NotYours => "not_yours",
            Self::NoRoom => "no_room",
            Self::BadSearch => "bad_search",
            Self::NotSearchable => "not_searchable",
            Self::NotText => "not_text",
            Self::EmptyBody => "empty_body",
            Self::TooLong(_) => "too_long",
            Self::BadMid => "bad_mid",
            Self::MidReused => "mid_reused",
            Self::Busy => "busy",
            Self::StorageFull => "storage_full",
            Self::NotStored => "not_stored",
            Self::Unreadable => "unreadable",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadJson { what, line, column } => {
                write!(f, "not an object that is understood: {what} (line {line}, column {column})")
            }
            Self::TooFast(_) => {
                write!(
                    f,
                    "too many requests; wait {} ms and send it again",
                    self.retry_ms().unwrap_or(0)
                )
            }
            Self::UnknownType { asked, known } => write!(f, "unknown request {asked:?}; {known}"),
            Self::Missing(field) => write!(f, "the field {field:?} is missing"),
            Self::HelloFirst => f.write_str("say hello first, with a name"),
            Self::HelloTwice => f.write_str("this connection has a name; open another for another"),
            Self::BadName(why) | Self::BadRoom(why) => why.fmt(f),
            Self::NameTaken { suggest } => {
                write!(f, "that name, or one that looks like it, is taken; {suggest} is free")
            }
            Self::BadToken => f.write_str(
                "this token is not that of the name; leave it out, or say hello for another",
            ),
            Self::TooManySessions(most) => {
                write!(f, "this name is already connected {most} times; close one of them")
            }
            Self::TooManyRooms(most) => {
                write!(
                    f,
                    "the server has {most} of {most} rooms; use one of them or come back later"
                )
            }
            Self::TooManyJoined(most) => write!(f, "a connection is in at most {most} rooms"),
            Self::NotJoined => f.write_str("join the room before posting in it"),
            Self::NobodyThere(name) => {
                write!(f, "nobody here is called {name}; the message went to nobody")
            }
            Self::Recipients(most) => write!(f, "a direct message is for 1 to {most} members"),
            Self::RoomOrTo => f.write_str(
                "a message is for a room or for members, not both; one for members stays as it is",
            ),
            Self::NoMessage(seq) => {
                write!(f, "there is no message {seq} here, or it is no longer kept")
            }
            Self::NothingKnown => f.write_str(
                "nothing that you said is known by that, or it is too long ago; ask by its number",
            ),
            Self::NotYours => f.write_str("only who wrote a message can change it"),
            Self::NoRoom => {
                f.write_str("there is no such room; joining it or posting to it makes it")
            }
            Self::BadSearch => {
                write!(f, "a search is a word or several, of at most {SEARCH_CHARS} characters")
            }
            Self::NotSearchable => f.write_str(
                "only rooms that the server keeps in a file can be searched (chat --data FILE)",
            ),
            Self::NotText => f.write_str("a message is UTF-8 text"),
            Self::EmptyBody => f.write_str("a message needs some text"),
            Self::TooLong(most) => write!(f, "a message has at most {most} bytes; shorten it"),
            Self::BadMid => f.write_str("a mid has 1 to 64 bytes"),
            Self::MidReused => f.write_str(
                "this mid was used for another message; use a new one for a new message",
            ),
            Self::Busy => f.write_str("too much waits to be stored; send it again in a moment"),
            Self::StorageFull => {
                f.write_str("the server's disk is full, so this is not stored; send it again later")
            }
            Self::NotStored => f.write_str(
                "the server could not store this for certain; send it again with the same mid",
            ),
            Self::Unreadable => f.write_str("the server cannot read what was stored; ask again"),
        }
    }
}
