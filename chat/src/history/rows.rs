//! An entry as a row with a checksum: what is read is what was written, or it is not served.

use std::sync::Arc;

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, ToSql};
use sha2::{Digest, Sha256};

use super::catalog::Key;
use crate::entry::{Content, Direct, Entry, MemberId, Mid, Sender, Seq, Timestamp};
use crate::name::{Name, RoomName};

/// The columns of an entry, in the order of [`Stored::read`].
pub(super) const COLUMNS: &str =
    "seq, at, member, name, mid, said, kind, about, body, direct, copy, sum";

const POST: i64 = 0;
const EDIT: i64 = 1;
pub(super) const DELETE: i64 = 2;

/// One row, without its log.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) seq: Seq,
    pub(super) at: Timestamp,
    pub(super) sender: Sender,
    pub(super) name: String,
    pub(super) mid: Option<String>,
    /// What a `mid` stood for, by its hash; it outlives the text.
    pub(super) said: Option<i64>,
    pub(super) kind: i64,
    /// The message that it answers or changes.
    pub(super) about: Option<Seq>,
    pub(super) body: String,
    /// The names it was for, by commas.
    pub(super) direct: Option<String>,
    pub(super) copy: bool,
}

impl Stored {
    /// The row, and whether its checksum is right.
    pub(super) fn read(log: i64, row: &Row<'_>) -> rusqlite::Result<(Self, bool)> {
        let number = |at| row.get::<_, Option<i64>>(at).map(|n| n.map(|n| Seq(n as u64)));
        let name: String = row.get(3)?;
        let sender = match row.get::<_, Option<i64>>(2)? {
            Some(member) => Sender::Member(MemberId(member as u64)),
            // It was checked when it was stored; if it is no name any more the checksum tells.
            None => Sender::Name(Name::new(&name).unwrap_or_else(|_| Name::nobody())),
        };
        let stored = Self {
            seq: Seq(row.get::<_, i64>(0)? as u64),
            at: Timestamp(row.get::<_, i64>(1)? as u64),
            sender,
            name,
            mid: row.get(4)?,
            said: row.get(5)?,
            kind: row.get(6)?,
            about: number(7)?,
            body: row.get(8)?,
            direct: row.get(9)?,
            copy: row.get(10)?,
        };
        let right = stored.sum(log) == row.get::<_, i64>(11)?;
        Ok((stored, right))
    }

    pub(super) fn is_post(&self) -> bool {
        self.kind == POST
    }

    pub(super) fn sum(&self, log: i64) -> i64 {
        let member = self.member();
        let mut sum = Sum::default();
        sum.number(Some(log)).number(Some(self.seq.0 as i64)).number(Some(self.at.0 as i64));
        sum.number(member).text(Some(&self.name)).text(self.mid.as_deref()).number(self.said);
        sum.number(Some(self.kind)).number(self.about.map(|seq| seq.0 as i64));
        sum.text(Some(&self.body)).text(self.direct.as_deref()).number(Some(self.copy.into()));
        sum.value()
    }

    pub(super) fn member(&self) -> Option<i64> {
        match self.sender {
            Sender::Member(member) => Some(member.0 as i64),
            Sender::Name(_) => None,
        }
    }

    /// As the rooms know it; `None` if it holds what no room would take.
    pub(super) fn entry(self, key: &Key) -> Option<Entry> {
        let body = self.body.into_boxed_str();
        let content = match (self.kind, self.about) {
            (POST, reply) => Content::Post { body, reply },
            (EDIT, Some(of)) => Content::Edit { of, body },
            (DELETE, Some(of)) => Content::Delete { of },
            _ => return None,
        };
        let direct = match self.direct {
            Some(names) => {
                let to: Option<Arc<[Name]>> =
                    names.split(',').map(|name| Name::new(name).ok()).collect();
                Some(Direct { to: to?, copy: self.copy })
            }
            None => None,
        };
        let mid = match self.mid {
            Some(mid) => Some(Mid::new(&mid)?),
            None => None,
        };
        let room = match key {
            Key::Room(room) => room.clone(),
            Key::Inbox(_) => RoomName::inbox(),
        };
        Some(Entry {
            room,
            direct,
            seq: self.seq,
            prev: Seq(self.seq.0.checked_sub(1)?),
            at: self.at,
            shown: None,
            sender: self.sender,
            from: Name::new(&self.name).ok()?,
            mid,
            content,
            encoded: Default::default(),
        })
    }
}

/// Whether it is what is in the file that is wrong, so that other places of it may be whole.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    use ErrorCode::{DatabaseCorrupt, NotADatabase, SystemIoFailure};
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase | SystemIoFailure))
}

/// Where a log has what a member, or who else uses a name, posted under a `mid`; and the hash of
/// what that stood for.
pub(super) fn place(
    db: &Connection,
    log: i64,
    member: Option<i64>,
    name: &str,
    mid: &str,
) -> rusqlite::Result<Option<(Seq, Option<i64>)>> {
    let mut statement = db.prepare_cached(
        "SELECT seq, said FROM entries WHERE log = ? AND ifnull(member, name) = ? AND mid = ?",
    )?;
    let place = |found: &rusqlite::Row<'_>| {
        Ok((Seq(found.get::<_, i64>(0)? as u64), found.get::<_, Option<i64>>(1)?))
    };
    let found = match member {
        Some(member) => statement.query_row((log, member, mid), place),
        None => statement.query_row((log, name, mid), place),
    };
    found.optional()
}

/// The kind of a content, the message it is about, and its hash.
pub(super) fn content(content: &Content) -> (i64, Option<Seq>, i64) {
    let (kind, about) = match content {
        Content::Post { reply, .. } => (POST, *reply),
        Content::Edit { of, .. } => (EDIT, Some(*of)),
        Content::Delete { of } => (DELETE, Some(*of)),
    };
    let mut sum = Sum::default();
    sum.number(Some(kind)).number(about.map(|seq| seq.0 as i64)).text(Some(content.body()));
    (kind, about, sum.value())
}

/// The names that a direct message is for; none has a comma.
pub(super) fn joined(names: &[Name]) -> String {
    names.iter().map(Name::as_str).collect::<Vec<_>>().join(",")
}

/// The first eight bytes of a SHA-256 (FIPS 180-4) over values that cannot run into each other.
#[derive(Default)]
pub(super) struct Sum(Sha256);

impl Sum {
    pub(super) fn number(&mut self, number: Option<i64>) -> &mut Self {
        self.0.update([number.is_some().into()]);
        self.0.update(number.unwrap_or(0).to_le_bytes());
        self
    }

    pub(super) fn text(&mut self, text: Option<&str>) -> &mut Self {
        self.number(text.map(|text| text.len() as i64));
        self.0.update(text.unwrap_or(""));
        self
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(Some(bytes.len() as i64));
        self.0.update(bytes);
        self
    }

    pub(super) fn value(&self) -> i64 {
        let digest = self.0.clone().finalize();
        i64::from_le_bytes(digest[..8].try_into().expect("a digest has 32 bytes"))
    }
}

impl ToSql for Seq {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok((self.0 as i64).into())
    }
}
