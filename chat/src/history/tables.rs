//! What the file knows of logs and members, each with a checksum.

use std::collections::HashMap;

use rusqlite::Connection;

use super::catalog::{Key, Log, Stand};
use super::error::HistoryError;
use super::members::{Kept, TokenHash};
use super::rows::Sum;
use crate::entry::{Epoch, MemberId, Seq, Timestamp};
use crate::name::{Name, RoomName};

/// Every log by whose it is.
pub(super) fn logs(db: &Connection) -> Result<HashMap<Key, Log>, HistoryError> {
    let mut logs = HashMap::new();
    let mut statement = db.prepare(
        "SELECT id, room, member, epoch, oldest, head, sum,
            (SELECT max(seq) FROM entries WHERE log = id) FROM logs",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (room, member) = (row.get::<_, Option<String>>(1)?, row.get::<_, Option<i64>>(2)?);
        let epoch: String = row.get(3)?;
        let stand = Stand {
            epoch: Epoch::new(&epoch),
            oldest: Seq(row.get::<_, i64>(4)? as u64),
            head: Seq(row.get::<_, i64>(5)? as u64),
        };
        let last = row.get::<_, Option<i64>>(7)?.unwrap_or(0) as u64;
        let log = Log { id: row.get(0)?, stand };
        let key = match (room, member) {
            (Some(room), None) => RoomName::new(&room).ok().map(Key::Room),
            (None, Some(member)) => Some(Key::Inbox(MemberId(member as u64))),
            _ => None,
        };
        let wrong = || HistoryError::Damaged(format!("what is known of log {}", log.id));
        let key = key.ok_or_else(wrong)?;
        if sum(&key, &log) != row.get::<_, i64>(6)? || last > log.stand.head.0 {
            return Err(wrong());
        }
        logs.insert(key, log);
    }
    Ok(logs)
}

/// Every member.
pub(super) fn members(db: &Connection) -> Result<Vec<Kept>, HistoryError> {
    let mut statement = db.prepare("SELECT id, name, token, left, sum FROM members")?;
    let kept = |row: &rusqlite::Row<'_>| {
        let (id, name): (i64, String) = (row.get(0)?, row.get(1)?);
        let left = row.get::<_, Option<i64>>(3)?.map(|ms| Timestamp(ms as u64));
        let token = TokenHash(row.get(2)?);
        let kept =
            Name::new(&name).ok().map(|name| Kept { id: MemberId(id as u64), name, token, left });
        let right: i64 = row.get(4)?;
        Ok((id, kept.filter(|kept| self::kept_sum(kept) == right)))
    };
    let mut members = Vec::new();
    for member in statement.query_map([], kept)? {
        let (id, kept) = member?;
        members.push(
            kept.ok_or_else(|| HistoryError::Damaged(format!("what is known of member {id}")))?,
        );
    }
    Ok(members)
}

/// Writes what is known of a log.
pub(super) fn put(db: &Connection, key: &Key, log: &Log) -> rusqlite::Result<()> {
    let (room, member) = match key {
        Key::Room(room) => (Some(room.as_str()), None),
        Key::Inbox(member) => (None, Some(member.0 as i64)),
    };
    let Stand { epoch, oldest, head } = &log.stand;
    let mut statement =
        db.prepare_cached("INSERT OR REPLACE INTO logs VALUES (?, ?, ?, ?, ?, ?, ?)")?;
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
