//! What a session's write side holds: what is on its way, and where it reads on.

use std::time::Instant;

use super::batch::Batch;
use super::outgoing::Outgoing;
use crate::end::End;
use crate::membership::Membership;
use crate::name::RoomName;

/// What the lock is for; before the session runs and after it there is nothing.
#[derive(Default)]
pub(super) struct Writing {
    pub(super) outgoing: Outgoing,
    pub(super) memberships: Vec<Membership>,
    /// The entries on their way.
    pub(super) batch: Batch,
    /// Which membership the next batch begins with.
    pub(super) turn: usize,
    /// Since when the client takes nothing of what waits.
    pub(super) blocked: Option<Instant>,
    /// How many pings were written.
    pub(super) pings: u32,
    /// It says goodbye: no pump writes to it any more.
    pub(super) parts: bool,
}

impl Writing {
    pub(super) fn is_behind(&self) -> bool {
        self.memberships.iter().any(Membership::is_behind)
    }

    /// Whether its rooms have more for the client, or that is on its way.
    pub(super) fn has_more(&self) -> bool {
        self.is_behind() || self.outgoing.batch_bytes() > 0
    }

    /// Where it is in a room.
    pub(super) fn membership(&mut self, room: &RoomName) -> Option<&mut Membership> {
        self.memberships.iter_mut().find(|membership| membership.room() == room)
    }

    /// The rooms it is in, in the order in which it joined them.
    pub(super) fn rooms(&self) -> impl Iterator<Item = &RoomName> {
        self.memberships.iter().map(Membership::room).filter(|room| **room != RoomName::inbox())
    }

    /// Most are in one room or two for as long as they are here.
    pub(super) fn join(&mut self, membership: Membership) {
        self.memberships.reserve_exact(1);
        self.memberships.push(membership);
    }

    pub(super) fn leave(&mut self, room: &RoomName) {
        if let Some(at) = self.memberships.iter().position(|joined| joined.room() == room) {
            self.memberships.remove(at).leave(End::Closed);
        }
    }
}
