//! One front door for every protocol: accepts connections, bounds and watches them, and ends them
//! together. What they speak it does not know.

mod accept;
mod admission;
mod connection;
mod guarded;
mod net;

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::accept::accept;
pub(crate) use self::admission::{Admission, Full};
pub use self::connection::Connection;
pub(crate) use self::net::TcpListener;
use crate::bucket::Bucket;
use crate::clock;
use crate::error::Error;
use crate::limits::{LINGER, Limits};
use crate::select::select;
use crate::tracers::Tracers;

/// The connections of a server, whatever they speak.
///
/// ```no_run
/// use chat::{Connections, Limits, Tracers};
/// use tokio::io::AsyncWriteExt;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let listening = chat::listen(&["localhost:8080".parse()?]).await?;
/// let stop = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
/// let connections = Connections::new(&Limits::default(), Tracers::default());
/// let greet = |mut connection: chat::Connection| async move {
///     connection.write_all(b"welcome\n").await.ok();
/// };
/// let drained = connections.serve(listening.listeners, stop, greet).await?;
/// assert_eq!(drained.forced, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Connections(Door);

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// Sessions there were when it was told to stop; below a [`Server`](crate::Server),
    /// connections.
    pub sessions: usize,
    /// Those that had not ended within [`Limits::drain`] and were cut.
    pub forced: usize,
}

/// `stopped: 3 told to come back, 0 cut off`.
impl fmt::Display for Drained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sessions, forced } = self;
        write!(f, "stopped: {sessions} told to come back, {forced} cut off")
    }
}

type Refuse = dyn Fn(Connection) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

/// What the accept loops share.
struct Door {
    limits: Arc<Limits>,
    tracers: Tracers,
    admission: Arc<Admission>,
    // Held for a few additions, never across an await.
    handshakes: Mutex<Bucket>,
    refuse: Option<Box<Refuse>>,
    stopping: CancellationToken,
    cut: CancellationToken,
    running: TaskTracker,
}

impl Connections {
    /// None yet. Refusals and failures to accept are traced and counted.
    pub fn new(limits: &Limits, tracers: Tracers) -> Self {
        let (rate, burst) = (limits.handshakes_per_second, limits.handshakes_at_once);
        let handshakes = Bucket::new(rate.into(), burst.into());
        Self(Door {
            limits: Arc::new(limits.clone()),
            tracers,
            admission: Arc::new(Admission::new(limits, Vec::new())),
            handshakes: Mutex::new(handshakes),
            refuse: None,
            stopping: CancellationToken::new(),
            cut: CancellationToken::new(),
            running: TaskTracker::new(),
        })
    }

    /// Takes connections from these addresses for those of proxies, which carry many clients: they
    /// are not bounded by [`Limits::connections_per_address`].
    #[must_use]
    pub fn behind(mut self, proxies: Vec<IpAddr>) -> Self {
        self.0.admission = Arc::new(Admission::new(&self.0.limits, proxies));
        self
    }

    /// Hands those over the limit to `refuse`, to be told so in what they speak: as many as
    /// [`Limits::refusals`] at once, for a second each. The others, and without this all, are
    /// closed without a word.
    #[must_use]
    pub fn refusing<R: Future<Output = ()> + Send + 'static>(
        mut self,
        refuse: impl Fn(Connection) -> R + Send + Sync + 'static,
    ) -> Self {
        self.0.refuse = Some(Box::new(move |connection| Box::pin(refuse(connection))));
        self
    }

    /// Who gives the places.
    pub(crate) fn admission(&self) -> &Arc<Admission> {
        &self.0.admission
    }

    /// Is cancelled when serving is about to end.
    pub fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    /// Accepts on every listener and runs `serve` with each connection, until `stop` ends. Then
    /// the listeners are closed and the connections told ([`Connection::stopping`]); those that
    /// are still served after [`Limits::drain`] are cut.
    ///
    /// Dropping what this returns cuts all of them at once.
    ///
    /// # Errors
    /// [`Error::Serve`] if something it cannot do without broke; nothing is served any more.
    pub async fn serve<S: Future<Output = ()> + Send + 'static>(
        self,
        listeners: Vec<TcpListener>,
        stop: impl Future<Output = ()>,
        serve: impl Fn(Connection) -> S + Send + Sync + 'static,
    ) -> Result<Drained, Error> {
        let (door, serve) = (Arc::new(self.0), Arc::new(serve));
        let _cut_if_dropped = door.cut.clone().drop_guard();
        let mut accepting = JoinSet::new();
        for listener in listeners {
            accepting.spawn(accept(listener, Arc::clone(&door), Arc::clone(&serve)));
        }
        let broken = select! {
            () = stop => None,
            Some(Err(broken)) = accepting.join_next() => Some(broken),
        };
        accepting.shutdown().await;
        let drained = door.drain().await;
        match broken {
            None => Ok(drained),
            Some(broken) => Err(Error::Serve(io::Error::other(broken))),
        }
    }
}

impl Door {
    /// Lets one more in, or says how long it has to wait.
    fn let_in(&self) -> Result<(), Duration> {
        let mut handshakes = self.handshakes.lock().unwrap_or_else(PoisonError::into_inner);
        handshakes.take(clock::now(), 1)
    }

    fn spawn(&self, served: impl Future<Output = ()> + Send + 'static) {
        // Boxed: on its way into the task it would leave a copy of its size at every step.
        self.running.spawn(self.cut.clone().run_until_cancelled_owned(Box::pin(served)));
    }

    async fn drain(&self) -> Drained {
        let sessions = self.running.len();
        self.stopping.cancel();
        self.running.close();
        if timeout(self.limits.drain, self.running.wait()).await.is_ok() {
            return Drained { sessions, forced: 0 };
        }
        let forced = self.running.len();
        self.cut.cancel();
        // Each is dropped by its own task, which takes no time unless it blocks.
        timeout(LINGER, self.running.wait()).await.ok();
        Drained { sessions, forced }
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("limits", &self.limits).finish_non_exhaustive()
    }
}
