//! Batches of what a session's rooms have.

use tokio::io::AsyncWrite;

use super::Session;
use super::outgoing::Outgoing;
use super::pending::Pending;
use crate::command::Reply;
use crate::end::End;
use crate::entry::{Entry, Slot};
use crate::history::Found;
use crate::name::RoomName;
use crate::refused::Refused;
use crate::room::{Besides, Told};

impl Session {
    /// Makes a batch of what the rooms have. They take turns at being the first, so that a full
    /// one keeps none of the others waiting for ever.
    pub(super) fn fill(
        &mut self,
        outgoing: &mut Outgoing<impl AsyncWrite + Unpin>,
        pending: &mut Pending,
    ) -> Result<(), End> {
        let mut slots = Vec::new();
        let count = self.memberships.len();
        self.turn = self.turn.wrapping_add(1);
        let turn = self.turn;
        for i in (0..count).map(|i| (i + turn) % count) {
            if outgoing.batch_bytes() >= self.limits.batch_bytes || pending.is_fetching() {
                break;
            }
            if !self.memberships[i].is_behind() {
                continue;
            }
            let besides = self.memberships[i].read(&mut slots);
            for slot in slots.drain(..) {
                outgoing.push_batch(self.wire.slot(&slot));
                if let Slot::Entry(entry) = slot {
                    self.note(&entry);
                }
            }
            match besides {
                Besides::Nothing => {}
                Besides::Reply(reply) => self.tell(&reply, outgoing)?,
                Besides::Stored(page) => {
                    pending.fetch(self.memberships[i].room().clone(), page);
                }
            }
        }
        Ok(())
    }

    /// Makes a batch of a page of history, unless the session has left the room meanwhile.
    pub(super) fn took(
        &mut self,
        room: &RoomName,
        found: Result<Vec<Found>, Refused>,
        outgoing: &mut Outgoing<impl AsyncWrite + Unpin>,
    ) -> Result<(), End> {
        let page = found.ok().filter(|found| !found.is_empty()).ok_or(End::Failed)?;
        let at = self.memberships.iter().position(|membership| membership.room() == room);
        let Some(at) = at else { return Ok(()) };
        for told in self.memberships[at].took(page) {
            match told {
                Told::Entry(entry) => {
                    self.note(&entry);
                    outgoing.push_batch(self.wire.slot(&Slot::Entry(entry)));
                }
                Told::Gap(gap) => self.tell(&gap, outgoing)?,
            }
        }
        Ok(())
    }

    fn note(&mut self, entry: &Entry) {
        self.batch.push(entry, self.tracers.deliveries.enabled());
    }

    /// Tells what the slots do not.
    fn tell(
        &self,
        reply: &Reply,
        outgoing: &mut Outgoing<impl AsyncWrite + Unpin>,
    ) -> Result<(), End> {
        if let Reply::Gap { room, after, next, why } = reply {
            self.tracers.gap(room, self.client, *after, *next, *why);
            if !self.wire.answers() {
                return Err(End::Slow);
            }
        }
        outgoing.push_batch(self.wire.reply(reply));
        Ok(())
    }
}
