//! One client: its commands in, its rooms' slots out. Knows neither TCP nor WebSocket nor HTTP.

mod batch;
mod coming_in;
mod filling;
mod goodbye;
mod outgoing;
mod pending;
mod posts;
mod requests;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::io::AsyncWrite;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

pub(crate) use self::batch::Batch;
use self::outgoing::Outgoing;
use self::pending::{Next, Pending};
use crate::clock;
use crate::end::End;
use crate::entry::ClientId;
use crate::guard::{Due, Guard, Quiet};
use crate::limits::Limits;
use crate::members::Login;
use crate::membership::Membership;
use crate::metrics::Connected;
use crate::name::RoomName;
use crate::room::Wake;
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
    /// An answer to our ping.
    Pong,
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
    limits: Limits,
    tracers: Tracers,
    counted: Connected,
    stop: CancellationToken,
    wake: Arc<Wake>,
    login: Option<Login>,
    memberships: Vec<Membership>,
    /// The entries on their way.
    batch: Batch,
    /// When it may show again that its member is writing.
    may_type: Instant,
    /// Which membership the next batch begins with.
    turn: usize,
}

impl Session {
    pub(crate) fn new(
        client: ClientId,
        wire: Wire,
        address: RoomName,
        rooms: Arc<Rooms>,
        limits: Limits,
        tracers: Tracers,
        stop: CancellationToken,
    ) -> Self {
        let counted = tracers.metrics.connected(wire.as_str());
        Self {
            client,
            wire,
            address,
            rooms,
            limits,
            tracers,
            counted,
            stop,
            wake: Arc::default(),
            login: None,
            memberships: Vec::new(),
            batch: Batch::default(),
            may_type: clock::now(),
            turn: 0,
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
        mut self,
        inbound: impl Stream<Item = Inbound> + Unpin,
        write: impl AsyncWrite + Unpin,
    ) -> End {
        let (mut inbound, mut outgoing) = (inbound.fuse(), Outgoing::new(write));
        let mut pending = Pending::default();
        self.greet();
        let end = self.serve(&mut inbound, &mut outgoing, &mut pending).await;
        self.goodbye(end, &mut inbound, &mut outgoing, pending).await;
        end
    }

    async fn serve(
        &mut self,
        inbound: &mut (impl Stream<Item = Inbound> + Unpin),
        outgoing: &mut Outgoing<impl AsyncWrite + Unpin>,
        pending: &mut Pending,
    ) -> End {
        let quiet = if self.wire.has_pings() { Quiet::Asked } else { Quiet::Allowed };
        let mut guard = Guard::new(&self.limits, clock::now(), self.wire.has_login(), quiet);
        let idle = self.limits.idle;
        let alarm = |guard: &Guard| guard.next().unwrap_or_else(|| clock::now() + idle).into();
        let stop = self.stop.clone();
        let stopped = stop.cancelled();
        let timer = sleep_until(alarm(&guard));
        tokio::pin!(stopped, timer);
        loop {
            let reads = outgoing.batch_bytes() == 0 && !pending.is_fetching();
            if reads && let Err(end) = self.fill(outgoing, pending) {
                return end;
            }
            let reads = outgoing.batch_bytes() == 0 && !pending.is_fetching();
            let asks = pending.has_room(!self.wire.answers());
            if !outgoing.is_empty() {
                guard.blocked(clock::now());
            }
            if alarm(&guard) < timer.deadline() {
                timer.as_mut().reset(alarm(&guard));
            }
            select! {
                () = &mut stopped => return End::Drain,
                written = outgoing.write(), if !outgoing.is_empty() => {
                    if let Err(error) = written {
                        return End::of(&error);
                    }
                    guard.wrote(clock::now(), !outgoing.is_empty());
                    if outgoing.batch_bytes() == 0 {
                        self.sent();
                    }
                }
                next = inbound.next(), if asks && outgoing.replies() < self.limits.reply_bytes => {
                    guard.heard(clock::now());
                    let next = next.unwrap_or(Inbound::End(End::Gone));
                    match self.take(next, &mut guard, pending) {
                        Ok(replies) => replies.into_iter().for_each(|reply| outgoing.push_reply(reply)),
                        Err(end) => return end,
                    }
                }
                next = pending.next() => {
                    let done = match next {
                        Next::Answer((id, done)) => self.answer(id, done, &mut guard).map(|replies| {
                            replies.into_iter().for_each(|reply| outgoing.push_reply(reply));
                        }),
                        Next::Page(room, found) => self.took(&room, found, outgoing),
                    };
                    if let Err(end) = done {
                        return end;
                    }
                }
                () = self.behind(), if reads => {}
                () = &mut timer => {
                    match guard.due(clock::now()) {
                        Some(Due::End(end)) => return end,
                        Some(Due::Ping) => outgoing.push_reply(self.wire.ping()),
                        None => {}
                    }
                    timer.as_mut().reset(alarm(&guard));
                }
            }
        }
    }

    /// Ends when one of the rooms has something to read.
    async fn behind(&self) {
        poll_fn(|cx| {
            self.wake.register(cx.waker());
            match self.memberships.iter().any(Membership::is_behind) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }

    /// The batch has been handed to the kernel.
    fn sent(&mut self) {
        std::mem::take(&mut self.batch).sent(&self.tracers, self.client);
    }
}
