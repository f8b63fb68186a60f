//! What a client asks and what one client is told.

use crate::end::End;
use crate::entry::{Content, Epoch, Mid, Seq};
use crate::name::{Name, RoomName};
use crate::refused::Refused;

/// A secret that shows who somebody is: whoever has it is that member.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Token(Box<str>);

impl Token {
    /// The token written as `text`; one that no member holds is merely unknown.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The secret itself, for its owner only.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Something a client asks of its session.
#[derive(Debug)]
#[non_exhaustive]
pub enum Command {
    /// To come in under a name, into rooms.
    Hello(Hello),
    /// To say something in a room.
    Post(Post),
}

/// The first command of a client that has a login.
#[derive(Debug)]
pub struct Hello {
    /// The name it wants.
    pub name: Name,
    /// The token that it was given with that name.
    pub token: Option<Token>,
    /// The rooms it wants to be in, and from where on; empty for the room of its address.
    pub rooms: Vec<(RoomName, Start)>,
}

/// Where in a room's log a reader starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// With what comes next.
    Head,
    /// With as many of the newest entries.
    Last(usize),
    /// Behind a position that it had reached before.
    After(Epoch, Seq),
}

/// A message on its way into a room.
#[derive(Debug)]
pub struct Post {
    /// The room; `None` is the room of the client's address.
    pub room: Option<RoomName>,
    /// The client's own name for it.
    pub mid: Option<Mid>,
    /// What it says.
    pub content: Content,
}

/// Something said to one session.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reply {
    /// The session is in.
    Welcome {
        /// The request it answers.
        id: Option<u64>,
        /// The member's name.
        name: Name,
        /// The member's token, to come back with.
        token: Option<Token>,
        /// Body bytes at most.
        body_bytes: usize,
        /// Frame bytes at most.
        frame_bytes: usize,
        /// The rooms joined.
        rooms: Vec<Joined>,
    },
    /// A message is stored.
    Ok {
        /// The request it answers.
        id: Option<u64>,
        /// What was given.
        posted: Posted,
    },
    /// A request was refused.
    Error {
        /// The request it answers.
        id: Option<u64>,
        /// Why.
        refused: Refused,
    },
    /// Everybody in a room, for a reader that starts or skipped notices.
    Present {
        /// The room.
        room: RoomName,
        /// Members in it.
        count: usize,
        /// Their names; `None` in a room that is counted, not listed.
        members: Option<Vec<Name>>,
    },
    /// The position a reader wanted to start behind is not in this log.
    Reset {
        /// The room.
        room: RoomName,
        /// Why.
        why: Lost,
        /// The first entry there is, and the first that follows.
        oldest: Seq,
    },
    /// Entries between `after` and `next` went by before this reader took them.
    Gap {
        /// The room.
        room: RoomName,
        /// The last entry it had.
        after: Seq,
        /// The entry that follows.
        next: Seq,
    },
    /// The session ends.
    Bye {
        /// Why.
        end: End,
        /// Milliseconds to wait before coming back, if coming back makes sense.
        after_ms: Option<u64>,
    },
}

/// Why a reader cannot go on from where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The position belongs to another log.
    Epoch,
    /// The entries behind it are no longer kept.
    Expired,
}

/// A room as the welcome tells it.
#[derive(Debug, PartialEq, Eq)]
pub struct Joined {
    /// The room.
    pub room: RoomName,
    /// Its log.
    pub epoch: Epoch,
    /// The newest entry when the session came in.
    pub head: Seq,
    /// How many entries up to the head follow.
    pub replay: usize,
}

/// What a poster is told of a message that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Its place.
    pub seq: Seq,
    /// How it is kept.
    pub stored: Stored,
    /// The room had it already under this `mid`.
    pub dup: bool,
}

/// What a stored message survives. `process` and `power` come with history on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stored {
    /// Nothing: it is gone with the process.
    Memory,
}

impl Stored {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
        }
    }
}
