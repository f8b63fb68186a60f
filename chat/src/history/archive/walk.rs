//! All entries of a log in their order, and what is damaged between them.

use rusqlite::{Connection, OptionalExtension, Row};

use super::super::catalog::Key;
use super::super::rows::{COLUMNS, Stored, is_damage};
use super::super::tables::Known;
use super::damage::Why;
use crate::entry::{Entry, Seq, Timestamp};
use crate::limits::HISTORY_WALK;

/// A part of a log.
pub(super) enum Piece {
    /// One that is whole.
    Entry(Box<Entry>),
    /// Entries that are not served.
    Damaged { first: Seq, last: Seq, at: Option<Timestamp>, why: Why },
}

/// A reader of a whole log, a page at a time. Between pages it holds nothing up: a server may
/// write, and drop the oldest entries.
pub(super) struct Walk<'a> {
    db: &'a Connection,
    key: Key,
    log: i64,
    /// The next number.
    due: Seq,
    /// The last number, or where it was when the walk began.
    last: Seq,
}

/// The last number of a log of which nothing is known.
const ENDLESS: Seq = Seq(i64::MAX as u64);

/// Some rows, and behind which number nothing more was looked for, if that is known.
struct Page {
    rows: Vec<Found>,
    end: Seq,
}

/// A row that was found.
struct Found {
    seq: Seq,
    at: Option<Timestamp>,
    entry: Result<Box<Entry>, Why>,
}

impl Found {
    fn unreadable(seq: Seq) -> Self {
        Self { seq, at: None, entry: Err(Why::Unreadable) }
    }
}

impl<'a> Walk<'a> {
    pub(super) fn new(db: &'a Connection, known: &Known, key: Key) -> Self {
        let stand = &known.log.stand;
        let (due, last) = match known.right {
            true => (stand.oldest, stand.head),
            // Whatever there is.
            false => (Seq(0), ENDLESS),
        };
        Self { db, key, log: known.log.id, due, last }
    }

    /// What comes next; nothing at the end.
    pub(super) fn page(&mut self) -> rusqlite::Result<Vec<Piece>> {
        let mut pieces = Vec::new();
        while pieces.is_empty() && self.due <= self.last {
            let page = match self.rows()? {
                Some(page) => page,
                None if self.last == ENDLESS => {
                    self.last = self.due;
                    Page { rows: vec![Found::unreadable(self.due)], end: Seq(0) }
                }
                None => self.one_by_one()?,
            };
            for row in page.rows {
                // What runs backwards is told with SQLite's structure.
                if row.seq >= self.due {
                    self.missing_to(row.seq, &mut pieces);
                    self.due = row.seq.next();
                    push(&mut pieces, row);
                }
            }
            self.missing_to(page.end, &mut pieces);
        }
        Ok(pieces)
    }

    /// The rows of a page; `None` if the file does not give out the first of them.
    fn rows(&self) -> rusqlite::Result<Option<Page>> {
        let mut statement = self.db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM entries WHERE log = ? AND seq BETWEEN ? AND ?
             ORDER BY seq LIMIT {HISTORY_WALK}"
        ))?;
        let mut rows = statement.query((self.log, self.due, self.last))?;
        let mut page = Page { rows: Vec::new(), end: Seq(0) };
        let mut count = 0;
        loop {
            match rows.next() {
                Ok(Some(row)) => {
                    count += 1;
                    page.rows.extend(self.found(row));
                }
                Ok(None) => {
                    if count < HISTORY_WALK {
                        page.end = if self.last == ENDLESS { ENDLESS } else { self.last.next() };
                    }
                    return Ok(Some(page));
                }
                // What was read is told first; the same place fails again then.
                Err(error) if is_damage(&error) => {
                    return Ok(Some(page).filter(|page| !page.rows.is_empty()));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// As many numbers as a page has, each looked for by itself, so that what is whole around a
    /// broken place is found.
    fn one_by_one(&self) -> rusqlite::Result<Page> {
        let mut statement = self
            .db
            .prepare_cached(&format!("SELECT {COLUMNS} FROM entries WHERE log = ? AND seq = ?"))?;
        let end = Seq(self.due.0.saturating_add(HISTORY_WALK as u64)).min(self.last.next());
        let mut rows = Vec::new();
        for seq in (self.due.0..end.0).map(Seq) {
            match statement.query_row((self.log, seq), |row| Ok(self.found(row))).optional() {
                Ok(row) => rows.extend(row.flatten()),
                Err(error) if is_damage(&error) => {
                    rows.push(Found::unreadable(seq));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Page { rows, end })
    }

    fn found(&self, row: &Row<'_>) -> Option<Found> {
        let number = |at| row.get::<_, i64>(at).ok().map(|number| number as u64);
        let (seq, at) = (Seq(number(0)?), number(1).map(Timestamp));
        let entry = match Stored::read(self.log, row) {
            Ok((stored, true)) => stored.entry(&self.key).map(Box::new).ok_or(Why::Nonsense),
            // A type that is not the one it was written with is no better.
            Ok((_, false)) | Err(_) => Err(Why::Checksum),
        };
        Some(Found { seq, at, entry })
    }

    /// What is due up to `seq` is not there.
    fn missing_to(&mut self, seq: Seq, pieces: &mut Vec<Piece>) {
        if self.due >= seq {
            return;
        }
        let due = std::mem::replace(&mut self.due, seq);
        // Nobody knows where a log of which nothing is known begins and ends.
        if self.last == ENDLESS && (due == Seq(0) || seq == ENDLESS) {
            self.due = if seq == ENDLESS { seq.next() } else { seq };
            return;
        }
        let (last, why) = (seq.before(), Why::Missing);
        pieces.push(Piece::Damaged { first: due, last, at: None, why });
    }
}

/// What cannot be read comes a page of the file at a time, and is told at a time.
fn push(pieces: &mut Vec<Piece>, row: Found) {
    let Found { seq, at, entry } = row;
    match (entry, pieces.last_mut()) {
        (Ok(entry), _) => pieces.push(Piece::Entry(entry)),
        (Err(Why::Unreadable), Some(Piece::Damaged { last, why: Why::Unreadable, .. }))
            if last.next() == seq =>
        {
            *last = seq
        }
        (Err(why), _) => pieces.push(Piece::Damaged { first: seq, last: seq, at, why }),
    }
}
