//! What is said is kept: acknowledgements, restarts, resuming, and readers that are far behind.

mod searching;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chat::{Access, Durability, History, Limits, Server, Tracers};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use trace::Recorder;

use crate::folder::Folder;

pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Kept {
    pub addr: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<chat::Drained, chat::Error>>,
}

impl Kept {
    pub async fn start(path: &Path, limits: Limits) -> Self {
        let limits = Limits { messages_at_once: u32::MAX, ..limits };
        let history = History::open(path, Durability::Process, Tracers::default().tracer).unwrap();
        let server = Server::new(limits, Access::default(), Tracers::default());
        Self::serve(server.with_history(history)).await
    }

    pub async fn serve(server: Server) -> Self {
        let listeners = chat::listen(&["127.0.0.1:0".parse().unwrap()]).await.unwrap().listeners;
        let addr = listeners[0].local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(server.serve(listeners, async {
            stopped.await.ok();
        }));
        Self { addr, stop, ended }
    }

    pub async fn stop(self) {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.ended).await.unwrap().unwrap().unwrap();
    }

    pub async fn connect(&self) -> Client {
        let (read, write) = TcpStream::connect(self.addr).await.unwrap().into_split();
        Client { lines: BufReader::new(read).lines(), write, token: None }
    }

    /// Somebody who is in, and the welcome.
    pub async fn join(&self, hello: Value) -> (Client, Value) {
        let mut client = self.connect().await;
        let mut asked = json!({ "type": "hello" });
        asked.as_object_mut().unwrap().extend(hello.as_object().unwrap().clone());
        client.say(asked).await;
        let welcome = client.next().await;
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        client.token = Some(welcome["token"].clone());
        (client, welcome)
    }

    pub async fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.addr).await.unwrap();
        let asked = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(asked.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

pub struct Client {
    pub lines: Lines<BufReader<OwnedReadHalf>>,
    pub write: OwnedWriteHalf,
    pub token: Option<Value>,
}

impl Client {
    pub async fn say(&mut self, value: Value) {
        self.write.write_all(format!("{value}\n").as_bytes()).await.unwrap();
    }

    pub async fn next(&mut self) -> Value {
        let line = timeout(PATIENCE, self.lines.next_line()).await.expect("a line in time");
        serde_json::from_str(&line.unwrap().expect("a line")).unwrap()
    }

    /// The next of a type, whatever else comes before.
    pub async fn hear(&mut self, kind: &str) -> Value {
        loop {
            let next = self.next().await;
            if next["type"] == kind {
                return next;
            }
            assert!(
                !["error", "bye", "reset", "gap"].contains(&next["type"].as_str().unwrap()),
                "{next}"
            );
        }
    }

    /// Says something and waits for what came of it.
    pub async fn ask(&mut self, mut value: Value, answer: &str) -> Value {
        value["id"] = 7.into();
        self.say(value).await;
        self.hear(answer).await
    }

    /// The bodies of so many messages, which follow each other without a hole.
    pub async fn bodies(&mut self, count: usize) -> Vec<String> {
        let (mut bodies, mut last) = (Vec::new(), None);
        while bodies.len() < count {
            let message = self.hear("message").await;
            assert!(
                last.as_ref().is_none_or(|last| message["prev"] == *last),
                "{last:?} {message}"
            );
            last = Some(message["seq"].clone());
            bodies.push(message["body"].as_str().unwrap().to_owned());
        }
        bodies
    }
}

pub fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| n.to_string()).collect()
}

