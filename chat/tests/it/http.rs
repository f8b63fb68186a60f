//! HTTP on real sockets: what programs ask without a session.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use chat::{Access, Limits, Server, Tracers};
use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, interval};
use tokio_tungstenite::tungstenite::Message;
use tower_service::Service;
use trace::Recorder;

use crate::sockets::{Running, next, read_all, serve};

impl Running {
    /// Posts as curl does: what comes back is the status and the object.
    pub async fn post(&self, path: &str, headers: &str, body: &str) -> (u16, Value) {
        let length = body.len();
        let answer = self
            .ask(&format!(
                "POST {path} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\
                 Content-Length: {length}\r\n{headers}\r\n{body}"
            ))
            .await;
        parsed(&answer)
    }

    pub async fn look(&self, path: &str) -> (u16, Value) {
        parsed(&self.get(path).await)
    }

    /// A value of `/metrics`.
    pub async fn metric(&self, series: &str) -> Option<u64> {
        let answer = self.get("/metrics").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("content-type: application/openmetrics-text;"), "{answer}");
        let value = answer.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        value.map(|value| value.parse().unwrap())
    }
}

/// The status and the object of an answer.
fn parsed(answer: &str) -> (u16, Value) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let lower = head.to_lowercase();
    assert!(lower.contains("content-type: application/json"), "{answer}");
    assert!(lower.contains("cache-control: no-store"), "{answer}");
    assert!(body.ends_with('\n'), "{answer}");
    (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap())
}

const JSON: &str = "Content-Type: application/json\r\n";

