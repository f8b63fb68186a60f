//! The newest slots of a room, and the cursors that read them. Pure: no clock, no lock, no I/O.

mod cursors;
mod pages;

use std::collections::VecDeque;
use std::sync::Arc;

pub use self::cursors::{Cursor, Read};
use crate::entry::{Account, Entry, Epoch, Seq, Slot};

/// A place between two slots, counted from the beginning of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(pub(crate) u64);

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
    /// The oldest entry that history has; without history there is none but here.
    stored: Option<Seq>,
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
            stored: None,
            entries: 0,
            bytes: 0,
            encoded: Account::default(),
        }
    }

    /// The end of a log that history has: entries from `oldest` to `head`, none of them here.
    pub fn stored(epoch: Epoch, bounds: Bounds, oldest: Seq, head: Seq) -> Self {
        Self { head, stored: Some(oldest), ..Self::new(epoch, bounds) }
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

    /// The oldest entry there is, here or in history; the one to come in a log without entries.
    pub fn oldest(&self) -> Seq {
        self.stored.unwrap_or_else(|| self.oldest_here())
    }

    /// The oldest entry that is kept here; the one to come if there is none.
    fn oldest_here(&self) -> Seq {
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

    /// The log begins with `oldest` from now on, in history too. Hands back the entries that go.
    pub fn forget_before(&mut self, oldest: Seq) -> Vec<Arc<Entry>> {
        self.stored = self.stored.map(|stored| stored.max(oldest));
        let mut gone = Vec::new();
        let old = |slot: &Slot| slot.seq().is_some_and(|seq| seq < oldest);
        let count = self.slots.iter().rposition(|(_, slot)| old(slot)).map_or(0, |at| at + 1);
        for (_, slot) in self.slots.drain(..count) {
            self.bytes -= slot.cost();
            if let Slot::Entry(entry) = slot {
                self.entries -= 1;
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
}

#[cfg(test)]
mod tests;
