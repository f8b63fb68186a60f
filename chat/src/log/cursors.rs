//! Readers: where they are in a log, and what they get from there on.

use super::{Log, Position};
use crate::entry::{Seq, Slot};

/// A reader's next position.
#[derive(Clone, Debug)]
pub struct Cursor {
    next: Position,
    /// The newest entry read, or told as a gap.
    seen: Seq,
    /// Notices before this position are old news: they are stepped over.
    live: Position,
    /// The reader needs a snapshot of what notices tell, once it is at the head.
    stale: bool,
}

impl Cursor {
    /// The position of the next slot it reads.
    pub fn position(&self) -> Position {
        self.next
    }

    /// The newest entry that it has read, or was told as a gap.
    pub fn seen(&self) -> Seq {
        self.seen
    }

    /// Whether the reader needs a snapshot at the head.
    pub fn is_stale(&self) -> bool {
        self.stale
    }

    /// The reader got what another read from `before` to `after`, if it stands where that one
    /// began; whether it does.
    pub fn follow(&mut self, before: &Cursor, after: &Cursor) -> bool {
        let stands = (self.next, self.seen) == (before.next, before.seen);
        let follows = stands && !self.stale && self.live <= self.next;
        if follows {
            *self = after.clone();
        }
        follows
    }

    /// The reader has all up to `seq` from history. What is here comes behind it.
    pub fn took(&mut self, seq: Seq) {
        self.seen = self.seen.max(seq);
        self.stale = true;
    }
}

/// What a read came to, besides the slots.
#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    /// Slots from the cursor on; none at the head.
    Slots,
    /// As `Slots`, and the cursor has reached the head for the first time, or again after it
    /// stepped over notices: the reader needs a snapshot.
    Snapshot,
    /// The slots at the cursor are gone: entries between `after` and `next` were not read. The
    /// cursor stands before the oldest entry now.
    Gap {
        /// The last entry read.
        after: Seq,
        /// The oldest entry there is.
        next: Seq,
    },
    /// The entries at the cursor are in history only, and no slot was taken: the reader gets them
    /// from there, says how far it came, and reads on.
    Stored {
        /// The first of them.
        first: Seq,
        /// The last of them.
        last: Seq,
    },
}

impl Log {
    /// A cursor at the head: it reads what comes next.
    pub fn at_head(&self) -> Cursor {
        Cursor { next: self.end, seen: self.head, live: self.end, stale: true }
    }

    /// A cursor before the newest `n` entries, and how many there are from it to the head.
    pub fn at_last(&self, n: usize) -> (Cursor, usize) {
        let first = (self.head.0 + 1).saturating_sub(n as u64);
        self.before(self.oldest().max(Seq(first)))
    }

    /// A cursor behind entry `seq`, and how many entries there are from it to the head; `None` if
    /// entries behind `seq` are gone or `seq` is not there yet.
    pub fn at_after(&self, seq: Seq) -> Option<(Cursor, usize)> {
        if seq > self.head || seq.next() < self.oldest() {
            return None;
        }
        Some(self.before(seq.next()))
    }

    /// A cursor for a reader that has lost its place, and how many entries it gets: all that could
    /// be here, for history may have more than anybody reads.
    pub fn at_reset(&self) -> (Cursor, usize) {
        self.at_last(self.bounds.entries)
    }

    fn before(&self, first: Seq) -> (Cursor, usize) {
        let seen = first.before();
        let cursor = Cursor { next: self.position_of(first), seen, live: self.end, stale: true };
        (cursor, (self.head.0 - seen.0) as usize)
    }

    /// Where the first entry from `first` on is, of those that are here.
    fn position_of(&self, first: Seq) -> Position {
        let mut at = self.end;
        for (position, slot) in self.slots.iter().rev() {
            match slot.seq() {
                Some(seq) if seq < first => break,
                Some(_) => at = *position,
                None => {}
            }
        }
        at
    }

    /// Moves slots from the cursor on into `out`, those before `until`, until `slots` were taken or
    /// they have about `bytes` on a wire.
    pub fn read(
        &self,
        cursor: &mut Cursor,
        until: Position,
        slots: usize,
        bytes: usize,
        out: &mut Vec<Slot>,
    ) -> Read {
        if self.end.0 - cursor.next.0 > self.bounds.notices_behind as u64 {
            (cursor.live, cursor.stale) = (self.end, true);
        }
        let (due, oldest, here) = (cursor.seen.next(), self.oldest(), self.oldest_here());
        if due < oldest {
            let after = cursor.seen;
            cursor.next = cursor.next.max(self.position_of(oldest));
            (cursor.live, cursor.stale) = (self.end, true);
            cursor.seen = oldest.before();
            return Read::Gap { after, next: oldest };
        }
        if due < here {
            return Read::Stored { first: due, last: here.before() };
        }
        let (mut taken, mut size) = (0, 0);
        for (position, slot) in self.slots.range(self.index(cursor.next)..) {
            match slot {
                _ if *position >= until => break,
                Slot::Notice(_) if *position < cursor.live => {}
                _ if taken == slots || size >= bytes => return Read::Slots,
                _ => {
                    taken += 1;
                    size += slot.size();
                    cursor.stale |= matches!(slot, Slot::Notice(notice) if notice.refreshes());
                    cursor.seen = slot.seq().unwrap_or(cursor.seen);
                    out.push(slot.clone());
                }
            }
            cursor.next = Position(position.0 + 1);
        }
        cursor.next = cursor.next.max(until.min(self.end));
        if !std::mem::take(&mut cursor.stale) {
            return Read::Slots;
        }
        // A snapshot is of now: it has all that notices tell up to the head.
        cursor.live = self.end;
        Read::Snapshot
    }
}
