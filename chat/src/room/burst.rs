//! What is new in a room, for everybody who has read all before it.

use super::Room;
use crate::entry::{Encoded, Entry, Slot};
use crate::log::Cursor;

/// Slots that were read once for all who stand where they begin.
pub(crate) struct Burst<'a> {
    room: &'a Room,
    pub(crate) slots: &'a [Slot],
    /// How many of them are entries.
    pub(crate) count: usize,
    before: &'a Cursor,
    after: &'a Cursor,
    /// The bytes of all of them, filled and read by `wire`.
    pub(crate) encoded: Encoded,
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
        Self { room, slots, count, before, after, encoded: Encoded::default() }
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
