//! What talks to a server that runs: `chat trace`, `chat send` and `chat why`, the reference
//! clients of `chat.v1`.

mod error;
mod event;
mod http;
mod reader;
mod send;
mod talk;
mod tokens;
mod trace;
mod why;

use std::fmt;
use std::io::{self, Write};

use tokio::net::TcpStream;
use tokio::time::timeout;

pub use self::error::RemoteError;
use crate::limits::ANSWER_TIME;
use crate::name::{Name, RoomName};

/// One of them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Remote {
    Trace(Trace),
    Send(Send),
    Why(Why),
}

/// A server. Displayed, it is as a `Host` header has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Tell what happens, of one room or client or all of them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    pub(crate) target: Target,
    pub(crate) room: Option<RoomName>,
    pub(crate) client: Option<u64>,
    pub(crate) json: bool,
}

/// Say something, or what comes on stdin, in a room or to members.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Send {
    pub(crate) target: Target,
    pub(crate) room: RoomName,
    pub(crate) name: Name,
    /// Somebody wants this name and no other.
    pub(crate) is_named: bool,
    pub(crate) to: Vec<Name>,
    pub(crate) text: Option<String>,
}

/// Who has a message?
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Why {
    pub(crate) target: Target,
    pub(crate) room: RoomName,
    pub(crate) seq: u64,
    pub(crate) json: bool,
}

impl Remote {
    /// Does it, with the answer on stdout.
    pub(crate) fn run(&self) -> Result<(), RemoteError> {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().map_err(RemoteError::System)?;
        let done = runtime.block_on(async {
            match self {
                Self::Trace(trace) => trace.run().await,
                Self::Send(send) => send.run().await,
                Self::Why(why) => why.run().await,
            }
        });
        // Somebody may still be typing.
        runtime.shutdown_background();
        match done {
            // A reader that has gone (`chat trace | head`) has what it wanted.
            Err(RemoteError::Stdout(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            done => done,
        }
    }
}

impl Target {
    async fn connect(&self) -> Result<TcpStream, RemoteError> {
        let connected = TcpStream::connect((self.host.as_str(), self.port)).await;
        connected.map_err(|source| RemoteError::Connect { at: self.to_string(), source })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// What a server is asked, unless it takes longer than one does.
async fn in_time<T>(asked: impl Future<Output = Result<T, RemoteError>>) -> Result<T, RemoteError> {
    timeout(ANSWER_TIME, asked).await.unwrap_or(Err(RemoteError::Late))
}

fn print(text: &str) -> Result<(), RemoteError> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(RemoteError::Stdout)
}
