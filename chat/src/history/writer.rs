//! The thread that commits. A batch is whatever queued during the last commit; it never waits to
//! fill.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use rusqlite::ErrorCode;
use tokio::sync::{mpsc, oneshot, watch};
use trace::{Tracer, trace};

use super::catalog::{Catalog, Key};
use super::error::HistoryError;
use super::file::File;
use super::members::Kept;
use super::store::{Commits, Outcome, Placed, Proposal, Work};
use super::trim::{Retention, Trimmed};
use super::{Apply, Durability};
use crate::command::{Posted, Stored};
use crate::entry::{MemberId, Timestamp};
use crate::limits::{HISTORY_BATCH, TRIM_HOLD};
use crate::refused::Refused;

/// Something that waits to be stored.
pub(super) enum Job {
    Post {
        proposal: Proposal,
        apply: Apply,
        done: oneshot::Sender<Result<Posted, Refused>>,
    },
    Keep(Kept),
    Forget(MemberId),
    /// Drops what is not to be kept any longer at this time.
    Trim(Timestamp, oneshot::Sender<Vec<Trimmed>>),
    Close(oneshot::Sender<()>),
}

pub(super) struct Writer {
    pub(super) file: File,
    pub(super) catalog: Arc<Catalog>,
    pub(super) stored: Stored,
    pub(super) keep: Retention,
    pub(super) trimming: Option<Trimming>,
    pub(super) tracer: Arc<dyn Tracer>,
}

/// What has gone so far since it was asked for.
pub(super) struct Trimming {
    now: Timestamp,
    gone: HashMap<Key, Trimmed>,
    done: oneshot::Sender<Vec<Trimmed>>,
}

pub(super) fn start(
    file: File,
    catalog: Arc<Catalog>,
    durability: Durability,
    keep: Retention,
    mut waiting: mpsc::Receiver<Job>,
    fail: watch::Sender<Option<Arc<HistoryError>>>,
    tracer: Arc<dyn Tracer>,
) -> Result<(), HistoryError> {
    let (stored, trimming) = (durability.stored(), None);
    let writer = Writer { file, catalog, stored, keep, trimming, tracer };
    let run = move || {
        let ran = catch_unwind(AssertUnwindSafe(|| writer.run(&mut waiting)));
        let Err(error) = ran.unwrap_or(Err(HistoryError::Panicked)) else { return };
        // Nobody is left to wonder: what waits is refused, and what comes as well.
        waiting.close();
        while let Some(job) = waiting.blocking_recv() {
            job.refuse(&Refused::NotStored);
        }
        fail.send_replace(Some(Arc::new(error)));
    };
    thread::Builder::new().name("history".into()).spawn(run).map_err(HistoryError::Open)?;
    Ok(())
}

impl Writer {
    /// Until it is told to close, or everybody who could tell it is gone.
    fn run(mut self, waiting: &mut mpsc::Receiver<Job>) -> Result<(), HistoryError> {
        let mut batch = Vec::with_capacity(HISTORY_BATCH);
        while self.next(waiting, &mut batch) {
            let closed = self.store(&mut batch)?;
            if !closed.is_empty() {
                return self.close(closed, waiting);
            }
            self.trim()?;
        }
        self.file.close()
    }

    /// Stores the jobs up to the first that asks to close, which is handed back with what follows
    /// it. An error means that nothing can be stored any more.
    pub(super) fn store(&mut self, batch: &mut Vec<Job>) -> Result<Vec<Job>, HistoryError> {
        let closes = batch.iter().position(|job| matches!(job, Job::Close(_)));
        let closed = closes.map_or_else(Vec::new, |at| batch.split_off(at));
        for job in batch.extract_if(.., |job| matches!(job, Job::Trim(..))) {
            if let Job::Trim(now, done) = job {
                self.trimming = Some(Trimming { now, gone: HashMap::new(), done });
            }
        }
        self.commit(batch)?;
        Ok(closed)
    }

    /// Closes the file and says so.
    pub(super) fn close(
        self,
        closed: Vec<Job>,
        waiting: &mut mpsc::Receiver<Job>,
    ) -> Result<(), HistoryError> {
        self.file.close()?;
        for job in closed {
            job.refuse(&Refused::NotStored);
        }
        waiting.close();
        Ok(())
    }

