//! One client: its commands in, its rooms' slots out. Knows neither TCP nor WebSocket nor HTTP.

mod answers;
mod batch;
mod coming_in;
mod filling;
mod goodbye;
mod outgoing;
mod pending;
mod posts;
mod requests;
mod whys;
mod write_side;
mod writing;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::io::AsyncWrite;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

pub(crate) use self::batch::Batch;
use self::pending::{Next, Pending};
use self::write_side::WriteSide;
use crate::clock;
use crate::end::End;
use crate::entry::ClientId;
use crate::guard::{Due, Guard, Quiet};
use crate::limits::Limits;
use crate::members::Login;
use crate::metrics::Connected;
use crate::name::RoomName;
use crate::rooms::Rooms;
use crate::select::select;
use crate::tracers::Tracers;
use crate::wire::Wire;

/// What comes in from a client, freed of its framing.
#[derive(Debug)]
pub enum Inbound {
    /// One message.
    Message(Bytes),
    /// One message whose framing does not call it text.
    Binary(Bytes),
    /// A ping to be answered with its payload.
    Ping(Bytes),
    /// A pong, and its payload.
    Pong(Bytes),
    /// Nothing more will come, and why.
    End(End),
}

/// One connection's state and its place in the rooms.
pub struct Session {
    client: ClientId,
    wire: Wire,
    /// The room of the client's address.
    address: RoomName,
    rooms: Arc<Rooms>,
    limits: Arc<Limits>,
    tracers: Tracers,
    counted: Connected,
    stop: CancellationToken,
    side: Arc<WriteSide>,
    login: Option<Login>,
    /// When it may show again that its member is writing.
    may_type: Instant,
}

impl Session {
    pub(crate) fn new(
        client: ClientId,
        wire: Wire,
        address: RoomName,
        rooms: Arc<Rooms>,
        limits: Arc<Limits>,
        tracers: Tracers,
        stop: CancellationToken,
    ) -> Self {
        let counted = tracers.metrics.connected(wire.as_str());
        let side = WriteSide::new(client, wire, Arc::clone(&limits), tracers.clone());
        Self {
            client,
            wire,
            address,
            rooms,
            limits,
            tracers,
            counted,
            stop,
            side: Arc::new(side),
            login: None,
            may_type: clock::now(),
        }
    }

    /// Its number in the trace.
    pub fn client(&self) -> ClientId {
        self.client
    }

    /// Serves the client until one side ends it, and says why it ended.
    ///
    /// Cancelling it leaves its rooms without a goodbye.
    pub async fn run(
        mut self: Box<Self>,
        inbound: impl Stream<Item = Inbound> + Unpin,
        write: impl AsyncWrite + Send + Unpin + 'static,
    ) -> End {
        let (mut inbound, mut pending) = (inbound.fuse(), Pending::default());
        self.side.open(write);
        self.greet();
        let end = self.serve(&mut inbound, &mut pending).await;
        // Boxed, because it is larger than all before it, and lasts a moment.
        Box::pin(self.goodbye(end, &mut inbound, pending)).await;
        end
    }

    async fn serve(
        &mut self,
        inbound: &mut (impl Stream<Item = Inbound> + Unpin),
        pending: &mut Pending,
    ) -> End {
        let quiet = if self.wire.has_pings() { Quiet::Asked } else { Quiet::Allowed };
        let mut guard =
            Guard::new(Arc::clone(&self.limits), clock::now(), self.wire.has_login(), quiet);
        let idle = self.limits.idle;
        let alarm = |guard: &Guard| guard.next().unwrap_or_else(|| clock::now() + idle).into();
        let (side, stop) = (Arc::clone(&self.side), self.stop.clone());
        let stopped = stop.cancelled();
        let timer = sleep_until(alarm(&guard));
        tokio::pin!(stopped, timer);
        loop {
            let turn = match side.begin(pending) {
                Ok(turn) => turn,
                Err(end) => return end,
            };
            let listens = turn.listens && pending.has_room(!self.wire.answers());
            if turn.writes {
                guard.blocked(clock::now());
            }
            if alarm(&guard) < timer.deadline() {
                timer.as_mut().reset(alarm(&guard));
            }
            select! {
                () = &mut stopped => return End::Drain,
                written = side.write(), if turn.writes => match written {
                    Ok(writes) => guard.wrote(clock::now(), writes),
                    Err(error) => return End::of(&error),
                },
                next = inbound.next(), if listens => {
                    guard.heard(clock::now());
                    let next = next.unwrap_or(Inbound::End(End::Gone));
                    match self.take(next, &mut guard, pending) {
                        Ok(replies) => side.say(replies),
                        Err(end) => return end,
                    }
                }
                // Who does not take his replies gets no more of them.
                next = pending.next(turn.listens) => {
                    let done = match next {
                        Next::Answer((asking, done)) => {
                            self.answer(asking, done, &mut guard).map(|replies| side.say(replies))
                        }
                        Next::Page(room, found) => side.took(&mut side.lock(), &room, found),
                    };
                    if let Err(end) = done {
                        return end;
                    }
                }
                () = side.stirred(turn) => {}
                () = &mut timer => {
                    match guard.due(clock::now()) {
                        Some(Due::End(end)) => return end,
                        Some(Due::Stalled) => self.tracers.stalled(self.client),
                        Some(Due::Ping) => side.ask(),
                        None => {}
                    }
                    timer.as_mut().reset(alarm(&guard));
                }
            }
        }
    }
}

impl Drop for Session {
    /// Leaves its rooms, and lets go of the client.
    fn drop(&mut self) {
        drop(self.side.close(End::Gone));
    }
}
