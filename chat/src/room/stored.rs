//! Entries that are no longer here: history has them.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{Room, Sequencer};
use crate::command::{Missed, Page, Range, Reply};
use crate::entry::{Entry, Epoch, Seq};
use crate::history::{Found, Hits, Key, Span};
use crate::limits::{HISTORY_BYTES, HISTORY_ENTRIES};
use crate::log::Cursor;
use crate::refused::Refused;
use crate::search::Search;

/// Entries on their way from history, and what is missing among them.
pub(crate) type Stored = BoxFuture<'static, Result<Vec<Found>, Refused>>;

/// A part of a page, as a reader is told it.
pub(crate) enum Told {
    Entry(Arc<Entry>),
    Gap(Reply),
}

impl Room {
    /// Entries that history has, as many as a page holds.
    pub(super) fn stored(&self, span: Span) -> Stored {
        match &self.common.sequencer {
            Sequencer::Memory => Box::pin(async { Ok(vec![]) }),
            Sequencer::History(history) => {
                let (history, key) = (Arc::clone(history), self.key.clone());
                Box::pin(async move { history.read(key, span).await })
            }
        }
    }

    /// What the reader is told of a page; it reads on behind it.
    pub(crate) fn took(&self, cursor: &mut Cursor, page: Vec<Found>) -> Vec<Told> {
        let last = match page.last() {
            Some(Found::Entry(entry)) => entry.seq,
            Some(Found::Hole { next, .. }) => next.before(),
            None => return vec![],
        };
        cursor.took(last);
        let told = page.into_iter().map(|found| match found {
            Found::Entry(entry) => Told::Entry(entry),
            Found::Hole { after, next, why } => Told::Gap(self.gap(after, next, why)),
        });
        told.collect()
    }

    /// Entries between these are not to be had.
    pub(super) fn gap(&self, after: Seq, next: Seq, why: Missed) -> Reply {
        Reply::Gap { room: self.name.clone(), after, next, why }
    }

    /// The newest of its messages that have the words, before a seq if there is one.
    ///
    /// # Errors
    /// [`Refused::NotSearchable`], [`Refused::Busy`], or history cannot be read.
    pub(crate) async fn search(
        &self,
        search: Search,
        before: Option<Seq>,
        most: usize,
    ) -> Result<(Epoch, Hits), Refused> {
        let Sequencer::History(history) = &self.common.sequencer else {
            return Err(Refused::NotSearchable);
        };
        if matches!(self.key, Key::Inbox(_)) {
            return Err(Refused::NotSearchable);
        }
        let last = before.map_or(Seq(i64::MAX as u64), Seq::before);
        let epoch = self.state().log.epoch().clone();
        Ok((epoch, history.search(self.key.clone(), search, last, most).await?))
    }

    /// One of its entries, if there is such a one.
    ///
    /// # Errors
    /// [`Refused::Unreadable`] or [`Refused::NotStored`] if history cannot be read.
    pub(crate) async fn entry(&self, seq: Seq) -> Result<Option<Arc<Entry>>, Refused> {
        {
            let log = &self.state().log;
            let here = log.find(seq).cloned();
            if here.is_some() || seq < log.oldest() || seq > log.head() {
                return Ok(here);
            }
        }
        let found = self.stored(Span::Up { first: seq, last: seq, most: 1 }).await?;
        Ok(found.into_iter().find_map(Found::entry))
    }

    /// Up to `most` of its entries, and never more than one answer holds.
    ///
    /// # Errors
    /// [`Refused::Unreadable`] or [`Refused::NotStored`] if history cannot be read.
    pub async fn page(&self, range: Range, most: usize) -> Result<Page, Refused> {
        let most = most.min(HISTORY_ENTRIES);
        let (mut page, whole) = {
            let log = &self.state().log;
            (log.page(range, most, HISTORY_BYTES), log.has(range, most))
        };
        if whole {
            return Ok(page);
        }
        let (first, last) = (page.oldest, page.head);
        let span = match range {
            Range::Newest => Span::Down { first, last, most },
            Range::Before(seq) => Span::Down { first, last: last.min(seq.before()), most },
            Range::After(seq) => Span::Up { first: first.max(seq.next()), last, most },
        };
        let found = self.stored(span).await?;
        page.entries = found.into_iter().filter_map(Found::entry).collect();
        Ok(page)
    }
}
