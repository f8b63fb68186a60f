//! History without threads, on a disk that takes its time and forgets at a power cut what was not
//! synced. Commits and pages are those of every history.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::sleep;
use trace::Tracer;

use super::error::HistoryError;
use super::file::File;
use super::reader::{Ask, answer_all};
use super::trim::Retention;
use super::writer::{Job, Writer};
use super::{Durability, History};
use crate::limits::{HISTORY_BATCH, HISTORY_INBOX, HISTORY_PAGES};
use crate::seeded::{self, Lot};

/// The disk of a simulated server, with one file.
#[derive(Debug)]
pub(crate) struct Disk {
    path: PathBuf,
    durability: Durability,
    // Held for a few assignments, never across an await.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    lot: Lot,
    /// Bytes of the write-ahead log that a power cut leaves; the file beside it is only written
    /// when it is closed.
    synced: u64,
    boots: u64,
}

/// What a crash leaves.
pub(crate) struct Image {
    file: Vec<u8>,
    wal: Vec<u8>,
}

impl Disk {
    pub(crate) fn new(path: PathBuf, durability: Durability, seed: u64) -> Arc<Self> {
        let state = Mutex::new(State { lot: Lot::new(seed), synced: 0, boots: 1 });
        Arc::new(Self { path, durability, state })
    }

    /// The history in the file, served by tasks of the runtime that this is called in.
    pub(crate) fn open(self: &Arc<Self>, tracer: Arc<dyn Tracer>) -> Result<History, HistoryError> {
        let file = File::open(&self.path, self.durability, &*tracer)?;
        // The disk of this computer has no part in it.
        file.db.pragma_update(None, "synchronous", "OFF")?;
        file.db.pragma_update(None, "wal_autocheckpoint", 0)?;
        self.sync();
        let (catalog, second) = (Arc::new(file.catalog()?), file.second()?);
        let (jobs, waiting) = mpsc::channel(HISTORY_INBOX);
        let (asks, asked) = mpsc::channel(HISTORY_PAGES);
        // Nobody searches.
        let (searches, _) = mpsc::channel(1);
        let (fail, failed) = watch::channel(None);
        let stored = self.durability.stored();
        let (shared, told) = (Arc::clone(&catalog), Arc::clone(&tracer));
        let (keep, trimming) = (Retention::default(), None);
        let writer = Writer { file, catalog: shared, stored, keep, trimming, tracer: told };
        tokio::spawn(Arc::clone(self).write(writer, waiting, fail));
        tokio::spawn(Arc::clone(self).read(second, asked, tracer));
        let (pages, durability) = (Semaphore::new(HISTORY_PAGES), self.durability);
        Ok(History { catalog, jobs, asks, pages, searches, failed, durability, keep })
    }

    async fn write(
        self: Arc<Self>,
        mut writer: Writer,
        mut waiting: mpsc::Receiver<Job>,
        // Held for as long as nothing has failed.
        _fail: watch::Sender<Option<Arc<HistoryError>>>,
    ) {
        let mut batch = Vec::new();
        while waiting.recv_many(&mut batch, HISTORY_BATCH).await > 0 {
            self.takes_its_time().await;
            let closed = writer.store(&mut batch).expect("nothing is wrong with the file");
            // Without the promise of a sync it happens now and then.
            if self.durability == Durability::Power || self.state().lot.once_in(8) {
                self.sync();
            }
            if !closed.is_empty() {
                writer.close(closed, &mut waiting).expect("nothing is wrong with the file");
                self.sync();
                return;
            }
        }
    }

    async fn read(
        self: Arc<Self>,
        db: Connection,
        mut asked: mpsc::Receiver<Ask>,
        tracer: Arc<dyn Tracer>,
    ) {
        let mut waiting = Vec::new();
        while asked.recv_many(&mut waiting, HISTORY_PAGES).await > 0 {
            self.takes_its_time().await;
            if let Some(closed) = answer_all(&mut waiting, &db, &*tracer) {
                drop(db);
                closed.send(()).ok();
                return;
            }
        }
    }

    async fn takes_its_time(&self) {
        let time = {
            let lot = &mut self.state().lot;
            if lot.once_in(40) { lot.ms(100, 700) } else { lot.ms(1, 25) }
        };
        sleep(time).await;
    }

    /// All that was written is safe.
    fn sync(&self) {
        self.state().synced = fs::metadata(self.wal()).map_or(0, |wal| wal.len());
    }

    /// What the end of the process leaves, or a power cut, which starts the computer anew.
    pub(crate) fn crash(&self, power: bool) -> Image {
        let file = fs::read(&self.path).unwrap_or_default();
        let mut wal = fs::read(self.wal()).unwrap_or_default();
        if power {
            let mut state = self.state();
            let unsynced = (wal.len() as u64).saturating_sub(state.synced);
            let kept = state.synced + state.lot.below(unsynced + 1);
            wal.truncate(kept as usize);
            state.boots += 1;
            seeded::boot(state.boots);
        }
        Image { file, wal }
    }

    /// Everything is as the crash left it.
    pub(crate) fn restore(&self, image: &Image) {
        fs::write(&self.path, &image.file).expect("the folder can be written to");
        fs::write(self.wal(), &image.wal).expect("the folder can be written to");
        fs::remove_file(self.beside("-shm")).ok();
    }

    fn wal(&self) -> PathBuf {
        self.beside("-wal")
    }

    fn beside(&self, end: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(end);
        path.into()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
