//! Batches of what a session's rooms have.

use super::pending::Pending;
use super::write_side::WriteSide;
use super::writing::Writing;
use crate::command::Reply;
use crate::end::End;
use crate::entry::Slot;
use crate::history::Found;
use crate::name::RoomName;
use crate::refused::Refused;
use crate::room::{Besides, Told};

impl WriteSide {
    /// Makes a batch of what the rooms have. They take turns at being the first, so that a full
    /// one keeps none of the others waiting for ever.
    pub(super) fn fill(&self, writing: &mut Writing, pending: &mut Pending) -> Result<(), End> {
        let mut slots = Vec::new();
        let count = writing.memberships.len();
        writing.turn = writing.turn.wrapping_add(1);
        let turn = writing.turn;
        for i in (0..count).map(|i| (i + turn) % count) {
            if writing.outgoing.batch_bytes() >= self.limits.batch_bytes || pending.is_fetching() {
                break;
            }
            if !writing.memberships[i].is_behind() {
                continue;
            }
            let besides = writing.memberships[i].read(&mut slots);
            for slot in slots.drain(..) {
                self.push(writing, &slot);
            }
            match besides {
                Besides::Nothing => {}
                Besides::Reply(reply) => self.tell(writing, &reply)?,
                Besides::Stored(page) => {
                    self.tracers.lagging(writing.memberships[i].room(), self.client);
                    pending.fetch(writing.memberships[i].room().clone(), page);
                }
            }
        }
        Ok(())
    }

    /// Makes a batch of a page of history, unless the session has left the room meanwhile.
    pub(super) fn took(
        &self,
        writing: &mut Writing,
        room: &RoomName,
        found: Result<Vec<Found>, Refused>,
    ) -> Result<(), End> {
        let page = found.ok().filter(|found| !found.is_empty()).ok_or(End::Failed)?;
        let Some(membership) = writing.membership(room) else { return Ok(()) };
        for told in membership.took(page) {
            match told {
                Told::Entry(entry) => self.push(writing, &Slot::Entry(entry)),
                Told::Gap(gap) => self.tell(writing, &gap)?,
            }
        }
        Ok(())
    }

    fn push(&self, writing: &mut Writing, slot: &Slot) {
        if let Slot::Entry(entry) = slot
            && self.wire.tells(entry)
        {
            writing.batch.push(entry, self.tracers.deliveries.enabled());
        }
        writing.outgoing.push_batch(self.wire.slot(slot));
    }

    /// Tells what the slots do not.
    fn tell(&self, writing: &mut Writing, reply: &Reply) -> Result<(), End> {
        if let Reply::Gap { room, after, next, why } = reply {
            self.tracers.gap(room, self.client, *after, *next, *why);
            if !self.wire.answers() {
                return Err(End::Slow);
            }
        }
        writing.outgoing.push_batch(self.wire.reply(reply));
        Ok(())
    }
}
