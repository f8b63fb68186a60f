//! Every room by its name, and the one task that looks after all of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;
use tokio::time::{sleep, sleep_until};
use trace::{Tracer, trace};

use crate::clock;
use crate::command::Post;
use crate::entry::ClientId;
use crate::history::{History, Key, Posting, Trimmed};
use crate::inboxes::Inboxes;
use crate::limits::{Limits, PRESENCE_WINDOW, TRIM_PAUSE};
use crate::members::{Login, Members};
use crate::name::{Name, RoomName};
use crate::refused::Refused;
use crate::room::{Room, Sequencer};
use crate::select::select;

/// The rooms of a server and the members in them.
#[derive(Debug)]
pub struct Rooms {
    limits: Arc<Limits>,
    sequencer: Sequencer,
    tracer: Arc<dyn Tracer>,
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
    pub fn new(
        limits: &Arc<Limits>,
        tracer: Arc<dyn Tracer>,
        history: Option<Arc<History>>,
    ) -> Self {
        let members = Arc::new(Members::new(limits, history.clone()));
        let sequencer = history.map_or(Sequencer::Memory, Sequencer::History);
        let changed = Arc::default();
        let lobby = open(RoomName::lobby(), &sequencer, limits, &tracer, &changed);
        let rooms = Mutex::new(BTreeMap::from([(RoomName::lobby(), Arc::clone(&lobby))]));
        let inboxes = Inboxes::new(limits, sequencer.clone(), Arc::clone(&tracer));
        let limits = Arc::clone(limits);
        Self { limits, sequencer, tracer, members, inboxes, changed, lobby, rooms }
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
        match &self.sequencer {
            Sequencer::Memory => false,
            Sequencer::History(history) => history.stand(&Key::Room(name.clone())).is_some(),
        }
    }

    /// Every room and how many members are in it, by name; of those that only history has, as many
    /// as there may be rooms at once.
    pub fn list(&self) -> Vec<(RoomName, usize)> {
        let open: Vec<_> = self.rooms().values().cloned().collect();
        let mut rooms: BTreeMap<_, _> = match &self.sequencer {
            Sequencer::Memory => BTreeMap::new(),
            Sequencer::History(history) => {
                history.rooms(self.limits.rooms).into_iter().map(|room| (room, 0)).collect()
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
        if rooms.len() + new > self.limits.rooms {
            return Err(Refused::TooManyRooms(self.limits.rooms));
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
        trace!(self.tracer, "Room opened"; event = "room_opened", room = name.as_str());
        // It is empty until its first member is in, and so it is to be looked after.
        self.changed.notify_one();
        open(name, &self.sequencer, &self.limits, &self.tracer, &self.changed)
    }

    /// Tells presence, closes rooms that stay empty, and has history drop what is not to be kept
    /// any longer, for as long as it is polled.
    pub async fn keep(&self) {
        tokio::join!(self.look_after(), self.trim());
    }

    async fn trim(&self) {
        let Sequencer::History(history) = &self.sequencer else { return };
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
            let closes = room.empty_since().map(|since| since + self.limits.room_empty);
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
            trace!(self.tracer, "Room closed"; event = "room_closed", room = room.name().as_str());
        }
    }

    fn rooms(&self) -> MutexGuard<'_, BTreeMap<RoomName, Arc<Room>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open(
    name: RoomName,
    sequencer: &Sequencer,
    limits: &Arc<Limits>,
    tracer: &Arc<dyn Tracer>,
    changed: &Arc<Notify>,
) -> Arc<Room> {
    let (tracer, changed) = (Arc::clone(tracer), Arc::clone(changed));
    Arc::new(Room::open(Key::Room(name), sequencer.clone(), limits, tracer, changed))
}
