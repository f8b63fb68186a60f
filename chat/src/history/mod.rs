//! Every log on disk: one writer that commits together what waited together, one reader of pages
//! and one that searches. It knows no room: who proposes an entry says what is to be done once it
//! has its place.

mod archive;
mod catalog;
mod changes;
mod error;
mod file;
mod finder;
mod import;
mod members;
mod page;
mod place;
mod reader;
mod rows;
#[cfg(test)]
mod sample;
mod store;
mod tables;
mod tail;
mod trim;
mod words;
mod writer;

use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use trace::Tracer;

pub use self::archive::BackupError;
pub(crate) use self::archive::{Archive, Checked, Step};
use self::catalog::Catalog;
pub(crate) use self::catalog::{Key, Stand};
pub use self::error::HistoryError;
use self::file::File;
pub(crate) use self::finder::Hits;
pub(crate) use self::import::{Import, Imported, NotTaken};
pub(crate) use self::members::{Kept, TokenHash};
pub(crate) use self::page::{Found, Span};
use self::reader::Ask;
pub(crate) use self::store::{Proposal, Target};
pub use self::trim::Retention;
pub(crate) use self::trim::Trimmed;
use self::writer::Job;
use crate::command::{Posted, Stored};
use crate::entry::{MemberId, Seq};
use crate::limits::{HISTORY_INBOX, HISTORY_PAGES, SEARCHES};
use crate::name::RoomName;
use crate::refused::Refused;

/// What a stored message survives, and what it costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A power cut: each commit waits for the disk.
    #[default]
    Power,
    /// The end of the process, however it ends, but no power cut.
    Process,
}

impl Durability {
    /// What an acknowledgement means.
    pub(crate) fn stored(self) -> Stored {
        match self {
            Self::Power => Stored::Power,
            Self::Process => Stored::Process,
        }
    }
}

/// The entries of all logs, and the members who come back, in one SQLite file.
///
/// One process at a time has it. Dropping it without [`History::close`] loses nothing that was
/// acknowledged.
#[derive(Debug)]
pub struct History {
    catalog: Arc<Catalog>,
    jobs: mpsc::Sender<Job>,
    asks: mpsc::Sender<Ask>,
    /// A permit for each page that is asked for and not taken yet.
    pages: Semaphore,
    searches: mpsc::Sender<Ask>,
    failed: watch::Receiver<Option<Arc<HistoryError>>>,
    durability: Durability,
    keep: Retention,
}

/// A message that was proposed: it has its place, or it waits for it.
pub(crate) enum Posting {
    Done(Result<Posted, Refused>),
    Waiting(BoxFuture<'static, Result<Posted, Refused>>),
}

impl Posting {
    pub(crate) async fn wait(self) -> Result<Posted, Refused> {
        match self {
            Self::Done(done) => done,
            Self::Waiting(waiting) => waiting.await,
        }
    }
}

/// What is done with an entry that has its places, before anything else is stored.
pub(crate) type Apply = Box<dyn FnOnce(Proposal, &[Seq]) + Send>;

impl History {
    /// Opens the file, or makes it, readable by its owner only. Everything is kept.
    ///
    /// # Errors
    /// The file is left as it is.
    pub fn open(
        path: &Path,
        durability: Durability,
        tracer: Arc<dyn Tracer>,
    ) -> Result<Self, HistoryError> {
        Self::open_keeping(path, durability, Retention::default(), tracer)
    }

