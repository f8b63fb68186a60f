//! Why something that was to be imported is not taken.

use std::fmt;

use crate::entry::{Mid, Seq};

/// Why something is not taken.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// A member comes twice.
    MemberTwice,
    /// A member has a name that could be taken for that of another.
    NameTaken,
    /// It is for the inbox of somebody who did not come before.
    NoMember,
    /// In its log there is a later one before it.
    Order { seq: Seq, before: Seq },
    /// It changes something that comes behind it.
    NotBefore(Seq),
    /// The same sender has used the `mid` before, in the same log.
    MidReused(Mid),
    /// The file cannot be written.
    Storage(rusqlite::Error),
}

impl fmt::Display for NotTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MemberTwice => f.write_str("this member came before"),
            Self::NameTaken => {
                f.write_str("name: another member has it, or one that looks like it")
            }
            Self::NoMember => f.write_str("inbox: no such member came before it"),
            Self::Order { seq, before } => {
                write!(f, "seq: {seq} comes behind {before} in the same room or inbox")
            }
            Self::NotBefore(seq) => write!(f, "of: it is not before {seq}"),
            Self::MidReused(mid) => {
                let mid = mid.as_str();
                write!(f, "mid: {mid:?} was used before by the same sender in the same room")
            }
            Self::Storage(_) => f.write_str("the file cannot be written"),
        }
    }
}

impl From<rusqlite::Error> for NotTaken {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error)
    }
}
