//! The threads that read: one page after the other, and one search after the other, so that no page
//! waits for a search. A page that several wait for is read once, for all of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::{mem, thread};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use trace::{Tracer, trace};

use super::History;
use super::catalog::Key;
use super::error::HistoryError;
use super::finder::{Hits, Hunt, find};
use super::page::{Found, Span, read};
use super::rows::place;
use crate::entry::{Mid, Sender, Seq};
use crate::limits::HISTORY_PAGES;
use crate::refused::Refused;
use crate::search::Search;

pub(super) enum Ask {
    Page {
        key: Key,
        log: i64,
        span: Span,
        /// Those who ask for it.
        answers: Vec<oneshot::Sender<Result<Vec<Found>, Refused>>>,
    },
    Search {
        hunt: Hunt,
        answer: oneshot::Sender<Result<Hits, Refused>>,
    },
    /// Where a log has what somebody posted under a `mid`.
    Mid {
        log: i64,
        sender: Sender,
        mid: Mid,
        answer: oneshot::Sender<Result<Option<Seq>, Refused>>,
    },
    /// The connection is closed, and nothing is read any more.
    Close(oneshot::Sender<()>),
}

impl Ask {
    /// Answers; or hands back who is to be told once the connection is closed.
    fn answer(self, db: &Connection, tracer: &dyn Tracer) -> Option<oneshot::Sender<()>> {
        let unreadable = |error| {
            trace!(tracer, "Cannot read the history"; event = "read_failed", error = format_args!("{error}"));
            Refused::Unreadable
        };
        // Who asked may have gone.
        match self {
            Self::Page { answers, .. } if answers.iter().all(oneshot::Sender::is_closed) => {}
            Self::Page { key, log, span, answers } => {
                let found = read(db, &key, log, span).map_err(unreadable);
                for answer in answers {
                    answer.send(found.clone()).ok();
                }
            }
            Self::Search { answer, .. } if answer.is_closed() => {}
            Self::Search { hunt, answer } => {
                answer.send(find(db, &hunt).map_err(unreadable)).ok();
            }
            Self::Mid { log, sender, mid, answer } => {
                let (member, name) = match &sender {
                    Sender::Member(id) => (Some(id.0 as i64), ""),
                    Sender::Name(name) => (None, name.as_str()),
                };
                let found = place(db, log, member, name, mid.as_str()).map_err(unreadable);
                answer.send(found.map(|found| found.map(|(seq, _)| seq))).ok();
            }
            Self::Close(closed) => return Some(closed),
        }
        None
    }

    /// Lets those who ask for the same page wait together, where the first of them waits.
    fn merge(waiting: Vec<Self>) -> Vec<Self> {
        let mut merged = Vec::<Self>::new();
        for mut ask in waiting {
            if !merged.iter_mut().any(|first| first.takes(&mut ask)) {
                merged.push(ask);
            }
        }
        merged
    }

    /// Takes over who asks for the same page; whether that is so.
    fn takes(&mut self, other: &mut Self) -> bool {
        let Self::Page { log, span, answers, .. } = self else { return false };
        match other {
            Self::Page { log: same_log, span: same_span, answers: others, .. }
                if log == same_log && span == same_span =>
            {
                answers.append(others);
                true
            }
            _ => false,
        }
    }
}

/// Answers all who wait, in the order in which they came; or hands back who is to be told once the
/// connection is closed. Nothing is kept for those who come later: there may be more by then.
pub(super) fn answer_all(
    waiting: &mut Vec<Ask>,
    db: &Connection,
    tracer: &dyn Tracer,
) -> Option<oneshot::Sender<()>> {
    let merged = Ask::merge(mem::take(waiting));
    merged.into_iter().find_map(|ask| ask.answer(db, tracer))
}

pub(super) fn start(
    name: &str,
    db: Connection,
    mut asked: mpsc::Receiver<Ask>,
    tracer: Arc<dyn Tracer>,
) -> Result<(), HistoryError> {
    let run = move || {
        let mut waiting = Vec::new();
        while asked.blocking_recv_many(&mut waiting, HISTORY_PAGES) > 0 {
            // If one panics, those who wait with it are refused, and whoever asks next is answered.
            let answered = AssertUnwindSafe(|| answer_all(&mut waiting, &db, &*tracer));
            if let Ok(Some(closed)) = catch_unwind(answered) {
                drop(db);
                closed.send(()).ok();
                return;
            }
        }
    };
    thread::Builder::new().name(name.into()).spawn(run).map_err(HistoryError::Open)?;
    Ok(())
}

impl History {
    /// Entries of a log, and what is missing among them. Who asks is to poll it to its end, or to
    /// drop it: others wait for its place.
    pub(crate) async fn read(&self, key: Key, span: Span) -> Result<Vec<Found>, Refused> {
        let Some(log) = self.catalog.log(&key) else { return Ok(vec![]) };
        // Held until who asked has taken it, or has gone: a crowd has no more of them in memory.
        let _held = self.pages.acquire().await.map_err(|_| Refused::NotStored)?;
        let (answer, found) = oneshot::channel();
        let ask = Ask::Page { key: key.clone(), log: log.id, span, answers: vec![answer] };
        self.asks.send(ask).await.map_err(|_| Refused::NotStored)?;
        let found = found.await.unwrap_or(Err(Refused::NotStored))?;
        let oldest = self.catalog.stand(&key).map_or(Seq(1), |stand| stand.oldest);
        Ok(found.into_iter().flat_map(|found| found.before(oldest)).collect())
    }

