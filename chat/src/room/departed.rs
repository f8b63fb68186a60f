//! Sessions that have ended, for as long as reports know them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::report::Asked;
use crate::clock;
use crate::command::{Left, Row, Standing};
use crate::end::End;
use crate::entry::{ClientId, Epoch, Seq, Timestamp};
use crate::limits::{DEPARTED, DEPARTED_KEPT};
use crate::name::Name;
use crate::progress::Progress;

/// Whoever read a room: what a report tells of them.
#[derive(Debug)]
pub(crate) struct Presented {
    pub(crate) client: ClientId,
    /// A reader of events has none.
    pub(crate) name: Option<Name>,
    /// What it speaks, as in the trace.
    pub(crate) wire: &'static str,
    /// Whether its client says by itself what it has.
    pub(crate) confirms: bool,
    pub(crate) progress: Progress,
}

impl Presented {
    /// As it is when it leaves.
    pub(crate) fn take(&mut self) -> Self {
        let (name, progress) = (self.name.take(), std::mem::take(&mut self.progress));
        Self { name, progress, ..*self }
    }

    /// Its row in a report, as it stands unless it is still to get the message.
    pub(crate) fn row(&self, asked: &Asked<'_>, otherwise: impl FnOnce() -> Standing) -> Row {
        let Self { client, name, wire, confirms, progress } = self;
        Row {
            client: Some(*client),
            name: name.clone(),
            wire,
            confirms: *confirms,
            standing: progress.of(asked.seq, asked.shown).unwrap_or_else(otherwise),
            sent: progress.sent_after(asked.seq, asked.shown),
            late: progress.is_late(asked.seq),
            left: None,
        }
    }
}

/// The readers of all rooms of a server that have ended.
#[derive(Debug)]
pub(crate) struct Departed {
    /// What was before is not known.
    since: Timestamp,
    // Held for what is done in memory only, never across an await.
    gone: Mutex<VecDeque<Gone>>,
}

#[derive(Debug)]
struct Gone {
    epoch: Epoch,
    reader: Presented,
    /// The newest entry when it left.
    head: Seq,
    why: End,
    at: Instant,
}

impl Default for Departed {
    fn default() -> Self {
        Self { since: clock::wall(), gone: Mutex::default() }
    }
}

impl Departed {
    /// Since when it is known who was there.
    pub(super) fn since(&self) -> Timestamp {
        self.since
    }

    /// Somebody left a log whose newest entry is `head`.
    pub(super) fn push(&self, epoch: Epoch, head: Seq, reader: Presented, why: End) {
        let (mut gone, at) = (self.gone(), clock::now());
        while gone.len() >= DEPARTED || gone.front().is_some_and(|gone| gone.is_old(at)) {
            gone.pop_front();
        }
        gone.push_back(Gone { epoch, reader, head, why, at });
    }

    /// Rows of those who left the log of this report.
    pub(super) fn rows(&self, epoch: &Epoch, asked: &Asked<'_>) -> Vec<Row> {
        let gone = self.gone();
        let here = gone.iter().filter(|gone| gone.epoch == *epoch && !gone.is_old(asked.now));
        here.map(|gone| gone.row(asked)).collect()
    }

    fn gone(&self) -> MutexGuard<'_, VecDeque<Gone>> {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gone {
    fn is_old(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.at) > DEPARTED_KEPT
    }

    fn row(&self, asked: &Asked<'_>) -> Row {
        let ago = asked.now.saturating_duration_since(self.at);
        let mut row = self.reader.row(asked, || match asked.seq <= self.head {
            true => Standing::Unsent,
            false => Standing::Away,
        });
        row.left = Some(Left { why: self.why, ago });
        row
    }
}
