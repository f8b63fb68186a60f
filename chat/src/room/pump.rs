//! The pump of a room: reads what is new once, and hands it to everybody who waits at the head.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use futures_util::FutureExt;
use tokio::task::{coop, yield_now};
use trace::{Tracer, trace};

use super::Room;
use super::burst::Burst;
use super::readers::Listener;
use crate::clock;
use crate::entry::ClientId;
use crate::limits::{PUMP_BYTES, PUMP_TURN};
use crate::log::{Cursor, Position, Read};
use crate::tracers::Tracers;

impl Room {
    /// Tells those who read that there is something to read.
    pub(super) fn stir(&self) {
        match self.is_inbox() {
            // So few that nothing is gained by reading for them.
            true => self.wake_all(),
            false => self.pump.wake(),
        }
    }

    /// Everybody looks for himself.
    fn wake_all(&self) {
        self.readers.all().values().for_each(|listener| _ = listener.hear(None));
    }

    /// The position behind the newest slot.
    fn end(&self) -> Position {
        Position(self.end.load(Ordering::Acquire))
    }

    /// How far readers read for themselves: what is behind it the pump hands to them, if there is
    /// one. `alone` it is the end.
    pub(super) fn until(&self, alone: bool) -> Position {
        match alone || self.is_inbox() {
            true => self.end(),
            false => Position(self.shown.load(Ordering::Acquire)),
        }
    }

