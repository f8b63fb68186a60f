//! What is new in a room, for everybody who has read all before it.

use bytes::Bytes;

use super::Room;
use crate::entry::{Encoded, Entry, Slot};
use crate::log::Cursor;
use crate::wire::Wire;

/// Slots that were read once for all who stand where they begin.
pub(crate) struct Burst<'a> {
    room: &'a Room,
    pub(crate) slots: &'a [Slot],
    /// How many of them are entries.
    pub(crate) count: usize,
    /// Some of these are edits or deletions, which not every wire tells.
    pub(crate) has_changes: bool,
    before: &'a Cursor,
    after: &'a Cursor,
    /// The bytes of all of them, filled and read by `wire`.
    encoded: Encoded,
}

impl<'a> Burst<'a> {
    /// What brought a reader from one cursor to the other.
    pub(super) fn new(
        room: &'a Room,
        slots: &'a [Slot],
        before: &'a Cursor,
        after: &'a Cursor,
    ) -> Self {
        let count = slots.iter().filter(|slot| slot.seq().is_some()).count();
        let has_changes =
            |slot: &Slot| matches!(slot, Slot::Entry(entry) if entry.content.of().is_some());
        let has_changes = slots.iter().any(has_changes);
        Self { room, slots, count, has_changes, before, after, encoded: Encoded::default() }
    }

    /// Its bytes on a wire: in one piece, unless they are many.
    pub(crate) fn bytes(&self, wire: Wire) -> impl Iterator<Item = Bytes> {
        let together = wire.slots(self.slots, &self.encoded);
        let apart = if together.is_none() { self.slots } else { &[] };
        together.into_iter().chain(apart.iter().map(move |slot| wire.slot(slot)))
    }

    /// Its entries.
    pub(crate) fn entries(&self) -> impl DoubleEndedIterator<Item = &'a Entry> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Entry(entry) => Some(&**entry),
            Slot::Notice(_) => None,
        })
    }

    /// Whether it is of this room.
    pub(crate) fn is_of(&self, room: &Room) -> bool {
        std::ptr::eq(self.room, room)
    }

    /// Moves a cursor behind it that stands before it; whether it did.
    pub(crate) fn passes(&self, cursor: &mut Cursor) -> bool {
        cursor.follow(self.before, self.after)
    }
}