    /// The same, and only so much is kept while [`Rooms::keep`](crate::Rooms::keep) is polled.
    ///
    /// # Errors
    /// The file is left as it is.
    pub fn open_keeping(
        path: &Path,
        durability: Durability,
        keep: Retention,
        tracer: Arc<dyn Tracer>,
    ) -> Result<Self, HistoryError> {
        let file = File::open(path, durability, &*tracer)?;
        let catalog = Arc::new(file.catalog()?);
        let (jobs, waiting) = mpsc::channel(HISTORY_INBOX);
        let (asks, asked) = mpsc::channel(HISTORY_PAGES);
        let (searches, searched) = mpsc::channel(SEARCHES);
        let (fail, failed) = watch::channel(None);
        reader::start("pages", file.second()?, asked, Arc::clone(&tracer))?;
        reader::start("searches", file.second()?, searched, Arc::clone(&tracer))?;
        writer::start(file, Arc::clone(&catalog), durability, keep, waiting, fail, tracer)?;
        let pages = Semaphore::new(HISTORY_PAGES);
        Ok(Self { catalog, jobs, asks, pages, searches, failed, durability, keep })
    }

    /// What an acknowledgement means.
    pub(crate) fn stored(&self) -> Stored {
        self.durability.stored()
    }

    /// Where a log stands; `None` if nothing was ever stored in it.
    pub(crate) fn stand(&self, key: &Key) -> Option<Stand> {
        self.catalog.stand(key)
    }

    /// The first rooms by name in which something was stored.
    pub(crate) fn rooms(&self, most: usize) -> Vec<RoomName> {
        self.catalog.rooms(most)
    }

    /// Stores an entry: in every log it is for, or in none. Once it is stored `apply` is called, in
    /// the order of the numbers. Who is `patient` waits for a place in the queue.
    pub(crate) fn post(&self, proposal: Proposal, apply: Apply, patient: bool) -> Posting {
        let (done, answer) = oneshot::channel();
        let answered = async { answer.await.unwrap_or(Err(Refused::NotStored)) };
        match self.jobs.try_send(Job::Post { proposal, apply, done }) {
            Ok(()) => Posting::Waiting(Box::pin(answered)),
            Err(mpsc::error::TrySendError::Full(job)) if patient => {
                let jobs = self.jobs.clone();
                Posting::Waiting(Box::pin(async move {
                    jobs.send(job).await.map_err(|_| Refused::NotStored)?;
                    answered.await
                }))
            }
            Err(mpsc::error::TrySendError::Full(_)) => Posting::Done(Err(Refused::Busy)),
            Err(mpsc::error::TrySendError::Closed(_)) => Posting::Done(Err(Refused::NotStored)),
        }
    }

    /// Keeps a member who has a token, or what changed of it. What it posts is stored after it.
    pub(crate) fn keep(&self, member: Kept) -> Result<(), Refused> {
        self.jobs.try_send(Job::Keep(member)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refused::Busy,
            mpsc::error::TrySendError::Closed(_) => Refused::NotStored,
        })
    }

    /// Forgets a member and its inbox. If there is no room for the note, the next start does it.
    pub(crate) fn forget(&self, member: MemberId) {
        self.jobs.try_send(Job::Forget(member)).ok();
    }

    /// The members it keeps.
    pub(crate) fn members(&self) -> Vec<Kept> {
        self.catalog.members()
    }

    /// Ends when nothing can be stored any more, and says why.
    pub async fn failed(&self) -> Arc<HistoryError> {
        let mut failed = self.failed.clone();
        let failed = failed.wait_for(Option::is_some).await.ok().and_then(|why| why.clone());
        match failed {
            Some(why) => why,
            // It was closed, which is no failure.
            None => std::future::pending().await,
        }
    }

    /// Stores what waits and closes the file. Nothing is stored or read any more.
    pub async fn close(&self) {
        // The last connection puts everything into the one file, and that can only be the writer.
        for asks in [&self.asks, &self.searches] {
            let (done, closed) = oneshot::channel();
            if asks.send(Ask::Close(done)).await.is_ok() {
                closed.await.ok();
            }
        }
        let (done, closed) = oneshot::channel();
        if self.jobs.send(Job::Close(done)).await.is_ok() {
            closed.await.ok();
        }
    }
}

#[cfg(test)]
mod simulated;
#[cfg(test)]
pub(crate) use self::simulated::Disk;
#[cfg(test)]
mod tests;
