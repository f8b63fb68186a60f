//! What logs there are and where each stands, so that a room is opened without asking the disk.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::members::Kept;
use crate::entry::{Epoch, MemberId, Seq};
use crate::name::RoomName;

/// Whose log it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Room(RoomName),
    Inbox(MemberId),
}

/// Where a log stands.
#[derive(Clone, Debug)]
pub(crate) struct Stand {
    pub(crate) epoch: Epoch,
    /// The oldest entry that is kept; the one to come if none is.
    pub(crate) oldest: Seq,
    /// The newest entry.
    pub(crate) head: Seq,
}

/// A log as the file knows it.
#[derive(Clone, Debug)]
pub(super) struct Log {
    pub(super) id: i64,
    pub(super) stand: Stand,
}

#[derive(Debug)]
pub(super) struct Catalog {
    // Held for map operations only.
    logs: Mutex<HashMap<Key, Log>>,
    /// Those who were kept when the file was opened.
    members: Mutex<Vec<Kept>>,
}

impl Catalog {
    pub(super) fn new(logs: HashMap<Key, Log>, members: Vec<Kept>) -> Self {
        Self { logs: Mutex::new(logs), members: Mutex::new(members) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.logs().is_empty() && self.kept().is_empty()
    }

    pub(super) fn log(&self, key: &Key) -> Option<Log> {
        self.logs().get(key).cloned()
    }

    pub(super) fn stand(&self, key: &Key) -> Option<Stand> {
        self.logs().get(key).map(|log| log.stand.clone())
    }

    /// The first rooms by name.
    pub(super) fn rooms(&self, most: usize) -> Vec<RoomName> {
        let logs = self.logs();
        let rooms = logs.keys().filter_map(|key| match key {
            Key::Room(room) => Some(room),
            Key::Inbox(_) => None,
        });
        let mut rooms: Vec<_> = rooms.cloned().collect();
        drop(logs);
        rooms.sort();
        rooms.truncate(most);
        rooms
    }

    /// What was committed.
    pub(super) fn committed(&self, changed: HashMap<Key, Log>, forgotten: &[Key]) {
        let mut logs = self.logs();
        logs.extend(changed);
        for key in forgotten {
            logs.remove(key);
        }
    }

    /// The members that were kept, once.
    pub(super) fn members(&self) -> Vec<Kept> {
        std::mem::take(&mut self.kept())
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn logs(&self) -> MutexGuard<'_, HashMap<Key, Log>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
