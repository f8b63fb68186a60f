//! Accepts connections and serves them until told to stop. Listens for no signal.

mod protocols;
mod proxies;
mod watched;
mod websocket;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use tokio::time::{timeout, timeout_at};
use trace::trace;

use self::proxies::Proxies;
#[cfg(any(test, fuzzing))]
pub(crate) use self::proxies::client;
pub use self::websocket::WebSocket;
use crate::clock;
use crate::config::{Addr, Config};
use crate::connections::{Connections, Drained, TcpListener};
use crate::error::Error;
use crate::flight::Flight;
use crate::history::{History, HistoryError};
use crate::limits::{HISTORY_CLOSE, Limits};
use crate::listen::{ListenError, Listening, listen};
use crate::operations::Indexing;
use crate::select::select;
use crate::sessions::Sessions;
use crate::tracers::Tracers;
use crate::web::Access;
use crate::{web, ws};

/// A chat server that is not yet listening.
#[derive(Debug)]
pub struct Server {
    limits: Limits,
    access: Access,
    sessions: Arc<Sessions>,
    history: Option<Arc<History>>,
    flight: Option<Flight>,
}

impl Server {
    /// A server with rooms of its own, which end with it.
    pub fn new(limits: Limits, access: Access, tracers: Tracers) -> Self {
        let sessions = Arc::new(Sessions::new(limits.clone(), tracers, None));
        Self { limits, access, sessions, history: None, flight: None }
    }

    /// The same with the rooms, inboxes and members of `history`.
    #[must_use]
    pub fn with_history(self, history: History) -> Self {
        let history = Some(Arc::new(history));
        let tracers = self.sessions.tracers().clone();
        let sessions = Arc::new(Sessions::new(self.limits.clone(), tracers, history.clone()));
        Self { sessions, history, ..self }
    }

    /// The same, whose flight recorder can be looked at over HTTP, as [`Access::xray`] says. It
    /// shows what it was told: its tee was handed to [`Server::new`].
    #[must_use]
    pub fn with_flight(self, flight: impl Into<Option<Flight>>) -> Self {
        Self { flight: flight.into(), ..self }
    }

    /// The server that is configured, with its history open. If all that the history has must be
    /// indexed first, how far that is can be seen on stderr, if stderr is a terminal.
    ///
    /// # Errors
    /// [`Error::History`]; the file is left as it is.
    pub fn open(config: &Config, tracers: Tracers) -> Result<Self, Error> {
        let indexing = Arc::new(Indexing::new(Arc::clone(&tracers.tracer)));
        let server = Self::new(config.limits.clone(), config.access(), tracers);
        let Some(path) = &config.data else { return Ok(server) };
        let opened =
            History::open_keeping(path, config.durability, config.keep, Arc::clone(&indexing) as _);
        indexing.over();
        match opened {
            Ok(history) => Ok(server.with_history(history)),
            Err(source) => Err(Error::History { path: path.clone(), source }),
        }
    }

    /// Listens on every one of these addresses, as [`listen`] does. If it cannot, its history is
    /// closed: one file is left and its lock, as after every stop.
    ///
    /// # Errors
    /// [`ListenError`]; nothing is stored or read any more.
    pub async fn listen(&self, addrs: &[Addr]) -> Result<Listening, ListenError> {
        let listening = listen(addrs).await;
        if listening.is_err() {
            self.close(self.closed_by()).await;
        }
        listening
    }

    /// Everything it serves, for another axum app to mount at its root; if that has a page at `/`
    /// of its own, as its `fallback_service`.
    ///
    /// Connection limits and deadlines then belong to that app. [`Server::keep`] has to be polled,
    /// and [`Server::drain`] awaited before the app ends:
    ///
    /// ```no_run
    /// # use std::sync::Arc;
    /// # #[tokio::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = chat::Server::new(Default::default(), Default::default(), Default::default());
    /// let server = Arc::new(server);
    /// let app = axum::Router::new()
    ///     .route("/health", axum::routing::get(|| async { "ok" }))
    ///     .merge(server.router());
    /// let keeper = Arc::clone(&server);
    /// tokio::spawn(async move { keeper.keep().await });
    /// let listener = tokio::net::TcpListener::bind("localhost:8080").await?;
    /// axum::serve(listener, app)
    ///     .with_graceful_shutdown(async move {
    ///         tokio::signal::ctrl_c().await.ok();
    ///         server.drain().await;
    ///     })
    ///     .await
    /// # }
    /// ```
    pub fn router(&self) -> Router {
        self.guarded(self.routes())
    }

