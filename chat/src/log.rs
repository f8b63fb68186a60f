//! The newest slots of a room, and the cursors that read them. Pure: no clock, no lock, no I/O.

use std::collections::VecDeque;

use crate::entry::{Epoch, Seq, Slot};

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
    /// Slots at most.
    pub slots: usize,
    /// Rough memory at most, in bytes.
    pub bytes: usize,
    /// A reader further behind than this many slots steps over notices.
    pub notices_behind: usize,
}

/// A contiguous run of slots, oldest first, bounded in number and in bytes.
#[derive(Debug)]
pub struct Log {
    epoch: Epoch,
    bounds: Bounds,
    slots: VecDeque<Slot>,
    oldest: Position,
    head: Seq,
    bytes: usize,
}

impl Log {
    /// An empty log.
    pub fn new(epoch: Epoch, bounds: Bounds) -> Self {
        Self { epoch, bounds, slots: VecDeque::new(), oldest: Position(0), head: Seq(0), bytes: 0 }
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
        Position(self.oldest.0 + self.slots.len() as u64)
    }

    /// The oldest entry that is kept; the one to come in a log without entries.
    pub fn oldest(&self) -> Seq {
        self.slots.iter().find_map(Slot::seq).unwrap_or(self.head.next())
    }

    /// Puts a slot at the end and hands back what no longer fits.
    pub fn append(&mut self, slot: Slot) -> Vec<Slot> {
        if let Some(seq) = slot.seq() {
            self.head = seq;
        }
        self.bytes += slot.cost();
        self.slots.push_back(slot);
        let mut gone = Vec::new();
        while self.slots.len() > self.bounds.slots
            || (self.bytes > self.bounds.bytes && self.slots.len() > 1)
        {
            let Some(slot) = self.slots.pop_front() else { break };
            self.bytes -= slot.cost();
            self.oldest.0 += 1;
            gone.push(slot);
        }
        gone
    }

    /// A cursor at the head: it reads what comes next.
    pub fn at_head(&self) -> Cursor {
        Cursor { next: self.end(), seen: self.head, live: self.end(), stale: true }
    }

    /// A cursor before the newest `n` entries, and how many there are from it to the head.
    pub fn at_last(&self, n: usize) -> (Cursor, usize) {
        let entries = self.slots.iter().filter_map(Slot::seq).rev().take(n);
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
        let mut entries = 0;
        let mut next = self.end();
        for (i, slot) in self.slots.iter().enumerate().rev() {
            if let Some(seq) = slot.seq() {
                if seq < first {
                    break;
                }
                entries += 1;
                next = Position(self.oldest.0 + i as u64);
            }
        }
        let seen = Seq(first.0.saturating_sub(1));
        (Cursor { next, seen, live: self.end(), stale: true }, entries)
    }

