//! How a client comes in.

use std::sync::Arc;

use super::Session;
use super::answers::Done;
use crate::clock;
use crate::command::{Hello, Joined, Reply, Start};
use crate::entry::Seq;
use crate::membership::Membership;
use crate::name::RoomName;
use crate::refused::Refused;
use crate::room::Room;

impl Session {
    /// Lets a client in that has no login.
    pub(super) fn greet(&mut self) {
        if !self.wire.has_login() {
            let login = self.rooms.members().admit_guest();
            let lobby = Arc::clone(self.rooms.lobby());
            let listener = Arc::clone(&self.side) as _;
            let (membership, ..) =
                Membership::join(lobby, self.client, self.wire, &login, &Start::Head, listener);
            self.side.lock().join(membership);
            self.login = Some(login);
        }
    }

    pub(super) fn hello(&mut self, id: Option<u64>, hello: Hello) -> Done {
        if self.login.is_some() {
            return Err(Refused::HelloTwice);
        }
        let Hello { name, token, keeps, mut rooms } = hello;
        let asked = rooms.iter().position(|(room, _)| *room == RoomName::inbox());
        let inbox = asked.map(|at| rooms.remove(at).1);
        // Who asks for the inbox alone wants to be seen in no room.
        if rooms.is_empty() && inbox.is_none() {
            rooms.push((self.address.clone(), Start::Head));
        }
        let login = self.rooms.members().admit(name, token.as_ref(), keeps, clock::now())?;
        // All rooms or none; and without them no name, for nobody would have its token.
        let names = rooms.iter().map(|(room, _)| room);
        let mut entered = match self.rooms.enter(names) {
            Ok(entered) => entered,
            Err(refused) => {
                login.withdraw();
                return Err(refused);
            }
        };
        // Everybody reads an inbox; who asked for its position is told.
        entered.push(self.rooms.inbox(&login));
        rooms.push((RoomName::inbox(), inbox.clone().unwrap_or(Start::Head)));
        let (name, token) = (login.name.clone(), login.token.clone());
        self.login = Some(login);
        let (mut joined, mut resets) = (Vec::new(), Vec::new());
        for (room, (_, start)) in entered.into_iter().zip(&rooms) {
            let (told, reset) = self.come_in(room, start)?;
            if inbox.is_some() || told.room != RoomName::inbox() {
                joined.push(told);
            }
            resets.extend(reset);
        }
        let mut replies = vec![Reply::Welcome {
            id,
            name,
            token,
            body_bytes: self.limits.body_bytes,
            frame_bytes: self.limits.frame_bytes,
            rooms: joined,
        }];
        replies.extend(resets);
        Ok(replies)
    }

    /// Joins a room; the second part of the answer says why the reader starts elsewhere.
    pub(super) fn come_in(
        &mut self,
        room: Arc<Room>,
        start: &Start,
    ) -> Result<(Joined, Option<Reply>), Refused> {
        let login = self.login.as_ref().ok_or(Refused::HelloFirst)?;
        let listener = Arc::clone(&self.side) as _;
        let (membership, joined, lost) =
            Membership::join(room, self.client, self.wire, login, start, listener);
        self.side.lock().join(membership);
        let reset = lost.map(|why| {
            let (room, oldest) =
                (joined.room.clone(), Seq(joined.head.0 + 1 - joined.replay as u64));
            self.tracers.reset(&room, self.client, oldest, why);
            Reply::Reset { room, why, oldest }
        });
        Ok((joined, reset))
    }
}
