//! Why an operation on the file was not done, or what it found.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::history::{BackupError, HistoryError};

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
    /// The copy cannot be made; there is none.
    Backup {
        /// The file of the copy.
        to: PathBuf,
        /// Why.
        source: BackupError,
    },
    /// A line of what was to be imported; nothing was.
    Line {
        /// Which one, from 1 on.
        number: u64,
        /// What is wrong with it.
        why: String,
    },
    /// What was to be imported cannot be read; nothing was.
    Stdin(io::Error),
    /// A saved trace cannot be read.
    Trace {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file has no line of a trace.
    NoTrace {
        /// Which file.
        path: PathBuf,
    },
    /// The saved trace cannot be served.
    Serve(io::Error),
    /// The answer cannot be written.
    Stdout(io::Error),
}

impl OperationError {
    /// A reader that has gone (`chat export | head`) has what it wanted.
    pub(super) fn stdout(written: io::Result<()>) -> Result<(), Self> {
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Self::Stdout(error)),
            _ => Ok(()),
        }
    }

    /// 4 if the file, or the name of the copy, cannot be used, otherwise 1.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::File { .. } | Self::Backup { source: BackupError::Exists, .. } => 4,
            _ => 1,
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
            Self::Backup { source: BackupError::Exists, .. } => {
                Some("Try: a name that is free; nothing is overwritten".into())
            }
            Self::Backup { .. } => Some("Try: another place, with room for all of it".into()),
            Self::Trace { .. } | Self::NoTrace { .. } => Some(
                "Try: a file of chat --trace FILE --trace-format json, of chat trace --json, or a \
                 chat-flight-*.ndjson"
                    .into(),
            ),
            Self::Line { .. } | Self::Stdin(_) => Some("Nothing was imported".into()),
            Self::Serve(_) | Self::Stdout(_) => None,
        }
    }
}

impl fmt::Display for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { verb, path, .. } => write!(f, "cannot {verb} {}", path.display()),
            Self::Backup { to, .. } => write!(f, "cannot make the copy {}", to.display()),
            Self::Damaged { path, places: 1 } => {
                write!(f, "{} is damaged in 1 place", path.display())
            }
            Self::Damaged { path, places } => {
                write!(f, "{} is damaged in {places} places", path.display())
            }
            Self::Line { number, why } => write!(f, "line {number}: {why}"),
            Self::Trace { path, .. } => write!(f, "cannot read {}", path.display()),
            Self::NoTrace { path } => {
                write!(f, "{} has no line of a trace in JSON", path.display())
            }
            Self::Serve(_) => f.write_str("cannot show it on this computer"),
            Self::Stdin(_) => f.write_str("cannot read from stdin"),
            Self::Stdout(_) => f.write_str("cannot write to stdout"),
        }
    }
}

impl std::error::Error for OperationError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            Self::Backup { source, .. } => Some(source),
            Self::Trace { source, .. } | Self::Serve(source) => Some(source),
            Self::Stdin(source) | Self::Stdout(source) => Some(source),
            Self::Damaged { .. } | Self::Line { .. } | Self::NoTrace { .. } => None,
        }
    }
}
