//! The file: opened, checked and described before anything is served from it.

use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use trace::{Tracer, trace};

use super::Durability;
use super::catalog::Catalog;
use super::error::HistoryError;
use super::place::{Lock, private};
use super::tables::{check, logs, members, put};
use super::tail::is_cut_short;
use super::words;
use crate::entry::Epoch;
use crate::limits::{HISTORY_CACHE_KIB, HISTORY_LOCKED, HISTORY_WAL_PAGES};
use crate::random::random_text;

/// "chat", by which SQLite's own tools know the file.
const ID: i32 = 0x6368_6174;

/// Of what is in it.
const VERSION: i32 = 2;

const SCHEMA: &str = "
    CREATE TABLE state (
        boot TEXT, clean INTEGER NOT NULL, power INTEGER NOT NULL, copied INTEGER NOT NULL
    );
    INSERT INTO state VALUES (NULL, 1, 1, 0);
    CREATE TABLE logs (
        id INTEGER PRIMARY KEY, room TEXT UNIQUE, member INTEGER UNIQUE, epoch TEXT NOT NULL,
        oldest INTEGER NOT NULL, head INTEGER NOT NULL, sum INTEGER NOT NULL
    );
    CREATE TABLE entries (
        log INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, member INTEGER,
        name TEXT NOT NULL, mid TEXT, said INTEGER, kind INTEGER NOT NULL, about INTEGER,
        body TEXT NOT NULL, direct TEXT, copy INTEGER NOT NULL, sum INTEGER NOT NULL,
        PRIMARY KEY (log, seq)
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX mids ON entries (log, ifnull(member, name), mid) WHERE mid IS NOT NULL;
    CREATE INDEX changes ON entries (log, about) WHERE kind <> 0;
    CREATE TABLE members (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL, token BLOB NOT NULL, left INTEGER,
        sum INTEGER NOT NULL
    );
";

/// The inboxes of members who have no token end with them, and nobody is here.
const FORGET_GUESTS: &str = "
    DELETE FROM entries WHERE log IN (
        SELECT id FROM logs WHERE member IS NOT NULL AND member NOT IN (SELECT id FROM members)
    );
    DELETE FROM logs WHERE member IS NOT NULL AND member NOT IN (SELECT id FROM members);
";

/// The file with its one connection that writes.
#[derive(Debug)]
pub(super) struct File {
    pub(super) db: Connection,
    path: PathBuf,
    /// Whoever has it has the file. It is let go after the connection.
    lock: Lock,
}

impl File {
    pub(super) fn open(
        path: &Path,
        durability: Durability,
        tracer: &dyn Tracer,
    ) -> Result<Self, HistoryError> {
        let lock = Lock::take(path)?;
        private(path, false).map_err(HistoryError::Open)?;
        // Before SQLite takes what is whole of it.
        let cut_short = is_cut_short(path).map_err(HistoryError::Open)?;
        let mut db = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        db.busy_timeout(HISTORY_LOCKED)?;
        // A file that is refused stays as it is, and so does what waits beside it.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        let version = version(&db)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        // Whatever comes later: that it is in use has to be on the disk before the first entry, or
        // a file whose end was lost in a power cut looks like one that was closed.
        db.pragma_update(None, "synchronous", "FULL")?;
        // What was deleted is not to be found in the file.
        db.pragma_update(None, "secure_delete", true)?;
        db.pragma_update(None, "cache_size", -HISTORY_CACHE_KIB)?;
        // Each checkpoint writes a page once, however often it changed since the last.
        db.pragma_update(None, "wal_autocheckpoint", HISTORY_WAL_PAGES)?;
        // Or FTS5's own statements are prepared anew for each word that they look for.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        if version < VERSION {
            migrate(&mut db, version, tracer)?;
        }
        begin(&mut db, durability, cut_short, tracer)?;
        if durability == Durability::Process {
            db.pragma_update(None, "synchronous", "NORMAL")?;
        }
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        Ok(Self { db, path: path.into(), lock })
    }

    /// A second connection, that only reads.
    pub(super) fn second(&self) -> Result<Connection, HistoryError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&self.path, flags)?;
        db.busy_timeout(HISTORY_LOCKED)?;
        db.pragma_update(None, "cache_size", -HISTORY_CACHE_KIB)?;
        Ok(db)
    }

    /// What is in it.
    pub(super) fn catalog(&self) -> Result<Catalog, HistoryError> {
        Ok(Catalog::new(logs(&self.db)?, members(&self.db)?))
    }

    /// Everything is in the file, and the next start can tell.
    pub(super) fn close(self) -> Result<(), HistoryError> {
        self.db.execute_batch(FORGET_GUESTS)?;
        self.db.execute("UPDATE state SET clean = 1", [])?;
        self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        self.db.close().map_err(|(_, error)| error)?;
        Ok(())
    }

    /// Takes the file away while nobody else can have it, and what belongs to it.
    pub(super) fn remove(self) -> Result<(), HistoryError> {
        self.db.close().map_err(|(_, error)| error)?;
        std::fs::remove_file(self.path).map_err(HistoryError::Open)?;
        self.lock.remove().map_err(HistoryError::Open)
    }
}

