//! The least that storing can cost: one thread that inserts the same rows into the same tables, as
//! many to a commit as there are writers and each in the room of its own, with its words. Nobody
//! asks for it and nobody is told, and there is no checksum to make and nothing to look up.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use chat::{Durability, History, Tracers};
use rusqlite::Connection;
use tokio::runtime::Runtime;

use crate::{BODY, Kept, Run};

/// The seq of an entry is the lower part of its number in the index of words.
const SEQ_BITS: u32 = 40;

/// With memory only it is the loop of `process`: there is nothing barer to compare with.
pub fn run(file: &Path, kept: Kept, writers: usize, time: Duration) -> Result<Run, Box<dyn Error>> {
    remove(file);
    let durability = if kept == Kept::Power { Durability::Power } else { Durability::Process };
    // The tables are those of the server because the server made them.
    let history = History::open(file, durability, Tracers::default().tracer)?;
    Runtime::new()?.block_on(history.close());
    let mut db = Connection::open(file)?;
    let synchronous = if kept == Kept::Power { "FULL" } else { "NORMAL" };
    db.pragma_update(None, "synchronous", synchronous)?;
    // As a server has it.
    db.pragma_update(None, "cache_size", -8_192)?;
    db.pragma_update(None, "wal_autocheckpoint", 2_000)?;
    let (mut waits, mut seq) = (Vec::new(), 0_i64);
    let begun = Instant::now();
    while begun.elapsed() < time {
        let commit = Instant::now();
        let tx = db.transaction()?;
        {
            let mut insert = tx.prepare_cached(
                "INSERT INTO entries VALUES (?, ?, ?, NULL, ?, ?, 1, 0, NULL, ?, NULL, 0, 1)",
            )?;
            let mut index = tx.prepare_cached("INSERT INTO words(rowid, body) VALUES (?, ?)")?;
            seq += 1;
            for log in 1..=writers as i64 {
                let (name, mid) = (format!("writer{log}"), format!("mid-{log}-{seq}"));
                insert.execute((log, seq, 1_700_000_000_000 + seq, name, mid, BODY))?;
                index.execute((log << SEQ_BITS | seq, BODY))?;
            }
        }
        tx.commit()?;
        waits.extend(std::iter::repeat_n(commit.elapsed(), writers));
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
