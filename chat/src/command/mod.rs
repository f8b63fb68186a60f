//! What a client asks and what one client is told.

mod lost;
mod reply;
mod report;

use crate::entry::{Content, Epoch, Mid, Seq};
use crate::name::{Name, RoomName};
use crate::search::Search;

pub use self::lost::{Lost, Missed};
pub use self::reply::{Joined, Page, Posted, Reply, Stored};
pub use self::report::{Left, Report, Row, Standing, Waits, Which};

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
    /// To say something in a room or to members.
    Post(Post),
    /// To say something to members if one of them is known, and in the room otherwise.
    Addressed {
        /// What they are told.
        direct: Post,
        /// What the room is told.
        otherwise: Post,
    },
    /// To be in another room as well.
    Join {
        /// The room.
        room: RoomName,
        /// From where on to read it.
        start: Start,
    },
    /// To be in a room no longer; `None` is the room of the client's address.
    Leave(Option<RoomName>),
    /// For entries that went by.
    History {
        /// The room; `None` is the room of the client's address.
        room: Option<RoomName>,
        /// Which of them.
        range: Range,
        /// How many at most.
        limit: Option<usize>,
    },
    /// For messages that have words.
    Search {
        /// The room; `None` is the room of the client's address.
        room: Option<RoomName>,
        /// The words.
        search: Search,
        /// Only those before this.
        before: Option<Seq>,
        /// How many at most.
        limit: Option<usize>,
    },
    /// For everybody in a room; `None` is the room of the client's address.
    Who(Option<RoomName>),
    /// For all rooms.
    Rooms,
    /// For what became of a message.
    Why {
        /// The room; `None` is the room of the client's address.
        room: Option<RoomName>,
        /// Which of its messages.
        which: Which,
    },
    /// To show that a message is being written; `None` is the room of the client's address.
    Typing(Option<RoomName>),
    /// To tell that everything up to an entry has arrived; `None` is the room of the client's
    /// address.
    Ack(Option<RoomName>, Seq),
    /// For what can be asked.
    Help,
    /// To end the session.
    Quit,
}

/// The first command of a client that has a login.
#[derive(Debug)]
pub struct Hello {
    /// The name it wants.
    pub name: Name,
    /// The token that it was given with that name.
    pub token: Option<Token>,
    /// Whether it wants a token to come back with; without one the name is free when it leaves.
    pub keeps: bool,
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
    /// The members it is for, instead of a room.
    pub to: Vec<Name>,
    /// The client's own name for it.
    pub mid: Option<Mid>,
    /// What it says.
    pub content: Content,
}

/// Which entries a page is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// The newest ones.
    Newest,
    /// The newest ones before this.
    Before(Seq),
    /// The oldest ones behind this.
    After(Seq),
}
