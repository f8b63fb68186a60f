//! One room: a log, who is in it, and whom to wake. An inbox is a room that has readers and no
//! presence.

mod mids;
mod posting;
mod readers;
mod state;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;
use trace::{Tracer, trace};

pub(crate) use self::posting::Draft;
use self::readers::Readers;
pub use self::readers::Wake;
use self::state::State;
use crate::clock;
use crate::command::{Joined, Lost, Page, Range, Reply, Start};
use crate::end::End;
use crate::entry::{ClientId, Entry, Epoch, MemberId, News, Notice, Seq, Slot};
use crate::limits::{HISTORY_BYTES, HISTORY_ENTRIES, Limits};
use crate::log::{Bounds, Cursor, Position, Read};
use crate::members::Login;
use crate::name::{Name, RoomName};
use crate::presence::Change;

/// Who gives an entry its place and makes it last. A closed set: history on disk will be another.
#[derive(Debug)]
enum Sequencer {
    /// The log's own counter.
    Memory,
}

/// A named log, its members, and the sessions that read it.
#[derive(Debug)]
pub struct Room {
    name: RoomName,
    limits: Limits,
    sequencer: Sequencer,
    tracer: Arc<dyn Tracer>,
    /// Told when presence has something to tell later.
    changed: Arc<Notify>,
    /// The position behind the newest slot, for readers that only want to know whether to read.
    end: AtomicU64,
    // Held for pointer copies and for tracing what they mean, never across an await; never
    // together with `readers`.
    state: Mutex<State>,
    readers: Readers,
}

