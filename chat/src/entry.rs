//! What a room's log holds: entries, notices, and their positions.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::limits::MID_BYTES;
use crate::name::{Name, RoomName};

/// The place of an entry in its log; the first is 1, and 0 stands before all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seq(pub u64);

impl Seq {
    /// The place behind this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
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

/// Who a member is inside one process: a name can be given up and taken by somebody else, this
/// cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MemberId(pub u64);

/// The number of a session, `client` in the trace; the first is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(pub u64);

/// Wall time in milliseconds since 1970, shown as RFC 3339 in UTC. It is displayed, never ordered
/// by: a clock may jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp(pub u64);

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, ms) = (self.0 / 86_400_000, self.0 % 86_400_000);
        let (year, month, day) = civil(days);
        let (h, m, s, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
        write!(f, "{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{ms:03}Z")
    }
}

/// Days since 1970-01-01 to year, month, day; a year is taken to begin in March, so that the leap
/// day is its last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let january = u64::from(month >= 10);
    (era * 400 + year + january, month + 3 - 12 * january, day - (153 * month + 2) / 5 + 1)
}

/// What an entry says. Edits and deletions will be further kinds of content.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// A message.
    Post {
        /// The text, exactly as it was posted; never empty.
        body: Box<str>,
        /// The message it answers.
        reply: Option<Seq>,
    },
}

impl Content {
    /// The text of a message.
    pub fn body(&self) -> &str {
        let Self::Post { body, .. } = self;
        body
    }
}

/// How many wires there are: the pairs of a format and a framing that keep encoded bytes.
pub(crate) const WIRES: usize = 2;

/// The bytes of one slot as each wire sends them, framing included: written once by `wire`,
/// shared by every reader, unread by everything between.
#[derive(Default)]
pub struct Encoded([OnceLock<Bytes>; WIRES]);

impl Encoded {
    pub(crate) fn get_or_encode(&self, wire: usize, encode: impl FnOnce() -> Bytes) -> Bytes {
        self.0[wire].get_or_init(encode).clone()
    }
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encoded")
    }
}

/// Something that happened in a room and has its place there.
#[derive(Debug)]
pub struct Entry {
    /// The room it is in.
    pub room: RoomName,
    /// Its place.
    pub seq: Seq,
    /// The place of the entry before it, the same for every reader.
    pub prev: Seq,
    /// When the room took it.
    pub at: Timestamp,
    /// Who posted it.
    pub sender: MemberId,
    /// The name under which it was posted.
    pub from: Name,
    /// The poster's own name for it.
    pub mid: Option<Mid>,
    /// What it says.
    pub content: Content,
    /// Its bytes on each wire.
    pub encoded: Encoded,
}

/// Something that happened in a room without a place in it: never stored, may be skipped.
#[derive(Debug)]
pub struct Notice {
    /// The room it is about.
    pub room: RoomName,
    /// Members in the room now.
    pub count: usize,
    /// Who came; empty in a room that is counted, not listed.
    pub joined: Vec<Name>,
    /// Who went; empty in a room that is counted, not listed.
    pub left: Vec<Name>,
    /// Changes were told without names until now, so readers need the whole list.
    pub refresh: bool,
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

    /// Roughly the memory it takes at most once every wire has encoded it.
    pub(crate) fn cost(&self) -> usize {
        const BASE: usize = 512;
        /// The text itself, as it is, and as JSON with every byte escaped.
        const COPIES: usize = 1 + 1 + 6;
        match self {
            Self::Entry(entry) => BASE + entry.content.body().len() * COPIES,
            Self::Notice(notice) => BASE + (notice.joined.len() + notice.left.len()) * 64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_rfc_3339() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_827_696_789, "2000-02-29T12:34:56.789Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(Timestamp(ms).to_string(), text);
        }
    }

    #[test]
    fn a_mid_is_bounded() {
        assert!(Mid::new("").is_none());
        assert!(Mid::new(&"x".repeat(64)).is_some());
        assert!(Mid::new(&"x".repeat(65)).is_none());
    }
}
