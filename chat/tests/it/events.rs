//! A room as server-sent events, on real sockets.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::http::request::Builder;
use chat::{Access, Limits, Server, Tracers};
use futures_util::SinkExt;
use http_body_util::BodyExt;
use insta::assert_snapshot;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};
use tokio_tungstenite::tungstenite::Message;
use tower_service::Service;
use trace::Recorder;

use crate::conversation::without_chance;
use crate::sockets::{PATIENCE, Running, next, serve};

/// A reader of events, as curl or a browser is one.
struct Events(BufReader<TcpStream>);

impl Running {
    async fn events(&self, path: &str, headers: &str) -> Events {
        let mut stream = self.connect().await;
        let host = self.addr;
        let ask = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n");
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut events = Events(BufReader::new(stream));
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(timeout(PATIENCE, events.0.read_line(&mut head)).await.unwrap().unwrap(), 0);
        }
        assert!(head.starts_with("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream"), "{head}");
        events
    }
}

impl Events {
    /// The next chunk; `None` at the end.
    async fn chunk(&mut self) -> Option<String> {
        timeout(PATIENCE, self.read()).await.expect("a chunk in time")
    }

    async fn read(&mut self) -> Option<String> {
        let mut length = String::new();
        self.0.read_line(&mut length).await.ok()?;
        let length = usize::from_str_radix(length.trim(), 16).ok()?;
        let mut chunk = vec![0; length + 2];
        self.0.read_exact(&mut chunk).await.ok()?;
        chunk.truncate(length);
        (length > 0).then(|| String::from_utf8(chunk).unwrap())
    }

