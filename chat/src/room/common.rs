//! What the rooms of a server have in common.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::copies::Copies;
use super::departed::Departed;
use crate::history::{History, Key};
use crate::limits::Limits;
use crate::refusals::Refusals;
use crate::tracers::Tracers;

/// Who gives an entry its place and makes it last. A closed set.
#[derive(Clone, Debug)]
pub(crate) enum Sequencer {
    /// The log's own counter.
    Memory,
    /// The commit that stores it.
    History(Arc<History>),
}

/// What the rooms of a server have in common.
#[derive(Debug)]
pub(crate) struct Common {
    pub(crate) limits: Arc<Limits>,
    pub(crate) sequencer: Sequencer,
    pub(crate) tracers: Tracers,
    pub(crate) refusals: Refusals,
    /// Where direct messages are.
    pub(crate) copies: Copies,
    /// One report at a time is made, so that nobody who asks has all processors.
    pub(super) reports: Semaphore,
    /// Those of rooms, and of inboxes.
    departed: [Departed; 2],
}

impl Common {
    pub(crate) fn new(limits: &Arc<Limits>, sequencer: Sequencer, tracers: Tracers) -> Self {
        Self {
            limits: Arc::clone(limits),
            sequencer,
            tracers,
            refusals: Refusals::default(),
            copies: Copies::default(),
            reports: Semaphore::new(1),
            departed: Default::default(),
        }
    }

    /// Whoever has left a room, or an inbox.
    pub(crate) fn departed(&self, key: &Key) -> &Departed {
        let [rooms, inboxes] = &self.departed;
        match key {
            Key::Room(_) => rooms,
            Key::Inbox(_) => inboxes,
        }
    }
}
