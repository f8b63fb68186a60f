//! The entries on their way to a client.

use crate::entry::{Entry, Seq};
use crate::name::RoomName;

/// What is told once the kernel has taken it.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Every entry, if each is told.
    pub(super) each: Vec<(RoomName, Seq)>,
    pub(super) entries: usize,
    pub(super) last: Option<(RoomName, Seq)>,
}

impl Batch {
    pub(super) fn push(&mut self, entry: &Entry, each: bool) {
        self.entries += 1;
        if each {
            self.each.push((entry.room.clone(), entry.seq));
        }
        match &mut self.last {
            Some((room, seq)) if *room == entry.room => *seq = entry.seq,
            last => *last = Some((entry.room.clone(), entry.seq)),
        }
    }
}