/// The version of what is in it, 0 if that is nothing; an error if it is something else.
pub(super) fn version(db: &Connection) -> Result<i32, HistoryError> {
    let number = |name| db.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (id, version) = (number("application_id")?, number("user_version")?);
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    match (id, version) {
        (0, 0) if tables == 0 => Ok(0),
        (ID, 1..=VERSION) => match tables_of(db)? == tables_of(&made(version)?)? {
            true => Ok(version),
            false => Err(HistoryError::Damaged("its tables are not those of its version".into())),
        },
        (ID, found) if found > VERSION => Err(HistoryError::Newer { found, known: VERSION }),
        _ => Err(HistoryError::NotOurs),
    }
}

/// A file of a version in memory.
fn made(version: i32) -> rusqlite::Result<Connection> {
    let db = Connection::open_in_memory()?;
    (1..=version).try_for_each(|version| db.execute_batch(schema(version)))?;
    Ok(db)
}

/// What a version has that the one before had not.
fn schema(version: i32) -> &'static str {
    match version {
        1 => SCHEMA,
        _ => words::SCHEMA,
    }
}

/// What its tables and indexes are, as SQLite says it.
fn tables_of(db: &Connection) -> rusqlite::Result<Vec<(String, String, Option<String>)>> {
    let mut statement =
        db.prepare("SELECT name, tbl_name, sql FROM sqlite_master ORDER BY name")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
}

/// Makes it what this version knows, from what another one left.
fn migrate(db: &mut Connection, version: i32, tracer: &dyn Tracer) -> Result<(), HistoryError> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    if version > 0 {
        // What is refused stays as it is.
        check(&tx)?;
        let _ = (logs(&tx)?, members(&tx)?);
    }
    (version + 1..=VERSION).try_for_each(|version| tx.execute_batch(schema(version)))?;
    if version < 2 {
        words::index(&tx, tracer)?;
    }
    tx.pragma_update(None, "application_id", ID)?;
    tx.pragma_update(None, "user_version", VERSION)?;
    tx.commit()?;
    Ok(())
}

/// Notes that it is in use; and if the end of the logs cannot be vouched for, they are others from
/// now on.
fn begin(
    db: &mut Connection,
    durability: Durability,
    cut_short: bool,
    tracer: &dyn Tracer,
) -> Result<(), HistoryError> {
    let boot = boot();
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (before, clean, power, copied) =
        tx.query_row("SELECT boot, clean, power, copied FROM state", [], |row| {
            let before: Option<String> = row.get(0)?;
            Ok((before, row.get::<_, bool>(1)?, row.get::<_, bool>(2)?, row.get::<_, bool>(3)?))
        })?;
    let same_boot = boot.is_some() && boot == before;
    let words = clean || check(&tx)?;
    // Before anything is written: who is refused leaves no trace.
    let _ = (logs(&tx)?, members(&tx)?);
    if !words {
        words::rebuild(&tx, tracer)?;
    }
    tx.execute_batch(FORGET_GUESTS)?;
    if cut_short {
        trace!(tracer, "What was written last is damaged and left out"; event = "end_damaged");
    }
    if cut_short || copied || !(clean || power || same_boot) {
        let mut logs = Vec::from_iter(logs(&tx)?);
        logs.sort_by_key(|(_, log)| log.id);
        for (key, mut log) in logs {
            log.stand.epoch = Epoch::new(&random_text(8));
            put(&tx, &key, &log)?;
        }
    }
    let power = durability == Durability::Power;
    tx.execute("UPDATE state SET boot = ?, clean = 0, power = ?, copied = 0", (boot, power))?;
    tx.commit()?;
    Ok(())
}

/// Which start of the computer this is, where that can be known.
fn boot() -> Option<String> {
    #[cfg(test)]
    if let Some(boot) = crate::seeded::boot_id() {
        return Some(boot);
    }
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()
}
