//! The sessions of a server: what each is made with, how many there are, and how they end together.

use std::any::Any;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bucket::{Bucket, Buckets};
use crate::clock;
use crate::entry::ClientId;
use crate::history::History;
use crate::limits::{ASKERS, Limits};
use crate::name::RoomName;
use crate::refused::Refused;
use crate::rooms::Rooms;
use crate::session::Session;
use crate::tracers::Tracers;
use crate::wire::Wire;

/// A connection's place among those that a server allows: given back when the last clone is gone.
#[derive(Clone)]
pub struct Place {
    peer: SocketAddr,
    _held: Arc<dyn Any + Send + Sync>,
}

impl Place {
    /// Keeps `held` for as long as the connection from `peer` lasts.
    pub fn new(peer: SocketAddr, held: impl Any + Send + Sync) -> Self {
        Self { peer, _held: Arc::new(held) }
    }

    /// Where the connection comes from.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Who asks on it: an address, whatever it opens to ask on. On this computer all have the
    /// same, and a connection is somebody.
    fn asker(&self) -> SocketAddr {
        match self.peer.ip().to_canonical().is_loopback() {
            true => self.peer,
            false => SocketAddr::new(home(self.peer.ip()), 0),
        }
    }
}

/// What one subscriber has: a whole /64 in IPv6.
pub(crate) fn home(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

/// Makes sessions, and ends them all.
#[derive(Debug)]
pub struct Sessions {
    rooms: Arc<Rooms>,
    limits: Arc<Limits>,
    tracers: Tracers,
    opened: AtomicU64,
    // Held for one addition, or for a walk through it now and then; never across an await.
    requests: Mutex<Buckets<SocketAddr>>,
    stop: CancellationToken,
    cut: CancellationToken,
    running: TaskTracker,
}

impl Sessions {
    /// No session yet, in rooms of their own that last as long as the history does.
    pub fn new(limits: Limits, tracers: Tracers, history: Option<Arc<History>>) -> Self {
        let limits = Arc::new(limits);
        let rooms = Arc::new(Rooms::new(&limits, tracers.clone(), history));
        let (stop, cut) = (CancellationToken::new(), CancellationToken::new());
        let (rate, burst) = (limits.messages_per_second, limits.messages_at_once);
        let requests = Mutex::new(Buckets::new(Bucket::new(rate.into(), burst.into()), ASKERS));
        let (opened, running) = (AtomicU64::new(0), TaskTracker::new());
        Self { rooms, limits, tracers, opened, requests, stop, cut, running }
    }

    /// The rooms they meet in.
    pub fn rooms(&self) -> &Arc<Rooms> {
        &self.rooms
    }

    /// The bounds they keep.
    pub fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    /// Where they tell what they do.
    pub fn tracers(&self) -> &Tracers {
        &self.tracers
    }

    /// A number for a client that comes without a session, to tell it apart in the trace.
    pub(crate) fn number(&self) -> ClientId {
        ClientId(self.opened.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// A client asks something without a session.
    ///
    /// # Errors
    /// [`Refused::TooFast`] if it did so too often.
    pub(crate) fn asked(&self, place: &Place) -> Result<(), Refused> {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.take(clock::now(), place.asker(), 1).map_err(Refused::TooFast)
    }

    /// A session for a client that speaks `wire` at the address of `room`. Boxed, because it is
    /// handed on more than once.
    pub fn open(&self, wire: Wire, room: RoomName) -> Box<Session> {
        let client = self.number();
        let (rooms, stop) = (Arc::clone(&self.rooms), self.stop.clone());
        Box::new(Session::new(
            client,
            wire,
            room,
            rooms,
            Arc::clone(&self.limits),
            self.tracers.clone(),
            stop,
        ))
    }

    /// Runs a session as a task that [`Sessions::drain`] waits for.
    pub fn spawn(&self, session: impl Future<Output = ()> + Send + 'static) {
        // Boxed: on its way into the task it would leave a copy of its size at every step.
        self.running.spawn(self.cut.clone().run_until_cancelled_owned(Box::pin(session)));
    }

    /// Sessions running now.
    pub fn count(&self) -> usize {
        self.running.len()
    }

    /// Ends when the server is told to stop.
    pub fn stopping(&self) -> &CancellationToken {
        &self.stop
    }

    /// Drops the sessions that are left, and says how many there were.
    pub fn cut(&self) -> usize {
        let left = self.count();
        self.cut.cancel();
        left
    }

    /// Tells every session to end and waits until all have.
    pub async fn drain(&self) {
        self.stop.cancel();
        self.running.close();
        self.running.wait().await;
    }
}
