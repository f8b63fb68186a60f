//! Why there is no history, or none any more.

use std::fmt;
use std::io;

/// What is wrong with the file that keeps the history.
#[derive(Debug)]
#[non_exhaustive]
pub enum HistoryError {
    /// The file, or the one beside it that shows who has it, cannot be opened.
    Open(io::Error),
    /// Another process has it.
    InUse,
    /// It is something else.
    NotOurs,
    /// A later version wrote it.
    Newer {
        /// The version of what is in it.
        found: i32,
        /// The latest that is known here.
        known: i32,
    },
    /// There is something in it already.
    NotEmpty,
    /// What is in it cannot be right.
    Damaged(String),
    /// It cannot be read or written.
    Storage(rusqlite::Error),
    /// Who writes it panicked; what was acknowledged is stored.
    Panicked,
}

impl HistoryError {
    /// What to try.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Open(_) => "Try: --data with a file that you may write to, or --data off",
            Self::InUse => {
                "Try: stop the other one, or give this one a file of its own with --data"
            }
            Self::NotOurs => "Try: --data with another file; this one was left as it is",
            Self::Newer { .. } => "Try: the version of chat that wrote it; it was left as it is",
            Self::NotEmpty => "Try: a file that there is not yet; this one was left as it is",
            Self::Damaged(_) => {
                "Try: `chat check` says what is damaged; a backup of before is whole; it was left \
                 as it is"
            }
            Self::Storage(_) => "Try: look after the disk, then start it again",
            Self::Panicked => "Try: start it again, and report what stands above",
        }
    }
}

impl fmt::Display for HistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(_) => f.write_str("it cannot be opened"),
            Self::InUse => f.write_str("another chat is using it"),
            Self::NotOurs => f.write_str("it is not a history of chat"),
            Self::Newer { found, known } => {
                write!(f, "it has version {found} and this chat knows versions up to {known}")
            }
            Self::NotEmpty => f.write_str("it has messages or members already"),
            Self::Damaged(what) => write!(f, "it is damaged: {what}"),
            Self::Storage(_) => f.write_str("it cannot be read or written"),
            Self::Panicked => f.write_str("who writes it panicked"),
        }
    }
}

impl std::error::Error for HistoryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Open(error) => Some(error),
            Self::Storage(error) => Some(error),
            _ => None,
        }
    }
}

impl From<rusqlite::Error> for HistoryError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => Self::NotOurs,
            Some(rusqlite::ErrorCode::DatabaseCorrupt) => Self::Damaged(error.to_string()),
            _ => Self::Storage(error),
        }
    }
}
