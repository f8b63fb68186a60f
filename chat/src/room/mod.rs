//! One room: a log, who is in it, and whom to wake.

mod mids;
mod readers;
mod state;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;
use trace::{Tracer, trace};

use self::readers::Readers;
pub use self::readers::Wake;
use self::state::State;
use crate::clock;
use crate::command::{Joined, Lost, Post, Posted, Reply, Start, Stored};
use crate::end::End;
use crate::entry::{ClientId, Encoded, Entry, Epoch, MemberId, Notice, Slot};
use crate::limits::Limits;
use crate::log::{Cursor, Position, Read};
use crate::members::Login;
use crate::name::RoomName;
use crate::presence::Change;
use crate::refused::Refused;

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
        Self {
            name,
            limits: limits.clone(),
            sequencer: Sequencer::Memory,
            tracer,
            changed,
            end: AtomicU64::new(0),
            state: Mutex::new(State::new(epoch, limits)),
            readers: Readers::default(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &RoomName {
        &self.name
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
        state.presence.join(login.id, &login.name);
        state.empty_since = None;
        let (cursor, replay, lost) = state.start(start);
        let (epoch, head) = (state.log.epoch().clone(), state.log.head());
        let (room, name) = (self.name.as_str(), login.name.as_str());
        trace!(self.tracer, "New client joined"; event = "joined", room = room, client = client.0, name = name);
        drop(state);
        self.changed.notify_one();
        (cursor, Joined { room: self.name.clone(), epoch, head, replay }, lost)
    }

    pub(crate) fn leave(&self, client: ClientId, member: MemberId, has_token: bool, end: End) {
        let grace = if has_token { self.limits.leave_grace } else { Default::default() };
        let now = clock::now();
        let mut state = self.state();
        state.presence.leave(member, now, grace);
        let (room, why) = (self.name.as_str(), end.as_str());
        trace!(self.tracer, "Client left"; event = "left", room = room, client = client.0, why = why);
        drop(state);
        self.readers.remove(client);
        self.changed.notify_one();
    }

    /// Puts a message into the room; when this returns, it is stored and every reader can see it.
    ///
    /// # Errors
    /// [`Refused::MidReused`] if the sender used the `mid` for another message.
    pub async fn post(
        &self,
        client: ClientId,
        login: &Login,
        post: Post,
    ) -> Result<Posted, Refused> {
        match self.sequencer {
            Sequencer::Memory => self.post_in_memory(client, login, post),
        }
    }

    fn post_in_memory(
        &self,
        client: ClientId,
        login: &Login,
        post: Post,
    ) -> Result<Posted, Refused> {
        let stored = Stored::Memory;
        let mut state = self.state();
        if let Some(seq) = state.mids.find(login.id, &post)? {
            return Ok(Posted { seq, stored, dup: true });
        }
        let prev = state.log.head();
        let entry = Arc::new(Entry {
            room: self.name.clone(),
            seq: prev.next(),
            prev,
            at: clock::wall(),
            sender: login.id,
            from: login.name.clone(),
            mid: post.mid,
            content: post.content,
            encoded: Encoded::default(),
        });
        state.mids.add(&entry);
        let (room, seq) = (self.name.as_str(), entry.seq);
        trace!(self.tracer, "Message stored"; event = "stored", room = room, client = client.0, seq = seq.0, stored = stored.as_str());
        self.append(state, Slot::Entry(entry));
        Ok(Posted { seq, stored, dup: false })
    }

    fn append(&self, mut state: MutexGuard<'_, State>, slot: Slot) {
        self.end.store(state.append(slot).0, Ordering::Release);
        drop(state);
        self.readers.wake();
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
            Read::Snapshot => {
                let count = state.presence.count();
                let members = (count <= self.limits.presence_names).then(|| state.presence.names());
                Some(Reply::Present { room: self.name.clone(), count, members })
            }
        }
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
            let (room, encoded) = (self.name.clone(), Encoded::default());
            let Change { count, joined, left } = change;
            let notice = Notice { room, count, joined, left, refresh, encoded };
            self.append(state, Slot::Notice(Arc::new(notice)));
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
