//! The pump of a room: reads what is new once, and hands it to everybody who waits at the head.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use tokio::task::{coop, yield_now};

use super::Room;
use super::burst::Burst;
use super::readers::Listener;
use crate::entry::{ClientId, Encoded};
use crate::limits::PUMP_TURN;
use crate::log::{Cursor, Read};

impl Room {
    /// Tells those who read that there is something to read.
    pub(super) fn stir(&self) {
        match self.is_inbox() {
            // So few that nothing is gained by reading for them.
            true => {
                self.readers.all().iter().flat_map(|all| all.values()).for_each(|l| l.hear(None))
            }
            false => self.pump.wake(),
        }
    }

    /// Somebody reads from now on.
    pub(super) fn read_by(self: &Arc<Self>, client: ClientId, listener: Arc<dyn Listener>) {
        if self.readers.add(client, listener) && !self.is_inbox() {
            self.start_pump();
        }
    }

    /// Somebody reads no more.
    pub(super) fn unread_by(&self, client: ClientId) {
        if self.readers.remove(client) {
            self.pump.wake();
        }
    }

    /// Begins to pump, from where the room stands now.
    fn start_pump(self: &Arc<Self>) {
        let cursor = self.state().log.at_head();
        // A socket that takes what it is given does not end the turn of a pump: it counts itself.
        tokio::spawn(coop::unconstrained(Arc::clone(self).pump(cursor)));
    }

    /// Until nobody reads any more.
    async fn pump(self: Arc<Self>, mut cursor: Cursor) {
        let (most, bytes) = (self.limits.batch_slots, self.limits.batch_bytes);
        let mut slots = Vec::new();
        loop {
            self.stirred(&cursor).await;
            let before = cursor.clone();
            let read = self.state().log.read(&mut cursor, most, bytes, &mut slots);
            // Who joins after this has read what was here before it.
            let Some(all) = self.readers.all() else { return };
            let (room, after, encoded) = (&*self, &cursor, Encoded::default());
            let burst = Burst { room, slots: &slots, before: &before, after, encoded };
            // What slots do not tell, everybody asks for himself.
            let burst = (read == Read::Slots).then_some(&burst);
            for (listener, turn) in all.values().zip(1..) {
                listener.hear(burst);
                if turn % PUMP_TURN == 0 {
                    yield_now().await;
                }
            }
            slots.clear();
            if matches!(read, Read::Stored { .. }) {
                cursor = self.state().log.at_head();
            }
        }
    }

    /// Ends when there is something to read, or nobody left who reads.
    async fn stirred(&self, cursor: &Cursor) {
        poll_fn(|cx| {
            self.pump.register(cx.waker());
            match self.is_past(cursor.position()) || self.readers.are_gone() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }
}
