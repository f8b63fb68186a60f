//! What a client asks.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::error::Category;

use super::super::{Request, body};
use crate::command::{Command, Hello, Post, Range, Start, Token, Which};
use crate::entry::{Content, Epoch, Mid, Seq};
use crate::limits::{Limits, RECIPIENTS};
use crate::name::{Name, RoomName};
use crate::refused::Refused;
use crate::search::Search;

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
    to: Option<Vec<String>>,
    body: Option<String>,
    reply: Option<u64>,
    of: Option<u64>,
    seq: Option<u64>,
    epoch: Option<String>,
    before: Option<u64>,
    after: Option<u64>,
    last: Option<usize>,
    limit: Option<usize>,
    q: Option<String>,
}

const KNOWN: &str = "known are hello, post, edit, delete, join, leave, history, search, who, \
                     rooms, why, typing and ack";

#[derive(Deserialize)]
struct Position {
    epoch: Option<String>,
    after: Option<u64>,
    last: Option<usize>,
}

pub(in crate::wire) fn decode(message: &[u8], limits: &Limits) -> Request {
    let asked: Asked = match serde_json::from_slice(message) {
        Ok(asked) => asked,
        Err(error) => {
            // The id is worth a second look: a client that gets it back knows which request erred.
            let id = serde_json::from_slice::<Value>(message).ok().and_then(|v| v["id"].as_u64());
            return Request { id, ..Request::of(Err(bad_json(&error))) };
        }
    };
    let posts = matches!(asked.kind.as_deref(), Some("post" | "edit" | "delete"));
    let mid = asked.mid.as_deref().filter(|_| posts).and_then(Mid::new);
    let room = match &asked.to {
        Some(to) if !to.is_empty() => Some(RoomName::inbox()),
        _ => asked.room.as_deref().and_then(|room| room_or_inbox(room).ok()),
    };
    Request { id: asked.id, mid, room, command: command(asked, limits) }
}

/// A post whose type goes without saying.
pub(in crate::wire) fn decode_post(message: &[u8], limits: &Limits) -> Result<Post, Refused> {
    let asked: Asked = serde_json::from_slice(message).map_err(|error| bad_json(&error))?;
    match asked.kind.as_deref() {
        None | Some("post") => post(asked, limits),
        Some(other) => Err(Refused::UnknownType {
            asked: other.chars().take(32).collect(),
            known: "only a post can be posted here",
        }),
    }
}

fn command(asked: Asked, limits: &Limits) -> Result<Command, Refused> {
    match asked.kind.as_deref() {
        Some("hello") => hello(asked, limits).map(Command::Hello),
        Some("post") => post(asked, limits).map(Command::Post),
        Some("edit") => edit(asked, limits).map(Command::Post),
        Some("delete") => delete(asked).map(Command::Post),
        Some("join") => join(asked),
        Some("leave") => Ok(Command::Leave(room(asked.room)?)),
        Some("history") => history(asked),
        Some("search") => search(asked),
        Some("who") => Ok(Command::Who(room(asked.room)?)),
        Some("rooms") => Ok(Command::Rooms),
        Some("why") => why(asked),
        Some("typing") => Ok(Command::Typing(room(asked.room)?)),
        Some("ack") => {
            let seq = Seq(asked.seq.ok_or(Refused::Missing("seq"))?);
            Ok(Command::Ack(room(asked.room)?, seq))
        }
        Some(other) => {
            Err(Refused::UnknownType { asked: other.chars().take(32).collect(), known: KNOWN })
        }
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
        .map(|(room, position)| Ok((room_or_inbox(&room)?, start(position)?)))
        .collect::<Result<BTreeMap<_, _>, _>>()?;
    let token = asked.token.as_deref().map(Token::new);
    Ok(Hello { name, token, keeps: true, rooms: rooms.into_iter().collect() })
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
    let text = asked.body.ok_or(Refused::Missing("body"))?;
    let content =
        Content::Post { body: body::checked(&text, limits)?, reply: asked.reply.map(Seq) };
    let names = asked.to.unwrap_or_default();
    if asked.room.is_some() && !names.is_empty() {
        return Err(Refused::RoomOrTo);
    }
    if names.len() > RECIPIENTS {
        return Err(Refused::Recipients(RECIPIENTS));
    }
    let to = names.iter().map(|name| Name::new(name).map_err(Refused::BadName));
    let to = to.collect::<Result<Vec<_>, _>>()?;
    Ok(Post { room: room(asked.room)?, to, mid: mid(asked.mid)?, content })
}

fn edit(asked: Asked, limits: &Limits) -> Result<Post, Refused> {
    let of = Seq(asked.of.ok_or(Refused::Missing("of"))?);
    let text = asked.body.ok_or(Refused::Missing("body"))?;
    let content = Content::Edit { of, body: body::checked(&text, limits)? };
    Ok(Post { room: room(asked.room)?, to: vec![], mid: mid(asked.mid)?, content })
}

fn delete(asked: Asked) -> Result<Post, Refused> {
    let content = Content::Delete { of: Seq(asked.of.ok_or(Refused::Missing("of"))?) };
    Ok(Post { room: room(asked.room)?, to: vec![], mid: mid(asked.mid)?, content })
}

fn join(asked: Asked) -> Result<Command, Refused> {
    let room = asked.room.ok_or(Refused::Missing("room"))?;
    let room = RoomName::new(&room).map_err(Refused::BadRoom)?;
    let (epoch, after, last) = (asked.epoch, asked.after, asked.last);
    Ok(Command::Join { room, start: start(Position { epoch, after, last })? })
}

fn history(asked: Asked) -> Result<Command, Refused> {
    let range = match (asked.before, asked.after) {
        (Some(seq), _) => Range::Before(Seq(seq)),
        (None, Some(seq)) => Range::After(Seq(seq)),
        (None, None) => Range::Newest,
    };
    Ok(Command::History { room: room(asked.room)?, range, limit: asked.limit })
}

fn search(asked: Asked) -> Result<Command, Refused> {
    let search = Search::new(&asked.q.ok_or(Refused::Missing("q"))?).ok_or(Refused::BadSearch)?;
    let before = asked.before.map(Seq);
    Ok(Command::Search { room: room(asked.room)?, search, before, limit: asked.limit })
}

fn why(asked: Asked) -> Result<Command, Refused> {
    let which = match (asked.seq, mid(asked.mid)?) {
        (Some(seq), _) => Which::Seq(Seq(seq)),
        (None, Some(mid)) => Which::Mid(mid),
        (None, None) => return Err(Refused::Missing("seq")),
    };
    Ok(Command::Why { room: room(asked.room)?, which })
}

fn room(name: Option<String>) -> Result<Option<RoomName>, Refused> {
    name.map(|name| room_or_inbox(&name)).transpose()
}

fn room_or_inbox(name: &str) -> Result<RoomName, Refused> {
    match name {
        "@" => Ok(RoomName::inbox()),
        _ => RoomName::new(name).map_err(Refused::BadRoom),
    }
}

fn mid(text: Option<String>) -> Result<Option<Mid>, Refused> {
    text.map(|text| Mid::new(&text).ok_or(Refused::BadMid)).transpose()
}
