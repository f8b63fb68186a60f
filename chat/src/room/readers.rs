//! The readers of a room, to be told when there is something to read.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use futures_util::task::AtomicWaker;

use super::burst::Burst;
use super::report::Question;
use crate::command::Row;
use crate::entry::ClientId;

/// Somebody who reads a room.
pub(crate) trait Listener: Send + Sync {
    /// There is something to read; what it is, for who has read all before it. Whether the burst
    /// is written to its connection. Never waits.
    fn hear(&self, burst: Option<&Burst<'_>>) -> bool;

    /// How it stands with a message, if it reads the room of that. Never waits for a client.
    fn row(&self, question: &Question<'_>) -> Option<Row>;
}

/// What a reader sleeps on who reads for himself. A wake-up carries no data.
#[derive(Debug, Default)]
pub(crate) struct Wake(AtomicWaker);

impl Wake {
    pub(crate) fn register(&self, waker: &Waker) {
        self.0.register(waker);
    }

    pub(crate) fn wake(&self) {
        self.0.wake();
    }
}

/// Everybody who reads, by number: those who came first hear first.
pub(super) type All = BTreeMap<ClientId, Arc<dyn Listener>>;

// Held to put one in or take one out, which copies the map if somebody walks through it meanwhile.
#[derive(Default)]
pub(super) struct Readers(Mutex<Known>);

#[derive(Default)]
struct Known {
    all: Arc<All>,
    pumped: bool,
}

impl Readers {
    /// Whether somebody has to start to pump for them.
    pub(super) fn add(&self, client: ClientId, listener: Arc<dyn Listener>) -> bool {
        let mut known = self.lock();
        Arc::make_mut(&mut known.all).insert(client, listener);
        !std::mem::replace(&mut known.pumped, true)
    }

    /// Whether it was the last.
    pub(super) fn remove(&self, client: ClientId) -> bool {
        let mut known = self.lock();
        Arc::make_mut(&mut known.all).remove(&client);
        known.all.is_empty()
    }

    pub(super) fn all(&self) -> Arc<All> {
        Arc::clone(&self.lock().all)
    }

    /// Whether nobody reads.
    pub(super) fn are_gone(&self) -> bool {
        self.lock().all.is_empty()
    }

    /// Whether nobody reads, and then nobody pumps any more.
    pub(super) fn rest(&self) -> bool {
        let mut known = self.lock();
        known.pumped = !known.all.is_empty();
        !known.pumped
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.lock().all.keys()).finish()
    }
}
