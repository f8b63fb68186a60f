//! What is new in a room, for everybody who has read all before it.

use super::Room;
use crate::entry::{Encoded, Slot};
use crate::log::Cursor;

/// Slots that were read once for all who stand where they begin.
pub(crate) struct Burst<'a> {
    pub(super) room: &'a Room,
    pub(crate) slots: &'a [Slot],
    pub(super) before: &'a Cursor,
    pub(super) after: &'a Cursor,
    /// The bytes of all of them, filled and read by `wire`.
    pub(crate) encoded: Encoded,
}

impl Burst<'_> {
    /// Whether it is of this room.
    pub(crate) fn is_of(&self, room: &Room) -> bool {
        std::ptr::eq(self.room, room)
    }

    /// Moves a cursor behind it that stands before it; whether it did.
    pub(crate) fn passes(&self, cursor: &mut Cursor) -> bool {
        cursor.follow(self.before, self.after)
    }
}
