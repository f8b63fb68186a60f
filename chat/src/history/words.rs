//! The index of the words that rooms said: written in the commit of what was said, and taken back
//! with it. What is said to members alone is in none.

use rusqlite::{Connection, OptionalExtension};
use trace::{Tracer, trace};

use super::rows::{COLUMNS, Stored};
use crate::clock;
use crate::entry::{Content, Seq};
use crate::limits::PROGRESS;
use crate::search::parted;

pub(super) const SCHEMA: &str = "
    CREATE VIRTUAL TABLE words USING fts5(
        body, content='', tokenize='unicode61 remove_diacritics 2'
    );
    INSERT INTO words(words, rank) VALUES('secure-delete', 1);
";

/// The seq of an entry is the lower part of its number in the index: 2^23 logs of 2^40 entries.
const SEQ_BITS: u32 = 40;

pub(super) fn number(log: i64, seq: Seq) -> i64 {
    (log << SEQ_BITS) | seq.0 as i64
}

pub(super) fn seq(number: i64) -> Seq {
    Seq(number as u64 & ((1 << SEQ_BITS) - 1))
}

/// Indexes what a new entry says. An edit is found where the message is, by its last words.
pub(super) fn said(db: &Connection, log: i64, seq: Seq, content: &Content) -> rusqlite::Result<()> {
    match content {
        Content::Post { body, .. } => put(db, log, seq, body),
        Content::Edit { of, body } => {
            unsaid(db, log, *of, seq)?;
            put(db, log, *of, body)
        }
        Content::Delete { of } => unsaid(db, log, *of, seq),
    }
}

/// Takes what a message said before an entry out of the index. Damaged text stays there, because
/// nobody knows what it was; it is never shown.
pub(super) fn unsaid(db: &Connection, log: i64, of: Seq, before: Seq) -> rusqlite::Result<()> {
    let Some(body) = last_words(db, log, of, before)? else { return Ok(()) };
    db.prepare_cached("INSERT INTO words(words, rowid, body) VALUES('delete', ?, ?)")?
        .execute((number(log, of), parted(&body)))?;
    // At once: what waits for the commit nobody has counted, and FTS5 takes it and other words for
    // the same message for one change, and keeps the places of words that are in both.
    db.prepare_cached("INSERT INTO words(words) VALUES('flush')")?.execute(())?;
    Ok(())
}

fn put(db: &Connection, log: i64, seq: Seq, body: &str) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO words(rowid, body) VALUES(?, ?)")?
        .execute((number(log, seq), parted(body)))?;
    Ok(())
}

/// What a message says, by its last edit before an entry; `None` if it says nothing, or nobody
/// knows.
pub(super) fn last_words(
    db: &Connection,
    log: i64,
    of: Seq,
    before: Seq,
) -> rusqlite::Result<Option<String>> {
    // Left to itself, SQLite looks through all that came before.
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM entries WHERE log = ?1 AND seq = ?2 AND kind = 0
         UNION ALL SELECT {COLUMNS} FROM entries INDEXED BY changes
            WHERE log = ?1 AND kind <> 0 AND about = ?2 AND seq < ?3
         ORDER BY seq DESC LIMIT 1"
    ))?;
    let last = statement.query_row((log, of, before), |row| Stored::read(log, row)).optional()?;
    Ok(last.filter(|(row, right)| *right && !row.body.is_empty()).map(|(row, _)| row.body))
}

/// Makes the index anew from what rooms have said.
pub(super) fn rebuild(db: &Connection, tracer: &dyn Tracer) -> rusqlite::Result<()> {
    db.execute("INSERT INTO words(words) VALUES('delete-all')", [])?;
    trace!(tracer, "The index of words is damaged and made anew"; event = "index_damaged");
    index(db, tracer)
}

/// How many messages of rooms are not in the index.
pub(super) fn left_out(db: &Connection) -> rusqlite::Result<u64> {
    let count = format!(
        "SELECT count(*) FROM entries JOIN logs ON log = id
         WHERE kind = 0 AND room IS NOT NULL AND body <> ''
            AND (log << {SEQ_BITS} | seq) NOT IN (SELECT id FROM words_docsize)"
    );
    db.query_row(&count, [], |row| row.get::<_, i64>(0)).map(|count| count as u64)
}

/// Indexes all that rooms have said, and traces how far it is.
pub(super) fn index(db: &Connection, tracer: &dyn Tracer) -> rusqlite::Result<()> {
    let of = "FROM entries JOIN logs ON log = id WHERE kind = 0 AND room IS NOT NULL";
    let total = db.query_row(&format!("SELECT count(*) {of}"), [], |row| row.get::<_, i64>(0))?;
    let (mut done, mut due) = (0, clock::now() + PROGRESS);
    let mut posts = db.prepare(&format!("SELECT log, seq {of}"))?;
    let mut posts = posts.query([])?;
    while let Some(post) = posts.next()? {
        let (log, seq) = (post.get(0)?, Seq(post.get::<_, i64>(1)? as u64));
        if let Some(body) = last_words(db, log, seq, Seq(i64::MAX as u64))? {
            put(db, log, seq, &body)?;
        }
        done += 1;
        if clock::now() >= due {
            due += PROGRESS;
            trace!(tracer, "Indexing what was said"; event = "indexing", done = done, total = total);
        }
    }
    Ok(())
}
