//! Being in a room: a cursor into its log. Dropping it leaves, which neither waits nor fails.

use std::sync::Arc;

use crate::command::{Joined, Lost, Post, Posted, Reply, Start};
use crate::end::End;
use crate::entry::{ClientId, MemberId, Slot};
use crate::log::Cursor;
use crate::members::Login;
use crate::name::RoomName;
use crate::refused::Refused;
use crate::room::{Room, Wake};

/// One session's place in one room.
#[derive(Debug)]
pub struct Membership {
    room: Arc<Room>,
    client: ClientId,
    member: MemberId,
    has_token: bool,
    cursor: Cursor,
    end: End,
}

impl Membership {
    /// Joins: the session reads from `start` on and is woken through `wake`. The last part of the
    /// answer says why `start` could not be had, and then it reads all there is.
    pub fn join(
        room: Arc<Room>,
        client: ClientId,
        login: &Login,
        start: &Start,
        wake: &Arc<Wake>,
    ) -> (Self, Joined, Option<Lost>) {
        let (cursor, joined, lost) = room.join(client, login, start, wake);
        let (member, has_token) = (login.id, login.token.is_some());
        (Self { room, client, member, has_token, cursor, end: End::Gone }, joined, lost)
    }

    /// The room it is in.
    pub fn room(&self) -> &RoomName {
        self.room.name()
    }

    /// Whether there is something to read.
    pub fn is_behind(&self) -> bool {
        self.room.is_past(self.cursor.position())
    }

    /// Moves the next slots into `out`, up to the bounds of a batch; the reply tells the reader
    /// what the slots do not: a gap, or who is there.
    pub fn read(&mut self, out: &mut Vec<Slot>) -> Option<Reply> {
        self.room.read(&mut self.cursor, out)
    }

    /// Posts into the room; see [`Room::post`].
    ///
    /// # Errors
    /// As [`Room::post`].
    pub async fn post(&self, login: &Login, post: Post) -> Result<Posted, Refused> {
        self.room.post(self.client, login, post).await
    }

    /// Leaves for a reason.
    pub fn leave(mut self, end: End) {
        self.end = end;
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.room.leave(self.client, self.member, self.has_token, self.end);
    }
}
