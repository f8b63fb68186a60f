//! Sessions that have left a room, for as long as reports know them.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::report::Question;
use crate::clock;
use crate::command::{Left, Row, Standing};
use crate::end::End;
use crate::entry::{ClientId, Epoch, MemberId, Seq, Timestamp};
use crate::limits::{DEPARTED, DEPARTED_KEPT};
use crate::name::Name;
use crate::progress::Progress;
use crate::wire::Wire;

/// Whoever reads a room: what a report tells of them.
#[derive(Debug)]
pub(crate) struct Attendee {
    pub(crate) client: ClientId,
    /// A reader of events is no member.
    pub(crate) member: Option<(MemberId, Name)>,
    /// What it speaks; nothing if it reads events.
    pub(crate) wire: Option<Wire>,
    pub(crate) progress: Progress,
}

impl Attendee {
    /// As it is when it leaves, with what it has `seen`.
    pub(crate) fn take(&mut self, seen: Seq) -> Self {
        let (member, mut progress) = (self.member.take(), std::mem::take(&mut self.progress));
        progress.leaves(seen);
        Self { member, progress, ..*self }
    }

    /// Its row in a report, as it stands unless it is still to get the message.
    pub(crate) fn row(&self, question: &Question<'_>, otherwise: impl FnOnce() -> Standing) -> Row {
        let Self { client, member, wire, progress } = self;
        let Question { seq, tells, shown, .. } = *question;
        let standing = match wire.is_none_or(tells) {
            true => progress.of(seq, shown).unwrap_or_else(otherwise),
            false => Standing::Untold,
        };
        Row {
            client: Some(*client),
            member: member.as_ref().map(|(member, _)| *member),
            name: member.as_ref().map(|(_, name)| name.clone()),
            wire: wire.map_or("sse", Wire::as_str),
            confirms: wire.is_some_and(Wire::acknowledges),
            standing,
            sent: progress.sent_after(seq, shown),
            late: progress.is_late(seq),
            left: None,
        }
    }
}

/// The readers of all rooms of a server that have left.
#[derive(Debug)]
pub(crate) struct Departed {
    // Held for what is done in memory only, never across an await.
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    departures: VecDeque<Departure>,
    /// How many there ever were.
    count: u64,
    /// Who left up to then is not known any more, or never was.
    since: Timestamp,
}

#[derive(Debug)]
struct Departure {
    epoch: Epoch,
    reader: Attendee,
    /// The newest entry when it left.
    head: Seq,
    why: End,
    at: Instant,
    wall: Timestamp,
}

impl Default for Departed {
    fn default() -> Self {
        // Nobody has left in the millisecond in which it begins.
        let since = Timestamp(clock::wall().0.saturating_sub(1));
        let known = Known { departures: VecDeque::new(), count: 0, since };
        Self { known: Mutex::new(known) }
    }
}

impl Departed {
    /// Somebody left a log whose newest entry is `head`.
    pub(super) fn push(&self, epoch: Epoch, head: Seq, reader: Attendee, why: End) {
        let at = clock::now();
        let mut known = self.known(at);
        if known.departures.len() == DEPARTED {
            known.forget();
        }
        known.count += 1;
        known.departures.push_back(Departure { epoch, reader, head, why, at, wall: clock::wall() });
    }

    /// How many have left so far, for [`Departed::rows`].
    pub(super) fn count(&self) -> u64 {
        self.known(clock::now()).count
    }

    /// Adds those who left the log of this report to `rows`, and says since when all of them are
    /// known. Who left after so many is left out if it has a row from before.
    pub(super) fn rows(
        &self,
        epoch: &Epoch,
        question: &Question<'_>,
        count: u64,
        rows: &mut Vec<Row>,
    ) -> Timestamp {
        let known = self.known(question.now);
        let seen: BTreeSet<_> = rows.iter().filter_map(|row| row.client).collect();
        let late = (known.count - count) as usize;
        let late = known.departures.len().saturating_sub(late);
        let here = known.departures.iter().enumerate();
        let here = here.filter(|(_, departure)| departure.epoch == *epoch);
        let once =
            here.filter(|(at, departure)| *at < late || !seen.contains(&departure.reader.client));
        rows.extend(once.map(|(_, departure)| departure.row(question)));
        known.since
    }

    /// Those who left not too long ago.
    fn known(&self, now: Instant) -> MutexGuard<'_, Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        while known.departures.front().is_some_and(|departure| departure.is_old(now)) {
            known.forget();
        }
        known
    }
}

impl Known {
    /// Whoever left first is known no more.
    fn forget(&mut self) {
        if let Some(departure) = self.departures.pop_front() {
            self.since = departure.wall;
        }
    }
}

impl Departure {
    fn is_old(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.at) > DEPARTED_KEPT
    }

    fn row(&self, question: &Question<'_>) -> Row {
        let ago = question.now.saturating_duration_since(self.at);
        let mut row = self.reader.row(question, || match question.seq <= self.head {
            true => Standing::Unsent,
            false => Standing::Away,
        });
        row.left = Some(Left { why: self.why, ago });
        row
    }
}
