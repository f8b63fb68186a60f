//! The json format, `chat.v1`: one object a message. docs/protocol.md is its contract.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use serde_json::{Value, json};

use super::{Request, body};
use crate::command::{Command, Hello, Joined, Lost, Post, Reply, Start, Token};
use crate::entry::{Content, Entry, Epoch, Mid, Notice, Seq};
use crate::limits::Limits;
use crate::name::{Name, RoomName};
use crate::refused::Refused;

/// Every field of every request: one shape, so that a request that cannot be understood still
/// gives up its `id`.
#[derive(Deserialize)]
struct Asked {
    #[serde(rename = "type")]
    kind: Option<String>,
    id: Option<u64>,
    name: Option<String>,
    token: Option<String>,
    rooms: Option<BTreeMap<String, Position>>,
    room: Option<String>,
    mid: Option<String>,
    body: Option<String>,
    reply: Option<u64>,
}

#[derive(Deserialize)]
struct Position {
    epoch: Option<String>,
    after: Option<u64>,
    last: Option<usize>,
}

pub(super) fn decode(message: &[u8], limits: &Limits) -> Request {
    let asked: Asked = match serde_json::from_slice(message) {
        Ok(asked) => asked,
        Err(error) => {
            // The id is worth a second look: a client that gets it back knows which request erred.
            let id = serde_json::from_slice::<Value>(message).ok().and_then(|v| v["id"].as_u64());
            return Request { id, command: Err(bad_json(&error)) };
        }
    };
    Request { id: asked.id, command: command(asked, limits) }
}

fn command(asked: Asked, limits: &Limits) -> Result<Command, Refused> {
    match asked.kind.as_deref() {
        Some("hello") => hello(asked, limits).map(Command::Hello),
        Some("post") => post(asked, limits).map(Command::Post),
        Some(other) => Err(Refused::UnknownType(other.chars().take(32).collect())),
        None => Err(Refused::Missing("type")),
    }
}

fn hello(asked: Asked, limits: &Limits) -> Result<Hello, Refused> {
    let name = asked.name.ok_or(Refused::Missing("name"))?;
    let name = Name::new(&name).map_err(Refused::BadName)?;
    let rooms = asked.rooms.unwrap_or_default();
    if rooms.len() > limits.rooms_per_session {
        return Err(Refused::TooManyJoined(limits.rooms_per_session));
    }
    let rooms = rooms
        .into_iter()
        .map(|(room, position)| {
            Ok((RoomName::new(&room).map_err(Refused::BadRoom)?, start(position)?))
        })
        .collect::<Result<BTreeMap<_, _>, _>>()?;
    let token = asked.token.as_deref().map(Token::new);
    Ok(Hello { name, token, rooms: rooms.into_iter().collect() })
}

fn start(position: Position) -> Result<Start, Refused> {
    match position {
        Position { epoch: Some(epoch), after: Some(after), .. } => {
            Ok(Start::After(Epoch::new(&epoch), Seq(after)))
        }
        Position { epoch: Some(_), .. } => Err(Refused::Missing("after")),
        Position { after: Some(_), .. } => Err(Refused::Missing("epoch")),
        Position { last: Some(n), .. } => Ok(Start::Last(n)),
        Position { last: None, .. } => Ok(Start::Head),
    }
}

/// Where it is not JSON, and never what was there: it may be somebody's text.
fn bad_json(error: &serde_json::Error) -> Refused {
    let what = match error.classify() {
        Category::Syntax => "it is not JSON",
        Category::Eof => "it ends too early",
        Category::Data | Category::Io => "a field has the wrong type",
    };
    Refused::BadJson { what, line: error.line(), column: error.column() }
}

fn post(asked: Asked, limits: &Limits) -> Result<Post, Refused> {
    let room = asked.room.map(|room| RoomName::new(&room).map_err(Refused::BadRoom)).transpose()?;
    let mid = asked.mid.map(|mid| Mid::new(&mid).ok_or(Refused::BadMid)).transpose()?;
    let text = asked.body.ok_or(Refused::Missing("body"))?;
    let content =
        Content::Post { body: body::checked(&text, limits)?, reply: asked.reply.map(Seq) };
    Ok(Post { room, mid, content })
}

