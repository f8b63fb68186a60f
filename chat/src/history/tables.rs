//! What the file knows of logs and members, each with a checksum.

use std::collections::HashMap;

use rusqlite::Connection;

use super::catalog::{Key, Log, Stand};
use super::error::HistoryError;
use super::members::{Kept, TokenHash};
use super::rows::Sum;
use crate::entry::{Epoch, MemberId, Seq, Timestamp};
use crate::name::{Name, RoomName};

/// Whether SQLite's own structure is whole: an error if it is not, and `false` if that is only the
/// index of words, which can be made anew.
pub(super) fn check(db: &Connection) -> Result<bool, HistoryError> {
    let mut statement = db.prepare("PRAGMA quick_check")?;
    let (mut rows, mut words) = (statement.query([])?, true);
    while let Some(row) = rows.next()? {
        match row.get::<_, String>(0)? {
            what if what == "ok" => {}
            what if what.contains("inverted index") || what.starts_with("fts5:") => words = false,
            what => return Err(HistoryError::Damaged(what)),
        }
    }
    Ok(words)
}

/// What a row says of a log, whether it is right or not.
pub(super) struct Known {
    pub(super) log: Log,
    /// Whose it is, if that is a room or a member at all.
    pub(super) key: Option<Key>,
    /// Its checksum is right, and no entry is behind its newest.
    pub(super) right: bool,
}

/// Whose a log is, by the room or the member that it names.
pub(super) fn key(room: Option<String>, member: Option<i64>) -> Option<Key> {
    match (room, member) {
        (Some(room), None) => RoomName::new(&room).ok().map(Key::Room),
        (None, Some(member)) => Some(Key::Inbox(MemberId(member as u64))),
        _ => None,
    }
}

/// Every log that the file knows of.
pub(super) fn known(db: &Connection) -> rusqlite::Result<Vec<Known>> {
    let mut statement = db.prepare(
        "SELECT id, room, member, epoch, oldest, head, sum,
            (SELECT max(seq) FROM entries WHERE log = id) FROM logs",
    )?;
    let known = statement.query_map([], |row| {
        // What has another type than it was written with is damaged as well.
        let text = |at| row.get::<_, Option<String>>(at).ok().flatten();
        let number = |at| row.get::<_, Option<i64>>(at).ok().flatten();
        let epoch = text(3);
        let stand = Stand {
            epoch: Epoch::new(epoch.as_deref().unwrap_or_default()),
            oldest: Seq(number(4).unwrap_or(1) as u64),
            head: Seq(number(5).unwrap_or(0) as u64),
        };
        let last = number(7).unwrap_or(0) as u64;
        let log = Log { id: row.get(0)?, stand };
        let key = key(text(1), number(2));
        let right = key.as_ref().is_some_and(|key| Some(sum(key, &log)) == number(6));
        Ok(Known { right: right && last <= log.stand.head.0, log, key })
    })?;
    known.collect()
}

/// Every log by whose it is.
pub(super) fn logs(db: &Connection) -> Result<HashMap<Key, Log>, HistoryError> {
    let logs = known(db)?.into_iter().map(|Known { log, key, right }| match key {
        Some(key) if right => Ok((key, log)),
        _ => Err(HistoryError::Damaged(format!("what is known of log {}", log.id))),
    });
    logs.collect()
}

/// Every member; its number where what is known of it is damaged.
pub(super) fn known_members(db: &Connection) -> rusqlite::Result<Vec<Result<Kept, i64>>> {
    let mut statement = db.prepare("SELECT id, name, token, left, sum FROM members")?;
    let members = statement.query_map([], |row| {
        let kept = || -> rusqlite::Result<_> {
            let (id, name): (i64, String) = (row.get(0)?, row.get(1)?);
            let left = row.get::<_, Option<i64>>(3)?.map(|ms| Timestamp(ms as u64));
            let token = TokenHash(row.get(2)?);
            let name = Name::new(&name).ok();
            let kept = name.map(|name| Kept { id: MemberId(id as u64), name, token, left });
            let right: i64 = row.get(4)?;
            Ok(kept.filter(|kept| kept_sum(kept) == right))
        };
        let id: i64 = row.get(0)?;
        Ok(kept().ok().flatten().ok_or(id))
    })?;
    members.collect()
}

/// Every member.
pub(super) fn members(db: &Connection) -> Result<Vec<Kept>, HistoryError> {
    let wrong = |id| HistoryError::Damaged(format!("what is known of member {id}"));
    known_members(db)?.into_iter().map(|member| member.map_err(wrong)).collect()
}

/// Writes what is known of a log.
pub(super) fn put(db: &Connection, key: &Key, log: &Log) -> rusqlite::Result<()> {
    let (room, member) = match key {
        Key::Room(room) => (Some(room.as_str()), None),
        Key::Inbox(member) => (None, Some(member.0 as i64)),
    };
    let Stand { epoch, oldest, head } = &log.stand;
    // To replace a row is to take it out of all indexes and to put it in again.
    let mut statement = db.prepare_cached(
        "INSERT INTO logs VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE
         SET epoch = excluded.epoch, oldest = excluded.oldest, head = excluded.head,
            sum = excluded.sum",
    )?;
    statement.execute((log.id, room, member, epoch.as_str(), oldest, head, sum(key, log)))?;
    Ok(())
}

fn sum(key: &Key, log: &Log) -> i64 {
    let mut sum = Sum::default();
    match key {
        Key::Room(room) => sum.text(Some(room.as_str())).number(None),
        Key::Inbox(member) => sum.text(None).number(Some(member.0 as i64)),
    };
    let Stand { epoch, oldest, head } = &log.stand;
    sum.number(Some(log.id)).text(Some(epoch.as_str()));
    sum.number(Some(oldest.0 as i64)).number(Some(head.0 as i64)).value()
}

/// The checksum of a member.
pub(super) fn kept_sum(kept: &Kept) -> i64 {
    let mut sum = Sum::default();
    sum.number(Some(kept.id.0 as i64)).text(Some(kept.name.as_str())).bytes(&kept.token.0);
    sum.number(kept.left.map(|left| left.0 as i64)).value()
}
