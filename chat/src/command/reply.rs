//! What one client is told.

use std::sync::Arc;

use super::{Lost, Missed, Report, Token};
use crate::end::End;
use crate::entry::{ClientId, Entry, Epoch, Mid, Seq};
use crate::limits::{RETURN_MS, RETURN_SPREAD_MS};
use crate::name::{Name, RoomName};
use crate::refused::Refused;

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
        /// Recipients that nobody is called.
        unknown: Vec<Name>,
    },
    /// The session is in another room.
    Joined {
        /// The request it answers.
        id: Option<u64>,
        /// The room.
        joined: Joined,
    },
    /// The session is in a room no longer.
    Left {
        /// The request it answers.
        id: Option<u64>,
        /// The room.
        room: RoomName,
    },
    /// Entries that went by.
    History {
        /// The request it answers.
        id: Option<u64>,
        /// The room.
        room: RoomName,
        /// The entries.
        page: Page,
    },
    /// Messages that were searched for.
    Found {
        /// The request it answers.
        id: Option<u64>,
        /// The room.
        room: RoomName,
        /// Its log.
        epoch: Epoch,
        /// Newest first, each as it reads now.
        messages: Vec<Arc<Entry>>,
        /// Before which seq there may be more.
        before: Option<Seq>,
    },
    /// All rooms, and how many members are in each.
    Rooms {
        /// The request it answers.
        id: Option<u64>,
        /// By name.
        rooms: Vec<(RoomName, usize)>,
    },
    /// What became of a message.
    Delivery {
        /// The request it answers.
        id: Option<u64>,
        /// Who has it, who has not, and why.
        report: Report,
    },
    /// What somebody asks about was refused when it was posted.
    Unposted {
        /// The request it answers.
        id: Option<u64>,
        /// Its poster's name for it.
        mid: Mid,
        /// Why.
        refused: Refused,
    },
    /// What can be asked.
    Help,
    /// A request was refused.
    Error {
        /// The request it answers.
        id: Option<u64>,
        /// Why.
        refused: Refused,
    },
    /// Everybody in a room, for a reader that starts or skipped notices, or that asked.
    Present {
        /// The request it answers.
        id: Option<u64>,
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
    /// Entries between `after` and `next` are not to be had.
    Gap {
        /// The room.
        room: RoomName,
        /// The last entry it had.
        after: Seq,
        /// The entry that follows.
        next: Seq,
        /// Why.
        why: Missed,
    },
    /// The session ends.
    Bye {
        /// Why.
        end: End,
        /// Milliseconds to wait before coming back, if coming back makes sense.
        after_ms: Option<u64>,
    },
}

impl Reply {
    /// The goodbye to a client; those who are to come back do not come back together.
    pub(crate) fn bye(end: End, client: ClientId) -> Self {
        let spread = client.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) % RETURN_SPREAD_MS;
        Self::Bye { end, after_ms: end.reconnect().then_some(RETURN_MS + spread) }
    }
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

/// What a stored message survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stored {
    /// Nothing: it is gone with the process.
    Memory,
    /// The end of the process.
    Process,
    /// A power cut.
    Power,
}

impl Stored {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Process => "process",
            Self::Power => "power",
        }
    }
}

/// Entries of a log from one to another, and where they lie in it.
#[derive(Debug)]
pub struct Page {
    /// Which log.
    pub epoch: Epoch,
    /// The oldest entry that is kept.
    pub oldest: Seq,
    /// The newest entry.
    pub head: Seq,
    /// The entries asked for, oldest first.
    pub entries: Vec<Arc<Entry>>,
}
