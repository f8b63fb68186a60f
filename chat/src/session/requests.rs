//! What a client asks, and what it is told.

use bytes::Bytes;
use trace::trace;

use super::{Inbound, Session};
use crate::clock;
use crate::command::{Command, Hello, Post, Reply, Start};
use crate::end::End;
use crate::entry::{Content, Seq};
use crate::guard::Guard;
use crate::limits::TRACED_CHARS;
use crate::membership::Membership;
use crate::name::RoomName;
use crate::refused::Refused;

impl Session {
    /// What the client is told about something that came from it.
    pub(super) async fn take(
        &mut self,
        inbound: Inbound,
        guard: &mut Guard,
    ) -> Result<Vec<Bytes>, End> {
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
                self.metrics.refused(code);
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
        let login = self.rooms.members().admit(name, token.as_ref(), clock::now())?;
        // All rooms or none; and without them no name, for nobody would have its token.
        let names = rooms.iter().map(|(room, _)| room);
        let entered = match self.rooms.enter(names) {
            Ok(entered) => entered,
            Err(refused) => {
                login.withdraw();
                return Err(refused);
            }
        };
        let (mut joined, mut resets) = (Vec::new(), Vec::new());
        for (room, (_, start)) in entered.into_iter().zip(&rooms) {
            let (membership, told, lost) =
                Membership::join(room, self.client, &login, start, &self.wake);
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
        self.metrics.received();
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
}