    /// What waits; if nothing does it waits as well, unless there is something to drop. `false` if
    /// nothing will come any more.
    fn next(&self, waiting: &mut mpsc::Receiver<Job>, batch: &mut Vec<Job>) -> bool {
        if self.trimming.is_none() {
            return waiting.blocking_recv_many(batch, HISTORY_BATCH) > 0;
        }
        while batch.len() < HISTORY_BATCH
            && let Ok(job) = waiting.try_recv()
        {
            batch.push(job);
        }
        true
    }

    /// Drops some of what is to go, between commits, so that nobody who posts waits for all of it.
    fn trim(&mut self) -> Result<(), HistoryError> {
        let Some(trimming) = &mut self.trimming else { return Ok(()) };
        let mut commits = Commits { db: &mut self.file.db, catalog: &self.catalog };
        let trimmed = match commits.trim(&self.keep, trimming.now, TRIM_HOLD) {
            // It is tried again later.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => vec![],
            trimmed => trimmed?,
        };
        if trimmed.is_empty() {
            let Some(Trimming { gone, done, .. }) = self.trimming.take() else { return Ok(()) };
            for Trimmed { key, oldest, entries } in gone.values() {
                let room = match key {
                    Key::Room(name) => name.as_str(),
                    Key::Inbox(_) => "@",
                };
                trace!(self.tracer, "The oldest dropped"; event = "trimmed", room = room, entries = *entries, oldest = oldest.0);
            }
            // Who asked may have gone.
            done.send(gone.into_values().collect()).ok();
            return Ok(());
        }
        for Trimmed { key, oldest, entries } in trimmed {
            let none = Trimmed { key: key.clone(), oldest, entries: 0 };
            let gone = trimming.gone.entry(key).or_insert(none);
            gone.oldest = oldest;
            gone.entries += entries;
        }
        Ok(())
    }

    /// Stores the jobs and tells everybody. An error means that nothing can be stored any more,
    /// and then everybody has been told as well.
    fn commit(&mut self, batch: &mut Vec<Job>) -> Result<(), HistoryError> {
        let work: Vec<_> = batch.iter().filter_map(Job::work).collect();
        if work.is_empty() {
            return Ok(());
        }
        let mut commits = Commits { db: &mut self.file.db, catalog: &self.catalog };
        let committed = commits.commit(&work);
        drop(work);
        match committed {
            Ok(outcomes) => {
                for (job, outcome) in batch.drain(..).zip(outcomes) {
                    job.done(outcome, self.stored);
                }
                Ok(())
            }
            Err(error) => {
                let full = error.sqlite_error_code() == Some(ErrorCode::DiskFull);
                let refused = if full { Refused::StorageFull } else { Refused::NotStored };
                trace!(self.tracer, "Cannot store"; event = "store_failed", error = format_args!("{error}"), waiting = batch.len());
                batch.drain(..).for_each(|job| job.refuse(&refused));
                if full { Ok(()) } else { Err(error.into()) }
            }
        }
    }
}

impl Job {
    fn work(&self) -> Option<Work<'_>> {
        match self {
            Self::Post { proposal, .. } => Some(Work::Post(proposal)),
            Self::Keep(kept) => Some(Work::Keep(kept)),
            Self::Forget(member) => Some(Work::Forget(*member)),
            Self::Trim(..) | Self::Close(_) => None,
        }
    }

    fn done(self, outcome: Outcome, stored: Stored) {
        let Self::Post { proposal, apply, done } = self else { return };
        let posted = outcome.map(|placed| {
            let (seq, dup) = match &placed {
                Placed::New(seqs) => (seqs[0], false),
                Placed::Known(seq) => (*seq, true),
            };
            if let Placed::New(seqs) = &placed {
                apply(proposal, seqs);
            }
            Posted { seq, stored, dup }
        });
        // Who asked may have gone.
        done.send(posted).ok();
    }

    fn refuse(self, refused: &Refused) {
        match self {
            Self::Post { done, .. } => _ = done.send(Err(refused.clone())),
            Self::Close(done) => _ = done.send(()),
            Self::Keep(_) | Self::Forget(_) | Self::Trim(..) => {}
        }
    }
}