impl Room {
    /// An empty room that tells `tracer` what it stores, and `changed` when to [`Room::tick`] it.
    pub fn new(
        name: RoomName,
        epoch: Epoch,
        limits: &Limits,
        tracer: Arc<dyn Tracer>,
        changed: Arc<Notify>,
    ) -> Self {
        let (entries, bytes) = match name == RoomName::inbox() {
            true => (limits.inbox_entries, limits.inbox_bytes),
            false => (limits.log_entries, limits.log_bytes),
        };
        let bounds = Bounds { entries, bytes, notices_behind: limits.notices_behind };
        Self {
            name,
            limits: limits.clone(),
            sequencer: Sequencer::Memory,
            tracer,
            changed,
            end: AtomicU64::new(0),
            state: Mutex::new(State::new(epoch, bounds)),
            readers: Readers::default(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &RoomName {
        &self.name
    }

    /// Nobody sees who reads an inbox.
    fn is_inbox(&self) -> bool {
        self.name == RoomName::inbox()
    }

    /// Lets a session in, to be woken through `wake`.
    pub(crate) fn join(
        &self,
        client: ClientId,
        login: &Login,
        start: &Start,
        wake: &Arc<Wake>,
    ) -> (Cursor, Joined, Option<Lost>) {
        self.readers.add(client, wake);
        let mut state = self.state();
        let (cursor, joined, lost) = self.begin(&state, start);
        if self.is_inbox() {
            return (cursor, joined, lost);
        }
        state.presence.join(login.id, &login.name);
        state.empty_since = None;
        let (room, name) = (self.name.as_str(), login.name.as_str());
        trace!(self.tracer, "New client joined"; event = "joined", room = room, client = client.0, name = name);
        drop(state);
        self.changed.notify_one();
        (cursor, joined, lost)
    }

    fn begin(&self, state: &State, start: &Start) -> (Cursor, Joined, Option<Lost>) {
        let (cursor, replay, lost) = state.start(start);
        let (epoch, head) = (state.log.epoch().clone(), state.log.head());
        (cursor, Joined { room: self.name.clone(), epoch, head, replay }, lost)
    }

    /// Lets somebody read who is not in it, to be woken through `wake`.
    pub(crate) fn listen(
        &self,
        client: ClientId,
        start: &Start,
        wake: &Arc<Wake>,
    ) -> (Cursor, Joined, Option<Lost>) {
        self.readers.add(client, wake);
        self.begin(&self.state(), start)
    }

    pub(crate) fn unlisten(&self, client: ClientId) {
        self.readers.remove(client);
        // The room was not closed while it was read.
        self.state().renew(clock::now());
        self.changed.notify_one();
    }

    pub(crate) fn leave(&self, client: ClientId, member: MemberId, has_token: bool, end: End) {
        self.readers.remove(client);
        if self.is_inbox() {
            return;
        }
        let grace = if has_token { self.limits.leave_grace } else { Default::default() };
        let now = clock::now();
        let mut state = self.state();
        state.presence.leave(member, now, grace);
        let (room, why) = (self.name.as_str(), end.as_str());
        trace!(self.tracer, "Client left"; event = "left", room = room, client = client.0, why = why);
        drop(state);
        self.changed.notify_one();
    }

    fn append(&self, mut state: MutexGuard<'_, State>, slot: Slot) {
        self.end.store(state.append(slot).0, Ordering::Release);
        drop(state);
        self.readers.wake();
    }

    /// Shows everybody in the room that somebody is writing.
    pub(crate) fn typing(&self, name: &Name) {
        self.tell(self.state(), News::Typing(name.clone()));
    }

    fn tell(&self, state: MutexGuard<'_, State>, news: News) {
        let notice = Notice { room: self.name.clone(), news, encoded: state.log.encoded() };
        self.append(state, Slot::Notice(Arc::new(notice)));
    }

    /// Whether there is something to read at `position`.
    pub(crate) fn is_past(&self, position: Position) -> bool {
        self.end.load(Ordering::Acquire) > position.0
    }

    /// Reads on from `cursor`; the reply tells the reader what the slots do not.
    pub(crate) fn read(&self, cursor: &mut Cursor, out: &mut Vec<Slot>) -> Option<Reply> {
        let state = self.state();
        match state.log.read(cursor, self.limits.batch_slots, self.limits.batch_bytes, out) {
            Read::Slots => None,
            Read::Gap { after, next } => Some(Reply::Gap { room: self.name.clone(), after, next }),
            Read::Snapshot if self.is_inbox() => None,
            Read::Snapshot => Some(self.present(&state, None)),
        }
    }

    /// Who is here, for somebody who asked.
    pub(crate) fn who(&self, id: Option<u64>) -> Reply {
        self.present(&self.state(), id)
    }

    fn present(&self, state: &State, id: Option<u64>) -> Reply {
        let count = state.presence.count();
        let members = (count <= self.limits.presence_names).then(|| state.presence.names());
        Reply::Present { id, room: self.name.clone(), count, members }
    }

    /// Members in it now.
    pub fn count(&self) -> usize {
        self.state().presence.count()
    }

    /// One of its entries.
    pub(crate) fn find(&self, seq: Seq) -> Option<Arc<Entry>> {
        self.state().log.find(seq).cloned()
    }

    /// Up to `most` of its entries, and never more than one answer holds.
    pub fn page(&self, range: Range, most: usize) -> Page {
        self.state().log.page(range, most.min(HISTORY_ENTRIES), HISTORY_BYTES)
    }

    /// Tells the changes of presence up to `now`, and says when there will be more to tell.
    pub fn tick(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state();
        for mut change in state.presence.take(now) {
            let crowd = change.count > self.limits.presence_names;
            if crowd {
                change.joined.clear();
                change.left.clear();
            }
            let refresh = std::mem::replace(&mut state.crowd, crowd) && !crowd;
            let Change { count, joined, left } = change;
            self.tell(state, News::Presence { count, joined, left, refresh });
            state = self.state();
        }
        if state.presence.count() == 0 {
            state.empty_since.get_or_insert(now);
        }
        state.presence.due(now)
    }

    /// Since when nobody is in it.
    pub(crate) fn empty_since(&self) -> Option<Instant> {
        self.state().empty_since
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
