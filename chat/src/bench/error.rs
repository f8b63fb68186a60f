//! Why there is no report.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a bench came to nothing, or what it found wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum BenchError {
    /// A server of our own could not be started.
    Start(io::Error),
    /// It said this and ended.
    Server(String),
    /// The system refuses what the clients need.
    System(io::Error),
    /// The server did to a client what none may do.
    Client {
        /// Which one, from 0 on; the first of them publish.
        client: usize,
        /// What.
        what: String,
        /// Whether a message is missing that the server may have refused, by bounds of its own.
        bounded: bool,
    },
    /// No further client was let in for long.
    Stuck {
        /// How many are in.
        present: usize,
        /// Of how many.
        clients: usize,
    },
    /// A signal came before anything was measured.
    Stopped,
    /// The chart cannot be written.
    Chart {
        /// The file.
        path: PathBuf,
        /// Why it cannot be written.
        source: io::Error,
    },
    /// The report cannot be written.
    Stdout(io::Error),
}

impl BenchError {
    /// What to try.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::System(_) => {
                Some("Try: fewer --clients; chat doctor says what limits them".into())
            }
            Self::Client { bounded: true, .. } => Some(
                "A server of chat takes 50 messages a second of each client: start it with more \
                 --max-messages, or measure with a lower --rate"
                    .into(),
            ),
            Self::Chart { .. } => Some("Try: another file for --svg".into()),
            _ => None,
        }
    }
}

impl fmt::Display for BenchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(_) => f.write_str("cannot start a server"),
            Self::Server(said) => write!(f, "the server does not serve: {said}"),
            Self::System(_) => f.write_str("cannot be so many clients"),
            Self::Client { client, what, .. } => write!(f, "client {client}: {what}"),
            Self::Stuck { present, clients } => {
                write!(f, "only {present} of {clients} clients were let in")
            }
            Self::Stopped => f.write_str("stopped before anything was measured"),
            Self::Chart { path, .. } => write!(f, "cannot write {}", path.display()),
            Self::Stdout(_) => f.write_str("cannot write to stdout"),
        }
    }
}

impl std::error::Error for BenchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Start(source) | Self::System(source) | Self::Stdout(source) => Some(source),
            Self::Chart { source, .. } => Some(source),
            Self::Server(_) | Self::Client { .. } | Self::Stuck { .. } | Self::Stopped => None,
        }
    }
}
