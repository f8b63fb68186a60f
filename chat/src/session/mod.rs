//! One client: its commands in, its rooms' slots out. Knows neither TCP nor WebSocket nor HTTP.

mod outgoing;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::io::AsyncWrite;
use tokio::time::{sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use trace::{Tracer, trace};

use self::outgoing::Outgoing;
use crate::clock;
use crate::command::{Command, Hello, Post, Reply, Start};
use crate::end::End;
use crate::entry::{ClientId, Content, Seq, Slot};
use crate::guard::{Due, Guard};
use crate::limits::Limits;
use crate::members::Login;
use crate::membership::Membership;
use crate::name::RoomName;
use crate::refused::Refused;
use crate::room::Wake;
use crate::rooms::Rooms;
use crate::tracers::Tracers;
use crate::wire::Wire;

/// How long a session that has said goodbye waits for the client to close.
const LINGER: Duration = Duration::from_secs(1);
/// Shortest time before a client is to come back after a drain.
const RETURN_MS: u64 = 500;
/// The time over which returning clients are spread.
const RETURN_SPREAD_MS: u64 = 4_000;
/// Characters of a message that a trace shows.
const TRACED_CHARS: usize = 200;

/// What comes in from a client, freed of its framing.
#[derive(Debug)]
pub enum Inbound {
    /// One message.
    Message(Bytes),
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
    tracer: Arc<dyn Tracer>,
    deliveries: Arc<dyn Tracer>,
    bodies: bool,
    stop: CancellationToken,
    wake: Arc<Wake>,
    login: Option<Login>,
    memberships: Vec<Membership>,
    /// The entries of the batch on its way, by the membership that reads them.
    batch: Vec<(usize, Seq)>,
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
        let Tracers { tracer, deliveries, bodies } = tracers;
        let wake = Arc::default();
        let (login, memberships, batch) = (None, Vec::new(), Vec::new());
        Self {
            client,
            wire,
            address,
            rooms,
            limits,
            tracer,
            deliveries,
            bodies,
            stop,
            wake,
            login,
            memberships,
            batch,
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
        mut inbound: impl Stream<Item = Inbound> + Unpin,
        write: impl AsyncWrite + Unpin,
    ) -> End {
        let mut outgoing = Outgoing::new(write);
        let end = match self.greet() {
            Ok(()) => self.serve(&mut inbound, &mut outgoing).await,
            Err(end) => end,
        };
        // Others see it gone before the goodbye, which may take as long as the client likes.
        for membership in self.memberships.drain(..) {
            membership.leave(end);
        }
        drop(self.login.take());
        let farewell = self.farewell(end, &mut inbound, &mut outgoing);
        let told = timeout(LINGER, farewell).await.is_ok();
        let (why, client) = (end.as_str(), self.client.0);
        trace!(self.tracer, "Connection closed"; event = "closed", client = client, why = why, told = told);
        end
    }

    /// Lets a client in that has no login.
    fn greet(&mut self) -> Result<(), End> {
        if self.wire.has_login() {
            return Ok(());
        }
        let login = self.rooms.members().admit_guest().map_err(|_| End::Full)?;
        let room = self.rooms.enter(&self.address).map_err(|_| End::Full)?;
        self.memberships.push(room.join(self.client, &login, &Start::Head, &self.wake).0);
        self.login = Some(login);
        Ok(())
    }

    async fn serve(
        &mut self,
        inbound: &mut (impl Stream<Item = Inbound> + Unpin),
        outgoing: &mut Outgoing<impl AsyncWrite + Unpin>,
    ) -> End {
        let mut guard = Guard::new(&self.limits, clock::now(), self.wire.has_login());
        let stop = self.stop.clone();
        let stopped = stop.cancelled();
        let timer = sleep_until(guard.next().into());
        tokio::pin!(stopped, timer);
        loop {
            if !outgoing.in_batch()
                && let Err(end) = self.fill(outgoing)
            {
                return end;
            }
            if outgoing.waiting() > 0 {
                guard.blocked(clock::now());
            }
            if guard.next() < timer.deadline().into_std() {
                timer.as_mut().reset(guard.next().into());
            }
            tokio::select! {
                () = &mut stopped => return End::Drain,
                written = outgoing.write(), if outgoing.waiting() > 0 => {
                    if written.is_err() {
                        return End::Gone;
                    }
                    guard.wrote(clock::now(), outgoing.waiting() > 0);
                    if !outgoing.in_batch() {
                        self.sent();
                    }
                }
                next = inbound.next(), if outgoing.waiting() < self.limits.reply_bytes => {
                    guard.heard(clock::now());
                    match self.take(next.unwrap_or(Inbound::End(End::Gone)), &mut guard).await {
                        Ok(replies) => replies.into_iter().for_each(|reply| outgoing.push(reply)),
                        Err(end) => return end,
                    }
                }
                () = self.behind(), if !outgoing.in_batch() => {}
                () = &mut timer => {
                    match guard.due(clock::now()) {
                        Some(Due::End(end)) => return end,
                        Some(Due::Ping) => outgoing.push(self.wire.ping()),
                        None => {}
                    }
                    timer.as_mut().reset(guard.next().into());
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

    /// Makes a batch of what the rooms have.
    fn fill(&mut self, outgoing: &mut Outgoing<impl AsyncWrite + Unpin>) -> Result<(), End> {
        let mut slots = Vec::new();
        for (i, membership) in self.memberships.iter_mut().enumerate() {
            let told = membership.read(&mut slots);
            for slot in slots.drain(..) {
                outgoing.push(self.wire.slot(&slot));
                if let Slot::Entry(entry) = slot {
                    self.batch.push((i, entry.seq));
                }
            }
            let Some(told) = told else { continue };
            if let Reply::Gap { room, after, next } = &told {
                let (room, missed) = (room.as_str(), next.0 - after.0 - 1);
                trace!(self.tracer, "Client missed {missed} messages"; event = "gap", room = room, client = self.client.0, after = after.0, next = next.0, why = "slow");
                if !self.wire.tells_gaps() {
                    return Err(End::Slow);
                }
            }
            outgoing.push(self.wire.reply(&told));
        }
        if !self.batch.is_empty() {
            outgoing.end_batch();
        }
        Ok(())
    }

    /// The batch has been handed to the kernel.
    fn sent(&mut self) {
        let client = self.client.0;
        if self.deliveries.enabled() {
            for (i, seq) in self.batch.drain(..) {
                let room = self.memberships[i].room().as_str();
                trace!(self.deliveries, " -- sent to client"; event = "sent", room = room, client = client, seq = seq.0);
            }
        } else if let Some((_, last)) = self.batch.last() {
            let (entries, last) = (self.batch.len(), last.0);
            trace!(self.tracer, " -- batch sent to client"; event = "batch", client = client, entries = entries, last = last);
        }
        self.batch.clear();
    }

    /// What the client is told about something that came from it.
    async fn take(&mut self, inbound: Inbound, guard: &mut Guard) -> Result<Vec<Bytes>, End> {
        let message = match inbound {
            Inbound::Message(message) => message,
            Inbound::Ping(payload) => return Ok(vec![self.wire.pong(&payload)]),
            Inbound::Pong => return Ok(vec![]),
            Inbound::End(end) => return Err(end),
        };
        let request = self.wire.decode(&message, &self.limits);
        let id = request.id;
        let done = match request.command {
            Ok(Command::Hello(hello)) => self.hello(id, hello),
            Ok(Command::Post(post)) => self.post(id, post).await,
            Err(refused) => Err(refused),
        };
        match done {
            Ok(replies) => {
                guard.granted();
                if self.login.is_some() {
                    guard.named();
                }
                Ok(replies.iter().map(|reply| self.wire.reply(reply)).collect())
            }
            Err(refused) => {
                let (client, code) = (self.client.0, refused.code());
                trace!(self.tracer, "Request refused"; event = "refused", client = client, code = code);
                let told = self.wire.reply(&Reply::Error { id, refused });
                guard.refused().map_or(Ok(vec![told]), Err)
            }
        }
    }

    fn hello(&mut self, id: Option<u64>, hello: Hello) -> Result<Vec<Reply>, Refused> {
        if self.login.is_some() {
            return Err(Refused::HelloTwice);
        }
        let Hello { name, token, mut rooms } = hello;
        if rooms.is_empty() {
            rooms.push((self.address.clone(), Start::Head));
        }
        // All rooms or none, and no name taken in vain: nobody is left half inside.
        let entered = rooms.iter().map(|(room, _)| self.rooms.enter(room));
        let entered = entered.collect::<Result<Vec<_>, _>>()?;
        let login = self.rooms.members().admit(name, token.as_ref(), clock::now())?;
        let (mut joined, mut resets) = (Vec::new(), Vec::new());
        for (room, (_, start)) in entered.into_iter().zip(&rooms) {
            let (membership, told, lost) = room.join(self.client, &login, start, &self.wake);
            if let Some(why) = lost {
                let (room, oldest) = (told.room.clone(), Seq(told.head.0 + 1 - told.replay as u64));
                trace!(self.tracer, "Client cannot resume"; event = "reset", room = room.as_str(), client = self.client.0, oldest = oldest.0);
                resets.push(Reply::Reset { room, why, oldest });
            }
            self.memberships.push(membership);
            joined.push(told);
        }
        let mut replies = vec![Reply::Welcome {
            id,
            name: login.name.clone(),
            token: login.token.clone(),
            body_bytes: self.limits.body_bytes,
            frame_bytes: self.limits.frame_bytes,
            rooms: joined,
        }];
        replies.extend(resets);
        self.login = Some(login);
        Ok(replies)
    }

    async fn post(&mut self, id: Option<u64>, post: Post) -> Result<Vec<Reply>, Refused> {
        let login = self.login.as_ref().ok_or(Refused::HelloFirst)?;
        let room = post.room.as_ref().unwrap_or(&self.address);
        let membership = self.memberships.iter().find(|membership| membership.room() == room);
        let membership = membership.ok_or(Refused::NotJoined)?;
        self.trace_received(membership.room(), &post.content);
        let posted = membership.post(login, post).await?;
        Ok(vec![Reply::Ok { id, posted }])
    }

    fn trace_received(&self, room: &RoomName, content: &Content) {
        let body = content.body();
        let (room, client, bytes) = (room.as_str(), self.client.0, body.len());
        if self.bodies {
            let cut = body.char_indices().nth(TRACED_CHARS).map_or(body.len(), |(at, _)| at);
            let (shown, rest) = (&body[..cut], if cut < body.len() { "..." } else { "" });
            trace!(self.tracer, "Message received: {shown}{rest}"; event = "received", room = room, client = client, bytes = bytes);
        } else {
            trace!(self.tracer, "Message received"; event = "received", room = room, client = client, bytes = bytes);
        }
    }

    /// Says goodbye and waits for the client to close, so that the goodbye is not cut off.
    async fn farewell(
        &self,
        end: End,
        inbound: &mut (impl Stream<Item = Inbound> + Unpin),
        outgoing: &mut Outgoing<impl AsyncWrite + Unpin>,
    ) {
        if end == End::Gone {
            return;
        }
        if end != End::Closed {
            let spread = self.client.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) % RETURN_SPREAD_MS;
            let after_ms = end.reconnect().then_some(RETURN_MS + spread);
            outgoing.push(self.wire.reply(&Reply::Bye { end, after_ms }));
        }
        outgoing.push(self.wire.close(end));
        if outgoing.finish().await.is_ok() && end != End::Closed {
            while inbound.next().await.is_some() {}
        }
    }
}
