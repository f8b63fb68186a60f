//! The entries on their way to a client.

use trace::trace;

use crate::entry::{ClientId, Entry, Seq};
use crate::name::RoomName;
use crate::room::Burst;
use crate::tracers::Tracers;
use crate::wire::Wire;

/// What is told once the kernel has taken it.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Every entry, if each is told.
    each: Vec<(RoomName, Seq)>,
    entries: usize,
    last: Option<(RoomName, Seq)>,
}

impl Batch {
    pub(crate) fn push(&mut self, entry: &Entry, each: bool) {
        self.entries += 1;
        if each {
            self.each.push((entry.room.clone(), entry.seq));
        }
        match &mut self.last {
            Some((room, seq)) if *room == entry.room => *seq = entry.seq,
            last => *last = Some((entry.room.clone(), entry.seq)),
        }
    }

    /// All of a burst that a wire tells.
    pub(super) fn push_all(&mut self, burst: &Burst<'_>, wire: Wire, each: bool) {
        if each || burst.has_changes {
            burst.entries().filter(|entry| wire.tells(entry)).for_each(|e| self.push(e, each));
        } else if let Some(last) = burst.entries().next_back() {
            self.push(last, each);
            self.entries += burst.count - 1;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// It has been handed over; a pump tells itself what it did for all.
    pub(crate) fn sent(self, tracers: &Tracers, client: ClientId, pumped: bool) {
        let Self { each, entries, last } = self;
        tracers.metrics.delivered(entries);
        if !each.is_empty() {
            for (room, seq) in each {
                trace!(tracers.deliveries, " -- sent to client"; event = "sent", room = room.as_str(), client = client.0, seq = seq.0);
            }
        } else if let Some((room, last)) = last.filter(|_| !pumped) {
            trace!(tracers.tracer, " -- batch sent to client"; event = "batch", room = room.as_str(), client = client.0, entries = entries, seq = last.0);
        }
    }
}
