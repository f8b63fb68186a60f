//! A page of a log: entries as they are in the file, and what is missing among them.

use std::sync::Arc;

use rusqlite::{Connection, Row};

use super::catalog::Key;
use super::rows::{COLUMNS, Stored, is_damage};
use crate::command::Missed;
use crate::entry::{Entry, Seq};
use crate::limits::{HISTORY_BYTES, HISTORY_ENTRIES};

/// Which entries are asked for. A page may end before the span does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// From the first on.
    Up { first: Seq, last: Seq, most: usize },
    /// From the last on, towards the first.
    Down { first: Seq, last: Seq, most: usize },
}

/// What is there, in its order; clones share the entries, and what is encoded of them.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    Entry(Arc<Entry>),
    /// Entries between these are not to be had.
    Hole {
        after: Seq,
        next: Seq,
        why: Missed,
    },
}

impl Found {
    /// The same where what is before `oldest` is not kept any longer.
    pub(super) fn before(self, oldest: Seq) -> impl Iterator<Item = Self> {
        let (hole, found) = match self {
            Self::Hole { after, next, .. } if after.next() < oldest => {
                let gone = Self::Hole { after, next: next.min(oldest), why: Missed::Expired };
                let why = Missed::Damaged;
                let rest = Self::Hole { after: oldest.before(), next, why };
                (Some(gone), (next > oldest).then_some(rest))
            }
            found => (None, Some(found)),
        };
        hole.into_iter().chain(found)
    }

    pub(crate) fn entry(self) -> Option<Arc<Entry>> {
        match self {
            Self::Entry(entry) => Some(entry),
            Self::Hole { .. } => None,
        }
    }
}

/// Up to the bounds of a page, in the order of the numbers.
pub(super) fn read(
    db: &Connection,
    key: &Key,
    log: i64,
    span: Span,
) -> rusqlite::Result<Vec<Found>> {
    let (down, first, last, most) = match span {
        Span::Up { first, last, most } => (false, first, last, most),
        Span::Down { first, last, most } => (true, first, last, most),
    };
    let most = most.min(HISTORY_ENTRIES);
    let order = if down { "DESC" } else { "ASC" };
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM entries WHERE log = ? AND seq BETWEEN ? AND ? ORDER BY seq {order}"
    ))?;
    let mut rows = statement.query((log, first, last))?;
    let (due, end) = if down { (last, first.before()) } else { (first, last.next()) };
    let mut page = Page { down, due, bytes: 0, found: Vec::new() };
    let mut taken = 0;
    while taken < most && page.bytes < HISTORY_BYTES {
        match rows.next() {
            Ok(Some(row)) => page.take(key, log, row),
            Ok(None) => break,
            Err(error) if is_damage(&error) => break,
            Err(error) => return Err(error),
        }
        taken += 1;
    }
    // What was found is told first; the same place comes again then.
    if page.found.is_empty() {
        one_by_one(db, key, log, &mut page, end, most)?;
    }
    if down {
        page.found.reverse();
    }
    Ok(page.found)
}

/// So many numbers, each looked for by itself: what is whole around a broken place of the file, or
/// behind a number that is wrong, is found.
fn one_by_one(
    db: &Connection,
    key: &Key,
    log: i64,
    page: &mut Page,
    end: Seq,
    most: usize,
) -> rusqlite::Result<()> {
    let mut statement =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM entries WHERE log = ? AND seq = ?"))?;
    let (mut seq, mut tried) = (page.due, 0);
    while seq != end && tried < most && page.bytes < HISTORY_BYTES {
        let mut rows = statement.query((log, seq))?;
        match rows.next() {
            Ok(Some(row)) => page.take(key, log, row),
            Ok(None) => {}
            Err(error) if is_damage(&error) => {}
            Err(error) => return Err(error),
        }
        seq = page.behind(seq);
        tried += 1;
    }
    page.hole_to(seq);
    Ok(())
}

/// Numbers are contiguous: what is not there where it is due is missing.
struct Page {
    down: bool,
    due: Seq,
    bytes: usize,
    found: Vec<Found>,
}

impl Page {
    /// A row, if it is what was written; what comes out of its order is not.
    fn take(&mut self, key: &Key, log: i64, row: &Row<'_>) {
        let Ok((stored, true)) = Stored::read(log, row) else { return };
        let (seq, bytes) = (stored.seq, stored.body.len() + 1);
        if if self.down { seq > self.due } else { seq < self.due } {
            return;
        }
        if let Some(entry) = stored.entry(key) {
            self.hole_to(seq);
            self.due = self.behind(seq);
            self.bytes += bytes;
            self.found.push(Found::Entry(Arc::new(entry)));
        }
    }

    /// The number that comes next.
    fn behind(&self, seq: Seq) -> Seq {
        if self.down { seq.before() } else { seq.next() }
    }

    /// What is due from here to `seq` is not there.
    fn hole_to(&mut self, seq: Seq) {
        if self.due == seq {
            return;
        }
        let (after, next) = match self.down {
            true => (seq, self.due.next()),
            false => (self.due.before(), seq),
        };
        self.due = seq;
        self.found.push(Found::Hole { after, next, why: Missed::Damaged });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_kept_any_longer_is_not_damaged() {
        let hole =
            |after, next| Found::Hole { after: Seq(after), next: Seq(next), why: Missed::Damaged };
        let told = |found: Found, oldest| {
            let holes = found.before(Seq(oldest)).map(|found| match found {
                Found::Hole { after, next, why } => format!("{after}-{next} {}", why.as_str()),
                Found::Entry(entry) => entry.seq.to_string(),
            });
            holes.collect::<Vec<_>>()
        };
        assert_eq!(told(hole(3, 6), 1), ["3-6 damaged"]);
        assert_eq!(told(hole(3, 6), 4), ["3-6 damaged"]);
        assert_eq!(told(hole(3, 6), 5), ["3-5 expired", "4-6 damaged"]);
        assert_eq!(told(hole(3, 6), 6), ["3-6 expired"]);
        assert_eq!(told(hole(3, 6), 9), ["3-6 expired"]);
    }
}
