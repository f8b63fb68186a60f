//! The file as it stands, also while a server has it: read, checked and copied, and never written.

mod backup;
mod check;
mod damage;
mod walk;

use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

pub use self::backup::BackupError;
pub(crate) use self::check::{Checked, Step};
use self::damage::Damage;
use super::error::HistoryError;
use super::file::version;
use super::place::beside;
use crate::limits::{HISTORY_CACHE_KIB, HISTORY_LOCKED};

/// A history that is only read.
pub(crate) struct Archive {
    db: Option<Connection>,
    path: PathBuf,
    /// Nobody had it open, and nobody who was killed left anything beside it.
    alone: bool,
}

impl Archive {
    pub(crate) fn open(path: &Path) -> Result<Self, HistoryError> {
        // SQLite says less about why.
        std::fs::metadata(path).map_err(HistoryError::Open)?;
        let alone = !beside(path, "-wal").exists();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)?;
        let archive = Self { db: Some(db), path: path.into(), alone };
        let db = archive.db();
        db.busy_timeout(HISTORY_LOCKED)?;
        db.pragma_update(None, "cache_size", -HISTORY_CACHE_KIB)?;
        // What a server that was killed left beside the file stays there for the next one.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        match version(db)? {
            0 => Err(HistoryError::NotOurs),
            _ => Ok(archive),
        }
    }

    fn db(&self) -> &Connection {
        self.db.as_ref().expect("a connection until it is dropped")
    }

    /// How many entries there are, as the logs have it.
    pub(crate) fn entries(&self) -> u64 {
        let sum = "SELECT ifnull(sum(max(head - oldest + 1, 0)), 0) FROM logs";
        // What is damaged is told by those who read it.
        self.db().query_row(sum, [], |row| row.get::<_, i64>(0)).unwrap_or(0) as u64
    }
}

impl Drop for Archive {
    /// Reading alone leaves two empty files beside it, that only a connection which may write takes
    /// away.
    fn drop(&mut self) {
        self.db = None;
        if self.alone && beside(&self.path, "-wal").exists() {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let tidy = || {
                Connection::open_with_flags(&self.path, flags)?.query_row(
                    "SELECT count(*) FROM sqlite_master",
                    [],
                    |_| Ok(()),
                )
            };
            // Whoever may not write leaves them.
            tidy().ok();
        }
    }
}

#[cfg(test)]
mod tests;
