//! Entries that are kept: found, told in pages, and taken back.

use std::sync::Arc;
use std::time::Instant;

use super::Log;
use crate::command::{Page, Range};
use crate::entry::{Encoded, Entry, Seq, Slot};

impl Log {
    /// Where the bytes of the next slot are to be kept.
    pub fn encoded(&self) -> Encoded {
        Encoded::charged(&self.encoded)
    }

    pub(super) fn entries(&self) -> impl DoubleEndedIterator<Item = &Arc<Entry>> {
        self.slots.iter().filter_map(|(_, slot)| match slot {
            Slot::Entry(entry) => Some(entry),
            Slot::Notice(_) => None,
        })
    }

    /// An entry that is kept.
    pub fn find(&self, seq: Seq) -> Option<&Arc<Entry>> {
        self.entries().rev().find(|entry| entry.seq == seq)
    }

    /// The newest entry of which something holds.
    pub fn find_newest(&self, holds: impl Fn(&Entry) -> bool) -> Option<&Arc<Entry>> {
        self.entries().rev().find(|entry| holds(entry))
    }

    /// The entries that are here, and when they were shown.
    pub fn times(&self) -> Vec<(Seq, Instant)> {
        self.entries().filter_map(|entry| Some((entry.seq, entry.shown?))).collect()
    }

    /// Up to `most` entries with up to about `bytes` of text, at least one if there is any.
    pub fn page(&self, range: Range, most: usize, bytes: usize) -> Page {
        let mut size = 0;
        let fits = |entry: &&Arc<Entry>| {
            let first = size == 0;
            size += entry.content.body().len() + 1;
            first || size <= bytes
        };
        let mut entries: Vec<_> = match range {
            Range::After(seq) => {
                let behind = self.entries().filter(|entry| entry.seq > seq);
                behind.take(most).take_while(fits).cloned().collect()
            }
            Range::Newest | Range::Before(_) => {
                let before = |entry: &&Arc<Entry>| match range {
                    Range::Before(seq) => entry.seq < seq,
                    _ => true,
                };
                self.entries().rev().filter(before).take(most).take_while(fits).cloned().collect()
            }
        };
        if !matches!(range, Range::After(_)) {
            entries.reverse();
        }
        Page { epoch: self.epoch.clone(), oldest: self.oldest(), head: self.head, entries }
    }

    /// Whether a page that is asked for has nothing that only history has.
    pub fn has(&self, range: Range, most: usize) -> bool {
        let (oldest, here) = (self.oldest(), self.oldest_here());
        let first = match range {
            Range::Newest => (self.head.0 + 1).saturating_sub(most as u64),
            Range::Before(seq) => seq.0.min(self.head.0 + 1).saturating_sub(most as u64),
            Range::After(seq) => seq.0.saturating_add(1),
        };
        oldest.max(Seq(first)) >= here
    }

    /// Takes the text from an entry and from all that edit it; their places stay.
    pub fn blank(&mut self, of: Seq) {
        for (_, slot) in &mut self.slots {
            let Slot::Entry(entry) = slot else { continue };
            if entry.seq != of && entry.content.of() != Some(of) {
                continue;
            }
            let blank = Entry {
                room: entry.room.clone(),
                direct: entry.direct.clone(),
                sender: entry.sender.clone(),
                from: entry.from.clone(),
                mid: entry.mid.clone(),
                content: entry.content.blank(),
                encoded: Encoded::charged(&self.encoded),
                ..**entry
            };
            self.bytes -= slot.cost();
            *slot = Slot::Entry(Arc::new(blank));
            self.bytes += slot.cost();
        }
    }
}
