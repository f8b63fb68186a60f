//! What a room's log holds: entries, notices, and their positions.

mod encoded;
mod notice;
mod timestamp;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

pub use self::encoded::Encoded;
pub(crate) use self::encoded::{Account, WIRES};
pub use self::notice::{News, Notice};
pub use self::timestamp::Timestamp;
use crate::limits::MID_BYTES;
use crate::name::{Name, RoomName};

/// The place of an entry in its log; the first is 1, and 0 stands before all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seq(pub u64);

impl Seq {
    /// The place behind this one; a client may name the last there can be, which has none.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The place before this one; before the first there is 0, and nothing before that.
    #[must_use]
    pub fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which log a [`Seq`] belongs to: it changes when what the log held cannot be vouched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch(Arc<str>);

impl Epoch {
    /// The epoch written as `text`; what a client sends is compared, never trusted.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The epoch as it is written on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The client's own name for a message it posts: the same `mid` from the same sender is the same
/// message, which makes a post safe to repeat. 1 to 64 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mid(Arc<str>);

impl Mid {
    /// `None` if `text` is empty or longer than 64 bytes.
    pub fn new(text: &str) -> Option<Self> {
        (1..=MID_BYTES).contains(&text.len()).then(|| Self(text.into()))
    }

    /// The id as the client wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who a member is: a name can be given up and taken by somebody else, this cannot. It is drawn by
/// lot, so that no two are the same without a list of all there were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MemberId(pub u64);

/// Who posted an entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Sender {
    /// A member.
    Member(MemberId),
    /// Nobody who is here: whoever used a name that nobody held.
    Name(Name),
}

/// The number of a session, `client` in the trace; the first is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(pub u64);

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Content {
    /// A message.
    Post {
        /// The text, exactly as it was posted; empty only once it was deleted.
        body: Box<str>,
        /// The message it answers.
        reply: Option<Seq>,
    },
    /// Other words for a message.
    Edit {
        /// The message.
        of: Seq,
        /// Its text from here on; empty only once the message was deleted.
        body: Box<str>,
    },
    /// A message is taken back: its place stays, its text is gone.
    Delete {
        /// The message.
        of: Seq,
    },
}

impl Content {
    /// The text, if there is any.
    pub fn body(&self) -> &str {
        match self {
            Self::Post { body, .. } | Self::Edit { body, .. } => body,
            Self::Delete { .. } => "",
        }
    }

    /// The message that it changes.
    pub fn of(&self) -> Option<Seq> {
        match self {
            Self::Post { .. } => None,
            Self::Edit { of, .. } | Self::Delete { of } => Some(*of),
        }
    }

    /// The same without its text.
    pub(crate) fn blank(&self) -> Self {
        let body = Box::default();
        match *self {
            Self::Post { reply, .. } => Self::Post { body, reply },
            Self::Edit { of, .. } => Self::Edit { of, body },
            Self::Delete { of } => Self::Delete { of },
        }
    }
}

/// Whom a direct message is for.
#[derive(Clone, Debug)]
pub struct Direct {
    /// Everybody it was addressed to.
    pub to: Arc<[Name]>,
    /// This is the sender's own copy, and it was not addressed to the sender.
    pub copy: bool,
}

/// Something that happened in a room, or in an inbox, and has its place there.
#[derive(Debug)]
pub struct Entry {
    /// The room it is in; [`RoomName::inbox`] for a direct message.
    pub room: RoomName,
    /// Whom it is for, if it is a direct message.
    pub direct: Option<Direct>,
    /// Its place.
    pub seq: Seq,
    /// The place of the entry before it, the same for every reader.
    pub prev: Seq,
    /// When the room took it.
    pub at: Timestamp,
    /// When this process showed it to its readers; none if it was read from history.
    pub shown: Option<Instant>,
    /// Who posted it.
    pub sender: Sender,
    /// The name under which it was posted.
    pub from: Name,
    /// The poster's own name for it.
    pub mid: Option<Mid>,
    /// What it says.
    pub content: Content,
    /// Its bytes on each wire.
    pub encoded: Encoded,
}

/// One element of a log.
#[derive(Clone, Debug)]
pub enum Slot {
    /// Has a place.
    Entry(Arc<Entry>),
    /// Has none.
    Notice(Arc<Notice>),
}

impl Slot {
    /// The place of an entry.
    pub fn seq(&self) -> Option<Seq> {
        match self {
            Self::Entry(entry) => Some(entry.seq),
            Self::Notice(_) => None,
        }
    }

    /// Roughly the bytes it takes on a wire.
    pub(crate) fn size(&self) -> usize {
        const HEAD: usize = 128;
        HEAD + self.texts()
    }

    /// Roughly the memory it takes, without its bytes on the wires.
    pub(crate) fn cost(&self) -> usize {
        const BASE: usize = 768;
        BASE + self.texts()
    }

    fn texts(&self) -> usize {
        const NAME: usize = 64;
        match self {
            Self::Entry(entry) => {
                let to = entry.direct.as_ref().map_or(0, |direct| direct.to.len());
                entry.content.body().len() + to * NAME
            }
            Self::Notice(notice) => match &notice.news {
                News::Presence { joined, left, .. } => (joined.len() + left.len()) * NAME,
                News::Typing(_) => 0,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mid_is_bounded() {
        assert!(Mid::new("").is_none());
        assert!(Mid::new(&"x".repeat(64)).is_some());
        assert!(Mid::new(&"x".repeat(65)).is_none());
    }
}
