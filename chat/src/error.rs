//! The one error of the crate: what failed, its cause, what to try, and the exit code.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use crate::bench::BenchError;
use crate::config::ConfigError;
use crate::history::HistoryError;
use crate::listen::ListenError;
use crate::operations::OperationError;
use crate::printable::printable;
use crate::remote::RemoteError;

/// Why a server does not start, or stopped.
///
/// `Display` says only what failed, `source` is the cause, [`hint`](Error::hint) what to try.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A flag, a variable or the file is wrong. Correct what it names.
    Config(ConfigError),
    /// An address cannot be listened on. Choose another, or end the program that has it.
    Listen(ListenError),
    /// The file that keeps what is said cannot be used; it was left as it is.
    History {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: HistoryError,
    },
    /// Nothing can be stored any more. What was acknowledged is.
    Storage(Arc<HistoryError>),
    /// Something besides serving that the command line asked for, such as `chat check`.
    Operation(OperationError),
    /// What `chat bench` found wrong, or why it measured nothing.
    Bench(BenchError),
    /// What `chat trace`, `chat send` or `chat why` was told by a server that runs, or was not.
    Remote(RemoteError),
    /// The file of `--trace` cannot be opened for appending. Name another.
    Trace {
        /// The file.
        path: PathBuf,
        /// Why it cannot be opened.
        source: io::Error,
    },
    /// The server could not start or go on: the system refused what it needs.
    Serve(io::Error),
    /// A second signal came while clients were told to come back, and nobody waited for them.
    CutShort,
}

impl Error {
    /// The exit code of a program that ends with this error: 1 failed while running, 2 flags or
    /// configuration, 3 cannot listen, 4 cannot use the data. 0 is a clean stop.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Config(error) => error.exit_code(),
            Error::Operation(error) => error.exit_code(),
            Error::Trace { .. } => 2,
            Error::Listen(_) => 3,
            Error::History { .. } => 4,
            Error::Bench(_)
            | Error::Remote(_)
            | Error::Serve(_)
            | Error::Storage(_)
            | Error::CutShort => 1,
        }
    }

    /// What to try, where the message does not already say it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Listen(error) => Some(error.hint()),
            Error::Operation(error) => error.hint(),
            Error::Bench(error) => error.hint(),
            Error::Remote(error) => error.hint(),
            Error::Trace { .. } => {
                Some("Try: --trace stdout, or a file that you may write to".into())
            }
            Error::History { source, .. } => Some(source.hint().into()),
            Error::Storage(error) => Some(error.hint().into()),
            Error::Config(_) | Error::Serve(_) | Error::CutShort => None,
        }
    }

    /// Writes `error: ` and the message, then each cause, then the hint, a line each. What of it a
    /// terminal could obey is escaped, since some of it others wrote.
    ///
    /// # Errors
    /// Those of `out`; a program that ends with this error anyway has nobody to tell.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        let mut text = format!("error: {self}\n");
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(&format!("  because: {error}\n"));
            cause = error.source();
        }
        if let Some(hint) = self.hint() {
            text.push_str(&format!("  {hint}\n"));
        }
        let lines: String = text.lines().map(|line| printable(line) + "\n").collect();
        out.write_all(lines.as_bytes())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Config(error) => error.fmt(f),
            Error::Listen(error) => error.fmt(f),
            Error::Operation(error) => error.fmt(f),
            Error::Bench(error) => error.fmt(f),
            Error::Remote(error) => error.fmt(f),
            Error::Trace { path, .. } => write!(f, "cannot open the trace file {}", path.display()),
            Error::History { path, .. } => {
                write!(f, "cannot keep what is said in {}", path.display())
            }
            Error::Storage(_) => f.write_str("nothing can be stored any more"),
            Error::Serve(_) => f.write_str("the server cannot go on"),
            Error::CutShort => {
                f.write_str("stopped at once, as a second signal asked; clients were cut off")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // Those speak for themselves in `Display`; the cause is theirs.
            Error::Config(error) => error.source(),
            Error::Listen(error) => error.source(),
            Error::Operation(error) => error.source(),
            Error::Bench(error) => error.source(),
            Error::Remote(error) => error.source(),
            Error::Trace { source, .. } | Error::Serve(source) => Some(source),
            Error::History { source, .. } => Some(source),
            Error::Storage(error) => Some(&**error),
            Error::CutShort => None,
        }
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Error {
        Error::Config(error)
    }
}

impl From<BenchError> for Error {
    fn from(error: BenchError) -> Error {
        Error::Bench(error)
    }
}

impl From<OperationError> for Error {
    fn from(error: OperationError) -> Error {
        Error::Operation(error)
    }
}

impl From<RemoteError> for Error {
    fn from(error: RemoteError) -> Error {
        Error::Remote(error)
    }
}

impl From<ListenError> for Error {
    fn from(error: ListenError) -> Error {
        Error::Listen(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: &Error, exit_code: u8, expected: &str) {
        let mut seen = Vec::new();
        error.write_to(&mut seen).unwrap();
        assert_eq!(String::from_utf8(seen).unwrap(), expected);
        assert_eq!(error.exit_code(), exit_code);
    }

    #[test]
    fn a_trace_file_says_what_why_and_what_to_try() {
        let source = io::Error::new(io::ErrorKind::IsADirectory, "Is a directory");
        check(
            &Error::Trace { path: "logs".into(), source },
            2,
            "error: cannot open the trace file logs\n  because: Is a directory\n  \
             Try: --trace stdout, or a file that you may write to\n",
        );
    }

    #[test]
    fn every_cause_in_the_chain_is_told_once() {
        let inner = io::Error::other("the disk burns");
        let outer = io::Error::other(Error::Serve(inner));
        check(
            &Error::Serve(outer),
            1,
            "error: the server cannot go on\n  because: the server cannot go on\n  \
             because: the disk burns\n",
        );
    }

    #[test]
    fn a_second_signal_is_a_failure() {
        check(
            &Error::CutShort,
            1,
            "error: stopped at once, as a second signal asked; clients were cut off\n",
        );
    }

    #[test]
    fn a_closed_stderr_is_the_callers_to_ignore() {
        let mut full: &mut [u8] = &mut [0; 3];
        assert!(Error::CutShort.write_to(&mut full).is_err());
    }
}
