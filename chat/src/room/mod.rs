//! One room: a log, who is in it, and whom to wake. An inbox is a room that has readers and no
//! presence.

mod burst;
mod common;
mod copies;
mod departed;
mod mids;
mod posting;
mod pump;
mod readers;
mod report;
mod state;
mod stored;
mod telling;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;
use trace::trace;

pub(crate) use self::burst::Burst;
pub(crate) use self::common::{Common, Sequencer};
pub(crate) use self::departed::Attendee;
pub(crate) use self::posting::{Draft, Place, post};
pub(crate) use self::readers::Listener;
use self::readers::Readers;
pub(crate) use self::readers::Wake;
pub(crate) use self::report::Question;
use self::state::State;
pub(crate) use self::stored::{Stored, Told};
use crate::clock;
use crate::command::{Joined, Lost, Missed, Reply, Start};
use crate::end::End;
use crate::entry::{ClientId, Epoch, MemberId, Seq, Slot};
use crate::history::{Key, Span, Stand, Target};
use crate::limits::Limits;
use crate::log::{Bounds, Cursor, Log, Read};
use crate::members::Login;
use crate::name::RoomName;
use crate::random::random_text;

/// What a reader gets besides slots.
pub(crate) enum Besides {
    Nothing,
    /// What the slots do not tell.
    Reply(Reply),
    /// What comes next only history has, and no slot was taken; see [`Room::took`].
    Stored(Stored),
}

/// A named log, its members, and the sessions that read it.
#[derive(Debug)]
pub struct Room {
    key: Key,
    name: RoomName,
    common: Arc<Common>,
    /// Told when presence has something to tell later.
    changed: Arc<Notify>,
    /// The position behind the newest slot, for those who only want to know whether to read.
    end: AtomicU64,
    /// How far the pump has come.
    shown: AtomicU64,
    // Held for pointer copies and for tracing what they mean, never across an await; never
    // together with `readers`.
    state: Mutex<State>,
    readers: Readers,
    /// What the pump sleeps on.
    pump: Wake,
}

