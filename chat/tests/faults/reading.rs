//! A history read by our own library, in process: everything that a member is told of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat::{
    Durability, End, History, HistoryError, Inbound, Limits, RoomName, Sessions, Tracers, Wire,
};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, DuplexStream, Lines, duplex};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longer than a damaged file may take to say so.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server without a port.
pub struct House {
    history: Arc<History>,
    sessions: Sessions,
}

impl House {
    pub fn open(path: &Path, durability: Durability) -> Result<Self, HistoryError> {
        let history = Arc::new(History::open(path, durability, Arc::new(trace::off()))?);
        let limits = Limits { messages_at_once: u32::MAX, ..Limits::default() };
        let sessions = Sessions::new(limits, Tracers::default(), Some(Arc::clone(&history)));
        Ok(Self { history, sessions })
    }

    pub fn visit(&self) -> Visitor {
        let (ours, theirs) = duplex(64 << 10);
        let (say, said) = mpsc::channel(64);
        let said = Box::pin(stream::unfold(said, |mut said| async {
            said.recv().await.map(|inbound| (inbound, said))
        }));
        let session = self.sessions.open(Wire::JsonLines, RoomName::lobby());
        let ran = tokio::spawn(session.run(said, ours));
        Visitor { say, hear: BufReader::new(theirs).lines(), ran }
    }

    pub async fn close(self) {
        self.sessions.drain().await;
        timeout(PATIENCE, self.history.close()).await.expect("an end in time");
    }
}

/// Somebody whose session is a pipe.
pub struct Visitor {
    say: mpsc::Sender<Inbound>,
    hear: Lines<BufReader<DuplexStream>>,
    ran: JoinHandle<End>,
}

impl Visitor {
    pub async fn say(&self, what: &Value) {
        self.say.send(Inbound::Message(Bytes::from(what.to_string()))).await.ok();
    }

    /// What comes next; `None` at the end.
    pub async fn hear(&mut self) -> Option<Value> {
        let line = timeout(PATIENCE, self.hear.next_line()).await.expect("an answer in time");
        line.unwrap().map(|line| serde_json::from_str(&line).unwrap())
    }

    /// The answer to the request of this number; `None` if the session ended instead.
    pub async fn answer(&mut self, id: u64) -> Option<Value> {
        loop {
            let heard = self.hear().await?;
            if heard["id"] == id {
                return Some(heard);
            }
        }
    }

    pub async fn leave(self) {
        drop(self.say);
        drop(self.hear);
        timeout(PATIENCE, self.ran).await.expect("an end in time").unwrap();
    }
}

/// What was told of one log, by its numbers.
#[derive(Debug, Default)]
pub struct Told {
    pub epoch: String,
    pub head: u64,
    /// Where the telling began.
    pub first: u64,
    pub entries: BTreeMap<u64, Value>,
    /// Numbers that were told as gone, or where the session ended with a reason.
    pub missing: Vec<u64>,
}

/// What a member was told that comes back.
pub struct Reading {
    /// Whether it still is who it was.
    pub known: bool,
    /// Whether it was sent away before it was told everything.
    pub ended: bool,
    pub told: BTreeMap<String, Told>,
}

/// The last so many entries of these rooms, as a member is told them who comes in; or why something is not as it
/// has to be, whatever is in the file.
pub async fn read_all(
    visitor: &mut Visitor,
    name: &str,
    token: &str,
    rooms: &[&str],
    last: u64,
) -> Result<Reading, String> {
    let from: serde_json::Map<_, _> =
        rooms.iter().map(|room| (room.to_string(), json!({ "last": last }))).collect();
    visitor.say(&json!({ "type": "hello", "name": name, "token": token, "rooms": from })).await;
    let welcome = visitor.hear().await.ok_or("no welcome")?;
    if welcome["type"] != "welcome" {
        return Err(format!("no welcome but {welcome}"));
    }
    let known = welcome["token"] == token;
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    let mut due = BTreeMap::new();
    for (room, at) in welcome["rooms"].as_object().unwrap() {
        let (head, replay) = (at["head"].as_u64().unwrap(), at["replay"].as_u64().unwrap());
        let (epoch, first) = (at["epoch"].as_str().unwrap().into(), head - replay + 1);
        told.insert(room.clone(), Told { epoch, head, first, ..Told::default() });
        due.insert(room.clone(), (first, head));
    }
    while due.values().any(|(due, head)| due <= head) {
        let Some(heard) = visitor.hear().await else {
            return Err("the session ended without a word".into());
        };
        let room = heard["room"].as_str().unwrap_or("@").to_owned();
        let number = |key: &str| heard[key].as_u64().unwrap();
        match heard["type"].as_str().unwrap() {
            "message" | "edit" | "delete" => {
                let seq = number("seq");
                let (due, _) = due.get_mut(&room).ok_or_else(|| format!("in no room: {heard}"))?;
                if *due != seq || number("prev") + 1 != seq {
                    return Err(format!("{due} was due, not {heard}"));
                }
                *due += 1;
                told.get_mut(&room).unwrap().entries.insert(seq, heard);
            }
            "gap" => {
                let (due, head) = due.get_mut(&room).unwrap();
                if *due != number("after") + 1
                    || number("next") <= *due
                    || number("next") > *head + 1
                {
                    return Err(format!("{due} was due, not {heard}"));
                }
                told.get_mut(&room).unwrap().missing.extend(*due..number("next"));
                *due = number("next");
            }
            "presence" => {}
            "bye" => {
                // Everything from here on is told as unreadable.
                for (room, (due, head)) in &due {
                    told.get_mut(room).unwrap().missing.extend(*due..=*head);
                }
                return Ok(Reading { known, ended: true, told });
            }
            _ => return Err(format!("unexpected: {heard}")),
        }
    }
    Ok(Reading { known, ended: false, told })
}

/// Reads the same by pages, from the end on. What was told is the same there; what was told as
/// missing may be found, and is added.
pub async fn read_pages(
    visitor: &mut Visitor,
    told: &mut BTreeMap<String, Told>,
) -> Result<(), String> {
    let mut id = 0;
    for (room, Told { head, entries, missing, .. }) in told {
        let mut before = *head + 1;
        while before > 1 {
            id += 1;
            visitor
                .say(&json!({ "type": "history", "id": id, "room": room, "before": before }))
                .await;
            let page = visitor.answer(id).await.ok_or("the session ended without a word")?;
            if page["type"] == "error" {
                break;
            }
            let mut seqs = Vec::new();
            for entry in page["messages"].as_array().unwrap() {
                let seq = entry["seq"].as_u64().unwrap();
                if missing.contains(&seq) {
                    entries.insert(seq, entry.clone());
                }
                if entries.get(&seq) != Some(entry) {
                    return Err(format!("a page has {entry}, which was not told"));
                }
                seqs.push(seq);
            }
            if !seqs.is_sorted_by(|a, b| a < b) || seqs.last().is_some_and(|last| *last >= before) {
                return Err(format!("a page before {before} has {seqs:?}"));
            }
            before = seqs.first().copied().unwrap_or(1);
        }
    }
    Ok(())
}
