//! What happened in a room and has no place in its log.

use super::Encoded;
use crate::name::{Name, RoomName};

/// Something that happened in a room without a place in it: never stored, may be skipped.
#[derive(Debug)]
pub struct Notice {
    /// The room it is about.
    pub room: RoomName,
    /// What happened.
    pub news: News,
    /// Its bytes on each wire.
    pub encoded: Encoded,
}

/// What a notice tells.
#[derive(Debug)]
#[non_exhaustive]
pub enum News {
    /// Who came and went.
    Presence {
        /// Members in the room now.
        count: usize,
        /// Who came; empty in a room that is counted, not listed.
        joined: Vec<Name>,
        /// Who went; empty in a room that is counted, not listed.
        left: Vec<Name>,
        /// Changes were told without names until now, so readers need the whole list.
        refresh: bool,
    },
    /// Somebody is writing.
    Typing(Name),
}

impl Notice {
    /// Whether a reader needs the list of members after it.
    pub(crate) fn refreshes(&self) -> bool {
        matches!(self.news, News::Presence { refresh: true, .. })
    }
}
