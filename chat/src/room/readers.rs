//! The sessions that read a room, to be woken when there is something to read.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use futures_util::task::AtomicWaker;

use crate::entry::ClientId;

/// What a session sleeps on. Any of its rooms wakes it; a wake-up carries no data.
#[derive(Debug, Default)]
pub struct Wake(AtomicWaker);

impl Wake {
    pub(crate) fn register(&self, waker: &Waker) {
        self.0.register(waker);
    }
}

// Held for map operations and for waking, never across an await. Those who came first wake first.
#[derive(Debug, Default)]
pub(super) struct Readers(Mutex<BTreeMap<ClientId, Arc<Wake>>>);

impl Readers {
    pub(super) fn add(&self, client: ClientId, wake: &Arc<Wake>) {
        self.lock().insert(client, Arc::clone(wake));
    }

    pub(super) fn remove(&self, client: ClientId) {
        self.lock().remove(&client);
    }

    pub(super) fn wake(&self) {
        for wake in self.lock().values() {
            wake.0.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ClientId, Arc<Wake>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
