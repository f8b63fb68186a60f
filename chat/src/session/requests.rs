//! What a client asks, and what it is told.

use bytes::Bytes;

use super::answers::{Asking, Done};
use super::pending::Pending;
use super::writing::Writing;
use super::{Inbound, Session};
use crate::clock;
use crate::command::{Command, Range, Reply, Start};
use crate::end::End;
use crate::entry::Seq;
use crate::guard::Guard;
use crate::limits::{HISTORY_ENTRIES, SEARCH_HITS};
use crate::membership::Membership;
use crate::name::RoomName;
use crate::refused::Refused;
use crate::wire::Request;

impl Session {
    /// What the client is told about something that came from it.
    pub(super) fn take(
        &mut self,
        inbound: Inbound,
        guard: &mut Guard,
        pending: &mut Pending,
    ) -> Result<Vec<Bytes>, End> {
        let message = match inbound {
            Inbound::Message(message) | Inbound::Binary(message) => message,
            Inbound::Ping(payload) => return Ok(vec![self.wire.pong(&payload)]),
            Inbound::Pong(payload) => {
                self.side.answered(&payload);
                return Ok(vec![]);
            }
            Inbound::End(end) => return Err(end),
        };
        let request = self.wire.decode(&message, &self.limits, self.login.is_some());
        let Request { id, mid, room, command } = request;
        let done = match command {
            Ok(Command::Quit) => return Err(End::Closed),
            Ok(command) => match guard.asked(clock::now()) {
                None => self.obey(id, command, pending),
                Some(wait) => Err(Refused::TooFast(wait)),
            },
            Err(refused) => Err(refused),
        };
        self.answer(Asking { id, mid, room }, done, guard)
    }

    fn obey(&mut self, id: Option<u64>, command: Command, pending: &mut Pending) -> Done {
        match command {
            Command::Hello(hello) => self.hello(id, hello),
            Command::Post(post) if post.to.is_empty() => self.post(id, post, pending),
            Command::Post(post) => self.post_direct(id, post, pending),
            Command::Addressed { direct, otherwise } => {
                let members = self.rooms.members();
                match direct.to.iter().any(|name| members.find(name).is_some()) {
                    true => self.post_direct(id, direct, pending),
                    false => self.post(id, otherwise, pending),
                }
            }
            Command::Join { room, start } => self.join(id, room, &start),
            Command::Leave(room) => self.leave(id, room, pending),
            Command::History { room, range, limit } => {
                self.history(id, room.as_ref(), range, limit, pending)
            }
            Command::Search { room, search, before, limit } => {
                let mut writing = self.side.lock();
                let membership = self.membership(&mut writing, room.as_ref())?;
                let room = membership.room().clone();
                let found = membership.search(search, before, limit.unwrap_or(SEARCH_HITS));
                pending.push(async move {
                    let (found, asking) = (found.await, Asking::of(id, room.clone()));
                    let told = found.map(|(epoch, hits)| vec![hits.reply(id, room, epoch)]);
                    (asking, told)
                });
                Ok(vec![])
            }
            Command::Who(room) => {
                Ok(vec![self.membership(&mut self.side.lock(), room.as_ref())?.who(id)])
            }
            Command::Rooms => {
                self.login.as_ref().ok_or(Refused::HelloFirst)?;
                Ok(vec![Reply::Rooms { id, rooms: self.rooms.list() }])
            }
            Command::Why { room, which } => self.why(id, room.as_ref(), which, pending),
            Command::Typing(room) => self.typing(room),
            Command::Ack(room, seq) => self.ack(room, seq),
            Command::Help | Command::Quit => Ok(vec![Reply::Help]),
        }
    }

    /// Where the client is in a room; without a room, in that of its address.
    pub(super) fn membership<'a>(
        &self,
        writing: &'a mut Writing,
        room: Option<&RoomName>,
    ) -> Result<&'a mut Membership, Refused> {
        self.login.as_ref().ok_or(Refused::HelloFirst)?;
        writing.membership(room.unwrap_or(&self.address)).ok_or(Refused::NotJoined)
    }

    fn history(
        &self,
        id: Option<u64>,
        room: Option<&RoomName>,
        range: Range,
        limit: Option<usize>,
        pending: &mut Pending,
    ) -> Done {
        let mut writing = self.side.lock();
        let membership = self.membership(&mut writing, room)?;
        let room = membership.room().clone();
        let page = membership.page(range, limit.unwrap_or(HISTORY_ENTRIES));
        pending.push(async move {
            let (page, asking) = (page.await, Asking::of(id, room.clone()));
            let told = page.map(|page| vec![Reply::History { id, room, page }]);
            (asking, told)
        });
        Ok(vec![])
    }

    fn typing(&mut self, room: Option<RoomName>) -> Done {
        let mut writing = self.side.lock();
        let membership = self.membership(&mut writing, room.as_ref())?;
        let login = self.login.as_ref().ok_or(Refused::HelloFirst)?;
        let now = clock::now();
        if self.may_type <= now && membership.room() != &RoomName::inbox() {
            membership.typing(login);
            self.may_type = now + crate::limits::TYPING_PAUSE;
        }
        Ok(vec![])
    }

    fn ack(&mut self, room: Option<RoomName>, seq: Seq) -> Done {
        let mut writing = self.side.lock();
        let membership = self.membership(&mut writing, room.as_ref())?;
        if let Some(seq) = membership.ack(seq, clock::now()) {
            self.tracers.acked(membership.room(), self.client, seq);
        }
        Ok(vec![])
    }

    fn join(&mut self, id: Option<u64>, room: RoomName, start: &Start) -> Done {
        self.login.as_ref().ok_or(Refused::HelloFirst)?;
        let (already, rooms) = {
            let mut writing = self.side.lock();
            let already = writing.membership(&room).map(|membership| membership.joined());
            (already, writing.rooms().count())
        };
        if let Some(joined) = already {
            self.made_current(room);
            return Ok(vec![Reply::Joined { id, joined }]);
        }
        if rooms >= self.limits.rooms_per_session {
            return Err(Refused::TooManyJoined(self.limits.rooms_per_session));
        }
        let entered = self.rooms.enter([&room].into_iter())?;
        let mut replies = Vec::new();
        for entered in entered {
            let (joined, reset) = self.come_in(entered, start)?;
            replies.push(Reply::Joined { id, joined });
            replies.extend(reset);
        }
        self.made_current(room);
        Ok(replies)
    }

    /// Lines have a current room, which is the one joined last.
    fn made_current(&mut self, room: RoomName) {
        if self.wire.has_current_room() {
            self.address = room;
        }
    }

    fn leave(&mut self, id: Option<u64>, room: Option<RoomName>, pending: &mut Pending) -> Done {
        let mut writing = self.side.lock();
        let room = self.membership(&mut writing, room.as_ref())?.room().clone();
        if room != RoomName::inbox() {
            pending.forget(&room);
            writing.leave(&room);
        }
        let last = writing.rooms().last().cloned();
        drop(writing);
        if let Some(last) = last.filter(|_| self.wire.has_current_room()) {
            self.address = last;
        }
        Ok(vec![Reply::Left { id, room }])
    }
}
