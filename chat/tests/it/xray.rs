//! The X-ray and the flight recorder on real sockets: who may look, and what is seen.

use std::time::Duration;

use chat::{Access, Flight, Limits, Tracers, Xray};
use futures_util::SinkExt;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::sockets::{PATIENCE, Running, next, serve, serve_with};

async fn server() -> Running {
    serve_with(Flight::new(false), Limits::default(), Access::default()).await
}

/// Somebody who watches.
struct Watching(Lines<BufReader<TcpStream>>);

impl Watching {
    async fn begin(server: &Running, query: &str) -> Self {
        let mut stream = server.connect().await;
        let host = server.addr;
        let ask = format!("GET /xray/events{query} HTTP/1.0\r\nHost: {host}\r\n\r\n");
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut watching = Self(BufReader::new(stream).lines());
        assert_eq!(watching.line().await.as_deref(), Some("HTTP/1.0 200 OK"));
        while watching.line().await.is_some_and(|line| !line.is_empty()) {}
        watching
    }

    async fn line(&mut self) -> Option<String> {
        timeout(PATIENCE, self.0.next_line()).await.expect("a line in time").unwrap()
    }

    /// The next event, and the empty line behind it.
    async fn next(&mut self) -> Option<Value> {
        let line = self.line().await?;
        let data = line.strip_prefix("data: ").unwrap_or_else(|| panic!("{line:?}"));
        assert_eq!(self.line().await.as_deref(), Some(""));
        Some(serde_json::from_str(data).unwrap())
    }

    /// The next event, but for how one that was told before went out: a pump or a session did it.
    async fn saw(&mut self, event: &str) -> Value {
        loop {
            let seen = self.next().await.expect("an event");
            if seen["event"] != "batch" && seen["event"] != "pumped" {
                assert_eq!(seen["event"], event);
                return seen;
            }
        }
    }
}

#[tokio::test]
async fn what_was_is_told_and_then_what_happens() {
    let flight = Flight::new(false);
    let wanted = flight.tee(Tracers::default()).deliveries;
    let server = serve_with(flight, Limits::default(), Access::default()).await;
    let mut page = server.socket("/room", "").await.unwrap();
    server.saw("event=joined room=lobby client=1").await;
    page.send(Message::text("secret: 1")).await.unwrap();
    next(&mut page).await;
    let mut watching = Watching::begin(&server, "").await;
    for event in ["accepted", "joined", "received", "stored"] {
        let seen = watching.saw(event).await;
        assert_eq!(seen["client"], 1);
        assert!(!seen.to_string().contains("secret"), "{seen}");
    }
    page.send(Message::text("secret: 2")).await.unwrap();
    for event in ["received", "stored", "sent"] {
        let seen = watching.saw(event).await;
        assert_eq!((&seen["room"], &seen["client"]), (&"lobby".into(), &1.into()));
        assert!(!seen.to_string().contains("secret"), "{seen}");
        assert_eq!(seen["at"].as_str().unwrap().len(), "2026-11-21T10:00:00.000000Z".len());
    }
    // It is no session, and nobody asked for deliveries before or besides.
    assert_eq!(server.metric("chat_connections{wire=\"body\"}").await, Some(1));
    assert_eq!(server.metric("chat_connections{wire=\"sse\"}").await, None);
    assert!(!server.seen.to_string().contains("event=sent"), "{}", server.seen);
    let answer = server.get("/debug/flight").await;
    let (head, lines) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("x-ndjson"), "{head}");
    assert!(lines.contains("\"event\":\"stored\"") && !lines.contains("\"sent\""), "{lines}");
    assert!(wanted.enabled());
    drop(watching);
    let unwatched = async {
        while wanted.enabled() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, unwatched).await.expect("it is noticed that nobody watches");
}

