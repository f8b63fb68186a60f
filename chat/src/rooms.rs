//! Every room by its name, and the one task that looks after all of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;
use tokio::time::{sleep, sleep_until};
use trace::trace;

use crate::clock;
use crate::command::{Post, Report, Which};
use crate::entry::{ClientId, Mid, Sender};
use crate::history::{History, Key, Posting, Trimmed};
use crate::inboxes::Inboxes;
use crate::limits::{Limits, PRESENCE_WINDOW, TRIM_PAUSE};
use crate::members::{Login, Members};
use crate::name::{Name, RoomName};
use crate::refused::Refused;
use crate::room::{Common, Room, Sequencer};
use crate::select::select;
use crate::tracers::Tracers;

/// The rooms of a server and the members in them.
#[derive(Debug)]
pub struct Rooms {
    common: Arc<Common>,
    members: Arc<Members>,
    inboxes: Inboxes,
    changed: Arc<Notify>,
    lobby: Arc<Room>,
    // Held for map operations only, never across an await.
    rooms: Mutex<BTreeMap<RoomName, Arc<Room>>>,
}

impl Rooms {
    /// A server's rooms, the lobby among them; without a history they end with the process.
    /// Presence is told only while [`Rooms::keep`] runs.
    pub fn new(limits: &Arc<Limits>, tracers: Tracers, history: Option<Arc<History>>) -> Self {
        let members = Arc::new(Members::new(limits, history.clone()));
        let sequencer = history.map_or(Sequencer::Memory, Sequencer::History);
        let common = Arc::new(Common::new(limits, sequencer, tracers));
        let changed = Arc::default();
        let lobby = open(RoomName::lobby(), &common, &changed);
        let rooms = Mutex::new(BTreeMap::from([(RoomName::lobby(), Arc::clone(&lobby))]));
        let inboxes = Inboxes::new(&common);
        Self { common, members, inboxes, changed, lobby, rooms }
    }

    /// Who is on the server.
    pub fn members(&self) -> &Arc<Members> {
        &self.members
    }

    /// The room that always exists.
    pub fn lobby(&self) -> &Arc<Room> {
        &self.lobby
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.rooms().len()
    }

    /// A room that there is, here or in history.
    pub fn find(&self, name: &RoomName) -> Option<Arc<Room>> {
        let here = self.rooms().get(name).cloned();
        here.or_else(|| self.is_stored(name).then(|| self.enter_one(name).ok())?)
    }

    fn is_stored(&self, name: &RoomName) -> bool {
        match &self.common.sequencer {
            Sequencer::Memory => false,
            Sequencer::History(history) => history.stand(&Key::Room(name.clone())).is_some(),
        }
    }

    /// Every room and how many members are in it, by name; of those that only history has, as many
    /// as there may be rooms at once.
    pub fn list(&self) -> Vec<(RoomName, usize)> {
        let open: Vec<_> = self.rooms().values().cloned().collect();
        let mut rooms: BTreeMap<_, _> = match &self.common.sequencer {
            Sequencer::Memory => BTreeMap::new(),
            Sequencer::History(history) => {
                history.rooms(self.common.limits.rooms).into_iter().map(|room| (room, 0)).collect()
            }
        };
        rooms.extend(open.iter().map(|room| (room.name().clone(), room.count())));
        rooms.into_iter().collect()
    }

    /// The inbox of whoever is logged in.
    pub(crate) fn inbox(&self, login: &Login) -> Arc<Room> {
        self.inboxes.open(login.id)
    }

    /// Puts a message into the inboxes of its recipients and of its sender.
    pub(crate) fn post_direct(
        &self,
        client: ClientId,
        login: &Login,
        post: Post,
    ) -> Result<(Posting, Vec<Name>), Refused> {
        self.inboxes.post(&self.members, client, login, post)
    }

    /// What became of a message of a room, for somebody who may read that.
    ///
    /// # Errors
    /// [`Refused::NoMessage`] or [`Refused::NothingKnown`].
    pub(crate) async fn report(
        &self,
        room: &Room,
        which: &Which,
        asker: &Sender,
    ) -> Result<Report, Refused> {
        let entry = room.which(which, asker).await?;
        Ok(match &entry.direct {
            Some(direct) => self.inboxes.report(room, &entry, &direct.to, asker).await,
            None => room.report(&entry).await,
        })
    }

