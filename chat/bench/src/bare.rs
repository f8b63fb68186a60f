//! The least that storing can cost: one thread, one prepared statement, and as many rows to a
//! commit as there are writers. No checksum, no index of words, nobody who is told.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::{BODY, Kept, Run};

const SCHEMA: &str = "
    CREATE TABLE entries (
        log INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, member INTEGER,
        name TEXT NOT NULL, mid TEXT, said INTEGER, kind INTEGER NOT NULL, about INTEGER,
        body TEXT NOT NULL, direct TEXT, copy INTEGER NOT NULL, sum INTEGER NOT NULL,
        PRIMARY KEY (log, seq)
    ) WITHOUT ROWID;
";

/// With memory only it is the loop of `process`: there is nothing barer to compare with.
pub fn run(file: &Path, kept: Kept, batch: usize, time: Duration) -> Result<Run, Box<dyn Error>> {
    remove(file);
    let mut db = Connection::open(file)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    let synchronous = if kept == Kept::Power { "FULL" } else { "NORMAL" };
    db.pragma_update(None, "synchronous", synchronous)?;
    db.execute_batch(SCHEMA)?;
    let (mut waits, mut seq) = (Vec::new(), 0_i64);
    let begun = Instant::now();
    while begun.elapsed() < time {
        let commit = Instant::now();
        let tx = db.transaction()?;
        {
            let mut insert = tx.prepare_cached(
                "INSERT INTO entries VALUES (1, ?, ?, 7, 'somebody', ?, 1, 0, NULL, ?, NULL, 0, 1)",
            )?;
            for _ in 0..batch {
                seq += 1;
                insert.execute((seq, 1_700_000_000_000 + seq, format!("mid-{seq}"), BODY))?;
            }
        }
        tx.commit()?;
        waits.extend(std::iter::repeat_n(commit.elapsed(), batch));
    }
    let took = begun.elapsed();
    drop(db);
    remove(file);
    Ok(Run { took, waits })
}

/// Takes away what a run left.
pub fn remove(file: &Path) {
    for end in ["", "-wal", "-shm", "-lock"] {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        fs::remove_file(name).ok();
    }
}