    /// Whether there is something to read at `position`.
    pub(crate) fn has(&self, position: Position, alone: bool) -> bool {
        self.until(alone) > position
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

    /// Pumps from where the room stands now, until nobody reads any more.
    fn start_pump(self: &Arc<Self>) {
        let (room, first) = (Arc::clone(self), self.pumped_so_far());
        // Who came meanwhile may have looked before all of that was to be read.
        self.wake_all();
        let pump = async move {
            let mut pumped = AssertUnwindSafe(room.pump(first)).catch_unwind().await;
            // A tracer that panics takes nothing from anybody but its line.
            while pumped.is_err() {
                let next = room.pumped_so_far();
                room.wake_all();
                pumped = AssertUnwindSafe(room.pump(next)).catch_unwind().await;
            }
        };
        // A socket that takes what it is given does not end the turn of a pump: it counts itself.
        tokio::spawn(coop::unconstrained(pump));
    }

    /// A cursor for the pump at the head; what is before, each reads for himself.
    fn pumped_so_far(&self) -> Cursor {
        let cursor = self.state().log.at_head();
        self.shown.store(cursor.position().0, Ordering::Release);
        cursor
    }

    async fn pump(&self, mut cursor: Cursor) {
        let mut slots = Vec::new();
        loop {
            self.stirred(&cursor).await;
            let before = cursor.clone();
            let (end, all) = (self.end(), usize::MAX);
            let read = self.state().log.read(&mut cursor, end, all, PUMP_BYTES, &mut slots);
            if matches!(read, Read::Stored { .. }) {
                cursor = self.state().log.at_head();
            }
            self.shown.store(cursor.position().0, Ordering::Release);
            // Who joins after this has read what was here before it.
            let all = self.readers.all();
            if all.is_empty() && self.readers.rest() {
                return;
            }
            let burst = Burst::new(self, &slots, &before, &cursor);
            // What slots do not tell, everybody asks for himself.
            let burst = (read == Read::Slots && !cursor.is_stale()).then_some(&burst);
            let mut written = 0;
            for (listener, turn) in all.values().zip(1..) {
                written += usize::from(listener.hear(burst));
                if turn % PUMP_TURN == 0 {
                    yield_now().await;
                }
            }
            if let Some(burst) = burst {
                self.pumped(burst, written);
            }
            slots.clear();
        }
    }

    /// A burst is written to so many at once.
    fn pumped(&self, burst: &Burst<'_>, clients: usize) {
        let Tracers { tracer, deliveries, .. } = &self.common.tracers;
        let Some(last) = burst.entries().next_back().filter(|_| clients > 0) else { return };
        if tracer.enabled() && !deliveries.enabled() {
            let (room, seq, entries) = (self.name.as_str(), last.seq.0, burst.count);
            let shown = last.shown.map(|shown| clock::now().saturating_duration_since(shown));
            let us = shown.unwrap_or_default().as_micros() as u64;
            trace!(tracer, " -- sent to {clients} clients"; event = "pumped", room = room, clients = clients, entries = entries, seq = seq, us = us);
        }
    }

    /// Ends when there is something to read, or nobody left who reads.
    async fn stirred(&self, cursor: &Cursor) {
        poll_fn(|cx| {
            self.pump.register(cx.waker());
            match self.end() > cursor.position() || self.readers.are_gone() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::sync::Notify;

    use super::*;
    use crate::command::{Row, Start};
    use crate::history::Key;
    use crate::name::{Name, RoomName};
    use crate::room::{Common, Question, Sequencer};

    /// What a reader hears: how many slots, or only that there are some.
    #[derive(Default)]
    struct Heard {
        bursts: Mutex<Vec<Option<usize>>>,
        new: Notify,
        panics: bool,
    }

    impl Listener for Heard {
        fn hear(&self, burst: Option<&Burst<'_>>) -> bool {
            self.bursts.lock().unwrap().push(burst.map(|burst| burst.slots.len()));
            self.new.notify_one();
            assert!(!self.panics || burst.is_none(), "as it is meant to");
            burst.is_some()
        }

        fn row(&self, _: &Question<'_>) -> Option<Row> {
            None
        }
    }

    impl Heard {
        async fn until(&self, count: usize) -> Vec<Option<usize>> {
            while self.bursts.lock().unwrap().len() < count {
                self.new.notified().await;
            }
            std::mem::take(&mut *self.bursts.lock().unwrap())
        }
    }

    fn room() -> Arc<Room> {
        let (limits, tracers) = (Arc::default(), Tracers::default());
        let common = Arc::new(Common::new(&limits, Sequencer::Memory, tracers));
        Arc::new(Room::open(Key::Room(RoomName::lobby()), &common, Arc::default()))
    }

    fn listen(room: &Arc<Room>, client: u64, panics: bool) -> Arc<Heard> {
        let heard = Arc::new(Heard { panics, ..Heard::default() });
        room.listen(ClientId(client), &Start::Head, Arc::clone(&heard) as _);
        // That a pump has started.
        heard.bursts.lock().unwrap().clear();
        heard
    }

    #[tokio::test]
    async fn what_is_new_is_read_once_for_all() {
        let (room, ann) = (room(), Name::new("ann").unwrap());
        let (first, second) = (listen(&room, 1, false), listen(&room, 2, false));
        room.typing(&ann);
        // A pump that begins needs a snapshot itself.
        assert_eq!((first.until(1).await, second.until(1).await), (vec![None], vec![None]));
        for _ in 0..3 {
            room.typing(&ann);
        }
        assert_eq!((first.until(1).await, second.until(1).await), (vec![Some(3)], vec![Some(3)]));
    }

    #[tokio::test]
    async fn a_pump_ends_with_its_last_reader_and_begins_with_the_next() {
        let (room, ann) = (room(), Name::new("ann").unwrap());
        for client in 1..4 {
            let heard = listen(&room, client, false);
            room.typing(&ann);
            assert_eq!(heard.until(1).await, vec![None]);
            room.unread_by(ClientId(client));
            while Arc::strong_count(&room) > 1 {
                tokio::task::yield_now().await;
            }
        }
    }

    #[tokio::test]
    async fn who_comes_while_a_pump_is_about_to_start_is_told() {
        let (room, ann) = (room(), Name::new("ann").unwrap());
        room.typing(&ann);
        assert!(room.readers.add(ClientId(1), Arc::new(Heard::default())));
        // Another brought in the pump that is not there yet.
        let late = listen(&room, 2, false);
        room.start_pump();
        assert_eq!(late.until(1).await, vec![None]);
    }

    #[tokio::test]
    async fn who_panics_takes_nothing_from_the_others() {
        let (room, ann) = (room(), Name::new("ann").unwrap());
        let (_bad, good) = (listen(&room, 1, true), listen(&room, 2, false));
        room.typing(&ann);
        assert_eq!(good.until(1).await, vec![None]);
        for _ in 0..3 {
            room.typing(&ann);
            assert_eq!(good.until(1).await, vec![None], "they look for themselves");
            room.typing(&ann);
            assert_eq!(good.until(1).await, vec![None], "the next pump needs a snapshot");
        }
    }
}