    /// Remembers that a post was refused, for who may ask.
    pub(crate) fn refused(&self, sender: Sender, mid: Mid, refused: Refused) {
        self.common.refusals.push(sender, mid, refused);
    }

    /// What was refused perhaps is stored now.
    pub(crate) fn stored(&self, sender: &Sender, mid: &Mid) {
        self.common.refusals.forget(sender, mid);
    }

    /// Why the newest of somebody's posts under this `mid` was refused.
    pub(crate) fn refusal(&self, sender: &Sender, mid: &Mid) -> Option<Refused> {
        self.common.refusals.find(sender, mid)
    }

    /// The rooms of these names, made if there are none: all, or none.
    ///
    /// # Errors
    /// [`Refused::TooManyRooms`].
    pub fn enter<'a>(
        &self,
        names: impl Iterator<Item = &'a RoomName> + Clone,
    ) -> Result<Vec<Arc<Room>>, Refused> {
        let mut rooms = self.rooms();
        let new = names.clone().filter(|name| !rooms.contains_key(name)).count();
        if rooms.len() + new > self.common.limits.rooms {
            return Err(Refused::TooManyRooms(self.common.limits.rooms));
        }
        let enter = |name: &RoomName| {
            let room = rooms.entry(name.clone()).or_insert_with(|| self.open(name.clone()));
            Arc::clone(room)
        };
        Ok(names.map(enter).collect())
    }

    /// The room of this name, made if there is none.
    ///
    /// # Errors
    /// [`Refused::TooManyRooms`].
    pub fn enter_one(&self, name: &RoomName) -> Result<Arc<Room>, Refused> {
        Ok(self.enter(std::iter::once(name))?.remove(0))
    }

    fn open(&self, name: RoomName) -> Arc<Room> {
        trace!(self.common.tracers.tracer, "Room opened"; event = "room_opened", room = name.as_str());
        // It is empty until its first member is in, and so it is to be looked after.
        self.changed.notify_one();
        open(name, &self.common, &self.changed)
    }

    /// Tells presence, closes rooms that stay empty, and has history drop what is not to be kept
    /// any longer, for as long as it is polled.
    pub async fn keep(&self) {
        tokio::join!(self.look_after(), self.trim());
    }

    async fn trim(&self) {
        let Sequencer::History(history) = &self.common.sequencer else { return };
        while history.trims() {
            for Trimmed { key, oldest, .. } in history.trim(clock::wall()).await {
                let open = match key {
                    Key::Room(name) => self.rooms().get(&name).cloned(),
                    Key::Inbox(member) => self.inboxes.find(member),
                };
                if let Some(room) = open {
                    room.forget_before(oldest);
                }
            }
            sleep(TRIM_PAUSE).await;
        }
    }

    async fn look_after(&self) {
        loop {
            match self.tick(clock::now()) {
                Some(due) => select! {
                    () = sleep_until(due.into()) => {}
                    () = self.changed.notified() => {}
                },
                None => self.changed.notified().await,
            }
            sleep(PRESENCE_WINDOW).await;
        }
    }

    fn tick(&self, now: Instant) -> Option<Instant> {
        self.inboxes.forget(&self.members.take_gone());
        let open: Vec<_> = self.rooms().values().cloned().collect();
        let mut dues = Vec::new();
        for room in open {
            let due = room.tick(now);
            let closes = room.empty_since().map(|since| since + self.common.limits.room_empty);
            match closes.filter(|_| !Arc::ptr_eq(&room, &self.lobby)) {
                Some(at) if now >= at => self.close(room),
                Some(at) => dues.push(at),
                None => dues.extend(due),
            }
        }
        dues.into_iter().min()
    }

    fn close(&self, room: Arc<Room>) {
        let mut rooms = self.rooms();
        // The map and this have it, nobody else; and nobody can get it while the map is locked.
        if Arc::strong_count(&room) == 2 {
            rooms.remove(room.name());
            trace!(self.common.tracers.tracer, "Room closed"; event = "room_closed", room = room.name().as_str());
        }
    }

    fn rooms(&self) -> MutexGuard<'_, BTreeMap<RoomName, Arc<Room>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open(name: RoomName, common: &Arc<Common>, changed: &Arc<Notify>) -> Arc<Room> {
    Arc::new(Room::open(Key::Room(name), common, Arc::clone(changed)))
}
