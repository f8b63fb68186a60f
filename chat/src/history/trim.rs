//! What is no longer kept: the oldest entries of the logs, a few at a time.

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::catalog::Key;
use super::store::Commits;
use super::tables::{key, put};
use super::writer::Job;
use super::{History, words};
use crate::clock;
use crate::entry::{Seq, Timestamp};
use crate::limits::{TRIM_ENTRIES, TRIM_LOGS};

/// How much of what is said is kept; without either, all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// What was said longer ago than this goes.
    pub age: Option<Duration>,
    /// The oldest goes when the file has more than so many bytes in use.
    pub bytes: Option<u64>,
}

impl Retention {
    /// Whether anything ever goes.
    pub(crate) fn is_on(&self) -> bool {
        self.age.is_some() || self.bytes.is_some()
    }
}

/// A log that begins later now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Trimmed {
    pub(crate) key: Key,
    /// Its oldest entry; the one to come if none is left.
    pub(crate) oldest: Seq,
    /// How many went.
    pub(crate) entries: u64,
}

/// A log by its oldest entry.
struct Oldest {
    id: i64,
    key: Key,
    at: Timestamp,
}

/// An entry that may go.
struct First {
    /// Whose log it is in, by its place among the oldest.
    of: usize,
    seq: Seq,
    /// Its time, or that of one before it in its log that is later.
    at: u64,
    /// Roughly what it takes in the file.
    bytes: u64,
}

impl History {
    /// Whether anything ever goes.
    pub(crate) fn trims(&self) -> bool {
        self.keep.is_on()
    }

    /// Drops what is not to be kept any longer, and says which logs begin later now.
    pub(crate) async fn trim(&self, now: Timestamp) -> Vec<Trimmed> {
        let (done, trimmed) = oneshot::channel();
        match self.jobs.send(Job::Trim(now, done)).await {
            Ok(()) => trimmed.await.unwrap_or_default(),
            Err(_) => vec![],
        }
    }
}

impl Commits<'_> {
    /// Drops some of what is not to be kept any longer, the oldest first, for about as long as
    /// `hold`; nothing if all that there is may stay.
    pub(super) fn trim(
        &mut self,
        keep: &Retention,
        now: Timestamp,
        hold: Duration,
    ) -> rusqlite::Result<Vec<Trimmed>> {
        let before = keep.age.map_or(0, |age| now.0.saturating_sub(age.as_millis() as u64));
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut over = match keep.bytes {
            Some(bytes) => used(&tx)?.saturating_sub(bytes),
            None => 0,
        };
        let logs = oldest(&tx)?;
        let mut gone: HashMap<usize, (Seq, u64)> = HashMap::new();
        let begun = clock::now();
        for first in firsts(&tx, &logs)? {
            // Taking words back costs more than a row does.
            let held = !gone.is_empty() && clock::now().saturating_duration_since(begun) >= hold;
            if held || (first.at >= before && over == 0) {
                break;
            }
            over = over.saturating_sub(first.bytes);
            let Oldest { id, key, .. } = &logs[first.of];
            if matches!(key, Key::Room(_)) {
                words::unsaid(&tx, *id, first.seq, Seq(i64::MAX as u64))?;
            }
            let of = gone.entry(first.of).or_insert((first.seq, 0));
            *of = (first.seq, of.1 + 1);
        }
        let (mut trimmed, mut changed) = (vec![], HashMap::new());
        for (of, (last, entries)) in gone {
            let key = logs[of].key.clone();
            let Some(mut log) = self.catalog.log(&key) else { continue };
            let delete = "DELETE FROM entries WHERE log = ? AND seq <= ?";
            tx.prepare_cached(delete)?.execute((log.id, last))?;
            log.stand.oldest = last.next();
            put(&tx, &key, &log)?;
            trimmed.push(Trimmed { key: key.clone(), oldest: last.next(), entries });
            changed.insert(key, log);
        }
        // Before they are gone, so that nobody takes what is missing for damaged.
        self.catalog.committed(changed, &[]);
        tx.commit()?;
        Ok(trimmed)
    }
}

/// The oldest entries of these logs, by their times; none that is later than one that was not
/// looked at.
fn firsts(tx: &Transaction<'_>, logs: &[Oldest]) -> rusqlite::Result<Vec<First>> {
    let mut last = logs.get(TRIM_LOGS).map_or(u64::MAX, |log| log.at.0);
    let logs = &logs[..logs.len().min(TRIM_LOGS)];
    let each = TRIM_ENTRIES / logs.len().max(1);
    let mut firsts = Vec::with_capacity(TRIM_ENTRIES);
    let mut statement = tx.prepare_cached(
        "SELECT seq, at, length(CAST(body AS BLOB)) FROM entries WHERE log = ?
         ORDER BY seq LIMIT ?",
    )?;
    for (of, Oldest { id, .. }) in logs.iter().enumerate() {
        let (mut rows, mut count, mut latest) = (statement.query((id, each as i64))?, 0, 0);
        while let Some(row) = rows.next()? {
            count += 1;
            latest = latest.max(row.get::<_, i64>(1)? as u64);
            let (seq, text) = (row.get::<_, i64>(0)? as u64, row.get::<_, i64>(2)? as u64);
            firsts.push(First { of, seq: Seq(seq), at: latest, bytes: size(text) });
        }
        if count == each {
            last = last.min(latest);
        }
    }
    firsts.retain(|first| first.at <= last);
    firsts.sort_by_key(|first| first.at);
    Ok(firsts)
}

/// Bytes of the file that hold something.
fn used(db: &Connection) -> rusqlite::Result<u64> {
    let number = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = number("page_count")? - number("freelist_count")?;
    Ok((pages * number("page_size")?) as u64)
}

/// Written as a join, SQLite goes through all entries for it.
const OLDEST: &str = "
    SELECT room, member, (SELECT at FROM entries WHERE log = id ORDER BY seq LIMIT 1) AS begun, id
    FROM logs WHERE begun IS NOT NULL ORDER BY begun LIMIT ?
";

/// The logs whose oldest entries are the oldest of all, by these.
fn oldest(db: &Connection) -> rusqlite::Result<Vec<Oldest>> {
    let mut statement = db.prepare_cached(OLDEST)?;
    let logs = statement.query_map([TRIM_LOGS as i64 + 1], |row| {
        let at = Timestamp(row.get::<_, i64>(2)? as u64);
        let id = row.get(3)?;
        Ok(key(row.get(0)?, row.get(1)?).map(|key| Oldest { id, key, at }))
    })?;
    logs.filter_map(Result::transpose).collect()
}

/// Roughly what an entry takes in the file: what is longer than a quarter of a page has pages of its
/// own for the rest.
fn size(text: u64) -> u64 {
    let (row, page) = (text + 100, 4_096);
    if row > page / 4 { page / 8 + (row - page / 8).div_ceil(page) * page } else { row }
}

#[cfg(test)]
mod tests;
