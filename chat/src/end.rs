//! Why a session ends: a closed list that decides the close code and whether to come back.

use std::fmt;
use std::io;

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// The client closed.
    Closed,
    /// The connection broke, or ended without a goodbye.
    Gone,
    /// The server is stopping.
    Drain,
    /// The client took nothing for too long while something waited for it.
    Stalled,
    /// Entries went by, and the client's format has no way to be told.
    Slow,
    /// Nothing was heard, not even an answer to a ping.
    Silent,
    /// No name was given in time.
    Nameless,
    /// What the client wants was not said in time.
    Late,
    /// A frame or message over the limit.
    TooBig,
    /// Bytes that are not the protocol.
    Malformed,
    /// Text that is not UTF-8.
    NotText,
    /// Too many refused requests in a row.
    Refused,
    /// What was stored cannot be read.
    Failed,
}

impl End {
    /// Its name on the wire and in the trace.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Gone => "gone",
            Self::Drain => "drain",
            Self::Stalled => "stalled",
            Self::Slow => "slow",
            Self::Silent => "silent",
            Self::Nameless => "nameless",
            Self::Late => "late",
            Self::TooBig => "too_big",
            Self::Malformed => "malformed",
            Self::NotText => "not_text",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    /// What a person is told of it.
    pub(crate) fn told(self) -> &'static str {
        match self {
            Self::Closed | Self::Gone => "see you",
            Self::Drain => "the server stops; come back in a moment",
            Self::Stalled => "you took nothing for too long while something waited",
            Self::Slow => "messages went by faster than you took them",
            Self::Silent => "nothing was heard from you",
            Self::Nameless => "you said no name",
            Self::Late => "what you want was not said in time",
            Self::TooBig => "that was more than a message may have",
            Self::Malformed => "that is not what is spoken here",
            Self::NotText => "a message is UTF-8 text",
            Self::Refused => "too many requests in a row were refused",
            Self::Failed => "the server cannot read what was stored",
        }
    }

    /// Whether the same client may come back and do better.
    pub fn reconnect(self) -> bool {
        match self {
            Self::Closed | Self::TooBig | Self::Malformed | Self::NotText | Self::Refused => false,
            Self::Gone | Self::Drain | Self::Stalled | Self::Slow => true,
            Self::Silent | Self::Nameless | Self::Late | Self::Failed => true,
        }
    }

    /// Why a connection ended that failed like this. Whoever watches its deadlines lets it fail
    /// with the [`End`] that is due; everything else is the client's going.
    pub fn of(error: &io::Error) -> Self {
        let due = error.get_ref().and_then(|cause| cause.downcast_ref());
        due.copied().unwrap_or(Self::Gone)
    }

    /// The WebSocket close code (RFC 6455, section 7.4, and IANA's registry).
    pub fn close_code(self) -> u16 {
        match self {
            Self::Closed | Self::Gone => 1000,
            Self::Malformed => 1002,
            Self::NotText => 1007,
            Self::Nameless | Self::Late | Self::Refused | Self::Silent | Self::Stalled => 1008,
            Self::TooBig => 1009,
            Self::Failed => 1011,
            Self::Drain => 1012,
            Self::Slow => 1013,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for End {}

impl From<End> for io::Error {
    fn from(end: End) -> Self {
        Self::new(io::ErrorKind::TimedOut, end)
    }
}
