//! Why a server that runs was not told something, or did not answer.

use std::fmt;
use std::io;

use crate::limits::ANSWER_TIME;
use crate::printable::{beginning, printable};

/// What went wrong between this program and a server that runs.
#[derive(Debug)]
#[non_exhaustive]
pub enum RemoteError {
    /// Nobody can be reached there.
    Connect {
        /// Where.
        at: String,
        /// Why.
        source: io::Error,
    },
    /// What answers there is no chat server, or one that speaks otherwise. What it said follows, at
    /// most 200 characters of it, with what a terminal could obey escaped.
    NotChat(String),
    /// Nothing is answered for 30 s.
    Late,
    /// The server said no.
    Refused {
        /// A code of docs/protocol.md.
        code: String,
        /// What to do, for people.
        text: String,
    },
    /// The server ended the connection, perhaps with a reason.
    Ended(Option<String>),
    /// A message was not acknowledged, for this reason: it may be stored or not.
    Unconfirmed(Box<RemoteError>),
    /// What was to be said cannot be read.
    Stdin(io::Error),
    /// The answer cannot be written.
    Stdout(io::Error),
    /// The system refused what this needs.
    System(io::Error),
}

impl RemoteError {
    pub(super) fn not_chat(said: &str) -> Self {
        Self::NotChat(beginning(said))
    }

    /// What to try.
    pub(crate) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Connect { .. } => {
                "Try: --server with the address of a server that runs; `chat` starts one".into()
            }
            Self::NotChat(_) | Self::Late => {
                "Try: --server with the address of a chat server".into()
            }
            Self::Refused { code, .. } if code == "name_taken" => "Try: --name with another".into(),
            Self::Unconfirmed(_) => {
                "Look in the room whether it is there before you say it again".into()
            }
            _ => return None,
        })
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { at, .. } => write!(f, "cannot connect to {at}"),
            Self::NotChat(said) => write!(f, "no chat server answers there, but \"{said}\""),
            Self::Late => {
                write!(f, "the server did not answer within {} s", ANSWER_TIME.as_secs())
            }
            Self::Refused { code, text } => write!(f, "{}: {}", printable(code), printable(text)),
            Self::Ended(None) => f.write_str("the server ended the connection"),
            Self::Ended(Some(why)) => write!(f, "the server ended the connection: {why}"),
            Self::Unconfirmed(_) => f.write_str("the server did not say that it has the message"),
            Self::Stdin(_) => f.write_str("cannot read from stdin"),
            Self::Stdout(_) => f.write_str("cannot write to stdout"),
            Self::System(_) => f.write_str("the system refused what this needs"),
        }
    }
}

impl std::error::Error for RemoteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connect { source, .. } => Some(source),
            Self::Stdin(source) | Self::Stdout(source) | Self::System(source) => Some(source),
            Self::Unconfirmed(source) => Some(source),
            Self::NotChat(_) | Self::Late | Self::Refused { .. } | Self::Ended(_) => None,
        }
    }
}