impl Room {
    /// A room as the sequencer knows it, an empty one if it does not, that tells `changed` when to
    /// [`Room::tick`] it.
    pub(crate) fn open(key: Key, common: &Arc<Common>, changed: Arc<Notify>) -> Self {
        let limits = &common.limits;
        let (name, entries, bytes) = match &key {
            Key::Room(name) => (name.clone(), limits.log_entries, limits.log_bytes),
            Key::Inbox(_) => (RoomName::inbox(), limits.inbox_entries, limits.inbox_bytes),
        };
        let bounds = Bounds { entries, bytes, notices_behind: limits.notices_behind };
        let new = || Epoch::new(&random_text(8));
        let log = match &common.sequencer {
            Sequencer::Memory => Log::new(new(), bounds),
            Sequencer::History(history) => match history.stand(&key) {
                Some(Stand { epoch, oldest, head }) => Log::stored(epoch, bounds, oldest, head),
                None => Log::stored(new(), bounds, Seq(1), Seq(0)),
            },
        };
        Self {
            key,
            name,
            common: Arc::clone(common),
            changed,
            end: AtomicU64::new(0),
            shown: AtomicU64::new(0),
            state: Mutex::new(State::new(log)),
            readers: Readers::default(),
            pump: Wake::default(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &RoomName {
        &self.name
    }

    /// Nobody sees who reads an inbox.
    fn is_inbox(&self) -> bool {
        matches!(self.key, Key::Inbox(_))
    }

    /// Where an entry for it goes.
    fn target(&self, copy: bool) -> Target {
        Target { key: self.key.clone(), epoch: self.state().log.epoch().clone(), copy }
    }

    /// Lets a session in, which hears through `listener`.
    pub(crate) fn join(
        self: &Arc<Self>,
        client: ClientId,
        login: &Login,
        start: &Start,
        listener: Arc<dyn Listener>,
    ) -> (Cursor, Joined, Option<Lost>) {
        self.read_by(client, listener);
        let mut state = self.state();
        let (cursor, joined, lost) = self.begin(&state, start);
        if self.is_inbox() {
            return (cursor, joined, lost);
        }
        state.presence.join(login.id, &login.name);
        state.empty_since = None;
        let (room, name) = (self.name.as_str(), login.name.as_str());
        let sessions = state.presence.sessions();
        trace!(self.common.tracers.tracer, "New client joined"; event = "joined", room = room, client = client.0, name = name, sessions = sessions);
        drop(state);
        self.changed.notify_one();
        (cursor, joined, lost)
    }

    fn begin(&self, state: &State, start: &Start) -> (Cursor, Joined, Option<Lost>) {
        let (cursor, replay, lost) = state.start(start);
        let (epoch, head) = (state.log.epoch().clone(), state.log.head());
        (cursor, Joined { room: self.name.clone(), epoch, head, replay }, lost)
    }

    /// Where it stands.
    pub(crate) fn joined(&self) -> Joined {
        self.begin(&self.state(), &Start::Head).1
    }

    /// Lets somebody read who is not in it, and hears through `listener`.
    pub(crate) fn listen(
        self: &Arc<Self>,
        client: ClientId,
        start: &Start,
        listener: Arc<dyn Listener>,
    ) -> (Cursor, Joined, Option<Lost>) {
        self.read_by(client, listener);
        self.begin(&self.state(), start)
    }

    pub(crate) fn unlisten(&self, reader: Attendee, end: End) {
        let client = reader.client;
        self.note(reader, end);
        self.unread_by(client);
        // The room was not closed while it was read.
        self.state().renew(clock::now());
        self.changed.notify_one();
    }

    /// What reports tell of somebody who has left. Before it is no reader any more: a report looks
    /// at readers first.
    fn note(&self, reader: Attendee, end: End) {
        let (epoch, head) = {
            let log = &self.state().log;
            (log.epoch().clone(), log.head())
        };
        self.common.departed(&self.key).push(epoch, head, reader, end);
    }

    pub(crate) fn leave(&self, reader: Attendee, member: MemberId, has_token: bool, end: End) {
        let client = reader.client;
        self.note(reader, end);
        self.unread_by(client);
        if self.is_inbox() {
            return;
        }
        let grace = if has_token { self.common.limits.leave_grace } else { Default::default() };
        let now = clock::now();
        let mut state = self.state();
        state.presence.leave(member, now, grace);
        let (room, why) = (self.name.as_str(), end.as_str());
        let sessions = state.presence.sessions();
        trace!(self.common.tracers.tracer, "Client left"; event = "left", room = room, client = client.0, why = why, sessions = sessions);
        drop(state);
        self.changed.notify_one();
    }

    fn append(&self, mut state: MutexGuard<'_, State>, slot: Slot) {
        self.end.store(state.append(slot).0, Ordering::Release);
        drop(state);
        self.stir();
    }

    /// Reads on from `cursor`.
    pub(crate) fn read(&self, cursor: &mut Cursor, alone: bool, out: &mut Vec<Slot>) -> Besides {
        let (until, state) = (self.until(alone), self.state());
        let Limits { batch_slots, batch_bytes, .. } = *self.common.limits;
        match state.log.read(cursor, until, batch_slots, batch_bytes, out) {
            Read::Slots => Besides::Nothing,
            Read::Gap { after, next } => {
                let why = match self.common.sequencer {
                    Sequencer::Memory => Missed::Slow,
                    Sequencer::History(_) => Missed::Expired,
                };
                Besides::Reply(self.gap(after, next, why))
            }
            Read::Snapshot if self.is_inbox() => Besides::Nothing,
            Read::Snapshot => Besides::Reply(self.present(&state, None)),
            Read::Stored { first, last } => {
                let span = Span::Up { first, last, most: self.common.limits.batch_slots };
                Besides::Stored(self.stored(span))
            }
        }
    }

    /// What is before `oldest` is not kept any longer, neither here.
    pub(crate) fn forget_before(&self, oldest: Seq) {
        let mut state = self.state();
        for gone in state.log.forget_before(oldest) {
            state.mids.forget(&gone);
        }
    }

    /// Since when nobody is in it.
    pub(crate) fn empty_since(&self) -> Option<Instant> {
        self.state().empty_since
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
