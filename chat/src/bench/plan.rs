//! What is to be measured.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::wire::Wire;

/// A run, checked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    /// Clients in the lobby; never 0.
    pub(crate) clients: usize,
    /// Further clients who come in and then read nothing.
    pub(crate) stalled: usize,
    /// How many of the clients publish: never 0, at most all.
    pub(crate) publishers: usize,
    /// Messages a second of all publishers together; `None`: as fast as they are delivered.
    pub(crate) rate: Option<u32>,
    /// Bytes of each text; at least [`Plan::LEAST_BYTES`].
    pub(crate) bytes: usize,
    /// How long messages are published.
    pub(crate) time: Duration,
    /// After how many messages it ends, if that comes first.
    pub(crate) messages: Option<u32>,
    /// How the clients speak.
    pub(crate) format: Wire,
    /// Messages that are published and not yet with every client, of all publishers together.
    pub(crate) window: usize,
    /// Whom they speak to.
    pub(crate) target: Target,
    /// Whether the report is a JSON object.
    pub(crate) json: bool,
    /// Where a chart of it goes.
    pub(crate) svg: Option<PathBuf>,
}

/// The server that is measured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Target {
    /// One of our own, in a process of its own, with these arguments.
    Own(Vec<OsString>),
    /// One that runs already; of which process, if that is known.
    Running { addr: SocketAddr, pid: Option<u32> },
}

impl Plan {
    /// What a text has to hold: which run, which publisher, which number.
    pub(crate) const LEAST_BYTES: usize = 16;

    /// Messages on their way at most: as many as a room's log holds of that size, in every format,
    /// so that a reader of a server without history misses nothing.
    pub(crate) fn window_for(bytes: usize) -> usize {
        ((1 << 20) / (bytes + 1024)).max(1)
    }
}
