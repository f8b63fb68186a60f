//! Edits and deletions of what is stored.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::rows::{COLUMNS, Stored};
use crate::entry::{Sender, Seq};
use crate::refused::Refused;

/// Only what somebody said can be changed, and only by them.
pub(super) fn may_change(
    tx: &Transaction<'_>,
    log: i64,
    of: Seq,
    sender: &Sender,
) -> rusqlite::Result<Result<(), Refused>> {
    let mut statement =
        tx.prepare_cached(&format!("SELECT {COLUMNS} FROM entries WHERE log = ? AND seq = ?"))?;
    let found = statement.query_row((log, of), |row| Stored::read(log, row)).optional()?;
    Ok(match found {
        Some((post, true)) if post.is_post() && !post.body.is_empty() => {
            match post.sender == *sender {
                true => Ok(()),
                false => Err(Refused::NotYours),
            }
        }
        _ => Err(Refused::NoMessage(of)),
    })
}

/// Takes the text from an entry and from all that edit it.
pub(super) fn blank(db: &Connection, log: i64, of: Seq) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM entries WHERE log = ?1 AND seq = ?2
         UNION ALL SELECT {COLUMNS} FROM entries WHERE log = ?1 AND kind <> 0 AND about = ?2"
    ))?;
    let rows: rusqlite::Result<Vec<_>> =
        statement.query_map((log, of), |row| Stored::read(log, row))?.collect();
    let mut update =
        db.prepare_cached("UPDATE entries SET body = '', sum = ? WHERE log = ? AND seq = ?")?;
    for (mut row, right) in rows? {
        row.body.clear();
        if right {
            update.execute((row.sum(log), log, row.seq))?;
        }
    }
    Ok(())
}
