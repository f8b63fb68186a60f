//! Clients behind a proxy, which here is this computer: each is bounded by its own address.

use chat::{Access, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::sockets::{PATIENCE, Running, serve, serve_strictly};

const HANDSHAKE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// A server that believes this computer, and takes one connection from each address.
async fn behind() -> Running {
    believing(Limits { connections_per_address: 1, ..Limits::default() }).await
}

async fn believing(limits: Limits) -> Running {
    let proxies = vec!["127.0.0.1".parse().unwrap()];
    serve_strictly(limits, Access { proxies, ..Access::default() }).await
}

/// Asks for somebody, and reads what is answered.
async fn ask(stream: &mut TcpStream, path: &str, headers: &str) -> String {
    let host = stream.peer_addr().unwrap();
    exchange(stream, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n")).await
}

async fn exchange(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(timeout(PATIENCE, stream.read_u8()).await.expect("in time").unwrap());
    }
    let head = String::from_utf8(answer).unwrap();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    timeout(PATIENCE, stream.read_exact(&mut body)).await.expect("in time").unwrap();
    head + str::from_utf8(&body).unwrap()
}

async fn status(server: &Running, path: &str, headers: &str) -> (TcpStream, String) {
    let mut stream = server.connect().await;
    let head = ask(&mut stream, path, headers).await;
    (stream, head.split(' ').nth(1).unwrap().to_owned())
}

#[tokio::test]
async fn each_address_behind_a_proxy_has_a_bound_of_its_own() {
    let server = behind().await;
    let ann = format!("{HANDSHAKE}X-Forwarded-For: 203.0.113.7\r\n");
    let bob = format!("{HANDSHAKE}X-Forwarded-For: 203.0.113.8\r\n");
    let (first, taken) = status(&server, "/room", &ann).await;
    assert_eq!(taken, "101");
    server.saw("event=accepted client=1 wire=body peer=203.0.113.7:0").await;

    let mut stream = server.connect().await;
    let refused = ask(&mut stream, "/room", &ann).await;
    assert!(refused.starts_with("HTTP/1.1 429 Too Many Requests\r\n"), "{refused}");
    assert!(refused.contains("retry-after: 5\r\n") && refused.contains("nosniff"), "{refused}");
    assert!(refused.contains(r#"{"code":"too_many_from_address","text":"#), "{refused}");
    server.saw("event=refused code=too_many_from_address peer=203.0.113.7:0").await;
    // What a client wrote itself stands before what the proxy adds.
    let forged = format!("{HANDSHAKE}X-Forwarded-For: 198.51.100.1, 203.0.113.7\r\n");
    assert_eq!(status(&server, "/room", &forged).await.1, "429");

    assert_eq!(status(&server, "/room", &bob).await.1, "101");
    drop(first);
    server.saw("event=closed client=1").await;
    timeout(PATIENCE, async { while status(&server, "/room", &ann).await.1 != "101" {} })
        .await
        .expect("the place comes back");
}

#[tokio::test]
async fn a_connection_carries_requests_of_many() {
    let server = behind().await;
    let events = "Accept: text/event-stream\r\nX-Forwarded-For: 203.0.113.7\r\n";
    let (_reading, taken) = status(&server, "/rooms/lobby/events", events).await;
    assert_eq!(taken, "200");
    let mut stream = server.connect().await;
    for (headers, status) in [
        ("X-Forwarded-For: 203.0.113.8\r\n", "200 OK"),
        ("X-Forwarded-For: 203.0.113.7\r\n", "429 Too Many Requests"),
        ("X-Forwarded-For: 203.0.113.8\r\n", "200 OK"),
        // For itself, or for somebody it does not know.
        ("", "200 OK"),
        ("X-Forwarded-For: unknown\r\n", "200 OK"),
    ] {
        let answer = ask(&mut stream, "/healthz", headers).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{headers}{answer}");
    }
}

#[tokio::test]
async fn nobody_else_is_believed() {
    let limits = Limits { connections_per_address: 1, ..Limits::default() };
    let server = serve(limits).await;
    let ann = format!("{HANDSHAKE}X-Forwarded-For: 203.0.113.7\r\n");
    let (_first, taken) = status(&server, "/room", &ann).await;
    assert_eq!((taken.as_str(), status(&server, "/room", &ann).await.1.as_str()), ("101", "101"));
    server.saw("event=accepted client=1 wire=body peer=127.0.0.1:").await;
}

/// Asks on new connections until the answer is that this was too often, and returns it with how
/// often it was not.
async fn too_often(server: &Running, headers: &str) -> (String, usize) {
    for n in 0..1_000 {
        let answer = ask(&mut server.connect().await, "/rooms", headers).await;
        if !answer.starts_with("HTTP/1.1 200 ") {
            return (answer, n);
        }
    }
    panic!("it is never too often");
}

#[tokio::test]
async fn an_address_may_ask_so_often_on_however_many_connections() {
    let limits = Limits { messages_per_second: 1, messages_at_once: 9, ..Limits::default() };
    let server = believing(limits).await;
    let (refused, asked) = too_often(&server, "X-Forwarded-For: 203.0.113.7\r\n").await;
    assert!(asked >= 9, "{asked}");
    assert!(refused.starts_with("HTTP/1.1 429 Too Many Requests\r\n"), "{refused}");
    assert!(refused.contains("\r\nretry-after: 1\r\n"), "{refused}");
    assert!(refused.contains(r#"{"code":"rate_limited","text":"too many requests; wait "#));
    server.saw("event=refused code=rate_limited").await;
    assert_eq!(server.metric("chat_refused_total{reason=\"rate_limited\"}").await, Some(1));
    // A subscriber has a whole network of IPv6.
    too_often(&server, "X-Forwarded-For: 2001:db8::7\r\n").await;
    let (_, asked) = too_often(&server, "X-Forwarded-For: 2001:db8::8\r\n").await;
    assert!(asked < 9, "{asked}");
    // The others, and what is no question to a room, go on.
    assert!(too_often(&server, "X-Forwarded-For: 203.0.113.8\r\n").await.1 >= 9);
    for _ in 0..20 {
        assert_eq!(status(&server, "/", "X-Forwarded-For: 203.0.113.7\r\n").await.1, "200");
    }
}

#[tokio::test]
async fn on_this_computer_a_connection_may_ask_so_often() {
    let limits = Limits { messages_per_second: 1, messages_at_once: 9, ..Limits::default() };
    let server = serve_strictly(limits, Access::default()).await;
    let mut stream = server.connect().await;
    let mut asked = 0;
    let refused = loop {
        let body = "Content-Length: 2\r\n\r\nhi";
        let request = format!("POST /rooms/lobby HTTP/1.1\r\nHost: {}\r\n{body}", server.addr);
        let answer = exchange(&mut stream, &request).await;
        if !answer.starts_with("HTTP/1.1 201 ") {
            break answer;
        }
        asked += 1;
    };
    assert!((9..1_000).contains(&asked), "{asked}");
    assert!(refused.starts_with("HTTP/1.1 429 ") && refused.contains("rate_limited"), "{refused}");
    assert_eq!(server.metric("chat_messages_received_total").await, Some(asked));
    for _ in 0..20 {
        assert_eq!(server.post("/rooms/lobby", "", "hi").await.0, 201);
    }
}
