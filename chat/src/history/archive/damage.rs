//! What is damaged in a file, for whoever looks after it.

use std::fmt;

use crate::entry::{Seq, Timestamp};

/// One thing that is not as it was written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// SQLite's own structure; the text is SQLite's.
    Structure(String),
    /// What is known of a log, by its number in the file.
    Log(i64),
    /// What is known of a member.
    Member(i64),
    /// Entries of a log.
    Entries {
        /// A room, an inbox, or what else there is to tell of the log.
        of: String,
        first: Seq,
        last: Seq,
        /// When the entry says it was taken, if it says so.
        at: Option<Timestamp>,
        why: Why,
    },
    /// So many messages that no search finds.
    Words(u64),
    /// So many entries of a log that there is not, or outside of those that it has.
    Strays { log: i64, entries: u64 },
}

/// Why an entry is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It is not what was written.
    Checksum,
    /// It is what was written, and no room takes it.
    Nonsense,
    /// The file does not give it out.
    Unreadable,
    /// It is not there.
    Missing,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Structure(what) => write!(f, "the file: {what}"),
            Self::Log(id) => write!(f, "log {id}: what is known of it"),
            Self::Member(id) => write!(f, "member {id}: what is known of it"),
            Self::Entries { of, first, last, at, why } => {
                write!(f, "{of}: seq {first}")?;
                if last != first {
                    write!(f, " to {last}")?;
                }
                if let Some(at) = at {
                    write!(f, " at {at}")?;
                }
                f.write_str(match why {
                    Why::Checksum => ": its checksum is wrong",
                    Why::Nonsense => ": it is not what a room takes",
                    Why::Unreadable => ": cannot be read",
                    Why::Missing => ": missing",
                })
            }
            Self::Words(1) => f.write_str("the index of words: 1 message is not in it"),
            Self::Words(count) => write!(f, "the index of words: {count} messages are not in it"),
            Self::Strays { log, entries: 1 } => write!(f, "log {log}: 1 entry that is not its own"),
            Self::Strays { log, entries } => {
                write!(f, "log {log}: {entries} entries that are not its own")
            }
        }
    }
}
