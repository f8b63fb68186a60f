//! What a client is told.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::delivery;
use crate::command::{Joined, Page, Reply, Token};
use crate::entry::{Content, Entry, Mid, News, Notice};
use crate::name::{Name, RoomName};
use crate::refused::Refused;

pub(in crate::wire) fn entry(entry: &Entry) -> Vec<u8> {
    #[derive(Serialize)]
    struct EntryObject<'a> {
        r#type: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        to: Option<Vec<&'a str>>,
        seq: u64,
        prev: u64,
        at: String,
        from: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        mid: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        of: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        body: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reply: Option<u64>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        deleted: bool,
    }
    let (r#type, body, reply) = match &entry.content {
        Content::Post { body, reply } => ("message", Some(&**body), reply.map(|seq| seq.0)),
        Content::Edit { body, .. } => ("edit", Some(&**body), None),
        Content::Delete { .. } => ("delete", None, None),
    };
    bytes(&EntryObject {
        r#type,
        room: entry.direct.is_none().then_some(entry.room.as_str()),
        to: entry.direct.as_ref().map(|direct| texts(&direct.to)),
        seq: entry.seq.0,
        prev: entry.prev.0,
        at: entry.at.to_string(),
        from: entry.from.as_str(),
        mid: entry.mid.as_ref().map(Mid::as_str),
        of: entry.content.of().map(|seq| seq.0),
        body,
        reply,
        deleted: body == Some(""),
    })
}

pub(in crate::wire) fn notice(notice: &Notice) -> Vec<u8> {
    let room = notice.room.as_str();
    bytes(&match &notice.news {
        News::Presence { count, joined, left, .. } => {
            let (joined, left) = (texts(joined), texts(left));
            json!({ "type": "presence", "room": room, "count": count, "joined": joined, "left": left })
        }
        News::Typing(name) => json!({ "type": "typing", "room": room, "from": name.as_str() }),
    })
}

fn texts(names: &[Name]) -> Vec<&str> {
    names.iter().map(Name::as_str).collect()
}

pub(in crate::wire) fn reply(reply: &Reply) -> Vec<u8> {
    let (mut object, id) = match reply {
        Reply::Welcome { id, name, token, body_bytes, frame_bytes, rooms } => (
            json!({
                "type": "welcome", "name": name.as_str(),
                "token": token.as_ref().map(Token::as_str),
                "limits": { "body_bytes": body_bytes, "frame_bytes": frame_bytes },
                "rooms": rooms.iter().map(position).collect::<serde_json::Map<_, _>>(),
            }),
            *id,
        ),
        Reply::Ok { id, posted, unknown } => {
            let stored = posted.stored.as_str();
            let mut ok = json!({ "type": "ok", "seq": posted.seq.0, "stored": stored });
            if posted.dup {
                ok["dup"] = true.into();
            }
            if !unknown.is_empty() {
                ok["unknown"] = texts(unknown).into();
            }
            (ok, *id)
        }
        Reply::Error { id, refused } => {
            let text = refused.to_string();
            let mut error = json!({ "type": "error", "code": refused.code(), "text": text });
            if let Refused::NameTaken { suggest } = refused {
                error["suggest"] = suggest.as_str().into();
            }
            if let Some(ms) = refused.retry_ms() {
                error["retry_ms"] = ms.into();
            }
            (error, *id)
        }
        Reply::Joined { id, joined } => {
            let (room, mut object) = position(joined);
            object["type"] = "joined".into();
            object["room"] = room.into();
            (object, *id)
        }
        Reply::Left { id, room } => (json!({ "type": "left", "room": room.as_str() }), *id),
        Reply::History { id, room, page } => (history_object(room, page), *id),
        Reply::Found { id, room, epoch, messages, before } => {
            let mut found = json!({
                "type": "search", "room": room.as_str(), "epoch": epoch.as_str(),
                "messages": objects(messages),
            });
            if let Some(seq) = before {
                found["before"] = seq.0.into();
            }
            (found, *id)
        }
        Reply::Rooms { id, rooms } => {
            let rooms: Vec<_> = rooms
                .iter()
                .map(|(room, count)| json!({ "room": room.as_str(), "count": count }))
                .collect();
            (json!({ "type": "rooms", "rooms": rooms }), *id)
        }
        Reply::Delivery { id, report } => (delivery::object(report), *id),
        Reply::Unposted { id, mid, refused } => (delivery::unposted(mid, refused), *id),
        Reply::Help => return Vec::new(),
        Reply::Present { id, room, count, members } => {
            let room = room.as_str();
            let mut presence = json!({ "type": "presence", "room": room, "count": count });
            if let Some(members) = members {
                presence["members"] = members.iter().map(Name::as_str).collect();
            }
            (presence, *id)
        }
        Reply::Reset { room, why, oldest } => {
            let (room, why) = (room.as_str(), why.as_str());
            (json!({ "type": "reset", "room": room, "why": why, "oldest": oldest.0 }), None)
        }
        Reply::Gap { room, after, next, why } => {
            let (room, after, next, why) = (room.as_str(), after.0, next.0, why.as_str());
            let gap =
                json!({ "type": "gap", "room": room, "after": after, "next": next, "why": why });
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

fn position(joined: &Joined) -> (String, Value) {
    let (head, replay) = (joined.head.0, joined.replay);
    let position = json!({ "epoch": joined.epoch.as_str(), "head": head, "replay": replay });
    (joined.room.to_string(), position)
}

fn history_object(room: &RoomName, page: &Page) -> Value {
    let (epoch, oldest, head) = (page.epoch.as_str(), page.oldest.0, page.head.0);
    json!({
        "type": "history", "room": room.as_str(), "epoch": epoch, "oldest": oldest, "head": head,
        "messages": objects(&page.entries),
    })
}

fn objects(entries: &[Arc<Entry>]) -> Vec<Value> {
    let messages = entries.iter().map(|at| serde_json::from_slice(&entry(at)));
    messages.map(|at| at.expect("what is written is read")).collect()
}

fn bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("strings, numbers and lists of them always serialize")
}
