//! What a room knows, behind its one lock.

use std::time::Instant;

use super::mids::Mids;
use crate::command::{Lost, Start};
use crate::entry::Slot;
use crate::log::{Cursor, Log, Position};
use crate::presence::Presence;

#[derive(Debug)]
pub(super) struct State {
    pub(super) log: Log,
    pub(super) presence: Presence,
    pub(super) mids: Mids,
    pub(super) empty_since: Option<Instant>,
    /// The last change of presence was told without names.
    pub(super) crowd: bool,
}

impl State {
    pub(super) fn new(log: Log) -> Self {
        let (presence, mids) = (Presence::default(), Mids::default());
        Self { log, presence, mids, empty_since: None, crowd: false }
    }

    /// Puts a slot at the end, which is where the answer points.
    pub(super) fn append(&mut self, slot: Slot) -> Position {
        for gone in self.log.append(slot) {
            self.mids.forget(&gone);
        }
        self.log.end()
    }

    /// A room that was used while nobody is in it is kept as long again; whether it was.
    pub(super) fn renew(&mut self, now: Instant) -> bool {
        self.empty_since = self.empty_since.map(|_| now);
        self.empty_since.is_some()
    }

    /// A cursor at `start` and how many entries follow; or one before the newest, and why.
    pub(super) fn start(&self, start: &Start) -> (Cursor, usize, Option<Lost>) {
        let all = |lost| {
            let (cursor, replay) = self.log.at_reset();
            (cursor, replay, Some(lost))
        };
        match start {
            Start::Head => (self.log.at_head(), 0, None),
            Start::Last(n) => {
                let (cursor, replay) = self.log.at_last(*n);
                (cursor, replay, None)
            }
            Start::After(epoch, seq) if epoch == self.log.epoch() => {
                match self.log.at_after(*seq) {
                    Some((cursor, replay)) => (cursor, replay, None),
                    None => all(Lost::Expired),
                }
            }
            Start::After(..) => all(Lost::Epoch),
        }
    }
}
