//! Reading a room without being in it. Dropping it ends that, which neither waits nor fails.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Instant;

use crate::command::{Joined, Lost, Reply, Row, Start};
use crate::end::End;
use crate::entry::{ClientId, Seq, Slot};
use crate::history::Found;
use crate::log::Cursor;
use crate::name::RoomName;
use crate::progress::Progress;
use crate::room::{Attendee, Besides, Burst, Listener, Question, Room, Told, Wake};

/// A cursor into a room, of somebody whom the room does not show.
#[derive(Debug)]
pub(crate) struct Reader {
    room: Arc<Room>,
    cursor: Cursor,
    reading: Arc<Reading>,
}

/// What the room and its reports know of a reader.
#[derive(Debug)]
struct Reading {
    wake: Wake,
    // Held for a look or a note, never across an await.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    reader: Attendee,
    /// Since when its connection has taken nothing.
    blocked: Option<Instant>,
    /// A page of history is on its way.
    fetching: bool,
    end: End,
    gone: bool,
}

impl Reader {
    /// Reads from `start` on; where that is, and why it could not be had, if it could not.
    pub(crate) fn new(
        room: Arc<Room>,
        client: ClientId,
        start: &Start,
    ) -> (Self, Joined, Option<Lost>) {
        let reader = Attendee { client, member: None, wire: None, progress: Progress::default() };
        let state = State { reader, blocked: None, fetching: false, end: End::Gone, gone: false };
        let reading = Arc::new(Reading { wake: Wake::default(), state: Mutex::new(state) });
        // No report looks before it is known where it starts.
        let mut state = reading.state();
        let (cursor, joined, lost) = room.listen(client, start, Arc::clone(&reading) as _);
        state.reader.progress = Progress::joined(&joined, start, lost);
        drop(state);
        (Self { room, cursor, reading }, joined, lost)
    }

    /// What it reads.
    pub(crate) fn room(&self) -> &RoomName {
        self.room.name()
    }

    /// Moves the next slots into `out`, up to the bounds of a batch.
    pub(crate) fn read(&mut self, out: &mut Vec<Slot>) -> Besides {
        let besides = self.room.read(&mut self.cursor, false, out);
        let mut state = self.reading.state();
        state.fetching = matches!(besides, Besides::Stored(_));
        if let Besides::Reply(Reply::Gap { after, next, why, .. }) = &besides {
            state.reader.progress.missed(*after, *next, *why);
        }
        drop(state);
        besides
    }

    /// What the client is told of a page of history.
    pub(crate) fn took(&mut self, page: Vec<Found>) -> Vec<Told> {
        let told = self.room.took(&mut self.cursor, page);
        let mut state = self.reading.state();
        state.fetching = false;
        for told in &told {
            if let Told::Gap(Reply::Gap { after, next, why, .. }) = told {
                state.reader.progress.missed(*after, *next, *why);
            }
        }
        drop(state);
        told
    }

    /// What it has read waits for its connection since then, or is all handed over.
    pub(crate) fn blocked(&self, since: Option<Instant>) {
        self.reading.state().blocked = since;
    }

    /// All it has read is handed to its connection.
    pub(crate) fn sent(&self, now: Instant) {
        self.reading.state().reader.progress.sent(self.cursor.seen(), now);
    }

    /// Why it will have ended.
    pub(crate) fn ends(&self, end: End) {
        self.reading.state().end = end;
    }

    /// Ends when there is something to read.
    pub(crate) async fn behind(&self) {
        poll_fn(|cx| {
            self.reading.wake.register(cx.waker());
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
        // One moment a report finds it here, the next among those who left.
        let mut state = self.reading.state();
        state.gone = true;
        let reader = state.reader.take(Seq(0));
        self.room.unlisten(reader, state.end);
    }
}

impl Reading {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Reading {
    fn hear(&self, _: Option<&Burst<'_>>) -> bool {
        self.wake.wake();
        false
    }

    fn row(&self, question: &Question<'_>) -> Option<Row> {
        let State { reader, blocked, fetching, gone, .. } = &*self.state();
        let behind = || question.behind(reader.progress.written(), *blocked, *fetching);
        (!gone).then(|| reader.row(question, behind))
    }
}