#[tokio::test]
async fn one_room_or_one_client_is_watched_alone() {
    let server = server().await;
    let mut lobby = Watching::begin(&server, "?room=lobby").await;
    let mut second = Watching::begin(&server, "?client=2&room=lobby").await;
    server.post("/rooms/attic?as=zoe", "", "hi").await;
    server.post("/rooms/lobby?as=zoe", "", "hi").await;
    server.post("/rooms/lobby?as=zoe", "", "hi").await;
    for (watching, clients) in [(&mut lobby, &[2, 3][..]), (&mut second, &[2])] {
        for client in clients {
            for event in ["accepted", "received", "stored"] {
                let seen = watching.next().await.unwrap();
                assert_eq!((&seen["event"], &seen["client"]), (&event.into(), &(*client).into()));
                assert_eq!(seen["room"], "lobby");
            }
        }
    }
    let (status, refused) = server.look("/xray/events?clinet=2").await;
    assert_eq!((status, &refused["code"]), (400, &"bad_query".into()));
}

/// The status and the body that is answered to a request with these headers.
async fn asked(server: &Running, head: &str, headers: &str) -> (String, String) {
    let ask = format!("{head} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
    let answer = server.ask(&ask).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].to_owned(), body.to_owned())
}

const PATHS: [&str; 3] = ["GET /xray", "GET /xray/events", "GET /debug/flight"];

#[tokio::test]
async fn who_is_elsewhere_may_not_look() {
    let access = Access { hosts: vec!["chat.example".into()], ..Access::default() };
    let server = serve_with(Flight::new(false), Limits::default(), access).await;
    for path in PATHS {
        for headers in [
            "Host: chat.example\r\n",
            "Host: 192.168.0.7:8080\r\n",
            "Host: HOST\r\nX-Forwarded-For: 127.0.0.1\r\n",
            "Host: HOST\r\nforwarded: for=127.0.0.1\r\n",
            "Host: HOST\r\nX-Real-IP: 127.0.0.1\r\n",
            "Host: HOST\r\nVia: 1.1 proxy\r\n",
        ] {
            let (status, body) = asked(&server, path, headers).await;
            let refused: Value = serde_json::from_str(&body).expect(&body);
            assert_eq!((&*status, &refused["code"]), ("403", &"not_local".into()), "{headers}");
            assert!(refused["text"].as_str().unwrap().contains("chat --xray all"), "{body}");
        }
        let (status, _) = asked(&server, path, "Host: evil.example\r\n").await;
        assert_eq!(status, "421");
    }
    server.saw("event=refused code=not_local").await;
    // The page knows it, and need not ask.
    let refusals = server.metric("chat_refused_total{reason=\"not_local\"}").await;
    for (headers, leads) in [("Host: HOST\r\n", true), ("Host: chat.example\r\n", false)] {
        for path in ["GET /", "GET /rooms/tea"] {
            let (status, page) = asked(&server, path, headers).await;
            assert_eq!((&*status, page.contains("id=\"inside\"")), ("200", leads), "{headers}");
        }
        let (status, inbox) = asked(&server, "GET /rooms/@", headers).await;
        assert_eq!((&*status, inbox.contains("id=\"inside\"")), ("200", false), "{headers}");
    }
    assert_eq!(server.metric("chat_refused_total{reason=\"not_local\"}").await, refusals);
    let (status, words) =
        asked(&server, "GET /xray", "Host: chat.example\r\nAccept: text/html\r\n").await;
    assert_eq!(status, "403");
    assert!(words.starts_with("what happens inside is shown on the server's own"), "{words}");
}

