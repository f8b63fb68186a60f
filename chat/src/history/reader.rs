//! The thread that reads pages, one after the other.

use std::sync::Arc;
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use trace::{Tracer, trace};

use super::catalog::Key;
use super::error::HistoryError;
use super::rows::{COLUMNS, Stored};
use crate::entry::{Entry, Seq};
use crate::limits::{HISTORY_BYTES, HISTORY_ENTRIES};
use crate::refused::Refused;

/// Which entries are asked for. A page may end before the span does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// From the first on.
    Up { first: Seq, last: Seq, most: usize },
    /// From the last on, towards the first.
    Down { first: Seq, last: Seq, most: usize },
}

/// What is there, in its order.
#[derive(Debug)]
pub(crate) enum Found {
    Entry(Arc<Entry>),
    /// Entries between these are damaged or missing.
    Hole {
        after: Seq,
        next: Seq,
    },
}

impl Found {
    pub(crate) fn entry(self) -> Option<Arc<Entry>> {
        match self {
            Self::Entry(entry) => Some(entry),
            Self::Hole { .. } => None,
        }
    }
}

pub(super) enum Ask {
    Page {
        key: Key,
        log: i64,
        span: Span,
        answer: oneshot::Sender<Result<Vec<Found>, Refused>>,
    },
    /// The connection is closed, and nothing is read any more.
    Close(oneshot::Sender<()>),
}

pub(super) fn start(
    db: Connection,
    mut asked: mpsc::Receiver<Ask>,
    tracer: Arc<dyn Tracer>,
) -> Result<(), HistoryError> {
    let run = move || {
        while let Some(ask) = asked.blocking_recv() {
            let (key, log, span, answer) = match ask {
                Ask::Page { key, log, span, answer } => (key, log, span, answer),
                Ask::Close(closed) => {
                    drop(db);
                    closed.send(()).ok();
                    return;
                }
            };
            let page = read(&db, &key, log, span).map_err(|error| {
                trace!(tracer, "Cannot read the history"; event = "read_failed", error = format_args!("{error}"));
                Refused::Unreadable
            });
            // Who asked may have gone.
            answer.send(page).ok();
        }
    };
    thread::Builder::new().name("pages".into()).spawn(run).map_err(HistoryError::Open)?;
    Ok(())
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
    let mut page = Page { down, due: if down { last } else { first }, found: Vec::new() };
    let (mut taken, mut bytes) = (0, 0);
    loop {
        if taken == most || bytes >= HISTORY_BYTES {
            break;
        }
        let Some(row) = rows.next()? else {
            page.hole_to(if down { first.before() } else { last.next() });
            break;
        };
        let (stored, right) = Stored::read(log, row)?;
        taken += 1;
        bytes += stored.body.len() + 1;
        let seq = stored.seq;
        match stored.entry(key).filter(|_| right) {
            Some(entry) => page.push(entry),
            None if taken == most => page.hole_to(if down { seq.before() } else { seq.next() }),
            None => {}
        }
    }
    if down {
        page.found.reverse();
    }
    Ok(page.found)
}

/// Numbers are contiguous: what is not there where it is due is missing.
struct Page {
    down: bool,
    due: Seq,
    found: Vec<Found>,
}

impl Page {
    fn push(&mut self, entry: Entry) {
        let seq = entry.seq;
        self.hole_to(seq);
        self.due = if self.down { seq.before() } else { seq.next() };
        self.found.push(Found::Entry(Arc::new(entry)));
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
        self.found.push(Found::Hole { after, next });
    }
}