#[tokio::test]
async fn what_is_acknowledged_is_there_after_a_restart() {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    let server = Kept::start(&file, Limits::default()).await;
    let (mut ann, welcome) = server.join(json!({ "name": "ann" })).await;
    let epoch = welcome["rooms"]["lobby"]["epoch"].clone();
    for n in 0..5 {
        let ok = ann.ask(json!({ "type": "post", "body": n.to_string() }), "ok").await;
        assert_eq!((&ok["seq"], &ok["stored"]), (&json!(n + 1), &json!("process")));
    }
    server.stop().await;

    let server = Kept::start(&file, Limits::default()).await;
    // Who had seen some of it, who had seen nothing of it, and who comes for the first time.
    let from = json!({ "epoch": epoch, "after": 2 });
    let (mut bob, welcome) =
        server.join(json!({ "name": "bob", "rooms": { "lobby": from } })).await;
    assert_eq!(welcome["rooms"]["lobby"], json!({ "epoch": epoch, "head": 5, "replay": 3 }));
    assert_eq!(bob.bodies(3).await, numbers(2..5));
    let from = json!({ "epoch": epoch, "after": 0 });
    let (mut cid, _) = server.join(json!({ "name": "cid", "rooms": { "lobby": from } })).await;
    assert_eq!(cid.bodies(5).await, numbers(0..5));
    let (mut dan, _) =
        server.join(json!({ "name": "dan", "rooms": { "lobby": { "last": 2 } } })).await;
    assert_eq!(dan.bodies(2).await, numbers(3..5));
    // And they go on together.
    let ok = dan.ask(json!({ "type": "post", "body": "5" }), "ok").await;
    assert_eq!(ok["seq"], 6);
    for client in [&mut bob, &mut cid] {
        assert_eq!(client.bodies(1).await, ["5"]);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_position_that_cannot_be_is_reset() {
    let folder = Folder::new();
    let server = Kept::start(&folder.file("chat.db"), Limits::default()).await;
    let (mut ann, welcome) = server.join(json!({ "name": "ann" })).await;
    let epoch = welcome["rooms"]["lobby"]["epoch"].clone();
    ann.ask(json!({ "type": "post", "body": "0" }), "ok").await;
    for (name, from, why) in [
        ("bob", json!({ "epoch": epoch, "after": 9 }), "expired"),
        ("cid", json!({ "epoch": "other", "after": 1 }), "epoch"),
    ] {
        let hello = json!({ "name": name, "rooms": { "lobby": from } });
        let (mut bob, welcome) = server.join(hello).await;
        assert_eq!(welcome["rooms"]["lobby"]["replay"], 1);
        let reset = bob.next().await;
        assert_eq!(reset, json!({ "type": "reset", "room": "lobby", "why": why, "oldest": 1 }));
        assert_eq!(bob.bodies(1).await, ["0"]);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_resend_is_known_after_a_restart() {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    let server = Kept::start(&file, Limits::default()).await;
    let (mut ann, _) = server.join(json!({ "name": "ann" })).await;
    let post = json!({ "type": "post", "mid": "m1", "body": "once" });
    let ok = ann.ask(post.clone(), "ok").await;
    assert_eq!(ok["dup"], Value::Null);
    assert_eq!(ann.ask(post.clone(), "ok").await["dup"], true);
    let token = ann.token.clone();
    server.stop().await;

    let server = Kept::start(&file, Limits::default()).await;
    let (mut ann, welcome) = server.join(json!({ "name": "ann", "token": token })).await;
    assert_eq!(welcome["token"], token.unwrap());
    let again = ann.ask(post, "ok").await;
    assert_eq!((&again["seq"], &again["dup"]), (&json!(1), &json!(true)));
    let other = json!({ "type": "post", "mid": "m1", "body": "other" });
    assert_eq!(ann.ask(other, "error").await["code"], "mid_reused");
    // Whoever else uses the same `mid` means another message.
    let (mut bob, _) = server.join(json!({ "name": "bob" })).await;
    let theirs = json!({ "type": "post", "mid": "m1", "body": "once" });
    assert_eq!(bob.ask(theirs, "ok").await["seq"], 2);
    server.stop().await;
}

#[tokio::test]
async fn names_and_inboxes_outlive_the_server() {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    let server = Kept::start(&file, Limits::default()).await;
    let (ann, _) = server.join(json!({ "name": "ann" })).await;
    let (mut bob, _) = server.join(json!({ "name": "bob" })).await;
    let direct = json!({ "type": "post", "to": ["ann"], "body": "for you" });
    bob.ask(direct, "ok").await;
    let (token, bobs) = (ann.token.clone(), bob.token.clone());
    server.stop().await;

    let server = Kept::start(&file, Limits::default()).await;
    // Nobody can take the name, nor what belongs to it.
    let mut eve = server.connect().await;
    eve.say(json!({ "type": "hello", "name": "ann" })).await;
    assert_eq!(eve.next().await["code"], "name_taken");
    // Somebody writes while its owner is still away.
    let (mut bob, _) = server.join(json!({ "name": "bob", "token": bobs })).await;
    let direct = json!({ "type": "post", "to": ["ann"], "body": "come back" });
    assert_eq!(bob.ask(direct, "ok").await["unknown"], Value::Null);
    let rooms = json!({ "lobby": {}, "@": { "last": 9 } });
    let (mut ann, _) = server.join(json!({ "name": "ann", "token": token, "rooms": rooms })).await;
    assert_eq!(ann.bodies(2).await, ["for you", "come back"]);
    server.stop().await;
}

#[tokio::test]
async fn deleted_text_is_kept_nowhere() {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    let server = Kept::start(&file, Limits::default()).await;
    let (mut ann, _) = server.join(json!({ "name": "ann" })).await;
    ann.ask(json!({ "type": "post", "body": "SECRET-ONE ".repeat(900) }), "ok").await;
    ann.ask(json!({ "type": "edit", "of": 1, "body": "SECRET-TWO ".repeat(900) }), "ok").await;
    ann.ask(json!({ "type": "post", "body": "OPEN" }), "ok").await;
    let (mut bob, _) = server.join(json!({ "name": "bob" })).await;
    assert_eq!(bob.ask(json!({ "type": "delete", "of": 1 }), "error").await["code"], "not_yours");
    let token = ann.token.clone();
    server.stop().await;

    let server = Kept::start(&file, Limits::default()).await;
    let (mut ann, _) = server.join(json!({ "name": "ann", "token": token })).await;
    assert_eq!(ann.ask(json!({ "type": "delete", "of": 1 }), "ok").await["seq"], 4);
    assert_eq!(ann.ask(json!({ "type": "delete", "of": 1 }), "error").await["code"], "no_message");
    let told = server.get("/rooms/lobby/messages").await;
    assert!(told.contains("OPEN") && !told.contains("SECRET"), "{told}");
    server.stop().await;
    for name in ["chat.db", "chat.db-wal"] {
        let bytes = std::fs::read(folder.file(name)).unwrap_or_default();
        let has = |text: &[u8]| bytes.windows(text.len()).any(|at| at.eq_ignore_ascii_case(text));
        assert!(!has(b"SECRET"), "{name}");
    }
    let server = Kept::start(&file, Limits::default()).await;
    let told = server.get("/rooms/lobby/messages").await;
    assert!(told.contains("OPEN") && told.contains(r#""deleted":true"#), "{told}");
    server.stop().await;
}

#[tokio::test]
async fn who_is_behind_what_memory_holds_reads_on_from_history() {
    let folder = Folder::new();
    let limits = Limits { log_entries: 4, batch_slots: 8, ..Limits::default() };
    let server = Kept::start(&folder.file("chat.db"), limits).await;
    let (mut ann, welcome) = server.join(json!({ "name": "ann" })).await;
    for n in 0..500 {
        ann.say(json!({ "type": "post", "id": n, "body": n.to_string() })).await;
    }
    assert_eq!(ann.bodies(500).await, numbers(0..500));
    // While somebody reads it all, more is said.
    let epoch = &welcome["rooms"]["lobby"]["epoch"];
    let from = json!({ "epoch": epoch, "after": 0 });
    let (mut bob, _) = server.join(json!({ "name": "bob", "rooms": { "lobby": from } })).await;
    for n in 500..1_000 {
        ann.say(json!({ "type": "post", "id": n, "body": n.to_string() })).await;
    }
    assert_eq!(bob.bodies(1_000).await, numbers(0..1_000));
    assert_eq!(ann.bodies(500).await, numbers(500..1_000));
    // Pages, wherever they lie.
    for (query, first, last) in [
        ("limit=3", 998, 1_000),
        ("limit=10", 991, 1_000),
        ("after=0&limit=2", 1, 2),
        ("after=997", 998, 1_000),
        ("after=990&limit=3", 991, 993),
        ("before=4", 1, 3),
        ("before=600&limit=1", 599, 599),
        ("before=9999&limit=1", 1_000, 1_000),
    ] {
        let page: Value =
            serde_json::from_str(&server.get(&format!("/rooms/lobby/messages?{query}")).await)
                .unwrap();
        let messages = page["messages"].as_array().unwrap();
        let seqs: Vec<_> =
            messages.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
        assert_eq!(seqs, (first..=last).collect::<Vec<_>>(), "{query}");
        assert_eq!((&page["oldest"], &page["head"]), (&json!(1), &json!(1_000)));
    }
    server.stop().await;
}

#[tokio::test]
async fn what_was_asked_before_the_end_is_answered() {
    let folder = Folder::new();
    let server = Kept::start(&folder.file("chat.db"), Limits::default()).await;
    let mut ann = server.connect().await;
    let mut said = format!("{}\n", json!({ "type": "hello", "name": "ann" }));
    for n in 0..40 {
        said += &format!("{}\n", json!({ "type": "post", "id": n, "body": n.to_string() }));
    }
    ann.write.write_all(said.as_bytes()).await.unwrap();
    ann.write.shutdown().await.unwrap();
    for n in 0..40 {
        assert_eq!(ann.hear("ok").await["seq"], n + 1);
    }
    server.stop().await;
}

#[tokio::test]
async fn what_is_refused_at_the_end_is_traced() {
    let folder = Folder::new();
    let (file, seen) = (folder.file("chat.db"), Recorder::new());
    let history = History::open(&file, Durability::Process, Tracers::default().tracer).unwrap();
    let tracers = Tracers::all(Arc::new(seen.clone()));
    let server = Server::new(Limits::default(), Access::default(), tracers);
    let server = Kept::serve(server.with_history(history)).await;
    let mut ann = server.connect().await;
    let mut said = format!("{}\n", json!({ "type": "hello", "name": "ann" }));
    for n in 0..40 {
        said += &format!("{}\n", json!({ "type": "delete", "id": n, "of": 99 }));
    }
    ann.write.write_all(said.as_bytes()).await.unwrap();
    ann.write.shutdown().await.unwrap();
    while ann.lines.next_line().await.unwrap().is_some() {}
    server.stop().await;
    let told = seen.by("client");
    assert_eq!(told.matches("event=refused").count(), 40, "{told}");
}

#[tokio::test]
async fn a_room_that_nobody_is_in_is_found_again() {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    let server = Kept::start(&file, Limits::default()).await;
    let (mut ann, _) = server.join(json!({ "name": "ann", "rooms": { "den": {} } })).await;
    ann.ask(json!({ "type": "post", "room": "den", "body": "here" }), "ok").await;
    server.stop().await;
    let server = Kept::start(&file, Limits::default()).await;
    let rooms: Value = serde_json::from_str(&server.get("/rooms").await).unwrap();
    let listed = json!([{ "room": "den", "count": 0 }, { "room": "lobby", "count": 0 }]);
    assert_eq!(rooms["rooms"], listed);
    assert!(server.get("/rooms/den/messages").await.contains("here"));
    assert!(server.get("/rooms/nowhere/messages").await.contains("no_room"));
    server.stop().await;
}
