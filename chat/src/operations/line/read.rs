//! What a line of an export says, or what is wrong with it.

use serde_json::error::Category;

use super::{Line, VERSION};
use crate::entry::{Content, Direct, Encoded, Entry, MemberId, Mid, Sender, Seq, Timestamp};
use crate::history::{Kept, Key, TokenHash};
use crate::limits::MOST_BODY_BYTES;
use crate::name::{Name, RoomName};
use crate::refused::Refused;

/// Numbers that every program can tell apart: JavaScript's are doubles.
const MOST: u64 = 1 << 53;

/// What a line says.
pub(in crate::operations) enum Said {
    Begin,
    Member(Kept),
    Entry(Key, Box<Entry>),
    /// So many entries came before it.
    End(u64),
}

impl Line {
    /// What a line says, or what is wrong with it.
    pub(in crate::operations) fn read(line: &[u8]) -> Result<Said, String> {
        let line: Self = serde_json::from_slice(line).map_err(|error| not_json(&error))?;
        match line.r#type.as_str() {
            "export" => match line.version {
                Some(VERSION) => Ok(Said::Begin),
                _ => Err(format!("version: this chat knows version {VERSION} of an export")),
            },
            "member" => line.read_member().map(Said::Member),
            "message" | "edit" | "delete" => line.read_entry(),
            "end" => Ok(Said::End(line.messages.ok_or_else(|| missing("messages"))?)),
            "" => Err(missing("type")),
            other => {
                Err(format!("type: {other:?} is not export, member, message, edit, delete or end"))
            }
        }
    }

    fn read_member(&self) -> Result<Kept, String> {
        let token = self.token.as_deref().ok_or_else(|| missing("token"))?;
        Ok(Kept {
            id: read_id("member", self.member.as_deref().ok_or_else(|| missing("member"))?)?,
            name: read_name("name", self.name.as_deref())?,
            token: hash(token).ok_or("token: it is a SHA-256 of 64 digits")?,
            left: self.left.as_deref().map(|left| read_time("left", left)).transpose()?,
        })
    }

    fn read_entry(self) -> Result<Said, String> {
        let (key, room) = match (&self.room, &self.inbox) {
            (Some(room), None) => {
                let room =
                    RoomName::new(room).map_err(|why| told("room", Refused::BadRoom(why)))?;
                (Key::Room(room.clone()), room)
            }
            (None, Some(member)) => (Key::Inbox(read_id("inbox", member)?), RoomName::inbox()),
            _ => return Err("either room or inbox says where it belongs".into()),
        };
        let seq = match self.seq.ok_or_else(|| missing("seq"))? {
            seq @ 1..MOST => Seq(seq),
            seq => return Err(format!("seq: {seq} is no number of a message")),
        };
        let from = read_name("from", self.from.as_deref())?;
        let direct = match (&key, &self.to) {
            (Key::Room(_), None) => None,
            (Key::Room(_), Some(_)) => return Err("to: that is for an inbox".into()),
            (Key::Inbox(_), None) => return Err(missing("to")),
            (Key::Inbox(_), Some(to)) => {
                let to = to.iter().map(|name| read_name("to", Some(name)));
                Some(Direct { to: to.collect::<Result<_, _>>()?, copy: self.copy })
            }
        };
        let at = self.at.as_deref().ok_or_else(|| missing("at"))?;
        let entry = Entry {
            room,
            direct,
            seq,
            prev: seq.before(),
            at: read_time("at", at)?,
            shown: None,
            sender: match &self.member {
                Some(member) => Sender::Member(read_id("member", member)?),
                None => Sender::Name(from.clone()),
            },
            from,
            mid: match &self.mid {
                Some(mid) => Some(Mid::new(mid).ok_or_else(|| told("mid", Refused::BadMid))?),
                None => None,
            },
            content: self.content()?,
            encoded: Encoded::default(),
        };
        Ok(Said::Entry(key, entry.into()))
    }

    fn content(self) -> Result<Content, String> {
        // 0 stands for a message that is not there any more.
        let of = self.of.map(Seq).ok_or_else(|| missing("of"));
        if self.r#type == "delete" {
            return Ok(Content::Delete { of: of? });
        }
        let body = self.body.ok_or_else(|| missing("body"))?;
        if body.is_empty() && !self.deleted {
            return Err(told("body", Refused::EmptyBody));
        }
        if body.len() > MOST_BODY_BYTES {
            return Err(told("body", Refused::TooLong(MOST_BODY_BYTES)));
        }
        let body = body.into();
        Ok(match self.r#type == "edit" {
            true => Content::Edit { of: of?, body },
            false => Content::Post { body, reply: self.reply.map(Seq) },
        })
    }
}

/// Where it is not JSON, and never what was there: it may be somebody's text.
fn not_json(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Eof => "it ends too early",
        Category::Syntax => "it is not JSON",
        Category::Data | Category::Io => "it is no object, or a field has the wrong type",
    };
    format!("{what} (column {})", error.column())
}

fn missing(field: &str) -> String {
    format!("the field {field:?} is missing")
}

fn told(field: &str, refused: Refused) -> String {
    format!("{field}: {refused}")
}

fn read_id(field: &str, text: &str) -> Result<MemberId, String> {
    let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = u64::from_str_radix(text, 16).ok().filter(|id| digits && *id <= i64::MAX as u64);
    id.map(MemberId).ok_or_else(|| format!("{field}: it has 16 digits, the first below 8"))
}

fn read_name(field: &str, name: Option<&str>) -> Result<Name, String> {
    let name = name.ok_or_else(|| missing(field))?;
    Name::new(name).map_err(|why| told(field, Refused::BadName(why)))
}

fn read_time(field: &str, text: &str) -> Result<Timestamp, String> {
    let time = Timestamp::parse(text);
    time.ok_or_else(|| format!("{field}: {text:?} is no time such as 2026-11-21T10:00:00.000Z"))
}

fn hash(text: &str) -> Option<TokenHash> {
    let digits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut hash = [0; 32];
    for (byte, at) in hash.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    digits.then_some(TokenHash(hash))
}
