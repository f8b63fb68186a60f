//! What became of a message.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Room;
use crate::clock;
use crate::command::{Report, Row, Standing, Waits, Which};
use crate::entry::{Entry, Mid, Sender, Seq};
use crate::limits::REPORT_ROWS;
use crate::name::Name;
use crate::refused::Refused;

/// What a report asks of everybody who reads a room.
pub(crate) struct Asked<'a> {
    pub(crate) room: &'a Room,
    pub(crate) seq: Seq,
    /// When the message was shown, if that is known.
    pub(crate) shown: Option<Instant>,
    /// The newest entry.
    pub(crate) head: Seq,
    /// When the entries in memory were shown.
    pub(crate) times: &'a [(Seq, Instant)],
    pub(crate) now: Instant,
}

impl Asked<'_> {
    /// Whether it is asked of those who read this room.
    pub(crate) fn is_of(&self, room: &Room) -> bool {
        std::ptr::eq(self.room, room)
    }

    /// How somebody stands who has everything up to `written` and is still to get the message.
    pub(crate) fn behind(&self, written: Seq, blocked: Option<Instant>, reading: bool) -> Standing {
        let waits = |since: Instant| self.now.saturating_duration_since(since);
        let first = shown(self.times, written.next());
        let why = match blocked {
            Some(since) => Waits::Stalled(waits(since)),
            None if reading => Waits::Reading,
            None => Waits::Turn,
        };
        Standing::Behind { by: self.head.0.saturating_sub(written.0), since: first.map(waits), why }
    }
}

/// When an entry was shown.
fn shown(times: &[(Seq, Instant)], seq: Seq) -> Option<Instant> {
    let at = times.binary_search_by_key(&seq, |(seq, _)| *seq).ok()?;
    Some(times[at].1)
}

impl Room {
    /// The message that somebody asks about.
    ///
    /// # Errors
    /// [`Refused::NoMessage`], or what was refused under its `mid` is not known.
    pub(crate) async fn which(&self, which: &Which, asker: &Sender) -> Result<Arc<Entry>, Refused> {
        let own = |mid: Option<&Mid>| {
            let is_it = |entry: &Entry| {
                entry.sender == *asker && (mid.is_none() || entry.mid.as_ref() == mid)
            };
            self.state().log.find_newest(is_it).cloned()
        };
        match which {
            Which::Seq(seq) => self.entry(*seq).await.ok_or(Refused::NoMessage(*seq)),
            Which::Mid(mid) => own(Some(mid)).ok_or(Refused::NothingKnown),
            Which::Own => own(None).ok_or(Refused::NothingKnown),
        }
    }

    /// This inbox's own copy of a direct message, which has another number here.
    pub(crate) fn copy_of(&self, entry: &Entry) -> Option<Arc<Entry>> {
        let is_it = |copy: &Entry| copy.sender == entry.sender && copy.mid == entry.mid;
        self.state().log.find_newest(is_it).cloned()
    }

    /// Who has an entry of this room, who has not, and why. It costs a look at everybody who
    /// reads the room.
    pub(crate) fn report(&self, entry: &Entry) -> Report {
        let rows = self.rows(entry);
        let mut report = self.begin_report(entry);
        report.count(rows.iter().filter(|row| row.was_here()));
        report.take(rows);
        report
    }

    /// A row for everybody who reads the room or did.
    pub(crate) fn rows(&self, entry: &Entry) -> Vec<Row> {
        let (epoch, head, times) = {
            let log = &self.state().log;
            (log.epoch().clone(), log.head(), log.times())
        };
        let (seq, now, times) = (entry.seq, clock::now(), &times[..]);
        let asked = Asked { room: self, seq, shown: shown(times, seq), head, times, now };
        let here = self.readers.all();
        let mut rows: Vec<_> = here.values().filter_map(|reader| reader.row(&asked)).collect();
        rows.extend(self.common.departed.rows(&epoch, &asked));
        rows
    }

    /// A report without its rows.
    pub(crate) fn begin_report(&self, entry: &Entry) -> Report {
        let since = self.common.departed.since();
        Report {
            room: self.name.clone(),
            epoch: self.state().log.epoch().clone(),
            seq: entry.seq,
            from: entry.from.clone(),
            at: entry.at,
            reached: 0,
            of: 0,
            took: None,
            rows: vec![],
            more: 0,
            since: (entry.shown.is_none() && entry.at.0 < since.0).then_some(since),
        }
    }
}

impl Report {
    /// Counts members by their rows: who has several sessions is reached with one of them.
    pub(crate) fn count<'a>(&mut self, rows: impl Iterator<Item = &'a Row>) {
        let mut members: BTreeMap<&Name, Option<Option<Duration>>> = BTreeMap::new();
        for row in rows {
            let Some(name) = &row.name else { continue };
            let member = members.entry(name).or_default();
            if row.is_reached() {
                // The first of them counts.
                *member = match *member {
                    Some(Some(before)) => {
                        Some(Some(row.sent.map_or(before, |sent| sent.min(before))))
                    }
                    _ => Some(row.sent),
                };
            }
        }
        self.of = members.len();
        let reached: Vec<_> = members.into_values().flatten().collect();
        self.reached = reached.len();
        let all: Option<Vec<_>> = reached.into_iter().collect();
        self.took = all.and_then(|all| all.into_iter().max());
    }

    /// Takes the rows, those who do not have it first, as many as fit.
    pub(crate) fn take(&mut self, mut rows: Vec<Row>) {
        rows.sort_by_key(|row| (row.rank(), row.client));
        self.more = rows.len().saturating_sub(REPORT_ROWS);
        rows.truncate(REPORT_ROWS);
        self.rows = rows;
    }
}

impl Row {
    /// Of a member who has no session.
    pub(crate) fn away(name: &Name) -> Self {
        Self {
            client: None,
            name: Some(name.clone()),
            wire: "",
            confirms: false,
            standing: Standing::Away,
            sent: None,
            late: false,
            left: None,
        }
    }

    /// Whether it was in the room when the message was shown.
    pub(crate) fn was_here(&self) -> bool {
        !self.late && self.standing != Standing::Away
    }

    /// It says that it has the message, or cannot say so and it was written to it.
    fn is_reached(&self) -> bool {
        match self.standing {
            Standing::Acked(_) => true,
            Standing::Sent => !self.confirms,
            _ => false,
        }
    }

    /// Who lacks it is of most interest, and who was not there of least.
    fn rank(&self) -> u8 {
        match self.standing {
            Standing::Behind { .. } => 0,
            Standing::Gap(_) => 1,
            Standing::Unsent => 2,
            Standing::Later => 6,
            _ if self.late => 5,
            Standing::Sent => 3,
            Standing::Acked(_) => 4,
            Standing::Away => 7,
        }
    }
}