#[tokio::test]
async fn curl_and_a_page_talk() {
    let server = serve(Limits::default()).await;
    let mut page = server.socket("/room", "").await.unwrap();
    server.saw("event=joined room=lobby client=1").await;
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let (status, entry) = server.post("/rooms/lobby?as=zoe", form, "a=b & c%20").await;
    assert_eq!((status, &entry["type"], &entry["seq"]), (201, &"message".into(), &1.into()));
    assert_eq!((&entry["from"], &entry["body"]), (&"zoe".into(), &"a=b & c%20".into()));
    assert_eq!(next(&mut page).await, Message::text("a=b & c%20"));
    server.saw("event=accepted room=lobby client=2 wire=http peer=127.0.0.1:").await;
    server.saw("event=received room=lobby client=2 bytes=10").await;

    let (status, entry) = server.post("/rooms/Lobby", JSON, r#"{"body":"hi","reply":1}"#).await;
    assert_eq!((status, &entry["from"], &entry["reply"]), (201, &"guest".into(), &1.into()));
    assert_eq!(next(&mut page).await, Message::text("hi"));

    let (status, all) = server.look("/rooms/lobby/messages").await;
    assert_eq!((status, &all["oldest"], &all["head"]), (200, &1.into(), &2.into()));
    assert_eq!(all["messages"][1], entry);
    for (query, seqs) in [
        ("?after=1", vec![2]),
        ("?before=2", vec![1]),
        ("?limit=1", vec![2]),
        ("?after=0&limit=1", vec![1]),
        ("?after=2", vec![]),
    ] {
        let (_, page) = server.look(&format!("/rooms/lobby/messages{query}")).await;
        let told = page["messages"].as_array().unwrap().iter();
        let told: Vec<_> = told.map(|message| message["seq"].as_u64().unwrap()).collect();
        assert_eq!((told, &page["epoch"]), (seqs, &all["epoch"]), "{query}");
    }
    let (_, members) = server.look("/rooms/lobby/members").await;
    assert_eq!((&members["count"], &members["members"]), (&1.into(), &json!(["guest-1"])));
    let (_, rooms) = server.look("/rooms").await;
    assert_eq!(rooms["rooms"], json!([{ "room": "lobby", "count": 1 }]));
    assert_eq!(server.metric("chat_messages_received_total").await, Some(2));
}

#[tokio::test]
async fn posting_makes_a_room_and_looking_does_not() {
    let server = serve(Limits { rooms: 2, ..Limits::default() }).await;
    for path in ["messages", "members", "events"] {
        let (status, refused) = server.look(&format!("/rooms/attic/{path}")).await;
        assert_eq!((status, &refused["code"]), (404, &"no_room".into()), "{path}");
        let (status, refused) = server.look(&format!("/rooms/a%20b/{path}")).await;
        assert_eq!((status, &refused["code"]), (400, &"bad_room".into()), "{path}");
    }
    assert_eq!(server.post("/rooms/attic", "", "hi").await.0, 201);
    assert_eq!(server.look("/rooms/attic/messages").await.0, 200);
    let (status, refused) = server.post("/rooms/cellar", "", "hi").await;
    assert_eq!((status, &refused["code"]), (503, &"too_many_rooms".into()));
    assert_eq!(refused["retry_ms"], 60_000);
    server.saw("event=refused room=cellar client=2 code=too_many_rooms").await;
}

#[tokio::test]
async fn a_post_without_an_answer_is_safe_to_send_again() {
    let server = serve(Limits::default()).await;
    let key = "Idempotency-Key: k1\r\n";
    let first = server.post("/rooms/lobby?as=zoe", key, "hi").await;
    assert_eq!((first.0, &first.1["mid"]), (201, &"k1".into()));
    assert_eq!(server.post("/rooms/lobby?as=zoe", key, "hi").await, (200, first.1.clone()));
    let object = r#"{"body":"hi","mid":"k1"}"#;
    assert_eq!(server.post("/rooms/lobby?as=zoe", JSON, object).await, (200, first.1));
    let (status, refused) = server.post("/rooms/lobby?as=zoe", key, "other").await;
    assert_eq!((status, &refused["code"]), (422, &"mid_reused".into()));
    let other = server.post("/rooms/lobby?as=yan", key, "hi").await;
    assert_eq!((other.0, &other.1["seq"]), (201, &2.into()));
    let (status, refused) =
        server.post("/rooms/lobby", &format!("{JSON}{key}"), r#"{"body":"x","mid":"k2"}"#).await;
    assert_eq!((status, &refused["code"]), (400, &"two_mids".into()));
}

#[tokio::test]
async fn a_held_name_needs_its_token() {
    let server = serve(Limits::default()).await;
    let mut ann = server.socket("/rooms/lobby/ws", "chat.v1").await.unwrap();
    ann.send(Message::text(r#"{"type":"hello","name":"ann"}"#)).await.unwrap();
    let welcome: Value = serde_json::from_str(next(&mut ann).await.to_text().unwrap()).unwrap();
    let token = welcome["token"].as_str().unwrap();
    let (status, refused) = server.post("/rooms/lobby?as=Ann", "", "hi").await;
    assert_eq!((status, &refused["code"]), (409, &"name_taken".into()));
    assert_eq!(refused["suggest"], "Ann-2");
    let bearer = format!("Authorization: Bearer {token}\r\n");
    for path in ["/rooms/lobby?as=Ann", "/rooms/lobby"] {
        let (status, entry) = server.post(path, &bearer, "hi").await;
        assert_eq!((status, &entry["from"]), (201, &"ann".into()));
    }
    for (path, header) in [
        ("/rooms/lobby?as=bob", &*bearer),
        ("/rooms/lobby?as=bob", "Authorization: Bearer x\r\n"),
        ("/rooms/lobby", "Authorization: Basic eDp5\r\n"),
    ] {
        let (status, refused) = server.post(path, header, "hi").await;
        assert_eq!((status, &refused["code"]), (401, &"bad_token".into()), "{path} {header}");
    }
}

#[tokio::test]
async fn a_bad_post_is_answered_with_what_to_do() {
    let server = serve(Limits::default()).await;
    let at = "/rooms/lobby";
    let long = "x".repeat(10_241);
    let longer = "x".repeat(200_000);
    for (path, headers, body, status, code, words) in [
        (at, "", "", 400, "empty_body", "some text"),
        (at, "", &*long, 413, "too_long", "10240 bytes"),
        (at, "", &longer, 413, "too_long", "10240 bytes"),
        (at, JSON, "{", 400, "bad_json", "ends too early"),
        (at, JSON, r#"{"text":"hi"}"#, 400, "missing_field", "body"),
        (at, JSON, r#"{"type":"delete","of":1}"#, 400, "unknown_type", "only a post"),
        (at, JSON, r#"{"body":"hi","to":["ann"]}"#, 400, "wrong_room", "leave out"),
        (at, JSON, r#"{"body":"hi","room":"attic"}"#, 400, "wrong_room", "leave out"),
        (at, "Content-Type: multipart/form-data; boundary=x\r\n", "x", 415, "multipart", "curl -d"),
        (at, "Idempotency-Key:\r\n", "hi", 400, "bad_mid", "1 to 64 bytes"),
        ("/rooms/lobby?as=a:b", "", "hi", 400, "bad_name", "cannot be in a name"),
        ("/rooms/lobby?name=zoe", "", "hi", 400, "bad_query", "expected `as`"),
        ("/rooms/a%20b", "", "hi", 400, "bad_room", "' ' cannot be in a name"),
        ("/rooms/%ff", "", "hi", 400, "bad_room", "as UTF-8"),
    ] {
        let (told, refused) = server.post(path, headers, body).await;
        assert_eq!((told, &refused["code"]), (status, &code.into()), "{refused}");
        assert!(refused["text"].as_str().unwrap().contains(words), "{refused}");
    }
    let (status, refused) = server.look("/rooms/lobby/messages?after=x").await;
    assert_eq!((status, &refused["code"]), (400, &"bad_query".into()), "{refused}");
    let (status, refused) = server.look("/rooms/lobby/messages?after=1&before=2").await;
    assert_eq!((status, &refused["code"]), (400, &"bad_query".into()), "{refused}");
    let (status, refused) = server.look("/rooms/lobby/messages/+1/delivery").await;
    assert_eq!((status, &refused["code"]), (400, &"bad_query".into()), "{refused}");
    assert_eq!(server.look("/rooms/lobby/messages").await.1["head"], 0);
    // A text that is not UTF-8.
    let (head, bytes) = ("POST /rooms/lobby HTTP/1.1\r\nConnection: close\r\n", [0xff]);
    let mut stream = server.connect().await;
    let head = format!("{head}Host: {}\r\nContent-Length: 1\r\n\r\n", server.addr);
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&bytes).await.unwrap();
    let (status, refused) = parsed(&read_all(&mut stream).await);
    assert_eq!((status, &refused["code"]), (400, &"not_text".into()));
}

#[tokio::test]
async fn a_form_on_another_site_posts_nothing() {
    let server = serve(Limits::default()).await;
    let form = "POST /rooms/lobby HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\
                Content-Type: text/plain\r\nContent-Length: 2\r\n";
    for from in ["Origin: https://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site"] {
        let answer = server.ask(&format!("{form}{from}\r\n\r\nhi")).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    }
    assert_eq!(server.look("/rooms/lobby/messages").await.1["head"], 0);
}

#[tokio::test]
async fn what_is_refused_at_the_door_is_told_as_it_is_read() {
    let server = serve(Limits::default()).await;
    let foreign = "Origin: https://evil.example";
    for (method, path, headers, status, code) in [
        ("DELETE", "/rooms/lobby", "Host: localhost", 405, "wrong_method"),
        ("PUT", "/rooms/lobby/messages", "Host: localhost", 405, "wrong_method"),
        ("POST", "/", "Host: localhost", 405, "wrong_method"),
        ("GET", "/rooms", "Host: evil.example", 421, "wrong_host"),
        ("GET", "/rooms", "X: x", 400, "no_host"),
        ("GET", "/rooms", "Host: [::1]\r\nHost: [::1]", 400, "two_hosts"),
        ("POST", "/rooms/lobby", &format!("Host: localhost\r\n{foreign}"), 403, "wrong_origin"),
    ] {
        let ask = format!("{method} {path} HTTP/1.1\r\n{headers}\r\nConnection: close\r\n");
        let answer = server.ask(&format!("{ask}\r\n")).await;
        let (told, object) = parsed(&answer);
        assert_eq!((told, &object["code"]), (status, &code.into()), "{answer}");
        assert_eq!(answer.contains("\r\nallow: GET"), status == 405, "{answer}");
        let text = object["text"].as_str().unwrap();
        // A browser that opens a page.
        let page = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
        let words = server.ask(&format!("{ask}{page}\r\n")).await;
        assert!(words.ends_with(&format!("\r\n\r\n{text}\n")), "{words}");
        assert!(words.contains("content-type: text/plain") && words.contains("nosniff"), "{words}");
        let refused = format!("chat_refused_total{{reason=\"{code}\"}}");
        assert!(server.metric(&refused).await.unwrap() >= 2, "{code}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let request_body = Duration::from_millis(200);
    let server = serve(Limits { request_body, ..Limits::default() }).await;
    let post = "POST /rooms/lobby HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2\r\n\r\nh";
    let (status, refused) = parsed(&server.ask(post).await);
    assert_eq!((status, &refused["code"]), (408, &"slow_body".into()));
}

#[tokio::test]
async fn metrics_count_what_is_traced() {
    let server = serve(Limits::default()).await;
    let mut page = server.socket("/room", "").await.unwrap();
    let mut other = server.socket("/room", "").await.unwrap();
    server.saw("event=joined room=lobby client=2").await;
    page.send(Message::text("hi")).await.unwrap();
    next(&mut page).await;
    next(&mut other).await;
    for client in [1, 2] {
        server.saw(&format!("event=sent room=lobby client={client}")).await;
    }
    assert_eq!(server.metric("chat_connections{wire=\"body\"}").await, Some(2));
    assert_eq!(server.metric("chat_members").await, Some(2));
    assert_eq!(server.metric("chat_rooms").await, Some(1));
    assert_eq!(server.metric("chat_messages_received_total").await, Some(1));
    assert_eq!(server.metric("chat_messages_delivered_total").await, Some(2));
    assert_eq!(server.metric("chat_ended_total{reason=\"closed\"}").await, None);
    page.close(None).await.unwrap();
    // The end is counted once the session is dropped, shortly after it was traced.
    server.saw("event=closed client=1 why=closed").await;
    while server.metric("chat_ended_total{reason=\"closed\"}").await != Some(1) {}
    assert_eq!(server.metric("chat_connections{wire=\"body\"}").await, Some(1));

    other.send(Message::binary(vec![0xff])).await.unwrap();
    server.saw("event=refused room=lobby client=2 code=not_text").await;
    server.get("/room").await;
    server.ask("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n").await;
    server.ask("hello HTTP/1.1\r\n\r\n").await;
    server.saw("code=not_http").await;
    for reason in ["not_text", "not_websocket", "wrong_host", "not_http"] {
        let series = format!("chat_refused_total{{reason=\"{reason}\"}}");
        assert_eq!(server.metric(&series).await, Some(1), "{reason}");
    }
}

#[tokio::test]
async fn health_and_readiness() {
    let server = serve(Limits::default()).await;
    for path in ["/healthz", "/readyz"] {
        let answer = server.get(path).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("cache-control: no-store"), "{answer}");
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        let ask = format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
        assert!(server.ask(&ask).await.starts_with("HTTP/1.1 421 "), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_room_that_is_posted_to_is_kept_as_long_again() {
    let seen = Recorder::default();
    let tracers = Tracers { tracer: Arc::new(seen.clone()), ..Tracers::default() };
    let server = Arc::new(Server::new(Limits::default(), Access::default(), tracers));
    let keeper = Arc::clone(&server);
    tokio::spawn(async move { keeper.keep().await });
    let post = async || {
        let request = Request::post("/rooms/attic").header("host", "localhost");
        let answer = server.router().call(request.body(Body::from("hi")).unwrap()).await.unwrap();
        assert_eq!(answer.status().as_u16(), 201);
    };
    post().await;
    let mut every = interval(Duration::from_secs(5));
    for _ in 0..100 {
        every.tick().await;
    }
    post().await;
    let start = Instant::now();
    seen.saw("event=room_closed room=attic").await;
    assert!(start.elapsed() >= Duration::from_secs(600), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_server_that_drains_is_alive_and_not_ready() {
    let server = Server::new(Limits::default(), Access::default(), Tracers::default());
    let server = Arc::new(server);
    let status = async |path: &str| {
        let request = Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
        server.router().call(request).await.unwrap().status().as_u16()
    };
    assert_eq!((status("/healthz").await, status("/readyz").await), (200, 200));
    server.drain().await;
    assert_eq!((status("/healthz").await, status("/readyz").await), (200, 503));
}