    /// Moves slots from the cursor on into `out`, until `slots` were taken or `bytes` reached.
    pub fn read(
        &self,
        cursor: &mut Cursor,
        slots: usize,
        bytes: usize,
        out: &mut Vec<Slot>,
    ) -> Read {
        let end = self.end();
        if cursor.next < self.oldest {
            cursor.next = self.oldest;
            (cursor.live, cursor.stale) = (end, true);
            let (after, next) = (cursor.seen, self.oldest());
            if after.next() < next {
                cursor.seen = Seq(next.0 - 1);
                return Read::Gap { after, next };
            }
        }
        if end.0 - cursor.next.0 > self.bounds.notices_behind as u64 {
            cursor.live = end;
        }
        let start = (cursor.next.0 - self.oldest.0) as usize;
        let (mut taken, mut size) = (0, 0);
        for slot in self.slots.range(start..) {
            match slot {
                Slot::Notice(_) if cursor.next < cursor.live => cursor.stale = true,
                _ if taken == slots || size >= bytes => break,
                _ => {
                    taken += 1;
                    size += slot.cost();
                    cursor.seen = slot.seq().unwrap_or(cursor.seen);
                    out.push(slot.clone());
                }
            }
            cursor.next.0 += 1;
        }
        if cursor.stale && cursor.next == end {
            cursor.stale = false;
            return Read::Snapshot;
        }
        Read::Slots
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::entry::{Content, Encoded, Entry, MemberId, Notice, Timestamp};
    use crate::name::{Name, RoomName};

    const BOUNDS: Bounds = Bounds { slots: 8, bytes: 1 << 20, notices_behind: 3 };

    fn log(bounds: Bounds) -> Log {
        Log::new(Epoch::new("e"), bounds)
    }

    fn entry(log: &mut Log, body: &str) {
        let prev = log.head();
        log.append(Slot::Entry(Arc::new(Entry {
            room: RoomName::lobby(),
            seq: prev.next(),
            prev,
            at: Timestamp(0),
            sender: MemberId(1),
            from: Name::new("ann").unwrap(),
            mid: None,
            content: Content::Post { body: body.into(), reply: None },
            encoded: Encoded::default(),
        })));
    }

    fn notice(log: &mut Log) {
        log.append(Slot::Notice(Arc::new(Notice {
            room: RoomName::lobby(),
            count: 1,
            joined: vec![],
            left: vec![],
            encoded: Encoded::default(),
        })));
    }

    /// The numbers of the entries a cursor reads, `n` for a notice, then what else was said.
    #[track_caller]
    fn reads(log: &Log, cursor: &mut Cursor, expected: &str) {
        let mut text = String::new();
        loop {
            let mut out = vec![];
            let read = log.read(cursor, 2, usize::MAX, &mut out);
            for slot in &out {
                text += &slot.seq().map_or("n".into(), |seq| seq.to_string());
                text += " ";
            }
            match read {
                Read::Gap { after, next } => text += &format!("gap({after},{next}) "),
                Read::Snapshot => text += "snapshot ",
                Read::Slots if out.is_empty() => break,
                Read::Slots => {}
            }
        }
        assert_eq!(text.trim(), expected);
    }

    #[test]
    fn every_cursor_reads_the_same_run() {
        let mut log = log(BOUNDS);
        let mut first = log.at_head();
        reads(&log, &mut first, "snapshot");
        entry(&mut log, "a");
        notice(&mut log);
        entry(&mut log, "b");
        let mut second = log.at_head();
        reads(&log, &mut first, "1 n 2");
        reads(&log, &mut second, "snapshot");
        entry(&mut log, "c");
        reads(&log, &mut first, "3");
        reads(&log, &mut second, "3");
    }

    #[test]
    fn what_no_longer_fits_is_handed_back() {
        let mut log = log(Bounds { slots: 2, ..BOUNDS });
        entry(&mut log, "a");
        entry(&mut log, "b");
        assert_eq!(log.oldest(), Seq(1));
        entry(&mut log, "c");
        assert_eq!((log.oldest(), log.head(), log.end()), (Seq(2), Seq(3), Position(3)));
    }

    #[test]
    fn bytes_are_bounded_but_the_newest_always_stays() {
        let mut log = log(Bounds { bytes: 3_000, ..BOUNDS });
        for _ in 0..5 {
            entry(&mut log, &"x".repeat(200));
        }
        assert_eq!((log.oldest(), log.slots.len()), (Seq(4), 2));
        entry(&mut log, &"x".repeat(10_000));
        assert_eq!((log.oldest(), log.slots.len()), (Seq(6), 1));
    }

    #[test]
    fn a_reader_that_fell_out_is_told_its_gap() {
        let mut log = log(BOUNDS);
        let mut cursor = log.at_head();
        entry(&mut log, "a");
        reads(&log, &mut cursor, "1 snapshot");
        for _ in 0..10 {
            entry(&mut log, "b");
        }
        reads(&log, &mut cursor, "gap(1,4) 4 5 6 7 8 9 10 11 snapshot");
        entry(&mut log, "c");
        reads(&log, &mut cursor, "12");
    }

    #[test]
    fn a_reader_that_lost_only_notices_has_no_gap() {
        let mut log = log(BOUNDS);
        let mut cursor = log.at_head();
        for _ in 0..9 {
            notice(&mut log);
        }
        entry(&mut log, "a");
        reads(&log, &mut cursor, "1 snapshot");
    }

    #[test]
    fn a_reader_far_behind_steps_over_notices() {
        let mut log = log(BOUNDS);
        let mut cursor = log.at_head();
        entry(&mut log, "a");
        notice(&mut log);
        notice(&mut log);
        notice(&mut log);
        entry(&mut log, "b");
        reads(&log, &mut cursor, "1 2 snapshot");
    }

    #[test]
    fn the_last_n_and_everything_after() {
        let mut log = log(BOUNDS);
        assert_eq!(log.at_last(5).1, 0);
        assert_eq!(log.at_after(Seq(0)).map(|(_, n)| n), Some(0));
        for _ in 0..3 {
            notice(&mut log);
            entry(&mut log, "a");
        }
        for (n, replay, text) in [(0, 0, ""), (1, 1, "3"), (2, 2, "2 3"), (9, 3, "1 2 3")] {
            let (mut cursor, entries) = log.at_last(n);
            assert_eq!(entries, replay);
            reads(&log, &mut cursor, format!("{text} snapshot").trim());
        }
        let after = |seq| log.at_after(Seq(seq)).map(|(_, n)| n);
        assert_eq!([after(0), after(2), after(3), after(4)], [Some(3), Some(1), Some(0), None]);
    }

    #[test]
    fn what_is_gone_cannot_be_resumed() {
        let mut log = log(Bounds { slots: 2, ..BOUNDS });
        for _ in 0..5 {
            entry(&mut log, "a");
        }
        let after = |seq| log.at_after(Seq(seq)).map(|(_, n)| n);
        assert_eq!([after(2), after(3), after(5)], [None, Some(2), Some(0)]);
        let (mut cursor, entries) = log.at_oldest();
        assert_eq!(entries, 2);
        reads(&log, &mut cursor, "4 5 snapshot");
    }
}