pub(super) fn entry(entry: &Entry) -> Vec<u8> {
    #[derive(Serialize)]
    struct EntryObject<'a> {
        r#type: &'static str,
        room: &'a str,
        seq: u64,
        prev: u64,
        at: String,
        from: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        mid: Option<&'a str>,
        body: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        reply: Option<u64>,
    }
    let Content::Post { body, reply } = &entry.content;
    bytes(&EntryObject {
        r#type: "message",
        room: entry.room.as_str(),
        seq: entry.seq.0,
        prev: entry.prev.0,
        at: entry.at.to_string(),
        from: entry.from.as_str(),
        mid: entry.mid.as_ref().map(Mid::as_str),
        body,
        reply: reply.map(|seq| seq.0),
    })
}

pub(super) fn notice(notice: &Notice) -> Vec<u8> {
    fn texts(names: &[Name]) -> Vec<&str> {
        names.iter().map(Name::as_str).collect()
    }
    #[derive(Serialize)]
    struct NoticeObject<'a> {
        r#type: &'static str,
        room: &'a str,
        count: usize,
        joined: Vec<&'a str>,
        left: Vec<&'a str>,
    }
    bytes(&NoticeObject {
        r#type: "presence",
        room: notice.room.as_str(),
        count: notice.count,
        joined: texts(&notice.joined),
        left: texts(&notice.left),
    })
}

pub(super) fn reply(reply: &Reply) -> Vec<u8> {
    let (mut object, id) = match reply {
        Reply::Welcome { id, name, token, body_bytes, frame_bytes, rooms } => (
            json!({
                "type": "welcome", "name": name.as_str(),
                "token": token.as_ref().map(Token::as_str),
                "limits": { "body_bytes": body_bytes, "frame_bytes": frame_bytes },
                "rooms": rooms.iter().map(room).collect::<serde_json::Map<_, _>>(),
            }),
            *id,
        ),
        Reply::Ok { id, posted } => {
            let stored = posted.stored.as_str();
            let mut ok = json!({ "type": "ok", "seq": posted.seq.0, "stored": stored });
            if posted.dup {
                ok["dup"] = true.into();
            }
            (ok, *id)
        }
        Reply::Error { id, refused } => {
            let text = refused.to_string();
            let mut error = json!({ "type": "error", "code": refused.code(), "text": text });
            if let Refused::NameTaken { suggest } = refused {
                error["suggest"] = suggest.as_str().into();
            }
            (error, *id)
        }
        Reply::Present { room, count, members } => {
            let room = room.as_str();
            let mut presence = json!({ "type": "presence", "room": room, "count": count });
            if let Some(members) = members {
                presence["members"] = members.iter().map(Name::as_str).collect();
            }
            (presence, None)
        }
        Reply::Reset { room, why, oldest } => {
            let why = match why {
                Lost::Epoch => "epoch",
                Lost::Expired => "expired",
            };
            let room = room.as_str();
            (json!({ "type": "reset", "room": room, "why": why, "oldest": oldest.0 }), None)
        }
        Reply::Gap { room, after, next } => {
            let (room, after, next) = (room.as_str(), after.0, next.0);
            let gap =
                json!({ "type": "gap", "room": room, "after": after, "next": next, "why": "slow" });
            (gap, None)
        }
        Reply::Bye { end, after_ms } => {
            let mut bye =
                json!({ "type": "bye", "why": end.as_str(), "reconnect": end.reconnect() });
            if let Some(ms) = after_ms {
                bye["after_ms"] = (*ms).into();
            }
            (bye, None)
        }
    };
    if let Some(id) = id {
        object["id"] = id.into();
    }
    bytes(&object)
}

fn room(joined: &Joined) -> (String, Value) {
    let (head, replay) = (joined.head.0, joined.replay);
    let position = json!({ "epoch": joined.epoch.as_str(), "head": head, "replay": replay });
    (joined.room.to_string(), position)
}

fn bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("strings, numbers and lists of them always serialize")
}
