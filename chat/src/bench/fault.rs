//! What a server did that none may do.

use std::fmt;
use std::io;

use super::text::Said;
use crate::printable::beginning;

/// What went wrong with one client.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It could not connect, or its connection broke.
    Io(io::Error),
    /// The connection ended.
    Ended,
    /// The server sent it away.
    Closed(String),
    /// The server did not let it in.
    Refused(String),
    /// A frame that begins with this byte, which no server sends, or none in one piece.
    Frame(u8),
    /// A message that is too long for any that was sent.
    Long,
    /// The server itself says that something is wrong.
    Told(String),
    /// A message came once more.
    Again { said: Said },
    /// A message came before another one, which was lost or overtaken.
    Early { said: Said, due: u32 },
    /// A message came that nobody wrote.
    Unknown { said: Said },
    /// Nothing came any more, and a message is missing.
    Missing { said: Said },
    /// The messages of several publishers came in another order than to the others.
    Order,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Ended => f.write_str("the server hung up"),
            Self::Closed(why) => write!(f, "the server closed it: {}", beginning(why)),
            Self::Refused(why) => {
                write!(f, "the server did not let it in: {}", beginning(why))
            }
            Self::Frame(first) => write!(f, "a frame that begins with {first:#04x}"),
            Self::Long => f.write_str("a message that is too long"),
            Self::Told(text) => write!(f, "the server said {}", beginning(text)),
            Self::Again { said } => write!(f, "{said} came twice, or late"),
            Self::Early { said, due } => {
                write!(f, "{said} came where {due} was due, which was lost or overtaken")
            }
            Self::Unknown { said } => write!(f, "{said} came, which nobody wrote"),
            Self::Missing { said } => write!(f, "{said} is missing, and nothing more came"),
            Self::Order => f.write_str("messages came in another order than to the first client"),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message {} of publisher {}", self.number, self.publisher)
    }
}
