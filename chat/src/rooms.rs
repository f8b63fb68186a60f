//! Every room by its name, and the one task that looks after all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;
use tokio::time::{sleep, sleep_until};
use trace::{Tracer, trace};

use crate::clock;
use crate::entry::Epoch;
use crate::limits::{Limits, PRESENCE_WINDOW};
use crate::members::{Members, random_text};
use crate::name::RoomName;
use crate::refused::Refused;
use crate::room::Room;

/// The rooms of a server and the members in them.
#[derive(Debug)]
pub struct Rooms {
    limits: Limits,
    tracer: Arc<dyn Tracer>,
    members: Arc<Members>,
    changed: Arc<Notify>,
    // Held for map operations only, never across an await.
    rooms: Mutex<HashMap<RoomName, Arc<Room>>>,
}

impl Rooms {
    /// A server's rooms, the lobby among them. Presence is told only while [`Rooms::keep`] runs.
    pub fn new(limits: &Limits, tracer: Arc<dyn Tracer>) -> Self {
        let rooms = Self {
            limits: limits.clone(),
            tracer,
            members: Arc::new(Members::new(limits)),
            changed: Arc::default(),
            rooms: Mutex::default(),
        };
        let lobby = rooms.open(RoomName::lobby());
        rooms.rooms().insert(RoomName::lobby(), lobby);
        rooms
    }

    /// Who is on the server.
    pub fn members(&self) -> &Arc<Members> {
        &self.members
    }

    /// The room of that name, made if there is none.
    ///
    /// # Errors
    /// [`Refused::TooManyRooms`].
    pub fn enter(&self, name: &RoomName) -> Result<Arc<Room>, Refused> {
        let mut rooms = self.rooms();
        if let Some(room) = rooms.get(name) {
            return Ok(Arc::clone(room));
        }
        if rooms.len() >= self.limits.rooms {
            return Err(Refused::TooManyRooms(self.limits.rooms));
        }
        let room = self.open(name.clone());
        trace!(self.tracer, "Room opened"; event = "room_opened", room = name.as_str());
        rooms.insert(name.clone(), Arc::clone(&room));
        self.changed.notify_one();
        Ok(room)
    }

    fn open(&self, name: RoomName) -> Arc<Room> {
        let epoch = Epoch::new(&random_text(8));
        let tracer = Arc::clone(&self.tracer);
        Arc::new(Room::new(name, epoch, &self.limits, tracer, Arc::clone(&self.changed)))
    }

    /// Tells presence and closes rooms that stay empty, for as long as it is polled.
    pub async fn keep(&self) {
        loop {
            match self.tick(clock::now()) {
                Some(due) => tokio::select! {
                    () = sleep_until(due.into()) => {}
                    () = self.changed.notified() => {}
                },
                None => self.changed.notified().await,
            }
            sleep(PRESENCE_WINDOW).await;
        }
    }

    fn tick(&self, now: Instant) -> Option<Instant> {
        let open: Vec<_> = self.rooms().values().cloned().collect();
        let due = open.iter().filter_map(|room| {
            let due = room.tick(now);
            due.filter(|_| *room.name() != RoomName::lobby() || room.empty_since().is_none())
        });
        let due = due.min();
        drop(open);
        self.rooms().retain(|name, room| {
            let empty =
                room.empty_since().is_some_and(|since| now >= since + self.limits.room_empty);
            // Nobody else has the room, and nobody can get it while the map is locked.
            let close = empty && *name != RoomName::lobby() && Arc::strong_count(room) == 1;
            if close {
                trace!(self.tracer, "Room closed"; event = "room_closed", room = name.as_str());
            }
            !close
        });
        due
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<RoomName, Arc<Room>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