#[tokio::test]
async fn a_page_from_elsewhere_cannot_have_a_browser_look() {
    let server = server().await;
    for site in ["cross-site", "same-site"] {
        for path in ["GET /xray/events", "GET /debug/flight"] {
            let headers = format!("Host: HOST\r\nSec-Fetch-Site: {site}\r\n");
            let (status, body) = asked(&server, path, &headers).await;
            assert_eq!(status, "403", "{path} {site}");
            assert!(body.contains("not_local"), "{body}");
        }
    }
    let headers = "Host: HOST\r\nSec-Fetch-Site: same-origin\r\n";
    assert_eq!(asked(&server, "GET /debug/flight", headers).await.0, "200");
    // The page alone shows nothing.
    let headers = "Host: HOST\r\nSec-Fetch-Site: cross-site\r\n";
    let answer = server.ask(&format!("GET /xray HTTP/1.0\r\n{headers}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-security-policy: default-src 'none'; script-src 'self'"));
    assert!(answer.contains("<html lang=\"en\""), "{answer}");
}

#[tokio::test]
async fn all_and_nobody_may_look_if_so_said() {
    for (xray, status) in [(Xray::All, "200"), (Xray::Off, "403")] {
        let access = Access { xray, ..Access::default() };
        let server = serve_with(Flight::new(false), Limits::default(), access).await;
        for head in ["HEAD /xray", "GET /debug/flight"] {
            let (seen, _) = asked(&server, head, "Host: 192.168.0.7\r\nVia: x\r\n").await;
            assert_eq!(seen, status, "{xray:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_remembers_nothing_says_so() {
    let server = serve(Limits::default()).await;
    for path in PATHS {
        let (status, body) = asked(&server, path, "Host: HOST\r\n").await;
        assert_eq!(status, "404");
        assert!(body.contains("\"no_flight\"") && body.contains("--flight on"), "{body}");
    }
}

#[tokio::test]
async fn few_watch_and_the_next_finds_a_place_when_one_has_gone() {
    let server = server().await;
    let mut watching = Vec::new();
    for _ in 0..8 {
        watching.push(Watching::begin(&server, "").await);
    }
    let (status, refused) = server.look("/xray/events").await;
    assert_eq!((status, &refused["code"]), (503, &"too_many_xrays".into()));
    watching.pop();
    // Who has gone is noticed soon.
    while server.get_head("/xray/events").await.contains(" 503 ") {}
}

impl Running {
    /// The first line of an answer that may have no end.
    async fn get_head(&self, path: &str) -> String {
        let mut stream = self.connect().await;
        let ask = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.addr);
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut line = String::new();
        let mut stream = BufReader::new(stream);
        timeout(PATIENCE, stream.read_line(&mut line)).await.expect("in time").unwrap();
        line
    }
}

#[tokio::test]
async fn who_watches_and_reads_nothing_holds_nobody_up() {
    let limits =
        Limits { messages_at_once: u32::MAX, bytes_at_once: u32::MAX, ..Limits::default() };
    let server = serve_with(Flight::new(true), limits, Access::default()).await;
    let mut page = server.socket("/room", "").await.unwrap();
    let slow = Watching::begin(&server, "").await;
    let text = "x".repeat(1000);
    for _ in 0..3_000 {
        page.send(Message::text(text.clone())).await.unwrap();
        assert_eq!(next(&mut page).await, Message::text(text.clone()));
    }
    drop(slow);
}

#[tokio::test]
async fn who_watches_hears_that_the_server_is_still_there_and_that_it_ends() {
    let limits = Limits { ping: Duration::from_millis(100), ..Limits::default() };
    let server = serve_with(Flight::new(false), limits, Access::default()).await;
    let mut watching = Watching::begin(&server, "").await;
    assert_eq!(watching.line().await.as_deref(), Some(":"));
    assert_eq!(watching.line().await.as_deref(), Some(""));
    server.stop.send(()).unwrap();
    let mut rest = Vec::new();
    let mut stream = watching.0.into_inner();
    let read = timeout(PATIENCE, stream.read_to_end(&mut rest));
    read.await.expect("an end in time").unwrap();
    let drained = timeout(PATIENCE, server.ended).await.expect("an end in time").unwrap().unwrap();
    assert_eq!((drained.sessions, drained.forced), (0, 0));
}
