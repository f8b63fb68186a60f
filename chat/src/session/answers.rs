//! What became of a request, and what the client is told about it.

use bytes::Bytes;

use super::Session;
use crate::command::Reply;
use crate::end::End;
use crate::entry::Mid;
use crate::guard::Guard;
use crate::name::RoomName;
use crate::refused::Refused;

/// A request: the client's number for it, its name for what it posts, and the room it names.
#[derive(Debug, Default)]
pub(super) struct Asking {
    pub(super) id: Option<u64>,
    pub(super) mid: Option<Mid>,
    pub(super) room: Option<RoomName>,
}

impl Asking {
    /// One that posts nothing.
    pub(super) fn of(id: Option<u64>, room: RoomName) -> Self {
        Self { id, mid: None, room: Some(room) }
    }
}

/// What a request came to: what is told, or why it was refused.
pub(super) type Done = Result<Vec<Reply>, Refused>;

impl Session {
    /// What the client is told about a request that is done.
    pub(super) fn answer(
        &self,
        asking: Asking,
        done: Done,
        guard: &mut Guard,
    ) -> Result<Vec<Bytes>, End> {
        match self.told(asking, done) {
            Ok(replies) => {
                guard.granted();
                if self.login.is_some() {
                    guard.named();
                }
                Ok(replies)
            }
            Err(refusal) => guard.refused().map_or(Ok(vec![refusal]), Err),
        }
    }

    /// The same, or the refusal, which is remembered.
    pub(super) fn told(&self, asking: Asking, done: Done) -> Result<Vec<Bytes>, Bytes> {
        match done {
            Ok(replies) => {
                let stored = |reply: &Reply| matches!(reply, Reply::Ok { .. });
                if let (Some(login), Some(mid)) = (&self.login, &asking.mid)
                    && replies.iter().any(stored)
                {
                    self.rooms.stored(&login.author().sender, mid);
                }
                Ok(replies.iter().map(|reply| self.wire.reply(reply)).collect())
            }
            Err(refused) => {
                let Asking { id, mid, room } = asking;
                let room = self.is_in(room);
                self.tracers.request_refused(room.as_ref(), Some(self.client), refused.code());
                if let (Some(login), Some(mid)) = (&self.login, mid) {
                    self.rooms.refused(login.author().sender, mid, refused.clone());
                }
                Err(self.wire.reply(&Reply::Error { id, refused }))
            }
        }
    }

    /// The room of a request, if the client is in it. Who names none means that of its address.
    fn is_in(&self, room: Option<RoomName>) -> Option<RoomName> {
        let room = room.unwrap_or_else(|| self.address.clone());
        self.side.lock().membership(&room).map(|membership| membership.room().clone())
    }
}
