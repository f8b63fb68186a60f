//! Reading a room without being in it. Dropping it ends that, which neither waits nor fails.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use crate::command::{Joined, Lost, Start};
use crate::entry::{ClientId, Slot};
use crate::history::Found;
use crate::log::Cursor;
use crate::name::RoomName;
use crate::room::{Besides, Room, Told, Wake};

/// A cursor into a room, of somebody whom the room does not show.
#[derive(Debug)]
pub(crate) struct Reader {
    room: Arc<Room>,
    client: ClientId,
    cursor: Cursor,
    wake: Arc<Wake>,
}

impl Reader {
    /// Reads from `start` on; where that is, and why it could not be had, if it could not.
    pub(crate) fn new(
        room: Arc<Room>,
        client: ClientId,
        start: &Start,
    ) -> (Self, Joined, Option<Lost>) {
        let wake = Arc::<Wake>::default();
        let (cursor, joined, lost) = room.listen(client, start, Arc::clone(&wake) as _);
        (Self { room, client, cursor, wake }, joined, lost)
    }

    /// What it reads.
    pub(crate) fn room(&self) -> &RoomName {
        self.room.name()
    }

    /// Moves the next slots into `out`, up to the bounds of a batch.
    pub(crate) fn read(&mut self, out: &mut Vec<Slot>) -> Besides {
        self.room.read(&mut self.cursor, false, out)
    }

    /// What the client is told of a page of history.
    pub(crate) fn took(&mut self, page: Vec<Found>) -> Vec<Told> {
        self.room.took(&mut self.cursor, page)
    }

    /// Ends when there is something to read.
    pub(crate) async fn behind(&self) {
        poll_fn(|cx| {
            self.wake.register(cx.waker());
            match self.room.has(self.cursor.position(), false) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.room.unlisten(self.client);
    }
}