    fn routes(&self) -> Router {
        let sessions = || Arc::clone(&self.sessions);
        let web = web::routes(sessions(), self.flight.clone(), &self.access);
        web.merge(ws::routes(sessions()))
    }

    fn guarded(&self, routes: Router) -> Router {
        web::guarded(routes, self.access.clone(), self.sessions.tracers().clone())
    }

    /// The sessions it serves, for a protocol of one's own in the same rooms.
    pub fn sessions(&self) -> &Arc<Sessions> {
        &self.sessions
    }

    /// Tells presence and closes empty rooms, for as long as it is polled. Without it nobody is
    /// seen to come or go, and rooms fill the server for good. [`Server::serve`] polls it.
    pub async fn keep(&self) {
        self.sessions.rooms().keep().await;
    }

    /// Takes no further session, tells every client to come back later, and waits for the sessions
    /// to end; those that take longer than [`Limits::drain`] are cut. [`Server::serve`] does it.
    pub async fn drain(&self) -> Drained {
        let by = self.closed_by();
        let sessions = self.sessions.count();
        let forced = match timeout(self.limits.drain, self.sessions.drain()).await {
            Ok(()) => 0,
            Err(_) => self.sessions.cut(),
        };
        self.close(by).await;
        trace!(self.sessions.tracers().tracer, "Server drained"; event = "drained", sessions = sessions, forced = forced);
        Drained { sessions, forced }
    }

    /// When a server that stops now has closed its history, or waits for it no longer.
    fn closed_by(&self) -> Instant {
        clock::now() + self.limits.drain + HISTORY_CLOSE
    }

    /// What was acknowledged is stored already; this makes the next start quick.
    async fn close(&self, by: Instant) {
        if let Some(history) = &self.history {
            timeout_at(by.into(), history.close()).await.ok();
        }
    }

    /// Serves until `stop` ends, then tells every client to come back later, answers requests that
    /// were begun, and waits for the sessions to end.
    ///
    /// # Errors
    /// [`Error::Serve`] if something it cannot do without broke; nothing is served any more.
    pub async fn serve(
        self,
        listeners: Vec<TcpListener>,
        stop: impl Future<Output = ()>,
    ) -> Result<Drained, Error> {
        let router = self.guarded(web::with_fallback(self.routes()));
        let sessions = Arc::clone(&self.sessions);
        let connections = Connections::new(&self.limits, sessions.tracers().clone());
        let connections = connections.behind(self.access.proxies.clone());
        let connections = connections.refusing(protocols::refuse);
        let proxies = Proxies::new(Arc::clone(connections.admission()));
        let stopping = connections.stopping().clone();
        let mut broken = None;
        let stop = async {
            select! {
                () = stop => {}
                () = self.keep() => {}
                why = self.failed() => broken = Some(why),
            }
        };
        let serve = move |connection| {
            protocols::serve(connection, router.clone(), proxies.clone(), Arc::clone(&sessions))
        };
        let draining = async {
            stopping.cancelled().await;
            self.drain().await
        };
        let (served, drained) = tokio::join!(connections.serve(listeners, stop, serve), draining);
        let forced = drained.forced + served?.forced;
        match broken {
            None => Ok(Drained { forced, ..drained }),
            Some(why) => Err(Error::Storage(why)),
        }
    }

    /// Ends when nothing can be stored any more.
    async fn failed(&self) -> Arc<HistoryError> {
        match &self.history {
            Some(history) => history.failed().await,
            None => std::future::pending().await,
        }
    }
}