    /// The next lines, whatever the chunks they come in.
    async fn lines(&mut self, count: usize) -> Vec<String> {
        let mut text = String::new();
        while text.lines().count() < count {
            text += &self.chunk().await.expect("more lines");
        }
        text.lines().map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn a_whole_conversation() {
    let server = serve(Limits::default()).await;
    server.post("/rooms/lobby?as=zoe", "", "first").await;
    let mut reader = server.events("/rooms/lobby/events", "Last-Event-ID: k3f9.1041\r\n").await;
    let epoch = server.look("/rooms/lobby/messages").await.1["epoch"].clone();
    let mut ann = server.socket("/rooms/lobby/ws", "chat.v1").await.unwrap();
    let mut told = reader.lines(8).await;
    for (request, lines) in [
        (json!({"type":"hello","id":0,"name":"ann"}), 0),
        (json!({"type":"post","id":1,"mid":"m1","body":"hi <there>"}), 3),
        (json!({"type":"post","id":2,"body":"\"two\"\nlines & \u{1b}[1m \u{1f600}","reply":2}), 3),
        (json!({"type":"edit","id":3,"of":2,"body":"hi there"}), 3),
        (json!({"type":"delete","id":4,"of":3}), 3),
        // What is not of the room is not told.
        (json!({"type":"typing"}), 0),
        (json!({"type":"post","id":5,"to":["ann"],"body":"note"}), 0),
        (json!({"type":"join","id":6,"room":"tea"}), 0),
        (json!({"type":"post","id":7,"room":"tea","body":"milk?"}), 0),
        (json!({"type":"dance","id":8}), 0),
    ] {
        ann.send(Message::text(request.to_string())).await.unwrap();
        let answers =
            |text: &str| serde_json::from_str::<Value>(text).unwrap()["id"] == request["id"];
        while request["id"].is_u64() && !answers(next(&mut ann).await.to_text().unwrap()) {}
        told.extend(reader.lines(lines).await);
    }
    let mut told = told.join("\n");
    server.stop.send(()).unwrap();
    while let Some(chunk) = reader.chunk().await {
        told += &format!("\n{}", chunk.trim_end());
    }
    let told = without_chance(&told).replace(epoch.as_str().unwrap(), "EPOCH");
    let after = told.rsplit_once("retry: ").unwrap().1.lines().next().unwrap().to_owned();
    assert_snapshot!(told.replace(&after, "MS"));
}

#[tokio::test]
async fn events_come_as_they_happen_and_are_taken_up_again() {
    let server = serve(Limits::default()).await;
    let mut live = server.events("/rooms/lobby/events", "").await;
    let first = live.lines(2).await;
    let epoch = first[0].strip_prefix("id: ").unwrap().strip_suffix(".0").unwrap().to_owned();
    let mut posted = vec![];
    for body in ["one", "two\nlines", "three"] {
        posted.push(server.post("/rooms/lobby?as=zoe", "", body).await.1);
        let event = live.lines(3).await;
        let seq = posted.len();
        assert_eq!(event[0], format!("id: {epoch}.{seq}"));
        let data: Value = serde_json::from_str(event[1].strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!((&data, &*event[2]), (&posted[seq - 1], ""));
    }
    // As a browser does after a break.
    let mut again =
        server.events("/rooms/lobby/events", &format!("Last-Event-ID: {epoch}.1\r\n")).await;
    let missed = again.lines(8).await;
    assert_eq!(missed[0], format!("id: {epoch}.1"));
    assert_eq!(
        (&*missed[2], &*missed[5]),
        (&*format!("id: {epoch}.2"), &*format!("id: {epoch}.3"))
    );
    let mut newest = server.events("/rooms/lobby/events?last=1", "").await;
    assert_eq!(newest.lines(5).await[2], format!("id: {epoch}.3"));

    assert_eq!(server.metric("chat_connections{wire=\"sse\"}").await, Some(3));
    drop(live);
    server.saw("event=closed client=1 why=gone").await;
    assert_eq!(server.look("/rooms/lobby/members").await.1["count"], 0);
}

#[tokio::test]
async fn an_unknown_position_is_told_and_everything_follows() {
    let server = serve(Limits::default()).await;
    server.post("/rooms/lobby", "", "hi").await;
    let epoch = server.look("/rooms/lobby/messages").await.1["epoch"].clone();
    let epoch = epoch.as_str().unwrap();
    for (id, why) in [
        ("k3f9.1041".to_owned(), "epoch"),
        ("nonsense".to_owned(), "epoch"),
        (format!("{epoch}.7"), "expired"),
    ] {
        let header = format!("Last-Event-ID: {id}\r\n");
        let mut events = server.events("/rooms/lobby/events", &header).await;
        let lines = events.lines(8).await;
        let reset = format!(r#"data: {{"type":"reset","room":"lobby","why":"{why}","oldest":1}}"#);
        assert_eq!(lines[..2], ["event: reset", &*reset]);
        assert_eq!(
            (&*lines[3], &*lines[5]),
            (&*format!("id: {epoch}.0"), &*format!("id: {epoch}.1"))
        );
        server.saw(&format!("oldest=1 why={why}")).await;
    }
}

#[tokio::test]
async fn stopping_tells_readers_when_to_come_back() {
    let server = serve(Limits::default()).await;
    let mut events = server.events("/rooms/lobby/events", "").await;
    events.lines(2).await;
    server.stop.send(()).unwrap();
    let bye = events.lines(4).await;
    let ms = bye[0].strip_prefix("retry: ").unwrap();
    let data = format!(r#"data: {{"type":"bye","why":"drain","reconnect":true,"after_ms":{ms}}}"#);
    assert_eq!(bye[1..], ["event: bye", &*data, ""]);
    assert_eq!(events.chunk().await, None);
    let drained = timeout(PATIENCE, server.ended).await.unwrap().unwrap().unwrap();
    assert_eq!((drained.sessions, drained.forced), (1, 0));
    assert!(server.seen.to_string().contains("event=closed client=1 why=drain"), "{}", server.seen);
}

#[tokio::test]
async fn a_quiet_reader_hears_that_the_server_lives() {
    let server = serve(Limits { ping: Duration::from_millis(50), ..Limits::default() }).await;
    let mut events = server.events("/rooms/lobby/events", "").await;
    events.lines(2).await;
    assert_eq!(events.chunk().await.as_deref(), Some(":\n\n"));
}

#[tokio::test]
async fn a_reader_of_events_that_takes_nothing_is_given_up() {
    let blocked_write = Duration::from_millis(400);
    let server = serve(Limits { blocked_write, log_entries: 16, ..Limits::default() }).await;
    let stalled = server.events("/rooms/lobby/events", "").await;
    let mut poster = server.socket("/room", "").await.unwrap();
    let body = "x".repeat(10_000);
    let flood = async {
        while !server.seen.to_string().contains("event=closed client=1 ") {
            poster.send(Message::text(body.clone())).await.unwrap();
            next(&mut poster).await;
        }
    };
    timeout(PATIENCE, flood).await.expect("the server gives it up");
    server.saw("event=closed client=1 why=stalled").await;
    drop(stalled);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_is_told_apart_from_who_takes_nothing() {
    let seen = Recorder::default();
    let tracers = Tracers { tracer: Arc::new(seen.clone()), ..Tracers::default() };
    let server = Server::new(Limits::default(), Access::default(), tracers);
    let mut every = interval(Duration::from_secs(4));
    every.tick().await;
    for (takes, why) in [(true, "gone"), (false, "stalled")] {
        let request = Request::get("/rooms/lobby/events").header("host", "localhost");
        let answer = server.router().call(request.body(Body::empty()).unwrap()).await.unwrap();
        let mut body = answer.into_body();
        if takes {
            body.frame().await.unwrap().unwrap();
        }
        every.tick().await;
        drop(body);
        let closed = format!("event=closed client={} why={why}", 2 - u8::from(takes));
        let saw = timeout(PATIENCE, seen.saw(&closed)).await;
        saw.unwrap_or_else(|_| panic!("never saw {closed:?} in\n{seen}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_told_what_it_missed() {
    let tracers = Tracers::default();
    let server =
        Server::new(Limits { log_entries: 2, ..Limits::default() }, Access::default(), tracers);
    let ask = async |request: Builder, body: &'static str| {
        let request = request.header("host", "localhost").body(Body::from(body)).unwrap();
        server.router().call(request).await.unwrap().into_body()
    };
    let mut events = ask(Request::get("/rooms/lobby/events"), "").await;
    for _ in 0..10 {
        drop(ask(Request::post("/rooms/lobby"), "hi").await);
        tokio::task::yield_now().await;
    }
    let mut told = String::new();
    while !told.contains(r#""seq":10,"#) {
        let chunk = timeout(PATIENCE, events.frame()).await.expect("a chunk in time");
        told += str::from_utf8(&chunk.unwrap().unwrap().into_data().unwrap()).unwrap();
    }
    let gap = r#""next":9,"why":"slow"}"#;
    assert!(
        told.contains("event: gap\ndata: {\"type\":\"gap\",\"room\":\"lobby\"")
            && told.contains(gap),
        "{told}"
    );
}
