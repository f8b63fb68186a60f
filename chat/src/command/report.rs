//! What became of a message: who has it, who has not, and why.

use std::time::Duration;

use crate::end::End;
use crate::entry::{ClientId, Epoch, MemberId, Mid, Seq, Timestamp};
use crate::name::{Name, RoomName};

use super::Missed;

/// A message that somebody asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// That with this number.
    Seq(Seq),
    /// That which the asker posted under this `mid`.
    Mid(Mid),
    /// The newest that the asker posted.
    Own,
}

/// The delivery report of a message.
///
/// It says what the server knows: that a connection took the bytes, or that a client said it has
/// them. Nobody knows what a person saw.
#[derive(Debug)]
pub struct Report {
    /// Its room; [`RoomName::inbox`] for a direct message.
    pub room: RoomName,
    /// The log that its number belongs to.
    pub epoch: Epoch,
    /// Its number.
    pub seq: Seq,
    /// Who said it.
    pub from: Name,
    /// When the room took it.
    pub at: Timestamp,
    /// How many of [`Report::of`] have it: they said so, or it is written to a connection that
    /// cannot say so.
    pub reached: usize,
    /// How many members were in the room when it was shown, whose clients are told such messages;
    /// of a direct message, how many it is for.
    pub of: usize,
    /// From when it was shown until the last of those reached was written to, if that is known.
    pub took: Option<Duration>,
    /// A session each, those who do not have it first; at most 200. Of a direct message, a
    /// recipient each.
    pub rows: Vec<Row>,
    /// How many rows did not fit.
    pub more: usize,
    /// Who left before this is not known any more, if the message is older.
    pub since: Option<Timestamp>,
}

/// One session, or one reader of events, and the message.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number in the trace; none for the recipient of a direct message.
    pub client: Option<ClientId>,
    /// Its member; a reader of events has none.
    pub(crate) member: Option<MemberId>,
    /// What that is called.
    pub name: Option<Name>,
    /// What it speaks, as in the trace.
    pub wire: &'static str,
    /// Whether its client says by itself what it has.
    pub confirms: bool,
    /// How it stands.
    pub standing: Standing,
    /// From when the message was shown until it was written to its connection, if that is known.
    pub sent: Option<Duration>,
    /// It came after the message and read it as history.
    pub late: bool,
    /// It has ended, or left the room.
    pub left: Option<Left>,
}

/// How somebody ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Why.
    pub why: End,
    /// How long ago.
    pub ago: Duration,
}

/// How a session stands with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// It said that it has it; how long after it was shown, if that is known.
    Acked(Option<Duration>),
    /// It is written to its connection, which has not said more, or cannot; or it was on its way
    /// there when the session ended. To a reader of events it is handed to be written.
    Sent,
    /// It is still to be written.
    Behind {
        /// How many messages it has not got, this one among them or behind them.
        by: u64,
        /// How long the first of them waits, if that is known.
        since: Option<Duration>,
        /// What it waits for.
        why: Waits,
    },
    /// It was told that it missed it.
    Gap(Missed),
    /// It lies in the recipient's inbox.
    Waiting,
    /// What the client speaks does not tell it, an edit for instance.
    Untold,
    /// It came after it and did not ask for what was before.
    Later,
    /// It ended before this was written to it.
    Unsent,
    /// It had left before.
    Away,
}

/// What somebody who is behind waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// Its connection has taken no byte for so long.
    Stalled(Duration),
    /// A page of history.
    Reading,
    /// Its turn.
    Turn,
}

impl Standing {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acked(_) => "acked",
            Self::Sent => "sent",
            Self::Behind { .. } => "behind",
            Self::Gap(_) => "gap",
            Self::Waiting => "waiting",
            Self::Untold => "untold",
            Self::Later => "later",
            Self::Unsent => "unsent",
            Self::Away => "away",
        }
    }
}

impl Waits {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stalled(_) => "stalled",
            Self::Reading => "reading",
            Self::Turn => "waiting",
        }
    }
}
