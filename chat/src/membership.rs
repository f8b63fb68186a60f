//! Being in a room: a cursor into its log. Dropping it leaves, which neither waits nor fails.

use std::sync::Arc;
use std::time::Instant;

use crate::command::{Joined, Lost, Page, Range, Reply, Row, Start};
use crate::end::End;
use crate::entry::{ClientId, Epoch, MemberId, Seq, Slot};
use crate::history::{Found, Hits, Posting};
use crate::log::Cursor;
use crate::members::Login;
use crate::name::RoomName;
use crate::progress::Progress;
use crate::refused::Refused;
use crate::room::{Attendee, Besides, Burst, Draft, Listener, Question, Room, Told};
use crate::search::Search;
use crate::wire::Wire;

/// One session's place in one room.
#[derive(Debug)]
pub struct Membership {
    room: Arc<Room>,
    member: MemberId,
    has_token: bool,
    cursor: Cursor,
    /// Boxed, because it is looked at when something is written, and moved about before.
    reader: Box<Attendee>,
    /// A page of history is on its way.
    reading: bool,
    /// Whether it reads all for itself, and waits for no pump.
    alone: bool,
    end: End,
}

impl Membership {
    /// Joins: the session reads from `start` on and hears through `listener` when there is more.
    /// The last part of the answer says why `start` could not be had, and then it reads all there
    /// is.
    pub(crate) fn join(
        room: Arc<Room>,
        client: ClientId,
        wire: Wire,
        login: &Login,
        start: &Start,
        listener: Arc<dyn Listener>,
    ) -> (Self, Joined, Option<Lost>) {
        let (cursor, joined, lost) = room.join(client, login, start, listener);
        let reader = Box::new(Attendee {
            client,
            member: Some((login.id, login.name.clone())),
            wire: Some(wire),
            progress: Progress::joined(&joined, start, lost),
        });
        let (member, has_token) = (login.id, login.token.is_some());
        let (reading, alone, end) = (false, false, End::Gone);
        (Self { room, member, has_token, cursor, reader, reading, alone, end }, joined, lost)
    }

    /// The room it is in, to ask it something that takes time.
    pub(crate) fn shared(&self) -> Arc<Room> {
        Arc::clone(&self.room)
    }

    /// The room it is in.
    pub fn room(&self) -> &RoomName {
        self.room.name()
    }

    /// Whether there is something to read.
    pub fn is_behind(&self) -> bool {
        self.cursor.is_stale() || self.room.has(self.cursor.position(), self.alone)
    }

    /// Reads all for itself from now on.
    pub(crate) fn reads_alone(&mut self) {
        self.alone = true;
    }

    /// Takes a burst for read, if it is of this room.
    pub(crate) fn passes(&mut self, burst: &Burst<'_>) -> bool {
        burst.passes(&mut self.cursor)
    }

    /// Whether a burst is of its room.
    pub(crate) fn is_told(&self, burst: &Burst<'_>) -> bool {
        burst.is_of(&self.room)
    }

    /// Its row in a report, if it is one of its room; who is blocked has been since then.
    pub(crate) fn row(&self, question: &Question<'_>, blocked: Option<Instant>) -> Option<Row> {
        let written = self.reader.progress.written();
        let behind = || question.behind(written, blocked, self.reading);
        question.is_of(&self.room).then(|| self.reader.row(question, behind))
    }

    /// Moves the next slots into `out`, up to the bounds of a batch.
    pub(crate) fn read(&mut self, out: &mut Vec<Slot>) -> Besides {
        let besides = self.room.read(&mut self.cursor, self.alone, out);
        self.reading = matches!(besides, Besides::Stored(_));
        if let Besides::Reply(Reply::Gap { after, next, why, .. }) = &besides {
            self.reader.progress.missed(*after, *next, *why);
        }
        besides
    }

    /// What the session is told of a page of history.
    pub(crate) fn took(&mut self, page: Vec<Found>) -> Vec<Told> {
        self.reading = false;
        let told = self.room.took(&mut self.cursor, page);
        for told in &told {
            if let Told::Gap(Reply::Gap { after, next, why, .. }) = told {
                self.reader.progress.missed(*after, *next, *why);
            }
        }
        told
    }

    /// All it has read is written to its connection.
    pub(crate) fn sent(&mut self, now: Instant) {
        self.reader.progress.sent(self.cursor.seen(), now);
    }

    /// Its client is asked for a sign of life with this number.
    pub(crate) fn asked(&mut self, number: u32) {
        self.reader.progress.asked(number);
    }

    /// Its client gives that; up to which entry it says something new.
    pub(crate) fn answered(&mut self, number: u32, now: Instant) -> Option<Seq> {
        self.reader.progress.answered(number, now)
    }

    /// Posts into the room; see [`Room::post`].
    pub(crate) fn post(&self, login: &Login, draft: Draft) -> Posting {
        self.room.post(self.reader.client, login.author(), draft)
    }

    /// Notes that everything up to `seq` has arrived, of what it was given; up to which entry, if
    /// that is news.
    pub(crate) fn ack(&mut self, seq: Seq, now: Instant) -> Option<Seq> {
        self.reader.progress.acked(seq, self.cursor.seen(), now)
    }

    /// Who is in the room.
    pub(crate) fn who(&self, id: Option<u64>) -> Reply {
        self.room.who(id)
    }

    /// Shows the others that the member is writing.
    pub(crate) fn typing(&self, login: &Login) {
        self.room.typing(&login.name);
    }

    /// Where the room stands, for who is in it already.
    pub(crate) fn joined(&self) -> Joined {
        self.room.joined()
    }

    /// Entries that went by.
    pub(crate) fn page(
        &self,
        range: Range,
        most: usize,
    ) -> impl Future<Output = Result<Page, Refused>> + use<> {
        let room = Arc::clone(&self.room);
        async move { room.page(range, most).await }
    }

    /// The newest of the room's messages that have the words.
    pub(crate) fn search(
        &self,
        search: Search,
        before: Option<Seq>,
        most: usize,
    ) -> impl Future<Output = Result<(Epoch, Hits), Refused>> + use<> {
        let room = Arc::clone(&self.room);
        async move { room.search(search, before, most).await }
    }

    /// Leaves for a reason.
    pub fn leave(mut self, end: End) {
        self.end = end;
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        // What is on its way is still written to who says goodbye.
        let on_its_way = matches!(self.end, End::Closed | End::Drain);
        let seen = if on_its_way { self.cursor.seen() } else { Seq(0) };
        self.room.leave(self.reader.take(seen), self.member, self.has_token, self.end);
    }
}
