//! The newest slots of a room, and the cursors that read them. Pure: no clock, no lock, no I/O.

mod pages;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::entry::{Account, Entry, Epoch, Seq, Slot};

/// A place between two slots, counted from the beginning of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(pub(crate) u64);

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

    /// Whether the reader needs a snapshot at the head.
    pub fn is_stale(&self) -> bool {
        self.stale
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
    /// cursor stands at the oldest slot now.
    Gap {
        /// The last entry read.
        after: Seq,
        /// The oldest entry there is.
        next: Seq,
    },
}

/// How much a log keeps.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Entries at most.
    pub entries: usize,
    /// Rough memory at most, in bytes.
    pub bytes: usize,
    /// A reader further behind than this many slots steps over notices, so older ones are not
    /// kept.
    pub notices_behind: usize,
}

/// The newest slots, oldest first, bounded in number and in bytes.
#[derive(Debug)]
pub struct Log {
    epoch: Epoch,
    bounds: Bounds,
    /// By position; only notices that nobody will read are missing between them.
    slots: VecDeque<(Position, Slot)>,
    end: Position,
    head: Seq,
    entries: usize,
    bytes: usize,
    /// What wires have encoded of the slots, besides `bytes`.
    encoded: Account,
}

impl Log {
    /// An empty log.
    pub fn new(epoch: Epoch, bounds: Bounds) -> Self {
        Self {
            epoch,
            bounds,
            slots: VecDeque::new(),
            end: Position(0),
            head: Seq(0),
            entries: 0,
            bytes: 0,
            encoded: Account::default(),
        }
    }

    /// Which log this is.
    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// The newest entry.
    pub fn head(&self) -> Seq {
        self.head
    }

    /// The position behind the newest slot.
    pub fn end(&self) -> Position {
        self.end
    }

    /// The oldest entry that is kept; the one to come in a log without entries.
    pub fn oldest(&self) -> Seq {
        self.slots.iter().find_map(|(_, slot)| slot.seq()).unwrap_or(self.head.next())
    }

    /// Puts a slot at the end and hands back the entries that no longer fit.
    pub fn append(&mut self, slot: Slot) -> Vec<Arc<Entry>> {
        if let Some(seq) = slot.seq() {
            self.head = seq;
            self.entries += 1;
        }
        self.bytes += slot.cost();
        self.slots.push_back((self.end, slot));
        self.end.0 += 1;
        self.drop_old_notice();
        let mut gone: Vec<Arc<Entry>> = Vec::new();
        // What was encoded of those that go is given back when the last who holds them lets go.
        let mut encoded = self.encoded.bytes();
        while self.entries > self.bounds.entries
            || (self.bytes + encoded > self.bounds.bytes && self.slots.len() > 1)
        {
            let Some((_, slot)) = self.slots.pop_front() else { break };
            self.bytes -= slot.cost();
            if let Slot::Entry(entry) = slot {
                self.entries -= 1;
                encoded = encoded.saturating_sub(entry.encoded.bytes());
                gone.push(entry);
            }
        }
        gone
    }

    /// With each slot one notice becomes too old to be read by anybody, if it is a notice.
    fn drop_old_notice(&mut self) {
        let Some(old) = self.end.0.checked_sub(self.bounds.notices_behind as u64 + 1) else {
            return;
        };
        let at = self.index(Position(old));
        if let Some((Position(position), slot @ Slot::Notice(_))) = self.slots.get(at)
            && *position == old
        {
            self.bytes -= slot.cost();
            self.slots.remove(at);
        }
    }

    /// Where the first slot at or behind a position is.
    fn index(&self, position: Position) -> usize {
        self.slots.partition_point(|(at, _)| *at < position)
    }

    /// A cursor at the head: it reads what comes next.
    pub fn at_head(&self) -> Cursor {
        Cursor { next: self.end, seen: self.head, live: self.end, stale: true }
    }

    /// A cursor before the newest `n` entries, and how many there are from it to the head.
    pub fn at_last(&self, n: usize) -> (Cursor, usize) {
        let entries = self.slots.iter().filter_map(|(_, slot)| slot.seq()).rev().take(n);
        match entries.last() {
            Some(first) => self.before(first),
            None => (self.at_head(), 0),
        }
    }

    /// A cursor behind entry `seq`, and how many entries there are from it to the head; `None` if
    /// entries behind `seq` are gone or `seq` is not there yet.
    pub fn at_after(&self, seq: Seq) -> Option<(Cursor, usize)> {
        if seq > self.head || seq.next() < self.oldest() {
            return None;
        }
        Some(self.before(seq.next()))
    }

    /// A cursor before the oldest entry, and how many entries there are.
    pub fn at_oldest(&self) -> (Cursor, usize) {
        self.before(self.oldest())
    }

    fn before(&self, first: Seq) -> (Cursor, usize) {
        let (mut next, mut entries) = (self.end, 0);
        for (position, slot) in self.slots.iter().rev() {
            if let Some(seq) = slot.seq() {
                if seq < first {
                    break;
                }
                (next, entries) = (*position, entries + 1);
            }
        }
        let seen = Seq(first.0.saturating_sub(1));
        (Cursor { next, seen, live: self.end, stale: true }, entries)
    }

    /// Moves slots from the cursor on into `out`, until `slots` were taken or `bytes` reached.
    pub fn read(
        &self,
        cursor: &mut Cursor,
        slots: usize,
        bytes: usize,
        out: &mut Vec<Slot>,
    ) -> Read {
        if self.end.0 - cursor.next.0 > self.bounds.notices_behind as u64 {
            (cursor.live, cursor.stale) = (self.end, true);
        }
        let (after, next) = (cursor.seen, self.oldest());
        if after.next() < next {
            let oldest = self.slots.front().map_or(self.end, |(position, _)| *position);
            cursor.next = cursor.next.max(oldest);
            (cursor.live, cursor.stale) = (self.end, true);
            cursor.seen = Seq(next.0 - 1);
            return Read::Gap { after, next };
        }
        let (mut taken, mut size) = (0, 0);
        for (position, slot) in self.slots.range(self.index(cursor.next)..) {
            match slot {
                Slot::Notice(_) if *position < cursor.live => cursor.stale = true,
                _ if taken == slots || size >= bytes => return Read::Slots,
                _ => {
                    taken += 1;
                    size += slot.cost();
                    cursor.stale |= matches!(slot, Slot::Notice(notice) if notice.refreshes());
                    cursor.seen = slot.seq().unwrap_or(cursor.seen);
                    out.push(slot.clone());
                }
            }
            cursor.next = Position(position.0 + 1);
        }
        cursor.next = self.end;
        match std::mem::take(&mut cursor.stale) {
            true => Read::Snapshot,
            false => Read::Slots,
        }
    }
}

#[cfg(test)]
mod tests;
