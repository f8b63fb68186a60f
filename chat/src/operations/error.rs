//! Why an operation on the file was not done, or what it found.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::history::HistoryError;

/// What became of an operation that did not go well.
#[derive(Debug)]
#[non_exhaustive]
pub enum OperationError {
    /// The file cannot be used; it was left as it is.
    File {
        /// What was to be done with it, such as `check`.
        verb: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        source: HistoryError,
    },
    /// The file was checked, and this much of it is not as it was written.
    Damaged {
        /// Which file.
        path: PathBuf,
        /// How many places.
        places: u64,
    },
    /// The answer cannot be written.
    Stdout(io::Error),
}

impl OperationError {
    /// 4 if the file cannot be used, otherwise 1.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::File { .. } => 4,
            Self::Damaged { .. } | Self::Stdout(_) => 1,
        }
    }

    /// What to try.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::File { verb, source: HistoryError::Open(_) | HistoryError::NotOurs, .. } => {
                Some(format!("Try: chat {verb} FILE, with the file that --data names"))
            }
            Self::File { source: HistoryError::Damaged(_), .. } => {
                Some("Try: a backup of before; it was left as it is".into())
            }
            Self::File { source, .. } => Some(source.hint().into()),
            Self::Damaged { .. } => Some(
                "A server serves the rest and says where something is missing; if a log or a member \
                 is damaged it refuses the file: Try: a backup of before"
                    .into(),
            ),
            Self::Stdout(_) => None,
        }
    }
}

impl fmt::Display for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { verb, path, .. } => write!(f, "cannot {verb} {}", path.display()),
            Self::Damaged { path, places: 1 } => {
                write!(f, "{} is damaged in 1 place", path.display())
            }
            Self::Damaged { path, places } => {
                write!(f, "{} is damaged in {places} places", path.display())
            }
            Self::Stdout(_) => f.write_str("cannot write to stdout"),
        }
    }
}

impl std::error::Error for OperationError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            Self::Stdout(source) => Some(source),
            Self::Damaged { .. } => None,
        }
    }
}
