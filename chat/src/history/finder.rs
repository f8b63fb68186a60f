//! Searching a log, newest first.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};

use super::catalog::Key;
use super::rows::{COLUMNS, Stored, is_damage};
use super::words;
use crate::command::Reply;
use crate::entry::{Entry, Epoch, Seq};
use crate::limits::{HISTORY_BYTES, SEARCH_HITS};
use crate::name::RoomName;
use crate::search::Search;

/// Messages that were searched for, newest first.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    /// Each as it reads now.
    pub(crate) entries: Vec<Arc<Entry>>,
    /// Where to search on, if there may be more.
    pub(crate) before: Option<Seq>,
}

impl Hits {
    pub(crate) fn reply(self, id: Option<u64>, room: RoomName, epoch: Epoch) -> Reply {
        Reply::Found { id, room, epoch, messages: self.entries, before: self.before }
    }
}

/// What is looked for, and where.
pub(super) struct Hunt {
    pub(super) key: Key,
    pub(super) log: i64,
    pub(super) search: Search,
    /// The newest seq it may be.
    pub(super) last: Seq,
    pub(super) most: usize,
}

pub(super) fn find(db: &Connection, hunt: &Hunt) -> rusqlite::Result<Hits> {
    let most = hunt.most.min(SEARCH_HITS);
    let mut numbers = db.prepare_cached(
        "SELECT rowid FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ?
         ORDER BY rowid DESC",
    )?;
    let (first, last) = (words::number(hunt.log, Seq(1)), words::number(hunt.log, hunt.last));
    let mut numbers = numbers.query((hunt.search.expression(), first, last))?;
    let (mut hits, mut bytes) = (Hits::default(), 0);
    while let Some(number) = numbers.next()? {
        if hits.entries.len() == most || bytes >= HISTORY_BYTES {
            hits.before = hits.entries.last().map(|entry| entry.seq);
            break;
        }
        let seq = words::seq(number.get(0)?);
        match message(db, hunt, seq) {
            Ok(Some(entry)) => {
                bytes += entry.content.body().len();
                hits.entries.push(Arc::new(entry));
            }
            Ok(None) => {}
            Err(error) if is_damage(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(hits)
}

/// The message with its last words, if both are whole.
fn message(db: &Connection, hunt: &Hunt, seq: Seq) -> rusqlite::Result<Option<Entry>> {
    let Some(body) = words::last_words(db, hunt.log, seq, Seq(i64::MAX as u64))? else {
        return Ok(None);
    };
    let mut statement =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM entries WHERE log = ? AND seq = ?"))?;
    let found = statement.query_row((hunt.log, seq), |row| Stored::read(hunt.log, row)).optional();
    let Some((mut row, right)) = found? else { return Ok(None) };
    row.body = body;
    Ok(row.entry(&hunt.key).filter(|_| right))
}