    /// Where a log has what somebody posted under a `mid`.
    pub(crate) async fn find(
        &self,
        key: &Key,
        sender: Sender,
        mid: Mid,
    ) -> Result<Option<Seq>, Refused> {
        let Some(log) = self.catalog.log(key) else { return Ok(None) };
        let (answer, found) = oneshot::channel();
        let ask = Ask::Mid { log: log.id, sender, mid, answer };
        self.asks.send(ask).await.map_err(|_| Refused::NotStored)?;
        found.await.unwrap_or(Err(Refused::NotStored))
    }

    /// The newest messages of a room that have the words, up to a seq.
    pub(crate) async fn search(
        &self,
        key: Key,
        search: Search,
        last: Seq,
        most: usize,
    ) -> Result<Hits, Refused> {
        let Some(log) = self.catalog.log(&key) else { return Ok(Hits::default()) };
        let (answer, hits) = oneshot::channel();
        let hunt = Hunt { key, log: log.id, search, last: last.min(log.stand.head), most };
        self.searches.try_send(Ask::Search { hunt, answer }).map_err(|_| Refused::Busy)?;
        hits.await.unwrap_or(Err(Refused::NotStored))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;
    use tokio::task::coop::unconstrained;

    use super::*;
    use crate::entry::Entry;
    use crate::history::Durability;
    use crate::history::sample::{Sample, room};

    type Answer = oneshot::Receiver<Result<Vec<Found>, Refused>>;

    fn ask(log: i64, first: u64) -> (Ask, Answer) {
        let (answer, found) = oneshot::channel();
        let span = Span::Up { first: Seq(first), last: Seq(5), most: 64 };
        (Ask::Page { key: room("lobby").key, log, span, answers: vec![answer] }, found)
    }

    fn first(found: Answer) -> Arc<Entry> {
        let found = found.blocking_recv().unwrap().unwrap();
        found.into_iter().find_map(Found::entry).unwrap()
    }

    #[test]
    fn those_who_ask_for_the_same_wait_together_where_the_first_of_them_waits() {
        let (early, late) = (oneshot::channel().0, oneshot::channel().0);
        let asks = [(1, 3), (1, 1), (2, 3), (1, 3), (2, 1), (1, 1), (1, 3)];
        let mut waiting: Vec<_> = asks.map(|(log, first)| ask(log, first).0).into();
        waiting.insert(4, Ask::Close(early));
        waiting.push(Ask::Close(late));
        let told = |ask: &Ask| match ask {
            Ask::Page { log, span: Span::Up { first, .. }, answers, .. } => {
                format!("{} for {log}.{first}", answers.len())
            }
            _ => "close".into(),
        };
        let merged: Vec<_> = Ask::merge(waiting).iter().map(told).collect();
        let pages = ["3 for 1.3", "2 for 1.1", "1 for 2.3"];
        assert_eq!(merged, [&pages[..], &["close", "1 for 2.1", "close"]].concat());
    }

    #[test]
    fn a_page_is_read_once_for_all_who_wait_for_it_and_for_nobody_later() {
        let sample = Sample::filled();
        let writing = sample.open();
        let log = writing.catalog.log(&room("lobby").key).unwrap().id;
        // All of them wait before the thread begins.
        let (asks, asked) = mpsc::channel(HISTORY_PAGES);
        let mut answers = Vec::new();
        for from in [1, 3, 1, 3, 1] {
            let (ask, answer) = ask(log, from);
            asks.try_send(ask).ok().unwrap();
            answers.push(answer);
        }
        start("pages", writing.file.second().unwrap(), asked, Arc::new(trace::off())).unwrap();
        let found: Vec<_> = answers.into_iter().map(first).collect();
        assert_eq!(found.iter().map(|entry| entry.seq.0).collect::<Vec<_>>(), [1, 3, 1, 3, 1]);
        for (one, other) in [(0, 2), (0, 4), (1, 3)] {
            assert!(Arc::ptr_eq(&found[one], &found[other]), "{one} and {other}");
        }
        let (ask, answer) = ask(log, 1);
        asks.try_send(ask).ok().unwrap();
        assert!(!Arc::ptr_eq(&found[0], &first(answer)));
        let (done, closed) = oneshot::channel();
        asks.try_send(Ask::Close(done)).ok().unwrap();
        closed.blocking_recv().unwrap();
    }

    #[tokio::test]
    async fn no_more_pages_are_in_memory_than_are_taken() {
        let sample = Sample::filled();
        let (db, tracer) = (sample.open().file.second().unwrap(), trace::off());
        let history = History::open(&sample.path(), Durability::Process, Arc::new(trace::off()));
        let mut history = history.unwrap();
        // The thread that reads is this one.
        let (asks, mut asked) = mpsc::channel(2 * HISTORY_PAGES);
        history.asks = asks;
        let span = Span::Up { first: Seq(1), last: Seq(5), most: 64 };
        // Pending means waiting here, never that it was another's turn.
        let read = |_| Box::pin(unconstrained(history.read(room("lobby").key, span)));
        let mut pages: Vec<_> = (0..=HISTORY_PAGES).map(read).collect();
        for page in &mut pages {
            assert!(poll!(page).is_pending());
        }
        let mut waiting = Vec::new();
        assert_eq!(asked.recv_many(&mut waiting, 2 * HISTORY_PAGES).await, HISTORY_PAGES);
        assert!(answer_all(&mut waiting, &db, &tracer).is_none());
        let mut last = pages.pop().unwrap();
        assert!(poll!(&mut last).is_pending());
        assert!(asked.try_recv().is_err(), "nobody has taken his");
        // Who takes his makes room for one, and so does who goes.
        assert_eq!(pages.pop().unwrap().await.unwrap().len(), 5);
        assert!(poll!(&mut last).is_pending());
        assert!(asked.try_recv().is_ok());
        drop(pages.pop());
        assert!(poll!(&mut read(0)).is_pending());
        assert!(asked.try_recv().is_ok());
    }
}
